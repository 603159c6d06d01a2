"""Real processes on the local AWS are killed again and again while customers and agents write: what becomes of it."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from random import Random
from typing import Any, NamedTuple

from tests.soak import havoc
from tests.soak.stage import CUSTOMERS, Say, Stage, stage
from tests.soak.traffic import write
from tests.soak.verdict import Verdict, judge

QUIET = 5  # looks at an empty queue, a second apart, that mean: all is done


class Soaked(NamedTuple):
    """What was done, and what became of it. `left` are processes that outlived their AWS."""

    verdict: Verdict
    tally: Counter[str]
    claims: int
    dead_letters: int
    quiet: bool
    left: int


def soak(messages: int, kills: int, seconds: float, seed: int, say: Say) -> Soaked:
    """Play it all in `seconds` at most; to start and to stop the local AWS takes some ten more."""
    with stage(seconds, say) as here:
        with ThreadPoolExecutor(CUSTOMERS + 2) as pool:
            try:
                writers = [pool.submit(write, *job) for job in _jobs(messages, here)]
                killer = pool.submit(havoc.kill, here, messages, kills, writers, Random(seed))
                striker = pool.submit(havoc.strike, here, writers, Random(seed))
                _follow([*writers, killer, striker], here, say)
                quiet = _rest(here, say)
            finally:
                here.over.set()
        verdict = judge(here.crowd, list(here.world.ledger))
        claims, letters = here.claims(), here.waiting("DEAD_LETTERS_URL")
    return Soaked(verdict, here.tally, claims, letters, quiet, here.processes)


def _jobs(messages: int, here: Stage) -> Iterator[tuple[Any, ...]]:
    """Each customer's share."""
    for customer in here.crowd:
        share = messages // CUSTOMERS + (customer.number < messages % CUSTOMERS)
        yield customer, here.place, here.world, share, here.over


def _follow(work: Sequence[Future[None]], here: Stage, say: Say) -> None:
    """Wait for everybody, and tell how far it is. Raises what one of them raised."""
    waiting: set[Future[None]] = set(work)
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
