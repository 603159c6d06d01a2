"""What a type cannot say of routes and rules: names that exist, and no rule that hides another."""

import re
from collections.abc import Collection, Iterable, Iterator

from chalicelib.checks.problem import CHANNELS, Problem, listed
from chalicelib.models.shop import Rule, Shop

TAG = re.compile(r"[^\W_A-Z#-][^\s#A-Z]{0,39}")


def routes(rules: Shop) -> Iterator[Problem]:
    if "default" not in rules.routes:
        yield ("routes",), 'there must be a default: default = "NAME OF A DESK"'
    for channel, name in rules.routes.items():
        if channel not in ["default", *CHANNELS]:
            yield ("routes", channel), f"{channel!r} is no channel; there are default, {listed(CHANNELS, channel)}"
        if name not in rules.desks:
            yield ("routes", channel), f"{name!r} is no desk; there are {listed(rules.desks, name)}"


def ruled(rules: Shop) -> Iterator[Problem]:
    """Rules with names of their own, and none that always fits before others."""
    names = [rule.name for rule in rules.rules]
    for number, rule in enumerate(rules.rules):
        if not rule.name.strip() or rule.name in names[:number]:
            yield ("rules", number, "name"), f"{rule.name!r} does not tell it from the others; give it its own name"
        if not rule.when.model_dump(exclude_defaults=True) and (names[number + 1 :] or rules.packs):
            said = "without conditions it always fits, and no rule or pack behind it is ever asked; put it last"
            yield ("rules", number), said
        yield from ((("rules", number, *place), words) for place, words in _rule(rules, rule))


def _rule(rules: Shop, rule: Rule) -> Iterator[Problem]:
    """Names that exist, tags that can be typed, words that can be found."""
    texts = ["none", *rules.acknowledgement.texts]
    if rule.desk and rule.desk not in rules.desks:
        yield ("desk",), f"{rule.desk!r} is no desk; there are {listed(rules.desks, rule.desk)}"
    if rule.acknowledgement and rule.acknowledgement not in texts:
        known = listed(texts, rule.acknowledgement)
        yield ("acknowledgement",), f"{rule.acknowledgement!r} is none of [acknowledgement.texts]; there are {known}"
    for at, tag in enumerate(rule.tags):
        if not TAG.fullmatch(tag):
            yield ("tags", at), f"a tag is a short word in small letters, without spaces, not {tag!r}"
    for at, words in enumerate(rule.when.words):
        if not any(map(str.isalnum, words)):
            yield ("when", "words", at), f"there is no letter and no digit in {words!r}, so it is never found"
    for place, names, there in _named(rules, rule):
        for at, name in enumerate(names):
            if name not in there:
                yield (*place, at), f"{name!r} is not known; there are {listed(there, name)}"


def _named(rules: Shop, rule: Rule) -> Iterator[tuple[tuple[str, ...], Iterable[str], Collection[str]]]:
    """Names in a rule, where they stand, and those that are known there."""
    yield ("when", "channels"), rule.when.channels, CHANNELS
    yield ("when", "providers"), rule.when.providers, rules.providers
    yield ("when", "accounts"), rule.when.accounts, [account for _, account, _ in rules.accounts() if account]
    places = [rules.desks[rule.desk]] if rule.desk in rules.desks else rules.desks.values()
    yield ("skills",), rule.skills, {skill for place in places for known in place.skills.values() for skill in known}
