package doctor

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

const (
	wantedBuffer = 4 << 20 // bytes, what the media socket asks for
	wantedFiles  = 4096    // one for each WebSocket, two more for each path over TCP
	wantedDisk   = 64 << 20
)

// Buffers looks at what sockets may hold: media comes in bursts, and what does not
// fit is lost.
func Buffers() []Finding {
	var list []Finding
	for _, name := range []string{"rmem_max", "wmem_max"} {
		raw, err := os.ReadFile("/proc/sys/net/core/" + name)
		if err != nil {
			list = append(list, found(name, Skipped, "this system does not say", ""))
			continue
		}
		size, _ := strconv.Atoi(strings.TrimSpace(string(raw)))
		list = append(list, buffer(name, size))
	}
	return list
}

func buffer(name string, size int) Finding {
	detail := fmt.Sprintf("sockets may hold %d KiB", size>>10)
	if size >= wantedBuffer {
		return found(name, OK, detail, "")
	}
	return found(name, Warning, detail+", which is little for large rooms",
		fmt.Sprintf("sysctl -w net.core.%s=%d, and the same line in /etc/sysctl.d/99-sfu.conf", name, 2*wantedBuffer))
}

func files(limit uint64) Finding {
	detail := fmt.Sprintf("%d files and sockets may be open", limit)
	if limit >= wantedFiles {
		return found("files", OK, detail, "")
	}
	return found("files", Warning, detail, "raise it: LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536")
}

func disk(dir string, free uint64) Finding {
	detail := fmt.Sprintf("%d MiB free for %s", free>>20, dir)
	if free >= wantedDisk {
		return found("disk", OK, detail, "")
	}
	return found("disk", Failure, detail, "make room: certificates could not be stored")
}

func clock(synchronized bool) Finding {
	if synchronized {
		return found("clock", OK, "synchronized", "")
	}
	return found("clock", Warning, "nothing keeps the clock right",
		"run a time service (apt install systemd-timesyncd): certificates and credentials go by the clock")
}
