"""How soon an acknowledgement is there: real processes on the local AWS, cold ones too, also while the desk fails.

Every customer writes once, so that each message is acknowledged. Time is counted from before the webhook is posted to
the moment at which the provider takes the acknowledgement.
"""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from statistics import quantiles
from typing import NamedTuple

from infra.simulate import Said
from tests.soak.stage import STACK, Say, Stage, stage
from tests.soak.traffic import COMES_AGAIN

SENDERS = {"twilio_sms": "+49151200{:05d}", "telegram": "70010{:05d}"}  # as their provider names them in an answer
PACE = 0.5  # seconds between two customers
COLD_EVERY = 30  # messages, after which every process has to be started anew
WITHIN, SHARE = 9.0, 0.99  # seconds, and of how many messages that is asked
DESK_FAILS = {"part": "slack", "path": "chat.postMessage", "status": 500, "times": 1_000_000}


class Prompt(NamedTuple):
    """`waits` are seconds by half: while the desk answers, while it fails; None where nothing came."""

    halves: dict[str, list[float | None]]
    colds: int

    @property
    def troubles(self) -> list[str]:
        return [
            f"{name}: {late} of {len(waits)} not within {WITHIN:.0f} s"
            for name, waits in self.halves.items()
            for late in [sum(wait is None or wait > WITHIN for wait in waits)]
            if not waits or late > (1 - SHARE) * len(waits)
        ]

    def figures(self) -> Iterator[tuple[str, str]]:
        yield "acknowledged on the local AWS", f"{self.colds} cold starts of all functions"
        for name, waits in self.halves.items():
            came = sorted(wait for wait in waits if wait is not None)
            cuts = quantiles(came, n=100, method="inclusive") if len(came) > 1 else [0.0] * 99
            figures = f"median {cuts[49]:.1f} s, 99 % {cuts[98]:.1f} s, longest {max(came, default=0):.1f} s"
            within = sum(wait <= WITHIN for wait in came)
            yield f"  {name}", f"{within} of {len(waits)} within {WITHIN:.0f} s; {figures}"


def prompt(messages: int, seconds: float, say: Say) -> Prompt:
    """Half of the messages while the desk answers, half while it answers 500."""
    half = messages // 2
    halves: dict[str, list[float | None]] = {}
    with stage(seconds, say) as here:
        halves["while the desk answers"] = _half(here, range(half), say)
        here.world.fail(**DESK_FAILS)
        halves["while the desk answers 500"] = _half(here, range(half, messages), say)
    return Prompt(halves, colds=2 * -(-half // COLD_EVERY))


def _half(here: Stage, numbers: Sequence[int], say: Say) -> list[float | None]:
    posted: dict[str, datetime] = {}
    for count, number in enumerate(numbers):
        if count % COLD_EVERY == 0:
            _acknowledged(here, posted, say)
            _end_processes(here)
        provider = list(SENDERS)[number % len(SENDERS)]
        sender = SENDERS[provider].format(number)
        posted[sender] = datetime.now(UTC)
        said = Said(text="Where is my order?", id=f"p{number}", sender=sender, at=datetime.now(UTC))
        while here.left and not 200 <= here.place.post(provider, said).status < 300:
            time.sleep(COMES_AGAIN)
        say(f"{number} customers have written")
        time.sleep(PACE)
    came = _acknowledged(here, posted, say)
    return [(came[to] - at).total_seconds() if to in came else None for to, at in posted.items()]


def _acknowledged(here: Stage, posted: dict[str, datetime], say: Say) -> dict[str, datetime]:
    """When each was acknowledged, by whom it went to; waits for them as long as one may take, twice over."""
    end = time.monotonic() + 2 * WITHIN
    while True:
        said = [entry for entry in list(here.world.ledger) if entry.part in SENDERS]  # nobody else answers here
        came = {entry.to: datetime.fromisoformat(entry.at) for entry in said}
        if posted.keys() <= came.keys() or time.monotonic() > end:
            return came
        say(f"{len(came)} acknowledged")
        time.sleep(0.5)


def _end_processes(here: Stage) -> None:
    """So that the next message meets a cold start everywhere; whoever is at work then comes again."""
    for function in ("webhook", "worker"):
        for process in here.shop.running.processes(function, STACK):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
