#!/usr/bin/env bash
# Installs the Debian package in a fresh Debian, starts what it installed,
# configures it, upgrades it, removes and purges it. systemd does not run in
# there: a stand-in for systemctl writes down what it is told.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/apt.sh mmdebstrap curl

tmp=$(mktemp -d)
root=$tmp/root
server=
end() {
	[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
	rm -rf "$tmp"
}
trap end EXIT
trap 'exit 130' INT TERM

fail() { echo "package-test.sh: $*" >&2; exit 1; }
same() { diff -u --label "$1: wanted" --label got "$2" "$3" >&2 || fail "$1"; }
inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
files() { (cd "$root" && find . -xdev ! -path './var/log/*' ! -path './var/lib/dpkg/*' ! -path './var/cache/*' ! -path './tmp/*' ! -path './etc/*-' ! -path './run/*' | sort); }
as() { chroot --userspec="$1" "$root" /usr/bin/env -i PATH=/usr/bin:/bin "${@:2}"; }
unit() { sed -n "s/^$1=//p" "$root/usr/lib/systemd/system/sfu.service"; } # what it asks for, as installed
told() { # what systemctl was told since the last time
	touch "$root/tmp/told"
	printf '%s\n' "${@:2}" >"$tmp/want"
	[ $# -gt 1 ] || : >"$tmp/want"
	same "systemctl at the $1" "$tmp/want" "$root/tmp/told"
	rm "$root/tmp/told"
}

# --- two versions of it, and a Debian
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Codename: bookworm' 'Created-By: Packages' | head -n 1) # this machine's, if it is a Debian
mmdebstrap --quiet --variant=essential --mode=root --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io --include=adduser \
	bookworm "$root" ${mirror:+"$mirror"} 2>"$tmp/mmdebstrap.log" &
debian=$!
arch=$(dpkg --print-architecture)
export DIST=$tmp/dist
scripts/release.sh "linux/$arch"
for VERSION in 1.0.0 1.1.0; do
	VERSION=$VERSION scripts/package.sh "$arch" >/dev/null
done
wait "$debian" || { cat "$tmp/mmdebstrap.log" >&2; fail "mmdebstrap failed"; }
cp "$DIST"/*.deb "$root/tmp/"
old=/tmp/sfu_1.0.0_$arch.deb new=/tmp/sfu_1.1.0_$arch.deb

# --- without systemd, as in an image that is being built
files >"$tmp/before"
inside dpkg --install "$old" >/dev/null
cat >"$tmp/want" <<-LIST
	640 ./etc/sfu/sfu.yaml
	755 ./usr/bin/sfu
	644 ./usr/lib/sysctl.d/99-sfu.conf
	644 ./usr/lib/systemd/system/sfu.service
	644 ./usr/share/doc/sfu/copyright
LIST
files | comm -13 "$tmp/before" - | while read -r path; do
	[ -d "$root/$path" ] || echo "$(stat -c %a "$root/$path") $path"
done | sort -k 2 >"$tmp/got"
same 'files of the package' "$tmp/want" "$tmp/got"
[ "$(inside dpkg-query -W -f='${Conffiles}' sfu | cut -d' ' -f2)" = /etc/sfu/sfu.yaml ] || fail "sfu.yaml is no conffile"
inside dpkg --purge sfu >/dev/null 2>&1
files >"$tmp/got"
same 'files after a purge without systemd' "$tmp/before" "$tmp/got"

# --- with systemd
mkdir -p "$root/run/systemd/system" "$root/usr/lib/systemd"
for program in usr/bin/systemctl usr/lib/systemd/systemd-sysctl; do
	# A port may be taken, which is no reason to leave dpkg in pieces.
	printf '#!/bin/sh\necho "%s $*" >>/tmp/told\n[ "$1" != enable ]\n' "${program##*/}" >"$root/$program"
	chmod 755 "$root/$program"
done
files >"$tmp/before"
inside dpkg --install "$old" >/dev/null 2>&1 || fail "a server that does not start breaks dpkg"
told installation 'systemd-sysctl 99-sfu.conf' 'systemctl daemon-reload' 'systemctl enable --now sfu.service'

# --- it serves, as the unit's user, with the configuration that is installed
user=$(unit User)
program=$(unit ExecStart)
: >"$tmp/sfu.log"
[ "$user" = "$(unit Group)" ] || fail "the unit is of user $user and of another group"
chroot --userspec="$user:$user" "$root" /usr/bin/env -i SFU_LISTEN=127.0.0.1:0 SFU_OPS_LISTEN=127.0.0.1:0 SFU_UDP_PORT=0 \
	"$program" 2>"$tmp/sfu.log" >&2 & # no function, so that $! is the server itself
server=$!
for _ in $(seq 100); do
	ops=$(sed -n 's/.*msg=operations url=\(.*\)\/metrics.*/\1/p' "$tmp/sfu.log")
	[ -z "$ops" ] || break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.1
done
[ -n "$ops" ] || { cat "$tmp/sfu.log" >&2; fail "the installed server does not start"; }
[ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 "$ops/readyz")" = 200 ] || fail "the installed server is not ready"
kill "$server"
wait "$server" || fail "the installed server ended with $?"
server=

# --- what root writes there the unit's user can read, and nobody else
inside sh -c 'umask 027; echo 0123456789abcdef >/etc/sfu/turn-secret'
inside sh -c 'umask 077; sfu init --domain=meet.example.org --email=you@example.org --state-dir=/var/lib/sfu --turn-secret-file=/etc/sfu/turn-secret >/dev/null'
for file in sfu.yaml turn-secret; do
	owner=$(inside stat -c '%a %U %G' "/etc/sfu/$file")
	[ "$owner" = "640 root $user" ] || fail "/etc/sfu/$file is $owner"
	! as nobody:nogroup cat "/etc/sfu/$file" 2>/dev/null || fail "/etc/sfu/$file is anybody's to read"
done
as "$user:$user" STATE_DIRECTORY=/var/lib/sfu sfu check-config --print >"$tmp/effective" || fail "the unit's user cannot read the settings"
grep -q '^domain: \[meet.example.org\] # /etc/sfu/sfu.yaml' "$tmp/effective" || fail "sfu init wrote other settings than the unit reads"

# --- an upgrade keeps what the operator wrote
echo 'log-level: debug' >>"$root/etc/sfu/sfu.yaml"
mkdir "$root/var/lib/sfu" # as StateDirectory= does
inside dpkg --install "$new" >/dev/null </dev/null
told upgrade 'systemd-sysctl 99-sfu.conf' 'systemctl daemon-reload' 'systemctl --no-block try-restart sfu.service'
[ "$(inside dpkg-query -W -f='${Version}' sfu)" = 1.1.0 ] || fail "not upgraded"
grep -qx 'log-level: debug' "$root/etc/sfu/sfu.yaml" || fail "the upgrade replaced the configuration"
owner=$(inside stat -c '%a %U %G' /etc/sfu/sfu.yaml)
[ "$owner" = "640 root $user" ] || fail "after an upgrade the configuration is $owner"

# --- removed, it leaves the configuration and the state; purged, nothing
inside dpkg --remove sfu >/dev/null
told removal 'systemctl disable --now sfu.service' 'systemctl daemon-reload'
for path in etc/sfu/sfu.yaml etc/sfu/turn-secret var/lib/sfu; do
	[ -e "$root/$path" ] || fail "the removal took /$path"
done
[ ! -e "$root/usr/bin/sfu" ] || fail "the removal left the program"
inside dpkg --purge sfu >/dev/null 2>&1
told purge
rm -r "$root/etc/sfu" # the operator's secret
files >"$tmp/got"
same 'files after a purge' "$tmp/before" "$tmp/got"
echo "the package installs, serves, upgrades, and goes without a trace ($SECONDS s)"
