"""The shop's rules, clocks, tiers and desks in plain words, as Markdown with a picture; a rule's parts for others."""

import re
from collections.abc import Iterator, Mapping, Sequence

from chalicelib import hours, providers, rules
from chalicelib.desk import targets
from chalicelib.models import Channel, Desk, Rule, Shop, Target
from chalicelib.rules.packs import pack

MOST_WORDS = 4  # of a rule's that are named; a pack has many
CONDITIONS: Mapping[str, str] = {
    "channels": "it comes by {}",
    "providers": "{} brings it",
    "accounts": "it comes to the account {}",
    "words": "it says {}",
    "stages": "the customer is at the stage {}",
    "tags": "the customer has the tag {}",
    "hours": "the desk is {}",
    "languages": "the customer writes {}",
}
CHOICES: Mapping[str, Mapping[str, str]] = {
    "customer": {"first": "nobody has heard of the customer before", "returning": "the customer wrote before"},
    "complaint": {"yes": "it reads like a complaint", "no": "it does not read like a complaint"},
    "files": {"yes": "a file comes with it", "no": "no file comes with it"},
    "verified": {"yes": "it is proved who writes", "no": "it is not proved who writes"},
}
TIERS: Mapping[str, str] = {  # what happens at a desk while a customer waits
    "reassign": "the next agent gets it",
    "nudge": "the thread is reminded",
    "escalate": "the conversation moves to {escalate_to}",
    "owner": "the owner's desk hears of it",
}


# ---- a rule -----------------------------------------------------------------------------------------------------


def condition(name: str, wanted: Sequence[str]) -> str:
    """ "it comes by whatsapp or email"."""
    if name in CHOICES:
        return " or ".join(CHOICES[name][one] for one in wanted)
    named = [f"“{one}”" for one in wanted] if name == "words" else list(wanted)
    more = len(named) - MOST_WORDS
    return CONDITIONS[name].format(" or ".join(named if more <= 1 else [*named[:MOST_WORDS], f"{more} others"]))


def conditions(rule: Rule) -> str:
    return " and ".join(condition(name, wanted) for name, wanted in rules.wanted(rule.when))


def outcome(rule: Rule) -> str:
    """What a rule sets, in the order in which it happens."""
    parts = [
        f"to {rule.desk}" if rule.desk else "",
        f"{rule.priority} priority" if rule.priority else "",
        f"tagged {', '.join(rule.tags)}" if rule.tags else "",
        f"best for who knows {', '.join(rule.skills)}" if rule.skills else "",
        {"": "", "none": "not acknowledged"}.get(rule.acknowledgement, f"acknowledged by “{rule.acknowledgement}”"),
        "the owner's desk hears of it at once" if rule.tell_owner else "",
    ]
    return ", ".join(filter(None, parts)) or "nothing else than without rules"


def lines(shop: Shop) -> Iterator[str]:
    """Each rule in one line, in the order in which they are asked."""
    for source, rule in rules.of(shop):
        when = conditions(rule)
        name = f"**{rule.name}**" if source == "shop.toml" else f"**{rule.name}** (pack {source})"
        if source == "routes":
            yield f"If {when}: {outcome(rule)}." if when else f"All else: {outcome(rule)}."
        else:
            yield f"{name}: if {when}: {outcome(rule)}." if when else f"{name}: always: {outcome(rule)}."


# ---- the whole --------------------------------------------------------------------------------------------------


def doc(shop: Shop) -> str:
    """All of it, as Markdown."""
    parts = [
        f"# How {shop.name} answers",
        "## Which desk, how urgent",
        "The first line that fits counts; a rule without a desk leaves that to the last lines.",
        "\n".join(f"{number}. {line}" for number, line in enumerate(lines(shop), 1)),
        *(f"`{name}` goes by words like {_some(pack(name).all_words)}, or a tag." for name in shop.packs),
        "## Desks",
        *("\n".join([f"**{name}**: {_place(place)}", *_desk(shop, name, place)]) for name, place in shop.desks.items()),
        "## How soon",
        "\n".join(f"- {line}" for line in _soon(shop)) or "Nothing is meant.",
        "## What customers get at once",
        "\n".join(f"- {line}" for line in _acknowledged(shop)) or "Nothing.",
        "## What customers are told later",
        "\n".join(f"- {line}" for line in _later(shop)) or "Nothing.",
        f"```mermaid\n{picture(shop)}\n```",
    ]
    return "\n\n".join(parts)


def picture(shop: Shop) -> str:
    """Rules, desks and where they escalate to, as a Mermaid flowchart."""
    desks = {name: f"desk{number}" for number, name in enumerate(shop.desks)}
    drawn = ["flowchart LR", "  in([a message]) --> routes([by its channel])"]
    drawn += [f"  {id}[{_quoted(name)}]" for name, id in desks.items()]
    for number, (source, rule) in enumerate(rules.of(shop)):
        if source == "routes":
            drawn.append(f"  routes -- {_quoted(rule.name)} --> {desks[rule.desk]}")
        else:
            then = desks[rule.desk] if rule.desk else "routes"
            drawn.append(f"  in --> rule{number}{{{{{_quoted(rule.name)}}}}} --> {then}")
    for name, place in shop.desks.items():
        if place.escalate_to and "escalate" in (tiers := dict(_tiers(shop, name, place))):
            drawn.append(f"  {desks[name]} -- {_quoted(tiers['escalate'])} --> {desks[place.escalate_to]}")
    return "\n".join(drawn)


def _place(place: Desk) -> str:
    return f"Slack channel {place.slack}" if place.slack else f"mailbox {place.mailbox}"


def _desk(shop: Shop, name: str, place: Desk) -> Iterator[str]:
    """Who is there, when it is open, what happens while a customer waits."""
    calendar = hours.of(shop, name)
    known = {agent: ", ".join(place.skills.get(agent, ())) for agent in place.agents}
    people = [f"{agent} ({skills})" if skills else agent for agent, skills in known.items()]
    yield f"- open {hours.in_words(calendar)} ({calendar.zone})" if calendar else "- always open"
    for day, spans in calendar.dates if calendar else ():
        yield f"- on {day} {'open ' + ', '.join(map(str, spans)) if spans else 'closed'}"
    if people:
        given = "" if place.assign == "none" else f"; each conversation is given to one of them, {place.assign}"
        yield f"- agents: {', '.join(people)}{given}"
    for tier, passed in _tiers(shop, name, place):
        yield f"- after {passed} without an answer {TIERS[tier].format(escalate_to=place.escalate_to)}"
    roles = [role for role, desk in (("the owner's desk", shop.owner), ("the fallback", shop.fallback)) if desk == name]
    yield from (f"- it is {role}" for role in roles)


def _tiers(shop: Shop, name: str, place: Desk) -> Iterator[tuple[str, str]]:
    """After how long each tier comes at a desk: by its own minutes, else by the target of the channel."""
    said = {"reassign": place.reassign_minutes, **targets.own(place)}
    unit = "open minutes" if hours.of(shop, name) else "minutes"
    yield from ((tier, f"{minutes} {unit}") for tier, minutes in said.items() if minutes)
    if shop.targets is not None and not targets.own(place):
        yield from ((tier, f"{percent} % of the target") for tier, percent in targets.shares(place).items())


def _soon(shop: Shop) -> Iterator[str]:
    """What is meant on each channel, and who is called at night. Minutes count while the desk is open."""
    for channel in sorted(_channels(shop)) if shop.targets is not None else ():
        own = (shop.targets or {}).get(channel, Target())
        further = f", {own.next_minutes} min to each further one" if own.next_minutes is not None else ""
        end = f", closed within {own.resolution_minutes} min" if own.resolution_minutes else ""
        yield f"{channel}: {targets.first(shop, channel)} min to the first answer{further}{end}"
    if shop.on_call:
        shifts = {name: hours.shift(shop, name) for name in shop.on_call.people}
        named = [f"{name} ({hours.in_words(one)})" if one else name for name, one in shifts.items()]
        yield f"urgent while the desk is closed: {', '.join(named)} are called, one each {shop.on_call.minutes} min"


def _channels(shop: Shop) -> set[Channel]:
    """Those on which customers write."""
    modules = [providers.load(name) for name in shop.providers]
    return {module.channel for module in modules if module.can.customers}


def _later(shop: Shop) -> Iterator[str]:
    said = shop.automatic
    if said.updates:
        yield f"who waits: that they are not forgotten, {said.updates} times at most, each time a target has passed"
    if said.status:
        yield "who writes STATUS: how things stand"
    if said.follow_up_days:
        yield f"who was answered: whether all is well, {said.follow_up_days} days after the end"


def _acknowledged(shop: Shop) -> Iterator[str]:
    said = shop.acknowledgement
    texts = {"ordinarily": said.text, "while closed": said.closed} | {
        f"“{name}”": one for name, one in said.texts.items()
    }
    return (f"{name}: {text}" for name, text in texts.items() if text)


def _some(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words[:MOST_WORDS])


def _quoted(name: str) -> str:
    """As Mermaid takes any name."""
    return '"' + re.sub(r'["#<>&]', lambda found: f"#{ord(found[0])};", name) + '"'
