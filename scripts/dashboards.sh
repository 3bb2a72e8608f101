#!/usr/bin/env bash
# Asks a real Prometheus (Debian's) everything that dashboards and rules ask, while
# bots talk through a real server; and runs the cases of the alerts.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in prometheus promtool; do
	command -v "$program" >/dev/null || { echo "dashboards.sh: $program is missing: scripts/install.sh" >&2; exit 1; }
done
mkdir -p bin
go build -o bin/ ./cmd/sfu
go vet -tags dashboards ./internal/truth
go test -tags dashboards -count=1 -v "$@" ./internal/truth
