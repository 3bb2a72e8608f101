package sfu

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"sfu/metrics"
	"sfu/sfu/media"
	"sfu/sfu/pcap"
)

const (
	// MaxCaptureTime and MaxCaptureBytes bound one capture.
	MaxCaptureTime  = 5 * time.Minute
	MaxCaptureBytes = 256 << 20

	// captureEvery is how often what was captured is written.
	captureEvery = 100 * time.Millisecond
	// maxCaptureWrite bounds what is written at once.
	maxCaptureWrite = 64 << 10
)

// Addresses of a capture: documentation's (RFC 5737), for what ICE chose is
// nobody's business and may change on the way. The port is RTP's (RFC 3551, 8), so
// that Wireshark knows what it sees.
var (
	captureServer = pcap.Endpoint{Address: [4]byte{192, 0, 2, 1}, Port: 5004}
	captureClient = pcap.Endpoint{Address: [4]byte{192, 0, 2, 2}, Port: 5004}
)

// Errors of Capture.
var (
	ErrCapturesOff = errors.New("captures are off: the setting capture allows them")
	ErrCapturing   = errors.New("another capture is under way: one at a time")
)

// CaptureOrder says what is to be recorded of whom, and who asks. No capture takes more
// than MaxCaptureTime and MaxCaptureBytes.
type CaptureOrder struct {
	Room, Participant string
	Time              time.Duration
	Bytes             int  // of the file
	Up, Down          bool // what the participant sends; what it is sent
	Payload           bool // all of each packet, not only its header and the first bytes
	By                string
}

// Capture is one participant's packets, as they are before encryption and after
// decryption, on their way into a file.
type Capture struct {
	order  CaptureOrder
	server *Server
	link   *link
	tap    *tap
	log    *slog.Logger

	file    []byte // what is not written yet
	bytes   int    // in all
	packets int
}

// Capture begins to record. The caller must Run it.
func (s *Server) Capture(o CaptureOrder) (*Capture, error) {
	c, err := s.capture(o)
	if err != nil {
		s.count.Capture.Captures[metrics.CaptureRefused].Inc()
	}
	return c, err
}

func (s *Server) capture(o CaptureOrder) (*Capture, error) {
	if !s.live.Load().captures {
		return nil, ErrCapturesOff
	}
	o.Time, o.Bytes = min(o.Time, MaxCaptureTime), min(o.Bytes, MaxCaptureBytes)
	r, err := s.room(o.Room)
	if err != nil {
		return nil, err
	}
	p := r.member(media.ParticipantID(o.Participant))
	if p == nil {
		return nil, ErrNoParticipant
	}
	if !s.capturing.CompareAndSwap(false, true) {
		return nil, ErrCapturing
	}
	var ways direction
	if o.Up {
		ways |= up
	}
	if o.Down {
		ways |= down
	}
	c := &Capture{order: o, server: s, link: p.link, tap: newTap(ways, o.Payload), log: p.log.With("by", o.By)}
	c.link.loop.do(func() {
		if c.link.gone {
			c.tap.end()
			return
		}
		c.link.out.tap = c.tap
	})
	c.log.Warn("capture begins: packets of this participant are recorded",
		"time", o.Time, "bytes", o.Bytes, "payload", o.Payload)
	return c, nil
}

// Run writes the capture to w until its time or its bytes are over, the participant
// is gone, or ctx ends. An error is one of w's.
func (c *Capture) Run(ctx context.Context, w io.Writer) error {
	why, err := c.run(ctx, w)
	c.link.loop.do(func() {
		if c.link.out.tap == c.tap {
			c.link.out.tap = nil
		}
	})
	c.tap.mail.Close()
	outcome := metrics.CaptureOK
	if err != nil {
		outcome, why = metrics.CaptureFailed, err.Error()
	}
	c.server.count.Capture.Captures[outcome].Inc()
	c.server.count.Capture.Bytes.Add(float64(c.bytes))
	c.log.Warn("capture ended", "because", why, "packets", c.packets, "bytes", c.bytes, "missed", c.Missed())
	c.server.capturing.Store(false)
	return err
}

// Missed returns how many packets are not in the capture because it could not be
// written fast enough.
func (c *Capture) Missed() int { return int(c.tap.missed.Load()) }

// run returns why it ended.
func (c *Capture) run(ctx context.Context, w io.Writer) (why string, err error) {
	over := time.NewTimer(c.order.Time)
	defer over.Stop()
	look := time.NewTicker(captureEvery)
	defer look.Stop()
	c.file = pcap.AppendHeader(nil)
	if err := c.flush(w); err != nil {
		return "", err
	}
	var packets []tapped
	for why == "" {
		select {
		case <-ctx.Done():
			return "whoever asked has gone", nil
		case <-over.C:
			why = "time"
		case <-c.tap.ended:
			why = "the participant left"
		case <-look.C:
		}
		packets = c.tap.mail.Take(packets)
		full, err := c.write(w, packets)
		if err != nil {
			return "", err
		}
		if full {
			return "size", nil
		}
	}
	return why, nil
}

// write writes packets down, and reports whether the next one would be too much.
func (c *Capture) write(w io.Writer, packets []tapped) (full bool, err error) {
	for i := range packets {
		p := &packets[i]
		if c.bytes+len(c.file)+pcap.PacketSize+len(p.data) > c.order.Bytes {
			full = true
			break
		}
		from, to := captureClient, captureServer
		if p.way == down {
			from, to = to, from
		}
		c.file = pcap.AppendPacket(c.file, &pcap.Packet{At: p.at, From: from, To: to, Data: p.data})
		c.packets++
		if len(c.file) >= maxCaptureWrite {
			if err := c.flush(w); err != nil {
				return false, err
			}
		}
	}
	return full, c.flush(w)
}

// flush writes what is in the file so far.
func (c *Capture) flush(w io.Writer) error {
	if len(c.file) == 0 {
		return nil
	}
	n, err := w.Write(c.file)
	c.bytes += n
	c.file = c.file[:0]
	return err
}
