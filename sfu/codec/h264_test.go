package codec

import (
	"testing"

	"github.com/pion/rtp/codecs"

	"sfu/sfu/media"
)

func TestH264Payloads(t *testing.T) {
	t.Parallel()
	checkPayloads(t, media.H264, []payloadCase{
		{"a sequence parameter set", "67 42c01f", "key"},
		{"a picture parameter set", "68 ce3c80", "start"},
		{"an IDR slice without parameter sets is no place to begin", "65 88", "start"},
		{"the second slice of an IDR picture", "65 08", "more"},
		{"a slice", "41 9a", "start"},
		{"the second slice", "41 1a", "more"},
		{"a slice without a body", "41", "more"},
		{"supplemental information", "06 05", "start"},
		{"an access unit delimiter", "09 f0", "start"},
		{"the end of a sequence", "0a", "more"},
		{"the last type that is a unit", "77 00", "more"},
		{"STAP-A with SPS and PPS", "78 0002 6742 0002 68ce", "key"},
		{"STAP-A with the SPS last", "78 0002 0910 0002 6742", "key"},
		{"STAP-A with PPS and slice", "78 0002 68ce 0002 419a", "start"},
		{"STAP-A with second slices", "78 0002 411a 0002 411a", "more"},
		{"FU-A, an SPS begins", "7c 87 42", "key"},
		{"FU-A, an SPS goes on", "7c 07 42", "more"},
		{"FU-A, an IDR slice begins", "7c 85 88", "start"},
		{"FU-A, an IDR slice ends", "7c 45 88", "more"},
		{"FU-A with nothing in it, which is allowed", "7c 85", "more"},
		{"nothing", "", "bad"},
		{"type 0", "60 00", "bad"},
		{"STAP-B is for interleaving", "79 0000 0002 6742", "bad"},
		{"MTAP16", "7a 0000", "bad"},
		{"MTAP24", "7b 0000", "bad"},
		{"FU-B", "7d 87 0000", "bad"},
		{"type 30", "7e 00", "bad"},
		{"type 31", "7f 00", "bad"},
		{"STAP-A with nothing in it", "78", "bad"},
		{"STAP-A with half a size", "78 00", "bad"},
		{"STAP-A with an empty unit", "78 0000", "bad"},
		{"STAP-A that runs over the end", "78 0003 6742", "bad"},
		{"STAP-A with a byte too many", "78 0002 6742 00", "bad"},
		{"STAP-A in STAP-A", "78 0003 780001", "bad"},
		{"FU-A without its header", "7c", "bad"},
		{"FU-A of FU-A", "7c 9c 00", "bad"},
		{"FU-A of type 0", "7c 80 00", "bad"},
	})
}

func TestH264FromPion(t *testing.T) {
	t.Parallel()
	const startCode = "00000001"
	idr := append(unhex(t, startCode+"65 88"), make([]byte, 3000)...)
	key := append(unhex(t, startCode+"67 42c01f"+startCode+"68 ce3c80"), idr...)

	p := codecs.H264Payloader{}
	payloads := p.Payload(1200, key)
	if got := judge(media.H264, payloads[0]); got != "key" {
		t.Errorf("STAP-A: %s, want key", got)
	}
	checkSplit(t, media.H264, payloads[1:], "start")

	checkSplit(t, media.H264, p.Payload(1200, append(unhex(t, startCode+"41 9a"), make([]byte, 3000)...)), "start")
}
