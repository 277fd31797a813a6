#!/usr/bin/env bats
# Collected files: which files of a job are collected, how they look in the spool, and the
# ways in which a job could try to misuse them.

load lib

setup() { new_spool; }
teardown() {
	local reported=0
	end_all || reported=1
	if mountpoint -q "$BATS_TEST_TMPDIR/small"; then umount "$BATS_TEST_TMPDIR/small"; fi
	return $reported
}

id_of() { printf '%s' "$1" > "$BATS_TEST_TMPDIR/p.py"; shift; cee-submit "$@" "$BATS_TEST_TMPDIR/p.py"; }

job() {	# job PROGRAM [options]: runs it; its id is in ID, its exit status in STATUS
	ID=$(id_of "$@")
	STATUS=0
	cee-stat --wait "$ID" > "$BATS_TEST_TMPDIR/stat" || STATUS=$?
}

has_some_bytes() { [ -s "$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$ID"/1/files)" ]; }
names() { cee-files -0 "$ID" | tr '\0' '\n'; }
why() { verdict "$ID" ".left[]? | select(.name == \"$1\") | .why"; }

@test "a PNG comes out as it was written; list, content and archive agree" {
	start_runner
	job '
import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + bytes((x, y, 128)) * 16 for y in range(16) for x in [y * 16])
png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 16, 16, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
open("plot.png", "wb").write(png)
import os, hashlib
os.makedirs("out/deep")
open("out/deep/data", "wb").write(bytes(range(256)) * 4096)
open("out/run.sh", "w").write("#!/bin/sh\n"); os.chmod("out/run.sh", 0o755)
open("out/empty", "w").close()
open("out/gr\u00f6\u00dfe " + "x" * 100, "w").write("size")
open("other.txt", "w").write("not asked for")
print(hashlib.sha256(png).hexdigest())' --collect '*.png' --collect 'out/**'
	[ "$STATUS" -eq 0 ]
	long="out/größe $(printf 'x%.0s' {1..100})"
	[ "$(names)" = $'out/deep/data\nout/empty\n'"$long"$'\nout/run.sh\nplot.png' ]
	[ "$(cee-files "$ID" plot.png | sha256sum | cut -d' ' -f1)" = "$(cee-log -o "$ID")" ]
	[ "$(cee-files "$ID" plot.png | head -c 8 | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
	cee-files "$ID" | grep -qE '^0755 +10 out/run.sh$'
	[ "$(cee-files --json "$ID" | jq -r 'select(.name == "out/deep/data") | .size')" = 1048576 ]
	[ "$(cee-files "$ID" out/empty | wc -c)" = 0 ]
	[ "$(verdict "$ID" '.files | "\(.count) \(.bytes)"')" = "5 $(cee-files --json "$ID" | jq -s 'map(.size) | add')" ]
	[ "$(verdict "$ID" '.left')" = null ]
	mkdir "$BATS_TEST_TMPDIR/x"
	[ "$(LC_ALL=C cee-files --tar "$ID" | tar -xf - -C "$BATS_TEST_TMPDIR/x" 2>&1)" = "" ]	# tar warns of nothing
	[ "$(cd "$BATS_TEST_TMPDIR/x" && find . -type f | sort | tr '\n' ' ')" = "./out/deep/data ./out/empty ./$long ./out/run.sh ./plot.png " ]
	[ -x "$BATS_TEST_TMPDIR/x/out/run.sh" ]
	cmp "$BATS_TEST_TMPDIR/x/plot.png" <(cee-files "$ID" plot.png)
	sound
}

@test "patterns: a folder's files at any depth, sets, the sources too when they match, nothing else" {
	start_runner
	job '
import os
os.makedirs("a/b/c"); os.makedirs("x")
for n in "a/1.o", "a/b/2.o", "a/b/c/3.o", "a/b/c/3.c", "x/4.o", "r1", "r2", "r3", ".hidden", "ä.o":
    open(n, "w").write(n)' --collect 'a/**/*.o' --collect 'r[!2]' --collect 'p.p?' --collect '.h*' --collect '[à-ü].o'
	[ "$(names)" = $'.hidden\na/1.o\na/b/2.o\na/b/c/3.o\np.py\nr1\nr3\nä.o' ]
	[ "$(cee-files "$ID" ä.o)" = ä.o ]
}

@test "invalid patterns are refused at submit, by name" {
	for bad in /etc/passwd ../x 'a//b' 'a**' '[z-a]' '[x' ''; do
		run cee-submit -l python --collect "$bad" "$BATS_TEST_DIRNAME/../examples/python/main.py"
		[ "$status" -eq 65 ]
		[[ "$output" == *'collect[0]: "'*'" must '* ]]
	done
	run cee-submit -j - <<< '{"language": "python", "code": "1", "collect": {"patterns": ["*"], "files": 257}}'
	[ "$status" -eq 65 ]
	[[ "$output" == *'collect.files: 257 is more than this host collects (at most 256)'* ]]
	run cee-submit -j - <<< "{\"language\": \"python\", \"code\": \"1\", \"collect\": $(jq -nc '[range(65) | "a"]')}"
	[ "$status" -eq 65 ]
}

@test "names with .. and newlines, links, devices, fifos, sockets: what is not a plain file is left out and named" {
	start_runner
	job '
import os, socket
os.mkdir("out")
os.symlink("/etc/passwd", "out/passwd"); os.symlink("/etc", "out/etc"); os.symlink("..", "out/up")
os.symlink("out", "door"); os.symlink("out/ok", "out/inner")
os.mkfifo("out/fifo"); socket.socket(socket.AF_UNIX).bind("out/socket")
for kind, n in (0o020666, "char"), (0o060666, "block"):
    try:
        os.mknod("out/" + n, kind, os.makedev(1, 3)); print("made", n)
    except PermissionError:
        print("denied", n)
for n in "..", "../x", "/etc/x":
    try:
        open("out/" + n if n != "/etc/x" else n, "x")
    except OSError as e:
        print("refused")
for n in b"out/a\nb", b"out/\x1b[31mred", b"out/\xff\xfe", b"out/...", b"out/..x", b"out/ok", b"out/ space ", b"out/-rf":
    open(n, "wb").write(n)' --collect '**'
	[ "$STATUS" -eq 0 ]
	[ "$(cee-log -o "$ID" | sort | uniq -c | tr -s ' ' | tr '\n' ,)" = ' 1 denied block, 1 denied char, 2 refused,' ]
	[ "$(names)" = $'out/ space \nout/-rf\nout/...\nout/..x\nout/ok\np.py\nx' ]
	for n in out/passwd out/etc out/up door out/inner out/fifo out/socket; do
		[ "$(why "$n")" = 'no regular file' ]
	done
	[ "$(why 'out/a?b')" = 'bad name' ]
	[ "$(why 'out/?[31mred')" = 'bad name' ]
	[ "$(why 'out/??')" = 'bad name' ]
	# nothing but the spool's own names lies in the spool
	[ "$(cd "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$ID"/1 && ls -A | tr '\n' ' ')" = 'files files.index index stderr stdout ' ]
	run cee-stat "$ID"
	[[ "$output" == *'no regular file: out/fifo'* ]]
	sound
}

@test "a link to the box's own files and folders leads nowhere" {
	start_runner
	job '
import os
os.symlink("/proc/1/environ", "e.txt"); os.symlink("/", "root"); os.symlink("/proc/self/root", "r")
os.link("p.py", "hard.txt"); open("good.txt", "w").write("good")' --collect '*.txt' --collect 'root/etc/*' --collect 'r/**'
	[ "$(names)" = $'good.txt\nhard.txt' ]
	[ "$(why e.txt)" = 'no regular file' ]
	[ "$(why root)" = 'no regular file' ]
}

@test "files that the job made unreadable are collected all the same, with their mode" {
	start_runner
	job '
import os
os.mkdir("d"); open("d/f", "w").write("inside"); open("t", "w").write("top")
os.chmod("d/f", 0); os.chmod("t", 0); os.chmod("d", 0); os.chmod("/work", 0)' --collect '**'
	[ "$(cee-files "$ID" d/f)" = inside ]
	[ "$(cee-files "$ID" t)" = top ]
	cee-files "$ID" | grep -qE '^0000 +3 t$'
}

@test "bounds: too many files, too many bytes, a sparse giant, and how many more were left out" {
	start_runner
	cat > "$BATS_TEST_TMPDIR/j" <<-'JOB'
		{"language": "python", "collect": {"patterns": ["f*"], "files": 5, "bytes": "1M"}, "code": "
		for i in range(100): open('f%d' % i, 'w').write('x')"}
	JOB
	ID=$(cee-submit -j "$BATS_TEST_TMPDIR/j")
	cee-stat --wait "$ID"
	[ "$(cee-files "$ID" | wc -l)" -eq 5 ]
	[ "$(verdict "$ID" '"\(.files.count) \(.left | length) \(.left_more) \(.left[0].why)"')" = '5 16 79 too many' ]
	job '
import os
f = open("giant", "w"); f.truncate(1 << 40)
open("large", "wb").write(b"l" * (10 << 20)); open("second", "wb").write(b"l" * (10 << 20)); open("small", "w").write("s")' \
		--collect '*' -L disk=32M
	[ "$(why giant)" = 'too large' ]
	[ "$(names | grep -cE '^(large|second)$')" -eq 1 ]
	[ "$(cee-files "$ID" small)" = s ]
	[ "$(verdict "$ID" .why)" = exited ]
	sound
}

@test "a million files asked for, as many as the disk can have, and folders as deep as they go" {
	new_spool $'ceiling.run.inodes = 200000\nceiling.run.disk = 256M'
	start_runner
	job '
import os, sys
try:
    for d in range(1000):
        os.mkdir("d%d" % d)
        for i in range(1000):
            os.mknod("d%d/%d" % (d, i))
except OSError as e:
    print(e.strerror)' --collect '**' -L disk=256M -L inodes=200000 -L memory=400M -L cpu=60s -L wall=120s
	[ "$(cee-log -o "$ID")" = 'No space left on device' ]
	[ "$(verdict "$ID" .files.count)" -eq 256 ]
	[ "$(verdict "$ID" '(.left | length) + .left_more')" -gt 190000 ]
	job '
import os
for i in range(2000):
    try:
        os.mkdir("d"); os.chdir("d")
        open("f", "w").write("f")
    except OSError:
        break' --collect '**/f'
	[ "$(names | wc -l)" -eq 15 ]
	[ "$(verdict "$ID" '.left[0].why')" = 'bad name' ]
	# slow to match, in a folder of many: the search ends by itself
	# shellcheck disable=SC2046 # two words for each option
	job '
import os
for i in range(20000):
    open("a" * 240 + str(i), "x").close()' -L inodes=30000 -L cpu=30s -L wall=60s \
		$(for i in $(seq 64); do printf -- '--collect *%0120db%d\n' 0 "$i" | tr 0 a; done)
	[ "$(verdict "$ID" .why)" = exited ]
	[ "$(verdict "$ID" .files.count)" -eq 0 ]
	[ "$(verdict "$ID" '.left[0].why')" = 'not searched' ]
	sound
	next_job_runs
}

@test "cee-init holds little of it, also while its runner does not listen" {
	new_spool $'collect_bytes = 200M\nceiling.run.disk = 256M'
	start_runner
	ID=$(id_of '
for i in range(10):
    with open("f%d" % i, "wb") as f:
        for b in range(160):
            f.write(bytes([i]) * 100000)
print("written")' --collect 'f*' -L disk=256M -L memory=64M)
	cee-stat --wait "$ID"
	[ "$(verdict "$ID" '"\(.files.count) \(.files.bytes)"')" = '10 160000000' ]
	[ "$(cee-files "$ID" f3 | tr -d '\3' | wc -c)" -eq 0 ]
	pid=$(engine GET "/containers/$(boxes)/json" | jq .State.Pid)
	[ "$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")" -lt 8192 ]
	# its runner stopped in the middle
	ID=$(id_of '
import time
for n in "abc":
    with open("f" + n, "wb") as f:
        for i in range(500):
            f.write(b"x" * 100000)
print("written", flush=True)
time.sleep(2)' --collect 'f?' -L disk=256M -L memory=64M)
	wait_until 30 has_line "$ID" written
	kill -STOP "$RUNNER"
	sleep 3
	[ "$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")" -lt 8192 ]
	kill -CONT "$RUNNER"
	cee-stat --wait "$ID"
	[ "$(verdict "$ID" '"\(.files.count) \(.files.bytes) \(.left)"')" = '3 150000000 null' ]
	sound
}

@test "a time limit, a crash, a failed compile, a cancel: the files that exist are collected" {
	new_spool 'run_slack = 1s'
	start_runner
	job 'open("half", "w").write("half")
while True: pass' --collect half -L cpu=0.5s
	[ "$(verdict "$ID" .why)" = 'time limit' ]
	[ "$(cee-files "$ID" half)" = half ]
	job 'import os
open("core", "w").write("c"); os.abort()' --collect core
	[ "$(verdict "$ID" .why)" = signalled ]
	[ "$(cee-files "$ID" core)" = c ]
	ID=$(id_of 'import time
open("part", "w").write("part"); print("there", flush=True); time.sleep(60)' --collect part)
	wait_until 30 has_line "$ID" there
	cee-cancel -w "$ID"
	[ "$(verdict "$ID" .state)" = Cancelled ]
	[ "$(cee-files "$ID" part)" = part ]
	# a compile phase that ends long before the run does
	printf '#include <stdio.h>\n#include <unistd.h>\nint main(void) { sleep(12); FILE *f = fopen("late", "w"); fputs("late", f); return fclose(f); }\n' \
		> "$BATS_TEST_TMPDIR/late.c"
	ID=$(cee-submit --collect late -L wall=20s "$BATS_TEST_TMPDIR/late.c")
	cee-stat --wait "$ID"
	[ "$(cee-files "$ID" late)" = late ]
	echo 'int main(void) { return' > "$BATS_TEST_TMPDIR/m.c"
	ID=$(cee-submit --collect '*.c' "$BATS_TEST_TMPDIR/m.c")
	cee-stat --wait "$ID" || true
	[ "$(verdict "$ID" .why)" = 'compile error' ]
	[ "$(cee-files "$ID" m.c)" = 'int main(void) { return' ]
	sound
}

@test "a child that lives on cannot write behind the walk's back" {
	start_runner
	job '
import os
open("f", "w").write("program")
if os.fork() == 0:
    os.setsid()
    while True:
        open("f", "a").write("child" * 1000)' --collect f
	[ "$(verdict "$ID" .files.count)" = 1 ]
	[ "$(cee-files "$ID" f | wc -c)" = "$(verdict "$ID" .files.bytes)" ]
	[ "$(verdict "$ID" .left)" = null ]
}

@test "without cells it is the same" {
	new_spool 'cells = never'
	start_runner
	job '
import os
os.mkdir("out"); open("out/a", "w").write("a"); os.symlink("/etc/passwd", "out/b"); open("out/c", "w").write("c"); os.chmod("out/c", 0)
open("out/\n", "w").close(); os.chmod("out", 0)' --collect 'out/*'
	[ "$(names)" = $'out/a\nout/c' ]
	[ "$(verdict "$ID" '[.left[].why] | sort | join(",")')" = 'bad name,no regular file' ]
	sound
}

@test "cee-files: what it says when there is nothing, not yet, no job, no such file" {
	start_runner
	job 'print(1)'
	run cee-files "$ID"
	[ "$status" -eq 0 ] && [ -z "$output" ]
	run cee-files "$ID" x
	[ "$status" -eq 66 ]
	[[ "$output" == *'collects nothing: submit it with --collect'* ]]
	job 'open("x", "w").write("\033[31mx")' --collect x
	run cee-files "$ID" y
	[ "$status" -eq 66 ]
	[[ "$output" == *'y: no file of this name was collected'* ]]
	[ "$(script -qc "cee-files $ID x" /dev/null)" = '^[[31mx' ]
	run script -qec "cee-files --tar $ID" /dev/null
	[ "$status" -eq 64 ]
	run cee-files 01890a5d-ac96-774b-bcce-b302099a8057
	[ "$status" -eq 66 ]
	ID=$(id_of 'import time; time.sleep(60)' --collect x)
	run cee-files "$ID"
	[ "$status" -eq 75 ]
	[[ "$output" == *'has not ended'* ]]
	cee-cancel -w "$ID"
	run cee-files --tar "$ID" x
	[ "$status" -eq 64 ]
	run cee-files
	[ "$status" -eq 64 ]
}

@test "a full spool keeps the verdict, and what had no room is said" {
	mkdir "$BATS_TEST_TMPDIR/small"
	mount -t tmpfs -o size=8M tmpfs "$BATS_TEST_TMPDIR/small" || skip "no mounts here"
	new_spool 'min_room = 1M'
	export CEE_SPOOL=$BATS_TEST_TMPDIR/small/spool
	cee-lang publish
	start_runner
	job 'open("a", "wb").write(b"a" * 1000000); open("b", "wb").write(b"b" * 12000000); open("c", "w").write("c")' --collect '[abc]' -L disk=32M
	state=$(verdict "$ID" '"\(.why) \(.files.count) \([.left[] | "\(.name) \(.why)"] | join(","))"')
	left=$(cee-files "$ID" c)
	problems=$(cee-fsck) || true
	stop_runner
	[ "$state" = 'exited 2 b disk full' ]
	[ "$left" = c ]
	[[ "$problems" != *files* ]]
}

@test "a runner killed while files come: the job runs again and its files are whole; cee-rm takes them too" {
	new_spool $'collect_bytes = 200M\nceiling.run.disk = 256M'
	start_runner
	ID=$(id_of '
for n in "abc":
    with open("f" + n, "wb") as f:
        for i in range(400):
            f.write(n.encode() * 100000)
print("written", flush=True)' --collect 'f?' -L disk=256M)
	wait_until 30 has_some_bytes
	kill -KILL "$RUNNER"
	start_runner
	cee-stat --wait "$ID"
	[ "$(verdict "$ID" '"\(.files.count) \(.files.bytes) \(.attempt)"')" = '3 120000000 2' ]
	[ "$(cee-files "$ID" fb | tr -d b | wc -c)" -eq 0 ]
	sound
	wait_until 10 retired "$ID"
	cee-rm "$ID"
	run cee-files "$ID"
	[ "$status" -eq 66 ]
	sound
}

@test "cee-fsck sees what does not fit in collected files" {
	start_runner
	job 'open("a", "w").write("aaaa"); open("b", "w").write("bb")' --collect '?'
	dir=$(echo "$CEE_SPOOL/$OWNER"/$OUT_PATH/"$ID"/1)
	sound
	truncate -s 5 "$dir/files"
	run cee-fsck
	[ "$status" -ne 0 ]
	[[ "$output" == *'files: has 5 bytes, but the index covers 6'* ]]
	truncate -s 7 "$dir/files"
	run cee-fsck
	[[ "$output" == *'files: has 1 bytes beyond what the index covers'* ]]
	sed -i '2s/"name":"[^"]*"/"name":"..\/x"/' "$dir/files.index"
	run cee-fsck
	[[ "$output" == *'files.index: line 2: name: is not a valid name'* ]]
	run cee-files --tar "$ID"
	[ "$status" -eq 65 ]
	rm "$dir/files.index"
	run cee-fsck
	[[ "$output" == *'files.index: is missing, though files is there'* ]]
}
