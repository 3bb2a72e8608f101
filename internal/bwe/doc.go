// Package bwe shows how well downlinks are used: it lets the estimator, the
// planner and the pacing of one subscriber work against simulated networks in
// virtual time, beside pion's gcc, and holds them to the targets that are in
// docs/allocation.md. It has no code besides the tests. It is a model of the
// engine, not the engine: that the engine itself sends what was granted is
// shown by internal/e2e.
package bwe
