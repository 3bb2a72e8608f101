package e2e

import (
	"errors"
	"testing"
	"time"
)

// redundancy makes RED of a microphone (RFC 2198): each packet carries the one
// before once more.
type redundancy struct {
	before []byte // the payload of the packet before
}

// redundantly makes the peer's microphone send RED.
func redundantly(p *peer) { p.talks.red = true }

func (r *redundancy) speak(u *uplink, b *binding, s stamp) {
	opus, frame := u.e.brand.opus, s.seal([]byte{0x78}, 40)
	var payload []byte
	if n := len(r.before); n > 0 {
		payload = []byte{0x80 | opus, 960 >> 6, 960&0x3f<<2 | byte(n>>8), byte(n)}
	}
	payload = append(payload, opus)
	payload = append(append(payload, r.before...), frame...)
	r.before = frame
	u.sendPayload(b, s.timestamp, payload, true)
}

var errBadRED = errors.New("RED that cannot be read")

// unwrap returns the primary block of RED, and checks that the one before it is
// whole and that both say what number Opus has here.
func unwrap(payload []byte, opus uint8) ([]byte, error) {
	if len(payload) == 0 {
		return nil, errBadRED
	}
	if payload[0]&0x80 == 0 {
		if payload[0] != opus {
			return nil, errBadRED
		}
		return payload[1:], nil
	}
	if len(payload) < 5 || payload[0] != 0x80|opus || payload[4] != opus {
		return nil, errBadRED
	}
	n := int(payload[2]&3)<<8 | int(payload[3])
	if len(payload) < 5+n {
		return nil, errBadRED
	}
	if _, err := unseal(payload[5 : 5+n]); err != nil {
		return nil, err
	}
	return payload[5+n:], nil
}

func TestREDGoesToWhoUnderstandsItAndTheRestGetOpus(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", redundantly)
		bob := w.join("bob", redundantly)
		fox := w.join("fox", as(firefox))
		other := firefox
		other.red = 110 // numbers everything differently, and takes RED
		cas := w.join("cas", as(other))
		w.everyoneReceivesEveryone(time.Second)
		w.run(time.Second)
		for p, want := range map[*peer]format{bob: formatRED, cas: formatRED, fox: formatOpus} {
			p.do(func() {
				f := p.down.flows[flow{ann.ordinal, ann.source("microphone").index}]
				st := p.down.byMid[f.mid]
				if f.last.format != want {
					t.Errorf("%s is sent format %d, and negotiated %+v", p.name, f.last.format, st.types)
				}
			})
		}
	})
}

func TestLostREDIsNotLostSound(t *testing.T) {
	play(t, func(w *world) {
		w.allowed.loss = true
		ann := w.join("ann", redundantly)
		bob := w.join("bob", redundantly)
		w.everyoneReceivesEveryone(time.Second)
		bob.link.lossy(0, 0.1)
		w.run(5 * time.Second)
		bob.link.lossy(0, 0)
		w.run(500 * time.Millisecond)
		if share := bob.missing(ann, "microphone"); share > 0.15 {
			t.Errorf("bob misses %.1f %% of ann's packets of sound", 100*share)
		}
	})
}
