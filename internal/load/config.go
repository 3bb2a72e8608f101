package load

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"sfu/signaling/wire"
)

// Config is one run: who joins, and what they send.
type Config struct {
	URL    string // of the signalling, ws://host:port/ws
	Origin string // as a page would send it; none by default
	PID    int    // of the server, to measure what it uses; 0: unknown

	Rooms       int
	Publishers  int // in each room; they watch each other too
	Subscribers int // in each room, who only watch
	JoinRate    float64

	Media Media

	Duration    time.Duration
	Warmup      time.Duration
	Loss        float64 // share of media packets lost on purpose, in both directions
	NACK        bool    // bots ask for what they miss
	VerifyEvery int     // one bot of so many decrypts and verifies all it gets
	Messages    int     // a second, of each publisher on a data channel

	Report *wire.Report // that each bot sends as it joins; nil for none
}

// Media is what a publisher sends.
type Media struct {
	Video     bool
	Audio     bool
	Bitrate   int // of a camera, bits a second, all encodings together
	FPS       int
	Simulcast bool
}

// maxBots is what the sender's field in a seal can tell apart.
const maxBots = 1 << 16

// maxMessages is well above what a person writes, or a game sends, in a second.
const maxMessages = 1000

// Validate refuses what cannot be run.
func (c *Config) Validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return err
	case u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "":
		return fmt.Errorf("%q is not an address of a server: write ws://host:port/ws", c.URL)
	case c.Rooms < 1 || c.Publishers < 1 || c.Subscribers < 0:
		return errors.New("at least one room and one publisher")
	case c.Publishers+c.Subscribers < 2:
		return errors.New("nobody to forward to: at least two bots in a room")
	case c.bots() > maxBots:
		return fmt.Errorf("%d bots: at most %d", c.bots(), maxBots)
	case !c.Media.Video && !c.Media.Audio:
		return errors.New("neither video nor audio")
	case c.Media.FPS < 1 || c.Media.FPS > 240 || c.Media.Bitrate < 8*c.Media.FPS:
		return errors.New("a bitrate and a frame rate that make frames")
	case c.JoinRate <= 0 || c.Duration < 100*time.Millisecond || c.VerifyEvery < 1:
		return errors.New("join rate, duration and verify-every must be positive")
	case c.Messages < 0 || c.Messages > maxMessages:
		return fmt.Errorf("%d messages a second: from 0 to %d", c.Messages, maxMessages)
	case c.Loss < 0 || c.Loss >= 1:
		return errors.New("loss is a share from 0 to 1")
	}
	return nil
}

func (c *Config) bots() int { return c.Rooms * (c.Publishers + c.Subscribers) }
