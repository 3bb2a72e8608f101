package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"sfu/sfu"
	"sfu/signaling"
	"sfu/signaling/wire"
)

// options is everything an operator can choose: a flag, or the environment
// variable that the help names beside it.
type options struct {
	Listen    string `default:"localhost:8080" placeholder:"ADDR" help:"Serve the page and signalling here (${default})."`
	OpsListen string `default:"127.0.0.1:9464" placeholder:"ADDR" help:"Serve /metrics, /livez and /readyz here (${default})."`
	UDPPort   uint16 `name:"udp-port" default:"7882" placeholder:"PORT" help:"One UDP port for everyone's media; 0 picks a free one (${default})."`

	PublicIP    []netip.Addr `name:"public-ip" placeholder:"IP" help:"Offer this address for media besides the machine's own. Repeatable."`
	ICEServer   []stunURL    `name:"ice-server" placeholder:"URL" help:"Tell browsers of this STUN server, e.g. stun:host:port. Repeatable."`
	AllowOrigin []origin     `placeholder:"ORIGIN" help:"Let pages of this origin connect too, e.g. https://example.org. Repeatable."`

	MaxRooms        int           `default:"1000" placeholder:"N" help:"Rooms at a time (${default})."`
	MaxParticipants int           `default:"50" placeholder:"N" help:"Participants in one room (${default})."`
	Loudest         int           `default:"5" placeholder:"N" help:"In rooms above 10 people, how many of the loudest are heard at once; 0 is everyone (${default})."`
	ResumeTime      time.Duration `default:"30s" placeholder:"TIME" help:"How long a participant whose connection broke is waited for (${default})."`

	PacketByPacket bool `help:"Send media packet by packet, without trains: to compare, or where a driver breaks them."`

	LogLevel  slog.Level       `default:"info" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
	LogFormat string           `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text or json (${default})."`
	Version   kong.VersionFlag `env:"-" help:"Print the version and exit."`
}

// parse reads the options. It returns nil without an error when help or the
// version was all that was asked for.
func parse(args []string, stdout, stderr io.Writer) (*options, error) {
	var o options
	answered := false
	parser, err := kong.New(&o,
		kong.Name("sfu"),
		kong.Description("Rooms in the browser: everyone sees, hears and messages everyone else."),
		kong.DefaultEnvars("SFU"),
		kong.Vars{"version": version()},
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { answered = true }),
	)
	if err != nil {
		return nil, err
	}
	_, err = parser.Parse(args)
	if answered {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w (see --help)", err)
	}
	return &o, nil
}

// Validate is called by kong.
func (o *options) Validate() error {
	switch {
	case o.MaxRooms < 1:
		return fmt.Errorf("--max-rooms %d: at least 1", o.MaxRooms)
	case o.MaxParticipants < 1:
		return fmt.Errorf("--max-participants %d: at least 1", o.MaxParticipants)
	case o.Loudest < 0:
		return fmt.Errorf("--loudest %d: at least 0", o.Loudest)
	case o.ResumeTime < time.Second:
		return fmt.Errorf("--resume-time %v: at least 1s", o.ResumeTime)
	}
	return nil
}

// engine returns the engine's part of the options.
func (o *options) engine() sfu.Config {
	cfg := sfu.Config{
		UDPPort:         int(o.UDPPort),
		PublicIPs:       o.PublicIP,
		MaxRooms:        o.MaxRooms,
		MaxParticipants: o.MaxParticipants,
		Loudest:         o.Loudest,
		ResumeTime:      o.ResumeTime,
		PacketByPacket:  o.PacketByPacket,
	}
	if o.Loudest == 0 {
		cfg.Loudest = -1 // the engine's 0 is the default
	}
	for _, u := range o.ICEServer {
		cfg.ICEServers = append(cfg.ICEServers, wire.ICEServer{URLs: []string{string(u)}})
	}
	return cfg
}

// door returns signalling's part of the options.
func (o *options) door() signaling.Config {
	var cfg signaling.Config
	for _, origin := range o.AllowOrigin {
		cfg.AllowedOrigins = append(cfg.AllowedOrigins, string(origin))
	}
	return cfg
}

// logger returns the program's log.
func (o *options) logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: o.LogLevel}
	if o.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// stunURL is a STUN server as browsers write it (RFC 7064). A TURN server
// would need credentials, which no option can carry safely.
type stunURL string

func (u *stunURL) UnmarshalText(text []byte) error {
	s := string(text)
	scheme, rest, _ := strings.Cut(s, ":")
	if scheme != "stun" && scheme != "stuns" || rest == "" || strings.HasPrefix(rest, "/") {
		return fmt.Errorf("%q is not a STUN server: write stun:host:port", s)
	}
	*u = stunURL(s)
	return nil
}

// origin is a web origin as browsers send it (RFC 6454, 6.2).
type origin string

func (o *origin) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || *u != (url.URL{Scheme: u.Scheme, Host: u.Host}) {
		return fmt.Errorf("%q is not an origin: write https://host or https://host:port", text)
	}
	*o = origin(strings.ToLower(u.String()))
	return nil
}

// version says which build this is, as far as the binary knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "sfu, unknown version"
	}
	return fmt.Sprintf("sfu %s, %s", cmp.Or(info.Main.Version, "(devel)"), info.GoVersion)
}
