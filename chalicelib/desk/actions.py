"""The table of actions: all that an agent can do beside writing. Buttons, typed lines and mails say the same words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, get_args

from chalicelib.desk import naming
from chalicelib.desk.reading import read
from chalicelib.desk.shown import excerpt, title
from chalicelib.models import (
    Address,
    Button,
    Channel,
    Contact,
    Conversation,
    Desk,
    Found,
    Heard,
    Kind,
    Link,
    Message,
    Shop,
)
from chalicelib.models.people import Priority

PRIORITIES: tuple[str, ...] = get_args(Priority)
MOST_TAGS, LONGEST_TAG = 20, 40
MOST_NAMED = 6  # addresses that are looked up for one message
ME, NOBODY = ("me", "ich"), ("nobody", "niemand", "")


class Asked(NamedTuple):
    """One action that an agent asks for, and what it has to be judged by."""

    rest: str  # what follows the word on its line
    agent: str  # who asks: a Slack user's id or a mail address
    contact: Contact
    place: Desk
    shop: Shop
    at: datetime  # when the queue accepted it
    text: str = ""  # the reply below, if there is one
    others: Mapping[Address, Found] = {}  # who has the addresses that are named

    @property
    def conversation(self) -> Conversation:
        assert self.contact.conversation is not None  # a thread has a contact, a contact has a conversation
        return self.contact.conversation

    @property
    def who(self) -> str:
        return known_as(self.agent, self.place)


class Done(NamedTuple):
    """What an action brings about: changes of the head, and words for the agents, or for the customer."""

    said: str = ""
    conversation: Mapping[str, Any] = {}
    contact: Mapping[str, Any] = {}
    due: Mapping[str, datetime | None] = {}  # timers that are set (None: ended)
    private: bool = False  # the answer is for the agent who asked, whatever way they asked
    reply: str = ""  # words for the customer
    to: Address | None = None  # which of the contact's addresses they go to; None: the one last heard
    joins: Contact | None = None  # somebody else, who is the same person
    leaves: Address | None = None  # an address that is somebody else's after all
    proves: Heard | None = None  # an address that a code goes to
    why: str = ""


class Cannot(Exception):
    """An action that cannot be done as it was asked for: one plain line with the way out. Nothing is sent."""


class Action(NamedTuple):
    """One row of the table."""

    does: Callable[[Asked], Done]
    takes: str  # what may follow the word
    means: str
    anywhere: bool = False  # in the thread of an older conversation too: it concerns the customer, or nothing
    writes: bool = False  # it may send words to the customer
    names: bool = False  # an address follows the word: it is looked up first
    alone: bool = False  # nothing may stand beside it


# ---- what each action does --------------------------------------------------------------------------------------


def assign(asked: Asked) -> Done:
    """To oneself, a listed agent, or nobody."""
    if asked.rest.lower() in NOBODY:
        return Done(f"{asked.who} gave it back: nobody has it now.", {"assignee": ""})
    agent = asked.agent if asked.rest.lower() in ME else _listed(asked.rest, asked.place)
    if agent not in asked.place.agents.values():
        raise Cannot(f"{known_as(agent, asked.place)} is not listed under agents of this desk in shop.toml.")
    said = "took it" if agent == asked.agent else f"gave it to {known_as(agent, asked.place)}"
    return Done(f"{asked.who} {said}.", {"assignee": agent})


def resolve(asked: Asked) -> Done:
    """Close, unless the customer has written since the agent said so."""
    if asked.conversation.status == "closed":
        raise Cannot("This conversation is closed already.")
    if asked.conversation.customer_at > asked.at:
        raise Cannot("Not closed: the customer has written since. Please look, then #resolve again.")
    ended = f"closed by {asked.who} on {asked.at:%-d %B %Y}"
    closed = {"status": "closed", "closed_at": asked.at, "ended": ended}
    said = f"Closed by {asked.who}. If the customer writes again within the next days, it opens again here."
    return Done(said, closed)


def reopen(asked: Asked) -> Done:
    if asked.conversation.status == "open":
        raise Cannot("This conversation is open.")
    return Done(f"{asked.who} opened it again.", {"status": "open", "closed_at": None, "ended": ""})


def note(asked: Asked) -> Done:
    """It is recorded with the message itself; nothing else happens."""
    return Done()


def priority(asked: Asked) -> Done:
    if asked.rest.lower() not in PRIORITIES:
        raise Cannot(f"There is no priority {asked.rest!r}: choose one of {', '.join(PRIORITIES)}.")
    return Done(f"{asked.who} set the priority to {asked.rest.lower()}.", {"priority": asked.rest.lower()})


def tag(asked: Asked) -> Done:
    """Words that stay with the customer; one with a minus is taken away."""
    words = [word.lstrip("#") for word in asked.rest.lower().split()]
    if not words or any(len(word) > LONGEST_TAG for word in words):
        raise Cannot(f"Write #tag and one or more short words, at most {LONGEST_TAG} characters each; #tag -word ends.")
    gone = {word[1:] for word in words if word.startswith("-")}
    kept = [word for word in dict.fromkeys([*asked.contact.tags, *words]) if word.lstrip("-") not in gone]
    if len(kept) > MOST_TAGS:
        raise Cannot(f"A customer has at most {MOST_TAGS} tags; take one away first with #tag -word.")
    return Done(f"Tags: {', '.join(kept) or 'none'}.", contact={"tags": tuple(kept)})


def block(asked: Asked) -> Done:
    said = f"Blocked by {asked.who}: what this sender writes is kept, but shown to nobody until #unblock."
    closed = {"status": "closed", "closed_at": asked.at, "ended": f"blocked by {asked.who} on {asked.at:%-d %B %Y}"}
    return Done(said, closed, {"blocked": True})


def unblock(asked: Asked) -> Done:
    if not asked.contact.blocked:
        raise Cannot("This customer is not blocked.")
    return Done(f"{asked.who} ended the block.", contact={"blocked": False})


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
    if asked.conversation.heard.channel is Channel.UNVERIFIED_EMAIL:
        raise Cannot("This sender is not proved: whoever forges it would be that customer as well.")
    return Done(f"A code goes to {title(address)}. If this customer writes it here, the two are linked.", proves=heard)


def status(asked: Asked) -> Done:
    """All that is known, for the one who asks."""
    conversation, contact = asked.conversation, asked.contact
    lines = [
        f"{contact.name or 'No name'} · {conversation.status}, priority {conversation.priority}",
        f"Assigned to {known_as(conversation.assignee, asked.place) or 'nobody'}",
        f"Open since {conversation.opened_at:%-d %B %H:%M} UTC",
        *([f"Tags: {', '.join(contact.tags)}"] if contact.tags else []),
        f"Addresses: {', '.join(map(naming.written, contact.addresses))}",
        *(f"Linked: {_evidence(one, asked.place)}" for one in contact.links if one.at),
        *([f"The customer began: {conversation.asked}"] if conversation.asked else []),
        *([f"Last answer: {conversation.answered}"] if conversation.answered else []),
    ]
    return Done("\n".join(lines), private=True)


def help(asked: Asked) -> Done:
    lines = [f"{word} {action.takes}".rstrip() + f": {action.means}" for word, action in ACTIONS.items()]
    return Done("\n".join(lines), private=True)


ACTIONS: Mapping[str, Action] = {
    "#assign": Action(assign, "me | NAME | nobody", "who looks after it"),
    "#resolve": Action(resolve, "", "close it"),
    "#reopen": Action(reopen, "", "open it again"),
    "#note": Action(note, "TEXT", "a note for colleagues; so does // before a text", anywhere=True),
    "#priority": Action(priority, " | ".join(PRIORITIES), "how urgent it is"),
    "#tag": Action(tag, "WORD … | -WORD", "words that stay with the customer", anywhere=True),
    "#block": Action(block, "", "spam: keep it, show it to nobody"),
    "#unblock": Action(unblock, "", "end that", anywhere=True),
    "#link": Action(link, "ADDRESS [WHY]", "the same person", anywhere=True, names=True, alone=True),
    "#unlink": Action(unlink, "ADDRESS [WHY]", "not the same person", anywhere=True, names=True, alone=True),
    "#code": Action(code, "ADDRESS", "have the customer prove it, by a code", anywhere=True, names=True, alone=True),
    "#status": Action(status, "", "all that is known", anywhere=True),
    "#help": Action(help, "", "this list", anywhere=True),
}


# ---- buttons and names ------------------------------------------------------------------------------------------


def buttons(contact: Contact, place: Desk) -> tuple[Button, ...]:
    """What stands under a card: as words of the table."""
    conversation = contact.conversation
    if contact.merged:  # another card has them
        return ()
    if conversation is None or conversation.status == "closed":
        return (Button(label="Reopen", says="#reopen"),)
    people = tuple((name, f"#assign {name}") for name in place.agents)
    urgencies = tuple((f"{word.capitalize()} priority", f"#priority {word}") for word in PRIORITIES)
    return (
        Button(label="Take it", says="#assign me"),
        *([Button(label="Assign to …", options=(*people, ("nobody", "#assign nobody")))] if people else []),
        Button(label="Priority …", options=urgencies),
        Button(label="Close", says="#resolve"),
        Button(label="Spam", says="#block", warns="Nothing this sender writes will be shown any more."),
    )


def known_as(agent: str, place: Desk) -> str:
    """An agent's name in shop.toml, else the id."""
    return next((name for name, id in place.agents.items() if id.lower() == agent.lower()), agent)


def named(message: Message, place: Desk) -> tuple[Address, ...]:
    """The addresses that an agent's actions name: who has them is looked up before anything is planned."""
    if message.kind not in (Kind.MESSAGE, Kind.COMMAND):
        return ()
    commands = read(message, place).commands
    lines = [rest for word, rest in commands if word in ACTIONS and ACTIONS[word].names]
    return tuple(dict.fromkeys(address for line in lines for address in naming.named(line)[0]))[:MOST_NAMED]


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


def _evidence(one: Link, place: Desk) -> str:
    addresses = ", ".join(map(naming.written, one.addresses))
    return f"{addresses} by {known_as(one.by, place)} on {one.at:%-d %B %Y}" + (f": {one.why}" if one.why else "")


def _listed(name: str, place: Desk) -> str:
    """The id of an agent who is named, by name or id. Raises Cannot."""
    wanted = name.strip("<@>").lower()
    found = [id for known, id in place.agents.items() if wanted in (known.lower(), id.lower())]
    if not found:
        there = ", ".join(place.agents) or "nobody is listed in shop.toml"
        raise Cannot(f"There is no agent {name!r} at this desk; there is {there}.")
    return found[0]
