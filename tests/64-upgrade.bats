# A working system: one runner follows another without losing a job, a spool is saved and restored, and one of another
# version is left alone.

load lib

setup() { new_spool; }
teardown() {
	end_all
}

hello() { printf 'print("%s")\n' "$1" > "$BATS_TEST_TMPDIR/$1.py"; cee-submit "$BATS_TEST_TMPDIR/$1.py"; }
why() { verdict "$1" '"\(.why) \(.exit_code) \(.attempt)"'; }

@test "a new runner takes the queue while the old one finishes its jobs, each of which runs once" {
	sed -i 's/^jobs = .*/jobs = 1/' "$CEE_CONF"
	start_runner
	old=$RUNNER
	mkfifo "$BATS_TEST_TMPDIR/in"
	printf 'print("begun", flush=True)\nprint(input())\n' > "$BATS_TEST_TMPDIR/ask.py"
	cee-run -L wall=300 python "$BATS_TEST_TMPDIR/ask.py" < "$BATS_TEST_TMPDIR/in" > "$BATS_TEST_TMPDIR/out" 3>&- &
	asker=$!
	exec 5> "$BATS_TEST_TMPDIR/in"
	wait_until 60 grep -qx begun "$BATS_TEST_TMPDIR/out"
	ids=()
	for i in 1 2 3; do ids+=("$(hello "$i")"); done
	kill -TERM "$old"
	wait_until 30 grep -q ' stop jobs=1' "$RUNNER_LOG"
	for id in "${ids[@]}"; do state_is "$id" Created; done	# control: nobody else has run them
	start_runner 5>&-
	for id in "${ids[@]}"; do cee-stat --wait "$id" > "$BATS_TEST_TMPDIR/stat"; [ "$(why "$id")" = "exited 0 1" ]; done
	kill -0 "$old"
	echo done >&5
	exec 5>&-
	wait "$asker"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "$(printf 'begun\ndone')" ]
	wait "$old"
	sound
}

@test "a spool saved by cp -a and restored: ended jobs stay, waiting ones run, a claimed one is put back, each once" {
	start_runner
	ended=$(hello ended)
	cee-stat --wait "$ended" > "$BATS_TEST_TMPDIR/stat"
	printf 'import time\nprint("begun", flush=True)\ntime.sleep(5)\n' > "$BATS_TEST_TMPDIR/claimed.py"
	claimed=$(cee-submit "$BATS_TEST_TMPDIR/claimed.py")
	wait_until 60 has_line "$claimed" begun
	kill -KILL "$RUNNER"
	wait "$RUNNER" || :
	waits=$(hello waits)
	cp -a "$CEE_SPOOL" "$BATS_TEST_TMPDIR/backup"
	before=$(stat -c %i.%Y "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$ended"/result)")
	rm -rf "$CEE_SPOOL"
	run cee-stat "$ended"
	[ "$status" -ne 0 ]	# control: it was the copy that had it
	cp -a "$BATS_TEST_TMPDIR/backup" "$CEE_SPOOL"
	sound
	start_runner
	for id in "$waits" "$claimed"; do cee-stat --wait "$id" > "$BATS_TEST_TMPDIR/stat"; done
	[ "$(why "$waits")" = "exited 0 1" ]
	[ "$(why "$claimed")" = "exited 0 2" ]	# the attempt that the kill cut counts
	[ "$(why "$ended")" = "exited 0 1" ]
	[ "$(cee-log -o "$ended")" = ended ]
	[ "${before#*.}" = "$(stat -c %Y "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$ended"/result)")" ]
	sound
}

@test "a spool of another version is refused with the remedy by every program, and nothing in it is changed" {
	start_runner
	id=$(hello kept)
	cee-stat --wait "$id" > "$BATS_TEST_TMPDIR/stat"
	stop_runner
	echo 'cee-spool 2' > "$CEE_SPOOL/VERSION"
	look() { find "$CEE_SPOOL" -printf '%P %i %s %m %T@\n' | sort; }
	look > "$BATS_TEST_TMPDIR/before"
	for command in "cee-runner --once" "cee-submit $BATS_TEST_TMPDIR/kept.py" "cee-stat $id" "cee-log $id" cee-fsck cee-prune "cee-fsck --make"; do
		run $command
		[ "$status" -ne 0 ] || { echo "$command"; return 1; }
		[[ "$output" == *"another version (cee-spool 2)"*"go back to the cee that made it, or set spool"* ]] || { echo "$command: $output"; return 1; }
	done
	look | diff "$BATS_TEST_TMPDIR/before" -
	echo 'cee-spool 1' > "$CEE_SPOOL/VERSION"
	[ "$(cee-log -o "$id")" = kept ]
}
