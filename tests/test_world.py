"""The outside world: what it refuses, as the vendors' own clients read it; its ledger, faults, page and receipts."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from chalicelib.errors import BadSignature
from chalicelib.providers import twilio_sms
from chalicelib.webhook import Request
from infra.world import Sent, World, page, receipts
from infra.world import slack as slack_part
from infra.world.server import Server, start

SID, SECOND, NUMBER, CUSTOMER = "AC" + "5e" * 16, "AC" + "6f" * 16, "+4930990100", "+4915700000017"
CREDENTIALS = {
    "SHOPBELL_SLACK_BOT_TOKEN": "xoxb-next xoxb-right",
    "SHOPBELL_SLACK__B_BOT_TOKEN": "xoxb-second",
    "SHOPBELL_SLACK_SIGNING_SECRET": "a-signing-secret",
    "SHOPBELL_TELEGRAM_BOT_TOKEN": "another-bots-token",
    "SHOPBELL_TWILIO_SMS_ACCOUNT_SID": SID,
    "SHOPBELL_TWILIO_SMS_AUTH_TOKEN": "a-next-token a-right-token",
    "SHOPBELL_TWILIO_SMS_NUMBER": NUMBER,
    "SHOPBELL_TWILIO_SMS__B_ACCOUNT_SID": SECOND,
    "SHOPBELL_TWILIO_SMS__B_AUTH_TOKEN": "a-second-token",
    "SHOPBELL_TWILIO_SMS__B_NUMBER": "+12025550100",
    "SHOPBELL_OTHER_ACCOUNT_SID": "AC" + "0" * 32,
}
PAUSE = 0.02  # seconds between two looks at something that takes a moment


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    server = start(World({}))
    yield server
    server.stop()


@pytest.fixture
def server(running: Server) -> Server:
    """A server whose world is as new."""
    running.world.forget()
    running.world.credentials, running.world.now = CREDENTIALS, lambda: datetime.now(UTC)
    return running


@pytest.fixture
def slack(server: Server) -> WebClient:
    return slack_client(server)


def slack_client(server: Server, token: str | None = "xoxb-right") -> WebClient:
    return WebClient(token=token, base_url=f"{server.url}/slack/api/")


def ledger(server: Server) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = requests.get(f"{server.url}/ledger", timeout=5).json()
    return rows


def fail(server: Server, **how: Any) -> None:
    assert requests.post(f"{server.url}/faults", json=how, timeout=5).status_code == 200


def eventually(holds: Callable[[], Any]) -> None:
    for _ in range(250):
        with suppress(OSError):
            if holds():
                return
        time.sleep(PAUSE)
    raise AssertionError("it did not come to that")


# ---- Slack, read by slack_sdk -----------------------------------------------------------------------------------


def test_every_live_token_is_taken(server: Server) -> None:
    for token in ("xoxb-next", "xoxb-right", "xoxb-second"):
        said = slack_client(server, token).auth_test()
        assert (said["team_id"], said["user_id"], said["bot_id"]) == ("T0SHOP", "U0BELL", "B0BELL")


def test_a_conversation_at_a_desk(server: Server, slack: WebClient) -> None:
    first = slack.chat_postMessage(channel="C1", text="Anna &lt;3 tea", metadata=metadata("a"))
    assert (first["channel"], first["message"]["text"]) == ("C1", "Anna &lt;3 tea")
    reply = slack.chat_postMessage(channel="C1", text="And another", thread_ts=first["ts"])
    assert (reply["message"]["thread_ts"], reply["message"]["parent_user_id"]) == (first["ts"], "U0BELL")
    slack.reactions_add(channel="C1", timestamp=reply["ts"], name="eyes")
    slack.reactions_remove(channel="C1", timestamp=reply["ts"], name="eyes")
    changed = slack.chat_update(channel="C1", ts=reply["ts"], text="And yet another")
    assert (changed["ts"], changed["text"]) == (reply["ts"], "And yet another")
    thread = slack.conversations_replies(channel="C1", ts=str(first["ts"]))
    assert [post["text"] for post in thread["messages"]] == ["Anna &lt;3 tea", "And yet another"]
    assert [(row["what"], row["thread"], row["text"], row["key"], row["refers"]) for row in ledger(server)] == [
        ("message", "", "Anna <3 tea", "a", ""),
        ("message", first["ts"], "And another", "", ""),
        ("reaction", "", "eyes", "", reply["ts"]),
        ("unreaction", "", "eyes", "", reply["ts"]),
        ("edit", first["ts"], "And yet another", "", reply["ts"]),
    ]


def metadata(key: str) -> dict[str, Any]:
    return {"event_type": "shopbell_delivery", "event_payload": {"key": key}}


def test_metadata_is_shown_only_if_asked_for(slack: WebClient) -> None:
    slack.chat_postMessage(channel="C1", text="x", metadata=metadata("a"))
    (plain,) = slack.conversations_history(channel="C1")["messages"]
    (whole,) = slack.conversations_history(channel="C1", include_all_metadata=True)["messages"]
    assert "metadata" not in plain and whole["metadata"] == metadata("a")


def test_history_is_newest_first_and_replies_oldest_first_page_by_page(slack: WebClient) -> None:
    first = str(slack.chat_postMessage(channel="C1", text="0")["ts"])
    for number in range(1, 8):
        slack.chat_postMessage(channel="C1", text=str(number), thread_ts=first if number % 2 else None)
    history = [[post["text"] for post in one["messages"]] for one in slack.conversations_history(channel="C1", limit=3)]
    assert history == [["6", "4", "2"], ["0"]]
    replies = [
        [post["text"] for post in one["messages"]]
        for one in slack.conversations_replies(channel="C1", ts=first, limit=2)
    ]
    assert replies == [["0", "1"], ["3", "5"], ["7"]]


def test_a_part_of_history(slack: WebClient) -> None:
    times = [str(slack.chat_postMessage(channel="C1", text=str(number))["ts"]) for number in range(4)]

    def texts(**edges: Any) -> str:
        return "".join(post["text"] for post in slack.conversations_history(channel="C1", **edges)["messages"])

    assert texts(oldest=times[1]) == "32"
    assert texts(latest=times[2]) == "10"
    assert texts(oldest=times[1], latest=times[2], inclusive=True) == "21"
    replies = slack.conversations_replies(channel="C1", ts=times[0], oldest=times[1])
    assert [post["text"] for post in replies["messages"]] == ["0"]  # the first post is always there


def test_time_stamps_rise_though_the_clock_stands_still(server: Server, slack: WebClient) -> None:
    server.world.now = lambda: datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    times = [str(slack.chat_postMessage(channel="C1", text="x")["ts"]) for _ in range(3)]
    assert times == ["1795262400.000000", "1795262400.000001", "1795262400.000002"]


def test_under_a_deleted_post_slack_posts_into_the_channel(server: Server, slack: WebClient) -> None:
    first = slack.chat_postMessage(channel="C1", text="a card")["ts"]
    server.world.state["slack"]["deleted"] = [first]
    said = slack.chat_postMessage(channel="C1", text="a reply", thread_ts=str(first))
    assert "thread_ts" not in said["message"]
    assert ledger(server)[1]["thread"] == ""


def test_a_form_does_as_well_as_json(server: Server, slack: WebClient) -> None:
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Anna"}}]
    form = {"channel": "C1", "text": "x", "blocks": json.dumps(blocks), "metadata": json.dumps(metadata("a"))}
    slack.api_call("chat.postMessage", params=form)
    assert [(row["what"], row["text"], row["key"]) for row in ledger(server)] == [("card", "Anna", "a")]


def test_what_a_reader_sees_of_blocks(server: Server, slack: WebClient) -> None:
    markup, plain = {"type": "mrkdwn", "text": "&lt;b&gt;"}, {"type": "plain_text", "text": "&lt;"}
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": markup, "fields": [plain]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "image", "image_url": "https://x.example", "alt_text": "x"}, plain]},
    ]
    slack.chat_postMessage(channel="C1", text="only in the notification", blocks=blocks)
    assert ledger(server)[0]["text"] == "<b>\n&lt;\n&lt;"


def test_the_vendors_client_waits_out_a_rate_limit(server: Server, slack: WebClient) -> None:
    fail(server, part="slack", path="chat.postMessage", status=429, headers={"Retry-After": "0"})
    slack.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    assert slack.chat_postMessage(channel="C1", text="x")["ok"]
    assert len(ledger(server)) == 1


def post(**arguments: Any) -> tuple[str, dict[str, Any]]:
    return "chat.postMessage", {"channel": "C1", "text": "x", **arguments}


def blocks(*given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return post(blocks=list(given))


def text(length: int, kind: str = "plain_text") -> dict[str, str]:
    return {"type": kind, "text": "x" * length}


def react(**arguments: Any) -> tuple[str, dict[str, Any]]:
    return "reactions.add", {"channel": "C1", "timestamp": "1795262400.000900", "name": "eyes", **arguments}


def history(**arguments: Any) -> tuple[str, dict[str, Any]]:
    return "conversations.history", {"channel": "C1", **arguments}


DIVIDER = {"type": "divider"}
SLACK_REFUSES: list[tuple[str, tuple[str, dict[str, Any]]]] = [
    ("unknown_method", ("chat.shout", {})),
    ("invalid_arguments", post(channel="")),
    ("invalid_arguments", post(channel=7)),
    ("invalid_arguments", post(text=["x"])),
    ("channel_not_found", post(channel="orders")),
    ("channel_not_found", post(channel="U0NOBODY")),
    ("channel_not_found", history(channel="#orders")),
    ("is_archived", post(channel="C0OLD")),
    ("not_in_channel", post(channel="C0PRIVATE")),
    ("not_in_channel", history(channel="C0PRIVATE")),
    ("no_text", post(text="")),
    ("no_text", post(text="", blocks=[])),
    ("msg_too_long", post(text="x" * 40_001)),
    ("msg_too_long", ("chat.update", {"channel": "C1", "ts": "1795262400.000000", "text": "é" * 2_001})),
    ("invalid_thread_ts", post(thread_ts="0")),
    ("invalid_thread_ts", post(thread_ts=1795262400.5)),
    ("thread_not_found", post(thread_ts="1795262400.000900")),
    ("thread_not_found", post(thread_ts="1795262400.000001")),  # a reply
    ("thread_not_found", post(channel="C2", thread_ts="1795262400.000000")),  # in another channel
    ("thread_not_found", ("conversations.replies", {"channel": "C1", "ts": "1795262400.000900"})),
    ("invalid_arguments", ("conversations.replies", {"channel": "C1"})),
    ("invalid_metadata_format", post(metadata={"event_type": "", "event_payload": {}})),
    ("invalid_metadata_format", post(metadata={"event_type": "x", "event_payload": "y"})),
    ("invalid_metadata_format", post(metadata="x")),
    ("invalid_blocks_format", post(blocks="header")),
    ("invalid_blocks_format", post(blocks=["header"])),
    ("invalid_blocks", blocks(*[DIVIDER] * 51)),
    ("invalid_blocks", blocks({"type": "marquee"})),
    ("invalid_blocks", blocks({"type": "header", "text": text(151)})),
    ("invalid_blocks", blocks({"type": "header", "text": text(0)})),
    ("invalid_blocks", blocks({"type": "header", "text": text(1, "mrkdwn")})),
    ("invalid_blocks", blocks({"type": "section"})),
    ("invalid_blocks", blocks({"type": "section", "text": "x"})),
    ("invalid_blocks", blocks({"type": "section", "text": text(3001)})),
    ("invalid_blocks", blocks({"type": "section", "fields": [text(1)] * 11})),
    ("invalid_blocks", blocks({"type": "section", "fields": [text(2001)]})),
    ("invalid_blocks", blocks({"type": "context", "elements": []})),
    ("invalid_blocks", blocks({"type": "context", "elements": [text(1)] * 11})),
    ("invalid_blocks", blocks({"type": "context", "elements": ["x"]})),
    ("invalid_blocks", blocks(DIVIDER, {"type": "context", "elements": [text(3001)]})),
    ("message_not_found", ("chat.update", {"channel": "C1", "ts": "1795262400.000900", "text": "x"})),
    ("no_item_specified", react(timestamp="")),
    ("no_item_specified", react(channel="")),
    ("bad_timestamp", react(timestamp="yesterday")),
    ("invalid_name", react(name="✅")),
    ("invalid_name", react(name="")),
    ("message_not_found", react(channel="C2", timestamp="1795262400.000000")),
    ("message_not_found", react(timestamp="1795262399.000000")),  # deleted
    ("already_reacted", react(timestamp="1795262400.000000")),
    ("no_reaction", ("reactions.remove", react(name="x")[1])),
    ("invalid_limit", history(limit=0)),
    ("invalid_limit", history(limit="many")),
    ("invalid_limit", history(limit=1001)),
    ("invalid_cursor", history(cursor="?")),
    ("invalid_cursor", history(cursor="bmV4dDp4")),
    ("invalid_ts_oldest", history(oldest="monday")),
    ("invalid_ts_latest", history(latest="monday")),
]


@pytest.mark.parametrize(("code", "call"), SLACK_REFUSES)
def test_slack_refuses(server: Server, slack: WebClient, code: str, call: tuple[str, dict[str, Any]]) -> None:
    server.world.now = lambda: datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    first = str(slack.chat_postMessage(channel="C1", text="a card")["ts"])
    slack.chat_postMessage(channel="C1", text="a reply", thread_ts=first)
    slack.reactions_add(channel="C1", timestamp=first, name="eyes")
    server.world.state["slack"] |= {"archived": ["C0OLD"], "outside": ["C0PRIVATE"], "deleted": ["1795262399.000000"]}
    before = ledger(server)
    with pytest.raises(SlackApiError) as refused:
        slack.api_call(call[0], json=call[1])
    assert (refused.value.response["ok"], refused.value.response["error"]) == (False, code)
    assert ledger(server) == before
    assert (server.world.refused == []) is (code in slack_part.REPEATED)


def test_slack_says_which_block_is_wrong(slack: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        slack.api_call("chat.postMessage", json=blocks(DIVIDER, {"type": "header", "text": text(151)})[1])
    problem = "must be less than 151 characters [json-pointer:/blocks/1]"
    assert refused.value.response["errors"] == [problem]
    assert refused.value.response["response_metadata"]["messages"] == [f"[ERROR] {problem}"]


@pytest.mark.parametrize(
    "call",
    [
        post(text="x" * 40_000),
        blocks(*[DIVIDER] * 50),
        blocks({"type": "header", "text": text(150)}),
        blocks({"type": "section", "text": text(3000, "mrkdwn"), "fields": [text(2000)] * 10}),
        blocks({"type": "context", "elements": [text(3000)] * 10}),
        blocks({"type": "context", "elements": [text(1)]}),
        history(limit=1),
        history(limit="1000"),
        history(oldest="0", latest="9999999999.5"),
    ],
)
def test_slack_takes_what_is_just_within_its_limits(slack: WebClient, call: tuple[str, dict[str, Any]]) -> None:
    assert slack.api_call(call[0], json=call[1])["ok"]


@pytest.mark.parametrize("shown", ["Basic xoxb-right", "Bearer", "Bearer ", "xoxb-right"])
def test_slack_wants_a_bearer(server: Server, shown: str) -> None:
    said = requests.post(f"{server.url}/slack/api/auth.test", headers={"authorization": shown}, timeout=5)
    assert said.json() == {"ok": False, "error": "not_authed"}


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (None, "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        ("another-bots-token", "invalid_auth"),
        ("a-signing-secret", "invalid_auth"),
    ],
)
def test_slack_refuses_a_wrong_token(server: Server, token: str | None, code: str) -> None:
    for method in slack_part.METHODS:
        with pytest.raises(SlackApiError) as refused:
            slack_client(server, token).api_call(method, json={"channel": "C1", "text": "x"})
        assert refused.value.response["error"] == code
    assert ledger(server) == []
    assert len(server.world.refused) == len(slack_part.METHODS)


@pytest.mark.parametrize(
    ("body", "code"), [("{", "invalid_json"), ("[]", "json_not_object"), ("[" * 100_000, "invalid_json")]
)
def test_slack_refuses_what_is_no_json_object(server: Server, body: str, code: str) -> None:
    headers = {"authorization": "Bearer xoxb-right", "content-type": "application/json; charset=utf-8"}
    said = requests.post(f"{server.url}/slack/api/chat.postMessage", data=body, headers=headers, timeout=5)
    assert (said.status_code, said.json()["error"]) == (200, code)


def test_slack_takes_no_other_path(server: Server) -> None:
    headers = {"authorization": "Bearer xoxb-right"}
    said = requests.post(f"{server.url}/slack/auth.test", headers=headers, timeout=5)
    assert said.json()["error"] == "unknown_method"


def test_slack_takes_a_file_in_three_steps_and_shows_it_with_the_last(slack: WebClient, server: Server) -> None:
    thread = slack.chat_postMessage(channel="C0SHOP", text="Hello")["ts"]
    shared = slack.files_upload_v2(
        channel="C0SHOP", thread_ts=thread, content=b"%PDF of order 7", filename="invoice ü.pdf", initial_comment="Look"
    )
    entry = ledger(server)[-1]
    assert (entry["what"], entry["to"], entry["thread"]) == ("file", "C0SHOP", thread)
    assert entry["text"] == "invoice ü.pdf\nLook" and entry["id"] == shared["files"][0]["id"]
    with pytest.raises(SlackApiError, match="file_not_found"):
        slack.files_completeUploadExternal(files=[{"id": "F0NONE", "title": "a"}], channel_id="C0SHOP")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        slack.files_getUploadURLExternal(filename="empty.pdf", length=0)
    place = slack.files_getUploadURLExternal(filename="a.pdf", length=7)["upload_url"]
    assert requests.post(place, data=b"12345678", timeout=5).status_code == 400
    assert len(ledger(server)) == 2


# ---- Twilio, read by twilio -------------------------------------------------------------------------------------


class Here(TwilioHttpClient):  # type: ignore[misc]
    """The vendor's HTTP client, led to our server."""

    def __init__(self, server: Server) -> None:
        super().__init__(pool_connections=False)
        self.server = server

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        return super().request(
            method, url.replace("https://api.twilio.com", f"{self.server.url}/twilio_sms"), *rest, **more
        )


def twilio_client(server: Server, user: str = SID, token: str = "a-right-token", account: str = SID) -> Client:
    return Client(user, token, account, http_client=Here(server))


def test_twilio_takes_an_sms(server: Server) -> None:
    for token in ("a-next-token", "a-right-token"):
        said = twilio_client(server, token=token).messages.create(to=CUSTOMER, from_=NUMBER, body="Grüße 👋 + &")
        row = ledger(server)[-1]
        assert (row["to"], row["text"], row["id"], row["raw"]["From"]) == (CUSTOMER, "Grüße 👋 + &", said.sid, NUMBER)
        assert (said.status, said.direction, said.body) == ("queued", "outbound-api", "Grüße 👋 + &")
        assert said.sid.startswith("SM") and len(said.sid) == 34 and said.date_created
    assert len({row["id"] for row in ledger(server)}) == 2


def test_twilio_knows_the_second_account(server: Server) -> None:
    second = twilio_client(server, SECOND, "a-second-token", SECOND)
    assert second.messages.create(to=CUSTOMER, from_="+12025550100", body="x").account_sid == SECOND
    assert second.messages.create(to="+12025550123", from_="+12025550100", body="x").to == "+12025550123"
    with pytest.raises(TwilioRestException) as refused:
        second.messages.create(to=CUSTOMER, from_=NUMBER, body="x")
    assert refused.value.code == 21606


@pytest.mark.parametrize(
    ("body", "segments"), [("x" * 160, "1"), ("x" * 161, "2"), ("é" * 70, "1"), ("👋" * 36, "2"), ("x" * 1600, "11")]
)
def test_twilio_counts_segments(server: Server, body: str, segments: str) -> None:
    assert twilio_client(server).messages.create(to=CUSTOMER, from_=NUMBER, body=body).num_segments == segments


def test_twilio_takes_a_file_without_text(server: Server) -> None:
    said = twilio_client(server).messages.create(to=CUSTOMER, from_=NUMBER, media_url=["https://x.example/a.png"])
    assert said.num_media == "1"


def test_twilio_sends_through_a_messaging_service(server: Server) -> None:
    service = "MG" + "7a" * 16
    server.world.credentials = {**CREDENTIALS, "SHOPBELL_TWILIO_SMS_NUMBER": service}
    said = twilio_client(server).messages.create(to=CUSTOMER, messaging_service_sid=service, body="x")
    assert (said.status, said.from_, said.messaging_service_sid) == ("accepted", None, service)


TWILIO_REFUSES: list[tuple[int, int, dict[str, str], dict[str, str]]] = [
    (20003, 401, {"token": "a-wrong-token"}, {}),
    (20003, 401, {"token": "xoxb-right"}, {}),
    (20003, 401, {"user": "AC" + "0" * 32}, {}),
    (20003, 401, {"user": "AC" + "0" * 32, "token": ""}, {}),
    (20003, 401, {"token": "a-second-token"}, {}),
    (20404, 404, {"account": SECOND}, {}),
    (20404, 404, {"account": "AC" + "0" * 32}, {}),
    (21604, 400, {}, {"to": ""}),
    (21211, 400, {}, {"to": "0157 0000"}),
    (21211, 400, {}, {"to": "4915700000017"}),
    (21211, 400, {}, {"to": "+0123456789"}),
    (21610, 400, {}, {"to": "+4915700000099"}),
    (21603, 400, {}, {"from_": ""}),
    (21606, 400, {}, {"from_": "+4930111111"}),
    (21705, 400, {}, {"messaging_service_sid": "MG" + "0" * 32}),
    (21602, 400, {}, {"body": ""}),
    (21617, 400, {}, {"body": "x" * 1601}),
]


@pytest.mark.parametrize(("code", "status", "who", "what"), TWILIO_REFUSES)
def test_twilio_refuses(server: Server, code: int, status: int, who: dict[str, str], what: dict[str, str]) -> None:
    server.world.state["twilio_sms"] = {"opted_out": ["+4915700000099"]}
    with pytest.raises(TwilioRestException) as refused:
        twilio_client(server, **who).messages.create(**{"to": CUSTOMER, "from_": NUMBER, "body": "x", **what})
    assert (refused.value.code, refused.value.status) == (code, status)
    assert ledger(server) == []
    assert server.world.refused[0][2] == status


@pytest.mark.parametrize(
    ("method", "path", "authorization", "code"),
    [
        ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json", "", 20003),
        ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json", "Basic !", 20003),
        ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json", "Bearer x", 20003),
        ("GET", f"/2010-04-01/Accounts/{SID}/Messages.json", None, 20004),
        ("POST", f"/2010-04-01/Accounts/{SID}/Calls.json", None, 20404),
    ],
)
def test_twilio_refuses_odd_calls(server: Server, method: str, path: str, authorization: str | None, code: int) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    auth = (SID, "a-right-token") if authorization is None else None
    said = requests.request(method, f"{server.url}/twilio_sms{path}", headers=headers, auth=auth, timeout=5)
    assert said.json()["code"] == code
    assert said.json()["status"] == said.status_code


# ---- faults -----------------------------------------------------------------------------------------------------


def test_a_fault_is_for_its_part_and_path_and_as_often_as_told(server: Server, slack: WebClient) -> None:
    fail(server, part="slack", path="chat.postMessage", status=200, body='{"ok":false,"error":"fatal_error"}', times=2)
    assert slack.auth_test()["ok"]
    assert twilio_client(server).messages.create(to=CUSTOMER, from_=NUMBER, body="x").sid
    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            slack.chat_postMessage(channel="C1", text="x")
        assert refused.value.response["error"] == "fatal_error"
    assert slack.chat_postMessage(channel="C1", text="x")["ok"]
    assert [row["part"] for row in ledger(server)] == ["twilio_sms", "slack"]


def test_a_fault_may_come_after_the_deed(server: Server) -> None:
    fail(server, part="twilio_sms", status=500, applied=True)
    with pytest.raises(TwilioRestException) as failed:
        twilio_client(server).messages.create(to=CUSTOMER, from_=NUMBER, body="x")
    assert failed.value.status == 500
    assert len(ledger(server)) == 1


@pytest.mark.parametrize("applied", [True, False])
def test_a_call_may_hang_and_get_no_answer(server: Server, applied: bool) -> None:
    fail(server, part="slack", hang=0.05, applied=applied)
    connection = HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=5)
    headers = {"authorization": "Bearer xoxb-right", "content-type": "application/json"}
    connection.request("POST", "/slack/api/chat.postMessage", '{"channel":"C1","text":"x"}', headers)
    with pytest.raises(RemoteDisconnected):
        connection.getresponse()
    connection.close()
    assert len(ledger(server)) == applied


def test_a_server_that_is_stopped_lets_nobody_hang() -> None:
    server = start(World(CREDENTIALS))
    fail(server, part="slack", hang=60)
    began = time.monotonic()
    threading.Timer(0.1, server.stop).start()
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{server.url}/slack/api/auth.test", timeout=10)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "how", [{}, {"part": 7}, {"part": "slack", "status": "many"}, {"part": "slack", "mood": "bad"}]
)
def test_a_fault_that_is_none_is_refused(server: Server, how: dict[str, Any]) -> None:
    assert requests.post(f"{server.url}/faults", json=how, timeout=5).status_code == 400
    assert server.world.faults == []


# ---- the server -------------------------------------------------------------------------------------------------


def test_what_was_refused_can_be_seen(server: Server) -> None:
    with pytest.raises(SlackApiError):
        slack_client(server, "xoxb-wrong").auth_test()
    refused = requests.get(f"{server.url}/refused", timeout=5).json()
    assert refused == [{"part": "slack", "path": "/api/auth.test", "status": 200}]


def test_all_can_be_forgotten(server: Server, slack: WebClient) -> None:
    first = slack.chat_postMessage(channel="C1", text="x")["ts"]
    fail(server, part="slack", times=9)
    assert requests.post(f"{server.url}/forget", timeout=5).status_code == 200
    assert ledger(server) == []
    with pytest.raises(SlackApiError) as refused:
        slack.chat_postMessage(channel="C1", text="x", thread_ts=str(first))
    assert refused.value.response["error"] == "thread_not_found"


def test_what_is_not_there(server: Server) -> None:
    assert requests.get(f"{server.url}/nowhere/x", timeout=5).status_code == 404
    assert requests.post(f"{server.url}/ledger", timeout=5).status_code == 404


def test_a_mistake_in_a_part_is_answered_and_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(slack_part, "answer", lambda sent, world: 1 / 0)
    assert requests.post(f"{server.url}/slack/api/auth.test", timeout=5).status_code == 500
    assert "ZeroDivisionError" in capsys.readouterr().err


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 40000001", b"413"),
        (b"Content-Length: -1", b"411"),
        (b"Content-Length: many", b"411"),
        (b"Transfer-Encoding: chunked", b"411"),
    ],
)
def test_a_body_of_unknown_or_monstrous_size(server: Server, head: bytes, status: bytes) -> None:
    said = raw(server, b"POST /slack/api/auth.test HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n{}")
    assert said.split(b" ")[1] == status


def test_half_a_body_is_no_call(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    head = b"POST /forget HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}"
    server.world.note(part="slack", what="message", to="C1")
    assert raw(server, head) == b""
    assert len(ledger(server)) == 1
    assert capsys.readouterr().err == ""


def test_the_largest_body_is_read_whole(server: Server) -> None:
    form = {"To": CUSTOMER, "From": NUMBER, "Body": "x" * 4_999_000}
    url = f"{server.url}/twilio_sms/2010-04-01/Accounts/{SID}/Messages.json"
    assert requests.post(url, data=form, auth=(SID, "a-right-token"), timeout=5).json()["code"] == 21617


def test_many_at_once(server: Server) -> None:
    def write() -> None:
        client = slack_client(server)
        for _ in range(10):
            client.chat_postMessage(channel="C1", text="x")

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    times = [row["id"] for row in ledger(server)]
    assert len(times) == 80 and times == sorted(set(times))


def test_it_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "world.json"
    server = start(World(CREDENTIALS), state=state)
    first = slack_client(server).chat_postMessage(channel="C1", text="Grüße 👋", metadata=metadata("a"))["ts"]
    slack_client(server).reactions_add(channel="C1", timestamp=str(first), name="eyes")
    sid = twilio_client(server).messages.create(to=CUSTOMER, from_=NUMBER, body="x").sid
    with pytest.raises(SlackApiError):
        slack_client(server, "xoxb-wrong").auth_test()
    before = ledger(server), server.world.refused
    server.stop()

    again = start(World(CREDENTIALS), state=state)
    assert (ledger(again), again.world.refused) == before
    slack_client(again).chat_postMessage(channel="C1", text="x", thread_ts=str(first))
    with pytest.raises(SlackApiError) as refused:
        slack_client(again).reactions_add(channel="C1", timestamp=str(first), name="eyes")
    assert refused.value.response["error"] == "already_reacted"
    assert twilio_client(again).messages.create(to=CUSTOMER, from_=NUMBER, body="x").sid != sid
    again.stop()


def test_it_is_kept_soon_and_not_only_at_the_end(tmp_path: Path) -> None:
    state = tmp_path / "world.json"
    server = start(World(CREDENTIALS), state=state)
    slack_client(server).chat_postMessage(channel="C1", text="x")
    eventually(lambda: len(json.loads(state.read_text())["ledger"]) == 1)
    server.stop()
    assert [file.name for file in tmp_path.iterdir()] == ["world.json"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"ledger":[{"mood":"bad"}],"refused":[],"state":{},"count":0}']
)
def test_a_state_that_is_none(tmp_path: Path, content: str) -> None:
    state = tmp_path / "world.json"
    state.write_text(content)
    with pytest.raises(ValueError, match=r"world\.json holds no ledger of this world"):
        start(World(CREDENTIALS), state=state)


def test_a_state_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = start(World(CREDENTIALS), state=tmp_path / "missing" / "world.json")
    assert slack_client(server).chat_postMessage(channel="C1", text="x")["ok"]
    server.stop()
    assert "the ledger could not be kept" in capsys.readouterr().err


def alone(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "infra.world.server", *options]
    environment = {**os.environ, **CREDENTIALS}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_alone_it_takes_the_environments_credentials_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    state = tmp_path / "world.json"
    with alone("--state", str(state)) as process:
        assert process.stdout and process.stderr
        url = json.loads(process.stdout.readline())["url"]
        assert WebClient(token="xoxb-right", base_url=f"{url}/slack/api/").chat_postMessage(channel="C1", text="x")[
            "ok"
        ]
        process.send_signal(number)
        assert process.wait(5) == 0
        assert process.stderr.read() == ""
    assert len(json.loads(state.read_text())["ledger"]) == 1


def test_alone_it_says_that_its_port_is_taken(server: Server) -> None:
    with alone("--port", server.url.rpartition(":")[2]) as process:
        assert process.stderr
        assert process.wait(5) == 1
        assert process.stderr.read().startswith("the outside world cannot start (--port ")


# ---- the page ---------------------------------------------------------------------------------------------------

HOSTILE = "<script>alert('&\"')</script>"


def test_everything_on_the_page_is_escaped() -> None:
    world = World(CREDENTIALS)
    for part in ("slack", "twilio_sms", HOSTILE):
        for what in ("card", "message", "edit", "reaction"):
            world.note(part=part, what=what, to=HOSTILE, thread=HOSTILE, text=HOSTILE, id=HOSTILE, refers=HOSTILE)
    for row in world.ledger:
        row.at = HOSTILE
    shown = page.render(world.rows())
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown.lower()
    assert "alert('" not in shown


def test_the_page_is_served_with_a_policy_that_runs_nothing(server: Server) -> None:
    said = requests.get(server.url, timeout=5)
    assert said.headers["content-type"] == "text/html; charset=utf-8"
    assert said.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Nobody has been written to yet." in said.text


def test_phones_are_on_the_left_and_desks_on_the_right(server: Server, slack: WebClient) -> None:
    twilio_client(server).messages.create(to=CUSTOMER, from_=NUMBER, body="Grüße")
    first = str(slack.chat_postMessage(channel="C1", text="Anna")["ts"])
    slack.chat_postMessage(channel="C1", text="a reply", thread_ts=first)
    slack.reactions_add(channel="C1", timestamp=first, name="white_check_mark")
    slack.reactions_add(channel="C1", timestamp="1795262400.000900", name="x")
    customers, desks = requests.get(server.url, timeout=5).text.split("<h2>Desks</h2>")
    assert CUSTOMER in customers and "Grüße" in customers and "Anna" not in customers
    assert desks.index("Anna") < desks.index("✅") < desks.index("a reply") < desks.index("❌")


def test_what_was_changed_is_shown_once_and_in_its_place(server: Server, slack: WebClient) -> None:
    first = str(slack.chat_postMessage(channel="C1", text="open")["ts"])
    reply = str(slack.chat_postMessage(channel="C1", text="a reply", thread_ts=first)["ts"])
    slack.chat_postEphemeral(channel="C1", user="U0ANN", text="all that is known", thread_ts=first)
    for state in ("assigned", "closed"):
        slack.chat_update(channel="C1", ts=first, text=state)
    slack.chat_delete(channel="C1", ts=reply)
    page = requests.get(server.url, timeout=5).text
    assert "edited: closed" in page and "deleted" in page and "to U0ANN alone: all that is known" in page
    for gone in ("open<", "assigned", "a reply"):
        assert gone not in page


def test_a_reaction_that_was_taken_back_is_not_shown(server: Server, slack: WebClient) -> None:
    first = str(slack.chat_postMessage(channel="C1", text="Anna")["ts"])
    slack.reactions_add(channel="C1", timestamp=first, name="white_check_mark")
    slack.reactions_remove(channel="C1", timestamp=first, name="white_check_mark")
    assert "✅" not in requests.get(server.url, timeout=5).text


def test_a_mail_that_says_where_to_answer_is_at_a_desk() -> None:
    world = World(CREDENTIALS)
    world.note(part="postmark", what="mail", to="desk@shop.example", text="x", raw={"ReplyTo": "reply+t@shop.example"})
    world.note(part="postmark", what="mail", to="anna@mail.example", text="y", raw={})
    customers, desks = page.render(world.rows()).split("<h2>Desks</h2>")
    assert "anna@" in customers and "desk@" in desks and "desk@" not in customers


def test_the_page_stays_small() -> None:
    world = World(CREDENTIALS)
    for number in range(2_000):
        world.note(part="twilio_sms", what="message", to=f"+49157{number % 100:08d}", text=f"text {number}")
    shown = page.render(world.rows())
    assert shown.count("<article") == page.MOST_CHATS
    assert "text 1999" in shown and "text 1000<" not in shown


# ---- receipts ---------------------------------------------------------------------------------------------------


class Shopbell:
    """Takes webhooks, as Shopbell would; `answers` are the statuses it answers with, then 204."""

    def __init__(self, *answers: int) -> None:
        taken: list[Request] = []
        left = list(answers)
        self.taken = taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                url = f"http://{self.headers['host']}{self.path}"
                taken.append(Request(url=url, headers=headers, body=body, at=datetime.now(UTC)))
                self.send_response(left.pop(0) if left else 204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.webhooks = f"http://127.0.0.1:{self.http.server_port}/webhooks"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "Shopbell":
        return self

    def __exit__(self, *error: object) -> None:
        self.http.shutdown()
        self.http.server_close()


CONFIG = twilio_sms.Config(auth_token="a-next-token a-right-token")


def test_a_signed_receipt_comes_back() -> None:
    with Shopbell() as shopbell:
        server = start(World(CREDENTIALS), webhooks=shopbell.webhooks + "/")
        slack_client(server).chat_postMessage(channel="C1", text="of this Slack tells nothing")
        sid = twilio_client(server).messages.create(to=CUSTOMER, from_=NUMBER, body="x").sid
        eventually(lambda: shopbell.taken)
        server.stop()
    (request,) = shopbell.taken
    assert request.url.endswith("/webhooks/twilio_sms")
    assert request.header("content-type").startswith("application/x-www-form-urlencoded")
    twilio_sms.verify(request, CONFIG)
    (receipt,) = twilio_sms.parse(request, CONFIG)
    assert receipt.type == "receipt"
    assert (receipt.ids, receipt.progress) == ((sid,), "delivered")


def test_the_receipts_signature_is_a_real_one() -> None:
    with Shopbell() as shopbell:
        world = World({**CREDENTIALS, "SHOPBELL_TWILIO_SMS_AUTH_TOKEN": "another"})
        follow = receipts.follower(world, shopbell.webhooks)
        note(world)
        follow()
    with pytest.raises(BadSignature):
        twilio_sms.verify(shopbell.taken[0], CONFIG)


def note(world: World) -> None:
    raw = {"AccountSid": SID, "From": NUMBER, "To": CUSTOMER}
    world.note(part="twilio_sms", what="message", to=CUSTOMER, id=f"SM{world.number()}", raw=raw)


@pytest.mark.parametrize(
    ("answers", "times"), [((), 2), ((503,), 3), ((503, 503), 3), ((503, 503, 503), 4), ((500, 200, 500), 4)]
)
def test_a_receipt_is_posted_once_more_and_then_left(
    answers: tuple[int, ...], times: int, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(CREDENTIALS)
    with Shopbell(*answers) as shopbell:
        follow = receipts.follower(world, shopbell.webhooks, pause=0)
        note(world)
        note(world)
        follow()
        follow()
    assert len(shopbell.taken) == times
    assert ("not taken" in capsys.readouterr().err) is (answers[:2] == (503, 503))


def test_what_cannot_be_told_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(CREDENTIALS)
    with Shopbell() as shopbell:
        follow = receipts.follower(world, shopbell.webhooks, pause=0)
        world.note(part="twilio_sms", what="message", to=CUSTOMER, id="SM1", raw=None)
        world.note(part="nowhere", what="message", to=CUSTOMER, id="1")
        note(world)
        follow()
    assert len(shopbell.taken) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_nobody_is_there_to_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(CREDENTIALS)
    follow = receipts.follower(world, "http://127.0.0.1:9/webhooks", pause=0)
    note(world)
    follow()
    assert "not taken" in capsys.readouterr().err


def test_after_all_is_forgotten_the_new_is_told() -> None:
    world = World(CREDENTIALS)
    note(world)
    with Shopbell() as shopbell:
        follow = receipts.follower(world, shopbell.webhooks, pause=0)
        world.forget()
        follow()
        note(world)
        follow()
    assert len(shopbell.taken) == 1


def test_an_address_is_called_that_a_provider_checks() -> None:
    with Shopbell(200, 404) as shopbell:
        server = start(World(CREDENTIALS))
        statuses = [server.world.visit("POST", f"{shopbell.webhooks}/x", {"x-a": "b"}, b"{}").status for _ in range(2)]
    assert statuses == [200, 503] and (shopbell.taken[0].header("x-a"), shopbell.taken[0].body) == ("b", b"{}")
    assert [server.world.visit("GET", url, {}, b"").status for url in ("https://127.0.0.1:9/x", "https://[", "x")] == [
        503
    ] * 3
    server.stop()


# ---- the world in one process -----------------------------------------------------------------------------------


def test_what_was_saved_is_what_is_restored() -> None:
    world = World(CREDENTIALS)
    body = json.dumps(post(metadata=metadata("a"))[1]).encode()
    headers = {"authorization": "Bearer xoxb-right", "content-type": "application/json"}
    world.answer(Sent(part="slack", method="POST", path="/api/chat.postMessage", headers=headers, body=body))
    again = World(CREDENTIALS)
    again.restore(world.saved())
    assert (again.rows(), again.state, again.number()) == (world.rows(), world.state, world.number())
