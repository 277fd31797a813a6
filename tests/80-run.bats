# cee-run: a program in a box as a filter. Streamed input, signals, statuses, verdicts.
load lib

setup() {
	new_spool
	cd "$BATS_TEST_TMPDIR" || return 1
	echo 'import sys
for l in sys.stdin: print(l.upper(), end="", flush=True)' > up.py
	echo 'import sys
n = 0
while b := sys.stdin.buffer.read(1 << 20): n += len(b)
print(n)' > count.py
	[[ "$BATS_TEST_DESCRIPTION" == *"no runner"* ]] || start_runner
}
teardown() { end_all; }

no_input() { [ -z "$(ls -A "$CEE_SPOOL/$OWNER/in")" ]; }
after() { wait_until 10 no_input && sound; }
results() { cat "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result; }
# started in the background, and yet with the signals of the foreground
fore() { exec python3 -c 'import os, signal, sys
for s in (1, 2, 3, 15): signal.signal(s, 0)
os.execvp(sys.argv[1], sys.argv[1:])' "$@" 3>&-; }
new_id() { python3 -c 'import os, time, uuid
print(uuid.UUID(int=int(time.time() * 1000) << 80 | 7 << 76 | 2 << 62 | int.from_bytes(os.urandom(7), "big")))'; }
by_hand() { printf '%s' "$2" > "$CEE_SPOOL/$OWNER/tmp/$1" && mv -n "$CEE_SPOOL/$OWNER/tmp/$1" "$CEE_SPOOL/$OWNER/new/5.$1"; }

@test "a filter: input, both outputs, arguments as they are, the program's status" {
	echo 'import sys
print(sys.stdin.read(), sys.argv[1:])
print("error", file=sys.stderr)
sys.exit(7)' > p.py
	run --separate-stderr cee-run python p.py -x --help "a b" '' < <(printf 'in\nput')
	[ "$status" -eq 7 ]
	[ "$output" = $'in\nput ['"'-x', '--help', 'a b', '']" ]
	[ "$stderr" = error ]
	[ "$(seq 3 | cee-run python up.py | sed 's/$/!/')" = $'1!\n2!\n3!' ]
	seq 200000 | cee-run python up.py | cmp - <(seq 200000)
	after
}

@test "the program is standard input, with arguments too; its own input is empty then" {
	[ "$(cee-run python <<< 'import sys; print(sys.argv[1:], repr(sys.stdin.read()))')" = "[] ''" ]
	[ "$(cee-run python - a -b <<< 'import sys; print(sys.argv[1:])')" = "['a', '-b']" ]
	[ "$(cee-run c <<< 'int printf(const char *, ...); int main(void) { printf("c"); }' 2> /dev/null)" = c ]
}

@test "a script begins with #!; lines keep their numbers in every language" {
	printf '#!%s/cee-run python\nimport sys\nprint(sys.argv[0], sys.argv[1:], sys.stdin.read())\n' "$CEE_BIN" > script
	printf '#!%s/cee-run c\n#include <stdio.h>\nint main(int c, char **v) { printf("%%d %%s\\n", __LINE__, v[1]); }\n' "$CEE_BIN" > cscript
	printf '#!%s/cee-run cpp\n#include <cstdio>\nint main() { printf("%%d\\n", __LINE__); }\n' "$CEE_BIN" > cppscript
	printf '#!%s/cee-run bash\necho $LINENO $1\n' "$CEE_BIN" > bscript
	printf '#!%s/cee-run javascript\nconsole.log(process.argv[2])\n' "$CEE_BIN" > jscript
	printf '#!%s/cee-run csharp\nSystem.Console.WriteLine(args[0]);\n#line\n' "$CEE_BIN" > csscript
	chmod +x ./*script
	[ "$(echo in | ./script a -b)" = "script ['a', '-b'] in" ]
	[ "$(./cscript x < /dev/null)" = "3 x" ]
	[ "$(./bscript y < /dev/null)" = "2 y" ]
	[ "$(./cppscript < /dev/null)" = 3 ]
	[ "$(./jscript z < /dev/null)" = z ]
	run ./csscript q < /dev/null
	[ "$status" -eq 126 ]
	[[ "$output" == *"(3,6)"* ]]	# the third line is what is wrong, not the first
	sed -i '$d' csscript
	[ "$(./csscript q < /dev/null)" = q ]
}

@test "files beside it; variables, limits and other options of a job" {
	mkdir lib
	echo 'x = "beside"' > lib/m.py
	echo 'import os; from lib.m import x; print(x, os.environ["V"])' > p.py
	[ "$(cee-run --with lib/m.py -E V=w -L cpu=1s --label a=b python p.py < /dev/null)" = "beside w" ]
	run cee-run -L wall=0.3 python <<< 'import time; time.sleep(9)'
	[ "$status" -eq 124 ]
}

@test "input is passed on as it comes: each line is answered before the next is written" {
	coproc cee-run -L wall=60 python up.py 3>&-
	local n answer out=${COPROC[0]} in=${COPROC[1]} pid=$COPROC_PID
	for n in one two three; do
		echo $n >&"$in"
		read -r -t 20 answer <&"$out"
		[ "$answer" = ${n^^} ]
	done
	exec {in}>&-
	wait "$pid"
	after
}

@test "an input of 1 GB, taken whole, and nothing of it stays" {
	[ "$(head -c 1000000000 /dev/zero | cee-run -L cpu=50 python count.py)" = 1000000000 ]
	after
	[ "$(du -sm "$CEE_SPOOL" | cut -f1)" -lt 20 ]
}

@test "an input of nothing: empty, closed, or not asked for" {
	[ "$(cee-run python count.py < /dev/null)" = 0 ]
	[ "$(cee-run python count.py <&-)" = 0 ]
	[ "$(: | cee-run python count.py)" = 0 ]
	mkfifo f
	exec {held}<> f		# never at its end
	[ "$(cee-run -n python count.py < f)" = 0 ]
	exec {held}>&-
	after
}

@test "an input that never ends: a program that takes little of it, and ends" {
	[ "$(yes | cee-run python <(echo 'print(input(), input())'))" = "y y" ]
	after
}

@test "an input that never ends: a program that takes nothing of it, and one that closes it" {
	local p file size
	for p in 'import time; print(1, flush=True); time.sleep(60)' \
		'import os, time; os.close(0); print(1, flush=True); time.sleep(60)'; do
		echo "$p" > p.py
		rm -f o	# of the round before: what is waited for must be this one's
		yes 2> /dev/null | fore cee-run -L wall=100 python p.py > o 2>&1 &
		wait_until 20 grep -q 1 o
		wait_until 20 any "$CEE_SPOOL/$OWNER/in/*"
		file=$(echo "$CEE_SPOOL/$OWNER"/in/*)
		sleep 1
		size=$(stat -c %s "$file")
		[ "$size" -gt 1000000 ] && [ "$size" -lt 6000000 ]
		cee-cancel "${file##*/}"
		wait $! || true
		after
	done
}

@test "an input larger than max_stdin ends the job, and says so" {
	echo 'max_stdin = 10M' >> "$CEE_CONF"
	run --separate-stderr cee-run -L cpu=50 -L wall=50 python count.py < <(yes)
	[ "$status" -eq 125 ]
	[ "$(wc -l <<< "$stderr")" -eq 1 ]
	[[ "$stderr" == *max_stdin* ]]
	wait_until 10 any "$CEE_SPOOL/$OWNER/$OUT_PATH/*/result"
	[ "$(results | jq -r .why)" = cancelled ]
	after
	[ "$(head -c 10485760 /dev/zero | cee-run python count.py)" = 10485760 ]
}

@test "a reader that goes away: cee-run ends as a filter does, and the job is cancelled" {
	echo 'import time
while True: print("x" * 1000, flush=True); time.sleep(0.001)' > p.py
	run bash -c 'cee-run -L wall=100 python p.py < /dev/null | head -n 1 > /dev/null; exit ${PIPESTATUS[0]}'
	[ "$status" -eq 141 ]
	[ -z "$output" ]
	wait_until 20 any "$CEE_SPOOL/$OWNER/$OUT_PATH/*/result"
	[ "$(results | jq -r .why)" = cancelled ]
	run bash -c 'yes | cee-run -L wall=100 python up.py | head -n 1 > /dev/null; echo ${PIPESTATUS[*]}'
	[ "$output" = "141 141 0" ]
	after
}

echo_signals='import signal, time
def f(s, _): print("got", s, flush=True)
for s in (1, 3, 15): signal.signal(s, f)
print("up", flush=True)
while True:
    try: time.sleep(60)
    except KeyboardInterrupt: print("got 2", flush=True)'

@test "signals: the first is the program's, which may go on; a second one ends the job" {
	local s
	echo "$echo_signals" > p.py
	for s in 2 15 1 3; do
		rm -f o	# of the round before: what is waited for must be this one's
		fore cee-run -L wall=100 --verdict v python p.py < /dev/null > o 2> e &
		wait_until 20 grep -q up o
		kill -$s $!
		wait_until 10 grep -q "got $s" o
		kill -0 $!
		kill -$s $!
		status=0
		wait $! || status=$?
		[ "$status" -eq 130 ]
		[ "$(jq -r .why v)" = cancelled ]
		[ ! -s e ]
	done
	after
}

@test "signals: a program that leaves them alone ends by them, and so does cee-run" {
	local s
	echo 'import signal, time
signal.signal(2, signal.SIG_DFL)
print("up", flush=True)
time.sleep(60)' > p.py
	for s in 2 15 1 3; do
		rm -f o	# of the round before: what is waited for must be this one's
		fore cee-run -L wall=100 --verdict v python p.py < /dev/null > o 2> e &
		wait_until 20 grep -q up o
		kill -$s $!
		status=0
		wait $! || status=$?
		[ "$status" -eq $((128 + s)) ]
		[ "$(jq -r '.why, .signal' v | tr '\n' ' ')" = "signalled $s " ]
		[ ! -s e ]
	done
	# not only by its number: a loop in a shell ends with it
	run python3 -c 'import os, signal, subprocess, time
signal.signal(2, signal.SIG_DFL)
p = subprocess.Popen(["cee-run", "-L", "wall=100", "python", "p.py"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
p.stdout.readline()
p.send_signal(2)
print(p.wait())'
	[ "$output" = -2 ]
	after
}

@test "signals: before the program runs they end its job; no runner" {
	fore cee-run python up.py < /dev/null > o 2>&1 &
	wait_until 10 any "$CEE_SPOOL/$OWNER/new/*"
	wait_until 10 grep -q runner o
	id=$(ls "$CEE_SPOOL/$OWNER/new")
	id=${id#5.}
	pid=$!
	kill -INT "$pid"
	wait_until 10 test -e "$CEE_SPOOL/$OWNER/cancel/$id"
	start_runner
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 130 ]
	# a signal's file alone will do, and an unknown one is nobody's
	stop_runner
	id=$(cee-submit up.py)
	: > "$CEE_SPOOL/$OWNER/in/$id.TERM"
	start_runner
	wait_until 10 ended "$id"
	[ "$(verdict "$id" .why)" = cancelled ]
	after
}

@test "signals: while it compiles they end the job" {
	printf '#include <stdio.h>\nint main(void) { puts("no"); }\n' > p.c
	jq '.name = "slow" | .aliases = [] | .extensions = [".slow"] | .compile = ["sh", "-c", "echo compiling; exec sleep 20"]' \
		"$CEE_ROOT/etc/languages.d/c.json" > c.json
	mkdir langs
	mv c.json langs/
	sed -i "s,^languages.*,languages = $PWD/langs," "$CEE_CONF"
	kill -HUP "$RUNNER"
	wait_until 10 grep -q reload "$RUNNER_LOG"
	fore cee-run --verdict v slow p.c < /dev/null > o 2> e &
	wait_until 20 grep -q compiling e
	kill -INT $!
	status=0
	wait $! || status=$?
	[ "$status" -eq 130 ]
	[ "$(jq -r .why v)" = cancelled ]
	after
}

@test "a runner killed in the middle: the rerun reads the same input from its beginning" {
	echo 'import sys
for l in sys.stdin: print(l.strip(), flush=True)
print("end", flush=True)' > p.py
	mkfifo f
	fore cee-run -L wall=100 python p.py < f > o 2> e &
	pid=$!
	exec {w}> f
	echo one >&"$w"
	echo two >&"$w"
	wait_until 20 grep -q two o
	kill -KILL "$RUNNER"
	wait "$RUNNER" || true
	echo three >&"$w"
	eval "start_runner $w>&-"	# or it would hold the input open
	wait_until 30 grep -q three o
	echo four >&"$w"
	exec {w}>&-
	wait "$pid"
	[ "$(tr '\n' ' ' < o)" = "one two one two three four end " ]
	grep -q 'attempt 2' e
	after
}

@test "cee-run killed: its job is a job like any other, whose input ends there" {
	echo 'import sys
print("up", flush=True)
print("read", len(sys.stdin.read()), flush=True)' > p.py
	mkfifo f
	fore cee-run -L wall=100 python p.py < f > o 2>&1 &
	exec {w}> f
	printf 12345 >&"$w"
	wait_until 20 grep -q up o
	kill -KILL $!
	wait $! || true
	exec {w}>&-
	wait_until 20 any "$CEE_SPOOL/$OWNER/$OUT_PATH/*/result"
	id=$(results | jq -r .id)
	[ "$(results | jq -r .why)" = exited ]
	[ "$(cee-log "$id")" = $'up\nread 5' ]
	after
}

@test "an input that is a fifo, a link, a folder, a second name of something, or missing is refused" {
	local kind id
	cee-submit -w up.py
	for kind in fifo link folder name missing; do
		id=$(new_id)
		case $kind in
		fifo) mkfifo "$CEE_SPOOL/$OWNER/in/$id" ;;
		link) ln -s /etc/passwd "$CEE_SPOOL/$OWNER/in/$id" ;;
		folder) mkdir "$CEE_SPOOL/$OWNER/in/$id" ;;
		name) echo secret > other; ln other "$CEE_SPOOL/$OWNER/in/$id" ;;
		esac
		by_hand "$id" '{"language":"python","code":"print(input())","stdin_stream":true}'
		wait_until 20 ended "$id"
		[ "$(verdict "$id" .why)" = refused ]
		[[ "$(verdict "$id" .message)" == stdin_stream:* ]]
		[ -z "$(cee-log "$id")" ]
		wait_until 10 retired "$id"
		after
	done
	[ "$(echo next | cee-run python up.py)" = NEXT ]
}

@test "an input written by hand: an end mark of half a line, of too much, a junk name" {
	local id in=$CEE_SPOOL/$OWNER/in
	cee-submit -w up.py
	id=$(new_id)
	printf 'by hand\n' > "$in/$id"
	echo 8 > "$in/$id.end"
	by_hand "$id" '{"language":"python","code":"print(input())","stdin_stream":true}'
	wait_until 20 ended "$id"
	[ "$(cee-log "$id")" = "by hand" ]
	id=$(new_id)
	printf 'half' > "$in/$id"
	echo 8 > "$in/$id.end"
	by_hand "$id" '{"language":"python","code":"import sys; print(sys.stdin.read())","stdin_stream":true,"retries":0}'
	wait_until 20 ended "$id"
	[ "$(verdict "$id" .why)" = lost ]
	wait_until 10 retired "$id"
	: > "$in/junk"
	: > "$in/$id.KILL"
	run cee-fsck
	[ "$status" -eq 1 ]
	[[ "$output" == *junk* && "$output" == *KILL* ]]
	rm "$in/junk" "$in/$id.KILL"
	# what is left of a job that is over goes with --fix
	: > "$in/$id"
	touch -d '10 minutes ago' "$in/$id"
	run cee-fsck
	[[ "$output" == *note:*"$id"* || ! -e $in/$id ]]	# or the scan was faster
	cee-fsck --fix
	no_input
	after
}

@test "submit -w streams with -i -, and otherwise leaves our input alone; stdin_stream in a job" {
	[ "$(seq 3 | while read -r n; do cee-submit -w -j - <<< '{"language":"python","code":"pass"}'; echo "$n"; done)" = $'1\n2\n3' ]
	[ "$(seq 3 | while read -r n; do cee-submit -w count.py; echo "$n"; done | tr '\n' ' ')" = "0 1 0 2 0 3 " ]
	coproc cee-submit -w -L wall=60 -i - up.py 3>&-
	local answer out=${COPROC[0]} in=${COPROC[1]} pid=$COPROC_PID
	echo live >&"$in"
	read -r -t 20 answer <&"$out"
	[ "$answer" = LIVE ]
	exec {in}>&-
	wait "$pid"
	echo '{"language":"python","code":"print(input())","stdin_stream":true}' > j.json
	[ "$(echo said | cee-submit -w -j j.json)" = said ]
	run cee-submit -j j.json
	[ "$status" -eq 65 ]
	[[ "$output" == *stdin_stream*-w* ]]
	run cee-submit - < j.json
	[ "$status" -eq 65 ]
	[[ "$output" == *"line 1"*stdin_stream* ]]
	after
}

@test "xargs, make and pipelines: eight at once, each a process" {
	# print() would be two writes, and others' lines may come between them, as with python3 -u
	for i in 1 2 3 4 5 6 7 8; do echo "import sys; sys.stdout.write('$i\\n')" > n$i.py; done
	[ "$(ls n?.py | xargs -P8 -n1 cee-run python | sort | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 " ]
	printf 'all: $(patsubst %%.py,%%.out,$(wildcard n?.py))\n%%.out: %%.py\n\tcee-run python $< > $@\n' > Makefile
	env -u MAKEFLAGS make -s -j8 < /dev/null
	[ "$(cat n?.out | tr '\n' ' ')" = "1 2 3 4 5 6 7 8 " ]
	echo 'import sys; sys.exit(3)' > n5.py
	run env -u MAKEFLAGS make -s -B -j8 < /dev/null
	[ "$status" -eq 2 ]
	[[ "$output" == *"Error 3"* ]]
	[ "$(seq 5 | cee-run python up.py | cee-run python count.py)" = 10 ]
	after
}

@test "ssh: a forced command, with both streams, the status and an end of input" {
	[ "$(id -u)" -eq 0 ] || skip "sshd lets only root change its user"
	command -v sshd > /dev/null || PATH=$PATH:/usr/sbin
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f key
	echo 'import sys
print(sys.stdin.read().upper(), end="")
print("words", file=sys.stderr)
sys.exit(7)' > forced.py
	echo "command=\"env CEE_SPOOL=$CEE_SPOOL CEE_CONF=$CEE_CONF $CEE_BIN/cee-run python $PWD/forced.py\",restrict $(cat key.pub)" > keys
	printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $PWD/host" "PidFile none" 'UsePAM no' 'StrictModes no' \
		'PermitRootLogin yes' "AuthorizedKeysFile $PWD/keys" > sshd_config
	made=
	[ -d /run/sshd ] || { mkdir /run/sshd && made=1; }
	"$(command -v sshd)" -D -e -f sshd_config 2> sshd.log 3>&- &
	sshd=$!
	RUNNERS+=("$sshd")	# ended with them, whatever happens
	wait_until 10 grep -q listening sshd.log
	status=0
	printf 'a\nb' | ssh -F none -T -q -p "$port" -i key -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile="$PWD/known" root@127.0.0.1 what the caller wants instead > out 2> err || status=$?
	kill "$sshd"
	wait "$sshd" || true
	[ -z "$made" ] || rmdir /run/sshd
	[ "$status" -eq 7 ] || { cat sshd.log err; return 1; }
	[ "$(cat out)" = $'A\nB' ]
	[ "$(cat err)" = words ]
	after
}

both() {	# both STATUS FILE [options of cee-submit and cee-run]: all three programs say the same
	local want=$1 file=$2 id
	shift 2
	status=0
	cee-run "$@" --verdict v1 "${file##*.}" "$file" < /dev/null > o1 2> e1 || status=$?
	[ "$status" -eq "$want" ]
	status=0
	cee-submit -w "$@" --verdict fd:5 "$file" > o2 2> e2 5> v2 || status=$?
	[ "$status" -eq "$want" ]
	id=$(jq -r .id v2)
	status=0
	cee-log -f --verdict v3 "$id" > o3 2> e3 || status=$?
	[ "$status" -eq "$want" ]
	cmp v2 v3
	[ "$(jq -r .why v1)" = "$(jq -r .why v2)" ]
}

@test "statuses: run, submit -w and log -f agree on the table; the verdict tells what they cannot" {
	echo 'import time; time.sleep(9)' > t.py
	both 124 t.py -L wall=0.3
	[ "$(jq -r .why v1)" = "time limit" ]
	[ ! -s e1 ]
	echo 'int main(void) { return nothing; }' > e.c
	both 126 e.c
	[ "$(jq -r .why v1)" = "compile error" ]
	grep -q "e.c:1:" e1
	lacks cee-run e1
	echo 'import os; os.kill(os.getpid(), 11)' > s.py
	both 139 s.py
	[ "$(jq -r .why,.signal v1 | tr '\n' ' ')" = "signalled 11 " ]
	[ ! -s e1 ]
	echo 'x = bytearray(1 << 30)' > m.py
	for n in 0 3 124 125 126 137; do
		echo "import sys; sys.exit($n)" > x.py
		both $n x.py
		[ "$(jq -r .why,.exit_code v1 | tr '\n' ' ')" = "exited $n " ]
		[ ! -s e1 ]
	done
	echo 'print(1)' > p.py
	status=0
	both 125 p.py --start-within 0
	[ "$(jq -r .why v1)" = expired ]
	for e in e1 e2 e3; do
		[ "$(wc -l < $e)" -eq 1 ]
		grep -q expired $e
	done
}

@test "statuses: a failure before there is a job is 125, with one line" {
	local args
	for args in "" "klingon up.py" "python none.py" "-L cpu=x python up.py" "-s none python up.py" \
		"--verdict none/v python up.py" "-L memory=900G python up.py"; do
		run --separate-stderr cee-run $args < /dev/null
		[ "$status" -eq 125 ]
		[ -z "$output" ]
		[[ "$stderr" == cee-run:* ]]
	done
	run cee-run --no-such
	[ "$status" -eq 125 ]
	run cee-run --verdict fd:77 python up.py
	[ "$status" -eq 125 ]
	run cee-run --help
	[ "$status" -eq 0 ]
	[[ "$output" == usage:* ]]
	run cee-run --version
	[ "$status" -eq 0 ]
	[ ! -e "$CEE_SPOOL/$OWNER/new" ] || [ -z "$(ls "$CEE_SPOOL/$OWNER/new")" ]
	after
}

# ---- a terminal

terminal() { python3 "$CEE_ROOT/tests/tools/terminal.py" "$@" 3>&-; }	# terminal SCRIPT -- COMMAND

a_terminal='import os, signal, sys
def say(*words): os.write(1, (" ".join(map(str, words)) + "\n").encode())
signal.signal(signal.SIGWINCH, lambda s, f: say("size", os.get_terminal_size()))
signal.signal(signal.SIGINT, lambda s, f: say("interrupted"))
say("ready", os.get_terminal_size(), os.environ["TERM"], [os.isatty(i) for i in range(3)], os.ttyname(0))
for l in iter(sys.stdin.readline, ""):
    say("<%s>" % l.strip())
    if l.strip() == "exit": sys.exit(5)'

@test "tty: a terminal of its own, with its size, its name and TERM; lines, Ctrl-C and Ctrl-D are typed" {
	echo "$a_terminal" > p.py
	TERM=vt220 terminal 'expect("ready os.terminal_size(columns=100, lines=30) vt220 [True, True, True] /dev/pts/")
assert raw()
send(b"abc\x7fd\r"); expect("<abd>")
send(b"\x03"); expect("interrupted")
send(b"\x03"); expect("interrupted")
resize(50, 132); expect("columns=132, lines=50")
send(b"exit\r"); expect("<exit>")
assert wait() == 5' -- cee-run --tty -L wall=60 python p.py
	terminal 'expect("ready"); send(b"\x04"); assert wait() == 0' -- cee-run --tty -L wall=60 python p.py
	after
}

@test "tty: what it prints is not changed; /dev/tty is it, and job control works" {
	echo 'printf "\033[1mbold\033[0m\007\n"; echo "tty is /dev/tty" > /dev/tty' > a.sh
	echo 'exec bash --norc -i' > b.sh
	terminal 'expect("\x1b[1mbold\x1b[0m\x07"); expect("tty is /dev/tty"); assert wait() == 0' -- cee-run --tty bash a.sh
	terminal 'expect("$ "); send(b"echo $((6*7))\r"); expect("42\r\n")
send(b"sh -c \"echo o$((1))n; exec sleep 100\"\r"); expect("o1n\r\n"); send(b"\x1a"); expect("Stopped")
send(b"exit 3\r"); expect("There are stopped jobs"); send(b"exit 3\r")
assert wait() == 3' -- cee-run --tty -E 'PS1=$ ' -L wall=60 bash b.sh
	after
}

@test "tty: our terminal is as it was on every way out, and while we are stopped" {
	echo "$a_terminal" > p.py
	terminal 'expect("ready"); signal(15); assert wait() == -15' -- cee-run --tty -L wall=60 python p.py
	terminal 'expect("ready"); signal(2); expect("interrupted"); signal(2); assert wait() in (130, -2)' \
		-- cee-run --tty -L wall=60 python p.py
	terminal 'expect("ready"); assert wait() == 124' -- cee-run --tty -L wall=1 python p.py
	terminal 'import time
def stopped(): return open("/proc/%d/stat" % p.pid).read().split()[2] == "T"
expect("ready"); signal(20)
while not stopped(): time.sleep(.02)
assert not raw()
signal(18)
while stopped() or not raw(): time.sleep(.02)
send(b"x\r"); expect("<x>"); send(b"\x04"); assert wait() == 0' -- cee-run --tty -L wall=60 python p.py
	after
}

@test "tty: without a terminal of ours; ends of input; limits and byte counts go on" {
	echo 'import sys
for l in sys.stdin: print(repr(l))
print("end")' > p.py
	[ "$(echo hi | cee-run --tty python p.py | tr -d '\r' | tr '\n' ' ')" = "hi 'hi\\n' end " ]
	[ "$(printf 'no newline' | cee-run --tty python p.py | tr -d '\r' | tr '\n' ' ')" = "no newline'no newline' end " ]
	[ "$(cee-run --tty python p.py < /dev/null | tr -d '\r')" = end ]
	seq 20000 > lines
	[ "$(cee-run --tty python <(echo 'import os, sys, termios
a = termios.tcgetattr(0); a[3] &= ~termios.ECHO; termios.tcsetattr(0, 0, a)
print("off", flush=True)
print(sum(map(int, sys.stdin)))') < lines | tail -n 1 | tr -d '\r')" = 200010000 ]
	run cee-run --tty --verdict v -L output=1000 python - <<< 'print("x" * 5000)'
	[ "$(jq -r '.phases.run.stdout_bytes, .phases.run.dropped' v | tr '\n' ' ')" = "5002 4002 " ]
	run cee-run --tty -L wall=0.5 python <<< 'import time; time.sleep(9)'
	[ "$status" -eq 124 ]
	id=$(cee-submit -j - <<< '{"language":"python","code":"import os; print(os.get_terminal_size())","tty":{"rows":7,"columns":9}}')
	[ "$(cee-log -f "$id" | tr -d '\r')" = "os.terminal_size(columns=9, lines=7)" ]
	[ "$(cee-submit -w --tty <(printf '#!/usr/bin/python3\nimport os; print(os.get_terminal_size())') | tr -d '\r')" = "os.terminal_size(columns=80, lines=24)" ]
	after
}

@test "tty: nobody types for another, and without cells there is one too" {
	echo 'import fcntl, termios
try: fcntl.ioctl(0, termios.TIOCSTI, b"x"); print("typed")
except OSError as e: print(e.errno)' > p.py
	[ "$(cee-run --tty python p.py < /dev/null | tr -d '\r')" = 1 ]
	stop_runner
	echo 'cells = never' >> "$CEE_CONF"
	start_runner
	[ "$(cee-run --tty python <(echo 'import os; print(os.ttyname(0), os.tcgetpgrp(0) == os.getpgrp())') < /dev/null | tr -d '\r')" = "/dev/pts/0 True" ]
	after
}
