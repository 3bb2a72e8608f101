package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sfu/config"
	"sfu/internal/doctor"
)

// errUnwell makes the exit status 1; what is wrong has been said.
var errUnwell = errors.New("something keeps people from this server")

// doctorCommand is what `sfu doctor` is told.
type doctorCommand struct {
	URL      string `arg:"" optional:"" help:"The server's page, as people open it; the one of these settings otherwise."`
	JSON     bool   `name:"json" help:"Print the findings for programs."`
	Insecure bool   `help:"Go on although nobody trusts the certificate."`
}

// run looks at this machine if the server is to be here, and goes every way to it.
func (d *doctorCommand) run(ctx context.Context, c *config.Config, t terminal) error {
	page, here, err := d.page(c)
	if err != nil {
		return err
	}
	var all []doctor.Finding
	say := func(list ...doctor.Finding) {
		for _, f := range list {
			if !d.JSON {
				f.Print(t.stdout)
			}
		}
		all = append(all, list...)
	}
	if !d.JSON {
		_, _ = fmt.Fprintf(t.stdout, "looking at %s\n", page)
	}
	if here {
		say(doctor.Machine(c.StateDir)...)
		say(doctor.Names(ctx, page.Hostname(), c.PublicAddrs(), net.DefaultResolver.LookupNetIP))
	}
	address := page.Host
	if page.Port() == "" {
		address = net.JoinHostPort(page.Hostname(), map[string]string{"https": "443", "http": "80"}[page.Scheme])
	}
	if page.Scheme == "https" {
		say(doctor.Certificate(ctx, address, nil, time.Now()))
	} else {
		say(doctor.Reachable(ctx, "page", address))
	}
	target := doctor.Target{URL: "ws" + strings.TrimPrefix(page.JoinPath("ws").String(), "http")}
	if d.Insecure {
		target.TLS = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the operator asks for it
	}
	say(target.Ways(ctx)...)
	if d.JSON {
		if err := doctor.PrintJSON(t.stdout, all); err != nil {
			return err
		}
	}
	if !doctor.Healthy(all) {
		return errUnwell
	}
	return nil
}

// page is the server's address, and whether that server is to be on this machine.
func (d *doctorCommand) page(c *config.Config) (page *url.URL, here bool, err error) {
	if d.URL != "" {
		page, err := url.Parse(d.URL)
		if err != nil || page.Host == "" || page.Scheme != "https" && page.Scheme != "http" {
			return nil, false, fmt.Errorf("%q is no page: write https://meet.example.org", d.URL)
		}
		return page, false, nil
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, false, fmt.Errorf("listen %s: %w", c.Listen, err)
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "localhost"
	}
	page = &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
	if c.Secure() {
		page.Scheme = "https"
		if len(c.Domain) > 0 {
			page.Host = net.JoinHostPort(string(c.Domain[0]), port)
		}
	}
	return page, true, nil
}
