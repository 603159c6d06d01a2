"""The table of actions: all that an agent can do beside writing. Buttons, typed lines and mails say the same words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, get_args

from chalicelib.desk import held, naming, templates, waiting, when
from chalicelib.desk.reading import read
from chalicelib.desk.shown import channel_of, excerpt, title
from chalicelib.desk.windows import window
from chalicelib.models import (
    Address,
    Button,
    Channel,
    Contact,
    Conversation,
    Desk,
    Found,
    Heard,
    Held,
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
OFF = ("off", "end", "aus")
SNOOZES = (
    ("for an hour", "1h"), ("for three hours", "3h"), ("until tomorrow 9:00", "tomorrow 9"),
    ("until monday 9:00", "monday 9"), ("wake it now", "off"),
)  # fmt: skip


class Asked(NamedTuple):
    """One action that an agent asks for, and what it has to be judged by."""

    rest: str  # what follows the word on its line
    agent: str  # who asks: a Slack user's id or a mail address
    contact: Contact
    place: Desk
    shop: Shop
    at: datetime  # when the queue accepted it
    text: str = ""  # the reply below, or the names of its files, if there is one
    others: Mapping[Address, Found] = {}  # who has the addresses that are named

    @property
    def conversation(self) -> Conversation:
        assert self.contact.conversation is not None  # a thread has a contact, a contact has a conversation
        return self.contact.conversation

    @property
    def there(self) -> Desk:
        """The desk where the conversation is: another than `place` once it was escalated."""
        return self.shop.desks.get(self.conversation.desk, self.place)

    @property
    def who(self) -> str:
        return known_as(self.agent, self.place)


class Done(NamedTuple):
    """What an action brings about: changes of the head, and words for the agents, or for the customer."""

    said: str = ""
    conversation: Mapping[str, Any] = {}
    contact: Mapping[str, Any] = {}
    private: bool = False  # the answer is for the agent who asked, whatever way they asked
    reply: str = ""  # words for the customer
    moves_to: str = ""  # another desk, where the conversation goes on; `why` is told there
    why: str = ""
    held: str = ""  # or the claim of the held reply that is to go out
    template: str = ""  # the template the words are from
    values: tuple[str, ...] = ()  # what stands in its gaps
    to: Address | None = None  # which of the contact's addresses they go to; None: the one last heard
    joins: Contact | None = None  # somebody else, who is the same person
    leaves: Address | None = None  # an address that is somebody else's after all
    proves: Heard | None = None  # an address that a code goes to


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
        return Done(f"{asked.who} gave it back: nobody has it now.", _given(asked, ""))
    agent = asked.agent if asked.rest.lower() in ME else _listed(asked.rest, asked.there)
    if agent not in asked.there.agents.values():
        raise Cannot(f"{known_as(agent, asked.place)} is not listed under agents of this desk in shop.toml.")
    said = "took it" if agent == asked.agent else f"gave it to {known_as(agent, asked.there)}"
    return Done(f"{asked.who} {said}.", _given(asked, agent))


def _given(asked: Asked, agent: str) -> dict[str, Any]:
    return waiting.given(asked.conversation, agent, asked.at, asked.there.reassign_minutes)


def resolve(asked: Asked) -> Done:
    """Close, unless the customer has written since the agent said so."""
    if asked.conversation.status == "closed":
        raise Cannot("This conversation is closed already.")
    if asked.conversation.customer_at > asked.at:
        raise Cannot("Not closed: the customer has written since. Please look, then #resolve again.")
    ended = f"closed by {asked.who} on {asked.at:%-d %B %Y}"
    closed = {"status": "closed", "closed_at": asked.at, "ended": ended, **waiting.over()}
    said = f"Closed by {asked.who}. If the customer writes again within the next days, it opens again here."
    return Done(said, closed)


def reopen(asked: Asked) -> Done:
    if asked.conversation.status == "open":
        raise Cannot("This conversation is open.")
    return Done(f"{asked.who} opened it again.", {"status": "open", "closed_at": None, "ended": ""})


def snooze(asked: Asked) -> Done:
    """Out of sight until a time; what waits for an answer is held until then."""
    zone, conversation = asked.shop.time_zone, asked.conversation
    if conversation.status == "closed":
        raise Cannot("This conversation is closed: #reopen it first.")
    if asked.rest.lower() in OFF:
        if conversation.snoozed_until is None:
            raise Cannot("This conversation is not snoozed.")
        return Done(f"{asked.who} ended the snooze.", waiting.resumed(conversation, asked.at))
    if conversation.customer_at > asked.at:
        raise Cannot("Not snoozed: the customer has written since. Please look, then #snooze again.")
    until = when.understood(asked.rest, asked.at, zone)
    if until is None:
        raise Cannot(f"Until when? It must be ahead, within a year: #snooze {when.EXAMPLES}. #snooze off ends it.")
    return Done(f"{asked.who} snoozed it until {when.spoken(until, zone)}.", {"snoozed_until": until})


def escalate(asked: Asked) -> Done:
    """To the desk that the shop names for it."""
    to = asked.there.escalate_to
    if asked.conversation.status == "closed":
        raise Cannot("This conversation is closed: #reopen it first.")
    if not to:
        raise Cannot("This desk has nowhere to escalate to: set escalate_to in shop.toml.")
    return Done(moves_to=to, why=asked.rest)


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
    said += " A held reply was dropped." if asked.contact.held else ""
    ended = f"blocked by {asked.who} on {asked.at:%-d %B %Y}"
    closed = {"status": "closed", "closed_at": asked.at, "ended": ended, **waiting.over()}
    return Done(said, closed, {"blocked": True, "held": ()})


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
    conversation, contact, zone = asked.conversation, asked.contact, asked.shop.time_zone
    lines = [
        f"{contact.name or 'No name'} · {conversation.status}, priority {conversation.priority}",
        f"Assigned to {known_as(conversation.assignee, asked.there) or 'nobody'}",
        f"Open since {when.spoken(conversation.opened_at, zone)}",
        *([f"Waiting since {when.spoken(conversation.waiting.since, zone)}"] if conversation.waiting else []),
        *([f"Snoozed until {when.spoken(conversation.snoozed_until, zone)}"] if conversation.snoozed_until else []),
        *([f"Tags: {', '.join(contact.tags)}"] if contact.tags else []),
        f"Addresses: {', '.join(map(naming.written, contact.addresses))}",
        *(f"Linked: {_evidence(one, asked.place)}" for one in contact.links if one.at),
        *([f"The customer began: {conversation.asked}"] if conversation.asked else []),
        *([f"Last answer: {conversation.answered}"] if conversation.answered else []),
        *_windows(asked),
        *(f"Held, not sent: “{one.words}” (#send {one.name} or #drop {one.name})" for one in contact.held),
    ]
    return Done("\n".join(lines), private=True)


def help(asked: Asked) -> Done:
    lines = [f"{word} {action.takes}".rstrip() + f": {action.means}" for word, action in ACTIONS.items()]
    return Done("\n".join(lines), private=True)


# ---- words to the customer --------------------------------------------------------------------------------------


def send(asked: Asked) -> Done:
    """A held reply goes out, to the address it was written for."""
    if asked.text:
        raise Cannot("#send sends what is held: write your words below as a message of their own.")
    one = _held(asked, asked.rest)
    return _released(asked, one, f"{asked.who} sends the held reply: “{one.words}”")._replace(to=one.to, held=one.claim)


def drop(asked: Asked) -> Done:
    """A held reply is forgotten."""
    one = _held(asked, asked.rest)
    return _released(asked, one, f"{asked.who} dropped the held reply: “{one.words}”")


def via(asked: Asked) -> Done:
    """The words below, or a held reply, go to another address of the same contact."""
    word, _, name = asked.rest.partition(" ")
    to = _address(asked, word)
    if asked.text and name:
        raise Cannot("Write one address after #via, and your words below.")
    if asked.text:
        return Done(to=to)
    if not asked.contact.held:
        raise Cannot("Write your answer below #via.")
    one = _held(asked, name.strip())
    said = f"{asked.who} sends the held reply by {title(to)}: “{one.words}”"
    return _released(asked, one, said)._replace(to=to, held=one.claim)


def template(asked: Asked) -> Done:
    """A canned answer of shop.toml, its gaps filled."""
    word, _, rest = asked.rest.partition(" ")
    found = asked.shop.templates.get(word.lower())
    if found is None:
        raise Cannot(
            f"There is no template {word!r}; in shop.toml there is {', '.join(asked.shop.templates) or 'none'}."
        )
    if asked.text:
        raise Cannot("#template sends its own text: write your words below as a message of their own.")
    gaps = templates.gaps(found.text)
    given, more = templates.given(rest)
    if more or not set(given) <= set(gaps):
        raise Cannot(f"After {word} stands what fills its gaps: {' '.join(f'{gap}=…' for gap in gaps) or 'nothing'}.")
    ours = {"name": " ".join(asked.contact.name.split()), "shop": asked.shop.name, "desk": asked.conversation.desk}
    values = {**ours, **given}
    missing = [gap for gap in gaps if not values.get(gap)]
    if missing:
        raise Cannot(f"Please say what is missing: #template {word} {' '.join(f'{gap}=…' for gap in missing)}")
    text = templates.filled(found.text, values)
    said = f"{asked.who} sends the template {word}: “{excerpt(text)}”"
    return Done(said, reply=text, template=word, values=tuple(values[gap] for gap in gaps))


ACTIONS: Mapping[str, Action] = {
    "#assign": Action(assign, "me | NAME | nobody", "who looks after it"),
    "#resolve": Action(resolve, "", "close it"),
    "#reopen": Action(reopen, "", "open it again"),
    "#snooze": Action(snooze, f"{when.EXAMPLES} | off", "out of sight until then"),
    "#escalate": Action(escalate, "WHY", "to the next desk"),
    "#note": Action(note, "TEXT", "a note for colleagues; so does // before a text", anywhere=True),
    "#priority": Action(priority, " | ".join(PRIORITIES), "how urgent it is"),
    "#tag": Action(tag, "WORD … | -WORD", "words that stay with the customer", anywhere=True),
    "#block": Action(block, "", "spam: keep it, show it to nobody"),
    "#unblock": Action(unblock, "", "end that", anywhere=True),
    "#template": Action(template, "NAME WORD=… …", "a canned answer of shop.toml", anywhere=True, writes=True),
    "#via": Action(via, "CHANNEL | ADDRESS", "your words below go to another address", anywhere=True, writes=True),
    "#send": Action(send, "NAME", "a held reply goes out now", anywhere=True, writes=True),
    "#drop": Action(drop, "NAME", "forget a held reply", anywhere=True),
    "#link": Action(link, "ADDRESS [WHY]", "the same person", anywhere=True, names=True, alone=True),
    "#unlink": Action(unlink, "ADDRESS [WHY]", "not the same person", anywhere=True, names=True, alone=True),
    "#code": Action(code, "ADDRESS", "have the customer prove it, by a code", anywhere=True, names=True, alone=True),
    "#status": Action(status, "", "all that is known", anywhere=True),
    "#help": Action(help, "", "this list", anywhere=True),
}


# ---- buttons and names ------------------------------------------------------------------------------------------


def buttons(contact: Contact, place: Desk, shop: Shop) -> tuple[Button, ...]:
    """What stands under a card: as words of the table."""
    conversation = contact.conversation
    if contact.merged:  # another card has them
        return ()
    if conversation is None or conversation.status == "closed":
        return (Button(label="Reopen", says="#reopen"),)
    people = tuple((name, f"#assign {name}") for name in place.agents)
    canned = tuple((name, f"#template {name}") for name in shop.templates)
    urgencies = tuple((f"{word.capitalize()} priority", f"#priority {word}") for word in PRIORITIES)
    return (
        Button(label="Take it", says="#assign me"),
        *([Button(label="Assign to …", options=(*people, ("nobody", "#assign nobody")))] if people else []),
        Button(label="Priority …", options=urgencies),
        Button(label="Snooze …", options=tuple((label, f"#snooze {until}") for label, until in SNOOZES)),
        *([Button(label="Escalate", says="#escalate")] if place.escalate_to else []),
        *([Button(label="Template …", options=canned)] if canned else []),
        Button(label="Close", says="#resolve"),
        Button(label="Spam", says="#block", warns="Nothing this sender writes will be shown any more."),
    )


def known_as(agent: str, place: Desk) -> str:
    """An agent's name in shop.toml, else the id."""
    return next((name for name, id in place.agents.items() if id.lower() == agent.lower()), agent)


def addressed(message: Message, place: Desk) -> tuple[Address, ...]:
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


# ---- windows and held replies -----------------------------------------------------------------------------------


def _held(asked: Asked, name: str) -> Held:
    """The one held reply that is meant. Raises Cannot."""
    found = held.chosen(asked.contact, name)
    if not found:
        raise Cannot("No such reply is held: it was sent or dropped already." if name else "No reply is held here.")
    if len(found) > 1:
        raise Cannot(f"Say which: {', '.join(f'{one.name} (“{one.words}”)' for one in found)}")
    return found[0]


def _released(asked: Asked, one: Held, said: str) -> Done:
    """It is held no more."""
    return Done(said, contact={"held": tuple(other for other in asked.contact.held if other != one)})


def _address(asked: Asked, word: str) -> Address:
    """The one proved address of this contact that is meant. Raises Cannot."""
    found = [one.address for one in held.meant(asked.contact, word)] if word else []
    proved = [address for address in found if held.proved(address)]
    if found and not proved:
        raise Cannot(f"{found[0].id} is not proved to be this customer's.")
    if len(proved) != 1:
        known = [one.address for one in (held.meant(asked.contact, word) or asked.contact.heard)]
        choices = [f"#via {held.word_for(asked.contact, one)} ({title(one)})" for one in known if held.proved(one)]
        raise Cannot(f"Say by which address of this customer: {', '.join(choices) or 'none is proved'}")
    return proved[0]


def _windows(asked: Asked) -> list[str]:
    """Until when each address can be answered that cannot be at any time."""
    found = [(channel_of(one.address), window(one, asked.at, asked.shop)) for one in asked.contact.heard]
    said = {"closed": "takes no answer since"}
    return [
        f"{channel} {said.get(how.state, 'can be answered until')} {when.spoken(how.until, asked.shop.time_zone)}"
        for channel, how in found
        if how.until
    ]
