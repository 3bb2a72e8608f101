package certs

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

// Source is a certificate that stays valid. TLS returns what serves it. Expiry
// names the certificate that ends first, and when: the zero time says that
// there is none for that name yet. Close ends the renewal and waits for it.
type Source interface {
	TLS() *tls.Config
	Expiry() (name string, notAfter time.Time)
	Close()
}

// config serves what get returns. A client that offers protocols and knows
// none of these is refused; one that offers none, as Chromium does for turns:,
// is not. RFC 7443 names stun.turn.
func config(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), more ...string) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     append([]string{"h2", "http/1.1", "stun.turn"}, more...),
		GetCertificate: get,
	}
}

// nameOf is what a certificate is for.
func nameOf(leaf *x509.Certificate) string {
	switch {
	case len(leaf.DNSNames) > 0:
		return leaf.DNSNames[0]
	case len(leaf.IPAddresses) > 0:
		return leaf.IPAddresses[0].String()
	}
	return leaf.Subject.CommonName
}
