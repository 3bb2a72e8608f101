#!/usr/bin/env bash
# Runs the server and its clients on machines of their own: network namespaces, as
# root, which need nothing of this machine's network. Browsers are some of them.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "net.sh: network namespaces need root: sudo make net" >&2; exit 1; }
mkdir -p bin tmp
export NET_FIGURES=$PWD/tmp/net-figures.txt # test.sh prints it once more
: >"$NET_FIGURES"
go build -o bin/ ./cmd/sfu ./cmd/sfuload
go build -modfile=tools/go.mod -o bin/ github.com/letsencrypt/pebble/v2/cmd/pebble github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv
status=0
go test -tags netlab -count=1 -parallel=4 "$@" ./internal/netlab || status=$?
cat "$NET_FIGURES"
exit "$status"
