# lib.bash - what the test files share. Each test has a spool and a runner of its own,
# and leaves no container, process or mount of them behind.

bats_require_minimum_version 1.5.0
: "${CEE_ROOT:=$(cd "$BATS_TEST_DIRNAME/.." && pwd)}"
: "${CEE_BIN:=$CEE_ROOT/bin}"
PATH=$CEE_BIN:$PATH
case ${DOCKER_HOST:-unix:///var/run/docker.sock} in
unix://*) ENGINE_SOCKET=${DOCKER_HOST:-unix:///var/run/docker.sock}; ENGINE_SOCKET=${ENGINE_SOCKET#unix://} ENGINE_URL=http://engine ;;
*) ENGINE_SOCKET= ENGINE_URL=http://${DOCKER_HOST#tcp://} ;;
esac

at_engine() {	# at_engine PATH [curl options]: without a version
	local path=$1
	shift
	curl -sS ${ENGINE_SOCKET:+--unix-socket "$ENGINE_SOCKET"} "$ENGINE_URL$path" "$@"
}

# The version is the engine's own: one that is too old for it would be refused, with an answer that is not a list.
[ -n "${CEE_TEST_API:-}" ] || CEE_TEST_API=$(at_engine /version 2> /dev/null | jq -r '.ApiVersion // empty')
export CEE_TEST_API

engine() {	# engine METHOD PATH [curl options]: the engine itself, not through cee
	local method=$1 path=$2
	shift 2
	[ -n "$CEE_TEST_API" ] || { echo "the engine did not say which version of the API it has" >&2; return 1; }
	at_engine "/v$CEE_TEST_API$path" -X "$method" "$@"
}

# containers [LABEL[=VALUE]…] [-- JQ]: a line for each container with these labels, its id or what the filter says.
# Fails if the engine gives no list: that none is left must not be seen in an error.
containers() {
	local labels=() answer
	while [ $# -gt 0 ] && [ "$1" != -- ]; do labels+=("$1"); shift; done
	answer=$(engine GET /containers/json -G -d all=1 \
		--data-urlencode "filters=$(jq -nc '{label: $ARGS.positional}' --args "${labels[@]}")") || return
	jq -rn "input | if type == \"array\" then .[] else error(\"no list of containers: \(.)\") end | ${2:-.Id}" <<< "$answer"
}

new_spool() {
	export CEE_SPOOL=$BATS_TEST_TMPDIR/spool
	export CEE_CONF=$BATS_TEST_TMPDIR/cee.conf
	cat > "$CEE_CONF" <<-CONF
		languages = $CEE_ROOT/etc/languages.d
		seccomp = $CEE_ROOT/etc/seccomp.json
		init = $CEE_BIN/cee-init
		jobs = 2
		warm = 0
		${1:-}
	CONF
	[ -z "${CEE_TEST_CELLS:-}" ] || [[ ${1:-} == *cells* ]] ||
		printf '%s\n' "cells = $CEE_TEST_CELLS" 'box_sockets = never' >> "$CEE_CONF"
	cee-lang publish
	OWNER=uid-$(id -u)
	RUNNERS=()
}

# Tests/run has some files run a second time with CEE_TEST_CELLS=never: they must hold without cells too, and with all frames
# going through the engine.
needs_cells() {	# needs_cells WHY
	[ "${CEE_TEST_CELLS:-}" != never ] || skip "$1"
}

wait_until() {	# wait_until SECONDS COMMAND…: true as soon as the command is
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "not within the time: $*" >&2; return 1; }
		sleep 0.05
	done
}

start_runner() {	# the runner's pid is in RUNNER, its log in RUNNER_LOG
	RUNNER_LOG=$BATS_TEST_TMPDIR/runner-${#RUNNERS[@]}.log
	cee-runner "$@" 2> "$RUNNER_LOG" 3>&- &
	RUNNER=$!
	RUNNERS+=("$RUNNER")
	[ -n "${NO_WAIT:-}" ] || wait_until 30 grep -q 'self-test' "$RUNNER_LOG"
}

stop_runner() {	# stop_runner [PID]
	local pid=${1:-$RUNNER}
	kill -TERM "$pid" 2>/dev/null || return 0
	wait "$pid"
}

boxes() { containers "cee.spool=$(realpath "$CEE_SPOOL")"; }
no_boxes() {
	local left
	left=$(boxes) && [ -z "$left" ]
}
boxes_are() {	# boxes_are NUMBER
	local all
	all=$(boxes) && [ "$(wc -w <<< "$all")" -eq "$1" ]
}

end_all() {	# teardown: also when a test failed in the middle
	local pid id
	for pid in "${RUNNERS[@]:-}"; do
		[ -n "$pid" ] || continue
		kill -CONT "$pid" 2>/dev/null
		kill -TERM "$pid" 2>/dev/null && kill -TERM "$pid" 2>/dev/null
		for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	for id in $(boxes); do engine DELETE "/containers/$id?force=1&v=1" > /dev/null; done
	if ls "$BATS_TEST_TMPDIR"/runner-*.log > /dev/null 2>&1 && [ -n "${BATS_ERROR_STATUS:-}" ] && [ "${BATS_ERROR_STATUS:-0}" != 0 ]; then
		tail -n 30 "$BATS_TEST_TMPDIR"/runner-*.log >&2
	fi
	no_reports
}

# What sanitizers reported since the last test, in any process (tests/tools/sanitize.c); with several files at a time
# the test that ends first has it. What cee-init reports is in its runner's log.
no_reports() {
	local report found=0
	for report in "$CEE_BIN"/../reports/*; do
		mv "$report" "$BATS_TEST_TMPDIR" 2> /dev/null || continue
		cat "$BATS_TEST_TMPDIR/${report##*/}"
		found=1
	done
	if grep -s 'runtime error:' "$BATS_TEST_TMPDIR"/*.log; then found=1; fi
	return $found
}

# verdict ID JQ. Seconds are written as 7.000000, which jq prints as 7 before version 1.7 and as it came from then on.
verdict() { cee-stat --json "$1" | jq -r "walk(if type == \"number\" then . + 0 else . end) | $2"; }

# bats does not see a failure behind "!": this is its negation of grep
lacks() { if grep "$@"; then return 1; fi; }

stopped() { [ "$(ps -o state= -p "$1" | tr -d ' ')" = T ]; }

state_is() { [ "$(verdict "$1" .state 2>/dev/null)" = "$2" ]; }

OUT_PATH='out/*'	# beneath an owner: its finished jobs are OUT_PATH/ID

any() { compgen -G "$1" > /dev/null; }	# any PATTERN: is there such a path?

ended() { [ -e "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$1"/result)" ]; }

retired() { [ -e "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$1"/job)" ]; }

no_cancel_request() { [ -z "$(ls "$CEE_SPOOL/$OWNER/cancel")" ]; }

has_line() {	# has_line ID LINE: its output begins with that line by now
	[ "$(cee-log -o "$1" 2>/dev/null | head -n 1)" = "$2" ]
}

sound() { run cee-fsck; [ "$status" -eq 0 ] || { echo "$output"; return 1; }; }

py() {	# py 'PROGRAM' [cee-submit options]: one Python job, waited for
	local program=$1
	shift
	printf '%s' "$program" > "$BATS_TEST_TMPDIR/p.py"
	cee-submit -w "$@" "$BATS_TEST_TMPDIR/p.py"
}

next_job_runs() {
	run --separate-stderr py 'print("next")'
	[ "$status" -eq 0 ] && [ "$output" = next ]
}
