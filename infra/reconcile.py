"""`shopbell reconcile`: what was accepted against what is filed, by ids, on demand."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from chalicelib import aws, settings, watch, words
from infra import here

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = 4  # digits of a time


def duration(text: str) -> timedelta:
    """A time as people write it: 30m, 24h, 3d. For click: raises BadParameter."""
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS or not (number.isascii() and number.isdigit()) or len(number) > LONGEST:
        raise click.BadParameter(f"{text!r} is no time: write it like 30m, 24h or 3d.")
    return timedelta(**{UNITS[unit]: int(number)})


@click.command()
@click.option(
    "--since", type=duration, default="24h", show_default=True, help="How far back: 30m, 24h, 3d; at most 30d."
)
@click.option("--stack", default="", help="A stack on AWS; default: what runs on this machine.")
@click.pass_obj
def reconcile(state: Path, since: timedelta, stack: str) -> None:
    """Compare what was accepted with what is filed.

    The ids that the webhooks logged are looked up in the table. What is missing there for more than an hour, and is
    not put aside either, is shown with its line of the log; the exit status is then 1.
    """
    now = datetime.now(UTC)
    try:
        name = _entered(stack, state)
        found = watch.reckoned(name, now - since, now, now)
    except aws.FAULTS as error:
        raise click.ClickException(f"AWS says no: {' '.join(str(error).split())}") from error
    click.echo(words.summed(found))
    for line in words.missing(found, settings.shop().time_zone):
        click.echo(line)
    if found.missing:
        raise click.ClickException("These were accepted more than an hour ago, and are neither filed nor put aside.")


def _entered(stack: str, state: Path) -> str:
    """Lead our modules to a stack; returns its name."""
    from infra import local

    if not stack:
        here.enter(here.find(state))
        return local.STACK
    found = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    os.environ.update(local.resources({said["OutputKey"]: said["OutputValue"] for said in found["Outputs"]}))
    return stack
