"""How each provider is set up: the steps, the address in them, and what of it is set."""

import re
import shlex
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib import api, providers, settings
from infra import cli, steps
from infra.world import PARTS
from tests.lab import carried, prepare
from tests.lab.everything import EVERYTHING_SECRETS, Door, cases, config, post, signed

BASE = "https://shop.example/api"
ADDRESS = re.compile(r"shop\.example/api/webhooks/[\w/]+")
WORD = re.compile(r"[A-Z]{3,}(?:_[A-Z]+)*")  # it stands for what the owner puts in
PROOF = ("TOKEN", "KEY", "SECRET")
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
    addresses = {found for step in told for found in ADDRESS.findall(step)}
    assert addresses == {settings.webhook_url(BASE, name).removeprefix("https://")}
    assert post(front, signed(cases(name)[0]), name) == providers.load(name).can.accepted


@pytest.mark.parametrize("name", providers.NAMES)
def test_each_command_in_the_steps_is_taken_where_its_proof_is_right(name: str, front: Door) -> None:
    front.world.webhooks, words = "", yours(name)
    for step in steps.steps(name, "", BASE):
        command = steps.COMMAND.search(step)
        if command:
            for proof in proofs(name, command[0]):
                assert not taken(answered(front, name, command[0], {**words, proof: "nobody"}))
            answer = answered(front, name, command[0], words)
            assert taken(answer), answer
            words |= made(command[0], answer.json())
        elif ADDRESS.search(step):  # pasted on a page
            front.world.webhooks = f"{BASE}/webhooks"
    check = providers.optional(providers.load(name), "check")
    assert not check or check(config(name), settings.webhook_url(BASE, name), front.now) == []


def yours(name: str) -> dict[str, str]:
    """What the owner puts in: by name our settings, else what the provider's pages show beside them."""
    words = dict(getattr(import_module(f"infra.world.{name}"), "CONSOLE", {})) if name in PARTS else {}
    for field in providers.load(name).Config.model_fields:
        words[field.upper()] = EVERYTHING_SECRETS.get(settings.variable(name, "", field), "")
    return words


def proofs(name: str, command: str) -> list[str]:
    """The words that prove to the provider who calls. What proves its webhooks to us is any word to it."""
    fields = providers.load(name).Config.model_fields
    inbound = {word.upper() for word, field in fields.items() if not dict(field.json_schema_extra or {})["outbound"]}
    found = [word for word in WORD.findall(command) if word.endswith(PROOF) and word not in inbound]
    assert found
    return found


def answered(front: Door, name: str, command: str, words: dict[str, str]) -> api.Answer:
    """What the stand-in answers to the command, with `words` put in."""
    call = typed(WORD.sub(lambda found: words[found[0]], command))
    real, here = providers.load(name).Config.model_fields["api_url"].default, config(name).api_url
    assert call.url.startswith(real)
    return carried(front.world, prepare(call._replace(url=call.url.replace(real, here, 1))))


def typed(command: str) -> api.Call:
    """The call that curl makes: it posts what it is given, as a form if nothing else is said."""
    curl = ArgumentParser()
    curl.add_argument("url")
    curl.add_argument("-A", default="curl/8.14.1")
    for option in ("-H", "-d"):
        curl.add_argument(option, action="append", default=[])
    given = curl.parse_args(shlex.split(command)[1:])
    headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": given.A}
    headers |= {name.lower(): value for name, _, value in (header.partition(": ") for header in given.H)}
    return api.Call("POST", given.url, headers, body="&".join(given.d).encode())


def taken(answer: api.Answer) -> bool:
    """By its status, and where its body says so as well, by that."""
    said = answer.json()
    return answer.status < 300 and said.get("ok", True) is True and said.get("status", 0) == 0


def made(command: str, said: dict[str, Any]) -> dict[str, str]:
    """The id of what was made, by the word for it: what the address ends in."""
    about, what = said.get("data", said), typed(command).url.rpartition("/")[2].removesuffix("s")
    return {f"{what.upper()}_ID": about["id"]} if "id" in about else {}


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
    assert "-d url=https://YOUR-ADDRESS/webhooks/telegram -d secret_token=SECRET_TOKEN" in told
    assert "\ncurl https://api.telegram.org/" in told
    assert "--stage prod once it is deployed" in " ".join(told.split())


def test_what_is_not_enabled_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "shop", lambda: settings.load(SHOP))
    assert "Not enabled yet: add [providers.telnyx] to shop.toml." in setup(tmp_path, "telnyx", "--url", BASE)
    told = setup(tmp_path, "twilio_sms", "--account", "NORTH", "--url", BASE)
    assert "Not enabled" not in told and f"{BASE}/webhooks/twilio_sms/north#rc=5&rp=ct,rt,5xx" in told


def test_a_deployed_shop_is_told_where_each_address_is_pasted() -> None:
    rules = settings.load(f"{SHOP}[providers.telegram]\n")
    found = {(place.provider, place.account): place for place in steps.places(rules, BASE)}
    north, slack, telegram = found["twilio_sms", "NORTH"], found["slack", ""], found["telegram", ""]
    assert north.url == f"{BASE}/webhooks/twilio_sms/north#rc=5&rp=ct,rt,5xx"
    assert "HTTP POST, this address (behind #" in north.where
    assert slack.url == f"{BASE}/webhooks/slack" and f"manifest --url {BASE} prints" in slack.where
    assert f"setWebhook -d url={telegram.url} -d" in telegram.where
