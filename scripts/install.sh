#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks: a C
# compiler for the race detector, the browsers, a sound server without sound
# for Firefox, fonts so that text has a width, and what builds networks.
set -euo pipefail

packages=(gcc libc6-dev chromium chromium-headless-shell firefox-esr pulseaudio fonts-dejavu-core fonts-liberation fonts-noto-color-emoji iproute2 nftables procps)

for program in go node npm; do
	command -v "$program" >/dev/null || { echo "install.sh: $program is missing: install Go 1.26, Node 20 and npm first" >&2; exit 1; }
done

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "${packages[@]}"; do
	installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
	echo "nothing to install"
	exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "install.sh: the tests need packages that are not here. On Debian, as root:" >&2
	echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=120)
"${apt[@]}" -q update
"${apt[@]}" -qy install --no-install-recommends "${missing[@]}"
