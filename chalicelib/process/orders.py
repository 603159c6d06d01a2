"""What a shop's own software tells: orders, kept for the card, and what customers ask for by law."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from chalicelib import route, settings, store, words
from chalicelib.errors import Later
from chalicelib.models.orders import Demand, Order
from chalicelib.models.values import Address, Channel, digest
from chalicelib.models.work import Clue, Receive
from chalicelib.process import record

TRIES = 6  # when others write orders of the same buyer


def order(item: Order, receive: Receive, now: datetime) -> None:
    """Keep it as it stands now, for the cards to come. Nobody is told of it."""
    item = item if item.at else item.model_copy(update={"at": receive.accepted_at})
    for _ in range(TRIES):
        try:
            return store.keep_order(item, receive.accepted_at, settings.shop().retention.order_days)
        except store.Moved:
            pass
    raise Later("many orders of this buyer at once")


def demand(item: Demand, receive: Receive, now: datetime) -> None:
    """Drop the orders that are to be erased; the owner is told what to run for all else.

    The words name nobody but by a contact's id: they stay, and whoever is erased must not be in them.
    """
    if item.what == "erase":
        for known in store.known_orders(item.provider, item.account, item.orders, item.buyer):
            order(known.model_copy(update={"at": None, "gone": True}), receive, now)
    contacts = dict.fromkeys(id for address in item.buyer for id in _contacts(address, bought=item.what == "export"))
    month = f"{receive.accepted_at:%Y-%m}"  # what is asked for again years later may say the same
    record.told(digest(item.claim, month), words.demanded(item, [*contacts]), receive, now)


def _contacts(address: Address, *, bought: bool) -> Iterable[str]:
    """Who has an address of a buyer; if nobody wrote from it and it `bought`, the contact that it would make."""
    kind: Literal["email", "phone"] = "email" if address.channel is Channel.EMAIL else "phone"
    wrote = store.owners(route.addresses(Clue(kind=kind, value=address.id)))
    return wrote.values() or (store.places([address]) if bought and store.last_orders([address]) else ())
