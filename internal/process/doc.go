// Package process is what our commands have in common besides their work: signals
// end them or have them load their settings again, and an error is their last word. It knows no command; cmd owns
// those.
package process
