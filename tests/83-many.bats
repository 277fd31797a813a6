# Many jobs: --each, groups, keys, labels, waiting for room, following and waiting for all,
# how long results stay, removal.
load lib

setup() { new_spool; cd "$BATS_TEST_TMPDIR" || return 1; }
teardown() { end_all; }

programs() {	# programs N: 1.py … N.py, each prints its number
	local i
	for i in $(seq "$1"); do echo "print($i)" > "$i.py"; done
}

waiting() { ls "$CEE_SPOOL/$OWNER/new" | wc -l; }
job_of() { cat "$CEE_SPOOL/$OWNER/new/"*."$1"; }

kill_submit() {	# kill_submit HOOK ARGS…: cee-submit stops itself there, and is killed
	local hook=$1 pid
	shift
	CEE_STOP_AT=$hook cee-submit "$@" > killed 2>&1 3>&- < /dev/null &
	pid=$!
	wait_until 10 stopped "$pid"
	kill -KILL "$pid"
	wait "$pid" || true
}

# ---- --each ---------------------------------------------------------------------------

@test "each: a job of each name, from arguments, from lines, from NULs; options are for all" {
	programs 3
	cee-submit --each 1.py 2.py 3.py -- a b > ids
	[ "$(wc -l < ids)" -eq 3 ]
	[ "$(waiting)" -eq 3 ]
	[ "$(job_of "$(sed -n 2p ids)" | jq -c '[.files[0].name, .arguments]')" = '["2.py",["a","b"]]' ]
	printf '1.py\n\n2.py' | cee-submit --each -L cpu=1 > ids
	[ "$(wc -l < ids)" -eq 2 ]
	mkdir 'a dir'
	cp 1.py 2.py 'a dir'
	find 'a dir' -name '*.py' -print0 | cee-submit --each -0 > ids
	[ "$(wc -l < ids)" -eq 2 ]
	[ "$(waiting)" -eq 7 ]
}

@test "each: what cannot be read or is no job is named, the rest go on" {
	programs 2
	echo 'x' > what.is-this
	run --separate-stderr cee-submit --each 1.py nowhere.py 2.py
	[ "$status" -eq 66 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ "$stderr" == *nowhere.py* ]]
	run --separate-stderr cee-submit --each what.is-this nowhere.py 1.py
	[ "$status" -eq 65 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$stderr" == *what.is-this* ]]
	run cee-submit --each -w 1.py
	[ "$status" -eq 64 ]
	run cee-submit -0 1.py
	[ "$status" -eq 64 ]
}

@test "each: a loop that reads keeps its standard input" {
	programs 3
	n=0
	while read -r f; do
		cee-submit "$f" >> ids
		n=$((n + 1))
	done < <(ls ./*.py)
	[ "$n" -eq 3 ]
	[ "$(wc -l < ids)" -eq 3 ]
}

@test "NDJSON: bad lines of every kind are named by number, the rest go on, 65" {
	{
		echo '{"language":"python","code":"1"}'
		echo '{"language":"python","code":"2"'
		echo
		echo '{"language":"python","code":"4","colour":1}'
		echo '{"language":"python","code":"5","group":"a/b"}'
		printf '{"language":"python","code":"6"}'
	} > in
	run --separate-stderr cee-submit - < in
	[ "$status" -eq 65 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ "$stderr" == *"line 2:"*"line 4:"*colour*"line 5:"*group* ]]
	[ "$(waiting)" -eq 2 ]
}

# ---- groups ---------------------------------------------------------------------------

@test "groups: a process's submits share one; a job alone is its own, without a file" {
	programs 3
	alone=$(cee-submit 1.py)
	[ -z "$(ls "$CEE_SPOOL/$OWNER/groups")" ]
	cee-submit --each ./*.py > ids
	first=$(head -n 1 ids)
	[ "$(grep -cxFf ids "$CEE_SPOOL/$OWNER/groups/$first")" -ge 2 ]
	job_of "$first" | jq -e 'has("group") | not' > /dev/null
	[ "$(job_of "$(tail -n 1 ids)" | jq -r .group)" = "$first" ]
	[ "$(job_of "$alone" | jq -r .group)" = null ]
	sound
}

@test "groups: -g names one, over processes and forms; a name that cannot be is refused" {
	programs 2
	cee-submit -g 'homework 3, §é' --each 1.py 2.py > ids
	echo '{"language":"python","code":"3"}' | cee-submit -g 'homework 3, §é' - >> ids
	echo '{"group":"homework 3, §é","language":"python","code":"4"}' | cee-submit -j - >> ids
	[ "$(grep -cxFf ids "$CEE_SPOOL/$OWNER/groups/homework 3, §é")" -eq 4 ]
	[ "$(job_of "$(sed -n 3p ids)" | jq -r .group)" = 'homework 3, §é' ]
	for bad in .x a/b '' "$(printf 'a\033b')" "$(head -c 65 /dev/zero | tr '\0' x)"; do
		run cee-submit -g "$bad" 1.py
		[ "$status" -eq 64 ]
	done
	run cee-submit -g other -j - <<< '{"group":"g","language":"python","code":"4"}'
	[ "$status" -eq 65 ]
	[[ "$output" == *group* ]]
	sound
}

@test "groups: killed after the id was written, the group is as it was, and can be gone on with" {
	programs 2
	cee-submit -g g 1.py > ids
	kill_submit group-written -g g 2.py
	sound
	[ "$(waiting)" -eq 1 ]
	printf '01890a5d-ac96' >> "$CEE_SPOOL/$OWNER/groups/g"	# as a power cut leaves it
	cee-submit -g g 2.py >> ids
	[ "$(grep -cxFf ids "$CEE_SPOOL/$OWNER/groups/g")" -eq 2 ]
	run cee-fsck
	[ "$status" -eq 0 ]
}

# ---- keys -----------------------------------------------------------------------------

@test "keys: raced by 20 submits there is one job, and its id 20 times" {
	programs 1
	for i in $(seq 20); do
		cee-submit --key 'order 66' 1.py > "id.$i" 2> "err.$i" 3>&- &
		pids[i]=$!
	done
	for i in $(seq 20); do wait "${pids[i]}"; done
	[ "$(cat id.* | wc -l)" -eq 20 ]
	[ "$(cat id.* | sort -u | wc -l)" -eq 1 ]
	[ -z "$(cat err.*)" ]
	[ "$(waiting)" -eq 1 ]
	sound
}

@test "keys: again while it runs, when it has ended, with another body, from the job: the first id" {
	programs 2
	start_runner
	id=$(cee-submit --key k 1.py)
	[ "$(cee-submit --key k 2.py)" = "$id" ]
	cee-stat --wait "$id" > /dev/null
	[ "$(cee-submit --key k 1.py)" = "$id" ]
	[ "$(cee-submit -w --key k 2.py)" = 1 ]
	[ "$(cee-submit -j - <<< '{"key":"k","language":"python","code":"print(3)"}')" = "$id" ]
	[ "$(cee-submit --owner other --key k 1.py)" != "$id" ]
	[ "$(verdict "$id" .key)" = k ]
	[ "$(grep -c to=claimed "$RUNNER_LOG")" -eq 2 ]
	sound
}

@test "keys: killed between key and job, the next submit is that job" {
	programs 1
	kill_submit key-written --key k 1.py
	sound
	[ "$(waiting)" -eq 0 ]
	promised=$(cut -d' ' -f1 "$CEE_SPOOL/$OWNER/keys/"*)
	[ "$(cee-submit --key k 1.py)" = "$promised" ]
	[ "$(cee-submit --key k 1.py)" = "$promised" ]
	[ "$(waiting)" -eq 1 ]
	kill_submit submit-renamed --key j 1.py
	id=$(cee-submit --key j 1.py)
	[ "$(waiting)" -eq 2 ]
	[ -e "$CEE_SPOOL/$OWNER/new/5.$id" ]
	: > "$(ls "$CEE_SPOOL/$OWNER/keys/"* | head -n 1)"	# as a power cut leaves it
	sound
}

# ---- a full queue ---------------------------------------------------------------------

@test "a full queue makes a pipeline wait: 1,000 jobs through a queue of 10" {
	echo 'max_queued = 10' >> "$CEE_CONF"
	programs 5
	start_runner -j 4 --relaxed
	( for i in $(seq 200); do ls ./*.py; done ) | cee-submit --relaxed --each > ids 3>&- &
	pid=$!
	most=0
	while kill -0 "$pid" 2>/dev/null; do
		n=$(waiting)
		[ "$n" -le "$most" ] || most=$n
	done
	wait "$pid"
	[ "$most" -le 10 ]
	[ "$(sort -u ids | wc -l)" -eq 1000 ]
	xargs cee-stat --wait < ids > /dev/null
	cee-log - < ids > out
	cmp out <(for i in $(seq 200); do seq 5; done)
	sound
}

@test "a full queue: --no-block is EX_TEMPFAIL; who waits sleeps, says so once where no runner is" {
	echo 'max_queued = 2' >> "$CEE_CONF"
	programs 2
	cee-submit --each 1.py 2.py > /dev/null
	run cee-submit --no-block 1.py
	[ "$status" -eq 75 ]
	[[ "$output" == *queue* ]]
	cee-submit 1.py > id 2> err 3>&- &
	pid=$!
	wait_until 10 grep -q 'no runner' err
	[ "$(awk '{ print $14 + $15 }' "/proc/$pid/stat")" -le 5 ]
	kill -0 "$pid"
	start_runner
	wait "$pid"
	id_valid_there=$(cat id)
	cee-stat --wait "$id_valid_there" > /dev/null
	[ "$(cee-log "$id_valid_there")" = 1 ]
	[ "$(wc -l < err)" -eq 1 ]
}

@test "a full queue: a signal ends the wait, with nothing submitted" {
	echo 'max_queued = 1' >> "$CEE_CONF"
	programs 1
	cee-submit 1.py > /dev/null
	for how in '' -w; do
		setsid cee-submit $how 1.py > out 2> err 3>&- &
		pid=$!
		wait_until 10 grep -q 'no runner' err
		kill -TERM "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$status" -ne 0 ]
		[ "$(waiting)" -eq 1 ]
		rm err
	done
	sound
}

# ---- labels ---------------------------------------------------------------------------

@test "labels, group and key are in the result and in the runner's log" {
	programs 1
	echo 'keep = 7d' >> "$CEE_CONF"
	start_runner
	id=$(cee-submit -g hw --label student=ann --label 'note=a "b"' 1.py)
	cee-stat --wait "$id" > /dev/null
	[ "$(verdict "$id" '[.group, .labels.student, .labels.note] | join(",")')" = 'hw,ann,a "b"' ]
	[ "$(verdict "$id" '(.expires | sub("\\..*"; "Z") | fromdate) - (.ended | sub("\\..*"; "Z") | fromdate)')" -eq 604800 ]
	grep -q 'to=verdict.*group=hw.*labels=.*student=ann' "$RUNNER_LOG"
	alone=$(cee-submit 1.py)
	cee-stat --wait "$alone" > /dev/null
	[ "$(verdict "$alone" .group)" = "$alone" ]
}
