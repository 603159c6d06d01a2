"""One message on its way through the worker: its receive, what was found, what is planned."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field

from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.values import Address, Frozen


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
