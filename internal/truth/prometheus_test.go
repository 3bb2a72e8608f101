//go:build dashboards

package truth

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	scrapeEvery = 500 * time.Millisecond
	askWithin   = 10 * time.Second
	settleIn    = 15 * time.Second
)

// prometheus is one that runs.
type prometheus struct{ url string }

// startPrometheus runs the configuration of deploy/ with its rules, but for where the
// server is and how often it is asked.
func startPrometheus(t *testing.T, server string) *prometheus {
	t.Helper()
	const shipped = "../../deploy/prometheus"
	raw, err := os.ReadFile(shipped + "/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, new(any)); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("interval: 15s", "interval: "+scrapeEvery.String(), "127.0.0.1:9464", server).Replace(string(raw))
	if strings.Count(text, scrapeEvery.String()) != 2 || strings.Count(text, server) != 1 {
		t.Fatalf("prometheus.yml is not as this test knows it:\n%s", text)
	}
	dir := t.TempDir()
	rules, err := filepath.Abs(shipped + "/rules")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(rules, filepath.Join(dir, "rules")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	where := start(t, []string{`msg="Listening on" address=(\S+)`, `(Server is ready to receive web requests)`}, "prometheus",
		"--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")
	return &prometheus{"http://" + where[0]}
}

// get asks the API.
func (p *prometheus) get(path string, query url.Values, into any) error {
	client := http.Client{Timeout: askWithin}
	r, err := client.Get(p.url + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		return err
	}
	defer func() { _ = r.Body.Close() }()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("prometheus: %s", answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}

// ask evaluates an expression now.
func (p *prometheus) ask(expr string) (values []float64, err error) {
	var data struct {
		Type   string `json:"resultType"`
		Result json.RawMessage
	}
	if err := p.get("query", url.Values{"query": {expr}}, &data); err != nil {
		return nil, err
	}
	if data.Type == "scalar" {
		var pair [2]any
		if err := json.Unmarshal(data.Result, &pair); err != nil {
			return nil, err
		}
		v, err := number(pair)
		return []float64{v}, err
	}
	var series []struct{ Value [2]any }
	if err := json.Unmarshal(data.Result, &series); err != nil {
		return nil, err
	}
	for _, s := range series {
		v, err := number(s.Value)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// number reads a sample: a time, and a value as text.
func number(sample [2]any) (float64, error) {
	s, _ := sample[1].(string)
	return strconv.ParseFloat(s, 64)
}

// data is an error unless an expression gives numbers.
func (p *prometheus) data(expr string) error {
	values, err := p.ask(expr)
	if err != nil {
		return err
	}
	if len(values) == 0 {
		return fmt.Errorf("no data")
	}
	for _, v := range values {
		if math.IsNaN(v) {
			return fmt.Errorf("not a number")
		}
	}
	return nil
}

// value is that of an expression that has just one.
func (p *prometheus) value(t *testing.T, expr string) float64 {
	t.Helper()
	values, err := p.ask(expr)
	if err != nil || len(values) != 1 {
		t.Fatalf("%s: %v, %v", expr, values, err)
	}
	return values[0]
}

// await waits until an expression gives something.
func (p *prometheus) await(t *testing.T, expr string) {
	t.Helper()
	for end := time.Now().Add(settleIn); ; time.Sleep(scrapeEvery / 4) {
		values, err := p.ask(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		if len(values) > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: nothing within %v", expr, settleIn)
		}
	}
}

// rule is one that Prometheus has loaded.
type rule struct {
	Name, Query, Type, Health, LastError string
}

func (p *prometheus) rules(t *testing.T) (all []rule) {
	t.Helper()
	var data struct {
		Groups []struct{ Rules []rule }
	}
	if err := p.get("rules", nil, &data); err != nil {
		t.Fatal(err)
	}
	for _, g := range data.Groups {
		all = append(all, g.Rules...)
	}
	return all
}
