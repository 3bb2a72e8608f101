#!/usr/bin/env bash
# Makes Debian packages out of the binaries that release.sh left in dist/, or
# $DIST: for the architectures named, or for both. VERSION=1.2.0 gives another
# version than git's.
set -euo pipefail
cd "$(dirname "$0")/.."

DIST=${DIST:-dist}
VERSION=${VERSION:-$(scripts/version.sh deb)}
MAINTAINER=${MAINTAINER:-sfu <sfu@localhost>}
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) # the same commit, the same bytes
export ARCH DIST VERSION MAINTAINER SOURCE_DATE_EPOCH

[ $# -gt 0 ] || set -- amd64 arm64
for ARCH in "$@"; do
	if [ ! -f "$DIST/sfu-linux-$ARCH" ]; then
		echo "package.sh: $DIST/sfu-linux-$ARCH is missing: run make release first" >&2
		exit 1
	fi
	go tool -modfile=tools/go.mod nfpm package --config deploy/debian/nfpm.yaml --packager deb --target "$DIST/sfu_${VERSION}_$ARCH.deb"
done
(cd "$DIST" && rm -f SHA256SUMS && sha256sum -- * >SHA256SUMS)
