// Package truth holds what operators see to what is: a real Prometheus scrapes a real
// server while bots talk through it, and then has an answer to every panel and every
// rule, and the same counts as the bots. Its tests are run by `make dashboards`; none
// of it is part of the program.
package truth
