package part

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"testing"
)

// labels returns those of the goroutines that wait in lurk.
func labels(t *testing.T) string {
	t.Helper()
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		t.Fatal(err)
	}
	var found []string
	for g := range strings.SplitSeq(text.String(), "\n\n") {
		if !strings.Contains(g, "part.lurk") {
			continue
		}
		_, label, _ := strings.Cut(g, "# labels: ")
		label, _, _ = strings.Cut(label, "\n")
		found = append(found, label)
	}
	return strings.Join(found, " ")
}

// lurk waits until the test ends, as what a part starts does.
func lurk(here chan<- struct{}, end <-chan struct{}) {
	here <- struct{}{}
	<-end
}

func TestWhoStartsAGoroutineNamesItsPart(t *testing.T) {
	for _, tc := range []struct {
		name  string
		start func(lurk func())
		want  string
	}{
		{"nobody said", func(lurk func()) { go lurk() }, ``},
		{"entered", func(lurk func()) { go func() { Media.Enter(); lurk() }() }, `{"part":"media"}`},
		{"started by one that entered", func(lurk func()) { go func() { Data.Enter(); go lurk() }() }, `{"part":"data"}`},
		{"entered another", func(lurk func()) { go func() { Data.Enter(); Media.Enter(); lurk() }() }, `{"part":"media"}`},
		{"within", func(lurk func()) { go Transport.Within(Signalling, func() { go lurk() }) }, `{"part":"transport"}`},
		{"after within", func(lurk func()) { go func() { Transport.Within(Signalling, func() {}); lurk() }() }, `{"part":"signalling"}`},
		{"after within, of nothing", func(lurk func()) { go func() { TURN.Within(None, func() {}); lurk() }() }, ``},
	} {
		here, end, gone := make(chan struct{}), make(chan struct{}), make(chan struct{})
		tc.start(func() { lurk(here, end); close(gone) })
		<-here
		if got := labels(t); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		close(end)
		<-gone
	}
}

func TestEveryPartHasAName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for p := range Part(numParts) {
		if (p.String() == "") != (p == None) || seen[p.String()] {
			t.Errorf("%d is %q", p, p)
		}
		seen[p.String()] = true
	}
}
