package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLimitsAreDocumented holds docs/limits.md against the code: every bound
// that is named there exists, and every constant called max… is there.
func TestLimitsAreDocumented(t *testing.T) {
	t.Parallel()
	const path = "../../docs/limits.md"
	row := regexp.MustCompile("(?m)\\| (`[^|]+) in `([^`]+)` \\|$")
	word := regexp.MustCompile("`(\\w+)`")
	documented := make(map[string]bool)
	for _, m := range row.FindAllStringSubmatch(page(t, path), -1) {
		for _, name := range word.FindAllStringSubmatch(m[1], -1) {
			documented[m[2]+" "+name[1]] = true
		}
	}
	if len(documented) < 30 {
		t.Fatalf("only %d limits read from %s: has its form changed?", len(documented), path)
	}
	named, constants := read(t, "cmd/sfu", "sfu", "signaling", "relay", "metrics")
	for limit := range documented {
		if !named[limit] {
			t.Errorf("%s: %q is not in the code", path, limit)
		}
	}
	bound := regexp.MustCompile(` ([mM]ax|defaultMax)[A-Z]\w*$`)
	for c := range constants {
		if bound.MatchString(c) && !documented[c] {
			t.Errorf("%s has no line for %q", path, c)
		}
	}
}

// read returns every identifier of the program, and every constant of its
// packages, as "folder name".
func read(t *testing.T, roots ...string) (named, constants map[string]bool) {
	t.Helper()
	named, constants = make(map[string]bool), make(map[string]bool)
	for _, root := range roots {
		err := filepath.WalkDir(filepath.Join("../..", root), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			folder, err := filepath.Rel("../..", filepath.Dir(path))
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					named[folder+" "+id.Name] = true
				}
				return true
			})
			for _, name := range constantsOf(file) {
				constants[folder+" "+name] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return named, constants
}

func constantsOf(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names {
				names = append(names, id.Name)
			}
		}
	}
	return names
}
