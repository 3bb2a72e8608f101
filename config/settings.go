package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// settings returns the settings of c, and their names in the struct's order.
func settings(c *Config) (flags map[string]*kong.Flag, names []string) {
	parser, err := kong.New(c, kong.NoDefaultHelp())
	if err != nil {
		panic(fmt.Sprintf("config: the tags of Config: %v", err))
	}
	flags = make(map[string]*kong.Flag)
	for _, flag := range parser.Model.Flags {
		flags[flag.Name] = flag
		names = append(names, flag.Name)
	}
	return flags, names
}

// envName is a setting's environment variable.
func envName(name string) string {
	return "SFU_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// usual is a setting's default, as it is told to people.
func usual(v *kong.Value) string {
	if v.Tag.Has("usual") {
		return v.Tag.Get("usual")
	}
	return v.Default
}

// help is what --help says of a flag.
func help(v *kong.Value) string {
	if v.Flag == nil || v.Flag.Group == nil {
		return v.Help
	}
	text := strings.TrimSuffix(v.Help, ".") + " ("
	if d := usual(v); d != "" {
		text += d + "; "
	}
	return text + "$" + envName(v.Name) + ")."
}

// texts returns the value of a setting as a file would have it, secrets hidden.
func texts(flag *kong.Flag) []string {
	if !flag.IsSlice() {
		return []string{text(flag.Target)}
	}
	list := make([]string, flag.Target.Len())
	for i := range list {
		list[i] = text(flag.Target.Index(i))
	}
	return list
}

func text(v reflect.Value) string {
	if level, ok := v.Interface().(slog.Level); ok {
		return strings.ToLower(level.String())
	}
	return fmt.Sprint(v.Interface())
}

// Change is one setting that differs.
type Change struct {
	Name     string
	Old, New string // as a file would have them, secrets hidden
	Live     bool   // it may be applied while the server runs; else it waits for a restart
}

// Changed tells what differs in next, and returns what can be in effect without a
// restart: the live settings of next, and all others of c.
func (c *Config) Changed(next *Config) (changes []Change, effect *Config) {
	mixed := *c
	now, names := settings(&mixed)
	then, _ := settings(next)
	for _, name := range names {
		was, is := now[name], then[name]
		if reflect.DeepEqual(was.Target.Interface(), is.Target.Interface()) {
			continue
		}
		change := Change{name, strings.Join(texts(was), ", "), strings.Join(texts(is), ", "), was.Tag.Has("live")}
		changes = append(changes, change)
		if change.Live {
			was.Target.Set(is.Target)
		}
	}
	return changes, &mixed
}
