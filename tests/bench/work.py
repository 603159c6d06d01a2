"""How much a function does: instructions, which valgrind counts, and CPU time.

Instructions are the same on every run, and nearly so on every machine of a kind. CPU time is what is paid for.
"""

import re
import shutil
from collections.abc import Sequence
from functools import cache
from statistics import median

from tests.bench.places import Function

VALGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
FEW = 20  # webhooks, where each takes so long under valgrind
FIRST = 6  # by then all is loaded, and Python has fitted its bytecode to what it sees
STARTS = 7
WARM, MANY, ROUNDS = 200, 1000, 3


def counted() -> bool:
    """Whether instructions can be counted on this machine."""
    return shutil.which(VALGRIND[0]) is not None


@cache
def instructions(function: Function, events: int) -> int:
    """From the start of the process until so many webhooks are answered."""
    found = re.search(r"Collected : (\d+)", function.lived(events, tool=VALGRIND).printed)
    if found is None:
        raise RuntimeError("valgrind counted nothing")
    return int(found[1])


def instructions_each(function: Function) -> float:
    """For one webhook of many."""
    return (instructions(function, FIRST + FEW) - instructions(function, FIRST)) / FEW


def starts(functions: Sequence[Function], events: int) -> list[float]:
    """Seconds of CPU until so many webhooks are answered, for each function the least of several starts by turns."""
    rounds = [[function.lived(events).cpu for function in functions] for _ in range(STARTS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def each(functions: Sequence[Function]) -> list[float]:
    """Seconds of CPU for one webhook of many, for each function the median of several lives by turns."""
    rounds = [[_each(function) for function in functions] for _ in range(ROUNDS)]
    return [median(times) for times in zip(*rounds, strict=True)]


def _each(function: Function) -> float:
    seen = function.lived(WARM + MANY, watched=(WARM, WARM + MANY)).seen
    return (seen[WARM + MANY].cpu - seen[WARM].cpu) / MANY
