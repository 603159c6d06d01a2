"""Where real processes are soaked: the local AWS, the outside world, customers, and how to look at them."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib import settings
from infra import local, values
from infra.world import World, server
from tests.soak.traffic import Customer, Place, people

ROOT = Path(__file__).parents[2]
CUSTOMERS = 6  # each keeps a process of the webhook function busy
VISIBILITY = 5  # seconds until what a dead worker held comes back
WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
Say = Callable[[str], object]


class Stage(NamedTuple):
    """All that runs, until `end` (monotonic seconds) or until `over` is set. `tally` counts kills and faults."""

    running: local.Running
    world: World
    place: Place
    crowd: Sequence[Customer]
    tally: Counter[str]
    over: threading.Event
    end: float

    @property
    def left(self) -> float:
        """Seconds."""
        return max(0.0, self.end - time.monotonic())

    @property
    def accepted(self) -> int:
        return sum(len(customer.wrote) + len(customer.answered) for customer in self.crowd)

    @property
    def processes(self) -> int:
        """How many of the functions' processes run now."""
        return sum(len(self.running.processes(function)) for function in local.FUNCTIONS.values())

    def waiting(self, queue: str) -> int:
        """How many messages are in a queue, hidden ones too."""
        url = self.running.environment[queue]
        found = self._client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(WAITING))["Attributes"]
        return sum(int(count) for count in found.values())

    def claims(self) -> int:
        """How many claims were written: to be read, it decides nothing."""
        question = {
            "TableName": self.running.environment["TABLE"],
            "FilterExpression": "begins_with(#pk, :pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
            "ExpressionAttributeValues": {":pk": {"S": "CLAIM#"}},
        }
        pages = self._client("dynamodb").get_paginator("scan").paginate(**question)
        return sum(len(page["Items"]) for page in pages)

    def _client(self, service: str) -> Any:
        session: Any = local.session()
        return session.client(service, endpoint_url=self.running.aws)


@contextmanager
def stage(seconds: float, say: Say) -> Iterator[Stage]:
    """A shop in a directory of its own, which is gone afterwards."""
    rules = settings.load(settings.SHOP_FILE.read_text(encoding="utf-8"))
    with ExitStack() as undo:
        outside = server.start(World({}))
        undo.callback(outside.stop)
        known = values.complete({}, rules, outside.url)
        outside.world.credentials = known
        home = undo.enter_context(tempfile.TemporaryDirectory(prefix="shopbell-soak-"))
        running = local.start(ROOT, 0, known, home=Path(home), visibility=VISIBILITY, say=say)
        undo.callback(running.stop)
        place, end = Place(running.url, rules, known), time.monotonic() + seconds
        yield Stage(running, outside.world, place, people(CUSTOMERS), Counter(), threading.Event(), end)
