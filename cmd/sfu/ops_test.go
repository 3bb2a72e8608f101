package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sfu/metrics"
)

// request sends a request and returns the answer with its body.
func request(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestWhatTheOperationsAddressAnswers(t *testing.T) {
	t.Parallel()
	in := launch(t)
	counted := map[string]float64{}
	for _, tc := range []struct {
		method, path string
		status       int
		says         string
		counted      string // route, outcome
	}{
		{"GET", "/metrics", 200, "sfu_rooms 0", "metrics ok"},
		{"GET", "/debug/pprof/", 200, "goroutine", "pprof ok"},
		{"GET", "/debug/pprof/goroutine?debug=1", 200, "goroutine profile:", "pprof ok"},
		{"GET", "/debug/pprof/heap", 200, "", "pprof ok"},
		{"GET", "/debug/pprof/trace?seconds=0.1", 200, "go 1.", "pprof ok"},
		{"POST", "/debug/pprof/symbol", 200, "num_symbols", "pprof ok"},
		{"GET", "/debug/pprof/cmdline", 404, "", "pprof not_found"},
		{"GET", "/debug/pprof/profile?seconds=61", 400, "at most", "pprof refused"},
		{"GET", "/debug/pprof/trace?seconds=NaN", 400, "at most", "pprof refused"},
		{"GET", "/debug/pprof/heap?seconds=1e9", 400, "at most", "pprof refused"},
		{"GET", "/api/v1/rooms", 200, "rooms", "api ok"},
		{"GET", "/api/v1/rooms/attic", 404, "no room of this name", "api not_found"},
		{"GET", "/api/v2/rooms", 404, "/api/v1/rooms", "api not_found"},
		{"DELETE", "/api/v1/rooms", 405, "GET, HEAD", "api refused"},
		{"POST", "/metrics", 405, "GET, HEAD", "metrics refused"},
		{"GET", "/livez", 200, "alive", "health ok"},
		{"GET", "/", 404, "/metrics", "other not_found"},
		{"GET", "/api/../../etc", 404, "/metrics", "api not_found"},
	} {
		var route, outcome string
		_, _ = fmt.Sscan(tc.counted, &route, &outcome)
		series := fmt.Sprintf("sfu_ops_requests_total{outcome=%q,route=%q}", outcome, route)
		counted[series]++
		res, body := request(t, tc.method, in.ops+tc.path)
		if res.StatusCode != tc.status || !strings.Contains(body, tc.says) {
			t.Errorf("%s %s: %d %.200q", tc.method, tc.path, res.StatusCode, body)
		}
		if res.StatusCode >= 400 && !strings.HasSuffix(tc.path, "cmdline") {
			checkProblem(t, res, body)
		}
	}
	var want []string
	for series, n := range counted {
		want = append(want, fmt.Sprintf("%s %v", series, n))
	}
	metric(t, in, want...) // one scrape, which is not counted yet
}

// checkProblem holds an answer against RFC 9457, 3.
func checkProblem(t *testing.T, res *http.Response, body string) {
	t.Helper()
	var p struct {
		Title, Detail string
		Status        int
	}
	if kind := res.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s: %s", res.Request.URL, kind)
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil || p.Status != res.StatusCode || p.Title == "" || p.Detail == "" {
		t.Errorf("%s: %v, %q", res.Request.URL, err, body)
	}
	if res.StatusCode == http.StatusMethodNotAllowed && res.Header.Get("Allow") == "" {
		t.Errorf("%s: does not say which methods are allowed", res.Request.URL)
	}
}

// sample reads one series.
func sample(t *testing.T, in *instance, series string) (value float64) {
	t.Helper()
	_, body := get(t, in.ops+"/metrics")
	_, rest, ok := strings.Cut(body, "\n"+series+" ")
	if _, err := fmt.Sscan(rest, &value); !ok || err != nil {
		t.Fatalf("no %s", series)
	}
	return value
}

func TestThePublicAddressHasNothingForOperators(t *testing.T) {
	t.Parallel()
	in := launch(t)
	for _, path := range []string{
		"/metrics", "/debug/pprof/", "/debug/pprof/profile", "/debug/pprof/trace", "/debug/pprof/heap", "/debug/pprof/cmdline",
		"/debug/pprof/symbol", "/api/v1/rooms", "/api/v1/rooms/kitchen",
	} {
		if res, body := request(t, "GET", in.url+path, "Authorization", "Bearer "); res.StatusCode != http.StatusNotFound || res.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d %.100q", path, res.StatusCode, body)
		}
	}
}

func TestThePublicAddressHasMetricsForATokenAlone(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	in, path := configured(t, "public-metrics-token: "+token+"\n")
	for _, tc := range []struct {
		authorization string
		status        int
	}{
		{"Bearer " + token, 200},
		{"bearer " + token, 200}, // the scheme is of no case: RFC 9110, 11.1
		{"", 401},
		{"Bearer", 401},
		{"Bearer ", 401},
		{token, 401},
		{"Basic " + token, 401},
		{"Bearer " + token + "0", 401},
		{"Bearer 0123456789abcdeF", 401},
	} {
		res, body := request(t, "GET", in.url+"/metrics", "Authorization", tc.authorization)
		if res.StatusCode != tc.status || strings.Contains(body, "sfu_rooms 0") != (tc.status == 200) {
			t.Errorf("%q: %d %.100q", tc.authorization, res.StatusCode, body)
		}
		if tc.status == 401 && (res.Header.Get("WWW-Authenticate") != "Bearer" || body != "unauthorized\n") {
			t.Errorf("%q: %v %q", tc.authorization, res.Header, body)
		}
	}
	for _, path := range []string{"/api/v1/rooms", "/debug/pprof/"} {
		if res, _ := request(t, "GET", in.url+path, "Authorization", "Bearer "+token); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	metric(t, in, `sfu_ops_requests_total{outcome="refused",route="metrics"} 7`)
	replace(t, path, "max-rooms: 7\n")
	if log := fmt.Sprint(in.reload(t)); strings.Contains(log, token) {
		t.Errorf("the log has the token: %s", log)
	}
	if res, _ := request(t, "GET", in.url+"/metrics", "Authorization", "Bearer "+token); res.StatusCode != http.StatusNotFound {
		t.Errorf("without a token: %d", res.StatusCode)
	}
}

func TestWhenTheCertificateExpires(t *testing.T) {
	t.Parallel()
	const series = "sfu_certificate_expiry_timestamp_seconds"
	if got := sample(t, launch(t), series); got != 0 {
		t.Errorf("without TLS: %v", got)
	}
	left := time.Until(time.Unix(int64(sample(t, secure(t), series)), 0))
	if left < 24*time.Hour || left > 365*24*time.Hour {
		t.Errorf("a certificate that we made expires in %v", left)
	}
}

func TestARenewedCertificateIsCounted(t *testing.T) {
	t.Parallel()
	cert := filepath.Join(t.TempDir(), "both.pem")
	issue(t, cert, "one.example")
	in, _ := configured(t, "tls: files\ncert-file: "+cert+"\nkey-file: "+cert+"\n")
	metric(t, in, `sfu_certificate_renewals_total{outcome="ok"} 0`, `sfu_certificate_renewals_total{outcome="failed"} 0`)
	issue(t, cert, "two.example")
	in.reload(t)
	metric(t, in, `sfu_certificate_renewals_total{outcome="ok"} 1`)
	replace(t, cert, "no PEM")
	in.reload(t)
	metric(t, in, `sfu_certificate_renewals_total{outcome="failed"} 1`)
}

func TestOneProfileAtATime(t *testing.T) {
	t.Parallel()
	d, _ := newTestDoor()
	begun, end := make(chan struct{}), make(chan struct{})
	long := d.bounded(metrics.RoutePprof, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun <- struct{}{}
		<-end
	}))
	var ended sync.WaitGroup
	ended.Go(func() { long.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) })
	<-begun
	second := httptest.NewRecorder()
	d.serve(metrics.RoutePprof, long, second, httptest.NewRequest("GET", "/debug/pprof/trace", nil))
	if second.Code != http.StatusServiceUnavailable || second.Header().Get("Retry-After") == "" || !strings.Contains(second.Body.String(), "one at a time") {
		t.Errorf("%d %s", second.Code, second.Body)
	}
	if got := valueOf(t, d.count.Limited[metrics.LimitOps]); got != 1 {
		t.Errorf("%v counted as limited", got)
	}
	close(end)
	ended.Wait()
	go long.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	<-begun // there is a place again
}

func newTestDoor() (*opsDoor, *journal) {
	j := newJournal()
	return newOpsDoor(&metrics.New().Door, slog.New(slog.NewJSONHandler(lines{j}, nil))), j
}

// lines writes to a journal.
type lines struct{ *journal }

func (l lines) Write(b []byte) (int, error) {
	l.add(b)
	return len(b), nil
}

// A thousand scrapers at once: some are answered, whole and right, and the others are
// told at once to come back.
func TestAThousandScrapersAtOnce(t *testing.T) {
	t.Parallel()
	in := launch(t)
	const scrapers = 1000
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var ready, done sync.WaitGroup
	ready.Add(scrapers)
	results := make(chan string, scrapers)
	for range scrapers {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			results <- scrapeOnce(client, in.ops+"/metrics")
		})
	}
	done.Wait()
	close(results)
	got := map[string]int{}
	for r := range results {
		got[r]++
	}
	if got["answered"] == 0 || got["answered"]+got["refused"] != scrapers {
		t.Errorf("%v", got)
	}
	t.Log(got)
	if refused := sample(t, in, `sfu_ops_requests_total{outcome="refused",route="metrics"}`); int(refused) != got["refused"] {
		t.Errorf("%v counted, %d refused", refused, got["refused"])
	}
	metric(t, in, fmt.Sprintf(`sfu_limited_total{limit="operations"} %d`, got["refused"]))
	told := 0
	in.log.mu.Lock()
	defer in.log.mu.Unlock()
	for _, e := range in.log.entries {
		if strings.HasPrefix(e["msg"], "operations request") {
			told++
		}
	}
	if told > 1 || (told == 1) != (got["refused"] > 0) {
		t.Errorf("%d lines in the log for %d refusals", told, got["refused"])
	}
}

func scrapeOnce(client *http.Client, url string) string {
	res, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err.Error()
	case res.StatusCode == http.StatusOK && strings.Contains(string(body), "\nsfu_rooms 0\n") && strings.Contains(string(body), "process_"):
		return "answered"
	case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "" && strings.Contains(string(body), "Ask again"):
		return "refused"
	}
	return fmt.Sprint(res.StatusCode, " ", string(body))
}

// pipes is a listener whose connections hold nothing: what is not read, blocks.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.conns <- there
	return here
}

// Accept returns the next one.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr is nowhere.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// Whoever asks and does not read holds a place for opsStall, and then nothing: the
// bubble of synctest fails where a goroutine is left.
func TestAScraperThatDoesNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, journal := newTestDoor()
		var inside atomic.Int32
		scrape := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			inside.Add(1)
			defer inside.Add(-1)
			for range 100 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		})
		l := newPipes()
		server := httpServer(opsRoutes(d, scrape, nobody{}, &health{}), slog.New(slog.DiscardHandler))
		go func() { _ = server.Serve(l) }()
		stalled := make([]net.Conn, maxScrapes)
		for i := range stalled {
			stalled[i] = l.dial()
			_, err := io.WriteString(stalled[i], "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
			if err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := inside.Load(); n != maxScrapes {
			t.Fatalf("%d scrapes are being answered", n)
		}
		one := l.dial()
		if got := exchange(t, one); !strings.HasPrefix(got, "HTTP/1.1 503") {
			t.Errorf("one more is told %q", got)
		}
		time.Sleep(opsStall)
		synctest.Wait()
		if n := inside.Load(); n != 0 {
			t.Errorf("%d scrapes are still being answered after %v", n, opsStall)
		}
		for i, c := range stalled {
			if _, err := io.Copy(io.Discard, c); err != nil { // closed by the server: the pipe ends
				t.Errorf("connection %d: %v", i, err)
			}
		}
		if got := valueOf(t, d.count.Ops[metrics.RouteMetrics][metrics.OpsFailed]); got != maxScrapes {
			t.Errorf("%v counted as failed", got)
		}
		if n := journal.size(); n != 2 { // one of its kind, and the one that was refused
			t.Errorf("%d lines: %v", n, journal.entries)
		}
		if got := exchange(t, l.dial()); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("after that: %q", got)
		}
		_ = server.Close()
	})
}

// exchange asks for the metrics and returns the first line of the answer.
func exchange(t *testing.T, c net.Conn) string {
	t.Helper()
	if _, err := io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(answer), "\r\n")
	return line
}

func TestAComplaintAMinute(t *testing.T) {
	t.Parallel()
	const api, scrape = metrics.RouteAPI, metrics.RouteMetrics
	c := newComplaints(slog.New(slog.DiscardHandler))
	begin := time.Unix(0, 0)
	for i, tc := range []struct {
		after   time.Duration
		route   metrics.OpsRoute
		outcome metrics.OpsOutcome
		tell    bool
		untold  int
	}{
		{0, api, metrics.OpsNotFound, true, 0},
		{0, api, metrics.OpsNotFound, false, 0},
		{0, api, metrics.OpsFailed, true, 0}, // another kind
		{0, scrape, metrics.OpsNotFound, true, 0},
		{59 * time.Second, api, metrics.OpsNotFound, false, 0},
		{60 * time.Second, api, metrics.OpsNotFound, true, 2},
		{61 * time.Second, api, metrics.OpsNotFound, false, 0},
		{time.Hour, api, metrics.OpsNotFound, true, 1},
	} {
		untold, tell := c.due(begin.Add(tc.after), tc.route, tc.outcome)
		if tell != tc.tell || untold != tc.untold {
			t.Errorf("%d: %v with %d untold, want %v with %d", i, tell, untold, tc.tell, tc.untold)
		}
	}
}

// nobody is an engine without rooms.
type nobody struct{ inspector }

func valueOf(t *testing.T, c prometheus.Metric) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue() + m.GetGauge().GetValue()
}
