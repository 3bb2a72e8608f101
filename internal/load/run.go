package load

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

const (
	connectWithin = 30 * time.Second
	// completeWithin is longer than a server's estimate of a downlink may take
	// to let the last picture in.
	completeWithin = 10 * time.Second
	hush           = 150 * time.Millisecond // if nothing comes for so long, nothing is under way
	slowHush       = 5 * time.Second        // on the slowest of machines
	lostHush       = 3                      // so many times nothing: what is missing is lost
	maxHush        = 20
)

// fleet is all bots of a run.
type fleet struct {
	cfg     *Config
	ground  ground
	silent  atomic.Bool // nobody sends: a window begins or ends
	senders sync.WaitGroup
	closing chan struct{}
	out     io.Writer

	mu   sync.Mutex // guards bots, which only grow
	bots []*bot
}

// Run joins the bots, lets them talk, and reports what became of it. Its error
// says that the run did not take place; whether what arrived was right is in
// the report. A line of progress is written to out each second.
func Run(ctx context.Context, cfg Config, out io.Writer) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	f, err := newFleet(&cfg, out)
	if err != nil {
		return nil, err
	}
	defer f.close()
	before, err := f.usage()
	if err != nil {
		return nil, err
	}
	if err := f.join(ctx); err != nil {
		return nil, err
	}
	if err := f.await(ctx); err != nil {
		return nil, err
	}
	if err := f.sleep(ctx, cfg.Warmup); err != nil {
		return nil, err
	}
	return f.measure(ctx, before)
}

func newFleet(cfg *Config, out io.Writer) (*fleet, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	f := &fleet{cfg: cfg, out: out, closing: make(chan struct{})}
	if f.ground.local, err = localAddr(u.Hostname()); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, err
	}
	f.ground.cert = *cert
	if f.ground.poller, err = newPoller(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *fleet) close() {
	close(f.closing)
	f.senders.Wait()
	for _, b := range f.all() {
		b.close(&f.ground)
	}
	f.ground.poller.close()
}

// all returns the bots so far.
func (f *fleet) all() []*bot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bots
}

func (f *fleet) usage() (usage, error) {
	if f.cfg.PID == 0 {
		return usage{}, nil
	}
	return usageOf(f.cfg.PID)
}

// join lets the bots in at the rate that was asked for, publishers first, room
// after room: so everyone who only watches has something to see at once.
func (f *fleet) join(ctx context.Context) error {
	f.senders.Go(f.tell)
	gap := time.Duration(float64(time.Second) / f.cfg.JoinRate)
	next := time.Now()
	for _, publishes := range []bool{true, false} {
		n := f.cfg.Subscribers
		if publishes {
			n = f.cfg.Publishers
		}
		for room := range f.cfg.Rooms {
			for range n {
				if err := f.sleep(ctx, time.Until(next)); err != nil {
					return err
				}
				next = next.Add(gap)
				if err := f.enter(ctx, room, publishes); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (f *fleet) enter(ctx context.Context, room int, publishes bool) error {
	index := len(f.all())
	b, err := newBot(f.cfg, &f.ground, index, room, publishes, f.verifies(index))
	if err != nil {
		return err
	}
	if b.check != nil {
		b.check.members = f.members(room)
	}
	f.mu.Lock()
	f.bots = append(f.bots, b)
	f.mu.Unlock()
	if err := b.join(ctx); err != nil {
		return err
	}
	if f.cfg.Report != nil {
		if err := b.talk.send(f.cfg.Report); err != nil {
			return err
		}
	}
	if publishes {
		f.senders.Go(func() { f.send(b) })
		if f.cfg.Messages > 0 {
			f.senders.Go(func() { f.chat(b) })
		}
	}
	return nil
}

// verifies picks from both ends of those who watch: the first to join, the last,
// and one of so many in between.
func (f *fleet) verifies(index int) bool {
	return index%f.cfg.VerifyEvery == 0 || index == f.cfg.bots()-1
}

// members tells who publishes in a room, by the order in which they join.
func (f *fleet) members(room int) func(uint16) bool {
	from := room * f.cfg.Publishers
	to := from + f.cfg.Publishers
	return func(sender uint16) bool { return int(sender) >= from && int(sender) < to }
}

// tracks is how many streams b should be sent.
func (f *fleet) tracks(b *bot) int {
	one := 0
	for _, has := range []bool{f.cfg.Media.Audio, f.cfg.Media.Video} {
		if has {
			one++
		}
	}
	if b.publishes() {
		return one * (f.cfg.Publishers - 1)
	}
	return one * f.cfg.Publishers
}

// await waits until everyone is sent everything. A server may choose not to,
// the loudest only for instance: after a while something is enough.
func (f *fleet) await(ctx context.Context) error {
	begin := time.Now()
	for {
		deaf, waiting := 0, 0
		for _, b := range f.all() {
			if err := b.failed(); err != nil {
				return err
			}
			want := f.tracks(b)
			if got := b.hears(); got < want {
				waiting++
				if got == 0 {
					deaf++
				}
			}
		}
		switch waited := time.Since(begin); {
		case waiting == 0:
			return nil
		case deaf > 0 && waited > connectWithin:
			return fmt.Errorf("%d of %d bots were sent nothing within %v", deaf, len(f.all()), connectWithin)
		case deaf == 0 && waited > completeWithin:
			_, _ = fmt.Fprintf(f.out, "%d of %d bots are not sent all there is; going on\n", waiting, len(f.all()))
			return nil
		}
		if err := f.sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func (f *fleet) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return errors.New("interrupted")
	}
}

// send is the camera and the microphone of one bot.
func (f *fleet) send(b *bot) {
	// Bots are out of step with each other, as people are.
	begin := time.Now().Add(time.Duration(b.index) * 7919 * time.Microsecond % (40 * time.Millisecond))
	timer := time.NewTimer(time.Until(begin))
	defer timer.Stop()
	var pieces []piece
	for {
		select {
		case <-timer.C:
		case <-f.closing:
			return
		}
		now := time.Since(begin)
		next := now + time.Second
		for _, s := range b.sources {
			if f.silent.Load() || s.unwanted.Load() || s.bound.Load() == nil {
				s.plan.skip(now)
			} else {
				pieces = s.film(now, pieces[:0])
				for _, p := range pieces {
					s.send(p, begin)
				}
			}
			next = min(next, s.plan.next())
		}
		timer.Reset(time.Until(begin.Add(next)))
	}
}

// tell gives every bot its turn to send feedback.
func (f *fleet) tell() {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case now := <-tick.C:
			for _, b := range f.all() {
				b.tell(n, now)
			}
		case <-f.closing:
			return
		}
	}
}
