# What a job can reach of the kernel that is the whole host's. Each test has a control in which it is found.
load lib

setup() { new_spool; }
teardown() { end_all; }

c_job() { cee-submit -q -w "$@"; }

# What no program of any language here needs, one line for each: its name, and 1 if the kernel let it.
calls() {
	cat > "$BATS_TEST_TMPDIR/calls.c" <<-'C'
		#define _GNU_SOURCE
		#include <errno.h>
		#include <fcntl.h>
		#include <linux/filter.h>
		#include <netinet/in.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/ioctl.h>
		#include <sys/prctl.h>
		#include <sys/socket.h>
		#include <sys/syscall.h>
		#include <termios.h>
		#include <unistd.h>

		static void say(const char *what, long r) { printf("%s %d\n", what, r >= 0); }
		static int option(int family, int type, int level, int name, const void *p, size_t n)
		{
			return setsockopt(socket(family, type, 0), level, name, p, (socklen_t)n);
		}

		int main(void)
		{
			static const char *const netlink[] = { [2] = "usersock", [4] = "sock_diag", [6] = "xfrm", [9] = "audit",
				[12] = "netfilter", [15] = "uevent", [16] = "generic" };
			struct sock_filter all[] = { { 6, 0, 0, 0x7fff0000 } };
			struct sock_fprog filter = { 1, all };
			int m = open("/dev/ptmx", O_RDWR | O_NOCTTY), s, null = 27, one = 1;
			unsigned long context = 0;

			for (size_t i = 0; i < sizeof netlink / sizeof *netlink; i++)
				if (netlink[i]) say(netlink[i], socket(AF_NETLINK, SOCK_RAW, (int)i));
			say("udplite", socket(AF_INET, SOCK_DGRAM, 136));
			say("packet", socket(AF_PACKET, SOCK_DGRAM, 0));
			say("attach_filter", option(AF_INET, SOCK_DGRAM, SOL_SOCKET, 26, &filter, sizeof filter));
			say("io_setup", syscall(SYS_io_setup, 1, &context));
			grantpt(m), unlockpt(m);
			s = open(ptsname(m), O_RDWR | O_NOCTTY);
			say("line_discipline", ioctl(s, TIOCSETD, &null));
			say("dnotify", fcntl(open("/usr", O_RDONLY), F_NOTIFY, 1));
			say("no_syncfs", syscall(SYS_syncfs, -1) < 0 ? 0 : -1); /* the kernel itself says EBADF */
			say("seccomp_call", syscall(SYS_seccomp, 2 /* is an action there? */, 0, &all[0].k));
			say("set_seccomp", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) | prctl(PR_SET_SECCOMP, 2, &filter));
			(void)one;
			return 0;
		}
	C
}

@test "calls, families and options that no program needs: refused; outside each is there" {
	calls
	cc -w -o "$BATS_TEST_TMPDIR/calls" "$BATS_TEST_TMPDIR/calls.c"
	"$BATS_TEST_TMPDIR/calls" > "$BATS_TEST_TMPDIR/outside"
	start_runner
	run --separate-stderr c_job "$BATS_TEST_TMPDIR/calls.c"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq "$(wc -l < "$BATS_TEST_TMPDIR/outside")" ]
	[ "$(grep -c ' 0$' <<< "$output")" -eq "${#lines[@]}" ]
	# the control: most are let by the kernel to a process outside; which it has depends on its configuration
	[ "$(grep -c ' 1$' "$BATS_TEST_TMPDIR/outside")" -ge 9 ]
	for name in uevent sock_diag attach_filter no_syncfs set_seccomp; do grep -qx "$name 1" "$BATS_TEST_TMPDIR/outside"; done
	# the same without cells
	stop_runner
	echo 'cells = never' >> "$CEE_CONF"
	start_runner
	run --separate-stderr c_job "$BATS_TEST_TMPDIR/calls.c"
	[ "$(grep -c ' 0$' <<< "$output")" -eq "${#lines[@]}" ]
}

terminals='import os
n = 0
try:
    for i in range(100): os.openpty(); n += 1
except OSError: pass
print(n, flush=True)'

@test "terminals: a job has 16 of the host's; one with a terminal has no other" {
	start_runner
	run --separate-stderr py "$terminals"
	[ "$output" = 16 ]
	run --separate-stderr py 'import os, pty
m, s = pty.openpty(); os.write(s, b"through\n"); print(os.read(m, 100), os.ttyname(s)[:9])
print(pty.spawn(["echo", "child"]) == 0)'
	[[ "$output" = "b'through\\r\\n' /dev/pts/"* ]]
	[[ "$output" = *True ]]
	run py "$terminals" --tty
	[[ "$output" = *0* ]] && [[ "$output" != *16* ]]
	run py 'import os; print(os.ttyname(0)[:9], os.isatty(1))' --tty
	[[ "$output" = */dev/pts/*True* ]]
	# the control: outside there are more
	[ "$(python3 -c "$terminals")" -gt 16 ]
}

facts='buddyinfo cmdline config.gz consoles crypto diskstats interrupts iomem ioports kallsyms locks modules partitions schedstat softirqs timer_list zoneinfo pressure/cpu bus/pci/devices tty/drivers fs'

@test "/proc: no facts of the host beyond processors and memory; locks of others are not seen" {
	start_runner
	run --separate-stderr py "import os
print([f for f in '$facts'.split() if (os.path.isfile('/proc/' + f) and open('/proc/' + f, 'rb').read(1)) or (os.path.isdir('/proc/' + f) and os.listdir('/proc/' + f))])
print(os.cpu_count() > 0, os.sysconf('SC_PHYS_PAGES') > 0, os.getloadavg()[0] >= 0, 'MemTotal' in open('/proc/meminfo').read())"
	echo "$output"
	[ "$output" = $'[]\nTrue True True True' ]
	run --separate-stderr py "import os
os.mkdir('/tmp/own')
def mine(f):    # its owner is this job's user, so only the mount keeps it
    try: os.chmod(f, 0o777); return True
    except OSError as e: return e.strerror != 'Read-only file system'
print([f for f in ['/proc/' + f for f in '$facts'.split()] + ['/.cee/layers', '/tmp/own'] if os.path.isdir(f) and mine(f)])"
	echo "$output"
	[ "$output" = "['/tmp/own']" ]
	# the control
	n=0
	for f in $facts; do if [ -n "$(head -c 1 "/proc/$f" 2>/dev/null | tr '\0' x)" ]; then n=$((n + 1)); fi; done
	[ "$n" -ge 8 ]
}

@test "/proc: node and .NET find processors and memory" {
	start_runner
	echo 'const os = require("os"); console.log(os.cpus().length > 0, os.totalmem() > 0, os.loadavg().length, os.uptime() > 0)' > "$BATS_TEST_TMPDIR/p.js"
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/p.js"
	[ "$output" = "true true 3 true" ]
	echo 'var i = GC.GetGCMemoryInfo(); System.Console.WriteLine($"{System.Environment.ProcessorCount > 0} {i.TotalAvailableMemoryBytes > 0} {System.Diagnostics.Process.GetCurrentProcess().WorkingSet64 > 0}");' > "$BATS_TEST_TMPDIR/p.cs"
	run --separate-stderr cee-submit -w "$BATS_TEST_TMPDIR/p.cs"
	[ "$output" = "True True True" ]
}

@test "set-uid programs of an image give nothing; without no-new-privileges they would" {
	# cee's own images have none; that of an administrator may
	local image=cee-test/set-uid-$$ id
	id=$(docker create --network none --entrypoint chmod cee/python u+s /usr/bin/su)
	docker start -a "$id" && docker commit "$id" "$image" > /dev/null
	docker rm "$id" > /dev/null
	cp -RL "$CEE_ROOT/etc/languages.d" "$BATS_TEST_TMPDIR/languages"
	jq --arg image "$image:latest" '.image = $image' "$CEE_ROOT/etc/languages.d/python.json" > "$BATS_TEST_TMPDIR/languages/python.json"
	echo "languages = $BATS_TEST_TMPDIR/languages" >> "$CEE_CONF"
	sed -i "0,/^languages/{/^languages/d}" "$CEE_CONF"
	start_runner
	run --separate-stderr py 'import os, subprocess
print(subprocess.run(["/usr/bin/su", "--version"], env={"LD_SHOW_AUXV": "1"}, capture_output=True, text=True).stdout)
print(oct(os.stat("/usr/bin/su").st_mode))'
	[[ "$output" =~ AT_EUID:\ +1000 ]]
	[[ "$output" =~ AT_SECURE:\ +0 ]]
	[[ "$output" == *0o104755* ]]
	# the control: there it is another user, and the loader shows nothing
	run docker run --rm --network none --user 1000 -e LD_SHOW_AUXV=1 --entrypoint /usr/bin/su "$image" --version
	docker rmi -f "$image" > /dev/null	# its box may not be gone yet
	[[ "$output" == *"su from"* ]]
	[[ "$output" != *AT_EUID* ]]
}
