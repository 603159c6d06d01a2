"""`shopbell rules`: try the shop's rules on a text, a day and what is recorded; tell them in plain words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from chalicelib import desk, route, rules, store
from chalicelib.models.people import Contact
from chalicelib.models.shop import Shop
from chalicelib.models.values import Channel
from chalicelib.playbook import CHOICES, condition
from chalicelib.rules import Asked, Facts
from chalicelib.rules.packs import pack
from infra import playbook, shop_file, show, stack, tables, tryout
from infra.terminal import out, working
from infra.tryout import KINDS, Case, Outcome

CHANNELS = click.Choice([str(one) for one in Channel if one not in (Channel.TIMER, Channel.SLACK)])
EXAMPLES = 3  # messages that are shown of those with which the same happens
FORMS = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
Change = tuple[str, tuple[tuple[str, str], ...]]  # the rule that fires, and what is otherwise, by its kind


@click.group("rules")
def commands() -> None:
    """Try the rules of shop.toml before you trust them, and read them in plain words."""


# ---- explain ----------------------------------------------------------------------------------------------------


@commands.command()
@click.argument("text")
@click.option("--channel", type=CHANNELS, required=True, help="By which it comes; email? is mail without proof.")
@click.option("--at", type=click.DateTime(FORMS), help="When, by the shop's clock; default: now.")
@click.option("--contact", default="", help="Who writes: an address that wrote to the shop before.")
@click.option("--tag", "tags", multiple=True, help="A tag that they have.")
@click.option("--returning", is_flag=True, help="They wrote before.")
@click.option("--provider", default="", help="Who brings it; default: the first of shop.toml that can.")
@click.option("--account", default="", help="To which of the shop's accounts there.")
@click.option("--file", "files", is_flag=True, help="A file comes with it.")
@click.option("--here", is_flag=True, help="With --contact: look it up on this machine, not on AWS.")
@stack.choice
@click.pass_obj
def explain(state: Path, /, text: str, at: datetime | None, here: bool, stage: str, region: str, **about: Any) -> None:
    """Say which rule fires for TEXT and why, and which do not and why not."""
    shop = shop_file.rules()
    if about["contact"]:
        stack.place(here, stage, region, state)
    case = _case(text, at, about, shop)
    facts = Facts(case.message, case.before, shop, case.at)
    for line in explained(facts):
        out.print(line, soft_wrap=True)
    out.print(_becomes(tryout.outcome(case, shop), rules.fired(facts).tags), soft_wrap=True)


def explained(facts: Facts) -> Iterator[str]:
    """A line for each rule, in the order in which they are asked; of the routes only those that fit."""
    if at := facts.stage:
        by = ", ".join(f"“{word}”" for word in facts.said.holds(pack(at).all_words))
        yield f"The customer is at the stage {at}, by {by or 'their tag'}."
    fired = False
    for asked in rules.asked(facts):
        source = "" if asked.source == "shop.toml" else f" ({asked.source})"
        late = " Another was before it." if fired and asked.fits else ""
        if asked.source != "routes" or asked.fits:
            yield f"{'→' if asked.fits and not fired else '✗'} {asked.rule.name}{source}: {reason(asked)}.{late}"
        fired = fired or asked.fits


def reason(asked: Asked) -> str:
    """Why a rule fits, or what of it does not."""
    if asked.fits:
        fits = [condition(name, _met(asked, name)) for name in asked.wanted]
        return "; ".join(fits) or "it always fits"
    fails = {name: wanted for name, wanted in asked.wanted.items() if not asked.holds(name)}
    return "; ".join(f"not so: {condition(name, one)}{_instead(asked, name)}" for name, one in fails.items())


def _met(asked: Asked, name: str) -> list[str]:
    return [one for one in asked.wanted[name] if one in asked.there[name]]


def _instead(asked: Asked, name: str) -> str:
    """What is there, where that is not said by itself."""
    told = name in CHOICES or name == "words"
    return "" if told else f" ({', '.join(asked.there[name]) or 'none'})"


def _case(text: str, at: datetime | None, about: dict[str, Any], shop: Shop) -> Case:
    zone = ZoneInfo(shop.time_zone)
    moment = at.replace(tzinfo=zone) if at else datetime.now(zone)
    before = _contact(about["contact"]) if about["contact"] else Contact(id="somebody")
    channel = Channel(about["channel"])
    sender = next((one for one in before.addresses if one.channel is channel), tryout.stranger(channel))
    case = tryout.case(shop, sender, before, moment, text, returning=about["returning"], file=about["files"])
    given = {name: about[name] for name in ("provider", "account") if about[name]}
    known = case.before.model_copy(update={"tags": rules.tagged(case.before.tags, about["tags"])})
    return case._replace(message=case.message.model_copy(update=given), before=known)


def _contact(typed: str) -> Contact:
    """The contact that an address leads to. Raises show.Unknown."""
    owners = store.owners(route.outside.addresses(typed))
    found = store.contact(next(iter(owners.values()))) if len({*owners.values()}) == 1 else None
    if found is None:
        raise show.Unknown(f"{typed} leads to {len({*owners.values()}) or 'no'} customers: give an address that wrote")
    return found


def _becomes(now: Outcome, tags: Sequence[str]) -> str:
    parts = [
        f"To the desk {now.desk}, {now.priority} priority",
        *([f"tags {', '.join(tags)}"] if tags else []),
        f"acknowledged: “{now.text}”" if now.text else "not acknowledged",
        *(["the owner hears of it"] if now.owner else []),
    ]
    return "; ".join(parts) + "."


# ---- test -------------------------------------------------------------------------------------------------------


@commands.command()
@click.option("--packs", is_flag=True, help="As if all packs were switched on.")
@click.option("--here", is_flag=True, help="Also over what is recorded on this machine.")
@click.option("--stage", type=stack.STAGES, default=None, help="Also over what is recorded on AWS.")
@click.option("--region", default="", help="Where that is; default: as your AWS settings say.")
@click.option("--last", type=click.IntRange(1, 5000), default=200, show_default=True, help="So many conversations.")
@click.option("--all", "whole", is_flag=True, help="Show every message that changes, not some of each kind.")
@click.pass_obj
def test(state: Path, packs: bool, here: bool, stage: str | None, region: str, last: int, whole: bool) -> None:
    """Run the rules over a made-up day, and over recorded conversations, and say what they change.

    The day's 300 messages are compared with what the routes alone would do, what is recorded with what happened.
    """
    shop = shop_file.rules()
    shop = shop.model_copy(update={"packs": rules.STAGES}) if packs else shop
    today, routes = datetime.now(ZoneInfo(shop.time_zone)).date(), tryout.without_rules(shop)
    made_up = [(case, tryout.outcome(case, routes)) for case in tryout.day(shop, today)]
    out.print("A made-up day, compared with the routes alone", style="bold")
    _print(_changes(made_up, shop), len(made_up), whole)
    if here or stage:
        with working("reading"):
            where = stack.place(here, stage or "", region, state)
            recorded = list(tryout.stored(show.chats(last=last)))
        out.print(f"\nWhat is recorded in {where}, compared with what happened", style="bold")
        _print(_changes(recorded, shop), len(recorded), whole)


def _changes(cases: Iterable[tuple[Case, Outcome]], shop: Shop) -> dict[Change, list[Case]]:
    """The messages with which something else happens, those together with which the same does."""
    found: dict[Change, list[Case]] = defaultdict(list)
    for case, was in cases:
        now = tryout.outcome(case, shop)
        if others := tryout.differs(was, now):
            found[now.rule, tuple(others.items())].append(case)
    return found


def _print(found: dict[Change, list[Case]], total: int, whole: bool) -> None:
    for (rule, others), cases in sorted(found.items(), key=lambda one: -len(one[1])):
        out.print(f"{rule}: {_messages(len(cases))}, {', '.join(dict(others).values())}", soft_wrap=True)
        for case in cases if whole else cases[:EXAMPLES]:
            said = desk.excerpt(tables.plain(case.message.text))
            out.print(f"  {case.at:%H:%M} {case.message.sender.channel}: {said}", style="dim", soft_wrap=True)
        if len(cases) > EXAMPLES and not whole:
            out.print(f"  … and {len(cases) - EXAMPLES} more", style="dim")
    out.print(f"Of {_messages(total)}: {_summed(found, total)}.", soft_wrap=True)


def _summed(found: dict[Change, list[Case]], total: int) -> str:
    counted = {kind: sum(len(cases) for (_, others), cases in found.items() if kind in dict(others)) for kind in KINDS}
    same = total - sum(map(len, found.values()))
    return ", ".join([*(f"{counted[kind]} {words}" for kind, words in KINDS.items()), f"{same} as before"])


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


# ---- doc --------------------------------------------------------------------------------------------------------


@commands.command()
def doc() -> None:
    """Tell rules, desks, hours and tiers in plain words, with a picture, as Markdown."""
    click.echo(playbook.doc(shop_file.rules()))
