package main

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"sfu/metrics"
)

// complainEvery is how often the log tells of one kind of request that was refused.
const complainEvery = time.Minute

// complaints tell the log of requests that were refused: of each kind the first, and
// with the next one, a minute later or more, how many there were between.
type complaints struct {
	log *slog.Logger

	mu    sync.Mutex // guards the field below
	kinds [metrics.NumOpsRoutes][metrics.NumOpsOutcomes]complaint
}

// complaint is what is known of one kind.
type complaint struct {
	told  time.Time
	since int // that were not told
}

func newComplaints(log *slog.Logger) *complaints { return &complaints{log: log} }

// note tells of one request, unless one like it was told of a moment ago.
func (c *complaints) note(now time.Time, route metrics.OpsRoute, outcome metrics.OpsOutcome, r *http.Request, a *opsAnswer) {
	untold, tell := c.due(now, route, outcome)
	if !tell {
		return
	}
	args := []any{"outcome", outcome.String(), "method", r.Method, "path", r.URL.Path, "status", a.status, "remote", r.RemoteAddr}
	if a.err != nil {
		args = append(args, "error", a.err)
	}
	if untold > 0 {
		args = append(args, "untold", untold)
	}
	c.log.Warn("operations request not answered; the next like it is told of in a minute", args...)
}

// due reports whether to tell, and how many were not told since the last time.
func (c *complaints) due(now time.Time, route metrics.OpsRoute, outcome metrics.OpsOutcome) (untold int, tell bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := &c.kinds[route][outcome]
	if !k.told.IsZero() && now.Sub(k.told) < complainEvery {
		k.since++
		return 0, false
	}
	untold = k.since
	k.told, k.since = now, 0
	return untold, true
}
