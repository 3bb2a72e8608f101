package archtest

import (
	"slices"
	"testing"
	"testing/fstest"
)

// check looks at one package and returns its faults.
type check struct {
	name string
	run  func(*pkg) []string
}

var checks = []check{
	{"imports go down", importsGoDown},
	{"only the engine knows pion", onlyTheEngineKnowsPion},
	{"logic is pure", logicIsPure},
	{"files are short", filesAreShort},
	{"functions are short", functionsAreShort},
	{"structs are small", structsAreSmall},
	{"packages are documented", packagesAreDocumented},
	{"names say something", namesSaySomething},
}

func TestHouse(t *testing.T) {
	t.Parallel()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range house(t) {
				for _, fault := range c.run(p) {
					t.Error(fault)
				}
			}
		})
	}
}

// A walk that found nothing would find no faults either.
func TestTheWalkFindsTheHouse(t *testing.T) {
	t.Parallel()
	found := make(map[string]int)
	for _, p := range house(t) {
		found[p.dir] = len(p.files)
	}
	for _, dir := range []string{"sfu", "sfu/media", "sfu/negotiate", "signaling/wire", "metrics", "internal/archtest"} {
		if found[dir] == 0 {
			t.Errorf("no Go files in %s", dir)
		}
	}
}

func TestTheWalkLeavesOutOtherPeoplesCode(t *testing.T) {
	t.Parallel()
	source := &fstest.MapFile{Data: []byte("package x")}
	pkgs, err := read(fstest.MapFS{
		"b/x.go": source, "b/y.go": source, "a/x.go": source, "a/x.js": {},
		".git/x.go": source, "web/node_modules/x/x.go": source, "a/testdata/x.go": source,
		"tools/go.mod": {}, "tools/x.go": source,
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range pkgs {
		for _, f := range p.files {
			found = append(found, f.path)
		}
	}
	if want := []string{"a/x.go", "b/x.go", "b/y.go"}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

// What shrank below the limit must not stay exempt from it.
func TestEveryExemptionIsNeeded(t *testing.T) {
	t.Parallel()
	needed := 0
	for _, p := range house(t) {
		needed += len(smallStructs(p, nil)) - len(smallStructs(p, manyFields))
	}
	if needed != len(manyFields) {
		t.Errorf("%d structs need to be in manyFields, %d are", needed, len(manyFields))
	}
}
