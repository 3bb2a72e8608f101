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
			answer(w, http.StatusNotFound, map[string]string{"error": "There is no room of this name now."})
			return
		}
		answer(w, http.StatusOK, report)
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
