#!/usr/bin/env bash
# Runs every Go test once, seeds of the fuzz targets included, under the race
# detector. A skipped test fails the run.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p tmp
events=tmp/go-test.json

go tool -modfile=tools/go.mod gotestsum --format=pkgname --jsonfile="$events" -- -race ./...
status=$?
printf '%s fuzz targets ran on their seeds\n' "$(grep -c '"Action":"pass".*"Test":"Fuzz[A-Za-z0-9_]*"' "$events")"
if grep '"Action":"skip".*"Test":' "$events"; then
	echo "gotest.sh: the tests above were skipped" >&2
	status=1
fi
exit "$status"
