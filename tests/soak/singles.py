"""The crash harness without its limits: every order of two invocations, every seeded bug whole, two faults at once."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from random import Random
from typing import NamedTuple

from tests.lab import Lab, laboratory
from tests.lab.bugs import BUGS, Bug, seeded
from tests.lab.faults import Plan
from tests.lab.flows import FLOWS, Flow, judge
from tests.lab.interleave import orders
from tests.test_crash import crash, plans
from tests.test_interleavings import RACES, SWITCHES, played

SECONDS = 3  # second faults that are tried after one first fault, when not all are
RESTLESS = "it never comes to rest"
RACE, BUG, PAIR = "race, every order", "seeded bug", "two faults"
Say = Callable[[str], object]


class Found(NamedTuple):
    """What one job tried, and where it found something wrong. In a seeded bug that is what it should."""

    kind: str
    name: str
    tried: int
    wrong: list[str]

    @property
    def holds(self) -> bool:
        return bool(self.tried) and bool(self.wrong) == (self.kind == BUG)


def singles(most: int | None, pairs: int | None, seed: int, processes: int, say: Say) -> Iterator[Found]:
    """Every job. At most so many orders of each race, and so many pairs of faults in all; None means all there are."""
    share = None if pairs is None else -(-pairs // len(FLOWS))
    with ProcessPoolExecutor(processes, initializer=logging.disable) as pool:
        jobs = [pool.submit(every_order, number, most) for number in range(len(RACES))]
        jobs += [pool.submit(whole_bug, number) for number in range(len(BUGS))]
        jobs += [pool.submit(two_faults, number, share, seed) for number in range(len(FLOWS)) if pairs != 0]
        for count, job in enumerate(as_completed(jobs), 1):
            found = job.result()
            say(f"{count} of {len(jobs)}: {found.kind}: {found.name}")
            yield found


# ---- jobs: they get numbers, for a function cannot be sent to another process --------------------------------------


def every_order(number: int, most: int | None) -> Found:
    """All orders of a race, however often the turn changes."""
    race, wrong = RACES[number], dict[str, list[str]]()
    with played(race, wrong) as play:
        tried = len(list(islice(orders(play, None), most)))
    return Found(RACE, race.name, tried, [f"{order}: {found}" for order, found in wrong.items()])


def whole_bug(number: int) -> Found:
    """A seeded bug under every single fault of its flow, or in the orders of its race with a few switches."""
    bug = BUGS[number]
    kind, _, name = bug.flow.rpartition(": ")
    results = list(_race_with(bug, name) if kind == "race" else _flow_with(bug, name))
    return Found(BUG, bug.name, len(results), [str(found) for found in results if found])


def two_faults(number: int, share: int | None, seed: int) -> Found:
    """Two faults in one flow: `share` pairs drawn by lot, or every pair."""
    flow, chance = FLOWS[number], Random(f"{seed} {number}")
    _, calls = crash(flow)
    drawn = islice(_pairs(flow, calls, share is None, chance), share)
    results = [(pair, broken(flow, pair, calls)[0]) for pair in drawn]
    wrong = [f"{', then '.join(map(_named, pair))}: {found}" for pair, found in results if found]
    return Found(PAIR, flow.name, len(results), wrong)


# ---- how --------------------------------------------------------------------------------------------------------


def broken(flow: Flow, struck: Sequence[Plan], calls: Sequence[str]) -> tuple[list[str], list[str]]:
    """Play a flow with these faults; what is wrong in the end, and the calls that were made."""
    with laboratory(flow.shop) as lab:
        flow.before(lab)
        lab.seam.calls.clear()
        for plan in struck:
            _strike(lab, plan)
        try:
            flow.play(lab)
        except AssertionError:
            return [RESTLESS], list(lab.seam.calls)
        return _judged(lab, flow, struck, calls), list(lab.seam.calls)


def _strike(lab: Lab, plan: Plan) -> None:
    """One more fault, beside those that are there."""
    others = lab.seam.intercept
    lab.seam.intercept = lambda number, name, apply, request: others(
        number, name, lambda: plan.intercept(number, name, apply, request), request
    )


def _judged(lab: Lab, flow: Flow, struck: Sequence[Plan], calls: Sequence[str]) -> list[str]:
    """As for the worse fault at the place of the later; but two may cost the acknowledgement anywhere: with a doubt,
    or when one strikes its own sending, which the other has moved to another place."""
    if not struck:
        return judge(lab, flow)
    worse = max(struck, key=lambda plan: plan.fault.doubt)._replace(at=max(plan.at for plan in struck))
    itself = any(plan.name.startswith(("twilio_sms.", "vonage.", "custom.")) for plan in struck)
    excused = ["no acknowledgement"] if len(struck) > 1 and (worse.fault.doubt or itself) else []
    return [what for what in judge(lab, flow, worse, calls) if what not in excused]


def _pairs(flow: Flow, calls: Sequence[str], every: bool, chance: Random) -> Iterator[tuple[Plan, Plan]]:
    """A first fault, and a second among the calls that are made after it."""
    first = list(plans(calls))
    chance.shuffle(first)
    for one in first:
        _, made = broken(flow, [one], calls)
        second = [two for two in plans(made) if two.at > one.at]
        for two in second if every else chance.sample(second, min(SECONDS, len(second))):
            yield one, two


def _flow_with(bug: Bug, name: str) -> Iterator[list[str]]:
    flow = next(flow for flow in FLOWS if flow.name == name)
    _, calls = crash(flow)
    with seeded(bug):
        found, made = broken(flow, [], calls)
        yield found
        for plan in plans(made):
            yield broken(flow, [plan], calls)[0]


def _race_with(bug: Bug, name: str) -> Iterator[list[str]]:
    race, wrong = next(race for race in RACES if race.name == name), dict[str, list[str]]()
    with seeded(bug), played(race, wrong) as play:
        for choices in orders(play, SWITCHES):
            yield wrong.get("".join(map(str, choices)), [])


def _named(plan: Plan) -> str:
    return f"{plan.fault.name} at {plan.at} {plan.name}"
