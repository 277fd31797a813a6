# cee-submit's checks, cee-log, cee-stat, cee-cancel, cee-fsck; the order of the spool's events.
load lib

setup() { new_spool; }
teardown() { end_all; }

refused() {	# refused FIELD JSON: exit 65, the field named, nothing in the spool
	run cee-submit -j - <<< "$2"
	echo "$output"
	[ "$status" -eq 65 ]
	[[ "$output" == *"$1"* ]]
	[ "$(wc -l <<< "$output")" -eq 1 ]
	[ -z "$(ls "$CEE_SPOOL/$OWNER/new" 2>/dev/null)" ]
}

@test "submit: errors name the field" {
	refused colour '{"language":"python","code":"1","colour":"red"}'
	refused arguments '{"language":"python","code":"1","arguments":"x"}'
	refused 'arguments' '{"language":"python","code":"1","arguments":[1]}'
	refused cpu '{"language":"python","code":"1","limits":{"cpu":-1}}'
	refused memory '{"language":"python","code":"1","limits":{"memory":"100T"}}'
	refused priority '{"language":"python","code":"1","priority":10}'
	refused files '{"language":"python","files":[{"name":"../x","content":"1"}]}'
	refused files '{"language":"python","files":[{"name":"/etc/x","content":"1"}]}'
	refused files '{"language":"python","files":[{"name":"a\nb","content":"1"}]}'
	refused language '{"code":"1"}'
	refused klingon '{"language":"klingon","code":"1"}'
	refused code '{"language":"python","code":"1","code":"2"}'
	refused net9000 '{"code":"1","target_framework_monikier":"net9000"}'
	refused session '{"language":"python","code":"1","session":"x"}'
	refused network '{"language":"python","code":"1","network":"internet"}'
	refused u0000 '{"language":"python","code":"a\u0000b"}' || refused NUL '{"language":"python","code":"a\u0000b"}'
	refused '' '{"language":"python","code":"1"} x'
	refused '' '{"language":'
	refused '' ''
}

@test "submit: raw line breaks and tabs inside strings are let through" {
	run cee-submit -j - <<< $'{"language":"python","code":"\nprint(1)\n\tx"}'
	[ "$status" -eq 0 ]
}

@test "submit: NDJSON prints an id a line, names a bad line by number, goes on, exits 65" {
	run --separate-stderr cee-submit - <<< $'{"language":"python","code":"1"}\nnonsense\n{"language":"python","code":"2"}'
	[ "$status" -eq 65 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ "$stderr" == *2:* || "$stderr" == *"line 2"* ]]
	[ "$(ls "$CEE_SPOOL/$OWNER/new" | wc -l)" -eq 2 ]
}

@test "submit: a full queue is EX_TEMPFAIL with --no-block, with a reason, and never half a job" {
	echo 'max_queued = 2' >> "$CEE_CONF"
	cee-submit -j - <<< '{"language":"python","code":"1"}'
	cee-submit -j - <<< '{"language":"python","code":"1"}'
	run cee-submit --no-block -j - <<< '{"language":"python","code":"1"}'
	[ "$status" -eq 75 ]
	[[ "$output" == *queue* ]]
	[ "$(ls "$CEE_SPOOL/$OWNER/new" | wc -l)" -eq 2 ]
	[ -z "$(ls "$CEE_SPOOL/$OWNER/tmp")" ]
}

@test "submit: the same id twice is an error or the same job, never two" {
	id=$(cee-submit -j - <<< '{"language":"python","code":"1"}')
	run --separate-stderr cee-submit --id "$id" -j - <<< '{"language":"python","code":"1"}'
	[ "$status" -eq 0 ]
	[ "$output" = "$id" ]
	for again in 1 2; do	# of one's own choice: the same job
		run --separate-stderr cee-submit --id 01890a5d-ac96-774b-bcce-b302099a8057 -j - <<< '{"language":"python","code":"2"}'
		[ "$status" -eq 0 ]
		[ "$output" = 01890a5d-ac96-774b-bcce-b302099a8057 ]
	done
	run --separate-stderr cee-submit --id 01890a5d-ac96-774b-bcce-b302099a8057 -j - <<< '{"language":"python","code":"3"}'
	[ "$status" -eq 65 ]
	[[ "$stderr" == "cee-submit: 01890a5d-ac96-774b-bcce-b302099a8057: another job has this id"* ]]
	[ "$(ls "$CEE_SPOOL/$OWNER/new" | wc -l)" -eq 2 ]
}

@test "priority and age: what runs first" {
	c=$(cee-submit -j - <<< '{"language":"python","code":"1"}')
	b=$(cee-submit -j - <<< '{"language":"python","code":"1"}')
	a=$(cee-submit -j - <<< '{"language":"python","code":"1","priority":1}')
	start_runner -j 1
	cee-stat --wait "$a" "$b" "$c" > /dev/null
	order=$(grep -o 'id=[0-9a-f-]\{36\}.*to=claimed' "$RUNNER_LOG" | cut -d' ' -f1 | cut -d= -f2 | tr '\n' ' ')
	[ "$order" = "$a $c $b " ]
}

@test "owners take turns" {
	for i in 1 2 3; do cee-submit --owner alice -j - <<< '{"language":"python","code":"1"}'; done > "$BATS_TEST_TMPDIR/ids"
	for i in 1 2 3; do cee-submit --owner bob -j - <<< '{"language":"python","code":"1"}'; done >> "$BATS_TEST_TMPDIR/ids"
	start_runner -j 1
	wait_until 30 test "$(grep -c to=published "$RUNNER_LOG")" -ge 0
	wait_until 30 sh -c "[ \$(grep -c to=published '$RUNNER_LOG') -eq 6 ]"
	order=$(grep 'to=claimed' "$RUNNER_LOG" | grep -o 'owner=[a-z]*' | cut -d= -f2 | tr '\n' ' ')
	[ "$order" = "alice bob alice bob alice bob " ] || [ "$order" = "bob alice bob alice bob alice " ]
}

@test "log: from any point, one stream, last lines, json; follows a job not yet claimed" {
	id=$(cee-submit -j - <<< '{"language":"python","code":"import sys\nfor i in range(20): print(i)\nprint(\"e\",file=sys.stderr)"}')
	cee-log -f -o "$id" > "$BATS_TEST_TMPDIR/followed" 3>&- &
	pid=$!
	start_runner
	wait "$pid"
	seq 0 19 | cmp - "$BATS_TEST_TMPDIR/followed"
	[ "$(cee-log -o "$id" 2>/dev/null | wc -l)" -eq 20 ]
	[ "$(cee-log -e "$id" 2>&1)" = e ]
	[ "$(cee-log -o -n 3 "$id")" = $'17\n18\n19' ]
	[ "$(echo "$id" | cee-log -o)" = "$(seq 0 19)" ]
	cee-log --json "$id" | jq -e . > /dev/null
	[ "$(cee-log --json "$id" | jq -rj 'select(.stream == "stdout") | .text')" = "$(seq 0 19)" ]
	cee-log -t "$id" 2>/dev/null | head -n 1 | grep -q '[0-9]:[0-9]'
}

@test "log: control sequences are neutralised on a terminal, byte-exact in a pipe" {
	start_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(\"a\\x1b[31mb\\x07\")"}')
	cee-stat --wait "$id" > /dev/null
	printf 'a\033[31mb\007\n' | cmp - <(cee-log "$id")
	script -qec "cee-log $id" /dev/null < /dev/null > "$BATS_TEST_TMPDIR/tty"
	lacks "$(printf '\033\\[31m')" "$BATS_TEST_TMPDIR/tty"
	lacks "$(printf '\007')" "$BATS_TEST_TMPDIR/tty"
}

@test "stat: one job, the queue, json; says so where no runner is alive" {
	id=$(cee-submit -j - <<< '{"language":"python","code":"1"}')
	run cee-stat
	[[ "$output" == *"0 alive"* ]]
	[ "$(cee-stat --json "$id" | jq -r .state)" = Created ]
	start_runner
	cee-stat --wait "$id" > /dev/null
	[ "$(cee-stat --json "$id" | jq -r .state)" = Finished ]
	run cee-stat
	[[ "$output" == *"1 alive"* ]]
	run cee-stat 01890000-0000-7000-8000-000000000000
	[ "$status" -ne 0 ]
}

@test "cancel: a waiting job, an unknown one, an ended one" {
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(1)"}')
	cee-cancel "$id"
	start_runner
	wait_until 10 ended "$id"
	[ "$(verdict "$id" .why)" = cancelled ]
	[ -z "$(cee-log "$id")" ]
	run cee-cancel 01890000-0000-7000-8000-000000000000
	[ "$status" -eq 1 ]
	run cee-cancel "$id"
	[ "$status" -eq 0 ]
	wait_until 5 no_cancel_request
}

@test "cancel: a job that waits behind another ends at once, the other goes on" {
	start_runner -j 1
	first=$(cee-submit -j - <<< '{"language":"python","code":"import time\nprint(1,flush=True)\ntime.sleep(5)","limits":{"wall":60}}')
	wait_until 10 has_line "$first" 1
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(2)"}')
	cee-cancel "$id"
	wait_until 2 ended "$id"
	[ "$(verdict "$id" .why)" = cancelled ]
	state_is "$first" Executing
	cee-cancel "$first"
	wait_until 2 ended "$first"
}

@test "states: Created, Pending while the box is made, Executing, Finished" {
	id=$(cee-submit -j - <<< '{"language":"python","code":"import time\nprint(1,flush=True)\ntime.sleep(1)"}')
	state_is "$id" Created
	NO_WAIT=1 CEE_STOP_AT=box-created start_runner
	wait_until 20 stopped "$RUNNER"
	state_is "$id" Pending
	kill -CONT "$RUNNER"
	wait_until 20 has_line "$id" 1
	state_is "$id" Executing
	wait_until 10 ended "$id"
	state_is "$id" Finished
}

@test "submit -w: Ctrl-C cancels the job" {
	start_runner
	echo 'import time; print(1, flush=True); time.sleep(60)' > "$BATS_TEST_TMPDIR/s.py"
	setsid cee-submit -w -L wall=100 "$BATS_TEST_TMPDIR/s.py" > "$BATS_TEST_TMPDIR/o" 2>&1 3>&- &
	pid=$!
	wait_until 10 grep -q 1 "$BATS_TEST_TMPDIR/o"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 130 ] || [ "$status" -eq 143 ]
	[ "$(jq -r .why "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result)" = cancelled ]
}

@test "submit -w without a runner sleeps, says so, and a signal ends it" {
	echo 'print(1)' > "$BATS_TEST_TMPDIR/s.py"
	setsid cee-submit -w "$BATS_TEST_TMPDIR/s.py" > "$BATS_TEST_TMPDIR/o" 2>&1 3>&- &
	pid=$!
	wait_until 10 grep -q runner "$BATS_TEST_TMPDIR/o"
	sleep 1
	[ "$(awk '{ print $14 + $15 }' "/proc/$pid/stat")" -le 10 ]	# ticks of 10 ms: it does not spin
	kill -TERM "$pid"
	wait_until 5 requested
	kill -TERM "$pid" 2>/dev/null || true
	status=0
	wait "$pid" || status=$?
	[ "$status" -ne 0 ]
}

requested() { [ -n "$(ls "$CEE_SPOOL/$OWNER/cancel")" ]; }

@test "the spool's events come in the order that the table promises" {
	start_runner
	mkdir -p "$CEE_SPOOL/$OWNER"
	cee-submit -w -j - <<< '{"language":"python","code":"print(0)"}'
	inotifywait -q -m -r -e create,moved_to,moved_from,close_write --format '%e %w%f' "$CEE_SPOOL" > "$BATS_TEST_TMPDIR/events" 2>/dev/null 3>&- &
	watcher=$!
	sleep 1
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(1)"}')
	cee-stat --wait "$id" > /dev/null
	wait_until 5 grep -q "MOVED_TO.*$id/job" "$BATS_TEST_TMPDIR/events"
	kill "$watcher"
	steps=$(grep -n -e "MOVED_TO.*/new/.*$id" -e "MOVED_TO.*/cur/.*$id.1" -e "MOVED_TO.*$id/result" -e "MOVED_TO.*$id/job" "$BATS_TEST_TMPDIR/events" |
		sed -E 's,.*/(new)/.*,\1,; s,.*/(cur)/.*,\1,; s,.*/(result|job)$,\1,' | tr '\n' ' ')
	echo "$steps"
	[ "$steps" = "new cur result job " ]
}

@test "fsck: finds what does not belong, names it, and passes a sound spool" {
	start_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(1)"}')
	cee-stat --wait "$id" > /dev/null
	wait_until 10 retired "$id"
	sound
	echo junk > "$CEE_SPOOL/$OWNER/new/junk"
	run cee-fsck
	[ "$status" -eq 1 ]
	[[ "$output" == *junk* ]]
	rm "$CEE_SPOOL/$OWNER/new/junk"
	echo '999 o 1000000' >> "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$id"/1/index)"
	run cee-fsck
	[ "$status" -eq 1 ]
	[[ "$output" == *index* ]]
}

@test "every program has --help, --version, and a usage error that is 64" {
	for p in cee-submit cee-log cee-stat cee-cancel cee-rm cee-prune cee-fsck cee-lang cee-runner; do
		run "$p" --help
		[ "$status" -eq 0 ]
		[[ "$output" == usage:* ]]
		run "$p" --version
		[ "$status" -eq 0 ]
		run "$p" --no-such-option
		[ "$status" -eq 64 ]
	done
}

@test "two instances live side by side" {
	start_runner
	one=$CEE_SPOOL
	a=$(cee-submit -j - <<< '{"language":"python","code":"print(\"one\")"}')
	cee-stat --wait "$a" > /dev/null
	other=$BATS_TEST_TMPDIR/other
	cee-lang -s "$other" publish
	CEE_SPOOL=$other start_runner
	b=$(cee-submit -s "$other" -j - <<< '{"language":"python","code":"print(\"two\")"}')
	cee-stat -s "$other" --wait "$b" > /dev/null
	[ "$(cee-log -s "$other" "$b")" = two ]
	run cee-log -s "$one" "$b"
	[ "$status" -ne 0 ]
	stop_runner
}

@test "runner: log as JSON, docker_host from the configuration, an engine that is not there yet" {
	echo "docker_host = unix://$BATS_TEST_TMPDIR/later.sock" >> "$CEE_CONF"
	NO_WAIT=1 start_runner --log json
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(1)"}')
	sleep 1.5
	state_is "$id" Created
	[ -n "$ENGINE_SOCKET" ] || skip "the engine of this machine is no unix socket"
	ln -s "$ENGINE_SOCKET" "$BATS_TEST_TMPDIR/later.sock"
	wait_until 20 ended "$id"
	jq -es 'all(.[]; .time and .event) and any(.[]; .event == "job" and .to == "verdict" and .why == "exited")' "$RUNNER_LOG" > /dev/null
	stop_runner
}

@test "runner: a bad configuration is one line that names file, line and key" {
	echo 'jobz = 3' >> "$CEE_CONF"
	run cee-runner
	[ "$status" -eq 78 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" == *cee.conf:*jobz* ]]
}

@test "fsck at rest and live, relaxed and durable: sound while 30 jobs run" {
	start_runner --relaxed
	for i in $(seq 30); do echo '{"language":"python","code":"print(1)"}'; done | cee-submit - > "$BATS_TEST_TMPDIR/ids"
	for i in 1 2 3 4 5; do sound; done
	xargs cee-stat --wait < "$BATS_TEST_TMPDIR/ids" > /dev/null
	sound
}

@test "an id that cannot be printed is told in the message: the job is in the spool" {
	echo 'print(1)' > "$BATS_TEST_TMPDIR/hello.py"
	run --separate-stderr bash -c 'cee-submit "$1" > /dev/full' - "$BATS_TEST_TMPDIR/hello.py"
	[ "$status" -eq 74 ]
	id=$(grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' <<< "$stderr")
	[ -e "$CEE_SPOOL/$OWNER/new/5.$id" ]
}
