package certs

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// pollEvery is how often a Pair looks whether there is a newer certificate.
// Not every file system tells of changes; all of them can be asked.
const pollEvery = 5 * time.Second

// loader finds the newest certificate: nil when that is the one it returned
// before. With again it returns that one a second time.
type loader interface {
	load(now time.Time, again bool) (*tls.Certificate, error)
}

// Pair is a Source with one certificate and its key.
type Pair struct {
	log     *slog.Logger
	current atomic.Pointer[tls.Certificate]

	mu      sync.Mutex // guards the fields below
	from    loader
	renewal func(ok bool) // nil when nobody wants to know

	once    sync.Once
	done    chan struct{}
	running sync.WaitGroup
}

// newPair returns a Pair that has a certificate.
func newPair(from loader, log *slog.Logger) (*Pair, error) {
	p := &Pair{log: log, from: from, done: make(chan struct{})}
	if err := p.load(true); err != nil {
		return nil, err
	}
	p.running.Go(p.poll)
	return p, nil
}

// TLS returns a configuration that serves the newest certificate.
func (p *Pair) TLS() *tls.Config {
	return config(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current.Load(), nil })
}

// Expiry returns what the certificate is for, and its end.
func (p *Pair) Expiry() (name string, notAfter time.Time) {
	leaf := p.current.Load().Leaf
	return nameOf(leaf), leaf.NotAfter
}

// OnRenewal has f told of every newer certificate from now on, and of every failure to
// have one.
func (p *Pair) OnRenewal(f func(ok bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renewal = f
}

// Reload looks for a newer certificate now. The old one stays when that fails.
func (p *Pair) Reload() error { return p.load(true) }

// Close stops looking for newer certificates. The last one stays in use.
func (p *Pair) Close() {
	p.once.Do(func() { close(p.done) })
	p.running.Wait()
}

func (p *Pair) load(again bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cert, err := p.from.load(time.Now(), again)
	if err == nil && cert == nil {
		return nil
	}
	newer := err != nil || !isSame(p.current.Load(), cert)
	if p.renewal != nil && newer {
		p.renewal(err == nil)
	}
	if err != nil {
		return err
	}
	p.current.Store(cert)
	p.log.Info("certificate loaded", "name", nameOf(cert.Leaf), "expires", cert.Leaf.NotAfter)
	return nil
}

// isSame reports whether two certificates are one; there may be no old one.
func isSame(old, cert *tls.Certificate) bool {
	return old != nil && old.Leaf.Equal(cert.Leaf)
}

func (p *Pair) poll() {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
			if err := p.load(false); err != nil {
				p.log.Error("the old certificate stays in use", "error", err)
			}
		}
	}
}
