// Package part names the parts of the server that a profile tells apart. A goroutine
// belongs to the part that it entered, or to that of the goroutine that started it. The
// package keeps nothing: the label is the goroutine's own.
package part
