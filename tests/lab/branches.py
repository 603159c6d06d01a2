"""Faults at every call of a flow: at each call the process branches, once for each fault, and each branch goes on from
there to its own end. So nothing is played twice, and a flow with its hundred faults takes seconds.
"""

import gc
import json
import os
import signal
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from tests.lab import Lab, laboratory
from tests.lab.faults import Plan, in_turn
from tests.lab.flows import Flow, judge

LONGEST = 120  # seconds of a branch; what takes longer hangs


class Branches:
    """In the trunk `plan` is None, and `found` gathers what is wrong in the branches that have ended."""

    def __init__(self, lab: Lab, flow: str) -> None:
        self.lab, self.flow = lab, flow
        self.plan: Plan | None = None
        self.pipe = -1
        self.tried = 0
        self.found: dict[str, list[str]] = {}

    def intercept(self, number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        for fault in in_turn(self.flow, number, name):
            plan = Plan(number, name, fault)
            if self._branch(plan):
                return plan.intercept(number, name, apply, request)
        return apply()

    def end(self, wrong: list[str]) -> NoReturn:
        """A branch says what it found, and is gone."""
        os.write(self.pipe, json.dumps(wrong).encode()[:60_000])
        os._exit(0)

    def _branch(self, plan: Plan) -> bool:
        """True in the new branch; False in the trunk, once the branch has ended."""
        end, start = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the test runner's, which hold nothing
            child = os.fork()
        if not child:
            gc.disable()
            signal.alarm(LONGEST)
            self.plan, self.pipe, self.lab.seam.intercept = plan, start, plan.intercept
            return True
        os.close(start)
        with os.fdopen(end, "rb") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        wrong = json.loads(said) if said else ["it ended without a word"]
        self.tried += 1
        if wrong:
            self.found[f"{plan.at} {plan.name} {plan.fault.name}"] = wrong
        return False


def struck(flow: Flow, calls: Sequence[str]) -> Branches:
    """Play a flow whose calls, when nothing fails, are `calls`, and branch at each."""
    with laboratory(flow.shop) as lab:
        flow.before(lab)
        lab.seam.calls.clear()
        branches = Branches(lab, flow.name)
        lab.seam.intercept = branches.intercept
        try:
            flow.play(lab)
        except BaseException as error:
            if branches.plan is None:
                raise
            branches.end([f"{type(error).__name__}: {error}"])
        if branches.plan:
            branches.end(judge(lab, flow, branches.plan, calls))
        return branches
