# http.bash - what the tests of cee-http share: the real web servers, each started by its test on a free
# loopback port with its sample configuration and ended by its pid, and requests to them.

setup() {
	new_spool "http_tokens = $BATS_TEST_TMPDIR/tokens
		http_state = $BATS_TEST_TMPDIR
		http_wait = 20s
		${CONF:-}"
	SERVERS=() DIRS=() ANSWERS=0
	JSON='Content-Type: application/json'
}
teardown() {
	local pid reported=0
	for pid in "${SERVERS[@]:-}"; do
		[ -n "$pid" ] || continue
		kill -TERM -- "$pid" "-$pid" 2>/dev/null	# fcgiwrap leaves its children, all of its group
		wait "$pid" 2>/dev/null
	done
	if [ -n "${BATS_ERROR_STATUS:-}" ] && [ "${BATS_ERROR_STATUS:-0}" != 0 ]; then
		tail -n 20 "$BATS_TEST_TMPDIR"/*/error.log >&2 2>/dev/null
	fi
	rm -rf "${DIRS[@]:-}"
	end_all || reported=1
	if [ -d "$BATS_TEST_TMPDIR/answers" ]; then
		/usr/bin/python3 "$CEE_ROOT/tests/tools/openapi.py" answers "$CEE_ROOT/src/http/openapi.json" "$BATS_TEST_TMPDIR/answers"
	fi
	return $reported
}

more_conf() { printf '%s\n' "$@" >> "$CEE_CONF"; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
listens() { (: < "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The users ann and bob, whose password is "secret".
passwords() { for u in ann bob; do echo "$u:$(openssl passwd -apr1 secret)"; done > "$1"; }

start_lighttpd() {	# start_lighttpd demo|login [SED]: the sample, changed; its address is in U
	local d=$BATS_TEST_TMPDIR/lighttpd port
	port=$(free_port)
	mkdir -p "$d"
	passwords "$d/htpasswd"
	sed -e "s,^var.cee .*,var.cee = \"$CEE_BIN/cee-http\"," -e "s,^var.mcp .*,var.mcp = \"$CEE_BIN/cee-mcp\"," -e "s,^var.conf .*,var.conf = \"$CEE_CONF\"," \
		-e "s,^var.state .*,var.state = \"$d\"," -e "s,^server.port .*,server.port = $port," \
		-e "s,\"CEE_CONF\" => conf,&\, \"CEE_SPOOL\" => \"$CEE_SPOOL\"," "$CEE_ROOT/etc/http/lighttpd.conf" > "$d/conf"
	case $1 in
	demo)	sed -i 's,"CEE_CONF" => conf,&\, "REMOTE_USER" => "demo",' "$d/conf" ;;
	login)	sed -i "s,^#\(\$HTTP\|\t\|}\),\1,; s,/etc/cee/htpasswd,$d/htpasswd," "$d/conf" ;;
	esac
	[ -z "${2:-}" ] || sed -i "$2" "$d/conf"
	lighttpd -D -f "$d/conf" 3>&- &
	SERVERS+=($!)
	LIGHTTPD_PORT=$port U=http://127.0.0.1:$port
	wait_until 10 listens "$port"
}

# nginx itself needs no right to anything of cee: it runs as nobody where that can be.
start_nginx() {	# start_nginx FILE SED...: the sample, changed; its address is in U
	local d port as=() file=$1
	shift
	d=$(mktemp -d "${TMPDIR:-/tmp}/cee-nginx.XXXXXX")
	DIRS+=("$d")
	port=$(free_port)
	passwords "$d/htpasswd"
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout "$d/tls.key" -out "$d/tls.crt" 2> /dev/null
	sed -e "s,/etc/cee/\(tls\|htpasswd\),$d/\1,; s,/var/log/nginx/cee-,$d/,; s,/run/nginx-cee.pid,$d/pid," \
		-e "s,listen 443,listen 127.0.0.1:$port,; s,^worker_processes .*,worker_processes 1; daemon off;," \
		-e "s,^http {,http { client_body_temp_path $d/body; fastcgi_temp_path $d/fcgi; proxy_temp_path $d/proxy; uwsgi_temp_path $d/uwsgi; scgi_temp_path $d/scgi;," "$@" "$CEE_ROOT/etc/http/$file" > "$d/conf"
	if [ "$(id -u)" -eq 0 ]; then
		chown -R nobody "$d"
		as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
	fi
	"${as[@]}" nginx -p "$d" -e "$d/error.log" -c "$d/conf" 3>&- &
	SERVERS+=($!)
	U=https://127.0.0.1:$port
	wait_until 10 listens "$port"
}

start_fcgi() {	# start_fcgi SED...
	local port
	port=$(free_port)
	setsid fcgiwrap -c "${FCGI_CHILDREN:-8}" -s "tcp:127.0.0.1:$port" 3>&- &
	SERVERS+=($!)
	wait_until 10 listens "$port"
	local health
	health=$(free_port)
	setsid fcgiwrap -c 2 -s "tcp:127.0.0.1:$health" 3>&- &
	SERVERS+=($!)
	wait_until 10 listens "$health"
	start_nginx nginx.conf -e "s,unix:/run/cee/health.sock,127.0.0.1:$health,; s,unix:/run/cee/fcgiwrap.sock,127.0.0.1:$port,; s,/usr/local/bin/cee-,$CEE_BIN/cee-,; s,/etc/cee/cee.conf,$CEE_CONF," "$@"
}

req() {	# req METHOD PATH [curl options]: STATUS, HEAD and BODY
	local method=$1 path=$2
	shift 2
	[[ "$method $path" != 'POST '*/stdin* || "$*" == *Content-Type* ]] || set -- -H 'Content-Type: application/octet-stream' "$@"
	[ "$method" != HEAD ] || set -- --head "$@"
	ANSWERS=$((ANSWERS + 1))
	: > "$BATS_TEST_TMPDIR/body"
	STATUS=$(curl -sSk -X "$method" -D "$BATS_TEST_TMPDIR/head" -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' --path-as-is \
		--max-time 60 "$@" "$U$path")
	HEAD=$(tr -d '\r' < "$BATS_TEST_TMPDIR/head")
	if [ "$method" != HEAD ]; then	# held against openapi.json at the test's end
		mkdir -p "$BATS_TEST_TMPDIR/answers"
		printf '%s\t%s\t%s\t%s\n' "$method" "$STATUS" "$(header Content-Type)" "${path#"${PREFIX:-}"}" > "$BATS_TEST_TMPDIR/answers/$ANSWERS.meta"
		cp "$BATS_TEST_TMPDIR/body" "$BATS_TEST_TMPDIR/answers/$ANSWERS.body"
	fi
	BODY=$(tr -d '\0' < "$BATS_TEST_TMPDIR/body")
}

header() { sed -n "s/^$1: //Ip" <<< "$HEAD"; }
is() { [ "$STATUS" = "$1" ] || { echo "$STATUS instead of $1: $BODY"; return 1; }; }
problem() {	# problem STATUS TEXT: that, as RFC 9457 says it
	is "$1" && [ "$(header Content-Type)" = application/problem+json ] && [ "$(jq .status <<< "$BODY")" = "$1" ] &&
		jq -e '.title and .detail' <<< "$BODY" > /dev/null && [[ "$(jq -r .detail <<< "$BODY")" == *"$2"* ]] ||
		{ echo "$STATUS $HEAD $BODY"; return 1; }
}
post() { req POST "/tasks${2:-}" -H "$JSON" -d "$1" "${@:3}"; }
field() { jq -r "$1" <<< "$BODY"; }

cgi() {	# cgi NAME=VALUE...: one request without a server, its answer in ANSWER
	ANSWER=$(env -i CEE_CONF="$CEE_CONF" CEE_SPOOL="$CEE_SPOOL" \
		REQUEST_METHOD=GET PATH_INFO=/healthz "$@" "$CEE_BIN/cee-http" | tr -d '\r\0')
}
says() { grep -q "^Status: $1 " <<< "$ANSWER" || { echo "$ANSWER"; return 1; }; }

raw() {	# raw TEXT: sends it (printf's escapes), prints the status line, "" when there is none
	exec 9<> "/dev/tcp/127.0.0.1/$LIGHTTPD_PORT"
	printf "$1" >&9
	timeout 5 head -n 1 <&9 | tr -d '\r'
	exec 9>&-
}
