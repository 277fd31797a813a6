# cee-http behind the real servers: lighttpd with mod_cgi, nginx with fcgiwrap, nginx before lighttpd;
# and started by hand, with requests that no server passes on. Each server is started by its test, on a free
# loopback port, with the sample configuration, and ended by its pid.

load lib
load http

# ---- the first engine's ---------------------------------------------------------------

first_engine() {	# the request of its documentation, as a shell sends it
	curl -sSk -d '{
            "code":"
                Console.WriteLine(\"passed arguments:\");
                foreach (var arg in args) {
                    Console.WriteLine(arg);
                }
                await Task.Delay(100);
                for (var i = 0; i < 5; i++) {
                    Console.WriteLine($\"counter: {i}\");
                    await Task.Delay(10);
                }",
            "arguments":["foo","bar"],
            "target_framework_monikier":"net6.0"
        }' -H "Content-Type: application/json" -X POST "$@" "$U/tasks"
}

@test "the first engine's requests and answers, to the letter" {
	start_lighttpd demo
	start_runner
	run first_engine
	[[ "$output" =~ ^\{\"id\":\"([0-9a-f-]{36})\",\"status\":\"Created\",\"ticket\":\"[0-9a-z._-]+\"\}$ ]]
	id=${BASH_REMATCH[1]}
	wait_until 60 bash -c "curl -sS $U/tasks/$id | grep -q '\"status\":\"Finished\"'"
	req GET "/tasks/$id"
	is 200
	[ "$(field '.stdout | join("|")')" = 'passed arguments:|foo|bar|counter: 0|counter: 1|counter: 2|counter: 3|counter: 4' ]
	[ "$(field '[.id, .targetFrameworkMonikier, .status, .exitCode, .arguments[1]] | join(" ")')" = "$id net6.0 Finished 0 bar" ]
	[ "$(field 'has("stderr") or has("error") or has("nugetPackages")')" = false ]
	[ "$(field '.result.why')" = exited ]
	# a compile error is in error, and no output
	post '{"code":"int x = \"a\";","target_framework_monikier":"net6.0"}' '?wait=20'
	[ "$(field .status)" = Failed ]
	[[ "$(field .error)" == *'error CS0029'* ]]
	[ "$(field 'has("exitCode") or has("stdout") or has("stderr")')" = false ]
	# out of its time: Finished, 143, no error; any exit code is Finished
	post '{"code":"while (true) ;","target_framework_monikier":"net6.0","limits":{"cpu":0.5}}' '?wait=20'
	[ "$(field '[.status, .exitCode, has("error")] | join(" ")')" = 'Finished 143 false' ]
	post '{"code":"Console.Error.WriteLine(1); return 3;","target_framework_monikier":"net6.0"}' '?wait=20'
	[ "$(field '[.status, .exitCode, .stderr[0], has("stdout")] | join(" ")')" = 'Finished 3 1 false' ]
}

@test "invalid requests of the first engine are 400 in its shape; unknown and malformed ids 404" {
	start_lighttpd demo
	local f='"target_framework_monikier":"net6.0"' body
	for body in '{"code":null,'"$f"'}' '{"code":" \n","target_framework_monikier":"net6.0"}' "{$f}" '{"code":"","target_framework_monikier":"net6.0"}' \
		'{"code":"x","target_framework_monikier":null}' '{"code":"x","target_framework_monikier":""}' '{"code":"x","target_framework_monikier":"net1.0"}' \
		'{"code":"x",'"$f"',"nuget_packages":[]}' '{"code":"x",'"$f"',"nuget_packages":[{"name":" ","version":"1.0"}]}' \
		'{"code":"x",'"$f"',"nuget_packages":[{"name":"a","version":""}]}' '{"code":"x",'"$f"',"nuget_packages":[{"name":"a","version":null}]}' \
		'{"code":"x"}' 'null' '"x"' '' '{' '{"code":"a","code":"b",'"$f"'}' '{"nope":1}'; do
		post "$body"
		problem 400 '' || { echo "$body"; return 1; }
		[ "$(field .title)" = 'One or more validation errors occurred' ]
	done
	post '{"code":"x",'"$f"',"arguments":null,"nuget_packages":null}'
	is 201
	for id in 01890a5d-ac96-774b-bcce-b302099a8057 0 x 01890a5d-ac96-774b-bcce-b302099a805 01890a5d-ac96-774b-bcce-b302099a8057x \
		00000000-0000-0000-0000-000000000000 ..%2f..%2fVERSION %2e%2e %00 "'" '%ff' '{id}'; do
		req GET "/tasks/$id"
		[[ "$STATUS" = 404 || "$STATUS" = 400 ]] || { echo "$id: $STATUS"; return 1; }
	done
}

# ---- the general job ---------------------------------------------------------------------

@test "wait, arrays, keys, lists with filters and pages, cancel and erase" {
	start_lighttpd demo
	start_runner
	post '{"language":"python","code":"import sys; print(\"ä\\u0000b\"); print(sys.stdin.read(), file=sys.stderr); sys.stdout.buffer.write(b\"\\xff\\n\")","stdin":"in","labels":{"who":"ann"},"group":"g"}' '?wait=15'
	is 201
	a=$(field .id)
	[ "$(header Location)" = "/tasks/$a" ]
	[ "$(field '.stdout[0]')" = $'ä\u0000b' ] || [ "$(field '.stdout[0] | length')" = 3 ]
	[ "$(field '.stdout[1]')" = $'\ufffd' ]
	[ "$(field '[.stderr[0], .labels.who, .group, .language] | join(" ")')" = 'in ann g python' ]
	# an array
	post '[{"language":"python","code":"print(1)"},{"language":"python","code":"print(2)","labels":{"who":"bob"}}]' '?wait=15'
	is 201
	[ "$(field '[.[].stdout[0]] | join(" ")')" = '1 2' ]
	b=$(field '.[1].id')
	post '[{"language":"python","code":"print(1)"},{"language":"pyhton","code":"x"}]'
	problem 400 '[1]: language'
	post '[]'
	problem 400 'array'
	# a key: the same task again
	post '{"language":"python","code":"print(3)"}' '' -H 'Idempotency-Key: "once"'
	k=$(field .id)
	post '{"language":"python","code":"print(3)"}' '' -H 'Idempotency-Key: once'
	[ "$(field .id)" = "$k" ]
	post '{"language":"python","code":"print(3)","key":"other"}' '' -H 'Idempotency-Key: once'
	problem 400 key
	post '[{"language":"python","code":"1"}]' '' -H 'Idempotency-Key: once'
	problem 400 'field key'
	wait_until 15 bash -c "curl -sS $U/tasks/$k | grep -q Finished"
	# lists: the newest first
	req GET /tasks
	[ "$(field '.tasks | length')" = 4 ]
	[ "$(field '[.tasks[].id] == ([.tasks[].id] | sort | reverse)')" = true ]
	req GET '/tasks?label=who%3Dann'
	[ "$(field '[.tasks[].id] | join(" ")')" = "$a" ]
	req GET '/tasks?label=who=bob&status=finished'
	[ "$(field '[.tasks[].id] | join(" ")')" = "$b" ]
	req GET '/tasks?group=g'
	[ "$(field '[.tasks[] | .id, .why, .exitCode] | join(" ")')" = "$a exited 0" ]
	req GET '/tasks?status=Failed'
	[ "$BODY" = '{"tasks":[]}' ]
	local page='?limit=3' n=0
	while [ "$page" != "?limit=3&before=null" ]; do
		req GET "/tasks$page"
		n=$((n + $(field '.tasks | length')))
		page="?limit=3&before=$(field .next)"
	done
	[ "$n" = 4 ]
	for bad in limit=0 limit=x limit=999 before=x status=x label=x label==x group=/; do
		req GET "/tasks?$bad"
		problem 400 "${bad%%=*}:"
	done
	# DELETE: cancels a live one, erases one that has ended
	post '{"language":"python","code":"while True: pass"}'
	c=$(field .id)
	wait_until 15 bash -c "curl -sS $U/tasks/$c | grep -q Executing"
	req DELETE "/tasks/$c?wait=15"
	is 202
	[ "$(field .status)" = Cancelled ]
	req DELETE "/tasks/$c"
	is 204
	req GET "/tasks/$c"
	problem 404 ''
	req DELETE "/tasks/$c"
	problem 404 ''
	req GET "/tasks/$a?wait=soon"
	problem 400 wait
	sound
}

@test "streams as they are: Range, ETag, types that no browser sniffs; collected files" {
	start_lighttpd demo
	start_runner
	post '{"language":"python","code":"print(\"<script>alert(1)</script>\"); print(\"0123456789\")
import base64
open(\"a b.txt\", \"w\").write(\"text\")
open(\"x.svg\", \"w\").write(\"<svg onload=alert(1)>\")
open(\"p.png\", \"wb\").write(base64.b64decode(\"iVBORw0KGgoAAAANSUhEUg==\"))","collect":["*.txt","*.svg","*.png"]}' '?wait=15'
	id=$(field .id)
	req GET "/tasks/$id/stdout"
	is 200
	[ "$(header Content-Type)" = 'text/plain; charset=utf-8' ]
	[ "$(header X-Content-Type-Options)" = nosniff ]
	[[ "$(header Content-Security-Policy)" == sandbox* ]]
	[ "$(header Content-Length)" = 37 ]
	[ "$BODY" = $'<script>alert(1)</script>\n0123456789' ]
	tag=$(header ETag)
	req GET "/tasks/$id/stdout" -H "If-None-Match: $tag"
	is 304
	[ -z "$BODY" ]
	req GET "/tasks/$id/stdout" -H 'Range: bytes=26-29'
	is 206
	[ "$BODY" = 0123 ]
	[ "$(header Content-Range)" = 'bytes 26-29/37' ]
	req GET "/tasks/$id/stdout" -H 'Range: bytes=-5'
	[ "$STATUS $BODY" = '206 6789' ]
	req GET "/tasks/$id/stdout" -H 'Range: bytes=30-'
	[ "$STATUS $BODY" = '206 456789' ]
	req GET "/tasks/$id/stdout" -H 'Range: bytes=37-'
	problem 416 37
	[ "$(header Content-Range)" = 'bytes */37' ]
	req GET "/tasks/$id/stdout" -H 'Range: bytes=0-1' -H 'If-Range: "other"'
	is 200
	req GET "/tasks/$id/stdout" -H 'Range: lines=1-2'
	is 200
	req HEAD "/tasks/$id/stdout"
	is 200
	[ "$(header Content-Length)" = 37 ]
	req GET "/tasks/$id/stderr"
	[ "$STATUS$BODY" = 200 ]
	# files: an attachment, unless its first bytes say that it is an image
	req GET "/tasks/$id/files"
	[ "$(field '[.files[] | .name + " " + .type] | sort | join(",")')" = 'a b.txt application/octet-stream,p.png image/png,x.svg application/octet-stream' ]
	req GET "/tasks/$id/files/a%20b.txt"
	[ "$STATUS $BODY" = '200 text' ]
	[ "$(header Content-Disposition)" = "attachment; filename*=UTF-8''a%20b.txt" ]
	[ "$(header Content-Type)" = application/octet-stream ]
	req GET "/tasks/$id/files/x.svg"
	[ "$(header Content-Type)" = application/octet-stream ]
	req GET "/tasks/$id/files/p.png"
	[ "$(header Content-Type)" = image/png ]
	[ -z "$(header Content-Disposition)" ]
	[ "$(header X-Content-Type-Options)" = nosniff ]
	for name in nope ../1/stdout %2e%2e%2fresult a%20b.txt%00 /etc/passwd; do
		req GET "/tasks/$id/files/$name"
		[[ "$STATUS" = 404 || "$STATUS" = 400 ]] || { echo "$name: $STATUS $BODY"; return 1; }
	done
}

@test "standard input in requests of its own, until eof" {
	start_lighttpd demo
	start_runner
	post '{"language":"python","code":"import sys\nfor l in sys.stdin: print(\"got\", l.strip(), flush=True)\nprint(\"end\")","stdin_stream":true}'
	is 201
	id=$(field .id)
	req POST "/tasks/$id/stdin" --data-binary $'one\n'
	is 204
	wait_until 15 bash -c "curl -sS $U/tasks/$id/stdout | grep -q 'got one'"
	req POST "/tasks/$id/stdin" --data-binary $'two\n'
	is 204
	wait_until 15 bash -c "curl -sS $U/tasks/$id/stdout | grep -q 'got two'"
	req POST "/tasks/$id/stdin?eof" --data-binary three
	is 204
	req GET "/tasks/$id?wait=15"
	[ "$(field '.stdout | join("|")')" = 'got one|got two|got three|end' ]
	req POST "/tasks/$id/stdin" -d x
	problem 409 ended
	post '{"language":"python","code":"import time; time.sleep(30)"}'
	id=$(field .id)
	req POST "/tasks/$id/stdin" -d x
	problem 409 stdin_stream
	req DELETE "/tasks/$id?wait=10"
	req POST /tasks/01890a5d-ac96-774b-bcce-b302099a8057/stdin -d x
	problem 404 ''
	sound
	[ -z "$(ls "$CEE_SPOOL"/http-web-demo/in)" ]
}

@test "languages, health with and without a runner, other methods, other addresses" {
	start_lighttpd demo
	req GET /languages
	is 200
	[ "$(field '.languages[] | select(.id == "python") | [.name, .works.check, .works.tests, .limits.run.cpu, .ceilings.run.cpu,
		(.hello | length > 0), .extensions[0]] | join(" ")')" = 'python true true 5 60 true .py' ]
	[ "$(field '.languages | length > 0 and all(.[]; .versions | length > 0)')" = true ]
	req GET /healthz
	is 503
	[ "$(field .runners)" = 0 ]
	start_runner
	req GET /healthz
	is 200
	for m in PUT DELETE PATCH; do
		req $m /tasks
		problem 405 ''
		[ "$(header Allow)" = 'OPTIONS, GET, HEAD, POST' ]
	done
	req OPTIONS /tasks
	is 204
	req HEAD /tasks
	is 200
	cgi REQUEST_METHOD=HEAD
	says 200
	[[ "$ANSWER" == *$'Content-Length: '* && "$ANSWER" != *'{'* ]]
	for p in /nope /tasks/x/y /task /tasks.json /healthz/x; do
		req GET "$p"
		problem 404 ''
	done
	req GET '/tasks/?limit=1'
	is 200
}

# ---- who may -------------------------------------------------------------------------------

@test "logins, tokens, scopes, delegates: everybody sees their own and nothing else" {
	start_lighttpd login
	req GET /tasks
	is 401
	req GET /tasks -u ann:wrong
	is 401
	post '{"language":"python","code":"print(1)"}' '' -u ann:secret
	is 201
	ann=$(field .id)
	[ -e "$CEE_SPOOL/http-web-ann/new/5.$ann" ]
	for p in "/tasks/$ann" "/tasks/$ann/stdout" "/tasks/$ann/stderr" "/tasks/$ann/files" "/tasks/$ann/files/x"; do
		req GET "$p" -u bob:secret
		problem 404 ''
	done
	req DELETE "/tasks/$ann" -u bob:secret
	problem 404 ''
	req POST "/tasks/$ann/stdin" -u bob:secret -d x
	problem 404 ''
	req GET /tasks -u bob:secret
	[ "$BODY" = '{"tasks":[]}' ]
	# a token of the same name is the same user
	t=$(cee-token add ann)
	[[ "$t" =~ ^cee_[A-Za-z0-9_-]{43}$ ]]
	lacks -q "$t" "$BATS_TEST_TMPDIR/tokens"
	req GET "/tasks/$ann" -H "Authorization: Bearer $t"
	is 200
	req GET "/tasks/$ann" -H "Authorization: Bearer ${t}x"
	problem 401 unknown
	[[ "$(header WWW-Authenticate)" == Bearer*invalid_token* ]]
	# scopes
	r=$(cee-token --scopes read add ann)
	req GET "/tasks/$ann" -H "Authorization: Bearer $r"
	is 200
	post '{"language":"python","code":"print(1)"}' '' -H "Authorization: Bearer $r"
	problem 403 scope
	req DELETE "/tasks/$ann" -H "Authorization: Bearer $r"
	problem 403 scope
	s=$(cee-token --scopes submit add ann)
	req GET "/tasks/$ann" -H "Authorization: Bearer $s"
	problem 403 scope
	# delegates: the owner is both together; who names nobody is nobody
	d=$(cee-token --scopes submit,read,delegate add moodle)
	post '{"language":"python","code":"print(1)"}' '' -H "Authorization: Bearer $d" -H 'Cee-User: Ann-B@x'
	is 201
	[ -e "$CEE_SPOOL/http-web-moodle-_41nn_2d_42_40x/new/5.$(field .id)" ]
	req GET "/tasks/$ann" -H "Authorization: Bearer $d" -H 'Cee-User: ann'
	problem 404 ''
	req GET "/tasks/$ann" -H "Authorization: Bearer $d"
	problem 401 ''
	req GET "/tasks/$ann" -H "Authorization: Bearer $t" -H 'Cee-User: bob'
	problem 403 delegate
	req GET "/tasks/$ann" -u ann:secret -H 'Cee-User: bob'
	problem 403 delegate
	# two Cee-Users are none
	req GET /tasks -H "Authorization: Bearer $d" -H 'Cee-User: a' -H 'Cee-User: b'
	[ "$STATUS" != 500 ]
	[ ! -e "$CEE_SPOOL/http-web-moodle-b" ]
	# expired, revoked
	e=$(cee-token --expires 1us add ann)
	req GET /tasks -H "Authorization: Bearer $e"
	problem 401 expired
	[[ "$(cee-token list)" == *'(expired)'* ]]
	[ "$(cee-token --json list | jq -r 'select(.name == "moodle") | .scopes')" = submit,read,delegate ]
	cee-token revoke "$(cee-token --json list | jq -r 'select(.scopes == "read") | .id')"
	req GET /tasks -H "Authorization: Bearer $r"
	problem 401 unknown
	cee-token revoke moodle
	req GET /tasks -H "Authorization: Bearer $d" -H 'Cee-User: ann'
	problem 401 unknown
	run cee-token revoke moodle
	[ "$status" -eq 66 ]
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/tokens")" = 600 ]
}

@test "anonymous callers: nothing by default; what cee.conf allows, without lists, groups and keys" {
	start_lighttpd none
	post '{"language":"python","code":"print(1)"}'
	problem 401 'login required'
	[ "$(header WWW-Authenticate)" = 'Bearer realm="cee"' ]
	req GET /languages
	problem 401 ''
	more_conf 'http_anonymous = submit,read'
	post '{"language":"python","code":"print(1)"}'
	is 201
	id=$(field .id)
	[ -e "$CEE_SPOOL/anon/new/5.$id" ]
	req GET "/tasks/$id"
	is 200
	req GET /tasks
	problem 403 list
	post '{"language":"python","code":"print(1)","group":"g"}'
	problem 400 group
	post '{"language":"python","code":"print(1)"}' '' -H 'Idempotency-Key: x'
	problem 400 key
	req GET /languages
	is 200
	sed -i 's/^http_anonymous.*/http_anonymous = submit/' "$CEE_CONF"
	req GET "/tasks/$id"
	problem 401 ''
}

@test "quotas: jobs and bytes a minute, jobs waiting; Retry-After says when" {
	start_lighttpd demo
	more_conf 'http_jobs = 3' 'http_bytes = 100000' 'max_queued = 5'
	local job='{"language":"python","code":"print(1)"}'
	for _ in 1 2 3; do post "$job"; is 201; done
	post "$job"
	problem 429 'per minute'
	after=$(header Retry-After)
	[ "$after" -ge 1 ] && [ "$after" -le 21 ]
	rm "$BATS_TEST_TMPDIR/quota/http-web-demo"
	jq -nc '{language: "python", code: ("#" * 90000)}' > "$BATS_TEST_TMPDIR/large"
	req POST /tasks -H "$JSON" -d "@$BATS_TEST_TMPDIR/large"
	is 201
	req POST /tasks -H "$JSON" -d "@$BATS_TEST_TMPDIR/large"
	problem 429 bytes
	[ "$(header Retry-After)" -le 60 ]
	sed -i 's/^http_jobs.*/http_jobs = 0/; s/^http_bytes.*/http_bytes = 0/' "$CEE_CONF"
	post "[$job,$job]"
	is 207
	[ "$(field '[.[0].status, .[1].status] | join(" ")')" = 'Created 429' ]
	post "$job"
	problem 429 max_queued
	[ "$(header Retry-After)" -ge 1 ]
	more_conf 'min_room = 1000T'
	sed -i 's/^max_queued.*/max_queued = 100/' "$CEE_CONF"
	post "$job"
	problem 503 room
	[ -n "$(header Retry-After)" ]
}

# ---- hostile requests ------------------------------------------------------------------------

@test "bodies: too large, truncated, malformed, without a length; types that are not JSON" {
	start_lighttpd demo
	more_conf 'max_job = 10000'
	head -c 20000 /dev/zero | tr '\0' x > "$BATS_TEST_TMPDIR/x"
	req POST /tasks -H "$JSON" --data-binary "@$BATS_TEST_TMPDIR/x"
	problem 413 10000
	req POST /tasks -H "$JSON" -H 'Transfer-Encoding: chunked' -d '{"language":"python","code":"print(1)"}'
	is 201		# lighttpd gathers the pieces and says the length
	for t in text/plain application/x-www-form-urlencoded multipart/form-data 'application/json2' ''; do
		req POST /tasks -H "Content-Type: $t" -d '{"language":"python","code":"print(1)"}'
		problem 415 application/json
	done
	post '{"language":"python","code":"print(1)"}' '' -H 'Content-Type: Application/JSON; charset=utf-8' -H 'Content-Type:'
	for b in '{"language":"python","code":"\ud800"}' '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[' '{"language":"python","code":"\u0000"}'; do
		post "$b"
		problem 400 ''
	done
	printf '{"language":"python","code":"\xff"}' > "$BATS_TEST_TMPDIR/latin"
	req POST /tasks -H "$JSON" --data-binary "@$BATS_TEST_TMPDIR/latin"
	problem 400 UTF-8
	# lengths that lie, by hand
	local r=(REQUEST_METHOD=POST PATH_INFO=/tasks CONTENT_TYPE=application/json REMOTE_USER=x)
	cgi "${r[@]}" CONTENT_LENGTH=100 <<< '{"language":"python","code":"1"}'
	says 400
	cgi "${r[@]}" CONTENT_LENGTH=999999999 < /dev/null
	says 413
	cgi "${r[@]}" CONTENT_LENGTH=99999999999999999999 < /dev/null
	says 413
	for n in -1 +5 5x '5, 5' ' 5' 0x5 5.0; do
		cgi "${r[@]}" CONTENT_LENGTH="$n" <<< '{}'
		says 400
	done
	cgi "${r[@]}" HTTP_TRANSFER_ENCODING=chunked <<< '{}'
	says 411
	cgi "${r[@]}" CONTENT_LENGTH=32 <<< '{"language":"python","code":"1"}and more that is not read'
	says 201
	cgi "${r[@]}" < /dev/null
	says 400
}

@test "paths and headers: dots, NULs, escapes, lengths, duplicates" {
	start_lighttpd demo
	for p in /../etc/passwd /%2e%2e/%2e%2e/etc/passwd /tasks/%2e%2e /tasks//x '/tasks/..;/x' /%252e%252e/ /%c0%ae%c0%ae/ '/<script>'; do
		req GET "$p"
		[[ "$STATUS" = 404 || "$STATUS" = 400 || "$STATUS" = 403 || "$STATUS" = 200 ]]
		lacks -q root: <<< "$BODY"
	done
	req GET "/$(printf 'a%.0s' {1..5000})"
	[[ "$STATUS" = 404 || "$STATUS" = 414 || "$STATUS" = 403 ]]
	req GET "/tasks?$(printf 'a&%.0s' {1..100})"
	problem 400 parameters
	for q in 'status=%' 'status=%0' 'status=%zz' 'status=%00' 'status=%ff' '%00=x'; do
		req GET "/tasks?$q"
		is 400
		cgi REMOTE_USER=a PATH_INFO=/tasks QUERY_STRING="$q"
		says 400
		[[ "$ANSWER" == *'the query must be'* ]]
	done
	[[ "$(raw 'GET /tasks/%%00 HTTP/1.1\r\nHost: x\r\n\r\n')" == *' 40'* ]]
	[[ "$(raw 'POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef')" == *' 400 '* ]]
	[[ "$(raw 'POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n')" == *' 400 '* ]]
	[[ "$(raw 'GET /healthz HTTP/1.1\r\nHost: x\r\nX: %70000d\r\n\r\n')" == *' 4'* ]]
	[[ "$(raw 'NONSENSE\r\n\r\n')" == *' 400 '* ]]
	# what a server should not have let through
	cgi PATH_INFO=tasks; says 400
	cgi PATH_INFO=$'/tasks/\n'; says 400
	cgi PATH_INFO=$'/\xff'; says 400
	cgi PATH_INFO="/$(printf 'a%.0s' {1..5000})"; says 414
	cgi HTTP_X="$(printf 'a%.0s' {1..20000})"; says 431
	# shellcheck disable=SC2046 # a word for each variable
	cgi $(printf 'HTTP_X%d=1 ' {1..600}); says 431
	cgi REQUEST_METHOD=get; says 405
	cgi REQUEST_METHOD=; says 405
	cgi PATH_INFO= SCRIPT_NAME=/cee; says 308
	cgi HTTP_AUTHORIZATION='Bearer ' PATH_INFO=/tasks; says 401
	cgi HTTP_AUTHORIZATION='Bearer a b c' PATH_INFO=/tasks; says 401
	cgi HTTP_AUTHORIZATION=Negotiate PATH_INFO=/tasks; says 401
	cgi REMOTE_USER="$(printf 'ü%.0s' {1..300})" PATH_INFO=/tasks; says 200
	cgi REMOTE_USER='../../x' PATH_INFO=/tasks; says 200
	cgi REMOTE_USER=a PATH_INFO=/tasks HTTP_COOKIE=$'x\r\ny'; says 200
	# no line end gets into a header
	cgi REMOTE_USER=a REQUEST_METHOD=POST CONTENT_TYPE=application/json PATH_INFO=/tasks SCRIPT_NAME=$'/x\r\nEvil: 1' CONTENT_LENGTH=32 <<< '{"language":"python","code":"1"}'
	says 400
	lacks -q '^Evil' <<< "$ANSWER"
	# beneath a path
	cgi REMOTE_USER=a REQUEST_METHOD=POST CONTENT_TYPE=application/json PATH_INFO=/tasks SCRIPT_NAME=/a/cee/ CONTENT_LENGTH=32 <<< '{"language":"python","code":"1"}'
	says 201
	grep -q '^Location: /a/cee/tasks/[0-9a-f]' <<< "$ANSWER"
	# no two words for who asks
	run env -i CEE_CONF="$CEE_CONF" python3 -c 'import ctypes, os, sys
a = [b"x"]; e = [b"REQUEST_METHOD=GET", b"PATH_INFO=/tasks", b"REMOTE_USER=a", b"REMOTE_USER=b"]
v = lambda l: (ctypes.c_char_p * (len(l) + 1))(*l, None)
ctypes.CDLL(None).execve(sys.argv[1].encode(), v(a), v(e))' "$CEE_BIN/cee-http"
	[[ "$output" == 'Status: 400'* ]]
	[[ "$output" == *'REMOTE_USER: given twice'* ]]
	sound
}

@test "a spool that is not there, or is broken: 503, and the server's log says why" {
	start_lighttpd demo
	mv "$CEE_SPOOL" "$CEE_SPOOL.away"
	req GET /tasks
	problem 503 log
	lacks -q "$CEE_SPOOL" <<< "$BODY"
	mv "$CEE_SPOOL.away" "$CEE_SPOOL"
	rm "$CEE_SPOOL/languages.json"
	req GET /languages
	problem 503 published
}

# ---- under load ---------------------------------------------------------------------------------

@test "1000 GETs, 200 at once: none is lost, all are alike" {
	start_lighttpd demo
	start_runner
	post '{"language":"python","code":"print(42)"}' '?wait=15'
	id=$(field .id)
	req GET "/tasks/$id"
	one=$(sha256sum < "$BATS_TEST_TMPDIR/body")
	mkdir "$BATS_TEST_TMPDIR/many"
	for i in $(seq 1000); do printf 'url = "%s"\noutput = "%s"\n' "$U/tasks/$id" "$BATS_TEST_TMPDIR/many/$i"; done > "$BATS_TEST_TMPDIR/urls"
	curl -sSf -Z --parallel-max 200 -K "$BATS_TEST_TMPDIR/urls"
	[ "$(ls "$BATS_TEST_TMPDIR/many" | wc -l)" = 1000 ]
	[ "$(for i in "$BATS_TEST_TMPDIR"/many/*; do sha256sum < "$i"; done | sort -u)" = "$one" ]
}

# ---- other servers ----------------------------------------------------------------------------------

everything() {	# the same through any server, with a login
	req GET /tasks
	is 401
	req GET /healthz
	is 200
	# a page of another site gets its script without a login; the page itself wants one
	more_conf "http_page = $CEE_ROOT/share/web"
	for p in /embed.js /page/api.js; do
		req GET "$p"
		is 200
	done
	req GET /
	is 401
	run first_engine -u ann:secret
	[[ "$output" == '{"id":"'*'","status":"Created","ticket":"'*'"}' ]]
	post '{"language":"python","code":"print(6*7)\nopen(\"a b\",\"w\").write(\"x\")","collect":["*"]}' '?wait=15' -u ann:secret
	is 201
	[ "$(field '.stdout[0]')" = 42 ]
	id=$(field .id)
	[ "$(header Location)" = "/tasks/$id" ]
	req GET "/tasks/$id/stdout" -u ann:secret -H 'Range: bytes=0-0'
	[ "$STATUS $BODY" = '206 4' ]
	req GET "/tasks/$id/files/a%20b" -u ann:secret
	[ "$STATUS $BODY" = '200 x' ]
	req GET "/tasks/$id" -u bob:secret
	problem 404 ''
	t=$(cee-token add ann)
	req GET "/tasks/$id" -H "Authorization: Bearer $t"
	is 200
	req GET "/tasks/$id" -H 'Authorization: Bearer x'
	problem 401 unknown
	# a name that no login has proved is none
	req GET /tasks -u ann:wrong
	is 401
	req GET /tasks -H 'Remote-User: ann' -H 'REMOTE_USER: ann' -H 'Remote_User: ann'
	is 401
	req DELETE "/tasks/$id" -u ann:secret
	is 204
	truncate -s 20M "$BATS_TEST_TMPDIR/zeros"
	req POST /tasks -u ann:secret -H "$JSON" --data-binary "@$BATS_TEST_TMPDIR/zeros"
	is 413
}

@test "lighttpd, with logins" { start_lighttpd login; start_runner; everything; }

@test "nginx with fcgiwrap: TLS, logins" {
	start_runner
	start_fcgi
	everything
	# 300 at once are more than its limit of requests: some are told so, none is lost
	run bash -c "curl -sSk -Z --parallel-max 300 -o /dev/null -w '%{http_code}\n' '$U/healthz?[1-300]' | sort | uniq -c"
	[[ "$output" == *' 200'* && "$output" == *' 429'* ]]
}

@test "nginx before lighttpd" {
	start_runner
	start_lighttpd login
	start_nginx nginx-proxy.conf -e "s,http://127.0.0.1:8080,http://127.0.0.1:$LIGHTTPD_PORT,"
	everything
}

@test "beneath a path of lighttpd's" {
	start_lighttpd demo
	kill "${SERVERS[0]}"
	wait "${SERVERS[0]}" || :
	sed -i 's,^alias.url .*,alias.url = ( "/some/where/" => cee + "/" ),' "$BATS_TEST_TMPDIR/lighttpd/conf"
	lighttpd -D -f "$BATS_TEST_TMPDIR/lighttpd/conf" 3>&- &
	SERVERS=($!)
	wait_until 10 listens "$LIGHTTPD_PORT"
	PREFIX=/some/where
	req POST /some/where/tasks -H "$JSON" -d '{"language":"python","code":"print(1)"}'
	is 201
	[[ "$(header Location)" == /some/where/tasks/* ]]
	req GET "$(header Location)"
	is 200
}

@test "without a runner for 10 s the answers say so" {
	start_lighttpd demo
	touch -d '-1 minute' "$CEE_SPOOL/cur"
	post '{"language":"python","code":"print(1)"}'
	[[ "$(field .notice)" == 'no runner'* ]]
	id=$(field .id)
	req GET "/tasks/$id"
	[[ "$(field .notice)" == 'no runner'* ]]
	start_runner
	req GET "/tasks/$id?wait=15"
	[ "$(field '[.status, has("notice")] | join(" ")')" = 'Finished false' ]
	post '{"language":"python","code":"print(1)"}'
	[ "$(field 'has("notice")')" = false ]
}

health() { req GET /healthz; [ "$(field .status)" = "$1" ]; }

@test "health, notices, cee-stat and cee-doctor say within 15 s that no jobs are run, and why" {
	[ -n "$ENGINE_SOCKET" ] || skip "the engine is not at a unix socket"
	"$CEE_ROOT/tests/tools/fakeengine.py" "$BATS_TEST_TMPDIR/engine" 3>&- &	# a proxy, which can be stopped
	local proxy=$!
	SERVERS+=("$proxy")
	wait_until 10 test -S "$BATS_TEST_TMPDIR/engine"
	start_lighttpd demo
	DOCKER_HOST=unix://$BATS_TEST_TMPDIR/engine start_runner
	wait_until 15 health ok
	# the runner is stopped
	kill -STOP "$RUNNER"
	post '{"language":"python","code":"print(1)"}'
	id=$(field .id)
	wait_until 15 health 'no runner responds'
	is 503
	req GET "/tasks/$id"
	[[ "$(field .notice)" == 'no runner responds'* ]]
	post '{"language":"python","code":"print(1)"}'
	[[ "$(field .notice)" == 'no runner responds'* ]]
	[[ "$(cee-stat)" == *'trouble   no runner responds: '*'stopped'* ]]
	[ "$(cee-stat --json | jq -r .health)" = 'no runner responds' ]
	run cee-doctor runner
	[[ "$status $output" == '1 FAIL runner: no runner responds'*'kill -CONT'* ]]
	run timeout 3 curl -sN "$U/tasks/$id/events"
	[[ "$output" == *'event: notice'*'no runner responds'* ]]
	kill -CONT "$RUNNER"
	wait_until 10 health ok
	req GET "/tasks/$id?wait=20"
	[ "$(field '[.status, has("notice")] | join(" ")')" = 'Finished false' ]
	# the engine is away
	kill -STOP "$proxy"
	wait_until 15 health 'the container engine does not answer'
	is 503
	post '{"language":"python","code":"print(1)"}'
	[[ "$(field .notice)" == 'the container engine'* ]]
	[[ "$(cee-stat)" == *'trouble   the container engine does not answer: '* ]]
	kill -CONT "$proxy"
	wait_until 15 health ok
	# the disk is full
	more_conf 'min_room = 1000T'
	health 'the disk is full'
	is 503
	[[ "$(cee-stat)" == *'cee-prune --older-than'* ]]
	# others cannot read what this runner counts
	[ "$(stat -c %a "$CEE_SPOOL"/metrics/*)" = 600 ]
}

# ---- bounds -------------------------------------------------------------------------------------

@test "a large array is paid for in full: http_jobs holds for it too, and Retry-After is true" {
	start_lighttpd demo
	more_conf 'http_jobs = 1' 'max_queued = 1000'
	local batch
	batch=$(jq -nc '[range(61) | {language: "bash", code: ":"}]')
	post "$batch"
	is 201
	for _ in 1 2 3; do
		post "$batch"
		problem 429 'per minute'
		[ "$(header Retry-After)" -gt 3600 ]
	done
	[ "$(ls "$CEE_SPOOL/http-web-demo/new" | wc -l)" = 61 ]
}

@test "much output: bounded in JSON, whole at /stdout; a line stands where bytes are missing" {
	start_lighttpd demo
	start_runner
	post '{"language":"python","code":"import sys\nfor i in range(255): sys.stdout.buffer.write(b\"\\x01\" * 65536)\nsys.stderr.write(\"last words\")"}' '?wait=30'
	id=$(field .id)
	req GET "/tasks/$id"
	[ "$(field '[.outputCut, .stderr[0]] | join(" ")')" = 'true last words' ]
	[[ "$(field '.stdout[-1]')" == '[cut here: '*/stdout* ]]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/body")" -lt 6000000 ]
	[ "$(curl -sS "$U/tasks/$id/stdout" | wc -c)" = 16711680 ]
	# it costs little memory
	peak=$(REQUEST_METHOD=GET PATH_INFO=/tasks/$id REMOTE_USER=demo python3 -c 'import resource, subprocess, sys
subprocess.run([sys.argv[1]], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$CEE_BIN/cee-http")
	[ "$peak" -lt 60000 ] || { echo "$peak KiB"; return 1; }
	# head and tail of an output that the box kept back
	post '{"language":"python","code":"import sys\nfor i in range(300000): sys.stdout.write(\"%098d\\n\" % i)","buffer":"full"}' '?wait=40'
	id=$(field .id)
	curl -sS "$U/tasks/$id/stdout" > "$BATS_TEST_TMPDIR/out"
	[ "$(grep -cx '\[[0-9]* bytes are missing here\]' "$BATS_TEST_TMPDIR/out")" = 1 ]
	missing=$(sed -n 's/^\[\([0-9]*\) bytes are missing here\]$/\1/p' "$BATS_TEST_TMPDIR/out")
	mark="[$missing bytes are missing here]"
	[ $((missing + $(stat -c %s "$BATS_TEST_TMPDIR/out") - ${#mark} - 2)) = $((99 * 300000)) ]
	# a part of it, from before the line to behind it, is as in the whole
	at=$(grep -bx '\[[0-9]* bytes are missing here\]' "$BATS_TEST_TMPDIR/out" | cut -d: -f1)
	curl -sS -H "Range: bytes=$((at - 50))-$((at + 80))" "$U/tasks/$id/stdout" | cmp - <(tail -c +$((at - 49)) "$BATS_TEST_TMPDIR/out" | head -c 131)
	curl -sS -H "Range: bytes=$((at + 3))-" "$U/tasks/$id/stdout" | cmp - <(tail -c +$((at + 4)) "$BATS_TEST_TMPDIR/out")
	req GET "/tasks/$id"
	[ "$(field .outputCut)" = true ]
}

@test "an array's answer is bounded, whatever its jobs are: after 8 MiB tasks are short" {
	start_lighttpd demo
	start_runner
	python3 -c 'import json; print(json.dumps([{"language": "bash", "code": "echo %d #" % i + "x" * (1 << 20)} for i in range(14)]))' > "$BATS_TEST_TMPDIR/array"
	req POST '/tasks?wait=20' -H "$JSON" --data-binary "@$BATS_TEST_TMPDIR/array"
	is 201
	[ "$(field length)" = 14 ]
	[ "$(field '.[0] | .status, .stdout[0]' | paste -sd ' ')" = 'Finished 0' ]
	[ "$(field '.[13] | has("code"), .status' | paste -sd ' ')" = 'false Finished' ]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/body")" -lt 10500000 ]
	req GET "/tasks/$(field '.[13].id')/stdout"
	[ "$BODY" = 13 ]
}

waits_on() { [ -n "$(grep -lzx "PATH_INFO=/tasks/$1" /proc/[0-9]*/environ 2> /dev/null)" ]; }
no_wait_on() { ! waits_on "$1"; }
SLEEPER='{"language":"bash","code":"sleep 100","limits":{"wall":120}}'

abandoned() {	# many waits whose clients have gone hold nothing, and health answers meanwhile
	local i
	post "$SLEEPER" '' -u ann:secret
	id=$(field .id)
	for i in $(seq 20); do curl -sk -m 2 -o /dev/null -u ann:secret "$U/tasks/$id?wait=50" 3>&- & done
	wait_until 5 waits_on "$id"
	[ "$(curl -sk -m 10 -o /dev/null -w '%{http_code}' "$U/healthz")" = 200 ]
	wait_until 15 no_wait_on "$id"	# those that found no place begin late, and end as soon
	# one that stays gets the task; the end of another is its client's
	curl -sk -m 3 -o /dev/null -u ann:secret "$U/tasks/$id?wait=50&on_disconnect=cancel" || :
	req GET "/tasks/$id?wait=15" -u ann:secret
	[ "$(field .status)" = Cancelled ]
}

@test "a wait ends with its client: behind lighttpd" {
	start_lighttpd login
	start_runner
	abandoned
	req GET "/tasks/$id?on_disconnect=x" -u ann:secret
	problem 400 on_disconnect
}

@test "a wait ends with its client: behind nginx with fcgiwrap, all of whose children wait" {
	FCGI_CHILDREN=8
	start_fcgi
	start_runner
	abandoned
	# a path that looks like a token or a ticket lets nobody past the login
	for p in '/tasks/%20Bearer%20' '/tasks%3Fticket=x' '/x?y= Bearer x' '/page%2F..%2Ftasks'; do
		req GET "${p// /%20}"
		[ "$STATUS" = 401 ] && [[ "$(header WWW-Authenticate)" == *Basic* ]]
	done
}

@test "requests at once are bounded for each caller" {
	start_lighttpd login
	start_runner
	more_conf 'http_requests = 3' 'http_processes = 4'
	post "$SLEEPER" '' -u ann:secret
	id=$(field .id)
	for i in 1 2 3; do curl -sk -m 20 -o /dev/null -u ann:secret "$U/tasks/$id?wait=15" 3>&- & done
	sleep 1
	req GET /tasks -u ann:secret
	problem 429 'at once'
	[ "$(header Retry-After)" = 1 ]
	req GET /tasks -u bob:secret
	is 200
	req DELETE "/tasks/$id" -H "Authorization: Bearer $(cee-token add bob)"
	problem 404 ''
	# those of all callers as well; what is public is not counted
	post "$SLEEPER" '' -u bob:secret
	b=$(field .id)
	curl -sk -m 20 -o /dev/null -u bob:secret "$U/tasks/$b?wait=15" 3>&- &
	wait_until 5 waits_on "$b"
	sleep 0.5
	req GET /tasks -H "Authorization: Bearer $(cee-token add carl)"
	problem 503 http_processes
	[ "$(header Retry-After)" = 1 ]
	req GET /healthz
	is 200
	cee-cancel --owner http-web-bob "$b"
	cee-cancel --owner http-web-ann "$id"
	wait_until 10 no_wait_on "$id"
	req GET /tasks -u ann:secret
	is 200
	# a wait for a task that is not there is over at once, with its status
	req GET '/tasks/01890a5d-ac96-774b-bcce-b302099a8057?wait=15' -u ann:secret
	problem 404 'no such task'
}

@test "no page of another site acts as the user: hosts, types of a body; the cause of a 500 is in a log" {
	local serve='s,"REMOTE_USER" => "demo",&\, "CEE_HTTP_HOSTS" => "127.0.0.1 localhost",'
	start_lighttpd demo "$serve"
	req GET /tasks
	is 200
	req GET /tasks -H 'Host: localhost:8080'
	is 200
	for h in evil.example evil.example:8080 127.0.0.1.evil.example localhost.evil.example:80; do
		req GET /tasks -H "Host: $h"
		problem 421 Host
		post '{"language":"python","code":"print(6*7)"}' '' -H "Host: $h" -H "Origin: http://$h"
		problem 421 Host
	done
	grep -q CEE_HTTP_HOSTS "$CEE_ROOT/scripts/serve"
	post '{"language":"python","code":"print(input())","stdin_stream":true}'
	id=$(field .id)
	for t in text/plain application/x-www-form-urlencoded multipart/form-data ''; do
		req POST "/tasks/$id/stdin" -H "Content-Type: $t" -d x
		problem 415 application/octet-stream
	done
	req POST "/tasks/$id/stdin?eof" -d x
	is 204
	sed -i 's,^\s*http_state = .*,http_state = /nonexistent,' "$CEE_CONF"
	more_conf 'http_jobs = 100'
	post '{"language":"python","code":"1"}'
	problem 500 log
	grep -q '/nonexistent/quota' "$BATS_TEST_TMPDIR/lighttpd/cee-http.log"
}
