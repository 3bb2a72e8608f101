package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync/atomic"

	"sfu/config"
	"sfu/metrics"
)

// publicMetrics serves the metrics to the world, or rather to who knows the token. As
// long as there is none, it is as if there were no metrics.
type publicMetrics struct {
	token  atomic.Pointer[config.Secret] // replaced by allow
	door   *opsDoor
	scrape http.Handler
	page   http.Handler // answers as long as there is no token
}

func newPublicMetrics(door *opsDoor, scrape, page http.Handler, token config.Secret) *publicMetrics {
	p := &publicMetrics{door: door, scrape: door.bounded(metrics.RouteMetrics, scrape), page: page}
	p.allow(token)
	return p
}

// allow changes the token.
func (p *publicMetrics) allow(token config.Secret) { p.token.Store(&token) }

// ServeHTTP answers who sends the token.
func (p *publicMetrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := *p.token.Load()
	switch {
	case token == "":
		p.page.ServeHTTP(w, r)
	case bears(r, string(token)):
		p.door.serve(metrics.RouteMetrics, p.scrape, w, r)
	default:
		p.door.serve(metrics.RouteMetrics, http.HandlerFunc(unauthorized), w, r)
	}
}

// bears reports whether a request has the token (RFC 6750, 2.1). How long that takes
// tells nothing of it, nor of its length.
func bears(r *http.Request, token string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

func unauthorized(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	say(w, http.StatusUnauthorized, "unauthorized\n")
}
