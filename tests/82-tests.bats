# Many tests of one program: it is compiled once, each test has its own cell with the files of the
# compile phase, expected outputs stay outside, and each result comes as its test ends.
load lib

setup() { new_spool "${CONF_LINE:-}"; }
teardown() {
	local reported=0
	end_all || reported=1
	if mountpoint -q "$BATS_TEST_TMPDIR/small" 2>/dev/null; then umount "$BATS_TEST_TMPDIR/small"; fi
	return $reported
}

with_tests() {	# with_tests CODE TESTS [MORE]: a Python job's text
	jq -n --arg code "$1" --argjson tests "$2" --argjson more "${3:-"{}"}" \
		'{language: "python", code: $code, tests: $tests} + $more'
}

run_tests() {	# submits that job, waits for it; its id is in id, its result in result
	id=$(with_tests "$@" | cee-submit -j -)
	result=$(cee-stat --wait --json "$id") || true
}

has() { jq -e "$1" <<< "$result" > /dev/null || { jq . <<< "$result" >&2; return 1; }; }
each() { jq -c "[.test_results[] | $1]" <<< "$result"; }

own_language() {	# own_language NAME JSON: a language of this test's, beside the others
	local d=$BATS_TEST_TMPDIR/languages.d
	[ -d "$d" ] || cp -r "$CEE_ROOT/etc/languages.d" "$d"
	echo "$2" > "$d/$1.json"
	sed -i "s,^languages = .*,languages = $d," "$CEE_CONF"
	cee-lang publish
}

SUM='a, b = map(int, input().split()); print(a + b)'

@test "a C program is compiled once; each test has its verdict, its figures, its bytes" {
	start_runner
	cat > "$BATS_TEST_TMPDIR/sum.c" <<-C
		#include <stdio.h>
		int main(void)
		{
			int a, b;
			if (scanf("%d %d", &a, &b) != 2)
				return 3;
			fprintf(stderr, "adding\n");
			printf("%d\n", a + b);
			return a == 7 ? *(volatile int *)0 : 0;
		}
	C
	id=$(jq -n --rawfile code "$BATS_TEST_TMPDIR/sum.c" '{language: "c", code: $code, tests: [
		{name: "small", stdin: "1 2\n", expected: "3\n"},
		{name: "wrong", stdin: "2 2\n", expected: "5\n"},
		{name: "no number", stdin: "x\n", expected: "0\n"},
		{name: "crash", stdin: "7 1\n", expected: "8\n"},
		{name: "free", stdin: "4 4\n"}]}' | cee-submit -j -)
	result=$(cee-stat --wait --json "$id") || true
	has '.state == "Finished" and .why == "exited" and .exit_code == 1 and .message == "3 of 5 tests failed"'
	has '.tests == {total: 5, run: 5, passed: 2, failed: 3, skipped: 0}'
	has '.phases.compile.exit_code == 0 and .phases.run.stdout_bytes == 8 and .phases.run.exit_code == 1'
	[ "$(each .name)" = '["small","wrong","no number","crash","free"]' ]
	[ "$(each .number)" = '[1,2,3,4,5]' ]
	[ "$(each .why)" = '["exited","exited","exited","signalled","exited"]' ]
	[ "$(each .exit_code)" = '[0,0,3,null,0]' ]
	[ "$(each .signal)" = '[null,null,null,11,null]' ]
	[ "$(each .ok)" = '[true,false,false,false,null]' ]
	[ "$(each .difference)" = '[null,{"line":1,"expected":"5","got":"4"},{"line":1,"expected":"0","got":""},null,null]' ]
	[ "$(each .stdout)" = '[{"from":0,"to":2},{"from":2,"to":4},{"from":4,"to":4},{"from":4,"to":6},{"from":6,"to":8}]' ]
	jq -e '[.test_results[] | .cpu > 0 and .wall > 0 and .peak_memory > 0 and .limits.cpu == 5] | all' <<< "$result"
	[ "$(cee-log -o "$id" | tr '\n' ,)" = 3,4,8,8, ]
	[ "$(cee-log --test small "$id" | sort | tr '\n' ,)" = 3,adding, ]
	[ "$(cee-log --test small -o "$id")" = 3 ]
	[ "$(cee-log --test "no number" "$id")" = "" ]
	[ "$(cee-log --test free -o "$id")" = 8 ]
	run cee-log --test none "$id"
	[ "$status" -eq 1 ]
	[[ $output == *"no test none has ended in it"* ]]
	run cee-stat "$id"
	[[ $output == *"wrong: wrong answer at line 1"* && $output == *"crash: signal 11"* && $output == *"small: passed"* ]]
	sound
}

@test "cee-submit -w --tests: TAP of the pairs in a folder, in the order of their numbers" {
	start_runner
	d=$BATS_TEST_TMPDIR/pairs
	mkdir "$d" && touch "$d/README" "$d/.in"
	for i in 1 2 10; do echo "$i 1" > "$d/t$i.in"; echo $((i + 1)) > "$d/t$i.out"; done
	echo 99 > "$d/t2.out"
	echo "5 5" > "$d/only-input.in"
	echo "$SUM" > "$BATS_TEST_TMPDIR/sum.py"
	run --separate-stderr cee-submit -w --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 1 ]
	[ "$stderr" = "" ]
	[ "$(sed 's/([0-9]* ms)/(N ms)/' <<< "$output")" = "$(cat <<-TAP
		1..4
		ok 1 - only-input (N ms)
		ok 2 - t1 (N ms)
		not ok 3 - t2: wrong answer at line 1 (N ms)
		# line 1 expected: "99"
		# line 1 got:      "3"
		ok 4 - t10 (N ms)
		# 1 of 4 tests failed
	TAP
	)" ]
	run --separate-stderr cee-submit -w --stop-first --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 1 ]
	[[ $output == *"ok 4 - t10 # SKIP a test before it failed"*"# 1 of 4 tests failed, 1 not run" ]]
	echo 3 > "$d/t2.out"
	run --separate-stderr cee-submit -w --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 0 ]
	[[ $output == *"# all 4 tests passed" ]]
	printf '\377\0' > "$d/bytes.in"	# no text
	printf '\377\0\n' > "$d/bytes.out"
	echo 'import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d if d[0] == 255 else b"%d\n" % sum(map(int, d.split())))' > "$BATS_TEST_TMPDIR/sum.py"
	run --separate-stderr cee-submit -w --compare trailing --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 0 ]
	run --separate-stderr cee-submit -w --compare exact --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 1 ]
}

@test "invalid tests are refused before anything is submitted" {
	d=$BATS_TEST_TMPDIR/pairs
	mkdir "$d"
	echo "$SUM" > "$BATS_TEST_TMPDIR/sum.py"
	run cee-submit --tests "$d/none" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 66 ]
	run cee-submit --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 65 ]
	[[ $output == *"has no NAME.in and no NAME.out" ]]
	for i in $(seq 1001); do : > "$d/$i.in"; done
	run cee-submit --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 65 ]
	[[ $output == *"has 1001 tests (at most 1000 for a job)" ]]
	rm "$d"/*
	for i in 1 2 3; do head -c 6M /dev/zero | tr '\0' x > "$d/$i.in"; done
	run cee-submit --tests "$d" "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 65 ]
	[[ $output == *"the job is larger than 16777216 bytes (max_job of cee.conf); submit them in parts" ]]
	run cee-submit --compare exact "$BATS_TEST_TMPDIR/sum.py"
	[ "$status" -eq 65 ]
	[[ $output == *"compare: is for a job with tests"* ]]
	[ -z "$(ls "$CEE_SPOOL"/uid-*/new 2>/dev/null)" ]
}

@test "compare: exact, trailing, tokens, float" {
	start_runner
	code='import sys; sys.stdout.write("1.0  2 \nx\n\n")'
	judge() {
		run_tests "$code" "$(jq -nc --args '[$ARGS.positional[] | {expected: .}]' "${@:2}")" "{\"compare\": \"$1\"}"
		each .ok
	}
	[ "$(judge exact $'1.0  2 \nx\n\n' $'1.0  2\nx\n' $'1.0  2 \nx\n')" = '[true,false,false]' ]
	[ "$(judge trailing $'1.0  2\nx' $'1.0  2\t\r\nx\n\n\n' $'1.0 2\nx\n' $'1.0  2\n\nx\n')" = '[true,true,false,false]' ]
	[ "$(judge tokens $'1.0 2 x' $'1.0\n\n2\nx\n' $'1 2 x' $'1.0 2')" = '[true,true,false,false]' ]
	[ "$(judge float:0.01,0 $'1.005 2 x' $'1.0 2.02 x' $'1 2 y' $'1 2 x 3')" = '[true,false,false,false]' ]
	[ "$(judge float:0,0.1 $'1.05 2 x' $'1.2 2 x')" = '[true,false]' ]
}

@test "a test's own arguments and variables; what it does not set is the job's" {
	start_runner
	run_tests 'import os, sys; print(sys.argv[1:], os.environ.get("A"), os.environ.get("B"), sys.stdin.read())' \
		'[{}, {"arguments": ["x"], "env": {"A": "9"}, "stdin": "own"}, {"arguments": [], "stdin": ""}]' \
		'{"arguments": ["job", "two"], "env": {"A": "1", "B": "2"}, "stdin": "the job'"'"'s"}'
	[ "$(cee-log "$id")" = "['job', 'two'] 1 2 the job's
['x'] 9 2 own
[] 1 2 " ]
	has '.exit_code == 0 and .message == "all 3 tests passed"'
	[ "$(each .name)" = '["1","2","3"]' ]
}

@test "a compile error: no test is run" {
	start_runner
	echo 'int main(' > "$BATS_TEST_TMPDIR/bad.c"
	mkdir "$BATS_TEST_TMPDIR/pairs"
	touch "$BATS_TEST_TMPDIR/pairs/a.in"
	run --separate-stderr cee-submit -w --tests "$BATS_TEST_TMPDIR/pairs" "$BATS_TEST_TMPDIR/bad.c"
	[ "$status" -eq 126 ]
	[ "$output" = $'1..1\nBail out! compile error' ]
	[[ $stderr == *"bad.c:1"*"error"* ]]
	id=$(jq -n '{language: "c", code: "int main(", tests: [{}, {}]}' | cee-submit -j -)
	result=$(cee-stat --wait --json "$id") || true
	has '.why == "compile error" and .tests == {total: 2, run: 0, passed: 0, failed: 0, skipped: 2} and .test_results == []'
	sound
}

@test "stop = first-failure: later tests are not run" {
	start_runner
	run_tests 'print(input())' '[{"stdin":"1","expected":"1"},{"stdin":"2","expected":"x"},{"stdin":"3","expected":"3"}]' '{"stop":"first-failure"}'
	has '.tests == {total: 3, run: 2, passed: 1, failed: 1, skipped: 1} and .exit_code == 1'
	[ "$(cee-log "$id")" = $'1\n2' ]
	run_tests 'import sys; sys.exit(int(input()))' '[{"stdin":"1"},{"stdin":"0"}]' '{"stop":"first-failure"}'
	has '.tests.run == 1 and .test_results[0].exit_code == 1'
	run_tests 'print(input())' '[{"stdin":"2","expected":"x"},{"stdin":"3","expected":"3"}]' '{"stop":"never"}'
	has '.tests.run == 2'
}

@test "a test that exceeds a limit ends alone; a test may have its own limits" {
	start_runner
	code='
import sys
what = input()
if what == "cpu":
    while True: pass
if what == "wall":
    import time; time.sleep(30)
if what == "memory":
    x = bytearray(400 << 20); sys.exit(0)
if what == "output":
    sys.stdout.write("x" * 100000); sys.exit(0)
if what == "file":
    open("f", "wb").write(b"x" * 3000000); sys.exit(0)
print("fine")
'
	run_tests "$code" '[
		{"name":"cpu","stdin":"cpu","expected":"fine","limits":{"cpu":0.3,"wall":20}},
		{"name":"after","stdin":"","expected":"fine"},
		{"name":"wall","stdin":"wall","limits":{"wall":0.5}},
		{"name":"memory","stdin":"memory"},
		{"name":"output","stdin":"output","limits":{"output":1000},"expected":"x"},
		{"name":"file","stdin":"file","limits":{"file_size":"1M"}},
		{"name":"enough","stdin":"memory","limits":{"memory":"600M"}},
		{"name":"last","stdin":"-","expected":"fine"}]' '{"limits":{"memory":"200M","cpu":4}}'
	[ "$(each .why)" = '["time limit","exited","time limit","memory limit","exited","disk limit","exited","exited"]' ]
	has '.test_results[1].exit_code == 1'	# input() at the end of an empty input
	[ "$(each .ok)" = '[false,false,null,null,false,null,null,true]' ]
	[ "$(each .limits.cpu)" = '[0.3,4,4,4,4,4,4,4]' ]
	has '.test_results[0].hit == ["cpu"] and .test_results[4].hit == ["output"] and .test_results[4].dropped == 99000'
	has '.test_results[5] | .exit_code == 1 and .signal == null'	# it met the limit, and exited
	has '.test_results[6].exit_code == 0 and .test_results[3].limits.memory == 209715200'
	sound
}

@test "1,000 tests" {
	start_runner
	d=$BATS_TEST_TMPDIR/pairs
	mkdir "$d"
	for i in $(seq 1000); do echo "$i $i" > "$d/$i.in"; echo $((2 * i)) > "$d/$i.out"; done
	printf '#include <stdio.h>\nint main(void) { int a, b; scanf("%%d %%d", &a, &b); printf("%%d\\n", a + b); }\n' > "$BATS_TEST_TMPDIR/sum.c"
	run --separate-stderr cee-submit -w --tests "$d" "$BATS_TEST_TMPDIR/sum.c"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok ' <<< "$output")" -eq 1000 ]
	[[ $output == *$'ok 1000 - 1000 ('* ]]
	sound
}

# Leaves a mark wherever a program can, and prints the marks that it finds.
SPY='
import ctypes, glob, os, subprocess, sys, time
me = sys.stdin.read().strip()
libc = ctypes.CDLL(None, use_errno=True)
found = []
for d in ("/work", "/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run"):
    for root, dirs, files in os.walk(d):
        for f in files + dirs:
            if "mark" in f: found.append(os.path.join(root, f))
for p in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        if b"mark-daemon" in open(p, "rb").read(): found.append("daemon")
    except OSError: pass
if libc.shmget(4711, 4096, 0) >= 0: found.append("shm")
if libc.semget(4711, 1, 0) >= 0: found.append("sem")
if libc.msgget(4711, 0) >= 0: found.append("msg")
for d in ("/work", "/tmp", "/dev/shm"):
    try:
        if os.listxattr(d): found.append("xattr " + d)
    except OSError: pass
    if os.stat(d).st_mtime < 1000: found.append("time of " + d)
    if os.stat(d).st_mode & 0o777 not in (0o755, 0o777): found.append("mode of " + d)
if open("/work/main.py").read().endswith("by a test\n"): found.append("main.py")
print(me, found)
sys.stdout.flush()
os.umask(0)
for d in ("/work", "/tmp", "/dev/shm"):
    try:
        os.makedirs(d + "/mark/deep/" + "/".join(["d" * 200] * 12), 0o700)
        open(d + "/mark/file", "w").write(me)
        os.symlink("/", d + "/mark-link")
        os.chmod(d + "/mark/deep", 0)
        os.chmod(d + "/mark", 0)
    except OSError as e: print("cannot mark", d, e)
    try: os.setxattr(d, "user.mark", b"x")
    except OSError: pass
libc.mq_open(b"/mark", os.O_CREAT | os.O_RDWR, 0o600, None)
libc.shmget(4711, 4096, 0o1600); libc.semget(4711, 1, 0o1600); libc.msgget(4711, 0o1600)
open("/work/main.py", "a").write("# changed by a test\n")
for d in ("/work", "/tmp", "/dev/shm"):
    try: os.utime(d, (1, 1))
    except OSError: pass
os.chmod("/work", 0)
os.chmod("/tmp", 0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for i in range(3): os.dup2(null, i)
        os.execvp("python3", ["python3", "-c", "import time; time.sleep(600)", "mark-daemon"])
    os._exit(0)
time.sleep(0.2)
'

nothing_stays() {
	start_runner
	run_tests "$SPY" '[{"stdin":"one"},{"stdin":"two"},{"stdin":"three"}]'
	[ "$(cee-log "$id")" = $'one []\ntwo []\nthree []' ] || { cee-log "$id" >&2; return 1; }
	has '.tests.passed == 3'
	sound
}

@test "files, folders nobody may enter, daemons, shared memory, queues: nothing stays for the next test" {
	nothing_stays
}

@test "the same without cells" {
	needs_cells 'is run without cells anyway'
	echo 'cells = never' >> "$CEE_CONF"
	nothing_stays
	has '.cells == false'
}

@test "a compiled program's tests without cells" {
	needs_cells 'is run without cells anyway'
	echo 'cells = never' >> "$CEE_CONF"
	start_runner
	id=$(jq -n '{language: "c", code: "#include <stdio.h>\nint main(void) { remove(\"prog\"); puts(fopen(\"x\", \"a+\") && fopen(\"main.c\", \"r\") ? \"ok\" : \"no\"); }",
		tests: [{expected: "ok"}, {expected: "ok"}, {expected: "ok"}]}' | cee-submit -j -)
	result=$(cee-stat --wait --json "$id") || true
	has '.tests.passed == 3 and .cells == false'
}

@test "neither what is expected nor another test's input is anywhere in the box" {
	start_runner
	# the marks are made of two halves, so that no program text holds them
	id=$(with_tests 'import sys, time; sys.stdin.read(); print("up", flush=True); time.sleep(60)' '[
		{"name":"now","stdin":"MARK-OF-INPUT-one","expected":"MARK-OF-EXPECTED-one","arguments":["MARK-OF-ARGUMENT-one"]},
		{"name":"later","stdin":"MARK-OF-INPUT-two","expected":"MARK-OF-EXPECTED-two","arguments":["MARK-OF-ARGUMENT-two"],"env":{"M":"MARK-OF-VARIABLE-two"}}]' | cee-submit -j -)
	wait_until 30 has_line "$id" up
	box=$(boxes)
	init=$(engine GET "/containers/$box/json" | jq .State.Pid)
	python3 - "$init" > "$BATS_TEST_TMPDIR/found" <<-'PY'
		import os, re, sys
		def below(pid):
		    yield pid
		    for t in os.listdir(f"/proc/{pid}/task"):
		        for c in open(f"/proc/{pid}/task/{t}/children").read().split():
		            yield from below(int(c))
		marks = set()
		for pid in below(int(sys.argv[1])):
		    for line in open(f"/proc/{pid}/maps"):
		        at, perms = line.split()[:2]
		        if "r" not in perms or "[v" in line: continue
		        a, b = (int(x, 16) for x in at.split("-"))
		        try:
		            with open(f"/proc/{pid}/mem", "rb") as m:
		                m.seek(a)
		                marks.update(re.findall(rb"MARK-OF-[A-Z]+-[a-z]{3}", m.read(b - a)))
		        except (OSError, ValueError): pass
		    marks.update(re.findall(rb"MARK-OF-[A-Z]+-[a-z]{3}", open(f"/proc/{pid}/environ", "rb").read()))
		print(*sorted(m.decode() for m in marks))
	PY
	cat "$BATS_TEST_TMPDIR/found"
	grep -q MARK-OF-INPUT-one "$BATS_TEST_TMPDIR/found"	# we look in the right place
	grep -q MARK-OF-ARGUMENT-one "$BATS_TEST_TMPDIR/found"
	lacks -e EXPECTED -e two "$BATS_TEST_TMPDIR/found"
	cee-cancel "$id"
	cee-stat --wait "$id" > /dev/null || true
}

@test "results and output come as the tests end" {
	start_runner
	mkdir "$BATS_TEST_TMPDIR/pairs"
	echo 0 > "$BATS_TEST_TMPDIR/pairs/1.in"
	echo 60 > "$BATS_TEST_TMPDIR/pairs/2.in"
	echo 'import time; time.sleep(int(input())); print("done")' > "$BATS_TEST_TMPDIR/s.py"
	cee-submit -w -L wall=100 --tests "$BATS_TEST_TMPDIR/pairs" "$BATS_TEST_TMPDIR/s.py" > "$BATS_TEST_TMPDIR/tap" 2>&1 3>&- &
	submit=$!
	wait_until 30 grep -q '^ok 1 - 1' "$BATS_TEST_TMPDIR/tap"
	id=$(basename "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/*)")
	[ "$(cee-stat --json "$id" | jq -c '[.state, .test_results[].name]')" = '["Executing","1"]' ]
	[ "$(cee-log --test 1 "$id")" = done ]
	# cancelled in the middle: what has ended stays
	kill -TERM $submit
	status=0; wait $submit || status=$?
	[ "$status" -eq 130 ]
	[[ $(cat "$BATS_TEST_TMPDIR/tap") == *"Bail out! cancelled"* ]]
	result=$(cee-stat --json "$id")
	has '.why == "cancelled" and .state == "Cancelled" and .tests == {total: 2, run: 1, passed: 1, failed: 0, skipped: 1}'
	[ "$(each .name)" = '["1"]' ]
	wait_until 10 retired "$id"
	sound
}

@test "a runner killed in the middle: another runs all of them again" {
	NO_WAIT=1 CEE_STOP_AT=test-ended start_runner
	id=$(with_tests "$SUM" '[{"stdin":"1 1","expected":"2"},{"stdin":"2 2","expected":"4"},{"stdin":"3 3","expected":"6"}]' | cee-submit -j -)
	wait_until 30 stopped "$RUNNER"
	kill -KILL "$RUNNER"
	wait "$RUNNER" || true
	[ "$(cee-stat --json "$id" | jq -c '[.test_results[].name]')" = '["1"]' ]
	start_runner
	result=$(cee-stat --wait --json "$id")
	has '.attempt == 2 and .tests.passed == 3'
	[ "$(each .number)" = '[1,2,3]' ]
	[ "$(cee-log "$id")" = $'2\n4\n6' ]
	wait_until 10 retired "$id"
	stop_runner
	wait_until 10 no_boxes
	sound
}

@test "an input larger than any buffer, one that is not read, one that is empty" {
	start_runner
	head -c 3M /dev/zero | tr '\0' 'y' > "$BATS_TEST_TMPDIR/big"
	id=$(jq -n --rawfile big "$BATS_TEST_TMPDIR/big" '{language: "python",
		code: "import sys\nif len(sys.argv) > 1: sys.stdin.close(); print(\"unread\"); sys.exit(0)\nprint(len(sys.stdin.read()))",
		tests: [{stdin: $big, expected: "3145728"}, {stdin: $big, arguments: ["no"], expected: "unread"},
			{stdin: "", expected: "0"}, {stdin: $big, expected: "3145728"}]}' | cee-submit -j -)
	result=$(cee-stat --wait --json "$id")
	has '.tests.passed == 4'
}

@test "each test begins with the files, modes, links and folders that the compile phase left" {
	own_language kit '{"name": "kit", "title": "a compiler made of Python", "image": "cee/python:latest", "file": "main.py",
		"compile": ["python3", "main.py"], "run": ["sh", "run.sh"], "env": {"PATH": "/usr/bin:/bin:/usr/local/bin"}, "hello": "x"}'
	start_runner
	# the compiler is the job: what it leaves is what it wants to leave
	kit() { jq -n --arg code "$1" --arg run "$2" --argjson tests "$3" '{language: "kit", code: $code,
		files: [{name: "run.sh", content: $run}], tests: $tests}'; }
	id=$(kit '
import os
os.makedirs("a/b/c"); open("a/b/c/f", "w").write("deep")
open("tool", "w").write("#!/bin/sh\necho tool\n"); os.chmod("tool", 0o755)
open("secret", "w").write("x"); os.chmod("secret", 0o400)
os.symlink("a/b/c/f", "link"); os.symlink("/nowhere", "dangling")
open("hard1", "w").write("same"); os.link("hard1", "hard2")
os.mkfifo("fifo"); os.mkdir("closed"); open("closed/in", "w").write("in"); os.chmod("closed", 0o500)
open("big", "wb").write(os.urandom(1) * 5000000); open("empty", "w")
open("/tmp/elsewhere", "w").write("not kept")
' 'cat link; ./tool; stat -c %a secret closed tool; readlink dangling; cat hard2; echo; wc -c < big; ls empty /tmp; test -e fifo || echo no fifo
rm -rf a tool; echo changed > link 2>/dev/null; cat closed/in' '[{"name":"1"},{"name":"2"}]' | cee-submit -j -)
	result=$(cee-stat --wait --json "$id") || true
	has '.tests.run == 2' || { cee-log "$id"; return 1; }
	want=$'deep'"tool"$'\n400\n500\n755\n/nowhere\nsame\n5000000\nempty\n\n/tmp:\nno fifo\nin'
	for t in 1 2; do
		[ "$(cee-log --test $t -o "$id")" = "$want" ] || { cee-log --test $t "$id" | cat -A >&2; return 1; }
	done
	# what cannot be kept makes the compile phase fail, and says so
	id=$(kit 'f = open("holes", "wb"); f.truncate(50 << 20); g = open("more", "wb"); g.truncate(50 << 20)' 'true' '[{}]' | cee-submit -j -)
	result=$(cee-stat --wait --json "$id") || true
	has '.why == "compile error" and .tests.run == 0 and .attempt == 1'
	cee-log -e "$id" | grep -q '^cee: cannot be kept for the tests: .*: more bytes than the limit disk'
	sound
}

@test "tests of one job after another in its owner's box; a disk that one fills is the next one's whole" {
	needs_cells 'without cells /work has half of the disk, and no box is used again'
	start_runner
	fill='import os; n = 0
f = open("fill", "wb")
try:
    while True: n += f.write(bytes(1 << 20)); f.flush()
except OSError: pass
print(n >> 20 > 5)'
	for i in 1 2; do
		run_tests "$fill" '[{"expected":"True"},{"expected":"True"},{"expected":"True"}]' '{"limits":{"disk":"8M","file_size":"100M"}}'
		has '.tests.passed == 3'
	done
	run_tests 'import os; print(os.listdir("."))' "[{\"expected\":\"['main.py']\"}]"
	has '.tests.passed == 1'
}

@test "cee-fsck sees what is wrong with the lines of tests" {
	start_runner
	run_tests 'print(input())' '[{"stdin":"a"},{"stdin":"b"}]'
	f=$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$id"/1/tests)
	sound
	cp "$f" "$BATS_TEST_TMPDIR/lines"
	bad() {	# bad WORDS: what is in the file now is a problem
		run cee-fsck
		[ "$status" -eq 1 ]
		[[ $output == *"$1"* ]] || { echo "$output"; return 1; }
		cp "$BATS_TEST_TMPDIR/lines" "$f"
	}
	echo junk >> "$f"; bad 'has an invalid line after test 2'
	printf '{"number":3' >> "$f"; bad 'ends within a line, though the job has ended'
	cat "$BATS_TEST_TMPDIR/lines" >> "$f"; bad 'test 1 does not come after test 2'
	sed 's/"to":4/"to":5/' "$BATS_TEST_TMPDIR/lines" > "$f"; bad 'test 2 has bytes beyond what the index covers'
	sound
}

@test "a full disk takes output away, and no verdict" {
	[ "$(id -u)" -eq 0 ] || skip "mounting a small file system needs root"
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=2m none "$BATS_TEST_TMPDIR/small" || skip "no mounts allowed here"
	export CEE_SPOOL=$BATS_TEST_TMPDIR/small/spool
	echo 'min_room = 64K' >> "$CEE_CONF"
	start_runner
	run_tests 'import sys; sys.stdout.write(input() * 300000)' \
		'[{"stdin":"a"},{"stdin":"b"},{"stdin":"c"},{"stdin":"d"},{"stdin":"e"},{"stdin":"f"},{"stdin":"g"},{"stdin":"h"},{"stdin":"i"},{"stdin":"j","expected":"x"}]'
	has '.tests.run == 10 and .tests.passed == 9 and .dropped_by_disk > 0'
	[ "$(each .number)" = '[1,2,3,4,5,6,7,8,9,10]' ]
	sound
	stop_runner
}
