package load

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
)

const roomPairs = 9 // runs on one core and on two; the one in the middle counts

var perPacket = regexp.MustCompile(`([0-9.]+) ns/packet`)

// TwoCores returns how many times as much one room sends on two cores as on one, where
// there is none to spare for bots: by the benchmark of the way out, to sockets that
// nobody reads.
func (b *Bench) TwoCores(ctx context.Context) (float64, error) {
	ratios := make([]float64, roomPairs)
	for i := range ratios {
		one, err := b.room(ctx, 1)
		if err != nil {
			return 0, err
		}
		two, err := b.room(ctx, 2)
		if err != nil {
			return 0, err
		}
		ratios[i] = one / two
	}
	slices.Sort(ratios)
	_, _ = fmt.Fprintf(b.Out, "one room on two cores, of one: %.2f\n", ratios)
	return ratios[roomPairs/2], nil
}

// room returns the nanoseconds a packet takes on so many cores.
func (b *Bench) room(ctx context.Context, cores int) (float64, error) {
	out, err := exec.CommandContext(ctx, b.Room, "-test.run=^$", "-test.bench=Room/trains", fmt.Sprintf("-test.cpu=%d", cores)).Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", b.Room, err)
	}
	found := perPacket.FindSubmatch(out)
	if found == nil {
		return 0, errors.New(b.Room + " has no BenchmarkRoom")
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
