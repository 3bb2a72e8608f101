package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// TLSMode is where certificates come from.
type TLSMode string

// The ways to have a certificate.
const (
	TLSOff        TLSMode = "off"
	TLSAuto       TLSMode = "auto"
	TLSSelfSigned TLSMode = "self-signed"
	TLSFiles      TLSMode = "files"
)

// UnmarshalText reads one of the modes.
func (m *TLSMode) UnmarshalText(text []byte) error {
	switch mode := TLSMode(text); mode {
	case TLSOff, TLSAuto, TLSSelfSigned, TLSFiles:
		*m = mode
		return nil
	}
	return fmt.Errorf("%q is none of off, auto, self-signed, files", text)
}

// LogFormat is the form of a line of the log.
type LogFormat string

// UnmarshalText reads one of the formats.
func (f *LogFormat) UnmarshalText(text []byte) error {
	if s := string(text); s != "text" && s != "json" {
		return fmt.Errorf("%q is neither text nor json", s)
	}
	*f = LogFormat(text)
	return nil
}

// Host is an IP address or a DNS name.
type Host string

// UnmarshalText reads an address, or a name as RFC 1123, 2.1 has it.
func (h *Host) UnmarshalText(text []byte) error {
	s := string(text)
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		*h = Host(addr.Unmap().String())
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	if !isName(name) {
		return fmt.Errorf("%q is no host: write a name like meet.example.org or an IP address, without https:// and port", s)
	}
	*h = Host(name)
	return nil
}

// Addr returns the address, if that is what the host is.
func (h Host) Addr() (netip.Addr, bool) {
	addr, err := netip.ParseAddr(string(h))
	return addr, err == nil
}

// isName reports whether s is a host name. One whose last label is a number is
// an address that was mistyped (RFC 1123, 2.1).
func isName(s string) bool {
	if len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// STUNURL is a STUN server as browsers write it (RFC 7064). A TURN server
// would need credentials, which no setting can carry safely.
type STUNURL string

// UnmarshalText reads stun:host, stun:host:port and stuns: of both.
func (u *STUNURL) UnmarshalText(text []byte) error {
	s := string(text)
	scheme, rest, _ := strings.Cut(s, ":")
	if scheme != "stun" && scheme != "stuns" || rest == "" || strings.HasPrefix(rest, "/") {
		return fmt.Errorf("%q is not a STUN server: write stun:host:port", s)
	}
	*u = STUNURL(s)
	return nil
}

// HostPort returns the server's UDP address, with STUN's port where the URL
// names none (RFC 8489, 18.6).
func (u STUNURL) HostPort() string {
	rest := strings.TrimPrefix(string(u), "stun:")
	if _, _, err := net.SplitHostPort(rest); err == nil {
		return rest
	}
	return net.JoinHostPort(strings.Trim(rest, "[]"), "3478")
}

// Origin is a web origin as browsers send it (RFC 6454, 6.2).
type Origin string

// UnmarshalText reads scheme, host and port.
func (o *Origin) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || *u != (url.URL{Scheme: u.Scheme, Host: u.Host}) {
		return fmt.Errorf("%q is not an origin: write https://host or https://host:port", text)
	}
	*o = Origin(strings.ToLower(u.String()))
	return nil
}

// Network is a block of addresses; one address alone is a block too.
type Network struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.0/8 or 10.1.2.3.
func (n *Network) UnmarshalText(text []byte) error {
	s := string(text)
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		n.Prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Errorf("%q is no network: write 10.0.0.0/8 or one address", s)
	}
	n.Prefix = p.Masked()
	return nil
}

// Secret is a text that is never shown.
type Secret string

// String hides it from logs and error messages.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString hides it from %#v too.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides it from JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
