// Package journal is what tests keep of what a program or a log writes, to read it
// meanwhile.
package journal
