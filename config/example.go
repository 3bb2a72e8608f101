package config

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// Example returns a commented settings file: what is in set is set, and
// everything else is shown with its default or a sample, switched off.
func Example(set map[string][]string) string {
	var b strings.Builder
	b.WriteString("# Settings of sfu. The manual is docs/configuration.md; `sfu check-config` finds mistakes.\n" +
		"# Each is a flag (--public-ip) and a variable (SFU_PUBLIC_IP) too. Flags win over variables, those over this file.\n")
	flags, names := settings(new(Config))
	group := ""
	for _, name := range names {
		flag := flags[name]
		if flag.Group.Key != group {
			group = flag.Group.Key
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		fmt.Fprintf(&b, "\n# %s\n", flag.Help)
		if d := flag.Tag.Get("usual"); d != "" {
			fmt.Fprintf(&b, "# Default: %s.\n", d)
		}
		if values, ok := set[name]; ok {
			b.WriteString(line(flag, values) + "\n")
			continue
		}
		b.WriteString("#" + line(flag, []string{sample(flag)}) + "\n")
	}
	return b.String()
}

// sample is a value to show for a setting that is not set.
func sample(flag *kong.Flag) string {
	switch {
	case flag.Tag.Has("sample"):
		return flag.Tag.Get("sample")
	case flag.IsBool():
		return "true"
	}
	return flag.Default
}

// line is one setting in YAML.
func line(flag *kong.Flag, values []string) string {
	scalars := make([]*yaml.Node, len(values))
	for i, v := range values {
		scalars[i] = &yaml.Node{Kind: yaml.ScalarNode, Value: v}
		if v == "" || v == "~" || strings.EqualFold(v, "null") {
			scalars[i].Style = yaml.DoubleQuotedStyle // else it would be no value
		}
	}
	node := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: scalars}
	if !flag.IsSlice() {
		node = scalars[0]
	}
	text, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: flag.Name}, node}})
	if err != nil {
		panic(fmt.Sprintf("config: %s: %v", flag.Name, err)) // scalars always are YAML
	}
	return strings.TrimSuffix(string(text), "\n")
}

// Effective returns what the settings are and where each was written, in the
// file's form, secrets hidden.
func (l *Loaded) Effective() string {
	var b strings.Builder
	flags, names := settings(l.config)
	for _, name := range names {
		from := "default"
		if s, ok := l.sources[name]; ok {
			from = strings.TrimSuffix(s.where, ": "+name)
		}
		fmt.Fprintf(&b, "%s # %s\n", line(flags[name], texts(flags[name])), from)
	}
	return b.String()
}

// Flags returns the settings that the command line itself has, as a file would
// have them.
func (l *Loaded) Flags() map[string][]string {
	set := make(map[string][]string)
	flags, names := settings(l.config)
	for _, name := range names {
		if !l.sources[name].flag {
			continue
		}
		set[name] = texts(flags[name])
		if s, ok := flags[name].Target.Interface().(Secret); ok {
			set[name] = []string{string(s)}
		}
	}
	return set
}
