package front

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		head string
		at   int // the byte after which it is decided
		want verdict
	}{
		{"a TLS record", "1603010200010001fc03", 1, isTLS},
		{"a request", "GET / HTTP/1.1", 1, isHTTP},
		{"a method nobody knows", "ZAP / HTTP/1.1", 1, isHTTP},
		{"HTTP/2 that knew before", "PRI * HTTP/2.0", 1, isHTTP},
		{"Chromium's Allocate", "000300082112a442aabb", 8, isTURN},
		{"a binding request over TCP", "000100002112a442aabb", 8, isTURN},
		{"a framed binding request", "0060000100502112a442", 10, isICE},
		{"the shortest framed STUN", "0014000100002112a442", 10, isICE},
		{"a frame too short for STUN", "0013000100002112a442", 10, isNothing},
		{"framed RTP", "00608060000121120000", 10, isNothing},
		{"a framed packet with a cookie that is not STUN", "0060c00100502112a442", 10, isNothing},
		{"a cookie one byte late", "00000003000821 12a442", 10, isNothing},
		{"zeros", "00000000000000000000", 10, isNothing},
		{"ChannelData before an allocation", "4000000421", 1, isNothing},
		{"SSH", "5353482d322e30", 1, isHTTP},
		{"lower case", "get / http/1.1", 1, isNothing},
		{"ones", "ffffffff", 1, isNothing},
		{"nothing yet", "", 0, undecided},
		{"half a header", "00030008", 4, undecided},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			head, err := hex.DecodeString(strings.ReplaceAll(tt.head, " ", ""))
			if err != nil {
				head = []byte(tt.head)
			}
			for n := range tt.at {
				if got := classify(head[:n]); got != undecided {
					t.Fatalf("decided after %d bytes that it is %d", n, got)
				}
			}
			if got := classify(head[:tt.at]); got != tt.want {
				t.Errorf("after %d bytes: %d, want %d", tt.at, got, tt.want)
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	for _, head := range []string{"GET / HTTP/1.1\r\n", "\x16\x03\x01\x02\x00", "\x00\x03\x00\x08\x21\x12\xa4\x42", "\x00\x60\x00\x01\x00\x50\x21\x12\xa4\x42", "\x00\x00"} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		decided := undecided
		for n := range len(head) + 1 {
			got := classify(head[:n])
			if decided != undecided && got != decided {
				t.Fatalf("%x was %d, and is %d after byte %d", head, decided, got, n)
			}
			decided = got
		}
		if len(head) >= headSize && decided == undecided {
			t.Fatalf("%x is still undecided", head)
		}
	})
}
