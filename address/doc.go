// Package address finds the public addresses that this machine is reached at: those
// that are configured, by number or by name, and those that STUN servers see. It
// advises and never refuses: what cannot be found out is left out, with a warning.
// It opens no port and knows no engine; cmd/sfu carries the advice there.
package address
