"""The packages of a job, where a home installation has them: after the standard library, before
the distribution's. A .pth file has this imported at each start; without packages it does nothing."""
import os
import sys


def _add(layer):
    import site
    before = list(sys.path)
    site.addsitedir(layer)
    new = [p for p in sys.path if p not in before]
    at = next((i for i, p in enumerate(before) if p.endswith(("/dist-packages", "/site-packages"))), len(before))
    sys.path[:] = before[:at] + new + before[at:]


if os.environ.get("CEE_LAYER"):
    _add(os.environ["CEE_LAYER"] + "/site")
