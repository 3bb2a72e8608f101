package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Input is everything that settings are read from. What comes first wins: the
// command line, the environment, the file, the default.
type Input struct {
	Args        []string
	Env         func(name string) (string, bool) // os.LookupEnv
	Environ     []string                         // os.Environ(), to find mistyped names in; may be empty
	DefaultFile string                           // read when it exists and no other is named; may be empty
	FlagsOnly   bool                             // look at neither environment nor file
}

// Loaded is what Load found besides the settings.
type Loaded struct {
	Command  string // that the command line selects
	File     string // that was read, or is to be written
	Problems Problems
	Warnings Problems

	config  *Config
	sources map[string]source
}

// source is where a setting was written.
type source struct {
	where string
	flag  bool // on the command line
}

// Err returns all problems, or nil.
func (l *Loaded) Err() error {
	if len(l.Problems) == 0 {
		return nil
	}
	return l.Problems
}

// Load fills c from in. The grammar of the command line holds c, a string flag
// called config, and commands. Load returns nil when help or a version was all
// that was asked for.
func Load(grammar any, c *Config, in Input, options ...kong.Option) (*Loaded, error) {
	l := &Loaded{config: c, sources: make(map[string]source)}
	values := make(map[string]string)
	answered := false
	parser, err := kong.New(grammar, append(options,
		kong.Exit(func(int) { answered = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ValueFormatter(help),
		elsewhere(values))...)
	if err != nil {
		return nil, err
	}
	trace, err := kong.Trace(parser, in.Args)
	if err != nil {
		return nil, err
	}
	named := l.locate(trace, in)
	if !in.FlagsOnly {
		l.readFile(named, values)
		l.readEnv(in.Env, values)
		l.Warnings = append(l.Warnings, strays(in.Environ)...)
	}
	ctx, err := parser.Parse(in.Args)
	if answered {
		return nil, nil
	}
	if err != nil {
		l.Problems = append(l.Problems, Problem{Text: err.Error() + " (see --help)"})
		return l, nil
	}
	l.Command = ctx.Command()
	for _, path := range ctx.Path {
		if path.Flag != nil && !path.Resolved {
			l.sources[path.Flag.Name] = source{"--" + path.Flag.Name, true}
		}
	}
	l.finish(in.Env)
	return l, nil
}

// Check returns what would be wrong with a file of this text.
func Check(text string, env func(string) (string, bool)) Problems {
	c := new(Config)
	l := &Loaded{config: c, File: "text", sources: make(map[string]source)}
	values := make(map[string]string)
	l.take([]byte(text), false, values)
	parser, err := kong.New(c, kong.NoDefaultHelp(), elsewhere(values))
	if err == nil {
		_, err = parser.Parse(nil)
	}
	if err != nil {
		return append(l.Problems, Problem{Text: err.Error()})
	}
	l.finish(env)
	return l.Problems
}

// elsewhere has kong take values for flags that are not on the command line.
// It reads no environment itself: to kong that would be a default, which a file
// wins over.
func elsewhere(values map[string]string) kong.Option {
	return kong.Resolvers(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if v, ok := values[flag.Name]; ok {
			return v, nil
		}
		return nil, nil
	}))
}

// locate finds the file, and reports whether it was named: then it has to be
// there.
func (l *Loaded) locate(trace *kong.Context, in Input) (named bool) {
	l.File = in.DefaultFile
	if path, ok := lookup(in.Env, "SFU_CONFIG"); ok && path != "" {
		l.File, named = path, true
	}
	for _, path := range trace.Path {
		if path.Flag != nil && path.Flag.Name == "config" {
			l.File, named = fmt.Sprint(trace.FlagValue(path.Flag)), true
		}
	}
	return named
}

// readFile takes the settings of the file.
func (l *Loaded) readFile(named bool, values map[string]string) {
	if l.File == "" {
		return
	}
	text, open, err := readFile(l.File, maxFile)
	if errors.Is(err, fs.ErrNotExist) && !named {
		l.File = ""
		return
	}
	if err != nil {
		l.Problems = append(l.Problems, Problem{Text: err.Error()})
		return
	}
	l.take(text, open, values)
}

// take takes the settings of the file's text, but for those that are wrong.
func (l *Loaded) take(text []byte, open bool, values map[string]string) {
	file, problems := scan(l.File, text)
	l.Problems = append(l.Problems, problems...)
	flags, names := settings(new(Config))
	for _, w := range file {
		where := at(l.File, w.line) + ": " + w.name
		flag, known := flags[w.name]
		if !known {
			l.Problems = append(l.Problems, Problem{where, unknown(w.name, names)})
			continue
		}
		if problems := check(l.File, flag, w); problems != nil {
			l.Problems = append(l.Problems, problems...)
			continue
		}
		values[w.name] = join(w.items, flag.IsSlice())
		l.sources[w.name] = source{where: where}
		if _, secret := flag.Target.Interface().(Secret); secret && open {
			l.Warnings = append(l.Warnings, Problem{where, "every user of this machine can read the file: chmod o-r " + l.File})
		}
	}
}

// readEnv takes the settings of the environment, which win over the file.
func (l *Loaded) readEnv(env func(string) (string, bool), values map[string]string) {
	flags, names := settings(new(Config))
	for _, name := range names {
		text, ok := lookup(env, envName(name))
		if !ok {
			continue
		}
		if err := try(flags[name], text); err != nil {
			l.Problems = append(l.Problems, Problem{envName(name), err.Error()})
			continue
		}
		values[name] = text
		l.sources[name] = source{where: envName(name)}
	}
}

func lookup(env func(string) (string, bool), name string) (string, bool) {
	if env == nil {
		return "", false
	}
	return env(name)
}

func unknown(name string, names []string) string {
	if near := nearest(name, names); near != "" {
		return "is no setting; did you mean " + near + "?"
	}
	return "is no setting (see sfu --help)"
}

// check tries each item of a setting by itself, to name its line.
func check(file string, flag *kong.Flag, w written) (problems Problems) {
	if w.list && !flag.IsSlice() {
		return Problems{{at(file, w.line) + ": " + w.name, "takes one value, not a list"}}
	}
	for _, i := range w.items {
		if err := try(flag, join([]item{i}, flag.IsSlice())); err != nil {
			problems = append(problems, Problem{at(file, i.line) + ": " + w.name, err.Error()})
		}
	}
	return problems
}

// join writes the items as one flag would: kong splits lists at commas.
func join(items []item, list bool) string {
	texts := make([]string, len(items))
	for i := range items {
		texts[i] = items[i].text
		if list {
			texts[i] = strings.ReplaceAll(texts[i], ",", `\,`)
		}
	}
	return strings.Join(texts, ",")
}

// try parses text without keeping it.
func try(flag *kong.Flag, text string) error {
	scan := kong.Scan().PushTyped(text, kong.FlagValueToken)
	err := flag.Parse(scan, reflect.New(flag.Target.Type()).Elem())
	if err == nil {
		return nil
	}
	switch flag.Target.Interface().(type) {
	case bool:
		return fmt.Errorf("%q is neither true nor false", text)
	case int:
		return fmt.Errorf("%q is not a whole number", text)
	case uint16:
		return fmt.Errorf("%q is not a port: a number from 0 to 65535", text)
	case slog.Level:
		return fmt.Errorf("%q is none of debug, info, warn, error", text)
	case time.Duration:
		return fmt.Errorf("%q is not a time: write 30s, 5m or 1h", text)
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner // without kong's name of the flag
	}
	return err
}

// finish fills in what depends on other settings, and looks for what is wrong.
func (l *Loaded) finish(env func(string) (string, bool)) {
	c := l.config
	l.readSecret("turn-secret", &c.TURNSecret, c.TURNSecretFile)
	l.readSecret("public-metrics-token", &c.PublicMetricsToken, c.PublicMetricsTokenFile)
	c.complete(func(name string) bool { _, ok := l.sources[name]; return ok }, env)
	found := c.outOfRange()
	if len(found) == 0 && len(l.Problems) == 0 {
		found = c.contradictions() // would only follow from the others
	}
	for _, w := range c.risks() {
		l.Warnings = append(l.Warnings, Problem{l.where(w.Where), w.Text})
	}
	for _, p := range found {
		l.Problems = append(l.Problems, Problem{l.where(p.Where), p.Text})
	}
	for _, f := range []struct{ name, path string }{{"cert-file", c.CertFile}, {"key-file", c.KeyFile}, {"acme-root", c.ACMERoot}} {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			l.Problems = append(l.Problems, Problem{l.where(f.name), err.Error()})
		}
	}
}

// readSecret reads a secret from its file, if it has one.
func (l *Loaded) readSecret(name string, secret *Secret, path string) {
	if path == "" {
		return
	}
	where := l.where(name + "-file")
	if *secret != "" {
		l.Problems = append(l.Problems, Problem{where, name + " is set too: keep one of the two"})
		return
	}
	text, open, err := readFile(path, maxSecret)
	if err != nil {
		l.Problems = append(l.Problems, Problem{where, err.Error()})
		return
	}
	*secret = Secret(strings.TrimSpace(string(text)))
	if *secret == "" {
		l.Problems = append(l.Problems, Problem{where, path + " is empty"})
	}
	if open {
		l.Warnings = append(l.Warnings, Problem{where, "every user of this machine can read the secret: chmod o-r " + path})
	}
}

// where is where a setting was written, or its name when it was not.
func (l *Loaded) where(name string) string {
	if s, ok := l.sources[name]; ok {
		return s.where
	}
	return name
}
