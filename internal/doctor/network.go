package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	dialWithin = 5 * time.Second
	expiresIn  = 72 * time.Hour // a certificate should have been renewed by then; that of an address lives for six days
)

// Names looks at what the server's name means to others: it should be the addresses
// that are advertised. Lookup is net.DefaultResolver.LookupNetIP but for tests.
func Names(ctx context.Context, name string, advertised []netip.Addr, lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)) Finding {
	if _, err := netip.ParseAddr(name); err == nil || name == "" || name == "localhost" {
		return found("dns", Skipped, "there is no name to look up", "")
	}
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	addrs, err := lookup(ctx, "ip", name)
	if err != nil || len(addrs) == 0 {
		return found("dns", Failure, fmt.Sprintf("%s has no address: %v", name, err),
			"add an A record (and AAAA, if the server has IPv6) with the server's public address")
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	detail := fmt.Sprintf("%s is %s", name, join(addrs))
	wrong := slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return slices.Contains(advertised, a) })
	switch {
	case len(advertised) == 0 || len(wrong) == 0:
		return found("dns", OK, detail, "")
	case len(wrong) == len(addrs):
		return found("dns", Failure, fmt.Sprintf("%s, but the server advertises %s for media", detail, join(advertised)),
			"one of them is wrong: correct the record, or --public-ip")
	}
	return found("dns", Warning, fmt.Sprintf("%s, of which the server does not advertise %s", detail, join(wrong)),
		"add it with --public-ip, or take the record away: browsers that choose it get the page and no media")
}

func join(addrs []netip.Addr) string {
	words := make([]string, len(addrs))
	for i, a := range addrs {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}

// Certificate looks at what browsers are shown at host:port. Roots are the system's
// when nil.
func Certificate(ctx context.Context, address string, roots *x509.CertPool, now time.Time) Finding {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return found("certificate", Failure, err.Error(), "")
	}
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: host}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return certificateTrouble(address, err)
	}
	defer func() { _ = conn.Close() }()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	detail := fmt.Sprintf("trusted, by %s, until %s", leaf.Issuer.CommonName, leaf.NotAfter.Format(time.DateOnly))
	if leaf.NotAfter.Sub(now) < expiresIn {
		return found("certificate", Warning, detail, "it should have been renewed: look for errors of the certificate authority in the log")
	}
	return found("certificate", OK, detail, "")
}

func certificateTrouble(address string, err error) Finding {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return found("certificate", Failure, "signed by nobody whom browsers know",
			"use --tls=auto with --domain, or a certificate of a known authority")
	case errors.As(err, &name):
		return found("certificate", Failure, err.Error(), "set --domain to the name that people type")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return found("certificate", Failure, err.Error(), "renewal failed: look for errors of the certificate authority in the log; port 80 has to be open")
	}
	return found("certificate", Failure, fmt.Sprintf("no TLS at %s: %v", address, err),
		"open the port in the firewall of the machine and of the provider, and see that the server runs")
}
