"""The worker: a queue message is found its contact, planned, recorded and delivered; or it comes back, or is parked."""

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib import aws, queue, store
from chalicelib.errors import Later, Poison, SendFailed, Unavailable
from chalicelib.models.inbound import Item
from chalicelib.models.work import Receive
from chalicelib.process import items
from chalicelib.process.forgotten import Forgotten

LADDER = 900.0  # seconds; the longest step of the outage ladder
OUTAGE_ENDS = 4 * 24 * 3600.0  # seconds on the outage ladder before a message is parked
POISON_TRIES = 8
POISON_LADDER = (5, 15, 60, 180, 480, 900, 1800)  # seconds; eight tries in about an hour
KILLS = 30  # receives within an hour of the first that mean: this message kills the worker
HOUR = 3600.0

log = logging.getLogger("shopbell.process")


class Again(NamedTuple):
    """The message comes back after `seconds`."""

    seconds: float


def work(event: dict[str, Any], now: Callable[[], datetime]) -> dict[str, Any]:
    """A Lambda event of the queue; answers which messages come back (never by an exception: that slows the queue)."""
    failures = [{"itemIdentifier": receive.id} for receive in queue.received(event) if not _settled(receive, now())]
    return {"batchItemFailures": failures}


def _settled(receive: Receive, now: datetime) -> bool:
    """Work on one receive; False if the message must come back."""
    try:
        again = _work(receive, now)
        if again:
            queue.again(receive, again.seconds)
    except Exception as error:  # even what should have settled it failed
        _log(receive, None, "fault", _said(error))
        return False  # it comes back at its visibility time-out
    return again is None


def _work(receive: Receive, now: datetime) -> Again | None:
    """What becomes of the message: None when all is done that it asks for."""
    if receive.count > KILLS and now.timestamp() - receive.first_ms / 1000 <= HOUR:
        _park(receive, None, now, "it ends the worker each time it is opened")
        return None
    item: Item | None = None
    try:
        item = queue.read(receive.body)
        items.HANDLERS[item.type](item, receive, now)
    except Forgotten:
        _log(receive, item, "forgotten", item.type if item else "?")
        return None
    except Later as later:
        return _outage(receive, item, now, later.reason, later.seconds)
    except (*aws.FAULTS, store.Moved, Unavailable, SendFailed) as error:
        return _outage(receive, item, now, _said(error), None)
    except Poison as poison:
        return _poison(receive, item, now, str(poison))
    except Exception as error:
        return _poison(receive, item, now, type(error).__name__)
    _log(receive, item, "done", item.type)
    return None


def _outage(receive: Receive, item: Item | None, now: datetime, reason: str, seconds: float | None) -> Again | None:
    """The other side, or AWS: try again, ever more slowly, for four days."""
    if now.timestamp() - receive.sent_ms / 1000 > OUTAGE_ENDS:
        _park(receive, item, now, reason)
        return None
    _log(receive, item, "later", item.type if item else "?")
    return Again(backoff(receive) if seconds is None else seconds)


def _poison(receive: Receive, item: Item | None, now: datetime, reason: str) -> Again | None:
    """Ours: eight tries, in case a deploy mends it, then aside, so that the group goes on."""
    if receive.count >= POISON_TRIES:
        _park(receive, item, now, reason)
        return None
    _log(receive, item, "poison", reason)
    return Again(POISON_LADDER[receive.count - 1])


def _park(receive: Receive, item: Item | None, now: datetime, reason: str) -> None:
    """Into the dead-letter queue with its reason; what waits for it is set free."""
    if item is not None:
        items.abandon(item, receive, now, reason)
    queue.park(receive, item, reason)
    _log(receive, item, "parked", item.type if item else "?")


def backoff(receive: Receive) -> float:
    """2, 4, 8 … 900 seconds, each up to a quarter shorter, so that many waiting messages do not come back at once."""
    step = min(LADDER, 2.0 ** min(receive.count, 10))
    jitter = hashlib.sha256(receive.token.encode()).digest()[0] / 255
    return step * (1 - jitter / 4)


def _said(error: Exception) -> str:
    return aws.code(error) or type(error).__name__


def _log(receive: Receive, item: Item | None, what: str, detail: str) -> None:
    """One line for each receive: ids and outcomes, never a word of a message; see journal."""
    claim = {"claim": item.claim} if item else {}
    log.info(json.dumps({"message": receive.id, "receive": receive.count, "outcome": what, "detail": detail, **claim}))
