// Package top draws rooms and their people as the tables of `sfu top`: reports in,
// lines out. It knows no terminal and asks no server; cmd/sfu does.
package top
