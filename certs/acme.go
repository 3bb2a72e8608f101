package certs

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
)

const (
	// renewCheck is how often certificates are looked at. The authority says
	// when it wants one renewed (RFC 9773); else it is a third before its end.
	renewCheck = 10 * time.Minute
	// obtainAgain is the pause after everything else was tried: certmagic goes
	// on by itself for a month when an authority says no.
	obtainAgain = time.Hour
	// shortlived is the profile in which Let's Encrypt certifies addresses, for
	// six days.
	shortlived = "shortlived"

	protoACME = "acme-tls/1" // RFC 8737
)

// Config says for what, and from whom, ACME gets certificates.
type Config struct {
	// Names are domains and public IP addresses.
	Names []string
	// Email is where the authority writes to. It may be empty.
	Email string
	// Directory is the authority's URL: that of Let's Encrypt unless it is set.
	Directory string
	// Root is who vouches for the directory, when the system does not know it.
	Root *x509.CertPool
	// Storage is a directory for certificates, keys and the account.
	Storage string
	// HTTPPort is where Handler is served, and HTTPSPort where TLS is: 80 and
	// 443, or what these are forwarded to. 0 means that it is not, and that the
	// authority is not asked to look there; one of them is needed. They have to
	// be open before ACME is called: certmagic opens a port that nobody has.
	HTTPPort, HTTPSPort int
	// Log is told of certificates and of failures.
	Log *slog.Logger
	// OnRenewal is told of every certificate that the authority issued, and of every
	// attempt that failed, the first ones too. Nobody is by default.
	OnRenewal func(ok bool)

	host string // that the ports are on, in tests
}

// Automatic is a Source that gets its certificates from an authority.
type Automatic struct {
	names   []string
	storage *storage
	cache   *certmagic.Cache
	log     *slog.Logger
	renewal func(ok bool)
	// Domains and addresses have different profiles, and share the cache.
	domains, addresses *certmagic.Config
	issuer             *certmagic.ACMEIssuer // of domains

	cancel  context.CancelFunc
	once    sync.Once
	running sync.WaitGroup
}

// ACME obtains certificates and renews them (RFC 8555). It returns at once,
// with those that the storage has: until a name has one, handshakes for it
// fail. A failure is logged and tried again.
func ACME(c Config) (*Automatic, error) { return newAutomatic(c, renewCheck) }

func newAutomatic(c Config, check time.Duration) (*Automatic, error) {
	names, err := subjects(c.Names)
	if err != nil {
		return nil, err
	}
	if c.Storage == "" {
		return nil, errors.New("ACME needs a directory to keep certificates in: an authority issues only a few a week")
	}
	if c.HTTPPort == 0 && c.HTTPSPort == 0 {
		return nil, errors.New("ACME needs port 80 or port 443: an authority looks there whether the name is yours")
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &Automatic{names: names, storage: newStorage(c.Storage), log: c.Log, renewal: c.OnRenewal, cancel: cancel}
	if a.renewal == nil {
		a.renewal = func(bool) {}
	}
	zap := complaints(c.Log)
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(cert certmagic.Certificate) (*certmagic.Config, error) { return a.configOf(cert.Names[0]), nil },
		RenewCheckInterval: check,
		Logger:             zap,
	})
	base := certmagic.Config{
		// Who opens an address sends no name (RFC 6066, 3), and the address at
		// which we hear it may be a private one.
		DefaultServerName: defaultName(names),
		Storage:           a.storage,
		OnEvent:           a.note,
		OCSP:              certmagic.OCSPConfig{DisableStapling: true}, // authorities gave it up
		Logger:            zap,
	}
	template := certmagic.ACMEIssuer{
		CA:                      cmp.Or(c.Directory, certmagic.LetsEncryptProductionCA),
		Email:                   c.Email,
		Agreed:                  true,
		TrustedRoots:            c.Root,
		ListenHost:              c.host,
		AltHTTPPort:             c.HTTPPort,
		AltTLSALPNPort:          c.HTTPSPort,
		DisableHTTPChallenge:    c.HTTPPort == 0,
		DisableTLSALPNChallenge: c.HTTPSPort == 0,
		Logger:                  zap,
	}
	a.domains, a.issuer = a.configFor(base, template)
	template.Profile = shortlived
	a.addresses, _ = a.configFor(base, template)
	a.start(ctx)
	return a, nil
}

// issuer is an ACMEIssuer that certmagic does not recognize as one. Else each
// renewal would tell which certificate it replaces (RFC 9773, 5), and fail
// until that one has ended when the account is another one than it was issued
// to: the operator gave another address for mail.
type issuer struct{ *certmagic.ACMEIssuer }

// configFor joins a configuration and its issuer, which know each other.
func (a *Automatic) configFor(base certmagic.Config, template certmagic.ACMEIssuer) (*certmagic.Config, *certmagic.ACMEIssuer) {
	cfg := certmagic.New(a.cache, base)
	acme := certmagic.NewACMEIssuer(cfg, template)
	cfg.Issuers = []certmagic.Issuer{issuer{acme}}
	return cfg, acme
}

// configOf is how the certificate of name is obtained.
func (a *Automatic) configOf(name string) *certmagic.Config {
	if certmagic.SubjectIsIP(name) {
		return a.addresses
	}
	return a.domains
}

// start loads what there is, and begins to obtain what there is not.
func (a *Automatic) start(ctx context.Context) {
	for _, name := range a.names {
		if _, err := a.configOf(name).CacheManagedCertificate(ctx, name); err != nil {
			a.log.Info("no certificate yet, asking for one", "name", name)
			a.running.Go(func() { a.obtain(ctx, name) })
		}
	}
	a.running.Go(func() { // what ran out while the server did not run cannot wait
		if err := a.cache.RenewManagedCertificates(ctx); err != nil {
			a.log.Error("renewing certificates", "error", err)
		}
	})
}

// obtain does not return before there is a certificate for name.
func (a *Automatic) obtain(ctx context.Context, name string) {
	for {
		err := a.configOf(name).ObtainCertAsync(ctx, name) // it is not async, but patient
		if err == nil {
			_, err = a.configOf(name).CacheManagedCertificate(ctx, name)
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		a.log.Error("no certificate, so no HTTPS", "name", name, "error", err, "again_in", obtainAgain)
		timer := time.NewTimer(obtainAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// note logs what went well; certmagic complains by itself.
func (a *Automatic) note(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_failed":
		a.renewal(false)
	case "cert_obtained":
		a.renewal(true)
		a.log.Info("certificate obtained", "name", data["identifier"], "renewal", data["renewal"])
	}
	return nil
}

// TLS returns a configuration that serves the certificates, and answers
// tls-alpn-01.
func (a *Automatic) TLS() *tls.Config { return config(a.domains.GetCertificate, protoACME) }

// Handler answers http-01, and leaves everything else to next.
func (a *Automatic) Handler(next http.Handler) http.Handler {
	return a.issuer.HTTPChallengeHandler(next)
}

// Expiry returns the name whose certificate ends first, or that has none.
func (a *Automatic) Expiry() (name string, notAfter time.Time) {
	for i, n := range a.names {
		var last time.Time
		for _, cert := range a.cache.AllMatchingCertificates(n) {
			if cert.Leaf.NotAfter.After(last) {
				last = cert.Leaf.NotAfter
			}
		}
		if i == 0 || last.Before(notAfter) {
			name, notAfter = n, last
		}
	}
	return name, notAfter
}

// Close gives up what is being obtained, and waits for that.
func (a *Automatic) Close() {
	a.once.Do(func() {
		a.cancel()
		a.storage.refuse()
		a.cache.Stop()
	})
	a.running.Wait()
	a.storage.wait()
}

// subjects checks names, and writes them as certificates do.
func subjects(names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, errors.New("ACME needs a name: a domain that points here, or the public IP address of this machine")
	}
	var out []string
	for _, name := range names {
		name = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
		if ip, err := netip.ParseAddr(name); err == nil {
			out = append(out, ip.Unmap().WithZone("").String())
			continue
		}
		if strings.ContainsAny(name, "*:/") || !certmagic.SubjectQualifiesForCert(name) {
			return nil, fmt.Errorf("%q is neither a domain nor an IP address; write it without https://, port and wildcard", name)
		}
		out = append(out, name)
	}
	return out, nil
}

// defaultName is served to who sends no name: an address if there is one.
func defaultName(names []string) string {
	for _, name := range names {
		if certmagic.SubjectIsIP(name) {
			return name
		}
	}
	return names[0]
}
