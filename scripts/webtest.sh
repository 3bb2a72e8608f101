#!/usr/bin/env bash
# Runs the web client's unit tests, which need no browser. A skipped test fails
# the run.
set -uo pipefail
cd "$(dirname "$0")/../web"
mkdir -p ../tmp
results=../tmp/web-test.tap

node --test --test-reporter=tap test/*.test.js >"$results"
status=$?
[ "$status" = 0 ] || cat "$results"
grep -E '^# (tests|pass|fail|skipped|todo) ' "$results" | tr -d '#' | tr '\n' ' '
echo
if grep -qE '^# (skipped|todo) [1-9]' "$results"; then
	grep -E '# (SKIP|TODO)' "$results"
	echo "webtest.sh: not every test ran" >&2
	status=1
fi
exit "$status"
