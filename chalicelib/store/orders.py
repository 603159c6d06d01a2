"""Orders, by the addresses of whoever bought: no contact has to be there, and whoever writes later is known.

    ORDERS#<id>    the last orders of one address, under the id of the contact that it makes or would make
    ORDER#<key>    of each order, how old the newest word on it is, and in which of the others it may stand

Both fade when nothing has changed in them for long, so of somebody who never writes nothing stays.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.models.orders import MOST_ORDERS, Order, Orders
from chalicelib.models.values import Address, Channel
from chalicelib.store.keys import Row, contact_id, order_key, orders_key
from chalicelib.store.rows import FADES, dump, fading, put_next
from chalicelib.store.table import READ_AT_ONCE, get, read, transact

KINDS = ("ORDER", "ORDERS")
PHONES = (Channel.SMS, Channel.WHATSAPP)
QUEUED_DAYS = 15  # so long at most something that was accepted is still to be worked off


class Bought(NamedTuple):
    """Rows about orders: of each order, and of addresses, with those of their orders that are meant."""

    states: tuple[Row, ...] = ()
    lists: tuple[tuple[Row, tuple[Order, ...]], ...] = ()

    @property
    def orders(self) -> list[Order]:
        """Each once, as it stands on cards; of those that are not the last ones any more no word is kept."""
        return [*{order.key: order for _, orders in self.lists for order in orders}.values()]

    @property
    def how_many(self) -> int:
        states = {row["pk"].partition("#")[2] for row in self.states}
        return len(states | {order.key for order in self.orders})


def places(addresses: Iterable[Address]) -> list[str]:
    """Under which ids the orders of addresses stand: a phone number is one, whatever it is reached by.

    An unproved mail sender has none: whoever writes in another's name is not shown with that one's orders.
    """
    known = (one for one in addresses if one.channel in (Channel.EMAIL, *PHONES))
    plain = (Address(channel=Channel.SMS, id=one.id) if one.channel in PHONES else one for one in known)
    return list(dict.fromkeys(map(contact_id, plain)))


def bought(ids: Iterable[str]) -> list[str]:
    """Those of some ids under which orders stand, or stood until lately. Raises one of aws.FAULTS."""
    return [*_lists(ids)]


def last_orders(addresses: Iterable[Address]) -> list[Order]:
    """The last orders of somebody, the newest first, by one read. Raises one of aws.FAULTS."""
    lists = _lists(places(addresses)).values()
    every = {order.key: order for one in lists for order in one.last}  # under each address it is the same
    return sorted(every.values(), key=lambda order: order.age, reverse=True)[:MOST_ORDERS]


def known_orders(provider: str, account: str, ids: Iterable[str], buyer: Iterable[Address]) -> list[Order]:
    """Of orders by their ids there, and of all of a buyer, those that are kept. Raises one of aws.FAULTS."""
    asked = [Order(provider=provider, account=account, id=id) for id in dict.fromkeys(ids)]
    keys = [order_key(one.key) for one in asked]
    chunks = [keys[first : first + READ_AT_ONCE] for first in range(0, len(keys), READ_AT_ONCE)]
    there = {pk for chunk in chunks for pk in read(chunk)}
    theirs = [order for one in _lists(places(buyer)).values() for order in one.last]
    found = [one for one in asked if order_key(one.key)["pk"] in there]
    found += [one for one in theirs if (one.provider, one.account) == (provider, account)]
    return [*{order.key: order for order in found}.values()]


def keep_order(order: Order, accepted: datetime, days: int) -> None:
    """Keep an order as it stands now, or drop what is gone; what is older than what is kept changes nothing.

    Nor does what was accepted before one of its buyers was forgotten. Raises Moved if others write the same, or one
    of aws.FAULTS.
    """
    here, key = places(order.buyer), order_key(order.key)
    rows = read([key, *map(orders_key, here)])
    state = rows.get(key["pk"], {})
    if order.age <= state.get("age", "") or not (here or state or order.gone):
        return
    away = [id for id in dict.fromkeys((*state.get("stands", ()), *order.stands)) if id not in here]
    rows |= read([orders_key(id) for id in away])
    lists = {id: Orders.model_validate(rows.get(orders_key(id)["pk"], {})) for id in (*here, *away)}
    if any(one.forgotten_at and accepted <= one.forgotten_at for one in lists.values()):
        return
    kept = order.model_copy(update={"buyer": (), "source": None, "stands": tuple(here)})
    fades = fading(accepted, days)
    transact([_put_state(kept, order.age, state, fades), *_list_writes(kept, lists, fades)])


# ---- for the command line only ------------------------------------------------------------------------------------


def among(rows: Iterable[Row], meant: Callable[[Order], bool]) -> Bought:
    """Of rows of all kinds, those about the orders that are meant."""
    told = [row for row in rows if row["pk"].partition("#")[0] in KINDS]
    lists = [(row, tuple(filter(meant, _orders(row)))) for row in told if row["pk"].startswith("ORDERS#")]
    states = [row for row in told if row["pk"].startswith("ORDER#") and meant(Order.model_validate(row))]
    return Bought(tuple(states), tuple((row, orders) for row, orders in lists if orders))


def without(row: Row, gone: Iterable[Order]) -> Row:
    """The write of an address's row without some of its orders."""
    keys, known = {order.key for order in gone}, Orders.model_validate(row)
    left = tuple(order for order in known.last if order.key not in keys)
    return _put_list(row["pk"].partition("#")[2], known, {"last": left}, {FADES: row[FADES]})


def bury(id: str, at: datetime) -> None:
    """Nothing stands under an id any more, and what was accepted up to then never will. Raises Moved."""
    known = Orders.model_validate(get(orders_key(id)) or {})
    transact([_put_list(id, known, {"last": (), "forgotten_at": at}, fading(at, QUEUED_DAYS))])


# ---- rows ---------------------------------------------------------------------------------------------------------


def _lists(ids: Iterable[str]) -> dict[str, Orders]:
    """By ids; those that are not there are left out."""
    rows = read([orders_key(id) for id in ids])
    return {pk.partition("#")[2]: Orders.model_validate(row) for pk, row in rows.items()}


def _orders(row: Row) -> tuple[Order, ...]:
    return Orders.model_validate(row).last


def _put_state(order: Order, age: str, before: Row, fades: Row) -> Row:
    bare = Order(provider=order.provider, account=order.account, id=order.id, at=order.at, stands=order.stands)
    return put_next(
        {**order_key(order.key), **dump(bare), "age": age, "version": before.get("version", 0) + 1, **fades}
    )


def _list_writes(order: Order, lists: Mapping[str, Orders], fades: Row) -> Iterator[Row]:
    """The rows of all its addresses, also where it is too old to stand: whoever is forgotten meanwhile is met there."""
    gone = order.model_copy(update={"gone": True})
    for id, known in lists.items():
        yield _put_list(id, known, {"last": known.with_one(order if id in order.stands else gone)}, fades)


def _put_list(id: str, known: Orders, changes: Mapping[str, object], fades: Row) -> Row:
    later = known.model_copy(update={**changes, "version": known.version + 1})
    return put_next({**orders_key(id), **dump(later), "version": later.version, **fades})
