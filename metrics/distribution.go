package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// maxBuckets is how many classic buckets a Distribution has at most.
const maxBuckets = 15

// Distribution is a histogram for media loops, which observe something in each turn:
// with classic buckets alone, for to find the native one takes as long as to send a
// packet.
type Distribution struct {
	desc   *prometheus.Desc
	bounds []float64

	mu     sync.Mutex // guards the fields below
	counts [maxBuckets + 1]uint64
	sum    float64
}

// Observe counts a value.
func (d *Distribution) Observe(v float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[d.bucket(v)]++
	d.sum += v
}

// Add adds what somebody has counted elsewhere: how many values lay in each bucket, not
// counting those below it, and their sum.
func (d *Distribution) Add(counts []uint32, sum float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, n := range counts {
		d.counts[i] += uint64(n)
	}
	d.sum += sum
}

func (d *Distribution) bucket(v float64) int {
	for i, bound := range d.bounds {
		if v <= bound {
			return i
		}
	}
	return len(d.bounds)
}

// Describe implements prometheus.Collector.
func (d *Distribution) Describe(ch chan<- *prometheus.Desc) { ch <- d.desc }

// Collect implements prometheus.Collector.
func (d *Distribution) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	count, buckets := uint64(0), make(map[float64]uint64, len(d.bounds))
	for i, bound := range d.bounds {
		count += d.counts[i]
		buckets[bound] = count
	}
	count += d.counts[len(d.bounds)]
	ch <- prometheus.MustNewConstHistogram(d.desc, count, d.sum, buckets)
}

func (r registrar) distribution(name, help string, bounds ...float64) *Distribution {
	d := &Distribution{desc: prometheus.NewDesc(name, help, nil, nil), bounds: bounds}
	r.MustRegister(d)
	return d
}

// ObserveOf observes what was measured of a participant, and says so beside the bucket,
// as an exemplar: that makes no series of its own. It is not for what happens often.
func ObserveOf(h prometheus.Histogram, v float64, participant string) {
	h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"participant": participant})
}
