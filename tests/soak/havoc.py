"""What goes wrong on purpose: functions are killed, the outside world fails, and a release is deployed amid it all."""

import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from random import Random
from typing import Any

from infra.world import Fault
from tests.soak.stage import PROD, STACK, Stage, mend

KILLED = ("worker", "webhook")
WORKERS = 2  # kills of the worker for each of the webhook, while people write; then it is the worker alone
PROGRESS = 1.8  # steps that a message makes: it is accepted, it arrives; a few less, so that no kill is left over
DEPLOYED = "deployed"  # of the tally: how much was accepted meanwhile
LAST = 10**6
PAUSE, BETWEEN_FAULTS = 0.2, 1.0  # seconds, about
DOWN, UNTIL = "whatsapp", 0.7  # the provider that fails at first, and until how far it all is
RELEASE = 0.5  # where another release is deployed
FAULT = "fault"  # of the tally
FAULTS: list[dict[str, Any]] = [
    {"part": "slack", "path": "chat.postMessage", "status": 429, "headers": {"retry-after": "1"}},
    {"part": "slack", "path": "chat.postMessage", "status": 500},
    {"part": "slack", "path": "chat.postMessage", "status": 500, "applied": True},
    {"part": "slack", "path": "chat.postMessage", "status": 200, "body": '{"ok": false, "error": "fatal_error"}'},
    {"part": "slack", "path": "chat.postMessage", "hang": 0.5},
    {"part": "twilio_sms", "status": 503},
    {"part": "twilio_sms", "status": 500, "applied": True},
    {"part": "telegram", "status": 429, "headers": {"retry-after": "1"}},
    {"part": "messenger", "status": 503},
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
        for process in here.shop.running.processes(function, STACK)[:1]:
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


def stay_away(here: Stage, messages: int) -> None:
    """One provider takes nothing at first, and until that was felt: a quick machine is far before it comes to it."""
    down = Fault(part=DOWN, status=503, times=LAST)
    here.world.faults.append(down)
    while not here.over.wait(PAUSE):
        if down.times < LAST and here.accepted + len(here.world.ledger) >= UNTIL * PROGRESS * messages:
            break
    here.world.faults.remove(down)
    here.tally[DOWN] = LAST - down.times


def redeploy(here: Stage, messages: int, writers: Sequence[Future[None]]) -> list[str]:
    """Deploy another release while everybody writes; what is wrong with it.

    Its own test webhooks may be hit like any other; those of the rollback must come through.
    """
    _await(here, RELEASE * messages, writers)
    before, accepted = here.shop.code(STACK), here.accepted
    here.shop.change("another release")
    _, said = here.shop.shopbell("deploy", *PROD, "--yes")
    here.tally[DEPLOYED] = here.accepted - accepted
    mend(here.shop, here.shop.outputs(STACK))
    same = [] if here.shop.code(STACK) != before else ["the release did not change"]
    return [*same, *([] if "✓ Deployed" in said else [f"the deployment failed: {said}"])]


def _await(here: Stage, accepted: float, writers: Sequence[Future[None]]) -> None:
    while here.accepted < accepted and not _done(writers) and not here.over.wait(PAUSE):
        pass


def _done(writers: Sequence[Future[None]]) -> bool:
    return all(writer.done() for writer in writers)
