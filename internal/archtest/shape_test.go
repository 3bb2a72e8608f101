package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"unicode"
)

// The outer limits. Good code stays far inside.
const (
	maxFileLines = 500
	maxFuncLines = 70
	maxFields    = 16
)

// manyFields lists the structs that may have more fields than maxFields, and
// why. Each of them is data without behaviour.
var manyFields = map[string]string{
	"metrics.Set":      "one field a metric, so that counting one is one line without a lookup",
	"sfu/media.Header": "all that is known of one packet, parsed once and read by everyone",
}

func filesAreShort(p *pkg) (faults []string) {
	for _, file := range p.production() {
		if file.lines > maxFileLines {
			faults = append(faults, fmt.Sprintf("%s: %d lines, at most %d", file.path, file.lines, maxFileLines))
		}
	}
	return faults
}

func functionsAreShort(p *pkg) (faults []string) {
	for _, file := range p.production() {
		ast.Inspect(file.File, func(node ast.Node) bool {
			switch node.(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				if n := file.span(node); n > maxFuncLines {
					faults = append(faults, fmt.Sprintf("%s: a function of %d lines, at most %d", file.at(node), n, maxFuncLines))
				}
			}
			return true
		})
	}
	return faults
}

func structsAreSmall(p *pkg) []string { return smallStructs(p, manyFields) }

func smallStructs(p *pkg, exempt map[string]string) (faults []string) {
	for _, file := range p.production() {
		for _, spec := range types(file) {
			name := p.dir + "." + spec.Name.Name
			if _, ok := exempt[name]; ok {
				continue
			}
			ast.Inspect(spec, func(node ast.Node) bool {
				if s, ok := node.(*ast.StructType); ok && fields(s) > maxFields {
					faults = append(faults, fmt.Sprintf("%s: %s has %d fields, at most %d", file.at(s), name, fields(s), maxFields))
				}
				return true
			})
		}
	}
	return faults
}

func fields(s *ast.StructType) (n int) {
	for _, f := range s.Fields.List {
		n += max(1, len(f.Names)) // an embedded field has no name
	}
	return n
}

// types returns every type declaration of a file, those in functions too.
func types(file *file) (list []*ast.TypeSpec) {
	ast.Inspect(file.File, func(node ast.Node) bool {
		if spec, ok := node.(*ast.TypeSpec); ok {
			list = append(list, spec)
		}
		return true
	})
	return list
}

// packagesAreDocumented wants the package comment in doc.go, and only there.
func packagesAreDocumented(p *pkg) (faults []string) {
	documented := false
	for _, file := range p.files {
		if file.Doc == nil {
			continue
		}
		if path.Base(file.path) != "doc.go" {
			faults = append(faults, file.path+": the package comment belongs in doc.go")
			continue
		}
		documented = true
		opening := "Package " + file.Name.Name + " "
		if file.Name.Name == "main" {
			opening = "Command " + path.Base(p.dir) + " "
		}
		if !strings.HasPrefix(file.Doc.Text(), opening) {
			faults = append(faults, fmt.Sprintf("%s: the package comment begins with %q", file.path, opening))
		}
	}
	if !documented {
		faults = append(faults, p.dir+" has no doc.go with a package comment")
	}
	return faults
}

var (
	// emptyPackages say nothing about what is in them.
	emptyPackages = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "shared", "base", "types"}
	// emptyEndings of a type's name say nothing about what it is.
	emptyEndings = []string{"manager", "helper", "helpers", "base", "impl", "util", "utils", "common", "params"}
	// roles are what a participant is to a track, never what a type is.
	roles = []string{"publisher", "subscriber"}
)

// namesSaySomething holds the list of words that are not used.
func namesSaySomething(p *pkg) (faults []string) {
	elements := strings.Split(p.dir, "/")
	for _, file := range p.files {
		elements = append(elements, strings.TrimSuffix(file.Name.Name, "_test"))
	}
	slices.Sort(elements)
	for _, name := range slices.Compact(elements) {
		if slices.Contains(emptyPackages, name) {
			faults = append(faults, fmt.Sprintf("%s: a package is not called %q", p.dir, name))
		}
	}
	for _, file := range p.production() {
		for _, spec := range types(file) {
			name := spec.Name.Name
			if slices.Contains(emptyEndings, lastWord(name)) || slices.Contains(roles, strings.ToLower(name)) {
				faults = append(faults, fmt.Sprintf("%s: a type is not called %s", file.at(spec), name))
			}
		}
	}
	return faults
}

// lastWord returns the last word of a name in camel case, in lower case.
func lastWord(name string) string {
	if i := strings.LastIndexFunc(name, unicode.IsUpper); i > 0 {
		name = name[i:]
	}
	return strings.ToLower(name)
}
