"""What a type cannot say of desks: that they can be reached and told apart, and who is called when."""

import re
from collections.abc import Iterator
from itertools import pairwise

from chalicelib.checks.problem import MAIL, Problem, listed
from chalicelib.checks.times import TIERS, spans
from chalicelib.models.shop import Desk, OnCall, Shop

SLACK = re.compile(r"[A-Z0-9]+", re.ASCII)  # of a channel or a person


def desks(rules: Shop) -> Iterator[Problem]:
    for name, place in rules.desks.items():
        if bool(place.slack) == bool(place.mailbox):
            yield ("desks", name), 'a desk has either slack = "C…" (a channel\'s id) or mailbox = "…@…"'
        else:
            yield from _carrier(rules, name, place)
            yield from _ids(name, place)
        yield from _waiting(rules, name, place)


def _carrier(rules: Shop, name: str, place: Desk) -> Iterator[Problem]:
    """The provider and account that bring a desk its conversations, and that no other desk is there."""
    carrier = place.carrier
    there = [account for provider, account, _ in rules.accounts() if provider == carrier and account]
    if carrier not in rules.providers:
        at = ("desks", name, *(["provider"] if place.provider else []))
        yield at, f"its provider {carrier!r} is not enabled; add [providers.{carrier}]"
    elif place.account and place.account not in there:
        yield (
            ("desks", name, "account"),
            f"{carrier} has no account {place.account!r}; there are {listed(there, place.account)}",
        )
    first = next(other for other in rules.desks if _seat(rules.desks[other]) == _seat(place))
    if first != name:
        yield (
            ("desks", name, "slack" if place.slack else "mailbox"),
            f"desk {first!r} is there; each desk needs a place of its own",
        )


def _ids(name: str, place: Desk) -> Iterator[Problem]:
    """The ids of channels and people, for which their names are easily taken."""
    if place.slack and not SLACK.fullmatch(place.slack):
        yield ("desks", name, "slack"), f"{place.slack!r} is no channel's id; it looks like C0SHOPBELL"
    if place.mailbox and not MAIL.fullmatch(place.mailbox):
        yield ("desks", name, "mailbox"), f"{place.mailbox!r} is no mail address; write one like service@shop.example"
    if place.mailbox and not place.agents:
        yield ("desks", name, "agents"), "a mailbox needs the mail addresses of the agents who may answer"
    for agent in place.skills:
        if agent not in place.agents:
            yield (
                ("desks", name, "skills", agent),
                f"{agent!r} is not in agents; there are {listed(place.agents, agent)}",
            )
    form, right = (SLACK, "a person's id in Slack, like U0ANN") if place.slack else (MAIL, "a mail address")
    for agent, id in place.agents.items():
        if not form.fullmatch(id):
            yield ("desks", name, "agents", agent), f"{id!r} is not {right}"


def _seat(place: Desk) -> tuple[str, str, str]:
    return place.carrier, place.account, place.seat.lower()


def _waiting(rules: Shop, name: str, place: Desk) -> Iterator[Problem]:
    """Who gets a conversation, and what happens while it is unanswered."""
    if place.assign != "none" and not place.agents:
        yield ("desks", name, "assign"), "there is nobody to give conversations to: list the agents of this desk"
    if place.reassign_minutes and place.assign == "none":
        yield ("desks", name, "reassign_minutes"), 'it needs assign = "round robin" or "least open"'
    if place.escalate_minutes and not place.escalate_to:
        yield ("desks", name, "escalate_minutes"), 'it needs escalate_to = "NAME OF A DESK"'
    others = [other for other in rules.desks if other != name]
    if place.escalate_to and place.escalate_to not in others:
        yield (
            ("desks", name, "escalate_to"),
            f"{place.escalate_to!r} is no other desk; there are {listed(others, place.escalate_to)}",
        )
    taken = [(step, minutes) for step in TIERS if (minutes := getattr(place, step))]
    for (first, sooner), (second, later) in pairwise(taken):
        if later <= sooner:
            yield ("desks", name, second), f"it must be more than {first}, which is {sooner}"


def on_call(rules: Shop) -> Iterator[Problem]:
    """People who are there, shifts that can be read, and a desk that is ever closed."""
    rota = rules.on_call or OnCall(people=())
    agents = {name for place in rules.desks.values() for name in place.agents}
    strangers = [name for name in rota.people if name not in agents]
    if rules.on_call and not rota.people:
        yield ("on_call", "people"), "name at least one agent of a desk"
    for name in strangers:
        yield ("on_call", "people"), f"{name!r} is no agent of a desk; there are {listed(agents, name)}"
    for name, table in rota.shifts.items():
        place = ("on_call", "shifts", name)
        if rota.people and not strangers and name not in rota.people:
            yield place, f"{name!r} is not among people; there are {listed(rota.people, name)}"
        yield from spans(place, table, rules.model_copy(update={"hours": None}))
    if rules.on_call and not rules.hours and not any(place.hours for place in rules.desks.values()):
        yield ("on_call",), "without opening hours nobody is called; add [hours]"
