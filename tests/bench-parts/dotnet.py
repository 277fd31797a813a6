"""C# on .NET, from the command to the first byte: hello, and the README's job, with and without a
resident compiler, and with a package whose layer exists, beside the host's own
`dotnet run`, `dotnet build` and then `dotnet app.dll`, and `dotnet app.dll` alone.

Each run has another program (it contains a number), so that nothing is already built. The
host's builds start no servers, since those would stay behind.
"""
import itertools, json, os, shutil, subprocess

from benchlib import ROOT, Runner, Skip, first_byte, has_image, med, ratio, turns, until

TITLE = "C#, first byte, ms"
PACKAGE = {"name": "Newtonsoft.Json", "version": "13.0.3"}
HELLO = 'Console.WriteLine("hello %d");\n'
PROJECT = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType>
<TargetFramework>%s</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable>
<UseAppHost>false</UseAppHost><AssemblyName>app</AssemblyName></PropertyGroup></Project>
"""
number = itertools.count(1)


def readme():
    """The README's job: it prints first and waits then, so that its first byte can be compared."""
    with open(os.path.join(ROOT, "examples/csharp-job.json")) as f:
        return json.load(f)


class Host:
    """A project of the host's own SDK."""

    def __init__(self, bench):
        if not shutil.which("dotnet"):
            raise Skip("there is no dotnet on this host to compare with")
        self.dir = os.path.join(bench.work, "project")
        os.makedirs(self.dir)
        self.env = dict(os.environ, DOTNET_CLI_HOME=self.dir, DOTNET_NOLOGO="1", DOTNET_CLI_TELEMETRY_OPTOUT="1",
                        DOTNET_CLI_USE_MSBUILD_SERVER="0", MSBUILDDISABLENODEREUSE="1", UseSharedCompilation="false")
        sdk = subprocess.run(["dotnet", "--version"], stdout=subprocess.PIPE, check=True, text=True, env=self.env).stdout
        self.framework = "net%s.0" % sdk.split(".")[0]
        with open(os.path.join(self.dir, "app.csproj"), "w") as f:
            f.write(PROJECT % self.framework)
        self.product = "bin/Debug/%s/app.dll" % self.framework

    def write(self, program):
        with open(os.path.join(self.dir, "Program.cs"), "w") as f:
            f.write(program)

    def first(self, *argv):
        return first_byte(list(argv), self.env, self.dir)

    def build(self):
        subprocess.run(["dotnet", "build", "-nologo", "-v:q"], cwd=self.dir, env=self.env, check=True,
                       stdout=subprocess.DEVNULL)

    def build_and_run(self, program):
        self.write(program)
        return self.first("sh", "-c", 'dotnet build -nologo -v:q > /dev/null && exec dotnet "$0"', self.product)

    def run(self, program):
        self.write(program)
        return self.first("dotnet", "run")

    def alone(self):
        return self.first("dotnet", self.product)


def ours(runner, bench, job, compiler):
    """One job; None when it was not compiled as it should be."""
    path = bench.program("job.json", json.dumps(job))
    times = runner.run("-j", path)
    return times if runner.result.get("compiler") == compiler else None


def layer_ready(bench, runner, job):
    """Whether the package can be had; its layer is there afterwards."""
    try:
        runner.run("-j", bench.program("job.json", json.dumps(job)))
        return None
    except SystemExit as e:
        return str(e)[-200:]


def programs(title):
    """(text of the next program, job of it)"""
    base = {"language": "csharp"} if title == "hello" else readme()
    text = HELLO % next(number) if title == "hello" else "// %d\n%s" % (next(number), base["code"])
    return text, dict(base, language="csharp", code=text)


def one(bench, title, warm, cold, host):
    packed = lambda: dict(programs(title)[1], packages=[PACKAGE])
    ways = {"warm": lambda: ours(warm, bench, programs(title)[1], "resident"),
            "cold": lambda: ours(cold, bench, programs(title)[1], "plain")}
    why = layer_ready(bench, warm, packed())
    if why:
        bench.skip(title + ", a known package", why)
    else:
        ways["warm, a known package"] = lambda: ours(warm, bench, packed(), "resident")
    if host and title == "hello":
        host.write(programs(title)[0])
        host.build()
        ways["dotnet app.dll"] = host.alone
        ways["dotnet build, app.dll"] = lambda: host.build_and_run(programs(title)[0])
        ways["dotnet run"] = lambda: host.run(programs(title)[0])
    rows = turns(ways, bench.n(11, 3))
    report(bench, title, rows)


def report(bench, title, rows):
    first = lambda v: v[0]
    value = {way: med(rows, way, first) for way in rows}
    for way in rows:
        target = met = None
        if way == "warm":
            target, met = "at most 45 ms", value[way] is not None and value[way] <= 45
        if way == "warm, a known package" and value["warm"] and value[way]:
            target, met = "at most 5 ms more", value[way] <= value["warm"] + 5
        against = "warm" if way != "warm" else "dotnet app.dll"
        bench.figure("%s, %s" % (title, way), value[way], "ms", against if value.get(against) else None, value.get(against),
                     None, target, met)
    if value.get("dotnet build, app.dll") and value["warm"]:
        times = ratio(rows, "dotnet build, app.dll", "warm", first)
        bench.figure("%s: dotnet build and run over warm" % title, value["dotnet build, app.dll"], "ms", "warm", value["warm"],
                     times, "40 times sooner", times >= 40)


def measure(bench):
    if not has_image("cee/csharp:latest"):
        raise Skip("the image cee/csharp is not there: cee-lang build csharp")
    try:
        host = Host(bench)
    except Skip as e:
        host = None
        bench.skip("the host's own dotnet", str(e))
    with Runner(bench, "share = owner\nresident = ahead", start=False).warm(csharp=1).start() as warm, \
            Runner(bench, "share = none\nwarm = 0\nresident = never", start=False).warm().start() as cold:
        until(60, lambda: 'from="warming up" to=idle' in warm.text())
        for title in ("hello", "README's job"):
            one(bench, title, warm, cold, host)
        starts = warm.text().count('from=coming to="warming up"')
        bench.figure("compilers started for all jobs of one owner", starts, "", target="his own and one in reserve", met=starts <= 2)
