package main

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"sfu/metrics"
)

const (
	// maxOpsConnections is how many connections the operations address holds open; the
	// next ones wait in the kernel's backlog.
	maxOpsConnections = 1024
	// How many requests are answered at once. One scraper is normal and a few are fine.
	maxScrapes     = 8
	maxAPIRequests = 16
	// opsStall is how long an answer waits for who asked to read on.
	opsStall = 10 * time.Second
)

// opsDoor is what every request to the operator's part goes through: it is bounded,
// counted, and told of in the log when it was refused.
type opsDoor struct {
	count  *metrics.DoorMetrics
	places [metrics.NumOpsRoutes]chan struct{} // nil where there is no bound
	log    *complaints
}

func newOpsDoor(count *metrics.DoorMetrics, log *slog.Logger) *opsDoor {
	d := &opsDoor{count: count, log: newComplaints(log)}
	d.places[metrics.RouteMetrics] = make(chan struct{}, maxScrapes)
	d.places[metrics.RouteAPI] = make(chan struct{}, maxAPIRequests)
	d.places[metrics.RoutePprof] = make(chan struct{}, 1) // Go takes one profile of the processor at a time
	return d
}

// opsRoutes is what the operator sees.
func opsRoutes(d *opsDoor, scrape http.Handler, engine inspector, h *health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", scrape)
	apiRoutes(mux, engine)
	profileRoutes(mux)
	h.routes(mux)
	known := orProblem(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := opsRoute(r.URL.Path)
		d.serve(route, d.bounded(route, known), w, r)
	})
}

// opsRoute says which route a path is counted as.
func opsRoute(path string) metrics.OpsRoute {
	switch {
	case path == "/metrics":
		return metrics.RouteMetrics
	case path == "/livez", path == "/readyz":
		return metrics.RouteHealth
	case strings.HasPrefix(path, profilePath):
		return metrics.RoutePprof
	case strings.HasPrefix(path, "/api/") && strings.HasSuffix(path, "/capture"):
		return metrics.RouteCapture
	case strings.HasPrefix(path, "/api/"):
		return metrics.RouteAPI
	}
	return metrics.RouteOther
}

// serve has next answer, and notes how that ended.
func (d *opsDoor) serve(route metrics.OpsRoute, next http.Handler, w http.ResponseWriter, r *http.Request) {
	a := &opsAnswer{ResponseWriter: w, control: http.NewResponseController(w)}
	next.ServeHTTP(a, r)
	a.hurry() // what is left of it leaves now
	outcome := a.outcome(route)
	d.count.Ops[route][outcome].Inc()
	if outcome != metrics.OpsOK {
		d.log.note(time.Now(), route, outcome, r, a)
	}
}

// bounded refuses at once what there is no place for.
func (d *opsDoor) bounded(route metrics.OpsRoute, next http.Handler) http.Handler {
	places := d.places[route]
	if places == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next.ServeHTTP(w, r)
		default:
			d.count.Limited[metrics.LimitOps].Inc()
			w.Header().Set("Retry-After", "1")
			problem(w, http.StatusServiceUnavailable, crowded(route))
		}
	})
}

func crowded(route metrics.OpsRoute) string {
	if route == metrics.RoutePprof {
		return "Another profile or trace is being taken, and they are taken one at a time. Ask again when it is done."
	}
	return "Too many requests are being answered. Ask again in a second, and with fewer at a time."
}

// orProblem answers what mux has no handler for as a problem.
func orProblem(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refusal, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		why := headerOnly{header: make(http.Header)}
		refusal.ServeHTTP(&why, r)
		if allow := why.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			problem(w, http.StatusMethodNotAllowed, "This path does not take "+r.Method+": use one of "+allow+".")
			return
		}
		problem(w, http.StatusNotFound, "There is nothing at this path: there are /metrics, /livez, /readyz, /api/v1/rooms and "+profilePath+".")
	})
}

// headerOnly is a http.ResponseWriter that keeps the header alone.
type headerOnly struct{ header http.Header }

// Header returns the header.
func (s *headerOnly) Header() http.Header { return s.header }

// WriteHeader does nothing.
func (s *headerOnly) WriteHeader(int) {}

// Write writes nothing.
func (s *headerOnly) Write(b []byte) (int, error) { return len(b), nil }

// problem answers with a refusal that says what to do (RFC 9457, 3).
func problem(w http.ResponseWriter, status int, detail string) {
	reply(w, "application/problem+json", status, map[string]any{
		"title": http.StatusText(status), "status": status, "detail": detail,
	})
}

// opsAnswer is an answer that knows how it went, and that does not wait for somebody
// who does not read it.
type opsAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
	err     error // of writing
}

// Unwrap is for http.ResponseController.
func (a *opsAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader notes the first status.
func (a *opsAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write gives the client some time to read.
func (a *opsAnswer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.hurry()
	n, err := a.ResponseWriter.Write(b)
	a.fail(err)
	return n, err
}

// FlushError sends what is written.
func (a *opsAnswer) FlushError() error {
	a.hurry()
	err := a.control.Flush()
	a.fail(err)
	return err
}

func (a *opsAnswer) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// hurry begins the time within which the client has to read. Not every answer has a
// connection, in tests.
func (a *opsAnswer) hurry() { _ = a.control.SetWriteDeadline(time.Now().Add(opsStall)) }

// outcome is how the answer went. That a server is draining is an answer too.
func (a *opsAnswer) outcome(route metrics.OpsRoute) metrics.OpsOutcome {
	switch {
	case a.err != nil:
		return metrics.OpsFailed
	case a.status < 400, route == metrics.RouteHealth && a.status == http.StatusServiceUnavailable:
		return metrics.OpsOK
	case a.status == http.StatusNotFound:
		return metrics.OpsNotFound
	case a.status < 500, a.status == http.StatusServiceUnavailable:
		return metrics.OpsRefused
	}
	return metrics.OpsFailed
}
