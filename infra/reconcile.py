"""`shopbell reconcile`: what was accepted against what is filed, by ids, on demand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from chalicelib import aws, settings, watch, words
from infra import local, stack
from infra.terminal import duration, out, working


class Missing(Exception):
    """Something was accepted and is nowhere to be found."""


@click.command()
@click.option(
    "--since", type=duration, default="24h", show_default=True, metavar="TIME", help="How far back: 30m, 24h, 30d."
)
@click.option("--here", is_flag=True, help="What runs on this machine, not on AWS.")
@stack.choice
@click.pass_obj
def reconcile(state: Path, since: timedelta, here: bool, stage: str, region: str) -> None:
    """Compare what was accepted with what is filed.

    The ids that the webhooks logged are looked up in the table. What is missing there for more than an hour, and is
    not put aside either, is shown with its line of the log; the exit status is then 1.
    """
    stack.place(here, stage, region, state)
    now = datetime.now(UTC)
    with working("reading"):
        try:
            found = watch.reckoned(local.STACK if here else stack.name(stage), now - since, now, now)
        except aws.FAULTS as error:
            raise stack.NoStack(stack.why(error)) from error
    out.print(words.summed(found))
    for line in words.missing(found, settings.shop().time_zone):
        out.print(line, soft_wrap=True)
    if found.missing:
        raise Missing("This was accepted more than an hour ago, and is neither filed nor put aside.")
