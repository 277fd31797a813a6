# The page at "/", its parts, and /embed.js: how the server sends them, and how they work in a real Chromium,
# driven by tests/tools/page.py. One lighttpd, set up as make serve does it, and one
# runner serve all tests of this file; each test has a browser of its own. Servers, browsers and curl have
# a network namespace of their own with nothing but a loopback: Chromium drops what it is loading whenever an
# network interface of the host appears or disappears, which a container engine causes all the time.

load lib

apart() { [ "$(readlink "/proc/$HOLDER/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
in_net() { nsenter --net="/proc/$HOLDER/ns/net" "$@"; }	# in the background a pid would be the shell's: nsenter itself there
curl() { in_net curl "$@"; }
free_port() { in_net python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
listens() { in_net bash -c ": < /dev/tcp/127.0.0.1/$1" 2>/dev/null; }

lighttpd_conf() {	# lighttpd_conf DIRECTORY PORT [SED...]: as make serve has it
	local d=$1 port=$2
	shift 2
	mkdir -p "$d"
	sed -e "s,^var.cee .*,var.cee = \"$CEE_BIN/cee-http\"," -e "s,^var.conf .*,var.conf = \"$CEE_CONF\"," \
		-e "s,^var.state .*,var.state = \"$d\"," -e "s,^server.port .*,server.port = $port," \
		-e "s,\"CEE_CONF\" => conf,&\, \"CEE_SPOOL\" => \"$CEE_SPOOL\"\, \"REMOTE_USER\" => \"demo\"," \
		"$@" "$CEE_ROOT/etc/http/lighttpd.conf" > "$d/conf"
}
start_server() {	# start_server DIRECTORY PORT [SED...]: its pid is in DIRECTORY/pid
	lighttpd_conf "$@"
	nsenter --net="/proc/$HOLDER/ns/net" lighttpd -D -f "$1/conf" 3>&- &
	echo $! > "$1/pid"
	wait_until 10 listens "$2"
}
end_server() {
	local pid
	pid=$(cat "$1/pid" 2>/dev/null) || return 0
	rm -f "$1/pid"
	kill -TERM "$pid" 2>/dev/null || return 0
	for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
}

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	unshare --net sleep infinity 3>&- &
	export HOLDER=$!
	wait_until 10 apart
	in_net ip link set lo up
	OTHER=$(free_port)
	export OTHER
	new_spool "http_page = $CEE_ROOT/share/web
		http_tokens = $BATS_FILE_TMPDIR/tokens
		http_state = $BATS_FILE_TMPDIR
		offline = yes
		http_origins = http://localhost:$OTHER"
	start_runner
	PORT=$(free_port)
	export PORT U=http://127.0.0.1:$PORT
	start_server "$BATS_FILE_TMPDIR/lighttpd" "$PORT"
}
teardown_file() {
	end_server "$BATS_FILE_TMPDIR/lighttpd"
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR end_all
	kill "$HOLDER"
}
teardown() {
	if [ -n "${SERVE:-}" ]; then kill -TERM "$SERVE" 2>/dev/null; wait "$SERVE" 2>/dev/null; fi
	for d in "$BATS_TEST_TMPDIR"/server-*; do end_server "$d"; done
	no_reports
}

browser() {	# browser ADDRESS SCENARIO [ARGUMENT...]
	[ -n "$(command -v chromium)" ] && [ -n "$(command -v chromedriver)" ] && /usr/bin/python3 -c 'import selenium' 2>/dev/null ||
		skip "no Chromium to drive: scripts/install-deps browser"
	in_net /usr/bin/python3 "$CEE_ROOT/tests/tools/page.py" "$@" 3>&-
}

get() { : > "$BATS_TEST_TMPDIR/body"; curl -sS -D "$BATS_TEST_TMPDIR/head" -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' --path-as-is "$@"; }
header() { tr -d '\r' < "$BATS_TEST_TMPDIR/head" | sed -n "s/^$1: //Ip"; }

# ---- what the server says ---------------------------------------------------------------------

@test "the page and its parts: types, a strict policy, ETag; no name but those of the table" {
	[ "$(get "$U/")" = 200 ]
	[ "$(header Content-Type)" = 'text/html; charset=utf-8' ]
	[ "$(header X-Content-Type-Options)" = nosniff ]
	policy=$(header Content-Security-Policy)
	[[ "$policy" == "default-src 'none'; script-src 'self'; style-src 'self';"* && "$policy" != *unsafe* ]]
	tag=$(header ETag)
	[ "$(get -H "If-None-Match: $tag" "$U/")" = 304 ]
	[ ! -s "$BATS_TEST_TMPDIR/body" ]
	[ "$(get -H 'If-None-Match: "x"' "$U/")" = 200 ]
	[ "$(get -I "$U/")" = 200 ]
	# all that it names is there, of its own site, and nothing in it is inline
	get "$U/"
	lacks -E 'https?:|//|onclick|style=|<style|<script>' "$BATS_TEST_TMPDIR/body"
	for part in $(sed -n 's/.*\(src\|href\)="\([^"]*\)".*/\2/p' "$BATS_TEST_TMPDIR/body"); do
		[ "$(curl -sS -o /dev/null -w '%{http_code}' "$U/$part")" = 200 ] || { echo "$part"; return 1; }
	done
	# and all that lies there is served
	for file in "$CEE_ROOT"/share/web/*; do
		case ${file##*/} in index.html) part= ;; embed.js) part=embed.js ;; *) part=page/${file##*/} ;; esac
		[ "$(get "$U/$part")" = 200 ] && cmp "$file" "$BATS_TEST_TMPDIR/body" || { echo "$part"; return 1; }
	done
	[ "$(get "$U/page/page.js")" = 200 ]
	[ "$(header Content-Type)" = 'text/javascript; charset=utf-8' ]
	[ "$(get "$U/embed.js")" = 200 ]
	[ "$(header Access-Control-Allow-Origin)" = '*' ]
	[ "$(header Cross-Origin-Resource-Policy)" = cross-origin ]
	for name in /page/ /page/index.html /page/embed.js /page/../cee.conf /page/%2e%2e/cee.conf /page//etc/passwd /page/page.js/ /index.html; do
		[ "$(get "$U$name")" = 404 ] || { echo "$name"; return 1; }
	done
	[ "$(get -X DELETE "$U/")" = 405 ]
}

@test "without a path the page's address ends with a slash; a page that is not installed is 404" {
	cgi() { env -i CEE_CONF="$CEE_CONF" CEE_SPOOL="$CEE_SPOOL" REQUEST_METHOD=GET "$@" "$CEE_BIN/cee-http" | tr -d '\r'; }
	cgi SCRIPT_NAME=/some/where > "$BATS_TEST_TMPDIR/answer"
	grep -q '^Status: 308 ' "$BATS_TEST_TMPDIR/answer"
	grep -q '^Location: /some/where/$' "$BATS_TEST_TMPDIR/answer"
	sed "s,^http_page.*,http_page = /nonexistent," "$CEE_CONF" > "$BATS_TEST_TMPDIR/other.conf"
	cgi PATH_INFO=/ CEE_CONF="$BATS_TEST_TMPDIR/other.conf" | grep -q '^Status: 404 '
	cgi PATH_INFO=/embed.js CEE_CONF="$BATS_TEST_TMPDIR/other.conf" | grep -q '^Status: 404 '
	# installed, it is found beside the program
	install -D "$CEE_BIN/cee-http" "$BATS_TEST_TMPDIR/usr/bin/cee-http"
	install -D -t "$BATS_TEST_TMPDIR/usr/share/cee/web" "$CEE_ROOT"/share/web/*
	sed '/^http_page/d' "$CEE_CONF" > "$BATS_TEST_TMPDIR/other.conf"
	env -i CEE_CONF="$BATS_TEST_TMPDIR/other.conf" CEE_SPOOL="$CEE_SPOOL" REQUEST_METHOD=GET PATH_INFO=/ \
		"$BATS_TEST_TMPDIR/usr/bin/cee-http" | grep -q '<title>cee</title>'
}

@test "a job as it was submitted, and a cancel that never erases" {
	post() { curl -sS -H 'Content-Type: application/json' -d "$1" "$U/tasks$2"; }
	job='{"language":"python","code":"print(1)
","files":[{"name":"a.txt","content":"x"}]}'
	id=$(post "$job" '?wait=20' | jq -r .id)
	[ "$(get "$U/tasks/$id/job")" = 200 ]
	[ "$(jq -c '[.language, .code, .files[0].name]' "$BATS_TEST_TMPDIR/body")" = '["python","print(1)\n","a.txt"]' ]
	[ "$(get -X DELETE "$U/tasks/$id?cancel")" = 409 ]
	[ "$(get "$U/tasks/$id")" = 200 ]
	id=$(post '{"language":"python","code":"import time; time.sleep(60)"}' '' | jq -r .id)
	[ "$(get "$U/tasks/$id/job")" = 200 ]
	[ "$(get -X DELETE "$U/tasks/$id?cancel&wait=20")" = 202 ]
	[ "$(jq -r .status "$BATS_TEST_TMPDIR/body")" = Cancelled ]
	[ "$(get -X DELETE "$U/tasks/$id?cancel")" = 409 ]
	[ "$(get "$U/tasks/01890a5d-ac96-774b-bcce-b302099a8057/job")" = 404 ]
	[ "$(get -X DELETE "$U/tasks/01890a5d-ac96-774b-bcce-b302099a8057?cancel")" = 404 ]
}

# ---- what somebody sees -------------------------------------------------------------------------

@test "by keyboard: write, run, see output before the end, type input; a reload and a link find it again" {
	browser "$U/" by_keyboard
}

@test "stop; the end of the input" {
	browser "$U/" stopping
}

@test "errors of a compiler and of an interpreter stand below their lines" {
	# shellcheck disable=SC2046 # a word for each language
	browser "$U/" errors $(curl -sS "$U/languages" | jq -r '.languages[].id')
}

@test "files written and uploaded, arguments, limits, pictures; all there after a reload" {
	printf 'ab\0\377c' > "$BATS_TEST_TMPDIR/some.bin"
	browser "$U/" files "$BATS_TEST_TMPDIR/some.bin"
}

@test "packages: a field where the language takes them; a message when one cannot be had" {
	browser "$U/" packages
}

@test "the policy holds against scripts of the page's own" {
	browser "$U/" strict
}

@test "text written since is there after a reload; a link to no task says so" {
	browser "$U/" edited
}

@test "without a runner the page says so" {
	local port
	port=$(free_port)
	CEE_SPOOL=$BATS_TEST_TMPDIR/idle cee-lang publish
	touch -d '-1 minute' "$BATS_TEST_TMPDIR/idle/cur"
	CEE_SPOOL=$BATS_TEST_TMPDIR/idle start_server "$BATS_TEST_TMPDIR/server-idle" "$port"
	browser "http://127.0.0.1:$port/" no_runner
}

@test "dark and light, wide and narrow" {
	browser "$U/" looks
}

@test "long output: the page stays small" {
	browser "$U/" long_output
}

@test "without a login: a token, kept in the tab" {
	local port
	port=$(free_port)
	start_server "$BATS_TEST_TMPDIR/server-login" "$port" -e 's/, "REMOTE_USER" => "demo"//'
	browser "http://127.0.0.1:$port/" login "$(cee-token add --scopes submit,read ann)"
}

@test "beneath a path; without the editor component" {
	local port
	port=$(free_port)
	sed '$a http_editor = /nonexistent' "$CEE_CONF" > "$BATS_TEST_TMPDIR/plain.conf"
	CEE_CONF=$BATS_TEST_TMPDIR/plain.conf start_server "$BATS_TEST_TMPDIR/server-plain" "$port" \
		-e 's,^alias.url .*,alias.url = ( "/some/where/" => cee + "/" ),'
	browser "http://127.0.0.1:$port/some/where/" plain
}

@test "the server goes away under a stream and comes back: nothing is lost or shown twice" {
	local port flag=$BATS_TEST_TMPDIR/flag d=$BATS_TEST_TMPDIR/server-lost
	port=$(free_port)
	start_server "$d" "$port"
	( wait_until 60 test -e "$flag" && end_server "$d" && start_server "$d" "$port" && rm -f "$flag" ) 3>&- > /dev/null &
	browser "http://127.0.0.1:$port/" lost "$flag"
	wait
}

# A site of its own, with a strict policy, and no trust in cee's but for its scripts.
other_site() {
	local d=$BATS_TEST_TMPDIR/server-site token=$1
	mkdir -p "$d"
	cat > "$d/index.html" <<-HTML
		<!doctype html><html lang="en"><meta charset="utf-8"><title>course</title>
		<link rel="icon" href="data:,">
		<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src $U; connect-src $U; img-src data:">
		<script src="$U/embed.js"></script>
		<cee-run language="python" arguments="'a b'" token="$token"><script type="text/plain">
		    import sys
		    if 1 < 2:
		        print('<b>hello</b>', sys.argv[1:])
		</script></cee-run>
		<cee-run language="python" interactive token="$token">print("hello", input())</cee-run>
		<cee-run language="python" token="$token">
		import time
		print("going")
		time.sleep(60)
		</cee-run>
	HTML
	nsenter --net="/proc/$HOLDER/ns/net" python3 -m http.server --bind 127.0.0.1 --directory "$d" "$OTHER" > "$d/log" 2>&1 3>&- &
	echo $! > "$d/pid"
	wait_until 10 listens "$OTHER"
}

@test "a Run button in a page of another site, of one that may and of one that may not" {
	other_site "$(cee-token add --scopes submit course)"
	browser "http://localhost:$OTHER/" embed
	# 127.0.0.1 is another origin, which http_origins does not name
	browser "http://127.0.0.1:$OTHER/" embed_refused
}

@test "make serve: its address has the page" {
	[ "$CEE_BIN" = "$CEE_ROOT/bin" ] || skip "make serve runs what is built without a sanitizer"
	local port
	port=$(free_port)
	CEE_SPOOL=$BATS_TEST_TMPDIR/serve PORT=$port setsid nsenter --net="/proc/$HOLDER/ns/net" "$CEE_ROOT/scripts/serve" > "$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	SERVE=$!
	wait_until 60 grep -q "http://127.0.0.1:$port/" "$BATS_TEST_TMPDIR/said"
	browser "http://127.0.0.1:$port/" by_keyboard
	kill -TERM "$SERVE"
	wait "$SERVE" || :
}
