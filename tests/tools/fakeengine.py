#!/usr/bin/python3
"""fakeengine - a proxy in front of the real engine that falsifies some of its answers

    fakeengine.py SOCKET FAULT...

Listens on SOCKET and passes everything on to the real engine ($DOCKER_HOST, a unix socket), but for
the faults:

    api=1.40            what /version says
    info:KEY=JSON       what /info says of KEY
    drop=KEY            a HostConfig key that is taken out of every create: a limit that is accepted
                        and not kept, as rootless engines without cgroups do
    set:KEY=JSON        a HostConfig key that every create gets
    hold=PATH           requests whose path has PATH in it are never answered
    error=PATH:N        the first N of them get a 500, from an engine that is up otherwise

A request's head and body are read whole; after the answer's head the connection is a pipe in both
directions, so one connection is one request ("Connection: close" is added), or an attach.
"""
import json, os, socket, socketserver, sys, threading

REAL = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
FAULTS = sys.argv[2:]
ERRORS = {path: int(n) for path, _, n in (f[6:].rpartition(":") for f in FAULTS if f.startswith("error="))}


def head_of(f):
    lines = []
    while True:
        line = f.readline(65536)
        if not line:
            return None, {}
        if line == b"\r\n":
            return lines[0], dict(l.split(b":", 1) for l in lines[1:])
        lines.append(line.rstrip(b"\r\n"))


def field(heads, name):
    return next((v.strip() for k, v in heads.items() if k.lower() == name), b"")


def body_of(f, heads):
    if field(heads, b"transfer-encoding").lower() == b"chunked":
        out = b""
        while n := int(f.readline().split(b";")[0], 16):
            out += f.read(n)
            f.readline()
        f.readline()
        return out
    return f.read(int(field(heads, b"content-length") or 0))


def spoil_request(path, body):
    if "/containers/create" not in path:
        return body
    j = json.loads(body)
    for fault in FAULTS:
        if fault.startswith("drop="):
            j["HostConfig"].pop(fault[5:], None)
        if fault.startswith("set:"):
            key, value = fault[4:].split("=", 1)
            j["HostConfig"][key] = json.loads(value)
    return json.dumps(j).encode()


def spoil_answer(path, body):
    j = json.loads(body)
    for fault in FAULTS:
        if fault.startswith("api=") and path.endswith("/version"):
            j["ApiVersion"] = fault[4:]
        if fault.startswith("info:") and path.endswith("/info"):
            key, value = fault[5:].split("=", 1)
            j[key] = json.loads(value)
    return json.dumps(j).encode()


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    try:
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        line, heads = head_of(self.rfile)
        if not line:
            return
        path = line.split()[1].decode().split("?")[0]
        if any(f.startswith("hold=") and f[5:] in path for f in FAULTS):
            self.connection.recv(1)
            return
        body = spoil_request(path, body_of(self.rfile, heads))
        for part, left in ERRORS.items():
            if part in path and left > 0:
                ERRORS[part] -= 1
                self.wfile.write(b'HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nConnection: close\r\n'
                                 b'Content-Length: 21\r\n\r\n{"message":"harm"}   ')
                return
        real = socket.socket(socket.AF_UNIX)
        real.connect(REAL)
        upgrade = field(heads, b"upgrade")
        keep = {k: v for k, v in heads.items()
                if k.lower() not in (b"content-length", b"transfer-encoding", b"connection")}
        real.sendall(b"\r\n".join([line] + [k + b":" + v for k, v in keep.items()] + [
            b"Content-Length: %d" % len(body), b"Connection: " + (b"Upgrade" if upgrade else b"close"), b"", b""]) + body)
        if path.endswith(("/version", "/info")):
            answer = real.makefile("rb")
            status, heads = head_of(answer)
            body = spoil_answer(path, body_of(answer, heads))
            self.wfile.write(status + b"\r\nContent-Type: application/json\r\nConnection: close\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(body) + body)
        else:
            t = threading.Thread(target=pump, args=(real, self.connection), daemon=True)
            t.start()
            pump(self.connection, real)
            t.join()
        real.close()


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


Server(sys.argv[1], Handler).serve_forever()
