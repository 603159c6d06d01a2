"""The cold start: the packaged function against the libraries it stands on, with nothing of ours.

Instructions are counted by valgrind (callgrind): the same on every run, nearly the same on every machine. Where there
is no valgrind it is CPU time, the least of several runs.
"""

import re
import resource
import shutil
from collections.abc import Iterator

from tests.bench import Bar
from tests.bench.bare import Bare

RUNS = 7  # of CPU time
MOST = 1.10
VALGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]


def bars(bare: Bare) -> Iterator[Bar]:
    unit = "instructions" if shutil.which(VALGRIND[0]) else "CPU time"
    start = work(bare, "imported") / work(bare, "libraries", ours=False)
    first = work(bare, "answered") / work(bare, "called", ours=False)
    yield Bar(f"cold {unit}: import of the function ÷ Chalice, pydantic and one client", start, MOST)
    yield Bar(f"cold {unit}: all until the first answer ÷ the same and its call", first, MOST)


def work(bare: Bare, what: str, ours: bool = True) -> float:
    """Instructions, or seconds of CPU."""
    if not shutil.which(VALGRIND[0]):
        return min(_cpu(bare, what, ours) for _ in range(RUNS))
    counted = re.search(r"Collected : (\d+)", bare.run(what, ours=ours, tool=VALGRIND))
    if counted is None:
        raise RuntimeError("valgrind counted nothing")
    return int(counted[1])


def _cpu(bare: Bare, what: str, ours: bool) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    bare.run(what, ours=ours)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
