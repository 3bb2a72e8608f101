package main

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"strconv"
)

const (
	profilePath = "/debug/pprof/"
	// maxProfile is how many seconds a profile or a trace may take.
	maxProfile = 60
)

// profileRoutes are net/http/pprof's, which has them on a mux that nobody serves. The
// command line is left out: it may hold secrets.
func profileRoutes(mux *http.ServeMux) {
	mux.Handle("GET "+profilePath, soon(pprof.Index))
	mux.Handle("GET "+profilePath+"profile", soon(pprof.Profile))
	mux.Handle("GET "+profilePath+"trace", soon(pprof.Trace))
	mux.HandleFunc("GET "+profilePath+"symbol", pprof.Symbol)
	mux.HandleFunc("POST "+profilePath+"symbol", pprof.Symbol)
}

// soon refuses what would take too long.
func soon(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seconds, err := strconv.ParseFloat(r.FormValue("seconds"), 64)
		if err == nil && !(seconds <= maxProfile) { // nor is it no number at all
			problem(w, http.StatusBadRequest, fmt.Sprintf("A profile or a trace takes %d seconds at most: ask with seconds=%d or fewer.", maxProfile, maxProfile))
			return
		}
		next(w, r)
	})
}
