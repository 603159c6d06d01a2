"""A night on the local AWS: real processes are killed while people write, and the owner does all that an owner may."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from random import Random
from typing import Any, NamedTuple

from tests.soak import havoc, morning
from tests.soak.stage import Say, Stage
from tests.soak.traffic import write
from tests.soak.verdict import Verdict, claimed, judge

QUIET = 5  # looks at an empty queue, a second apart, that mean: all is done


class Soaked(NamedTuple):
    """What was done, and what became of it; `wrongs` is what the owner met on the morning after."""

    verdict: Verdict
    tally: Counter[str]
    claims: int
    dead_letters: int
    quiet: bool
    wrongs: list[str]


def soak(
    here: Stage, messages: int, kills: int, seed: int, say: Say, steps: Sequence[morning.Step] = morning.ALL
) -> Soaked:
    """Play it all, from the first message to the last command."""
    with ThreadPoolExecutor(len(here.crowd) + 4) as pool:
        try:
            writers = [pool.submit(write, *job) for job in _jobs(messages, seed, here)]
            release = pool.submit(havoc.redeploy, here, messages, writers)
            trouble = [
                pool.submit(havoc.kill, here, messages, kills, writers, Random(seed)),
                pool.submit(havoc.strike, here, writers, Random(seed)),
                pool.submit(havoc.stay_away, here, messages),
            ]
            _follow([*writers, *trouble, release], here, say)
            quiet = _rest(here, say)
        finally:
            here.over.set()
    verdict = judge(here.crowd, list(here.world.ledger))
    rows = here.rows()
    verdict.others += [*claimed(here.crowd, rows), *release.result()]
    claims = sum(row["pk"]["S"].startswith("CLAIM#") for row in rows)
    letters = here.waiting("DEAD_LETTERS_URL")
    wrongs = list(morning.after(here, steps, say))
    return Soaked(verdict, here.tally, claims, letters, quiet, wrongs)


def _jobs(messages: int, seed: int, here: Stage) -> Iterator[tuple[Any, ...]]:
    """Each customer's share."""
    for customer in here.crowd:
        share = messages // len(here.crowd) + (customer.number < messages % len(here.crowd))
        yield customer, here.place, here.world, share, seed, here.over


def _follow(work: Sequence[Future[Any]], here: Stage, say: Say) -> None:
    """Wait for everybody, and tell how far it is. Raises what one of them raised."""
    waiting: set[Future[Any]] = set(work)
    while waiting and here.left:
        done, waiting = wait(waiting, timeout=1)
        for one in done:
            one.result()
        killed = sum(here.tally[function] for function in havoc.KILLED)
        say(f"{here.accepted:,} accepted, {len(here.world.ledger):,} arrived, {killed} killed")


def _rest(here: Stage, say: Say) -> bool:
    """Wait until nothing is left to do; False if the time is over first."""
    looks = 0
    while looks < QUIET and here.left:
        time.sleep(1)
        waiting = here.waiting("QUEUE_URL")
        looks = 0 if waiting else looks + 1
        say(f"{waiting} left in the queue")
    return looks == QUIET
