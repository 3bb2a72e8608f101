// Package negotiate is the offer/answer state of one participant, seen from the
// server: the impolite side of perfect negotiation (rules R1 to R6).
package negotiate

import "time"

// State follows one PeerConnection's negotiation. The zero State waits for the
// client's first offer.
type State struct{}

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
func (s *State) Need(now time.Time) { panic("todo") }

// HandleOffer reports whether the client's offer is to be applied and
// answered. It is not while an offer of ours is pending: the polite client
// rolls back and offers again (rule R3).
func (s *State) HandleOffer(now time.Time) bool { panic("todo") }

// Answered notes that the client's offer was applied and answered.
func (s *State) Answered(now time.Time) { panic("todo") }

// HandleAnswer reports whether an answer with this id is the one waited for.
func (s *State) HandleAnswer(id uint64, now time.Time) bool { panic("todo") }

// Reconnected notes that the client has a new socket: a pending offer is due
// again at once.
func (s *State) Reconnected(now time.Time) { panic("todo") }

// Due returns what to do now. SendOffer counts OfferID up and makes the offer
// pending.
func (s *State) Due(now time.Time) Action { panic("todo") }

// Next returns when Due has to be asked again; the zero time when it need not.
func (s *State) Next() time.Time { panic("todo") }

// OfferID returns the id of the newest offer of the server.
func (s *State) OfferID() uint64 { panic("todo") }

// Started reports whether the first offer of the client was answered.
func (s *State) Started() bool { panic("todo") }
