// Package dashboards is what Grafana shows of the server, as code: four pages of
// panels, and the JSON of them in deploy/grafana/dashboards. Its tests hold the two
// together (`go test ./internal/dashboards -update` writes the JSON anew), and hold
// the rules of deploy/prometheus to what they promise. Whether the expressions are
// true of a real server is package truth's to say.
package dashboards
