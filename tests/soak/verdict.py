"""What became of it all: by the outside world's ledger and the webhooks' answers; and that each has just one claim."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.world import Entry
from tests.lab.flows import MARKS
from tests.soak.traffic import Customer

TWICE = "may have arrived twice"  # what an agent is told of a reply that had to be sent again
FAILED = ("Please check", "Not sent", "Not delivered")  # of one that may not have arrived at all
THANKS = "Thank you for writing"
Copies = Mapping[str, Sequence[Entry]]  # what arrived, by the mark it bears


@dataclass
class Verdict:
    """Counts, and a line for every wrong."""

    accepted: int = 0
    again: int = 0  # webhooks that came although they were accepted
    forged: int = 0
    marked: int = 0  # repeats that say so, or of which the agent was told
    told: int = 0  # replies that did not arrive, of which the agent was told
    acknowledged: Counter[int] = field(default_factory=Counter)  # acknowledgements -> conversations that had so many
    lost: list[str] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def wrongs(self) -> list[str]:
        return [*self.lost, *self.unmarked, *self.others]


def judge(people: Sequence[Customer], ledger: Sequence[Entry]) -> Verdict:
    """Every customer has one conversation."""
    verdict = Verdict()
    desk = [entry for entry in ledger if entry.part == "slack" and entry.what in ("message", "card")]
    phones = [entry for entry in ledger if entry.part != "slack" and entry.what == "message"]
    for customer in people:
        verdict.accepted += len(customer.wrote) + len(customer.answered)
        verdict.again += customer.again
        verdict.forged += len(customer.forged)
        verdict.others += customer.wrongs
        _forwards(customer, desk, verdict)
        _replies(customer, desk, phones, verdict)
    _acknowledgements(len(people), phones, verdict)
    return verdict


def claimed(people: Sequence[Customer], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every accepted id has one claim and one message, and nothing forged has any."""
    claims = {row["key"]["S"] for row in rows if row["pk"]["S"].startswith("CLAIM#")}
    messages = Counter(row["claim"]["S"] for row in rows if row["sk"]["S"].startswith("MESSAGE#"))
    for customer in people:
        yield from (f"accepted, without a claim: {one}" for one in customer.claims if one not in claims)
        yield from (f"recorded {messages[one]} times: {one}" for one in customer.claims if messages[one] != 1)
        yield from (f"forged, and recorded: {one}" for one in customer.forged if one in claims)
        if len(customer.claims) != len(customer.wrote) + len(customer.answered):
            yield f"{len(customer.claims)} ids of {customer.mark('c', 0)}"


def _forwards(customer: Customer, desk: Sequence[Entry], verdict: Verdict) -> None:
    """Every message stands at the desk, in order; each copy after the first says that it may be one."""
    copies = _copies(customer.wrote, desk)
    verdict.lost += [f"lost on the way to the desk: {mark}" for mark, found in copies.items() if not found]
    repeats = [(mark, entry) for mark, found in copies.items() for entry in found[1:]]
    unmarked = [f"an unmarked repeat at the desk: {mark}" for mark, entry in repeats if not _says_so(entry)]
    verdict.unmarked += unmarked
    verdict.marked += len(repeats) - len(unmarked)
    verdict.others += _disorder(copies, desk)


def _replies(customer: Customer, desk: Sequence[Entry], phones: Sequence[Entry], verdict: Verdict) -> None:
    """Every reply arrives once, in order; else its agent was told in the thread, once for each."""
    copies = _copies(customer.answered, phones)
    notices = _notices(customer, desk)
    absent = [mark for mark, found in copies.items() if not found]
    excused = sum(any(word in text for word in FAILED) for text in notices)
    verdict.told += min(len(absent), excused)
    verdict.lost += [f"lost on the way to the customer: {mark}" for mark in absent[excused:]]
    repeats = [mark for mark, found in copies.items() for _ in found[1:]]
    warned = sum(TWICE in text for text in notices)
    verdict.marked += min(len(repeats), warned)
    verdict.unmarked += [f"twice at the customer, and nobody told: {mark}" for mark in repeats[warned:]]
    verdict.others += _disorder(copies, phones)


def _acknowledgements(conversations: int, phones: Sequence[Entry], verdict: Verdict) -> None:
    """None may be missing for a reason (a death at its sending); two are always wrong."""
    each = Counter((entry.part, entry.to) for entry in phones if THANKS in entry.text)
    verdict.acknowledged = Counter({0: conversations - len(each)}) + Counter(each.values())
    verdict.others += [f"{count} acknowledgements at {part}" for (part, _), count in each.items() if count > 1]


def _copies(marks: Sequence[str], entries: Sequence[Entry]) -> Copies:
    return {mark: [entry for entry in entries if mark in entry.text] for mark in marks}


def _says_so(entry: Entry) -> bool:
    return any(mark in entry.text or mark in str(entry.raw) for mark in MARKS)


def _notices(customer: Customer, desk: Sequence[Entry]) -> list[str]:
    """What stands in the customer's thread, or in each if his card had to be posted again."""
    first = customer.mark("c", 0)
    cards = {entry.id for entry in desk if entry.what == "card" and first in entry.text}
    return [entry.text for entry in desk if entry.thread in cards]


def _disorder(copies: Copies, entries: Sequence[Entry]) -> list[str]:
    """The first copies must have arrived in the order in which they were accepted."""
    places = {id(entry): place for place, entry in enumerate(entries)}
    order = [places[id(found[0])] for found in copies.values() if found]
    return [] if order == sorted(order) else [f"out of order: {next(iter(copies))} and what follows"]
