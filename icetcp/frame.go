package icetcp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/pion/stun/v4"
)

const (
	// maxFrame is the longest frame: what fits an Ethernet, as over UDP.
	maxFrame = 1500
	// maxBuffered is what is read ahead of one connection: two frames at most.
	maxBuffered = 4 << 10

	lengthBytes = 2 // in front of each frame (RFC 4571, 2)
)

var (
	errTooLong  = errors.New("a frame is too long")
	errNotICE   = errors.New("the first frame is no STUN binding request with a user name")
	errNoFrames = errors.New("no more frames")
)

// frames cuts a stream into frames.
type frames struct {
	r    *bufio.Reader
	last int // bytes of r that the last frame holds
}

func newFrames(r io.Reader) *frames { return &frames{r: bufio.NewReaderSize(r, maxBuffered)} }

// next returns the next frame that is not empty. It is good until the next call.
func (f *frames) next() ([]byte, error) {
	for {
		if _, err := f.r.Discard(f.last); err != nil {
			return nil, err
		}
		f.last = 0
		head, err := f.r.Peek(lengthBytes)
		if err != nil {
			return nil, ended(err)
		}
		n := int(binary.BigEndian.Uint16(head))
		if n > maxFrame {
			return nil, fmt.Errorf("%w: %d bytes, %d at most", errTooLong, n, maxFrame)
		}
		whole, err := f.r.Peek(lengthBytes + n)
		if err != nil {
			return nil, ended(err)
		}
		f.last = len(whole)
		if n > 0 {
			return whole[lengthBytes:], nil
		}
	}
}

// ended names the end of a stream, in a frame or between two.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errNoFrames
	}
	return err
}

// carries reports whether a frame is of a protocol that a media socket knows:
// STUN, DTLS, RTP or RTCP (RFC 7983, 7).
func carries(frame []byte) bool {
	b := frame[0]
	return b <= 3 || b >= 20 && b <= 63 || b >= 128 && b <= 191
}

// opens reports whether a frame may be the first one of a connection: a check of
// connectivity, which says whom it is for (RFC 8445, 7.2.2).
func opens(frame []byte) bool {
	m := stun.Message{Raw: frame}
	return m.Decode() == nil && m.Type == stun.BindingRequest && m.Contains(stun.AttrUsername)
}
