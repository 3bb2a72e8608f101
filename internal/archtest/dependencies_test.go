package archtest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryDependencyHasAReason holds docs/adr/0004 against go.mod: a module that
// code of ours imports has a row there, and no row is about one that is gone.
func TestEveryDependencyHasAReason(t *testing.T) {
	t.Parallel()
	mod, reasons := contents(t, "../../go.mod"), contents(t, "../../docs/adr/0004-dependencies.md")
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(mod, -1) // others end in // indirect
	if len(direct) < 10 {
		t.Fatalf("only %d modules read from go.mod: has its form changed?", len(direct))
	}
	named := make(map[string]bool)
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z][^|]*/[^|]*) \|`).FindAllStringSubmatch(reasons, -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			named[name] = true
		}
	}
	for _, m := range direct {
		name := strings.TrimPrefix(m[1], "github.com/")
		found := false
		for row := range named {
			if row == name || strings.HasPrefix(row, name+"/") {
				found = true
				delete(named, row)
			}
		}
		if !found {
			t.Errorf("ADR 4 has no row for %s", name)
		}
	}
	for row := range named {
		t.Errorf("ADR 4 has a row for %s, which go.mod does not require", row)
	}
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
