#!/usr/bin/env bash
# Builds one command as releases have it: static, and the same commit gives the
# same bytes. build.sh COMMAND FILE; GOOS and GOARCH say for what.
set -euo pipefail
file=$(realpath -m "$2")
cd "$(dirname "$0")/.."
CGO_ENABLED=0 exec go build -buildvcs="${BUILDVCS:-auto}" -trimpath -ldflags='-s -w -buildid=' -o "$file" "./cmd/$1"
