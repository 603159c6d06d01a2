"""The cold start: the packaged function against the libraries it stands on, with nothing of ours.

Everything is in: Python itself, Lambda's runtime client, the modules; each compiled, but where it says otherwise.
"""

from collections.abc import Iterator

from tests.bench import Bar
from tests.bench.places import UNUSED, Function, Places
from tests.bench.work import counted, instructions, starts

FLOOR = "Chalice, pydantic and one client"
WHY = "the libraries are in both, and our own modules come on top"
START = Bar(f"cold, instructions: start of the function ÷ {FLOOR}", limit=1.10, goal=0.85, why=WHY)
FIRST = Bar("cold, instructions: until the first answer ÷ the same and its call", limit=1.10, goal=0.85, why=WHY)
SLOW = Bar("cold, instructions: start without bytecode ÷ with it", least=2.5)
UNUSED_ONES = Bar(f"cold, instructions: {len(UNUSED)} providers that are not used, in %", limit=1, least=-1)
CPU = Bar(f"cold, CPU: start of the function ÷ {FLOOR}", limit=1.10, goal=0.85, why=WHY)
CPU_SLOW = Bar("cold, CPU: start without bytecode ÷ with it", least=2)
ROWS = (START, FIRST, SLOW, UNUSED_ONES, CPU, CPU_SLOW)


def bars(places: Places, floor: Function) -> Iterator[Bar]:
    ours, slow = places.ours, places.slow
    if counted():
        yield START._replace(measured=instructions(ours, 0) / instructions(floor, 0))
        yield FIRST._replace(measured=instructions(ours, 1) / instructions(floor, 1))
        yield SLOW._replace(measured=instructions(slow, 0) / instructions(ours, 0))
        unused = instructions(ours, 1) - instructions(places.lean, 1)
        yield UNUSED_ONES._replace(measured=100 * unused / instructions(ours, 1))
    cpu, floors, slows = starts([ours, floor, slow], 0)
    yield CPU._replace(measured=cpu / floors)
    yield CPU_SLOW._replace(measured=slows / cpu)
