package sfu

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"sfu/metrics"
	"sfu/sfu/media"
)

// door is a receiver that knows one participant, and what that one would encrypt.
type door struct {
	receiver
	t      *testing.T
	link   *link
	inlet  *inlet
	theirs *srtp.Context
}

var home, elsewhere = netip.MustParseAddrPort("10.0.0.7:5000"), netip.MustParseAddrPort("10.0.0.8:5000")

func newDoor(t *testing.T) *door {
	key, salt := bytes.Repeat([]byte{7}, 16), bytes.Repeat([]byte{9}, 12)
	const profile = srtp.ProtectionProfileAeadAes128Gcm
	theirs, err := srtp.CreateContext(key, salt, profile)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := srtp.CreateContext(key, salt, profile, srtp.SRTPReplayProtection(srtpReplayWindow))
	if err != nil {
		t.Fatal(err)
	}
	lk := newLink("ana", newMediaLoop(metrics.New(), 0, nil, nil), quiet)
	d := &door{t: t, link: lk, inlet: &inlet{link: lk, cipher: ours}, theirs: theirs}
	d.receiver.inlets = &inlets{by: make(map[netip.AddrPort]*inlet)}
	d.receiver.inlets.move(d.inlet, netip.AddrPort{}, home)
	return d
}

// sealed is a packet as it comes.
func (d *door) sealed(ssrc uint32, seq uint16) []byte {
	p := rtp.Packet{Header: rtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: seq}, Payload: []byte("sound")}
	raw, err := p.Marshal()
	if err != nil {
		d.t.Fatal(err)
	}
	sealed, err := d.theirs.EncryptRTP(nil, raw, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return sealed
}

// queued empties the room's queue.
func (d *door) queued() (seqs []uint16) {
	for _, in := range d.link.loop.packets.Take(nil) {
		var h rtp.Header
		n, err := h.Unmarshal(in.pkt.Payload)
		if err != nil || string(in.pkt.Payload[n:]) != "sound" || in.pkt.Arrival != noon {
			d.t.Errorf("%x, arrived %v: %v", in.pkt.Payload, in.pkt.Arrival, err)
		}
		seqs = append(seqs, h.SequenceNumber)
		in.pkt.Release()
	}
	return seqs
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestMediaIsTakenOffTheSocket(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	first := d.sealed(1, 10)
	mapped := netip.AddrPortFrom(netip.AddrFrom16(home.Addr().As16()), home.Port())
	if !d.take(first, home, noon) || !d.take(d.sealed(1, 11), mapped, noon) {
		t.Fatal("media of a participant is left to pion")
	}
	if got := d.queued(); len(got) != 2 || got[0] != 10 || got[1] != 11 {
		t.Errorf("queued %v", got)
	}
	select {
	case <-d.link.loop.packets.Wake():
		t.Error("the room was woken before all was handed out")
	default:
	}
	d.rest()
	select {
	case <-d.link.loop.packets.Wake():
	default:
		t.Error("the room was not woken")
	}
	if d.rest(); len(d.woken) != 0 {
		t.Error("rooms are woken again")
	}
}

func TestWhatIsNotProvedToBeTheirsIsNotTaken(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	known := d.sealed(1, 10)
	d.take(known, home, noon)
	d.queued()
	forged := d.sealed(1, 11)
	forged[len(forged)-1] ^= 1
	stranger := d.sealed(2, 1)
	stranger[len(stranger)-1] ^= 1
	stun := make([]byte, 20)
	rtcp := append([]byte{0x80, 200}, make([]byte, 30)...)
	for name, tt := range map[string]struct {
		packet []byte
		from   netip.AddrPort
		taken  bool
		why    media.Drop
	}{
		"from where nobody is":     {d.sealed(1, 12), elsewhere, false, media.Kept},
		"STUN":                     {stun, home, false, media.Kept},
		"forged RTCP":              {rtcp, home, false, media.Kept},
		"a short one":              {known[:11], home, false, media.Kept},
		"a forged one":             {forged, home, true, media.DropMalformed},
		"a repeated one":           {known, home, true, media.DropDuplicate},
		"one of an unheard stream": {stranger, home, false, media.Kept}, // pion may know it
		"a long one":               {append([]byte{0x80}, make([]byte, media.MaxPacket)...), home, false, media.Kept},
	} {
		set := metrics.New()
		d.link.loop.tally.set = set
		if taken := d.take(tt.packet, tt.from, noon); taken != tt.taken {
			t.Errorf("%s: taken %t", name, taken)
		}
		for _, why := range []media.Drop{media.DropMalformed, media.DropDuplicate, media.DropUnknown} {
			if n := counted(set.PacketsRefused[why]); (n == 1) != (why == tt.why) {
				t.Errorf("%s: counted as %v %v times", name, why, n)
			}
		}
		if got := d.queued(); len(got) != 0 {
			t.Errorf("%s: queued %v", name, got)
		}
	}
}

func TestMediaFollowsWhoChangesNetworks(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	other := &inlet{link: d.link, cipher: d.inlet.cipher}
	d.inlets.move(d.inlet, home, elsewhere)
	if d.take(d.sealed(1, 1), home, noon) || !d.take(d.sealed(1, 2), elsewhere, noon) {
		t.Error("it comes from where it was")
	}
	d.inlets.move(other, netip.AddrPort{}, home) // somebody else has the old address
	d.inlets.move(d.inlet, home, netip.AddrPort{})
	if d.inlets.from(home) != other {
		t.Error("leaving an address that is another's now takes it away")
	}
	d.inlets.move(d.inlet, elsewhere, netip.AddrPort{})
	if d.inlets.from(elsewhere) != nil {
		t.Error("who left is still expected")
	}
}
