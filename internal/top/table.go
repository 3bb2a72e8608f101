package top

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// column is a heading, and on which side its cells end.
type column struct {
	name string
	left bool
}

// draw sets rows under headings, no line wider than width. The last column takes
// what is left, and text that it has no room for is cut.
func draw(columns []column, rows [][]string, width int) []string {
	heads := make([]string, len(columns))
	widths := make([]int, len(columns))
	for i, c := range columns {
		heads[i], widths[i] = c.name, utf8.RuneCountInString(c.name)
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	lines := make([]string, 0, len(rows)+1)
	for _, row := range append([][]string{heads}, rows...) {
		var b strings.Builder
		for i, cell := range row {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				b.WriteString("  ")
			}
			if columns[i].left {
				b.WriteString(cell + gap)
			} else {
				b.WriteString(gap + cell)
			}
		}
		lines = append(lines, cut(strings.TrimRight(b.String(), " "), width))
	}
	return lines
}

// cut shortens text to width runes.
func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(width-1, 0)]) + "…"
}

// maxName is how much of a name is shown.
const maxName = 24

// name makes what people call themselves and their rooms safe to print: whatever
// moves a cursor, or turns writing round, is shown as its number.
func name(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) && r != '\\' {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return cut(b.String(), maxName)
}
