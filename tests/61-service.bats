# cee under systemd, without one: what the runner tells a service manager and the journal, and its units.

load lib

setup() { new_spool; }

teardown() {
	end_all
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || :
}

listen() {	# listen PATH FILE: a line of JSON for each datagram that comes
	python3 - "$1" "$2" 3>&- <<-'PY' &
		import json, os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		os.chmod(sys.argv[1], 0o666)
		with open(sys.argv[2], "w", buffering=1) as out:
		    while True:
		        out.write(json.dumps(s.recv(65536).decode("utf-8", "replace")) + "\n")
	PY
	LISTENER=$!
	wait_until 10 test -S "$1"
}

told() { grep -q "$1" "$BATS_TEST_TMPDIR/told"; }
times() { [ "$(grep -c "$1" "$BATS_TEST_TMPDIR/told")" -ge "$2" ]; }

@test "the service manager hears: ready after the self-test, alive, reloading, stopping" {
	listen "$BATS_TEST_TMPDIR/notify" "$BATS_TEST_TMPDIR/told"
	export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify WATCHDOG_USEC=1000000
	start_runner
	unset NOTIFY_SOCKET WATCHDOG_USEC
	wait_until 10 told '"READY=1"'
	wait_until 10 told 'STATUS=0 jobs run in 2 places, 0 wait'
	wait_until 10 times '"WATCHDOG=1"' 3
	kill -HUP "$RUNNER"
	wait_until 10 told '"RELOADING=1\\nMONOTONIC_USEC=[0-9]'
	wait_until 10 times '"READY=1"' 2
	lacks -q STOPPING "$BATS_TEST_TMPDIR/told"
	stop_runner
	wait_until 10 told '"STOPPING=1"'
}

@test "an engine that is away: the service is ready, since jobs are accepted, and its status says why they wait" {
	listen "$BATS_TEST_TMPDIR/notify" "$BATS_TEST_TMPDIR/told"
	DOCKER_HOST=unix://$BATS_TEST_TMPDIR/nobody.sock NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify NO_WAIT=1 start_runner
	wait_until 10 told '"READY=1"'
	wait_until 10 told 'STATUS=the engine is away (.*); 0 jobs wait'
}

@test "a host that is unfit: the service never gets ready" {
	echo 'runtime = nonsense' >> "$CEE_CONF"
	listen "$BATS_TEST_TMPDIR/notify" "$BATS_TEST_TMPDIR/told"
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify run cee-runner
	[ "$status" -eq 78 ]
	told '"STATUS='
	lacks -q READY "$BATS_TEST_TMPDIR/told"
}

@test "the journal's entries have the job's id, owner and states as fields" {
	[ "$(id -u)" -eq 0 ] || skip "only root can put a journal in place of the host's"
	mkdir "$BATS_TEST_TMPDIR/run" "$BATS_TEST_TMPDIR/run/journal"
	listen "$BATS_TEST_TMPDIR/run/journal/socket" "$BATS_TEST_TMPDIR/told"
	[ -d /run/systemd ] || skip "no /run/systemd"
	cat > "$BATS_TEST_TMPDIR/service" <<-'SH'
		mount --bind "$1" /run/systemd
		export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)
		exec cee-runner --once
	SH
	echo 'print("hello")' > "$BATS_TEST_TMPDIR/hello.py"
	id=$(cee-submit "$BATS_TEST_TMPDIR/hello.py")
	unshare -m sh -e "$BATS_TEST_TMPDIR/service" "$BATS_TEST_TMPDIR/run" 2> "$BATS_TEST_TMPDIR/stderr"
	ended "$id"
	told '"MESSAGE=start version='
	lacks -q 'job owner' "$BATS_TEST_TMPDIR/stderr"	# an entry is not written twice
	jq -r . "$BATS_TEST_TMPDIR/told" > "$BATS_TEST_TMPDIR/entries"
	grep -q "^CEE_ID=$id$" "$BATS_TEST_TMPDIR/entries"
	for field in CEE_EVENT=job "CEE_OWNER=$OWNER" CEE_TO=published CEE_WHY=exited PRIORITY=6 SYSLOG_IDENTIFIER=cee-runner; do
		grep -qx "$field" "$BATS_TEST_TMPDIR/entries"
	done
	# control: without a journal at standard error its socket gets nothing
	: > "$BATS_TEST_TMPDIR/told"
	sed -i 's/^export .*/export JOURNAL_STREAM=1:1/' "$BATS_TEST_TMPDIR/service"
	unshare -m sh -e "$BATS_TEST_TMPDIR/service" "$BATS_TEST_TMPDIR/run" 2> "$BATS_TEST_TMPDIR/stderr"
	[ ! -s "$BATS_TEST_TMPDIR/told" ]
	grep -q '^[^ ]* start version=' "$BATS_TEST_TMPDIR/stderr"
}

@test "units: hardened: at most 1.8 of 10, each exception explained" {
	command -v systemd-analyze || skip "no systemd-analyze"
	mkdir "$BATS_TEST_TMPDIR/units"
	for u in "$CEE_ROOT"/etc/systemd/*; do sed "s,/usr/local/bin/,$CEE_BIN/," "$u" > "$BATS_TEST_TMPDIR/units/${u##*/}"; done
	for u in runner prune doctor; do
		f=$BATS_TEST_TMPDIR/units/cee-$u.service
		systemd-analyze security --offline=yes --no-pager --threshold=18 "$f" > "$BATS_TEST_TMPDIR/found" || {
			tail -n 1 "$BATS_TEST_TMPDIR/found"
			return 1
		}
		# what it still finds is explained at the head of the unit
		while read -r what; do
			grep -q "^#.*$what" "$f" || { echo "cee-$u.service: $what is not explained"; return 1; }
		done < <(sed -nE 's/^✗ ([A-Za-z]+=).*/\1/p' "$BATS_TEST_TMPDIR/found" | grep -vE '^(SystemCallFilter|CapabilityBoundingSet|RestrictAddressFamilies)=' | sort -u)
		for cap in $(sed -n 's/^CapabilityBoundingSet=//p' "$f"); do grep -q "^#.*$cap" "$f"; done
		for family in $(sed -n 's/^RestrictAddressFamilies=//p' "$f"); do grep -q "^#.*$family" "$f"; done
	done
	# control: the threshold is one that a unit can miss
	sed -i '/^CapabilityBoundingSet/d;/^SystemCallFilter/d' "$BATS_TEST_TMPDIR/units/cee-runner.service"
	run systemd-analyze security --offline=yes --no-pager --threshold=18 "$BATS_TEST_TMPDIR/units/cee-runner.service"
	[ "$status" -ne 0 ]
}
