"""No crash at any call loses, doubles or leaks a message: every call of every flow, and ways it can fail in turn."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.lab import laboratory
from tests.lab.branches import struck
from tests.lab.faults import Plan, changes, faults, in_turn
from tests.lab.flows import FLOWS, Flow, judge

GOLDEN = Path(__file__).with_name("golden") / "calls.json"


def crash(flow: Flow, plan: Plan | None = None, calls: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Play a flow with one fault; what is wrong in the end, and the calls that were made."""
    with laboratory(flow.shop) as lab:
        flow.before(lab)
        lab.seam.calls.clear()
        if plan:
            lab.seam.intercept = plan.intercept
        flow.play(lab)
        return judge(lab, flow, plan, calls), list(lab.seam.calls)


def plans(calls: Sequence[str]) -> Iterator[Plan]:
    """Every fault at every call."""
    for number, name in enumerate(calls, 1):
        for fault in faults(name):
            yield Plan(number, name, fault)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_each_flow_makes_the_calls_it_is_known_to_make(flow: Flow) -> None:
    """The golden file is changed by hand, in a commit that says which call and why."""
    wrong, calls = crash(flow)
    assert not wrong
    assert calls == json.loads(GOLDEN.read_text())[flow.name]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_no_single_fault_loses_doubles_or_leaks(flow: Flow) -> None:
    calls = json.loads(GOLDEN.read_text())[flow.name]
    branches = struck(flow, calls)
    assert not branches.found
    after = {number for number, fault in branches.tried if fault == "kill-after"}
    assert after == {number for number, name in enumerate(calls, 1) if changes(name)}
    assert (1, "kill-before") in branches.tried


def test_the_flows_together_meet_every_fault() -> None:
    calls = [(flow, *call) for flow, names in json.loads(GOLDEN.read_text()).items() for call in enumerate(names, 1)]
    met = {(name, fault.name) for flow, number, name in calls for fault in in_turn(flow, number, name, True)}
    every = {
        (name, fault.name)
        for _, _, name in calls
        for fault in faults(name)
        if changes(name) or fault.name != "kill-after"
    }
    often = {name for name, count in Counter(name for _, _, name in calls).items() if count >= 60}
    assert {one for one in every - met if one[0] in often} == set()
