"""Rules, clocks, tiers and desks in plain words, a line for each, and what of them has changed."""

from collections.abc import Iterator, Mapping, Sequence

from chalicelib import hours, providers
from chalicelib.desk import targets
from chalicelib.models.shop import Desk, Rule, Shop, Target
from chalicelib.models.values import Channel
from chalicelib.rules import of, wanted

LONGEST = 400  # characters of a line; what is changed behind them is not told
MOST_WORDS = 4  # that are named of a pack's hundreds
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


def condition(name: str, any_of: Sequence[str], most: int = MOST_WORDS) -> str:
    """ "it comes by whatsapp or email"; of words so many are named."""
    if name in CHOICES:
        return " or ".join(CHOICES[name][one] for one in any_of)
    named = [f"“{one}”" for one in any_of] if name == "words" else list(any_of)
    if name == "words" and len(named) > most + 1:
        named = [*named[:most], f"{len(named) - most} others"]
    return CONDITIONS[name].format(" or ".join(named))


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


def rules(shop: Shop) -> Iterator[str]:
    """Each rule in one line, in the order in which they are asked."""
    for source, rule in of(shop):
        most = len(rule.when.words) if source == "shop.toml" else MOST_WORDS
        when = " and ".join(condition(name, any_of, most) for name, any_of in wanted(rule.when))
        name = rule.name if source == "shop.toml" else f"{rule.name} (pack {source})"
        if source == "routes":
            yield f"If {when}: {outcome(rule)}." if when else f"All else: {outcome(rule)}."
        else:
            yield f"{name}: if {when}: {outcome(rule)}." if when else f"{name}: always: {outcome(rule)}."


# ---- the rest ---------------------------------------------------------------------------------------------------


def desk(shop: Shop, name: str) -> Iterator[str]:
    """Who is there, when it is open, what happens while a customer waits."""
    place, calendar = shop.desks[name], hours.of(shop, name)
    yield f"Slack channel {place.slack}" if place.slack else f"mailbox {place.mailbox}"
    known = {agent: ", ".join(place.skills.get(agent, ())) for agent in place.agents}
    people = [f"{agent} ({skills})" if skills else agent for agent, skills in known.items()]
    yield f"open {hours.in_words(calendar)} ({calendar.zone})" if calendar else "always open"
    for day, spans in calendar.dates if calendar else ():
        yield f"on {day} {'open ' + ', '.join(map(str, spans)) if spans else 'closed'}"
    if people:
        given = "" if place.assign == "none" else f"; each conversation is given to one of them, {place.assign}"
        yield f"agents: {', '.join(people)}{given}"
    for tier, passed in tiers(shop, name, place):
        yield f"after {passed} without an answer {TIERS[tier].format(escalate_to=place.escalate_to)}"
    roles = [role for role, who in (("the owner's desk", shop.owner), ("the fallback", shop.fallback)) if who == name]
    yield from (f"it is {role}" for role in roles)


def tiers(shop: Shop, name: str, place: Desk) -> Iterator[tuple[str, str]]:
    """After how long each tier comes at a desk: by its own minutes, else by the target of the channel."""
    said = {"reassign": place.reassign_minutes, **targets.own(place)}
    unit = "open minutes" if hours.of(shop, name) else "minutes"
    yield from ((tier, f"{minutes} {unit}") for tier, minutes in said.items() if minutes)
    if shop.targets is not None and not targets.own(place):
        yield from ((tier, f"{percent} % of the target") for tier, percent in targets.shares(place).items())


def soon(shop: Shop) -> Iterator[str]:
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
    return {module.channel for module in modules if module.channel and module.can.customers}


def later(shop: Shop) -> Iterator[str]:
    said = shop.automatic
    if said.updates:
        yield f"who waits: that they are not forgotten, {said.updates} times at most, each time a target has passed"
    if said.status:
        yield "who writes STATUS: how things stand"
    if said.follow_up_days:
        yield f"who was answered: whether all is well, {said.follow_up_days} days after the end"


def acknowledged(shop: Shop) -> Iterator[str]:
    said = shop.acknowledgement
    texts = {"ordinarily": said.text, "while closed": said.closed} | {
        f"“{name}”": one for name, one in said.texts.items()
    }
    return (f"{name}: {text}" for name, text in texts.items() if text)


# ---- what has changed -------------------------------------------------------------------------------------------


def everything(shop: Shop) -> tuple[str, ...]:
    """Every line, with what it is about before a colon."""
    desks = (f"{name}: {line}" for name in shop.desks for line in desk(shop, name))
    texts = (f"Acknowledged {line}" for line in acknowledged(shop))
    lines = (*rules(shop), *desks, *soon(shop), *texts, *(f"Later {line}" for line in later(shop)))
    return tuple(line[:LONGEST] for line in lines)


def changes(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """A line for each change: what is new, what is otherwise, what is no more; and if only the order is another."""
    gone, come = ([line for line in one if line not in other] for one, other in ((before, now), (now, before)))
    was = {_about(line): line for line in gone if _alone(line, gone)}
    anew = {_about(line) for line in come if _alone(line, come)} & was.keys()
    lines = [f"{'Now' if _about(line) in anew else 'New'}: {line}" for line in come]
    lines += [f"No more: {line}" for line in gone if _about(line) not in anew]
    return lines or (["The same rules are asked in another order."] if tuple(before) != tuple(now) else [])


def _about(line: str) -> str:
    return line.partition(": ")[0]


def _alone(line: str, lines: Sequence[str]) -> bool:
    return [_about(other) for other in lines].count(_about(line)) == 1
