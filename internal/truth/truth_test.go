//go:build dashboards

package truth

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sfu/internal/dashboards"
	"sfu/internal/load"
	"sfu/signaling/wire"
)

// shownNowhere are metrics in no panel and no rule, and why.
var shownNowhere = map[string]string{}

// tolerance is of the server's counts against the bots'. Nothing is lost on loopback, so
// on a machine that keeps up they are the same.
const tolerance = .001

// maxScrape is the processor time that a scrape may cost.
const maxScrape = 10 * time.Millisecond

func TestWhatOperatorsSeeIsTrue(t *testing.T) {
	where := start(t, []string{`msg="open the page[^"]*" url=http://(\S+)`, `msg=operations url=http://([^/]+)/metrics`}, "../../bin/sfu",
		"--listen=127.0.0.1:0", "--udp-port=0", "--ops-listen=127.0.0.1:0")
	page, ops := where[0], where[1]
	p := startPrometheus(t, ops)
	p.await(t, `up{job="sfu"} == 1`) // before anything counts: rates need the zero
	whole := talk(t, "ws://"+page+"/ws")
	settled := fmt.Sprintf("timestamp(sfu_rooms) > %f", float64(time.Now().UnixMilli())/1000)
	p.await(t, settled)
	p.await(t, `sfu_rooms == 0 and sfu_signaling_connections == 0`)

	f := facts{T: t, p: p, instance: ops}
	t.Run("panels", f.panels)
	t.Run("rules", f.rules)
	t.Run("coverage", f.coverage)
	t.Run("what is not there is missed", f.negative)
	t.Run("counts", func(t *testing.T) { counts(t, p, whole) })
	t.Run("scrapes", func(t *testing.T) { scrapes(t, p, ops) })
}

// bots is how many there are.
const bots = 8

// talk lets bots meet in two rooms, send three sizes and messages, and leave.
func talk(t *testing.T, server string) load.Whole {
	var progress bytes.Buffer
	report, err := load.Run(t.Context(), load.Config{
		URL: server, Rooms: 2, Publishers: bots / 4, Subscribers: bots / 4, JoinRate: 10,
		Media:    load.Media{Video: true, Audio: true, Bitrate: 900_000, FPS: 30, Simulcast: true},
		Duration: 6 * time.Second, NACK: true, VerifyEvery: 1, Messages: 20, Report: observed(),
	}, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	report.Print(t.Output())
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	return report.Whole
}

// observed is what a browser might report: bots have no eyes.
func observed() *wire.Report {
	ms := func(n int) *int { return &n }
	return &wire.Report{
		Steps: &wire.JoinSteps{
			Devices: ms(90), Socket: ms(20), Welcome: ms(40), Connected: ms(310), Picture: ms(540), Sound: ms(400),
		},
		Interval: 10_000,
		Pictures: []wire.PictureReport{{Watched: 10_000, Frames: 290, Undecoded: ms(1), Freezes: ms(1), Frozen: ms(400)}},
		Sounds:   []wire.SoundReport{{Samples: 480_000, Concealed: 960}},
	}
}

// facts are what is asked of one Prometheus.
type facts struct {
	*testing.T
	p        *prometheus
	instance string
}

// fill puts in what Grafana would for its variables.
func (f *facts) fill(expr string) string {
	return strings.NewReplacer(
		"$__rate_interval", "1m", "$__range", "2m", "$job", "sfu", "$instance", strings.ReplaceAll(regexp.QuoteMeta(f.instance), `\`, `\\`),
	).Replace(expr)
}

// answered fails unless an expression has an answer.
func (f *facts) answered(t *testing.T, where, expr string) {
	t.Helper()
	if err := f.p.data(f.fill(expr)); err != nil {
		t.Errorf("%s: %v\n\t%s", where, err, f.fill(expr))
	}
}

func (f *facts) panels(t *testing.T) {
	panels, queries := map[string]bool{}, 0
	for _, d := range dashboards.All() {
		d.Queries(func(panel string, q dashboards.Query) {
			panels[d.UID+panel] = true
			queries++
			f.answered(t, d.Title+" / "+panel+" / "+q.Legend, q.Expr)
		})
	}
	t.Logf("%d expressions of %d panels on %d pages", queries, len(panels), len(dashboards.All()))
}

func (f *facts) rules(t *testing.T) {
	rules, terms := f.p.rules(t), 0
	for _, r := range rules {
		if r.Health != "ok" {
			t.Errorf("%s is %s: %s", r.Name, r.Health, r.LastError)
		}
		if r.Type != "alerting" {
			f.answered(t, r.Name, r.Query)
			continue
		}
		list, err := dashboards.Terms(r.Query)
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		for _, term := range list {
			terms++
			f.answered(t, r.Name, term)
		}
	}
	firing, err := f.p.ask(`count by (alertname) (ALERTS{alertstate="firing"})`)
	if err != nil || len(firing) > 0 {
		t.Errorf("%d alerts fire, %v", len(firing), err)
	}
	if len(rules) < 40 {
		t.Errorf("only %d rules are loaded", len(rules))
	}
	t.Logf("%d rules, %d terms of alerts", len(rules), terms)
}

// coverage wants every metric of the server somewhere, and what is shown to be there.
func (f *facts) coverage(t *testing.T) {
	shown := map[string]bool{}
	for _, d := range dashboards.All() {
		d.Queries(func(_ string, q dashboards.Query) {
			for _, name := range dashboards.Metrics(q.Expr) {
				shown[name] = true
			}
		})
	}
	for _, r := range f.p.rules(t) {
		for _, name := range dashboards.Metrics(r.Query) {
			shown[name] = true
		}
	}
	exported := exports(t, f.instance)
	for name := range exported {
		if !shown[name] && shownNowhere[name] == "" {
			t.Errorf("%s is in no panel and no rule", name)
		}
	}
	for name, reason := range shownNowhere {
		if !exported[name] || shown[name] {
			t.Errorf("%s is there or not there: no exception is needed (%s)", name, reason)
		}
	}
	t.Logf("%d metrics of the server, %d of them in panels and rules", len(exported), len(shown))
}

// exports returns the names of all metrics, by the lines that tell their type.
func exports(t *testing.T, ops string) map[string]bool {
	t.Helper()
	text, names := scrape(t, ops), map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (sfu_\S+) `).FindAllStringSubmatch(text, -1) {
		names[m[1]] = true
	}
	if len(names) < 50 {
		t.Fatalf("only %d metrics", len(names))
	}
	t.Logf("%d bytes a scrape", len(text))
	return names
}

// scrape does as Prometheus does.
func scrape(t *testing.T, ops string) string {
	t.Helper()
	r, err := http.Get("http://" + ops + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", r.Status, err)
	}
	return string(text)
}

// negative shows that the checks see what they are for.
func (f *facts) negative(t *testing.T) {
	for _, expr := range []string{
		`sum(rate(sfu_packets_sent_total{job=~"$job",instance=~"$instance"}[$__rate_interval]))`,           // no such metric
		`sum(rate(sfu_packets_total{job=~"$job",instance=~"$instance",direction="up"}[$__rate_interval]))`, // no such label
		`sum(sfu_rooms{job=~"$job",instance=~"another"})`,                                                  // no such server
		`sum(sfu_rooms{job=~"$job",instance=~"$instance"}`,                                                 // no such syntax
		`0 * sum(sfu_rooms{job=~"$job",instance=~"$instance"}) / 0`,                                        // no such number
	} {
		if f.p.data(f.fill(expr)) == nil {
			t.Errorf("%s has data", expr)
		}
	}
}

// counts compares what Prometheus has of the server with what the bots counted.
func counts(t *testing.T, p *prometheus, w load.Whole) {
	for _, c := range []struct {
		what, expr string
		counted    uint64
	}{
		{"packets sent by bots", `sum(sfu_packets_total{direction="in"})`, w.Sent},
		{"bytes sent by bots", `sum(sfu_payload_bytes_total{direction="in"})`, w.SentBytes},
		{"packets got by bots", `sum(sfu_packets_total{direction="out"})`, w.Packets + w.Strange},
		{"bytes got by bots", `sum(sfu_payload_bytes_total{direction="out"})`, w.Bytes},
		{"messages sent by bots", `sfu_data_messages_total{direction="in"}`, w.MessagesSent},
		{"messages got by bots", `sfu_data_messages_total{direction="out"}`, w.MessagesGot},
		{"reports of bots", `sum(sfu_client_reports_total)`, bots},
		{"pictures they tell of", `sfu_client_frozen_ratio_count`, bots},
	} {
		server, counted := p.value(t, c.expr), float64(c.counted)
		off := (server - counted) / max(1, counted)
		t.Logf("%-22s %9.0f  server %9.0f  off by %.4f %%", c.what, counted, server, off*100)
		if counted == 0 || off > tolerance || off < -tolerance {
			t.Errorf("%s: %.0f, and the server counted %.0f", c.what, counted, server)
		}
	}
	offered, ended := p.value(t, `sum(sfu_offered_packets_total)`),
		p.value(t, `sum(sfu_packets_total{direction="out"}) + sum(sfu_dropped_packets_total) + sum(sfu_write_errors_total)`)
	if offered != ended {
		t.Errorf("%.0f packets were offered, and %.0f forwarded, dropped or not written", offered, ended)
	}
}

// scrapes prints how long they took as Prometheus saw it, beside everything else that
// runs here, and holds what they cost the server now that nobody is there. It does not
// depend on who is: series are as many as ever.
func scrapes(t *testing.T, p *prometheus, ops string) {
	const window, rounds = `scrape_duration_seconds{job="sfu"}[2m]`, 50
	took := func(how string) time.Duration {
		return time.Duration(p.value(t, how+window+")") * float64(time.Second)).Round(100 * time.Microsecond)
	}
	t.Logf("%.0f scrapes by Prometheus: the quickest took %v, half %v, the longest %v; %.0f samples",
		p.value(t, "count_over_time("+window+")"), took("min_over_time("), took("quantile_over_time(0.5, "), took("max_over_time("),
		p.value(t, `scrape_samples_scraped{job="sfu"}`))
	before := cpu(t, ops)
	for range rounds - 1 {
		scrape(t, ops)
	}
	each := (cpu(t, ops) - before) / rounds
	t.Logf("%v of the processor each", each.Round(10*time.Microsecond))
	if each > maxScrape {
		t.Errorf("a scrape costs more than %v", maxScrape)
	}
}

// cpu is what the server has used so far.
func cpu(t *testing.T, ops string) time.Duration {
	t.Helper()
	m := regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`).FindStringSubmatch(scrape(t, ops))
	if m == nil {
		t.Fatal("no process_cpu_seconds_total")
	}
	seconds, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(seconds * float64(time.Second))
}

// TestPromtool has the shipped files read by the one who knows.
func TestPromtool(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"check", "config", "prometheus.yml"},
		{"check", "rules", "rules/sfu.yml"},
		{"test", "rules", "tests/sfu.yml", "tests/hours.yml"},
	} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = "../../deploy/prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
