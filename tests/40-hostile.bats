# Programs that attack. After each the next job runs, in the same runner, and the spool is sound.
load lib

setup() { new_spool; start_runner; }
teardown() { end_all; }

after() { next_job_runs && sound && kill -0 "$RUNNER"; }

@test "closes its descriptors" {
	run py 'import os
for i in range(100):
    try: os.close(i)
    except OSError: pass
os._exit(3)'
	[ "$status" -eq 3 ]
	after
}

@test "forks and leaves children that ignore signals" {
	run --separate-stderr py 'import os, signal, time
for i in range(30):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for s in range(1, 32):
                try: signal.signal(s, signal.SIG_IGN)
                except OSError: pass
            time.sleep(1000)
        os._exit(0)
print("parent ends")' -L wall=10
	[ "$status" -eq 0 ]
	[ "$output" = "parent ends" ]
	after
}

@test "ignores SIGTERM and sleeps" {
	run py 'import signal, time
signal.signal(15, signal.SIG_IGN)
while True: time.sleep(1)' -L wall=1
	[ "$status" -eq 124 ]
	after
}

@test "signals, traces, renices and prlimits everything it can name" {
	run py 'import ctypes, os
libc = ctypes.CDLL(None)
lim = (ctypes.c_ulong * 2)(0, 0)
for pid in list(range(0, 200)) + [-1]:
    if pid == os.getpid(): continue
    for r in range(16): libc.syscall(302, pid, r, lim, None) if pid > 0 else 0
    libc.setpriority(0, pid, 19) if pid > 0 else 0
    libc.sched_setscheduler(pid, 5, ctypes.byref(ctypes.c_int(0))) if pid > 0 else 0
    libc.ptrace(16, pid, 0, 0)
    for s in range(1, 65):
        if pid != 0 and not (pid == -1 and s in (9, 15)): libc.kill(pid, s)
libc.kill(-1, 9)
for s in (2, 15): libc.kill(0, s)
print("still here")'
	kill -0 "$RUNNER"
	after
}

@test "writes frames to every descriptor it can find" {
	run --separate-stderr py 'import os, struct
frame = bytes([36, 0, 0, 0]) + struct.pack("<I", 96) + bytes(96)
done = bytes([37, 0, 0, 0]) + struct.pack("<I", 4) + bytes(4)
for fd in range(3, 1024):
    try: os.write(fd, frame + done)
    except OSError: pass
for pid in range(1, 20):
    for fd in range(0, 20):
        try:
            f = os.open("/proc/%d/fd/%d" % (pid, fd), os.O_WRONLY | os.O_NONBLOCK)
            if pid != os.getpid(): os.write(f, frame + done)
        except OSError: pass
print("real end")
os._exit(9)'
	[ "$status" -eq 9 ]
	[ "$output" = "real end" ]
	after
}

@test "fills /work and its inodes, then /dev/shm and /tmp" {
	run py 'import os
for d in ("/work", "/tmp", "/dev/shm"):
    try:
        f = open(d + "/big", "wb")
        while True: f.write(bytes(1 << 20))
    except OSError: pass
    try:
        i = 0
        while True:
            os.mknod(d + "/n%d" % i); i += 1
    except OSError: pass
print("full")' -L disk=16M
	after
}

@test "forks without end" {
	run py 'import os
while True:
    try: os.fork()
    except OSError: pass' -L cpu=2 -L wall=4
	[ "$status" -eq 124 ] || [ "$status" -eq 137 ]
	after
}

@test "allocates without end, in many processes" {
	run py 'import os
for i in range(6): os.fork()
x = []
while True: x.append(bytearray(1 << 20))' -L memory=64M -L wall=15
	[ "$status" -ne 0 ]
	after
}

@test "prints without end on both streams" {
	run py 'import os
while True: os.write(1, b"a" * 4096); os.write(2, b"b" * 4096)' -L cpu=2 -L output=1M
	[ "$status" -eq 124 ]
	after
}

@test "a job file that is no job, a link, a fifo, a hard link: refused, and nothing stops" {
	next_job_runs	# makes the owner
	d=$CEE_SPOOL/$OWNER/new
	a=$(uuid7) b=$(uuid7) c=$(uuid7)
	printf '{"language":' > "$d/5.$a"
	ln -s /etc/shadow "$d/5.$b"
	mkfifo "$d/5.$c"
	for id in $a $b $c; do
		wait_until 10 ended "$id"
		[ "$(verdict "$id" .why)" = refused ]
	done
	after
}

uuid7() {
	printf '%012x' "$(date +%s%3N)" | sed -E 's/(.{8})(.{4})/\1-\2-/' | tr -d '\n'
	printf '7%03x-8%03x-%04x%04x%04x' $((RANDOM % 4096)) $((RANDOM % 4096)) $RANDOM $RANDOM $RANDOM
}
