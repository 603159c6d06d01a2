"""Units of DynamoDB that one message costs, from the sizes of its items: this is what the shop pays for."""

from collections.abc import Iterator, Mapping

from tests.bench import Bar
from tests.bench.scenes import Scene

MARK = "dynamodb.TransactWriteItems mark"


def bars(scenes: Mapping[str, Scene]) -> Iterator[Bar]:
    """All for a text of 1 kB; index writes are in."""
    acknowledged = scenes["opening, acknowledged"]
    yield Bar("write units: a text in an open conversation", writes(scenes["early"]), 14)
    yield Bar("write units: the same after many messages", writes(scenes["late"]), 14)
    yield Bar("write units: a text from a linked address", writes(scenes["linked"]), 14)
    yield Bar("write units: an acknowledgement", writes(acknowledged) - writes(scenes["opening"]), 4)
    yield Bar("write units: all of a text that opens a conversation, acknowledged", writes(acknowledged), 30)
    yield Bar("read units: a text in an open conversation", reads(scenes["early"]), 2)
    yield Bar("read units: the same after many messages", reads(scenes["late"]), 2)
    yield Bar("read units: a text from a linked address", reads(scenes["linked"]), 3)
    yield Bar("read units: the text that opens a conversation", reads(acknowledged), 2)
    yield Bar("write units: the mark of a forward", marks(scenes["early"])[0], 4)
    yield Bar("write units: the mark of a reply", marks(scenes["reply"])[0], 4)
    yield Bar("write units: the mark of a card", marks(acknowledged)[0], 10)
    yield Bar("write units: a receipt", writes(scenes["receipt"]), 4)


def writes(scene: Scene) -> int:
    return sum(cost.writes for cost in scene)


def reads(scene: Scene) -> int:
    return sum(cost.reads for cost in scene)


def marks(scene: Scene) -> list[int]:
    """The write units of each mark, in order."""
    return [cost.writes for cost in scene if cost.call == MARK]
