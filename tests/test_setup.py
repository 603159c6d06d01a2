"""How each provider is set up: the steps, the address in them, and what of it is set."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from chalicelib import providers, settings
from infra import cli, steps
from tests.lab.everything import Door, cases, post, signed

BASE = "https://shop.example/api"
ADDRESS = re.compile(r"https://shop\.example/api/webhooks/\S+")
SHOP = """
name = "Corner Shop"
time_zone = "Europe/Berlin"
owner = "front"
[desks.front]
slack = "C1"
[routes]
default = "front"
[providers.slack]
[providers.twilio_sms.NORTH]
"""


def setup(tmp_path: Path, *words: str) -> str:
    """What is printed, where nothing runs."""
    result = CliRunner().invoke(cli.cli, ["--state", str(tmp_path), "setup", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("name", providers.NAMES)
def test_each_provider_tells_its_steps_and_takes_its_webhook_at_their_address(name: str, front: Door) -> None:
    assert steps.title(name).endswith(".")
    told = steps.steps(name, "", BASE)
    assert len(told) >= 2 and not any("{url" in step or "{base" in step for step in told)
    addresses = {found.rstrip(".,;:)") for step in told for found in ADDRESS.findall(step)}
    assert {address.partition("#")[0] for address in addresses} == {settings.webhook_url(BASE, name)}
    assert post(front, signed(cases(name)[0]), name) == providers.load(name).can.accepted


@pytest.mark.parametrize("name", providers.NAMES)
def test_what_is_set_stands_below_the_steps(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = [settings.variable(name, "", field) for field in providers.load(name).Config.model_fields]
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv(fields[0], "x")
    told = setup(tmp_path, name, "--url", f"{BASE}/webhooks/")
    assert f"1. {steps.steps(name, '', BASE)[0]}" in told
    assert re.search(rf"{fields[0]} +set ", told)
    assert all(field in told for field in fields)


def test_where_nothing_runs_the_address_is_a_blank_and_says_so(tmp_path: Path) -> None:
    told = setup(tmp_path, "telegram")
    assert "-d url=https://YOUR-ADDRESS/webhooks/telegram -d secret_token=SECRET" in told
    assert "--stage prod once it is deployed" in " ".join(told.split())


def test_what_is_not_enabled_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "shop", lambda: settings.load(SHOP))
    assert "Not enabled yet: add [providers.telnyx] to shop.toml." in setup(tmp_path, "telnyx", "--url", BASE)
    told = setup(tmp_path, "twilio_sms", "--account", "NORTH", "--url", BASE)
    assert "Not enabled" not in told and f"{BASE}/webhooks/twilio_sms/north#rc=5&rp=ct,rt,5xx" in told


def test_a_deployed_shop_is_told_where_each_address_is_pasted() -> None:
    found = {(place.provider, place.account): place for place in steps.places(settings.load(SHOP), BASE)}
    north, slack = found["twilio_sms", "NORTH"], found["slack", ""]
    assert north.url == f"{BASE}/webhooks/twilio_sms/north#rc=5&rp=ct,rt,5xx"
    assert "HTTP POST, this address (behind #" in north.where
    assert slack.url == f"{BASE}/webhooks/slack" and f"manifest --url {BASE} prints" in slack.where
