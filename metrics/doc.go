// Package metrics holds every counter that the server has, as typed fields,
// and serves them to Prometheus. It decides nothing and knows no room and no
// participant: labels are small closed lists. main builds the one Set and
// passes it down.
package metrics
