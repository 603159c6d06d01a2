"""What goes wrong on purpose: functions are killed, and the outside world fails now and then."""

import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from random import Random
from typing import Any

from tests.soak.stage import Stage

KILLED = ("worker", "webhook")
WORKERS = 2  # kills of the worker for each of the webhook, while people write; then it is the worker alone
PROGRESS = 1.8  # steps that a message makes: it is accepted, it arrives; a few less, so that no kill is left over
PAUSE, BETWEEN_FAULTS = 0.2, 1.0  # seconds, about
FAULT = "fault"  # of the tally
FAULTS: list[dict[str, Any]] = [
    {"part": "slack", "path": "chat.postMessage", "status": 429, "headers": {"retry-after": "1"}},
    {"part": "slack", "path": "chat.postMessage", "status": 500},
    {"part": "slack", "path": "chat.postMessage", "status": 500, "applied": True},
    {"part": "slack", "path": "chat.postMessage", "status": 200, "body": '{"ok": false, "error": "fatal_error"}'},
    {"part": "slack", "path": "chat.postMessage", "hang": 0.5},
    {"part": "twilio_sms", "status": 503},
    {"part": "twilio_sms", "status": 500, "applied": True},
    {"part": "whatsapp", "status": 500},
    {"part": "telegram", "status": 429, "headers": {"retry-after": "1"}},
    {"part": "custom", "status": 500, "applied": True},
]


def kill(here: Stage, messages: int, kills: int, writers: Sequence[Future[None]], chance: Random) -> None:
    """SIGKILL to a process of a function, by its own id and whatever it is doing, so many times.

    Each falls due by progress, not by the clock: on a busy machine every process would die before it is ready.
    """
    killed = 0
    while killed < kills and not here.over.wait(chance.uniform(0, 2 * PAUSE)):
        if here.accepted + len(here.world.ledger) < PROGRESS * messages * (killed + 1) / kills:
            continue
        function = chance.choice([*["worker"] * WORKERS, *([] if _done(writers) else ["webhook"])])
        for process in here.running.processes(function)[:1]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
                here.tally[function] += 1
                killed += 1


def strike(here: Stage, writers: Sequence[Future[None]], chance: Random) -> None:
    """Tell the outside world to fail at its next call, while there are people who write."""
    while not _done(writers) and not here.over.wait(chance.uniform(0, 2 * BETWEEN_FAULTS)):
        pending = {fault.part for fault in list(here.world.faults)}
        free = [fault for fault in FAULTS if fault["part"] not in pending]
        if free:
            here.world.fail(**chance.choice(free))
            here.tally[FAULT] += 1


def _done(writers: Sequence[Future[None]]) -> bool:
    return all(writer.done() for writer in writers)
