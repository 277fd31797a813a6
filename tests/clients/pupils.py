#!/usr/bin/env python3
"""pupils.py [--pupils N] [--jobs N] [--server NAME] - a class that submits at once: how long the slowest waits, and the median

N pupils submit one Python job each at the same time through a sample's web server to a real runner and wait for its end,
three times: as users of one token with the scope delegate (Cee-User), as N callers with tokens of their own, and the
first again behind an owner who had 80 jobs queued before. What must hold besides: every pupil's job is run once, with its
own output; who queued many before neither delays the class by more than a share nor is starved by it.

Prints figures; exit status 1 when something was wrong.
"""
import argparse, asyncio, json, os, random, signal, statistics, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients
from players import JSON
from servers import NAMES, Server
from wire import Gone, Wire, now, request

BEFORE = 80  # jobs that one owner has queued already


class Class:
    def __init__(self, site, server):
        self.site, self.server, self.opening = site, server, asyncio.Semaphore(50)

    async def ask(self, number, method, path, headers, body=None):
        """an answer that is neither 429 nor 503: a pupil's page tries again when the server says so"""
        while True:
            wire = Wire(self.server, "127.0.%d.%d" % (1 + number % 240, 1 + number // 240))
            try:
                async with self.opening:
                    await wire.open()
                wire.send(request(method, path, headers, body))
                answer = await asyncio.wait_for(wire.answer(), 120)
            except (Gone, OSError) as e:
                raise SystemExit("pupils.py: %s %s: %s %s" % (method, path, type(e).__name__, e))
            finally:
                wire.close()
            if answer.status not in (429, 503):
                return answer
            await asyncio.sleep(int(answer.header("Retry-After")) * random.uniform(0.5, 1.5))

    async def pupil(self, number, login):
        """seconds from the submit to the verdict"""
        said = "pupil %d" % number
        job = json.dumps({"language": "python", "code": "print(%r)" % said}).encode()
        began = now()
        answer = await self.ask(number, "POST", "/tasks", [*login, JSON], job)
        if answer.status != 201:
            raise SystemExit("pupils.py: %d %s" % (answer.status, answer.body))
        id = json.loads(answer.body)["id"]
        while True:
            task = json.loads((await self.ask(number, "GET", "/tasks/%s?wait=40" % id, login)).body)
            if task["status"] not in ("Created", "Pending", "Executing"):
                break
        if task.get("stdout") != [said] or task["result"]["attempt"] != 1:
            self.site.fault("%s got %s" % (said, json.dumps(task)[:300]))
        return now() - began

    async def round(self, title, logins):
        waits = sorted(await asyncio.gather(*(self.pupil(i, login) for i, login in enumerate(logins))))
        median, slowest = statistics.median(waits), waits[-1]
        print("%-44s %d pupils: median %.1f s, slowest %.1f s (%.1f times the median), %.0f jobs a second"
              % (title, len(waits), median, slowest, slowest / median, len(waits) / slowest), flush=True)
        return slowest

    async def queue(self, login, n):
        job = {"language": "python", "code": "print(1)"}
        answer = await self.ask(999, "POST", "/tasks", [login, JSON], json.dumps([job] * n).encode())
        return [t["id"] for t in json.loads(answer.body)]

    async def ended(self, login, ids):
        """how many of these have ended"""
        states = await asyncio.gather(*(self.ask(999, "GET", "/tasks/" + i, [login]) for i in ids))
        return sum(json.loads(a.body)["status"] == "Finished" for a in states)


async def play(site, args):
    server = Server(site, args.server)
    try:
        c = Class(site, server)
        delegate = "Authorization: Bearer " + site.cee("cee-token", "--scopes", "submit,read,delegate", "add", "school").split()[-1]
        tokens = [["Authorization: Bearer " + site.cee("cee-token", "add", "pupil%d" % i).split()[-1]] for i in range(args.pupils)]
        os.chmod(site.dir + "/tokens", 0o644)
        users = [[delegate, "Cee-User: pupil%d" % i] for i in range(args.pupils)]
        await c.round("warming up", users[:6])
        alone = await c.round("users of one token", users)
        await c.round("owners of their own", tokens)
        early = site.token["u0"]
        ids = await c.queue(early, BEFORE)
        task = asyncio.create_task(c.round("users, behind an owner with %d jobs queued" % BEFORE, users))
        while not task.done() and await c.ended(early, ids) < len(ids):
            await asyncio.sleep(0.5)
        early_first = not task.done()
        slowest = await task
        ended = await c.ended(early, ids)
        print("the early owner: %d of %d jobs had ended when the class had%s" % (ended, len(ids), ", all of them before" if early_first else ""))
        # the class shares with one owner more: the bound is that of the early owner's jobs all before it, with room for noise
        if slowest > 2 * alone * (args.pupils + BEFORE) / args.pupils:
            site.fault("the class waited %.1f s behind %d jobs of one owner, %.1f s without" % (slowest, BEFORE, alone))
        if ended == 0:
            site.fault("the early owner was starved")
    finally:
        server.stop()


def main():
    args = argparse.ArgumentParser(usage=__doc__.split("\n")[0])
    args.add_argument("--pupils", type=int, default=300)
    args.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="the runner's jobs at a time")
    args.add_argument("--server", default="lighttpd", choices=NAMES)
    args.add_argument("--keep", action="store_true")
    args = args.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    site = clients.Site(args, "jobs = %d\nwarm = 4\n" % args.jobs)
    try:
        asyncio.run(play(site, args))
        for finding in clients.watch.judge_spool(site):
            site.fault(finding)
    finally:
        site.close()
    print("pupils.py --pupils %d --jobs %d --server %s: %d wrong" % (args.pupils, args.jobs, args.server, len(site.faults)))
    return 1 if site.faults else 0


if __name__ == "__main__":
    sys.exit(main())
