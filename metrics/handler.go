package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves the set in the Prometheus formats.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		// One scraper at a time is normal, a few are fine; more is abuse.
		MaxRequestsInFlight: 4,
	})
}
