"""One message on its way through the worker: its receive, what was found, what is planned."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Contact, Conversation, First
from chalicelib.models.values import Address, Frozen, Text


class Receive(Frozen):
    """One receive of a queue message. `sent_ms` and `first_ms` are SQS's times in Unix milliseconds."""

    id: str
    count: int
    sent_ms: int
    first_ms: int
    sequence: str = ""
    group: str = ""
    handle: str = ""
    body: str = ""

    @property
    def token(self) -> str:
        return f"{self.id}:{self.count}"

    @property
    def previous(self) -> str:
        return f"{self.id}:{self.count - 1}"

    @property
    def accepted_at(self) -> datetime:
        """When the queue accepted it: what order means here."""
        return datetime.fromtimestamp(self.sent_ms / 1000, UTC)


class Measured(Frozen):
    """How long the first answer takes, in minutes, by channel and hour (UTC, "00" to "23"), where that is known."""

    minutes: Mapping[str, Mapping[str, int]] = Field(default_factory=dict)


class Found(Frozen):
    """What the table says of somebody: the head (None: not written yet) and each address row as it was read."""

    contact_id: str
    contact: Contact | None = None
    rows: Mapping[Address, str | None] = Field(default_factory=dict)  # address -> its contact's id
    forgotten_at: datetime | None = None  # of whom this was before: what was accepted up to then is dropped
    measured: Measured = Measured()  # where an acknowledgement is to say it
    turns: tuple[str, ...] = ()  # agents in the order of whose turn it is, where a conversation is to be given to one


class Piece(Frozen):
    """One fragment of a long text as the table keeps it, and when the queue accepted it."""

    message: Message
    at: datetime


class Together(Frozen):
    """Pieces that make one text: settled once, by one of them, and never changed.

    `pieces` are their claims, `by` the claim of the one that settled it. One that stands `alone` is no text: it came
    too late for its own, or another with its number was there before it.
    """

    pieces: tuple[str, ...]
    by: str
    at: datetime
    alone: bool = False


class Pieces(Frozen):
    """What the table holds under one name of a long text: pieces by claim, texts by the claim that settled them.

    A name comes again and again (an SMS has 255 of them, and some phones know one only), so pieces of several texts
    may be here.
    """

    version: int = 0
    pieces: Mapping[str, Piece] = Field(default_factory=dict)
    texts: Mapping[str, Together] = Field(default_factory=dict)


class Clue(Frozen):
    """What a customer's text holds that another contact may have written too. It proves nothing."""

    kind: Literal["order", "email", "phone"]
    value: Text


class Known(Frozen):
    """Another contact that a clue leads to, and one of its addresses. `typed`: it wrote the same, and is not it."""

    clue: Clue
    contact: str
    address: Address
    typed: bool = False


class Met(Frozen):
    """Others that a customer's message may concern, as the table has them."""

    other: Contact | None = None  # whose code this may be
    fresh: tuple[Clue, ...] = ()  # clues that nobody wrote before
    known: tuple[Known, ...] = ()  # of contacts that were not asked about yet


class Joint(Frozen):
    """What linking or unlinking changes beside the plan's own contact.

    `head` is the other contact, at its next version: merged into that of the plan, or speaking for itself again.
    Whatever led to the one of the two leads to the other now.
    """

    head: Contact
    addresses: tuple[Address, ...]  # rows that lead elsewhere now
    merged: tuple[str, ...] = ()  # contacts that are merged into the other now
    evidence: Text = ""


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    NOTE = "note"


class Quota(Frozen):
    """How many acknowledgements may go out on a day, of the whole shop."""

    day: str  # by the shop's clock: 2026-03-01
    most: int


class Plan(Frozen):
    """What recording a message changes, decided before anything is written."""

    contact: Contact  # as it will be; its version is one more than it was read
    message: Message
    direction: Direction
    desk: str = ""  # an agent's words, a timer: the desk that is told of trouble
    deliveries: tuple[Delivery, ...] = ()
    new_addresses: tuple[Address, ...] = ()  # rows to write; each must still be absent
    first: First | None = None  # it answers a conversation, as the first
    quota: Quota | None = None  # it acknowledges, which is counted
    targets: int = 0  # see Claim
    kept: int = 0
    turn: Conversation | None = None  # a conversation that opened or closed: its row is written
    also_claims: tuple[str, ...] = ()  # an original that must never be sent any more
    joint: Joint | None = None
    clues: tuple[Clue, ...] = ()  # first written by this contact: each must still be unwritten
    asked: tuple[Known, ...] = ()  # others that the desk is asked about: each pair once


class Watch(Frozen):
    """What the tick function remembers from minute to minute: one row.

    `unsaid` is what is still to be queued, by key; it is written with what it tells of. It is for the owner's desk, or
    for the one that stands behind the @ in its key. `rules` are the shop's rules as the desks were told them.
    """

    version: int = 0
    day: str = ""  # the last one that was added up, by the shop's clock: 2026-03-01
    checked: Mapping[str, datetime] = Field(default_factory=dict)  # account -> when its provider was last asked
    troubles: Mapping[str, tuple[Text, ...]] = Field(default_factory=dict)  # account -> what was wrong then
    read: datetime | None = None  # up to when the log was read for who brings messages
    heard: Mapping[str, datetime] = Field(default_factory=dict)  # provider -> when it last brought one, or was new
    silent: Mapping[str, datetime] = Field(default_factory=dict)  # who was named as silent -> since when
    unsaid: Mapping[str, Text] = Field(default_factory=dict)
    rules: tuple[Text, ...] = ()
