package e2e

import (
	"slices"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"sfu/signaling/wire"
)

// talks is the peer's half of perfect negotiation: the polite one. pion cannot
// roll back, so where a browser would, the peer sends an offer that it has
// never applied (strayOffer).
type talks struct {
	places    int // down sections of each kind in the first offer
	muted     []string
	offers    uint64 // own offers made
	withholds bool   // the server's offers stay unanswered
	held      []*wire.Offer
	red       bool // the microphone sends RED
	rude      bool // the server's limit of data messages is ignored
	silent    bool // answers are made and lost
	restart   bool // the next offer restarts ICE
	answers   map[uint64]int
	lastOffer string // the server's newest description
}

// firstOffer is what a browser sends after welcome: the data channel section,
// places for what it will be sent, and what it sends.
func (p *peer) firstOffer() {
	never := uint16(1000)
	yes := true
	if _, err := p.pc.CreateDataChannel("", &webrtc.DataChannelInit{Negotiated: &yes, ID: &never}); err != nil {
		p.t.Errorf("%s: data channel: %v", p.name, err)
	}
	for _, kind := range both {
		for range p.talks.places {
			_, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{
				Direction: webrtc.RTPTransceiverDirectionRecvonly,
			})
			if err != nil {
				p.t.Errorf("%s: place: %v", p.name, err)
			}
		}
	}
	for _, source := range p.sources {
		if source == "camera" && p.reels != nil {
			p.publishReels(source, p.reels)
			continue
		}
		u := p.publish(source)
		if source == "microphone" && p.talks.red {
			u.redundant = new(redundancy)
		}
		u.muted = slices.Contains(p.talks.muted, source)
	}
	p.offer()
}

// offer makes an offer, applies and sends it.
func (p *peer) offer() {
	desc, err := p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: p.talks.restart})
	p.talks.restart = false
	if err == nil {
		err = p.pc.SetLocalDescription(desc)
	}
	if err != nil {
		p.t.Errorf("%s: offer: %v", p.name, err)
		return
	}
	p.sendOffer(desc.SDP)
}

// strayOffer sends an offer and forgets it, as a browser does that has to roll
// back.
func (p *peer) strayOffer() {
	desc, err := p.pc.CreateOffer(nil)
	if err != nil {
		p.t.Errorf("%s: offer: %v", p.name, err)
		return
	}
	p.sendOffer(desc.SDP)
}

func (p *peer) sendOffer(sdp string) {
	p.talks.offers++
	p.send(&wire.Offer{ID: p.talks.offers, SDP: withoutSSRCs(sdp), Tracks: p.declared()})
}

// withoutSSRCs takes out of a description what pion says of simulcast sections
// and no browser does: which SSRCs their encodings have.
func withoutSSRCs(sdp string) string {
	const begin = "\r\nm="
	parts := strings.Split(sdp, begin)
	for i, part := range parts {
		if !strings.Contains(part, "a=simulcast:send") {
			continue
		}
		parts[i] = strings.Join(slices.DeleteFunc(strings.Split(part, "\r\n"), func(line string) bool {
			return strings.HasPrefix(line, "a=ssrc")
		}), "\r\n")
	}
	return strings.Join(parts, begin)
}

// declared is what the peer says of the sections it sends on.
func (p *peer) declared() []wire.SendTrack {
	tracks := []wire.SendTrack{}
	for _, u := range p.ups {
		if u.reel != nil && u.reel.rank > 0 {
			continue // of the section before
		}
		tracks = append(tracks, wire.SendTrack{MID: u.tr.Mid(), Source: u.source, Muted: u.muted})
	}
	return tracks
}

func (p *peer) handleAnswer(m *wire.Answer) {
	if p.talks.answers == nil {
		p.talks.answers = make(map[uint64]int)
	}
	p.talks.answers[m.ID]++
	if m.ID != p.talks.offers || p.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer {
		return
	}
	p.down.describe(m.SDP)
	if p.talks.rude {
		m.SDP = strings.Replace(m.SDP, "a=max-message-size:", "a=max-message-size:9", 1)
	}
	p.setRemote(webrtc.SDPTypeAnswer, m.SDP)
}

// handleOffer answers an offer of the server, unless the test wants it lost.
func (p *peer) handleOffer(m *wire.Offer) {
	if p.talks.withholds {
		p.talks.held = append(p.talks.held, m)
		return
	}
	if p.pc.SignalingState() != webrtc.SignalingStateStable {
		p.down.fault("offer %d crossed an offer of ours: this peer cannot roll back", m.ID)
		return
	}
	p.talks.lastOffer = m.SDP
	p.down.describe(m.SDP)
	p.setRemote(webrtc.SDPTypeOffer, m.SDP)
	desc, err := p.pc.CreateAnswer(nil)
	if err == nil {
		err = p.pc.SetLocalDescription(desc)
	}
	if err != nil {
		p.down.fault("answer offer %d: %v", m.ID, err)
		return
	}
	if !p.talks.silent {
		p.send(&wire.Answer{ID: m.ID, SDP: desc.SDP})
	}
}

// relent answers what was withheld.
func (p *peer) relent() {
	p.do(func() {
		held := p.talks.held
		p.talks.withholds, p.talks.held = false, nil
		if len(held) > 0 {
			p.handleOffer(held[len(held)-1])
		}
	})
}

func (p *peer) setRemote(kind webrtc.SDPType, sdp string) {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp}); err != nil {
		p.down.fault("the server's %s: %v", kind, err)
	}
}

// trickle sends one of our candidates; its description is on its way already.
func (p *peer) trickle(c *webrtc.ICECandidate) {
	if c == nil {
		p.send(&wire.ICE{})
		return
	}
	mid, line, init := "0", uint16(0), c.ToJSON()
	out := &wire.Candidate{Candidate: init.Candidate, SDPMid: &mid, SDPMLineIndex: &line}
	if ufrag := ufragOf(p.pc.LocalDescription().SDP); ufrag != "" {
		out.UsernameFragment = &ufrag
	}
	p.send(&wire.ICE{Candidate: out})
}

func ufragOf(sdp string) string {
	_, rest, _ := strings.Cut(sdp, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(rest, "\r\n")
	return ufrag
}

func (p *peer) handleCandidate(m *wire.ICE) {
	if m.Candidate == nil {
		return
	}
	c := webrtc.ICECandidateInit{
		Candidate: m.Candidate.Candidate, SDPMid: m.Candidate.SDPMid,
		SDPMLineIndex: m.Candidate.SDPMLineIndex, UsernameFragment: m.Candidate.UsernameFragment,
	}
	if err := p.pc.AddICECandidate(c); err != nil {
		p.down.fault("the server's candidate: %v", err)
	}
}

// share publishes another source while the call goes on, and waits until that
// is negotiated.
func (p *peer) share(source string) *uplink {
	p.w.t.Helper()
	u := ask(p.endpoint, func() *uplink {
		u := p.publish(source)
		p.offer()
		return u
	})
	p.settles(time.Second)
	return u
}

// settles waits until no offer of the peer's is open.
func (p *peer) settles(within time.Duration) {
	p.w.t.Helper()
	p.w.await(within, p.name+"'s offer is answered", func() bool {
		return ask(p.endpoint, func() bool { return p.pc.SignalingState() == webrtc.SignalingStateStable })
	})
}

// source returns what the peer publishes under this name.
func (p *peer) source(name string) *uplink {
	for _, u := range p.ups {
		if u.source == name {
			return u
		}
	}
	panic(p.name + " publishes no " + name)
}

// mute tells the server that a source is muted or not, and keeps sending, as
// Firefox does for a while.
func (p *peer) mute(source string, muted bool) {
	p.do(func() {
		u := p.source(source)
		u.muted = muted
		if muted {
			u.epoch++
		}
		p.send(&wire.UpdateTrack{MID: u.tr.Mid(), Muted: muted})
	})
}

// lines returns how many m-lines the connection has.
func (p *peer) lines() int {
	return ask(p.endpoint, func() int { return countSections(p.pc.LocalDescription().SDP) })
}
