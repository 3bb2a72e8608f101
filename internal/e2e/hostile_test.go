package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sfu/signaling/wire"
)

// In these tests ann and bob talk while eve does what no browser does. All
// that she may reach is her own end.

// hostile marks a peer whose media makes no sense: the others do not check it.
func hostile(p *peer) {
	p.hostile = true
	p.w.allowed.hostile = true
}

// longestSilence returns the longest time since that p got nothing of a source.
func (p *peer) longestSilence(other *peer, source string, since time.Time) (longest time.Duration) {
	index := other.source(source).index
	p.do(func() {
		times := []time.Time{since, time.Now()}
		for _, st := range p.down.byMid {
			for _, r := range st.packets {
				if r.stamp.sender == other.ordinal && r.stamp.source == index && r.at.After(since) {
					times = append(times, r.at)
				}
			}
		}
		slices.SortFunc(times, time.Time.Compare)
		for i := 1; i < len(times); i++ {
			longest = max(longest, times[i].Sub(times[i-1]))
		}
	})
	return longest
}

// undisturbed lets ann and bob talk while eve does something, and checks that
// they notice nothing.
func (w *world) undisturbed(ann, bob *peer, what string, do func()) {
	w.t.Helper()
	began := time.Now()
	do()
	w.run(400 * time.Millisecond)
	for _, pair := range [][2]*peer{{ann, bob}, {bob, ann}} {
		for source, bound := range map[string]time.Duration{
			"microphone": 2 * pulseEvery, "camera": (pulsesPerFrame + 1) * pulseEvery,
		} {
			if gap := pair[0].longestSilence(pair[1], source, began); gap > bound {
				w.t.Errorf("%s: %s got nothing of %s's %s for %v", what, pair[0].name, pair[1].name, source, gap)
			}
		}
	}
}

func TestNonsenseInSignallingHarmsNobodyElse(t *testing.T) {
	line := "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:%d\r\n"
	var lines strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&lines, line, i)
	}
	head := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	sdp := func(id int, text string) string {
		return string(toJSON(map[string]any{"type": "offer", "id": id, "sdp": text}))
	}
	cases := []struct {
		name string
		say  string    // lines are messages
		want wire.Code // among what eve is told; empty when she is told nothing
	}{
		{"no JSON", `{"type":`, wire.CodeBadMessage},
		{"no object", `[1,2,3]`, wire.CodeBadMessage},
		{"no type", `{}`, wire.CodeBadMessage},
		{"another type", `{"type":"dance"}`, wire.CodeUnsupported},
		{"wrong field type", `{"type":"offer","id":"one","sdp":1}`, wire.CodeBadMessage},
		{"not UTF-8", "{\"type\":\"leave\xff\"}", wire.CodeBadMessage},
		{"a second join", `{"type":"join_room","room":"room","name":"eve"}`, wire.CodeUnexpected},
		{"SDP that is none", sdp(2, "hello"), wire.CodeBadMessage},
		{"SDP without end", sdp(2, head+strings.Repeat("a=x\r\n", 30000)), wire.CodeBadMessage},
		{"SDP above the limit", sdp(2, head+"a="+strings.Repeat("x", 210<<10)), wire.CodeTooLarge},
		{"a thousand m-lines", sdp(2, head+lines.String()), wire.CodeTooLarge},
		{"m-lines without mid", sdp(2, head+"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"), wire.CodeBadMessage},
		{"an old offer", sdp(1, head), ""},
		{"an offer of nothing", sdp(3, head), wire.CodeBadMessage},
		{"a track on no mid", `{"type":"update_track","mid":"99","muted":true}`, wire.CodeNotFound},
		{"a camera for a microphone", `{"type":"update_track","mid":"6","muted":true,"source":"camera"}`, wire.CodeBadMessage},
		{"a candidate that is none", `{"type":"ice","candidate":{"candidate":"candidate:nonsense"}}`, ""},
		{"a candidate of elsewhere", `{"type":"ice","candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 1 typ host","usernameFragment":"who"}}`, ""},
		{"an answer to nothing", `{"type":"answer","id":9,"sdp":"v=0"}`, wire.CodeUnexpected},
		{"a message without end", `{"type":"` + strings.Repeat("x", 300<<10) + `"}`, wire.CodeTooLarge},
		{"a thousand messages", strings.Repeat("{\"type\":\"restart\"}\n", 1000), wire.CodeRateLimited},
	}
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		for _, c := range cases {
			eve := w.join("eve", hostile)
			w.undisturbed(ann, bob, c.name, func() {
				eve.do(func() {
					for say := range strings.Lines(c.say) {
						eve.sendRaw([]byte(strings.TrimSuffix(say, "\n")))
					}
				})
			})
			codes := eve.errors()
			if c.want == "" && len(codes) > 0 || c.want != "" && !slices.Contains(codes, c.want) {
				t.Errorf("%s: eve is told %v, not %q", c.name, codes, c.want)
			}
			eve.leave()
		}
		w.run(10 * time.Second) // whose socket was closed cannot say goodbye
		w.holds(2, 2, 2)
		ann.receivesOnly(bob)
	})
}

func TestOffersThatBreakTheRulesEndOnlyTheirSender(t *testing.T) {
	play(t, func(w *world) {
		ann, bob := w.join("ann"), w.join("bob")
		w.everyoneReceivesEveryone(time.Second)
		for name, change := range map[string]func(sdp string) string{
			"other mids": func(sdp string) string { return strings.ReplaceAll(sdp, "a=mid:", "a=mid:9") },
			"no codecs": func(sdp string) string {
				return strings.ReplaceAll(sdp, "a=rtpmap:", "a=x-rtpmap:")
			},
			"all inactive":   func(sdp string) string { return strings.ReplaceAll(sdp, "a=sendonly", "a=inactive") },
			"all sending":    func(sdp string) string { return strings.ReplaceAll(sdp, "a=recvonly", "a=sendonly") },
			"no fingerprint": func(sdp string) string { return strings.ReplaceAll(sdp, "a=fingerprint:", "a=x:") },
			"no credentials": func(sdp string) string { return strings.ReplaceAll(sdp, "a=ice-ufrag:", "a=x:") },
			"fewer sections": func(sdp string) string { return sdp[:strings.LastIndex(sdp, "m=")] },
			"one SSRC for all": func(sdp string) string {
				return regexp.MustCompile(`a=ssrc:\d+`).ReplaceAllString(sdp, "a=ssrc:1")
			},
			"extensions renumbered": func(sdp string) string {
				return regexp.MustCompile(`a=extmap:\d+`).ReplaceAllString(sdp, "a=extmap:7")
			},
		} {
			eve := w.join("eve", hostile)
			w.undisturbed(ann, bob, name, func() {
				eve.do(func() {
					eve.send(&wire.Offer{ID: eve.talks.offers + 1, SDP: change(eve.pc.LocalDescription().SDP), Tracks: eve.declared()})
				})
			})
			eve.leave()
		}
		w.run(10 * time.Second)
		w.holds(2, 2, 2)
		ann.receivesOnly(bob)
	})
}

func TestWhatComesBeforeJoinRoomIsRefused(t *testing.T) {
	play(t, func(w *world) {
		ann := w.join("ann")
		for _, msg := range []wire.Client{
			&wire.Offer{ID: 1, SDP: "v=0\r\n"}, &wire.Answer{ID: 1, SDP: "v=0\r\n"}, &wire.ICE{}, &wire.Leave{},
			&wire.UpdateTrack{MID: "0"}, &wire.Restart{},
		} {
			eve := w.stranger("eve")
			s := eve.open()
			eve.do(func() { eve.sock = s; eve.send(msg) })
			w.run(20 * time.Millisecond)
			if codes := eve.errors(); !slices.Equal(codes, []wire.Code{wire.CodeUnexpected}) {
				t.Errorf("eve, who said %T, is told %v", msg, codes)
			}
			w.await(11*time.Second, "who never joins is shown out", s.dead)
			eve.vanish()
		}
		told := 0
		for _, e := range ask(ann.endpoint, func() []event { return ann.events }) {
			if _, figures := e.msg.(*wire.Quality); !figures {
				told++
			}
		}
		if told > 5 { // one of them that nobody watches her
			t.Errorf("ann was told %d things", told)
		}
	})
}
