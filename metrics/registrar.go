package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// registrar makes metrics that are registered from birth.
type registrar struct{ *prometheus.Registry }

func (r registrar) counters(name, help string, labels ...string) *prometheus.CounterVec {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.MustRegister(vec)
	return vec
}

func (r registrar) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	r.MustRegister(vec)
	return vec
}

func (r registrar) counter(name, help string) prometheus.Counter {
	return r.counters(name, help).WithLabelValues()
}

func (r registrar) gauge(name, help string) prometheus.Gauge {
	return r.gauges(name, help).WithLabelValues()
}

// histograms have both kinds of buckets: classic ones that every Prometheus
// reads, and native ones, bounded in number, for those that scrape them.
func (r registrar) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:                            name,
		Help:                            help,
		Buckets:                         buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}, labels)
	r.MustRegister(vec)
	return vec
}

// histogramOf fills in one histogram for each value of a label.
func histogramOf(into []prometheus.Histogram, vec *prometheus.HistogramVec, words []string) {
	for i, word := range words {
		into[i] = vec.WithLabelValues(word).(prometheus.Histogram)
	}
}

// counterOf fills in one counter for each value of a label.
func counterOf(into []prometheus.Counter, vec *prometheus.CounterVec, words []string) {
	for i, word := range words {
		into[i] = vec.WithLabelValues(word)
	}
}

func (r registrar) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	return r.histograms(name, help, buckets).WithLabelValues().(prometheus.Histogram)
}
