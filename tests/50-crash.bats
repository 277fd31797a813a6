# No job is lost and none runs twice at once: kills at every transition, two runners,
# a stopped runner, an engine that stops answering, a full disk.
load lib

setup() { new_spool; }
teardown() {
	local reported=0
	end_all || reported=1
	end_engine
	if mountpoint -q "$BATS_TEST_TMPDIR/small" 2>/dev/null; then umount "$BATS_TEST_TMPDIR/small"; fi
	return $reported
}

gone() { ! kill -0 "$1" 2>/dev/null; }

apart() { [ "$(readlink "/proc/$HOLDER/ns/net")" != "$(readlink /proc/self/ns/net)" ] && [ "$(readlink "/proc/$HOLDER/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]; }

end_engine() {	# the second engine, its containerd, its namespaces: all that the test made
	local d=$BATS_TEST_TMPDIR/engine f pid
	[ -d "$d" ] || return 0
	for f in "$d/pid" "$d/exec/containerd/containerd.pid"; do
		pid=$(cat "$f" 2>/dev/null) || continue
		kill -TERM "$pid" 2>/dev/null
		wait_until 20 gone "$pid" || kill -KILL "$pid"
	done
	kill "$HOLDER" 2>/dev/null
	return 0
}

kill_at() {	# the runner stops itself at the transition; kill -9 there; another takes over
	NO_WAIT=1 CEE_STOP_AT=$1 start_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(\"once\")"}')
	wait_until 30 stopped "$RUNNER"
	kill -KILL "$RUNNER"
	wait "$RUNNER" || true
	start_runner
	cee-stat --wait "$id" > /dev/null || true
	[ "$(cee-log "$id")" = once ]
	[ "$(verdict "$id" .why)" = exited ]
	wait_until 10 retired "$id"
	stop_runner
	wait_until 10 no_boxes
	sound
}

@test "kill -9 after the claim" { kill_at claimed; }
@test "kill -9 after the attempt's folder is made" { kill_at attempt-made; }
@test "kill -9 after the box was asked for" { kill_at box-created; }
@test "kill -9 after the box was started" { kill_at box-started; }
@test "kill -9 after the job was sent" { kill_at job-sent; }
@test "kill -9 after the result was written" { kill_at result-written; }
@test "kill -9 after the result was published" { kill_at result-published; }
@test "kill -9 after the job was retired" { kill_at retired; }

@test "two runners, 200 jobs: each ends once, none is lost" {
	start_runner -j 2 --relaxed
	start_runner -j 2 --relaxed
	for i in $(seq 200); do echo '{"language":"python","code":"print('"$i"')","limits":{"wall":60}}'; done |
		cee-submit - > "$BATS_TEST_TMPDIR/ids"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/ids")" -eq 200 ]
	xargs cee-stat --wait < "$BATS_TEST_TMPDIR/ids" > /dev/null
	xargs cee-log < "$BATS_TEST_TMPDIR/ids" > "$BATS_TEST_TMPDIR/out"
	seq 200 | cmp - "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result | jq -r .runner | sort -u | wc -l)" -eq 2 ]
	[ "$(cat "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result | jq -r 'select(.why != "exited" or .attempt != 1) | .id' | wc -l)" -eq 0 ]
	sound
}

@test "one of two runners killed in the middle of 40 jobs: the other finishes them all" {
	start_runner -j 2
	victim=$RUNNER
	start_runner -j 2
	for i in $(seq 40); do echo '{"language":"python","code":"import time\ntime.sleep(0.2)\nprint('"$i"')","limits":{"wall":60}}'; done |
		cee-submit - > "$BATS_TEST_TMPDIR/ids"
	wait_until 30 results 6
	kill -KILL "$victim"
	wait "$victim" || true
	xargs cee-stat --wait < "$BATS_TEST_TMPDIR/ids" > /dev/null
	xargs cee-log < "$BATS_TEST_TMPDIR/ids" > "$BATS_TEST_TMPDIR/out"
	seq 40 | cmp - "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result | jq -r 'select(.why == "exited") | .id' | sort -u | wc -l)" -eq 40 ]
	stop_runner
	no_boxes
	sound
}

results() { [ "$(ls "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result 2>/dev/null | wc -l)" -ge "$1" ]; }

@test "a runner stopped with SIGSTOP is not taken for dead" {
	start_runner -j 1
	first=$RUNNER
	id=$(cee-submit -j - <<< '{"language":"python","code":"import time\nprint(1,flush=True)\ntime.sleep(2)\nprint(2)","limits":{"wall":60}}')
	wait_until 15 has_line "$id" 1
	kill -STOP "$first"
	start_runner -j 1
	sleep 7		# longer than the slow timer of the second
	[ "$(verdict "$id" .state)" = Executing ]
	kill -CONT "$first"
	cee-stat --wait "$id" > /dev/null
	[ "$(verdict "$id" .attempt)" = 1 ]
	[ "$(cee-log "$id")" = $'1\n2' ]
	sound
}

@test "SIGTERM drains; a second one puts the jobs back and another runner finishes them" {
	start_runner -j 1
	id=$(cee-submit -j - <<< '{"language":"python","code":"import time\nprint(1,flush=True)\ntime.sleep(3)\nprint(2)","limits":{"wall":60}}')
	wait_until 15 has_line "$id" 1
	kill -TERM "$RUNNER"
	sleep 0.3
	kill -0 "$RUNNER"
	kill -TERM "$RUNNER"
	wait "$RUNNER"
	[ "$(ls "$CEE_SPOOL/$OWNER/new")" = "0.$id.1" ]
	no_boxes
	start_runner
	cee-stat --wait "$id" > /dev/null
	[ "$(verdict "$id" .attempt)" = 2 ]
	[ "$(cee-log "$id")" = $'1\n2' ]
	sound
}

@test "SIGHUP rereads the languages" {
	cp -r "$CEE_ROOT/etc/languages.d" "$BATS_TEST_TMPDIR/langs"
	sed -i "s,^languages.*,languages = $BATS_TEST_TMPDIR/langs," "$CEE_CONF"
	start_runner
	jq '.name = "snake" | .aliases = [] | .extensions = [".snake"]' "$BATS_TEST_TMPDIR/langs/python.json" > "$BATS_TEST_TMPDIR/langs/snake.json"
	kill -HUP "$RUNNER"
	wait_until 5 grep -q reload "$RUNNER_LOG"
	echo 'print("hiss")' > "$BATS_TEST_TMPDIR/a.snake"
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/a.snake"
	[ "$output" = hiss ]
}

@test "a full disk during output and at the result: bytes are counted, the verdict stays" {
	[ "$(id -u)" -eq 0 ] || skip "mounting a small file system needs root"
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=2m none "$BATS_TEST_TMPDIR/small" || skip "no mounts allowed here"
	export CEE_SPOOL=$BATS_TEST_TMPDIR/small/spool
	echo 'min_room = 64K' >> "$CEE_CONF"
	start_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"import sys\nfor i in range(64): sys.stdout.write(\"x\" * 65536)\nsys.exit(5)"}')
	cee-stat --wait "$id" > /dev/null || true
	[ "$(verdict "$id" .why)" = exited ]
	[ "$(verdict "$id" .exit_code)" = 5 ]
	[ "$(verdict "$id" .dropped_by_disk)" -gt 0 ]
	sound
	run cee-submit -j - <<< '{"language":"python","code":"print(1)"}'
	[ "$status" -eq 75 ]
	[[ "$output" == *room* ]]
	stop_runner
}

@test "an engine that is away is waited for; an engine restarted in the middle loses no job" {
	[ "$(id -u)" -eq 0 ] || skip "a second engine needs root"
	command -v dockerd > /dev/null || skip "no dockerd on this machine to start a second engine with"
	d=$BATS_TEST_TMPDIR/engine
	sock=$d/docker.sock
	mkdir -p "$d"
	# its own network and mounts, so that it leaves the machine's engine alone
	unshare -n -m sleep 600 3>&- &
	HOLDER=$!
	wait_until 10 apart	# not before: an engine in our own network takes the bridge of ours away
	run_engine() {
		rm -f "$d/pid" "$d/exec/containerd/containerd.pid"	# of killed processes nobody reaped
		nsenter -t "$HOLDER" -n -m dockerd --data-root "$d/data" --exec-root "$d/exec" -p "$d/pid" -H "unix://$sock" \
			--bridge=none --iptables=false --ip-masq=false --storage-driver=vfs > "$d/log" 2>&1 3>&- &
		wait_until 40 curl -s -o /dev/null --unix-socket "$sock" http://e/_ping || { tail -n 15 "$d/log" >&2; return 1; }
	}
	stop_engine() {
		local pid
		pid=$(cat "$d/pid")
		kill "-${1:-TERM}" "$pid"
		wait_until 30 gone "$pid"
	}
	run_engine || skip "a second dockerd does not start here: $(tail -n 1 "$d/log")"
	# the name may be another's for a moment: a test of images in another checkout uses the same engine
	wait_until 60 engine GET "/images/cee%2Fpython:latest/get" -f -o "$d/image.tar"
	curl -sS -f --unix-socket "$sock" -X POST -H 'Content-Type: application/x-tar' -T "$d/image.tar" http://e/images/load > "$d/loaded"
	grep -q 'Loaded image' "$d/loaded"
	rm "$d/image.tar"
	stop_engine
	export DOCKER_HOST=unix://$sock ENGINE_SOCKET=$sock
	NO_WAIT=1 start_runner -j 1
	id=$(cee-submit -j - <<< '{"language":"python","code":"import time\nprint(1,flush=True)\ntime.sleep(6)\nprint(2)","limits":{"wall":60}}')
	sleep 1
	[ "$(verdict "$id" .state)" = Created ]
	run_engine
	wait_until 30 has_line "$id" 1
	stop_engine KILL	# an orderly stop would wait for the job
	away_twice() { [ "$(grep -c 'state=away' "$RUNNER_LOG")" -eq 2 ]; }	# at the start, and now
	wait_until 20 away_twice
	run_engine
	cee-stat --wait "$id" > /dev/null
	[ "$(verdict "$id" .why)" = exited ]
	[ "$(verdict "$id" .attempt)" = 2 ]
	[ "$(cee-log "$id")" = $'1\n2' ]
	stop_runner
	sound
}
