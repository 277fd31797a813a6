# Stopping a runner while the engine is away, cancelling a large group, fair turns between owners.
load lib

setup() { new_spool; }
teardown() {
	[ -z "${PROXY:-}" ] || kill "$PROXY" 2>/dev/null || true
	end_all
}

engine_proxy() {	# engine_proxy FAULT…: before the engine, so that it can be killed: its pid is in PROXY
	[ -n "$ENGINE_SOCKET" ] || skip "the engine is not at a unix socket"
	"$CEE_ROOT/tests/tools/fakeengine.py" "$BATS_TEST_TMPDIR/engine" "$@" 3>&- &
	PROXY=$!
	wait_until 10 test -S "$BATS_TEST_TMPDIR/engine"
}

gone() { ! kill -0 "$1" 2>/dev/null; }

@test "a runner told to stop while the engine is away ends, with idle boxes" {
	engine_proxy
	DOCKER_HOST=unix://$BATS_TEST_TMPDIR/engine start_runner
	py 'print(1)'
	kill -KILL "$PROXY"
	kill -TERM "$RUNNER"
	wait_until 15 gone "$RUNNER"
	wait_until 20 no_boxes
}

@test "an engine that is up but answers the first list with an error: jobs run, and the runner ends when told to" {
	engine_proxy error=/containers/json:1
	DOCKER_HOST=unix://$BATS_TEST_TMPDIR/engine start_runner
	id=$(cee-submit -j - <<< '{"language":"bash","code":"echo 1"}')
	wait_until 30 ended "$id"
	kill -TERM "$RUNNER"
	wait_until 15 gone "$RUNNER"
	no_boxes
}

@test "a container made for a runner that has gone is removed by another, also when nothing names that runner any more" {
	start_runner
	py 'print(1)'
	box=$(boxes | head -n 1)
	made=$(engine GET "/containers/$box/json" | jq -c '{Image: .Image, Labels: .Config.Labels, Entrypoint: ["/.cee/init"]}')
	late() {	# late RUNNER SITE: the id of a container with these labels
		engine POST /containers/create -H 'Content-Type: application/json' -d "$(jq -c --arg runner "$1" --arg site "$2" \
			'.Labels["cee.runner"] = $runner | if $site == "" then . else .Labels["cee.site"] = $site end' <<< "$made")" | jq -r .Id
	}
	mine=$(late "$(hostname).1.deadbeef" "")
	other=$(late "$(hostname).1.deadbeef" 1.2.3)	# of another spool at the same path
	stop_runner
	start_runner
	is_gone() { ! boxes | grep -q "^$1"; }
	wait_until 20 is_gone "$mine"
	boxes | grep "^$other"
	engine DELETE "/containers/$other?force=1"
}

@test "a runner told to stop twice while the engine is away puts its jobs back and ends" {
	engine_proxy
	DOCKER_HOST=unix://$BATS_TEST_TMPDIR/engine start_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"import time; print(\"on\", flush=True); time.sleep(20); print(\"over\")"}')
	wait_until 20 has_line "$id" on
	kill -KILL "$PROXY"
	kill -TERM "$RUNNER"
	sleep 0.2
	kill -TERM "$RUNNER"
	wait_until 20 gone "$RUNNER"
	[ -n "$(ls "$CEE_SPOOL/$OWNER/new")" ]	# back in the queue
	wait_until 20 no_boxes
	cee-cancel "$id"
	sound
}

@test "a large group is cancelled: the runner lives, and every job ends once" {
	start_runner -j 2
	for i in $(seq 300); do echo '{"language":"python","code":"import time; time.sleep(20)"}'; done |
		cee-submit --relaxed -g mass - > "$BATS_TEST_TMPDIR/ids"
	wait_until 20 state_is "$(head -n 1 "$BATS_TEST_TMPDIR/ids")" Executing
	cee-cancel -g mass
	xargs cee-stat --wait < "$BATS_TEST_TMPDIR/ids" > /dev/null || true
	[ "$(xargs cee-stat --json < "$BATS_TEST_TMPDIR/ids" | jq -r .why | sort | uniq -c | tr -s ' ')" = ' 300 cancelled' ]
	kill -0 "$RUNNER"
	next_job_runs
	stop_runner
	sound
}

@test "owner_jobs: an owner's sleeping jobs leave a place for others" {
	echo 'owner_jobs = 1' >> "$CEE_CONF"
	start_runner -j 2
	for i in 1 2 3 4; do
		cee-submit --owner greedy -j - <<< '{"language":"python","code":"import time; time.sleep(60)"}' >> "$BATS_TEST_TMPDIR/ids"
	done
	id=$(cee-submit --owner quick -j - <<< '{"language":"python","code":"print(1)"}')
	timeout 20 cee-stat --owner quick --wait "$id" > /dev/null
	[ "$(xargs cee-stat --owner greedy --json < "$BATS_TEST_TMPDIR/ids" | jq -r .state | grep -c Executing)" -le 1 ]
	xargs cee-cancel --owner greedy < "$BATS_TEST_TMPDIR/ids"
}

@test "new owners do not go before a job that waits" {
	start_runner -j 1
	for o in aold bold; do
		timeout 60 cee-stat --owner $o --wait "$(cee-submit --owner $o -j - <<< '{"language":"bash","code":"true"}')" > /dev/null
	done
	cee-submit --owner bold -j - <<< '{"language":"bash","code":"sleep 2"}' > /dev/null
	sleep 0.3
	old=$(cee-submit --owner aold -j - <<< '{"language":"bash","code":"sleep 0.3"}')
	for i in $(seq 20); do cee-submit --owner "n$i" -j - <<< '{"language":"bash","code":"sleep 0.3"}' > /dev/null; done
	timeout 30 cee-stat --owner aold --wait "$old" > /dev/null
	[ "$(ls -d "$CEE_SPOOL"/n*/$OUT_PATH/*/result 2>/dev/null | wc -l)" -le 2 ]
}

@test "a runner that begins on a full or a read-only disk ends with a status after which a unit starts it again" {
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	small=$BATS_TEST_TMPDIR/small
	mkdir "$small"
	begin() {	# begin COMMANDS: with a spool on a file system after them, which the engine does not see
		unshare -m sh -c 'mount -t tmpfs -o nr_inodes=200 none "$1" && cp -a "$CEE_SPOOL" "$1/spool" && cd "$1" && i=0 && eval "$2" &&
			exec timeout 20 cee-runner --once -s "$1/spool"' sh "$small" "$1"
	}
	run begin :
	[[ "$output" == *" start version="* ]]
	run begin 'mount -o remount,ro "$1"'
	[ "$status" -eq 71 ]
	[[ "$output" == *"Read-only file system; make the spool writable"* ]]
	run begin 'while touch "$i" 2>/dev/null; do i=$((i + 1)); done'
	[ "$status" -eq 71 ]
	[[ "$output" == *"No space left on device"* ]]
	run grep -E '^RestartPreventExitStatus=.*71' "$CEE_ROOT/etc/systemd/cee-runner.service"
	[ "$status" -eq 1 ]
	# and what an administrator must mend stays the other kind
	run cee-runner --once -s "$CEE_CONF/spool"
	[ "$status" -eq 78 ]
}
