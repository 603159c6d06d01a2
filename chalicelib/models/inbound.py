"""What comes in: messages, receipts and what else providers tell, and what else stands on the queue."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from chalicelib.models.orders import Demand, Order
from chalicelib.models.values import Address, Channel, Frozen, Text, digest


class Attachment(Frozen):
    """A file that came with a message, by reference. `size` in bytes where the provider tells it.

    `raw/<hash>/<number>` lies in the webhook's own body, which is kept under raw/. An `inline` one is shown within the
    text: a pasted picture, but a logo below a signature or a picture in what is quoted just as well.
    """

    name: Text = ""
    type: Text = ""
    size: int | None = None
    reference: Text = ""
    inline: bool = False


class Location(Frozen):
    """A place somebody sent, in degrees."""

    latitude: float
    longitude: float
    name: Text = ""


class Fragment(Frozen):
    """One of several webhooks that a long text comes in: number 1 to `total`.

    `of` is the same in all of them; with the sender and `total` it names the text, until it is used again.
    """

    of: Text
    number: int
    total: int

    @model_validator(mode="after")
    def _in_bounds(self) -> "Fragment":
        if not 1 <= self.number <= self.total:
            raise ValueError("a number beyond the total")
        return self


class Kind(StrEnum):
    """What an inbound message is. EDIT, DELETE and REACTION refer to an earlier message.

    COMMAND is an agent's button or slash command: its `text` holds the words that could have been typed instead.
    """

    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    REACTION = "reaction"
    TIMER = "timer"
    COMMAND = "command"


Intent = Literal["stop", "start", "help"]  # what a word asks for that carriers of SMS know


class Message(Frozen):
    """One thing someone wrote, normalised, never changed.

    `id` is the provider's id of the thing itself (for an edit, delete or reaction: of what it refers to), `version`
    tells apart several of one kind about the same thing. `thread` is set when it was written at a desk: the desk's
    own id of the conversation. `context` is what an answer has to quote (mail: message_id, references, subject).
    `source` is this item's own part of the webhook; it is kept in the queue message and nowhere else.
    Where a webhook only announces a message, `late` is what the provider's `complete` fetches the rest by; who wrote
    it may change then (a mail that is proved or not), its claim may not.
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
    language: Text = ""  # as the channel tells it, if it does: de, de-AT; what a device is set to, not the words
    text: Text = ""
    text_file: str = ""  # where a text too long for a queue message lies in the bucket
    full: Text = ""  # all that came, where `text` is only what is new in it (a mail with its history)
    full_file: str = ""  # where that lies in the bucket
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    choice: Text = ""  # what stands behind the quick reply or button that was pressed
    reply_to: Text = ""  # the provider's id of the message it answers
    sent_at: datetime | None = None
    came_at: datetime | None = None  # when its first part was accepted, where it was queued again since
    thread: Text = ""
    mentions: bool = False  # a colleague is addressed in it: a note
    parent_is_ours: bool = False  # the provider says that the thread hangs under a post of ours
    automatic: bool = False  # written by a machine: shown, never acknowledged
    intent: Intent | None = None  # as its provider took it, which has answered it by itself
    private: bool = False  # an agent asked by a button: the answer is for that agent alone
    outside: bool = False  # an agent's words outside any thread; in Slack `thread` is then `channel:`
    late: Text = ""
    fragment: Fragment | None = None
    replayed: Text = ""  # the operator's replay that shows it to the agents again: another claim in each
    context: Mapping[str, Text] = Field(default_factory=dict)
    source: Any = None

    @property
    def claim(self) -> str:
        return digest(self.first_claim, "replayed", self.replayed) if self.replayed else self.first_claim

    @property
    def first_claim(self) -> str:
        """The claim under which it was recorded when it came."""
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


class News(Frozen):
    """What the tick function has to say at a desk, the owner's if none is named: once for each `key`."""

    type: Literal["news"] = "news"
    key: str
    text: Text
    desk: str = ""

    @property
    def claim(self) -> str:
        return digest("news", self.key)


Told = Message | Receipt | Order | Demand  # what a webhook may say
Item = Annotated[Told | Raw | Handed | Parked | News, Field(discriminator="type")]
ITEM: TypeAdapter[Told | Raw | Handed | Parked | News] = TypeAdapter(Item, config=ConfigDict(defer_build=True))


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
