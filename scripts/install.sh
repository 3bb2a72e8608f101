#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks: a C
# compiler for the race detector, the browsers, a sound server without sound
# for Firefox, fonts so that text has a width, what builds networks, and Prometheus.
set -euo pipefail
cd "$(dirname "$0")"

for program in go node npm; do
	command -v "$program" >/dev/null || { echo "install.sh: $program is missing: install Go 1.26, Node 20 and npm first" >&2; exit 1; }
done

exec ./apt.sh gcc libc6-dev chromium chromium-headless-shell firefox-esr pulseaudio \
	fonts-dejavu-core fonts-liberation fonts-noto-color-emoji iproute2 nftables procps libnss3-tools prometheus
