package signaling

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"

	"sfu/metrics"
	"sfu/sfu"
	"sfu/signaling/wire"
)

// Config is what an operator may choose. The zero value of a field is its
// default.
type Config struct {
	AllowedOrigins []string       // of pages on other hosts, as "https://meet.example.org"
	Proxies        []netip.Prefix // whose X-Forwarded-For is believed; nobody's by default
	MaxConnections int            // default 10000
}

// session is one socket's hold on a participant: what the door needs of
// *sfu.Session.
type session interface {
	Handle(wire.Client)
	Lost()
}

// join is sfu.Server.Join: what the participant is told goes to send.
type join func(req *wire.JoinRoom, send func(wire.Server)) (session, error)

// Handler serves the WebSocket that a client joins through.
type Handler struct {
	join     join
	limit    int // of open requests
	proxies  []netip.Prefix
	origins  atomic.Pointer[[]string] // replaced by AllowOrigins
	metrics  *metrics.Set
	log      *slog.Logger
	upgrader websocket.Upgrader

	serving sync.WaitGroup // one for each request between enter and exit

	mu     sync.Mutex // guards the fields below
	open   int        // requests between enter and exit
	conns  map[*conn]struct{}
	closed bool
}

// New returns the door to server. The caller must Close it, before the server.
func New(server *sfu.Server, cfg Config, m *metrics.Set, log *slog.Logger) *Handler {
	return newHandler(func(req *wire.JoinRoom, send func(wire.Server)) (session, error) {
		s, err := server.Join(req, send)
		if err != nil {
			return nil, err
		}
		return s, nil
	}, cfg, m, log)
}

func newHandler(join join, cfg Config, m *metrics.Set, log *slog.Logger) *Handler {
	h := &Handler{
		join:    join,
		limit:   cmp.Or(cfg.MaxConnections, 10_000),
		proxies: cfg.Proxies,
		metrics: m,
		log:     log,
		conns:   make(map[*conn]struct{}),
	}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: writeTimeout,
		Subprotocols:     []string{wire.Subprotocol},
		CheckOrigin:      func(r *http.Request) bool { return originAllowed(r, *h.origins.Load()) },
	}
	h.AllowOrigins(cfg.AllowedOrigins)
	return h
}

// AllowOrigins changes of which other hosts pages may connect from now on. Who is
// connected stays so.
func (h *Handler) AllowOrigins(origins []string) {
	origins = slices.Clone(origins)
	h.origins.Store(&origins)
}

// originAllowed keeps the pages of other hosts out: a browser sends any page's
// WebSocket anywhere, and with it the cookies and the network position of the
// person in front of it. What is no browser sends no Origin.
func originAllowed(r *http.Request, allowed []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	_, host, _ := strings.Cut(origin, "://")
	return strings.EqualFold(host, r.Host) ||
		slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, origin) })
}

// ServeHTTP upgrades the request and serves the socket until it is closed.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.enter() {
		http.Error(w, "too many connections, or shutting down", http.StatusServiceUnavailable)
		return
	}
	defer h.exit()
	remote := remoteOf(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), h.proxies)
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.log.Debug("socket refused", "remote", remote, "origin", r.Header.Get("Origin"), "err", err)
		return // Upgrade has answered
	}
	c := newConn(h, ws, remote)
	h.add(c)
	defer h.remove(c)
	c.serve()
}

func (h *Handler) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	if h.open >= h.limit {
		h.metrics.Door.Limited[metrics.LimitConnections].Inc()
		return false
	}
	h.open++
	h.serving.Add(1)
	return true
}

func (h *Handler) exit() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	h.serving.Done()
}

func (h *Handler) add(c *conn) {
	h.metrics.SignalingConnections.Inc()
	h.mu.Lock()
	h.conns[c] = struct{}{}
	closed := h.closed
	h.mu.Unlock()
	if closed {
		c.send(draining())
	}
}

func (h *Handler) remove(c *conn) {
	h.mu.Lock()
	delete(h.conns, c)
	h.mu.Unlock()
	h.metrics.SignalingConnections.Dec()
}

// Close lets nobody in any more, tells every client that the server is
// draining, and returns when the last socket is closed: a client that does not
// read delays it by writeTimeout and closeGrace.
func (h *Handler) Close() error {
	h.mu.Lock()
	h.closed = true
	conns := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		conns = append(conns, c)
	}
	h.mu.Unlock()
	for _, c := range conns {
		c.send(draining())
	}
	h.serving.Wait()
	return nil
}

func draining() *wire.Error {
	return &wire.Error{Code: wire.CodeDraining, Message: "the server is about to stop", Fatal: true}
}
