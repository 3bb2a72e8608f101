package address

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Advice is what to advertise, and why.
type Advice struct {
	Public   []netip.Addr // besides the addresses of the interfaces
	Because  string       // one line: every address that is advertised, with its reason
	Warnings []string     // what the operator may want to change
	Complete bool         // everybody who was asked has answered
}

func (a Advice) equal(b Advice) bool {
	return slices.Equal(a.Public, b.Public) && a.Because == b.Because
}

// findings are what was found out, in the order of the configuration.
type findings struct {
	configured []answer
	interfaces []assigned
	seen       []sight
}

// answer is what one configured value stands for.
type answer struct {
	value string
	addrs []netip.Addr // more than one only of a name
	name  bool
	stale bool // it resolved once, and does no longer
}

// assigned is one address of an interface.
type assigned struct {
	name string
	addr netip.Addr
}

// sight is how one STUN server sees us.
type sight struct {
	server string
	addrs  []netip.Addr // of each family at most one; none if it does not answer
}

// reason is an address and what speaks for it.
type reason struct {
	addr    netip.Addr
	because []string
}

// decide turns what was found out into advice.
func decide(f findings) Advice {
	var a Advice
	var all []reason
	own := outward(f.interfaces)
	for _, c := range f.configured {
		all = append(all, c.reasons()...)
		a.Warnings = append(a.Warnings, c.warnings()...)
	}
	voted, warnings := vote(f.seen)
	for _, v := range voted {
		if !slices.ContainsFunc(all, func(r reason) bool { return r.addr.Is4() == v.addr.Is4() }) {
			all = append(all, v)
			continue
		}
		if !slices.ContainsFunc(all, func(r reason) bool { return r.addr == v.addr }) {
			warnings = append(warnings, fmt.Sprintf("the configured address is advertised, though STUN servers see %s", v.addr))
		}
	}
	a.Warnings = append(a.Warnings, warnings...)
	for _, i := range own {
		all = append(all, reason{i.addr, []string{"interface " + i.name}})
	}
	all = merge(all)
	known := false
	var because []string
	for _, r := range all {
		known = known || global(r.addr)
		because = append(because, fmt.Sprintf("%s (%s)", r.addr, strings.Join(r.because, ", ")))
		if !slices.ContainsFunc(own, func(i assigned) bool { return i.addr == r.addr }) {
			a.Public = append(a.Public, r.addr)
		}
	}
	a.Because = strings.Join(because, ", ")
	a.Complete = f.complete()
	if !known && len(a.Public) == 0 {
		a.Warnings = append(a.Warnings,
			"no public address is known: only people in the same network will see and hear one another; configure the public address or name of this machine")
	}
	return a
}

func (f findings) complete() bool {
	return !slices.ContainsFunc(f.configured, func(c answer) bool { return c.stale || len(c.addrs) == 0 }) &&
		!slices.ContainsFunc(f.seen, func(s sight) bool { return len(s.addrs) == 0 })
}

// merge puts the reasons for the same address together.
func merge(all []reason) (merged []reason) {
	for _, r := range all {
		i := slices.IndexFunc(merged, func(m reason) bool { return m.addr == r.addr })
		if i < 0 {
			merged = append(merged, r)
			continue
		}
		merged[i].because = append(merged[i].because, r.because...)
	}
	return merged
}

// outward leaves out loopback, unless there is nothing else.
func outward(all []assigned) []assigned {
	out := slices.DeleteFunc(slices.Clone(all), func(i assigned) bool { return i.addr.IsLoopback() })
	if len(out) == 0 {
		return all
	}
	return out
}

func (c answer) reasons() (all []reason) {
	why := "configured"
	if c.name {
		why = "resolved from " + c.value
	}
	for _, addr := range c.addrs {
		if usable(addr) {
			all = append(all, reason{addr, []string{why}})
		}
	}
	return all
}

func (c answer) warnings() (all []string) {
	for _, addr := range c.addrs {
		if !usable(addr) { // Debian writes 127.0.1.1 into /etc/hosts
			all = append(all, fmt.Sprintf("%s is %s, which nobody else can reach: it is not advertised", c.value, addr))
		}
	}
	switch {
	case len(c.addrs) == 0:
		all = append(all, c.value+" does not resolve: it is not advertised; check the name, and the name servers of this machine")
	case c.stale:
		all = append(all, c.value+" does not resolve any more: its last addresses are kept")
	}
	return all
}

// vote returns what enough STUN servers see: two, or the only one. One alone may be
// wrong, or lie.
func vote(seen []sight) (won []reason, warnings []string) {
	need := min(2, len(seen))
	servers := make(map[netip.Addr][]string)
	var order []netip.Addr
	for _, s := range seen {
		if len(s.addrs) == 0 {
			warnings = append(warnings, fmt.Sprintf("the STUN server %s does not answer", s.server))
		}
		for _, addr := range s.addrs {
			if !global(addr) {
				warnings = append(warnings, fmt.Sprintf("the STUN server %s sees %s, which is not public: it is too near to help", s.server, addr))
				continue
			}
			if servers[addr] == nil {
				order = append(order, addr)
			}
			servers[addr] = append(servers[addr], s.server)
		}
	}
	for _, addr := range order {
		if by := servers[addr]; len(by) >= need {
			won = append(won, reason{addr, []string{"seen by " + strings.Join(by, " and ")}})
			continue
		}
		warnings = append(warnings, fmt.Sprintf("only %s sees %s: it is not advertised until another STUN server agrees", servers[addr][0], addr))
	}
	return won, warnings
}

// usable reports whether somebody else may reach an address.
func usable(addr netip.Addr) bool {
	return addr.IsGlobalUnicast() && addr.Zone() == ""
}

// shared is between a provider's NAT and its customers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// global reports whether everybody may reach an address.
func global(addr netip.Addr) bool {
	return usable(addr) && !addr.IsPrivate() && !shared.Contains(addr)
}
