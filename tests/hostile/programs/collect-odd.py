# tries: files to be collected that are no files, have odd names, or are elsewhere
# want: exited 0
# control: none good.txt is collected, which shows that collecting works
# job: {"collect": ["**"], "limits": {"disk": "32M"}}
# files: closed/in good.txt hard hard2 collect-odd.py
import os, socket
open("good.txt", "w").write("good")
open("hard", "w").write("h"); os.link("hard", "hard2")
for target, name in (("/etc/passwd", "link-passwd"), ("/proc/1/environ", "link-environ"), ("/", "link-root"), (".", "link-here"), ("link-loop", "link-loop"), ("../../../etc/shadow", "link-up")):
    os.symlink(target, name)
os.mkfifo("fifo")
s = socket.socket(socket.AF_UNIX); s.bind("socket")
for name in (b"new\nline", b"esc\x1b[2J", b"bad\xff", b"tab\t", b"del\x7f"):
    open(name, "w").close()
os.mkdir("deep"); os.chdir("deep")
for _ in range(40):
    os.mkdir("d"); os.chdir("d")
open("bottom", "w").close()
os.chdir("/work")
os.mkdir("closed"); open("closed/in", "w").write("x"); os.chmod("closed/in", 0); os.chmod("closed", 0)
