#!/usr/bin/python3
"""netservers - servers on loopback for tests of networks

    netservers.py FILE

FILE gets lines NAME=value for a shell:

    GOOD, BAD   ports of 127.0.0.1: GET /N answers N bytes; GET /hits the connections so far, without those for /hits.
                Datagrams to BAD count too
    SLOW        a port that sends without an end
    DNS         an address with a resolver on port 53 (for root alone): inside.test, *.below.test are 127.0.0.1; both.test
                is 127.0.0.1 and 127.0.0.2; private.test is 10.0.0.1; rebind.test is PUBLIC when it is asked for the first
                time and 127.0.0.1 after that, always with a TTL of 0
    PUBLIC      an address of the public range on this host's loopback (for root alone, else empty), whose port GOOD counts for
                itself. It is removed when this program is told to end
"""
import collections, http.server, os, signal, socket, struct, subprocess, sys, threading, time


class Counted(http.server.ThreadingHTTPServer):
    daemon_threads = True
    hits = 0

    def handle_error(self, request, client_address): pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a): pass

    def do_GET(self):
        if self.path == "/hits":
            body = str(self.server.hits).encode()
        else:
            self.server.hits += 1
            n = self.path.strip("/")
            body = b"x" * (int(n) if n.isdigit() else 0)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class Slow(Handler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 1000)
            self.wfile.flush()
            time.sleep(0.02)


def serve(handler, at=("127.0.0.1", 0)):
    server = Counted(at, handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def datagrams(server):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", server.server_port))
    while True:
        s.recv(100)
        server.hits += 1


ASKED = collections.Counter()


def addresses(name):
    ASKED[name] += 1
    if name == "rebind.test":
        return [PUBLIC] if ASKED[name] == 1 else ["127.0.0.1"]
    if name == "inside.test" or name.endswith(".below.test"):
        return ["127.0.0.1"]
    return {"both.test": ["127.0.0.1", "127.0.0.2"], "private.test": ["10.0.0.1"]}.get(name, [])


def dns(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    def loop():
        while True:
            q, peer = s.recvfrom(512)
            at, labels = 12, []
            while q[at]:
                labels.append(q[at + 1:at + 1 + q[at]].decode("ascii", "replace").lower())
                at += 1 + q[at]
            kind = struct.unpack("!H", q[at + 1:at + 3])[0]
            found = addresses(".".join(labels)) if kind == 1 else []
            answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(a) for a in found)
            s.sendto(q[:2] + struct.pack("!HHHHH", 0x8180 if found or kind != 1 else 0x8183, 1, len(found), 0, 0) + q[12:at + 5] + answers, peer)
    threading.Thread(target=loop, daemon=True).start()


good, bad, slow = serve(Handler), serve(Handler), serve(Slow)
threading.Thread(target=datagrams, args=(bad,), daemon=True).start()
PUBLIC = ""


def ip(what):
    return subprocess.run(["ip", "addr", what, f"{PUBLIC}/32", "dev", "lo"], stderr=subprocess.DEVNULL).returncode == 0


def end(*_):
    if PUBLIC:
        ip("del")
    os._exit(0)


signal.signal(signal.SIGTERM, end)
if os.geteuid() == 0:
    PUBLIC = f"11.{os.getpid() >> 16 & 255}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    if ip("add"):
        serve(Handler, (PUBLIC, good.server_port))
    else:
        PUBLIC = ""
resolver = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 256}.53"
if os.geteuid() == 0:
    dns(resolver)
with open(sys.argv[1] + ".part", "w") as f:
    f.write(f"GOOD={good.server_port} BAD={bad.server_port} SLOW={slow.server_port} DNS={resolver} PUBLIC={PUBLIC}\n")
os.rename(sys.argv[1] + ".part", sys.argv[1])
while True:
    time.sleep(3600)
