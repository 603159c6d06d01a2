"""A customer's message as it is planned, and what holds as it comes."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from chalicelib.models.inbound import Intent, Message
from chalicelib.models.people import Complaint, Contact, Conversation, Heard
from chalicelib.models.shop import Rule, Shop
from chalicelib.models.work import Found, Receive
from chalicelib.route import optout
from chalicelib.rules import Facts


@dataclass(frozen=True)
class Came:
    """A customer's message, from whom, and when; `before` is the head as it was."""

    message: Message
    before: Contact
    found: Found
    shop: Shop
    receive: Receive
    now: datetime

    @cached_property
    def was(self) -> Heard | None:
        """Its sender, as the head had it before."""
        return self.before.known(self.message.sender)

    @property
    def stopped(self) -> bool:
        """Whether its sender had said STOP before."""
        return self.was is not None and self.was.stopped is not None

    @cached_property
    def intent(self) -> Intent | None:
        """What it asks for, if it is one of the words of optout."""
        return optout.intent(self.message, self.was)

    @cached_property
    def facts(self) -> Facts:
        """What the rules are asked about, each worked out once."""
        return Facts(self.message, self.before, self.shop, self.receive.accepted_at)


class Turned(NamedTuple):
    """The conversation as a message leaves it, and the rule by which it opens or reopens with it."""

    conversation: Conversation
    rule: Rule | None
    language: str  # the customer's
    complaint: Complaint | None
