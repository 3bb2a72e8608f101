#!/usr/bin/env bash
# Runs what deploy/ is made of: the unit under systemd's eyes, the Debian package
# in a Debian, the compose file, the proxies. What can be read without running
# it is tested by internal/deploytest.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/apt.sh systemd docker-compose shellcheck

max_exposure=2.0 # of systemd's 10
exposure=$(systemd-analyze security --offline=true --no-pager deploy/systemd/sfu.service | sed -n 's/.*exposure level for sfu.service: \([0-9.]*\) .*/\1/p')
if ! awk -v got="$exposure" -v max="$max_exposure" 'BEGIN { exit !(got != "" && got <= max) }'; then
	echo "deploytest.sh: sfu.service is exposed to ${exposure:-?}, and $max_exposure is the limit: see systemd-analyze security --offline=true deploy/systemd/sfu.service" >&2
	exit 1
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sed 's#^ExecStart=.*#ExecStart=/bin/true#' deploy/systemd/sfu.service >"$tmp/sfu.service"
complaints=$(systemd-analyze verify "$tmp/sfu.service" 2>&1 | grep 'sfu\.service' || true) # of our unit, not of this machine's
if [ -n "$complaints" ]; then
	echo "deploytest.sh: $complaints" >&2
	exit 1
fi
echo "sfu.service: exposure $exposure of at most $max_exposure"

docker-compose -f deploy/compose.yaml config --quiet
echo "compose.yaml is valid"

shellcheck --exclude=SC2016 scripts/{apt,dashboards,deploytest,install,package,package-test,proxy-test,release,version}.sh deploy/debian/{postinst,prerm,postrm}
scripts/package-test.sh
scripts/proxy-test.sh
