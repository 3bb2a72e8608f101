package sfu

import (
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"sfu/metrics"
	"sfu/signaling/wire"
)

// answerTo lets one client in, gives the server its offer and returns what
// comes back. No packet is sent: the server only checks addresses that the
// client names, and these offers name none.
func answerTo(t *testing.T, cfg Config, offer *wire.Offer) (answer *wire.Answer, errs []*wire.Error) {
	t.Helper()
	server, err := New(cfg, metrics.New(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	in := make(chan wire.Server, 100)
	session, err := server.Join(&wire.JoinRoom{Room: "r", Name: "ana"}, func(m wire.Server) { in <- m })
	if err != nil {
		t.Fatal(err)
	}
	session.Handle(offer)
	for timeout := time.After(10 * time.Second); ; {
		select {
		case msg := <-in:
			switch m := msg.(type) {
			case *wire.Answer:
				return m, errs
			case *wire.Error:
				return nil, append(errs, m)
			}
		case <-timeout:
			t.Fatal("no answer within 10 s")
		}
	}
}

func TestAnswerToBrowsers(t *testing.T) {
	t.Parallel()
	for _, browser := range []string{"chromium", "firefox"} {
		t.Run(browser, func(t *testing.T) {
			t.Parallel()
			public := netip.MustParseAddr("203.0.113.7")
			offer := &wire.Offer{ID: 1, SDP: readOffer(t, browser)}
			answer, errs := answerTo(t, Config{PublicIPs: []netip.Addr{public}}, offer)
			if answer == nil || answer.ID != 1 {
				t.Fatalf("answer = %+v, errors %v", answer, errs)
			}
			var parsed sdp.SessionDescription
			if err := parsed.UnmarshalString(answer.SDP); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"127.0.0.1", "203.0.113.7"} {
				if !slices.ContainsFunc(candidates(&parsed), func(c string) bool { return strings.Contains(c, " "+want+" ") }) {
					t.Errorf("no candidate for %s in %q", want, candidates(&parsed))
				}
			}
			for text, wanted := range map[string]bool{
				"a=setup:passive":          true, // we choose the cipher
				"a=max-message-size:65536": true,
				"simulcast:recv q;h;f":     true,
				"transport-cc":             true,
				".local":                   false, // mDNS is off
				"a=setup:active":           false,
				"G722":                     false, // few codecs keep renegotiation cheap
			} {
				if strings.Contains(answer.SDP, text) != wanted {
					t.Errorf("answer contains %q: %v, want %v", text, !wanted, wanted)
				}
			}
			offered, err := parseDescription(offer.SDP)
			if err != nil {
				t.Fatal(err)
			}
			answered, err := parseDescription(answer.SDP)
			if err != nil {
				t.Fatal(err)
			}
			if answered.ids != offered.ids {
				t.Errorf("extension ids %+v, want the browser's %+v", answered.ids, offered.ids)
			}
			slots := 0
			for _, s := range answered.sections {
				if s.sends {
					slots++
				}
			}
			if slots != 6 {
				t.Errorf("%d sections that the server sends on, want 6 slots", slots)
			}
		})
	}
}

func candidates(d *sdp.SessionDescription) []string {
	var list []string
	for _, m := range d.MediaDescriptions {
		for _, a := range m.Attributes {
			if a.IsICECandidate() {
				list = append(list, a.Value)
			}
		}
	}
	return list
}

func TestOffersThatAreRefused(t *testing.T) {
	t.Parallel()
	sdpText := readOffer(t, "chromium")
	for name, offer := range map[string]*wire.Offer{
		"not SDP":             {ID: 1, SDP: "hello"},
		"no data channel":     {ID: 1, SDP: strings.Replace(sdpText, "m=application", "m=text", 1)},
		"a mid that is not":   {ID: 1, SDP: sdpText, Tracks: []wire.SendTrack{{MID: "99", Source: "camera"}}},
		"a slot as an uplink": {ID: 1, SDP: sdpText, Tracks: []wire.SendTrack{{MID: "0", Source: "microphone"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, errs := answerTo(t, Config{}, offer)
			if answer != nil || len(errs) != 1 || errs[0].Code != wire.CodeBadMessage || errs[0].Fatal {
				t.Errorf("answer %v, errors %v; want one bad_message that is not fatal", answer != nil, errs)
			}
		})
	}
}
