# tries: files that change while they are collected, by a process that should be dead
# want: exited 0
# control: none only what comes after counts
# job: {"collect": ["good.txt"]}
import os, time
open("good.txt", "w").write("good")
if os.fork() == 0:
    os.setsid()
    while True:
        os.unlink("good.txt") if os.path.exists("good.txt") else None
        os.symlink("/etc/passwd", "good.txt")
        os.unlink("good.txt")
        open("good.txt", "w").write("good" * 1000)
time.sleep(0.05)
