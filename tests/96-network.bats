#!/usr/bin/env bats
# Jobs with a network, and package boxes: what they reach, and what they do not. The servers are the test's own, on
# loopback (tests/tools/netservers.py): gates stand in the host's network here, where loopback is reached by them and by
# nobody else. That an address is refused is shown beside the same request with a permitted one.

load lib
load registry

setup() {
	export SERVERS=$BATS_TEST_TMPDIR/servers
	/usr/bin/python3 "$BATS_TEST_DIRNAME/tools/netservers.py" "$SERVERS" 3>&- &
	SERVERS_PID=$!
	wait_until 10 test -e "$SERVERS"
	# shellcheck source=/dev/null
	. "$SERVERS"	# GOOD, BAD: ports that count what they are asked; SLOW: one that sends for ever; DNS: an address
}

teardown() {
	local reported=0
	end_all || reported=1
	kill "$SERVERS_PID"
	return $reported
}

with_network() {	# with_network HOSTS [MORE]: a runner of which jobs may have the network lab
	new_spool "gate.network = host
network.lab = $1
${2:-}"
	start_runner
}

hits() { curl -sS --noproxy '*' "http://127.0.0.1:$1/hits"; }	# hits PORT

net() {	# net CODE [options]: a Python job with the network lab, whose function get(URL) answers a status
	printf '%s\n' 'import urllib.request, urllib.error, socket, os, sys
def get(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as r: return r.status, len(r.read())
    except urllib.error.HTTPError as e: return e.code
    except Exception as e: return type(e).__name__' "$1" > "$BATS_TEST_TMPDIR/net.py"
	run --separate-stderr cee-submit -w --network lab "${@:2}" --verdict "$BATS_TEST_TMPDIR/verdict" "$BATS_TEST_TMPDIR/net.py"
	echo "$status: $output $stderr"
}

of_result() { jq -r "$1" "$BATS_TEST_TMPDIR/verdict"; }

# ---- who may have one ----

@test "network: a job has none unless cee.conf lists it, for its owner; the message says so" {
	echo 'print(1)' > "$BATS_TEST_TMPDIR/p.py"
	new_spool
	run --separate-stderr cee-submit --network lab "$BATS_TEST_TMPDIR/p.py"
	[ "$status" -eq 65 ]
	[[ $stderr == *"network: jobs have no network here"* ]]
	new_spool "network.lab = example.test:443
network.other = example.test:443
network.lab.owners = http-web-ann"
	run --separate-stderr cee-submit --network lab "$BATS_TEST_TMPDIR/p.py"
	[ "$status" -eq 65 ]
	[[ $stderr == *'"lab" is not one that jobs of uid-'*'(there is other)'* ]]
	run --separate-stderr cee-submit --owner http-web-ann --network lab "$BATS_TEST_TMPDIR/p.py"
	[ "$status" -eq 0 ]
	# the runner judges again, by its own cee.conf
	id=$(cee-submit --owner http-web-ann --network lab "$BATS_TEST_TMPDIR/p.py")
	sed -i 's/^network.lab.owners.*/network.lab.owners = uid-0-nobody/' "$CEE_CONF"
	start_runner
	cee-stat --owner http-web-ann --wait "$id" > /dev/null || true
	[ "$(cee-stat --owner http-web-ann --json "$id" | jq -r .why)" = refused ]
	[[ $(cee-stat --owner http-web-ann --json "$id" | jq -r .message) == *"network: lab is not for jobs of http-web-ann"* ]]
}

@test "network: over HTTP only callers that cee.conf lists have one" {
	new_spool "http_tokens = $BATS_TEST_TMPDIR/tokens
http_state = $BATS_TEST_TMPDIR/state
gate.network = host
network.lab = 127.0.0.1:$GOOD
network.lab.owners = http-web-ann"
	start_runner
	post() {	# post NAME: the status and the body of a submit by the holder of a new token
		local token body='{"language": "python", "code": "print(1)", "network": "lab"}'
		token=$(cee-token add "$1")
		printf '%s' "$body" | env -i PATH="$PATH" CEE_CONF="$CEE_CONF" CEE_SPOOL="$CEE_SPOOL" REQUEST_METHOD=POST PATH_INFO=/tasks \
			SCRIPT_NAME= HTTP_HOST=localhost SERVER_NAME=localhost CONTENT_TYPE=application/json CONTENT_LENGTH=${#body} \
			HTTP_AUTHORIZATION="Bearer $token" REMOTE_ADDR=127.0.0.1 GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 "$CEE_BIN/cee-http"
	}
	run post ann
	echo "$output"
	[[ $output == *"Status: 201"* ]]
	run post bob
	echo "$output"
	[[ $output == *"Status: 400"*"network: jobs have no network here (cee.conf lists none for http-web-bob)"* ||
		$output == *"Status: 400"*"network: lab is not for jobs of http-web-bob"* ]]
}

# ---- what is reached ----

@test "network: an allowed host answers, by HTTP and by CONNECT; what passed is counted, what was refused too" {
	with_network "127.0.0.1:$GOOD"
	net "print(get('http://127.0.0.1:$GOOD/1000'), get('http://127.0.0.1:$BAD/'), get('http://127.0.0.1:$GOOD/5'))
import http.client
c = http.client.HTTPConnection('127.0.0.1', 3128); c.set_tunnel('127.0.0.1', $GOOD); c.request('GET', '/20'); print(c.getresponse().read())"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "(200, 1000) 403 (200, 5)" ]
	[ "${lines[1]}" = "b'xxxxxxxxxxxxxxxxxxxx'" ]
	[ "$(hits "$GOOD")" -eq 3 ]
	[ "$(hits "$BAD")" -eq 0 ]
	[ "$(of_result '.network | "\(.name) \(.connections) \(.refused)"')" = "lab 3 1" ]
	[ "$(of_result '.network.bytes_in > 1025 and .network.bytes_out > 100')" = true ]
	[ "$(of_result .box)" = cold ]
	id=$(of_result .id)
	[[ $(cee-stat "$id") == *"network   lab: 3 connections"* ]]
}

@test "network: another port of an allowed host, loopback, link-local, private and metadata addresses: 403, nobody is asked" {
	with_network "127.0.0.1:$GOOD"
	before=$(hits "$BAD")
	net "for host in ('127.0.0.1:$BAD', '127.0.0.2:$GOOD', 'localhost:$GOOD', '[::1]:$GOOD', '0.0.0.0:$GOOD', '2130706433:$BAD', '127.1:$BAD',
    '0x7f000001:$BAD', '[::ffff:127.0.0.1]:$BAD', '169.254.169.254', '172.17.0.1:$BAD', '10.0.0.1', '192.168.0.1', '100.64.0.1',
    'example.test', 'metadata'):
    print(host, get(f'http://{host}/'))
print('control', get('http://127.0.0.1:$GOOD/1'))"
	[ "$status" -eq 0 ]
	[ "$(grep -c ' 403$' <<< "$output")" -eq 16 ]
	[ "${lines[16]}" = "control (200, 1)" ]
	[ "$(hits "$BAD")" -eq "$before" ]
	[ "$(of_result .network.refused)" -eq 16 ]
}

@test "network: HTTP and CONNECT alone: squid's gateways to other protocols, its own pages and odd requests are refused" {
	with_network "127.0.0.1:$GOOD"
	net "def raw(line):
    s = socket.create_connection(('127.0.0.1', 3128)); s.settimeout(20); s.sendall(line.encode() + b'\\r\\n\\r\\n')
    try: return s.recv(100).split(b' ')[1].decode()
    except (OSError, IndexError) as e: return type(e).__name__
for line in ('GET ftp://127.0.0.1:$GOOD/ HTTP/1.0', 'GET urn:127.0.0.1:$BAD HTTP/1.0', 'GET whois://127.0.0.1:$GOOD/ HTTP/1.0',
    'GET cache_object://127.0.0.1/info HTTP/1.0', 'GET http://127.0.0.1:3128/squid-internal-mgr/info HTTP/1.0', 'CONNECT 127.0.0.1:$BAD HTTP/1.0',
    'CONNECT localhost:$BAD HTTP/1.0', 'GET / HTTP/1.0', 'GET http://127.0.0.1:$BAD@127.0.0.2:$GOOD/ HTTP/1.0', 'x'):
    print(raw(line), end=' ')
print(raw('GET http://127.0.0.1:$GOOD/1 HTTP/1.0\\r\\nHost: 127.0.0.1:$BAD'))"
	[ "$status" -eq 0 ]
	[ "${output##* }" = 200 ]	# the control, whose Host is not what is asked
	lacks -E '^(.* )?200 ' <<< "$output"
	[ "$(hits "$GOOD")" -eq 1 ]
	[ "$(hits "$BAD")" -eq 0 ]
}

@test "network: a name is what it stands for: loopback by a name is refused, unless its address is listed" {
	[ "$(id -u)" -eq 0 ] || skip "a resolver needs port 53"
	with_network "inside.test:$GOOD, *.below.test:$GOOD, both.test:$GOOD, private.test:$GOOD" "gate.dns = $DNS"
	net "for n in ('inside', 'a.below', 'both', 'private', 'elsewhere'): print(n, get(f'http://{n}.test:$GOOD/1'))"
	[ "$status" -eq 0 ]
	[ "$(grep -c '403$' <<< "$output")" -eq 5 ]
	lacks 200 <<< "$output"
	[ "$(hits "$GOOD")" -eq 0 ]
	stop_runner
	with_network "inside.test:$GOOD, 127.0.0.1:$GOOD, both.test:$GOOD" "gate.dns = $DNS"
	net "for n in ('inside', 'both'): print(n, get(f'http://{n}.test:$GOOD/1'))"
	[ "${lines[0]}" = "inside (200, 1)" ]	# the control: the same name, with its address permitted
	[ "${lines[1]}" = "both 403" ]	# one of its two addresses is not
	[ "$(hits "$GOOD")" -eq 1 ]
}

@test "network: a name that changes its address is no way in: it stays what it was for the gate that judged it" {
	[ -n "$PUBLIC" ] || skip "needs root, for a resolver and a public address on loopback"
	with_network "rebind.test:$GOOD" "gate.dns = $DNS"
	net "for i in range(10): print(get('http://rebind.test:$GOOD/1'))"
	[ "$(grep -c '(200, 1)' <<< "$output")" -eq 10 ]
	[ "$(curl -sS --noproxy '*' "http://$PUBLIC:$GOOD/hits")" -eq 10 ]
	[ "$(hits "$GOOD")" -eq 0 ]
	net "for i in range(3): print(get('http://rebind.test:$GOOD/1'))"	# a new gate asks anew, and the name is loopback now
	[ "$output" = $'403\n403\n403' ]
	[ "$(hits "$GOOD")" -eq 0 ]
}

@test "network: past the proxy there is nothing: no route, no interface, no resolver, no socket of the gate's; another box's is not there" {
	with_network "127.0.0.1:$GOOD"
	cat > "$BATS_TEST_TMPDIR/other.py" <<-'E'
		import socket
		s = socket.create_server(("0.0.0.0", 7777)); print("listens", flush=True)
		s.settimeout(60)
		try: s.accept(); print("reached")
		except OSError as e: print(type(e).__name__)
	E
	other=$(cee-submit --network lab "$BATS_TEST_TMPDIR/other.py")
	wait_until 60 has_line "$other" listens
	net "print(sorted(os.listdir('/sys/class/net')), open('/proc/net/route').read().count('\n'), os.path.exists('/.cee/gate/socket'))
for a in ('127.0.0.1', '172.17.0.1', '169.254.169.254', '10.0.0.1', '198.51.100.1', '127.0.0.11'):
  for port in ($BAD, 7777, 53, 80):
    for how in (0, 1):
        s = socket.socket(); s.settimeout(2)
        try:
            if how: s.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
            s.connect((a, port)); print('reached', a, port)
        except OSError as e: pass
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if how: u.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
            u.sendto(b'x', (a, $BAD)); print('sent', a) if not a.startswith('127.') else 0
        except OSError as e: pass
try: print(socket.getaddrinfo('example.test', 80))
except OSError as e: print(type(e).__name__)
s = socket.create_connection(('127.0.0.1', 3128)); print('control')"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "['lo'] 1 False" ]
	[ "${lines[1]}" = gaierror ]
	[ "${lines[2]}" = control ]
	[ "$(hits "$BAD")" -eq 0 ]
	lacks reached <<< "$(cee-log -o "$other")"
	cee-cancel -w "$other" || true
}

@test "network: bounds of connections and bytes hold; what is beyond is cut, and counted" {
	with_network "127.0.0.1:$GOOD" "network.lab.connections = 3
network.lab.bytes = 200K"
	net "print([get('http://127.0.0.1:$GOOD/10') for i in range(5)])"
	[[ $output == "[(200, 10), (200, 10), (200, 10), "*Error*Error*"]" || $output == "[(200, 10), (200, 10), (200, 10), "*Disconnected* ]]
	[ "$(of_result '.network | "\(.connections) \(.refused)"')" = "3 2" ]
	net "print(get('http://127.0.0.1:$GOOD/100000'), get('http://127.0.0.1:$GOOD/500000'), get('http://127.0.0.1:$GOOD/1'))"
	[[ $output == "(200, 100000) "* ]]
	lacks "(200, 1)" <<< "$output"
	[ "$(of_result '.network.bytes_in < 300000 and .network.refused == 1')" = true ]
}

@test "network: a job's boxes are its own: a second one gets another, and one without a network has no way out" {
	with_network "127.0.0.1:$GOOD"
	net "print(get('http://127.0.0.1:$GOOD/1'))"
	first=$(of_result .box_id)
	net "print(get('http://127.0.0.1:$GOOD/1'))"
	[ "$(of_result .box_id)" != "$first" ]
	run --separate-stderr py 'import os, socket
print([k for k in os.environ if "proxy" in k.lower()], socket.socket().connect_ex(("127.0.0.1", 3128)) != 0)' --verdict "$BATS_TEST_TMPDIR/verdict"
	[ "$output" = "[] True" ]
	[ "$(of_result '.network')" = null ]
	wait_until 20 gates_are 0
	[ -z "$(ls "$CEE_SPOOL-layers/gates")" ]
	net "print(get('http://127.0.0.1:$GOOD/1'))"
	stop_runner	# at once, while the engine removes the gate
	wait_until 20 gates_are 0
	[ -z "$(ls "$CEE_SPOOL-layers/gates")" ]
}

gates() { containers cee.gate=yes "cee.spool=$(realpath "$CEE_SPOOL")"; }
gates_are() {
	local all
	all=$(gates) && [ "$(wc -w <<< "$all")" -eq "$1" ]
}

# ---- what goes wrong ----

@test "network: cancelled while it transfers: its gate and its connections are gone" {
	with_network "127.0.0.1:$SLOW"
	echo "import urllib.request
r = urllib.request.urlopen('http://127.0.0.1:$SLOW/'); print(len(r.read(10)), flush=True); r.read()" > "$BATS_TEST_TMPDIR/slow.py"
	id=$(cee-submit --network lab -L wall=60 "$BATS_TEST_TMPDIR/slow.py")
	wait_until 60 has_line "$id" 10
	gates_are 1
	cee-cancel -w "$id" || true
	[ "$(verdict "$id" .state)" = Cancelled ]
	[ "$(verdict "$id" '.network.bytes_in > 10')" = true ]
	wait_until 20 gates_are 0
	next_job_runs
}

@test "network: a gate that is killed ends its job as a failure of cee, once; the next job has a new one" {
	with_network "127.0.0.1:$SLOW, 127.0.0.1:$GOOD"
	echo "import urllib.request
r = urllib.request.urlopen('http://127.0.0.1:$SLOW/'); print(len(r.read(10)), flush=True); r.read()" > "$BATS_TEST_TMPDIR/slow.py"
	id=$(cee-submit --network lab -L wall=60 "$BATS_TEST_TMPDIR/slow.py")
	wait_until 60 has_line "$id" 10
	engine POST "/containers/$(gates)/kill" > /dev/null
	cee-stat --wait "$id" > /dev/null || true
	[ "$(verdict "$id" '"\(.why) \(.attempt)"')" = "internal error 1" ]
	[[ $(verdict "$id" .message) == *"the gate to the network"* ]]
	net "print(get('http://127.0.0.1:$GOOD/1'))"
	[ "$output" = "(200, 1)" ]
	sound
}

@test "network: the proxy in a gate is killed: the same" {
	with_network "127.0.0.1:$SLOW"
	echo "import urllib.request
r = urllib.request.urlopen('http://127.0.0.1:$SLOW/'); print(len(r.read(10)), flush=True); r.read()" > "$BATS_TEST_TMPDIR/slow.py"
	id=$(cee-submit --network lab -L wall=60 "$BATS_TEST_TMPDIR/slow.py")
	wait_until 60 has_line "$id" 10
	pid=$(engine GET "/containers/$(gates)/top" | jq -r '.Processes[] | select(.[-1] | startswith("squid")) | .[1]')
	kill -KILL "$pid"
	cee-stat --wait "$id" > /dev/null || true
	[ "$(verdict "$id" .why)" = "internal error" ]
	wait_until 20 gates_are 0
}

@test "network: kill -9 of the runner: gate and box go, and a job that had begun is lost, not run again" {
	with_network "127.0.0.1:$SLOW"
	echo "import urllib.request
r = urllib.request.urlopen('http://127.0.0.1:$SLOW/'); print(len(r.read(10)), flush=True); r.read()" > "$BATS_TEST_TMPDIR/slow.py"
	id=$(cee-submit --network lab -L wall=60 "$BATS_TEST_TMPDIR/slow.py")
	wait_until 60 has_line "$id" 10
	kill -KILL "$RUNNER"
	wait "$RUNNER" || true
	wait_until 30 gates_are 0
	start_runner
	wait_until 60 ended "$id"
	[ "$(verdict "$id" '"\(.why) \(.attempt)"')" = "lost 2" ]
	[ -z "$(ls "$CEE_SPOOL-layers/gates")" ]
}

@test "no image for gates: jobs with a network and packages fail and say why; nothing has another way out" {
	registry_spool ok "gate.image = cee/no-such-gate:latest
network.lab = 127.0.0.1:$GOOD
gate.network = host"
	start_runner
	net "print(get('http://127.0.0.1:$GOOD/1'))"
	[ "$status" -eq 125 ]
	[[ $stderr == *"the gate to the network: its image is missing: run cee-lang build gate"* ]]
	job python 'import pure; print(pure.VERSION)' pure@1.0 > "$BATS_TEST_TMPDIR/job"
	run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	[ "$status" -eq 125 ]
	[[ $stderr == *"the gate to the network: its image is missing"* ]]
	[ "$(hits "$GOOD")" -eq 0 ]
	[ "$(asked /ok)" -eq 0 ]
	next_job_runs
	stop_runner
	sed -i 's/^gate.image.*//; s/^gate.network.*/gate.network = no-such-network/' "$CEE_CONF"
	start_runner
	net "print(1)"
	[ "$status" -eq 125 ]
	[[ $stderr == *"the gate to the network: "*no-such-network* ]]
}

# ---- packages ----

own_languages() { sed -i "s,^languages = .*,languages = $BATS_TEST_TMPDIR/languages," "$CEE_CONF"; }

@test "packages: a client that asks another host is stopped by its gate: a listener counts nothing, with a control" {
	registry_spool ok
	own_languages
	mkdir "$BATS_TEST_TMPDIR/languages"
	# the client of this language asks what it likes
	jq --arg good "$REGISTRY" --arg bad "http://127.0.0.1:$BAD/" '.layer.fetch = ["python3", "-c", "
import json, os, socket, sys, urllib.request
def get(url):
    try: return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as e: return e.code
    except Exception as e: return type(e).__name__
def direct(port):
    try: socket.create_connection((\"127.0.0.1\", port), 2); return \"reached\"
    except OSError as e: return type(e).__name__
print(\"asked\", get(\"" + $good + "/ok/pip/simple/pure/\"), get(\"" + $bad + "\"), direct(int(\"" + ($bad | split(":")[2] | rtrimstr("/")) + "\")), file=sys.stderr)
sys.exit(1)"]' "$CEE_ROOT/etc/languages.d/python.json" > "$BATS_TEST_TMPDIR/languages/python.json"
	cee-lang publish
	start_runner
	job python 'print(1)' pure@1.0 > "$BATS_TEST_TMPDIR/job"
	run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	echo "$stderr"
	[ "$status" -eq 126 ]
	[[ $stderr == *"asked 200 403 ConnectionRefusedError"* ]]
	[ "$(hits "$BAD")" -eq 0 ]
	curl -sS --noproxy '*' "http://127.0.0.1:$BAD/" > /dev/null
	[ "$(hits "$BAD")" -eq 1 ]
}

@test "packages: an image that does not name its registry gets no network, and the message says what helps" {
	new_spool
	own_languages
	mkdir "$BATS_TEST_TMPDIR/languages"
	jq '.image = "cee/bash:latest"' "$CEE_ROOT/etc/languages.d/python.json" > "$BATS_TEST_TMPDIR/languages/python.json"
	cee-lang publish
	start_runner
	job python 'print(1)' pure@1.0 > "$BATS_TEST_TMPDIR/job"
	run --separate-stderr cee-submit -w -j "$BATS_TEST_TMPDIR/job"
	echo "$stderr"
	[ "$status" -eq 125 ]
	[[ $stderr == *"does not say which registry its client asks"*"packages.index.pip"* ]]
}

# ---- the host ----

@test "cee-doctor proves it: a listed host answers, nothing else does; without the image it says so" {
	new_spool "network.lab = example.test:443"
	run cee-doctor network
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "ok"*"network: a listed host answers a box;"* ]]
	echo 'gate.network = host' >> "$CEE_CONF"
	run cee-doctor network
	echo "$output"
	[ "$status" -eq 0 ]
	echo 'gate.image = cee/no-such-gate:latest' >> "$CEE_CONF"
	run cee-doctor network
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"its image is missing"*"cee-lang build gate"* ]]
}
