"""Calls to AWS, counted one by one: what the webhook and the worker may make for one message."""

from collections.abc import Iterator, Mapping

from tests.bench import Bar, exactly
from tests.bench.scenes import Scene

WEBHOOK = {  # exactly so many: fewer would mean that nothing was measured
    "1 item": ("a webhook of 1 item", 1),
    "10 items": ("a webhook of 10 items", 1),
    "11 items": ("a webhook of 11 items", 2),
    "50 items": ("a webhook of 50 items", 5),
    "too many items": ("a webhook of 51 items, kept whole", 2),
    "too large": ("a webhook larger than a queue message, kept whole", 2),
    "duplicate": ("a webhook that came before", 1),
    "forged": ("a forged webhook", 0),
}
WORKER = {
    "early": ("a text in an open conversation: find, record, mark", 3),
    "late": ("the same after many messages", 3),
    "linked": ("a text from a linked address", 4),
    "opening": ("the text that opens a conversation", 4),
    "opening, acknowledged": ("the text that opens a conversation, acknowledged", 5),
    "reply": ("an agent's reply, over its two queue messages", 6),
}


def bars(scenes: Mapping[str, Scene]) -> Iterator[Bar]:
    for name, (what, count) in WEBHOOK.items():
        yield exactly(f"AWS calls: {what}", len(scenes[name]), count)
    for name, (what, count) in WORKER.items():
        yield Bar(f"AWS calls: {what}", len(scenes[name]), count)
