package keyframe

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A word of a story is a time in ms and what happens then: r a request, k a
// keyframe, p a PLI is due, n none is.
func TestThrottle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, story string }{
		{"nobody asks", "0n 1000n"},
		{"a keyframe that nobody asked for", "0k 0n 1000n"},
		{"the first request goes at once", "0r 0p"},
		{"many requests are one", "0r 0r 0p 0n 10r 20r 20n 50k 50n 1000n"},
		{"repeated until the keyframe comes", "0r 0p 319n 320p 500n 640p 700k 960n 5000n"},
		{"a newcomer right after the keyframe is deferred", "0r 0p 50k 60r 60n 319n 320p 400k 640n"},
		{"a newcomer long after it is not", "0r 0p 50k 500r 500p"},
		{"the keyframe on its way serves those who came meanwhile", "0r 0p 40r 80k 320n 1000n"},
		{"a keyframe older than the request does not", "0r 0p 100r 99k 320p 330k 640n"},
		{"a keyframe of the same moment does", "0r 0p 100r 100k 320n"},
		{"another keyframe does not hurry the next", "0r 0p 50k 60r 100k 200r 200n 320p"},
		{
			"after five in vain it goes slowly",
			"0r 0p 320p 640p 960p 1280p 1600n 2279n 2280p 3279n 3280p 4280p",
		},
		{
			"a new request does not make it faster",
			"0r 0p 320p 640p 960p 1280p 1300r 1600n 2279n 2280p",
		},
		{
			"an answer does",
			"0r 0p 320p 640p 960p 1280p 2280p 2300k 2300r 2599n 2600p 2920p 3240p 3560p 3880p 4200n 4880p",
		},
		{"whoever looks late sends late, and only one", "0r 0p 5000p 5000n 5320p"},
	} {
		if err := play(tt.story); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func play(story string) error {
	var th Throttle
	start := time.Unix(1000, 0)
	for _, word := range strings.Fields(story) {
		var ms int
		var event rune
		if _, err := fmt.Sscanf(word, "%d%c", &ms, &event); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		now := start.Add(time.Duration(ms) * time.Millisecond)
		switch event {
		case 'r':
			th.Request(now)
		case 'k':
			th.Seen(now)
		case 'p', 'n':
			if got := th.Due(now); got != (event == 'p') {
				return fmt.Errorf("%s: due %v", word, got)
			}
		}
	}
	return nil
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	var th Throttle
	now := time.Unix(1000, 0)
	if th.Waiting() {
		t.Error("waiting for what nobody asked for")
	}
	th.Request(now)
	if !th.Waiting() {
		t.Error("not waiting after a request")
	}
	th.Due(now)
	if !th.Waiting() {
		t.Error("not waiting after a PLI, which is no keyframe")
	}
	th.Seen(now.Add(time.Millisecond))
	if th.Waiting() {
		t.Error("still waiting after the keyframe")
	}
}
