"""What is configured and what is missing, in plain words."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import NamedTuple

from chalicelib import hours, providers, settings, sms, wording
from chalicelib.models.shop import Expected, Shop
from chalicelib.models.values import Channel
from infra import values

TODAY, LONG_DAY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 9, 30, 9, tzinfo=UTC)  # no other has longer names
LIVE = 2  # values that a secret may hold at a time
MAIL_LIMIT = (
    "Mail larger than about 4.5 MB, attachments included, is refused by AWS before Shopbell sees it:"
    " the provider tells the sender, and nothing of it reaches you."
)


class Finding(NamedTuple):
    """One setting of an account: its environment name, how it stands, and where its value is found."""

    provider: str
    account: str
    variable: str
    state: str  # a key of tables.FOUND
    where: str


def findings(rules: Shop, given: Mapping[str, str]) -> list[Finding]:
    """Every setting of every enabled account, in the order of shop.toml."""
    return [
        found for provider, account, table in rules.accounts() for found in of_account(provider, account, table, given)
    ]


def of_account(provider: str, account: str, table: Mapping[str, object], given: Mapping[str, str]) -> Iterator[Finding]:
    """Every setting of one; `table` is what shop.toml says of it."""
    for name, field in providers.load(provider).Config.model_fields.items():
        variable, state = settings.variable(provider, account, name), _state(provider, account, name, table, given)
        yield Finding(provider, account, variable, state, field.description)


def problems(rules: Shop, given: Mapping[str, str]) -> list[str]:
    """What of the settings keeps the shop from working, a line each."""
    missing = sum(found.state == "missing" for found in findings(rules, given))
    count = "1 setting is" if missing == 1 else f"{missing} settings are"
    lacking = [f"{count} missing, see above"] if missing else []
    return [*lacking, *_too_many(rules, given), *_unknown(rules, given)]


def notes(rules: Shop, today: date) -> list[str]:
    """What the owner should know about what is enabled."""
    large = [MAIL_LIMIT] if any(map(_brings_whole_mails, rules.providers)) else []
    open = [(name, hours.of(rules, name)) for name in rules.desks]
    over = [name for name, one in open if one and one.holidays and max(one.holidays) < today]
    past = [f"All holidays of {', '.join(over)} are past: write the next ones."] if over else []
    return [*large, *past, *_public(rules, today), *_long_sms(rules), *_untold(rules)]


def _untold(rules: Shop) -> Iterator[str]:
    """Languages in which the promise has words of another."""
    for code in rules.languages[1:]:
        theirs = rules.promise.languages.get(code, Expected())
        lacking = [name for name in Expected.model_fields if getattr(rules.promise, name) and not getattr(theirs, name)]
        if lacking:
            yield f"The promise says {', '.join(lacking)} in {rules.languages[0]} where customers read {code}."


def _long_sms(rules: Shop) -> Iterator[str]:
    """Acknowledgements that an SMS of its own cannot hold, with the longest that may stand in their gaps."""
    if not any(providers.load(name).channel is Channel.SMS for name in rules.providers):
        return
    order = rules.acknowledgement.orders + 12 * "0"  # and an SMS tells no name
    for (code, field), _ in wording.texts(rules):
        known = {"order": order, "time": wording.span(90, rules, code)}
        opens, named = LONG_DAY if field == "closed" else None, "" if field in ("text", "closed") else field
        said = sms.plain(wording.acknowledgement(rules, code, known, TODAY, opens, named))
        if sms.count(said) > 1:
            wide = sms.others(said)
            fit = f"{sms.ONE_WIDE} because of {wide}" if wide else f"{sms.ONE}"
            size = f"{sms.count(said)} SMS: {sms.length(said)} letters, one holds {fit}"
            yield f"The acknowledgement ({field}, {code}) takes {size}."


def _public(rules: Shop, today: date) -> Iterator[str]:
    """What each desk with a country should know, those to whom the same is said together."""
    told: dict[str, list[str]] = {}
    for name, place in rules.desks.items():
        open = hours.of(rules, name)
        country = next((table.country for table in (place.hours, rules.hours) if table and table.country), "")
        if open and country:
            told.setdefault(_unlisted(open, country, today), []).append(name)
    return (f"{', '.join(names)}: {said}" for said, names in told.items() if said)


def _unlisted(open: hours.Calendar, country: str, today: date) -> str:
    """The public holidays of a year from `today` on which it is open; empty if there are none."""
    from holidays import country_holidays  # it takes a while, and only those who name a country need it

    state, _, region = country.partition("-")
    try:
        known = country_holidays(state, subdiv=region or None, years=(today.year, today.year + 1), language="en_US")
    except NotImplementedError:
        return f"no public holidays of {country} are known here."
    ahead = [day for day in sorted(known) if today <= day < today + timedelta(days=365)]
    days = [f"{day} ({known[day]})" for day in ahead if open.on(day) and day not in dict(open.dates)]
    return (
        f"open on public holidays of {country}: {', '.join(days)}. If you close, add them to holidays." if days else ""
    )


def _state(provider: str, account: str, name: str, table: Mapping[str, object], given: Mapping[str, str]) -> str:
    config = providers.load(provider).Config
    needed = {*settings.needed(config, "inbound"), *settings.needed(config, "outbound")}
    if given.get(settings.variable(provider, account, name)):
        return "set"
    if table.get(name):
        return "in shop.toml"
    return "missing" if name in needed else "default" if config.model_fields[name].default else "left out"


def _brings_whole_mails(name: str) -> bool:
    """Whether a webhook holds the whole mail; some only announce it."""
    module = providers.load(name)
    return module.channel is Channel.EMAIL and providers.optional(module, "complete") is None


def _too_many(rules: Shop, given: Mapping[str, str]) -> Iterator[str]:
    for provider, account, _ in rules.accounts():
        for name, field in providers.load(provider).Config.model_fields.items():
            variable = settings.variable(provider, account, name)
            if values.is_secret(field) and len(given.get(variable, "").split()) > LIVE:
                yield f"{variable} holds more than two values: leave the new one and the old one, with a space between"


def _unknown(rules: Shop, given: Mapping[str, str]) -> Iterator[str]:
    """Settings that mean nothing to this shop: a typing error, or of what shop.toml does not enable."""
    known = settings.known_variables(rules)
    for name in sorted(name for name in given if name.startswith(settings.PREFIX) and name not in known):
        table, near = _not_enabled(name, rules), get_close_matches(name, known, 1, 0.8)
        if table:
            yield f"{name} is of no use: shop.toml does not enable its account; add [{table}] there, or unset it"
        else:
            yield f"{name} is not known: " + (f"is {near[0]} meant?" if near else "unset it")


def _not_enabled(name: str, rules: Shop) -> str:
    """The table that shop.toml lacks for a setting that would be known with it; empty where that is not the matter."""
    there = [(provider, account) for provider, account, _ in rules.accounts()]
    for provider in providers.NAMES:
        fields = "|".join(field.upper() for field in providers.load(provider).Config.model_fields)
        found = re.fullmatch(f"{settings.PREFIX}{provider.upper()}(?:__([A-Z0-9]+))?_(?:{fields})", name)
        if found and (provider, found[1] or "") not in there:
            return ".".join(filter(None, ["providers", provider, found[1]]))
    return ""
