package e2e

import (
	"testing"
	"time"
)

func TestTwoParticipantsSeeAndHearEachOther(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		ann.receives(time.Second, bob)
		bob.receives(time.Second, ann)
		w.run(3 * time.Second)
	})
}
