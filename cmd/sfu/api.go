package main

import (
	"encoding/json"
	"net/http"

	"sfu/sfu"
)

// inspector is what the API shows of the engine.
type inspector interface {
	Rooms() []sfu.RoomSummary
	Inspect(room string) (sfu.RoomReport, bool)
}

// apiRoutes show rooms to the operator, with the names that metrics leave out.
func apiRoutes(mux *http.ServeMux, engine inspector) {
	mux.HandleFunc("GET /api/v1/rooms", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"rooms": engine.Rooms()})
	})
	mux.HandleFunc("GET /api/v1/rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		report, ok := engine.Inspect(r.PathValue("room"))
		if !ok {
			problem(w, http.StatusNotFound, "There is no room of this name now: /api/v1/rooms lists those that there are.")
			return
		}
		answer(w, http.StatusOK, report)
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	reply(w, "application/json; charset=utf-8", status, body)
}

func reply(w http.ResponseWriter, kind string, status int, body any) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
