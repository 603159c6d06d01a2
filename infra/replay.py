"""`shopbell replay`: what customers wrote is shown to the agents again, by the rules as they are now."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import click
from rich.table import Table

from chalicelib import providers, queue, store
from chalicelib.models.inbound import Message
from chalicelib.models.work import Direction
from infra import stack, tables
from infra.terminal import moment, out, working

RATE = 5  # a second; the worker has four at a time in hand
SECONDS = "%Y-%m-%dT%H:%M:%SZ"


class Window(NamedTuple):
    """From when up to when messages are replayed; it names the replay, so the same one again does nothing twice."""

    since: datetime
    until: datetime

    @property
    def name(self) -> str:
        return f"{self.since:{SECONDS}}/{self.until:{SECONDS}}"

    @property
    def options(self) -> str:
        return f"--since {self.since:{SECONDS}} --until {self.until:{SECONDS}}"


@click.command()
@click.option(
    "--since", type=moment, required=True, metavar="TIME", help="From when on: 2h ago, or 2026-03-02T09:00:00Z."
)
@click.option("--until", type=moment, default="0m", metavar="TIME", help="Up to when; default: now.")
@click.option(
    "--provider",
    default="",
    type=click.Choice(["", *providers.NAMES]),
    metavar="PROVIDER",
    help="Only what it brought.",
)
@click.option("--rate", type=click.IntRange(1, 50), default=RATE, show_default=True, help="So many in a second.")
@click.option("--dry-run", is_flag=True, help="Only say what would be replayed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--here", is_flag=True, help="What runs on this machine, not on AWS.")
@stack.choice
@click.pass_obj
def replay(
    state: Path,
    since: datetime,
    until: datetime,
    provider: str,
    rate: int,
    dry_run: bool,
    yes: bool,
    here: bool,
    stage: str,
    region: str,
) -> None:
    """Show recorded messages to the agents again, by the rules as they are now.

    Each customer's in their order, with a mark that says when it came. No customer hears of it, and no clock begins
    anew. What an agent wrote is not sent again. If it is interrupted, the line that it prints goes on where it was.
    """
    where, window = stack.place(here, stage, region, state), Window(since, until)
    with working("reading"):
        found = recorded(window, provider)
        before = store.claims(message.claim for message in found)
    left = [message for message in found if message.claim not in before]
    out.print(_listed(left) if left else f"There is nothing to replay in {where}: {window.options}")
    if before:
        out.print(f"{len(before)} were replayed before, with just these times: they are left out.")
    if dry_run or not left:
        out.print("Nothing is replayed.")
        return
    if not yes:
        click.confirm(f"Show these {len(left)} to the agents of {where} again?", abort=True, err=True)
    out.print(f"Should it be interrupted, it goes on with {window.options}")
    with working("putting them on the queue") as say:
        for done, _ in enumerate(queued(left, rate), 1):
            say(f"{done} of {len(left)}")
    out.print(f"✓ {len(left)} on the queue again, marked 🔁.", style="green")


def recorded(window: Window, provider: str = "") -> list[Message]:
    """What customers wrote in that time, as it is to be queued, in the order in which it came.

    It reads the whole table. Whoever is forgotten has no rows any more. Raises one of aws.FAULTS.
    """
    theirs = [row for row in store.written(*window) if row["direction"] == Direction.IN]
    rows = sorted((row for row in theirs if provider in ("", row["provider"])), key=lambda row: str(row["sk"]))
    again = {"replayed": window.name}
    return [Message.model_validate({"came_at": store.recorded_at(row), **row, **again}) for row in rows]


def queued(messages: Sequence[Message], rate: int, pause: Callable[[float], object] = time.sleep) -> Iterator[Message]:
    """Put messages on the queue, `rate` in a second; yields what is done. Twice is harmless: see Message.claim."""
    for message in messages:
        queue.put([message], f"replay:{message.claim}")
        yield message
        pause(1 / rate)


def _listed(messages: Sequence[Message]) -> Table:
    """How much of whom, by provider."""
    table = tables.columns()
    for title in ("Provider", "Messages", "Customers", "First", "Last"):
        table.add_column(title, no_wrap=True)
    for provider in sorted({message.provider for message in messages}):
        mine = [message for message in messages if message.provider == provider]
        times = [f"{message.came_at:%Y-%m-%d %H:%M} UTC" for message in mine]
        table.add_row(provider, str(len(mine)), str(len({one.sender for one in mine})), times[0], times[-1])
    return table
