//go:build !linux

package doctor

// Machine looks at the machine itself; only Linux tells enough of it.
func Machine(string) []Finding {
	return []Finding{found("machine", Skipped, "looked at on Linux only", "")}
}
