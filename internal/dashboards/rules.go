package dashboards

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	conjunction = regexp.MustCompile(` (?:and|or) `)
	comparison  = regexp.MustCompile(` (?:==|!=|<=|>=|<|>) `)
)

// Terms are what an alert compares with constants: each of them has a value also
// while the alert is silent.
func Terms(alert string) (terms []string, err error) {
	for _, part := range conjunction.Split(alert, -1) {
		sides := comparison.Split(part, -1)
		if len(sides) != 2 {
			return nil, fmt.Errorf("%q is not one comparison: record what it is about, and compare that", part)
		}
		if _, err := strconv.ParseFloat(sides[1], 64); err != nil {
			return nil, fmt.Errorf("%q is compared with %q: only numbers are known to be there", sides[0], sides[1])
		}
		terms = append(terms, strings.TrimSpace(sides[0]))
	}
	return terms, nil
}

// Metrics are the names of the server's metrics in an expression, those of a
// histogram's parts as it is called itself.
func Metrics(expr string) (names []string) {
	for _, m := range ours.FindAllStringSubmatch(expr, -1) {
		names = append(names, m[1])
	}
	return names
}

// A colon would make it the name of a recording.
var ours = regexp.MustCompile(`(?:^|[^a-z0-9_:])(sfu_[a-z0-9_]+?)(?:_bucket|_count|_sum)?(?:[^a-z0-9_:]|$)`)
