"""The net has no hole: each seeded bug is caught by the plan that is meant to catch it."""

import pytest

from tests.lab.bugs import BUGS, Bug, seeded
from tests.lab.faults import Plan, faults
from tests.lab.flows import FLOWS, Flow
from tests.lab.interleave import orders
from tests.test_crash import crash
from tests.test_interleavings import RACES, SWITCHES, played


def caught(bug: Bug) -> bool:
    """Whether the plan, or one order of the race, finds something wrong."""
    kind, _, name = bug.flow.rpartition(": ")
    if kind == "race":
        return _race(bug, name)
    flow = next(flow for flow in FLOWS if flow.name == bug.flow)
    _, calls = crash(flow)
    if not bug.call:
        with seeded(bug):
            return bool(crash(flow)[0])
    (fault,) = [fault for fault in faults(bug.call) if fault.name == bug.fault]
    with seeded(bug):
        return any(_fails(flow, Plan(number, bug.call, fault), calls) for number in range(1, len(calls) + 3))


def _fails(flow: Flow, plan: Plan, calls: list[str]) -> bool:
    try:
        wrong, _ = crash(flow, plan, calls)
    except AssertionError:
        return True  # it never comes to rest
    return bool(wrong)


def _race(bug: Bug, name: str) -> bool:
    race = next(race for race in RACES if race.name == name)
    wrong: dict[str, list[str]] = {}
    with seeded(bug), played(race, wrong) as play:
        for _ in orders(play, SWITCHES):
            if wrong:
                return True
    return False


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_seeded_bug_is_caught(bug: Bug) -> None:
    assert caught(bug)
