// Package deploytest holds what other programs read from deploy/ to what the
// server needs: a field that is wrong there fails on somebody's machine. It has
// no code of its own besides the tests; the scripts called *-test.sh run what
// can be run.
package deploytest
