#!/usr/bin/env bash
# Prints the version of this tree as git knows it or, with "deb", as Debian
# sorts it: 1.2.0, then 1.2.0+5.gabc1234 for five commits later. A tree without
# a tag counts from 0.0.0 by the time of its commit.
set -euo pipefail
cd "$(dirname "$0")/.."

described=$(git describe --tags --match 'v[0-9]*' --always --dirty)
if [ "${1:-}" != deb ]; then
	echo "$described"
	exit 0
fi
dirty=
[[ $described != *-dirty ]] || dirty=+dirty
described=${described%-dirty}
case $described in
v[0-9]*-*-g*) count=${described%-g*} count=${count##*-} tag=${described%-*-g*} deb=${tag#v}+$count.g${described##*-g} ;;
v[0-9]*) deb=${described#v} ;;
*) deb=0.0.0+$(TZ=UTC git log -1 --date=format-local:%Y%m%d%H%M%S --format=%cd).g$described ;;
esac
# A hyphen would begin a Debian revision; a tilde sorts before the release.
echo "${deb//-/\~}$dirty"
