"""What a rule is asked about, a row for each condition; the first rule that fits; what its outcome changes."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from chalicelib import complaints, hours, languages
from chalicelib.models.inbound import Message
from chalicelib.models.people import Complaint, Contact
from chalicelib.models.shop import Desk, Rule, Shop, Stage, When
from chalicelib.models.values import Channel
from chalicelib.rules.packs import STAGES, pack
from chalicelib.rules.search import Searched

MOST_TAGS = 20  # of a customer
ELSE = "default"  # in [routes]


@dataclass(frozen=True)
class Facts:
    """What is known as a conversation opens: the message, who wrote it, when the queue accepted it."""

    message: Message
    before: Contact | None
    shop: Shop
    at: datetime

    @cached_property
    def said(self) -> Searched:
        return Searched(f"{self.message.context.get('subject', '')}\n{self.message.text}")

    @cached_property
    def language(self) -> str:
        return languages.spoken(self.message, self.before)

    @cached_property
    def complaint(self) -> Complaint | None:
        return complaints.complaint(self.message.text, self.language)

    @cached_property
    def stage(self) -> Stage | None:
        """Where in their life the customer is: the stage with most of its words in the text, else their last tag's.

        Of equals it is the later one: who sends something back has had it.
        """
        found = {one: len(list(self.said.holds(pack(one).all_words))) for one in reversed(STAGES)}
        best = max(found, key=found.__getitem__)
        return best if found[best] else next((one for tag in reversed(self.tags) for one in STAGES if one == tag), None)

    @property
    def tags(self) -> tuple[str, ...]:
        return self.before.tags if self.before else ()


class Asked(NamedTuple):
    """A rule, where it is from, and of each of its conditions what it wants and what of that there is."""

    rule: Rule
    source: str  # shop.toml, routes, or the name of a pack
    wanted: Mapping[str, tuple[str, ...]]
    there: Mapping[str, tuple[str, ...]]

    @property
    def fits(self) -> bool:
        return all(map(self.holds, self.wanted))

    def holds(self, name: str) -> bool:
        """Whether a condition does: one of what is wanted is there."""
        return bool(set(self.there[name]) & set(self.wanted[name]))


# ---- conditions -------------------------------------------------------------------------------------------------


def _hours(facts: Facts) -> str:
    calendar = hours.of(facts.shop, _routed(facts))
    return "closed" if calendar and hours.opens(calendar, facts.at) > facts.at else "open"


def _customer(facts: Facts) -> str:
    return "returning" if facts.before and facts.before.conversation else "first"


def _yes(true: object) -> str:
    return "yes" if true else "no"


There = Callable[[Facts, tuple[str, ...]], Collection[str | None]]
CONDITIONS: Mapping[str, There] = {  # what there is of what a rule wants
    "channels": lambda facts, _: [facts.message.sender.channel],
    "providers": lambda facts, _: [facts.message.provider],
    "accounts": lambda facts, _: [facts.message.account],
    "hours": lambda facts, _: [_hours(facts)],
    "customer": lambda facts, _: [_customer(facts)],
    "tags": lambda facts, _: facts.tags,
    "files": lambda facts, _: [_yes(facts.message.attachments)],
    "verified": lambda facts, _: [_yes(facts.message.sender.channel is not Channel.UNVERIFIED_EMAIL)],
    "languages": lambda facts, _: [facts.language],
    "complaint": lambda facts, _: [_yes(facts.complaint)],
    "words": lambda facts, words: list(facts.said.holds(words)),
    "stages": lambda facts, _: [facts.stage],
}  # the dearest last: it is asked only if all others hold


def wanted(when: When) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The conditions that are set, and what of each is wanted: `yes` or `no` where that is the question."""
    for name in CONDITIONS:
        value: Any = getattr(when, name)
        if value is not None and value != ():
            yield name, value if isinstance(value, tuple) else (_yes(value) if isinstance(value, bool) else value,)


def _there(facts: Facts, name: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(one) for one in CONDITIONS[name](facts, wanted) if one)


def _holds(when: When, facts: Facts) -> bool:
    return all(set(_there(facts, name, any_of)) & set(any_of) for name, any_of in wanted(when))


# ---- rules ------------------------------------------------------------------------------------------------------


def of(shop: Shop) -> Iterator[tuple[str, Rule]]:
    """Every rule in the order in which they are asked, with where it is from; the last always fits."""
    yield from (("shop.toml", rule) for rule in shop.rules)
    yield from ((name, rule) for name in shop.packs for rule in pack(name).rules)
    yield from (("routes", rule) for rule in _routes(shop))


def fired(facts: Facts) -> Rule:
    """The first rule that fits; where it names no desk, with that of the routes."""
    first = next(rule for _, rule in of(facts.shop) if _holds(rule.when, facts))
    return first if first.desk else first.model_copy(update={"desk": _routed(facts)})


def asked(facts: Facts) -> Iterator[Asked]:
    """What each rule is asked, those behind the first that fits as well."""
    for source, rule in of(facts.shop):
        conditions = dict(wanted(rule.when))
        yield Asked(rule, source, conditions, {name: _there(facts, name, one) for name, one in conditions.items()})


def _routes(shop: Shop) -> Iterator[Rule]:
    """[routes] as rules: a desk for a channel."""
    for channel, desk in shop.routes.items():
        if channel != ELSE:
            yield Rule(name=channel, when=When(channels=(channel,)), desk=desk)
    yield Rule(name=ELSE, desk=shop.routes[ELSE])


def _routed(facts: Facts) -> str:
    return next(rule.desk for rule in _routes(facts.shop) if _holds(rule.when, facts))


# ---- outcomes ---------------------------------------------------------------------------------------------------


def tagged(tags: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """A customer's tags with more, the newest last: one stage at a time, and no more than there may be."""
    over = STAGES if set(added) & set(STAGES) else ()
    kept = [tag for tag in tags if tag not in over and tag not in added]
    return tuple([*kept, *dict.fromkeys(added)][:MOST_TAGS]) if added else tuple(tags)


def preferred(turns: Sequence[str], place: Desk, skills: Sequence[str]) -> tuple[str, ...]:
    """The agents of a desk in turn, those first who have most of the skills."""
    has = {place.agents[name]: len(set(known) & set(skills)) for name, known in place.skills.items()}
    return tuple(sorted(turns, key=lambda agent: -has.get(agent, 0)))
