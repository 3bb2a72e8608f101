package forward

import (
	"fmt"
	"strings"
	"testing"

	"sfu/sfu/media"
)

// in is a VP8 keyframe or frame with its descriptor: bits wide picture id, then
// what counts.
type in struct {
	feed     byte // upper case is a keyframe
	bits     uint8
	id       uint16
	tl0, key uint8
}

func (i in) packet(esn uint64) *media.Packet {
	name := strings.ToLower(string(i.feed))
	return &media.Packet{Header: media.Header{
		Feed:     feedOf(name[0]),
		ESN:      esn,
		Marker:   true,
		Keyframe: name[0] != i.feed,
		Codec:    media.VP8,
		VP8: media.VP8Descriptor{
			PictureID: i.id, PictureIDBits: i.bits,
			TL0PICIDX: i.tl0, HasTL0: true, HasTID: true,
			KeyIdx: i.key, HasKeyIdx: true,
			Size: 6,
		},
	}}
}

func TestPicturesRunOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   []in
		want string // id/tl0/key
	}{
		{
			"the first feed keeps its own",
			[]in{{'Q', 15, 700, 9, 3}, {'q', 15, 701, 10, 3}},
			"700/9/3 701/10/3",
		},
		{
			"a switch goes on by one",
			[]in{{'Q', 15, 700, 9, 3}, {'H', 15, 20, 200, 0}, {'h', 15, 21, 201, 1}},
			"700/9/3 701/10/4 702/11/5",
		},
		{
			"all wrap at their widths",
			[]in{{'Q', 15, 0x7fff, 255, 31}, {'H', 15, 5, 5, 5}, {'h', 15, 6, 6, 6}},
			"32767/255/31 0/0/0 1/1/1",
		},
		{
			"seven bits wrap at seven bits",
			[]in{{'Q', 7, 126, 0, 0}, {'H', 7, 3, 0, 0}, {'h', 7, 4, 0, 0}, {'h', 7, 127, 0, 0}},
			"126/0/0 127/1/1 0/1/1 123/1/1",
		},
		{
			"from fifteen bits to seven",
			[]in{{'Q', 15, 0x1234, 0, 0}, {'H', 7, 9, 0, 0}, {'h', 7, 10, 0, 0}},
			"4660/0/0 53/1/1 54/1/1",
		},
		{
			"from seven bits to fifteen",
			[]in{{'Q', 7, 100, 0, 0}, {'H', 15, 30000, 0, 0}, {'h', 15, 30001, 0, 0}},
			"100/0/0 101/1/1 102/1/1",
		},
		{
			"a feed without picture ids between",
			[]in{{'Q', 15, 700, 1, 1}, {'H', 0, 0, 7, 7}, {'F', 15, 40, 2, 2}},
			"700/1/1 0/2/2 701/3/3",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := New(media.Video, 90000, 1, 0)
			var got []string
			for n, i := range c.in {
				pkt := i.packet(1<<16 + uint64(n))
				f.SetTarget(pkt.Feed, media.TopLayer)
				d := f.Forward(pkt).VP8
				got = append(got, fmt.Sprintf("%d/%d/%d", d.PictureID, d.TL0PICIDX, d.KeyIdx))
				d.PictureID, d.TL0PICIDX, d.KeyIdx = pkt.VP8.PictureID, pkt.VP8.TL0PICIDX, pkt.VP8.KeyIdx
				if d != pkt.VP8 {
					t.Errorf("packet %d: more than the counters changed: %+v", n, d)
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("pictures %s, want %s", got, c.want)
			}
		})
	}
}

func TestPicturesRunOnAcrossAnotherCodec(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	var got []media.VP8Descriptor
	for n, i := range []in{{'Q', 15, 700, 9, 3}, {'H', 0, 0, 0, 0}, {'F', 15, 1, 1, 1}} {
		pkt := i.packet(1<<16 + uint64(n))
		if i.feed == 'H' {
			pkt.Codec, pkt.VP8 = media.H264, media.VP8Descriptor{}
		}
		f.SetTarget(pkt.Feed, media.TopLayer)
		got = append(got, f.Forward(pkt).VP8)
	}
	if got[1] != (media.VP8Descriptor{}) {
		t.Errorf("H264 has a VP8 descriptor: %+v", got[1])
	}
	if got[2].PictureID != 701 || got[2].TL0PICIDX != 10 || got[2].KeyIdx != 4 {
		t.Errorf("VP8 goes on with %+v", got[2])
	}
}

func TestLatePictureKeepsItsFeedsNumbers(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	f.SetTarget(feedOf('q'), media.TopLayer)
	f.Forward(in{'Q', 15, 700, 9, 3}.packet(1 << 16))
	f.Forward(in{'q', 15, 702, 11, 3}.packet(1<<16 + 2))
	f.SetTarget(feedOf('h'), media.TopLayer)
	f.Forward(in{'H', 15, 20, 0, 0}.packet(1 << 16))
	late := f.Forward(in{'q', 15, 701, 10, 3}.packet(1<<16 + 1))
	if late.VP8.PictureID != 701 || late.VP8.TL0PICIDX != 10 {
		t.Errorf("the late picture goes out as %+v", late.VP8)
	}
	next := f.Forward(in{'h', 15, 21, 1, 0}.packet(1<<16 + 1))
	if next.VP8.PictureID != 704 || next.VP8.TL0PICIDX != 13 || next.VP8.KeyIdx != 4 {
		t.Errorf("the late picture moved the next one to %+v", next.VP8)
	}
}

// A descriptor without the optional fields stays without them.
func TestAbsentPictureFieldsStayAbsent(t *testing.T) {
	t.Parallel()
	f := New(media.Video, 90000, 1, 0)
	f.SetTarget(feedOf('q'), media.TopLayer)
	f.Forward(in{'Q', 15, 700, 9, 3}.packet(1 << 16))
	bare := in{'H', 0, 0, 0, 0}.packet(1 << 16)
	bare.VP8 = media.VP8Descriptor{Size: 1}
	f.SetTarget(bare.Feed, media.TopLayer)
	if v := f.Forward(bare); v.VP8 != bare.VP8 {
		t.Errorf("the descriptor became %+v", v.VP8)
	}
}
