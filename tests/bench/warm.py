"""The warm webhook against the one call to AWS that it makes, with the same client and nothing around it.

Both run under Lambda's runtime client; what that takes for a function that does nothing is taken off both.
"""

from collections.abc import Iterator

from tests.bench import Bar
from tests.bench.places import Places
from tests.bench.work import counted, each, instructions_each

WHY = "the form is taken apart in Python, and Chalice finds the route"
COUNT = Bar("warm, instructions: a signed webhook ÷ its one call to AWS", limit=1.20, why=WHY)
CPU = Bar("warm, CPU: a signed webhook ÷ its one call to AWS", limit=1.20, why=WHY)
TIME = Bar("warm, CPU: a signed webhook with Lambda's runtime client, in ms")
ROWS = (COUNT, CPU, TIME)


def bars(places: Places) -> Iterator[Bar]:
    functions = (places.ours, places.call, places.nothing)
    if counted():
        yield COUNT._replace(measured=_ratio(*map(instructions_each, functions)))
    ours, call, nothing = each(functions)
    yield CPU._replace(measured=_ratio(ours, call, nothing))
    yield TIME._replace(measured=1000 * ours)


def _ratio(ours: float, call: float, nothing: float) -> float:
    return (ours - nothing) / (call - nothing)
