package config

import (
	"regexp"
	"slices"
	"strings"
)

// linked are the variables that Kubernetes gives to every container beside a service
// called sfu. They mean nothing to us.
var linked = regexp.MustCompile(`^SFU_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// strays warns of variables that look like ours, and that nothing reads: a mistyped name
// would be a setting that is silently its default. It is no error, because whoever
// starts us may have variables of its own.
func strays(environ []string) (warnings Problems) {
	_, names := settings(new(Config))
	names = append(names, "config")
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		setting, ours := strings.CutPrefix(name, "SFU_")
		if !ours || linked.MatchString(name) || slices.ContainsFunc(names, func(s string) bool { return envName(s) == name }) {
			continue
		}
		text := "is no setting (see sfu --help)"
		if near := nearest(setting, names); near != "" {
			text = "is no setting; did you mean " + envName(near) + "?"
		}
		warnings = append(warnings, Problem{name, text})
	}
	slices.SortFunc(warnings, func(a, b Problem) int { return strings.Compare(a.Where, b.Where) })
	return warnings
}
