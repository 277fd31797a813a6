"""The second file of the example, in a folder of its own."""


def count(line, word):
    return line.lower().split().count(word.lower())


def plural(n, what):
    return f"{n} {what}" + ("" if n == 1 else "s")
