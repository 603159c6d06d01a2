"""The warm webhook: its CPU against that of the one call to AWS it makes, which no webhook can do without."""

import json
from collections.abc import Iterator

from tests.bench import Bar
from tests.bench.bare import Bare

MOST = 1.20


def bars(bare: Bare) -> Iterator[Bar]:
    """Both are repeated by turns in one process; the median of many rounds."""
    received, handled = json.loads(bare.run("warm").splitlines()[-1])
    yield Bar("warm CPU: a signed webhook received ÷ its one call to AWS", received, MOST)
    yield Bar("warm CPU: the same with Chalice's part ÷ its one call to AWS", handled, None)
