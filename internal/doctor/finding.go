package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// Status is how grave a finding is.
type Status string

// The states of health.
const (
	OK      Status = "ok"
	Warning Status = "warning" // it works, but not for everyone or not well
	Failure Status = "failure"
	Skipped Status = "skipped" // does not apply here
)

// Finding is what one check found.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"` // what to do about it
}

func found(check string, s Status, detail, advice string) Finding {
	return Finding{Check: check, Status: s, Detail: detail, Advice: advice}
}

// Healthy reports whether nothing failed.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.Status == Failure {
			return false
		}
	}
	return true
}

var marks = map[Status]string{OK: "ok  ", Warning: "warn", Failure: "FAIL", Skipped: "-   "}

// Print writes one finding for people.
func (f Finding) Print(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%s  %-14s %s\n", marks[f.Status], f.Check, f.Detail)
	if f.Advice != "" {
		_, _ = fmt.Fprintf(w, "      %-14s -> %s\n", "", f.Advice)
	}
}

// PrintJSON writes all findings for programs.
func PrintJSON(w io.Writer, findings []Finding) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"healthy": Healthy(findings), "findings": findings})
}
