package codec

import (
	"math/bits"

	"sfu/sfu/media"
)

const (
	obuHasExtension = 0x04
	obuHasSize      = 0x02
)

// sequenceSize reads a sequence header OBU (AV1 specification, 5.5.1): the size
// of the largest pictures, and the spatial layer that has them. There is no
// size when the OBU is cut off.
func sequenceSize(obu []byte) (size media.Size, spatial int) {
	r := bitReader{data: obuBody(obu)}
	r.bits(4)     // seq_profile, still_picture
	if r.flag() { // reduced_still_picture_header
		r.bits(5) // seq_level_idx
	} else {
		spatial = readOperatingPoints(&r)
	}
	widthBits, heightBits := int(r.bits(4))+1, int(r.bits(4))+1
	width, height := uint64(r.bits(widthBits))+1, uint64(r.bits(heightBits))+1
	if r.bad {
		return media.Size{}, 0
	}
	return sizeOf(width, height), spatial
}

// obuBody takes off the header (AV1 specification, 5.3.2) and, where the sender
// left it in, the size.
func obuBody(obu []byte) []byte {
	r := reader{rest: obu}
	head := r.byte()
	if head&obuHasExtension != 0 {
		r.byte()
	}
	if head&obuHasSize != 0 {
		return r.take(r.leb128())
	}
	return r.rest
}

// readOperatingPoints returns the highest spatial layer of the first operating
// point, which is the best one.
func readOperatingPoints(r *bitReader) (spatial int) {
	delayBits := 0 // 0: no decoder model
	if r.flag() {  // timing_info_present_flag
		skipTiming(r)
		if r.flag() { // decoder_model_info_present_flag
			delayBits = int(r.bits(5)) + 1
			r.bits(32) // num_units_in_decoding_tick
			r.bits(10) // buffer_removal_time_length_minus_1, frame_presentation_time_length_minus_1
		}
	}
	hasDelay := r.flag() // initial_display_delay_present_flag
	for i := range r.bits(5) + 1 {
		idc := r.bits(12) // a bit for each temporal layer, then for each spatial one
		if i == 0 {
			spatial = max(bits.Len32(idc>>8)-1, 0)
		}
		if r.bits(5) > 7 { // seq_level_idx
			r.bit() // seq_tier
		}
		if delayBits > 0 && r.flag() { // decoder_model_present_for_this_op
			r.bits(delayBits) // decoder_buffer_delay
			r.bits(delayBits) // encoder_buffer_delay
			r.bit()           // low_delay_mode_flag
		}
		if hasDelay && r.flag() { // initial_display_delay_present_for_this_op
			r.bits(4)
		}
	}
	return spatial
}

// skipTiming skips timing_info() (AV1 specification, 5.5.3).
func skipTiming(r *bitReader) {
	r.bits(32)    // num_units_in_display_tick
	r.bits(32)    // time_scale
	if r.flag() { // equal_picture_interval
		r.golomb() // num_ticks_per_picture_minus_1
	}
}
