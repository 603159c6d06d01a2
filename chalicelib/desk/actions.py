"""The table of actions: all that an agent can do beside writing. Buttons, typed lines and mails say the same words."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalicelib import languages
from chalicelib.desk import answers, conduct, naming, persons, when
from chalicelib.desk.asked import Asked, Done, known_as
from chalicelib.desk.reading import read
from chalicelib.desk.shown import channel_of
from chalicelib.desk.windows import window
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Button
from chalicelib.models.people import Complaint, Contact, Link
from chalicelib.models.shop import Desk, Shop
from chalicelib.models.values import Address

SNOOZES = (
    ("for an hour", "1h"), ("for three hours", "3h"), ("until tomorrow 9:00", "tomorrow 9"),
    ("until monday 9:00", "monday 9"), ("wake it now", "off"),
)  # fmt: skip


class Action(NamedTuple):
    """One row of the table."""

    does: Callable[[Asked], Done]
    takes: str  # what may follow the word
    means: str
    anywhere: bool = False  # in the thread of an older conversation too: it concerns the customer, or nothing
    writes: bool = False  # it may send words to the customer
    names: bool = False  # an address follows the word: it is looked up first
    alone: bool = False  # nothing may stand beside it


def status(asked: Asked) -> Done:
    """All that is known, for the one who asks."""
    conversation, contact, zone = asked.conversation, asked.contact, asked.shop.time_zone
    lines = [
        f"{contact.name or 'No name'} · {conversation.status}, priority {conversation.priority}",
        f"Assigned to {known_as(conversation.assignee, asked.there) or 'nobody'}",
        f"Open since {when.spoken(conversation.opened_at, zone)}",
        *([f"Complaint: {conduct.standing(conversation.complains)}"] if conversation.complains else []),
        *([f"Waiting since {when.spoken(conversation.waiting.since, zone)}"] if conversation.waiting else []),
        *([f"Snoozed until {when.spoken(conversation.snoozed_until, zone)}"] if conversation.snoozed_until else []),
        *([f"Tags: {', '.join(contact.tags)}"] if contact.tags else []),
        *([f"Language: {languages.NAMES.get(contact.language, contact.language)}"] if contact.language else []),
        *([f"In time: {conversation.kept} of {conversation.targets}"] if conversation.targets else []),
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


ACTIONS: Mapping[str, Action] = {
    "#assign": Action(conduct.assign, "me | NAME | nobody", "who looks after it"),
    "#resolve": Action(conduct.resolve, "", "close it"),
    "#reopen": Action(conduct.reopen, "", "open it again"),
    "#snooze": Action(conduct.snooze, f"{when.EXAMPLES} | off", "out of sight until then"),
    "#escalate": Action(conduct.escalate, "WHY", "to the next desk"),
    "#note": Action(conduct.note, "TEXT", "a note for colleagues; so does // before a text", anywhere=True),
    "#priority": Action(conduct.priority, " | ".join(conduct.PRIORITIES), "how urgent it is"),
    "#complaint": Action(conduct.complaint, "off", "it is one; with off it is none"),
    "#done": Action(conduct.done, " | ".join(conduct.STEPS), "tick steps of a complaint"),
    "#tag": Action(conduct.tag, "WORD … | -WORD", "words that stay with the customer", anywhere=True),
    "#language": Action(conduct.language, "de | german | off", "the language we write in", anywhere=True),
    "#block": Action(conduct.block, "", "spam: keep it, show it to nobody"),
    "#unblock": Action(conduct.unblock, "", "end that", anywhere=True),
    "#template": Action(answers.template, "NAME WORD=… …", "a canned answer of shop.toml", anywhere=True, writes=True),
    "#via": Action(
        answers.via, "CHANNEL | ADDRESS", "your words below go to another address", anywhere=True, writes=True
    ),
    "#public": Action(answers.public, "", "your words below go where everybody reads them", anywhere=True, writes=True),
    "#send": Action(answers.send, "NAME", "a held reply goes out now", anywhere=True, writes=True),
    "#drop": Action(answers.drop, "NAME", "forget a held reply", anywhere=True),
    "#link": Action(persons.link, "ADDRESS [WHY]", "the same person", anywhere=True, names=True, alone=True),
    "#unlink": Action(persons.unlink, "ADDRESS [WHY]", "not the same person", anywhere=True, names=True, alone=True),
    "#code": Action(
        persons.code, "ADDRESS", "have the customer prove it, by a code", anywhere=True, names=True, alone=True
    ),
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
    urgencies = tuple((f"{word.capitalize()} priority", f"#priority {word}") for word in conduct.PRIORITIES)
    return (
        Button(label="Take it", says="#assign me"),
        *([Button(label="Done …", options=_steps(conversation.complains))] if conversation.complains else []),
        *([Button(label="Assign to …", options=(*people, ("nobody", "#assign nobody")))] if people else []),
        Button(label="Priority …", options=urgencies),
        Button(label="Snooze …", options=tuple((label, f"#snooze {until}") for label, until in SNOOZES)),
        *([Button(label="Escalate", says="#escalate")] if place.escalate_to else []),
        *([Button(label="Template …", options=canned)] if canned else []),
        Button(label="Close", says="#resolve"),
        Button(label="Spam", says="#block", warns="Nothing this sender writes will be shown any more."),
    )


def _steps(complaint: Complaint) -> tuple[tuple[str, str], ...]:
    """What may be ticked of a complaint yet, and that it is none."""
    left = [(said, f"#done {step}") for step, said in conduct.STEPS.items() if step not in complaint.done]
    return (*left, ("it is no complaint", "#complaint off"))


def addressed(message: Message, place: Desk) -> tuple[Address, ...]:
    """The addresses that an agent's actions name: who has them is looked up before anything is planned."""
    if message.kind not in (Kind.MESSAGE, Kind.COMMAND):
        return ()
    commands = read(message, place).commands
    lines = [rest for word, rest in commands if word in ACTIONS and ACTIONS[word].names]
    return tuple(dict.fromkeys(address for line in lines for address in naming.named(line)[0]))[: persons.MOST_NAMED]


def _evidence(one: Link, place: Desk) -> str:
    addresses = ", ".join(map(naming.written, one.addresses))
    return f"{addresses} by {known_as(one.by, place)} on {one.at:%-d %B %Y}" + (f": {one.why}" if one.why else "")


def _windows(asked: Asked) -> list[str]:
    """Until when each address can be answered that cannot be at any time."""
    found = [(channel_of(one.address), window(one, asked.at, asked.shop)) for one in asked.contact.heard]
    said = {"closed": "takes no answer since"}
    return [
        f"{channel} {said.get(how.state, 'can be answered until')} {when.spoken(how.until, asked.shop.time_zone)}"
        for channel, how in found
        if how.until
    ]
