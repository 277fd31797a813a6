# A job runs: languages, files, arguments, standard input, streams, exit status.
load lib

setup() { new_spool; start_runner; }
teardown() { end_all; }

@test "python: arguments, standard input, two files, one in a subfolder" {
	d=$BATS_TEST_TMPDIR/src
	mkdir -p "$d/lib"
	printf 'import sys\nfrom lib.helper import twice\nprint(sys.argv[1:], twice(sys.stdin.read().strip()))\nprint("err", file=sys.stderr)\n' > "$d/main.py"
	printf 'def twice(s):\n    return s * 2\n' > "$d/lib/helper.py"
	printf 'ab\n' > "$BATS_TEST_TMPDIR/in"
	run --separate-stderr cee-submit -w -i "$BATS_TEST_TMPDIR/in" "$d/main.py" "$d/lib/helper.py" -- x "y z"
	[ "$status" -eq 0 ]
	[ "$output" = "['x', 'y z'] abab" ]
	[ "$stderr" = err ]
}

@test "c: compiles, runs, and a compile error is 126 with the compiler's own words" {
	printf '#include <stdio.h>\nint main(int c, char **v) { printf("%%d %%s\\n", c, v[1]); return 7; }\n' > "$BATS_TEST_TMPDIR/a.c"
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/a.c" -- one
	[ "$status" -eq 7 ]
	[ "$output" = "2 one" ]
	printf 'int main(void) {\n\treturn x;\n}\n' > "$BATS_TEST_TMPDIR/b.c"
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/b.c"
	[ "$status" -eq 126 ]
	[[ "$stderr" == *"b.c:2:"*"error:"* ]]
	[ -z "$output" ]
}

csharp_or_skip() {
	cee-lang list --json | jq -e '.[] | select(.name == "csharp" and .state != "missing")' > /dev/null ||
		skip "no .NET SDK on this machine to make the image from"
}

@test "csharp: the first engine's request as it stands streams and finishes" {
	csharp_or_skip
	run --separate-stderr cee-submit -w -j "$CEE_ROOT/examples/csharp-job.json"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "passed arguments:" ]
	[ "${lines[2]}" = bar ]
	[ "${lines[7]}" = "counter: 4" ]
	id=$(cee-submit -j - < "$CEE_ROOT/examples/csharp-job.json")
	[ "$(cee-log -f -o "$id")" = "$output" ]
}

@test "csharp: compile errors keep the user's own line numbers" {
	csharp_or_skip
	run --separate-stderr cee-submit -w -j - <<< '{"code":"Console.WriteLine(1);\n\n  x = 3;\n","target_framework_monikier":"net6.0"}'
	[ "$status" -eq 126 ]
	[[ "$stderr$output" == *"(3,3): error CS0103"* ]]
}

@test "a package for a language that has none is refused when the job is submitted" {
	run --separate-stderr cee-submit -w -j - <<< '{"language":"bash","code":"echo 1","packages":[{"name":"left-pad","version":"1.3.0"}]}'
	[ "$status" -eq 65 ]
	[[ "$stderr" == *"bash takes no packages"* ]]
}

@test "output is seen while the program runs" {
	id=$(cee-submit -l python <(printf 'import time\nprint("first")\ntime.sleep(3)\nprint("second")\n') 2>/dev/null ||
		cee-submit -j - <<< '{"language":"python","code":"import time\nprint(\"first\")\ntime.sleep(3)\nprint(\"second\")\n"}')
	cee-log -f "$id" > "$BATS_TEST_TMPDIR/log" 3>&- &
	pid=$!
	wait_until 10 grep -q first "$BATS_TEST_TMPDIR/log"
	[ "$(verdict "$id" .state)" = Executing ]
	lacks second "$BATS_TEST_TMPDIR/log"
	wait "$pid"
	grep -q second "$BATS_TEST_TMPDIR/log"
}

@test "files keep folders, modes and binary content" {
	data=$(head -c 3000 /dev/urandom | base64 -w0)
	sum=$(base64 -d <<< "$data" | sha256sum | cut -d' ' -f1)
	run --separate-stderr cee-submit -w -j - <<< '{"language":"python","code":"import hashlib,os,subprocess\nprint(hashlib.sha256(open(\"a/b/data.bin\",\"rb\").read()).hexdigest())\nprint(subprocess.run([\"./a/run.sh\"],capture_output=True,text=True).stdout.strip())\nprint(oct(os.stat(\"a/b/data.bin\").st_mode & 0o777))","files":[{"name":"a/b/data.bin","base64":"'"$data"'","mode":"0600"},{"name":"a/run.sh","content":"#!/bin/sh\necho ran\n","mode":"0755"}]}'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "$sum" ]
	[ "${lines[1]}" = ran ]
	[ "${lines[2]}" = 0o600 ]
}

@test "environment, exit status, signals" {
	run --separate-stderr py 'import os,sys; print(os.environ["A"]); sys.exit(42)' -E "A=b c"
	[ "$status" -eq 42 ]
	[ "$output" = "b c" ]
	run py 'import os; os.kill(os.getpid(), 15)'
	[ "$status" -eq 143 ]
}

@test "everything that a phase leaves running is killed before the next" {
	cat > "$BATS_TEST_TMPDIR/l.c" <<-'C'
		#include <stdio.h>
		#include <dirent.h>
		#include <ctype.h>
		int main(void) { int n = 0; struct dirent *e; DIR *d = opendir("/proc");
		while ((e = readdir(d))) n += isdigit((unsigned char)e->d_name[0]) != 0; printf("%d\n", n); return 0; }
	C
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/l.c"
	[ "$status" -eq 0 ]
	[ "$output" -le 2 ]
}

@test "merge: 10,000 lines alternating between the streams come in exact order" {
	run --separate-stderr py 'import os
for i in range(5000):
    os.write(1, b"o%d\n" % i); os.write(2, b"e%d\n" % i)' --merge
	[ "$status" -eq 0 ]
	printf '%s\n' "$output" > "$BATS_TEST_TMPDIR/got"
	for i in $(seq 0 4999); do echo "o$i"; echo "e$i"; done | cmp - "$BATS_TEST_TMPDIR/got"
}

@test "invalid UTF-8, NULs, nothing, no final newline come through byte for byte" {
	py 'import os; os.write(1, bytes(range(256)) * 8 + b"end")' > "$BATS_TEST_TMPDIR/got"
	python3 -c 'import os; os.write(1, bytes(range(256)) * 8 + b"end")' | cmp - "$BATS_TEST_TMPDIR/got"
	py '' > "$BATS_TEST_TMPDIR/got"
	[ ! -s "$BATS_TEST_TMPDIR/got" ]
	printf 'head -c' > /dev/null
	py 'print("x", end="")' > "$BATS_TEST_TMPDIR/got"
	printf x | cmp - "$BATS_TEST_TMPDIR/got"
}

@test "100 MB of output: the head and the last quarter, the gap marked and counted" {
	py 'import sys
for i in range(100):
    sys.stdout.write(("%07d\n" % i) * 131072)' -L output=4M > "$BATS_TEST_TMPDIR/got" 2> "$BATS_TEST_TMPDIR/err"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/got")" -le $((4 << 20)) ]
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/got")" = 0000000 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/got")" = 0000099 ]
	id=$(ls "$CEE_SPOOL/$OWNER/out"/*/ | tail -n 1)
	dropped=$(verdict "$id" .phases.run.dropped)
	[ $((dropped + $(stat -c %s "$BATS_TEST_TMPDIR/got"))) -eq $((100 << 20)) ]
	[ "$(verdict "$id" .why)" = exited ]
	run py 'while True: print("x" * 1000)' -L output=1M -L cpu=20
	next_job_runs
}

@test "cancel: queued and running, within half a second" {
	id=$(cee-submit -j - <<< '{"language":"python","code":"import time,signal\nsignal.signal(15,signal.SIG_IGN)\nprint(1,flush=True)\ntime.sleep(60)","limits":{"wall":100}}')
	wait_until 10 has_line "$id" 1
	a=$(date +%s%N)
	cee-cancel "$id"
	wait_until 5 state_is "$id" Cancelled
	echo "$(( ($(date +%s%N) - a) / 1000000 )) ms"
	[ "$(verdict "$id" .why)" = cancelled ]
	sound
}
