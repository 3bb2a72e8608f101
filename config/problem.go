package config

import (
	"strings"
)

// Problem is one thing that is wrong, and where it was written.
type Problem struct {
	Where string // file:line: name, SFU_NAME, --name, or a file
	Text  string
}

// String is one line.
func (p Problem) String() string {
	if p.Where == "" {
		return p.Text
	}
	return p.Where + ": " + p.Text
}

// Problems is everything that is wrong, at once.
type Problems []Problem

// Error is one line for each problem.
func (l Problems) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// nearest returns what was probably meant by name, or "".
func nearest(name string, known []string) string {
	// People write underscores, and camel case; two slips of the finger besides.
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
	}
	best, least := "", 3
	for _, k := range known {
		if d := distance(plain(name), plain(k), least); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is how many letters have to be added, left out or replaced to make
// b of a; it does not count beyond limit.
func distance(a, b string, limit int) int {
	if n := len(a) - len(b); n >= limit || -n >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
