#!/usr/bin/env bash
# Fuzzes every target in the tree, one after the other, for the time given.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: fuzz.sh <time for each target>}

failed=()
while IFS=: read -r file target; do
	echo "== $target in $(dirname "$file")"
	go test -run='^$' -fuzz="^$target\$" -fuzztime="$time" "./$(dirname "$file")" </dev/null || failed+=("$target")
done < <(grep -rho --with-filename --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]*' . |
	sed 's/:func /:/; s|^\./||' | sort)

if [ ${#failed[@]} -gt 0 ]; then
	echo "fuzzing failed: ${failed[*]}" >&2
	exit 1
fi
