package dashboards

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Pages write expressions without what every one of them has: the matchers of job
// and instance, and the interval of a rate, which is [] there.

const matchers = `job=~"$job",instance=~"$instance"`

var metric = regexp.MustCompile(`\b((?:sfu|go|process|scrape)_[a-z0-9_]+|up|ALERTS)\b(\{)?`)

// ask makes a query of a short expression.
func ask(legend, short string) Query {
	expr := metric.ReplaceAllStringFunc(short, func(s string) string {
		if name, ok := strings.CutSuffix(s, "{"); ok {
			return name + "{" + matchers + ","
		}
		return s + "{" + matchers + "}"
	})
	return Query{Expr: strings.ReplaceAll(expr, "[]", "[$__rate_interval]"), Legend: legend}
}

// one is a panel's only query.
func one(legend, short string) []Query { return []Query{ask(legend, short)} }

// perSecond is the rate of a counter, by a label.
func perSecond(counter, label string) []Query {
	return one("{{"+label+"}}", fmt.Sprintf("sum by (%s) (rate(%s[]))", label, counter))
}

// quantile is of a classic histogram, which every Prometheus has. Without an
// observation it is not a number, and the comparison leaves it out: a gap, and not a
// spike.
func quantile(q float64, selector, interval string, by ...string) string {
	name, rest := selector, ""
	if at := strings.IndexByte(selector, '{'); at >= 0 {
		name, rest = selector[:at], selector[at:]
	}
	labels := strings.Join(append([]string{"le"}, by...), ", ")
	return fmt.Sprintf("histogram_quantile(%g, sum by (%s) (rate(%s_bucket%s[%s]))) >= 0", q, labels, name, rest, interval)
}

// spread is how most, nearly all and all but a few are.
func spread(selector string) []Query { return quantiles(selector, .5, .95, .99) }

func quantiles(selector string, list ...float64) (queries []Query) {
	for _, q := range list {
		queries = append(queries, ask("p"+strconv.Itoa(int(q*100+.5)), quantile(q, selector, "")))
	}
	return queries
}

// quantileBy is one quantile for each value of a label.
func quantileBy(q float64, selector, label string) []Query {
	return one("{{"+label+"}}", quantile(q, selector, "", label))
}

// share is a part of a whole: 0 where there is nothing. What is no part of it would
// be a spike then, and wants each.
func share(part, whole string) string { return fmt.Sprintf("%s / clamp_min(%s, 1e-9)", part, whole) }

// each is a rate for each of what may be few: below one of them it is the rate itself.
func each(rate, of string) string { return fmt.Sprintf("%s / clamp_min(%s, 1)", rate, of) }

// per is an amount for each of something: nothing where there is none of it.
func per(amount, of string) string { return fmt.Sprintf("%s / (%s > 0)", amount, of) }
