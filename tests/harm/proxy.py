"""proxy.py - a proxy between cee and the Docker Engine that disturbs their conversation on request

Listens on a Unix socket and passes bytes on to the engine's. `harm` is one of
    none      passes everything on
    delay     each connection waits before its request goes on
    refuse    a new connection is closed at once
    cut       open connections are cut after some bytes (draws from the rate), attached streams too
    error     answers 500 itself
    garbage   answers bytes that are not HTTP
    stall     never answers
All but cut affect new connections only.
"""
import os, random, socket, threading, time


class Proxy:
    def __init__(self, path, engine, seed):
        self.path, self.engine, self.harm, self.rate = path, engine, "none", 0.0
        self.rng, self.live, self.lock, self.closing = random.Random(seed), set(), threading.Lock(), False
        if os.path.exists(path):
            os.unlink(path)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(128)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.closing = True
        self.server.close()
        self.cut_all()

    def cut_all(self):
        with self.lock:
            pairs = list(self.live)
        for pair in pairs:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def accept(self):
        while not self.closing:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def struck(self):
        return self.rng.random() < self.rate

    def serve(self, client):
        harm = self.harm if self.harm != "none" and self.struck() else "none"
        try:
            if harm == "refuse":
                return
            if harm in ("error", "garbage"):
                client.recv(65536)
                client.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
                               b"Content-Length: 24\r\n\r\n{\"message\": \"harm done\"}"
                               if harm == "error" else b"\x00\xffthis is not HTTP\r\n\r\n")
                return
            if harm == "stall":
                while not self.closing and self.harm == "stall":
                    time.sleep(0.1)
                return
            if harm == "delay":
                time.sleep(self.rng.uniform(0.05, 1.5))
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.engine)
        except OSError:
            client.close()
            return
        finally:
            if harm in ("refuse", "error", "garbage", "stall"):
                client.close()
        pair = (client, server)
        with self.lock:
            self.live.add(pair)
        other = threading.Thread(target=self.pump, args=(server, client), daemon=True)
        other.start()
        self.pump(client, server)
        other.join()
        with self.lock:
            self.live.discard(pair)
        client.close()
        server.close()

    def pump(self, source, target):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                if self.harm == "cut" and self.struck():
                    target.sendall(data[:self.rng.randrange(len(data) + 1)])
                    source.shutdown(socket.SHUT_RDWR)
                    break
                target.sendall(data)
        except OSError:
            pass
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
