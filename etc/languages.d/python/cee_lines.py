"""Live output by whole lines, as on a terminal: unbuffered output has a text and its newline in two writes, so that
lines of several programs on one pipe mix, and takes several times as long. Where cee asked for live output,
the two streams are line-buffered instead. A .pth file has this imported at each start."""
import sys


def _by_line(name):
    import io
    old = getattr(sys, name)
    if type(old) is not io.TextIOWrapper or not old.write_through or not isinstance(old.buffer, io.FileIO):
        return  # not as -u leaves it
    encoding, errors = old.encoding, old.errors
    new = io.TextIOWrapper(io.BufferedWriter(old.detach()), encoding, errors, newline="\n", line_buffering=True)
    new.mode = "w"
    setattr(sys, name, new)
    setattr(sys, "__%s__" % name, new)


for _name in "stdout", "stderr":
    try:
        _by_line(_name)
    except Exception:  # without one of the streams a program runs all the same
        pass
