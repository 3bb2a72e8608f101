package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sfu/front"
	"sfu/internal/journal"
)

const day = 24 * time.Hour

// site is a machine on the internet, whose certificates are those of the
// server that runs there: the front door on one port, the challenges of
// http-01 on the other.
type site struct {
	t           *testing.T
	http, https net.Listener
	runs        atomic.Pointer[Automatic]
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t}
	for _, l := range []*net.Listener{&s.http, &s.https} {
		var err error
		if *l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	door := front.New(s.https, front.Config{TLS: &tls.Config{
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if a := s.runs.Load(); a != nil {
				return a.TLS(), nil
			}
			return nil, errors.New("nothing runs here")
		},
	}})
	pages := &http.Server{Handler: http.NotFoundHandler()}
	challenges := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := s.runs.Load(); a != nil {
			a.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
		}
	})}
	ended := make(chan error, 3)
	secure := door.HTTP()
	go func() { ended <- door.Serve() }()
	go func() { ended <- pages.Serve(secure) }()
	go func() { ended <- challenges.Serve(s.http) }()
	t.Cleanup(func() {
		_ = challenges.Close()
		_ = pages.Close()
		door.Close()
		for range 3 {
			if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	})
	return s
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// visit opens name as a browser does, and returns the certificate it sees.
func (s *site) visit(name string, roots *x509.CertPool) (*x509.Certificate, error) {
	conn, err := tls.Dial("tcp", s.https.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name, NextProtos: []string{"h2"}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// sees waits until a browser trusts the site under name.
func (s *site) sees(name string, roots *x509.CertPool) (leaf *x509.Certificate) {
	s.t.Helper()
	eventually(s.t, "a browser that opens "+name, func() (err error) {
		leaf, err = s.visit(name, roots)
		return err
	})
	return leaf
}

func TestACMEIssues(t *testing.T) {
	t.Parallel()
	const address = "127.0.0.1"
	for _, tt := range []struct {
		name        string
		http, https bool
	}{
		{"http-01", true, false},
		{"tls-alpn-01", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			ca := startPebble(t, port(s.http), port(s.https), 6*day, 90*day)
			domain := tt.name + ".issues.example"
			log := new(journal.Journal)
			c := Config{
				Names: []string{domain, address}, Email: "operator@example.com",
				Directory: ca.directory, Root: ca.api, Storage: t.TempDir(), Log: logger(t, log), host: address,
			}
			if tt.http {
				c.HTTPPort = port(s.http)
			}
			if tt.https {
				c.HTTPSPort = port(s.https)
			}
			a, err := ACME(c)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if name, end := a.Expiry(); name != domain || !end.IsZero() {
				t.Errorf("before it is issued, %q ends at %v", name, end)
			}
			s.runs.Store(a)
			leaf := s.sees(domain, ca.roots)
			end := leaf.NotAfter
			leaf = s.sees(address, ca.roots)
			if lifetime := leaf.NotAfter.Sub(leaf.NotBefore).Round(time.Minute); lifetime != 6*day {
				t.Errorf("the address's certificate is for %v, not by the profile %s", lifetime, shortlived)
			}
			if leaf.NotAfter.Before(end) {
				end = leaf.NotAfter
			}
			if _, got := a.Expiry(); !got.Equal(end) {
				t.Errorf("the first ends at %v, want %v", got, end)
			}
			// Who opens the address sends no name, and behind a NAT does not come to it.
			if got := nameOf(served(t, a.TLS()).PeerCertificates[0]); got != address {
				t.Errorf("who sends no name gets the certificate for %s", got)
			}
			if !log.Has("certificate obtained") {
				t.Error("the log does not say that a certificate was obtained")
			}
			a.Close()
			restart(t, c, end)
		})
	}
}

// restart starts a second server with the storage of the first, which has the
// certificates at once: nobody listens where it would find the authority.
func restart(t *testing.T, c Config, end time.Time) {
	t.Helper()
	c.Root = x509.NewCertPool()
	a, err := ACME(c)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, got := a.Expiry(); !got.Equal(end) {
		t.Errorf("after a restart the first certificate ends at %v, want %v", got, end)
	}
}

// A certificate that is about to end is replaced while the server runs, for a
// domain and for an address; also when the account is another one since.
func TestACMERenews(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ca := startPebble(t, port(s.http), port(s.https), 20*time.Second, 20*time.Second)
	names := []string{"renews.example", "127.0.0.1"}
	log := new(journal.Journal)
	c := Config{
		Names: names, Email: "first@example.com", Directory: ca.directory, Root: ca.api, Storage: t.TempDir(), Log: logger(t, log),
		HTTPPort: port(s.http), HTTPSPort: port(s.https), host: "127.0.0.1",
	}
	var issued, failed atomic.Int64
	c.OnRenewal = func(ok bool) {
		if ok {
			issued.Add(1)
		} else {
			failed.Add(1)
		}
	}
	a, err := newAutomatic(c, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s.runs.Store(a)
	var first []*x509.Certificate
	for _, name := range names {
		first = append(first, s.sees(name, ca.roots))
	}
	a.Close()

	if n := [2]int64{issued.Load(), failed.Load()}; n != [2]int64{2, 0} {
		t.Errorf("%d certificates obtained and %d not, want 2 and 0", n[0], n[1])
	}
	c.Email = "second@example.com"
	b, err := newAutomatic(c, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s.runs.Store(b)
	for i, name := range names {
		eventually(t, "renewal of "+name, func() error {
			next, err := s.visit(name, ca.roots)
			if err == nil && next.SerialNumber.Cmp(first[i].SerialNumber) == 0 {
				err = fmt.Errorf("the certificate that ends at %v is still in use", first[i].NotAfter)
			}
			return err
		})
	}
	if !log.Has("renewal=true") {
		t.Error("the log does not say that a certificate was renewed")
	}
	if n := issued.Load(); n < 4 {
		t.Errorf("%d certificates obtained, want 4 or more", n)
	}
}

// An authority that cannot be reached stops nobody.
func TestAnAuthorityThatIsAway(t *testing.T) {
	t.Parallel()
	log := new(journal.Journal)
	s := newSite(t)
	a, err := ACME(Config{
		Names: []string{"away.example"}, Directory: "https://" + freeAddr(t) + "/dir", Storage: t.TempDir(),
		HTTPPort: port(s.http), HTTPSPort: port(s.https), host: "127.0.0.1", Log: logger(t, log),
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log says that it will retry", func() error {
		if !log.Has("will retry") {
			return errors.New("it does not")
		}
		return nil
	})
	a.Close()
	a.Close()
	if name, end := a.Expiry(); name != "away.example" || !end.IsZero() {
		t.Errorf("%q ends at %v", name, end)
	}
}

func TestACMEConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{Storage: "s", HTTPPort: 80},
		{Names: []string{"example.com"}, HTTPPort: 80},
		{Names: []string{"example.com"}, Storage: "s"},
		{Names: []string{"https://example.com"}, Storage: "s", HTTPPort: 80},
		{Names: []string{"example.com:443"}, Storage: "s", HTTPPort: 80},
		{Names: []string{"*.example.com"}, Storage: "s", HTTPPort: 80},
		{Names: []string{""}, Storage: "s", HTTPPort: 80},
	} {
		c.Log = quiet()
		if a, err := ACME(c); err == nil {
			a.Close()
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	got, err := subjects([]string{"Sfu.Example.com.", " 192.0.2.1", "2001:DB8:0::1", "::ffff:192.0.2.2"})
	want := []string{"sfu.example.com", "192.0.2.1", "2001:db8::1", "192.0.2.2"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
	if name := defaultName(got); name != "192.0.2.1" {
		t.Errorf("who sends no name gets %s", name)
	}
	if name := defaultName(got[:1]); name != got[0] {
		t.Errorf("who sends no name gets %s", name)
	}
}
