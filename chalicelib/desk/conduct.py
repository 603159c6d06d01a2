"""What agents do with a conversation and its customer: who has it, how urgent it is, whether it is open."""

from collections.abc import Mapping
from typing import Any, get_args

from chalicelib import languages, rules
from chalicelib.desk import oncall, waiting, when
from chalicelib.desk.asked import Asked, Cannot, Done, known_as
from chalicelib.models.people import Complaint, Priority, Step
from chalicelib.models.shop import Desk

PRIORITIES: tuple[str, ...] = get_args(Priority)
LONGEST_TAG = 40
STEPS: Mapping[Step, str] = {
    "answered": "answered",
    "apologised": "apologised",
    "amends": "amends offered",
    "cause": "cause named",
}
WISHES = {"refund": "a refund", "replacement": "a replacement", "answer": "an answer", "apology": "an apology"}
ME, NOBODY = ("me", "ich"), ("nobody", "niemand", "")
OFF = ("off", "end", "aus")


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
    given = waiting.given(asked.conversation, agent, asked.at, asked.there.reassign_minutes)
    return {**given, **(oncall.taken(asked.conversation.model_copy(update=given), asked.shop) if agent else {})}


def resolve(asked: Asked) -> Done:
    """Close, unless the customer has written since the agent said so."""
    if asked.conversation.status == "closed":
        raise Cannot("This conversation is closed already.")
    if asked.conversation.customer_at > asked.at:
        raise Cannot("Not closed: the customer has written since. Please look, then #resolve again.")
    complaint = asked.conversation.complains
    if complaint and not complaint.asked and (left := _left(complaint, answers=bool(asked.text))):
        said = f"Not closed yet: it is a complaint, and nobody has ticked {' or '.join(STEPS[step] for step in left)}. "
        said += f"#done {' '.join(left)} does, and #resolve closes it now in any case."
        held_up = {"complaint": complaint.model_copy(update={"asked": True})}
        return Done(said, held_up, private=bool(asked.place.mailbox))  # with its next mail it would come too late
    ended = f"closed by {asked.who} on {asked.at:%-d %B %Y}"
    settled = waiting.resolved(asked.conversation, asked.shop, asked.at)
    closed = {"status": "closed", "closed_at": asked.at, "ended": ended, **settled}
    said = f"Closed by {asked.who}. If the customer writes again within the next days, it opens again here."
    return Done(said, closed)


def complaint(asked: Asked) -> Done:
    """Say that it is one, or is none, where the words were misread; what was known of it comes back with it."""
    off, known = asked.rest.lower() in OFF, asked.conversation.complaint or Complaint()
    if off and asked.conversation.complains is None:
        raise Cannot("This is not taken for a complaint.")
    if not off and asked.conversation.complains:
        raise Cannot("This is known for a complaint: #done ticks its steps, #complaint off takes it back.")
    before, after = ("high", "normal") if off else ("normal", "high")
    urgency = after if asked.conversation.priority == before else asked.conversation.priority
    changed = {"complaint": known.model_copy(update={"denied": off}), "priority": urgency}
    return Done(f"{asked.who} says that it is {'no' if off else 'a'} complaint.", changed)


def done(asked: Asked) -> Done:
    """Tick steps of a complaint."""
    complaint, words = asked.conversation.complains, asked.rest.lower().replace(",", " ").split()
    if complaint is None:
        raise Cannot("This is not taken for a complaint: #complaint does that.")
    steps = [step for step in STEPS if step in words]
    if not steps or not set(words) <= STEPS.keys():
        raise Cannot(f"What is done? #done and one or more of {', '.join(STEPS)}.")
    ticked = complaint.ticked(*steps)
    left = [STEPS[step] for step in _left(ticked)]
    said = f"{asked.who} ticked: {', '.join(STEPS[step] for step in steps)}."
    return Done(f"{said} Left: {', '.join(left) or 'nothing'}.", {"complaint": ticked})


def standing(complaint: Complaint) -> str:
    """What the customer wants, and the steps, done or not."""
    steps = " ".join(f"{'☑' if step in complaint.done else '☐'} {said}" for step, said in STEPS.items())
    return f"wants {WISHES.get(complaint.wants, complaint.wants)}. {steps}"


def _left(complaint: Complaint, answers: bool = False) -> list[Step]:
    """The steps that nobody has ticked; words that go out now answer."""
    return [step for step in STEPS if step not in complaint.done and not (answers and step == "answered")]


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
    given = [word for word in words if word.lstrip("-") not in gone]
    kept = rules.tagged([word for word in asked.contact.tags if word not in gone], given)
    if not {*given} <= {*kept}:
        raise Cannot(f"A customer has at most {rules.MOST_TAGS} tags; take one away first with #tag -word.")
    return Done(f"Tags: {', '.join(kept) or 'none'}.", contact={"tags": kept})


def language(asked: Asked) -> Done:
    """In which language we write to the customer; nothing else changes it then, until that is taken back."""
    if asked.rest.lower() in OFF:
        return Done("The language is the one the customer writes in.", contact={"language": "", "language_by": ""})
    code = languages.named(asked.rest)
    if not code:
        known = ", ".join(f"{code} ({name})" for code, name in languages.NAMES.items())
        raise Cannot(f"Which language? #language and one of {known}; #language off leaves it to the customer's words.")
    own = {"language": code, "language_by": asked.agent}
    return Done(f"{asked.who} set the language to {languages.NAMES[code]}.", contact=own)


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


def _listed(name: str, place: Desk) -> str:
    """The id of an agent who is named, by name or id. Raises Cannot."""
    wanted = name.strip("<@>").lower()
    found = [id for known, id in place.agents.items() if wanted in (known.lower(), id.lower())]
    if not found:
        there = ", ".join(place.agents) or "nobody is listed in shop.toml"
        raise Cannot(f"There is no agent {name!r} at this desk; there is {there}.")
    return found[0]
