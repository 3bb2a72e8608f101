package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the module path, the first element of every import of our own.
const module = "sfu"

// file is one parsed Go file.
type file struct {
	path  string // in the repository, with slashes
	lines int
	fset  *token.FileSet
	*ast.File
}

func (f *file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// at says where node is, for people and editors.
func (f *file) at(node ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(node.Pos()).Line)
}

// span returns how many lines node takes.
func (f *file) span(node ast.Node) int {
	return f.fset.Position(node.End()).Line - f.fset.Position(node.Pos()).Line + 1
}

// imported is one import of a file.
type imported struct {
	path string
	name string // empty when the import gives none
	spec *ast.ImportSpec
}

func (f *file) imports() []imported {
	var list []imported
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser lets none through
		}
		i := imported{path: p, spec: spec}
		if spec.Name != nil {
			i.name = spec.Name.Name
		}
		list = append(list, i)
	}
	return list
}

// pkg is one directory of Go files.
type pkg struct {
	dir   string
	files []*file
}

// production returns the files that are no tests.
func (p *pkg) production() []*file {
	var list []*file
	for _, f := range p.files {
		if !f.isTest() {
			list = append(list, f)
		}
	}
	return list
}

func parse(name string, text []byte) (*file, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	return &file{path: name, lines: bytes.Count(text, []byte("\n")), fset: fset, File: tree}, nil
}

// house returns every package of the module.
func house(t *testing.T) []*pkg {
	t.Helper()
	pkgs, err := readOnce()
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

var readOnce = sync.OnceValues(func() ([]*pkg, error) { return read(os.DirFS("../..")) })

// read parses every Go file of a module.
func read(tree fs.FS) ([]*pkg, error) {
	dirs := make(map[string]*pkg)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && foreign(tree, name) {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		f, err := parse(name, text)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if dirs[dir] == nil {
			dirs[dir] = &pkg{dir: dir}
		}
		dirs[dir].files = append(dirs[dir].files, f)
		return nil
	})
	byDir := func(a, b *pkg) int { return strings.Compare(a.dir, b.dir) }
	return slices.SortedFunc(maps.Values(dirs), byDir), err
}

// foreign reports whether a directory holds other people's code, or none that
// the Go tool would look at.
func foreign(tree fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	switch base := path.Base(dir); {
	case strings.HasPrefix(base, "."), base == "testdata", base == "node_modules", base == "vendor":
		return true
	}
	_, err := fs.Stat(tree, path.Join(dir, "go.mod"))
	return err == nil
}
