package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sfu/internal/journal"
)

// served is the certificate that a TLS client is shown, and what was agreed on.
func served(t *testing.T, config *tls.Config, protocols ...string) tls.ConnectionState {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	go func() { _ = tls.Server(far, config).Handshake() }()
	client := tls.Client(near, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
	if err := client.Handshake(); err != nil {
		t.Fatalf("handshake with %q: %v", protocols, err)
	}
	return client.ConnectionState()
}

// issue writes a certificate for name as two files.
func issue(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	p, err := SelfSigned(t.TempDir(), []string{name}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	both, err := os.ReadFile(p.from.(*selfSigned).path)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for _, path := range []string{cert, key} { // each holds both: the wrong one is skipped
		if err := os.WriteFile(path, append(both, name...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestFilesAreLoadedAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir, log := t.TempDir(), new(journal.Journal)
		cert, key := issue(t, dir, "one.example")
		p, err := Files(cert, key, logger(t, log))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		var renewals []bool
		p.OnRenewal(func(ok bool) { renewals = append(renewals, ok) })
		config := p.TLS()
		see := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := nameOf(served(t, config).PeerCertificates[0]); got != want {
				t.Errorf("served is %s, want %s", got, want)
			}
			if name, end := p.Expiry(); name != want || end.IsZero() {
				t.Errorf("%q ends at %v, want %q", name, end, want)
			}
		}
		see("one.example")
		issue(t, dir, "second.example")
		see("one.example")
		time.Sleep(pollEvery)
		see("second.example")

		if err := os.WriteFile(key, []byte("half a"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(pollEvery)
		see("second.example")
		if !log.Has("the old certificate stays in use") {
			t.Error("the log does not say that the new certificate is broken")
		}
		if err := p.Reload(); err == nil {
			t.Error("a broken certificate was loaded without an error")
		}
		issue(t, dir, "third-one.example")
		if err := p.Reload(); err != nil {
			t.Error(err)
		}
		see("third-one.example")
		if err := p.Reload(); err != nil { // of the same one
			t.Error(err)
		}
		if want := []bool{true, false, false, true}; !slices.Equal(renewals, want) { // broken files are tried twice
			t.Errorf("told of %v, want %v", renewals, want)
		}
	})
}

func TestABrokenFileIsReportedOnce(t *testing.T) {
	t.Parallel()
	cert, key := issue(t, t.TempDir(), "one.example")
	f := &files{cert: cert, key: key}
	if c, err := f.load(time.Time{}, false); c == nil || err != nil {
		t.Fatalf("%v (%v)", c, err)
	}
	for _, spoil := range []func() error{
		func() error { return os.WriteFile(cert, []byte("no PEM"), 0o600) },
		func() error { return os.Remove(cert) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := f.load(time.Time{}, false); err == nil {
			t.Error("no error")
		}
		if c, err := f.load(time.Time{}, false); c != nil || err != nil {
			t.Errorf("the same state again: %v, %v", c, err)
		}
	}
	if _, err := Files(cert, key, quiet()); err == nil {
		t.Error("files that are not there were accepted")
	}
}

func TestSelfSignedStays(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "below")
	serial := func(names ...string) string {
		t.Helper()
		p, err := SelfSigned(dir, names, quiet())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		leaf := served(t, p.TLS()).PeerCertificates[0]
		roots := x509.NewCertPool()
		roots.AddCert(leaf)
		for _, name := range names {
			if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots}); err != nil {
				t.Errorf("for %s: %v", name, err)
			}
		}
		return leaf.SerialNumber.String()
	}
	first := serial("localhost", "192.168.1.7")
	if again := serial("localhost", "192.168.1.7"); again != first {
		t.Error("a restart changed the certificate")
	}
	if more := serial("localhost", "192.168.1.7", "fd00::1"); more == first {
		t.Error("the certificate does not have the new name")
	}
	path := filepath.Join(dir, selfSignedFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v (%v)", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if serial("localhost") == first {
		t.Error("a broken file came back to life")
	}
}

func TestSelfSignedIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, err := SelfSigned(t.TempDir(), []string{"localhost"}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		_, first := p.Expiry()
		if left := time.Until(first).Round(time.Hour); left != selfSignedFor {
			t.Errorf("it is valid for %v", left)
		}
		time.Sleep(selfSignedFor - renewBefore - time.Hour)
		if _, end := p.Expiry(); !end.Equal(first) {
			t.Errorf("renewed %v before its end", time.Until(first))
		}
		time.Sleep(2 * time.Hour)
		if _, end := p.Expiry(); !end.After(first) {
			t.Errorf("not renewed %v before its end", time.Until(first))
		}
	})
}

func TestSelfSignedSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	if _, err := SelfSigned(t.TempDir(), nil, quiet()); err == nil {
		t.Error("a certificate for nothing")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := SelfSigned(file, []string{"localhost"}, quiet()); err == nil {
		t.Error("a directory that is a file was accepted")
	}
}

func TestProtocols(t *testing.T) {
	t.Parallel()
	p, err := SelfSigned(t.TempDir(), []string{"localhost"}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, tt := range []struct {
		offered []string
		want    string
	}{
		{[]string{"h2", "http/1.1"}, "h2"},
		{[]string{"http/1.1"}, "http/1.1"},
		{[]string{"stun.turn"}, "stun.turn"},
		{nil, ""}, // Chromium, for turns:
	} {
		state := served(t, p.TLS(), tt.offered...)
		if state.NegotiatedProtocol != tt.want || state.Version < tls.VersionTLS12 {
			t.Errorf("offered %q: %q, want %q", tt.offered, state.NegotiatedProtocol, tt.want)
		}
	}
}
