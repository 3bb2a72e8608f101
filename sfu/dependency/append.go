package dependency

import (
	"encoding/binary"

	"sfu/sfu/media"
)

// Append appends to dst the descriptor d.Raw, which Parse has kept, with frame
// as its frame_number and with active as its active_decode_targets_bitmask; 0
// leaves the bitmask as it is, and so does a descriptor that is too long for
// one more. It allocates nothing when dst has room for MaxLength.
func Append(dst []byte, d *media.Dependency, frame uint16, active uint32) []byte {
	start := len(dst)
	if active &= allActive(d.Structure); active != 0 {
		dst = appendActive(dst, d, active)
	} else {
		dst = append(dst, d.Raw...)
	}
	binary.BigEndian.PutUint16(dst[start+1:], frame)
	return dst
}

// appendActive appends d.Raw with another bitmask. The bitmask comes after the
// structure and before what is custom, at any bit; all behind it moves.
func appendActive(dst []byte, d *media.Dependency, active uint32) []byte {
	const head = 8*mandatory + flagBits
	targets := int(d.Structure.Targets)
	r := reader{data: d.Raw, at: 8 * mandatory}
	flags := r.flags()
	var told uint32
	if flags&hasStructure != 0 {
		var s structure
		s.read(&r)
		told = allActive(d.Structure) // which no bitmask means here
	}
	place := r.at
	if flags&hasActive != 0 {
		told = r.bits(targets)
	}
	rest := r.at
	var custom template
	custom.customize(&r, flags, d.Structure)
	if told == active || place+targets+r.at-rest > 8*MaxLength {
		return append(dst, d.Raw...)
	}
	w := writer{dst: append(dst, d.Raw[:mandatory]...)}
	w.bits(flags|hasActive, flagBits)
	w.copy(d.Raw, head, place) // nothing of a short one, which has no flags
	w.bits(active, targets)
	w.copy(d.Raw, rest, r.at)
	return w.dst
}
