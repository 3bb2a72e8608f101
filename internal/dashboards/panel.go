package dashboards

// Dashboard is one page in Grafana.
type Dashboard struct {
	UID   string // also the name of its file
	Title string
	Help  string
	Rows  []Row
}

// Row is a heading, and the panels below it from left to right.
type Row struct {
	Title  string
	Panels []Panel
}

// Kind is how a panel shows what it asks for.
type Kind uint8

// The kinds.
const (
	Graph   Kind = iota // lines over time
	Stacked             // areas over time that add up
	Stat                // the last value, large
	Name                // the name of the series, large
	Heatmap             // the buckets of a histogram over time
)

// Unit is Grafana's word for a unit.
type Unit string

// The units.
const (
	Count      Unit = "short"
	Seconds    Unit = "s"
	Duration   Unit = "dtdurations" // in days and hours
	Ratio      Unit = "percentunit" // of 0 to 1
	Bits       Unit = "bps"
	Bytes      Unit = "bytes"
	Packets    Unit = "pps"
	PerSecond  Unit = "ops"
	PerMinute  Unit = "opm"
	Pixels     Unit = "pixel"
	FrameRates Unit = "fps" // frames a second
	Number     Unit = "none"
)

// Panel is one question and its answer. A threshold is a line in a graph and a
// colour of a figure; where the lower value is the worse one, Bad is below Warn.
type Panel struct {
	Title   string
	Help    string
	Kind    Kind
	Unit    Unit
	Width   int // of 24 columns; 0: 4 for figures, 8 for graphs
	Warn    float64
	Bad     float64
	Queries []Query
}

// Query is one expression of PromQL and the name of what it gives, which may have
// {{label}} in it. Grafana's $job, $instance and $__rate_interval are in it.
type Query struct {
	Expr   string
	Legend string
}

// All are the pages, in their order.
func All() []Dashboard { return []Dashboard{overview(), quality(), capacity(), trouble()} }

// Queries are all that a page asks, by the title of the panel.
func (d Dashboard) Queries(each func(panel string, q Query)) {
	for _, row := range d.Rows {
		for _, p := range row.Panels {
			for _, q := range p.Queries {
				each(p.Title, q)
			}
		}
	}
}
