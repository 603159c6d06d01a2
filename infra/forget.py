"""`shopbell forget` and `shopbell export`: all that the shop keeps of a person, erased, or as one file."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from chalicelib import providers, settings
from chalicelib.store import forgetting
from infra import erase, person, send, stack, values
from infra.erase import Receipt
from infra.person import Asked
from infra.terminal import out, working

SAID = {  # in the order in which they are said
    "addresses": "addresses",
    "conversations": "conversations",
    "messages": "messages",
    "posts": "posts of ours at the desks",
    "files": "files and long texts",
    "bodies": "webhooks and mails as they came",
    "put aside": "messages put aside",
    "fragments": "parts of long texts",
    "clues": "signs that they may be somebody else",
    "orders": "orders",
}
FADES = """Point-in-time backups of the table hold what was there for 35 days, then it is gone from these too.
What waits in the queue is dropped as it comes up. What they write from now on begins afresh.
Not reached from here: what agents wrote themselves, in Slack or in mail; what providers and their logs keep."""


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    here = click.option("--here", is_flag=True, help="What runs on this machine, not on AWS.")
    return person.choice(stack.choice(here(click.pass_obj(command))))


@click.command()
@_where
@click.option("--orders", default="", metavar="PROVIDER[/ACCOUNT]", help="No person: all orders that it told of.")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(
    state: Path, email: str, phone: str, contact: str, orders: str, dry_run: bool, yes: bool, here: bool, stage: str,
    region: str,
) -> None:  # fmt: skip
    """Erase all that the shop keeps of a person.

    Their messages and files, our posts at the desks, what waits or was put aside, of all their addresses that were
    linked. If it is interrupted, do the same again: it goes on where it was.
    """
    asked, where = Asked(email, phone, contact), _enter(state, here, stage, region)
    if orders:
        _forget_orders(asked, orders, where, dry_run, yes)
        return
    with working("reading"):
        counts = erase.found(asked)
    _say(counts, f"Kept in {where}:")
    if not _sure(dry_run, yes):
        return
    with working("erasing"):
        receipt = erase.forget(asked)
    _receipt(receipt)


@click.command()
@_where
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to; default: to the terminal.")
def export(
    state: Path, email: str, phone: str, contact: str, output: Path | None, here: bool, stage: str, region: str
) -> None:
    """Write all that the shop keeps of a person, as JSON.

    For that person: with it go the files that it names, from the shop's bucket.
    """
    from infra import export

    _enter(state, here, stage, region)
    with working("reading"):
        found = export.export(Asked(email, phone, contact))
    said = json.dumps(found, indent=2, ensure_ascii=output is None)
    if output is None:
        click.echo(said)
        return
    output.write_text(f"{said}\n", encoding="utf-8")
    out.print(f"✓ {len(found['messages'])} messages in {output}.", style="green")
    for place in export.media(found):
        out.print(f"  with it goes s3://{os.environ['BUCKET']}/{place}")


def _forget_orders(asked: Asked, orders: str, where: str, dry_run: bool, yes: bool) -> None:
    """What a shop's software told, as it may ask when Shopbell is removed there."""
    provider, _, account = orders.partition("/")
    if any(asked) or provider not in providers.ORDERS:
        raise click.UsageError(f"--orders stands alone, with one of {', '.join(providers.ORDERS)}")
    with working("reading"):
        count = forgetting.told_by(provider, account.upper()).how_many
    _say({"orders": count}, f"Kept in {where}:")
    if not _sure(dry_run, yes):
        return
    with working("erasing"):
        count = erase.drop_orders(provider, account.upper())
    _say({"orders": count}, "Erased:")


def _sure(dry_run: bool, yes: bool) -> bool:
    """Whether to go on and erase."""
    if dry_run:
        out.print("Nothing is erased.")
    elif not yes:
        click.confirm("Erase all of it, for good?", abort=True, err=True)
    return not dry_run


def _enter(state: Path, here: bool, stage: str, region: str) -> str:
    """Lead our modules there, with what is needed to take posts back."""
    where = stack.place(here, stage, region, state)
    if here:
        os.environ |= values.complete(send.known(), settings.shop(), "")
    return where


def _receipt(receipt: Receipt) -> None:
    """What may be handed on, to whoever asked for it: it names nobody."""
    counts = receipt.counts
    _say(counts, f"Erased, as of {receipt.at:%-d %B %Y %H:%M:%S} UTC:")
    if counts["mails to agents"]:
        out.print(f"{counts['mails to agents']} mails went to agents' mailboxes: delete them there.", style="yellow")
    if counts["threads"]:
        out.print(f"{counts['threads']} threads led to them: what agents wrote there themselves stays.", style="yellow")
    if counts["waiting webhooks"]:
        waiting = f"{counts['waiting webhooks']} webhooks that name them may still wait to be read, with others' words:"
        out.print(f"{waiting} do the same again in four days, for each address.", style="yellow")
    for id in receipt.left:
        out.print(f"Slack does not delete the post {id}: delete it there.", style="yellow")
    out.print(FADES, soft_wrap=True)


def _say(counts: Mapping[str, int], title: str) -> None:
    out.print(title)
    for name, words in SAID.items():
        if counts.get(name):
            out.print(f"  {words}: {counts[name]}")
    if not any(counts.get(name) for name in SAID):
        out.print("  nothing")
