package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"sfu/internal/load"
)

// options is everything that can be asked of the program.
type options struct {
	Run       runCommand       `cmd:"" default:"withargs" help:"Let bots join a server (what is done without a command)."`
	Reference referenceCommand `cmd:"" help:"Be the smallest forwarder that pion allows, for the bots to compare with."`
	Bench     benchCommand     `cmd:"" help:"Run the scenarios of docs/capacity.md against our server and the reference."`
}

// runCommand is one run.
type runCommand struct {
	URL    string `name:"url" default:"ws://localhost:8080/ws" placeholder:"URL" help:"The server's WebSocket (${default})."`
	Origin string `placeholder:"ORIGIN" help:"Send this origin, as a page would."`
	PID    int    `name:"pid" placeholder:"PID" help:"Process id of the server, if it runs on this machine: measure its CPU and memory."`
	JSON   string `name:"json" placeholder:"FILE" help:"Write the report here too."`

	Crowd   crowd   `embed:""`
	Picture picture `embed:""`

	Duration    time.Duration `default:"10s" placeholder:"TIME" help:"How long to count (${default})."`
	Warmup      time.Duration `default:"2s" placeholder:"TIME" help:"How long to wait before it, once everyone sees something (${default})."`
	Loss        float64       `default:"0" placeholder:"SHARE" help:"Lose this share of the media packets on purpose, e.g. 0.02."`
	NACK        bool          `name:"nack" help:"Let bots ask again for what they miss."`
	Messages    int           `default:"0" placeholder:"N" help:"Messages a second that each publisher sends on a data channel."`
	VerifyEvery int           `default:"16" placeholder:"N" help:"One bot of so many decrypts and verifies everything it gets; the others count (${default})."`
}

type crowd struct {
	Rooms       int     `default:"1" placeholder:"N" help:"Rooms (${default})."`
	Publishers  int     `default:"1" placeholder:"N" help:"Bots in each room that send; they watch each other too (${default})."`
	Subscribers int     `default:"10" placeholder:"N" help:"Bots in each room that only watch (${default})."`
	JoinRate    float64 `default:"20" placeholder:"N" help:"Bots that join in a second (${default})."`
}

type picture struct {
	Video     bool `default:"true" negatable:"" help:"Publishers send a camera: VP8 (the default)."`
	Audio     bool `default:"true" negatable:"" help:"Publishers send a microphone: Opus (the default)."`
	Bitrate   int  `default:"1200000" placeholder:"N" help:"Of a camera, in bits a second (${default})."`
	FPS       int  `name:"fps" default:"30" placeholder:"N" help:"Frames a second (${default})."`
	Simulcast bool `help:"Cameras send three sizes, as browsers do."`
}

// command is what can be done.
type command interface {
	run(ctx context.Context, stdout, stderr io.Writer) error
}

// parse reads the options. It returns nil without an error when help was all
// that was asked for.
func parse(args []string, stdout, stderr io.Writer) (command, error) {
	var o options
	answered := false
	parser, err := kong.New(&o,
		kong.Name("sfuload"),
		kong.Description("Bots that join a server as browsers do, and count what they get."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { answered = true }),
	)
	if err != nil {
		return nil, err
	}
	chosen, err := parser.Parse(args)
	if answered {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w (see --help)", err)
	}
	return map[string]command{"run": &o.Run, "reference": &o.Reference, "bench": &o.Bench}[chosen.Command()], nil
}

// config is what the run is made of.
func (c *runCommand) config() load.Config {
	return load.Config{
		URL: c.URL, Origin: c.Origin, PID: c.PID,
		Rooms: c.Crowd.Rooms, Publishers: c.Crowd.Publishers, Subscribers: c.Crowd.Subscribers, JoinRate: c.Crowd.JoinRate,
		Media:    load.Media(c.Picture),
		Duration: c.Duration, Warmup: c.Warmup, Loss: c.Loss, NACK: c.NACK, VerifyEvery: c.VerifyEvery, Messages: c.Messages,
	}
}
