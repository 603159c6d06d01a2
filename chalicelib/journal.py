"""What our log tells of messages by their ids, and reading it again: what was accepted, and how the worker ended it.

The webhook, the mail function and the worker say in one line what the queue took:

    {"took": [ids], "loose": [ids], "provider": "telegram"}

For the webhook that is the line on its answer, with the status: a second line would be a tenth of all its own work.

An id is an item's claim, a hash. A message in `took` must get its claim in the table. What is `loose` may end without
one: a part of a long SMS and a whole webhook become other items (which the worker tells of in the same way), and a mail
that was only announced may be our own, coming back. Receipts are left out: they get no claim. The worker's line for
each receive names the claim it was about, and how that ended.

The line is written after the queue has taken the items. A function that dies between the two answers no 2xx, so the
provider comes again and the line is written then. The log is kept for 30 days.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import aws
from chalicelib.models.inbound import Item, Message, Raw

ACCEPTING = ("webhook", "mail", "worker")  # the functions that put on the queue what came from outside
ENDS = ("done", "parked")  # outcomes of a receive after which the item does not come back
LASTS = timedelta(days=30)  # the log; see log_retention_in_days in .chalice/config.json

log = logging.getLogger("shopbell.journal")


class Took(NamedTuple):
    """One item that the queue took."""

    id: str
    provider: str
    at: datetime
    loose: bool
    line: str


class End(NamedTuple):
    """The worker is through with an item: `how` is one of ENDS."""

    id: str
    how: str


def took(items: Iterable[Item]) -> None:
    """Write down what the queue took, a line for each provider."""
    those = [item for item in items if isinstance(item, Message | Raw)]
    for provider in dict.fromkeys(item.provider for item in those):
        log.info(json.dumps({**named(item for item in those if item.provider == provider), "provider": provider}))


def named(items: Iterable[Item]) -> dict[str, list[str]]:
    """What a line says of items that the queue took, all of one provider; nothing where none has an id."""
    ids = [(item.claim, _loose(item)) for item in items if isinstance(item, Message | Raw)]
    took, loose = ([id for id, other in ids if other is which] for which in (False, True))
    return {"took": took, **({"loose": loose} if loose else {})} if ids else {}


def accepted(stack: str, since: datetime, until: datetime) -> Iterator[Took]:
    """What the queue took from `since` up to `until`; what came again is there again. Raises one of aws.FAULTS."""
    for function in ACCEPTING:
        for at, said, line in lines(f"{stack}-{function}", "took", since, until):
            for field in ("took", "loose") if "took" in said else ():
                for id in _listed(said.get(field)):
                    yield Took(id, str(said.get("provider")), at, field == "loose", line)


def ends(stack: str, since: datetime) -> Iterator[End]:
    """What the worker is through with, from `since` on. Raises one of aws.FAULTS."""
    for _, said, _ in lines(f"{stack}-worker", "claim", since):
        if said.get("outcome") in ENDS and isinstance(said.get("claim"), str):
            yield End(said["claim"], said["outcome"])


def lines(
    function: str, word: str, since: datetime, until: datetime | None = None
) -> Iterator[tuple[datetime, dict[str, Any], str]]:
    """A function's own lines that hold a word: when, what it says, and the line itself, the oldest first.

    Nothing where it never logged. Raises one of aws.FAULTS.
    """
    asked = {"logGroupName": f"/aws/lambda/{function}", "filterPattern": word, "startTime": _milliseconds(since)}
    if until:
        asked["endTime"] = _milliseconds(until) - 1  # it counts as within
    for event in _events(asked):
        line = event["message"][max(0, event["message"].find("{")) :].strip()  # Lambda writes level and time first
        if isinstance(said := _object(line), dict):
            yield datetime.fromtimestamp(event["timestamp"] / 1000, UTC), said, line


def _loose(item: Message | Raw) -> bool:
    return isinstance(item, Raw) or bool(item.fragment) or bool(item.late)


def _events(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Page by page; a page may be empty and not the last."""
    page: dict[str, Any] = {}
    while not page or page.get("nextToken"):
        more = {"nextToken": page["nextToken"]} if page else {}
        try:
            page = aws.client("logs").filter_log_events(**asked, **more)
        except aws.FAULTS as error:
            if aws.code(error) == "ResourceNotFoundException":
                return
            raise
        yield from page["events"]


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _listed(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
