# A host that is not fit: the runner refuses to start, with one sentence, and cee-doctor names the fault
# and its remedy. Faults that the engine here does not have come from tests/tools/fakeengine.py, a proxy
# in front of it.

load lib

setup() {
	new_spool
	FAKE=
}

teardown() {
	[ -z "$FAKE" ] || { kill "$FAKE"; wait "$FAKE" || true; } 2>/dev/null
	unset DOCKER_HOST
	[ -z "${REAL_HOST:-}" ] || export DOCKER_HOST=$REAL_HOST
	[ -z "${open_dir:-}" ] || rm -rf "$open_dir"
	end_all
}

fake() {	# fake FAULT…: from now on the engine lies
	[ -n "$ENGINE_SOCKET" ] || skip "the engine is not at a unix socket"
	REAL_HOST=${DOCKER_HOST:-}
	[ -z "$FAKE" ] || { kill "$FAKE"; wait "$FAKE" || true; } 2>/dev/null
	rm -f "$BATS_TEST_TMPDIR/engine"
	DOCKER_HOST=unix://$ENGINE_SOCKET "$CEE_ROOT/tests/tools/fakeengine.py" "$BATS_TEST_TMPDIR/engine" "$@" 3>&- &
	FAKE=$!
	wait_until 10 test -S "$BATS_TEST_TMPDIR/engine"
	export DOCKER_HOST=unix://$BATS_TEST_TMPDIR/engine
}

conf() { sed -i "/^${1%% *} /d" "$CEE_CONF"; echo "$1" >> "$CEE_CONF"; }	# conf 'KEY = VALUE'

refuses() {	# refuses STATUS WORD…: the runner does not begin; its last line has all the words
	local want=$1 word
	shift
	run --separate-stderr timeout 60 cee-runner
	[ "$status" -eq "$want" ] || { echo "status $status: $stderr"; return 1; }
	[ -z "$output" ]
	stderr=${stderr_lines[-1]}
	for word; do
		[[ $stderr == "cee-runner: "*"$word"* ]] || { echo "no '$word' in: $stderr"; return 1; }
	done
	no_boxes
	[ -z "$(ls -A "$CEE_SPOOL/cur")" ]
}

@test "the runner refuses an engine whose API is too old" {
	fake api=1.40
	refuses 69 'its API is 1.40, older than 1.41' 'upgrade the engine'
}

@test "the runner refuses an engine that says it has no limits" {
	fake info:MemoryLimit=false 'info:Warnings=["WARNING: No memory limit support"]'
	refuses 69 'cannot limit memory' 'No memory limit support' 'cgroup controllers'
	fake info:PidsLimit=false
	refuses 69 'cannot limit processes' 'cgroup controllers'
	fake 'info:CgroupDriver="none"' 'info:SecurityOptions=["name=rootless"]'
	refuses 69 'has no cgroups' 'Delegate='
}

@test "the runner refuses an engine that accepts a limit and does not enforce it" {
	fake set:Memory=0 set:MemorySwap=0
	refuses 69 'does not enforce the memory limit' 'cgroup controllers'
	fake set:PidsLimit=0
	refuses 69 'does not enforce the limit of processes' 'cgroup controllers'
}

@test "the runner refuses an invalid runtime, seccomp profile or init" {
	conf 'runtime = nonsense'
	refuses 78 'runtime = nonsense' 'set runtime in cee.conf to one of: '
	conf 'runtime ='
	echo '{"nonsense": ' > "$BATS_TEST_TMPDIR/bad.json"
	conf "seccomp = $BATS_TEST_TMPDIR/bad.json"
	refuses 78 'seccomp' 'set seccomp in cee.conf'
	conf "seccomp = $CEE_ROOT/etc/seccomp.json"
	conf 'init = /bin/true'
	refuses 78 'cee-init' 'set init in cee.conf'
	conf 'init = /nowhere/cee-init'
	refuses 78 'init = /nowhere/cee-init'
}

@test "the runner refuses a spool that it cannot write" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	open_dir=$(mktemp -d)	# bats keeps its own for itself
	mv "$CEE_SPOOL" "$CEE_CONF" "$open_dir"
	chmod -R a+rX "$open_dir"
	export CEE_SPOOL=$open_dir/spool CEE_CONF=$open_dir/cee.conf
	run --separate-stderr timeout 60 setpriv --reuid 65534 --clear-groups "$CEE_BIN/cee-runner"
	echo "$stderr"
	[ "$status" -eq 78 ]
	[[ ${stderr_lines[-1]} == *"$CEE_SPOOL"*"Permission denied"* ]]
}

@test "an engine that is merely away is waited for" {
	[ -n "$ENGINE_SOCKET" ] || skip "the engine is not at a unix socket"
	REAL_HOST=${DOCKER_HOST:-}
	export DOCKER_HOST=unix://$BATS_TEST_TMPDIR/engine
	NO_WAIT=1 start_runner
	wait_until 10 grep -q 'state=away' "$RUNNER_LOG"
	ln -s "$ENGINE_SOCKET" "$BATS_TEST_TMPDIR/engine"
	wait_until 30 grep -q 'self-test' "$RUNNER_LOG"
	next_job_runs
}

# ---- cee-doctor ---------------------------------------------------------------------

finds() {	# finds STATUS NAME WORD… -- CHECK…: these checks say STATUS of NAME, with all the words
	local status_wanted=$1 name=$2 line word words=()
	shift 2
	while [ "$1" != -- ]; do words+=("$1"); shift; done
	shift
	run --separate-stderr timeout 120 cee-doctor "$@"
	echo "$output"
	line=$(grep "^$status_wanted $name: " <<< "$output")
	for word in "${words[@]}"; do
		[[ $line == *"$word"* ]] || { echo "no '$word' in: $line"; return 1; }
	done
	[ -z "$stderr" ]
	if [ "$status_wanted" = FAIL ]; then [ "$status" -eq 1 ]; else [ "$status" -eq 0 ]; fi
	no_boxes
}

@test "a host that is fit: a line for each check, every limit tried, nothing left behind" {
	start_runner
	run --separate-stderr cee-doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	lacks -v -E '^(ok  |warn) [a-z_]+( [a-z0-9+]+)?: ' <<< "$output"
	for name in engine api cgroup runtime seccomp init box cells tmpfs cpu wall memory processes output file_size \
			disk inodes open_files stack clock spool room uids inotify boxes runner; do
		[ "$(grep -c "^ok   $name: " <<< "$output")" -eq 1 ] || [ "$name" = boxes ] || [ "$name" = inotify ] || { echo "$name"; return 1; }
	done
	# of this spool alone: the engine may serve a test of another checkout
	left=$(containers "cee.spool=$(realpath "$CEE_SPOOL")" -- 'select(.Labels["cee.runner"] // "" | startswith("doctor-")) | .Id')
	[ -z "$left" ]
	[ -z "$(find "$CEE_SPOOL" -newer "$CEE_CONF" -path '*doctor*')" ]
}

@test "only the checks that are named; --json, -q, --list, colour, unknown names" {
	run cee-doctor uids clock
	[ "$status" -eq 0 ]
	[ "$(wc -l <<< "$output")" -eq 2 ]
	[ "$(cee-doctor --json api | jq -r '.name + " " + .status')" = "api ok" ]
	run cee-doctor -q api uids
	[ "$status" -eq 0 ] && [ -z "$output" ]
	[ "$(cee-doctor --list | grep -c -x -e memory -e spool -e runner)" -eq 3 ]
	run --separate-stderr cee-doctor nonsense
	[ "$status" -eq 64 ] && [ -z "$output" ]
	script -qec "cee-doctor uids" /dev/null | grep -q $'\e\\['
	NO_COLOR=1 script -qec "cee-doctor uids" /dev/null | lacks -q $'\e\\['
}

@test "doctor: the engine" {
	DOCKER_HOST=unix:///nowhere/sock finds FAIL engine 'no engine answers at unix:///nowhere/sock' 'docker_host' -- engine
	DOCKER_HOST=nonsense finds FAIL engine 'expected unix:///PATH' 'docker_host' -- engine
	DOCKER_HOST=unix:///nowhere/sock finds warn memory 'needs the engine' -- memory
	fake api=1.40
	finds FAIL api 'its API is 1.40, older than 1.41' 'upgrade the engine' -- api
	fake hold=/info
	SECONDS=0
	timeout -s INT 2 cee-doctor engine || [ $? -ne 0 ]
	[ $SECONDS -lt 10 ]
}

@test "doctor: limits that are not enforced" {
	fake info:MemoryLimit=false 'info:Warnings=["WARNING: No memory limit support"]'
	finds FAIL cgroup 'cannot limit memory' 'No memory limit support' 'cgroup controllers' -- cgroup
	fake 'info:CgroupDriver="none"' 'info:SecurityOptions=["name=rootless"]'
	finds FAIL cgroup 'has no cgroups' 'Delegate=' -- cgroup
	fake set:Memory=0 set:MemorySwap=0
	finds FAIL memory 'does not enforce the memory limit' 'cgroup controllers' -- memory
	fake set:PidsLimit=0
	finds FAIL processes 'does not enforce the limit of processes' 'cgroup controllers' -- processes
}

@test "doctor: runtime, seccomp profile, cee-init, cells" {
	conf 'runtime = nonsense'
	finds FAIL runtime 'runtime = nonsense' 'set runtime in cee.conf' -- runtime
	finds FAIL box 'no box comes up' -- box
	conf 'runtime ='
	echo '{"nonsense": ' > "$BATS_TEST_TMPDIR/bad.json"
	conf "seccomp = $BATS_TEST_TMPDIR/bad.json"
	finds FAIL seccomp 'not a JSON object' 'set seccomp in cee.conf' -- seccomp
	echo '{"defaultAction": "NONSENSE"}' > "$BATS_TEST_TMPDIR/bad.json"
	finds FAIL seccomp 'bad.json' 'set seccomp in cee.conf' -- seccomp
	conf 'seccomp = /nowhere.json'
	finds FAIL seccomp '/nowhere.json: No such file' 'set seccomp in cee.conf' -- seccomp
	jq '.syscalls |= map(select((.names | index("mount") or index("clone")) | not))
		+ [{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]' \
		"$CEE_ROOT/etc/seccomp.json" > "$BATS_TEST_TMPDIR/docker.json"
	conf "seccomp = $BATS_TEST_TMPDIR/docker.json"
	finds warn cells 'seccomp profile' 'under the stricter filter' 'set seccomp' -- cells
	finds 'ok  ' memory 'memory limit' -- memory
	conf "seccomp = $CEE_ROOT/etc/seccomp.json"
	conf 'init = /bin/true'
	finds FAIL init '/bin/true' 'set init in cee.conf' -- init
	conf 'init = /nowhere/cee-init'
	finds FAIL init '/nowhere/cee-init: No such file' 'set init in cee.conf' -- init
	finds FAIL box 'no box comes up' 'set init in cee.conf' -- box
}

@test "doctor: the spool" {
	finds 'ok  ' spool "$CEE_SPOOL" -- spool
	chmod 777 "$CEE_SPOOL"
	finds FAIL spool 'others may write there' "chmod go-w $CEE_SPOOL" -- spool
	chmod 700 "$CEE_SPOOL"
	conf 'min_room = 1000000G'
	finds FAIL room 'new jobs are refused below' 'min_room' -- room
	conf 'min_room = 1M'
	CEE_SPOOL=/nowhere/spool finds FAIL spool 'no such spool' 'make one' -- spool
	echo 'cee-spool 99' > "$CEE_SPOOL/VERSION"
	finds FAIL spool 'another version' -- spool
}

@test "doctor: a spool on a file system that is read-only, or without inodes, or another's" {
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	small=$BATS_TEST_TMPDIR/small
	mkdir "$small"
	unshare -m sh -c 'mount -t tmpfs -o size=2G,nr_inodes=500 none "$1" && cp -a "$CEE_SPOOL" "$1/spool" &&
		CEE_SPOOL=$1/spool cee-doctor room; mount -o remount,ro "$1" && CEE_SPOOL=$1/spool cee-doctor spool' sh "$small" > "$small.out" || true
	cat "$small.out"
	grep -q '^FAIL room: .*inodes left: remove old results' "$small.out"
	grep -q '^FAIL spool: .*Read-only file system: mount it read-write' "$small.out"
	open_dir=$(mktemp -d)
	mv "$CEE_SPOOL" "$CEE_CONF" "$open_dir"
	chmod -R a+rX "$open_dir"
	export CEE_SPOOL=$open_dir/spool CEE_CONF=$open_dir/cee.conf
	run setpriv --reuid 65534 --clear-groups "$CEE_BIN/cee-doctor" spool
	[ "$status" -eq 1 ]
	[[ "$output" == *"belongs to uid 0, and this is uid 65534: run this and cee-runner as uid 0"* ]]
}

@test "doctor: languages, images, user numbers, configuration, boxes and runners" {
	mkdir "$BATS_TEST_TMPDIR/l"
	jq '.image = "cee/nowhere:never" | .name = "mine" | .aliases = []' "$CEE_ROOT/etc/languages.d/python.json" > "$BATS_TEST_TMPDIR/l/mine.json"
	conf "languages = $BATS_TEST_TMPDIR/l"
	finds FAIL 'image mine' 'cee/nowhere:never is missing' 'cee-lang build mine' -- images
	finds warn memory 'no language has its image' -- memory
	echo '{' > "$BATS_TEST_TMPDIR/l/mine.json"
	finds FAIL languages 'mine.json' 'correct that file' -- languages
	rm "$BATS_TEST_TMPDIR/l/mine.json"
	finds FAIL languages 'contains no language file' -- languages
	conf "languages = $CEE_ROOT/etc/languages.d"
	conf 'uids = 65000:1000'
	finds FAIL uids 'nobody' 'set uids = ' -- uids
	conf 'uids = 900000:1000'
	finds warn runner 'none is alive' 'start cee-runner' -- runner
	start_runner
	finds 'ok  ' runner '1 alive' -- runner
	id=$(engine POST /containers/create -H 'Content-Type: application/json' -d '{"Image": "cee/python:latest", "Cmd": ["true"], "Labels": {
		"cee.spool": "'"$(realpath "$CEE_SPOOL")"'", "cee.runner": "dead.1.2"}}' | jq -r .Id)
	run cee-doctor boxes
	engine DELETE "/containers/$id?force=1"
	[[ "$output" == "warn boxes: 1 box of dead runners is left (${id:0:12}): start a cee-runner"* ]]
	conf 'nonsense = 1'
	finds FAIL conf 'nonsense' 'cee.conf(5)' --
}

@test "doctor: inotify instances used up, by this user's own processes" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be a user whose instances are counted"
	python3 - <<-'PY' 3>&- &
		import ctypes, os, signal
		libc = ctypes.CDLL(None)
		os.setuid(65533)
		libc.prctl(4, 1, 0, 0, 0)	# its /proc is its own again
		while libc.inotify_init() >= 0: pass
		signal.pause()
	PY
	hog=$!
	fds() { [ "$(find "/proc/$hog/fd" -lname anon_inode:inotify 2> /dev/null | wc -l)" -ge "$(cat /proc/sys/fs/inotify/max_user_instances)" ]; }
	wait_until 10 fds || { kill $hog; skip "instances do not end here"; }
	run setpriv --reuid 65533 --clear-groups env CEE_CONF=/dev/null CEE_SPOOL=/nowhere "$CEE_BIN/cee-doctor" inotify
	kill $hog
	wait $hog || true
	[ "$status" -eq 0 ]
	[[ "$output" == "warn inotify: "*"instances are in use"*"sysctl fs.inotify.max_user_instances"* ]]
}

@test "Ctrl-C in the middle of the limit probes: an end at once, and no box is left" {
	cee-doctor > "$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	has_box() { [ -n "$(boxes)" ]; }
	wait_until 20 has_box
	kill -INT $pid
	run wait $pid
	wait $pid && s=0 || s=$?
	[ "$s" -eq 130 ]
	wait_until 10 no_boxes
}
