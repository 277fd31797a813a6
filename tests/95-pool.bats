# Warm and shared boxes: which box a job gets, and when a box is removed.
load lib

setup() { new_spool; }
teardown() { end_all; }

conf() { printf '%s\n' "$@" >> "$CEE_CONF"; }

# warm_languages MIN MAX: a language directory of our own, in which Python waits ahead
warm_languages() {
	mkdir -p "$BATS_TEST_TMPDIR/langs"
	jq --argjson min "$1" --argjson max "$2" '.warm = {min: $min, max: $max}' \
		"$CEE_ROOT/etc/languages.d/python.json" > "$BATS_TEST_TMPDIR/langs/python.json"
	sed -i "s,^languages = .*,languages = $BATS_TEST_TMPDIR/langs," "$CEE_CONF"
	cee-lang publish > /dev/null
}

hello() { py 'print(1)' "$@" > /dev/null; last; }
last() { id=$(basename "$(ls -dt "$CEE_SPOOL/$OWNER"/$OUT_PATH/* | head -n 1)"); }
box() { verdict "$1" .box_id; }
from() { verdict "$1" .box; }

# as_owner OWNER: a job of another owner, as a submitter would leave it
as_owner() {
	local dir=$CEE_SPOOL/$1
	mkdir -p "$dir"/{tmp,new,cancel,out}
	id=$(python3 -c 'import os,time
t = int(time.time() * 1000); r = os.urandom(10)
h = "%012x7%03x%04x%s" % (t, r[0] << 4 | r[1] >> 4, 0x8000 | (r[2] << 8 | r[3]) & 0x3fff, r[4:].hex())
print("-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:])))')
	echo '{"language":"python","code":"print(1)"}' > "$dir/tmp/x"
	mv "$dir/tmp/x" "$dir/new/5.$id"
	wait_until 20 any "$dir/$OUT_PATH/$id/job"
}
result_of() { jq -r "$3" "$CEE_SPOOL/$1"/$OUT_PATH/"$2"/result; }
ready_boxes() { [ "$(grep -c 'to=ready' "$RUNNER_LOG")" -ge "$1" ]; }

@test "an owner's jobs follow one another in one box; the result says which and how" {
	start_runner
	hello; first=$id
	hello; second=$id
	[ "$(from "$first")" = cold ]
	[ "$(from "$second")" = shared ]
	[ "$(box "$first")" = "$(box "$second")" ]
	[ "$(boxes | cut -c1-12)" = "$(box "$first")" ]
}

@test "a box made ahead is warm for the first job, and another is made" {
	warm_languages 1 2
	sed -i 's/^warm = 0/warm = 4/' "$CEE_CONF"
	start_runner
	wait_until 20 ready_boxes 2	# the self-test's and the one made ahead
	hello
	[ "$(from "$id")" = warm ]
	wait_until 20 ready_boxes 3
	boxes_are 2	# the owner's and the next
}

@test "a job of another size takes a cold box of its own and says so" {
	start_runner
	hello; first=$id
	hello -L memory=1G
	[ "$(from "$id")" = cold ]
	[ "$(box "$first")" != "$(box "$id")" ]
	[ "$(verdict "$id" .box_memory)" -gt "$(verdict "$first" .box_memory)" ]
	hello; [ "$(box "$id")" = "$(box "$first")" ]
}

@test "no box serves two owners; callers without an identity share none" {
	start_runner
	hello; mine=$(box "$id")
	as_owner http-x-alice; alice=$(result_of http-x-alice "$id" .box_id)
	as_owner http-x-alice; [ "$(result_of http-x-alice "$id" .box_id)" = "$alice" ]
	as_owner anon; a=$(result_of anon "$id" .box_id)
	as_owner anon; b=$(result_of anon "$id" .box_id)
	[ "$(result_of anon "$id" .box)" = cold ]
	[ "$(printf '%s\n' "$mine" "$alice" "$a" "$b" | sort -u | wc -l)" -eq 4 ]
	wait_until 10 boxes_are 2
}

@test "share = none: a box serves one job" {
	conf 'share = none'
	start_runner
	hello; first=$(box "$id")
	hello; [ "$(box "$id")" != "$first" ]
	[ "$(from "$id")" = cold ]
	wait_until 10 no_boxes
}

@test "cells = never: a box serves one job, whatever share says" {
	conf 'cells = never'
	start_runner
	hello; first=$(box "$id")
	hello; [ "$(box "$id")" != "$first" ]
	wait_until 10 no_boxes
}

@test "a box goes after box_jobs jobs, and after box_idle" {
	conf 'box_jobs = 2'
	start_runner
	hello; first=$(box "$id")
	hello; [ "$(box "$id")" = "$first" ]
	hello; [ "$(box "$id")" != "$first" ]
	stop_runner
	conf 'box_idle = 1s'	# not before: on a busy host two jobs may be a second apart
	start_runner
	hello
	wait_until 10 no_boxes
}

@test "boxes: at the ceiling the one idle longest makes room" {
	conf 'boxes = 2'
	start_runner
	for o in http-x-a http-x-b http-x-c; do as_owner $o; done
	most_two() { local all; all=$(boxes) && [ "$(wc -w <<< "$all")" -le 2 ]; }
	wait_until 10 most_two
	as_owner http-x-c
	[ "$(result_of http-x-c "$id" .box)" = shared ]
	as_owner http-x-a
	[ "$(result_of http-x-a "$id" .box)" = cold ]
}

@test "an idle box that is killed from outside costs no job anything" {
	start_runner
	hello; first=$(box "$id")
	engine POST "/containers/$first/kill" > /dev/null
	hello
	[ "$(verdict "$id" .why)" = exited ]
	[ "$(box "$id")" != "$first" ]
}

@test "SIGHUP lets boxes of the old configuration go" {
	start_runner
	hello; first=$(box "$id")
	kill -HUP "$RUNNER"
	wait_until 10 grep -q ' reload ' "$RUNNER_LOG"
	wait_until 10 no_boxes
	hello; [ "$(box "$id")" != "$first" ]
}

@test "a language whose image is missing is tried ahead at most now and then" {
	warm_languages 1 2
	jq '.image = "cee/there-is-no-such-image:latest" | .name = "nothing" | .aliases = [] | .extensions = []' \
		"$BATS_TEST_TMPDIR/langs/python.json" > "$BATS_TEST_TMPDIR/langs/nothing.json"
	sed -i 's/^warm = 0/warm = 4/' "$CEE_CONF"
	start_runner
	sleep 3
	[ "$(grep -c 'to=creating' "$RUNNER_LOG")" -le 6 ]
	hello
	[ "$(verdict "$id" .why)" = exited ]
}

@test "a verdict that was written before its runner died is published, not made again" {
	NO_WAIT=1 CEE_STOP_AT=result-written start_runner
	id=$(cee-submit -j - <<< '{"language":"python","code":"print(\"once\")"}')
	wait_until 30 stopped "$RUNNER"
	kill -KILL "$RUNNER"
	wait "$RUNNER" || true
	start_runner
	cee-stat --wait "$id" > /dev/null
	[ "$(verdict "$id" .attempt)" = 1 ]
	[ "$(verdict "$id" .why)" = exited ]
	[ "$(cee-log "$id")" = once ]
	stop_runner
	sound
}

@test "a box that is unused for box_age is replaced" {
	warm_languages 1 1
	sed -i 's/^warm = 0/warm = 4/' "$CEE_CONF"
	conf 'box_age = 1s'
	start_runner
	wait_until 20 ready_boxes 3	# the self-test's, one, and one after that
	hello
	[ "$(verdict "$id" .why)" = exited ]
}

@test "a runner that ends leaves no idle box" {
	warm_languages 2 2
	sed -i 's/^warm = 0/warm = 4/' "$CEE_CONF"
	start_runner
	wait_until 20 ready_boxes 3
	hello
	stop_runner
	no_boxes
}

@test "input that a job left unread never reaches the next one" {
	start_runner
	head -c 200000 /dev/zero | tr '\0' x > "$BATS_TEST_TMPDIR/in"
	for i in 1 2 3; do
		py pass -i "$BATS_TEST_TMPDIR/in"
		run py 'import sys
print(len(sys.stdin.read()))'
		[ "$output" = 0 ]
	done
	last; [ "$(from "$id")" = shared ]
}
