package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// publicRoutes is what the world sees.
func publicRoutes(page, door, metrics http.Handler, h *health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle("/ws", door)
	mux.Handle("/metrics", metrics)
	h.routes(mux)
	return mux
}

// health answers whoever supervises the program. Liveness is the process and
// nothing else: a restart cures no full room and no lost network.
type health struct{ draining atomic.Bool }

func (h *health) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusOK, "alive\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if h.draining.Load() {
			say(w, http.StatusServiceUnavailable, "draining\n")
			return
		}
		say(w, http.StatusOK, "ready\n")
	})
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// httpServer answers with routes. A WebSocket leaves its care at the upgrade.
func httpServer(routes http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close()
	}
}
