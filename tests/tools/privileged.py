#!/usr/bin/env python3
"""privileged.py - prints the programs of an image that give a privilege: set-uid, set-gid, file capabilities

Reads the tar of a container's whole file system (GET /containers/ID/export) on standard input; a line for each such file.
"""
import sys
import tarfile

CAPABILITY = "SCHILY.xattr.security.capability"


def main():
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|", errors="surrogateescape") as t:
        for m in t:
            kinds = [k for bit, k in ((0o4000, "set-uid"), (0o2000, "set-gid")) if m.isreg() and m.mode & bit]
            kinds += ["capabilities"] if CAPABILITY in m.pax_headers else []
            if kinds:
                print("%s: %s" % (m.name, ", ".join(kinds)))


if __name__ == "__main__":
    main()
