package sfu

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/negotiate"
	"sfu/sfu/part"
	"sfu/signaling/wire"
)

const (
	// gatherWithin bounds the wait for our own candidates, all of them
	// addresses of open sockets.
	gatherWithin = 2 * time.Second
	// maxCandidates bounds how many of the client's are kept for a description
	// that has not come.
	maxCandidates = 64
	// maxSections bounds the m-lines of a client's description.
	maxSections = 2*maxPairs + 32
)

// negotiation is the offer/answer exchange of one participant. Its loop owns
// it.
type negotiation struct {
	state      negotiate.State
	remote     *description
	lastOffer  uint64 // id of the client's newest offer that was answered
	answer     string // our answer to it
	candidates []wire.Candidate
	tracks     []publication
	serial     int // tracks published so far
}

// publication is one track that the participant publishes.
type publication struct {
	id     media.TrackID
	mid    string
	source media.Source
	muted  bool
	rids   []string
	active map[string]bool // what the client was told to encode, by rid; nil: everything
}

func (pub *publication) row() wire.Track {
	rids := pub.rids
	if rids == nil {
		rids = []string{}
	}
	return wire.Track{
		ID: string(pub.id), MID: pub.mid, Kind: pub.source.Kind().String(), Source: pub.source.String(),
		Muted: pub.muted, Encodings: rids,
	}
}

func (n *negotiation) published() []wire.Track {
	rows := make([]wire.Track, 0, len(n.tracks))
	for i := range n.tracks {
		rows = append(rows, n.tracks[i].row())
	}
	return rows
}

func (n *negotiation) publication(mid string) *publication {
	for i := range n.tracks {
		if n.tracks[i].mid == mid {
			return &n.tracks[i]
		}
	}
	return nil
}

// applyOffer answers an offer of the client, or drops it while one of ours is
// pending: the client then rolls back and offers again (rule R3).
func (p *participant) applyOffer(m *wire.Offer) {
	t := &p.talks
	p.step(metrics.StepOffer)
	switch {
	case m.ID == t.lastOffer: // its answer was lost with a socket
		p.send(&wire.Answer{ID: m.ID, SDP: t.answer})
		return
	case m.ID < t.lastOffer:
		p.send(complain(wire.CodeUnexpected, "offer", fmt.Sprintf("Offer %d came after offer %d.", m.ID, t.lastOffer)))
		return
	}
	desc, err := p.readOffer(m)
	if err != nil {
		p.send(complain(wire.CodeBadMessage, "offer", err.Error()))
		return
	}
	if !t.state.HandleOffer(time.Now()) {
		return
	}
	if err := p.answerOffer(m, desc); err != nil {
		p.fail(wire.CodeNegotiationFailed, "The server could not take the offer. Join again.", err)
		return
	}
	t.state.Answered(time.Now())
	t.lastOffer, t.answer = m.ID, p.server.advertise(p.pc.LocalDescription().SDP)
	p.send(&wire.Answer{ID: m.ID, SDP: t.answer})
	p.send(&wire.ICE{}) // the answer holds every candidate
	if m.Tracks != nil {
		p.publishTracks(m.Tracks)
	}
	p.assignSlots()
}

// readOffer checks what can be checked before pion is touched: a description
// that fails half way leaves a connection of no use.
func (p *participant) readOffer(m *wire.Offer) (*description, error) {
	desc, err := parseDescription(m.SDP)
	if err != nil {
		return nil, err
	}
	if len(desc.sections) > maxSections {
		p.server.count.Door.Limited[metrics.LimitMessageSize].Inc()
		return nil, fmt.Errorf("SDP: %d sections, %d at most", len(desc.sections), maxSections)
	}
	if !p.talks.state.Started() && !hasData(desc) {
		return nil, errors.New("the first offer has no data channel section")
	}
	taken := make(map[media.Source]bool)
	for _, t := range m.Tracks {
		source, ok := media.ParseSource(t.Source)
		if !ok {
			return nil, fmt.Errorf("source %q", t.Source)
		}
		s := desc.section(t.MID)
		if s == nil || !s.sends || s.kind != source.Kind() {
			return nil, fmt.Errorf("mid %q is no section that sends %s", t.MID, source.Kind())
		}
		if taken[source] {
			return nil, fmt.Errorf("source %q stands twice", t.Source)
		}
		taken[source] = true
	}
	return desc, nil
}

func hasData(desc *description) bool {
	for _, s := range desc.sections {
		if s.data {
			return true
		}
	}
	return false
}

func (p *participant) answerOffer(m *wire.Offer, desc *description) error {
	first := !p.talks.state.Started()
	err := p.setRemote(webrtc.SDPTypeOffer, m.SDP)
	if err != nil {
		return fmt.Errorf("remote offer: %w", err)
	}
	p.described(desc)
	if first {
		if err := p.firstPairs(desc); err != nil {
			return fmt.Errorf("slots: %w", err)
		}
	}
	var answer webrtc.SessionDescription
	err = startsTransport(func() (err error) { // the agent of ICE, if there were no candidates before
		answer, err = p.pc.CreateAnswer(nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if err := p.setLocal(answer); err != nil {
		return err
	}
	p.pairsNegotiated()
	return nil
}

// described makes a remote description known to the media loop and adds the
// candidates that waited for it.
func (p *participant) described(desc *description) {
	p.talks.remote = desc
	lk := p.link
	lk.loop.do(func() { lk.up.desc = desc })
	waiting := p.talks.candidates
	p.talks.candidates = nil
	for _, c := range waiting {
		p.addCandidate(c)
	}
}

// setRemote applies the client's description.
func (p *participant) setRemote(kind webrtc.SDPType, sdp string) error {
	return startsTransport(func() error {
		return p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp})
	})
}

// startsTransport calls pion from a participant's loop. What pion starts meanwhile, for
// ICE and DTLS, is no work of the loop.
func startsTransport(call func() error) (err error) {
	part.Transport.Within(part.Signalling, func() { err = call() })
	return err
}

// setLocal applies our description and waits until it holds our candidates:
// sent on their own they would overtake it and belong to the wrong generation
// (rule R5 as changed).
func (p *participant) setLocal(desc webrtc.SessionDescription) error {
	if err := startsTransport(func() error { return p.pc.SetLocalDescription(desc) }); err != nil {
		return fmt.Errorf("local %s: %w", desc.Type, err)
	}
	timeout := time.NewTimer(gatherWithin)
	defer timeout.Stop()
	select {
	case <-webrtc.GatheringCompletePromise(p.pc):
		return nil
	case <-p.quit:
		return errors.New("closing")
	case <-timeout.C:
		return errors.New("candidates were not gathered in time")
	}
}

// applyAnswer takes the client's answer to the offer that is pending.
func (p *participant) applyAnswer(m *wire.Answer) {
	if !p.talks.state.HandleAnswer(m.ID, time.Now()) {
		p.send(complain(wire.CodeUnexpected, "answer", fmt.Sprintf("Offer %d is not waiting for an answer.", m.ID)))
		return
	}
	desc, err := parseDescription(m.SDP)
	if err == nil {
		err = p.setRemote(webrtc.SDPTypeAnswer, m.SDP)
	}
	if err != nil {
		p.fail(wire.CodeNegotiationFailed, "The server could not take the answer. Join again.", err)
		return
	}
	p.described(desc)
	p.pairsNegotiated()
	p.assignSlots()
}

// negotiateDue does what the state machine says is due. Without a socket
// nothing can be: a pending offer waits for the resume.
func (p *participant) negotiateDue(now time.Time) {
	if p.presence.left || p.session == nil {
		return
	}
	switch p.talks.state.Due(now) {
	case negotiate.SendOffer:
		if err := p.makeOffer(); err != nil {
			p.fail(wire.CodeNegotiationFailed, "The server could not make an offer. Join again.", err)
			return
		}
		p.sendOffer()
	case negotiate.ResendOffer:
		p.sendOffer()
	case negotiate.GiveUp:
		p.fail(wire.CodeNegotiationFailed, "An offer of the server was never answered. Join again.", errNoAnswer)
	}
}

func (p *participant) makeOffer() error {
	if err := p.growPairs(); err != nil {
		return fmt.Errorf("slots: %w", err)
	}
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	return p.setLocal(offer)
}

func (p *participant) sendOffer() {
	if pending := p.pc.PendingLocalDescription(); pending != nil {
		p.send(&wire.Offer{ID: p.talks.state.OfferID(), SDP: p.server.advertise(pending.SDP)})
	}
}

// applyCandidate takes one of the client's ICE candidates, or the end of them.
func (p *participant) applyCandidate(m *wire.ICE) {
	if m.Candidate == nil {
		return // pion has no use for the end: checks go on while the connection needs them
	}
	p.addCandidate(*m.Candidate)
}

// addCandidate hands a candidate to pion, which drops one of a generation that
// it does not know: those wait for their description.
func (p *participant) addCandidate(c wire.Candidate) {
	t := &p.talks
	known := t.remote != nil && (c.UsernameFragment == nil || t.remote.hasUfrag(*c.UsernameFragment))
	if !known {
		if len(t.candidates) >= maxCandidates {
			t.candidates = t.candidates[1:] // of an offer that was dropped in glare, long ago
		}
		t.candidates = append(t.candidates, c)
		return
	}
	err := startsTransport(func() error {
		return p.pc.AddICECandidate(webrtc.ICECandidateInit{
			Candidate: c.Candidate, SDPMid: c.SDPMid, SDPMLineIndex: c.SDPMLineIndex, UsernameFragment: c.UsernameFragment,
		})
	})
	if err != nil {
		p.log.Debug("candidate refused", "error", err)
	}
}

var errNoAnswer = errors.New("no answer")
