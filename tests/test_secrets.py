"""Secrets on AWS: read once per environment, set and rotated without a trace; which of two is used, by the log."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from chalicelib import aws, parameters, settings
from chalicelib.errors import Unavailable
from infra import cli, kept, secret, stack, uses
from infra.kept import Account, Refused
from tests.lab import SECRETS, SHOP, Lab, laboratory

OLD, NEW, OTHER = "old-5f0a71", "new-90c2e4", "other-7731bb"
SAID = {
    "APIHandlerName": "shopbell-prod-webhook",
    "MailName": "shopbell-prod-mail",
    "WorkerName": "shopbell-prod-worker",
}
SLACK = Account("prod", "slack")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TWILIO = "SHOPBELL_TWILIO_SMS_"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A shop whose Twilio account is known to the parameter store alone."""
    parameters.read.cache_clear()
    with laboratory(SHOP) as lab:
        for name in [name for name in SECRETS if name.startswith(TWILIO)]:
            del os.environ[name]
        os.environ["STAGE"] = "prod"
        monkeypatch.setattr(stack, "outputs", lambda stage: SAID)
        yield lab
    parameters.read.cache_clear()


def store(way: str, provider: str, **fields: Any) -> None:
    kept.write(parameters.place("prod", way, provider), fields)


def twilio(lab: Lab, *live: str) -> None:
    """The account in the parameter store: webhooks are signed with one of `live`, calls go by what the world knows."""
    known = {name.removeprefix(TWILIO).lower(): value for name, value in SECRETS.items() if name.startswith(TWILIO)}
    with lab.aside():
        store("in", "twilio_sms", auth_token=list(live))
        store("out", "twilio_sms", **{**known, "auth_token": [known["auth_token"]]})


def ring(lab: Lab, token: str, number: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """A webhook that Twilio signs with `token`."""
    with monkeypatch.context() as signing:
        signing.setenv("SHOPBELL_TWILIO_SMS_AUTH_TOKEN", token)
        webhook = lab.webhook("twilio_sms", lab.say("Hello", number))
    return lab.post(webhook).status


def shopbell(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli.cli, words, input=stdin, catch_exceptions=False)


# ---- how the functions read it ----------------------------------------------------------------------------------


def test_a_webhook_and_its_way_through_the_worker_go_by_the_parameter_store(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio(lab, NEW)
    assert ring(lab, NEW, 1, monkeypatch) == 204
    lab.settle()
    assert [post.text for post in lab.texts()] == ["Thank you for writing to Corner Shop."]
    assert ring(lab, OLD, 2, monkeypatch) == 401


def test_each_parameter_is_read_once_and_nothing_else_is_asked(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    twilio(lab, NEW)
    for number in range(3):
        ring(lab, NEW, number, monkeypatch)
    lab.settle()
    assert lab.seam.calls.count("ssm.GetParameter") == 2
    assert lab.seam.calls[:3] == ["ssm.GetParameter", "sqs.SendMessageBatch", "sqs.SendMessageBatch"]


def test_the_environment_goes_before_the_parameter_store(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    twilio(lab, NEW)
    monkeypatch.setenv("SHOPBELL_TWILIO_SMS_AUTH_TOKEN", OTHER)
    assert ring(lab, OTHER, 1, monkeypatch) == 204
    assert "ssm.GetParameter" not in lab.seam.calls


def test_without_a_parameter_it_is_503_and_nothing_is_written(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [ring(lab, NEW, number, monkeypatch) for number in range(3)] == [503] * 3
    assert lab.seam.calls == ["ssm.GetParameter"]  # a stranger's flood does not become one of AWS's


@pytest.mark.parametrize("text", ["not JSON", '["a list"]', ""])
def test_what_cannot_be_read_is_unavailable_and_never_told(text: str) -> None:
    with pytest.raises(Unavailable) as caught:
        parameters.opened(text)
    assert text not in str(caught.value) or not text
    assert caught.value.__cause__ is None


def test_a_parameter_store_that_fails_is_asked_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    twilio(lab, NEW)
    through = lab.seam.intercept

    def fail(number: int, name: str, apply: Any, request: Any) -> Any:
        raise refusal("ThrottlingException")

    lab.seam.intercept = fail
    assert ring(lab, NEW, 1, monkeypatch) == 503
    lab.seam.intercept = through
    assert ring(lab, NEW, 1, monkeypatch) == 204


def test_while_there_are_two_the_log_says_that_the_old_one_was_needed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "shopbell")
    twilio(lab, NEW, OLD)
    assert ring(lab, NEW, 1, monkeypatch) == 204
    assert not [line for line in caplog.messages if "old_secret" in line]
    assert ring(lab, OLD, 2, monkeypatch) == 204
    lines = [json.loads(line) for line in caplog.messages if "old_secret" in line]
    assert lines == [{"old_secret": "auth_token", "provider": "twilio_sms", "account": ""}]
    assert ring(lab, OTHER, 3, monkeypatch) == 401
    assert len([line for line in caplog.messages if "old_secret" in line]) == 1
    assert OLD not in caplog.text and NEW not in caplog.text


# ---- set and rotate ---------------------------------------------------------------------------------------------


@pytest.fixture
def shop(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """The same, deployed: three functions, whose code does not matter."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    monkeypatch.setattr(kept, "PATIENCE", 0.0)
    with lab.aside():
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = aws.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
        for name in SAID.values():
            told = {"Runtime": "python3.11", "Role": role, "Handler": "app.app", "Code": {"ZipFile": code.getvalue()}}
            variables = {"QUEUE_URL": "q", "STAGE": "prod"}
            aws.client("lambda").create_function(FunctionName=name, **told, Environment={"Variables": variables})
        yield lab


def variables(output: str) -> dict[str, str]:
    told = aws.client("lambda").get_function_configuration(FunctionName=SAID[output])
    found: dict[str, str] = told["Environment"]["Variables"]
    return found


def test_set_keeps_it_encrypted_and_lets_those_functions_start_afresh_that_read_it(shop: Lab) -> None:
    done = shopbell("secrets", "set", "slack", "signing_secret", stdin=f"{NEW}\n")
    assert done.exit_code == 0
    found = aws.client("ssm").get_parameter(Name="/shopbell/prod/in/slack", WithDecryption=True)["Parameter"]
    assert (found["Type"], json.loads(found["Value"])) == ("SecureString", {"signing_secret": [NEW]})
    assert kept.read("/shopbell/prod/out/slack") is None
    assert kept.CHANGED in variables("APIHandlerName") and kept.CHANGED in variables("MailName")
    assert variables("WorkerName") == {"QUEUE_URL": "q", "STAGE": "prod"}
    assert variables("MailName").items() >= {"QUEUE_URL": "q", "STAGE": "prod"}.items()
    assert NEW not in done.output and "shopbell-prod in eu-central-1" in done.output


def test_what_both_need_is_kept_for_both_and_other_fields_stay(shop: Lab) -> None:
    store("out", "twilio_sms", number="+4930")
    shopbell("secrets", "set", "twilio_sms", "auth_token", "--account", "north", stdin=OTHER)
    shopbell("secrets", "set", "twilio_sms", "auth_token", stdin=NEW)
    shopbell("secrets", "set", "twilio_sms", "account_sid", stdin="AC1")
    found = {name: one.values for name, one in kept.everything("prod").items()}
    assert found == {
        "/shopbell/prod/in/twilio_sms": {"auth_token": [NEW]},
        "/shopbell/prod/out/twilio_sms": {"number": "+4930", "auth_token": [NEW], "account_sid": "AC1"},
        "/shopbell/prod/in/twilio_sms/NORTH": {"auth_token": [OTHER]},
        "/shopbell/prod/out/twilio_sms/NORTH": {"auth_token": [OTHER]},
    }
    assert kept.CHANGED in variables("WorkerName")


def test_rotate_keeps_two_values_until_it_is_finished(shop: Lab) -> None:
    shopbell("secrets", "set", "slack", "signing_secret", stdin=OLD)
    shopbell("secrets", "rotate", "slack", "signing_secret", stdin=NEW)
    again = shopbell("secrets", "rotate", "slack", "signing_secret", stdin=NEW)  # the first may have broken off
    assert again.exit_code == 0
    assert live("signing_secret") == [NEW, OLD]
    with pytest.raises(Refused, match="two values already"):
        shopbell("secrets", "rotate", "slack", "signing_secret", stdin=OTHER)
    shopbell("secrets", "rotate", "slack", "signing_secret", "--finish")
    assert live("signing_secret") == [NEW]


def live(field: str) -> list[str]:
    found = kept.read(SLACK.place("in"))
    assert found
    return found.live(field)


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (("set", "slack", "signing_secret"), "\n", "nothing was given"),
        (("set", "slack", "signing_secret"), f"{OLD} {NEW}", "no space within"),
        (("set", "slack", "signing_secret"), "x" * 5000, "at most 4096 characters"),
        (("set", "slack", "signing_secret"), "a{{b}}", "no {{ in them"),
        (("set", "slack", "colour"), NEW, "no setting 'colour'; there are signing_secret"),
        (("set", "slack"), NEW, "name the FIELD"),
        (("rotate", "slack", "bot_token"), NEW, "no value yet"),
        (("rotate", "slack", "bot_token", "--finish"), "", "no value yet"),
        (("rotate", "slack", "api_url"), "x", "is no secret"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    shop: Lab, words: tuple[str, ...], stdin: str, said: str
) -> None:
    with pytest.raises(Refused, match=said.replace("{", r"\{")):
        shopbell("secrets", *words, stdin=stdin)
    assert not kept.everything("prod") and kept.CHANGED not in variables("APIHandlerName")


def test_no_value_can_be_given_as_a_word_of_the_command() -> None:
    for command in secret.secrets.commands.values():
        takes = {parameter.name for parameter in command.params}
        assert takes <= {"provider", "field", "account", "stage", "region", "finish"}


def test_typed_values_are_not_shown(shop: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden: list[bool] = []
    answers = iter([NEW, "", OTHER])

    def prompt(words: str, default: str, hide_input: bool, show_default: bool) -> str:
        hidden.append(hide_input)
        return next(answers)

    monkeypatch.setattr("click.prompt", prompt)
    monkeypatch.setattr("sys.stdin", Terminal())
    secret.secrets(["set", "slack"], standalone_mode=False)
    assert hidden == [True, True, False]  # signing_secret, bot_token, api_url
    assert live("signing_secret") == [NEW]
    out = kept.read(SLACK.place("out"))
    assert out and out.values == {"api_url": OTHER}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_before_the_first_deployment_secrets_are_kept_all_the_same(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "outputs", lambda stage: {})
    with lab.aside():
        done = shopbell("secrets", "set", "slack", "signing_secret", "--stage", "test", stdin=NEW)
        assert kept.read("/shopbell/test/in/slack")
    assert "once Shopbell is deployed there" in done.output


def test_a_function_that_is_being_changed_is_tried_again(shop: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        aws.client("lambda"), "update_function_configuration", raising(refusal("ResourceConflictException"))
    )
    with pytest.raises(stack.NoStack, match="do the same again"):
        shopbell("secrets", "set", "slack", "signing_secret", stdin=NEW)


def refusal(code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}}
    return ClientError(answer, "Something")


def raising(error: Exception) -> Any:
    def fail(**_: object) -> None:
        raise error

    return fail


# ---- list -------------------------------------------------------------------------------------------------------


def logged(*lines: tuple[timedelta, dict[str, Any]]) -> None:
    """Lines in the webhook's log, each so long ago, as Lambda writes them."""
    logs, group = aws.client("logs"), f"/aws/lambda/{SAID['APIHandlerName']}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = datetime.now(UTC)
    events = [
        {"timestamp": int((now - before).timestamp() * 1000), "message": f"[INFO]\t{now:%c}\tid\t{json.dumps(line)}"}
        for before, line in lines
    ]
    for event in events:
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])


USED = {"old_secret": "signing_secret", "provider": "slack", "account": ""}
TAKEN = {"provider": "slack", "status": 200}
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "nothing came since the change 60 min ago"),
        (((2 * MINUTE, {"provider": "slack", "status": 401}),), "nothing came since"),
        (((3 * MINUTE, {**USED, "provider": "custom"}),), "nothing came since"),
        (((5 * MINUTE, TAKEN),), "the old one not since the change 60 min ago"),
        (((90 * MINUTE, USED), (5 * MINUTE, TAKEN)), "the old one not since the change 60 min ago"),
        (((7 * MINUTE, USED), (7 * MINUTE, TAKEN)), "was used last 7 min ago, and nothing came with the new one"),
        (((9 * MINUTE, USED), (9 * MINUTE, TAKEN), (4 * MINUTE, TAKEN)), "last 9 min ago, since then the new one"),
    ],
)
def test_the_log_tells_which_of_two_is_used(shop: Lab, lines: tuple[Any, ...], said: str) -> None:
    logged(*lines)
    now = datetime.now(UTC)
    assert said in uses.said(uses.of(SAID["APIHandlerName"], SLACK, "signing_secret", now - 60 * MINUTE), now)


def test_without_a_log_nothing_came(shop: Lab) -> None:
    found = uses.of("nobody", SLACK, "signing_secret", NOW)
    assert (found.old, found.new) == (None, None)


def test_list_shows_how_each_setting_stands_and_no_value(shop: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = SHOP.partition("[providers")[0] + '[providers.slack]\n[providers.twilio_sms]\nnumber = "+49301"\n'
    shop.shop = settings.load(toml)
    monkeypatch.setenv("COLUMNS", "110")
    store("in", "slack", signing_secret=[NEW, OLD])
    store("out", "slack", bot_token=[OTHER, OLD])
    store("in", "twilio_sms", auth_token=[NEW])
    said = shopbell("secrets", "list").output
    rows = {row.split()[0]: " ".join(row.split()) for row in said.splitlines() if row.startswith("  ") and row.strip()}
    assert rows["signing_secret"] == "signing_secret the webhook set"
    assert "two values: nothing came since the change just now" in " ".join(said.split())
    assert "what is sent goes by the new one" in " ".join(said.split())
    assert rows["auth_token"] == "auth_token the webhook and the worker missing"  # the worker's is not there
    assert rows["number"] == "number the worker in shop.toml"
    assert rows["account_sid"].endswith("missing")
    assert not {NEW, OLD, OTHER} & set(said.replace(",", " ").split())
    assert os.environ["STAGE"] == "prod"
