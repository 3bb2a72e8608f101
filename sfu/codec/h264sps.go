package codec

import "sfu/sfu/media"

// spsSize reads the size of the pictures out of a sequence parameter set
// (H.264, 7.3.2.1.1) without its NAL header. It has none when the set is cut
// off, as in the first of several fragments.
func spsSize(body []byte) media.Size {
	r := bitReader{data: body, escaped: true}
	profile := r.bits(8)
	r.bits(16) // constraints, level
	r.golomb() // seq_parameter_set_id
	chroma := uint32(chroma420)
	if hasChroma(profile) {
		chroma = readChroma(&r)
	}
	r.golomb() // log2_max_frame_num_minus4
	skipOrderCount(&r)
	r.golomb() // max_num_ref_frames
	r.bit()    // gaps_in_frame_num_value_allowed_flag
	width := 16 * (uint64(r.golomb()) + 1)
	height := 16 * (uint64(r.golomb()) + 1)
	fields := uint64(1)
	if !r.flag() { // frame_mbs_only_flag: height is that of one field of two
		fields = 2
		r.bit() // mb_adaptive_frame_field_flag
	}
	height *= fields
	r.bit()       // direct_8x8_inference_flag
	if r.flag() { // frame_cropping_flag
		unitX, unitY := cropUnits(chroma)
		// What is cropped to less than nothing wraps, and is too large for sizeOf.
		width -= unitX * (uint64(r.golomb()) + uint64(r.golomb()))
		height -= unitY * fields * (uint64(r.golomb()) + uint64(r.golomb()))
	}
	if r.bad || chroma > chroma444 {
		return media.Size{}
	}
	return sizeOf(width, height)
}

// Values of ChromaArrayType (H.264, 6.2).
const (
	chromaNone = iota
	chroma420
	chroma422
	chroma444
)

// cropUnits says how many pixels a step of cropping has (H.264, 7.4.2.1.1).
func cropUnits(chroma uint32) (x, y uint64) {
	switch chroma {
	case chroma420:
		return 2, 2
	case chroma422:
		return 2, 1
	}
	return 1, 1
}

// hasChroma says which profiles tell of colours and scaling.
func hasChroma(profile uint32) bool {
	switch profile {
	case 44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244:
		return true
	}
	return false
}

// readChroma reads what the high profiles have more, and returns
// ChromaArrayType.
func readChroma(r *bitReader) uint32 {
	format := r.golomb()
	chroma, lists := format, 8
	if format == chroma444 {
		lists = 12
		if r.flag() { // separate_colour_plane_flag: as if each were grey
			chroma = chromaNone
		}
	}
	r.golomb()    // bit_depth_luma_minus8
	r.golomb()    // bit_depth_chroma_minus8
	r.bit()       // qpprime_y_zero_transform_bypass_flag
	if r.flag() { // seq_scaling_matrix_present_flag
		for i := range lists {
			if r.flag() {
				skipScalingList(r, i)
			}
		}
	}
	return chroma
}

// skipScalingList skips the i-th scaling list (H.264, 7.3.2.1.1.1), which ends
// early where a scale of 0 comes next.
func skipScalingList(r *bitReader, i int) {
	entries := 16
	if i >= 6 {
		entries = 64
	}
	scale := uint8(8)
	for range entries {
		delta := r.golomb()
		if delta%2 == 1 { // se(v): 1, -1, 2, -2, ... (9.1.1)
			scale += uint8(delta/2 + 1)
		} else {
			scale -= uint8(delta / 2)
		}
		if scale == 0 {
			return
		}
	}
}

// skipOrderCount skips how the order of the pictures is coded.
func skipOrderCount(r *bitReader) {
	switch r.golomb() { // pic_order_cnt_type
	case 0:
		r.golomb() // log2_max_pic_order_cnt_lsb_minus4
	case 1:
		r.bit()                          // delta_pic_order_always_zero_flag
		r.golomb()                       // offset_for_non_ref_pic
		r.golomb()                       // offset_for_top_to_bottom_field
		for range min(r.golomb(), 255) { // num_ref_frames_in_pic_order_cnt_cycle, 255 at most
			r.golomb() // offset_for_ref_frame
		}
	}
}
