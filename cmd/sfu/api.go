package main

import (
	"encoding/json"
	"errors"
	"net/http"

	"sfu/sfu"
)

// inspector is what the API shows of the engine.
type inspector interface {
	Rooms() []sfu.RoomSummary
	Inspect(room string) (sfu.RoomReport, error)
	Capture(sfu.CaptureOrder) (*sfu.Capture, error)
}

// apiRoutes show rooms to the operator, with the names that metrics leave out.
func apiRoutes(mux *http.ServeMux, engine inspector) {
	mux.HandleFunc("GET /api/v1/rooms", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"rooms": engine.Rooms()})
	})
	mux.HandleFunc("GET /api/v1/rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		report, err := engine.Inspect(r.PathValue("room"))
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, http.StatusOK, report)
	})
	mux.HandleFunc("POST /api/v1/rooms/{room}/participants/{id}/capture", func(w http.ResponseWriter, r *http.Request) {
		capture(w, r, engine)
	})
}

// refuse says why there is no answer.
func refuse(w http.ResponseWriter, err error) {
	problem(w, statusOf(err), err.Error())
}

// statusOf is the HTTP status of an error; what the engine does not know is the
// caller's mistake.
func statusOf(err error) int {
	switch {
	case errors.Is(err, sfu.ErrNoRoom), errors.Is(err, sfu.ErrNoParticipant):
		return http.StatusNotFound
	case errors.Is(err, sfu.ErrCapturesOff):
		return http.StatusForbidden
	case errors.Is(err, sfu.ErrCapturing):
		return http.StatusConflict
	case errors.Is(err, sfu.ErrBusy):
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
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
