package e2e

import (
	"testing"
	"time"

	"sfu/signaling/wire"
)

// TestLipsStayWithTheVoiceWhateverIsShown switches between encodings, each of
// which has a clock of its own, and pauses, and asks after each change where
// the sender reports put picture and voice.
func TestLipsStayWithTheVoiceWhateverIsShown(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann", filming(simulcast))
		bob := w.join("bob", sending("microphone"))
		bob.shows(ann, 1280, time.Second)
		w.run(time.Second) // for the first reports
		track := bob.trackOf(ann, "camera")
		for _, wish := range []wire.TrackWish{
			{}, {Width: 160, Height: 90}, {Width: 640, Height: 360}, {Paused: true}, {Width: 160, Height: 90}, {Pinned: true}, {FPS: 7},
		} {
			wish.Track = track
			bob.wish(wish)
			if wish.Paused {
				w.run(3 * time.Second)
				continue
			}
			for range 3 {
				w.run(400 * time.Millisecond)
				bob.hearsWhatItSees(ann)
			}
		}
	})
}

// hearsWhatItSees checks that by the sender reports so far, picture and voice of
// other that were taken at one moment are to be shown at one moment.
func (p *peer) hearsWhatItSees(other *peer) {
	p.w.t.Helper()
	const apart = 40 * time.Millisecond
	p.do(func() {
		var delays [2]time.Duration
		for i, source := range []string{"microphone", "camera"} {
			f := p.down.flows[flow{other.ordinal, other.source(source).index}]
			st := p.down.byMid[f.mid]
			if len(st.reports) == 0 {
				p.w.t.Errorf("%s has no sender report of %s's %s yet", p.name, other.name, source)
				return
			}
			delays[i] = st.captureDelay(f.last)
		}
		if d := (delays[0] - delays[1]).Abs(); d > apart {
			p.w.t.Errorf("by its reports, %s shows %s's lips %v from the voice", p.name, other.name, d)
		}
	})
}
