// Package config is what an operator can choose: one struct with one name for
// each setting, filled from the command line, the environment and a file. It
// says what is wrong and where, and acts on nothing; cmd/sfu owns what is made
// of it.
package config
