"""Who and what is discussed: contacts, their conversations, claims and threads, as the table keeps them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from chalicelib.models.outbound import Delivery
from chalicelib.models.values import Address, Frozen, Text

Priority = Literal["low", "normal", "high", "urgent"]


class Heard(Frozen):
    """An address as the head keeps it: by which account it wrote to us, and when last.

    `at` is when the customer wrote what last opened the reply window.
    """

    address: Address
    provider: str
    account: str = ""
    at: datetime
    context: Mapping[str, str] = Field(default_factory=dict)


class Waiting(Frozen):
    """A customer whom nobody has answered yet, and what is still to be done about it."""

    since: datetime  # the first message without an answer, as the queue accepted it
    counted: datetime  # from when the reminders count: since then, or since a snooze ended
    given: datetime  # from when the agent who has it counts
    ahead: Mapping[str, int] = Field(default_factory=dict)  # kind of timer still to come -> its minutes
    had: tuple[Text, ...] = ()  # the agents who have had it
    said: Text = ""  # the customer's last words


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
    asked: Text = ""  # the first words of the customer
    answered: Text = ""  # the last words of an agent
    ended: Text = ""  # who closed it, and when
    assignee: Text = ""  # an agent's own id: a Slack user, a mail address
    priority: Priority = "normal"
    waiting: Waiting | None = None
    snoozed_until: datetime | None = None
    news: tuple[Text, ...] = ()  # what a mailbox is told with its next mail


class Held(Frozen):
    """A reply that waits because its address's window was closed: not out, and never out twice."""

    claim: str  # of the agent's message
    latest: str = ""  # the claim of its last edit, whose words count
    to: Address
    by: Text
    at: datetime
    words: Text  # the first of them

    @property
    def name(self) -> str:
        """What agents call it by."""
        return self.claim[:6]


class Contact(Frozen):
    """The head, the one row that serialises a contact: every recording is conditional on its version."""

    id: str
    version: int = 0  # 0: not written yet
    name: Text = ""
    heard: tuple[Heard, ...] = ()
    conversation: Conversation | None = None
    before: tuple[Text, ...] = ()  # two lines on the conversation before this one
    tags: tuple[Text, ...] = ()
    blocked: bool = False  # spam: what it writes is kept, and shown to nobody
    held: tuple[Held, ...] = ()  # of the contact, not of a conversation: none is lost when that ends
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
