# The driver of a session in Python: see docs/SESSIONS.md. The runner sends this text as an argument of the interpreter.
import ast, base64, codecs, io, json, os, select, signal, sys, time, traceback

GRACE = 2.0  # seconds from the interrupt of a cell to the end of its worker
LINE_MOST = 8 << 20


def say(cell, event, **more):
    data = memoryview((json.dumps({"cell": cell, "event": event, **more}) + "\n").encode())
    while data:
        data = data[os.write(1, data):]


# ---- the worker: a process that keeps the state, one cell after another ----------------------------------------

def value_of(v):
    """What is shown of a value: text always, HTML and a picture where it has them."""
    shown = {"text": repr(v)}
    for method, name in (("_repr_html_", "html"), ("_repr_png_", "png")):
        try:
            made = getattr(v, method)()
        except Exception:
            continue
        if isinstance(made, bytes):
            made = base64.b64encode(made).decode()
        if isinstance(made, str):
            shown[name] = made
    return shown


def figures():
    """Pictures that matplotlib has open, which are then closed."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    for n in pyplot.get_fignums() if pyplot else ():
        f = io.BytesIO()
        pyplot.figure(n).savefig(f, format="png")
        pyplot.close(n)
        yield {"text": "<Figure>", "png": base64.b64encode(f.getvalue()).decode()}


def run_cell(code, scope, reports, own):
    def report(event, **more):
        if os.getpid() != own:  # a cell has forked, and this copy of it has come to its end
            os._exit(0)
        reports.write(json.dumps({"event": event, **more}) + "\n")
        reports.flush()

    try:
        tree = ast.parse(code, "<cell>")
        last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), scope)
        if last is not None:
            v = eval(compile(last, "<cell>", "eval"), scope)
            if v is not None:
                scope["_"] = v
                report("result", **value_of(v))
        for shown in figures():
            report("result", **shown)
        why = "exited"
    except SystemExit as e:
        why = "exited" if not e.code else "error"
        if e.code:
            report("error", name="SystemExit", value=str(e.code), traceback="")
    except BaseException as e:
        tb = e.__traceback__.tb_next if e.__traceback__ else None
        text = "".join(traceback.format_exception(type(e), e, tb))
        report("error", name=type(e).__name__, value=str(e), traceback=text)
        why = "error"
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    report("done", why=why)


def worker(requests, reports):
    import __main__
    scope = __main__.__dict__
    for name in [n for n in scope if not n.startswith("__")]:
        del scope[name]
    linecache = __import__("linecache")
    sys.argv = [""]
    sys.stdin = open(0, closefd=False)
    sys.stdout, sys.stderr = (open(fd, "w", buffering=1, closefd=False, errors="backslashreplace") for fd in (1, 2))
    sys.path.insert(0, "")
    own = os.getpid()
    for line in requests:
        code = json.loads(line)["code"]
        linecache.cache["<cell>"] = (len(code), None, code.splitlines(True), "<cell>")
        try:
            run_cell(code, scope, reports, own)
        except KeyboardInterrupt:  # it came after the cell's own end
            reports.write('{"event": "done", "why": "error"}\n')
            reports.flush()


class Worker:
    def __init__(self):
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        self.reports, reports = os.pipe()
        requests, self.requests = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            null = os.open("/dev/null", os.O_RDONLY)
            requests, reports = os.dup2(requests, 60, False), os.dup2(reports, 61, False)
            for fd, to in ((null, 0), (out, 1), (err, 2)):
                os.dup2(fd, to)
            os.closerange(3, 60)
            own = dict(globals())  # the cells' scope is this module's, so the worker's own names move
            for f in (worker, run_cell, value_of, figures):
                own[f.__name__] = type(f)(f.__code__, own)
            try:
                own["worker"](os.fdopen(requests, "r"), os.fdopen(reports, "w"))
            finally:
                os._exit(0)
        for fd in (out, err, reports, requests):
            os.close(fd)
        for fd in (self.out, self.err, self.reports):
            os.set_blocking(fd, False)
        self.text = {self.out: ("stdout", codecs.getincrementaldecoder("utf-8")("replace")),
                     self.err: ("stderr", codecs.getincrementaldecoder("utf-8")("replace"))}
        self.pending = b""

    def send(self, code):
        data = memoryview((json.dumps({"code": code}) + "\n").encode())
        try:
            while data:
                data = data[os.write(self.requests, data):]
        except BrokenPipeError:
            pass  # its end is seen at its reports

    def signal(self, sig):
        try:
            os.killpg(self.pid, sig)
        except ProcessLookupError:
            pass

    def end(self):
        self.signal(signal.SIGKILL)
        for fd in (self.out, self.err, self.reports, self.requests):
            os.close(fd)
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass


# ---- the driver: requests in, events out ------------------------------------------------------------------------

class Driver:
    def __init__(self):
        self.worker = Worker()
        self.waiting, self.now = [], None
        self.input = b""
        self.ended = False

    def request(self, line):
        try:
            r = json.loads(line)
        except ValueError:
            return
        if r.get("end"):
            self.ended = True
        elif "cancel" in r:
            if self.now and self.now["cell"] == r["cancel"]:
                self.stop("cancelled")
            for w in [w for w in self.waiting if w["cell"] == r["cancel"]]:
                self.waiting.remove(w)
                say(w["cell"], "end", why="cancelled")
        elif isinstance(r.get("cell"), str) and isinstance(r.get("code"), str):
            self.waiting.append({"cell": r["cell"], "code": r["code"], "wall": float(r.get("wall", 60)),
                                 "left": int(r.get("output", 1 << 20)), "dropped": 0, "why": None, "kill": None})

    def begin(self):
        self.now = self.waiting.pop(0)
        self.now["until"] = time.monotonic() + self.now["wall"]
        say(self.now["cell"], "started")
        self.worker.send(self.now["code"])

    def stop(self, why):
        """Interrupts the cell; what does not heed that loses its worker."""
        if self.now["why"] is None:
            self.now["why"] = why
            self.now["kill"] = time.monotonic() + GRACE
            self.worker.signal(signal.SIGINT)

    def output(self, fd, once=False):
        name, decoder = self.worker.text[fd]
        while True:
            try:
                data = os.read(fd, 65536)
            except BlockingIOError:
                return
            if not data:
                return
            cell = self.now
            if cell:
                kept = data[:cell["left"]]
                cell["left"] -= len(kept)
                cell["dropped"] += len(data) - len(kept)
                text = decoder.decode(kept)
                if text:
                    say(cell["cell"], name, text=text)
            if once:
                return

    def end_cell(self, why, restarted=False):
        for fd in (self.worker.out, self.worker.err):
            for _ in range(64):  # what other processes still write is not waited for
                if not select.select([fd], [], [], 0)[0]:
                    break
                before = self.now["left"], self.now["dropped"]
                self.output(fd, once=True)
                if before == (self.now["left"], self.now["dropped"]):
                    break
        cell = self.now
        self.now = None
        more = {"dropped": cell["dropped"]} if cell["dropped"] else {}
        if restarted:
            more["restarted"] = True
            self.worker.end()
            self.worker = Worker()
        say(cell["cell"], "end", why=cell["why"] or why, **more)

    def reports(self):
        try:
            data = os.read(self.worker.reports, 1 << 20)
        except BlockingIOError:
            return
        if not data:  # the worker is gone
            if self.now:
                self.end_cell("died", restarted=True)
            else:
                self.worker.end()
                self.worker = Worker()
            return
        self.worker.pending += data
        *lines, self.worker.pending = self.worker.pending.split(b"\n")
        for line in lines:
            r = json.loads(line)
            if not self.now:
                continue
            if r["event"] == "done":
                self.end_cell(r["why"])
            else:
                self.output(self.worker.out, once=True)
                self.output(self.worker.err, once=True)
                say(self.now["cell"], r.pop("event"), **r)

    def read(self):
        data = os.read(0, 65536)
        self.ended = self.ended or not data
        self.input += data
        if len(self.input) > LINE_MOST and b"\n" not in self.input:
            self.input = b""
        *lines, self.input = self.input.split(b"\n")
        for line in lines:
            self.request(line)

    def step(self):
        if not self.now and self.waiting:
            self.begin()
        timeout = None
        if self.now:
            due = self.now["kill"] or self.now["until"]
            timeout = max(0, due - time.monotonic())
        w = self.worker
        ready = select.select([0, w.out, w.err, w.reports], [], [], timeout)[0]
        if w.out in ready:
            self.output(w.out, once=True)
        if w.err in ready:
            self.output(w.err, once=True)
        if w.reports in ready:
            self.reports()
        if 0 in ready:
            self.read()
        if self.now and self.now["kill"] and time.monotonic() >= self.now["kill"]:
            self.end_cell(self.now["why"], restarted=True)
        elif self.now and time.monotonic() >= self.now["until"]:
            self.stop("time limit")


def drive():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    d = Driver()
    while not d.ended:
        d.step()
    d.worker.end()


drive()
