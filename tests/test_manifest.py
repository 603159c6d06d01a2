"""The Slack app's manifest: valid, with all that is used and nothing else."""

import ast
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from click.testing import CliRunner
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib import desk, providers
from chalicelib.models.inbound import Message
from chalicelib.webhook import Request
from infra import cli, simulate
from infra.manifest import COMMAND, EVENTS, SCOPES, SHORTCUTS, manifest
from tests.lab import START

BASE = "https://bell.shop.example"
URL = f"{BASE}/webhooks/slack"


# ---- Slack's rules for the parts that are used, as its schema (version 1) has them -----------------------------------


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Link = Annotated[str, Field(pattern=r"^https?://", max_length=3000)]
Names = Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=100)]


class Metadata(Part):
    major_version: int
    minor_version: int


class Display(Part):
    name: Annotated[str, Field(min_length=1, max_length=35)]
    description: Annotated[str, Field(min_length=1, max_length=140)]
    background_color: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class Home(Part):
    home_tab_enabled: bool
    messages_tab_enabled: bool
    messages_tab_read_only_enabled: bool


class Bot(Part):
    display_name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w.-]+$")]
    always_online: bool


class Shortcut(Part):
    name: Annotated[str, Field(min_length=1, max_length=24)]
    type: Literal["message", "global"]
    callback_id: Annotated[str, Field(min_length=1, max_length=255)]
    description: Annotated[str, Field(min_length=1, max_length=150)]


class Command(Part):
    command: Annotated[str, Field(pattern=r"^/[a-z]+$", max_length=32)]
    url: Link
    description: Annotated[str, Field(min_length=1, max_length=2000)]
    usage_hint: Annotated[str, Field(min_length=1, max_length=1000)]
    should_escape: bool


class Features(Part):
    app_home: Home
    bot_user: Bot
    shortcuts: Annotated[list[Shortcut], Field(min_length=1, max_length=10)]
    slash_commands: Annotated[list[Command], Field(min_length=1, max_length=50)]


class Scopes(Part):
    bot: Names


class OAuth(Part):
    scopes: Scopes


class Events(Part):
    request_url: Link
    bot_events: Names


class Interactivity(Part):
    is_enabled: bool
    request_url: Link


class Settings(Part):
    event_subscriptions: Events
    interactivity: Interactivity
    org_deploy_enabled: bool
    socket_mode_enabled: bool
    token_rotation_enabled: bool


class Manifest(Part):
    metadata: Metadata = Field(alias="_metadata")
    display_information: Display
    features: Features
    oauth_config: OAuth
    settings: Settings


# ---- tests ------------------------------------------------------------------------------------------------------


def test_it_is_valid() -> None:
    Manifest.model_validate(dict(manifest(BASE)))


@pytest.mark.parametrize("name", ["Shopbell of a very long name indeed, too long", ""])
def test_what_slack_would_refuse_is_seen(name: str) -> None:
    wrong = json.loads(json.dumps(manifest(BASE)))
    wrong["display_information"]["name"] = name
    with pytest.raises(ValidationError):
        Manifest.model_validate(wrong)


@pytest.mark.parametrize(("account", "url"), [("", URL), ("B2", f"{URL}/b2")])
def test_all_goes_to_the_one_webhook(account: str, url: str) -> None:
    said = json.dumps(manifest(BASE, account))
    assert re.findall(r"https://[^\"]+", said) == [url] * 3


def test_every_method_that_is_called_is_in_the_table_and_no_other() -> None:
    house = Path(providers.__file__).parents[1]
    called = {
        node.value
        for file in (house / "slack.py", *(house / "providers" / "slack").glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"(auth|chat|conversations|files|reactions|users)\.[a-zA-Z]+", node.value)
    }
    assert called == {name for name in SCOPES if "." in name} - set(EVENTS)
    assert {name for name in SCOPES if "." not in name} == {"url_private", "slash_commands", "shortcuts"}
    assert set(EVENTS) <= set(SCOPES)


def test_each_shortcut_says_words_of_the_table_of_actions() -> None:
    for callback in SHORTCUTS:
        assert f"#{callback.partition('_')[0]}" in desk.ACTIONS
        payload = {
            "type": "message_action",
            "callback_id": callback,
            "action_ts": "1763651320.412300",
            "user": {"id": "U0ANN"},
            "channel": {"id": "C0ORDERS"},
            "message": {"ts": "1763651101.000300", "thread_ts": "1763650800.000100"},
        }
        assert pressed(payload).text == f"#{callback.replace('_', ' ')}"


def pressed(payload: dict[str, Any]) -> Message:
    slack, form = providers.load("slack"), simulate.load("slack")._form({"payload": json.dumps(payload)})  # type: ignore[attr-defined]
    (message,) = slack.parse(Request(url=URL, headers=form.headers, body=form.body, at=START), slack.Config())
    assert isinstance(message, Message)
    return message


def test_it_is_printed(tmp_path: Path) -> None:
    for given in (BASE, f"{BASE}/", f"{BASE}/webhooks"):
        done = CliRunner().invoke(cli.cli, ["slack", "manifest", "--url", given])
        assert json.loads(done.output) == manifest(BASE)
    nowhere = CliRunner().invoke(cli.cli, ["--state", str(tmp_path), "slack", "manifest"])
    assert "does not run here" in str(nowhere.exception)
    assert COMMAND in done.output
