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

@test "each: files that cannot be read or are not jobs are named, the rest go on" {
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

@test "groups: killed after the id was written, the group is unchanged and can be used" {
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

# ---- many at once -----------------------------------------------------------------------

slow_and_quick() {	# two jobs at once: the first writes before and after the second
	echo 'import time; print("slow 1", flush=True); time.sleep(2); print("slow 2")' > slow.py
	echo 'import sys, time; time.sleep(0.5); sys.stdout.write("quick"); sys.exit(7)' > quick.py
}

@test "log -f on many: whole jobs in the order given, 1 when one failed; a single one's own status" {
	slow_and_quick
	programs 1
	start_runner
	cee-submit --each slow.py quick.py 1.py > ids
	run cee-log -f - < ids
	[ "$status" -eq 1 ]
	[ "$output" = $'slow 1\nslow 2\nquick1' ]
	run xargs cee-log -f < <(sed 2d ids)
	[ "$status" -eq 0 ]
	run cee-log -f "$(sed -n 2p ids)"
	[ "$status" -eq 7 ]
	run cee-log -f -g "$(head -n 1 ids)"
	[ "$status" -eq 1 ]
	[ "$output" = $'slow 1\nslow 2\nquick1' ]
}

@test "log -f --as-come: lines as they come behind their job's id, from a pipe that is still fed" {
	slow_and_quick
	start_runner
	{ cee-submit slow.py; sleep 0.2; cee-submit quick.py; } | tee ids | cee-log -f --as-come > out || status=$?
	[ "$status" -eq 1 ]
	a=$(head -n 1 ids | tail -c 9) b=$(tail -n 1 ids | tail -c 9)
	[ "$(cat out)" = "$a | slow 1
$b | quick
$a | slow 2" ]
	cee-log --as-come --json - < ids | jq -e .id > /dev/null
	run cee-log --as-come -n 3 - < ids
	[ "$status" -eq 64 ]
	lacks $'\033' out
	script -qec "cee-log --as-come $(head -n 1 ids)" /dev/null < /dev/null > tty
	grep -q $'\033\\[3[0-9]m' tty
	NO_COLOR=1 script -qec "cee-log --as-come $(head -n 1 ids)" /dev/null < /dev/null > tty
	lacks $'\033' tty
}

@test "log --as-come: ends when its reader goes away" {
	echo 'import time; print(1, flush=True); time.sleep(60)' > s.py
	start_runner
	id=$(cee-submit -L wall=100 s.py)
	timeout 20 bash -c 'cee-log -f --as-come "$1" | head -n 1' - "$id" > out
	[ "$(wc -l < out)" -eq 1 ]
	cee-cancel -w "$id"
}

@test "stat --wait -g: waits for all and for who still submits; 1 when one failed; nothing but the list off a terminal" {
	programs 3
	start_runner
	( echo 1.py; sleep 1.5; echo 2.py; sleep 1.5; echo 3.py ) | cee-submit --each -g g > ids 3>&- &
	pid=$!
	wait_until 10 test -s ids
	run --separate-stderr cee-stat --wait -g g
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(grep -c Finished <<< "$output")" -eq 3 ]
	wait "$pid"
	echo 'import sys; sys.exit(1)' > bad.py
	cee-submit -g g bad.py > /dev/null
	run cee-stat --wait --json -g g
	[ "$status" -eq 1 ]
	[ "$(jq -r .group <<< "$output" | sort -u)" = g ]
	[ "$(cee-stat -g g | wc -l)" -eq 5 ]
	run cee-stat --wait -g nobody
	[ "$status" -eq 1 ]
	[[ "$output" == *"no such group"* ]]
	sound
}

@test "stat --wait: on a terminal one line says how far, how fast, how long still" {
	for i in 1 2 3 4; do echo 'import time; time.sleep(1)' > "$i.py"; done
	start_runner -j 1	# so that there is a while in which some have ended and some have not
	cee-submit --each ./*.py > ids
	script -qec "cee-stat --wait - < ids > list" /dev/null < /dev/null > tty
	grep -q '[0-9] of 4.* ended, 0 failed, [0-9] running, .* a second, .* left' tty
	[ "$(tr '\r' '\n' < tty | tail -n 1)" = $'\033[K' ]
	[ "$(grep -c Finished list)" -eq 4 ]
}

@test "stat: by label, in a group and over the last time; jobs that wait too" {
	programs 3
	cee-submit -g g --label student=ann --label week=3 1.py > ann
	cee-submit -g g --label student=bob 2.py > bob
	cee-submit --label student=ann 3.py > ann3
	[ "$(cee-stat --json -g g --label student=ann | jq -r .id)" = "$(cat ann)" ]
	[ "$(cee-stat --json --label student=ann | jq -r .id)" = "$(cat ann ann3)" ]
	start_runner
	cee-stat --wait - < <(cat ann bob ann3) > /dev/null
	[ "$(cee-stat --json --label student=ann | jq -r .id)" = "$(cat ann ann3)" ]
	[ "$(cee-stat --json --label student=ann --label week=3 | jq -r '.id + .labels.week')" = "$(cat ann)3" ]
	[ -z "$(cee-stat --json --label student=an)" ]
	[ "$(cee-stat --json --since 1h | wc -l)" -eq 3 ]
	[ -z "$(cee-stat --json --since 0s)" ]
	run cee-stat --label student
	[ "$status" -eq 64 ]
}

@test "cancel -g: all that has not ended" {
	programs 2
	cee-submit -g g --each 1.py 2.py > ids
	run --separate-stderr cee-cancel -g g
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ "$stderr" == *"no runner"* ]]
	start_runner
	cee-stat --wait -g g > /dev/null || true
	[ "$(cee-stat --json -g g | jq -r .why | sort -u)" = cancelled ]
	[ "$(cee-stat --json -g g | jq -r .group | sort -u)" = g ]
}

@test "a loop of every command keeps its own standard input" {
	programs 3
	start_runner
	cee-submit --each ./*.py > ids
	while read -r id; do
		cee-stat --wait "$id" > /dev/null
		cee-log -f "$id"
		cee-rm "$id"
	done < ids > out
	[ "$(cat out)" = $'1\n2\n3' ]
	[ -z "$(ls "$CEE_SPOOL/$OWNER/out"/* )" ]
	sound
}

# ---- removal ------------------------------------------------------------------------------

@test "rm: all of a job that has ended; a live one is refused, with -f ended first" {
	programs 1
	echo 'import time; time.sleep(60)' > s.py
	start_runner
	id=$(cee-submit -g g --key k 1.py)
	cee-stat --wait "$id" > /dev/null
	run cee-rm "$id"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ -z "$(find "$CEE_SPOOL" -name "*$id*")" ]
	[ -z "$(ls "$CEE_SPOOL/$OWNER/keys")" ]
	run cee-rm "$id"
	[ "$status" -eq 1 ]
	live=$(cee-submit -g g -L wall=100 s.py)
	run cee-rm "$live"
	[ "$status" -eq 1 ]
	[[ "$output" == *cee-cancel* ]]
	wait_until 20 state_is "$live" Executing
	run cee-rm -f -g g
	[ "$status" -eq 0 ]
	[ -z "$(ls "$CEE_SPOOL/$OWNER/groups")" ]
	[ -z "$(find "$CEE_SPOOL" -name "*$live*")" ]
	[ "$(cee-submit --key k 1.py)" != "$id" ]
	sound
}

kill_rm() {	# kill_rm HOOK: the job's id in id
	local pid
	id=$(cee-submit --key "$1" 1.py)
	cee-stat --wait "$id" > /dev/null
	wait_until 10 retired "$id"
	CEE_STOP_AT=$1 cee-rm "$id" 3>&- &
	pid=$!
	wait_until 10 stopped "$pid"
	kill -KILL "$pid"
	wait "$pid" || true
	sound
}

@test "rm: killed anywhere, a half removed job never looks like a whole one" {
	programs 1
	start_runner
	kill_rm key-removed
	[ "$(verdict "$id" .why)" = exited ]
	[ -z "$(ls "$CEE_SPOOL/$OWNER/keys")" ]
	cee-rm "$id"
	kill_rm job-removed
	run cee-stat "$id"
	[ "$status" -eq 1 ]
	[ -n "$(ls "$CEE_SPOOL/$OWNER/tmp")" ]
	cee-fsck --fix > /dev/null
	[ -z "$(ls "$CEE_SPOOL/$OWNER/tmp")" ]
	next=$(cee-submit 1.py)
	cee-stat --wait "$next" > /dev/null
	wait_until 10 retired "$next"
	CEE_STOP_AT=tree-begun cee-rm "$next" 3>&- &
	pid=$!
	wait_until 10 stopped "$pid"
	kill -KILL "$pid"
	wait "$pid" || true
	sound
	cee-fsck --fix > /dev/null
	[ -z "$(ls "$CEE_SPOOL/$OWNER/tmp")" ]
}

@test "rm: links that somebody put into a job's folder are not followed" {
	programs 1
	start_runner
	id=$(cee-submit 1.py)
	cee-stat --wait "$id" > /dev/null
	wait_until 10 retired "$id"
	mkdir kept
	echo kept > kept/file
	ln -s "$PWD/kept" "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$id"/1)/files"
	ln -s "$PWD/kept/file" "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$id")/link"
	cee-rm "$id"
	[ "$(cat kept/file)" = kept ]
	[ -z "$(find "$CEE_SPOOL" -name "*$id*")" ]
}

@test "prune: by the job's keep, the administrator's, and --older-than; the rest stays" {
	programs 4
	echo 'keep = forever' >> "$CEE_CONF"
	start_runner
	short=$(cee-submit --keep 0s --key k 1.py)
	long=$(cee-submit --keep 9d 2.py)
	silent=$(cee-submit 3.py)
	cee-stat --wait "$short" "$long" "$silent" > /dev/null
	wait_until 10 retired "$silent"
	wait_until 10 retired "$long"
	wait_until 10 retired "$short"
	stop_runner	# it removes expired jobs too, once a minute
	[ "$(cee-prune -n)" = "$OWNER job $short" ]
	run cee-prune
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run cee-stat "$short"
	[ "$status" -eq 1 ]
	[ -z "$(ls "$CEE_SPOOL/$OWNER/keys")" ]
	sed -i 's/^keep = .*/keep = 0s/' "$CEE_CONF"
	[ "$(cee-prune -v)" = "$OWNER job $silent" ]
	state_is "$long" Finished
	[ "$(cee-prune -v --older-than 0s)" = "$OWNER job $long" ]
	[ -z "$(cee-prune -n --older-than 0s)" ]
	sed -i 's/^keep = .*/keep = forever/' "$CEE_CONF"
	cee-submit -g old 4.py > id
	cee-submit --key old 4.py >> id
	start_runner	# it ends those that wait
	cee-rm -f - < id
	stop_runner
	: > "$CEE_SPOOL/$OWNER/keys/$(printf 'x' | sha256sum | cut -d' ' -f1)"
	touch -d '2 days ago' "$CEE_SPOOL/$OWNER/groups/"* "$CEE_SPOOL/$OWNER/keys/"*
	[ "$(cee-prune -v | cut -d' ' -f2 | sort | tr '\n' ' ')" = 'group key ' ]
	sound
}

@test "keep: more than keep_max is refused at submit, with what would be right" {
	programs 1
	echo 'keep_max = 7d' >> "$CEE_CONF"
	run cee-submit --keep 30d 1.py
	[ "$status" -eq 65 ]
	[[ "$output" == *keep* ]]
	cee-submit --keep 7d 1.py
}

@test "fsck: knows groups and keys, and what does not belong there" {
	programs 1
	cee-submit -g g --key k 1.py
	sound
	ln -s /etc/passwd "$CEE_SPOOL/$OWNER/groups/link"
	run cee-fsck
	[ "$status" -eq 1 ]
	[[ "$output" == *groups/link* ]]
	rm "$CEE_SPOOL/$OWNER/groups/link"
	echo x > "$CEE_SPOOL/$OWNER/keys/junk"
	run cee-fsck
	[ "$status" -eq 1 ]
	[[ "$output" == *keys/junk* ]]
	rm "$CEE_SPOOL/$OWNER/keys/junk"
	echo junk >> "$CEE_SPOOL/$OWNER/groups/g"
	kill_submit key-written --key other 1.py
	run cee-fsck
	[ "$status" -eq 0 ]
	[[ "$output" == *"line "*"not an id"* ]]
	[[ "$output" == *"never came"* ]]
	cee-fsck --fix > /dev/null
	[ "$(ls "$CEE_SPOOL/$OWNER/keys" | wc -l)" -eq 1 ]
}
