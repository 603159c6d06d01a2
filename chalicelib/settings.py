"""What the shop sets: its rules and words from shop.toml, its providers' settings and secrets by name."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from chalicelib import checks, parameters, providers, signing
from chalicelib.errors import NotEnabled, SettingsError, Unavailable
from chalicelib.models.provider import current
from chalicelib.models.shop import Shop

SHOP_FILE = Path(__file__).with_name("shop.toml")
PREFIX = "SHOPBELL_"
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
    problems = [_problem(place, words) for place, words in checks.check(rules)]
    if problems:
        raise SettingsError(problems)
    return rules


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
    there = [(name, account) for name, account, _ in shop().accounts() if "topics" in _fields_of(name)]
    for name, account in there:
        if signing.shown(config(name, account, "inbound").topics, topic):
            return name, account
    raise NotEnabled


def webhook_url(base: str, provider: str, account: str = "") -> str:
    """Where a provider calls: `base` is the public address, without /webhooks."""
    last = "-".join(filter(None, [account.lower(), providers.load(provider).can.ending]))
    return "/".join([base.rstrip("/"), "webhooks", provider, *([last] if last else [])])


def addressed(provider: str, last: str) -> str:
    """The account in the last part of a webhook's address; it may have the ending that the provider wants."""
    ending = providers.load(provider).can.ending.upper()
    return f"-{last.upper()}".removesuffix(f"-{ending}")[1:] if ending else last.upper()


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
        for provider, account, _ in rules.accounts()
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
    table = next((table for name, other, table in shop().accounts() if (name, other) == (provider, account)), {})
    names = {name: variable(provider, account, name) for name in _fields_of(provider)}
    given = {name: value for name, place in names.items() if (value := os.environ.get(place, "").strip())}
    way = parameters.WAYS["outbound" if direction == "parsing" else direction]
    return {**table, **(given or parameters.read(way, provider, account))}


def _problem(place: Iterable[object], words: str) -> str:
    return f"shop.toml: {'.'.join(map(str, place))}: {words}"
