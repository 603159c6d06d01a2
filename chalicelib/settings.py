"""What the shop sets: its rules and words from shop.toml, its providers' settings and secrets by name."""

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from chalicelib import gaps, hours, parameters, providers, signing
from chalicelib.errors import NotEnabled, SettingsError, Unavailable
from chalicelib.models import WEEKDAYS, Can, Channel, Desk, Hours, OnCall, Rule, Said, Shop, Target, Told, current

SHOP_FILE = Path(__file__).with_name("shop.toml")
PREFIX = "SHOPBELL_"
ACCOUNT = re.compile(r"[A-Z0-9]+", re.ASCII)
MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+")
SLACK = re.compile(r"[A-Z0-9]+", re.ASCII)  # of a channel or a person
CHANNELS = [str(channel) for channel in Channel if channel is not Channel.TIMER]
TAG = re.compile(r"[^\W_A-Z#-][^\s#A-Z]{0,39}")
TEMPLATE = re.compile(r"[a-z0-9_-]+", re.ASCII)
TIERS = ("nudge_minutes", "escalate_minutes", "owner_minutes")
STEPS = ("reassign_minutes", *TIERS)
APPROVED = re.compile(r"[a-z0-9_]+/[a-z]{2,3}(_[A-Za-z]{2,4})?", re.ASCII)
ORDERS = re.compile(r"(?=.{1,12}$)[A-Z0-9#]*[A-Z#][A-Z0-9#]*[-/.]?", re.ASCII)  # never digits alone
A_TIME = re.compile(  # at which somebody is there, or answers
    r"\b\d{1,2}[:.]\d{2}\b|\b\d+\s?(?:min|minut|hour|stund|heure|hora|ore\b|uur|uren|godz|o'clock|uhr\b|[ap]m\b)\w*",
    re.IGNORECASE,
)
PROMISED = ("delivery", "refund", "payment")  # gaps filled from [promise]
UNSURE = ("name", "order", "time")  # gaps of an acknowledgement that cannot always be filled
COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
PROD = "prod"  # the stage of the real shop
Direction = parameters.Direction | Literal["parsing"]  # alone it needs no secret: the worker has none of inbound


@cache
def shop() -> Shop:
    """The shop's rules, read once. Raises SettingsError."""
    return load(SHOP_FILE.read_text(encoding="utf-8-sig"))


def load(text: str) -> Shop:
    """The rules in the text of a shop.toml. Raises SettingsError; infra/shop_file.py tells the lines."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"shop.toml: {error}"]) from error
    try:
        rules = Shop.model_validate(tables)
    except ValidationError as error:
        raise SettingsError([_problem(found["loc"], found["msg"]) for found in error.errors()]) from error
    problems = [_problem(place, words) for place, words in check(rules)]
    if problems:
        raise SettingsError(problems)
    return rules


def accounts(rules: Shop) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every enabled (provider, account, its table); the first account of a provider has no name."""
    for name, table in rules.providers.items():
        yield name, "", {field: value for field, value in table.items() if not isinstance(value, dict)}
        for account, inner in table.items():
            if isinstance(inner, dict):
                yield name, account, inner


def enabled(provider: str, account: str) -> bool:
    table = shop().providers.get(provider)
    return table is not None and (not account or isinstance(table.get(account), dict))


@cache
def config(provider: str, account: str, direction: Direction) -> Any:
    """A provider's Config, read once per environment. Raises Unavailable where something needed is not set."""
    module = providers.load(provider)
    values = _values(provider, account, direction)
    missing = [name for name in needed(module.Config, direction) if not values.get(name)]
    if missing:
        raise Unavailable(f"not set: {', '.join(variable(provider, account, name) for name in missing)}")
    if "webhook_url" in module.Config.model_fields and os.environ.get("PUBLIC_URL"):
        values.setdefault("webhook_url", webhook_url(os.environ["PUBLIC_URL"], provider, account))
    return module.Config.model_validate(values)


def without_old(provider: str, account: str) -> tuple[tuple[str, Any], ...]:
    """Each secret of the webhook's that has an old value beside the new one, and the Config as it is without that."""
    known = config(provider, account, "inbound")
    twice = {name: value for name, value in vars(known).items() if isinstance(value, tuple) and value[1:]}
    return tuple((name, known.model_copy(update={name: value[:1]})) for name, value in twice.items())


def seed(provider: str, account: str) -> str:
    """The secret that a mailbox's reply tokens grow from. Raises Unavailable where there is none."""
    known = config(provider, account, "outbound")
    marked = [name for name, field in type(known).model_fields.items() if _extra(field).get("seeds")]
    if not marked:
        raise Unavailable(f"{provider} carries no mailbox")
    return current(getattr(known, marked[0]))


def reaches(to: str) -> bool:
    """Whether this stage may write to an address: prod to anybody, others to desks, agents and `test_addresses` only.

    A function without a stage is no deployed one (see the template): it has no provider's credentials but local ones.
    """
    desks = {one for place in shop().desks.values() for one in (place.seat, *place.agents.values())}
    return os.environ.get("STAGE", PROD) == PROD or to in desks or to in shop().test_addresses


def told_by(topic: str) -> tuple[str, str]:
    """The provider and account that an SNS topic tells of. Raises NotEnabled."""
    there = [(name, account) for name, account, _ in accounts(shop()) if "topics" in _fields_of(name)]
    for name, account in there:
        if signing.shown(config(name, account, "inbound").topics, topic):
            return name, account
    raise NotEnabled


def webhook_url(base: str, provider: str, account: str = "") -> str:
    """Where a provider calls: `base` is the public address, without /webhooks."""
    return "/".join([base.rstrip("/"), "webhooks", provider, *([account.lower()] if account else [])])


def variable(provider: str, account: str, field: str) -> str:
    """The environment's name of a setting: SHOPBELL_<PROVIDER>_<FIELD>, with an account …__<ACCOUNT>_<FIELD>."""
    return f"{PREFIX}{provider}{'__' + account if account else ''}_{field}".upper()


def needed(config: Any, direction: Direction) -> list[str]:
    """The fields of a Config that a direction cannot do without."""
    extras = {name: _extra(field) for name, field in config.model_fields.items()}
    return [name for name, extra in extras.items() if extra.get(direction) and not extra.get("optional")]


def known_variables(rules: Shop) -> dict[str, str]:
    """Every SHOPBELL_ variable that means something to this shop, and where its value is found."""
    return {
        variable(provider, account, name): field.description or ""
        for provider, account, _ in accounts(rules)
        for name, field in providers.load(provider).Config.model_fields.items()
    }


def _fields_of(provider: str) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = providers.load(provider).Config.model_fields
    return fields


def _extra(field: Any) -> Mapping[str, Any]:
    """What `setting` and `secret` say of a field."""
    return field.json_schema_extra or {}


def _values(provider: str, account: str, direction: Direction) -> dict[str, Any]:
    """What shop.toml says, and over it the environment; where that says nothing of the account, the parameter store."""
    table = next((table for name, other, table in accounts(shop()) if (name, other) == (provider, account)), {})
    names = {name: variable(provider, account, name) for name in _fields_of(provider)}
    given = {name: value for name, place in names.items() if (value := os.environ.get(place, "").strip())}
    way = parameters.WAYS["outbound" if direction == "parsing" else direction]
    return {**table, **(given or parameters.read(way, provider, account))}


def check(rules: Shop) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What a type cannot say: names that must exist, one place per desk, a known time zone."""
    yield from _check_zone(("time_zone",), rules.time_zone)
    if not rules.name.strip():
        yield ("name",), "write the name your customers know you by"
    for field, name in (("owner", rules.owner), ("fallback", rules.fallback)):
        if name not in rules.desks and (name or field == "owner"):
            yield (field,), f"{name!r} is no desk; there are {_listed(rules.desks, name)}"
    if rules.alarm_mail and not MAIL.fullmatch(rules.alarm_mail):
        yield ("alarm_mail",), f"{rules.alarm_mail!r} is no mail address"
    yield from _check_desks(rules)
    yield from _check_targets(rules)
    yield from _check_automatic(rules)
    yield from _check_hours(rules)
    yield from _check_on_call(rules)
    yield from _check_acknowledgement(rules)
    yield from _check_promise(rules)
    yield from _check_routes(rules)
    yield from _check_rules(rules)
    yield from _check_templates(rules)
    yield from _check_providers(rules)


def _check_desks(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, place in rules.desks.items():
        if bool(place.slack) == bool(place.mailbox):
            yield ("desks", name), 'a desk has either slack = "C…" (a channel\'s id) or mailbox = "…@…"'
        else:
            yield from _check_carrier(rules, name, place)
            yield from _check_ids(name, place)
        yield from _check_waiting(rules, name, place)


def _check_carrier(rules: Shop, name: str, place: Desk) -> Iterator[tuple[tuple[str, ...], str]]:
    """The provider and account that bring a desk its conversations, and that no other desk is there."""
    carrier = place.carrier
    there = [account for provider, account, _ in accounts(rules) if provider == carrier and account]
    if carrier not in rules.providers:
        at = ("desks", name, *(["provider"] if place.provider else []))
        yield at, f"its provider {carrier!r} is not enabled; add [providers.{carrier}]"
    elif place.account and place.account not in there:
        yield (
            ("desks", name, "account"),
            f"{carrier} has no account {place.account!r}; there are {_listed(there, place.account)}",
        )
    first = next(other for other in rules.desks if _seat(rules.desks[other]) == _seat(place))
    if first != name:
        yield (
            ("desks", name, "slack" if place.slack else "mailbox"),
            f"desk {first!r} is there; each desk needs a place of its own",
        )


def _check_ids(name: str, place: Desk) -> Iterator[tuple[tuple[str, ...], str]]:
    """The ids of channels and people, for which their names are easily taken."""
    if place.slack and not SLACK.fullmatch(place.slack):
        yield ("desks", name, "slack"), f"{place.slack!r} is no channel's id; it looks like C0SHOPBELL"
    if place.mailbox and not MAIL.fullmatch(place.mailbox):
        yield ("desks", name, "mailbox"), f"{place.mailbox!r} is no mail address; write one like service@shop.example"
    if place.mailbox and not place.agents:
        yield ("desks", name, "agents"), "a mailbox needs the mail addresses of the agents who may answer"
    for agent in place.skills:
        if agent not in place.agents:
            yield (
                ("desks", name, "skills", agent),
                f"{agent!r} is not in agents; there are {_listed(place.agents, agent)}",
            )
    form, right = (SLACK, "a person's id in Slack, like U0ANN") if place.slack else (MAIL, "a mail address")
    for agent, id in place.agents.items():
        if not form.fullmatch(id):
            yield ("desks", name, "agents", agent), f"{id!r} is not {right}"


def _seat(place: Desk) -> tuple[str, str, str]:
    return place.carrier, place.account, place.seat.lower()


def _check_waiting(rules: Shop, name: str, place: Desk) -> Iterator[tuple[tuple[str, ...], str]]:
    """Who gets a conversation, and what happens while it is unanswered."""
    if place.assign != "none" and not place.agents:
        yield ("desks", name, "assign"), "there is nobody to give conversations to: list the agents of this desk"
    if place.reassign_minutes and place.assign == "none":
        yield ("desks", name, "reassign_minutes"), 'it needs assign = "round robin" or "least open"'
    if place.escalate_minutes and not place.escalate_to:
        yield ("desks", name, "escalate_minutes"), 'it needs escalate_to = "NAME OF A DESK"'
    others = [other for other in rules.desks if other != name]
    if place.escalate_to and place.escalate_to not in others:
        yield (
            ("desks", name, "escalate_to"),
            f"{place.escalate_to!r} is no other desk; there are {_listed(others, place.escalate_to)}",
        )
    taken = [(step, minutes) for step in TIERS if (minutes := getattr(place, step))]
    for (first, sooner), (second, later) in pairwise(taken):
        if later <= sooner:
            yield ("desks", name, second), f"it must be more than {first}, which is {sooner}"


def _check_zone(place: tuple[str, ...], zone: str) -> Iterator[tuple[tuple[str, ...], str]]:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield place, f"{zone!r} is no time zone; write one like Europe/Berlin"


def _check_targets(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    channels = [str(channel) for channel in Channel if channel is not Channel.TIMER]
    for channel in rules.targets or ():
        if channel not in channels:
            yield ("targets", channel), f"{channel!r} is no channel; there are {_listed(channels, channel)}"


def _check_automatic(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    if rules.automatic.updates and rules.targets is None:
        yield ("automatic", "updates"), "a target says when they come; add [targets]"


def _check_hours(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each table by itself; then, where they can be reckoned with, that no desk's minutes take longer than a year."""
    tables: dict[tuple[str, ...], Hours | None] = {("hours",): rules.hours}
    tables |= {("desks", name, "hours"): place.hours for name, place in rules.desks.items()}
    found = [problem for place, table in tables.items() if table for problem in _check_table(place, table, rules)]
    found += [] if found else dict(_check_dates(rules)).items()
    yield from found
    for name, place in () if found else rules.desks.items():
        calendar = hours.of(rules, name)
        steps = {("desks", name, step): getattr(place, step) for step in STEPS} | dict(_targets(rules))
        for at, minutes in steps.items() if calendar else ():
            if calendar and (minutes or 0) > 52 * hours.weekly(calendar):
                yield at, f"the desk {name!r} is open so little that {minutes} minutes take over a year"


def _targets(rules: Shop) -> Iterator[tuple[tuple[str, ...], int | None]]:
    for channel, target in (rules.targets or {}).items():
        yield from ((("targets", channel, field), getattr(target, field)) for field in Target.model_fields)


def _check_table(place: tuple[str, ...], table: Hours, rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    """Spans that can be read and are apart, at least one of them, and a known zone."""
    if table.time_zone:
        yield from _check_zone((*place, "time_zone"), table.time_zone)
    if table.country and not COUNTRY.fullmatch(table.country):
        yield (*place, "country"), f"write a country, or a region of it, like DE or DE-BE, not {table.country!r}"
    week = []
    for day, text in zip(WEEKDAYS, table.week, strict=True):
        try:
            week.append(hours.read(text))
        except ValueError as error:
            yield (*place, day), str(error)
    for day, text in (table.dates or {}).items():
        try:
            hours.read(text.strip())
        except ValueError as error:
            yield (*place, "dates", day), str(error)
        if not _is_day(day):
            yield (*place, "dates", day), f"{day!r} is no day; write it like 2026-12-24"
    if len(week) == len(WEEKDAYS):
        yield from (((*place, day), words) for day, words in hours.clashes(tuple(week)))
    if not any(table.week) and not (rules.hours and any(rules.hours.week)):
        yield place, 'no day has hours; write them like monday = "9:00-12:30, 13:30-18:00"'


def _check_on_call(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    """People who are there, shifts that can be read, and a desk that is ever closed."""
    rota = rules.on_call or OnCall(people=())
    agents = {name for place in rules.desks.values() for name in place.agents}
    strangers = [name for name in rota.people if name not in agents]
    if rules.on_call and not rota.people:
        yield ("on_call", "people"), "name at least one agent of a desk"
    for name in strangers:
        yield ("on_call", "people"), f"{name!r} is no agent of a desk; there are {_listed(agents, name)}"
    for name, table in rota.shifts.items():
        place = ("on_call", "shifts", name)
        if rota.people and not strangers and name not in rota.people:
            yield place, f"{name!r} is not among people; there are {_listed(rota.people, name)}"
        yield from _check_table(place, table, rules.model_copy(update={"hours": None}))
    if rules.on_call and not rules.hours and not any(place.hours for place in rules.desks.values()):
        yield ("on_call",), "without opening hours nobody is called; add [hours]"


def _check_dates(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    """Days with hours of their own that clash with the days around them, at whatever desk."""
    for name in ("", *rules.desks):
        own = rules.desks[name].hours if name else None
        table = ("desks", name, "hours") if own and own.dates is not None else ("hours",)
        calendar = hours.of(rules, name)
        clashing = hours.clashing(calendar) if calendar else ()
        yield from (((*table, "dates", f"{day}"), words) for day, words in clashing)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_acknowledgement(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    """Gaps that can be filled, and no text that is never sent."""
    ours = rules.acknowledgement
    yield from _check_said(rules, ("acknowledgement",), ours)
    if "none" in ours.texts:
        yield ("acknowledgement", "texts", "none"), "rules say none where nothing is to be sent; give it another name"
    if ours.closed and not rules.hours and not any(place.hours for place in rules.desks.values()):
        yield ("acknowledgement", "closed"), "without opening hours it is never sent; add [hours]"
    if ours.orders and not ORDERS.fullmatch(ours.orders):
        yield ("acknowledgement", "orders"), f"write how your order numbers begin, like CS-, not {ours.orders!r}"
    for code, theirs in ours.languages.items():
        yield from _check_said(rules, ("acknowledgement", "languages", code), theirs)
        yield from _check_language(rules, code, theirs)


def _check_language(rules: Shop, code: str, said: Said) -> Iterator[tuple[tuple[str, ...], str]]:
    """Words in another language, of which each has to be sent in some case."""
    place, (first, *others) = ("acknowledgement", "languages", code), rules.languages
    if code == first:
        yield place, f"{code} is the first of your languages: its words stand in [acknowledgement]"
    elif code not in others:
        yield place, f"it is never sent: your other languages are {_listed(others, code)}"
    for field in ("text", "closed"):
        if getattr(said, field) and not getattr(rules.acknowledgement, field):
            yield (*place, field), f"it is never sent: write {field} in [acknowledgement] too"
    for name in said.texts.keys() - rules.acknowledgement.texts.keys():
        yield (*place, "texts", name), f"it is never sent: write {name} in [acknowledgement.texts] too"


def _check_said(rules: Shop, at: tuple[str, ...], said: Said) -> Iterator[tuple[tuple[str, ...], str]]:
    """Gaps that can be filled; {opens} only while the desk is closed."""
    texts: dict[tuple[str, ...], str] = {(field,): getattr(said, field) for field in ("text", "closed", "complaint")}
    for place, text in (texts | {("texts", name): text for name, text in said.texts.items()}).items():
        yield from (((*at, *place), words) for words in _check_gaps(rules, place, text))


def _check_gaps(rules: Shop, place: tuple[str, ...], text: str) -> Iterator[str]:
    """What is wrong with the gaps of a text."""
    known = ["shop", "hours", "opens", *UNSURE, *PROMISED]
    for gap in dict.fromkeys(gaps.names(text)):
        if gap == "opens" and place != ("closed",):
            yield "{opens} is only known while you are closed; use it in closed"
        elif gap == "time" and place == ("closed",):
            yield "{time} is how long an answer takes while you are open; in closed say {opens}"
        elif gap not in known:
            near = _listed([f"{{{one}}}" for one in known], f"{{{gap}}}")
            yield f"nothing is known for {{{gap}}}; there are {near}"
        elif gap in UNSURE and gap in gaps.needed(text):
            yield f"{{{gap}}} is not always known: put what is left out then in brackets, like [ {{{gap}}}]"
        elif gap in PROMISED and not getattr(rules.promise, gap):
            yield f"{{{gap}}} needs the words for it: {gap} in [promise]"
        elif gap == "hours" and not (rules.hours and any(rules.hours.week)):
            yield "{hours} needs your opening hours; add [hours]"
        elif gap == "order" and not rules.acknowledgement.orders:
            yield '{order} needs to know how your order numbers begin: orders = "CS-"'
    if found := A_TIME.search(text):
        yield f"{found[0]!r} may differ from what you set: say {{time}}, {{opens}} or {{hours}}, which never do"


def _check_promise(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    """Languages that the shop has, and no time in it at which it is open or answers: those come from their tables."""
    first, *others = rules.languages
    tables: dict[tuple[str, ...], Told] = {("promise",): rules.promise}
    for code, theirs in rules.promise.languages.items():
        tables["promise", "languages", code] = theirs
        if code not in others:
            said = "its words stand in [promise]" if code == first else f"your others are {_listed(others, code)}"
            yield ("promise", "languages", code), f"{code} is no other language of yours: {said}"
    for place, told in tables.items():
        for field in ("who", "why"):
            if found := A_TIME.search(getattr(told, field)):
                yield (*place, field), f"{found[0]!r} may differ from [hours] and [targets], told anyway"


def _check_routes(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    if "default" not in rules.routes:
        yield ("routes",), 'there must be a default: default = "NAME OF A DESK"'
    for channel, name in rules.routes.items():
        if channel not in ["default", *CHANNELS]:
            yield ("routes", channel), f"{channel!r} is no channel; there are default, {_listed(CHANNELS, channel)}"
        if name not in rules.desks:
            yield ("routes", channel), f"{name!r} is no desk; there are {_listed(rules.desks, name)}"


def _check_rules(rules: Shop) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Rules with names of their own, and none that always fits before others."""
    names = [rule.name for rule in rules.rules]
    for number, rule in enumerate(rules.rules):
        if not rule.name.strip() or rule.name in names[:number]:
            yield ("rules", number, "name"), f"{rule.name!r} does not tell it from the others; give it its own name"
        if not rule.when.model_dump(exclude_defaults=True) and (names[number + 1 :] or rules.packs):
            said = "without conditions it always fits, and no rule or pack behind it is ever asked; put it last"
            yield ("rules", number), said
        yield from ((("rules", number, *place), words) for place, words in _check_rule(rules, rule))


def _check_rule(rules: Shop, rule: Rule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Names that exist, tags that can be typed, words that can be found."""
    texts = ["none", *rules.acknowledgement.texts]
    if rule.desk and rule.desk not in rules.desks:
        yield ("desk",), f"{rule.desk!r} is no desk; there are {_listed(rules.desks, rule.desk)}"
    if rule.acknowledgement and rule.acknowledgement not in texts:
        known = _listed(texts, rule.acknowledgement)
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
                yield (*place, at), f"{name!r} is not known; there are {_listed(there, name)}"


def _named(rules: Shop, rule: Rule) -> Iterator[tuple[tuple[str, ...], Iterable[str], Collection[str]]]:
    """Names in a rule, where they stand, and those that are known there."""
    yield ("when", "channels"), rule.when.channels, CHANNELS
    yield ("when", "providers"), rule.when.providers, rules.providers
    yield ("when", "accounts"), rule.when.accounts, [account for _, account, _ in accounts(rules) if account]
    places = [rules.desks[rule.desk]] if rule.desk in rules.desks else rules.desks.values()
    yield ("skills",), rule.skills, {skill for place in places for known in place.skills.values() for skill in known}


def _check_templates(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    """Names that can be typed, and approved texts where the provider knows such a thing."""
    for name, canned in rules.templates.items():
        if not TEMPLATE.fullmatch(name):
            yield ("templates", name), f"a template's name is of small letters, digits, _ and -, not {name!r}"
        if not canned.text.strip():
            yield ("templates", name, "text"), "a template needs a text"
        for provider, approved in canned.approved.items():
            place = ("templates", name, "approved")
            if provider not in rules.providers or not _can(provider).templates:
                yield place, f"{provider!r} is no enabled provider that approves texts"
            elif not APPROVED.fullmatch(approved):
                yield place, f"write the name and language it has there, like order_update/en, not {approved!r}"
    for provider in rules.human_agent:
        if provider not in rules.providers or not _can(provider).human_window:
            yield ("human_agent",), f"{provider!r} is no enabled provider that lets people answer later than machines"


def _can(provider: str) -> Can:
    """What a provider can do; nothing, for a name that is told of elsewhere."""
    return providers.load(provider).can if provider in providers.NAMES else Can(text=0, covers=frozenset())


def _check_providers(rules: Shop) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, account, table in accounts(rules):
        place = ("providers", name, *([account] if account else []))
        if name not in providers.NAMES:
            yield place, f"there is no provider {name!r}; there are {_listed(providers.NAMES, name)}"
            continue
        if account and not ACCOUNT.fullmatch(account):
            yield place, f"an account's name is in capitals and digits, not {account!r}"
        fields = providers.load(name).Config.model_fields if table else {}  # else the module can wait
        for field in table:
            if field not in fields and field in Shop.model_fields:
                yield (*place, field), "it belongs above the first [table]"
            elif field not in fields:
                yield (*place, field), f"{name} has no setting {field!r}; there are {_listed(fields, field)}"


def _listed(names: Iterable[str], meant: str) -> str:
    """All of `names`, and the one that is nearest to what stands there instead."""
    from difflib import get_close_matches  # only where something is wrong

    known = sorted(names)
    near = get_close_matches(meant, known, 1)
    return (", ".join(known) or "none") + (f"; did you mean {near[0]!r}?" if near else "")


def _problem(place: Iterable[object], words: str) -> str:
    return f"shop.toml: {'.'.join(map(str, place))}: {words}"
