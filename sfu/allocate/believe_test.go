package allocate

import (
	"testing"
	"time"
)

func TestWhatIsBelievedIsGrantedAtOnce(t *testing.T) {
	t.Parallel()
	for _, believed := range []bool{false, true} {
		var p Planner
		c := []Claim{{
			Options: []Option{{Live: true, Temporal: 1}, {Live: true, Temporal: 1}},
			Costs:   []Cost{{100_000, 100_000, 100_000}, {400_000, 400_000, 400_000}}, Option: 1, New: true,
		}}
		at := time.Unix(1000, 0)
		first, _ := p.Plan(300_000, c, at)
		c[0].Had, c[0].New = first[0], false
		if believed {
			p.Believe()
		}
		second, _ := p.Plan(2_000_000, c, at.Add(100*time.Millisecond))
		if raised := second[0].Option == 1; raised != believed {
			t.Errorf("believed %v: raised at once is %v", believed, raised)
		}
	}
}
