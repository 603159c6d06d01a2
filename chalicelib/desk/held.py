"""Held replies: what agents call them, the ways out of a closed window, and the question once the customer writes."""

from datetime import datetime

from chalicelib import words
from chalicelib.desk.reading import Words
from chalicelib.desk.shown import channel_of, names, plain_id, title
from chalicelib.desk.when import spoken
from chalicelib.desk.windows import in_public, window
from chalicelib.models.outbound import Button
from chalicelib.models.people import Contact, Heard, Held
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address, Channel

MOST_HELD = 10  # of one contact
MOST_WAYS = 5  # addresses that are offered
GONE = "The customer never gets it."
EVERYBODY = "Everybody can read it there."


def chosen(contact: Contact, name: str) -> list[Held]:
    """The held replies that a name means, by its first letters; all of them without a name."""
    return [one for one in contact.held if one.claim.startswith(name.lower())]


def asked_for(read: Words, contact: Contact) -> Held | None:
    """The held reply that an agent's words would send; None if they would send none, or it is not clear which."""
    names = [rest for word, rest in read.commands if word == "#send"]
    names += [rest.partition(" ")[2].strip() for word, rest in read.commands if word == "#via" and not read.text]
    names += [rest for word, rest in read.commands if word == "#public" and not read.text]
    found = [chosen(contact, name) for name in names]
    return found[0][0] if found and len(found[0]) == 1 else None


def meant(contact: Contact, word: str) -> list[Heard]:
    """The addresses of a contact that a channel's name or an id means; all of them without a word."""
    wanted = word.lower()
    return [one for one in contact.heard if not wanted or wanted in _names(one.address)]


def word_for(contact: Contact, address: Address) -> str:
    """How an agent names an address: by its channel, if the contact has no other there."""
    alone = len(meant(contact, address.channel)) == 1
    return str(address.channel) if alone else address.id


def proved(address: Address) -> bool:
    return address.channel is not Channel.UNVERIFIED_EMAIL


def ways(contact: Contact, address: Address, at: datetime, shop: Shop, name: str = "") -> list[str]:
    """What can be done where the window of an address is closed, a line each; `name` is that of the held reply."""
    approved = _approved(contact, address, shop)
    held = f" {name}" if name else ""
    below = "" if name else ", with your words below"
    return [
        *(
            f"#via {word_for(contact, other)}{held} sends it by {title(other)}{below}"
            for other in open_addresses(contact, address, at, shop)
        ),
        *([f"#public{held} answers where everybody reads it{below}"] if in_public(contact) == address else []),
        *([f"#template NAME sends a text that is approved there: {', '.join(approved)}"] if approved else []),
        *([f"#drop {name} forgets it"] if name else []),
    ]


def buttons(contact: Contact, held: Held, at: datetime, shop: Shop) -> tuple[Button, ...]:
    """The same as buttons."""
    approved = tuple((name, f"#template {name}") for name in _approved(contact, held.to, shop))
    public = in_public(contact) == held.to
    return (
        *(
            Button(label=f"Send by {channel_of(other)}", says=f"#via {word_for(contact, other)} {held.name}")
            for other in open_addresses(contact, held.to, at, shop)
        ),
        *([Button(label="Send in public", says=f"#public {held.name}", warns=EVERYBODY)] if public else []),
        *([Button(label="Template …", options=approved)] if approved else []),
        Button(label="Drop it", says=f"#drop {held.name}", warns=GONE),
    )


def over(heard: Heard, at: datetime, shop: Shop) -> str:
    """That a window is closed, and since when; or that the one answer has gone out."""
    if heard.stopped:
        return f"{title(heard.address)} wants no messages (STOP, {spoken(heard.stopped, shop.time_zone)})"
    until = window(heard, at, shop).until
    if heard.answered and not until:
        return words.answered_once(channel_of(heard.address))
    since = f" (since {spoken(until, shop.time_zone)})" if until else ""
    return f"{channel_of(heard.address)} takes no answer any more{since}"


def told(contact: Contact, held: Held, heard: Heard, at: datetime, shop: Shop) -> str:
    """What the agent hears at once."""
    lines = [f"⏸ Held, not sent: {over(heard, at, shop)}. What you can do:"]
    lines += [f"• {way}" for way in ways(contact, held.to, at, shop, held.name)]
    when = "START comes from there" if heard.stopped else "the customer writes again"
    return "\n".join([*lines, f"When {when}, you are asked here."])


def again(contact: Contact, sender: Address, at: datetime, shop: Shop) -> tuple[str, tuple[Button, ...]]:
    """The question once the customer has written: words and buttons."""
    sends = {one.name: _send(contact, one, sender, at, shop) for one in contact.held}
    lines = [
        f"⏸ Held reply: “{one.words}” {sends[one.name]} sends it now, #drop {one.name} drops it."
        for one in contact.held
    ]
    if len(contact.held) == 1:
        (only,) = contact.held
        two = (
            Button(label="Send it now", says=sends[only.name]),
            Button(label="Drop it", says=f"#drop {only.name}", warns=GONE),
        )
        return lines[0], two
    sending = tuple((one.words, sends[one.name]) for one in contact.held)
    dropping = tuple((one.words, f"#drop {one.name}") for one in contact.held)
    return "\n".join(lines), (Button(label="Send …", options=sending), Button(label="Drop …", options=dropping))


def unsettled(contact: Contact) -> str:
    """Why a conversation cannot be closed yet."""
    names = ", ".join(f"{one.name} (“{one.words}”)" for one in contact.held)
    return f"Not closed: a reply is held. #send, #via or #drop it first: {names}"


def _send(contact: Contact, held: Held, sender: Address, at: datetime, shop: Shop) -> str:
    """The words that send a held reply: to its own address if that is open, else to where the customer just wrote."""
    own = next((one for one in contact.heard if one.address == held.to), None)
    if own and window(own, at, shop).state != "closed":
        return f"#send {held.name}"
    return f"#via {word_for(contact, sender)} {held.name}"


def open_addresses(contact: Contact, closed: Address, at: datetime, shop: Shop) -> list[Address]:
    """The contact's other addresses that can be written to."""
    others = [one for one in contact.heard if one.address != closed and proved(one.address)]
    return [one.address for one in others if window(one, at, shop).state != "closed"][-MOST_WAYS:]


def _approved(contact: Contact, address: Address, shop: Shop) -> list[str]:
    """The templates that may be sent to an address at any time."""
    heard = next((one for one in contact.heard if one.address == address), None)
    return [name for name, one in shop.templates.items() if heard and heard.provider in one.approved]


def _names(address: Address) -> set[str]:
    return {*names(address.channel), address.id.lower(), plain_id(address).lower()}
