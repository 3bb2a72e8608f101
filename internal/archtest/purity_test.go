package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"slices"
)

// clock is what package time has besides arithmetic.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

// logicIsPure keeps clocks, goroutines and channels out of the logic. Its
// imports, which keep out the rest, are looked at by importsGoDown.
func logicIsPure(p *pkg) (faults []string) {
	if !slices.Contains(logic, p.dir) {
		return nil
	}
	for _, file := range p.production() {
		timeName := ""
		for _, i := range file.imports() {
			if i.path == "time" {
				timeName = cmp.Or(i.name, "time")
			}
		}
		if timeName == "." {
			faults = append(faults, file.path+": a dot import hides whether the clock is read")
		}
		ast.Inspect(file.File, func(node ast.Node) bool {
			if what := impure(node, timeName); what != "" {
				faults = append(faults, fmt.Sprintf("%s: %s in a logic package", file.at(node), what))
			}
			return true
		})
	}
	return faults
}

// impure names what node does that logic must not, or returns "".
func impure(node ast.Node, timeName string) string {
	switch n := node.(type) {
	case *ast.GoStmt:
		return "a goroutine"
	case *ast.ChanType:
		return "a channel"
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok && x.Name == timeName && slices.Contains(clock, n.Sel.Name) {
			return "time." + n.Sel.Name
		}
	}
	return ""
}
