"""What a long life of the webhook function holds: the resident memory of the whole process, Python and all."""

from collections.abc import Iterator

from tests.bench import Bar
from tests.bench.places import Places

EARLY, LATE = 1_000, 10_000
MB = 1_000_000
HELD = Bar(f"memory of the process after {LATE:,} webhooks, in MB", limit=64)
GROWN = Bar(f"memory: growth from webhook {EARLY:,} to {LATE:,}, in MB", limit=2, least=-64)
ROWS = (HELD, GROWN)


def bars(places: Places) -> Iterator[Bar]:
    seen = places.ours.lived(LATE, watched=(EARLY, LATE)).seen
    yield HELD._replace(measured=seen[LATE].resident / MB)
    yield GROWN._replace(measured=(seen[LATE].resident - seen[EARLY].resident) / MB)
