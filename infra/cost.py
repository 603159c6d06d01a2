"""`shopbell cost`: what a month costs on AWS, line by line, with and without what AWS gives away.

Prices are in prices.toml, what each thing that happens uses in usage.toml; here is only the arithmetic.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.table import Table
from rich.text import Text

from chalicelib import settings
from infra import measured, stack, tables
from infra.terminal import out, working

PRICES, USAGE = (Path(__file__).with_name(f"{name}.toml") for name in ("prices", "usage"))
MONTHS_KEPT = 6  # that files lie in the bucket
AGE = 12  # months of messages that the table and its backup hold: a shop after a year
RECEIPTS = 2  # for each thing sent: delivered, and read
TYPICAL = {"replies": 0.8, "conversations": 1 / 3, "files": 0.1}  # for each message of a customer, if nobody says

Use = Mapping[str, float]  # unit -> how much of it


class Traffic(NamedTuple):
    """What happens in a month. `messages` are customers'; some of them open `conversations`."""

    messages: float
    replies: float
    conversations: float
    files: float
    mail: bool = False  # SES brings mail

    @property
    def events(self) -> Mapping[str, float]:
        """How often each table of usage.toml happens."""
        return {
            "month": 1,
            "mail": int(self.mail),
            "opening": self.conversations,
            "message": self.messages - self.conversations,
            "reply": self.replies,
            "receipt": RECEIPTS * (self.replies + self.conversations),
            "closing": self.conversations,
            "file": self.files,
        }


class Line(NamedTuple):
    """One unit: how much is used and given away, and what it costs without and with what is given away."""

    words: str
    used: float
    free: float
    whole: float
    dollars: float


def typical(messages: float, mail: bool = False, **given: float | None) -> Traffic:
    """The traffic of an ordinary shop; what is `given` is taken as it is."""
    shares = {name: messages * share for name, share in TYPICAL.items()}
    known = {name: value for name, value in given.items() if value is not None}
    return Traffic(messages, mail=mail, **{**shares, **known})


def use(traffic: Traffic) -> Use:
    """What a month of such traffic uses, of every unit."""
    usage = _read(USAGE)
    used = dict.fromkeys(units(), 0.0)
    for event, times in traffic.events.items():
        for unit, amount in usage[event].items():
            used[unit] += times * amount
    used["file_gb"] += traffic.files * usage["file"]["file_gb"] * (MONTHS_KEPT - 1)
    used["table_gb"] *= AGE
    used["backup_gb"] = used["table_gb"]
    return used


def lines(used: Use) -> list[Line]:
    """What each unit costs; those of which nothing is used are left out."""
    return [_line(unit, price, used[unit]) for unit, price in units().items() if used.get(unit)]


def total(found: Sequence[Line]) -> tuple[float, float]:
    """Dollars without and with what AWS gives away."""
    return sum(line.whole for line in found), sum(line.dollars for line in found)


def units() -> Mapping[str, Mapping[str, Any]]:
    return {unit: price for unit, price in _read(PRICES).items() if isinstance(price, dict)}


def _line(unit: str, price: Mapping[str, Any], used: float) -> Line:
    free, each = price.get("free", 0), price["dollars"] / price["per"]
    return Line(price["words"], used, free, used * each, max(0.0, used - free) * each)


@cache
def _read(file: Path) -> Mapping[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


# ---- the command -------------------------------------------------------------------------------------------------


@click.command()
@click.option("--messages", type=click.IntRange(0), default=10_000, show_default=True, help="Customers', in a month.")
@click.option("--replies", type=click.IntRange(0), help="Agents' answers; default: four for five messages.")
@click.option("--conversations", type=click.IntRange(0), help="That open; default: one for three messages.")
@click.option("--files", type=click.IntRange(0), help="That come with messages; default: one for ten.")
@click.option("--measured", "as_measured", is_flag=True, help="What was used on AWS in the last 30 days instead.")
@stack.choice
def cost(messages: int, as_measured: bool, stage: str, region: str, **given: int | None) -> None:
    """Say what a month costs on AWS.

    The providers' own charges, for SMS above all, are not in it.
    """
    mail = "ses" in settings.shop().providers
    if (given["conversations"] or 0) > messages:
        raise click.UsageError("there cannot be more conversations than messages.")
    if as_measured:
        stack.inhabit(stage, region)
        with working("asking AWS"):
            _show(lines(measured.use(stack.outputs(stage))), f"the last 30 days of {stack.name(stage)}")
    else:
        traffic = typical(messages, mail, **given)
        _show(lines(use(traffic)), _said(traffic))
    idle = total(lines(use(typical(0, mail))))
    out.print(f"A month in which nothing happens: ${idle[1]:.2f}, and ${idle[0]:.2f} without what AWS gives away.")


def _show(found: Sequence[Line], about: str) -> None:
    prices = _read(PRICES)
    out.print(f"A month on AWS: {about}.", soft_wrap=True)
    out.print(listed(found))
    out.print(
        f"List prices of {prices['date']} in {prices['region']}, without tax and providers' charges.", style="dim"
    )


def _said(traffic: Traffic) -> str:
    return (
        f"{traffic.messages:,.0f} messages of customers in {traffic.conversations:,.0f} conversations,"
        f" {traffic.replies:,.0f} answers, {traffic.files:,.0f} files, after {AGE} months like it"
    )


def listed(found: Sequence[Line]) -> Table:
    """A row for each unit, and the sum."""
    table = tables.columns()
    table.add_column("What", ratio=1)
    for title in ("Used", "Given away", "Costs", "Without"):
        table.add_column(title, justify="right", no_wrap=True)
    for line in found:
        free = amount(line.free) if line.free else "–"
        table.add_row(line.words, amount(line.used), free, f"${line.dollars:.3f}", Text(f"${line.whole:.3f}", "dim"))
    whole, dollars = total(found)
    table.add_section()
    table.add_row(Text("All", "bold"), "", "", Text(f"${dollars:.2f}", "bold"), Text(f"${whole:.2f}", "dim"))
    return table


def amount(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:,.2f}"
