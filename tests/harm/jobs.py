"""jobs.py - jobs whose result is known before they run

make(rng, n) gives (the job, what must become of it): `why`, `exit_code` and `stdout` when cee is well.
A program's output names the job, so that bytes of one job in another's output are seen.
"""
import base64, hashlib


def lines(token, n):
    return "".join("%s line %d\n" % (token, i) for i in range(n))


def hello(rng, token):
    n = rng.choice((1, 3, 50, 400))
    return ({"language": "bash", "code": "for ((i = 0; i < %d; i++)); do echo \"%s line $i\"; done" % (n, token)},
            {"why": "exited", "exit_code": 0, "stdout": lines(token, n)})


def status(rng, token):
    code = rng.randrange(1, 100)
    return ({"language": "bash", "code": "echo %s; exit %d" % (token, code)},
            {"why": "exited", "exit_code": code, "stdout": token + "\n"})


def slow(rng, token):
    return ({"language": "bash", "code": "echo %s begins; sleep %.1f; echo %s ends" % (token, rng.uniform(0.1, 1.2), token)},
            {"why": "exited", "exit_code": 0, "stdout": "%s begins\n%s ends\n" % (token, token)})


def echo(rng, token):
    data = "".join("%s %d\n" % (token, rng.randrange(10 ** 9)) for _ in range(rng.choice((1, 2000))))
    return ({"language": "bash", "code": "cat", "stdin": data}, {"why": "exited", "exit_code": 0, "stdout": data})


def large(rng, token):
    kib = rng.choice((64, 700))
    block = (token + " ").ljust(64, "x")[:63] + "\n"
    return ({"language": "bash", "code": "yes '%s' | head -n %d" % (block[:-1], kib * 16)},
            {"why": "exited", "exit_code": 0, "stdout": block * (kib * 16)})


def signal(rng, token):
    return ({"language": "bash", "code": "echo %s; kill -KILL $$" % token},
            {"why": "signalled", "exit_code": None, "stdout": token + "\n"})


def python(rng, token):
    return ({"language": "python", "code": "import sys\nprint(sys.argv[1] * 2)\n", "arguments": [token]},
            {"why": "exited", "exit_code": 0, "stdout": token * 2 + "\n"})


def tests(rng, token):
    n = rng.randrange(2, 6)
    return ({"language": "bash", "code": "read x; echo $((x * 2))",
             "tests": [{"stdin": "%d\n" % i, "expected": "%d\n" % (2 * i)} for i in range(n)]},
            {"why": "exited", "exit_code": 0, "stdout": "".join("%d\n" % (2 * i) for i in range(n))})


def collect(rng, token):
    data = base64.b64encode(hashlib.sha256(token.encode()).digest() * rng.choice((1, 300))).decode()
    return ({"language": "bash", "code": "cat in.txt > out.txt; echo %s" % token, "collect": ["out.txt"],
             "files": [{"name": "main.sh", "content": "cat in.txt > out.txt; echo %s" % token}, {"name": "in.txt", "content": data}]},
            {"why": "exited", "exit_code": 0, "stdout": token + "\n", "files": {"out.txt": data}})


KINDS = ([hello] * 8) + ([status] * 3) + ([slow] * 3) + ([echo] * 3) + [large, signal, python, tests, collect]


def make(rng, token):
    kind = rng.choice(KINDS)
    job, right = kind(rng, token)
    if kind is collect:
        del job["code"]
    job.update(retries=3, limits={"wall": 120, "cpu": 60})
    right["kind"] = kind.__name__
    return job, right
