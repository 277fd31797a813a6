# What all programs do alike: help, version, usage errors, man pages; output that cannot be written is an error,
# colours only on a terminal, and Ctrl-C ends a wait at once.

load lib

setup() { new_spool > /dev/null; }
teardown() { end_all; }

programs() { (cd "$CEE_BIN" && ls -d cee-* && cd "$CEE_ROOT/bin" && ls -d cee-init) | sort -u; }

path_of() { if [ -x "$CEE_BIN/$1" ]; then echo "$CEE_BIN/$1"; else echo "$CEE_ROOT/bin/$1"; fi; }

page_of() { ls "$CEE_ROOT/man/$1".[0-9]; }

# each CHECK: calls CHECK PROGRAM PATH for every program and names all for which it fails
each() {
	local bad=() p
	for p in $(programs); do
		"$1" "$p" "$(path_of "$p")" || bad+=("$p")
	done
	[ "${#bad[@]}" -eq 0 ] || { echo "not so: ${bad[*]}"; return 1; }
}

helps() {
	run --separate-stderr env -i "$2" --help < /dev/null
	[ "$status" -eq 0 ] && [ -z "$stderr" ] && [[ "$output" == "usage: "* ]] || return 1
	# nothing wider than a terminal
	[ "$(wc -L <<< "$output")" -le 100 ] || { echo "$1: a line of --help is wider than 100"; return 1; }
}
@test "--help: on standard output, status 0, without any configuration" { each helps; }

says_version() {
	run --separate-stderr env -i "$2" --version < /dev/null
	[ "$status" -eq 0 ] && [ -z "$stderr" ] && [[ "$output" =~ ^$1\ \(cee\)\ [0-9]+\.[0-9]+ ]] && [ "${#lines[@]}" -eq 1 ]
}
@test "--version: one line, its name and the version" { each says_version; }

# cee-run's status is the program's, so its own failures are 125, as those of env and timeout are
usage_status() { case $1 in cee-run) echo 125 ;; *) echo 64 ;; esac; }

refuses_unknown() {
	local bad
	for bad in --no-such-option -% ; do
		[ "$1" != cee-init ] || bad=--no-such-option
		run --separate-stderr "$2" $bad < /dev/null
		[ "$status" -eq "$(usage_status "$1")" ] && [ -z "$output" ] && [ "${#stderr_lines[@]}" -eq 1 ] || return 1
		[[ "$stderr" == "$1: "* ]] || return 1
		[ "$1" = cee-init ] || [[ "$stderr" == *"$bad"*"\"$1 --help\""* ]] || return 1
	done
}
@test "an unknown option: status 64, one line on standard error, nothing on standard output" { each refuses_unknown; }

wants_value() {
	[ "$1" != cee-init ] || return 0
	grep -q -- --spool <<< "$("$2" --help)" || return 0
	run --separate-stderr "$2" --spool < /dev/null
	[ "$status" -eq "$(usage_status "$1")" ] && [[ "$stderr" == "$1: --spool: missing value"* ]] || return 1
	run --separate-stderr "$2" --version=5 < /dev/null
	[ "$status" -eq "$(usage_status "$1")" ] && [[ "$stderr" == "$1: --version=5: this option takes no value"* ]]
}
@test "an option without its value, and one with a value too many" { each wants_value; }

long_options() { sed -E 's/[^-]--([^a-z]|$)/ /g' | grep -oE -- '(^|[^a-zA-Z0-9-])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u; }

# the options that the page's lists and its synopsis name; other text may speak of other programs'
page_options() {
	grep -E '^\.(It|Op|Fl) .*-|^\.Fl -' "$(page_of "$1")" | grep -oE '(Fl|,|Ns) -[a-z][a-z-]+' | sed -E 's/^[A-Za-z,]+ /-/' | sort -u
}

agrees() {
	local help page
	help=$("$2" --help | long_options)
	page=$(page_options "$1")
	[ "$help" = "$page" ] || { echo "$1: --help and its page differ:"; diff <(echo "$help") <(echo "$page"); return 1; }
}
@test "--help and the man page name the same long options" { each agrees; }

has_sections() {
	local s page
	page=$(page_of "$1") || { echo "$1 has no man page"; return 1; }
	for s in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		grep -qx ".Sh $s" "$page" || { echo "$page: no $s"; return 1; }
	done
	grep -q "^\.Nd " "$page"
}
@test "every program has a man page with its sections" { each has_sections; }

known_to_cee7() { grep -q "^.It Xr $1 " "$CEE_ROOT/man/cee.7" || { echo "cee(7) does not name $1"; return 1; }; }
@test "cee(7) names every program" { each known_to_cee7; }

pages_of_see_also() {
	local x
	while read -r _ x section _; do
		[ -e "$CEE_ROOT/man/$x.$section" ] || { echo "$1 names $x($section), which is not there"; return 1; }
	done < <(grep -hE '^\.Xr cee[a-z.-]* [0-9]' "$(page_of "$1")")
}
@test "pages of cee that a page names are there" { each pages_of_see_also; }

lost() {
	local o
	for o in --help --version; do
		run --separate-stderr sh -c '"$0" "$1" > /dev/full' "$2" $o
		[ "$status" -ne 0 ] && [ "${#stderr_lines[@]}" -eq 1 ] && [[ "$stderr" == "$1: standard output: "* ]] || return 1
		run --separate-stderr sh -c '"$0" "$1" >&-' "$2" $o
		[ "$status" -ne 0 ] && [ "${#stderr_lines[@]}" -eq 1 ] && [[ "$stderr" == "$1: standard output: "* ]] || return 1
	done
}
@test "a full or closed standard output is reported as an error" { each lost; }

@test "a full or closed standard output is an error for their main task, too" {
	start_runner
	echo 'print("out")' > "$BATS_TEST_TMPDIR/p.py"
	id=$(cee-submit --collect "*.py" "$BATS_TEST_TMPDIR/p.py")
	cee-stat --wait "$id" > /dev/null
	for c in "cee-submit $BATS_TEST_TMPDIR/p.py" "cee-submit -w $BATS_TEST_TMPDIR/p.py" "cee-log $id" "cee-log -f $id" \
			"cee-stat $id" "cee-stat --json $id" "cee-stat" "cee-lang list" "cee-lang list --json" "cee-doctor uids" \
			"cee-doctor --list" "cee-fsck" "cee-files $id" "cee-files $id p.py" "cee-files --tar $id"; do
		for to in '> /dev/full' '>&-'; do
			run --separate-stderr timeout 60 sh -c "$c $to"
			[ "$status" -ne 0 ] && [ "$(grep -c 'standard output' <<< "$stderr")" -eq 1 ] ||
				{ echo "not one message: $c $to: status $status, $stderr"; return 1; }
		done
	done
}

@test "no output on success unless asked for" {
	start_runner
	echo 'pass' > "$BATS_TEST_TMPDIR/p.py"
	run cee-submit -w "$BATS_TEST_TMPDIR/p.py"
	[ "$status" -eq 0 ] && [ -z "$output" ]
	NO_WAIT=1
	printf 'import time\ntime.sleep(60)\n' > "$BATS_TEST_TMPDIR/s.py"
	id=$(cee-submit "$BATS_TEST_TMPDIR/s.py")
	run cee-cancel -w "$id"
	[ "$status" -eq 0 ] && [ -z "$output" ]
	run cee-doctor -q uids clock
	[ "$status" -eq 0 ] && [ -z "$output" ]
	run cee-log "$id"
	[ -z "$output" ]
}

@test "no colours but on a terminal, and none there with NO_COLOR" {
	start_runner
	echo 'print(1)' > "$BATS_TEST_TMPDIR/p.py"
	id=$(cee-submit "$BATS_TEST_TMPDIR/p.py")
	cee-stat --wait "$id" > /dev/null
	for c in "cee-stat $id" "cee-stat" "cee-log $id" "cee-lang list" "cee-doctor uids" "cee-fsck" "cee-submit --help"; do
		$c 2>&1 | lacks -q $'\e'
		NO_COLOR=1 script -qec "$c" /dev/null < /dev/null | lacks -q $'\e\\[[0-9;]*m'
	done
}

ended_or_zombie() { ! kill -0 "$1" 2> /dev/null || [ "$(ps -o state= -p "$1" | tr -d ' ')" = Z ]; }

ends_at_once() {	# ends_at_once STATUS COMMAND…: on SIGINT, while it waits
	local want=$1 s=0
	shift
	env --default-signal=INT "$@" < /dev/null > /dev/null 2>&1 3>&- &
	local pid=$!
	asleep() { [ "$(ps -o state= -p $pid | tr -d ' ')" = S ]; }
	wait_until 10 asleep
	sleep 0.2	# into its wait: there is nothing to see that by
	SECONDS=0
	kill -INT $pid
	if [ -n "${TWICE:-}" ]; then	# the first one cancels the job, which wants a runner
		sleep 0.5
		kill -INT $pid
	fi
	wait_until 10 ended_or_zombie $pid || kill -KILL $pid
	wait $pid || s=$?
	[ $SECONDS -le 5 ] || { echo "$*: took $SECONDS s"; return 1; }
	[ "$s" -eq "$want" ] || { echo "$*: status $s"; return 1; }
}

@test "Ctrl-C ends what waits at once" {	# nobody runs the job
	echo 'print(1)' > "$BATS_TEST_TMPDIR/p.py"
	id=$(cee-submit "$BATS_TEST_TMPDIR/p.py" 2> /dev/null)
	ends_at_once 130 cee-log -f "$id"
	ends_at_once 130 cee-stat --wait "$id"
	TWICE=1 ends_at_once 130 cee-submit -w "$BATS_TEST_TMPDIR/p.py"
	ends_at_once 130 cee-cancel -w "$id"
	ends_at_once 0 cee-runner
	DOCKER_HOST=unix:///nowhere/sock ends_at_once 0 cee-runner
}
