"""Faults at every call of a flow: at each call the process branches, once for each fault, and each branch goes on from
there to its own end. So nothing is played twice, and a flow with its hundred faults takes seconds.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tests.lab import Lab, laboratory
from tests.lab.faults import Plan, in_turn
from tests.lab.flows import Flow, judge
from tests.lab.fork import end, fork


class Branches:
    """In the trunk `plan` is None, and `found` gathers what is wrong in the branches that have ended."""

    def __init__(self, lab: Lab, flow: str) -> None:
        self.lab, self.flow = lab, flow
        self.plan: Plan | None = None
        self.pipe = -1
        self.tried: list[tuple[int, str]] = []  # at which call, by which fault
        self.found: dict[str, list[str]] = {}

    def intercept(self, number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        for fault in in_turn(self.flow, number, name, begins=number == self.lab.seam.began):
            plan = Plan(number, name, fault)
            if self._branch(plan):
                return plan.intercept(number, name, apply, request)
        return apply()

    def _branch(self, plan: Plan) -> bool:
        """True in the new branch; False in the trunk, once the branch has ended."""
        pipe, wrong = fork()
        if pipe:
            self.plan, self.pipe, self.lab.seam.intercept = plan, pipe, plan.intercept
            return True
        self.tried.append((plan.at, plan.fault.name))
        if wrong is None or wrong:
            self.found[f"{plan.at} {plan.name} {plan.fault.name}"] = wrong or ["it ended without a word"]
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
            end(branches.pipe, [f"{type(error).__name__}: {error}"])
        if branches.plan:
            end(branches.pipe, judge(lab, flow, branches.plan, calls))
        return branches
