#!/usr/bin/env bash
# Meets through nginx and through Caddy, each with its file of deploy/proxy as
# it is, and the server with the settings that this file names. It does so in a
# network namespace, where every port is free, whatever else runs on this machine,
# and the name in these files is this machine: bots join at https, and media goes
# around.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != inside ]; then
	scripts/apt.sh nginx-light caddy curl iproute2
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	go build -o "$tmp/" ./cmd/sfu ./cmd/sfuload
	unshare --net --mount --pid --fork --mount-proc --kill-child "$0" inside "$tmp"
	exit
fi

tmp=$2
name=meet.example.org
fail() { tail -n 5 "$tmp"/*.log >&2 || true; echo "proxy-test.sh: $*" >&2; exit 1; }
for_a_while() { for _ in $(seq 100); do ! "$@" >/dev/null 2>&1 || return 0; sleep 0.1; done; return 1; }

ip link set lo up
ip link add eth0 type bridge # bots and server meet at an address as a machine has it
ip address add 198.51.100.7/24 dev eth0
ip link set eth0 up
echo "198.51.100.7 $name localhost" >"$tmp/hosts"
mount --bind "$tmp/hosts" /etc/hosts

# Caddy makes the certificates, for nginx too.
export XDG_DATA_HOME=$tmp/data XDG_CONFIG_HOME=$tmp/config
ca=$tmp/data/caddy/pki/authorities/local/root.crt
certificate=$tmp/data/caddy/certificates/local/$name/$name
export SSL_CERT_FILE=$ca
printf '{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off\n}\nimport %s\n' "$PWD/deploy/proxy/Caddyfile" >"$tmp/Caddyfile"
# Says what a server behind the proxy is told about who asks.
printf '{\n\tadmin off\n\tauto_https off\n}\nhttp://:8080 {\n\tbind 127.0.0.1\n\trespond "{header.X-Forwarded-For} {header.X-Forwarded-Proto} {host}"\n}\n' >"$tmp/echo"
{
	printf 'daemon off; error_log stderr; pid %s;\nevents {}\nhttp {\naccess_log off;\n' "$tmp/nginx.pid"
	for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $tmp/nginx-$kind;"; done
	sed "s#/etc/letsencrypt/live/$name/fullchain.pem#$certificate.crt#; s#/etc/letsencrypt/live/$name/privkey.pem#$certificate.key#" deploy/proxy/nginx.conf
	echo '}'
} >"$tmp/nginx.conf"
grep -Eq '^\s*proxy_read_timeout 1h;' "$tmp/nginx.conf" || fail "nginx would cut quiet WebSockets after its default of 60 s"

behind() { # starts what the proxy is in front of
	"$@" 2>>"$tmp/behind.log" >&2 &
	behind=$!
	for_a_while curl -s http://127.0.0.1:8080/ || fail "nothing behind the proxy"
}
quit() { kill "$1"; wait "$1" || true; }

through() { # <proxy> <its file> <command...>
	local proxy=$1 settings=$tmp/$1.yaml status headers
	sed -n 's/^#   \([a-z-]*: .*\)/\1/p' "$2" >"$settings"
	"$tmp/sfu" check-config --config "$settings" >/dev/null || fail "$2 names settings that are wrong"
	shift 2
	"$@" >"$tmp/$proxy.log" 2>&1 &
	local pid=$!

	behind "$tmp/sfu" --config "$settings"
	for_a_while curl -sf --cacert "$ca" "https://$name/" -o "$tmp/page" || fail "$proxy: no page"
	grep -qi '<!doctype html' "$tmp/page" || fail "$proxy: not our page"
	status=$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "http://$name/room")
	[[ $status =~ ^30[18]\ https://$name/room$ ]] || fail "$proxy: http is answered by $status"
	"$tmp/sfuload" --url "wss://$name/ws" --origin "https://$name" --subscribers 1 --duration 1s --warmup 0s --verify-every 1 \
		--json "$tmp/$proxy.json" >"$tmp/load.log" 2>&1 || fail "$proxy: bots do not meet"
	quit "$behind"

	behind caddy run --config "$tmp/echo" --adapter caddyfile
	headers=$(curl -s --cacert "$ca" -H 'X-Forwarded-For: 192.0.2.66' "https://$name/")
	[ "$headers" = "198.51.100.7 https $name" ] || fail "$proxy: the server is told \"$headers\""
	quit "$behind"
	quit "$pid"
	echo "$proxy: page, redirect, WebSocket, media and headers"
}

through caddy deploy/proxy/Caddyfile caddy run --config "$tmp/Caddyfile" --adapter caddyfile
through nginx deploy/proxy/nginx.conf nginx -c "$tmp/nginx.conf"
