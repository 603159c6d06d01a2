"""The command line: what it prints and refuses, what it reads from the table, what it posts, what it leaves alone."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from chalicelib import aws, providers, receive, settings
from chalicelib.models.inbound import ITEM
from chalicelib.models.shop import WEEKDAYS, Shop
from chalicelib.webhook import Request
from infra import check, cli, demo, here, run, send, show, tables, values
from infra.here import Here
from infra.local import LocalFailed
from infra.simulate import Webhook
from infra.world import World
from tests.lab import PUBLIC, Lab, laboratory
from tests.lab.everything import EVERYTHING_SECRETS

PAYLOADS = Path(__file__).parent / "payloads"
WORLD = "http://world"
CASES = sorted(PAYLOADS.glob("*/*.body"))
TODAY = date(2026, 3, 2)
SHIPPED = settings.SHOP_FILE.read_text()
ENABLED = settings.load(SHIPPED).providers
EVERY = SHIPPED + "".join(f"\n[providers.{name}]" for name in providers.NAMES if name not in ENABLED)
CUSTOMERS = [name for name in providers.NAMES if providers.load(name).can.customers]


@pytest.fixture
def bare(rules: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without a setting of Shopbell's."""
    monkeypatch.setattr(settings, "shop", lambda: rules)
    for name in [name for name in os.environ if name.startswith(settings.PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def rules() -> Shop:
    """The shop that is shipped, with every provider there is."""
    return settings.load(EVERY)


@pytest.fixture
def lab(rules: Shop) -> Iterator[Lab]:
    """That shop, with local values, in a laboratory."""
    with laboratory(EVERY, values.complete({}, rules, WORLD)) as lab:
        yield lab


def invoke(*words: str) -> Result:
    return CliRunner().invoke(cli.cli, words, catch_exceptions=False)


def ended(monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    """The exit status of the whole program."""
    monkeypatch.setattr(sys, "argv", ["shopbell", *words])
    with pytest.raises(SystemExit) as ending:
        cli.main()
    return ending.value.code


def painted(thing: Any, width: int = 100) -> str:
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    with console.capture() as seen:
        console.print(thing)
    return seen.get()


# ---- local values -----------------------------------------------------------------------------------------------


def test_local_values_fill_all_that_is_needed(rules: Shop) -> None:
    given = values.complete({}, rules, WORLD)
    assert not check.problems(rules, given)
    assert given["SHOPBELL_SLACK_API_URL"] == "http://world/slack/api"
    assert given["SHOPBELL_TWILIO_SMS_API_URL"] == "http://world/twilio_sms"
    assert given["SHOPBELL_CUSTOM_REPLY_URL"] == "http://world/custom/answers"
    assert given == values.complete({}, rules, WORLD)


def test_every_account_has_local_values_of_its_own() -> None:
    text = settings.SHOP_FILE.read_text().replace("[providers.twilio_sms]", "[providers.twilio_sms.NORTH]")
    given = values.complete({}, settings.load(text), WORLD)
    names = ["SHOPBELL_TWILIO_SMS_AUTH_TOKEN", "SHOPBELL_TWILIO_SMS__NORTH_AUTH_TOKEN"]
    assert len({given[name] for name in names}) == 2


def test_every_variable_of_the_caller_is_handed_on(rules: Shop) -> None:
    mine = {"SHOPBELL_SLACK_BOT_TOKEN": "xoxb-mine", "SHOPBELL_OTHER": "x", "PATH": "/bin", "SHOPBELL_EMPTY": ""}
    given = values.complete(mine, rules, WORLD)
    assert given["SHOPBELL_SLACK_BOT_TOKEN"] == "xoxb-mine"
    assert given["SHOPBELL_OTHER"] == "x"
    assert not {"PATH", "SHOPBELL_EMPTY"} & given.keys()


@pytest.mark.parametrize(
    ("mine", "address"),
    [
        ({}, "http://world/slack/api"),
        ({"SHOPBELL_TELEGRAM_BOT_TOKEN": "1:x"}, "http://world/slack/api"),
        ({"SHOPBELL_SLACK_SIGNING_SECRET": "x"}, "https://slack.com/api"),
        ({"SHOPBELL_SLACK_BOT_TOKEN": "x"}, "https://slack.com/api"),
        ({"SHOPBELL_SLACK_BOT_TOKEN": "x", "SHOPBELL_SLACK_API_URL": "http://127.0.0.1:5"}, "http://127.0.0.1:5"),
        ({"SHOPBELL_SLACK_API_URL": "https://slack.com/api"}, "https://slack.com/api"),
    ],
)
def test_calls_go_to_the_outside_world_only_while_no_credential_is_the_callers(
    rules: Shop, mine: dict[str, str], address: str
) -> None:
    config = values.config("slack", "", values.complete(mine, rules, WORLD), rules)
    assert config.api_url == address


def test_what_shop_toml_sets_is_not_replaced() -> None:
    text = settings.SHOP_FILE.read_text().replace("[providers.twilio_sms]", '[providers.twilio_sms]\nnumber = "+491"')
    rules = settings.load(text)
    given = values.complete({}, rules, WORLD)
    assert "SHOPBELL_TWILIO_SMS_NUMBER" not in given
    assert values.config("twilio_sms", "", given, rules).number == "+491"


def test_a_setting_that_is_no_credential_leaves_the_account_local(rules: Shop) -> None:
    given = values.complete({"SHOPBELL_TWILIO_SMS_NUMBER": "+491"}, rules, WORLD)
    assert given["SHOPBELL_TWILIO_SMS_API_URL"] == "http://world/twilio_sms"


# ---- the demonstration stays here -------------------------------------------------------------------------------

HERE = "http://127.0.0.1:5"


def test_the_demonstration_shows_everybody_while_everything_is_local(rules: Shop) -> None:
    assert demo.leaving(rules, values.complete({}, rules, HERE)) == {}


@pytest.mark.parametrize(
    ("mine", "left_out"),
    [
        ({"SHOPBELL_TWILIO_SMS_AUTH_TOKEN": "x"}, {"twilio_sms"}),
        ({"SHOPBELL_TWILIO_SMS_AUTH_TOKEN": "x", "SHOPBELL_TWILIO_SMS_API_URL": "http://localhost:7"}, set()),
        ({"SHOPBELL_TELEGRAM_API_URL": "https://api.telegram.org/"}, {"telegram"}),
        ({"SHOPBELL_CUSTOM_REPLY_URL": "https://shop.example/answers"}, {"custom"}),
        ({"SHOPBELL_SLACK_BOT_TOKEN": "x"}, set(CUSTOMERS)),  # every desk, the owner's too, is told of trouble there
        ({"SHOPBELL_POSTMARK_SERVER_TOKEN": "x"}, set(CUSTOMERS)),  # the fallback desk is a mailbox
    ],
)
def test_the_demonstration_leaves_out_what_would_leave_this_machine(
    rules: Shop, mine: dict[str, str], left_out: set[str]
) -> None:
    assert demo.leaving(rules, values.complete(mine, rules, HERE)).keys() == left_out


def test_nothing_is_posted_for_who_is_left_out(rules: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "post", lambda webhook, url: pytest.fail(f"posted to {url}"))
    given = values.complete({"SHOPBELL_SLACK_BOT_TOKEN": "x"}, rules, HERE)
    assert demo.run(rules, given, Here(HERE, HERE, HERE, {}), lambda line: None) == []


def posted(lab: Lab) -> Callable[[Webhook, str], send.Posted]:
    """A webhook that is posted reaches the laboratory, and is worked off."""

    def post(webhook: Webhook, url: str) -> send.Posted:
        assert url.startswith(f"{PUBLIC}/webhooks/")
        lab.now = datetime.now(UTC)  # what is posted bears the time of day
        request = Request(url=url, headers=webhook.headers, body=webhook.body, at=lab.now)
        provider, _, account = url.removeprefix(f"{PUBLIC}/webhooks/").partition("/")
        answer = receive.receive(request, provider, account, f"request-{lab.world.number()}")
        while lab.work():
            pass
        code = json.loads(answer.body)["error"]["code"] if answer.status >= 400 else ""
        return send.Posted(answer.status, code)

    return post


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demonstration has three customers only."""
    monkeypatch.setattr(demo, "_customers", lambda rules: ["twilio_sms", "telegram", "custom"])


@pytest.fixture
def shown(lab: Lab, rules: Shop, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A laboratory in which the demonstration has been."""
    given = values.complete({}, rules, HERE)
    monkeypatch.setattr(send, "post", posted(lab))
    monkeypatch.setattr(demo, "_received", send.done)  # no receipts come back here
    assert demo.run(rules, given, Here(PUBLIC, PUBLIC, WORLD, {}), lambda line: None) == []
    return lab


def test_the_demonstration_writes_as_each_customer_and_answers_one(shown: Lab) -> None:
    chats = show.chats()
    assert sorted(chat.spoken[0].message.provider for chat in chats) == sorted(CUSTOMERS)
    answers = [one for chat in chats for one in chat.spoken if one.direction == "out"]
    assert [one.message.text for one in answers] == [demo.SAMPLES["twilio_sms"].answer]
    assert [entry.to for entry in shown.world.ledger if entry.text == answers[0].message.text] == ["+4915123456789"]


# ---- what is recorded -------------------------------------------------------------------------------------------


@pytest.fixture
def attached(lab: Lab, rules: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state in which a Shopbell is found that runs: the laboratory."""
    monkeypatch.setattr(send, "post", posted(lab))
    monkeypatch.setattr(send, "known", lambda: values.complete({}, rules, WORLD))
    here.announce(Here(f"{PUBLIC}/webhooks", f"{PUBLIC}/webhooks", WORLD, {}), tmp_path)
    monkeypatch.setattr(here, "answers", lambda found: True)
    monkeypatch.setattr(here, "enter", lambda found: None)
    monkeypatch.setattr(here, "ledger", lambda found: lab.world.rows())
    return tmp_path


def kinds(value: Any) -> Any:
    """The shape of a JSON value: its keys, and what stands at each."""
    if isinstance(value, dict):
        return {name: kinds(inner) for name, inner in value.items()}
    return [kinds(value[0])] if isinstance(value, list) and value else type(value).__name__


SHAPE = {
    "id": "str",
    "status": "str",
    "contact": {"id": "str", "name": "str", "addresses": [{"channel": "str", "id": "str"}]},
    "desk": "str",
    "messages": [
        {
            "id": "str",
            "provider": "str",
            "provider_id": "str",
            "direction": "str",
            "channel": "str",
            "from": "str",
            "text": "str",
            "at": "str",
            "attachments": "list",
            "deliveries": [
                {
                    "kind": "str",
                    "to": "str",
                    "provider": "str",
                    "state": "str",
                    "receipt": "NoneType",
                    "provider_id": "str",
                    "attempts": "int",
                }
            ],
        }
    ],
}


def test_conversations_as_json_have_the_documented_shape(attached: Path, shown: Lab) -> None:
    found = json.loads(invoke("--state", str(attached), "conversations", "--json").output)
    assert len(found) == len(CUSTOMERS)
    assert all(kinds(conversation) == SHAPE for conversation in found)
    (sms,) = [one for one in found if one["contact"]["addresses"] == [{"channel": "sms", "id": "+4915123456789"}]]
    came, answer = sms["messages"]
    assert (came["direction"], came["provider"], came["text"]) == ("in", "twilio_sms", demo.SAMPLES["twilio_sms"].text)
    assert [(one["kind"], one["state"]) for one in came["deliveries"]] == [("forward", "sent"), ("acknowledge", "sent")]
    assert (answer["direction"], answer["from"], answer["channel"]) == ("out", "U0AGENT", "slack")
    (reply,) = answer["deliveries"]
    assert (reply["kind"], reply["to"], reply["state"], reply["attempts"]) == ("reply", "+4915123456789", "sent", 1)
    assert reply["provider_id"] in {entry.id for entry in shown.texts()}


def test_one_conversation_is_found_by_how_its_id_begins(attached: Path, few: None, shown: Lab) -> None:
    whole = show.chats()[0].conversation.id
    (found,) = json.loads(invoke("--state", str(attached), "conversations", whole[:8], "--json").output)
    assert found["id"] == whole
    seen = invoke("--state", str(attached), "conversations", whole[:8]).output
    assert whole in seen
    assert "Is the blue kettle" in seen


def test_the_overview_shows_what_each_customer_desk_and_conversation_got(attached: Path, shown: Lab) -> None:
    seen = " ".join(invoke("--state", str(attached), "conversations").output.split())
    for words in ("Jörg Weiß", "+4915123456789", "front", "mail", "✓ Do you wrap gifts?", "✓ (automatic) Thank"):
        assert words in seen, seen


def test_the_overview_keeps_within_the_terminal(shown: Lab) -> None:
    for width in (80, 100):
        assert max(map(len, painted(tables.overview(show.chats()), width).splitlines())) <= width


def test_a_message_is_traced_by_each_of_its_ids(attached: Path, few: None, shown: Lab) -> None:
    (answer,) = [one for chat in show.chats() for one in chat.spoken if one.direction == "out"]
    (arrived,) = [entry for entry in shown.texts() if entry.text == answer.message.text]
    for id in (answer.claim.key, answer.claim.key[:8], answer.message.id, arrived.id):
        seen = " ".join(invoke("--state", str(attached), "trace", id).output.split())
        assert "Reply to +4915123456789 by twilio_sms: ✓ sent 1 receive" in seen
        assert "out, from an agent to the customer" in seen
        assert f"twilio_sms +4915123456789 {answer.message.text}" in seen
        assert "slack C0SHOPBELL 📤" in seen


def test_a_trace_shows_only_the_calls_of_its_message(few: None, shown: Lab) -> None:
    for chat in show.chats():
        came = chat.spoken[0]
        calls = show.carried(came, shown.world.rows())
        assert sorted(call.part for call in calls) == sorted(delivery.provider for delivery in came.claim.in_order)


def test_a_trace_shows_what_the_worker_logged_of_its_message(attached: Path, few: None, shown: Lab) -> None:
    (came, other, *_) = [chat.spoken[0].claim for chat in show.chats()]
    logs, stream = aws.client("logs"), {"logGroupName": show.LOG, "logStreamName": "worker"}
    logs.create_log_group(logGroupName=show.LOG)
    logs.create_log_stream(**stream)
    lines = [
        {"message": claim.by.partition(":")[0], "receive": 1, "outcome": outcome, "detail": "message"}
        for claim, outcome in ((came, "done"), (other, "later"))
    ]
    at = int(time.time() * 1000)
    logs.put_log_events(**stream, logEvents=[{"timestamp": at, "message": json.dumps(line)} for line in lines])
    seen = " ".join(invoke("--state", str(attached), "trace", came.key).output.split())
    assert "receive 1: done, message" in seen
    assert "later" not in seen


def test_what_is_not_recorded_is_said_in_one_line(
    attached: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("trace", "nothing"), ("conversations", "nothing")):
        assert ended(monkeypatch, "--state", str(attached), *words) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("there is no ")
        assert "shopbell conversations" in line


def test_an_ambiguous_beginning_is_said(attached: Path) -> None:
    for name in ("telegram", "messenger"):
        invoke("--state", str(attached), "send", name, "hello")
    with pytest.raises(show.Unknown, match="2 conversations begin with ''"):
        show.chat("")


def test_a_long_text_is_read_whole(lab: Lab) -> None:
    text = "ä" * 9_000
    lab.ring("custom", lab.say(text, provider="custom"))
    lab.settle()
    (chat,) = show.chats()
    assert show.as_json(chat)["messages"][0]["text"] == text


def test_what_strangers_write_does_not_steer_the_terminal(lab: Lab) -> None:
    lab.ring("telegram", lab.say("\x1b[2J[bold]\x9b31m\u202ehi", provider="telegram", name="\x1b]0;x\x07"))
    lab.settle()
    (chat,) = show.chats()
    for thing in (tables.overview([chat]), tables.whole(chat, UTC), tables.received(chat, chat.spoken[0], UTC)):
        seen = painted(thing)
        assert not set("\x1b\x9b\x07\u202e") & set(seen)
        assert "[bold]" in seen


def test_failed_and_waiting_deliveries_are_told_apart(lab: Lab) -> None:
    lab.world.fail(part="twilio_sms", status=400, body='{"code": 21211, "message": "no such number"}')
    lab.ring("twilio_sms", lab.say("hello"))
    lab.settle()
    (chat,) = show.chats()
    seen = " ".join(painted(tables.overview([chat])).split())
    assert "✗ (automatic)" in seen
    assert "failed" in seen
    assert "✗ failed" in painted(tables.deliveries(chat.spoken[0].claim.in_order, UTC))


def test_of_a_reply_in_parts_the_worst_is_shown(attached: Path, lab: Lab) -> None:
    invoke("--state", str(attached), "send", "telegram", "hello")
    lab.world.fail(part="telegram", status=403, body='{"ok": false, "error_code": 403, "description": "blocked"}')
    invoke("--state", str(attached), "send", "slack", "word " * 1_500)
    (chat,) = show.chats()
    assert [one.state for one in chat.spoken[1].claim.in_order if one.kind == "reply"] == ["failed", "skipped"]
    assert "✗ word word" in painted(tables.overview([chat]))


def test_a_conversation_is_shown_at_the_desk_to_which_it_moved(
    attached: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "settled", lambda keys: True)  # nobody works before the lab is settled
    lab.world.state["slack"] = {"archived": ["C0SHOPBELL"]}
    invoke("--state", str(attached), "send", "telegram", "hello")
    lab.settle()
    (found,) = json.loads(invoke("--state", str(attached), "conversations", "--json").output)
    assert found["desk"] == "mail"


# ---- sending ----------------------------------------------------------------------------------------------------


def stranger_free(name: str, rules: Shop) -> send.Sender:
    return send.sender(name, "", values.complete({}, rules, WORLD), rules, PUBLIC, PUBLIC)


@pytest.mark.parametrize("name", providers.NAMES)
def test_what_is_forged_is_refused_and_all_else_accepted(lab: Lab, rules: Shop, name: str) -> None:
    sender, post = stranger_free(name, rules), posted(lab)
    words = send.said("hello", thread="C0SHOPBELL:1700000000.000001" if name == "slack" else "")
    assert post(send.compose(words, sender, forged=True), sender.url) == send.Posted(401, "bad_signature")
    assert post(send.compose(words, sender), sender.url).accepted


def test_send_shows_what_has_become_of_it(attached: Path, lab: Lab) -> None:
    result = invoke("--state", str(attached), "send", "whatsapp", "hola", "--batch", "2", "--repeat", "3")
    assert "✓ accepted (HTTP 200 · 3 times)" in result.output
    assert result.output.count("forward to front: ✓ sent") == 2
    assert [entry.text.count("hola") for entry in lab.posts()] == [1, 1]


def test_an_agents_answer_goes_where_a_customer_wrote_last(attached: Path, lab: Lab) -> None:
    for name in ("telegram", "messenger", "postmark"):
        invoke("--state", str(attached), "send", name, "hello")
    assert "reply to" in invoke("--state", str(attached), "send", "slack", "Gladly.").output
    assert [entry.part for entry in lab.texts() if entry.text == "Gladly."] == ["messenger"]


def test_an_agents_answer_goes_to_the_conversation_that_is_named(attached: Path, lab: Lab) -> None:
    for address in ("first@customer.example", "last@customer.example"):
        invoke("--state", str(attached), "send", "postmark", "hello", "--from", address)
    first = show.chats()[0].conversation.id[:6]
    seen = invoke("--state", str(attached), "send", "postmark", "Here.", "--conversation", first)
    assert "reply to first@customer.example: ✓ sent" in seen.output
    assert [entry.to for entry in lab.world.ledger if entry.text.startswith("Here.")] == ["first@customer.example"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("twilio_sms", "x", "--batch", "2"), "leave out --batch"),
        (("telegram", "x", "--from", "nobody"), "leave out --from"),
        (("telegram", "x", "--attach", __file__, "--attach", __file__), "one by one"),
        (("telegram", "x", "--account", "north"), "add [providers.telegram.NORTH]"),
        (("telegram", "x", "--conversation", "a"), "leave out --conversation"),
        (("slack", "x", "--conversation", "zz"), "shopbell conversations"),
        (("custom", "x", "--url", "http://127.0.0.1:9"), "another --url"),
        (("custom", "x", "--url", "nonsense"), "another --url"),
    ],
)
def test_what_cannot_be_sent_is_said_with_the_way_out(
    lab: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.setattr(here, "find", lambda state: Here(f"{PUBLIC}/webhooks", f"{PUBLIC}/webhooks", WORLD, {}))
    monkeypatch.setattr(here, "enter", lambda found: None)
    monkeypatch.setattr(send, "known", dict)
    assert ended(monkeypatch, "--state", str(tmp_path), "send", *words) == 1
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert said in line


@pytest.mark.parametrize(
    ("base", "account", "address"),
    [
        ("http://h:1/webhooks", "", "http://h:1/webhooks/custom"),
        ("http://h:1/webhooks/", "", "http://h:1/webhooks/custom"),
        ("https://h/api", "NORTH", "https://h/api/webhooks/custom/north"),
        ("https://h/webhooks/custom/north", "NORTH", "https://h/webhooks/custom/north"),
    ],
)
def test_an_address_may_be_given_in_part(rules: Shop, base: str, account: str, address: str) -> None:
    text = settings.SHOP_FILE.read_text() + "[providers.custom.NORTH]\n"
    rules = settings.load(text)
    given = values.complete({}, rules, WORLD)
    assert send.sender("custom", account, given, rules, base, base).url == address


def test_a_refusal_ends_with_status_1(attached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "post", lambda webhook, url: send.Posted(503, "unavailable"))
    result = CliRunner().invoke(cli.cli, ["--state", str(attached), "send", "custom", "x"])
    assert (result.exit_code, result.output) == (1, "✗ refused (HTTP 503 unavailable)\n")


# ---- what a webhook means ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", CASES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_parse_says_what_every_payload_means(bare: None, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EVERYTHING_SECRETS.items():
        monkeypatch.setenv(name, value)
    told = json.loads(file.with_suffix(".json").read_text())
    headers = [f"--header={name}:{value}" for name, value in told["headers"].items()]
    result = invoke("parse", file.parent.name, str(file), "--json", *headers)
    items = [ITEM.validate_python(item) for item in json.loads(result.stdout)]
    dumped = [{**item.model_dump(mode="json", exclude_defaults=True), "type": item.type} for item in items]
    assert dumped == told["means"]


def test_parse_says_it_in_plain_lines(bare: None) -> None:
    seen = invoke("parse", "twilio_sms", str(PAYLOADS / "twilio_sms" / "text.body")).output
    assert [line.split()[0] for line in seen.splitlines()[:4]] == ["what", "claim", "id", "sender"]


def test_parse_does_without_the_provider_in_the_shop(bare: None) -> None:
    """What was captured may be what decides whether to take it."""
    for file in (PAYLOADS / "ses" / "comes_with_it.body", PAYLOADS / "sendgrid" / "raw.body"):
        assert len(json.loads(invoke("parse", file.parent.name, str(file), "--json").output)) == 1


def test_parse_guesses_the_content_type(bare: None) -> None:
    for file in (PAYLOADS / "twilio_sms" / "text.body", PAYLOADS / "custom" / "text.body"):
        assert len(json.loads(invoke("parse", file.parent.name, str(file), "--json").output)) == 1


def test_parse_says_what_cannot_be_read(
    bare: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "body").write_bytes(b"{")
    assert ended(monkeypatch, "parse", "custom", str(file)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "Not all of it can be read (not JSON). Shopbell would keep it, and say so."


# ---- check ------------------------------------------------------------------------------------------------------


def test_check_names_each_missing_setting_and_where_it_is_found(bare: None, rules: Shop) -> None:
    result = CliRunner().invoke(cli.cli, ["check"])
    assert result.exit_code == 1
    for name, where in settings.known_variables(rules).items():
        assert name in result.output
        assert where.split()[0] in result.output
    assert "4.5 MB" in " ".join(result.output.split())


def test_check_is_content_when_all_is_set(bare: None, rules: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in values.complete({}, rules, WORLD).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(cli.cli, ["check"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "✓ Everything is set.")
    assert "local-" not in result.output  # no value is ever shown


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"SHOPBELL_SLAK_BOT_TOKEN": "x"}, "is SHOPBELL_SLACK_BOT_TOKEN meant?"),
        ({"SHOPBELL_NONSENSE": "x"}, "SHOPBELL_NONSENSE is not known"),
        ({"SHOPBELL_TWILIO_SMS__NORTH_NUMBER": "x"}, "add [providers.twilio_sms.NORTH]"),
        ({"SHOPBELL_SLACK_BOT_TOKEN": "a b c"}, "more than two values"),
        ({"SHOPBELL_SLACK_BOT_TOKEN": ""}, "1 setting is missing"),
    ],
)
def test_check_says_what_is_wrong(rules: Shop, more: dict[str, str], said: str) -> None:
    (problem,) = check.problems(rules, {**values.complete({}, rules, WORLD), **more})
    assert said in problem


def test_check_knows_a_provider_that_is_not_enabled() -> None:
    rules = settings.load(settings.SHOP_FILE.read_text().replace("[providers.telegram]", ""))
    given = {**values.complete({}, rules, WORLD), "SHOPBELL_TELEGRAM_BOT_TOKEN": "x"}
    (problem,) = check.problems(rules, given)
    assert "add [providers.telegram]" in problem


def test_the_limit_of_mail_is_mentioned_only_to_shops_that_have_it(rules: Shop) -> None:
    assert check.notes(rules, TODAY)
    without = rules.model_copy(update={"providers": {"telegram": {}, "resend": {}}})  # the latter only announces it
    assert not check.notes(without, TODAY)


OFFICE = "".join(f'{day} = "9:00-12:30, 13:30-18:00"\n' for day in WEEKDAYS[:5])
OPEN = f'[hours]\n{OFFICE}saturday = "18:00-2:00"\nholidays = [2026-12-25, 2026-12-26]\n'


def test_check_tells_the_opening_hours_in_plain_words(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = settings.load(f'{SHIPPED}{OPEN}[desks.mail.hours]\nsunday = "0:00-24:00"\nholidays = []\n')
    monkeypatch.setattr(settings, "shop", lambda: rules)
    said = " ".join(CliRunner().invoke(cli.cli, ["check"]).output.split())
    week = "Monday to Friday 9:00-12:30, 13:30-18:00; Saturday 18:00-2:00"
    assert f"Open front: {week} (Europe/Berlin; holidays: 2) Open mail: Sunday 0:00-24:00 (Europe/Berlin;" in said


def test_holidays_that_are_all_past_are_mentioned() -> None:
    rules = settings.load(SHIPPED + OPEN)
    assert not [note for note in check.notes(rules, date(2026, 12, 26)) if "holidays" in note]
    (said,) = [note for note in check.notes(rules, date(2026, 12, 27)) if "holidays" in note]
    assert said == "All holidays of front, mail are past: write the next ones."


def test_days_with_hours_of_their_own_are_no_longer_reminded_of() -> None:
    rules = settings.load(f'{SHIPPED}{OPEN}country = "DE-BE"\n[hours.dates]\n2027-01-01 = "10-14"\n')
    assert not any("2027-01-01" in note for note in check.notes(rules, date(2026, 12, 10)))
    assert "other hours: 1 days" in painted(tables.shop(rules))


@pytest.mark.parametrize(
    ("country", "said"),
    [
        ("DE", "2027-01-01 (New Year's Day)"),  # a Friday; 25 and 26 December are listed
        ("DE-BW", "2027-01-06 (Epiphany)"),  # not in all regions
        ("XX", "front, mail: no public holidays of XX are known here."),
        ("DE-ZZ", "no public holidays of DE-ZZ are known here."),
    ],
)
def test_public_holidays_that_are_not_listed_are_named(country: str, said: str) -> None:
    notes = check.notes(settings.load(f'{SHIPPED}{OPEN}country = "{country}"\n'), date(2026, 12, 10))
    (note,) = [note for note in notes if "public holidays" in note]
    assert said in note
    assert "2026-12-25" not in note and "2026-11" not in note and "2027-12-25" not in note


def test_only_days_on_which_a_desk_is_open_are_named() -> None:
    rules = settings.load(f'{SHIPPED}[hours]\nsunday = "9-10"\ncountry = "DE-BW"\n')
    (note,) = [note for note in check.notes(rules, date(2026, 12, 10)) if "public holidays" in note]
    assert "DE-BW: 2027-10-03 (German Unity Day). If you" in note  # the only one on a Sunday


# ---- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("conversations",), 1, "make run"),
        (("trace", "x"), 1, "make run"),
        (("send", "custom", "x"), 1, "make run"),
        (("send", "nobody", "x"), 2, "See shopbell send --help"),
        (("frobnicate",), 2, "See shopbell --help"),
        (("run", "--port", "700000"), 2, "See shopbell run --help"),
        (("parse", "custom", "no-such-file"), 2, "does not exist"),
    ],
)
def test_an_error_is_one_plain_line_with_the_way_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    assert ended(monkeypatch, "--state", str(tmp_path), *words) == status
    output = capsys.readouterr()
    (line,) = output.err.splitlines()
    assert said in line
    assert not output.out


@pytest.mark.parametrize("words", [["check"], ["deploy", "--region", "eu-central-1"], ["send", "telegram", "Hi"]])
def test_each_error_in_shop_toml_is_a_line(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        settings.SHOP_FILE.read_text().replace('owner = "front"', 'owner = "nobody"').replace("Europe/Berlin", "Mars")
    )
    (file := tmp_path / "shop.toml").write_text(text)
    monkeypatch.setattr(settings, "SHOP_FILE", file)
    settings.shop.cache_clear()
    assert ended(monkeypatch, *words) == 1
    zone, owner = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("sending")]
    assert re.match(r"shop\.toml line \d+, time_zone: 'Mars' is no time zone; ", zone)
    assert re.match(r"shop\.toml line \d+, owner: 'nobody' is no desk; there are front, mail", owner)
    settings.shop.cache_clear()


def test_even_what_nobody_expected_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "notes", lambda rules, today: os.environ["NO_SUCH_KEY"])
    assert ended(monkeypatch, "check") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "KeyError" in line
    monkeypatch.setattr(sys, "argv", ["shopbell", "--debug", "check"])
    with pytest.raises(KeyError):
        cli.main()


# ---- which Shopbell runs ----------------------------------------------------------------------------------------


def test_url_prints_the_base_of_what_runs(attached: Path, tmp_path: Path) -> None:
    assert invoke("--state", str(attached), "url").stdout == f"{PUBLIC}/webhooks\n"


def test_url_prints_the_usual_base_while_nothing_runs(tmp_path: Path) -> None:
    result = invoke("--state", str(tmp_path), "url")
    assert result.stdout == "http://127.0.0.1:8000/webhooks\n"
    assert "make run" in result.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": "x"}', "null"])
def test_a_trace_of_an_earlier_run_is_not_taken_for_a_running_one(tmp_path: Path, content: str) -> None:
    (tmp_path / here.FILE).write_text(content)
    with pytest.raises(here.NotRunning):
        here.find(tmp_path)


def test_what_has_ended_without_a_word_is_not_running(tmp_path: Path) -> None:
    gone = {"AWS_ENDPOINT_URL": "http://localhost:9"}
    here.announce(Here("u", "p", "w", gone), tmp_path)
    with pytest.raises(here.NotRunning):
        here.find(tmp_path)


def test_the_callers_own_aws_is_never_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"AWS_PROFILE": "mine", "AWS_ENDPOINT_URL_SQS": "https://mine", "HOME": "/"})
    here.enter(Here("u", "p", "w", {"AWS_ENDPOINT_URL": "http://localhost:9"}))
    assert os.environ == {
        "HOME": "/",
        "AWS_ENDPOINT_URL": "http://localhost:9",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def test_a_second_one_is_not_started(attached: Path) -> None:
    with (
        pytest.raises(LocalFailed, match="is running here already"),
        run.running(None, {}, attached, run.Choice(), print),  # type: ignore[arg-type]
    ):
        pass


def test_arrivals_are_told_until_the_local_aws_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World({})
    monkeypatch.setattr(here, "answers", lambda found: False)
    world.note(part="slack", what="card", to="C", text="before")
    arrivals = run.arrivals(run.Running(Here("u", "p", "w", {}), world, {}, ()))
    seen = []
    monkeypatch.setattr(time, "sleep", lambda seconds: world.note(part="slack", what="card", to="C", text="new"))
    with pytest.raises(LocalFailed):
        for entry in arrivals:
            seen.append(entry.text)
    assert set(seen) == {"new"}
