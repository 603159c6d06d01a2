"""The command line `shopbell`: its commands and what they print. What they do is in the files beside this one."""

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import click

from chalicelib import providers, settings
from chalicelib.errors import SettingsError, Unreadable
from chalicelib.models.shop import Shop
from chalicelib.webhook import Request
from infra import cost, deploying, forget, here, parked, policy, reconcile, replay, rules, secret, setup
from infra.terminal import err, out, working

if TYPE_CHECKING:
    from infra.run import Running

LAST = 20  # conversations that are shown when Shopbell starts
PROVIDER = click.Choice(providers.NAMES)
PORT, SECONDS = click.IntRange(0, 65535), click.IntRange(1, 43200)
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--state", type=FOLDER, default=here.STATE, help="Where everything is kept; default: .shopbell/")
@click.option("--debug", is_flag=True, help="Show where an error comes from.")
@click.pass_context
def cli(context: click.Context, state: Path, debug: bool) -> None:
    """Shopbell on this machine: run it, write to it, look at what it does."""
    context.obj = state.resolve()


@cli.command()
@click.option(
    "--port", type=PORT, default=here.PORT, show_default=True, help="For webhooks; the outside world takes the next."
)
@click.option("--fresh", is_flag=True, help="Forget what was here before.")
@click.option("--public-url", default="", help="Where a tunnel lets providers in, without /webhooks.")
@click.option(
    "--visibility",
    type=SECONDS,
    default=60,
    show_default=True,
    help="Seconds until a message whose worker died is back.",
)
@click.pass_obj
def run(state: Path, port: int, fresh: bool, public_url: str, visibility: int) -> None:
    """Start Shopbell here and show what it does.

    A local AWS and an outside world are started with it; Ctrl-C ends all. Every SHOPBELL_ variable of your
    environment is handed on, and what is not set gets a local value.
    """
    from infra import run

    began, rules = time.monotonic(), settings.shop()
    run.interruptible()
    choice = run.Choice(port, fresh, visibility, public_url)
    with working("starting") as say, run.running(rules, os.environ, state, choice, say) as running:
        say("")
        with suppress(KeyboardInterrupt):
            _welcome(running, time.monotonic() - began)
            _watch(running)
    out.print("Shopbell has stopped. What was here is kept for the next time.")


@cli.command()
@click.pass_obj
def url(state: Path) -> None:
    """Print where webhooks are posted.

    A provider's are posted at this, a slash and its name.
    """
    try:
        click.echo(here.find(state).url)
    except here.NotRunning as error:
        click.echo(here.base(here.PORT))
        err.print(str(error), style="yellow", soft_wrap=True)


@cli.command()
@click.argument("provider", type=PROVIDER, metavar="PROVIDER")
@click.argument("text")
@click.option("--from", "sender", default="", help="Who writes, as the provider has it: a number, an id, an address.")
@click.option("--name", default="", help="The writer's name, where the provider tells it.")
@click.option("--attach", "files", multiple=True, type=FILE, help="A file that comes with it.")
@click.option("--batch", type=click.IntRange(1, 1000), default=1, help="So many messages in one webhook.")
@click.option("--repeat", type=click.IntRange(1, 1000), default=1, help="Post the same webhook so many times.")
@click.option("--bad-signature", "forged", is_flag=True, help="Sign it with a wrong secret.")
@click.option("--url", default="", help="Where to post, as shopbell url prints it, if not to what runs here.")
@click.option("--account", default="", help="Which of the shop's accounts there, if it has several.")
@click.option("--conversation", default="", help="As an agent: where to answer; else where a customer wrote last.")
@click.pass_obj
def send(state: Path, /, **order: Any) -> None:
    """Post a signed webhook, as PROVIDER would.

    TEXT is what a customer writes; from slack it is what an agent answers in a conversation, from postmark too with
    --conversation.
    """
    from infra import send, tables

    with working("sending"):
        sent = send.carry_out(send.Order(**order), settings.shop(), os.environ, state)
    for line in tables.sent(sent):
        out.print(line)
    if not sent.as_wanted:
        raise SystemExit(1)


@cli.command()
@click.argument("id", default="")
@click.option("--json", "as_json", is_flag=True, help="A list in the shape that infra/show.py documents.")
@click.pass_obj
def conversations(state: Path, id: str, as_json: bool) -> None:
    """List the conversations, or show one whole.

    ID is the beginning of a conversation's id.
    """
    from infra import show, tables

    with working("reading"):
        here.enter(here.find(state))
        found = [show.chat(id)] if id else show.chats()
    if as_json:
        click.echo(_json([show.as_json(chat) for chat in found]))
    elif id:
        out.print(tables.heading(found[0]), tables.whole(found[0], _zone()), sep="\n\n")
    elif found:
        out.print(tables.overview(found))
    else:
        out.print("No conversation yet. This opens one: shopbell send telegram Hello")


@cli.command()
@click.argument("id")
@click.pass_obj
def trace(state: Path, id: str) -> None:
    """Follow one message from end to end.

    What came in, what was decided, what became of it. ID is ours (the beginning will do) or the provider's.
    """
    from infra import show, tables

    with working("reading"):
        found = here.find(state)
        here.enter(found)
        chat, one = show.message(id)
        arrived, worked = show.carried(one, here.ledger(found)), show.receives(one.claim)
    what, deliveries = tables.received(chat, one, _zone()), tables.deliveries(one.claim.in_order, _zone())
    out.print(what, deliveries, tables.receives(worked, _zone()), tables.calls(arrived, _zone()), sep="\n\n")


@cli.command()
@click.argument("provider", type=PROVIDER, metavar="PROVIDER")
@click.argument("file", type=FILE)
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header it came with.")
@click.option("--content-type", default="", help="Its content type; default: JSON if it looks like that, else a form.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, a list with all that was understood.")
def parse(provider: str, file: Path, headers: Sequence[str], content_type: str, as_json: bool) -> None:
    """Say what a captured webhook means.

    FILE holds its body. Its signature is not looked at.
    """
    from infra import tables

    items, unreadable = _meant(provider, file.read_bytes(), headers, content_type)
    if as_json:
        click.echo(_json([item.model_dump(mode="json", exclude={"source"}) for item in items]))
    else:
        out.print(*(tables.meaning(item) for item in items), sep="\n")
    if unreadable:
        raise click.ClickException(f"Not all of it can be read ({unreadable}). Shopbell would keep it, and say so.")
    if not items:
        err.print("Nothing in it is for Shopbell: it would be accepted and forgotten.", style="yellow", soft_wrap=True)


@cli.command()
@click.option("--live", is_flag=True, help="Ask the providers: do the tokens hold, are the webhooks called?")
def check(live: bool) -> None:
    """Say whether shop.toml can be used, what is configured and what is missing.

    The exit status is 1 if something is wrong.
    """
    from infra import check, shop_file, tables

    rules = shop_file.rules()
    if live:
        _ask_providers(rules)
        return
    out.print(tables.shop(rules), tables.findings(check.findings(rules, os.environ)), sep="\n")
    for note in check.notes(rules, datetime.now(_zone()).date()):
        out.print(note, style="dim")
    problems = check.problems(rules, os.environ)
    if not problems:
        out.print("✓ Everything is set.", style="green")
        return
    for problem in problems:
        out.print(f"✗ {problem}", style="red")
    out.print("To try Shopbell out, nothing needs to be set: shopbell run gives local values.")
    raise SystemExit(1)


@cli.command()
@click.option("--text", is_flag=True, help="As plain text, not as a piece of HTML.")
@click.option("--language", default="", help="In this one alone, like de; else in all of languages in shop.toml.")
def promise(text: bool, language: str) -> None:
    """Print what customers may expect of you, for your own pages.

    Hours and answer times are those that you set, and are measured by.
    """
    from infra import promise, shop_file

    rules = shop_file.rules()
    codes = [code for code in rules.languages if language in ("", code)]
    if not codes:
        raise click.ClickException(f"{language} is none of your languages: {', '.join(rules.languages)}")
    made = promise.as_text if text else promise.as_html
    click.echo("\n\n\n".join(made(rules, code) for code in codes))


@cli.group()
def slack() -> None:
    """Set Slack up."""


@slack.command()
@click.option("--url", default="", help="Where Slack reaches Shopbell, without /webhooks; default: what runs here.")
@click.option("--account", default="", help="Which of the shop's accounts there, if it has several.")
@click.pass_obj
def manifest(state: Path, url: str, account: str) -> None:
    """Print the manifest of your Slack app.

    At api.slack.com/apps choose Create New App, From a manifest, and paste it.
    """
    from infra import manifest

    base = url or here.find(state).public.removesuffix("/webhooks")
    click.echo(_json(manifest.manifest(base.rstrip("/").removesuffix("/webhooks"), account)))


cli.add_command(deploying.deploy)
cli.add_command(deploying.destroy)
cli.add_command(policy.policy)
cli.add_command(cost.cost)
cli.add_command(forget.forget)
cli.add_command(forget.export)
cli.add_command(parked.parked)
cli.add_command(rules.commands)
cli.add_command(secret.secrets)
cli.add_command(setup.setup)
cli.add_command(reconcile.reconcile)
cli.add_command(replay.replay)


def _ask_providers(rules: Shop) -> None:
    """A line for each account; the owner's desk hears the same by itself, each hour."""
    from infra import live

    with working("asking"):
        found = live.answers(rules)
    for account, troubles in found.items():
        if troubles is None:
            out.print(f"– {account}: nothing can be learned there", style="dim")
        elif not troubles:
            out.print(f"✓ {account}", style="green")
        for trouble in troubles or ():
            out.print(f"✗ {account}: {trouble}", style="red", soft_wrap=True)
    if any(found.values()):
        raise SystemExit(1)


def _welcome(running: "Running", seconds: float) -> None:
    """What has happened, and how to go on."""
    from infra import show, tables

    out.print(f"Shopbell is ready ({seconds:.0f} s).", style="bold green")
    found = show.chats(last=LAST)
    out.print(tables.overview(found) if found else "")
    for provider, address in running.left_out.items():
        out.print(f"{provider} is not shown: its messages would really go to {address}", style="yellow")
    for trouble in running.troubles:
        out.print(trouble, style="yellow")
    out.print(tables.hints(running.here, found, _command()))


def _watch(running: "Running") -> None:
    """Say what arrives, until Ctrl-C."""
    from infra import run, tables

    for entry in run.arrivals(running):
        if entry.what != "unreaction":
            out.print(tables.arrival(entry, _zone()), no_wrap=True, overflow="ellipsis")


def _meant(provider: str, body: bytes, headers: Sequence[str], content_type: str) -> tuple[list[Any], str]:
    """The items in a webhook's body, and what is wrong with the rest of it."""
    from infra import values

    named = {name.strip().lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
    named["content-type"] = content_type or named.get("content-type") or _guess(body)
    address = settings.webhook_url("https://shop.example", provider)
    request = Request(url=address, headers=named, body=body, at=datetime.now(UTC))
    rules = settings.shop()
    rules = rules.model_copy(update={"providers": {provider: {}, **rules.providers}})  # whether it is enabled or not
    config = values.config(provider, "", values.complete(os.environ, rules, ""), rules)
    try:
        return list(providers.load(provider).parse(request, config)), ""
    except Unreadable as error:
        return list(error.items), str(error)


def _command() -> str:
    """How `shopbell` is called from where the caller is."""
    called = Path(sys.argv[0])
    known = shutil.which("shopbell")
    if called.name != "shopbell" or not called.exists() or (known and called.samefile(known)):
        return "shopbell"
    with suppress(ValueError):
        return str(called.absolute().relative_to(Path.cwd()))
    return str(called)


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.shop().time_zone)


def _json(value: Any) -> str:
    readable = "utf" in (sys.stdout.encoding or "").lower()
    return json.dumps(value, indent=2, ensure_ascii=not readable)


def _guess(body: bytes) -> str:
    return "application/json" if body.lstrip()[:1] in (b"{", b"[") else "application/x-www-form-urlencoded"


def main() -> None:
    """Run a command. An error is one plain line and exit status 1; 2 for a command that is not written right."""
    try:
        raise SystemExit(cli.main(prog_name="shopbell", standalone_mode=False))
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "shopbell"
        _fail(f"{error.format_message()} See {where} --help", 2)
    except click.ClickException as error:
        _fail(error.format_message())
    except click.Abort:
        _fail("stopped", 130)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        _fail(_plain(error))


def _fail(words: str, status: int = 1) -> NoReturn:
    for line in words.splitlines():
        err.print(line, style="red", soft_wrap=True)
    raise SystemExit(status)


def _plain(error: Exception) -> str:
    """Our own errors say what to do; of any other only what it is."""
    if isinstance(error, SettingsError):  # whoever reads the rules: the lines of the file are told
        from infra import shop_file

        return "\n".join(shop_file.problems(settings.SHOP_FILE.read_bytes()) or error.problems)
    if type(error).__module__.startswith(("infra.", "chalicelib.")):
        return str(error)
    said = " ".join(str(error).split())
    return f"This should not happen: {type(error).__name__}: {said} (shopbell --debug ... shows where)"


if __name__ == "__main__":
    main()
