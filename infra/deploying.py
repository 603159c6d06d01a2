"""`shopbell deploy` and `shopbell destroy`: what they ask and what they print. What they do is in release.py."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from chalicelib import parameters, providers, settings
from chalicelib.models.shop import Shop
from infra import here, stack
from infra.terminal import err, out, working

if TYPE_CHECKING:
    from infra.changes import Change
    from infra.release import Released, Target

YES = click.option("--yes", is_flag=True, help="Do not ask.")
TRIED = {  # how a test webhook fared: a sign, words, a colour
    "arrived": ("✓", "a test webhook came through to the owner's desk", "green"),
    "failed": ("✗", "a test webhook did not come through", "red"),
    "left out": ("–", "not tried", "dim"),
}
ENDING = {"python3.11": "30 June 2027"}  # when AWS gives a Python up


class Broken(click.ClickException):
    """It is deployed, and does not work."""


class NotAsked(click.ClickException):
    """It cannot be done without asking."""


@click.command()
@stack.choice
@YES
@click.option("--rollback", is_flag=True, help="Go back to the release before; again: to the one before that.")
@click.option("--public-url", default="", help="Your own domain, without /webhooks; it is kept until you say another.")
def deploy(stage: str, region: str, yes: bool, rollback: bool, public_url: str) -> None:
    """Put your shop on AWS, or what you have changed.

    Everything that would change is shown first. The stage test is a second shop beside the real one: it answers nobody
    but the desks and those whom test_addresses in shop.toml lists.
    """
    rules = _rules()
    target = _target(stage, region)
    _heading(rules, target)
    began = time.monotonic()
    released = _back(target, yes) if rollback else _forward(target, rules, public_url, yes)
    _ended(released, time.monotonic() - began, "Back at the release before" if rollback else "Deployed")
    works = _tried(target, rules, released) if released.changed else True
    if not rollback:
        _addresses(released, rules, target)
    if not works:
        raise Broken("A webhook did not come through, see above. To go back: shopbell deploy --rollback")


@click.command()
@stack.choice
@YES
@click.option("--with-data", is_flag=True, help="Delete the table and the bucket too: everything customers wrote.")
def destroy(stage: str, region: str, yes: bool, with_data: bool) -> None:
    """Take your shop down from AWS; what customers wrote stays.

    With shopbell deploy it is all there again, at another address.
    """
    from infra import release

    target = _target(stage, region)
    with working("looking"):
        waiting = release.unfinished(target)
    if found := ", ".join(f"{count} {where}" for where, count in waiting.items() if count):
        out.print(f"Careful: of the messages that nobody has worked off yet {found} would be lost.", style="yellow")
    what = "with everything that customers wrote" if with_data else "but for what customers wrote"
    out.print(f"The stack {target.stack} in {target.session.region_name} would be taken down, {what}.")
    if not yes and click.prompt("To go on, type its name") != target.stack:
        raise release.Declined("Nothing was changed.")
    with working("taking the stack down") as say:
        left = release.destroy(target, with_data, say)
    out.print(f"✓ {target.stack} is gone.", style="green")
    for name, place in left.items():
        out.print(f"  {name} {place} stays; the next shopbell deploy takes it over.")
    out.print(f"  Secrets stay in the parameter store, below /shopbell/{stage}/.")


def _rules() -> Shop:
    """The shop's rules. Raises SettingsError for what would only be seen when a message comes."""
    from chalicelib.errors import SettingsError
    from infra import shop_file

    rules = shop_file.rules()
    if not rules.providers:
        raise SettingsError(["shop.toml: no provider is enabled; add one, like [providers.telegram]"])
    return rules


def _target(stage: str, region: str) -> "Target":
    from infra import account
    from infra.release import Target

    return Target(stage, account.session(region), os.environ.get("AWS_ENDPOINT_URL"))


def _heading(rules: Shop, target: "Target") -> None:
    """Where it goes, and what should be known before."""
    from infra import account, package
    from infra.deploy import told_plainly

    with working("asking AWS who you are"), told_plainly():
        found = account.look(target)
        lacking = list(_without_secrets(rules, target))
    out.print(f"{rules.name} on AWS: account {found.id}, region {found.region}, stage {target.stage}", style="bold")
    notes = [account.advice(found)]
    if lacking:
        notes.append(
            f"No secrets yet for {', '.join(lacking)}: webhooks are answered 503, and most providers come again."
            f" shopbell secrets set PROVIDER{'' if target.stage == settings.PROD else ' --stage ' + target.stage}"
        )
    if target.stage == settings.PROD and not rules.alarm_mail:
        notes.append('Nobody hears when Shopbell itself is in trouble: set alarm_mail = "…@…" in shop.toml')
    if end := ENDING.get(package.RUNTIME):
        notes.append(f"AWS gives {package.RUNTIME} up on {end}: deploy with a newer Python before (make PYTHON=…).")
    for note in filter(None, notes):
        err.print(note, style="yellow", soft_wrap=True)


def _without_secrets(rules: Shop, target: "Target") -> Iterator[str]:
    """Accounts that lack a parameter they need."""
    store = target.client("ssm")
    for provider, account, _ in rules.accounts():
        try:
            for name in _parameters(target.stage, provider, account):
                store.get_parameter(Name=name)
        except store.exceptions.ParameterNotFound:
            yield " ".join(filter(None, [provider, account]))


def _parameters(stage: str, provider: str, account: str) -> list[str]:
    """The names of the parameters that an account cannot do without."""
    config = providers.load(provider).Config
    ways = [way for direction, way in parameters.WAYS.items() if settings.needed(config, direction)]
    return [parameters.place(stage, way, provider, account) for way in ways]


def _forward(target: "Target", rules: Shop, public_url: str, yes: bool) -> "Released":
    from infra import local, package, release, retention

    there = local.architecture() if target.endpoint else "arm64"
    given = {
        "Architecture": there,
        "AlarmMail": _alarm_mail(rules, target),
        "MailThroughSes": "true" if "ses" in rules.providers else "false",
        **retention.parameters(rules),
    }
    if public_url:
        given["PublicUrl"] = public_url.rstrip("/").removesuffix("/webhooks")
    with working("packaging") as say:
        built = package.package(here.ROOT, there, local=bool(target.endpoint))
        return release.release(target, built, given, _asker(yes, say), say)


def _back(target: "Target", yes: bool) -> "Released":
    from infra import release

    with working("looking for the release before") as say:
        return release.roll_back(target, _asker(yes, say), say)


def _asker(yes: bool, say: Callable[[str], object]) -> "Callable[[Sequence[Change]], bool]":
    def agree(found: "Sequence[Change]") -> bool:
        """Show what would change, and ask. What would lose customers' words is never done unasked."""
        from infra import changes

        say("")
        out.print("What changes", style="bold")
        for line in changes.words(found):
            out.print(f"  {line}", style="red" if line.startswith("Careful") else "", soft_wrap=True)
        if yes and any(change.loses for change in found):
            raise NotAsked("This would lose what customers wrote: look at it, and deploy without --yes.")
        return yes or click.confirm("Go on?")

    return agree


def _ended(released: "Released", seconds: float, what: str) -> None:
    if released.changed:
        out.print(f"✓ {what} ({seconds:.0f} s).", style="bold green")
    else:
        out.print("✓ Nothing has changed since the last deployment.", style="green")


def _tried(target: "Target", rules: Shop, released: "Released") -> bool:
    """Ring at every account's webhook and say how it went; False where one did not come through."""
    from infra import smoke

    smoke.enter(target, released.outputs)
    with working("ringing at each provider's webhook"):
        found = list(smoke.run(rules, released.outputs["Address"]))
    for state, why in dict.fromkeys((one.state, one.why) for one in found):
        sign, words, style = TRIED[state]
        names = ", ".join(one.account for one in found if (one.state, one.why) == (state, why))
        out.print(f"{sign} {names}: {words}{': ' + why if why else ''}", style=style, soft_wrap=True)
    return not any(one.state == "failed" for one in found)


def _alarm_mail(rules: Shop, target: "Target") -> str:
    """Who hears alarms; nobody those of a stage that answers no customer: sixteen would cost more than the rest."""
    return rules.alarm_mail if target.stage == settings.PROD else ""


def _addresses(released: "Released", rules: Shop, target: "Target") -> None:
    """What has to be pasted where."""
    from rich.padding import Padding

    from infra import steps

    if released.changed and (mail := _alarm_mail(rules, target)):
        out.print(f"AWS asks {mail} once by mail whether alarms may come: click the link there.")
    for place in steps.places(rules, released.outputs["Address"]):
        out.print(f"\n{place.provider} {place.account}".rstrip(), style="bold")
        out.print(f"  {place.url}", soft_wrap=True)
        out.print(Padding(place.where, (0, 0, 0, 2)), style="dim")
