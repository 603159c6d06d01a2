"""The reckoning by ids: what was accepted against what is filed; what is neither filed nor put aside is named. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from chalicelib.journal import End, Took
from chalicelib.models import Claim, DeliveryKind

GRACE = timedelta(hours=1)  # a message may rightly wait so long for a thread, or for its turn


class Tally(NamedTuple):
    """Of all messages accepted (each id once): how many are filed, put aside, still under way, and which are missing.

    `targets` counts the answers and ends for which the shop had a target, `kept` those that were in time. `by` counts
    the accepted ones by provider and hour (UTC, "00" to "23"). `first` is the median of the time until the first
    answer; None where nobody was answered.
    """

    accepted: int
    filed: int
    parked: int
    waiting: int
    missing: tuple[Took, ...]
    by: Mapping[str, Mapping[str, int]]
    first: timedelta | None
    targets: int
    kept: int


def unsettled(took: Mapping[str, Took], claims: Mapping[str, Claim]) -> set[str]:
    """The ids whose end has to be looked up: those without a claim, and those that may do without."""
    return {id for id, one in took.items() if one.loose or id not in claims}


def each_once(took: Iterable[Took]) -> dict[str, Took]:
    """By id, as it came first: a provider posts the same thing again, and then it is in the log again."""
    first: dict[str, Took] = {}
    for one in took:
        if one.id not in first or one.at < first[one.id].at:
            first[one.id] = one
    return first


def tally(took: Mapping[str, Took], claims: Mapping[str, Claim], ends: Iterable[End], now: datetime) -> Tally:
    """The sum. A part of a long SMS, a whole webhook and our own mail are no messages once the worker is through."""
    ended: dict[str, set[str]] = {}
    for end in ends:
        ended.setdefault(end.id, set()).add(end.how)
    states = {id: _state(one, id in claims, ended.get(id, set()), now) for id, one in took.items()}
    counts = Counter(states.values())
    messages = [one for id, one in took.items() if states[id] != "none"]
    hours: dict[str, Counter[str]] = {}
    for one in messages:
        hours.setdefault(one.provider, Counter())[f"{one.at:%H}"] += 1
    return Tally(
        accepted=len(messages),
        filed=counts["filed"],
        parked=counts["parked"],
        waiting=counts["waiting"],
        missing=tuple(one for id, one in took.items() if states[id] == "missing"),
        by={provider: dict(sorted(count.items())) for provider, count in sorted(hours.items())},
        first=_first(claims.values()),
        targets=sum(claim.targets for claim in claims.values()),
        kept=sum(claim.kept for claim in claims.values()),
    )


def _state(one: Took, claimed: bool, ended: set[str], now: datetime) -> str:
    if claimed and not (one.loose and "parked" in ended):
        return "filed"
    if "parked" in ended:
        return "parked"
    if one.loose and "done" in ended:
        return "none"
    return "missing" if now - one.at > GRACE else "waiting"


def _first(claims: Iterable[Claim]) -> timedelta | None:
    """In each conversation, from a customer's first word among these to the next reply; the median of that."""
    asked: dict[str, datetime] = {}
    waited: dict[str, float] = {}
    for at, claim in sorted(((claim.at, claim) for claim in claims if claim.at), key=lambda pair: pair[0]):
        if any(delivery.kind is DeliveryKind.REPLY for delivery in claim.in_order):
            if claim.conversation in asked:
                waited.setdefault(claim.conversation, (at - asked[claim.conversation]).total_seconds())
        elif claim.conversation and not claim.thread:
            asked.setdefault(claim.conversation, at)
    return timedelta(seconds=median(waited.values())) if waited else None
