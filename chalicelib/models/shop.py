"""What the shop sets in shop.toml."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.models.people import Priority
from chalicelib.models.values import Strict

LONGEST = 43_200  # minutes: thirty days
Minutes = Annotated[int, Field(ge=0, le=LONGEST, strict=True)]  # strict: true is no number, and "5" is a text
Choice = Annotated[bool, Field(strict=True)]  # strict: "no" is a text
Stage = Literal["before-order", "on-its-way", "owns-it", "return"]  # of a customer's life, from first to last
Spoken = Literal[  # those that languages.py tells
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "no", "fi", "cs", "tr", "ro", "hu", "ru", "uk", "el",
    "ar", "he", "hi", "th", "ja", "ko", "zh",
]  # fmt: skip
Language = Literal["en", "de", "fr", "es", "it", "nl", "pt", "pl"]  # those that phrases.py has words in
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Hours(Strict):
    """Opening hours: the spans of each day as they are written, "9:00-12:30, 13:30-18:00"; empty is closed."""

    time_zone: str = ""  # default: the shop's
    monday: str = ""
    tuesday: str = ""
    wednesday: str = ""
    thursday: str = ""
    friday: str = ""
    saturday: str = ""
    sunday: str = ""
    holidays: tuple[date, ...] | None = None  # no span begins on these days; None, at a desk: the shop's count
    dates: Mapping[str, str] | None = None  # a day, 2026-12-24, and its spans, whatever day it is; None: as holidays
    country: str = ""  # whose public holidays the owner is reminded of, like DE or DE-BE; only `holidays` count

    def __hash__(self) -> int:  # calendars are kept by it, and a mapping has none
        return hash((self.time_zone, self.week, self.holidays))

    @property
    def week(self) -> tuple[str, ...]:
        return tuple(getattr(self, day).strip() for day in WEEKDAYS)


class Desk(Strict):
    """Where agents read and answer: a Slack channel or a mailbox."""

    slack: str = ""  # channel id
    connect: Choice = False  # a channel shared by Slack Connect, where people of the other team may answer too
    mailbox: str = ""  # mail address
    agents: Mapping[str, str] = Field(default_factory=dict)  # name -> Slack user id, or mail address that may answer
    skills: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)  # what an agent is good at, as rules want it
    replies: Literal["all", "marked"] = "all"
    assign: Literal["none", "round robin", "least open"] = "none"  # who gets a conversation as it opens
    reassign_minutes: Minutes = 0  # without an answer, until the next agent gets it
    nudge_minutes: Minutes = 0  # … until the thread is reminded
    escalate_minutes: Minutes = 0  # … until the conversation moves to another desk
    escalate_to: str = ""  # that desk
    owner_minutes: Minutes = 0  # … until the owner's desk hears of it
    hours: Hours | None = None  # when it is open, and these minutes count; None: as the shop
    provider: str = ""  # who carries it, if not whom `carrier` names
    account: str = ""

    @property
    def seat(self) -> str:
        """Where it is: the id of its channel, or its mail address."""
        return self.slack or self.mailbox

    @property
    def carrier(self) -> str:
        """The provider that carries it."""
        return self.provider or ("slack" if self.slack else "postmark")


class OnCall(Strict):
    """Who is called when something urgent waits at a closed desk: agents by their names, one after the other."""

    people: tuple[str, ...]
    minutes: int = Field(default=15, ge=1, le=LONGEST, strict=True)  # until the next one is
    shifts: Mapping[str, Hours] = Field(default_factory=dict)  # name -> when; who has none can always be called


class When(Strict):
    """The conditions of a rule: all that are set must hold, of a list one entry is enough; nothing set always holds."""

    channels: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()  # whole words and phrases, in the subject or the text
    stages: tuple[Stage, ...] = ()  # by the packs' words, else by the customer's tags
    tags: tuple[str, ...] = ()  # that the customer has already
    hours: Literal["open", "closed"] | None = None  # of the desk that [routes] name
    customer: Literal["first", "returning"] | None = None
    languages: tuple[Spoken, ...] = ()  # that the customer writes in, as far as that is known
    complaint: Choice | None = None  # whether it reads like one
    files: Choice | None = None  # whether any came with it
    verified: Choice | None = None  # whether it is proved who wrote it


class Rule(Strict):
    """What is done with a conversation as it opens or opens again; what is left out stays as it would be."""

    name: str
    when: When = When()
    desk: str = ""  # default: as [routes] say; one that opens again stays at its desk
    priority: Priority | None = None
    tags: tuple[str, ...] = ()  # given to the customer
    acknowledgement: str = ""  # a name in [acknowledgement.texts], or "none"; default: as ever
    tell_owner: Choice = False  # the owner's desk hears of it at once
    skills: tuple[str, ...] = ()  # of the agent it is best given to, where the desk gives conversations to agents


class Said(Strict):
    """An acknowledgement's words in one language; {opens} stands in `closed` alone."""

    text: str = ""
    closed: str = ""  # instead, while the desk is closed; default: as ever
    texts: Mapping[str, str] = Field(default_factory=dict)  # others, that rules name
    complaint: str = ""  # before the other words, where the customer complains; default: as phrases.py apologises


class Acknowledgement(Said):
    """In the shop's first language; by code in others, where the shop does not like the words of phrases.py."""

    automatic: Choice = True  # says itself that nobody wrote it: see wording.acknowledgement
    orders: str = ""  # how the shop's order numbers begin, in capitals: digits follow
    most_a_day: int = Field(default=0, ge=0, le=1_000_000, strict=True)  # by the shop's clock; 0: without end
    forms: Choice = False  # also to the unproved senders of the shop's own forms
    languages: Mapping[str, Said] = Field(default_factory=dict)
    call: str = ""  # to who calls by telephone, in the shop's first language; default: as phrases.py says it
    call_closed: str = ""  # instead, while the shop is closed


class Expected(Strict):
    """What customers may expect of the shop, in one language; its hours and how soon it answers stand elsewhere."""

    who: str = ""
    why: str = ""
    delivery: str = ""
    refund: str = ""
    payment: str = ""


class Promise(Expected):
    """In the shop's first language, and by code in others."""

    languages: Mapping[str, Expected] = Field(default_factory=dict)


class Target(Strict):
    """How soon customers of a channel are answered, in minutes of opening hours; 0: nothing is meant."""

    first_minutes: Minutes | None = None  # to the first answer; None: as is usual on the channel
    next_minutes: Minutes | None = None  # to each further one; None: as to the first
    resolution_minutes: Minutes = 0  # until the conversation is closed


class Automatic(Strict):
    """What customers are told without an agent, beside the acknowledgement."""

    status: Choice = True  # who writes STATUS is told how things stand
    help: Choice = True  # who writes HELP by SMS is told whose number it is and how to stop; unless its provider does
    updates: int = Field(default=0, ge=0, le=10, strict=True)  # at most, to somebody who waits for one answer
    follow_up_days: int = Field(default=0, ge=0, le=90, strict=True)  # after the end: whether all is well. 0: never


class Template(Strict):
    """A canned answer. `approved` names the same text as a provider approved it, by provider: its name there."""

    text: str
    approved: Mapping[str, str] = Field(default_factory=dict)


class Retention(Strict):
    """How many days each kind of data is kept; 0 is for ever. Webhooks as they came outlive the queue's 14 days."""

    message_days: int = Field(default=0, ge=0, le=3650, strict=True)  # also of conversations, from their end on
    raw_days: int = Field(default=60, ge=15, le=3650, strict=True)  # webhooks and mails as they came
    file_days: int = Field(default=180, ge=15, le=3650, strict=True)  # what was attached
    order_days: int = Field(default=90, ge=15, le=3650, strict=True)  # orders, since the last one of that buyer changed


class Shop(Strict):
    name: str
    time_zone: str
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)  # the first is that of the shop's own words
    owner: str
    fallback: str = ""
    reopen_days: int = Field(default=7, ge=0, le=365, strict=True)
    providers: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    hours: Hours | None = None  # None: always open
    promise: Promise = Promise()
    targets: Mapping[str, Target] | None = None  # by channel; one that is left out has the usual ones. None: no targets
    on_call: OnCall | None = None
    desks: Mapping[str, Desk]
    routes: Mapping[str, str]
    rules: tuple[Rule, ...] = ()  # the first that fits counts
    packs: tuple[Stage, ...] = ()  # shipped rules that are asked after the shop's own
    forms: tuple[str, ...] = ()
    alarm_mail: str = ""  # who hears by mail when Shopbell itself is in trouble
    test_addresses: tuple[str, ...] = ()  # the only customers that a stage other than prod may write to
    human_agent: tuple[str, ...] = ()  # providers that let the shop's people answer after the ordinary window
    templates: Mapping[str, Template] = Field(default_factory=dict)
    acknowledgement: Acknowledgement = Acknowledgement()
    retention: Retention = Retention()
    automatic: Automatic = Automatic()

    def accounts(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Every enabled (provider, account, its table); the first account of a provider has no name."""
        for name, table in self.providers.items():
            yield name, "", {field: value for field, value in table.items() if not isinstance(value, dict)}
            for account, inner in table.items():
                if isinstance(inner, dict):
                    yield name, account, inner
