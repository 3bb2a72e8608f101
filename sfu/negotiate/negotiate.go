package negotiate

import "time"

const (
	// debounce gathers what happens at once, a room full of joins say, into one
	// offer. It also lets a client speak first that has waited for the same
	// answer.
	debounce = 15 * time.Millisecond
	// resendAfter is how long an answer may take before the offer is taken for
	// lost. Resending is harmless: the description and its id are the same.
	resendAfter = 3 * time.Second
	// giveUpAfter is when a client that never answers is told to start afresh.
	// Nothing milder is left: an implementation without rollback (pion) gets out
	// of have-local-offer by an answer only.
	giveUpAfter = 15 * time.Second
)

// State follows one PeerConnection's negotiation. The zero State waits for the
// client's first offer: a server that offers before it has seen the browser's
// header extension ids makes Chromium refuse both descriptions.
type State struct {
	phase   phase
	started bool
	offerID uint64

	offerAt  time.Time // when the next offer is due; zero when none is needed
	resendAt time.Time // while offering
	giveUpAt time.Time // while offering
}

type phase uint8

const (
	waiting   phase = iota // for the client's first offer
	stable                 // either side may offer
	answering              // an offer of the client is being applied
	offering               // an offer of ours waits for its answer
	failed                 // it waited too long
)

// Action is what the engine must do now.
type Action uint8

// The actions of Due.
const (
	Nothing     Action = iota
	SendOffer          // create an offer, apply it locally, send it under OfferID
	ResendOffer        // send the pending local description again under OfferID
	GiveUp             // no answer came: tell the client to build a new connection
)

// Need notes that the server has something to negotiate.
func (s *State) Need(now time.Time) {
	if s.offerAt.IsZero() {
		s.offerAt = now.Add(debounce)
	}
}

// HandleOffer reports whether the client's offer is to be applied and
// answered. It is not while an offer of ours is pending: the polite client
// rolls back and offers again (rule R3). Nor is it while an earlier offer of
// the client is not answered yet, which only a client that breaks the rules of
// JSEP can ask for.
func (s *State) HandleOffer(now time.Time) bool {
	if s.phase != waiting && s.phase != stable {
		return false
	}
	s.phase = answering
	return true
}

// Answered notes that the client's offer was applied and answered.
func (s *State) Answered(now time.Time) {
	if s.phase != answering {
		return
	}
	s.started = true
	s.settle(now)
}

// HandleAnswer reports whether an answer with this id is the one waited for.
func (s *State) HandleAnswer(id uint64, now time.Time) bool {
	if s.phase != offering || id != s.offerID {
		return false
	}
	s.settle(now)
	return true
}

// settle enters the stable phase. What is still to be negotiated waits for the
// debounce again.
func (s *State) settle(now time.Time) {
	s.phase = stable
	if !s.offerAt.IsZero() {
		s.offerAt = now.Add(debounce)
	}
}

// Reconnected notes that the client has a new socket: a pending offer is due
// again at once, and the client has the full time to answer it.
func (s *State) Reconnected(now time.Time) {
	s.resendAt = now
	s.giveUpAt = now.Add(giveUpAfter)
}

// Due returns what to do now. SendOffer counts OfferID up and makes the offer
// pending. Do not ask while the client has no socket: it cannot answer, and
// Reconnected starts the clock anew.
func (s *State) Due(now time.Time) Action {
	if next := s.Next(); next.IsZero() || now.Before(next) {
		return Nothing
	}
	if s.phase == stable {
		s.phase = offering
		s.offerID++
		s.offerAt = time.Time{}
		s.resendAt = now.Add(resendAfter)
		s.giveUpAt = now.Add(giveUpAfter)
		return SendOffer
	}
	if !now.Before(s.giveUpAt) {
		s.phase = failed
		return GiveUp
	}
	s.resendAt = now.Add(resendAfter)
	return ResendOffer
}

// Next returns when Due has to be asked again; the zero time when it need not.
func (s *State) Next() time.Time {
	switch s.phase {
	case stable:
		return s.offerAt
	case offering:
		if s.giveUpAt.Before(s.resendAt) {
			return s.giveUpAt
		}
		return s.resendAt
	default:
		return time.Time{}
	}
}

// OfferID returns the id of the newest offer of the server.
func (s *State) OfferID() uint64 { return s.offerID }

// Started reports whether the first offer of the client was answered.
func (s *State) Started() bool { return s.started }
