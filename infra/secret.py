"""`shopbell secrets`: set and rotate what the shop is known by at its providers, and see how it stands."""

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from chalicelib import aws, journal, providers, settings
from chalicelib.models.shop import Shop
from infra import kept, stack, tables, uses, values
from infra.kept import Account, Kept, Refused
from infra.terminal import out, working

NEEDED_BY = {"in": "the webhook", "out": "the worker"}


def listed(rules: Shop, stage: str, function: str, now: datetime) -> Table:
    """Every setting of every account of the shop and how it stands; never a value."""
    found = kept.everything(stage)
    table = tables.columns()
    for title in ("Setting", "Needed by", "Stands"):
        table.add_column(title, no_wrap=title != "Stands")
    for provider, name, set_in_file in rules.accounts():
        account = Account(stage, provider, name)
        table.add_section()
        table.add_row(Text(account.title, "bold"), "", "")
        for field in providers.load(provider).Config.model_fields:
            table.add_row(*_row(account, field, found, bool(set_in_file.get(field)), function, now))
    return table


def _row(
    account: Account, field: str, found: Mapping[str, Kept], in_file: bool, function: str, now: datetime
) -> list[str | Text]:
    there = {way: found.get(account.place(way)) for way in kept.ways(account.provider, field)}
    live = {way: one.live(field) if one else [] for way, one in there.items()}
    state = _state(account.provider, field, live, in_file)
    told = [Text(state, tables.FOUND[state])]
    if any(len(values) > 1 for values in live.values()):
        told.append(Text(f"two values: {_used(account, field, there.get('in'), function, now)}", "yellow"))
    return [f"  {field}", Text(" and ".join(NEEDED_BY[way] for way in there), "dim"), Text("\n").join(told)]


def _used(account: Account, field: str, known: Kept | None, function: str, now: datetime) -> str:
    if known is None:
        return "what is sent goes by the new one: rotate --finish"
    return uses.said(uses.of(function, account, field, max(known.at, now - journal.LASTS)), now)


def _state(provider: str, field: str, live: Mapping[str, list[str]], in_file: bool) -> str:
    config = providers.load(provider).Config
    needed = any(field in settings.needed(config, direction) for direction in ("inbound", "outbound"))
    if live and all(live.values()):
        return "set"
    if in_file:
        return "in shop.toml"
    return "missing" if needed else "default" if config.model_fields[field].default else "left out"


# ---- the commands -------------------------------------------------------------------------------------------------


@click.group()
def secrets() -> None:
    """Keep on AWS what the shop is known by at its providers.

    Nothing of it is written to your disk, your shell's history or a log: values are typed unseen, or come from stdin.
    """


def _about(command: Callable[..., Any]) -> Callable[..., Any]:
    account = click.option("--account", default="", help="Which of the shop's accounts there, if it has several.")
    provider = click.argument("provider", type=click.Choice(providers.NAMES), metavar="PROVIDER")
    return provider(account(stack.choice(command)))


@secrets.command("set")
@_about
@click.argument("field", default="")
def set_(provider: str, field: str, account: str, stage: str, region: str) -> None:
    """Set what PROVIDER's account is known by.

    FIELD is one of its settings, as shopbell secrets list names them; without it each is asked for in turn.
    """
    where = Account(stage, provider, account.upper())
    fields = [_known(provider, field)] if field else _all(provider)
    stack.enter(stage, region)
    given = {name: value for name in fields if (value := _asked(provider, name, bool(field)))}
    _tell(where, {way for name, value in given.items() for way in kept.keep(where, name, kept.replaced(value))}, "kept")


@secrets.command()
@_about
@click.argument("field")
@click.option("--finish", is_flag=True, help="Take the old value away.")
def rotate(provider: str, field: str, finish: bool, account: str, stage: str, region: str) -> None:
    """Give FIELD a new value beside the old one.

    Both are good until --finish; what Shopbell sends goes by the new one at once. Set it at the provider, see with
    shopbell secrets list when the old one is no longer used, and take that away.
    """
    where = Account(stage, provider, account.upper())
    if not values.is_secret(providers.load(provider).Config.model_fields[_known(provider, field)]):
        raise Refused(f"{field} is no secret, and has one value: shopbell secrets set")
    stack.enter(stage, region)
    change = kept.finished if finish else kept.rotated(_asked(provider, field, True))
    words = "the old one is taken away" if finish else "kept beside the old one"
    _tell(where, set(kept.keep(where, field, change)), words)


@secrets.command("list")
@stack.choice
def list_(stage: str, region: str) -> None:
    """Show which settings stand, and which of two values is used. No value is shown."""
    stack.enter(stage, region)
    with working("asking AWS"):
        name = stack.outputs(stage).get("APIHandlerName", "")
        found = listed(settings.shop(), stage, name, datetime.now(UTC))
    out.print(found)


def _known(provider: str, field: str) -> str:
    fields = _all(provider)
    if field not in fields:
        raise Refused(f"{provider} has no setting {field!r}; there are {', '.join(fields)}")
    return field


def _all(provider: str) -> list[str]:
    return list(providers.load(provider).Config.model_fields)


def _asked(provider: str, field: str, needed: bool) -> str:
    """A value, typed without being shown, or the first line of stdin. Empty: it stays as it is. Raises Refused."""
    about: Any = providers.load(provider).Config.model_fields[field]
    secret = values.is_secret(about)
    if sys.stdin.isatty():
        out.print(f"{field}: {about.description}", soft_wrap=True)
        words = f"  its value{', not shown' if secret else ''}{'' if needed else ' (empty: as it is)'}"
        value = str(click.prompt(words, "", hide_input=secret, show_default=False))
    elif needed:
        value = sys.stdin.readline()
    else:
        raise Refused("name the FIELD whose value comes from stdin")
    return _clean(value, secret, needed)


def _clean(value: str, secret: bool, needed: bool) -> str:
    value = value.strip()
    if needed and not value:
        raise Refused("nothing was given, and nothing was changed")
    if secret and len(value.split()) > 1:
        raise Refused("a value has no space within: give one at a time")
    return value


def _tell(account: Account, read_by: set[str], words: str) -> None:
    if not read_by:
        out.print("Nothing was given, and nothing was changed.")
        return
    with working("letting the functions start afresh"):
        said = stack.outputs(account.stage)
        kept.renew(said, sorted(read_by), datetime.now(UTC))
    out.print(f"✓ {account.title}: {words}, for {stack.name(account.stage)} in {aws.region()}.", style="green")
    out.print("New calls go by it from now on." if said else "It is read once Shopbell is deployed there.")
