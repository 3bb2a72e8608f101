package icetcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pion/stun/v4"
)

// frame puts the length in front.
func frame(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

// check is a client's connectivity check.
func check(t testing.TB, attributes ...stun.Setter) []byte {
	t.Helper()
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.BindingRequest}, attributes...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func TestFrames(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", maxFrame)
	for _, tc := range []struct {
		name   string
		stream string
		want   []string
		err    error
	}{
		{"nothing", "", nil, errNoFrames},
		{"two", "\x00\x03abc\x00\x01d", []string{"abc", "d"}, errNoFrames},
		{"an empty one between", "\x00\x01a\x00\x00\x00\x00\x00\x01b", []string{"a", "b"}, errNoFrames},
		{"the longest", "\x05\xdc" + longest + "\x00\x01a", []string{longest, "a"}, errNoFrames},
		{"too long", "\x00\x01a\x05\xdd" + longest + "x", []string{"a"}, errTooLong},
		{"cut in the length", "\x00\x01a\x00", []string{"a"}, errNoFrames},
		{"cut in the frame", "\x00\x01a\x00\x05b", []string{"a"}, errNoFrames},
	} {
		for how, r := range map[string]io.Reader{
			"at once": strings.NewReader(tc.stream), "byte by byte": iotest.OneByteReader(strings.NewReader(tc.stream)),
		} {
			var got []string
			f := newFrames(r)
			b, err := f.next()
			for ; err == nil; b, err = f.next() {
				got = append(got, string(b))
			}
			if !slices.Equal(got, tc.want) || !errors.Is(err, tc.err) {
				t.Errorf("%s %s: %q, %v", tc.name, how, got, err)
			}
		}
	}
}

func TestWhatOpensAConnection(t *testing.T) {
	t.Parallel()
	good := check(t, stun.NewUsername("us:them"))
	answer := slices.Clone(good)
	answer[0] = 1
	for name, tc := range map[string]struct {
		frame []byte
		want  bool
	}{
		"a check":           {good, true},
		"without a name":    {check(t), false},
		"an answer":         {answer, false},
		"cut":               {good[:len(good)-4], false},
		"a DTLS hello":      {[]byte{22, 254, 253, 0}, false},
		"a page's question": {[]byte("GET / HTTP/1.1\r\n\r\n"), false},
	} {
		if opens(tc.frame) != tc.want {
			t.Errorf("%s: %v", name, !tc.want)
		}
	}
}

func TestWhatIsCarried(t *testing.T) {
	t.Parallel()
	for b := range 256 {
		want := b <= 3 || 20 <= b && b <= 63 || 128 <= b && b <= 191 // RFC 7983, 7
		if carries([]byte{byte(b)}) != want {
			t.Errorf("%d: %v", b, !want)
		}
	}
}

// Whatever comes is cut where its lengths say, or ends with an error.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x03abc\x00\x00\x00\x01d"))
	f.Add([]byte("\x05\xdd"))
	f.Add(frame(check(f, stun.NewUsername("a:b"))))
	f.Fuzz(func(t *testing.T, stream []byte) {
		in, rest := newFrames(bytes.NewReader(stream)), stream
		for {
			got, err := in.next()
			if err != nil {
				return
			}
			for len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
				rest = rest[2:]
			}
			want := frame(got)
			if len(got) == 0 || len(got) > maxFrame || !bytes.HasPrefix(rest, want) {
				t.Fatalf("%q is not what %q begins with", got, rest)
			}
			rest = rest[len(want):]
			_, _ = carries(got), opens(got)
		}
	})
}
