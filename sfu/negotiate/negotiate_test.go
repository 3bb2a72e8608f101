package negotiate

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A trace is what happens, in words, with what the state makes of it behind a
// ">":
//
//	need          the server has something to negotiate
//	offer         the client's offer comes            >taken or >dropped
//	answered      the server has answered it
//	answer2       the client's answer to offer 2      >right or >wrong
//	reconnected   the client has a new socket
//	3s            time passes; the engine asks Due whenever Next says so
//	~3s           the same, but the engine is busy and asks only at the end
//
// and, wherever it is due: >offer1, >resend1, >giveup.
var traces = []struct{ name, trace string }{
	{"nothing before the client's first offer", "need 1h offer >taken 1h answered 15ms >offer1"},
	{"an offer and its answer", "offer >taken answered 1h need 15ms >offer1 40ms answer1 >right 1h"},
	{"no need, no offer", "offer >taken answered 1h"},
	{"what happens within 15 ms is one offer", "offer >taken answered need 14ms need 1ms >offer1 20ms answer1 >right 1h"},
	{"constant need does not put the offer off", "offer >taken answered need 10ms need 4ms need 1ms >offer1"},
	{"offers count from 1", "offer >taken answered need 15ms >offer1 answer1 >right need 15ms >offer2 answer2 >right"},

	{"need while pending waits for the answer, and then a moment", "offer >taken answered need 15ms >offer1 need 1s answer1 >right 14ms 1ms >offer2"},
	{"needs while pending are one offer", "offer >taken answered need 15ms >offer1 need 20ms need answer1 >right 1s >offer2 answer2 >right 1h"},
	{"need just before a client's offer stays", "offer >taken answered need 14ms offer >taken 1s answered 14ms 1ms >offer1"},
	{"need while a client's offer is applied", "offer >taken need 1s answered 15ms >offer1"},

	{"glare: the client's offer is dropped, and taken after the answer", "offer >taken answered need 15ms >offer1 offer >dropped 30ms answer1 >right offer >taken answered"},
	{"glare: who comes back after the rollback goes first", "offer >taken answered need 15ms >offer1 need answer1 >right 5ms offer >taken answered 15ms >offer2"},
	{"a second offer before the answer to the first", "offer >taken offer >dropped answered offer >taken answered"},

	{"an answer with another id", "offer >taken answered need 15ms >offer1 answer0 >wrong answer2 >wrong answer1 >right"},
	{"an answer that comes twice", "offer >taken answered need 15ms >offer1 answer1 >right answer1 >wrong"},
	{"an answer nobody asked for", "answer0 >wrong offer >taken answer0 >wrong answered answer0 >wrong answer1 >wrong"},
	{"a late answer to an older offer", "offer >taken answered need 15ms >offer1 answer1 >right need 15ms >offer2 answer1 >wrong answer2 >right"},
	{"answered, though no offer was taken", "answered need 1h offer >taken answered 15ms >offer1 answered 1s answer1 >right"},

	{"a lost answer: the same offer again", "offer >taken answered need 15ms >offer1 2999ms 1ms >resend1 10ms answer1 >right 1h"},
	{"again every 3 s, and after 15 s no more", "offer >taken answered need 15ms >offer1 14999ms >resend1 >resend1 >resend1 >resend1 1ms >giveup 1h"},
	{"given up is given up", "offer >taken answered need 15ms >offer1 14s >resend1 >resend1 >resend1 >resend1 1s >giveup answer1 >wrong offer >dropped need reconnected 1h"},
	{"a late resend does not put the end off", "offer >taken answered need 15ms >offer1 ~12500ms >resend1 2499ms 1ms >giveup"},
	{"glare does not put the resend off", "offer >taken answered need 15ms >offer1 2s offer >dropped 1s >resend1"},

	{"a new socket gets the pending offer at once", "offer >taken answered need 15ms >offer1 1s reconnected >resend1 2999ms 1ms >resend1 answer1 >right"},
	{"a new socket has 15 s of its own", "offer >taken answered need 15ms >offer1 14s >resend1 >resend1 >resend1 >resend1 reconnected >resend1 14s >resend1 >resend1 >resend1 >resend1 1s >giveup"},
	{"a new socket and nothing pending", "reconnected 1h offer >taken answered reconnected 1h need 15ms >offer1"},
	{"a new socket does not shorten the debounce", "offer >taken answered need 10ms reconnected 4ms 1ms >offer1"},
}

func TestTraces(t *testing.T) {
	t.Parallel()
	for _, tt := range traces {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := replay(t, tt.trace); got != tt.trace {
				t.Errorf("\n got %s\nwant %s", got, tt.trace)
			}
		})
	}
}

// replay lets a new State live through what happens in trace and returns the
// trace with what came of it.
func replay(t *testing.T, trace string) string {
	e := engine{now: start}
	var said []string
	for word := range strings.FieldsSeq(trace) {
		if strings.HasPrefix(word, ">") {
			continue
		}
		said = append(said, word)
		d, err := time.ParseDuration(strings.TrimPrefix(word, "~"))
		switch {
		case err != nil:
			said = append(said, e.happens(t, word)...)
		case word[0] == '~':
			e.now = e.now.Add(d)
		default:
			said = append(said, e.pass(d)...)
		}
		said = append(said, e.pass(0)...)
	}
	return strings.Join(said, " ")
}

var start = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// engine does with a State what the participant's loop does.
type engine struct {
	state State
	now   time.Time
}

func (e *engine) happens(t *testing.T, word string) []string {
	t.Helper()
	outcome := func(ok bool, yes, no string) []string {
		if ok {
			return []string{yes}
		}
		return []string{no}
	}
	switch word {
	case "need":
		e.state.Need(e.now)
	case "offer":
		return outcome(e.state.HandleOffer(e.now), ">taken", ">dropped")
	case "answered":
		e.state.Answered(e.now)
	case "reconnected":
		e.state.Reconnected(e.now)
	default:
		id, err := strconv.ParseUint(strings.TrimPrefix(word, "answer"), 10, 64)
		if err != nil {
			t.Fatalf("what is %q?", word)
		}
		return outcome(e.state.HandleAnswer(id, e.now), ">right", ">wrong")
	}
	return nil
}

// pass lets d go by and does what comes due, when Next says that it does.
func (e *engine) pass(d time.Duration) (said []string) {
	end := e.now.Add(d)
	for {
		next := e.state.Next()
		if next.IsZero() || next.After(end) {
			break
		}
		if next.After(e.now) {
			e.now = next
		}
		switch action := e.state.Due(e.now); action {
		case SendOffer:
			said = append(said, fmt.Sprintf(">offer%d", e.state.OfferID()))
		case ResendOffer:
			said = append(said, fmt.Sprintf(">resend%d", e.state.OfferID()))
		case GiveUp:
			said = append(said, ">giveup")
		default:
			return append(said, ">nothing-though-due")
		}
		if len(said) > 100 {
			return append(said, ">endless")
		}
	}
	e.now = end
	return said
}

func TestStarted(t *testing.T) {
	t.Parallel()
	var s State
	if s.HandleOffer(start); s.Started() {
		t.Error("started before the first offer was answered")
	}
	if s.Answered(start); !s.Started() {
		t.Error("not started after the first offer was answered")
	}
	if s.HandleOffer(start); !s.Started() {
		t.Error("not started any more while the second offer is applied")
	}
}

// FuzzNegotiate reads each byte as something that happens (low 3 bits) with an
// argument (the other 5), and checks what must hold whatever happens.
func FuzzNegotiate(f *testing.F) {
	f.Add([]byte("\x01\x02\x00\x0e\x03"))
	f.Add([]byte("\x01\x02\x00\x0e\x01\xff\xff\x04\x03\x06"))
	f.Add([]byte("\x00\xff\x01\xff\x02\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		w := world{engine: engine{now: start}}
		for _, op := range ops {
			w.step(t, op&7, time.Duration(op>>3))
		}
	})
}

// world is an engine and what an onlooker knows of the negotiation.
type world struct {
	engine
	taken   bool // a client's offer is being applied
	pending bool // an offer of ours is out
	over    bool // given up
}

func (w *world) step(t *testing.T, op byte, arg time.Duration) {
	t.Helper()
	s := &w.state
	switch op {
	case 0:
		s.Need(w.now)
	case 1:
		if s.HandleOffer(w.now) {
			if w.taken || w.pending || w.over {
				t.Fatal("took an offer while not stable")
			}
			w.taken = true
		}
	case 2:
		s.Answered(w.now)
		w.taken = false
	case 3:
		w.answer(t, s.OfferID()-uint64(arg%2))
	case 4:
		s.Reconnected(w.now)
	case 5:
		w.now = w.now.Add(arg * time.Millisecond)
		w.due(t)
	default:
		w.now = w.now.Add(arg * time.Second / 4)
		w.due(t)
	}
}

func (w *world) answer(t *testing.T, id uint64) {
	t.Helper()
	if right := w.pending && id == w.state.OfferID(); w.state.HandleAnswer(id, w.now) != right {
		t.Fatalf("answer %d to offer %d, pending %v: want %v", id, w.state.OfferID(), w.pending, right)
	} else if !right {
		return
	}
	w.pending = false
	if !w.state.HandleOffer(w.now) {
		t.Fatal("not stable after the answer")
	}
	w.state.Answered(w.now)
}

func (w *world) due(t *testing.T) {
	t.Helper()
	before, next := w.state.OfferID(), w.state.Next()
	promised := !next.IsZero() && !w.now.Before(next)
	action := w.state.Due(w.now)
	if promised != (action != Nothing) {
		t.Fatalf("Next says %v, Due at %v says %d", next, w.now, action)
	}
	if action != Nothing && (w.over || w.taken || !w.state.Started()) {
		t.Fatalf("action %d: over %v, a client's offer taken %v, started %v", action, w.over, w.taken, w.state.Started())
	}
	switch action {
	case SendOffer:
		if w.pending || w.state.OfferID() != before+1 {
			t.Fatalf("offer %d after %d, pending %v", w.state.OfferID(), before, w.pending)
		}
		w.pending = true
	case ResendOffer, GiveUp:
		if !w.pending || w.state.OfferID() != before {
			t.Fatalf("action %d with offer %d, pending %v", action, w.state.OfferID(), w.pending)
		}
		w.over = action == GiveUp
		w.pending = !w.over
	case Nothing:
	}
}
