"""The reckoning by ids: what was accepted against what is filed; what is neither filed nor put aside is named. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from chalicelib.journal import End, Took
from chalicelib.models.people import Claim, First
from chalicelib.models.work import Measured

Answers = Mapping[str, Mapping[str, Mapping[str, int]]]  # channel -> hour -> minutes, of STEPS -> how many
STEPS = (  # minutes in which waits are counted, rounded up: so no row grows, whatever the shop's size
    *(2, 3, 5, 10, 15, 20, 30, 45, 60, 90),
    *(60 * hours for hours in (2, 3, 4, 6, 8, 12, 16, 20, 24, 36)),
    *(1440 * days for days in (2, 3, 4, 5, 6, 7, 10, 14, 21, 30)),
)
ENOUGH = 20  # answers of which a median is told
GRACE = timedelta(hours=1)  # a message may rightly wait so long for a thread, or for its turn


class Tally(NamedTuple):
    """Of all messages accepted (each id once): how many are filed, put aside, still under way, and which are missing.

    `targets` counts the answers and ends for which the shop had a target, `kept` those that were in time. `by` counts
    the accepted ones by provider and hour (UTC, "00" to "23"). `first` is the median of the time until the first
    answer; None where nobody was answered. `answers` counts those by the customer's channel, the hour in which they
    were asked for (UTC), and the minutes they took.
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
    answers: Answers


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
        first=_median(list(_waits(claims.values()))),
        targets=sum(claim.targets for claim in claims.values()),
        kept=sum(claim.kept for claim in claims.values()),
        answers=_answers(claims.values()),
    )


def measured(days: Iterable[Answers]) -> Measured:
    """The median of some days together, by channel and hour, where there are enough answers; rather too long."""
    waits: dict[tuple[str, str], Counter[int]] = {}
    for day in days:
        for channel, hours in day.items():
            for hour, counts in hours.items():
                waits.setdefault((channel, hour), Counter()).update({int(step): int(counts[step]) for step in counts})
    minutes: dict[str, dict[str, int]] = {}
    for (channel, hour), found in sorted(waits.items()):
        if found.total() >= ENOUGH:
            minutes.setdefault(channel, {})[hour] = sorted(found.elements())[found.total() // 2]
    return Measured(minutes=minutes)


def _state(one: Took, claimed: bool, ended: set[str], now: datetime) -> str:
    if claimed and not (one.loose and "parked" in ended):
        return "filed"
    if "parked" in ended:
        return "parked"
    if one.loose and "done" in ended:
        return "none"
    return "missing" if now - one.at > GRACE else "waiting"


def _answers(claims: Iterable[Claim]) -> Answers:
    found: dict[str, dict[str, Counter[str]]] = {}
    for first, waited in _waits(claims):
        step = next((step for step in STEPS if waited <= timedelta(minutes=step)), STEPS[-1])
        found.setdefault(first.channel, {}).setdefault(f"{first.asked:%H}", Counter())[str(step)] += 1
    return {str(channel): {hour: dict(one) for hour, one in hours.items()} for channel, hours in found.items()}


def _waits(claims: Iterable[Claim]) -> Iterator[tuple[First, timedelta]]:
    """Each first answer of a conversation among these, and how long its customer waited for it."""
    for claim in claims:
        if claim.first and claim.at:
            yield claim.first, max(claim.at - claim.first.asked, timedelta())


def _median(waits: list[tuple[First, timedelta]]) -> timedelta | None:
    return timedelta(seconds=median(waited.total_seconds() for _, waited in waits)) if waits else None
