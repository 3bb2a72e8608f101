#!/usr/bin/env bash
# Runs the browser tests. Browsers keep what they inherit open, so their output
# goes to a file, and a time limit ends what hangs: whatever still carries this
# run's mark afterwards was started by it.
set -uo pipefail
cd "$(dirname "$0")/../e2e"
limit=${E2E_LIMIT:-2100}
log=../tmp/e2e.log
export E2E_SUMMARY=$PWD/../tmp/e2e-summary.txt # test.sh prints it once more
mark=SFU_E2E_RUN=$$-$(date +%s)
mkdir -p ../tmp
: >"$log"
: >"$E2E_SUMMARY"

env "$mark" timeout -s INT -k 30 "$limit" node_modules/.bin/playwright test "$@" >"$log" 2>&1 </dev/null &
run=$!
tail -f "$log" &
show=$!

end() {
	kill "$run" 2>/dev/null && wait "$run"
	kill "$show" 2>/dev/null
	local environ
	for environ in /proc/[0-9]*/environ; do
		if grep -qzxF "$mark" "$environ" 2>/dev/null; then
			kill -9 "$(basename "$(dirname "$environ")")" 2>/dev/null
		fi
	done
}
trap end EXIT
trap 'exit 130' INT TERM

wait "$run"
status=$?
if [ "$status" = 124 ] || [ "$status" = 137 ]; then
	echo "e2e.sh: stopped after $limit s" >&2
fi
if grep -qE '^ +[0-9]+ (skipped|did not run)' "$log"; then
	echo "e2e.sh: not every test ran" >&2
	status=1
fi
sleep 1 # tail shows the end
cat "$E2E_SUMMARY"
exit "$status"
