// Package e2e is the tests of the whole server against real pion peers, over a
// virtual network and in virtual time. It has no code of its own: what a test
// says is in *_test.go with the story's name, the stage it plays on in world,
// network, endpoint, uplink, downlink and peer. It tests no browser (see /e2e)
// and no logic that a package below can test alone.
package e2e
