package estimate

import (
	"testing"
	"time"
)

// probe sends packets of 750 bytes at so many kbit/s and returns what is found
// when they arrive at another rate. Of the packets the lost ones are missing,
// and so many bytes of media are sent between each two.
func probe(c *clusters, sending, arriving float64, packets, lost, media int) finding {
	gap := func(rate float64, i int) time.Duration {
		return time.Duration(float64(i*(750+media)*8) / (rate * kilo) * float64(time.Second))
	}
	for i := range packets {
		c.sent(Packet{At: began.Add(gap(sending, i)), Size: 750, Probe: 7})
	}
	var got finding
	for i := range packets - lost {
		r := Result{Packet: Packet{At: began.Add(gap(sending, i)), Size: 750, Probe: 7}, Received: true, Arrival: time.Second + gap(arriving, i)}
		got = c.arrived(r)
		if media > 0 {
			r.Probe, r.Size = 0, media
			r.At = r.At.Add(time.Microsecond)
			c.arrived(r)
		}
	}
	return got
}

func TestClusters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                 string
		sending, arriving    float64
		packets, lost, media int
		want                 float64 // kbit/s
		full                 bool
	}{
		{"it arrives as it was sent", 2000, 2000, 5, 0, 0, 2000, false},
		{"a little slower", 2000, 1850, 5, 0, 0, 1850, false},
		{"as fast as the path carries", 2000, 1000, 5, 0, 0, 950, true},
		{"faster than it was sent", 2000, 3000, 5, 0, 0, 2000, false},
		{"that much faster is a lie", 2000, 5000, 5, 0, 0, 0, false},
		{"all at once is one too", 2000, 1e12, 5, 0, 0, 0, false},
		{"one of five is lost", 2000, 2000, 5, 1, 0, 2000, false},
		{"two of five are", 2000, 2000, 5, 2, 0, 0, false},
		{"too few to tell", 2000, 2000, 3, 0, 0, 0, false},
		{"three of twenty are lost", 2000, 2000, 20, 3, 0, 2000, false},
		{"media took its share", 2000, 1000, 8, 0, 750, 950, true},
		{"longer than a second", 20, 20, 8, 0, 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c clusters
			got := probe(&c, tt.sending, tt.arriving, tt.packets, tt.lost, tt.media)
			if !about(got.rate, tt.want*kilo, 0.02) || got.full != tt.full {
				t.Errorf("found %.0f kbit/s, full %v, not %.0f, %v", got.rate/kilo, got.full, tt.want, tt.full)
			}
		})
	}
}

// A probe that was never sent is none, and the oldest gives way.
func TestClustersAreBounded(t *testing.T) {
	t.Parallel()
	var c clusters
	if got := c.arrived(Result{Packet: Packet{At: began, Size: 750, Probe: 3}, Received: true}); got.rate != 0 {
		t.Errorf("a probe that was not sent found %v", got)
	}
	for id := range 20 {
		c.sent(Packet{Size: 750, Probe: id + 1})
	}
	for id := range 20 {
		if known := c.find(id+1) != nil; known != (id >= 20-maxClusters) {
			t.Errorf("probe %d is known: %v", id+1, known)
		}
	}
}

// Media of before and after a probe, told of in a strange order, is no part of it.
func TestClustersOrder(t *testing.T) {
	t.Parallel()
	var c clusters
	var probes, media []Result
	for i := range 6 {
		p := Packet{At: began.Add(time.Second + time.Duration(i)*3*ms), Size: 750, Probe: 1}
		c.sent(p)
		probes = append(probes, Result{Packet: p, Received: true, Arrival: time.Duration(i) * 3 * ms})
	}
	for i := range 50 {
		media = append(media, Result{Packet: Packet{At: began.Add(time.Duration(i) * 40 * ms), Size: mtu}, Received: true})
	}
	c.arrived(probes[0])
	for _, r := range media {
		c.arrived(r)
	}
	var got finding
	for _, r := range probes[1:] {
		got = c.arrived(r)
	}
	if !about(got.rate, 2*mega, 0.01) {
		t.Errorf("found %.0f kbit/s, not 2000", got.rate/kilo)
	}
}

func TestBursts(t *testing.T) {
	t.Parallel()
	var b bursts
	frames := func(n, packets int, rate float64, from time.Duration) {
		for f := range n {
			for i := range packets {
				at := from + time.Duration(f)*33*ms + time.Duration(i)*2*ms
				arrived := from + time.Duration(f)*33*ms + time.Duration(float64(i*mtu*8)/rate*float64(time.Second))
				b.arrived(Result{Packet: Packet{At: began.Add(at), Size: mtu}, Received: true, Arrival: arrived})
			}
		}
	}
	frames(60, 4, 1*mega, 0)
	if !about(b.rate, 0.95*mega, 0.02) {
		t.Errorf("bursts pass at %.0f, not at 950,000", b.rate)
	}
	frames(60, 4, 2.5*mega, 10*time.Second)
	if !about(b.rate, 0.95*2.5*mega, 0.02) {
		t.Errorf("and then at %.0f, not at 2,375,000", b.rate)
	}
	frames(60, 2, 9*mega, 20*time.Second)
	if !about(b.rate, 0.95*2.5*mega, 0.02) {
		t.Errorf("two packets make it %.0f", b.rate)
	}
}
