"""attacks.py - requests that no honest client sends: what is sent, and which answers are right

Each is (name, bytes or function of context, statuses). 0 stands for "the connection ends without an answer". No
answer may have a mark of a job of another caller, or a status above 499, and where a login was not proved
none is 2xx: those are in ALWAYS and looked at for all of them.
"""
import gzip, json
from wire import request

REFUSED = {0, 400, 404, 405, 408, 411, 413, 414, 415, 417, 421, 429, 431, 494, 501, 505}
NO_LOGIN = {0, 301, 308, 400, 401, 403, 404, 405, 421, 429}
JSON = "Content-Type: application/json"


def raw(text):
    return text.encode("latin-1") if isinstance(text, str) else text


def paths(c):
    """ways around the login: none of them is answered with anything of a caller's"""
    for path in ("/tasks", "//tasks", "/./tasks", "/healthz/../tasks", "/page/../tasks", "/page/%2e%2e/tasks", "/page/..%2ftasks", "/page/..%2Ftasks",
                 "/page%2f..%2ftasks", "/healthz/..%2ftasks", "/healthz%2f..%2ftasks", "/healthz;/tasks", "/tasks;/healthz", "/tasks/;x=/healthz",
                 "/TASKS", "/Tasks", "/%74asks", "/%54ASKS", "/tasks%2f", "/tasks/%2e", "/tasks/.", "/tasks/..;/tasks", "/tasks%3fticket=x",
                 "/tasks%26ticket=x", "/tasks%20", "/tasks%00", "/tasks%00/healthz", "/tasks%0a", "/healthz%0a/tasks", "/tasks%0d%0aAuthorization:%20Bearer",
                 "/tasks%23/healthz", "/tasks#/healthz", "/tasks\\healthz", "/healthz\\..\\tasks", "/%2e%2e/tasks", "/..%2ftasks", "/tasks//", "///tasks",
                 "/tasks/%s" % c.victim, "/tasks/%s/" % c.victim, "/tasks/%s/stdout" % c.victim, "/page/x/../../tasks/%s/stdout" % c.victim,
                 "/tasks/%s%%2fstdout" % c.victim, "/tasks/%s/events" % c.victim, "/tasks/%s/job" % c.victim, "/metrics", "/page/..%2fmetrics",
                 "/embed.js/../metrics", "/openapi.json/../metrics", "/openapi.json/tasks", "/languages", "/tasks?ticket", "/tasks?ticket=", "/tasks?ticket=x",
                 "/tasks?x&ticket=1", "/tasks?TICKET=x", "/tasks/%s?ticket=%s" % (c.victim, c.forged), "/tasks/%s/stdout?ticket=0" % c.victim,
                 "/metrics?ticket=%s" % c.forged, "/cee-http/tasks", "/tasks/%c0%af", "/tasks/%ff", "/\u00fftasks", "http://localhost/tasks", "*", "tasks"):
        yield "no login: GET " + path, request("GET", path), NO_LOGIN
    for method in ("HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "Get", "GET\t", "X" * 200):
        yield "no login: %s /tasks" % method, request(method, "/tasks", [JSON], b"{}" if method == "POST" else None), NO_LOGIN | REFUSED
    for value in ("Bearer", "Bearer ", "Bearer x", "bearer x", "BEARER x", "Bearer " + "x" * 4000, "Bearer \u00ff", "Basic", "Basic x", "Basic " + "A" * 4000,
                  "Basic Og==", "Digest username=%s" % c.other, "Negotiate x", "Bearer x, Bearer y"):
        yield "no login: " + value[:20], request("GET", "/tasks", ["Authorization: " + value]), NO_LOGIN | {431}
    for header in ("Remote-User", "REMOTE_USER", "Remote_User", "X-Remote-User", "X-Forwarded-User", "Auth-User", "Cee-User", "Script-Name", "Path-Info",
                   "Request-Method: OPTIONS\r\nX-HTTP-Method-Override", "Proxy-User"):
        yield "no login: " + header, request("GET", "/tasks", ["%s: %s" % (header, c.other)]), NO_LOGIN
        yield "of another, with a wrong password: " + header, request("GET", "/tasks?ticket=x", [c.wrong, "%s: %s" % (header, c.other)]), NO_LOGIN


def others(c):
    """a caller with a login, and the tasks of another"""
    for method in ("GET", "DELETE"):
        yield "%s another's task" % method, request(method, "/tasks/" + c.victim, [c.token]), {404}
    for path in ("/stdout", "/stderr", "/files", "/files/x", "/events", "/job", "/events?last_event_id=1-1-1-1-1-1-1-1", "/stdout?ticket=" + c.forged,
                 "?ticket=" + c.own_ticket, "?wait=5&on_disconnect=cancel", "/%2e%2e/" + c.victim):
        yield "another's task" + path[:40], request("GET", "/tasks/" + c.victim + path, [c.token]), {400, 401, 403, 404}
    yield "another's stdin", request("POST", "/tasks/%s/stdin?eof" % c.victim, [c.token, "Content-Type: application/octet-stream"], b"x"), {404}
    for name in ("Cee-User", "CEE_USER", "Cee_User"):
        yield "as another, by " + name, request("GET", "/tasks/" + c.victim, [c.token, "%s: %s" % (name, c.other)]), {403, 404}
    for id in ("0" * 36, c.victim.upper(), c.victim + "0", c.victim[:-1], "../" + c.victim, "%00" + c.victim, c.victim.replace("-", "_"), "'", "-1", "\u00ff"):
        yield "id " + id[:20], request("GET", "/tasks/" + id, [c.token]), {400, 403, 404, 0}


def framing(c):
    """lengths that lie, and requests hidden in others"""
    job, chunk = c.job(), "%x\r\n%s\r\n0\r\n\r\n"
    post = ["POST /tasks HTTP/1.1", "Host: localhost", c.token, JSON]
    hidden = "GET /tasks/%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n" % (c.victim, c.token)

    def message(*lines, body=""):
        return raw("\r\n".join(post + list(lines)) + "\r\n\r\n" + body)
    fine = REFUSED | {201}
    yield "length too small", message("Content-Length: 5", "Connection: close", body=job), {400}
    yield "length 0", message("Content-Length: 0", "Connection: close", body=job), {400}
    yield "no length", message("Connection: close", body=job), {400, 411}
    yield "length too large, and the end", (message("Content-Length: %d" % (len(job) + 9), body=job), "end"), {0, 400, 408}
    for value in ("-1", "+5", "5, 6", "0x10", "1e3", " ", "99999999999999999999", "18446744073709551617", "5 5", "\u00b2"):
        yield "length " + value, message("Content-Length: " + value, "Connection: close", body=job), REFUSED
    yield "two lengths", message("Content-Length: %d" % len(job), "Content-Length: 3", body=job), {0, 400}
    yield "length and chunks", message("Content-Length: 3", "Transfer-Encoding: chunked", body=chunk % (len(job), job)), fine
    yield "chunks and a hidden request", message("Content-Length: %d" % len(job), "Transfer-Encoding: chunked", body="0\r\n\r\n" + hidden), REFUSED
    for te in ("xchunked", "chunked, identity", "identity, chunked", "chunked\r\nTransfer-Encoding: identity", "\x0bchunked", "gzip, chunked", " chunked", "CHUNKED"):
        yield "Transfer-Encoding: %r" % te, (message("Transfer-Encoding: " + te, body=chunk % (len(job), job)), "end"), fine
    yield "Transfer-Encoding : chunked", (message("Transfer-Encoding : chunked", body=chunk % (len(job), job)), "end"), fine
    for size in ("zz", "-1", "ffffffffffffffffff", "5;x=" + "y" * 9000, "0x5", "", " 5", "7fffffff"):
        yield "chunk of size %r" % size[:12], (message("Transfer-Encoding: chunked", "Connection: close", body="%s\r\n%s\r\n" % (size, job)), "end"), fine
    yield "chunks", message("Transfer-Encoding: chunked", "Connection: close", body=chunk % (len(job), job)), {201, 411}
    yield "a body with GET", request("GET", "/tasks/" + c.own, [c.token], hidden.encode()), {200, 400}
    yield "two in one", request("GET", "/tasks/" + c.own, [c.token], close=False) + request("GET", "/tasks/" + c.victim, [c.token]), {200}
    yield "Expect", request("POST", "/tasks", [c.token, JSON, "Expect: 100-continue"], job.encode()), {201, 417}
    yield "Expect other", request("POST", "/tasks", [c.token, JSON, "Expect: 200-ok"], job.encode()), {201, 417}
    for version in ("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.1 x", "http/1.1", "", "ICAP/1.0"):
        yield "version " + version, raw("GET /tasks/%s %s\r\nHost: localhost\r\n%s\r\nConnection: close\r\n\r\n" % (c.own, version, c.token)), REFUSED | {200, 401}
    yield "bare line ends", raw("GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n"), REFUSED | {200}
    for what in ("\x16\x03\x01\x02\x00\x01", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0" * 300, "\r\n" * 50, "GET / HTTP/1.1\r\n folded: x\r\n\r\n", "A" * 70000):
        yield "nonsense %r" % what[:12], (raw(what), "end"), REFUSED | {200, 401}


def headers(c):
    fine = {200, 401} | REFUSED
    get = "/tasks/" + c.own
    for name, lines in (("one of 20 kB", ["X: " + "y" * 20000]), ("one of 15 kB", ["X: " + "y" * 15000]), ("3000", ["X%d: y" % i for i in range(3000)]),
                        ("300", ["X%d: y" % i for i in range(300)]), ("a NUL", ["X: a\0b"]), ("no colon", ["nonsense"]), ("an empty name", [": x"]),
                        ("a name with a space", ["A b: c"]), ("bytes", ["X: \u00ff\u00fe"]), ("an escape", ["X: \x1b[2J"]), ("a line end", ["X: a\rb"]),
                        ("Shellshock", ["User-Agent: () { :; }; echo vulnerable"]), ("LD_PRELOAD", ["LD-Preload: /x"]), ("Proxy", ["Proxy: http://evil.example"]),
                        ("two hosts", ["Host: a", "Host: b"]), ("a host with a path", ["Host: a/../b"]), ("no host's bytes", ["Host: \u00ff"]),
                        ("a long host", ["Host: " + "a" * 9000]), ("an upgrade", ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"]),
                        ("h2c", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]),
                        ("Accept-Encoding", ["Accept-Encoding: gzip, br, *;q=0.1"]), ("Accept", ["Accept: " + ",".join(["text/event-strea"] * 800)]),
                        ("a cookie", ["Cookie: " + "a=b; " * 2000])):
        yield "header: " + name, request("GET", get, [c.token] + lines), fine
    for value in ("bytes=0-0", "bytes=0-0,1-1", "bytes=" + ",".join("%d-" % i for i in range(900)), "bytes=-1", "bytes=5-2", "bytes=99999999999999999999-", "bytes=--1",
                  "bytes=0-18446744073709551615", "bytes=", "lines=1", "bytes=-0", "bytes=1-,0-"):
        yield "Range: " + value[:30], request("GET", get + "/stdout", [c.token, "Range: " + value]), {200, 206, 416}
    for value in ("*", '""', "W/", '"' * 3000, "*, *", '"x", ' * 600, "\u00ff"):
        yield "If-None-Match: " + value[:12], request("GET", get + "/stdout", [c.token, "If-None-Match: " + value]), {200, 304}
        yield "If-Range: " + value[:12], request("GET", get + "/stdout", [c.token, "Range: bytes=0-1", "If-Range: " + value]), {200, 206}
    yield "If-Match", request("GET", get + "/stdout", [c.token, 'If-Match: "x"']), {200, 412}
    for value in ("x", "1-1-1-1-1-1-1-1", "9" * 30, "-", "\u00ff", "1" * 5000):
        yield "Last-Event-ID: " + value[:12], request("GET", get + "/events", [c.token, "Accept: text/event-stream", "Last-Event-ID: " + value]), {200, 204, 400}
    for query in ("wait=1&wait=2", "wait=", "wait=-1", "wait=1e9", "wait=nan", "wait=99999999999999999999", "on_disconnect=x", "ticket=a&ticket=b", "&" * 3000, "a=b&" * 70,
                  "%", "%zz", "%00", "c=%ff", "a" * 6000, "=", "?", "wait=1;c=2"):
        yield "query " + query[:20], request("GET", get + "?" + query, [c.token]), {200, 400, 401, 414}
    yield "a long path", request("GET", "/" + "a" * 5000, [c.token]), {401, 403, 404, 414}
    yield "a very long path", request("GET", "/" + "a" * 60000, [c.token]), REFUSED | {401}


def bodies(c):
    fine = {400, 413, 415, 429}

    def post(body, *more, path="/tasks", type_=JSON):
        return request("POST", "%s?c=%d" % (path, c.body()), [c.token, type_, *more], raw(body) if isinstance(body, str) else body)
    one = '{"language":"bash","code":":"'
    for name, body in (("deep arrays", "[" * 200000), ("deep objects", '{"a":' * 100000), ("deep, closed", "[" * 40 + "]" * 40), ("a long number", "1" * 300000),
                       ("a number", one + ',"priority":%s}' % ("9" * 60)), ("1e999", one + ',"priority":1e999}'), ("duplicate keys", one + ',"code":"x"}'),
                       ("many keys", "{" + ",".join('"k%d":1' % i for i in range(300000)) + "}"), ("many values", "[" + "1," * 1000000 + "1]"),
                       ("1001 jobs", "[" + ",".join([one + "}"] * 1001) + "]"), ("a long string", '"' + "a" * 3000000), ("NUL", one + '\0}'), ("NUL text", one + ',"stdin":"\\u0000"}'),
                       ("bad UTF-8", one + ',"stdin":"\u00ff"}'), ("a lone surrogate", one + ',"stdin":"\\ud800"}'), ("a BOM", "\u00ef\u00bb\u00bf" + one + "}"), ("empty", ""), ("spaces", " " * 500000),
                       ("null", "null"), ("unknown field", one + ',"__proto__":{}}'), ("a path", one + ',"files":[{"name":"../../x","content":"y"}]}'),
                       ("another's id", one + ',"id":"%s"}' % c.victim), ("an owner", one + ',"owner":"http-web-%s"}' % c.other), ("UTF-16", (one + "}").encode("utf-16").decode("latin-1"))):
        yield "body: " + name, post(body), fine
    bomb = gzip.compress(b" " * (8 << 20) + (one + "}").encode())
    for encoding in ("gzip", "deflate", "br", "identity, gzip"):
        yield "a bomb in " + encoding, post(bomb, "Content-Encoding: " + encoding), fine
    yield "too large", post(" " * (18 << 20)), {0, 413}
    for type_ in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json5", "application/jsonp", "x", "application/json,text/plain", "\u00ff"):
        yield "type " + type_[:20], post(one + "}", type_="Content-Type: " + type_), {400, 415}
    for key in ("", "x" * 5000, "../x", "a\tb", "\u00ff", '"', '"' * 300):
        yield "key %r" % key[:8], post(c.job(), "Idempotency-Key: " + key), {201, 400}
    yield "an array with a key", post("[%s]" % c.job(), "Idempotency-Key: k"), {400}
    yield "events of an array", post("[%s]" % c.job(), "Accept: text/event-stream"), {406}
    yield "JSON to stdin", post("{}", path="/tasks/%s/stdin" % c.own), {409, 415}


def everything(c):
    for part in (paths, others, framing, headers, bodies):
        yield from part(c)


ALWAYS = {"no login", "of another"}


def context(**more):
    return type("Context", (), dict(more, dumps=json.dumps))
