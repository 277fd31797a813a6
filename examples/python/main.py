"""Counts the words of standard input; the words to look for are the arguments."""
import sys
import time

from lib.helper import count, plural

print("looking for:", ", ".join(sys.argv[1:]))
for number, line in enumerate(sys.stdin, 1):
    print(f"line {number}: {plural(len(line.split()), 'word')}")
    for word in sys.argv[1:]:
        if count(line, word):
            print(f"  {word}: {plural(count(line, word), 'time')}")
    time.sleep(0.3)
print("done", file=sys.stderr)
