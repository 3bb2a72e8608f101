package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The verbs of this file say who receives whom. A peer receives another when
// everything that the other sends and has not muted arrives, in the section
// that the slots message names for it.

// flowsOf is what those peers send, with a name for people.
func flowsOf(peers []*peer) map[flow]string {
	out := make(map[flow]string)
	for _, p := range peers {
		p.do(func() {
			for _, u := range p.ups {
				if !u.muted && !u.stopped {
					out[flow{p.ordinal, u.index}] = p.name + "'s " + u.source
				}
			}
		})
	}
	return out
}

// counts returns how much of every flow has come so far.
func (p *peer) counts() map[flow]int {
	return ask(p.endpoint, func() map[flow]int {
		out := make(map[flow]int)
		for f, t := range p.down.flows {
			out[f] = t.count
		}
		return out
	})
}

// receives waits until the peer receives all of these, and checks that it
// receives nobody else and that the slots message tells the truth.
func (p *peer) receives(within time.Duration, others ...*peer) {
	p.w.t.Helper()
	p.w.watch(within, []*peer{p}, func(*peer) []*peer { return others })
}

// receivesOnly checks that for a while exactly these are received.
func (p *peer) receivesOnly(others ...*peer) {
	p.w.t.Helper()
	p.w.watch(0, []*peer{p}, func(*peer) []*peer { return others })
}

// everyoneReceivesEveryone is what a room is for.
func (w *world) everyoneReceivesEveryone(within time.Duration) {
	w.t.Helper()
	all := w.live()
	w.watch(within, all, func(p *peer) []*peer { return others(all, p) })
}

// watch waits until every watcher receives all whom it should, if there is time
// for that, and then checks that for a while it receives them and nobody else.
func (w *world) watch(within time.Duration, watchers []*peer, of func(*peer) []*peer) {
	w.t.Helper()
	const while = 200 * time.Millisecond
	want := make(map[*peer]map[flow]string)
	before := make(map[*peer]map[flow]int)
	for _, p := range watchers {
		want[p], before[p] = flowsOf(of(p)), p.counts()
	}
	for _, p := range watchers {
		if within == 0 {
			continue
		}
		w.await(within, fmt.Sprintf("%s receives %s", p.name, names(want[p])), func() bool {
			now := p.counts()
			for f := range want[p] {
				if now[f] < before[p][f]+3 {
					return false
				}
			}
			return true
		})
	}
	w.run(5 * oneWay) // let what was under way arrive
	for _, p := range watchers {
		before[p] = p.counts()
	}
	w.run(while)
	for _, p := range watchers {
		p.compare(before[p], p.counts(), want[p])
		p.checkSlots(want[p])
	}
}

// compare checks that between two counts exactly the flows that are wanted
// went on.
func (p *peer) compare(before, after map[flow]int, want map[flow]string) {
	p.w.t.Helper()
	for f, n := range after {
		if _, wanted := want[f]; !wanted && n > before[f] {
			p.w.t.Errorf("%s receives %d packets of %s", p.name, n-before[f], p.w.nameOf(f))
		}
	}
	for f, name := range want {
		if after[f] == before[f] {
			p.w.t.Errorf("%s receives nothing of %s", p.name, name)
		}
	}
}

// checkSlots checks that every flow comes where the slots message says.
func (p *peer) checkSlots(want map[flow]string) {
	p.w.t.Helper()
	said := ask(p.endpoint, func() map[string]string {
		out := make(map[string]string)
		for _, s := range p.slots.Slots {
			if s.Participant != nil {
				out[s.MID] = *s.Participant
			}
		}
		return out
	})
	p.do(func() {
		for f, name := range want {
			t := p.down.flows[f]
			if t == nil {
				continue // said already
			}
			if owner := p.w.peers[f.sender-1].me.ID; said[t.mid] != owner {
				p.w.t.Errorf("%s receives %s in section %s, of which it was told %q, not %q",
					p.name, name, t.mid, said[t.mid], owner)
			}
			delete(said, t.mid)
		}
	})
	for mid, owner := range said {
		if p.w.sends(owner) {
			p.w.t.Errorf("%s was told that section %s carries %q, but it does not", p.name, mid, owner)
		}
	}
}

// sends reports whether a participant sends something now.
func (w *world) sends(id string) bool {
	return slices.ContainsFunc(w.live(), func(p *peer) bool {
		return ask(p.endpoint, func() bool {
			return p.me.ID == id && !slices.ContainsFunc(p.ups, func(u *uplink) bool { return u.muted || u.stopped })
		})
	})
}

// others returns who of all is not p, in p's room.
func others(all []*peer, p *peer) []*peer {
	return slices.DeleteFunc(slices.Clone(all), func(o *peer) bool { return o == p || o.room != p.room })
}

func (w *world) nameOf(f flow) string {
	p := w.peers[f.sender-1]
	return p.name + "'s " + p.ups[f.source].source
}

func names(flows map[flow]string) string {
	return strings.Join(slices.Sorted(maps.Values(flows)), ", ")
}

// firstMedia returns when the first packet of another peer's source came.
func (p *peer) firstMedia(of *peer, source string) time.Time {
	index := of.source(source).index
	return ask(p.endpoint, func() (at time.Time) {
		if t := p.down.flows[flow{of.ordinal, index}]; t != nil {
			at = t.first
		}
		return at
	})
}
