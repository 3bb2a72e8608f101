package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"sfu/address"
	"sfu/metrics"
	"sfu/sfu"
	"sfu/sfu/part"
	"sfu/signaling"
	"sfu/web"
)

const (
	// drainTime is how long a stop may take: container runtimes kill after
	// 10 s unless they are told otherwise.
	drainTime    = 9 * time.Second
	requestGrace = time.Second
)

// run is the whole program but for its signals: it serves until ctx ends, and
// drains. Each time that hangups delivers, it loads its settings again.
func run(ctx context.Context, hangups <-chan os.Signal, args []string, stdout, stderr io.Writer) error {
	o, err := parse(ctx, args, stdout, stderr)
	if o == nil || err != nil {
		return err
	}
	level := new(slog.LevelVar)
	level.Set(o.LogLevel)
	log := o.Logger(stderr, level)
	for _, w := range o.loaded.Warnings {
		log.Warn(w.String())
	}
	p, err := start(o, log)
	if err != nil {
		return err
	}
	notifyReady()
	fed, starve := context.WithCancel(context.Background())
	defer starve()
	go watch(fed, func() bool {
		p.engine.Rooms() // would wait for whoever holds the engine
		return true
	})
	r := &reloader{
		load:   func() (*options, error) { return parse(ctx, args, stdout, stderr) },
		effect: o, level: level, log: log, program: p,
	}
	for {
		select {
		case <-hangups:
			r.reload()
			continue
		case <-ctx.Done():
			o := r.effect
			log.Info("stopping; a second signal stops at once", "rooms", len(p.engine.Rooms()), "waiting at most", o.DrainTimeout)
			p.wait(o.MovedTo, o.DrainTimeout)
		case err = <-p.broken:
		}
		return errors.Join(err, p.stop())
	}
}

// program is everything that runs.
type program struct {
	health  *health
	engine  *sfu.Server
	door    *signaling.Handler
	public  *http.Server
	ops     *http.Server
	gate    gate // with TLS
	scrapes *publicMetrics
	count   *metrics.Set

	resolver  *address.Resolver
	unresolve context.CancelFunc // nil before advertise
	serves    sync.WaitGroup
	broken    chan error // listeners that failed; it has room for all, fronts have three each
}

// start opens every port and serves.
func start(o *options, log *slog.Logger) (*program, error) {
	public, err := listen("--listen", o.Listen)
	if err != nil {
		return nil, err
	}
	ops, err := listen("--ops-listen", o.OpsListen)
	if err != nil {
		closeAll(public)
		return nil, err
	}
	var plain []net.Listener
	if o.HTTPListen != "" {
		if plain, err = listen("--http-listen", o.HTTPListen); err != nil {
			closeAll(public)
			closeAll(ops)
			return nil, err
		}
	}
	set := metrics.New()
	p := &program{health: &health{}, count: set, broken: make(chan error, 4*len(public)+len(plain)+len(ops))}
	cfg := o.engine()
	var relays *secrets
	if o.Secure() {
		relays = newSecrets(o, port(public))
		p.gate.secureEngine(&cfg, public, relays)
	}
	engine, err := sfu.New(cfg, set, log)
	if err != nil {
		closeAll(public)
		closeAll(plain)
		closeAll(ops)
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w; choose another port with --udp-port", err)
		}
		return nil, err
	}
	p.engine, p.door = engine, signaling.New(engine, o.door(), set, log)
	set.Loaded(time.Now())
	door, page, scrape := newOpsDoor(&set.Door, log), web.Handler(), p.scrape()
	p.scrapes = newPublicMetrics(door, scrape, page, o.PublicMetricsToken)
	p.public = httpServer(publicRoutes(page, p.door, p.scrapes, p.health), log)
	p.ops = httpServer(opsRoutes(door, scrape, engine, p.health), log)
	scheme := "http"
	if o.Secure() {
		scheme = "https"
		if err := p.open(o, public, plain, relays, set, log); err != nil {
			closeAll(public)
			closeAll(plain)
			closeAll(ops)
			return nil, errors.Join(err, p.drain())
		}
	} else {
		p.serve(p.public, limited(public, maxConnections, set))
	}
	p.serve(p.ops, limited(ops, maxOpsConnections, set))
	if err := p.advertise(o, log); err != nil {
		return nil, errors.Join(err, p.drain())
	}
	log.Info("open the page in a browser or two", "url", scheme+"://"+reached(public, o.Listen))
	log.Info("media", "addresses", engine.MediaAddrs())
	log.Info("operations", "url", "http://"+reached(ops, o.OpsListen)+"/metrics")
	if !o.Secure() && !public[0].Addr().(*net.TCPAddr).IP.IsLoopback() {
		log.Warn("on other machines browsers give camera and microphone to https pages only: set --domain, or put a TLS proxy in front")
	}
	return p, nil
}

// advertise finds the addresses that the world reaches the server at, and tells browsers
// of them, for as long as the program runs.
func (p *program) advertise(o *options, log *slog.Logger) error {
	cfg := address.Config{Public: o.public(), Log: log}
	for _, u := range o.STUNServer {
		cfg.STUN = append(cfg.STUN, string(u))
	}
	resolver, err := address.New(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.resolver, p.unresolve = resolver, cancel
	p.serves.Go(func() {
		resolver.Run(ctx, func(a address.Advice) {
			p.engine.SetPublicIPs(a.Public)
			log.Info("media", "advertised", a.Because)
		})
	})
	return nil
}

// serve answers on every listener until stop.
func (p *program) serve(s *http.Server, listeners []net.Listener) {
	for _, l := range listeners {
		p.serves.Go(func() {
			part.HTTP.Enter()
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				p.broken <- fmt.Errorf("serve %s: %w", l.Addr(), err)
			}
		})
	}
}

// refuse says that nobody is let in any more.
func (p *program) refuse() {
	p.health.draining.Store(true)
	p.count.Room.Draining.Set(1)
}

// scrape serves the metrics, with what nobody counts as it happens.
func (p *program) scrape() http.Handler {
	serve := p.count.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.gate.certs != nil {
			p.count.Door.CertificateExpiry.Set(seconds(p.gate.certs.Expiry()))
		}
		serve.ServeHTTP(w, r)
	})
}

// seconds is when a certificate expires, in Unix time; 0 when there is none.
func seconds(_ string, notAfter time.Time) float64 {
	if notAfter.IsZero() {
		return 0
	}
	return float64(notAfter.Unix())
}

// wait lets nobody in any more, tells those inside of the page where their rooms go on,
// if there is one, and waits for the rooms to end, but not longer than most.
func (p *program) wait(elsewhere string, most time.Duration) {
	notifyStopping()
	p.refuse()
	select {
	case <-p.engine.Drain(elsewhere, most):
	case <-time.After(most):
	}
}

// stop drains, and gives up after drainTime.
func (p *program) stop() error {
	stopped := make(chan error, 1)
	go func() { stopped <- p.drain() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(drainTime):
		return fmt.Errorf("still not stopped after %v", drainTime)
	}
}

// drain stops from the outside in: nobody new, nobody connected, no way to the media
// socket, no media. The fronts refuse everybody by then, and end with the certificates.
// The operations port answers to the end.
func (p *program) drain() error {
	p.refuse()
	p.engine.Drain("", 0)
	err := errors.Join(shutdown(p.public), p.gate.closePlain(), p.door.Close(), p.gate.closeMedia(), p.engine.Close())
	p.gate.close()
	err = errors.Join(err, shutdown(p.ops))
	if p.unresolve != nil {
		p.unresolve()
	}
	p.serves.Wait()
	return err
}

// shutdown stops listening, and lets requests under way end for a moment.
func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestGrace)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return s.Close()
}
