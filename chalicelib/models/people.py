"""Who and what is discussed: contacts, their conversations, claims and threads, as the table keeps them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from chalicelib.models.outbound import Delivery
from chalicelib.models.values import Address, Channel, Frozen, Text

Priority = Literal["low", "normal", "high", "urgent"]
Wish = Literal["refund", "replacement", "answer", "apology", "to be heard"]
Step = Literal["answered", "apologised", "amends", "cause"]


class Heard(Frozen):
    """An address as the head keeps it: by which account it wrote to us, and when last.

    `at` is when the customer wrote what last opened the reply window, `answered` the claim of the one answer to that
    (Can.once).
    """

    address: Address
    provider: str
    account: str = ""
    at: datetime
    answered: Text = ""
    context: Mapping[str, str] = Field(default_factory=dict)
    quiet: bool = False  # its last word was STOP or the like: nothing goes there unasked
    stopped: datetime | None = None  # when STOP came from there by SMS, and no START since: nothing goes there


class Waiting(Frozen):
    """A customer whom nobody has answered yet, and what is still to be done about it."""

    since: datetime  # the first message without an answer, as the queue accepted it
    counted: datetime  # from when the reminders count: since then, or since a snooze ended
    given: datetime  # from when the agent who has it counts
    by: datetime | None = None  # until when an answer is meant to leave, as the shop's target was then
    ahead: Mapping[str, int] = Field(default_factory=dict)  # kind of timer still to come -> its minutes
    called: tuple[Text, ...] = ()  # the names of those on call who are not called any more
    called_at: datetime | None = None  # when one of them last was
    updates: int = 0  # how often the customer was told that they are not forgotten
    had: tuple[Text, ...] = ()  # the agents who have had it
    said: Text = ""  # the customer's last words


class Link(Frozen):
    """One of several contacts that are one person, as it came to them: what it gets back when it is unlinked.

    Addresses and name keep up with what is heard of it, so that the whole is always the sum of its links.
    """

    contact: str
    addresses: tuple[Address, ...]
    name: Text = ""
    tags: tuple[Text, ...] = ()
    open: bool = False  # its conversation was open, and closed as merged
    by: Text = ""  # who linked it; empty for the one that the others came to
    at: datetime | None = None
    why: Text = ""


class Proof(Frozen):
    """A code on its way to an address that this customer claims: written here in time, it links the two."""

    code: str  # its digest
    address: Address
    by: Text  # the agent who had it sent
    until: datetime
    tries: int = 0  # wrong ones


class Complaint(Frozen):
    """What a customer who complains wants, and which steps agents have done about it."""

    wants: Wish = "to be heard"
    done: tuple[Step, ...] = ()
    asked: bool = False  # closing it was held up once, by the steps that nobody had ticked
    denied: bool = False  # an agent says that it is none

    def ticked(self, *steps: Step) -> "Complaint":
        """With some steps done."""
        return self.model_copy(update={"done": tuple(dict.fromkeys((*self.done, *steps)))})


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
    complaint: Complaint | None = None
    waiting: Waiting | None = None
    by: datetime | None = None  # until when it is meant to be closed
    follow_up: datetime | None = None  # a closed one: when it is asked whether all is well
    overdue: bool = False  # it was told that this has passed
    targets: int = 0  # figures of its life: answers, and its end, for which there was a target,
    kept: int = 0  # and those that were in time
    snoozed_until: datetime | None = None
    news: tuple[Text, ...] = ()  # what a mailbox is told with its next mail
    joined: tuple[str, ...] = ()  # conversations that closed as merged into this one: their threads keep working

    @property
    def complains(self) -> Complaint | None:
        """The complaint, unless an agent says that it is none."""
        return None if self.complaint is None or self.complaint.denied else self.complaint


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


class Erasing(Frozen):
    """Of whom everything is being erased: kept until that is done, so that whoever comes back can finish it."""

    contacts: tuple[str, ...]
    addresses: tuple[Address, ...]


class Contact(Frozen):
    """The head, the one row that serialises a contact: every recording is conditional on its version."""

    id: str
    version: int = 0  # 0: not written yet
    name: Text = ""
    language: Text = ""  # a code of languages.NAMES, or empty: not known
    language_by: Text = ""  # the agent who set it: then nothing else does
    heard: tuple[Heard, ...] = ()
    also: tuple[Address, ...] = ()  # proved to be its own, and never heard from
    links: tuple[Link, ...] = ()  # the contacts that are one person here, this one among them; none if it is alone
    merged: str = ""  # the contact that speaks for this one since they were linked; this one waits as it was
    parted: bool = False  # addresses left it once: one that it does not name is another's by now
    proof: Proof | None = None
    conversation: Conversation | None = None
    before: tuple[Text, ...] = ()  # two lines on the conversation before this one
    tags: tuple[Text, ...] = ()
    blocked: bool = False  # spam: what it writes is kept, and shown to nobody
    held: tuple[Held, ...] = ()  # of the contact, not of a conversation: none is lost when that ends
    acknowledged_until: datetime | None = None
    status_at: datetime | None = None  # when the customer was last told how things stand
    help_at: datetime | None = None  # when the customer last got what HELP by SMS gets
    due: Mapping[str, datetime] = Field(default_factory=dict)  # kind of timer -> when it falls due
    forgotten_at: datetime | None = None  # it was erased then: what was accepted before is dropped
    erasing: Erasing | None = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        return (*(heard.address for heard in self.heard), *self.also)

    def known(self, address: Address) -> Heard | None:
        """An address as it was heard from."""
        return next((heard for heard in self.heard if heard.address == address), None)

    @property
    def stopped(self) -> bool:
        """Whether the address that answers go to said STOP."""
        known = self.known(self.conversation.heard) if self.conversation else None
        return known is not None and known.stopped is not None

    @property
    def blank(self) -> bool:
        """Forgotten, and not heard from since: nobody that anything could be said about."""
        return self.forgotten_at is not None and self.conversation is None

    def forgot(self, at: datetime) -> bool:
        """Whether what was accepted at that time is to be dropped."""
        return self.forgotten_at is not None and at <= self.forgotten_at


class First(Frozen):
    """The first answer in a conversation: where its customer wrote, and since when nobody had answered."""

    channel: Channel
    asked: datetime


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
    first: First | None = None  # an agent's words: what they answered, as the first
    targets: int = 0  # an agent's words: targets of the shop that they settled,
    kept: int = 0  # and those of them that were kept
    forgotten: bool = False  # emptied, or never filled: its customer is forgotten. Its row has no deliveries at all
    loose: tuple[Delivery, ...] = ()  # posts at desks that were under way then, without a word: they may have arrived

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
    forgotten: bool = False  # it leads nowhere any more
