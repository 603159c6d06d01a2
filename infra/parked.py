"""`shopbell parked`: look at what could not be worked off, put it on the queue again, or drop it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from chalicelib import providers, store
from infra import letters, stack, tables
from infra.letters import Letter, Unclear, Wanted
from infra.terminal import ago, duration, out, working

RATE = 5  # a second; the worker has four at a time in hand


@click.group()
def parked() -> None:
    """What could not be worked off: look at it, try it again, drop it."""


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    here = click.option("--here", is_flag=True, help="What runs on this machine, not on AWS.")
    return stack.choice(here(click.pass_obj(command)))


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose letters."""
    for option in (
        click.option(
            "--older", type=duration, default="0m", metavar="TIME", help="Only what was put aside so long ago: 2h."
        ),
        click.option("--reason", default="", help="Only where the reason holds these words."),
        click.option(
            "--provider", default="", type=click.Choice(["", *providers.NAMES]), metavar="PROVIDER", help="Whose."
        ),
    ):
        command = option(command)
    return command


def _some(command: Callable[..., Any]) -> Callable[..., Any]:
    ids = click.argument("ids", nargs=-1, metavar="[ID]...")
    every = click.option("--all", "every", is_flag=True, help="All that there is.")
    yes = click.option("--yes", is_flag=True, help="Do it; without it only what would be done is shown.")
    return ids(_which(every(yes(_where(command)))))


@parked.command("list")
@_which
@_where
def list_(state: Path, provider: str, reason: str, older: timedelta, here: bool, stage: str, region: str) -> None:
    """List what was put aside, the first at the top."""
    where, now = stack.place(here, stage, region, state), datetime.now(UTC)
    with working("reading"):
        found = letters.chosen(
            letters.everything(), Wanted(provider=provider, reason=reason, older=older, every=True), now
        )
        coming = letters.waiting()
    if found:
        out.print(listed(found, now))
    else:
        out.print(f"Nothing is put aside in {where}.")
    if coming:
        out.print(f"{coming} more on the way here: they can be seen within a minute.")


@parked.command()
@click.argument("id")
@_where
def show(state: Path, id: str, here: bool, stage: str, region: str) -> None:
    """Show one whole: why it is there, what it says, and how far it came.

    ID is the beginning of its id.
    """
    stack.place(here, stage, region, state)
    with working("reading"):
        found = letters.chosen(letters.everything(), Wanted(ids=(id,)), datetime.now(UTC))
        if len(found) > 1:
            raise Unclear(f"{len(found)} ids begin with {id!r}: give more of it")
        claim = store.claim(found[0].claim) if found[0].claim else None
    out.print(_title(found[0], datetime.now(UTC)), whole(found[0]), sep="\n")
    if claim:
        out.print(Text("\nHow far it came", "bold"), tables.deliveries(claim.in_order, UTC), sep="\n")
    elif found[0].claim:
        out.print("\nNothing of it is recorded: redriven, it begins anew.")


@parked.command()
@_some
@click.option("--rate", type=click.IntRange(1, 50), default=RATE, show_default=True, help="So many in a second.")
def redrive(
    state: Path, ids: tuple[str, ...], rate: int, yes: bool, here: bool, stage: str, region: str, **which: Any
) -> None:
    """Put messages on the queue again, each sender's in their order.

    What was done of one before is not done twice. First see what --yes would do by leaving it out.
    """
    where, now = stack.place(here, stage, region, state), datetime.now(UTC)
    with working("reading"):
        there = letters.everything()
        found = letters.chosen(there, Wanted(ids=ids, **which), now)
        behind = letters.left_behind(found, there)
    _announce(found, f"put on the queue of {where} again, {rate} a second", now, yes)
    if behind:
        out.print(f"{behind} earlier of the same senders stay aside, and come after these.", style="yellow")
    if yes:
        done = 0
        with working("putting them on the queue") as say:
            for done, _ in enumerate(letters.redrive(found, rate), 1):
                say(f"{done} of {len(found)}")
        out.print(f"✓ {done} on the queue again. What fails once more comes back here.", style="green")


@parked.command()
@_some
def drop(state: Path, ids: tuple[str, ...], yes: bool, here: bool, stage: str, region: str, **which: Any) -> None:
    """Forget messages for good.

    First see what --yes would do by leaving it out.
    """
    where, now = stack.place(here, stage, region, state), datetime.now(UTC)
    with working("reading"):
        found = letters.chosen(letters.everything(), Wanted(ids=ids, **which), now)
    _announce(found, f"forgotten in {where}, for good", now, yes)
    if yes:
        for letter in found:
            letters.drop(letter)
        out.print(f"✓ {len(found)} dropped.", style="green")


def listed(found: Sequence[Letter], now: datetime) -> Table:
    """A row for each letter."""
    table = tables.columns()
    for title in ("Id", "Put aside", "From", "What"):
        table.add_column(title, no_wrap=True)
    table.add_column("Why", ratio=1)
    for letter in found:
        why = Text(tables.plain(letter.reason), "yellow")
        table.add_row(letter.id[: tables.SHORT], ago(letter.at, now), letter.provider or "–", letter.what, why)
    return table


def whole(letter: Letter) -> Table:
    """All that a letter says."""
    if letter.item:
        return tables.meaning(letter.item)
    table = tables.pairs()
    table.add_row("body", tables.plain(letter.body))
    return table


def _title(letter: Letter, now: datetime) -> Text:
    why = (tables.plain(letter.reason), "yellow")
    return Text.assemble((letter.id, "bold"), f" put aside {ago(letter.at, now)}: ", why, "\n")


def _announce(found: Sequence[Letter], what: str, now: datetime, yes: bool) -> None:
    """What is done, or would be. Raises Unclear where that is nothing."""
    if not found:
        raise Unclear("nothing put aside is like that: see shopbell parked list")
    if not yes:
        out.print(listed(found, now))
        out.print(f"{len(found)} would be {what}. Nothing is done yet: do it with --yes")
