package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"sfu/config"
)

// grammar is the command line: settings, which every command takes, and the
// commands.
type grammar struct {
	File        string           `name:"config" placeholder:"FILE" help:"Read settings from this file ($SFU_CONFIG; /etc/sfu/sfu.yaml if it exists)."`
	VersionFlag kong.VersionFlag `name:"version" help:"Print the version and exit."`

	config.Config

	Serve struct{} `cmd:"" default:"1" help:"Serve until told to stop. This is what sfu does without a command."`
	Check struct {
		Print bool `help:"Print the settings in effect and where each comes from, secrets hidden."`
	} `cmd:"" name:"check-config" help:"Say everything that is wrong with the settings; exit with 0 or 1."`
	Init struct {
		Force bool `help:"Overwrite the file if it exists."`
	} `cmd:"" help:"Write a settings file. On a terminal it asks for what --domain, --email and --state-dir do not say."`
	Doctor  doctorCommand `cmd:"" help:"Look for what keeps people from the server, and say what to do; exit with 0 or 1."`
	Top     topCommand    `cmd:"" help:"Show the rooms of a running server, or the people of one, as a table that follows; q leaves."`
	Version struct{}      `cmd:"" name:"version" help:"Print version, commit and Go version."`
}

// terminal is what a command reads and writes besides its arguments.
type terminal struct {
	env            func(string) (string, bool)
	environ        []string // all of the environment, to warn of mistyped names; may be empty
	file           string   // the settings file that needs no name
	interactive    bool     // somebody is there to answer
	stdin          io.Reader
	stdout, stderr io.Writer
}

// execute does what the command line says, and returns the options if that is
// to serve.
func execute(ctx context.Context, args []string, t terminal) (*options, error) {
	g, l, err := load(args, t, false)
	if l == nil || err != nil {
		return nil, err
	}
	switch l.Command {
	case "check-config":
		return nil, checkConfig(l, g.Check.Print, t)
	case "init":
		path := l.File
		// Neither an old file nor the environment answers for the new one.
		if g, l, err = load(args, t, true); err != nil {
			return nil, err
		}
		return nil, initConfig(l, cmp.Or(path, t.file), g.Init.Force, t)
	case "doctor", "doctor <url>":
		if err := l.Err(); err != nil {
			return nil, err
		}
		return nil, g.Doctor.run(ctx, &g.Config, t)
	case "top":
		return nil, g.Top.run(ctx, t)
	case "version":
		_, err := fmt.Fprintln(t.stdout, version())
		return nil, err
	}
	if err := l.Err(); err != nil {
		return nil, err
	}
	return &options{Config: &g.Config, loaded: l}, nil
}

// load parses the command line, and the settings that it leaves to others.
func load(args []string, t terminal, flagsOnly bool) (*grammar, *config.Loaded, error) {
	var g grammar
	l, err := config.Load(&g, &g.Config, config.Input{Args: args, Env: t.env, Environ: t.environ, DefaultFile: t.file, FlagsOnly: flagsOnly},
		kong.Name("sfu"),
		kong.Description("Rooms in the browser: everyone sees, hears and messages everyone else."),
		kong.Vars{"version": version()},
		kong.Writers(t.stdout, t.stderr),
	)
	return &g, l, err
}

// version says which build this is, as far as the binary knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "sfu, unknown version"
	}
	built := make(map[string]string)
	for _, s := range info.Settings {
		built[s.Key] = s.Value
	}
	commit := cmp.Or(built["vcs.revision"], "unknown")
	if built["vcs.modified"] == "true" {
		commit += " and changes"
	}
	return fmt.Sprintf("sfu %s, commit %s, %s", cmp.Or(info.Main.Version, "(devel)"), commit, info.GoVersion)
}
