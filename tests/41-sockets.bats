# Sockets on loopback: servers and their clients work in one job, and what sockets hold is bounded as memory.
load lib

setup() { new_spool; start_runner; }
teardown() { end_all; }

why() { ls -t "$CEE_SPOOL/$OWNER"/$OUT_PATH/*/result | head -n 1 | xargs jq -r "$1"; }

# hold HOW MIB: a program that fills sockets until they hold about MIB MiB, says so and sleeps
hold() {
	cat <<-PYTHON
		import os, resource, socket, struct, time
		how, most = "$1", $2 << 20
		family = socket.AF_INET6 if how[-1] == "6" else socket.AF_INET
		host = "::1" if how[-1] == "6" else "127.0.0.1"
		kind, block, held, kept = how.rstrip("6"), bytes(65000), 0, []

		def fill(s, most=4 << 20):
		    n = 0
		    try:
		        while n < most: n += s.send(block, socket.MSG_DONTWAIT)
		    except OSError: pass
		    return n

		def listener():
		    s = socket.socket(family); s.bind((host, 0)); s.listen(4096); kept.append(s)
		    return s

		def tcp():
		    c = socket.create_connection(kept[0].getsockname()[:2]); kept.append(c)
		    kept.append(kept[0].accept()[0])
		    return fill(c)

		def unaccepted():                    # the client is gone: what it sent waits for a server
		    with socket.create_connection(kept[0].getsockname()[:2]) as c: return fill(c)

		def udp():
		    r = socket.socket(family, socket.SOCK_DGRAM); r.bind((host, 0)); kept.append(r)
		    with socket.socket(family, socket.SOCK_DGRAM) as s:
		        s.connect(r.getsockname()[:2])
		        return min(fill(s, 400000), 200000)

		def corked():                        # a datagram that is never finished
		    r = socket.socket(family, socket.SOCK_DGRAM); r.bind((host, 0)); kept.append(r)
		    return r.sendto(block, 0x8000, r.getsockname())

		def netlink():                       # answers that nobody reads
		    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); kept.append(s)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
		    ask = struct.pack("IHHIIBBHiII", 32, 18, 1, 0, 0, 0, 0, 0, 1, 0, 0)
		    for i in range(100): s.send(ask)
		    return 100000

		def local():
		    a, b = socket.socketpair(); kept.extend((a, b))
		    return fill(a)

		if kind in ("tcp", "unaccepted"): listener()
		while held < most:
		    try: held += globals()[kind]()
		    except OSError:                  # out of descriptors: on in a child, which has its own
		        if os.fork(): os.wait(); os._exit(0)
		        kept.clear()
		        if kind in ("tcp", "unaccepted"): listener()
		print("held", held >> 20, flush=True)
		time.sleep($3)
	PYTHON
}

is_bounded() {	# is_bounded HOW: 400 MiB are not to be had within 64; 16 MiB are, and are counted
	run py "$(hold "$1" 400 3)" -L memory=64M -L wall=90 -L cpu=30
	echo "$output"
	[ "$status" -eq 137 ]
	[ "$(why .why)" = "memory limit" ]
	[ "$(why '.phases.run.hit | index("memory") != null')" = true ]
	[ "$(why '.phases.run.peak_memory >= 64 * 1048576')" = true ]
	run --separate-stderr py "$(hold "$1" 16 0.3)" -L memory=64M -L wall=90 -L cpu=30
	[ "$status" -eq 0 ]
	[[ "$output" = "held 1"[6-9] ]]
	[ "$(why .why)" = exited ]
	[ "$(why '.phases.run.peak_memory > 16 * 1048576')" = true ]
}

@test "memory of tcp connections" { is_bounded tcp; is_bounded tcp6; }

@test "memory of tcp connections that nobody accepts" { is_bounded unaccepted; is_bounded unaccepted6; }

@test "memory of datagrams that nobody reads" { is_bounded udp; is_bounded udp6; }

@test "memory of datagrams that are never finished" { is_bounded corked; }

@test "memory of netlink answers that nobody reads" { is_bounded netlink; }

@test "memory of local sockets" { is_bounded local; }

@test "what the sockets of a job hold is gone before the next one's is counted" {
	for i in 1 2 3; do
		run --separate-stderr py "$(hold tcp 40 0)" -L memory=100M
		[[ "$output" = "held 4"? ]]
		[ "$(why '.phases.run.peak_memory < 90 * 1048576')" = true ]
	done
	run --separate-stderr py 'import time; time.sleep(0.2); print("small")' -L memory=100M
	[ "$output" = small ]
	[ "$(why '.phases.run.peak_memory < 30 * 1048576')" = true ]
}

@test "localhost is the loopback in each cell, and not for the job to change" {
	run --separate-stderr py 'import os, socket
print(sorted({a[4][0] for a in socket.getaddrinfo("localhost", 80)}), socket.gethostbyname(socket.gethostname()))
for how in (lambda: open("/etc/hosts", "a"), lambda: os.chmod("/etc/hosts", 0o666), lambda: os.utime("/etc/hosts"), lambda: os.unlink("/etc/hosts")):
    try: how(); print("changed it")
    except OSError: pass'
	[[ "$output" = "['127.0.0.1'"*"] 127.0.0.1" ]]
}

# ---- servers and their clients --------------------------------------------------------

@test "python: an asyncio server and 50 clients, 100 MB through loopback" {
	run --separate-stderr py 'import asyncio
async def serve(r, w):
    while b := await r.read(65536): w.write(b); await w.drain()
    w.close()
async def client(port):
    r, w = await asyncio.open_connection("localhost", port)
    async def send():
        for i in range(16): w.write(bytes(65536)); await w.drain()
        w.write_eof()
    t = asyncio.create_task(send()); n = 0
    while b := await r.read(65536): n += len(b)
    await t; w.close()
    return n
async def main():
    s = await asyncio.start_server(serve, "localhost", 0)
    port = s.sockets[0].getsockname()[1]
    print(sum(await asyncio.gather(*(client(port) for i in range(50)))))
asyncio.run(main())' -L cpu=40 -L wall=120
	echo "$stderr"
	[ "$output" = 52428800 ]
	[ "$(why .why)" = exited ]
}

@test "python: multiprocessing with a pool, queues, a manager and a listener on tcp; an HTTP server and urllib" {
	run --separate-stderr py 'import multiprocessing as mp, threading, urllib.request
from http.server import HTTPServer, SimpleHTTPRequestHandler
from multiprocessing.connection import Client, Listener
def square(x): return x * x
def talk(address):
    with Client(address, authkey=b"k") as c: c.send(bytes(1 << 20)); print(c.recv())
if __name__ == "__main__":
    with mp.Pool(4) as p: print(sum(p.map(square, range(1000))))
    with mp.Manager() as m:
        d = m.dict(a=1); d["b"] = 2; print(sorted(d.keys()))
    with Listener(("localhost", 0), authkey=b"k") as l:
        p = mp.Process(target=talk, args=(l.address,)); p.start()
        with l.accept() as c: c.send(len(c.recv()))
        p.join()
    open("f", "w").write("served")
    s = HTTPServer(("localhost", 0), SimpleHTTPRequestHandler)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    print(urllib.request.urlopen(f"http://localhost:{s.server_port}/f").read().decode())' -L cpu=40 -L wall=120
	echo "$stderr"
	[ "$output" = $'332833500\n[\'a\', \'b\']\n1048576\nserved' ]
}

@test "javascript: http, fetch, net, dgram, worker_threads, cluster, networkInterfaces" {
	cat > "$BATS_TEST_TMPDIR/s.js" <<-'J'
		const http = require("http"), net = require("net"), dgram = require("dgram"), os = require("os"), cluster = require("cluster");
		const { Worker } = require("worker_threads");
		const listen = (s) => new Promise((r) => s.listen(0, "localhost", () => r(s.address().port)));
		async function main() {
			const web = http.createServer((q, a) => a.end("x".repeat(1 << 20)));
			const port = await listen(web);
			const all = await Promise.all(Array.from({ length: 40 }, () => fetch(`http://localhost:${port}/`).then((r) => r.text())));
			console.log("http", all.reduce((n, t) => n + t.length, 0));
			web.closeAllConnections(); web.close();
			const echo = net.createServer((c) => c.pipe(c));
			const c = net.connect(await listen(echo), "localhost");
			let n = 0;
			c.on("data", (b) => n += b.length);
			for (let i = 0; i < 64; i++) if (!c.write(Buffer.alloc(1 << 20))) await new Promise((r) => c.once("drain", r));
			c.end(); await new Promise((r) => c.on("end", r));
			console.log("net", n); echo.close();
			const u = dgram.createSocket("udp4");
			const got = new Promise((r) => u.on("message", (m) => r(String(m))));
			await new Promise((r) => u.bind(0, "127.0.0.1", r));
			u.send("datagram", u.address().port, "127.0.0.1");
			console.log("dgram", await got); u.close();
			const w = new Worker('require("worker_threads").parentPort.postMessage(42)', { eval: true });
			console.log("worker", await new Promise((r) => w.on("message", r)));
			console.log("interfaces", Object.keys(os.networkInterfaces()).join());
			const child = cluster.fork();
			console.log("cluster", await new Promise((r) => child.on("message", r)));
			child.disconnect();
		}
		if (cluster.isPrimary) main(); else { const s = http.createServer().listen(0, "localhost", () => { process.send("listens"); s.close(); }); }
	J
	run --separate-stderr cee-submit -w -L cpu=40 -L wall=120 "$BATS_TEST_TMPDIR/s.js"
	echo "$output $stderr"
	[ "$output" = $'http 41943040\nnet 67108864\ndgram datagram\nworker 42\ninterfaces lo\ncluster listens' ]
}

@test "csharp: a TcpListener and its clients, UdpClient, HttpListener, network interfaces" {
	cat > "$BATS_TEST_TMPDIR/s.cs" <<-'C'
		using System.Net; using System.Net.NetworkInformation; using System.Net.Sockets;
		var l = new TcpListener(IPAddress.Loopback, 0); l.Start();
		int port = ((IPEndPoint)l.LocalEndpoint).Port;
		async Task Serve() { for (int i = 0; i < 20; i++) { var c = await l.AcceptTcpClientAsync(); _ = Task.Run(async () => { using (c) await c.GetStream().CopyToAsync(c.GetStream()); }); } }
		async Task<long> Ask() {
			using var c = new TcpClient(); await c.ConnectAsync("localhost", port);
			var s = c.GetStream(); long n = 0; var b = new byte[65536]; int k;
			var send = Task.Run(async () => { for (int i = 0; i < 32; i++) await s.WriteAsync(new byte[65536]); c.Client.Shutdown(SocketShutdown.Send); });
			while ((k = await s.ReadAsync(b)) > 0) n += k;
			await send; return n;
		}
		_ = Serve();
		Console.WriteLine($"tcp {(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Ask()))).Sum()}");
		using var u = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
		await u.SendAsync(new byte[100], 100, (IPEndPoint)u.Client.LocalEndPoint!);
		Console.WriteLine($"udp {(await u.ReceiveAsync()).Buffer.Length}");
		using var h = new HttpListener(); h.Prefixes.Add("http://localhost:18080/"); h.Start();
		_ = Task.Run(async () => { var x = await h.GetContextAsync(); x.Response.OutputStream.Write(new byte[1 << 20]); x.Response.Close(); });
		using var web = new HttpClient();
		Console.WriteLine($"http {(await web.GetByteArrayAsync("http://localhost:18080/")).Length}");
		Console.WriteLine($"interfaces {string.Join(",", NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name))}");
	C
	run --separate-stderr cee-submit -w -L cpu=40 -L wall=120 "$BATS_TEST_TMPDIR/s.cs"
	echo "$output $stderr"
	[ "$output" = $'tcp 41943040\nudp 100\nhttp 1048576\ninterfaces lo' ]
}

@test "c: a server, its clients and getifaddrs" {
	cat > "$BATS_TEST_TMPDIR/s.c" <<-'C'
		#include <arpa/inet.h>
		#include <ifaddrs.h>
		#include <netdb.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <sys/wait.h>
		#include <unistd.h>
		int main(void)
		{
			static char b[1 << 16];
			struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
			socklen_t len = sizeof a;
			struct addrinfo *names;
			struct ifaddrs *all;
			int l = socket(AF_INET, SOCK_STREAM, 0);
			long sum = 0, n;

			bind(l, (void *)&a, sizeof a), listen(l, 128), getsockname(l, (void *)&a, &len);
			for (int i = 0; i < 8; i++)
				if (!fork()) {
					int c = socket(AF_INET, SOCK_STREAM, 0);
					connect(c, (void *)&a, len);
					for (int k = 0; k < 512; k++)
						for (size_t at = 0; at < sizeof b; at += (size_t)write(c, b + at, sizeof b - at))
							;
					return 0;
				}
			for (int i = 0; i < 8; i++) {
				int s = accept(l, NULL, NULL);
				while ((n = read(s, b, sizeof b)) > 0) sum += n;
				close(s);
			}
			while (wait(NULL) > 0)
				;
			printf("%ld %d %d\n", sum, getaddrinfo("localhost", "80", NULL, &names), getifaddrs(&all));
			return 0;
		}
	C
	run --separate-stderr cee-submit -w -L cpu=40 -L wall=120 "$BATS_TEST_TMPDIR/s.c"
	[ "$output" = "268435456 0 0" ]
}
