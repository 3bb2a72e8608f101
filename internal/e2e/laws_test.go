package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"sfu/sfu/media"
)

// end lets everything that is under way arrive, checks what everybody received
// and the server's accounts, sees everyone out and checks that nothing of them
// is left.
func (w *world) end() {
	w.t.Helper()
	for _, p := range w.live() {
		p.do(func() {
			for _, u := range p.ups {
				u.stopped = true
			}
		})
	}
	w.run(time.Second)
	w.checkStories()
	w.checkAccounts()
	for _, p := range w.live() {
		p.leave()
	}
	w.run(time.Second)
	w.checkNothingLeft()
	w.checkConservation()
}

// checkStories checks what every peer received, in the order it should have.
func (w *world) checkStories() {
	w.t.Helper()
	var missed []string
	missing := 0
	for _, p := range w.peers {
		p.do(func() {
			for _, f := range p.down.faults {
				w.t.Errorf("%s: %s", p.name, f)
			}
			for mid, st := range p.down.byMid {
				if p.down.nonsense[mid] {
					continue
				}
				st.picky = w.allowed.quiet
				faults, lost := st.story(w.allowed.loss)
				if st.layered() {
					s := st.watch()
					faults, lost = s.faults, s.lost
					if s.headless && !w.allowed.loss {
						faults = append(faults, "section "+mid+" does not begin with a keyframe")
					}
				}
				for _, f := range faults {
					w.t.Errorf("%s: %s", p.name, f)
				}
				if lost > 0 {
					missed = append(missed, fmt.Sprintf("%s misses %d packets in section %s", p.name, lost, st.mid))
				}
				missing += lost
			}
		})
	}
	// A keyframe that comes while a picture waits makes up for what waits of it.
	if !w.allowed.loss && float64(missing) > value(w.count.PacketsDropped[media.DropCongested]) {
		w.t.Error(strings.Join(missed, ", "))
	}
}

// checkConservation checks the law that no packet gets out of the books.
func (w *world) checkConservation() {
	w.t.Helper()
	c := w.count
	offered := sum(c.PacketsOffered[:])
	spent := sum(c.PacketsForwarded[:]) + sum(c.PacketsDropped[:]) + value(c.WriteErrors)
	if offered != spent {
		w.t.Errorf("%v packets were offered, but %v forwarded, %v dropped, %v failed", offered,
			sum(c.PacketsForwarded[:]), sum(c.PacketsDropped[:]), value(c.WriteErrors))
	}
	trains := histogramOf(w.t, c.Media.TrainPackets)
	if packets, buffers := value(c.SocketPackets), value(c.SocketBuffers); trains.GetSampleSum() != packets || float64(trains.GetSampleCount()) != buffers {
		w.t.Errorf("%d trains hold %v packets, but %v were sent in %v buffers",
			trains.GetSampleCount(), trains.GetSampleSum(), packets, buffers)
	}
	// What is refused before it gets to a loop is in no turn.
	taken, refused := sum(c.PacketsReceived[:]), sum(c.PacketsRefused[:])
	if turns := histogramOf(w.t, c.Media.TurnPackets).GetSampleSum(); turns < taken || turns > taken+refused {
		w.t.Errorf("turns had %v packets, but %v were taken and %v refused", turns, taken, refused)
	}
}

// checkAccounts compares the server's books with what peers sent and received.
func (w *world) checkAccounts() {
	w.t.Helper()
	w.checkConservation()
	var sent, received int
	for _, p := range w.peers {
		p.do(func() {
			for _, u := range p.ups {
				sent += int(u.count)
			}
			for _, st := range p.down.byMid {
				received += len(st.packets) - st.repaired
			}
		})
	}
	c := w.count
	taken := int(sum(c.PacketsReceived[:]))
	if !w.allowed.loss && !w.allowed.hostile {
		underway := 6 * w.allowed.leaves // packets of whoever left, cut short
		if taken > sent || taken < sent-underway {
			w.t.Errorf("peers sent %d packets, the server took %d and refused %s", sent, taken, w.refused())
		}
		refused := sum(c.PacketsRefused[:])
		if w.allowed.leaves > 0 { // who was shown out may not have noticed yet
			refused -= value(c.PacketsRefused[media.DropUnknown])
		}
		if refused > 0 {
			w.t.Errorf("the server refused packets of honest peers: %s", w.refused())
		}
	}
	if forwarded := int(sum(c.PacketsForwarded[:])); !w.allowed.loss && w.allowed.leaves == 0 && forwarded != received {
		w.t.Errorf("the server forwarded %d packets, peers received %d", forwarded, received)
	}
	if n := value(c.WriteErrors); n > 0 && w.allowed.leaves == 0 {
		w.t.Errorf("%v packets could not be written", n)
	}
}

func (w *world) refused() (out string) {
	for d := range media.Drop(media.NumDrops) {
		if n := value(w.count.PacketsRefused[d]); n > 0 {
			out += d.String() + " "
		}
	}
	return out
}

// checkNothingLeft checks that those who are gone left nothing behind. The
// goroutines are counted by the bubble itself.
func (w *world) checkNothingLeft() {
	w.t.Helper()
	c := w.count
	for name, gauge := range map[string]prometheus.Gauge{
		"rooms": c.Rooms, "participants": c.Participants, "signalling connections": c.SignalingConnections,
		"audio tracks": c.UpTracks[media.Audio], "video tracks": c.UpTracks[media.Video],
		"audio slots in use": c.DownTracks[media.Audio], "video slots in use": c.DownTracks[media.Video],
		"data channels": c.DataChannels, "bytes that wait on them": c.Data.QueuedBytes,
	} {
		if n := value(gauge); n != 0 {
			w.t.Errorf("%v %s are left", n, name)
		}
	}
}

// histogramOf reads a histogram.
func histogramOf(t *testing.T, c prometheus.Collector) *dto.Histogram {
	t.Helper()
	metrics := make(chan prometheus.Metric, 1)
	c.Collect(metrics)
	var out dto.Metric
	check(t, (<-metrics).Write(&out))
	return out.GetHistogram()
}

// value reads a counter or a gauge.
func value(m prometheus.Metric) float64 {
	var out dto.Metric
	if err := m.Write(&out); err != nil {
		panic(err)
	}
	return out.GetCounter().GetValue() + out.GetGauge().GetValue()
}

// sum adds up counters; nil ones stand for labels that are not used.
func sum(counters []prometheus.Counter) (total float64) {
	for _, c := range counters {
		if c != nil {
			total += value(c)
		}
	}
	return total
}
