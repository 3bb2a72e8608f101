// Package archtest holds the floors and the outer limits of the house as a
// test: who may import whom, that the logic stays pure, how big things may
// grow and what they may not be called. It has no code of its own besides the
// tests; how the house is meant is in docs/glossary.md and docs/adr.
package archtest
