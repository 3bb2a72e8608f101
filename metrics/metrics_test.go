package metrics

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"sfu/sfu/media"
)

// each calls visit with every metric in v, a struct of metrics, of arrays of them, and of such structs.
func each(name string, v reflect.Value, visit func(name string, metric reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				each(name+"."+f.Name, v.Field(i), visit)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			each(fmt.Sprintf("%s[%d]", name, i), v.Index(i), visit)
		}
	default:
		visit(name, v)
	}
}

func TestEveryFieldIsReady(t *testing.T) {
	t.Parallel()
	n := 0
	each("Set", reflect.ValueOf(New()).Elem(), func(name string, metric reflect.Value) {
		n++
		if metric.IsNil() {
			t.Errorf("%s is nil", name)
		}
	})
	if n < 200 {
		t.Errorf("only %d metrics found", n)
	}
}

// TestNoTwoFieldsShareASeries counts on every counter once: what is its own
// series reads 1, and only the reasons that cannot happen read more.
func TestNoTwoFieldsShareASeries(t *testing.T) {
	t.Parallel()
	set := New()
	each("Set", reflect.ValueOf(set).Elem(), func(_ string, metric reflect.Value) { touch(metric.Interface()) })
	set.Media.CountSocketDrops(func() float64 { return 1 })
	for series, v := range scrape(t, set) {
		switch {
		case !strings.HasPrefix(series, "sfu_"), strings.Contains(series, "_bucket{"):
		case strings.HasPrefix(series, "sfu_signaling_messages_total"),
			strings.HasPrefix(series, "sfu_signaling_errors_total"), strings.HasPrefix(series, "sfu_front_connections_total"):
			if v != "0" {
				t.Errorf("%s = %s before any message", series, v)
			}
		case strings.Contains(series, `reason="other"`):
		default:
			if v != "1" {
				t.Errorf("%s = %s, want 1", series, v)
			}
		}
	}
}

func touch(metric any) {
	switch m := metric.(type) {
	case prometheus.Counter: // a Gauge is one too
		m.Inc()
	case prometheus.Histogram:
		m.Observe(1)
	case *Distribution:
		m.Observe(1)
	}
}

func TestEverySeriesExistsFromTheStart(t *testing.T) {
	t.Parallel()
	got := scrape(t, New())
	for _, series := range []string{
		`sfu_rooms`, `sfu_participants`,
		`sfu_tracks{direction="in",kind="audio"}`, `sfu_tracks{direction="out",kind="video"}`,
		`sfu_packets_total{direction="in",kind="video"}`, `sfu_packets_total{direction="out",kind="audio"}`,
		`sfu_payload_bytes_total{direction="out",kind="video"}`,
		`sfu_offered_packets_total{kind="audio"}`, `sfu_write_errors_total`,
		`sfu_refused_packets_total{reason="duplicate"}`, `sfu_refused_packets_total{reason="other"}`,
		`sfu_dropped_packets_total{reason="keyframe"}`,
		`sfu_nacked_packets_total{direction="in"}`, `sfu_rtx_packets_total{direction="out"}`,
		`sfu_rtx_missed_packets_total`, `sfu_keyframe_requests_total{direction="out"}`,
		`sfu_layer_switches_total`, `sfu_encodings_off`, `sfu_hollow_packets_total`,
		`sfu_rtx_limited_total`, `sfu_keyframe_requests_limited_total`, `sfu_keyframes_replayed_total`,
		`sfu_rtt_seconds_count`, `sfu_loss_ratio_count{direction="in"}`, `sfu_loss_ratio_count{direction="out"}`,
		`sfu_join_requests_total{outcome="rejected"}`, `sfu_joins_total{outcome="connected"}`,
		`sfu_join_duration_seconds_count`, `sfu_resumes_total`, `sfu_leaves_total{reason="lost"}`,
		`sfu_ice_connections_total{outcome="failed"}`, `sfu_dtls_handshakes_total{outcome="connected"}`,
		`sfu_data_messages_total{direction="in"}`, `sfu_data_bytes_total{direction="out"}`,
		`sfu_data_dropped_messages_total{reason="stale"}`, `sfu_data_channels`,
		`sfu_turn_open_allocations`, `sfu_turn_allocations_total{outcome="denied"}`,
		`sfu_turn_bytes_total{direction="in"}`, `sfu_turn_refused_total{reason="overload"}`,
		`sfu_config_reloads_total{outcome="ok"}`, `sfu_config_reloads_total{outcome="failed"}`,
		`sfu_config_last_reload_successful`, `sfu_config_last_reload_success_timestamp_seconds`,
		`sfu_front_connections_total{kind="malformed"}`, `sfu_front_pending_connections`,
		`sfu_ice_tcp_open_connections`, `sfu_ice_tcp_connections_total{outcome="refused"}`,
		`sfu_ice_tcp_frames_total{direction="in"}`, `sfu_ice_tcp_bytes_total{direction="out"}`,
		`sfu_ice_tcp_dropped_frames_total{reason="strange"}`,
		`sfu_media_participants{path="udp"}`, `sfu_media_paths_total{path="turn-tls"}`,
		`sfu_signaling_connections`,
		`sfu_signaling_messages_total{direction="in",type="join_room"}`,
		`sfu_signaling_messages_total{direction="in",type="subscribe"}`,
		`sfu_signaling_messages_total{direction="out",type="welcome"}`,
		`sfu_signaling_messages_total{direction="out",type="layers"}`,
		`sfu_signaling_messages_total{direction="out",type="track_state"}`,
		`sfu_signaling_errors_total{code="room_full"}`,
	} {
		if v, ok := got[series]; !ok || v != "0" {
			t.Errorf("%s = %q, want 0", series, v)
		}
	}
	for _, family := range []string{"sfu_build_info{", "go_goroutines", "process_start_time_seconds"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(series string) bool {
			return strings.HasPrefix(series, family)
		}) {
			t.Errorf("no %s", family)
		}
	}
}

func TestAReasonInTheWrongPlaceShows(t *testing.T) {
	t.Parallel()
	s := New()
	s.PacketsRefused[media.DropKeyframe].Inc()
	if got := scrape(t, s)[`sfu_refused_packets_total{reason="other"}`]; got != "1" {
		t.Errorf("other = %q, want 1", got)
	}
}

func TestAClientsWordIsNeverALabel(t *testing.T) {
	t.Parallel()
	s := New()
	s.Message(In, "offer")
	s.Message(In, "drop table")
	s.Message(In, "welcome") // the server's word
	s.Message(Out, "welcome")
	s.SignalingError("bad_message")
	s.SignalingError("no such code")
	s.FrontConnection("ice")
	s.FrontConnection("GET")
	got := scrape(t, s)
	for series, want := range map[string]string{
		`sfu_signaling_messages_total{direction="in",type="offer"}`:    "1",
		`sfu_signaling_messages_total{direction="in",type="unknown"}`:  "2",
		`sfu_signaling_messages_total{direction="out",type="welcome"}`: "1",
		`sfu_signaling_messages_total{direction="out",type="unknown"}`: "0",
		`sfu_signaling_errors_total{code="bad_message"}`:               "1",
		`sfu_signaling_errors_total{code="unknown"}`:                   "1",
		`sfu_front_connections_total{kind="ice"}`:                      "1",
		`sfu_front_connections_total{kind="unknown"}`:                  "1",
	} {
		if got[series] != want {
			t.Errorf("%s = %q, want %s", series, got[series], want)
		}
	}
}

func TestCountingDoesNotAllocate(t *testing.T) {
	s := New()
	if n := testing.AllocsPerRun(100, func() {
		s.PacketsDropped[media.DropLayer].Inc()
		s.Message(In, "ice")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	families, err := New().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestNamesAreCleanInOpenMetrics: there a counter's name is what stands before _total,
// and belongs to no other metric.
func TestNamesAreCleanInOpenMetrics(t *testing.T) {
	t.Parallel()
	families, err := New().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, f := range families {
		name := strings.TrimSuffix(f.GetName(), "_total")
		if strings.HasPrefix(name, "sfu_") && seen[name] {
			t.Errorf("%s is the name of two metrics", name)
		}
		seen[name] = true
	}
}

// explained reads the tables of docs/metrics.md: of every metric its type and labels,
// and of these every value.
func explained(t *testing.T) map[string]string {
	t.Helper()
	manual, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(sfu_\\w+)` \\| (\\w+) \\| (.*?) ?\\| (.+) \\|$").FindAllStringSubmatch(string(manual), -1) {
		if rows[row[1]] != "" {
			t.Errorf("docs/metrics.md explains %s twice", row[1])
		}
		rows[row[1]] = row[2] + " " + row[3]
	}
	return rows
}

// exposed describes what a server exposes in the same words.
func exposed(t *testing.T) map[string]string {
	t.Helper()
	families, err := New().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "sfu_") {
			continue
		}
		values := make(map[string][]string)
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				values[l.GetName()] = append(values[l.GetName()], l.GetValue())
			}
		}
		var cells []string
		for _, name := range slices.Sorted(maps.Keys(values)) {
			cell := "`" + name + "`"
			if f.GetName() != "sfu_build_info" { // the build's own words
				slices.Sort(values[name])
				cell += ": " + strings.Join(slices.Compact(values[name]), ", ")
			}
			cells = append(cells, cell)
		}
		rows[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + strings.Join(cells, "; ")
	}
	return rows
}

func TestEveryMetricIsExplained(t *testing.T) {
	t.Parallel()
	want, got := exposed(t), explained(t)
	for name, row := range want {
		if got[name] != row {
			t.Errorf("docs/metrics.md says of %s\n\t%q, want\n\t%q", name, got[name], row)
		}
	}
	for name := range got {
		if want[name] == "" {
			t.Errorf("docs/metrics.md explains %s, which no server exposes", name)
		}
	}
}

// labels is the closed list of label names. A room or a participant is none:
// they would grow without bound.
var labels = []string{"direction", "kind", "reason", "outcome", "type", "code", "state", "path", "step", "limit", "route"}

func TestLabelsAreAClosedList(t *testing.T) {
	t.Parallel()
	families, err := New().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "sfu_") || f.GetName() == "sfu_build_info" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if !slices.Contains(labels, l.GetName()) {
					t.Errorf("%s has the label %s", f.GetName(), l.GetName())
				}
			}
		}
	}
}

// scrape returns what Prometheus would read: series and their values.
func scrape(t *testing.T, s *Set) map[string]string {
	t.Helper()
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	series := make(map[string]string)
	for line := range strings.Lines(rec.Body.String()) {
		if i := strings.LastIndexByte(line, ' '); i > 0 && line[0] != '#' {
			series[line[:i]] = strings.TrimSpace(line[i:])
		}
	}
	return series
}

// A reload that failed leaves the time of the last good one.
func TestReloads(t *testing.T) {
	t.Parallel()
	s := New()
	see := func(want ...string) {
		t.Helper()
		samples := scrape(t, s)
		for _, w := range want {
			if series, value, _ := strings.Cut(w, " "); samples[series] != value {
				t.Errorf("%s is %s, want %s", series, samples[series], value)
			}
		}
	}
	s.Loaded(time.Unix(1000, 0))
	see("sfu_config_last_reload_successful 1", "sfu_config_last_reload_success_timestamp_seconds 1000", `sfu_config_reloads_total{outcome="ok"} 0`)
	s.Reloaded(false, time.Unix(1001, 0))
	see("sfu_config_last_reload_successful 0", "sfu_config_last_reload_success_timestamp_seconds 1000", `sfu_config_reloads_total{outcome="failed"} 1`)
	s.Reloaded(true, time.Unix(1002, 5e8))
	see("sfu_config_last_reload_successful 1", "sfu_config_last_reload_success_timestamp_seconds 1002.5", `sfu_config_reloads_total{outcome="ok"} 1`)
}

func BenchmarkObserve(b *testing.B) {
	s := New()
	b.Run("distribution", func(b *testing.B) {
		for b.Loop() {
			s.Media.TurnPackets.Observe(12)
		}
	})
	b.Run("histogram", func(b *testing.B) {
		for b.Loop() {
			s.RTT.Observe(.0812)
		}
	})
	b.Run("scrape", func(b *testing.B) {
		handler := s.Handler()
		for b.Loop() {
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
		}
	})
}
