package forward

import "sfu/sfu/media"

// How many spans are remembered. One ends with a switch, with padding and with
// what is left out of a layered feed: one layer of each picture, or two apart, so
// 30 to 60 times a second, and the history of video is two seconds or more. That
// is longer than receivers ask for a packet. All of it is 7 KB, and touched only
// by what is late or is sent again. Both are powers of two.
const (
	videoDepth = 128
	audioDepth = 32
)

// history is the latest spans before the newest; the oldest gives way. They lie
// in the order of the numbers they gave.
type history struct {
	spans []span
	count uint64 // how many were added
}

func newHistory(kind media.Kind) history {
	depth := audioDepth
	if kind == media.Video {
		depth = videoDepth
	}
	return history{spans: make([]span, depth)}
}

func (h *history) add(s span) {
	*h.at(h.count) = s
	h.count++
}

// at returns the n-th span that was added; it is one of the latest.
func (h *history) at(n uint64) *span { return &h.spans[n&uint64(len(h.spans)-1)] }

// oldest returns the number of the oldest span that is remembered.
func (h *history) oldest() uint64 { return h.count - min(h.count, uint64(len(h.spans))) }

// holds returns the span in which number esn of feed has a place, or nil. It
// begins with the newest, for that is what late packets are near to.
func (h *history) holds(feed media.Feed, esn uint64) *span {
	for n := h.count; n > h.oldest(); n-- {
		s := h.at(n - 1)
		if s.feed != feed {
			continue
		}
		if esn >= s.end {
			return nil // numbers of a feed only rise
		}
		if esn >= s.first {
			return s
		}
	}
	return nil
}

// gave returns the span that gave the number out, or nil.
func (h *history) gave(out uint64) *span {
	low, high := h.oldest(), h.count // the first that ends above out
	for low < high {
		if middle := low + (high-low)/2; h.at(middle).next() > out {
			high = middle
		} else {
			low = middle + 1
		}
	}
	if low < h.count && h.at(low).gave(out) {
		return h.at(low)
	}
	return nil
}

// used returns the number above all those of feed that have places, 0 if none.
func (h *history) used(feed media.Feed) uint64 {
	for n := h.count; n > h.oldest(); n-- {
		if s := h.at(n - 1); s.feed == feed {
			return s.end
		}
	}
	return 0
}
