# What a job leaves behind is not there for the next one of its box.
#
# tests/clean has the planters and the probes. The first test is the control: where jobs have no
# cells, each probe must find its plant; otherwise finding nothing would prove nothing.
load lib

setup_file() {
	gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -s -static -o "$BATS_FILE_TMPDIR/clean" "$BATS_TEST_DIRNAME"/clean/*.c
}
setup() { RUNNERS=(); CEE_SPOOL=$BATS_TEST_TMPDIR; CLEAN=$BATS_FILE_TMPDIR/clean; }
teardown() { end_all; }

box() { python3 "$BATS_TEST_DIRNAME/clean/run.py" "$CLEAN" "$@"; }

@test "control: without cells every probe finds its plant" { box control; }
@test "cells: no probe finds anything, and the box is as before" { box cells; }
@test "cells: everything planted at once" { box pile; }
@test "boxes side by side: what one holds, the other does not see" { box beside flock ofd-lock inotify sigqueue key abstract listen sem; }
@test "5,000 jobs in one box, planters among them" { box drift 5000 | tee -a "$BATS_FILE_TMPDIR/drift"; [ "${PIPESTATUS[0]}" -eq 0 ]; }

# A language whose program comes with the job, ready to run.
ready_programs() {
	mkdir "$BATS_TEST_TMPDIR/languages.d"
	jq '{name: "elf", title: "a ready program", image, source, file: "program", run: ["./{file}", "{args}"], hello: ""}' \
		"$CEE_ROOT/etc/languages.d/python.json" > "$BATS_TEST_TMPDIR/languages.d/elf.json"
	sed -i "s,^languages = .*,languages = $BATS_TEST_TMPDIR/languages.d,; s,^jobs = .*,jobs = ${1:-1}," "$CEE_CONF"
	cee-lang publish
}

job() {	# job ARG…: the job that runs the program with these
	jq -cn --rawfile p "$BATS_TEST_TMPDIR/b64" '{language: "elf", arguments: $ARGS.positional,
		limits: {processes: 60, cpu: 20, wall: 30},
		files: [{name: "clean", mode: "0755", base64: $p}]}' --args "$@"
}

@test "through cee-submit: planter and probe in the same box" {
	new_spool "share = owner"
	ready_programs 1
	start_runner
	base64 -w0 "$CLEAN" > "$BATS_TEST_TMPDIR/b64"
	boxes_seen=
	while read -r name _; do
		for what in plant probe; do
			id=$(job "$what" "$name" | cee-submit -j -)
			cee-log -f "$id" > "$BATS_TEST_TMPDIR/$what" 2>&1 || true	# its status is the job's
			wait_until 20 ended "$id"
			boxes_seen="$boxes_seen $(verdict "$id" .box_id)"
		done
		echo "$name: $(tail -n 1 "$BATS_TEST_TMPDIR/plant"), $(cat "$BATS_TEST_TMPDIR/probe")"
		[ "$(cat "$BATS_TEST_TMPDIR/probe")" = clean ]
		[ "$(verdict "$id" .exit_code)" = 0 ]
	done < <("$CLEAN" list)
	[ "$(tr ' ' '\n' <<< "$boxes_seen" | sort -u | grep -c .)" -eq 1 ]
}

all_ended() { [ "$(find "$CEE_SPOOL"/*/out -name result 2>/dev/null | wc -l)" -eq "$1" ]; }

@test "two owners at once, 500 jobs each: no box ever serves both" {
	new_spool "share = owner"
	sed -i "s,^jobs = .*,jobs = 4," "$CEE_CONF"
	start_runner
	for i in $(seq 500); do echo '{"language":"python","code":"open(\"/tmp/x\", \"x\")"}'; done > "$BATS_TEST_TMPDIR/jobs"
	cee-submit --owner uid-4001 - < "$BATS_TEST_TMPDIR/jobs" > "$BATS_TEST_TMPDIR/a" &
	cee-submit --owner uid-4002 - < "$BATS_TEST_TMPDIR/jobs" > "$BATS_TEST_TMPDIR/b"
	wait $!
	wait_until 240 all_ended 1000
	for o in 1 2; do
		find "$CEE_SPOOL/uid-400$o/out" -name result -exec cat {} + > "$BATS_TEST_TMPDIR/r$o"
		[ "$(jq -r .why "$BATS_TEST_TMPDIR/r$o" | sort | uniq -c | tr -s ' ')" = " 500 exited" ]
		[ "$(jq -r .exit_code "$BATS_TEST_TMPDIR/r$o" | sort -u)" = 0 ]
		jq -r .box_id "$BATS_TEST_TMPDIR/r$o" | sort -u > "$BATS_TEST_TMPDIR/boxes$o"
		[ "$(wc -l < "$BATS_TEST_TMPDIR/boxes$o")" -lt 100 ]	# they were shared at all
	done
	[ -z "$(comm -12 "$BATS_TEST_TMPDIR/boxes1" "$BATS_TEST_TMPDIR/boxes2")" ]
}
