"""A customer's message as it is planned, and what holds as it comes."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.models import Complaint, Contact, Conversation, Found, Message, Receive, Rule, Shop


class Came(NamedTuple):
    """A customer's message, from whom, and when; `before` is the head as it was."""

    message: Message
    before: Contact
    found: Found
    shop: Shop
    receive: Receive
    now: datetime


class Turned(NamedTuple):
    """The conversation as a message leaves it, and the rule by which it opens or reopens with it."""

    conversation: Conversation
    rule: Rule | None
    language: str  # the customer's
    complaint: Complaint | None
