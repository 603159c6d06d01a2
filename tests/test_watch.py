"""The hourly look at each provider: what counts as trouble there, and how often the owner hears of it."""

import inspect
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib import api, canary, providers, settings, store, watch
from chalicelib.models.provider import Trouble
from infra import cli
from tests.lab import PUBLIC, SHOP, START, Lab, laboratory
from tests.lab.everything import EVERYTHING_SECRETS, TWO_ACCOUNTS_SHOP
from tests.test_cli import ended

HOUR = timedelta(hours=1)
TELEGRAM_SHOP = SHOP.replace(
    "[providers.custom]\n[providers.slack]", "[providers.slack]\n[providers.telegram]"
).replace("[providers.twilio_sms]\n[providers.vonage]\n[providers.whatsapp]\n", "")
WITH = [name for name in providers.NAMES if providers.optional(providers.load(name), "check")]
HOOK = f"{PUBLIC}/webhooks/"


@pytest.fixture
def small() -> Iterator[Lab]:
    """Slack and Telegram alone: each look asks one of them."""
    with laboratory(TELEGRAM_SHOP) as lab:
        yield lab


def troubles(name: str) -> list[Trouble] | None:
    return watch.asked(name, "", START)


def told(lab: Lab) -> list[str]:
    lab.settle()
    return [entry.text for entry in lab.posts() if entry.to == "C0OWNER"]


def hours(lab: Lab, count: int = 1) -> list[str]:
    """Looks each minute, for so many hours; what the owner was told then."""
    before = len(told(lab))
    for _ in range(60 * count):
        lab.now += timedelta(minutes=1)
        lab.look()
    return told(lab)[before:]


# ---- each provider ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH)
def test_where_all_is_well_nothing_is_said(name: str, lab: Lab) -> None:
    assert troubles(name) == []
    assert not lab.world.refused and not lab.world.ledger  # nobody sees that we ask


@pytest.mark.parametrize("name", WITH)
def test_a_token_that_does_not_hold_any_more(name: str, lab: Lab) -> None:
    lab.world.credentials = {}
    found = troubles(name)
    assert found and found[0].lasts
    said = found[0].text
    assert not [value for value in EVERYTHING_SECRETS.values() if len(value) > 6 and value in said]


LATELY = {"last_error_date": int(START.timestamp()) - 60}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("twilio_sms", {"status": "suspended"}, "the Twilio account is suspended"),
    ("whatsapp", {"blocked": "The number is banned."}, "lets this number send nothing: The number is banned."),
    ("whatsapp", {"apps": []}, "tells no app"),
    ("messenger", {"subscribed": []}, "nothing of the page"),
    ("messenger", {"subscribed": ["feed"]}, "nothing of the page"),
    ("instagram", {"subscribed": []}, "nothing of the account"),
    ("facebook_page", {"subscribed": ["mention"]}, "nothing of comments"),
    ("instagram_comments", {"subscribed": []}, "nothing of comments"),
    ("telegram", {"webhook": ""}, "has no webhook address"),
    ("telegram", {"webhook": "https://elsewhere.example/webhooks/telegram"}, f"another address than {HOOK}telegram"),
    ("telegram", {"info": {"allowed_updates": ["message", "edited_message"]}}, "lack callback_query"),
    (
        "telegram",
        {"info": {**LATELY, "pending_update_count": 2, "last_error_message": "503"}},
        "cannot hand over what is written: 503",
    ),
    ("line", {"webhook": ""}, "has no webhook address"),
    ("line", {"active": False}, "is switched off"),
    ("discord", {"webhook": ""}, "has no webhook address"),
    ("rocketchat", {"silent": True}, "is not sent on Visitor Messages"),
    ("rocketchat", {"webhook": "https://elsewhere.example/"}, f"another address than {HOOK}rocketchat"),
    ("postmark", {"webhook": "https://a:b@elsewhere.example/x"}, f"another address than {HOOK}postmark"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state", "words"), WRONG)
def test_what_is_wrong_there_is_said(name: str, state: dict[str, Any], words: str, lab: Lab) -> None:
    lab.world.state[name] = state
    said = troubles(name)
    assert said and len(said) == 1
    found = said[0]
    assert words in found.text and found.lasts


RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("telegram", {"info": {"pending_update_count": 1, "last_error_date": int(START.timestamp()) - 3600}}),  # long over
    ("telegram", {"info": {"pending_update_count": 0, "last_error_date": int(START.timestamp())}}),  # it came again
    ("telegram", {"info": {"pending_update_count": 3}}),
    ("telegram", {"info": {"allowed_updates": ["callback_query", "edited_message", "message", "poll"]}}),
    ("telegram", {"webhook": f"{HOOK}telegram/"}),
    ("postmark", {"webhook": "https://user:word@SHOP.example/webhooks/postmark"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state"), RIGHT)
def test_what_is_not_wrong(name: str, state: dict[str, Any], lab: Lab) -> None:
    lab.world.state[name] = state
    assert troubles(name) == []


def test_without_an_address_of_our_own_only_a_missing_one_is_wrong(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLIC_URL")
    lab.world.state["telegram"] = {"webhook": "https://elsewhere.example"}
    assert troubles("telegram") == []
    assert canary.registered("X", None, "") and canary.registered("X", "", "")


@pytest.mark.parametrize("name", WITH)
@pytest.mark.parametrize(
    "answer", [(500, b""), (503, b"{}"), (200, b"[1"), (200, b'{"ok": true, "data": 7, "result": 7}')]
)
def test_a_strange_answer_raises_nothing(name: str, answer: tuple[int, bytes], lab: Lab, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(answer[0], {}, answer[1]))
    found = troubles(name)
    assert found is None if answer[0] >= 500 else found is None or all(isinstance(one, Trouble) for one in found)


def test_what_is_not_set_is_said_and_not_asked(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOPBELL_TELEGRAM_BOT_TOKEN")
    settings.config.cache_clear()
    assert [one.text for one in troubles("telegram") or ()] == ["not set: SHOPBELL_TELEGRAM_BOT_TOKEN"]
    assert not lab.seam.calls


@pytest.mark.parametrize("name", WITH)
def test_each_takes_the_same_and_makes_two_calls_at_most(name: str, lab: Lab) -> None:
    check = providers.optional(providers.load(name), "check")
    assert check and list(inspect.signature(check).parameters) == ["config", "webhook", "now"]
    troubles(name)
    assert 1 <= len(lab.seam.calls) <= 2  # of eight seconds each, in a function that has thirty


# ---- each hour --------------------------------------------------------------------------------------------------


def test_every_account_is_asked_once_an_hour_and_one_in_a_minute(lab: Lab) -> None:
    for _ in range(60):
        lab.seam.calls.clear()
        lab.look()
        assert len({name.partition(".")[0] for name in lab.seam.calls} & {*WITH}) <= 1
        lab.now += timedelta(minutes=1)
    with lab.aside():
        assert set(store.watch().checked) == set(WITH)
    lab.seam.calls.clear()
    for _ in range(60):
        lab.look()
        lab.now += timedelta(minutes=1)
    asked = [name.partition(".")[0] for name in lab.seam.calls]
    assert {asked.count(name) for name in ("slack", "telegram", "twilio_sms", "line", "messenger")} == {1}
    assert {asked.count(name) for name in ("postmark", "whatsapp")} == {2}


def test_each_account_is_asked_for_itself() -> None:
    assert watch.checked(settings.load(TWO_ACCOUNTS_SHOP)) == [
        (name, account) for name in providers.NAMES if name in WITH for account in ("", "B2")
    ]


def test_red_and_green_are_said_once_each(small: Lab) -> None:
    assert hours(small) == []
    small.world.state["telegram"] = {"webhook": ""}
    red = "🔴 telegram: Telegram has no webhook address, so what customers write does not come here"
    assert hours(small) == [red]
    assert hours(small, 3) == []
    small.world.state["telegram"]["info"] = {"allowed_updates": []}
    (second,) = hours(small)
    assert "allowed_updates" in second and "webhook address" not in second
    small.world.state["telegram"] = {}
    (green,) = hours(small)
    assert green.splitlines()[0] == red.replace("🔴 telegram:", "🟢 telegram: this is over:")
    assert len(green.splitlines()) == 2
    assert hours(small) == []


def test_what_cannot_be_learned_changes_nothing(small: Lab) -> None:
    small.world.state["telegram"] = {"webhook": ""}
    assert len(hours(small)) == 1
    small.world.fail(part="telegram", status=502, times=2)
    assert hours(small, 2) == []  # neither green nor red again
    small.world.state["telegram"] = {}
    assert len(hours(small)) == 1


def test_one_provider_that_is_out_of_order_hides_no_other(small: Lab) -> None:
    small.world.fail(part="slack", path="auth.test", status=500, times=99)
    small.world.state["telegram"] = {"webhook": ""}
    assert len(hours(small)) == 1


def test_a_mail_that_was_not_handed_over_is_named_once_and_its_words_are_not_kept(lab: Lab) -> None:
    mail = {
        "From": "mira@home.example",
        "Subject": "Big\r\nphotos",
        "MessageID": "f00d",
        "Date": "2026-03-02T08:00:00Z",
    }
    old = {**mail, "MessageID": "old", "Date": "2026-02-20T08:00:00Z"}
    lab.world.state["postmark"] = {"failed": [mail, old]}
    (named,) = hours(lab)
    assert named == (
        "⚠️ postmark: Postmark could not hand over a mail from mira@home.example: Big photos (f00d). Retry it there."
    )
    with lab.aside():
        assert "mira" not in str(store.watch())
    assert hours(lab, 2) == []
    lab.world.state["postmark"] = {}
    assert hours(lab) == []  # that it is not listed any more is no news


def test_an_account_that_is_gone_is_forgotten(small: Lab) -> None:
    small.world.state["telegram"] = {"webhook": ""}
    assert len(hours(small)) == 1
    small.shop = settings.load(TELEGRAM_SHOP.replace("[providers.telegram]\n", ""))
    assert hours(small) == []
    with small.aside():
        assert (set(store.watch().checked), store.watch().troubles) == ({"slack"}, {})


# ---- now --------------------------------------------------------------------------------------------------------


def test_check_live_asks_now(lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done = CliRunner().invoke(cli.cli, ["check", "--live"])
    lines = done.output.splitlines()
    assert done.exit_code == 0
    assert {line for line in lines if line.startswith("✓")} == {f"✓ {name}" for name in WITH}
    assert "– vonage: nothing can be learned there" in lines
    lab.world.state["line"] = {"active": False}
    assert ended(monkeypatch, "check", "--live") == 1
    assert "✗ line: LINE's webhook is switched off" in capsys.readouterr().out
