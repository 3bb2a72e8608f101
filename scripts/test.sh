#!/usr/bin/env bash
# The whole test run, and a summary at its end. A step that fails does not hide
# the ones after it; a test that was skipped is a failure.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p tmp
: >tmp/net-figures.txt
: >tmp/e2e-summary.txt

summary=()
failed=0
step() {
	local name=$1 from=$SECONDS outcome=ok
	shift
	printf '\n== %s\n' "$name"
	"$@" || { outcome=FAILED; failed=1; }
	summary+=("$(printf '%-7s%4d s  %s' "$outcome" $((SECONDS - from)) "$name")")
}
conclude() {
	printf '\n== summary\n'
	printf '%s\n' "${summary[@]}"
	cat tmp/net-figures.txt
	cat tmp/e2e-summary.txt # browser tests that failed, or passed at their second try only
	exit "$failed"
}


step 'install what is missing' scripts/install.sh
[ "$failed" = 0 ] || conclude
step 'check: format, vet, staticcheck, web types and unit tests' make --no-print-directory check
step 'Go tests and fuzz seeds, race detector on' scripts/gotest.sh
step 'networks: NAT, firewalls, IPv6, browsers behind them' make --no-print-directory net
step 'deploy: unit, package, proxies' scripts/deploytest.sh
step 'dashboards and alerts: a real Prometheus, a real server' make --no-print-directory dashboards
step 'browsers' make --no-print-directory e2e
conclude
