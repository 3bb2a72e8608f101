package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxBuckets is how many classic buckets a Distribution has at most.
const maxBuckets = 15

// Distribution is a histogram of what happens too often to lock anything for it: each
// goroutine counts in a Sample of its own, and adds that from time to time. It has
// classic buckets alone.
type Distribution struct {
	desc   *prometheus.Desc
	bounds []float64

	mu       sync.Mutex // guards the fields below
	total    Sample
	examples [maxBuckets + 1]*prometheus.Exemplar
}

// Sample is what one goroutine has observed for a Distribution, which makes it.
type Sample struct {
	bounds []float64
	counts [maxBuckets + 1]uint64 // the last that is used is for what is above all bounds
	sum    float64
	some   bool
}

// Sample returns an empty one.
func (d *Distribution) Sample() Sample { return Sample{bounds: d.bounds} }

// Observe counts a value.
func (s *Sample) Observe(v float64) {
	s.counts[s.bucket(v)]++
	s.sum += v
	s.some = true
}

func (s *Sample) bucket(v float64) int {
	for i, bound := range s.bounds {
		if v <= bound {
			return i
		}
	}
	return len(s.bounds)
}

// Add adds what s has observed, and empties it.
func (d *Distribution) Add(s *Sample) {
	if s.some {
		d.AddCounts(s.counts[:len(d.bounds)+1], s.sum)
		*s = d.Sample()
	}
}

// AddCounts adds values that somebody else has counted: how many lay in each bucket
// above the one before, and their sum.
func (d *Distribution) AddCounts(counts []uint64, sum float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, n := range counts {
		d.total.counts[i] += n
	}
	d.total.sum += sum
}

// Example notes whose a value was that has been observed at now.
func (d *Distribution) Example(v float64, participant string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.examples[d.total.bucket(v)] = &prometheus.Exemplar{Value: v, Labels: exampleOf(participant), Timestamp: now}
}

// Describe implements prometheus.Collector.
func (d *Distribution) Describe(ch chan<- *prometheus.Desc) { ch <- d.desc }

// Collect implements prometheus.Collector.
func (d *Distribution) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	count, buckets := uint64(0), make(map[float64]uint64, len(d.bounds))
	for i, bound := range d.bounds {
		count += d.total.counts[i]
		buckets[bound] = count
	}
	count += d.total.counts[len(d.bounds)]
	m := prometheus.MustNewConstHistogram(d.desc, count, d.total.sum, buckets)
	var examples []prometheus.Exemplar
	for _, e := range d.examples {
		if e != nil {
			examples = append(examples, *e)
		}
	}
	if len(examples) > 0 {
		m = prometheus.MustNewMetricWithExemplars(m, examples...)
	}
	ch <- m
}

func (r registrar) distribution(name, help string, bounds ...float64) *Distribution {
	d := &Distribution{desc: prometheus.NewDesc(name, help, nil, nil), bounds: bounds}
	d.total = d.Sample()
	r.MustRegister(d)
	return d
}

// exampleOf names the participant that a measurement is of. Beside a value, as an
// exemplar, that makes no series of its own.
func exampleOf(participant string) prometheus.Labels {
	return prometheus.Labels{"participant": participant}
}

// Observe counts a value that is a participant's.
func Observe(h prometheus.Histogram, v float64, participant string) {
	h.(prometheus.ExemplarObserver).ObserveWithExemplar(v, exampleOf(participant))
}
