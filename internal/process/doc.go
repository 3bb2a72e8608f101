// Package process is what our commands have in common besides their work: signals
// end them, and an error is their last word. It knows no command; cmd owns
// those.
package process
