# Events, tickets and pages of other origins (cee-http), behind the real servers. Streams are live, can be
# resumed, and end when their reader disconnects.

load lib
load http

stream() {	# stream NAME PATH [curl options]: in the background, into the file NAME; its pid is in STREAM
	local name=$1 path=$2
	shift 2
	: > "$BATS_TEST_TMPDIR/$name"
	curl -sSkN --max-time 60 "$@" "$U$path" > "$BATS_TEST_TMPDIR/$name" 3>&- &
	STREAM=$!
}
shows() { grep -q -e "$2" "$BATS_TEST_TMPDIR/$1"; }	# shows NAME REGEX
names() { sed -n 's/^event: //p' "$BATS_TEST_TMPDIR/$1" | paste -sd ' '; }
data() { sed -n "/^event: $2\$/{n; s/^data: //p}" "$BATS_TEST_TMPDIR/$1"; }	# data NAME EVENT: a line each
ids() { sed -n 's/^id: //p' "$BATS_TEST_TMPDIR/$1"; }
ndjson() { req GET "/tasks/$1/events${2:-}" -H 'Accept: application/x-ndjson' "${@:3}"; }
process_of() { grep -lzx "PATH_INFO=/tasks/$1/events" /proc/[0-9]*/environ 2> /dev/null; }
no_process_of() { [ -z "$(process_of "$1")" ]; }

# Says "ready", then what it is told, a line each, until "end".
ECHO='{"language":"python","code":"import sys\nprint(\"ready\", flush=True)\nfor l in sys.stdin:\n    if l == \"end\\n\": break\n    print(\"got\", l.strip(), flush=True)","stdin_stream":true}'
tell() { req POST "/tasks/$1/stdin" --data-binary "$2"$'\n' "${@:3}"; is 204; }

@test "events of a task: in order, its output as it was written, and the verdict at the end" {
	start_lighttpd demo
	start_runner
	post '{"language":"c","code":"#include <stdio.h>\n#include <unistd.h>\n#warning careful\nint main(void) { puts(\"one\"); fflush(stdout); usleep(50000); fputs(\"two\\n\", stderr); return 3; }"}' '?wait=30'
	id=$(field .id)
	req GET "/tasks/$id"
	verdict=$(jq -cS '{id, status, exitCode, result}' <<< "$BODY")
	req GET "/tasks/$id/events"
	is 200
	[ "$(header Content-Type)" = text/event-stream ]
	[ "$(header Cache-Control)" = no-store ]
	cp "$BATS_TEST_TMPDIR/body" "$BATS_TEST_TMPDIR/s"
	[[ "$(names s)" == 'created compiling stderr '*'running stdout stderr result' ]]
	[ "$(data s created | jq -r .id)" = "$id" ]
	[ "$(data s stdout | jq -r .text)" = one ]
	[[ "$(data s stderr | jq -rj 'select(.phase == "compile").text')" == *careful* ]]
	[ "$(data s stderr | jq -rj 'select(.phase | not).text')" = two ]
	[ "$(data s result | jq -cS .)" = "$verdict" ]
	[ "$(ids s | sort | uniq -d)" = '' ]
	# the same as lines of JSON
	ndjson "$id"
	[ "$(header Content-Type)" = application/x-ndjson ]
	[ "$(jq -r .event <<< "$BODY" | paste -sd ' ')" = "$(names s)" ]
	[ "$(jq -r .id <<< "$BODY")" = "$(ids s)" ]
	python3 -c 'import json, sys; [json.loads(l) for l in sys.stdin]' <<< "$BODY"
	[ "$(jq -cS 'select(.event == "result").data' <<< "$BODY")" = "$verdict" ]
	req HEAD "/tasks/$id/events"
	is 200
	# from every id on: all that came after it, and nothing else
	local all n=0 last
	all=$(ids s)
	for last in $all; do
		n=$((n + 1))
		req GET "/tasks/$id/events" -H "Last-Event-ID: $last"
		[ "$(sed -n 's/^id: //p' <<< "$BODY")" = "$(tail -n +$((n + 1)) <<< "$all")" ]
		req GET "/tasks/$id/events?last_event_id=$last"
		[ "$(sed -n 's/^id: //p' <<< "$BODY")" = "$(tail -n +$((n + 1)) <<< "$all")" ]
	done
	[ "$STATUS" = 204 ]	# after the result there is nothing: a browser does not come again
	for bad in x 1 1-2 -1-0-0-0-0-0-0-0 1-0-0-0-0-0-0-0-0 1-0-0-0-0-0-0-2 01-0-0-0-0-0-0-0 9999999999999999999-0-0-0-0-0-0-0; do
		req GET "/tasks/$id/events" -H "Last-Event-ID: $bad"
		problem 400 Last-Event-ID
	done
	req GET /tasks/01890a5d-ac96-774b-bcce-b302099a8057/events
	problem 404 ''
}

@test "characters are never split, invalid UTF-8 is base64, and every byte is there once" {
	start_lighttpd demo
	start_runner
	cat > "$BATS_TEST_TMPDIR/p.py" <<-'P'
		import os, time
		def w(b, fd=1):
		    os.write(fd, b); time.sleep(.05)
		w(b"a\xc3"); w(b"\xa4b\xe2\x82"); w(b"\xe2\x82", 2); w(b"\xac\xf0\x9f"); w(b"\x98\x80\n"); w(b"x\xff\xfey"); w(b"\xf0\x9f"); w(b"z"); w(b"\xe2")
		w(b"\xac\n", 2)
	P
	post "$(jq -n --rawfile c "$BATS_TEST_TMPDIR/p.py" '{language: "python", code: $c}')" '?wait=15'
	id=$(field .id)
	ndjson "$id"
	[ "$(jq -c 'select(.event == "stdout") | [.data.text, .data.base64]' <<< "$BODY" | paste -sd ' ')" = \
		'["a",null] ["äb",null] ["€",null] ["😀\n",null] [null,"eP/+eQ=="] [null,"8J96"] [null,"4g=="]' ]
	[ "$(jq -r 'select(.event == "stderr").data.text' <<< "$BODY")" = '€' ]
	jq -rj 'select(.event == "stdout").data | .text // (.base64 | @base64d | "")' <<< "$BODY" > /dev/null
	python3 - "$BATS_TEST_TMPDIR/body" > "$BATS_TEST_TMPDIR/got" <<-'P'
		import base64, json, sys
		for l in open(sys.argv[1]):
		    e = json.loads(l)
		    if e["event"] == "stdout":
		        sys.stdout.buffer.write(base64.b64decode(e["data"]["base64"]) if "base64" in e["data"] else e["data"]["text"].encode())
	P
	cee-log -o --owner http-web-demo "$id" | cmp - "$BATS_TEST_TMPDIR/got"
	# from within: what was held goes on where it was
	local last
	for last in $(jq -r .id <<< "$BODY"); do
		jq -r .id <<< "$BODY" | sed "0,/^$last\$/d" > "$BATS_TEST_TMPDIR/rest"
		curl -sS -H 'Accept: application/x-ndjson' -H "Last-Event-ID: $last" "$U/tasks/$id/events" | jq -r .id | cmp - "$BATS_TEST_TMPDIR/rest"
	done
}

@test "submitted and streamed in one request; a ticket reads that task, and does nothing else" {
	start_lighttpd login
	start_runner
	A=(-u ann:secret)
	stream s /tasks "${A[@]}" -H "$JSON" -H 'Accept: text/event-stream' -d "$ECHO" -D "$BATS_TEST_TMPDIR/head"
	wait_until 15 shows s ready
	HEAD=$(tr -d '\r' < "$BATS_TEST_TMPDIR/head")
	[[ "$HEAD" == *' 201 '* ]]
	id=$(data s created | jq -r .id) ticket=$(data s created | jq -r .ticket)
	[ "$(header Location)" = "/tasks/$id" ]
	tell "$id" hello "${A[@]}"
	wait_until 15 shows s hello
	# the ticket, without a login
	for p in "" /stdout /stderr /files; do
		req GET "/tasks/$id$p?ticket=$ticket"
		is 200
	done
	stream t "/tasks/$id/events?ticket=$ticket"
	wait_until 15 shows t hello
	req GET "/tasks/$id/events?ticket=$ticket&on_disconnect=cancel"
	problem 403 submit
	req DELETE "/tasks/$id?ticket=$ticket"
	is 401
	req POST "/tasks/$id/stdin?ticket=$ticket" -d x
	is 401
	req POST "/tasks?ticket=$ticket" -H "$JSON" -d "$ECHO"
	is 401
	req GET "/tasks?ticket=$ticket"
	is 401
	tell "$id" end "${A[@]}"
	wait_until 15 shows s '^event: result'
	wait_until 15 shows t '^event: result'
	wait "$STREAM"
	# another task's, another owner's, one that has expired, and what is none
	post '{"language":"python","code":"print(2)"}' '?wait=15' "${A[@]}"
	other=$(field .id)
	[ "$(field .ticket | cut -d. -f2)" = http-web-ann ]
	req GET "/tasks/$other?ticket=$(field .ticket)"
	is 200
	req GET "/tasks/$other?ticket=$ticket"
	problem 401 ticket
	for bad in x . .. "0$ticket" "${ticket%?}" "${ticket}0" "${ticket/ann/bob}" "9$ticket" "${ticket/./..}"; do
		req GET "/tasks/$id?ticket=$bad"
		problem 401 ticket
	done
	printf 'http_ticket = 0\n' >> "$CEE_CONF"
	post '{"language":"python","code":"print(2)"}' '' "${A[@]}"
	req GET "/tasks/$(field .id)?ticket=$(field .ticket)"
	problem 401 expired
	# the key is cee-http's alone; without it no ticket holds
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/ticket.key")" = 600 ]
	rm "$BATS_TEST_TMPDIR/ticket.key"
	req GET "/tasks/$id?ticket=$ticket"
	problem 401 ticket
	# no ticket is in a log
	lacks -q "${ticket##*.}" "$BATS_TEST_TMPDIR"/lighttpd/*.log
	# an array has one each; a stream is of one task
	post '[{"language":"python","code":"1"},{"language":"python","code":"2"}]' '' "${A[@]}"
	[ "$(field '[.[] | .ticket | length > 80] | all')" = true ]
	post '[{"language":"python","code":"1"}]' '' "${A[@]}" -H 'Accept: text/event-stream'
	problem 406 one
}

# ---- live ---------------------------------------------------------------------------------------

# What the program writes is seen before it is told anything more, so nothing on the way holds it back.
# A silence longer than the server's patience, which the caller has made short, does not end it.
live() {
	A=(-u ann:secret)
	stream s /tasks "${A[@]}" -H "$JSON" -H "Accept: ${1:-text/event-stream}" -d "$ECHO"
	wait_until 20 shows s ready
	id=$(grep -o '[0-9a-f-]\{36\}' "$BATS_TEST_TMPDIR/s" | head -n 1)
	for i in 1 2 3; do
		tell "$id" "line$i" "${A[@]}"
		wait_until 10 shows s "line$i"
	done
	sleep 5
	tell "$id" late "${A[@]}"
	wait_until 10 shows s late
	tell "$id" end "${A[@]}"
	wait "$STREAM"
	shows s result
}

ten_at_once() {
	local i ids=()
	A=(-u ann:secret)
	for i in {1..10}; do
		post "$ECHO" '' "${A[@]}"
		is 201
		ids+=("$(field .id)")
		stream "ten$i" "/tasks/$(field .id)/events" "${A[@]}"
	done
	for i in {1..10}; do wait_until 30 shows "ten$i" ready; done
	for i in {1..10}; do tell "${ids[i - 1]}" "for$i" "${A[@]}"; done
	for i in {1..10}; do wait_until 10 shows "ten$i" "for$i"; done
	for i in {1..10}; do tell "${ids[i - 1]}" end "${A[@]}"; done
	for i in {1..10}; do wait_until 10 shows "ten$i" '^event: result'; done
}

# A reader that goes ends its process; with on_disconnect=cancel the task too, and else not.
leaving() {
	A=(-u ann:secret)
	post "$ECHO" '' "${A[@]}"
	id=$(field .id)
	stream stays "/tasks/$id/events" "${A[@]}"
	stream goes "/tasks/$id/events" "${A[@]}"
	wait_until 20 shows goes ready
	wait_until 20 shows stays ready
	[ "$(process_of "$id" | wc -l)" = 2 ]
	kill -KILL "$STREAM"
	wait "$STREAM" || :
	wait_until 4 one_process_of "$id"
	tell "$id" on "${A[@]}"
	wait_until 10 shows stays 'on'
	tell "$id" end "${A[@]}"
	wait_until 10 no_process_of "$id"
	post "$ECHO" '' "${A[@]}"
	id=$(field .id)
	stream goes "/tasks/$id/events?on_disconnect=cancel" "${A[@]}" -H 'Accept: application/x-ndjson'
	wait_until 20 shows goes ready
	kill -KILL "$STREAM"
	wait "$STREAM" || :
	wait_until 4 no_process_of "$id"
	req GET "/tasks/$id?wait=10" "${A[@]}"
	[ "$(field .status)" = Cancelled ]
}
one_process_of() { [ "$(process_of "$1" | wc -l)" = 1 ]; }

jobs_at_once() { sed -i "s/^jobs = .*/jobs = $1/" "$CEE_CONF"; }

@test "live behind lighttpd: at once, ten together, through silences, and over when the reader goes" {
	jobs_at_once 10
	start_lighttpd login 's,^server.max-write-idle .*,server.max-write-idle = 2,; s,^server.max-read-idle .*,server.max-read-idle = 2,'
	start_runner
	live
	ten_at_once
	leaving
	sound
}

@test "live behind nginx before lighttpd" {
	jobs_at_once 10
	start_lighttpd login 's,^server.max-write-idle .*,server.max-write-idle = 2,'
	start_nginx nginx-proxy.conf -e "s,http://127.0.0.1:8080,http://127.0.0.1:$LIGHTTPD_PORT,; s,proxy_read_timeout .*,proxy_read_timeout 3s; send_timeout 3s;,"
	start_runner
	live application/x-ndjson
	ten_at_once
	leaving
	sound
}

@test "live behind nginx with fcgiwrap, which gathers, and so is filled up" {
	jobs_at_once 10
	FCGI_CHILDREN=24
	start_fcgi -e 's,fastcgi_read_timeout .*,fastcgi_read_timeout 3s; send_timeout 3s;,'
	start_runner
	live
	live application/x-ndjson
	python3 -c 'import json, sys; [json.loads(l) for l in open(sys.argv[1])]' "$BATS_TEST_TMPDIR/s"
	ten_at_once
	leaving
	sound
}

# ---- what else is told ---------------------------------------------------------------------------

@test "no runner: the place in the queue and a notice, and then the task as usual; a rerun begins anew" {
	start_lighttpd demo
	touch -d '-1 minute' "$CEE_SPOOL/cur"
	post '{"language":"python","code":"print(1)"}'
	post '{"language":"python","code":"print(2)","priority":9}'
	id=$(field .id)
	post '{"language":"python","code":"print(3)"}'
	stream s "/tasks/$id/events"
	wait_until 10 shows s '^event: notice'
	[ "$(data s queued)" = '{"position":3}' ]
	[[ "$(data s notice | jq -r .text)" == 'no runner is alive'* ]]
	req DELETE "/tasks/$(field .id)"
	start_runner
	wait_until 20 shows s '^event: result'
	wait "$STREAM"
	[[ "$(names s)" == 'created queued notice '*'running stdout result' ]] || [[ "$(names s)" == 'created queued notice '*'running stdout stdout result' ]]
	stop_runner
	# its box is killed before its program begins: another attempt
	post "$ECHO" '' -H 'X: y'
	id=$(field .id)
	stream s "/tasks/$id/events"
	NO_WAIT=1 CEE_STOP_AT=job-sent start_runner
	wait_until 20 stopped "$RUNNER"
	kill -KILL "$RUNNER"
	wait "$RUNNER" || :
	start_runner
	wait_until 40 shows s ready
	tell "$id" end
	wait_until 20 shows s '^event: result'
	[ "$(data s result | jq .result.attempt)" = 2 ]
	# an id of the first attempt: the second is told from its beginning
	req GET "/tasks/$id/events" -H 'Last-Event-ID: 1-500-0-1-0-0-0-0'
	[ "$(sed -n 's/^event: //p' <<< "$BODY" | head -n 2 | paste -sd ' ')" = 'rerun running' ]
	req DELETE "/tasks/$id"
	is 204
	req GET "/tasks/$id/events"
	problem 404 ''
}

@test "a task that is erased ends its stream, and one that no one may see has none" {
	start_lighttpd login
	post "$ECHO" '' -u ann:secret
	id=$(field .id)
	req GET "/tasks/$id/events" -u bob:secret
	problem 404 ''
	req GET "/tasks/$id/events?on_disconnect=never" -u ann:secret
	problem 400 on_disconnect
	t=$(cee-token add --scopes read ann)
	req GET "/tasks/$id/events?on_disconnect=cancel" -H "Authorization: Bearer $t"
	problem 403 submit
	req POST "/tasks/$id/events" -u ann:secret -d ''
	problem 405 ''
	stream s "/tasks/$id/events" -u ann:secret
	wait_until 10 shows s '^event: queued'
	rm "$CEE_SPOOL"/http-web-ann/new/*"$id"*
	wait "$STREAM"
	[[ "$(data s notice | tail -n 1)" == *removed* ]]
}

# ---- pages of other origins --------------------------------------------------------------------

@test "other origins: those that are listed, and no others; a preflight without a login" {
	start_lighttpd login
	ask() { req OPTIONS "$1" -H "Origin: $2" -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: content-type'; }
	ask /tasks https://a.example
	is 204
	[ -z "$(header Access-Control-Allow-Origin)$(header Vary)" ]
	printf 'http_origins = https://a.example http://localhost:3000\n' >> "$CEE_CONF"
	ask /tasks https://a.example
	is 204
	[ "$(header Access-Control-Allow-Origin) $(header Access-Control-Allow-Methods)" = 'https://a.example OPTIONS, GET, HEAD, POST' ]
	[[ "$(header Access-Control-Allow-Headers)" == *Authorization*Content-Type*Last-Event-ID* ]]
	[ "$(header Vary)" = Origin ]
	[ -z "$(header Access-Control-Allow-Credentials)" ]
	for o in https://b.example null http://a.example https://a.example.evil.example https://a.example:444 'https://A.example' http://localhost '*'; do
		ask /tasks "$o"
		is 204
		[ -z "$(header Access-Control-Allow-Origin)$(header Access-Control-Allow-Methods)" ]
		[ "$(header Vary)" = Origin ]
	done
	t=$(cee-token add ann)
	B=(-H "Authorization: Bearer $t" -H 'Origin: http://localhost:3000')
	post '{"language":"python","code":"1"}' '' "${B[@]}"
	is 201
	[ "$(header Access-Control-Allow-Origin)" = http://localhost:3000 ]
	[ "$(header Access-Control-Expose-Headers)" = 'Location, ETag, Retry-After, Content-Range' ]
	ticket=$(field .ticket) id=$(field .id)
	req GET "/tasks/$id?ticket=$ticket" -H 'Origin: http://localhost:3000'
	is 200
	[ "$(header Access-Control-Allow-Origin)" = http://localhost:3000 ]
	req GET "/tasks/$id?ticket=x" -H 'Origin: http://localhost:3000'
	is 401
	[ "$(header Access-Control-Allow-Origin)" = http://localhost:3000 ]	# a page may read why
	post '{"language":"python"' '' "${B[@]}"
	problem 400 ''
	[ "$(header Access-Control-Allow-Origin)" = http://localhost:3000 ]
	req GET "/tasks/$id?ticket=$ticket" -H 'Origin: https://b.example'
	is 200
	[ -z "$(header Access-Control-Allow-Origin)" ]
	for bad in 'a.example' 'https://a.example/' 'https://A.example' 'ftp://a' 'https://' 'null' 'https://a b' 'https://x?y' '**'; do
		[ "$bad" != 'https://a b' ] || continue
		printf 'http_origins = %s\n' "$bad" > "$BATS_TEST_TMPDIR/bad.conf"
		run --separate-stderr cee-stat -c "$BATS_TEST_TMPDIR/bad.conf"
		[[ "$stderr" == *http_origins* ]] || { echo "$bad: $stderr"; return 1; }
	done
	sed -i 's/^http_origins.*/http_origins = */' "$CEE_CONF"
	ask /languages https://anything.example
	[ "$(header Access-Control-Allow-Origin)" = https://anything.example ]
}

# ---- for machines --------------------------------------------------------------------------------

@test "openapi.json is OpenAPI 3.1, and has every route" {
	start_lighttpd login
	req GET /openapi.json
	is 200
	jq -S . "$BATS_TEST_TMPDIR/body" | cmp - <(jq -S . "$CEE_ROOT/src/http/openapi.json")
	/usr/bin/python3 "$CEE_ROOT/tests/tools/openapi.py" sound "$BATS_TEST_TMPDIR/body"
	[ "$(sed -n 's/^\t{ METHOD_\([A-Z]*\), "\([^"]*\)".*/\1 \2/p' "$CEE_ROOT/src/http/route.c" | sed 's/{rest}/{name}/' | sort)" = \
		"$(jq -r '.paths | to_entries[] | .key as $p | .value | keys[] | select(. != "parameters") | ascii_upcase + " " + $p' <<< "$BODY" | sort)" ]
	# the check of answers finds what is wrong
	mkdir "$BATS_TEST_TMPDIR/wrong"
	printf 'GET\t200\tapplication/json\t/healthz\n' > "$BATS_TEST_TMPDIR/wrong/1.meta"
	for body in '{"status":"ok","runners":"1","version":"0.1"}' '{"status":"ok"}' '{"status":"ok","runners":1,"version":"0.1","more":1}' 'x'; do
		echo "$body" > "$BATS_TEST_TMPDIR/wrong/1.body"
		run /usr/bin/python3 "$CEE_ROOT/tests/tools/openapi.py" answers "$CEE_ROOT/src/http/openapi.json" "$BATS_TEST_TMPDIR/wrong"
		[ "$status" -eq 1 ]
	done
}

@test "metrics: counted by each runner, one text for all that live, for the scope admin" {
	start_lighttpd demo
	start_runner
	req GET /metrics
	problem 403 scopes
	t=$(cee-token add --scopes admin monitor)
	M=(-H "Authorization: Bearer $t")
	post '{"language":"python","code":"print(\"12345\")","labels":{"evil":"\"} 1"}}' '?wait=15'
	post '{"language":"c","code":"int main(void) { retur"}' '?wait=20'
	metric() { req GET /metrics "${M[@]}"; is 200; grep "^$1" <<< "$BODY" | sed 's/.* //' | paste -sd ' '; }
	counted() { [ "$(metric 'cee_jobs_total{.*end="\(exited\|compile error\)"')" = "$1" ]; }
	wait_until 15 counted '1 1'
	req GET /metrics "${M[@]}"
	[ "$(header Content-Type)" = 'text/plain; version=0.0.4; charset=utf-8' ]
	[ "$(metric cee_output_bytes_total)" -gt 6 ]
	[ "$(metric 'cee_job_seconds_count')" = 2 ]
	[ "$(metric 'cee_job_seconds_bucket{.*le="+Inf"')" = 2 ]
	[ "$(metric cee_engine_up)" = 1 ]
	[ "$(metric cee_runners)" = 1 ]
	req GET /metrics "${M[@]}"
	lacks -q 'evil\|http-web' <<< "$BODY"
	# as the format says: a head for each name, its samples behind it, no sample twice
	python3 - "$BATS_TEST_TMPDIR/body" <<-'P'
		import re, sys
		seen, names, now = set(), set(), None
		for l in open(sys.argv[1]):
		    if l.startswith("# HELP "):
		        now = l.split()[2]
		        assert now not in names, now
		        names.add(now)
		    elif l.startswith("# TYPE "):
		        assert re.fullmatch(r"# TYPE (\w+) (counter|gauge|histogram)\n", l).group(1) == now, l
		    else:
		        m = re.fullmatch(r'(\w+)({\w+="[^"\\\n]*"(?:,\w+="[^"\\\n]*")*})? [0-9.]+\n', l)
		        assert m and re.sub("_(bucket|sum|count)$", "", m.group(1)) == now or m.group(1) == now, l
		        assert m.group(0).rsplit(" ", 1)[0] not in seen, l
		        seen.add(m.group(0).rsplit(" ", 1)[0])
	P
	# another runner's stand beside them; what a dead one left goes
	start_runner
	two() { [ "$(metric cee_places)" = '2 2' ]; }
	wait_until 15 two
	req GET /metrics "${M[@]}"
	[ "$(grep -c '^# HELP cee_places ' <<< "$BODY")" = 1 ]
	sound
	kill -KILL "$RUNNER"
	wait "$RUNNER" || :
	[ "$(metric cee_places)" = 2 ]
	one_left() { [ "$(ls "$CEE_SPOOL/metrics" | wc -l)" = 1 ]; }
	wait_until 20 one_left
	stop_runner "${RUNNERS[0]}"
	[ -z "$(ls -A "$CEE_SPOOL/metrics")" ]
	[ "$(metric cee_runners)" = 0 ]
	sound
	touch "$CEE_SPOOL/metrics/UPPER"
	run cee-fsck
	[ "$status" -eq 1 ]
	rm "$CEE_SPOOL/metrics/UPPER"
}

# ---- slow and broken requests ----------------------------------------------------------------------

stalled() {
	cgi REQUEST_METHOD=POST PATH_INFO=/tasks CONTENT_TYPE=application/json CONTENT_LENGTH=100 REMOTE_USER=x
	echo "$ANSWER" > "$BATS_TEST_TMPDIR/stalled"
}

@test "slow, stalled and broken requests: the slow are served, the rest leaves nothing behind" {
	start_lighttpd demo 's,^server.max-read-idle .*,server.max-read-idle = 2,'
	start_runner
	# by hand, a body that stops: it is waited for, not for ever
	{ printf '{"language"'; sleep 32; } | stalled 3>&- &
	local stalled=$!
	cat > "$BATS_TEST_TMPDIR/broken.py" <<-'P'
		import json, socket, sys, time
		port = int(sys.argv[1])
		def connect():
		    s = socket.create_connection(("127.0.0.1", port))
		    s.settimeout(20)
		    return s
		def rest(s):
		    out = b""
		    try:
		        while data := s.recv(65536): out += data
		    except ConnectionResetError: pass
		    return out
		body = json.dumps({"language": "python", "code": "print(42)"}).encode()
		head = b"POST /tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
		s = connect()				# a few bytes at a time
		for i in range(0, len(head + body), 9):
		    s.sendall((head + body)[i:i + 9]); time.sleep(0.01)
		assert b" 201 " in rest(s)
		for part in head[:20], head, head + body[:-1]:	# it stops in the middle, and is shut out
		    s = connect(); s.sendall(part)
		    assert b" 201 " not in rest(s), part
		for part in head[:20], head, head + body[:-1], head + body:	# it hangs up
		    s = connect(); s.sendall(part); s.close()
		s = connect()				# more than the length: what follows is another request, and none
		s.sendall(head.replace(b"Connection: close\r\n", b"") + body + b"NONSENSE\r\n\r\n")
		answer = rest(s)
		assert b" 201 " in answer and b" 400 " in answer, answer
	P
	timeout 60 python3 "$BATS_TEST_TMPDIR/broken.py" "$LIGHTTPD_PORT"
	# a reader that does not read for a while gets all of it
	post '{"language":"python","code":"import sys\nfor i in range(60000): sys.stdout.write(\"%d %s\\n\" % (i, \"x\" * 60))","limits":{"output":"16M"}}' '?wait=20'
	id=$(field .id)
	[ "$(field '.result.why')" = exited ]
	curl -sSN -H 'Accept: application/x-ndjson' "$U/tasks/$id/events" | { sleep 2; cat; } > "$BATS_TEST_TMPDIR/slow"
	jq -rj 'select(.event == "stdout").data.text' "$BATS_TEST_TMPDIR/slow" | cmp - <(cee-log -o --owner http-web-demo "$id")
	wait "$stalled"
	grep -q '^Status: 408 ' "$BATS_TEST_TMPDIR/stalled"
	req GET '/tasks?limit=200'
	[ "$(field '[.tasks[].id] | length')" -ge 3 ]
	[ "$(field '[.tasks[] | select(.status == "Failed")] | length')" = 0 ]
	[ -z "$(ls "$CEE_SPOOL/http-web-demo/tmp")" ]
	sound
}
