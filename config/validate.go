package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// leastSecret is how short a secret may be: 16 characters from a random source
// are out of reach for guessing.
const leastSecret = 16

// complete fills in the defaults that depend on other settings.
func (c *Config) complete(isSet func(name string) bool, env func(string) (string, bool)) {
	if !isSet("tls") {
		c.TLS = TLSOff
		if len(c.Domain) > 0 {
			c.TLS = TLSAuto
		}
	}
	if !isSet("http-listen") && c.TLS == TLSAuto {
		c.HTTPListen = ":80"
	}
	if c.Secure() {
		if !isSet("listen") {
			c.Listen = ":443"
		}
		if !isSet("udp-port") {
			c.UDPPort = 443
		}
		if !isSet("turn") {
			c.TURN = true
		}
	}
	if c.StateDir == "" {
		c.StateDir = stateDir(env)
	}
}

// stateDir is what systemd gives to a unit with StateDirectory=, else a folder
// of the user's own.
func stateDir(env func(string) (string, bool)) string {
	if dirs, _ := lookup(env, "STATE_DIRECTORY"); dirs != "" {
		dir, _, _ := strings.Cut(dirs, ":")
		return dir
	}
	if home, _ := lookup(env, "HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "sfu")
	}
	return ""
}

// outOfRange looks at each setting by itself.
func (c *Config) outOfRange() (found Problems) {
	wrong := func(name, format string, args ...any) {
		found = append(found, Problem{name, fmt.Sprintf(format, args...)})
	}
	for _, a := range []struct{ name, addr string }{{"listen", c.Listen}, {"http-listen", c.HTTPListen}, {"ops-listen", c.OpsListen}} {
		if !isAddress(a.addr) && (a.addr != "" || a.name != "http-listen") {
			wrong(a.name, "%q is no address: write host:port or :port", a.addr)
		}
	}
	for _, n := range []struct {
		name         string
		value, least int
	}{{"max-rooms", c.MaxRooms, 1}, {"max-participants", c.MaxParticipants, 1}, {"loudest", c.Loudest, 0}} {
		if n.value < n.least {
			wrong(n.name, "%d is too few: at least %d", n.value, n.least)
		}
	}
	if c.ResumeTime < time.Second {
		wrong("resume-time", "%v is too short: at least 1s", c.ResumeTime)
	}
	if c.DrainTimeout < 0 {
		wrong("drain-timeout", "%v is less than nothing: at least 0s", c.DrainTimeout)
	}
	if a, err := mail.ParseAddress(c.Email); c.Email != "" && (err != nil || a.Address != c.Email) {
		wrong("email", "%q is no e-mail address: write you@example.org", c.Email)
	}
	if !isURL(c.ACMEDirectory, "https") {
		wrong("acme-directory", "%q is no https URL", c.ACMEDirectory)
	}
	if c.MovedTo != "" && !isURL(c.MovedTo, "https", "http") {
		wrong("moved-to", "%q is no URL: write https://host", c.MovedTo)
	}
	for _, u := range c.STUNServer {
		if strings.HasPrefix(string(u), "stuns:") {
			wrong("stun-server", "%q is asked over UDP: write stun:host:port", u)
		}
	}
	for _, s := range []struct {
		name string
		text Secret
	}{{"turn-secret", c.TURNSecret}, {"public-metrics-token", c.PublicMetricsToken}} {
		if n := len(s.text); n > 0 && n < leastSecret {
			wrong(s.name, "has %d characters: at least %d, from openssl rand -hex 32", n, leastSecret)
		}
	}
	return found
}

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return true
		}
	}
	return false
}

// contradictions looks at settings that do not go together.
func (c *Config) contradictions() (found Problems) {
	wrong := func(name, text string) { found = append(found, Problem{name, text}) }
	switch c.TLS {
	case TLSFiles:
		if c.CertFile == "" || c.KeyFile == "" {
			wrong("tls", "files needs both cert-file and key-file")
		}
	case TLSAuto:
		if len(c.Domain) == 0 {
			wrong("tls", "auto needs a domain: set domain to this server's name or public IP address")
		}
	}
	if c.TLS != TLSFiles && (c.CertFile != "" || c.KeyFile != "") {
		name := "cert-file"
		if c.CertFile == "" {
			name = "key-file"
		}
		wrong(name, fmt.Sprintf("is not used with tls %s: set tls to files", c.TLS))
	}
	if (c.TLS == TLSAuto || c.TLS == TLSSelfSigned) && c.StateDir == "" {
		wrong("state-dir", "there is no home directory to keep certificates in: set state-dir")
	}
	if c.HTTPListen != "" && !c.Secure() {
		wrong("http-listen", "sends everyone to https, which is off: set domain, or tls")
	}
	listeners := map[string]string{}
	for _, l := range []struct{ name, addr string }{{"listen", c.Listen}, {"http-listen", c.HTTPListen}, {"ops-listen", c.OpsListen}} {
		if other, taken := listeners[l.addr]; taken && !strings.HasSuffix(l.addr, ":0") && l.addr != "" {
			wrong(l.name, fmt.Sprintf("%s is taken by %s: choose another port", l.addr, other))
		}
		listeners[l.addr] = l.name
	}
	if c.ACMEDirectory == letsEncrypt && c.TLS == TLSAuto {
		for _, h := range c.Domain {
			if why := h.uncertifiable(); why != "" {
				wrong("domain", fmt.Sprintf("%s %s: use another name, or tls self-signed", h, why))
			}
		}
	}
	return found
}

// risks looks at what is allowed, and may be more than the operator meant.
func (c *Config) risks() (found Problems) {
	host, _, err := net.SplitHostPort(c.OpsListen)
	if err != nil || host == "localhost" {
		return nil
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		return nil
	}
	return Problems{{"ops-listen", fmt.Sprintf("whoever reaches %s sees who meets where, takes profiles and, where they are allowed, captures: "+
		"keep the world out with a firewall, or set it to 127.0.0.1:9464", c.OpsListen)}}
}

const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// uncertifiable says why no public authority certifies the host, or "".
func (h Host) uncertifiable() string {
	if addr, ok := h.Addr(); ok {
		if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.IsMulticast() {
			return "is no public address"
		}
		return ""
	}
	if !strings.Contains(string(h), ".") || strings.HasSuffix(string(h), ".local") || strings.HasSuffix(string(h), ".localhost") {
		return "is no public name"
	}
	return ""
}
