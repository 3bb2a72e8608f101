package forward

import (
	"testing"

	"sfu/sfu/media"
)

// Three spatial layers, each predicted from the one below in every picture.
func TestFullSVC(t *testing.T) {
	t.Parallel()
	cases{
		{"all flow", "Q1:0- q2:1d- q3:2d q4:0p- q5:1pd- q6:2pd", "1 2 3' 4 5 6'"},
		{"the marker is at the end of the target", ">q:1 Q1:0- q2:1d- q3:2d q4:0p- q5:1pd- q6:2pd", "1 2' . 3 4' ."},
		{"at its last packet", ">q:1 Q1:0- q2:1d~ q3:1d- q4:2d", "1 2 3' ."},
		{"down at the next picture", "Q1:0- q2:1d- >q:0 q3:2d q4:0p- q5:1pd- q6:2pd", "1 2 3' 4' . ."},
		{"up at a keyframe", ">q:0 Q1:0- q2:1d >q:1 q3:0p- q4:1pd Q5:0- q6:1d", "1' . 2' . 3 4'"},
		{"not at an upper layer that was marked off", ">q:0 Q1:0- q2:1d >q:1 q3:0p- q4:1d q5:0p- q6:1pd", "1' . 2' . 3' ."},
		{"a layer that begins", "Q1:0 q2:0p q3:0p- q4:1d q5:0p- q6:1pd", "1' 2' 3 4' 5 6'"},
		{"a layer that begins above the target", ">q:0 Q1:0 q2:0p q3:0p- q4:1d q5:0p- q6:1pd", "1' 2' 3' . 4' ."},
		{"a layer that ends and comes back", "Q1:0- q2:1d q3:0p q4:0p q5:0p q6:0p q7:0p- q8:1d q9:0p- q10:1pd", "1 2' 3' 4' 5' 6' 7 8' 9 10'"},
		{"the target is above all there is", ">q:3 Q1:0- q2:1d q3:0p- q4:1pd", "1 2' 3 4'"},
		{"a target that was left for one picture is broken", "Q1:0- q2:1d >q:0 q3:0p- q4:1pd >q:1 q5:0p- q6:1pd Q7:0- q8:1d", "1 2' 3' . 4' . 5 6'"},
		{"without layers all passes", ">q:0 Q1:0 q2:0p- q3:0p q4:0p", "1' 2' 3' 4'"},
		{"a lost layer has a place", ">q:1 Q1:0- q2:1d- q3:2d q4:0p- q6:2pd-=4 q5:1pd-=4 q7:0p-=7 q8:1pd=7", "1 2' . 3 . 4' 5 6'"},
		{"and is hollow above the target", ">q:1 Q1:0- q2:1d- q3:2d q4:0p- q5:1pd- q7:0p-=7 q6:2pd=4 q8:1pd=7", "1 2' . 3 4' 6 (5) 7'"},
		{"in a change of target it is as at its place", "Q1:0- q2:1d- q3:2d q4:0p- q5:1pd- >q:0 q7:0p-=7 q6:2pd=4 q8:1pd=7", "1 2 3' 4 5 7' 6' ."},
		{"a layer above the target that may have been missed is broken", ">q:1 Q1:0- q2:1d- q4:0p-=4 q5:1pd-=4 >q:2 q7:0p-=7 q8:1pd-=7 q9:2pd=7 q10:0p-=10 q11:1pd-=10 q12:2pd=10", "1 2' 4 5' 7 8 . 9 10' ."},
		{"a picture whose start may be missing changes nothing", "Q1:0- q2:1d- q3:2d >q:1 q5:1pd- q6:2pd q7:0p- q8:1pd- q9:2pd", "1 2 3' 5 6' 7 8' ."},
	}.run(t)
}

// Outside key pictures each layer is predicted from itself alone.
func TestKSVC(t *testing.T) {
	t.Parallel()
	cases{
		{"lower layers give way", "Q1:0- q2:1d- q3:2d q4:0pz- q5:1pz- q6:2pz q7:0pz- q8:1pz- q9:2pz", "1 2 3' . . 4' . . 5'"},
		{"to the target", ">q:1 Q1:0- q2:1d- q3:2d q4:0pz- q5:1pz- q6:2pz", "1 2' . . 3' ."},
		{"to the highest there is", ">q:3 Q1:0- q2:1d q4:0pz- q5:1pz q6:0pz- q7:1pz", "1 2' . 4' . 5'"},
		{"down waits for a keyframe", "Q1:0- q2:1d q3:0pz- q4:1pz >q:0 q5:0pz- q6:1pz Q7:0- q8:1d q9:0pz- q10:1pz", "1 2' . 3' . 4' 5' . 6' ."},
		{"up too", ">q:0 Q1:0- q2:1d q3:0pz- q4:1pz >q:1 q5:0pz- q6:1pz Q7:0- q8:1d q9:0pz- q10:1pz", "1' . 2' . 3' . 4 5' . 6'"},
		{"fewer frames do not", "Q1:0.0u- q2:1.0du q3:0.1pz- q4:1.1pz >q:0.0 q5:0.0pz- q6:1.0pz q7:0.1pz- q8:1.1pz", "1 2' . 3' . 4' . ."},
		{"the bit alone is not enough where layers lean on others", "Q1:0- q2:1d q3:0p- q4:1pd q5:0pz- q6:1p", "1 2' 3 4' 5 6'"},
		{"a lost lower layer that gave way has a place and is hollow", "Q1:0- q2:1d q3:0pz- q4:1pz q6:1pz=5 q5:0pz-=5 q7:0pz-=7 q8:1pz=7", "1 2' . 3' 5' (4) . 6'"},
		{"a lost key layer is not", "Q1:0- q2:1d q3:0pz- q4:1pz q6:1d=5 Q5:0-=5 q7:0pz-=7 q8:1pz=7", "1 2' . 3' 5' 4 . 6'"},
		{"predicted from a layer that is not sent", "Q1:0- q2:1d- q3:2d q4:0pz- q5:1pz- q6:2pz q7:0p- q8:1p- q9:2d q10:0p- q11:1p- q12:2p", "1 2 3' . . 4' . . . . . ."},
		{"from pictures before too", "Q1:0- q2:1d- q3:2d q4:0pz- q5:1pz- q6:2pz q7:0p- q8:1p- q9:2pd", "1 2 3' . . 4' . . ."},
		{"the top layer ends", "Q1:0- q2:1d q3:0pz- q4:1pz q5:0p q6:0p q7:0p q8:0p Q9:0 q10:0p", "1 2' . 3' . . . . 4' 5'"},
	}.run(t)
}

func TestTemporalLayersOfVP9(t *testing.T) {
	t.Parallel()
	cases{
		{"above the target", ">q:9.1 Q1:0.0 q2:0.2p q3:0.1p q4:0.2p q5:0.0p", "1' . 2' . 3'"},
		{"down at the next picture", "Q1:0.0- q2:1.0d q3:0.2p- >q:9.0 q4:1.2pd q5:0.1p- q6:1.1pd q7:0.0p- q8:1.0pd", "1 2' 3 4' . . 5 6'"},
		{"up after a U bit", ">q:9.0 Q1:0.0 q2:0.1p >q:9.2 q3:0.2p q4:0.0p q5:0.1p q6:0.0pu q7:0.2p q8:0.1p", "1' . . 2' . 3' 4' 5'"},
		{"of a picture that flows", ">q:9.0 Q1:0.0 >q:9.2 q2:0.1pu q3:0.2p q4:0.0pu q5:0.1p", "1' . . 2' 3'"},
		{"up at a keyframe", ">q:9.0 Q1:0.0 q2:0.1p >q:9.2 Q3:0.0 q4:0.2p", "1' . 2' 3'"},
		{"does not break a layer", ">q:1.0 Q1:0.0- q2:1.0d q3:0.1p- q4:1.1pd >q:1.1 q5:0.0pu- q6:1.0pdu q7:0.1p- q8:1.1pd", "1 2' . . 3 4' 5 6'"},
	}.run(t)
}

func TestKeyframesAreNeededForLayers(t *testing.T) {
	t.Parallel()
	for trace, want := range map[string]bool{
		"Q1:0- q2:1d":                                            false,
		">q:0 Q1:0- q2:1d":                                       false,
		">q:0 Q1:0- q2:1d >q:1":                                  true,
		">q:0 Q1:0- q2:1d >q:1 Q3:0-":                            false,
		">q:0 Q1:0 q2:0p >q:1":                                   false, // there is no other layer
		"Q1:0- q2:1d >q:0":                                       false, // full SVC: nothing is broken
		"Q1:0- q2:1d q3:0pz- q4:1pz >q:0":                        true,
		"Q1:0- q2:1d q3:0pz- q4:1pz >q:0 >q":                     false,
		"Q1:0- q2:1d q3:0pz- q4:1pz q5:0pz q6:0pz q7:0pz q8:0pz": true,  // the top layer is gone
		">q:0.0 Q1:0.0 q2:0.1p >q:0.1":                           false, // a U bit will do
		">q:0.0 Q1.0 q2.1 >q:0.1":                                false, // a Y bit will do
		">q:0 Q1:0- q2:1d >q:1 >0":                               false,
	} {
		f := New(media.Video, 90000, 1, 0)
		play(t, f, trace)
		if got := f.NeedsKeyframe(); got != want {
			t.Errorf("%s: needs a keyframe: %v", trace, got)
		}
	}
}

// Encoders that never set the bit for it do not keep a subscriber low for ever.
func TestATemporalLayerThatNeverBeginsNeedsAKeyframe(t *testing.T) {
	t.Parallel()
	for _, trace := range []string{">q:0.0 Q1.0 >q:0.2", ">q:0.0 Q1:0.0 >q:0.2"} {
		f := New(media.Video, 90000, 1, 0)
		p := play(t, f, trace)
		pkt := *p[0].pkt
		pkt.Keyframe, pkt.VP9.InterPicture = false, true
		for i := range starving {
			if f.NeedsKeyframe() {
				t.Errorf("%s: after %d frames", trace, i)
			}
			pkt.ESN++
			pkt.Timestamp += 3000
			pkt.Layer.Temporal = 1
			f.Forward(&pkt)
		}
		if !f.NeedsKeyframe() {
			t.Errorf("%s: not after %d frames", trace, starving)
		}
		if f.SetTarget(pkt.Feed, media.Layer{}); f.NeedsKeyframe() {
			t.Errorf("%s: although the layer is not wanted", trace)
		}
	}
}
