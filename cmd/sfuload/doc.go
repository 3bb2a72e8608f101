// Command sfuload lets bots join a server as browsers do, and tells what the
// server made of them; docs/capacity.md says how to use it. The work is done in
// internal/load.
package main
