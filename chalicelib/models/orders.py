"""What a shop's own software tells: orders, and what their customers may ask for by law. Neither is a message."""

from datetime import UTC, datetime
from typing import Any, Literal

from chalicelib.models.values import Address, Frozen, Text, digest

STEPS = (  # how far an order is, in words; a shop may have others
    *("waits for payment", "payment failed", "on hold", "paid in part", "paid"),
    *("sent in part", "sent", "completed", "refunded in part", "refunded", "cancelled"),
)
MOST_ORDERS = 2  # of one buyer that are kept: a line of the card each


class Order(Frozen):
    """An order as it stood at a time. Of what is `gone` nothing is kept any more.

    `buyer` are the addresses by which whoever bought is found: mail in small letters, phone numbers in E.164 as those
    of SMS. `id` is the software's own, `number` is what customers know. `state` is one or more words, with commas.
    """

    type: Literal["order"] = "order"
    provider: str
    account: str = ""
    id: Text
    at: datetime | None = None  # when it last changed; None where nobody tells: as it was accepted
    buyer: tuple[Address, ...] = ()
    number: Text = ""
    state: Text = ""
    total: Text = ""
    currency: Text = ""
    gone: bool = False
    stands: tuple[str, ...] = ()  # where it is kept, by ids of the table
    source: Any = None

    @property
    def key(self) -> str:
        """The same however often it changes."""
        return digest(self.provider, self.account, "order", self.id)

    @property
    def claim(self) -> str:
        at = self.at.isoformat() if self.at else ""
        buyer = [part for one in self.buyer for part in (one.channel, one.id)]
        return digest(self.key, at, self.number, self.state, self.total, self.currency, *buyer)

    @property
    def age(self) -> str:
        """Of two states of an order the newer has the greater. Their times are told to the second: then by steps."""
        steps = [STEPS.index(word) for word in self.state.split(", ") if word in STEPS]
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds") if self.at else ""
        return f"{at} {max(steps, default=-1) + 1:02d} {self.claim}"


class Orders(Frozen):
    """The last orders under one address, the newest first."""

    version: int = 0
    last: tuple[Order, ...] = ()
    forgotten_at: datetime | None = None  # whoever bought was erased then: what was accepted before is dropped

    def with_one(self, order: Order) -> tuple[Order, ...]:
        """The last ones, with an order as it stands now."""
        every = [*(one for one in self.last if one.key != order.key), *([] if order.gone else [order])]
        return tuple(sorted(every, key=lambda one: one.age, reverse=True)[:MOST_ORDERS])


class Demand(Frozen):
    """What a customer may ask for by law, or the software for them: what is kept of them, or that it is erased.

    `erase all` is about everything that the software ever told. `id` is the request's, or the customer's there.
    """

    type: Literal["demand"] = "demand"
    provider: str
    account: str = ""
    what: Literal["export", "erase", "erase all"]
    id: Text = ""
    buyer: tuple[Address, ...] = ()
    orders: tuple[Text, ...] = ()  # to be erased, by their ids
    source: Any = None

    @property
    def claim(self) -> str:
        who = [part for one in self.buyer for part in (one.channel, one.id)]
        return digest(self.provider, self.account, "demand", self.what, self.id, *who, "", *self.orders)
