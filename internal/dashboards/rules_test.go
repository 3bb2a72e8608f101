package dashboards

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	rulesFile = "../../deploy/prometheus/rules/sfu.yml"
	casesDir  = "../../deploy/prometheus/tests"
	runbooks  = "docs/operations.md"
)

type rule struct {
	Record, Alert, Expr string
	Labels              map[string]string
	Annotations         map[string]string
}

func rules(t *testing.T) (recordings, alerts []rule) {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []rule }
	}
	parse(t, rulesFile, &file)
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Alert != "" {
				alerts = append(alerts, r)
			} else {
				recordings = append(recordings, r)
			}
		}
	}
	if len(recordings) < 20 || len(alerts) < 20 {
		t.Fatalf("only %d recordings and %d alerts read", len(recordings), len(alerts))
	}
	return recordings, alerts
}

func parse(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestAlertsSayWhatToDo(t *testing.T) {
	pages, err := os.ReadFile("../../" + runbooks)
	if err != nil {
		t.Fatal(err)
	}
	recordings, alerts := rules(t)
	recorded := map[string]bool{}
	for _, r := range recordings {
		recorded[r.Record] = true
	}
	used := map[string]bool{}
	for _, a := range alerts {
		if s := a.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity %q", a.Alert, s)
		}
		for _, what := range []string{"summary", "description"} {
			if a.Annotations[what] == "" {
				t.Errorf("%s has no %s", a.Alert, what)
			}
		}
		if a.Annotations["runbook_url"] != runbooks+"#"+strings.ToLower(a.Alert) || !strings.Contains(string(pages), "\n### "+a.Alert+"\n") {
			t.Errorf("%s: %q is no heading %q of %s", a.Alert, a.Annotations["runbook_url"], "### "+a.Alert, runbooks)
		}
		terms, err := Terms(a.Expr)
		if err != nil {
			t.Errorf("%s: %v", a.Alert, err)
		}
		for _, term := range terms {
			name, _, _ := strings.Cut(term, "{")
			used[name] = true
			if strings.Contains(name, ":") && !recorded[name] {
				t.Errorf("%s: nothing records %s", a.Alert, name)
			}
		}
	}
	for name := range recorded {
		if !used[name] && !slices.ContainsFunc(recordings, func(r rule) bool { return strings.Contains(r.Expr, name) }) {
			t.Errorf("nothing uses the recording %s", name)
		}
	}
}

// promtool runs the cases; that there are two for each alert is for this test to say.
func TestAlertsHaveACaseThatFiresAndOneThatDoesNot(t *testing.T) {
	type sample struct{ Labels string }
	type testCase struct {
		Name  string
		Tests []struct {
			Expr    string
			Samples []sample `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
	cases := map[string][]sample{}
	files, err := filepath.Glob(filepath.Join(casesDir, "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		var file struct{ Tests []testCase }
		parse(t, f, &file)
		for _, c := range file.Tests {
			if len(c.Tests) != 1 || !strings.Contains(c.Tests[0].Expr, `ALERTS{alertstate="firing"}`) {
				t.Errorf("%s: %q does not ask what fires", f, c.Name)
				continue
			}
			name, _, _ := strings.Cut(c.Name, ":")
			cases[name] = c.Tests[0].Samples
		}
	}
	_, alerts := rules(t)
	for _, a := range alerts {
		label := sample{`{alertname="` + a.Alert + `"}`}
		if fires, there := cases[a.Alert+" fires"]; !there || !slices.Contains(fires, label) {
			t.Errorf("no case in which %s fires", a.Alert)
		}
		if silent, there := cases[a.Alert+" is silent"]; !there || slices.Contains(silent, label) {
			t.Errorf("no case in which %s is silent", a.Alert)
		}
	}
}

func TestTerms(t *testing.T) {
	for alert, want := range map[string]string{
		`up{job="sfu"} == 0`:                `up{job="sfu"}`,
		`a:b:c > 0.1 and d:e:f{x="y"} >= 3`: `a:b:c|d:e:f{x="y"}`,
		`a < 1 or a < 2 and b != 1e9`:       `a|a|b`,
		`a > b`:                             "",
		`rate(a[5m])`:                       "",
		`a > 1 > 0`:                         "",
	} {
		got, err := Terms(alert)
		if strings.Join(got, "|") != want && want != "" || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", alert, got, err)
		}
	}
}

func TestMetrics(t *testing.T) {
	got := Metrics(`sum(rate(sfu_a_total{x="y"}[5m])) / sfu_b + sum by (le) (sfu_c_seconds_bucket) - instance:sfu_d:sum`)
	if want := []string{"sfu_a_total", "sfu_b", "sfu_c_seconds"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// The operator of Kubernetes wants the same rules in another wrapping.
func TestKubernetesHasTheSameRules(t *testing.T) {
	raw, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(raw), "groups:\n")
	var b strings.Builder
	b.WriteString(`# deploy/prometheus/rules/sfu.yml, for clusters with the Prometheus operator.
# Written by ` + "`go test ./internal/dashboards -update`" + `.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: sfu
  labels: {app.kubernetes.io/name: sfu}
spec:
`)
	for line := range strings.Lines(string(raw)[at:]) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	golden(t, "../../deploy/kubernetes/rules.yaml", []byte(b.String()))
}
