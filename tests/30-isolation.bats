# The box is locked down: seen from inside in each language, and from outside at the engine.
load lib

setup() { new_spool; start_runner; }
teardown() { end_all; }

probe_py='import os
s = dict(l.split(":\t", 1) for l in open("/proc/self/status").read().splitlines() if ":\t" in l)
print("uid", os.getuid(), "caps", s["CapEff"], s["CapBnd"], "nnp", s["NoNewPrivs"], "seccomp", s["Seccomp"])
print("ifs", sorted(os.listdir("/sys/class/net")))
def can(p):
    try: open(p, "w").close(); return True
    except OSError: return False
print("write", [p for p in ("/x", "/etc/x", "/usr/x", "/.cee/init", "/proc/sys/kernel/hostname", "/sys/x", "/dev/x") if can(p)])
print("ok", [p for p in ("/work/x", "/tmp/x", "/dev/shm/x") if can(p)])
print("pids", len([p for p in os.listdir("/proc") if p.isdigit()]))
print("fds", sorted(os.listdir("/proc/self/fd")))
'

# What every language can print of itself: its status, limits, mounts, network, and what it can write.
check_inside() {
	[[ "$output" =~ CapEff:[[:space:]]+0000000000000000 ]]
	[[ "$output" =~ CapPrm:[[:space:]]+0000000000000000 ]]
	[[ "$output" =~ CapBnd:[[:space:]]+0000000000000000 ]]
	[[ "$output" =~ CapAmb:[[:space:]]+0000000000000000 ]]
	[[ "$output" =~ NoNewPrivs:[[:space:]]+1 ]]
	[[ "$output" =~ Seccomp:[[:space:]]+2 ]]
	[[ "$output" =~ Uid:[[:space:]]+1000[[:space:]]+1000 ]]
	# limits in force
	[[ "$output" =~ "Max open files"[[:space:]]+256[[:space:]] ]]
	[[ "$output" =~ "Max stack size"[[:space:]]+8388608[[:space:]] ]]
	# mounts: the root read-only, /work and /tmp of the cell's one tmpfs, a /proc of its own
	[[ "$output" =~ \ /\ /\ ro ]]
	[[ "$output" =~ \ /work\ rw,nosuid,nodev[^$'\n']*tmpfs ]]
	[[ "$output" =~ \ /proc\ ro[^$'\n']*proc ]]
	[[ "$output" != *docker.sock* ]]
	# network: the loopback interface and no other
	[[ "$output" =~ lo:\ +[0-9] ]]
	[[ "$output" != *eth0:* ]]
	# one process in sight beside its own: the cell's first
	[[ "$output" =~ NSpid:[[:space:]]+[0-9] ]]
	[[ "$output" == *"wrote []"* ]]
}

@test "from inside, python: uid, capabilities, seccomp, mounts, network, processes" {
	run --separate-stderr py "$probe_py"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *"caps 0000000000000000 0000000000000000 nnp 1 seccomp 2"* ]]
	[[ "$output" != *"uid 0 "* ]]
	[[ "$output" == *"ifs ['lo']"* ]]
	[[ "$output" == *"write []"* ]]
	[[ "$output" == *"ok ['/work/x', '/tmp/x', '/dev/shm/x']"* ]]
	[[ "$output" =~ pids\ [12]$'\n' ]]
}

@test "from inside, python: the same list as the other languages" {
	run --separate-stderr py 'for f in ("status", "limits", "mountinfo", "net/dev"): print(open("/proc/self/" + f).read())
bad = []
for p in ("/x", "/etc/x", "/usr/x", "/.cee/init", "/proc/sys/kernel/hostname", "/sys/x", "/dev/x"):
    try: open(p, "a").close(); bad.append(p)
    except OSError: pass
print("wrote", bad)'
	[ "$status" -eq 0 ]
	check_inside
}

@test "from inside, c" {
	cat > "$BATS_TEST_TMPDIR/s.c" <<-'C'
		#include <stdio.h>
		static const char *const show[] = { "/proc/self/status", "/proc/self/limits", "/proc/self/mountinfo", "/proc/self/net/dev" };
		static const char *const bad[] = { "/x", "/etc/x", "/usr/x", "/.cee/init", "/proc/sys/kernel/hostname", "/sys/x", "/dev/x" };
		int main(void)
		{
			char b[65536];
			for (int i = 0; i < 4; i++) { FILE *f = fopen(show[i], "r"); size_t n = fread(b, 1, sizeof b, f); fwrite(b, 1, n, stdout); fclose(f); }
			printf("wrote [");
			for (int i = 0; i < 7; i++) { FILE *f = fopen(bad[i], "a"); if (f) printf("%s ", bad[i]); }
			puts("]");
			return 0;
		}
	C
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/s.c"
	[ "$status" -eq 0 ]
	check_inside
}

@test "from inside, cpp" {
	cat > "$BATS_TEST_TMPDIR/s.cpp" <<-'C'
		#include <fstream>
		#include <iostream>
		int main()
		{
			for (auto p : { "status", "limits", "mountinfo", "net/dev" }) std::cout << std::ifstream(std::string("/proc/self/") + p).rdbuf();
			std::cout << "wrote [";
			for (auto p : { "/x", "/etc/x", "/usr/x", "/.cee/init", "/proc/sys/kernel/hostname", "/sys/x", "/dev/x" })
				if (std::ofstream(p, std::ios::app)) std::cout << p;
			std::cout << "]\n";
		}
	C
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/s.cpp"
	[ "$status" -eq 0 ]
	check_inside
}

@test "from inside, javascript" {
	cat > "$BATS_TEST_TMPDIR/s.js" <<-'J'
		const fs = require("fs");
		for (const f of ["status", "limits", "mountinfo", "net/dev"]) console.log(fs.readFileSync("/proc/self/" + f, "utf8"));
		const can = p => { try { fs.appendFileSync(p, "x"); return true; } catch { return false; } };
		const bad = ["/x", "/etc/x", "/usr/x", "/.cee/init", "/proc/sys/kernel/hostname", "/sys/x", "/dev/x"].filter(can);
		console.log(`wrote [${bad.join(" ")}]`);
	J
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/s.js"
	[ "$status" -eq 0 ]
	check_inside
}

@test "from inside, bash" {
	cat > "$BATS_TEST_TMPDIR/s.sh" <<-'S'
		for f in status limits mountinfo net/dev; do cat "/proc/$$/$f"; done
		bad=
		for f in /x /etc/x /usr/x /.cee/init /proc/sys/kernel/hostname /sys/x /dev/x; do
			{ echo x >> "$f"; } 2> /dev/null && bad="$bad $f"
		done
		echo "wrote [$bad]"
	S
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/s.sh"
	[ "$status" -eq 0 ]
	check_inside
}

@test "from inside, csharp" {
	cee-lang list --json | jq -e '.[] | select(.name == "csharp" and .state != "missing")' > /dev/null ||
		skip "no .NET SDK on this machine to make the image from"
	cat > "$BATS_TEST_TMPDIR/Program.cs" <<-'CS'
		foreach (var f in new[] { "status", "limits", "mountinfo", "net/dev" }) Console.WriteLine(File.ReadAllText("/proc/self/" + f));
		var bad = new List<string>();
		foreach (var p in new[] { "/x", "/etc/x", "/usr/x", "/.cee/init", "/proc/sys/kernel/hostname", "/sys/x", "/dev/x" })
			try { File.AppendAllText(p, "x"); bad.Add(p); } catch (Exception) { }
		Console.WriteLine($"wrote [{string.Join(" ", bad)}]");
	CS
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/Program.cs"
	[ "$status" -eq 0 ]
	check_inside
}

@test "from inside: limits in force" {
	run --separate-stderr py 'import os, resource as r, time
n = 1
while True:
    try: pid = os.fork()
    except OSError: break
    if pid == 0: time.sleep(60)
    n += 1
print(n, r.getrlimit(r.RLIMIT_NOFILE)[0], r.getrlimit(r.RLIMIT_STACK)[0], r.getrlimit(r.RLIMIT_CORE)[0] <= 1)
s = os.statvfs("/work"); print(s.f_blocks * s.f_frsize, s.f_files)
print(os.stat("/work").st_dev == os.stat("/tmp").st_dev)' -L processes=40 -L open_files=99 -L disk=32M -L inodes=500
	echo "$output"
	[ "${lines[0]}" = "40 99 8388608 True" ]
	[ "${lines[1]%% *}" -le $(((32 << 20) + 8192)) ]	# and the pages of /etc/hosts and of the limit that programs read
	[ "${lines[2]}" = True ]
}

@test "from inside: namespaces are the job's own, and no new ones can be made" {
	run --separate-stderr py 'import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
bad = []
for name, flag in dict(user=0x10000000, pid=0x20000000, net=0x40000000, ns=0x20000, ipc=0x8000000, uts=0x4000000).items():
    if libc.unshare(flag) == 0: bad.append(name)
for name, args in dict(mount=(b"none", b"/tmp", b"tmpfs", 0, None), ptrace=(16, 1, 0, 0), setns=(0, 0), pivot_root=(b"/", b"/"), keyctl=(0,)).items():
    f = getattr(libc, name, None)
    if f and f(*args) == 0: bad.append(name)
for n in (250, 321, 298, 323, 425, 435, 430):   # keyctl bpf perf_event_open userfaultfd io_uring_setup clone3 fsopen
    ctypes.set_errno(0)
    if libc.syscall(n, 0, 0, 0, 0, 0) >= 0: bad.append(n)
print(bad, os.readlink("/proc/self/ns/user") != os.readlink("/proc/self/ns/net"))'
	[ "$status" -eq 0 ]
	[ "${output%% True}" = "[]" ]
}

@test "from outside: what the engine was asked" {
	id=$(cee-submit -j - <<< '{"language":"python","code":"import time\nprint(1,flush=True)\ntime.sleep(20)"}')
	wait_until 15 has_line "$id" 1
	engine GET "/containers/$(boxes | head -n 1)/json" > "$BATS_TEST_TMPDIR/box"
	cee-cancel "$id"
	j() { jq -e "$1" "$BATS_TEST_TMPDIR/box" > /dev/null || { echo "not so: $1"; jq .HostConfig "$BATS_TEST_TMPDIR/box" | grep -v seccomp; return 1; }; }
	j '.HostConfig.CapDrop == ["ALL"] and .HostConfig.CapAdd == null and (.HostConfig.Privileged | not)'
	j '.HostConfig.SecurityOpt | any(. == "no-new-privileges") and any(startswith("seccomp={"))'
	j '.HostConfig.ReadonlyRootfs and .HostConfig.NetworkMode == "none" and .Config.NetworkDisabled'
	j '.HostConfig.IpcMode == "private" and .HostConfig.PidMode == "" and .HostConfig.AutoRemove'
	j '.HostConfig.Memory > 0 and .HostConfig.MemorySwap == .HostConfig.Memory and .HostConfig.PidsLimit > 0'
	j '.HostConfig.Binds == null and ([.Mounts[] | select(.Type == "bind")] | all(.[]; .RW == false))'
	j '[.Mounts[] | select(.Type == "bind") | .Destination] | sort == ["/.cee/init", "/.cee/layers", "/.cee/socket"]'
	j '.HostConfig.LogConfig.Type == "none" and .Config.OpenStdin and .Config.StdinOnce and (.Config.Tty | not)'
	j '(.Config.User | split(":")[0] | tonumber) >= 900000'
	j '.HostConfig.Devices == [] or .HostConfig.Devices == null'
}

@test "init speaks to the runner over a socket that is gone before a job comes, or over the engine" {
	grep -q 'self-test.*sockets=yes' "$RUNNER_LOG"
	[ -d "$CEE_SPOOL-layers/sockets" ] && [ -z "$(ls "$CEE_SPOOL-layers/sockets")" ]
	run py 'import os
for f in lambda: os.listdir("/.cee/socket"), lambda: os.stat("/.cee/socket/socket"), lambda: open("/.cee/socket/x", "w"):
	try: print(f())
	except OSError as e: print(type(e).__name__)'
	[ "$output" = $'PermissionError\nFileNotFoundError\nFileNotFoundError' ]
	stop_runner
	echo "box_sockets = never" >> "$CEE_CONF"
	start_runner
	grep -q 'self-test.*sockets=no' "$RUNNER_LOG"
	run py 'import os; print(os.path.exists("/.cee/socket"))'
	[ "$output" = False ]
}

@test "cells = never: the fallback works, says so, and a job still cannot reach init" {
	stop_runner
	echo "cells = never" >> "$CEE_CONF"
	start_runner
	grep -q 'self-test.*cells=no' "$RUNNER_LOG"
	run --separate-stderr py 'import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print("nice", libc.setpriority(0, 1, 19), "kill", libc.kill(1, 9), "prlimit", libc.syscall(302, 1, 7, (ctypes.c_ulong*2)(1,1), None))
open("/work/a","w").close(); open("/tmp/a","w").close(); print("files")'
	[ "$status" -eq 0 ]
	[[ "$output" == *"nice -1"*"prlimit -1"* ]]
	[[ "$output" == *files* ]]
	id=$(ls "$CEE_SPOOL/$OWNER/out"/*/ | tail -n 1)
	[ "$(verdict "$id" .cells)" = false ]
	next_job_runs
}

@test "the cell's profile as it is published is the one in force" {
	start_runner
	# every call that it names without a condition, made with arguments that mean nothing
	jq -r '.syscalls[] | select(.args == null and .errnoRet != 0 and (.comment | test("pin") | not)) | .errnoRet as $e | .names[] | "\(.) \($e)"' \
		"$CEE_ROOT/etc/seccomp-cell.json" > "$BATS_TEST_TMPDIR/calls"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/calls")" -gt 50 ]
	{
		printf '#include <errno.h>\n#include <stdio.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n'
		printf '#define T(nr, name, want) errno = 0, (syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == want ? n++ : printf("%%s: %%d\\n", name, errno))\n'
		printf 'int main(void)\n{\n\tint n = 0;\n'
		while read -r call errno; do
			printf '#ifdef SYS_%s\n\tT(SYS_%s, "%s", %s);\n#endif\n' "$call" "$call" "$call" "$errno"
		done < "$BATS_TEST_TMPDIR/calls"
		printf '\tprintf("%%d refused\\n", n);\n\treturn 0;\n}\n'
	} > "$BATS_TEST_TMPDIR/calls.c"
	run cee-submit -w -l c "$BATS_TEST_TMPDIR/calls.c"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ] || { echo "$output"; return 1; }
	[ "${output%% *}" -gt 45 ]
	# and the file names all that the filter does
	for list in denied absent ignored by_pid; do
		sed -n "/^static const int $list\[\] = {/,/^};/p" "$CEE_ROOT/src/init/seccomp.c" | grep -o 'NR_[a-z0-9_]*' | sed 's/^NR_//'
	done | sort -u > "$BATS_TEST_TMPDIR/built-in"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/built-in")" -gt 50 ]
	jq -r '.syscalls[].names[]' "$CEE_ROOT/etc/seccomp-cell.json" | sort -u > "$BATS_TEST_TMPDIR/published"
	[ -z "$(comm -23 "$BATS_TEST_TMPDIR/built-in" "$BATS_TEST_TMPDIR/published")" ]
}
