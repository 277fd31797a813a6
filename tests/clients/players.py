"""players.py - what the clients do: honest ones, slow ones, those that go away

Each player is a coroutine of one connection. Honest ones hold every answer against the promises (Site.right); slow
ones and those that leave only must not harm the others, which is what honest ones and watch.py see.
"""
import asyncio, json, random, ssl, zlib
from wire import JSON_MOST, Fault, Gone, Wire, now, request

ANSWER_WITHIN = 60.0  # seconds in which an honest client gets an answer, however many there are
JSON = "Content-Type: application/json"


class Player:
    def __init__(self, site, server, rng):
        self.site, self.server, self.rng = site, server, rng
        self.owner = rng.choice(site.owners)
        self.host = "127.0.%d.%d" % (rng.randrange(1, 250), rng.randrange(1, 250))

    def login(self):
        return self.site.basic[self.owner] if self.rng.random() < 0.15 else self.site.token[self.owner]

    async def open(self, small=False, plain=False):
        wire = Wire(self.server, self.host, small)
        wire.number = self.site.number()
        async with self.site.opening:
            await wire.open(plain)
        return wire

    def leave(self, wire, reset=False):
        wire.close(reset)
        self.site.watch.closed[wire.number] = now()

    async def ask(self, kind, method, path, headers=(), body=None, most=None, wire=None):
        """an honest client: its answer, which is right"""
        began, own = now(), wire is None
        try:
            wire = wire or await self.open()
            path += "%sc=%d" % ("&" if "?" in path else "?", wire.number)
            wire.send(request(method, path, [self.login(), *headers], body))
            answer = await asyncio.wait_for(wire.answer(most, method == "HEAD"), ANSWER_WITHIN)
        except (Gone, OSError, ssl.SSLError) as e:
            raise Fault("%s: no answer after %.1f s: %s %s" % (kind, now() - began, type(e).__name__, e))
        except asyncio.TimeoutError:
            raise Fault("%s: no answer within %d s" % (kind, ANSWER_WITHIN))
        finally:
            if own and wire:
                self.leave(wire)
        self.site.right(kind, self.owner, answer)
        self.site.took_time(kind, now() - began)
        return answer

    async def served(self, *request_):
        """the same, again and again while there is no room"""
        while (answer := await self.ask(*request_)).status in (429, 503):
            await asyncio.sleep(int(answer.header("retry-after")))
        return answer

    # ---- honest ----

    async def post(self, query=""):
        mark, job = self.site.job(self.owner)
        more = ["Idempotency-Key: k-%s" % mark] if self.rng.random() < 0.3 else []
        answer = await self.ask("post", "POST", "/tasks" + query, [JSON, *more], job.encode())
        if answer.status != 201:
            return None
        id = json.loads(answer.body)["id"]
        self.site.took(id, self.owner, mark)
        if more:  # the same again is the same task
            again = await self.ask("post again", "POST", "/tasks", [JSON, *more], job.encode())
            if again.status == 201 and json.loads(again.body)["id"] != id:
                raise Fault("post again: another id for the same key")
        return id

    async def post_wait(self):
        await self.post("?wait=5")

    async def post_array(self):
        jobs = [self.site.job(self.owner) for _ in range(3)]
        answer = await self.ask("array", "POST", "/tasks", [JSON], ("[%s]" % ",".join(j for _, j in jobs)).encode())
        if answer.status == 201:
            for (mark, _), task in zip(jobs, json.loads(answer.body)):
                self.site.took(task["id"], self.owner, mark)

    async def get(self):
        id = self.rng.choice(self.site.ids[self.owner])
        answer = await self.ask("get", "GET", "/tasks/" + id)
        if answer.status == 200 and json.loads(answer.body)["id"] != id:
            raise Fault("get: the answer is of another task")

    async def pipeline(self):
        """three requests at once on one connection: answers in their order. A server may end the connection after any of them."""
        ids, wire, answered = [self.rng.choice(self.site.ids[self.owner]) for _ in range(3)], await self.open(), 0
        try:
            for i, id in enumerate(ids):
                wire.send(request("GET", "/tasks/%s?c=%d" % (id, wire.number), [self.login()], close=i == 2))
            for id in ids:
                answer = await asyncio.wait_for(wire.answer(), ANSWER_WITHIN)
                self.site.right("pipeline", self.owner, answer)
                if answer.status == 200 and json.loads(answer.body)["id"] != id:
                    raise Fault("pipeline: answers in another order")
                answered += 1
        except (Gone, OSError, asyncio.TimeoutError) as e:
            if not answered:
                raise Fault("pipeline: %s %s" % (type(e).__name__, e))
        finally:
            self.leave(wire)

    async def get_big(self):
        await self.ask("big", "GET", "/tasks/" + self.site.big[self.owner])

    async def list(self):
        await self.ask("list", "GET", "/tasks?limit=20")

    async def stdout(self):
        """all of a large output, bytes as they were written"""
        wire = await self.open()
        try:
            wire.send(request("GET", "/tasks/%s/stdout?c=%d" % (self.site.big[self.owner], wire.number), [self.login()]))
            status, headers = await asyncio.wait_for(wire.head(), ANSWER_WITHIN)
            sum_, size = 0, 0
            async for piece in wire.body(headers, self.site.big_size + 4096):
                sum_, size = zlib.crc32(piece, sum_), size + len(piece)
        except (Gone, OSError, asyncio.TimeoutError) as e:
            raise Fault("stdout: no whole answer: %s %s" % (type(e).__name__, e))
        finally:
            self.leave(wire)
        self.site.counts["stdout", status] += 1
        if status == 200 and (size, sum_) != (self.site.big_size, self.site.big_sum):
            raise Fault("stdout: %d bytes instead of %d, or others" % (size, self.site.big_size))
        self.site.refusal("stdout", status, dict(headers))

    async def stream(self, kind="events"):
        """events of the sleeper until the storm's end. Leaves in one of the ways there are."""
        id = self.site.sleeper[self.owner]
        wire = await self.open()
        path = "/tasks/%s/events" % id if kind == "events" else "/tasks/" + id
        try:
            wire.send(request("GET", "%s?c=%d%s" % (path, wire.number, "&wait=50" if kind == "wait" else ""), [self.login(), "Accept: text/event-stream"]))
            status, headers = await asyncio.wait_for(wire.head(), ANSWER_WITHIN)
            self.site.counts[kind, status] += 1
            self.site.refusal(kind, status, dict(headers))
            self.site.begun += 1
            if status == 200:
                async def read():
                    async for piece in wire.body(headers, JSON_MOST):
                        if self.site.foreign(piece, self.owner):
                            raise Fault("%s: has a mark of another owner" % kind)
                await self.until_over(read())
        except (Gone, OSError, asyncio.TimeoutError) as e:
            raise Fault("%s: ended: %s %s" % (kind, type(e).__name__, e))
        finally:
            self.leave(wire, self.rng.random() < 0.5)

    async def wait(self):
        await self.stream(kind="wait")

    async def erase(self):
        """a task of its own, to its end and away"""
        mark, job = self.site.job(self.owner)
        answer = await self.ask("post", "POST", "/tasks", [JSON], job.encode())
        if answer.status == 201:
            id = json.loads(answer.body)["id"]
            self.site.took(id, self.owner, mark, may_cancel=True)
            await self.ask("cancel", "DELETE", "/tasks/%s?cancel" % id)

    # ---- slow ----

    async def until_over(self, what):
        """what, or the storm's end if that is sooner"""
        tasks = asyncio.create_task(what), asyncio.create_task(self.site.over.wait())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                return tasks[0].result()
        finally:
            for task in tasks:
                task.cancel()

    async def drip(self, data, wire):
        """a byte now and then, until the server has enough of it or the storm ends"""
        for i in range(len(data)):
            if self.site.over.is_set() or wire.reader.at_eof():
                return
            wire.send(data[i:i + 1])
            await asyncio.sleep(self.rng.uniform(0.4, 1.0))

    async def silent(self):
        """connects, and says nothing or a part of a TLS handshake"""
        wire = await self.open(plain=True)
        try:
            if self.rng.random() < 0.5:
                wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01")
            await self.until_over(wire.some())
        finally:
            self.leave(wire)

    async def slow_head(self):
        wire = await self.open()
        try:
            await self.drip(request("GET", "/tasks?c=%d" % wire.number, [self.login(), "X-Padding: " + "x" * 100]), wire)
        finally:
            self.leave(wire)

    async def slow_body(self):
        wire = await self.open()
        try:
            _, job = self.site.job(self.owner)
            whole = request("POST", "/tasks?c=%d" % wire.number, [self.login(), JSON], job.encode() + b" " * 400)
            at = whole.index(b"\r\n\r\n") + 4
            wire.send(whole[:at])
            await self.drip(whole[at:], wire)
        finally:
            self.leave(wire)

    async def slow_reader(self):
        wire = await self.open(small=True)
        try:
            path = self.rng.choice(("/tasks/%s/stdout", "/tasks/%s", "/tasks/%s/events")) % self.site.big[self.owner]
            wire.send(request("GET", "%s?c=%d" % (path, wire.number), [self.login(), "Accept: text/event-stream"]))
            async def read():
                while await wire.some(1):
                    await asyncio.sleep(1)
            await self.until_over(read())
        finally:
            self.leave(wire, self.rng.random() < 0.5)

    # ---- gone ----

    async def gone(self):
        when = self.rng.choice(("connected", "head", "body", "sent", "answer", "stream", "half"))
        mark, job = self.site.job(self.owner)
        wire = await self.open()
        reset = self.rng.random() < 0.5
        try:
            if self.rng.random() < 0.5:
                whole = request("POST", "/tasks?wait=20&c=%d" % wire.number, [self.login(), JSON], job.encode())
            else:
                path = self.rng.choice(("/tasks/%s/stdout?", "/tasks/%s?wait=20&", "/tasks/%s/events?"))
                whole = request("GET", path % self.rng.choice((self.site.big, self.site.sleeper))[self.owner] + "c=%d" % wire.number, [self.login(), "Accept: text/event-stream"])
            head = whole.index(b"\r\n\r\n")
            wire.send(whole[:{"connected": 0, "head": head // 2, "body": head + 4 + (len(whole) - head - 4) // 2}.get(when, len(whole))])
            if when == "half":
                wire.half_close()
            await wire.writer.drain()
            if when in ("answer", "stream", "half"):
                await asyncio.wait_for(wire.some(1 if when != "stream" else 4096), 5)
            elif self.rng.random() < 0.5:
                await asyncio.sleep(self.rng.uniform(0, 1.5))
        except (Gone, OSError, asyncio.TimeoutError):
            pass
        finally:
            self.leave(wire, reset)


# How many of 100 do what
MIX = {"post": 16, "post_wait": 5, "post_array": 1, "get": 10, "pipeline": 3, "get_big": 2, "list": 5, "stdout": 4, "stream": 14, "wait": 9, "erase": 2, "slow_head": 6, "silent": 3,
       "slow_body": 5, "slow_reader": 5, "gone": 10}
HARMLESS = {"silent", "slow_head", "slow_body", "slow_reader", "gone"}


async def play(site, server, seed, delay):
    rng = random.Random(seed)
    what = rng.choices(list(MIX), list(MIX.values()))[0]
    player = Player(site, server, rng)
    await asyncio.sleep(delay)
    try:
        await getattr(player, what)()
    except Fault as e:
        site.fault("%s (%s): %s" % (player.owner, what, e))
    except (OSError, Gone, asyncio.TimeoutError) as e:
        if what not in HARMLESS:
            site.fault("%s (%s): %s %s" % (player.owner, what, type(e).__name__, e))
