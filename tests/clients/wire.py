"""wire.py - a client's end of a connection: raw bytes out, answers in, every bound of theirs checked"""
import asyncio, socket, ssl, struct, time

# No answer is larger. 1 MiB of output in JSON, each byte of it at most "\u00XX", and the task's own fields beside it.
JSON_MOST, PROBLEM_MOST, HEAD_MOST = 7 << 20, 16 << 10, 64 << 10


class Fault(Exception):
    """The server or cee-http broke a promise."""


class Gone(Exception):
    """The connection ended before the answer was complete."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return next((v for n, v in self.headers if n == name.lower()), None)


class Wire:
    """One connection, from an address of its own: rate limits are per address."""

    def __init__(self, server, host="127.0.0.1", small=False):
        self.server, self.host, self.small, self.reader, self.writer, self.number, self.socket = server, host, small, None, None, None, None

    async def open(self, plain=False):
        """plain: without TLS also where the server wants it"""
        s = self.socket = socket.socket()
        s.setblocking(False)
        if self.small:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.bind((self.host, 0))
        try:
            await asyncio.get_running_loop().sock_connect(s, ("127.0.0.1", self.server.port))
            context = None
            if self.server.tls and not plain:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
            self.reader, self.writer = await asyncio.open_connection(
                sock=s, ssl=context, server_hostname="localhost" if context else None, limit=1024 if self.small else 1 << 16)
        except BaseException:
            s.close()
            raise
        return self

    def send(self, data):
        self.writer.write(data if isinstance(data, bytes) else data.encode())

    def half_close(self):
        """no more from this side; the answer may still come"""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self, reset=False):
        if not self.writer:
            return
        if reset and self.socket.fileno() >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    # ---- answers ----

    async def head(self):
        """status and headers of the next answer; Gone without one"""
        lines, size = [], 0
        while True:
            try:
                line = await self.reader.readline()
            except (ValueError, OSError) as e:
                raise Gone(str(e))
            size += len(line)
            if size > HEAD_MOST:
                raise Fault("an answer's head of more than %d bytes" % HEAD_MOST)
            if not line.endswith(b"\n"):
                raise Gone("in the answer's head")
            line = line.rstrip(b"\r\n").decode("latin-1")
            if not line:
                break
            lines.append(line)
        words = lines[0].split(" ", 2) if lines else []
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise Fault("not an answer: %r" % (lines[:1],))
        headers = [(n.strip().lower(), v.strip()) for n, _, v in (l.partition(":") for l in lines[1:])]
        if int(words[1]) == 100:
            return await self.head()
        return int(words[1]), headers

    async def some(self, n=65536):
        try:
            return await self.reader.read(n)
        except OSError as e:
            raise Gone(str(e))

    async def exactly(self, n):
        try:
            return await self.reader.readexactly(n)
        except (asyncio.IncompleteReadError, OSError):
            raise Gone("in the answer's body")

    async def body(self, headers, most):
        """the pieces of a body, as they come"""
        h, size = dict(headers), 0
        if h.get("transfer-encoding", "").lower() == "chunked":
            while True:
                try:
                    n = int((await self.reader.readline()).split(b";")[0], 16)
                except ValueError:
                    raise Gone("between chunks")
                except OSError as e:
                    raise Gone(str(e))
                if n == 0:
                    await self.exactly(2)
                    return
                while n > 0:
                    piece = await self.exactly(min(n, 65536))
                    n, size = n - len(piece), size + len(piece)
                    self.bound(size, most)
                    yield piece
                await self.exactly(2)
        length = int(h["content-length"]) if "content-length" in h else None
        while length is None or size < length:
            piece = await self.some(65536 if length is None else min(65536, length - size))
            if not piece:
                if length is not None:
                    raise Gone("%d of %d bytes of a body" % (size, length))
                return
            size += len(piece)
            self.bound(size, most)
            yield piece

    @staticmethod
    def bound(size, most):
        if size > most:
            raise Fault("an answer of more than %d bytes" % most)

    async def answer(self, most=None, head=False):
        status, headers = await self.head()
        if most is None:
            problem = dict(headers).get("content-type", "").startswith("application/problem+json")
            most = PROBLEM_MOST if problem else JSON_MOST
        pieces = []
        if not head and status not in (204, 304):
            async for piece in self.body(headers, most):
                pieces.append(piece)
        return Answer(status, headers, b"".join(pieces))


def request(method, path, headers=(), body=None, close=True):
    lines = ["%s %s HTTP/1.1" % (method, path)]
    names = {h.split(":")[0].lower() for h in headers}
    if "host" not in names:
        lines.append("Host: localhost")
    lines += list(headers)
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append("Content-Length: %d" % len(body))
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def now():
    return time.monotonic()
