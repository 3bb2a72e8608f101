// Command sfu is the server: it reads its options, wires the packages to each
// other, serves, and drains when it is told to stop. It decides nothing about
// media; it is the only place that knows everybody.
package main
