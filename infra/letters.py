"""What was put aside: the dead letters below parked/ in the bucket, read, put on the queue again, or dropped.

Tick moves each there from the dead-letter queue within a minute of its parking, by the receive that it makes anyway:
nobody has to think of it within the queue's 14 days, and nothing more runs for it.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import aws, files, queue, store
from chalicelib.errors import Poison
from chalicelib.models.inbound import Handed, Item, Message, News, Parked
from chalicelib.models.people import Claim
from chalicelib.models.values import digest

PREFIX = "parked/"
WHAT = {
    "receipt": "a receipt",
    "raw": "a whole webhook",
    "handed": "on its way out",
    "parked": "a word to the owner",
    "news": "a word to the owner",
}


class Unclear(Exception):
    """The command does not say which letters, or there are none such; the text says what to do."""


class Letter(NamedTuple):
    """A message that was put aside. `item` is None where not even its body can be read."""

    id: str
    body: str
    reason: str
    group: str
    at: datetime  # when it was put aside
    sequence: str  # the dead-letter queue's: within a group, the order in which they came
    item: Item | None
    provider: str

    @property
    def what(self) -> str:
        if self.item is None:
            return "unreadable"
        return f"a {self.item.kind}" if isinstance(self.item, Message) else WHAT[self.item.type]

    @property
    def claim(self) -> str:
        """The claim that tells how far it came; empty where there is none."""
        return "" if self.item is None or isinstance(self.item, Parked) else self.item.claim


class Wanted(NamedTuple):
    """Which letters a command is about; what is left empty does not choose."""

    ids: tuple[str, ...] = ()
    provider: str = ""
    reason: str = ""
    older: timedelta = timedelta()
    every: bool = False

    def matches(self, letter: Letter, now: datetime) -> bool:
        named = not self.ids or letter.id.startswith(self.ids)
        about = self.provider in ("", letter.provider) and self.reason.lower() in letter.reason.lower()
        return named and about and (not self.older or now - letter.at >= self.older)  # clocks differ

    @property
    def says_nothing(self) -> bool:
        return self == Wanted()


# ---- reading ----------------------------------------------------------------------------------------------------


def everything() -> list[Letter]:
    """Every letter, in the order in which they were put aside. Raises one of aws.FAULTS."""
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=os.environ["BUCKET"], Prefix=PREFIX)
    kept = [(one["Key"].removeprefix(PREFIX), json.loads(files.get(one["Key"]))) for page in pages
            for one in page.get("Contents", ())]  # fmt: skip
    items = {id: _item(letter["body"]) for id, letter in kept}
    claims = store.claims(item.claim for item in items.values() if isinstance(item, Handed) and not item.message)
    found = [_letter(id, letter, items[id], claims) for id, letter in kept]
    return sorted(found, key=lambda letter: (letter.at, letter.sequence))


def chosen(there: Sequence[Letter], wanted: Wanted, now: datetime) -> list[Letter]:
    """The letters a command is about. Raises Unclear."""
    if wanted.says_nothing:
        raise Unclear("say which: their ids, --provider, --reason, --older, or --all")
    found = [letter for letter in there if wanted.matches(letter, now)]
    unknown = [id for id in wanted.ids if not any(letter.id.startswith(id) for letter in found)]
    if unknown:
        raise Unclear(f"there is no such thing put aside as {', '.join(unknown)}: see shopbell parked list")
    return found


def waiting() -> int:
    """How many still lie in the dead-letter queue; tick moves them within a minute."""
    asked = {"QueueUrl": os.environ["DEAD_LETTERS_URL"], "AttributeNames": ["ApproximateNumberOfMessages"]}
    return int(aws.client("sqs").get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"])


def left_behind(letters: Sequence[Letter], there: Sequence[Letter]) -> int:
    """How many stay aside that came before one of `letters`, from the same sender."""
    taken = {letter.id for letter in letters}
    last = {letter.group: letter for letter in letters}
    rest = [letter for letter in there if letter.id not in taken and letter.group in last]
    return sum((letter.at, letter.sequence) < (last[letter.group].at, last[letter.group].sequence) for letter in rest)


def _item(body: str) -> Item | None:
    try:
        return queue.read(body)
    except Poison:
        return None


def _letter(id: str, kept: Mapping[str, Any], item: Item | None, claims: Mapping[str, Claim]) -> Letter:
    attributes = kept.get("attributes") or {}
    return Letter(
        id=id,
        body=kept["body"],
        reason=kept["reason"] or "it was received too often",  # the queue itself put it aside
        group=attributes.get("MessageGroupId") or (queue.group(item) if item else digest("parked", id)),
        at=datetime.fromtimestamp(int(attributes.get("SentTimestamp", 0)) / 1000, UTC),
        sequence=attributes.get("SequenceNumber", ""),
        item=item,
        provider=_provider(item, claims),
    )


def _provider(item: Item | None, claims: Mapping[str, Claim]) -> str:
    """Whose webhook it came by."""
    if item is None or isinstance(item, Parked | News):
        return ""
    if not isinstance(item, Handed):
        return item.provider
    if item.message:
        return item.message.provider
    return claims[item.claim].provider if item.claim in claims else ""


# ---- changing ---------------------------------------------------------------------------------------------------


def redrive(letters: Sequence[Letter], rate: int, pause: Callable[[float], object] = time.sleep) -> Iterator[Letter]:
    """Put letters on the queue again, `rate` in a second, each then gone from here; yields what is done.

    They go in the order in which they were put aside, in the groups they came from: so each sender's stay in order.
    Dying in between repeats one, and its claim takes care of that, as of any message that comes twice.
    """
    for letter in letters:
        aws.client("sqs").send_message(
            QueueUrl=os.environ["QUEUE_URL"],
            MessageBody=letter.body,
            MessageGroupId=letter.group,
            MessageDeduplicationId=digest("redriven", letter.id, letter.at.isoformat()),
        )
        drop(letter)
        yield letter
        pause(1 / rate)


def drop(letter: Letter) -> None:
    aws.client("s3").delete_object(Bucket=os.environ["BUCKET"], Key=PREFIX + letter.id)
