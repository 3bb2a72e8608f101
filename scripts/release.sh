#!/usr/bin/env bash
# Builds what a release is made of into dist/, or $DIST: static binaries for the
# targets named or for all, what is inside of them (CycloneDX), and checksums.
# The same commit gives the same bytes wherever it is built: no paths, no build
# id, no time of day.
#
# The version needs no -X: Go stamps the tag, or the commit and its time, and
# `sfu version`, sfu_build_info and `go version -m` all read that one stamp.
set -euo pipefail
cd "$(dirname "$0")/.."

max_bytes=$((40 * 1000 * 1000)) # of the server for Linux: it is fetched on small machines
dist=${DIST:-dist}
[ $# -gt 0 ] || set -- linux/amd64 linux/arm64 darwin/amd64 darwin/arm64

rm -rf "$dist"
mkdir -p "$dist"
for target in "$@"; do
	for command in sfu sfuload; do
		binary=$dist/$command-${target/\//-}
		BUILDVCS=true GOOS=${target%/*} GOARCH=${target#*/} scripts/build.sh "$command" "$binary"
		go tool -modfile=tools/go.mod cyclonedx-gomod bin -json -std -noserial -notimestamp -output "$binary.cdx.json" "$binary" 2>/dev/null
	done
done

for binary in "$dist"/sfu-linux-*[!n]; do
	bytes=$(stat -c %s "$binary")
	if [ "$bytes" -ge "$max_bytes" ]; then
		echo "release.sh: $binary has $bytes bytes, and $max_bytes are the limit: see what grew with 'go version -m' and 'go tool nm -size'" >&2
		exit 1
	fi
	echo "$binary: $bytes bytes of $max_bytes"
done
(cd "$dist" && sha256sum -- * >SHA256SUMS)
echo "$dist holds $(scripts/version.sh)"
