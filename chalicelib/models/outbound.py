"""What goes out: provider calls that others can see, and the deliveries a plan is made of."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from chalicelib.models.inbound import Progress
from chalicelib.models.values import Address, Frozen


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
