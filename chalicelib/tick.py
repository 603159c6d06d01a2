"""Each minute: timers that fell due are queued, and dead letters are put aside where they can be redriven."""

import json
import logging
from datetime import datetime
from typing import Any

from chalicelib import files, queue, store
from chalicelib.models.inbound import Parked, timer

log = logging.getLogger("shopbell.tick")
ROUNDS = 10  # of ten dead letters each, in one tick


def tick(now: datetime, request_id: str) -> None:
    """Twice or late is harmless: a timer is claimed by its due time, a dead letter by its id."""
    due = [timer(contact, kind, at) for contact, kind, at in store.due(now)]
    if due:
        queue.put(due, request_id)
    moved = _move_dead_letters(request_id)
    log.info(json.dumps({"timers": len(due), "dead_letters": moved}))


def _move_dead_letters(request_id: str) -> int:
    moved = 0
    for _ in range(ROUNDS):
        letters = queue.dead_letters()
        for letter in letters:
            _move(letter, request_id)
        moved += len(letters)
        if not letters:
            break
    return moved


def _move(letter: dict[str, Any], request_id: str) -> None:
    """Kept first, told second, dropped from the queue last: dying in between repeats, and loses nothing."""
    reason, origin = _attribute(letter, "reason"), _attribute(letter, "origin") or letter["MessageId"]
    kept = {"body": letter["Body"], "reason": reason, "attributes": letter.get("Attributes")}
    place = files.put_parked(origin, json.dumps(kept).encode())
    queue.put([Parked(file=place, reason=reason)], f"{request_id}:{letter['MessageId']}")
    queue.drop_dead_letter(letter)


def _attribute(letter: dict[str, Any], name: str) -> str:
    """What the worker wrote beside the message; empty where SQS itself put it aside."""
    return str(letter.get("MessageAttributes", {}).get(name, {}).get("StringValue", ""))
