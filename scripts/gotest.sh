#!/usr/bin/env bash
# Runs every Go test once, seeds of the fuzz targets included, under the race
# detector; but for those about what crosses a bottleneck within minutes, which
# it makes five times as slow. What they run is raced by all others. A skipped
# test fails the run.
#
# A whole server in virtual time still depends on the order in which goroutines
# run. A few tests that fail have a second try each, and are named at the
# end, to be mended.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p tmp
events=tmp/go-test.json

again=tmp/second-try
rm -f "$again"*
gotestsum=(go tool -modfile=tools/go.mod gotestsum --format=pkgname --rerun-fails=1 --rerun-fails-max-failures=6)
"${gotestsum[@]}" --jsonfile="$events" --rerun-fails-report="$again" --packages=./... -- -race
status=$?
long=$(grep -l '^//go:build !race$' internal/e2e/*_test.go | xargs grep -ho '^func Test[A-Za-z0-9]*' | sed 's/^func //' | paste -sd '|')
"${gotestsum[@]}" --jsonfile="$events.long" --rerun-fails-report="$again.long" --packages=./internal/e2e -- -run "^($long)\$" || status=1
cat "$events.long" >>"$events"
printf '%s fuzz targets ran on their seeds\n' "$(grep -c '"Action":"pass".*"Test":"Fuzz[A-Za-z0-9_]*"' "$events")"
if grep '"Action":"skip".*"Test":' "$events"; then
	echo "gotest.sh: the tests above were skipped" >&2
	status=1
fi
if grep -qs . "$again"*; then
	echo 'second tries:'
	grep -hs . "$again"*
fi
exit "$status"
