package codec

import (
	"testing"

	"github.com/pion/rtp/codecs"

	"sfu/sfu/media"
)

// OBU headers in the cases: 08 sequence header, 10 temporal delimiter, 18 frame
// header, 20 tile group, 28 metadata, 30 frame, 38 redundant frame header.
func TestAV1Payloads(t *testing.T) {
	t.Parallel()
	checkPayloads(t, media.AV1, []payloadCase{
		{"sequence header and frame", "28 02 0800 3000", "key"},
		{"sequence header and frame, each with its size", "08 02 0800 02 3000", "key"},
		{"three elements", "38 01 08 01 28 3000", "key"},
		{"delimiter before the sequence header", "38 01 10 02 0800 3000", "key"},
		{"sequence header whose frame goes on", "68 02 0800 3000", "key"},
		{"a size of two bytes", "28 8200 0800 3000", "key"},
		{"N without sequence header", "18 3000", "start"},
		{"sequence header without N", "20 02 0800 3000", "start"},
		{"sequence header behind a tile group", "28 02 2000 0800", "more"},
		{"sequence header that only goes on", "90 0800", "more"},
		{"a frame begins", "10 3000", "start"},
		{"a frame header begins a frame", "20 01 18 2000", "start"},
		{"a tile group goes on with one", "10 2000", "more"},
		{"a redundant frame header too", "10 3800", "more"},
		{"a fragment goes on", "90 3000", "more"},
		{"a fragment ends and a tile group follows", "a0 02 3000 2000", "more"},
		{"an OBU of no byte", "20 00 3000", "more"},
		{"nothing", "", "bad"},
		{"a header alone", "10", "bad"},
		{"a header alone, any number of elements", "00", "bad"},
		{"a new sequence that goes on", "98 0800", "bad"},
		{"one element of two", "20 02 3000", "bad"},
		{"an element that runs over the end", "20 03 3000", "bad"},
		{"the same with sizes", "00 03 3000", "bad"},
		{"a size without an end", "00 ffffffffffffffffffff", "bad"},
		{"a size without an end before a good element", "00 8080808080808080 02 3000", "bad"},
		{"the largest size", "00 ffffffffffffff7f 3000", "bad"},
		{"a size cut off", "00 80", "bad"},
	})
}

func TestAV1FromPion(t *testing.T) {
	t.Parallel()
	var p codecs.AV1Payloader
	frame := append(unhex(t, "30 00"), make([]byte, 3000)...) // no size: to the end

	key := append(unhex(t, "1200 0a0b 00000024c4ffdf006802ff"), frame...)
	checkSplit(t, media.AV1, p.Payload(1200, key), "key")

	delta := append(unhex(t, "1200"), frame...)
	checkSplit(t, media.AV1, p.Payload(1200, delta), "start")
}
