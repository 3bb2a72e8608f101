package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sfu/sfu"
	"sfu/sfu/pcap"
)

// captured is what a capture holds: RTP by name, each way, and how many RTCP packets.
type captured struct {
	up, down               map[packetName][]byte
	upReports, downReports int
}

// readCapture parses a pcap file by the format's description.
func readCapture(t *testing.T, file []byte) captured {
	t.Helper()
	c := captured{up: make(map[packetName][]byte), down: make(map[packetName][]byte)}
	le := binary.LittleEndian
	if len(file) < pcap.HeaderSize || le.Uint32(file) != 0xa1b23c4d || le.Uint32(file[20:]) != 101 {
		t.Fatalf("no pcap of raw IP: % x", file[:min(len(file), pcap.HeaderSize)])
	}
	for b := file[pcap.HeaderSize:]; len(b) > 0; {
		ip := b[16 : 16+le.Uint32(b[8:])]
		b = b[16+len(ip):]
		packets, reports := c.up, &c.upReports
		if bytes.Equal(ip[12:16], []byte{192, 0, 2, 1}) { // from the server
			packets, reports = c.down, &c.downReports
		}
		data := ip[28:]
		if data[1] >= 192 && data[1] <= 223 {
			_, err := rtcp.Unmarshal(data)
			check(t, err)
			*reports++
			continue
		}
		var h rtp.Header
		_, err := h.Unmarshal(data)
		check(t, err)
		packets[packetName{h.SSRC, h.SequenceNumber}] = data
	}
	return c
}

// record records a participant for so long, while time passes.
func (w *world) record(o sfu.CaptureOrder) []byte {
	w.t.Helper()
	c, err := w.server.Capture(o)
	check(w.t, err)
	var file bytes.Buffer
	check(w.t, c.Run(context.Background(), &file))
	if c.Missed() != 0 {
		w.t.Errorf("the capture missed %d packets", c.Missed())
	}
	return file.Bytes()
}

// Packet by packet and byte by byte, a capture is what the participant sent and what
// it received.
func TestACaptureIsTheCall(t *testing.T) {
	playWith(t, sfu.Config{Captures: true}, func(w *world) {
		w.join("ana", filming(costly))
		bob := w.join("bob")
		w.run(3 * time.Second)
		bob.do(func() { bob.kept = make(map[packetName][]byte) })
		order := sfu.CaptureOrder{
			Room: "room", Participant: bob.me.ID, Time: 2 * time.Second, Bytes: 16 << 20, Up: true, Down: true, Payload: true, By: "test",
		}
		c := readCapture(t, w.record(order))
		w.run(2 * oneWay) // what was captured last arrives
		if len(c.down) < 300 || len(c.up) < 200 || c.upReports == 0 || c.downReports == 0 {
			t.Errorf("%d packets down, %d up, %d and %d reports", len(c.down), len(c.up), c.upReports, c.downReports)
		}
		bob.do(func() {
			for name, raw := range c.down {
				if !bytes.Equal(bob.kept[name], raw) {
					t.Fatalf("packet %v down is % .40x in the capture, and % .40x at bob's", name, raw, bob.kept[name])
				}
			}
			for name, raw := range c.up {
				i := slices.IndexFunc(bob.ups, func(u *uplink) bool { return u.bound.Load().ssrc == name.ssrc })
				if i < 0 {
					t.Fatalf("bob sends nothing on SSRC %d", name.ssrc)
				}
				var p rtp.Packet
				check(t, p.Unmarshal(raw))
				if sent := bob.ups[i].sent[name.seq]; !bytes.Equal(sent.Payload, p.Payload) || sent.Timestamp != p.Timestamp {
					t.Fatalf("packet %v up is not what bob sent", name)
				}
			}
		})
	})
}

func TestACaptureLeavesPayloadsOut(t *testing.T) {
	playWith(t, sfu.Config{Captures: true}, func(w *world) {
		w.join("ana", filming(costly))
		bob := w.join("bob")
		w.run(2 * time.Second)
		bob.do(func() { bob.kept = make(map[packetName][]byte) })
		c := readCapture(t, w.record(sfu.CaptureOrder{
			Room: "room", Participant: bob.me.ID, Time: time.Second, Bytes: 1 << 20, Down: true, By: "test",
		}))
		w.run(2 * oneWay)
		if len(c.up) > 0 || c.upReports > 0 || len(c.down) < 100 {
			t.Errorf("%d packets up, %d down", len(c.up), len(c.down))
		}
		bob.do(func() {
			for name, raw := range c.down {
				var got, want rtp.Packet
				check(t, got.Unmarshal(raw))
				check(t, want.Unmarshal(bob.kept[name]))
				const kept = 16
				first, rest := got.Payload[:min(kept, len(got.Payload))], got.Payload[min(kept, len(got.Payload)):]
				if len(raw) != len(bob.kept[name]) || got.PaddingSize != want.PaddingSize || !bytes.Equal(first, want.Payload[:len(first)]) {
					t.Fatalf("packet %v is % .40x in the capture, and % .40x at bob's", name, raw, bob.kept[name])
				}
				if len(bytes.Trim(rest, "\x00")) > 0 {
					t.Fatalf("of packet %v the capture has %d bytes of payload", name, len(got.Payload))
				}
			}
		})
	})
}

func TestACaptureEnds(t *testing.T) {
	playWith(t, sfu.Config{Captures: true}, func(w *world) {
		w.join("ana", filming(costly))
		bob := w.join("bob")
		w.run(2 * time.Second)
		order := sfu.CaptureOrder{Room: "room", Participant: bob.me.ID, Time: time.Hour, Bytes: 50_000, Up: true, Down: true, Payload: true}
		if file := w.record(order); len(file) > 50_000 || len(file) < 48_000 {
			t.Errorf("a capture of 50 kB has %d bytes", len(file))
		}
		order.Bytes = 1 << 30
		c, err := w.server.Capture(order)
		check(t, err)
		if _, err := w.server.Capture(order); !errors.Is(err, sfu.ErrCapturing) {
			t.Errorf("a second capture: %v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		check(t, c.Run(ctx, io.Discard))

		broken := errors.New("nobody reads")
		c, err = w.server.Capture(order)
		check(t, err)
		if err := c.Run(context.Background(), writer(func([]byte) (int, error) { return 0, broken })); !errors.Is(err, broken) {
			t.Errorf("a reader that is gone: %v", err)
		}

		c, err = w.server.Capture(order)
		check(t, err)
		ended := make(chan error, 1)
		go func() { ended <- c.Run(context.Background(), io.Discard) }()
		w.run(time.Second)
		bob.leave()
		w.run(time.Second)
		select {
		case err := <-ended:
			check(t, err)
		default:
			t.Error("bob has left, and his capture goes on")
		}
		for outcome, want := range []float64{3, 1, 1} { // ok, refused, failed
			if got := value(w.count.Capture.Captures[outcome]); got != want {
				t.Errorf("outcome %d: %v times, not %v", outcome, got, want)
			}
		}
		if value(w.count.Capture.Bytes) < 50_000 {
			t.Errorf("%v bytes were captured", value(w.count.Capture.Bytes))
		}
		if n := strings.Count(w.log.String(), `"level":"WARN","msg":"capture`); n != 8 {
			t.Errorf("the log warns %d times of captures' beginnings and ends:\n%s", n, w.log.String())
		}
	})
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

func TestWhoMayNotBeCaptured(t *testing.T) {
	playWith(t, sfu.Config{}, func(w *world) {
		bob := w.join("bob")
		order := sfu.CaptureOrder{Room: "room", Participant: bob.me.ID, Time: time.Second, Bytes: 1 << 20, Up: true}
		for _, tc := range []struct {
			on                bool
			room, participant string
			want              error
		}{
			{false, "room", bob.me.ID, sfu.ErrCapturesOff},
			{true, "attic", bob.me.ID, sfu.ErrNoRoom},
			{true, "room", "nobody", sfu.ErrNoParticipant},
		} {
			w.server.Reconfigure(sfu.Config{Captures: tc.on})
			order.Room, order.Participant = tc.room, tc.participant
			if _, err := w.server.Capture(order); !errors.Is(err, tc.want) {
				t.Errorf("%+v: %v", tc, err)
			}
		}
	})
}
