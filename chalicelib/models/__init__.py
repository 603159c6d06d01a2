"""The vocabulary: one word for one thing, as every other file uses it."""

from chalicelib.models.inbound import (
    ITEM,
    Attachment,
    Handed,
    Item,
    Kind,
    Location,
    Message,
    Parked,
    Progress,
    Raw,
    Receipt,
    timer,
)
from chalicelib.models.outbound import Card, Delivery, DeliveryKind, Outgoing, State
from chalicelib.models.people import Claim, Contact, Conversation, Heard, Thread
from chalicelib.models.provider import Can, Cover, Live, LiveSecret, Provider, current, secret, setting
from chalicelib.models.shop import Acknowledgement, Desk, Shop
from chalicelib.models.values import SCHEMA, Address, Channel, Frozen, Strict, Text, digest
from chalicelib.models.work import Direction, Found, Plan, Receive

__all__ = [
    "ITEM",
    "SCHEMA",
    "Acknowledgement",
    "Address",
    "Attachment",
    "Can",
    "Card",
    "Channel",
    "Claim",
    "Contact",
    "Conversation",
    "Cover",
    "Delivery",
    "DeliveryKind",
    "Desk",
    "Direction",
    "Found",
    "Frozen",
    "Handed",
    "Heard",
    "Item",
    "Kind",
    "Live",
    "LiveSecret",
    "Location",
    "Message",
    "Outgoing",
    "Parked",
    "Plan",
    "Progress",
    "Provider",
    "Raw",
    "Receipt",
    "Receive",
    "Shop",
    "State",
    "Strict",
    "Text",
    "Thread",
    "current",
    "digest",
    "secret",
    "setting",
    "timer",
]
