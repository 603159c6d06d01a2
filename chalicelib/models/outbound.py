"""What goes out: provider calls that others can see, and the deliveries a plan is made of."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from chalicelib.models.inbound import Progress
from chalicelib.models.values import Address, Frozen


class Button(Frozen):
    """Something an agent can choose: `says` is what it stands for, in the words that could be typed instead.

    With `options` it is a list to choose from, each with its own label and words.
    """

    label: str
    says: str = ""
    options: tuple[tuple[str, str], ...] = ()
    warns: str = ""  # asked before it counts


class Card(Frozen):
    """What an agent sees first: the head of a desk's thread. `state` alone changes later, all else stays."""

    title: str
    state: tuple[str, ...] = ()  # open or closed, assignee, priority
    facts: tuple[str, ...] = ()  # one line each: channel, verified or not, what came before
    text: str = ""  # the first message, where the card is written anew
    hint: str = ""
    buttons: tuple[Button, ...] = ()


class Content(Frozen):
    """A file on its way: its bytes, and an https link to them that expires, for providers that fetch it themselves."""

    name: str
    type: str = "application/octet-stream"
    data: bytes = b""
    url: str = ""


class Outgoing(Frozen):
    """One provider call that others can see.

    `key` is stable per delivery: the idempotency key. `to` is the address's id, or at a desk the Slack channel or the
    mailbox. `refers` is the provider's id of what is edited, deleted or reacted to; `change` says which of the first
    two, and a `change` with a `card` writes the card anew. `repeat` says that an earlier try may have arrived.
    """

    key: str
    to: str
    thread: str = ""
    text: str = ""
    own: str = ""  # at a desk: Shopbell's own words, drawn so that nobody can pass a customer's off as them
    below: str = ""  # more of them, under the text
    card: Card | None = None
    reaction: str = ""
    removed: bool = False  # the reaction is taken back
    refers: str = ""
    change: Literal["", "edit", "delete"] = ""
    file: Content | None = None  # sent with `text` as its caption, which may be empty
    buttons: tuple[Button, ...] = ()  # under a notice at a desk
    private_to: str = ""  # at a desk: the one agent who sees it
    calls: str = ""  # in a channel: the id of an agent whose telephone it is to ring
    human: bool = False  # a person's answer outside the ordinary reply window (Can.human_window)
    public: bool = False  # an agent wants it where everybody reads it (Can.public); else it is for the customer alone
    template: str = ""  # the provider's own name of an approved text; `text` says the same in full
    values: tuple[str, ...] = ()  # what stands in its gaps
    repeat: bool = False
    tried: bool = False  # this is not the first try
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
    FILE = "file"  # a customer's, for the desk


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
    in_thread: bool = False  # a notice's is, too: the conversation's, whichever that is by then
    part: int = 0  # which part of the message's text
    file: int | None = None  # or which of its attachments
    stored: str = ""  # where that file lies in the bucket; before, it was never sent
    text: str = ""  # the final words, where they are not the message's own
    public: bool = False  # a reply where everybody reads it (Outgoing.public)
    context: Mapping[str, str] = Field(default_factory=dict)  # what it answers, where that must not move on meanwhile
    template: str = ""  # a reply by a text approved beforehand (Outgoing.template)
    values: tuple[str, ...] = ()  # what stands in its gaps
    buttons: tuple[Button, ...] = ()  # under a notice
    urgent: bool = False  # a notice that asks somebody to act: it is tried like a forward
    card: bool = False  # a notice that says nothing but writes the card anew, as the head then stands
    private_to: str = ""  # a notice for one agent alone
    calls: str = ""  # or one that calls an agent: by name in a channel, by mail at their own address
    said: str = ""  # what stands in place of its part of the message, whose own words must not go there
    change: Literal["", "edit", "delete"] = ""  # a reply that changes an earlier one
    original: str = ""  # the claim of that one
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
            return self.kind in (DeliveryKind.ACKNOWLEDGE, DeliveryKind.REPLY, DeliveryKind.FILE) and self.told
        return self.state is not State.PLANNED
