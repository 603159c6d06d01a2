"""Who is one person: addresses that agents link, unlink, and have proved by a code."""

from collections.abc import Callable

from chalicelib.desk import naming
from chalicelib.desk.asked import Asked, Cannot, Done
from chalicelib.desk.held import over
from chalicelib.desk.shown import excerpt, title
from chalicelib.models.people import Contact
from chalicelib.models.values import Address, Channel

MOST_NAMED = 6  # addresses that are looked up for one message


def link(asked: Asked) -> Done:
    """Two contacts are one person. A repeat changes nothing."""
    address, why = _known(asked, lambda address: asked.others[address].contact_id)
    other = asked.others[address].contact
    assert other is not None
    if other.id == asked.contact.id:
        return Done(f"{title(address)} is linked with this customer already.", private=True)
    return Done(joins=other, why=excerpt(why))


def unlink(asked: Asked) -> Done:
    """An address is not this customer's, after all: it leaves with what is proved to go with it."""
    address, why = _known(asked, lambda address: _part_of(address, asked.contact))
    if address not in asked.contact.addresses:
        raise Cannot(f"{title(address)} is not linked with this customer.")
    if not asked.contact.links:
        raise Cannot("This customer is not linked with another.")
    return Done(leaves=address, why=excerpt(why))


def code(asked: Asked) -> Done:
    """Have the customer prove another address: who reads there can write here what was sent there."""
    address, _ = _known(asked, naming.written)
    other = asked.others[address].contact
    assert other is not None
    if other.id == asked.contact.id:
        raise Cannot(f"{title(address)} is linked with this customer already.")
    heard = next((one for one in other.heard if one.address == address), None)
    if heard is None or address.channel is Channel.UNVERIFIED_EMAIL:
        raise Cannot(f"Nothing that came from {title(address)} is proved, so a code would prove nothing.")
    if heard.stopped:
        raise Cannot(f"{over(heard, asked.at, asked.shop)}, so no code goes there.")
    if asked.conversation.heard.channel is Channel.UNVERIFIED_EMAIL:
        raise Cannot("This sender is not proved: whoever forges it would be that customer as well.")
    return Done(f"A code goes to {title(address)}. If this customer writes it here, the two are linked.", proves=heard)


def _known(asked: Asked, which: Callable[[Address], str]) -> tuple[Address, str]:
    """The address that is named, of those that somebody wrote from, and the words behind it. Raises Cannot.

    One phone number or mail address may be several: that is no matter where `which` tells the same of all.
    """
    addresses, why = naming.named(asked.rest)
    if not addresses:
        raise Cannot("Name an address behind it: a mail address, a phone number, or as #status writes it.")
    known = [one for one in addresses if one in asked.others and asked.others[one].contact]
    if not known:
        raise Cannot(f"Nobody has written from {addresses[0].id} yet. #status there tells how an address is written.")
    if len(set(map(which, known))) > 1:
        raise Cannot(f"That may be several: write {' or '.join(map(naming.written, known))}.")
    return known[0], why


def _part_of(address: Address, contact: Contact) -> str:
    """Which of the linked contacts has an address; empty if none has."""
    return next((one.contact for one in contact.links if address in one.addresses), "")
