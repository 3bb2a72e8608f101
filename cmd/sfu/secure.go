package main

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"sfu/certs"
	"sfu/config"
	"sfu/front"
	"sfu/icetcp"
	"sfu/metrics"
	"sfu/relay"
	"sfu/sfu"
	"sfu/sfu/part"
)

// gate is what the server has besides a page when it speaks TLS itself: one TCP port
// for everything, and ways to the media socket for those whom UDP does not reach.
type gate struct {
	certs   certs.Source
	fronts  []*front.Front
	tcp     *icetcp.Server
	relay   *relay.Server
	secrets *secrets     // with relay
	plain   *http.Server // sends people to https, and answers the authority
}

// certificate returns where the server's certificate comes from. The ports are open.
func certificate(o *options, httpsPort, httpPort int, renewal func(ok bool), log *slog.Logger) (certs.Source, error) {
	told := func(p *certs.Pair, err error) (certs.Source, error) {
		if err != nil {
			return nil, err
		}
		p.OnRenewal(renewal)
		return p, nil
	}
	names := make([]string, len(o.Domain))
	for i, d := range o.Domain {
		names[i] = string(d)
	}
	switch o.TLS {
	case config.TLSFiles:
		return told(certs.Files(o.CertFile, o.KeyFile, log))
	case config.TLSSelfSigned:
		if len(names) == 0 {
			names = []string{"localhost", "127.0.0.1", "::1"}
		}
		return told(certs.SelfSigned(o.StateDir, names, log))
	}
	c := certs.Config{
		Names: names, Email: o.Email, Directory: o.ACMEDirectory, Storage: o.StateDir,
		HTTPSPort: httpsPort, HTTPPort: httpPort, Log: log, OnRenewal: renewal,
	}
	if o.ACMERoot != "" {
		pem, err := os.ReadFile(o.ACMERoot)
		if err != nil {
			return nil, fmt.Errorf("acme-root: %w", err)
		}
		c.Root = x509.NewCertPool()
		if !c.Root.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("acme-root: %s has no certificate", o.ACMERoot)
		}
	}
	return certs.ACME(c)
}

// open serves everything on the public listeners, and http on plain, which may be empty.
func (p *program) open(o *options, public, plain []net.Listener, s *secrets, set *metrics.Set, log *slog.Logger) error {
	g := &p.gate
	var err error
	if g.certs, err = certificate(o, port(public), port(plain), set.Door.Renewed, log); err != nil {
		return err
	}
	media := onLoopback(p.engine.MediaAddrs())
	if g.tcp, err = icetcp.New(icetcp.Config{Media: media, Metrics: set, Log: log}); err != nil {
		return err
	}
	g.plain = httpServer(redirect(port(public)), log)
	var turn []net.Listener
	for _, l := range limited(public, maxConnections, set) {
		f := front.New(l, front.Config{
			TLS: g.certs.TLS(), Pending: set.FrontPending.Add, Crowded: set.Door.Limited[metrics.LimitPending].Inc,
			Count: func(k front.Kind) { set.FrontConnection(k.String()) },
		})
		g.fronts = append(g.fronts, f)
		p.serve(p.public, []net.Listener{f.HTTP()})
		p.serve(g.plain, []net.Listener{f.Plain()})
		carry := f.ICE()
		p.serves.Go(func() {
			part.Media.Enter()
			_ = g.tcp.Serve(carry)
		})
		if s != nil { // else the front refuses it
			turn = append(turn, f.TURN())
		}
	}
	if s != nil {
		g.secrets = s
		peers := slices.DeleteFunc(p.engine.MediaAddrs(), func(a netip.AddrPort) bool { return a.Addr().IsLoopback() })
		part.TURN.Within(part.None, func() {
			g.relay, err = relay.New(relay.Config{
				Secret: s.current.Load().text, Peers: func() []netip.AddrPort { return peers },
				PacketConns: p.engine.TURNConns(), Listeners: turn, Metrics: set,
			})
		})
		if err != nil {
			return err
		}
	}
	if acme, ok := g.certs.(*certs.Automatic); ok {
		g.plain.Handler = acme.Handler(g.plain.Handler)
	}
	p.serve(g.plain, limited(plain, maxConnections, set))
	for _, f := range g.fronts {
		p.serves.Go(func() {
			part.HTTP.Enter()
			if err := f.Serve(); err != nil {
				p.broken <- err
			}
		})
	}
	return nil
}

// origin is the engine's question who is behind a socket of this machine. Nobody asks
// before the fronts serve, and by then the gate is complete.
func (g *gate) origin(socket netip.AddrPort) (path metrics.Path, remote netip.AddrPort, ok bool) {
	if g.tcp != nil {
		if remote, ok = g.tcp.Lookup(socket); ok {
			return metrics.PathTCP, remote, true
		}
	}
	if g.relay != nil {
		return g.relay.Lookup(socket)
	}
	return 0, netip.AddrPort{}, false
}

// closePlain ends http.
func (g *gate) closePlain() error {
	if g.plain == nil {
		return nil
	}
	return shutdown(g.plain)
}

// closeMedia closes the ways to the media socket, which belongs to the engine: it closes
// after them.
func (g *gate) closeMedia() error {
	var err error
	if g.relay != nil {
		err = g.relay.Close()
	}
	if g.tcp != nil {
		g.tcp.Close()
	}
	return err
}

// close lets nobody in any more, and ends the certificates that the fronts show.
func (g *gate) close() {
	for _, f := range g.fronts {
		f.Close()
	}
	if g.certs != nil {
		g.certs.Close()
	}
}

// redirect sends people to the same page by https.
func redirect(port int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if port != 443 {
			host = net.JoinHostPort(host, strconv.Itoa(port))
		}
		to := *r.URL
		to.Scheme, to.Host = "https", host
		http.Redirect(w, r, to.String(), http.StatusPermanentRedirect)
	})
}

// port returns where listeners are, 0 for none.
func port(listeners []net.Listener) int {
	if len(listeners) == 0 {
		return 0
	}
	return listeners[0].Addr().(*net.TCPAddr).Port
}

// onLoopback returns a media socket there.
func onLoopback(addrs []netip.AddrPort) netip.AddrPort {
	for _, a := range addrs {
		if a.Addr().IsLoopback() {
			return a
		}
	}
	return netip.AddrPort{}
}

// tcpAddrs are where ICE over TCP listens.
func tcpAddrs(listeners []net.Listener) (addrs []netip.AddrPort) {
	for _, l := range listeners {
		addrs = append(addrs, l.Addr().(*net.TCPAddr).AddrPort())
	}
	return addrs
}

// secureEngine adds to the engine's settings what TLS brings.
func (g *gate) secureEngine(cfg *sfu.Config, public []net.Listener, s *secrets) {
	cfg.TCPAddrs, cfg.Origin = tcpAddrs(public), g.origin
	if s != nil {
		cfg.TURN, cfg.Relays = true, s.servers
	}
}
