"""Where real processes are soaked: a shop deployed on the local AWS, the outside world, customers; and how to look."""

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chalicelib import settings
from chalicelib.models.shop import Shop
from infra import kept, local, package, values
from infra.kept import Account
from infra.world import World, server
from tests.lab.checkout import ROOT, Checkout, checkout
from tests.soak.traffic import CUSTOMERS, PROVIDERS, Customer, Place, people

STACK = "shopbell-prod"
PROD = ("--stage", "prod", "--region", local.REGION)
VISIBILITY = 5  # seconds until what a dead worker held comes back
WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
SHOP = """
name = "Corner Shop"
time_zone = "Europe/Berlin"
languages = ["en"]
owner = "front"
[desks.front]
slack = "C0SHOPBELL"
[routes]
default = "front"
[acknowledgement]
text = "Thank you for writing to {shop}."
""" + "".join(f"[providers.{name}]\n" for name in (*PROVIDERS, "slack"))
Say = Callable[[str], object]


class Stage(NamedTuple):
    """All that runs, until `end` (monotonic seconds) or until `over` is set. `tally` counts what is done to it."""

    shop: Checkout
    places: Mapping[str, str]  # table, queues and bucket, by the names that the functions know
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
        return sum(len(self.shop.running.processes(one, STACK)) for one in local.FUNCTIONS.values())

    def waiting(self, queue: str) -> int:
        """How many messages are in a queue, hidden ones too."""
        asked = {"QueueUrl": self.places[queue], "AttributeNames": list(WAITING)}
        found = self.shop.client("sqs").get_queue_attributes(**asked)["Attributes"]
        return sum(int(count) for count in found.values())

    def rows(self) -> list[dict[str, Any]]:
        """The whole table, as DynamoDB has it."""
        pages = self.shop.client("dynamodb").get_paginator("scan").paginate(TableName=self.places["TABLE"])
        return [row for page in pages for row in page["Items"]]


@contextmanager
def stage(seconds: float, say: Say) -> Iterator[Stage]:
    """A local AWS in a directory of its own, and a shop on it; all of it is gone afterwards."""
    with ExitStack() as undo:
        home = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="shopbell-soak-")))
        running = local.start(ROOT, 0, home=home, say=say)
        undo.callback(running.stop)
        (home / "shop").mkdir()
        with deployed(checkout(running, home / "shop"), CUSTOMERS, seconds, say) as here:
            yield here


@contextmanager
def deployed(shop: Checkout, customers: int, seconds: float, say: Say) -> Iterator[Stage]:
    """A shop that is deployed from nothing, as its owner would, with an outside world of its own."""
    outside = server.start(World({}))
    try:
        rules = settings.load(SHOP)
        known = values.complete({}, rules, outside.url)
        outside.world.credentials = known
        (shop.folder / "chalicelib" / "shop.toml").write_text(SHOP)
        say("deploying")
        public = shop.running.url.removesuffix("/webhooks")
        status, said = shop.shopbell("deploy", *PROD, "--yes", "--public-url", public)
        assert status == 0, said
        outputs = shop.outputs(STACK)
        mend(shop, outputs)
        entrust(shop, rules, known)
        place, end = Place(shop.running.url, rules, known), time.monotonic() + seconds
        crowd = people(customers)
        yield Stage(shop, local.resources(outputs), outside.world, place, crowd, Counter(), threading.Event(), end)
    finally:
        outside.stop()


def mend(shop: Checkout, outputs: Mapping[str, str]) -> None:
    """What the local AWS lacks; the short address leads to this stack. A dead worker's message comes back sooner."""
    built = package.package(shop.folder, local.architecture(), local=True)
    local.mend(built, outputs, [local.HOST], urlsplit(shop.running.aws).port or 0)
    queue = {"QueueUrl": outputs["QueueUrl"], "Attributes": {"VisibilityTimeout": str(VISIBILITY)}}
    shop.client("sqs").set_queue_attributes(**queue)


def entrust(shop: Checkout, rules: Shop, known: Mapping[str, str]) -> None:
    """Every account's settings, in the parameter store."""
    for provider, account, _ in rules.accounts():
        config = values.config(provider, account, known, rules)
        for way in ("in", "out"):
            said = {name: _value(getattr(config, name)) for name in type(config).model_fields
                    if way in kept.ways(provider, name) and getattr(config, name)}  # fmt: skip
            name = Account("prod", provider, account).place(way)
            shop.client("ssm").put_parameter(Name=name, Value=json.dumps(said), Type="SecureString")


def _value(value: Any) -> Any:
    return value if isinstance(value, str) else [one.get_secret_value() for one in value]
