package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// userHz is the unit of /proc/PID/stat: it is 100 on every Linux that Go
// supports (proc_pid_stat(5), times(2)).
const userHz = 100

// usage is what a process has used so far.
type usage struct {
	cpu time.Duration // user and system
	rss int64         // bytes, now
}

// usageOf reads /proc.
func usageOf(pid int) (usage, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, err
	}
	return parseStat(line, os.Getpagesize())
}

// parseStat reads a line of /proc/PID/stat.
func parseStat(line []byte, pageSize int) (usage, error) {
	// The name stands in parentheses and may contain any of them.
	end := bytes.LastIndexByte(line, ')')
	if end < 0 {
		return usage{}, errors.New("stat: no process name")
	}
	fields := bytes.Fields(line[end+1:]) // from the third one on
	if len(fields) < 22 {
		return usage{}, fmt.Errorf("stat: only %d fields", len(fields))
	}
	var n [3]int64
	for i, at := range []int{11, 12, 21} { // utime, stime, rss
		v, err := strconv.ParseInt(string(fields[at]), 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("stat: %w", err)
		}
		n[i] = v
	}
	return usage{cpu: time.Duration(n[0]+n[1]) * (time.Second / userHz), rss: n[2] * int64(pageSize)}, nil
}

// busyTime is how long all cores of this machine have been busy, together.
func busyTime() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	busy, err := parseBusy(text)
	if err != nil {
		return 0
	}
	return busy
}

// parseBusy reads the first line of /proc/stat.
func parseBusy(text []byte) (time.Duration, error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 8 || string(fields[0]) != "cpu" {
		return 0, errors.New("stat: no line of all cores")
	}
	total := int64(0)
	for _, at := range []int{1, 2, 3, 6, 7} { // user, nice, system, irq, softirq
		n, err := strconv.ParseInt(string(fields[at]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("stat: %w", err)
		}
		total += n
	}
	return time.Duration(total) * (time.Second / userHz), nil
}
