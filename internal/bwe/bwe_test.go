package bwe

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

var (
	full = flag.Bool("full", false, "play all scenarios with both estimators, and write the table")
	only = flag.String("only", "", "play the scenarios whose name has this with ours, and print the table")
)

const (
	seeds = 5
	page  = "../../docs/allocation.md"
)

// names of the estimators, ours first.
var names = []string{"ours", "pion gcc"}

// TestTargets plays the scenarios and fails where ours misses a target of the
// issue. Without -full it plays some of them, once.
func TestTargets(t *testing.T) {
	all := scenarios()
	outcomes := make([][2]outcome, len(all))
	for i, s := range all {
		if *only != "" && !strings.Contains(s.name, *only) {
			continue
		}
		if *full || *only != "" || s.quick {
			outcomes[i][0] = playOurs(t, i)
			judge(t, s, outcomes[i][0])
		}
		if *full {
			outcomes[i][1] = playBaseline(t, i)
		}
	}
	if !*full && *only == "" {
		return
	}
	table := tabulate(all, outcomes)
	fmt.Print(table)
	if !*full {
		return
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, tables.ReplaceAllLiteral(text, []byte(table)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func judge(t *testing.T, s scenario, o outcome) {
	t.Helper()
	for _, c := range columns {
		value, ok := o[c.name]
		if !ok || slices.Contains(s.spared, c.name) || c.slow && rounds() == 1 {
			continue
		}
		if c.missed(value) {
			t.Errorf("%s: %s is %s, the target %v", s.name, c.name, c.write(value), c.target)
		}
	}
}

func playOurs(t *testing.T, i int) outcome {
	t.Helper()
	var some []outcome
	for seed := range uint64(rounds()) {
		layers, source := scenarios()[i], scenarios()[i]
		some = append(some, layers.play(newOurs, seed+1), source.playElastic(newOurs, seed+1))
	}
	return median(some)
}

func playBaseline(t *testing.T, i int) outcome {
	t.Helper()
	var some []outcome
	for seed := range uint64(rounds()) {
		layers, source := scenarios()[i], scenarios()[i]
		synctest.Test(t, func(t *testing.T) {
			some = append(some, layers.play(func() estimator { return newBaseline(t) }, seed+1))
		})
		synctest.Test(t, func(t *testing.T) {
			some = append(some, source.playElastic(func() estimator { return newBaseline(t) }, seed+1))
		})
	}
	return median(some)
}

func rounds() int {
	if *full || *only != "" {
		return seeds
	}
	return 1
}

// tables finds the table in the page.
var tables = regexp.MustCompile(`(?m)(^\| scenario \|.*\n)(^\|.*\n)+`)

func (c column) write(value float64) string {
	return strconv.FormatFloat(value, 'f', c.digits, 64)
}

// tabulate writes the table: what is missed in bold, what is not judged in
// brackets.
func tabulate(all []scenario, outcomes [][2]outcome) string {
	var b strings.Builder
	b.WriteString(heading())
	for i, s := range all {
		for j, o := range outcomes[i] {
			if o == nil {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s |", s.name, names[j])
			for _, c := range columns {
				b.WriteString(" " + cell(s, c, o) + " |")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func cell(s scenario, c column, o outcome) string {
	value, ok := o[c.name]
	switch {
	case !ok:
		return "–"
	case slices.Contains(s.spared, c.name):
		return "(" + c.write(value) + ")"
	case c.missed(value):
		return "**" + c.write(value) + "**"
	}
	return c.write(value)
}

func heading() string {
	var names, rule, targets strings.Builder
	names.WriteString("| scenario | estimator |")
	rule.WriteString("|---|---|")
	targets.WriteString("| target | |")
	for _, c := range columns {
		sign := "≤"
		if c.atLeast {
			sign = "≥"
		}
		fmt.Fprintf(&names, " %s |", c.name)
		rule.WriteString("---:|")
		fmt.Fprintf(&targets, " %s %v |", sign, c.target)
	}
	return names.String() + "\n" + rule.String() + "\n" + targets.String() + "\n"
}

// The figures in the page are of one day, but its columns and targets are those
// of the test, and all that is played is there.
func TestPageHasTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	table := string(tables.Find(text))
	if !strings.HasPrefix(table, heading()) {
		t.Errorf("the table in %s does not begin with\n%s", page, heading())
	}
	for _, s := range scenarios() {
		for _, name := range names {
			if !strings.Contains(table, fmt.Sprintf("| %s | %s |", s.name, name)) {
				t.Errorf("%s has no line for %q with %s: run make bwe", page, s.name, name)
			}
		}
	}
}
