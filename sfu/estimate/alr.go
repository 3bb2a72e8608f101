package estimate

import "time"

// The constants of libwebrtc alr_detector.cc and its interval budget.
const (
	alrShare  = 0.65 // of the estimate: who sends less builds up a budget: bandwidth_usage_ratio
	alrBegin  = 0.80 // of the largest budget: start_budget_level_ratio
	alrEnd    = 0.50 // stop_budget_level_ratio
	alrWindow = 500 * time.Millisecond
)

// alr detects application-limited times: much less is sent than could be, so
// that what arrives says nothing of the path. The zero alr is ready to use.
type alr struct {
	budget float64 // bytes that were not sent, or, below 0, sent too much
	last   time.Time
	active bool
}

// add takes in that so many bytes were sent, or none, at now.
func (a *alr) add(bytes int, estimate float64, now time.Time) {
	most := estimate * alrShare * alrWindow.Seconds() / 8
	if past := now.Sub(a.last); !a.last.IsZero() && past > 0 {
		a.budget += estimate * alrShare / 8 * min(past, 2*alrWindow).Seconds()
	}
	if now.After(a.last) {
		a.last = now
	}
	a.budget = max(min(a.budget, most)-float64(bytes), -most)
	switch level := a.budget / max(most, 1); {
	case level > alrBegin:
		a.active = true
	case level < alrEnd:
		a.active = false
	}
}
