#!/usr/bin/env bash
# Installs the Debian packages named that this machine lacks. Daemons in them are not
# started, now or at the next boot: the tests start what they need, on ports of their own.
set -euo pipefail

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "$@"; do
	installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "apt.sh: the tests need packages that are not here. On Debian, as root:" >&2
	echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=120)
# invoke-rc.d asks this program (its manual page); one that is there has its say.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
fi
"${apt[@]}" -q update
"${apt[@]}" -qy install --no-install-recommends "${missing[@]}"
for package in "${missing[@]}"; do
	if [ -d /run/systemd/system ] && systemctl cat "$package.service" >/dev/null 2>&1; then
		systemctl disable "$package.service"
	fi
done
