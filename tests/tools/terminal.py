#!/usr/bin/env python3
"""terminal.py SCRIPT -- COMMAND...: runs a command on a terminal of its own, and reports what it did.

SCRIPT is a Python program that can use
    expect(text)        reads until the terminal has shown text
    send(bytes)         types
    resize(rows, cols)
    signal(n)           to the command
    raw()               is the terminal raw?
    wait()              the exit status as wait(2) gives it, negative for a signal
An exception, or a terminal that is not at the end as it was at the beginning, is a failure.
"""
import fcntl, os, pty, select, signal as sig, struct, subprocess, sys, termios, time

def main():
    at = sys.argv.index("--")
    program, command = sys.argv[1], sys.argv[at + 1:]
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    before = termios.tcgetattr(slave)

    def child():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for s in (sig.SIGINT, sig.SIGQUIT, sig.SIGTERM, sig.SIGHUP, sig.SIGPIPE):
            sig.signal(s, sig.SIG_DFL)

    p = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, preexec_fn=child)
    seen = b""

    def read(until):
        nonlocal seen
        if select.select([master], [], [], max(0, until - time.monotonic()))[0]:
            seen += os.read(master, 65536)
            return True
        return False

    def expect(text):
        nonlocal seen
        text, until = text.encode(), time.monotonic() + 30
        while text not in seen:
            if not read(until):
                raise SystemExit(f"terminal.py: no {text!r} in {seen!r}")
        seen = seen[seen.index(text) + len(text):]

    def send(data):
        os.write(master, data)

    def resize(rows, columns):
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def raw():
        return not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def wait():
        until = time.monotonic() + 30
        while p.poll() is None and time.monotonic() < until:
            read(time.monotonic() + 0.05)
        if p.poll() is None:
            p.kill()
            raise SystemExit(f"terminal.py: it does not end; {seen!r}")
        return p.returncode

    try:
        exec(program, dict(expect=expect, send=send, resize=resize, raw=raw, wait=wait,
                           signal=p.send_signal, p=p, rest=lambda: seen))
    finally:
        if p.poll() is None:
            p.kill()
            p.wait()
    if termios.tcgetattr(slave) != before:
        raise SystemExit("terminal.py: the terminal is not as it was")

main()
