# The box as a place to run in: names, time zones, a user, folders and locales, as programs expect them.

load lib

setup() { new_spool; start_runner; cd "$BATS_TEST_TMPDIR" || return 1; }
teardown() { end_all; }

prints() {	# prints FILE EXPECTED [OPTIONS]: the program's whole output
	local file=$1 right=$2
	shift 2
	run --separate-stderr cee-submit -w "$@" "$file"
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "$right" ]
}

@test "localhost and the box's own name resolve: python, a server and its client" {
	cat > a.py <<-'PY'
		import http.server, socket, threading, urllib.request
		print(socket.gethostbyname("localhost"), socket.gethostbyname(socket.gethostname()))
		class Hi(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        self.send_response(200); self.end_headers(); self.wfile.write(b"pong")
		    def log_message(self, *_): pass
		s = http.server.HTTPServer(("localhost", 0), Hi)
		threading.Thread(target=s.serve_forever, daemon=True).start()
		print(urllib.request.urlopen("http://localhost:%d/" % s.server_port).read().decode())
		print(sorted({a[4][0] for a in socket.getaddrinfo("localhost", 80)}))
	PY
	prints a.py $'127.0.0.1 127.0.0.1\npong\n[\'127.0.0.1\', \'::1\']'
}

@test "localhost resolves: node, C#, bash" {
	cat > a.js <<-'JS'
		const http = require('http')
		const s = http.createServer((q, r) => r.end('pong'))
		s.listen(3000, async () => { console.log(await (await fetch('http://localhost:3000/')).text()); s.close() })
	JS
	prints a.js pong
	cat > a.cs <<-'CS'
		var l = new System.Net.HttpListener(); l.Prefixes.Add("http://localhost:5055/"); l.Start();
		var asked = new System.Net.Http.HttpClient().GetStringAsync("http://localhost:5055/");
		var c = l.GetContext(); c.Response.OutputStream.Write("pong"u8); c.Response.Close();
		Console.WriteLine(asked.Result);
	CS
	prints a.cs pong
	echo 'getent hosts localhost | cut -d" " -f1; getent hosts "$(hostname)" | cut -d" " -f1' > a.sh
	prints a.sh $'::1\n127.0.0.1'
}

@test "a program cannot change its box's names, and they take nothing of its disk" {
	echo 'echo x >> /etc/hosts' > a.sh
	run cee-submit -w a.sh
	[ "$status" -ne 0 ]
	echo 'for i in 1 2 3 4 5 6 7 8; do : > f$i || exit 3; done; head -c 28672 /dev/zero > full' > b.sh
	prints b.sh '' -L inodes=10 -L disk=32K	# its own file has a page and an inode, work is one more
}

@test "time zones: C, bash, python, node, C#" {
	cat > a.c <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		#include <time.h>
		int main(void)
		{
			time_t t = 1700000000;
			char b[40];

			setenv("TZ", "America/New_York", 1);
			strftime(b, sizeof b, "%H:%M %Z", localtime(&t));
			puts(b);
		}
	C
	prints a.c '17:13 EST'
	echo 'TZ=Europe/Berlin date -d @1700000000 "+%H:%M %Z"; date -d @1700000000 "+%H:%M %Z"' > a.sh
	prints a.sh $'23:13 CET\n22:13 UTC'
	cat > a.py <<-'PY'
		from datetime import datetime
		from zoneinfo import ZoneInfo
		for z in "Asia/Kolkata", "UTC":
		    print(datetime.fromtimestamp(1700000000, ZoneInfo(z)).strftime("%H:%M %Z"))
	PY
	prints a.py $'03:43 IST\n22:13 UTC'
	echo 'console.log(new Date(1.7e12).toLocaleTimeString("en-GB", {timeZone: "Asia/Tokyo"}))' > a.js
	prints a.js 07:13:20
	cat > a.cs <<-'CS'
		var t = DateTimeOffset.FromUnixTimeSeconds(1700000000);
		foreach (var z in new[] { "Europe/London", "Australia/Sydney", "UTC" })
			Console.WriteLine(TimeZoneInfo.ConvertTime(t, TimeZoneInfo.FindSystemTimeZoneById(z)).ToString("HH:mm zzz"));
	CS
	prints a.cs $'22:13 +00:00\n09:13 +11:00\n22:13 +00:00'
}

@test "the user has a name, a home and both variables" {
	echo 'whoami; id -un; id -gn; echo "$USER $LOGNAME"; echo ~user; [ -w "$HOME" ] && echo writable' > a.sh
	prints a.sh $'user\nuser\nuser\nuser user\n/home/user\nwritable'
	cat > a.py <<-'PY'
		import getpass, os, pwd
		from pathlib import Path
		print(getpass.getuser(), pwd.getpwuid(os.getuid()).pw_name, Path.home().is_dir())
	PY
	prints a.py 'user user True'
	echo 'console.log(require("os").userInfo().username)' > a.js
	prints a.js user
	echo 'Console.WriteLine(Environment.UserName);' > a.cs
	prints a.cs user
	echo 'echo "$USER"' > b.sh
	prints b.sh ann --env USER=ann
}

@test "where models write is the job's folder under other names" {
	cat > a.sh <<-'SH'
		for d in /mnt/data /home/user /app /workspace; do
			echo "$d" > "$d/$(basename "$d").txt" && cd "$d" && cat "/work/$(basename "$d").txt" || exit 1
		done
	SH
	prints a.sh $'/mnt/data\n/home/user\n/app\n/workspace' --collect data.txt
	id=$(cee-submit --collect data.txt a.sh)
	cee-log -f "$id" > log
	[ "$(cee-files "$id" data.txt)" = /mnt/data ]
}

@test "locales: C.UTF-8 and en_US.UTF-8" {
	echo 'for l in C.UTF-8 en_US.UTF-8; do LC_ALL=$l locale charmap; done 2>&1; x=äöü; echo ${#x}' > a.sh
	prints a.sh $'UTF-8\nUTF-8\n3'
	cat > a.py <<-'PY'
		import locale
		locale.setlocale(locale.LC_ALL, "en_US.UTF-8")
		print(locale.format_string("%d", 1234567, grouping=True))
	PY
	prints a.py 1,234,567
}
