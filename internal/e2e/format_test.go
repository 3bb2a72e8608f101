package e2e

import "github.com/pion/webrtc/v4"

// format is a payload format that peers send.
type format uint8

const (
	formatOpus format = iota
	formatRED
	formatVP8
	formatVP9
	formatAV1

	numFormats = iota
)

var formats = [numFormats]struct{ mime, rtpmap string }{
	formatOpus: {webrtc.MimeTypeOpus, "opus/48000"},
	formatRED:  {"audio/red", "red/48000"},
	formatVP8:  {webrtc.MimeTypeVP8, "VP8/90000"},
	formatVP9:  {webrtc.MimeTypeVP9, "VP9/90000"},
	formatAV1:  {webrtc.MimeTypeAV1, "AV1/90000"},
}

func (f format) mime() string { return formats[f].mime }

// numbers are the payload types of one format; 0 is none.
type numbers struct{ media, rtx uint8 }

// formatOf returns which format a payload type means, as media or as a
// retransmission of it.
func (s *section) formatOf(pt uint8, repeat bool) (f format, ok bool) {
	for f, n := range s.types {
		if pt != 0 && (!repeat && n.media == pt || repeat && n.rtx == pt) {
			return format(f), true
		}
	}
	return 0, false
}
