"""`shopbell setup`: how a provider is set up, step by step, and what of it is set."""

import os
from pathlib import Path

import click

from chalicelib import providers, settings
from infra import here, stack, steps
from infra.terminal import out

OF_ITS_OWN = r"\n\g<0>"  # a line that is easily copied
YOURS = "https://YOUR-ADDRESS"
NOT_YET = "Your own address stands there once Shopbell runs here, or with --stage prod once it is deployed."


@click.command()
@click.argument("provider", type=click.Choice(providers.NAMES), metavar="PROVIDER")
@click.option("--account", default="", help="Which of the shop's accounts there, if it has several.")
@click.option("--url", default="", help="Where providers reach Shopbell, without /webhooks; default: what runs here.")
@click.option("--stage", type=stack.STAGES, help="Take the address of what is deployed.")
@click.option("--region", default="", help="Where that is; default: as your AWS settings say.")
@click.pass_obj
def setup(state: Path, provider: str, account: str, url: str, stage: str | None, region: str) -> None:
    """Print how PROVIDER is set up, with your own addresses in it."""
    from infra import check, tables

    base = url.rstrip("/").removesuffix("/webhooks") or _base(state, stage, region)
    out.print(steps.title(provider), style="bold")
    for number, step in enumerate(steps.steps(provider, account, base), 1):
        out.print(f"{number}. {steps.COMMAND.sub(OF_ITS_OWN, step)}", soft_wrap=True)
    tables_of = {(name, of): table for name, of, table in settings.shop().accounts()}
    enabled = tables_of.get((provider, account))
    out.print(tables.findings(check.of_account(provider, account, enabled or {}, os.environ)))
    if enabled is None:
        out.print(f"Not enabled yet: add [{'.'.join(filter(None, ['providers', provider, account]))}] to shop.toml.")
    if base == YOURS:
        out.print(NOT_YET)


def _base(state: Path, stage: str | None, region: str) -> str:
    """The public address of what is deployed, or of what runs here. Raises NoStack."""
    if stage:
        stack.enter(stage, region)
        return stack.outputs(stage).get("Address", YOURS)
    try:
        return here.find(state).public.removesuffix("/webhooks")
    except here.NotRunning:
        return YOURS
