package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// floor is a set of packages and what they may import. Of the standard library
// that is everything but what is denied.
type floor struct {
	name      string
	packages  []string // directories; "x/..." is x and all below
	ours      []string // directories that they may import
	libraries []string // prefixes of import paths from elsewhere
	denied    []string // of the standard library, with all below
	anything  bool
}

var (
	words = []string{"sfu/media", "sfu/seqnum", "sfu/mailbox", "sfu/part", "signaling/wire", "metrics"}
	logic = []string{
		"sfu/codec", "sfu/forward", "sfu/nack", "sfu/keyframe", "sfu/report", "sfu/estimate",
		"sfu/allocate", "sfu/speaker", "sfu/slots", "sfu/negotiate", "sfu/dependency", "sfu/dynacast", "sfu/red", "sfu/bulk",
		"sfu/quality", "sfu/header", "sfu/seal", "sfu/pcap",
	}
	engine = []string{"sfu", "sfu/udp"}
	doors  = []string{"signaling", "web", "relay"}
)

// floors, from the ground up. A package that is on none of them fails the test.
var floors = []floor{
	{
		name:     "words",
		packages: without(words, "metrics"),
	},
	{
		name:      "words",
		packages:  []string{"metrics"},
		ours:      []string{"sfu/media"},
		libraries: []string{"github.com/prometheus/client_golang"},
	},
	{
		name:      "logic",
		packages:  logic,
		ours:      []string{"sfu/media", "sfu/seqnum"},
		libraries: []string{"github.com/pion/rtp", "github.com/pion/rtcp"},
		denied:    []string{"net", "os", "sync", "log", "context", "syscall"},
	},
	{
		name:      "engine",
		packages:  engine,
		ours:      slices.Concat(words, logic, []string{"sfu/udp"}),
		libraries: []string{"github.com/pion", "golang.org/x/net", "golang.org/x/sys"},
		denied:    []string{"net/http"},
	},
	{
		name:      "doors",
		packages:  doors,
		ours:      []string{"sfu", "sfu/media", "sfu/part", "signaling/wire", "metrics"},
		libraries: []string{"github.com/gorilla/websocket", "golang.org/x/time", "github.com/pion/turn", "github.com/pion/stun", "github.com/pion/logging"},
	},
	{
		name:      "main",
		packages:  []string{"config"},
		ours:      []string{"sfu", "signaling", "signaling/wire"},
		libraries: []string{"github.com/alecthomas/kong", "go.yaml.in/yaml/v3"},
	},
	{
		name:      "doors",
		packages:  []string{"icetcp", "address"},
		ours:      []string{"metrics"},
		libraries: []string{"github.com/pion/stun", "golang.org/x/sys"},
		denied:    []string{"net/http"},
	},
	{
		name:      "doors",
		packages:  []string{"front", "certs"}, // in front of the others, and of any server
		libraries: []string{"github.com/caddyserver/certmagic", "go.uber.org/zap"},
	},
	{
		name:     "main",
		packages: []string{"cmd/...", "internal/..."},
		anything: true,
	},
}

func without(list []string, s string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(e string) bool { return e == s })
}

// under reports whether an import path or directory is prefix or below it.
func under(p, prefix string) bool {
	return p == prefix || strings.HasPrefix(p, prefix+"/")
}

func floorOf(dir string) (floor, bool) {
	for _, f := range floors {
		for _, p := range f.packages {
			if tree, whole := strings.CutSuffix(p, "/..."); dir == p || whole && under(dir, tree) {
				return f, true
			}
		}
	}
	return floor{}, false
}

// allows reports whether a package of the floor may import p.
func (f floor) allows(p string) bool {
	in := func(prefix string) bool { return under(p, prefix) }
	first, rest, _ := strings.Cut(p, "/")
	switch {
	case f.anything:
		return true
	case first == module:
		return slices.Contains(f.ours, rest)
	case strings.Contains(first, "."):
		return slices.ContainsFunc(f.libraries, in)
	default: // the standard library
		return !slices.ContainsFunc(f.denied, in)
	}
}

// importsGoDown holds the floors. Tests may import what they like.
func importsGoDown(p *pkg) (faults []string) {
	production := p.production()
	if len(production) == 0 {
		return nil
	}
	f, ok := floorOf(p.dir)
	if !ok {
		return []string{p.dir + " is on no floor: give it a line in internal/archtest/floors_test.go"}
	}
	for _, file := range production {
		for _, i := range file.imports() {
			if !f.allows(i.path) {
				faults = append(faults, fmt.Sprintf("%s: %s is on the floor %q, which does not import %s", file.at(i.spec), p.dir, f.name, i.path))
			}
		}
	}
	return faults
}

// onlyTheEngineKnowsPion keeps pion's PeerConnection behind one door; who
// plays a browser needs its own.
func onlyTheEngineKnowsPion(p *pkg) (faults []string) {
	if p.dir == "sfu" || p.dir == "internal/e2e" || p.dir == "internal/load" || p.dir == "internal/doctor" {
		return nil
	}
	for _, file := range p.production() {
		for _, i := range file.imports() {
			if under(i.path, "github.com/pion/webrtc") {
				faults = append(faults, fmt.Sprintf("%s: only package sfu imports pion/webrtc", file.at(i.spec)))
			}
		}
	}
	return faults
}
