# A host that is not fit: the runner refuses to begin with one sentence, and cee-doctor names the
# thing and its remedy. Faults that the engine here does not have come from tests/tools/fakeengine.py,
# which stands before it and passes on all else.

load lib

setup() {
	new_spool
	FAKE=
}

teardown() {
	[ -z "$FAKE" ] || { kill "$FAKE"; wait "$FAKE" || true; } 2>/dev/null
	unset DOCKER_HOST
	[ -z "${REAL_HOST:-}" ] || export DOCKER_HOST=$REAL_HOST
	end_all
	[ -z "${open_dir:-}" ] || rm -rf "$open_dir"
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

@test "the runner refuses an engine that takes a limit and does not keep it" {
	fake set:Memory=0 set:MemorySwap=0
	refuses 69 'does not enforce the memory limit' 'cgroup controllers'
	fake set:PidsLimit=0
	refuses 69 'does not enforce the limit of processes' 'cgroup controllers'
}

@test "the runner refuses a runtime, a seccomp profile, an init that cannot be" {
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
