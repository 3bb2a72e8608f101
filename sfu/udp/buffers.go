package udp

import (
	"fmt"
	"strings"
)

// socketBuffer is asked of the kernel for each direction: a keyframe to fifty
// subscribers leaves at once.
const socketBuffer = 4 << 20

// bufferWarning says what to raise when the kernel gives less than was asked.
func bufferWarning(receive, send int) string {
	var short []string
	for _, b := range []struct {
		limit string
		size  int
	}{{"net.core.rmem_max", receive}, {"net.core.wmem_max", send}} {
		if b.size < socketBuffer {
			short = append(short, fmt.Sprintf("%s=%d", b.limit, socketBuffer))
		}
	}
	if len(short) == 0 {
		return ""
	}
	return fmt.Sprintf("the media socket holds %d KiB in and %d KiB out instead of %d KiB; bursts will be lost; raise it: sysctl -w %s",
		receive>>10, send>>10, socketBuffer>>10, strings.Join(short, " "))
}
