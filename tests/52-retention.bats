# What stays and what goes without anybody doing anything: a runner by cee.conf's rules.

load lib

teardown() { end_all; }

result_of() { echo "$CEE_SPOOL"/*/$OUT_PATH/"$1"/result; }
is_kept() { [ -e "$(dirname "$(result_of "$1")")/job" ]; }
gone() { [ ! -e "$(result_of "$1")" ]; }
no_owner() { [ ! -e "$CEE_SPOOL/$1" ]; }
knows_kept() { [ "$(cee-stat -a --json | jq -r .kept_bytes)" != null ]; }

# age HOURS ID…: as if these jobs had ended so long ago, under a cee.conf that kept results for ever
age() {
	local f when id
	when=$(date -u -d "$1 hours ago" +%Y-%m-%dT%H:%M:%S.000000Z)
	shift
	for id in "$@"; do
		f=$(result_of "$id")
		jq -c --arg t "$when" '.ended = $t | del(.expires)' "$f" > "$f.new"
		mv "$f.new" "$f"
	done
}

big() {	# a job that keeps that many bytes of output
	echo "import sys; sys.stdout.write('x' * $1)" > "$BATS_TEST_TMPDIR/big.py"
	cee-submit "$BATS_TEST_TMPDIR/big.py"
}

@test "results go by age, then by the bytes of their owner; the rest stays, and is shown" {
	new_spool 'keep = 10d'
	start_runner
	for i in 1 2 3 4 5; do ids[i]=$(big 3000000); done
	other=$(cee-submit --owner other "$BATS_TEST_TMPDIR/big.py")
	for i in "${ids[@]}" "$other"; do wait_until 30 is_kept "$i"; done
	stop_runner
	age 300 "${ids[1]}" "$other"
	age 100 "${ids[2]}"
	age 200 "${ids[3]}"	# its id is younger, its end is not
	age 90 "${ids[4]}"
	sed -i '/^keep/d' "$CEE_CONF"
	printf 'keep = 12d\nkeep_bytes = 9M\n' >> "$CEE_CONF"
	start_runner
	wait_until 30 gone "$other"	# by age; all others are of one owner
	wait_until 30 gone "${ids[1]}"
	wait_until 30 gone "${ids[3]}"	# the oldest end of those that are left
	wait_until 30 grep -q 'retention.*removed=3' "$RUNNER_LOG"
	for i in 2 4 5; do [ -e "$(result_of "${ids[i]}")" ]; done
	run cee-stat "${ids[1]}"
	[ "$status" -ne 0 ]
	[[ "$output" == *'no such job'* ]]
	wait_until 10 knows_kept
	cee-stat | grep -q '^kept  *3 finished, .* of 9M'
	cee-stat -a | grep -q '^kept  *3 finished'
	bytes=$(cee-stat --json | jq .kept_bytes)
	[ "$bytes" -ge 9000000 ] && [ "$bytes" -le 9437184 ]
	REQUEST_METHOD=GET PATH_INFO=/healthz cee-http | grep -q "\"kept_bytes\":$bytes,\"kept_jobs\":3"
	cee-doctor 2>&1 | grep '^.*runner' | grep -q '3 finished jobs are kept'
	grep -rhq "cee_kept_bytes{.*} $bytes" "$CEE_SPOOL/metrics"
	sound
}

@test "while an owner's young results fill what they may keep, submits are refused with the remedy" {
	new_spool 'keep_bytes = 2M'
	start_runner
	id=$(big 3000000)
	wait_until 30 is_kept "$id"
	stop_runner
	start_runner	# it counts when it starts
	full() { ! cee-submit --no-block "$BATS_TEST_TMPDIR/big.py" 2> "$BATS_TEST_TMPDIR/words"; }
	wait_until 20 full
	[ -e "$(result_of "$id")" ]
	grep -q 'keep_bytes is 2M.*cee-rm' "$BATS_TEST_TMPDIR/words"
	run cee-submit "$BATS_TEST_TMPDIR/big.py"	# does not wait either: only the owner can help
	[ "$status" -eq 75 ]
	cee-submit --owner other -w "$BATS_TEST_TMPDIR/big.py" > /dev/null	# others are not concerned
	cee-rm "$id"
	stop_runner
	start_runner
	not_full() { cee-submit "$BATS_TEST_TMPDIR/big.py"; }
	wait_until 20 not_full
}

@test "an owner without jobs goes with directories and watches, and comes back" {
	new_spool 'keep_owner = 1s'
	start_runner
	echo 'print(1)' > "$BATS_TEST_TMPDIR/one.py"
	watches() { cat /proc/"$RUNNER"/fdinfo/* 2>/dev/null | grep -c 'inotify wd'; }
	before=$(watches)
	for o in ann bob cid; do
		[ "$(cee-submit --owner $o -w "$BATS_TEST_TMPDIR/one.py")" = 1 ]
	done
	watched() { [ "$(watches)" -eq $((before + 9)) ]; }
	wait_until 20 watched
	for o in ann bob; do cee-rm --owner $o "$(basename "$CEE_SPOOL"/$o/$OUT_PATH/*)"; done
	sleep 1.2
	stop_runner
	start_runner
	wait_until 20 no_owner ann
	wait_until 20 no_owner bob
	[ -d "$CEE_SPOOL/cid/new" ]	# it keeps a job
	wait_until 20 grep -q 'retention.*owners=2' "$RUNNER_LOG"
	[ "$(cee-submit --owner ann -w "$BATS_TEST_TMPDIR/one.py")" = 1 ]
	[ -d "$CEE_SPOOL/ann/new" ]
	[ -z "$(find "$CEE_SPOOL/cur" -name bob)" ]
	sound
}

@test "keep = forever and keep_bytes = none keep all, by the administrator's word" {
	new_spool $'keep = forever\nkeep_bytes = none\nkeep_owner = forever'
	start_runner
	one=$(big 1000)
	wait_until 30 is_kept "$one"
	stop_runner
	age 100000 "$one"
	start_runner
	wait_until 20 knows_kept
	[ -e "$(result_of "$one")" ]
	[ -z "$(cee-prune -v)" ]
	[ "$(cee-prune -v --older-than 0s)" = "$OWNER job $one" ]
}
