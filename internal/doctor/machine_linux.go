package doctor

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// unsynchronized is TIME_ERROR (adjtimex(2)).
const unsynchronized = 5

// Machine looks at the machine itself; dir is where the server keeps its state, or "".
func Machine(dir string) []Finding {
	list := Buffers()
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		list = append(list, files(limit.Cur))
	}
	if state, err := unix.Adjtimex(new(unix.Timex)); err == nil {
		list = append(list, clock(state != unsynchronized))
	}
	if dir == "" {
		return list
	}
	var fs unix.Statfs_t
	for at := dir; ; at = filepath.Dir(at) { // it may not exist before the first start
		if unix.Statfs(at, &fs) == nil {
			return append(list, disk(dir, fs.Bavail*uint64(fs.Bsize)))
		}
		if at == filepath.Dir(at) {
			return list
		}
	}
}
