package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	// selfSignedFor is how long a self-signed certificate is valid, and
	// renewBefore how long before its end there is a new one.
	selfSignedFor = 30 * 24 * time.Hour
	renewBefore   = 10 * 24 * time.Hour
	// clockSkew is how far the clock of a client may be behind.
	clockSkew = time.Hour

	selfSignedFile = "self-signed.pem"
)

// SelfSigned makes a certificate for domains and IP addresses that nobody
// vouches for, and keeps it in a directory: who accepted it once need not do so
// after a restart.
func SelfSigned(dir string, names []string, log *slog.Logger) (*Pair, error) {
	if len(names) == 0 {
		return nil, errors.New("a self-signed certificate needs a name: a domain, or the IP address that browsers open")
	}
	return newPair(&selfSigned{path: filepath.Join(dir, selfSignedFile), names: names}, log)
}

// selfSigned is a loader.
type selfSigned struct {
	path    string // the certificate and its key
	names   []string
	current *tls.Certificate
}

func (s *selfSigned) load(now time.Time, again bool) (*tls.Certificate, error) {
	if s.current == nil {
		if kept, err := tls.LoadX509KeyPair(s.path, s.path); err == nil {
			s.current = &kept
		}
	}
	if s.current != nil && s.good(s.current.Leaf, now) {
		if !again {
			return nil, nil
		}
		return s.current, nil
	}
	made, err := s.make(now)
	if err != nil {
		return nil, fmt.Errorf("self-signed certificate: %w", err)
	}
	s.current = made
	return made, nil
}

// good reports whether a certificate can stay in use.
func (s *selfSigned) good(leaf *x509.Certificate, now time.Time) bool {
	for _, name := range s.names {
		if leaf.VerifyHostname(name) != nil {
			return false
		}
	}
	return !now.Before(leaf.NotBefore) && now.Before(leaf.NotAfter.Add(-renewBefore))
}

// make makes a certificate and writes it down.
func (s *selfSigned) make(now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{ // it gets a serial number of its own
		Subject:     pkix.Name{CommonName: s.names[0]},
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    now.Add(selfSignedFor),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range s.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
			continue
		}
		template.DNSNames = append(template.DNSNames, name)
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, err
	}
	return &pair, keep(s.path, text)
}

// keep replaces a file that only its owner may read, whole or not at all.
func keep(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("%w; give a directory that the server may write", err)
	}
	next := path + ".next"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return fmt.Errorf("%w; give a directory that the server may write", err)
	}
	return os.Rename(next, path)
}
