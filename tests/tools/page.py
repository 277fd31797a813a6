#!/usr/bin/python3
"""page.py ADDRESS SCENARIO [ARGUMENT...] - uses the page of cee-http in a real Chromium, as somebody at it would

Each scenario has a browser of its own, headless, with a profile that is removed, driven by Debian's
Selenium. What it sees is asserted; nothing is asserted about time, a wait ends as soon as what it
waits for is there. At the end the browser's console must be empty: no error, no violation of the
content security policy, but for those that a scenario says it expects.
"""
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

LONG = 40


class Page:
    def __init__(self, address, width=1280, height=800):
        self.address = address
        self.expected = []          # parts of console messages
        self.logged = []
        self.profile = tempfile.mkdtemp(prefix="cee-chromium.")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for o in ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", f"--user-data-dir={self.profile}", f"--window-size={width},{height}"]:
            options.add_argument(o)
        if os.getuid() == 0:
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.d = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)

    def close(self):
        self.d.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def console(self):
        self.logged += [e["message"] for e in self.d.get_log("browser")]    # the driver tells each once
        # what Chromium says of its own empty tab is not the page's
        return [m for m in self.logged if not m.startswith("chrome://") and not any(x in m for x in self.expected)]

    # ---- what is there

    def wait(self, what, seen, seconds=LONG):
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(StaleElementReferenceException):
                found = seen()
                if found:
                    return found
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}; status {self.text('status')!r}, notice {self.text('notice')!r}, "
                                     f"output {self.text('output')[-600:]!r}")
            time.sleep(0.03)

    def element(self, name):
        return self.d.find_element(By.ID, name)

    def text(self, name):
        with contextlib.suppress(Exception):
            return self.d.execute_script("return document.getElementById(arguments[0]).textContent", name)
        return ""

    def shown(self, name):
        return self.element(name).is_displayed()

    def open(self, where="", ready="Ready"):
        self.d.get(self.address + where)
        self.wait(f"the verdict {ready}", lambda: self.text("verdict") == ready)

    def output_has(self, text):
        self.wait(f"output {text!r}", lambda: text in self.text("output"))

    def verdict_is(self, text):
        self.wait(f"the verdict {text!r}", lambda: self.text("verdict") == text and not self.element("stop").is_enabled())

    def code(self):
        return self.d.execute_script("const e = document.querySelector('.CodeMirror'); return e ? e.CodeMirror.getValue() : "
                                     "document.querySelector('.plain-editor').value")

    # ---- what somebody does

    def keys(self, *keys):
        self.d.switch_to.active_element.send_keys(*keys)

    def language(self, name):
        Select(self.element("language")).select_by_value(name)

    def write(self, text):
        """The whole program anew. It is pasted: the editor would indent and close brackets of what is typed."""
        self.d.execute_script("const e = document.querySelector('.CodeMirror'); if (e) { e.CodeMirror.setValue(arguments[0]); e.CodeMirror.focus(); } else {"
                              "const p = document.querySelector('.plain-editor'); p.value = arguments[0]; p.dispatchEvent(new Event('input')); p.focus(); }", text)

    def run(self):
        self.keys(Keys.CONTROL, Keys.ENTER)

    def try_program(self, text, verdict="Finished"):
        self.write(text)
        self.run()
        self.wait("submitted", lambda: self.text("verdict") not in ("Ready", "") and self.d.execute_script("return location.hash") != "")
        self.verdict_is(verdict)

    def tab_to(self, name):
        for _ in range(40):
            if self.d.switch_to.active_element.get_attribute("id") == name:
                return
            if self.d.execute_script("return document.activeElement.closest('#editor') !== null"):
                self.keys(Keys.ESCAPE)
            self.keys(Keys.TAB)
        raise AssertionError(f"Tab does not lead to {name}")

    def messages(self):
        """[line, words] of what stands below lines of the editor"""
        return self.d.execute_script("""
            const cm = document.querySelector('.CodeMirror').CodeMirror, found = [];
            cm.eachLine((l) => { for (const w of l.widgets ?? []) found.push([l.lineNo() + 1, w.node.textContent]); });
            return found;""")


def same(a, b):
    assert a == b, f"{a!r} is not {b!r}"


def within(part, whole):
    assert part in whole, f"{part!r} is not in {whole!r}"


# ---- scenarios --------------------------------------------------------------------------------

ASKS = """import sys, time
print("one")
print("<b>bold</b> <script>document.title = 'taken over'</script> &amp;")
print("trouble", file=sys.stderr)
name = input()
print("hello", name)
"""


def by_keyboard(p):
    """Write, run, see output before the end, type, all without a mouse; then reload, and find it again."""
    p.open()
    p.keys(Keys.CONTROL, "a")
    p.keys(Keys.DELETE, "print(6*7")        # the bracket closes itself
    p.run()
    p.output_has("42")
    p.verdict_is("Finished")
    p.write(ASKS)
    p.run()
    p.output_has("&amp;")
    same(p.text("verdict"), "Running")
    assert p.element("stop").is_enabled()
    p.wait("the field for input", lambda: p.shown("typing"))
    p.keys(Keys.TAB)
    same(p.code(), "    " + ASKS)           # it indents
    p.keys(Keys.SHIFT, Keys.TAB, Keys.NULL)
    same(p.code(), ASKS)
    p.tab_to("typed")
    p.keys("Ann", Keys.ENTER)
    p.output_has("hello Ann")
    p.verdict_is("Finished")
    within("exit code 0", p.text("facts"))
    within("MiB", p.text("facts"))
    assert not p.shown("typing")
    nothing_ran(p)
    p.d.refresh()
    p.verdict_is("Finished")
    p.output_has("hello Ann")
    same(p.code(), ASKS)
    nothing_ran(p)
    p.tab_to("recent-button")
    p.element("recent-button").send_keys(Keys.ENTER)
    p.wait("two of them", lambda: len(p.d.find_elements(By.CSS_SELECTOR, "#recent-list a")) >= 2)
    p.d.find_elements(By.CSS_SELECTOR, "#recent-list a")[1].send_keys(Keys.ENTER)
    p.wait("the one before", lambda: p.code() == "print(6*7)" and p.text("output") == "42\n")
    p.d.back()
    p.wait("the one behind", lambda: p.code() == ASKS and "hello Ann" in p.text("output"))


def nothing_ran(p):
    within("<script>document.title = 'taken over'</script> &amp;", p.text("output"))
    same(p.d.find_elements(By.CSS_SELECTOR, "#output b, #output script"), [])
    same(p.d.title, "cee")
    same(p.d.find_element(By.CSS_SELECTOR, "#output .stderr").text.strip(), "trouble")


def stopping(p):
    p.open()
    p.write("import time\nprint('going')\nwhile True:\n    time.sleep(0.1)\n")
    p.run()
    p.output_has("going")
    p.element("stop").click()
    p.verdict_is("Stopped")
    p.output_has("going")
    # the end of its input ends a program that reads all of it
    p.write("import sys\nprint('ready')\nprint(len(sys.stdin.read()))\n")
    p.run()
    p.output_has("ready")
    p.element("typed").send_keys("abc", Keys.ENTER)
    p.element("typed").send_keys("de", Keys.CONTROL, "d")
    p.output_has("6")
    p.verdict_is("Finished")


PROGRAMS = [
    ("python", "def f(x):\n    return 1 / x\n\nf(0)\n", "Finished", 2, "ZeroDivisionError"),
    ("python", "a = 1\nif a\n    pass\n", "Finished", 2, "SyntaxError"),
    ("c", "#include <stdio.h>\nint main(void)\n{\n\tputs(\"a\")\n\treturn 0;\n}\n", "Compile error", 4, "expected"),
    ("cpp", "int main()\n{\n\treturn nothing;\n}\n", "Compile error", 3, "nothing"),
    ("csharp", "Console.WriteLine(1);\nint x = \"a\";\n", "Compile error", 2, "CS0029"),
    ("typescript", "let a = 1;\nlet b: number = 'x';\nconsole.log(a, b);\n", "Compile error", 2, "TS2322"),
    ("javascript", "let a = 1;\nlet b = ;\n", "Finished", 2, "SyntaxError"),
    ("bash", "echo a\nno-such-command\n", "Finished", 2, "command not found"),
]


def errors(p, *languages):
    p.open()
    for language, text, verdict, line, words in PROGRAMS:
        if language not in languages:
            continue
        p.language(language)
        p.try_program(text, verdict)
        p.wait(f"{language}: a message", lambda: p.messages())
        found = p.messages()
        assert [line] == [n for n, w in found if words in w], f"{language}: {found}, not {words} in line {line} alone"
        assert p.d.find_elements(By.CSS_SELECTOR, ".line-error"), "the line stands out"
    # writing in the line takes the message away
    p.keys(Keys.END, "x")
    p.wait("no message", lambda: not p.messages())


PICTURE = """import struct, sys, zlib
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
rows = b"".join(b"\\0" + bytes([x * 4, y * 4, 160][i] for x in range(60) for i in range(3)) for y in range(40))
open("square.png", "wb").write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60, 40, 8, 2, 0, 0, 0)) +
    chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
print(sys.argv[1:], open("numbers.txt").read(), len(open("some.bin", "rb").read()), sys.stdin.read())
"""


def files(p, upload):
    """More files, written and uploaded; arguments, input ahead, limits; a picture; all of it there after a reload."""
    p.open()
    p.write(PICTURE)
    p.element("add").click()
    p.keys(Keys.CONTROL, "a")
    p.keys("numbers.txt", Keys.ENTER)
    p.wait("its tab", lambda: "numbers.txt" in p.text("tabs"))
    p.write("1 2 3")
    p.element("picker").send_keys(upload)
    p.wait("what was uploaded", lambda: "some.bin" in p.text("tabs"))
    assert p.shown("binary")
    p.element("add").click()
    p.element("remove").click()
    same(p.text("tabs"), "main.pynumbers.txtsome.bin")
    p.d.find_elements(By.CSS_SELECTOR, "#tabs .tab")[0].click()
    same(p.code(), PICTURE)
    p.element("options").find_element(By.TAG_NAME, "summary").click()
    p.element("arguments").send_keys("one 'two three' \\\"")
    p.element("stdin").send_keys("given")
    p.element("memory").send_keys("100")
    p.keys(Keys.CONTROL, Keys.ENTER)
    for again in False, True:
        p.output_has("['one', 'two three', '\"'] 1 2 3 5 given")
        p.verdict_is("Finished")
        p.wait("the picture", lambda: p.d.execute_script("const i = document.querySelector('#images img'); return i && i.naturalWidth === 60"))
        within("square.png", p.text("files"))
        if not again:
            p.d.refresh()
            p.wait("its files", lambda: p.text("tabs") == "main.pynumbers.txtsome.bin")
            same(p.element("memory").get_attribute("value"), "100")
            same(p.element("stdin").get_attribute("value"), "given")
            within("input, memory", p.text("options-set"))
            p.element("options").find_element(By.TAG_NAME, "summary").click()
    p.element("memory").clear()
    p.element("memory").send_keys("0")
    p.element("run").click()
    p.wait("a refusal", lambda: p.text("verdict") == "Not submitted" and p.text("notice"))


def packages(p):
    """The tests' engine is offline: what is asked for cannot be had, and the page says so."""
    p.open()
    p.element("options").find_element(By.TAG_NAME, "summary").click()
    p.language("bash")
    assert not p.shown("packages")
    p.language("python")
    p.element("packages").send_keys("six")
    p.element("run").click()
    p.wait("a refusal", lambda: p.text("verdict") == "Not submitted" and "a name and a version" in p.text("notice"))
    p.element("packages").send_keys("==1.16.0")
    p.element("run").click()
    p.verdict_is("Package error")
    within("layers of this host", p.text("notice"))
    p.d.refresh()
    p.verdict_is("Package error")
    same(p.element("packages").get_attribute("value"), "six 1.16.0")


def strict(p):
    """The policy holds: no text becomes markup, nothing inline, nothing from elsewhere, whoever asks."""
    p.open()
    same(p.console(), [])
    tries = p.d.execute_script("""
        const says = (f) => { try { f(); return "done"; } catch (e) { return e.name; } };
        const style = document.createElement("p");
        document.body.append(style);
        style.setAttribute("style", "color: rgb(1, 2, 3)");
        return [says(() => { document.body.innerHTML = "<b>x</b>"; }), says(() => document.write("x")), says(() => { document.createElement("script").textContent = "1"; }),
            getComputedStyle(style).color === "rgb(1, 2, 3)" ? "done" : "not", ];""")
    same(tries[0], "TypeError")
    assert "done" not in tries, tries
    same(p.d.execute_async_script("const back = arguments[0]; fetch('http://localhost:1/').then(() => back('done'), (e) => back(e.name));"), "TypeError")
    p.expected = ["Content Security Policy", "TrustedHTML", "TrustedScript", "violates"]


def edited(p):
    """What is written after a run survives a reload; another's task, or none, is said not to be there."""
    p.open()
    p.try_program("print('first')\n")
    p.write("print('second')\n")
    p.d.refresh()
    p.verdict_is("Finished")
    p.output_has("first")
    same(p.code(), "print('second')\n")
    p.d.get("about:blank")
    p.expected = ["404"]
    p.open("#id=01890a5d-ac96-774b-bcce-b302099a8057", "Not opened")
    within("no such task", p.text("notice"))
    p.try_program("print('third')\n")
    p.output_has("third")


def no_runner(p):
    p.open()
    p.write("print(1)\n")
    p.run()
    p.wait("a word that nobody runs it", lambda: "no runner is alive" in p.text("notice"))
    same(p.text("verdict")[:7], "Waiting")


def looks(p, pictures=""):
    """Dark and light, wide and narrow: nothing is wider than the screen, also with long lines."""
    p.open()
    p.try_program("print('x' * 3000)\nimport sys\nprint('y ' * 900, file=sys.stderr)\n1 / 0  # " + "z" * 300 + "\n")
    p.element("recent-button").click()
    p.element("options").find_element(By.TAG_NAME, "summary").click()
    colours = set()
    for scheme in "light", "dark":
        p.d.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        colours.add(p.d.execute_script("return getComputedStyle(document.body).backgroundColor"))
        for width, height, mobile in (1280, 800, False), (820, 1180, True), (375, 740, True), (320, 568, True):
            p.d.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})
            got = p.d.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
            assert got[0] <= width and got[1] <= width, f"{scheme}, {width}: {got}"
            if pictures:
                p.d.save_screenshot(f"{pictures}/{scheme}-{width}.png")
    same(len(colours), 2)


def long_output(p):
    """More than is shown: the page stays small, and the end is there. Escapes of a terminal are left out."""
    p.open()
    p.try_program("print('\\x1b[31mred\\x1b[0m\\x07')\nfor i in range(200000):\n    print('line', i)\n")
    p.output_has("line 199999\n")
    shown = p.d.execute_script("return [document.getElementById('output').textContent.length, document.querySelectorAll('#output *').length]")
    assert shown[0] < 500000 and shown[1] < 500, shown
    within("no longer shown", p.text("output")[:200])
    p.try_program("print('\\x1b[31mred\\x1b[0m\\x07')\n")
    same(p.text("output"), "red\u2407\n")


def login(p, token):
    """Without a login the page asks for a token, and keeps it in this tab alone."""
    p.expected = ["401"]
    p.open(ready="Not ready")
    p.wait("the field", lambda: p.shown("login"))
    p.element("token").send_keys("wrong", Keys.ENTER)
    p.wait("the field again", lambda: p.shown("login") and "unknown" in p.text("login-why"))
    p.element("token").send_keys(token, Keys.ENTER)
    p.wait("ready", lambda: p.text("verdict") == "Ready")
    p.try_program(PICTURE.replace("open(\"numbers.txt\").read(), len(open(\"some.bin\", \"rb\").read()), sys.stdin.read()", ""))
    p.wait("the picture", lambda: p.d.execute_script("const i = document.querySelector('#images img'); return i && i.naturalWidth === 60"))
    same(p.d.execute_script("return [localStorage.length, document.cookie]"), [0, ""])
    p.d.refresh()
    p.verdict_is("Finished")


def plain(p):
    """Where the editor component is not installed a field does."""
    p.expected = ["404", "codemirror"]
    p.open()
    p.try_program("print('plain')\n")
    same(p.text("output"), "plain\n")


def lost(p, flag):
    """The server goes away under a stream and comes back: nothing is lost, nothing is shown twice."""
    p.expected = ["ERR_"]
    p.open()
    p.write("for i in range(3):\n    print('got', input())\n")
    p.run()
    p.wait("the field for input", lambda: p.shown("typing"))
    p.element("typed").send_keys("a", Keys.ENTER)
    p.output_has("got a\n")
    open(flag, "x").close()         # the test ends the server and starts it again
    p.wait("the server's return", lambda: not os.path.exists(flag))
    p.wait("the stream's return", lambda: p.text("verdict") == "Running")
    for word in "b", "c":
        p.element("typed").send_keys(word, Keys.ENTER)
        p.output_has(f"got {word}\n")
    p.verdict_is("Finished")
    for word in "abc":
        same(p.text("output").count(f"got {word}\n"), 1)


def embed(p):
    """A page of another site with a Run button."""
    p.d.get(p.address)
    boxes = p.wait("the elements", lambda: p.d.find_elements(By.TAG_NAME, "cee-run"))
    texts = lambda i: p.d.execute_script("return [...arguments[0].shadowRoot.querySelectorAll('span, pre')].map((e) => e.textContent)", boxes[i])
    part = lambda i, css: boxes[i].shadow_root.find_element(By.CSS_SELECTOR, css)
    same(part(0, "textarea").get_attribute("value"), "import sys\nif 1 < 2:\n    print('<b>hello</b>', sys.argv[1:])")
    part(0, "button.run").click()
    p.wait("its output", lambda: texts(0)[2] == "<b>hello</b> ['a b']\n" and texts(0)[0] == "Finished")
    same(p.d.execute_script("return arguments[0].shadowRoot.querySelectorAll('pre b').length", boxes[0]), 0)
    part(1, "button.run").click()
    p.wait("its field", lambda: part(1, "form").is_displayed())
    part(1, "input").send_keys("Bob", Keys.ENTER)
    p.wait("its answer", lambda: "hello Bob" in texts(1)[2] and texts(1)[0] == "Finished")
    part(2, "textarea").send_keys(Keys.CONTROL, Keys.ENTER)
    p.wait("it runs", lambda: "going" in texts(2)[2])
    part(2, "div button:nth-of-type(2)").click()
    p.wait("it is stopped", lambda: texts(2)[0] == "Stopped")


def embed_refused(p):
    """The site is none of http_origins: the browser keeps the answer from its page, which says so."""
    p.expected = ["CORS", "ERR_FAILED"]
    p.d.get(p.address)
    box = p.wait("the element", lambda: p.d.find_element(By.TAG_NAME, "cee-run"))
    box.shadow_root.find_element(By.CSS_SELECTOR, "button.run").click()
    p.wait("why not", lambda: "cannot be reached" in p.d.execute_script("return arguments[0].shadowRoot.querySelector('div').textContent", box))


SCENARIOS = {f.__name__: f for f in (by_keyboard, stopping, errors, files, packages, strict, edited, no_runner, looks, long_output, login, plain, lost, embed, embed_refused)}


def main():
    address, scenario, *arguments = sys.argv[1:]
    page = Page(address)
    try:
        SCENARIOS[scenario](page, *arguments)
        same(page.console(), [])
    except BaseException as e:
        seen = []
        with contextlib.suppress(Exception):
            seen = page.console()
        print(f"page: {scenario}: {e}\n{json.dumps(seen, indent=1)}", file=sys.stderr)
        if os.environ.get("CEE_PICTURE"):
            with contextlib.suppress(Exception):
                page.d.save_screenshot(os.environ["CEE_PICTURE"])
        raise SystemExit(1) from e
    finally:
        page.close()


main()
