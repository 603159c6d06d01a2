"""The vocabulary: one word for one thing, as every other file uses it."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, TypeAdapter

from chalicelib.webhook import Request, Response, clean_text

SCHEMA = 1  # of every row and every queue message; raised when the next release must tell old from new


class Frozen(BaseModel):
    """Data that is never changed in place. What a later release adds is ignored by this one."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Text = Annotated[str, BeforeValidator(lambda text: clean_text(text) if isinstance(text, str) else text)]


def digest(*parts: str) -> str:
    """130 bits of SHA-256 over `parts` as 26 lower-case letters and digits; injective whatever the parts hold."""
    whole = hashlib.sha256(json.dumps(parts).encode()).digest()
    return base64.b32encode(whole)[:26].decode().lower()


# ---- what customers and agents write ----------------------------------------------------------------------------


class Channel(StrEnum):
    """The medium. `email?` is a mail whose sender is not proved: another channel, so never the same contact."""

    EMAIL = "email"
    UNVERIFIED_EMAIL = "email?"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    TELEGRAM = "telegram"
    WEBCHAT = "webchat"
    SLACK = "slack"
    TIMER = "timer"


class Address(Frozen):
    """One place a person is reached. Where an id is unique only within one of our accounts, that account is in it."""

    channel: Channel
    id: Text


class Attachment(Frozen):
    """A file that came with a message, by reference. `size` in bytes where the provider tells it."""

    name: Text = ""
    type: Text = ""
    size: int | None = None
    reference: Text = ""


class Location(Frozen):
    """A place somebody sent, in degrees."""

    latitude: float
    longitude: float
    name: Text = ""


class Kind(StrEnum):
    """What an inbound message is. All but MESSAGE and TIMER refer to an earlier message."""

    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    REACTION = "reaction"
    TIMER = "timer"


class Message(Frozen):
    """One thing someone wrote, normalised, never changed.

    `id` is the provider's id of the thing itself (for an edit, delete or reaction: of what it refers to), `version`
    tells apart several of one kind about the same thing. `thread` is set when it was written at a desk: the desk's
    own id of the conversation. `context` is what an answer has to quote (mail: message_id, references, subject).
    `source` is this item's own part of the webhook; it is kept in the queue message and nowhere else.
    """

    type: Literal["message"] = "message"
    provider: str
    account: str = ""
    kind: Kind = Kind.MESSAGE
    id: Text
    version: Text = ""
    sender: Address
    aliases: tuple[Address, ...] = ()  # also-known-as, proved by the same signature
    name: Text = ""
    text: Text = ""
    text_file: str = ""  # where a text too long for a queue message lies in the bucket
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    choice: Text = ""  # what stands behind the quick reply or button that was pressed
    reply_to: Text = ""  # the provider's id of the message it answers
    sent_at: datetime | None = None
    thread: Text = ""
    mentions: bool = False  # a colleague is addressed in it: a note
    parent_is_ours: bool = False  # the provider says that the thread hangs under a post of ours
    automatic: bool = False  # written by a machine: shown, never acknowledged
    context: Mapping[str, Text] = Field(default_factory=dict)
    source: Any = None

    @property
    def claim(self) -> str:
        return digest(self.provider, self.account, self.kind, self.id, self.version)

    @property
    def original_claim(self) -> str:
        """The claim of the message that an edit, delete or reaction refers to."""
        return digest(self.provider, self.account, Kind.MESSAGE, self.id, "")


class Progress(StrEnum):
    """How far what we sent has come, in the provider's word. It only ever moves forward; `failed` is the end."""

    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Receipt(Frozen):
    """The provider's word on what we sent: on `ids`, or on all that we sent to `reader` up to `before`."""

    type: Literal["receipt"] = "receipt"
    provider: str
    account: str = ""
    progress: Progress
    ids: tuple[Text, ...] = ()
    reader: Address | None = None
    before: datetime | None = None
    reason: Text = ""
    source: Any = None

    @property
    def claim(self) -> str:
        until = self.before.isoformat() if self.before else ""
        reader = self.reader.id if self.reader else ""
        return digest(self.provider, self.account, "receipt", self.progress, *self.ids, reader, until)


class Raw(Frozen):
    """A webhook that the worker has to read: too large for the queue, too many items, or not understood."""

    type: Literal["raw"] = "raw"
    provider: str
    account: str = ""
    file: str  # where the body lies in the bucket
    url: str = ""
    query: Mapping[str, str] = Field(default_factory=dict)
    content_type: str = ""
    at: datetime

    @property
    def claim(self) -> str:
        return digest(self.provider, self.account, "raw", self.file)


class Handed(Frozen):
    """Deliveries of a claim that go out in a group of their own: to a customer's address or a desk's thread."""

    type: Literal["handed"] = "handed"
    claim: str
    contact: str = ""
    group: str
    deliveries: tuple[str, ...]
    message: Message | None = None  # whose words they are; None where the claim holds the words


class Parked(Frozen):
    """A message that was put aside: its dead letter lies in the bucket, and the owner hears of it."""

    type: Literal["parked"] = "parked"
    file: str
    reason: Text = ""

    @property
    def claim(self) -> str:
        return digest("parked", self.file)


Item = Annotated[Message | Receipt | Raw | Handed | Parked, Field(discriminator="type")]
ITEM: TypeAdapter[Message | Receipt | Raw | Handed | Parked] = TypeAdapter(Item)


def timer(contact: str, kind: str, due: datetime) -> Message:
    """A timer that fell due, as an inbound message: claimed like any other, once for each due time."""
    return Message(
        provider="timer",
        kind=Kind.TIMER,
        id=f"{contact} {kind}",
        version=due.isoformat(),
        sender=Address(channel=Channel.TIMER, id=contact),
        text=kind,
        sent_at=due,
    )


# ---- what goes out ----------------------------------------------------------------------------------------------


class Card(Frozen):
    """What an agent sees first: the head of a desk's thread."""

    title: str
    facts: tuple[str, ...] = ()  # one line each: channel, verified or not, how to answer
    hint: str = ""


class Outgoing(Frozen):
    """One provider call that others can see.

    `key` is stable per delivery: the idempotency key. `to` is the address's id, or at a desk the Slack channel or the
    mailbox. `refers` is the provider's id of what is edited, deleted or reacted to. `repeat` says that an earlier try
    may have arrived.
    """

    key: str
    to: str
    thread: str = ""
    text: str = ""
    card: Card | None = None
    reaction: str = ""
    removed: bool = False  # the reaction is taken back
    refers: str = ""
    repeat: bool = False
    automatic: bool = False  # an acknowledgement: mail carries Auto-Submitted
    subject: str = ""
    reply_address: str = ""  # mail: where answers go (the token address)
    context: Mapping[str, str] = Field(default_factory=dict)
    since: datetime | None = None  # when the first try may have begun; where to look from
    at: datetime | None = None  # now: the time of this try


class DeliveryKind(StrEnum):
    FORWARD = "forward"
    ACKNOWLEDGE = "acknowledge"
    REPLY = "reply"
    NOTICE = "notice"


class State(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Delivery(Frozen):
    """One sending a message calls for, as its claim keeps it. `to` names a desk, or is a customer's address id."""

    id: str  # its place in the plan; sorts in plan order
    kind: DeliveryKind
    to: str
    provider: str
    account: str = ""
    address: Address | None = None
    thread: str = ""  # a notice's thread; a forward's is read from the head
    part: int = 0  # which part of the message's text
    text: str = ""  # the final words of an acknowledgement or a notice
    urgent: bool = False  # a notice that asks somebody to act: it is tried like a forward
    handed: bool = False
    state: State = State.PLANNED
    note: str = ""  # the receive that ended knowing where it stands (see Receive.token)
    repeated: bool = False  # a second copy was allowed
    copied_at: datetime | None = None  # when the last copy of a forward went out without an answer
    told: bool = False  # the owner, or the agent, has been told of its trouble
    tried_at: datetime | None = None
    attempts: int = 0
    provider_id: str = ""
    receipt: Progress | None = None
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Nothing more is owed. A forward or an urgent notice whose outcome is unknown is still owed."""
        if self.state is State.UNKNOWN:
            return self.kind in (DeliveryKind.ACKNOWLEDGE, DeliveryKind.REPLY) and self.told
        return self.state is not State.PLANNED


# ---- who and what is discussed ----------------------------------------------------------------------------------


class Heard(Frozen):
    """An address as the head keeps it: by which account it wrote to us, and when last (the reply window)."""

    address: Address
    provider: str
    account: str = ""
    at: datetime
    context: Mapping[str, str] = Field(default_factory=dict)


class Conversation(Frozen):
    """What one contact and the shop are discussing; a closed one stays in the head until the next opens."""

    id: str
    status: Literal["open", "closed"] = "open"
    desk: str
    thread: str = ""
    opener: str = ""  # the claim whose forward posts the card
    opened_at: datetime
    closed_at: datetime | None = None
    customer_at: datetime  # the customer's last word, as the queue accepted it
    agent_at: datetime | None = None
    heard: Address  # where answers go
    topic: Text = ""  # one line that stays: the subject of its mails at a mailbox


class Contact(Frozen):
    """The head, the one row that serialises a contact: every recording is conditional on its version."""

    id: str
    version: int = 0  # 0: not written yet
    name: Text = ""
    heard: tuple[Heard, ...] = ()
    conversation: Conversation | None = None
    acknowledged_until: datetime | None = None
    due: Mapping[str, datetime] = Field(default_factory=dict)  # kind of timer -> when it falls due


class Claim(Frozen):
    """Proof that a message is recorded, and its plan: every delivery with the state it has reached."""

    key: str
    at: datetime | None = None  # when the queue accepted the message
    message: str = ""  # the message row's place in its conversation
    contact: str = ""
    conversation: str = ""
    provider: str = ""
    account: str = ""
    message_id: str = ""  # the provider's id, for a reaction on it
    desk: str = ""  # an agent's words: the desk and thread they were written in
    thread: str = ""
    by: str = ""  # the receive that wrote it
    deliveries: Mapping[str, Delivery] = Field(default_factory=dict)

    @property
    def in_order(self) -> list[Delivery]:
        return [self.deliveries[place] for place in sorted(self.deliveries)]


class Thread(Frozen):
    """Where a desk's thread leads."""

    id: str
    contact: str
    conversation: str
    desk: str
    expires: datetime | None = None  # a mail's reply token


# ---- one message on its way through the worker ------------------------------------------------------------------


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


class Found(Frozen):
    """What the table says of somebody: the head (None: not written yet) and each address row as it was read."""

    contact_id: str
    contact: Contact | None = None
    rows: Mapping[Address, str | None] = Field(default_factory=dict)  # address -> its contact's id


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    NOTE = "note"


class Plan(Frozen):
    """What recording a message changes, decided before anything is written."""

    contact: Contact  # as it will be; its version is one more than it was read
    message: Message
    direction: Direction
    desk: str = ""  # an agent's words, a timer: the desk that is told of trouble
    deliveries: tuple[Delivery, ...] = ()
    new_addresses: tuple[Address, ...] = ()  # rows to write; each must still be absent
    turn: Conversation | None = None  # a conversation that opened or closed: its row is written
    also_claims: tuple[str, ...] = ()  # an original that must never be sent any more


# ---- what the shop sets -----------------------------------------------------------------------------------------


class Strict(BaseModel):
    """Settings: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Desk(Strict):
    """Where agents read and answer: a Slack channel or a mailbox."""

    slack: str = ""  # channel id
    mailbox: str = ""  # mail address
    agents: tuple[str, ...] = ()  # mail addresses that may answer from a mailbox
    replies: Literal["all", "marked"] = "all"
    provider: str = ""  # who carries it; default slack, for a mailbox postmark
    account: str = ""


class Acknowledgement(Strict):
    text: str = ""
    forms: bool = False  # also to the unproved senders of the shop's own forms


class Shop(Strict):
    name: str
    time_zone: str
    owner: str
    fallback: str = ""
    reopen_days: int = Field(default=7, ge=0, le=365)
    providers: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    desks: Mapping[str, Desk]
    routes: Mapping[str, str]
    forms: tuple[str, ...] = ()
    acknowledgement: Acknowledgement = Acknowledgement()


# ---- what a provider is -----------------------------------------------------------------------------------------


class Cover(StrEnum):
    """What a provider's signature covers. CREDENTIAL: nothing is signed, a shared secret is shown."""

    PARAMS = "params"
    BODY = "body"
    URL = "url"
    TIME = "time"
    ID = "id"
    CREDENTIAL = "credential"


class Can(NamedTuple):
    """What a provider can do: data, not code."""

    text: int  # characters in one message
    covers: frozenset[Cover]
    methods: tuple[str, ...] = ("POST",)  # GET and HEAD where the provider checks its URL
    edit: bool = False
    delete: bool = False
    react: bool = False
    files: int = 0  # attachments in one message
    receipts: bool = False
    window: int | None = None  # hours after the customer's last word in which we may write
    idempotent: bool = False  # a repeat with the same key is recognised
    desk: bool = False  # it carries a desk
    customers: bool = True  # it carries customers


Live = tuple[SecretStr, ...]  # up to two live values of one secret


def setting(
    help: str, *, default: str = "", inbound: bool = False, outbound: bool = False, optional: bool = False
) -> Any:
    """A field of a provider's Config: who needs it (webhook, worker), and where the provider shows it."""
    extra = {"inbound": inbound, "outbound": outbound, "optional": optional or bool(default)}
    return Field(default=default, description=help, json_schema_extra=dict(extra))


def secret(help: str, *, inbound: bool = False, outbound: bool = False, optional: bool = False) -> Any:
    """A secret field of a provider's Config: up to two live values, separated by a space; see `current`."""
    extra = {"inbound": inbound, "outbound": outbound, "optional": optional}
    return Field(default=(), description=help, json_schema_extra=dict(extra))


def current(live: Live) -> str:
    """The secret to show or sign with: the first live value. Raises LookupError where there is none."""
    return live[0].get_secret_value()


def _split(value: object) -> object:
    return tuple(SecretStr(part) for part in value.split()) if isinstance(value, str) else value


LiveSecret = Annotated[Live, BeforeValidator(_split)]


class Provider(Protocol):
    """A provider module. `find` and `fetch` are optional (see providers.finder)."""

    __name__: str
    channel: Channel
    can: Can
    accepted: Response
    Config: Any

    def verify(self, request: Request, config: Any) -> Response | None:
        """None if the signature holds; a Response for a handshake. Raises BadSignature and nothing else."""

    def parse(self, request: Request, config: Any) -> list[Message | Receipt]:
        """Every item of the webhook, echoes left out. Pure. Raises Unreadable."""

    def send(self, outgoing: Outgoing, config: Any) -> str:
        """One provider call; returns the provider's id of what was sent. Raises SendFailed."""
