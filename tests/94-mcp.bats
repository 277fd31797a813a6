# cee-mcp: real MCP clients over HTTP and standard input, and the table of its requests and errors.
# The clients are npm packages of pinned versions (tests/mcp/package.json), which a mirror named in NPM_CONFIG_REGISTRY may serve.

load lib
load http

setup_file() {
	export NODE_MODULES=${CEE_NODE_MODULES:-$CEE_ROOT/var/mcp-clients}
	[ -d "$NODE_MODULES/node_modules" ] || {
		mkdir -p "$NODE_MODULES"
		cp "$BATS_TEST_DIRNAME/mcp/package.json" "$NODE_MODULES"
		(cd "$NODE_MODULES" && timeout 300 npm install --no-audit --no-fund > npm.log 2>&1) || rm -rf "$NODE_MODULES"
	}
}

eval "$(declare -f setup | sed '1s/setup/setup_server/')"
setup() { setup_server; cd "$BATS_TEST_TMPDIR" || return 1; }

clients() { [ -d "$NODE_MODULES/node_modules" ] || skip "npm cannot fetch the clients here"; }
client() { timeout 150 node "$CEE_ROOT/tests/mcp/client.mjs" "$@"; }

# mcp BODY [curl options]: STATUS, HEAD and BODY of a POST to /mcp
mcp() { local body=$1; shift; req POST /mcp -H "$JSON" "$@" -d "$body"; rm -f "$BATS_TEST_TMPDIR/answers/$ANSWERS".*; }
message() { printf '{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}' "$1" "${2:-{\}}"; }
error() { is "$1" && [ "$(field '.error.code')" = "$2" ] && [[ "$(field '.error.message')" == *"$3"* ]] || { echo "$STATUS $BODY"; return 1; }; }
result() { is 200 && jq -e "$1" <<< "$BODY" > /dev/null || { echo "$STATUS $BODY"; return 1; }; }
modern() { printf '{"_meta":{"io.modelcontextprotocol/protocolVersion":"%s","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}%s}' "${2:-2026-07-28}" "${1:+,$1}"; }
tool() { printf '{"name":"%s","arguments":%s}' "$1" "$2"; }

@test "the clients of npm, in each revision, over HTTP" {
	clients
	start_lighttpd demo
	start_runner
	for sdk in 1 2 modern; do client $sdk "$U/mcp"; done
}

@test "the clients of npm, in each revision, over standard input" {
	clients
	start_runner
	for sdk in 1 2 modern; do client $sdk --stdio cee-mcp; done
}

@test "the README's configurations of agents, to the letter" {
	clients
	start_runner
	awk '/^```/ && inside { inside = 0; next } $0 == "```json agent" { inside = 1; next } inside' "$CEE_ROOT/README.md" > agents
	[ "$(wc -l < agents)" -eq 2 ]
	start_lighttpd demo
	[ "$(sed -n 1p agents | jq -r '.mcpServers.cee.url')" = http://127.0.0.1:8080/mcp ]	# of make serve; this server has another port
	client 1 "$(sed -n 1p agents | jq -r '.mcpServers.cee.url' | sed "s,http://127.0.0.1:8080,$U,")"
	cd "$CEE_BIN/.."
	client 1 --stdio "$(sed -n 2p "$OLDPWD/agents" | jq -r '.mcpServers.cee.command')"
}

@test "requests and errors before 2026-07-28" {
	start_lighttpd demo
	mcp "$(message initialize '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}')"
	result '.result.protocolVersion == "2025-06-18" and .result.serverInfo.name == "cee" and .result.capabilities == {"tools":{}}'
	lacks -qi '^mcp-session-id' <<< "$HEAD"
	mcp "$(message initialize '{"protocolVersion":"1999-01-01","capabilities":{}}')"
	result '.result.protocolVersion == "2025-11-25"'
	mcp '{"jsonrpc":"2.0","method":"notifications/initialized"}'
	is 202 && [ -z "$BODY" ]
	mcp "$(message ping)"
	result '.result == {} and .id == 1'
	mcp "$(message tools/list)"
	result '(.result.tools | length) >= 7 and (.result | has("resultType") | not)'
	[ "$(jq -c .result <<< "$BODY")" = "$(mcp "$(message tools/list)"; jq -c .result <<< "$BODY")" ]
	mcp "$(message nope)";			error 200 -32601 'nope: this method is not known'
	mcp "$(message server/discover)";	error 200 -32601 server/discover
	mcp "$(message tools/call)";		error 200 -32602 'name: must be'
	mcp "$(message tools/call "$(tool nope '{}')")"; error 200 -32602 'nope: there is no such tool'
	mcp "$(message tools/call "$(tool run_code '[]')")"; error 200 -32602 'arguments: must be'
	mcp "$(message tools/call "$(tool run_code '{"language":"python","code":"1","wait":"x"}')")"
	result '.result.isError and (.result.content[0].text | startswith("wait: "))'
	mcp '{';				error 400 -32700 ''
	mcp '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'; error 400 -32700 ''
	mcp '[{"jsonrpc":"2.0","id":1,"method":"ping"}]'; error 400 -32600 'batches are not supported'
	mcp '{"id":1,"method":"ping"}';		error 400 -32600 'jsonrpc: must be'
	mcp '{"jsonrpc":"2.0","id":[],"method":"ping"}'; error 400 -32600 'id: must be'
	mcp '{"jsonrpc":"2.0","id":1,"method":"ping","params":7}'; error 200 -32602 'params: must be'
	mcp "$(message ping)" -H 'MCP-Protocol-Version: 1.0'; error 400 -32022 'revision'
	for m in GET PUT DELETE; do
		req $m /mcp; rm -f "$BATS_TEST_TMPDIR/answers/$ANSWERS".*
		error 405 -32000 'send messages of MCP with POST' && [[ "$(header Allow)" == POST* ]]
	done
	req POST /mcp -H 'Content-Type: text/plain' -d '{}'; rm -f "$BATS_TEST_TMPDIR/answers/$ANSWERS".*
	error 415 -32000 application/json
	mcp "$(message ping)" -H 'Origin: http://evil.example'; error 403 -32000 'Origin'
	mcp "$(message ping)" -H "Origin: $U";	result '.result == {}'
	more_conf 'http_origins = https://pages.example'
	mcp "$(message ping)" -H 'Origin: https://pages.example'; result '.result == {}'
	[ "$(header Access-Control-Allow-Origin)" = https://pages.example ]
	head -c 18000000 /dev/zero | tr '\0' ' ' > big
	req POST /mcp -H "$JSON" --data-binary @big; rm -f "$BATS_TEST_TMPDIR/answers/$ANSWERS".*
	is 413
}

@test "requests and errors of 2026-07-28" {
	start_lighttpd demo
	V='MCP-Protocol-Version: 2026-07-28'
	mcp "$(message server/discover "$(modern)")" -H "$V" -H 'Mcp-Method: server/discover'
	result '.result | .resultType == "complete" and .supportedVersions == ["2026-07-28"] and .capabilities == {"tools":{}} and .cacheScope == "public" and ._meta["io.modelcontextprotocol/serverInfo"].name == "cee"'
	mcp "$(message tools/list "$(modern)")" -H "$V" -H 'Mcp-Method: tools/list'
	result '.result | .resultType == "complete" and (.tools | length) >= 7 and .ttlMs > 0'
	mcp "$(message tools/call "$(modern '"name":"list_languages","arguments":{}')")" -H "$V" -H 'Mcp-Method: tools/call' -H 'Mcp-Name: list_languages'
	result '.result | .resultType == "complete" and .isError == false and (.structuredContent.languages | length) >= 7'
	mcp "$(message nope "$(modern)")" -H "$V" -H 'Mcp-Method: nope';		error 404 -32601 nope
	mcp "$(message ping "$(modern)")" -H "$V" -H 'Mcp-Method: ping';		error 404 -32601 ping
	mcp "$(message initialize "$(modern)")" -H "$V" -H 'Mcp-Method: initialize';	error 404 -32601 initialize
	mcp "$(message tools/list "$(modern)")" -H "$V";				error 400 -32020 'Mcp-Method: is missing'
	mcp "$(message tools/list "$(modern)")" -H "$V" -H 'Mcp-Method: tools/call';	error 400 -32020 'Mcp-Method: differs'
	mcp "$(message tools/list "$(modern)")" -H 'Mcp-Method: tools/list';		error 400 -32020 'MCP-Protocol-Version: is missing'
	mcp "$(message tools/list "$(modern)")" -H 'MCP-Protocol-Version: 2025-11-25' -H 'Mcp-Method: tools/list'; error 400 -32020 'MCP-Protocol-Version: differs'
	mcp "$(message tools/list)" -H "$V" -H 'Mcp-Method: tools/list';		error 400 -32602 _meta
	mcp "$(message tools/list "$(modern '' 2099-01-01)")" -H 'MCP-Protocol-Version: 2099-01-01' -H 'Mcp-Method: tools/list'
	error 400 -32022 revision
	jq -e '.error.data | .requested == "2099-01-01" and (.supported | index("2026-07-28") != null)' <<< "$BODY"
	mcp "$(message tools/call "$(modern "$(tool run_code '{}' | tr -d '{}' | sed 's/,.*//')")")" -H "$V" -H 'Mcp-Method: tools/call' -H 'Mcp-Name: check_code'
	error 400 -32020 'Mcp-Name: differs'
}

@test "owners, tokens, scopes, quotas and Host are cee-http's" {
	start_lighttpd login
	start_runner
	t=$(cee-token add ann) r=$(cee-token --scopes read add bob)
	mcp "$(message ping)"; is 401
	sed -i 's,^\$HTTP\["url"\] !~ .*,$HTTP["url"] == "/never" {,' "$BATS_TEST_TMPDIR/lighttpd/conf"
	mcp "$(message ping)" -H 'Authorization: Bearer wrong'
	error 401 -32000 token && [[ "$(header WWW-Authenticate)" == Bearer* ]]
	mcp "$(message tools/call "$(tool run_code '{"language":"bash","code":"echo ann"}')")" -H "Authorization: Bearer $t"
	result '.result.structuredContent.stdout == "ann\n"'
	id=$(field .result.structuredContent.job)
	[ "$(cee-stat --owner http-web-ann --json "$id" | jq -r .why)" = exited ]
	# another owner finds nothing, whatever is asked
	mcp "$(message tools/call "$(tool start_session '{"language":"python"}')")" -H "Authorization: Bearer $t"
	s=$(field .result.structuredContent.session)
	mcp "$(message tools/call "$(tool run_in_session "{\"session\":\"$s\",\"code\":\"6*7\"}")")" -H "Authorization: Bearer $t"
	result '.result.structuredContent.results[0].text == "42"'
	for call in run_in_session end_session; do
		mcp "$(message tools/call "$(tool $call "{\"session\":\"$s\"$([ $call = end_session ] || echo ',\"code\":\"1\"' | tr -d '\\')}")")" -H "Authorization: Bearer $(cee-token add "eve$call")"
		result '.result.isError and .result.content[0].text == "there is no such task"'
	done
	req POST "/sessions/$s/run" -H "$JSON" -H "Authorization: Bearer $(cee-token add mallory)" -d '{"code":"1"}'
	is 404
	req POST "/sessions/$s/run" -H "$JSON" -H "Authorization: Bearer $t" -d '{"code":"print(1)\n2"}'
	is 200 && [ "$(field '[.why, .stdout, .results[0].text] | join("|")')" = $'exited|1\n|2' ]
	req POST "/sessions/$s/run" -H "$JSON" -H "Authorization: Bearer $t" -d '{"nope":1}'
	is 400
	for call in job_status cancel_job get_output; do
		mcp "$(message tools/call "$(tool $call "{\"job\":\"$id\"}")")" -H "Authorization: Bearer $(cee-token add "eve$call")"
		result '.result.isError and .result.content[0].text == "there is no such task"'
	done
	mcp "$(message tools/call "$(tool run_code '{"language":"bash","code":"echo"}')")" -H "Authorization: Bearer $r"
	result '.result.isError and (.result.content[0].text | contains("scopes"))'
	mcp "$(message ping)" -H "Authorization: Bearer $t" -H 'Cee-User: x'
	error 403 -32000 delegate
	more_conf 'http_jobs = 1'
	mcp "$(message tools/call "$(tool run_code '{"language":"bash","code":"echo","wait":0}')")" -H "Authorization: Bearer $t"
	mcp "$(message tools/call "$(tool run_code '{"language":"bash","code":"echo","wait":0}')")" -H "Authorization: Bearer $t"
	result '.result.isError and (.result.content[0].text | test("too many jobs per minute .*try again in [0-9]+ s"))'
	[ "$(header Retry-After)" -gt 0 ]
	ANSWER=$(printf '{"jsonrpc":"2.0","id":1,"method":"ping"}' | env -i CEE_CONF="$CEE_CONF" CEE_SPOOL="$CEE_SPOOL" REQUEST_METHOD=POST PATH_INFO=/ \
		CONTENT_TYPE=application/json CONTENT_LENGTH=40 HTTP_HOST=evil.example CEE_HTTP_HOSTS=localhost "$CEE_BIN/cee-mcp")
	grep -q '^Status: 421' <<< "$ANSWER" && grep -q -- -32000 <<< "$ANSWER"
}

@test "a client that goes takes its job along; output comes as a stream of events" {
	start_lighttpd demo
	start_runner
	timeout 3 curl -sS -N -H "$JSON" -H 'Accept: application/json, text/event-stream' -o stream \
		-d "$(message tools/call '{"name":"run_code","arguments":{"language":"bash","code":"echo here; sleep 60"},"_meta":{"progressToken":"p"}}')" "$U/mcp" || :
	grep -q '^event: message$' stream
	sed -n 's/^data: //p' stream | head -n 1 | jq -e '.method == "notifications/progress" and .params == {"progressToken":"p","progress":5,"message":"here\n"}'
	wait_until 20 grep -q 'to=verdict why=cancelled' "$RUNNER_LOG"
}

@test "behind nginx with fcgiwrap: its own path, with a login; the stream is not held back" {
	start_fcgi
	start_runner
	mcp "$(message ping)"; is 401
	mcp "$(message ping)" -u ann:secret; result '.result == {}'
	timeout 4 curl -sSk -N -u ann:secret -H "$JSON" -H 'Accept: application/json, text/event-stream' -o stream \
		-d "$(message tools/call '{"name":"run_code","arguments":{"language":"bash","code":"echo here; sleep 60"},"_meta":{"progressToken":"p"}}')" "$U/mcp" || :
	sed -n 's/^data: //p' stream | head -n 1 | jq -e '.params.message == "here\n"'
}

@test "on standard input: several at once, cancel, long and malformed lines, the end" {
	start_runner
	mkfifo in
	cee-mcp < in > out &
	pid=$!
	exec 8> in
	printf '%s\n' "$(message tools/call "$(tool run_code '{"language":"bash","code":"sleep 60"}')" | sed 's/"id":1/"id":"long"/')" >&8
	printf '%s\n' "$(message tools/call "$(tool run_code '{"language":"bash","code":"echo quick"}')")" '{' '' >&8
	wait_until 20 grep -q 'quick' out
	grep -q -- -32700 out
	sleep 0.5
	printf '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"long"}}\n' >&8
	head -c 20000000 /dev/zero | tr '\0' x >&8
	printf '\n%s\n' "$(message ping)" >&8
	exec 8>&-
	wait $pid
	grep -q 'the message is too long' out
	grep -q '"result":{}' out
	lacks -q '"id":"long"' out
	while read -r line; do jq -e '.jsonrpc == "2.0"' <<< "$line" > /dev/null; done < out
}
