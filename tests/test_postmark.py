"""Postmark: what its webhooks mean, who may send them, what it answers to our sending, what we find again."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib import api, mail
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Card, Outgoing
from chalicelib.models.values import Channel
from chalicelib.providers import postmark
from chalicelib.webhook import Request
from infra.simulate import File, Said
from infra.simulate import postmark as simulator
from infra.world import Entry, Reply, Sent, World
from infra.world import postmark as world_part

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SETTINGS = {
    "webhook_user": "shopbell",
    "webhook_password": "first second",
    "server_token": "5f0c-token old-token",
    "sender": "Corner Shop <service@shop.example>",
    "inbound_address": "hash17@inbound.example",
    "api_url": "https://world.example/postmark",
}
CONFIG = postmark.Config.model_validate(SETTINGS)
CREDENTIALS = {f"SHOPBELL_POSTMARK_{name.upper()}": value for name, value in SETTINGS.items()}
TOKEN = "abcdefghijklmnopqrstuvw234"
FOLDER = Path(__file__).parent / "payloads" / "postmark"
PAYLOADS = sorted(FOLDER.glob("*.body"))
CARD = Card(title="Mira Olsen", facts=("mail",), hint="Answer this mail.")


def request(body: bytes, **headers: str) -> Request:
    return Request(url="https://shop.example/webhooks/postmark", body=body, headers=headers, at=AT)


def parsed(body: bytes) -> list[Message | Receipt]:
    return postmark.parse(request(body), CONFIG)


def payload(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.body").read_bytes())
    return content


def message(content: dict[str, Any]) -> Message:
    (found,) = parsed(json.dumps(content).encode())
    assert isinstance(found, Message)
    return found


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "k1-000", "to": "mira.olsen@customer.example", "text": "Ja, gern 🙂", **rest})


# ---- reading ----------------------------------------------------------------------------------------------------


def test_the_same_thing_has_one_claim_and_distinct_things_have_distinct_claims() -> None:
    claims = []
    for case in PAYLOADS:
        body = case.read_bytes()
        again = json.dumps(dict(reversed(json.loads(body).items())), indent=1).encode()
        here, there = ([item.claim for item in parsed(raw)] for raw in (body, again))
        assert here == there
        claims += here
    assert len(claims) == len(set(claims)) >= 20


def test_the_bytes_of_files_are_not_queued() -> None:
    content = payload("attachments") | {"RawEmail": "From: x"}
    queued = message(content).model_dump_json()
    assert "JVBERi0=" not in queued and "RawEmail" not in queued and "receipt.pdf" in queued


def test_a_raw_mail_that_json_harmed_is_not_read() -> None:
    content = payload("text") | {"RawEmail": "From: mira.olsen@customer.example\r\n\r\nGr\ufffd\ufffde"}
    assert message(content).text == message(payload("text")).text
    assert message(content).sender.channel is Channel.EMAIL


def test_an_author_we_cannot_read_is_taken_from_postmark_and_never_proved() -> None:
    content = payload("text") | {"RawEmail": 'From: "a b"@customer.example <\r\nSubject: s\r\n\r\nwords'}
    found = message(content)
    assert (found.sender.id, found.text) == ("mira.olsen@customer.example", "words")
    assert found.sender.channel is Channel.UNVERIFIED_EMAIL


@pytest.mark.parametrize("field", ["From", "RawEmail"])
def test_a_second_author_anywhere_is_no_proof(field: str) -> None:
    both = "mira.olsen@customer.example, evil@evil.example"
    content = payload("text") | {field: both if field == "From" else f"From: {both}\r\n\r\nx"}
    assert message(content).sender.channel is Channel.UNVERIFIED_EMAIL


@pytest.mark.parametrize(
    "address",
    [
        f"hash17+{TOKEN}x@inbound.example",
        f"hash17+{TOKEN[:-1]}@inbound.example",
        f"hash17+{TOKEN[:-1]}1@inbound.example",
        f"hash18+{TOKEN}@inbound.example",
        f"hash17+{TOKEN}@inbound.example.evil.example",
        f"hash17{TOKEN}@inbound.example",
        f"x-hash17+{TOKEN}@inbound.example",
    ],
)
def test_only_our_own_address_carries_a_token(address: str) -> None:
    assert message(payload("text") | {"OriginalRecipient": address}).thread == ""
    assert message(payload("text") | {"OriginalRecipient": f"hash17+{TOKEN}@inbound.example"}).thread == TOKEN


def test_a_list_or_a_request_for_silence_does_not_stop_an_agent() -> None:
    content = payload("agent")
    content["Headers"] += [{"Name": "List-Id", "Value": "x"}, {"Name": "X-Auto-Response-Suppress", "Value": "All"}]
    assert not message(content).automatic
    content["Headers"] += [{"Name": "Auto-Submitted", "Value": "auto-replied"}]
    assert message(content).automatic


def test_mail_of_another_shopbell_is_never_acknowledged() -> None:
    content = payload("text")
    assert not message(content).automatic
    content["Headers"].append({"Name": mail.LOOP, "Value": "service@other.example"})
    assert message(content).automatic


def test_the_context_stays_small() -> None:
    content = payload("text") | {"Subject": "s" * 5_000}
    many = " ".join(f"<{'m' * 200}{number}@x>" for number in range(500))
    content["Headers"].append({"Name": "References", "Value": many})
    context = message(content).context
    assert len(context["references"].split()) == 10
    assert sum(map(len, context.values())) < 4_000


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b"\xff", b"{", b"{}", b'{"MessageID": "x"}', b'{"RecordType": []}'),
        *(b'{"RecordType": "Delivery"}', b'{"FromFull": {"Email": ""}, "MessageID": "x"}'),
        b'{"FromFull": {"Email": "a@b.example"}, "MessageID": " "}',
    ],
)
def test_a_body_that_is_none_of_postmarks_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parsed(body)


# ---- proof ------------------------------------------------------------------------------------------------------


def basic(pair: bytes) -> str:
    return "Basic " + base64.b64encode(pair).decode()


@pytest.mark.parametrize("password", ["first", "second"])
def test_either_live_password_is_accepted(password: str) -> None:
    postmark.verify(request(b"", authorization=basic(b"shopbell:" + password.encode())), CONFIG)


GOOD = basic(b"shopbell:first")


@pytest.mark.parametrize(
    "shown",
    [
        *("", "Basic", "Basic ", GOOD + " ", " " + GOOD, GOOD.lower(), GOOD + "\n", GOOD.replace("Basic", "Bearer")),
        *(GOOD[6:], "Basic ﬁrst", "Basic \udcff", "shopbell:first", basic(b"shopbell:"), basic(b"Shopbell:first")),
        *(basic(b"shopbell:first second"), basic(b":first"), basic(b"shopbell:first\n"), basic(b"shopbell:\xff")),
    ],
)
def test_anything_else_is_refused(shown: str) -> None:
    with pytest.raises(BadSignature):
        postmark.verify(request(b"", authorization=shown), CONFIG)


def test_each_bit_of_the_credential_counts() -> None:
    for place in range(len(GOOD) * 8):
        raw = bytearray(GOOD.encode())
        raw[place // 8] ^= 1 << place % 8
        with pytest.raises(BadSignature):
            postmark.verify(request(b"", authorization=raw.decode("latin-1")), CONFIG)


def test_without_a_password_nobody_gets_in() -> None:
    config = CONFIG.model_copy(update={"webhook_password": ()})
    for shown in ("", basic(b"shopbell:")):
        with pytest.raises(BadSignature):
            postmark.verify(request(b"", authorization=shown), config)


# ---- what the simulator sends -----------------------------------------------------------------------------------


def simulated(**said: Any) -> Message:
    one = Said(**{"text": "Wo ist mein Paket? 📦", "id": "1", "at": AT, **said})
    url = "https://shop.example/webhooks/postmark"
    sent = simulator.compose([one], CONFIG)
    signature = simulator.sign(sent, url, AT, CONFIG)
    postmark.verify(request(sent.body, **signature), CONFIG)
    (found,) = parsed(sent.body)
    assert isinstance(found, Message)
    return found


def test_a_simulated_customer_is_proved() -> None:
    found = simulated(files=(File("a.pdf", "application/pdf", b"1234"),))
    assert found.sender == found.sender.model_copy(update={"channel": Channel.EMAIL, "id": simulator.CUSTOMER})
    assert (found.name, found.text, found.thread) == ("Mira Olsen", "Wo ist mein Paket? 📦", "")
    assert [(file.name, file.size) for file in found.attachments] == [("a.pdf", 4)]
    assert not found.automatic and found.sent_at == AT


def test_a_simulated_agent_answers_without_what_he_quotes() -> None:
    found = simulated(thread=TOKEN, sender="ann@shop.example", text="Morgen da.")
    assert (found.thread, found.text, found.sender.id) == (TOKEN, "Morgen da.", "ann@shop.example")


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The stand-in, reached through the one way out."""
    made = World(CREDENTIALS)

    def transport(call: api.Call) -> api.Answer:
        headers = {name.lower(): value for name, value in call.headers.items()}
        if call.json is not None:
            headers["content-type"] = "application/json"
        path = call.url.removeprefix("https://world.example/postmark")
        body = b"" if call.json is None else json.dumps(call.json).encode()
        sent = Sent(part="postmark", method=call.method, path=path, query=call.query or {}, headers=headers, body=body)
        said = world_part.answer(sent, made)
        return api.Answer(said.status, said.headers, said.body)

    monkeypatch.setattr(api, "transport", transport)
    return made


def test_a_reply_is_one_mail_in_the_customers_thread(world: World) -> None:
    context = {"message_id": "<m1@customer.example>", "subject": "Paket"}
    number = postmark.send(outgoing(context=context), CONFIG)
    (entry,) = world.ledger
    sent, headers = entry.raw, {header["Name"]: header["Value"] for header in entry.raw["Headers"]}
    assert (entry.id, entry.to, entry.key) == (number, "mira.olsen@customer.example", "k1-000")
    assert (sent["Subject"], sent["TextBody"]) == ("Re: Paket", "Ja, gern 🙂")
    assert (sent["From"], sent["MessageStream"]) == ("Corner Shop <service@shop.example>", "outbound")
    assert headers["In-Reply-To"] == headers["References"] == "<m1@customer.example>"
    assert headers["X-PM-KeepID"] == "true" and headers["Message-ID"].endswith("@shop.example>")
    assert "HtmlBody" not in sent and "ReplyTo" not in sent


def test_a_mailbox_gets_card_and_token_and_its_answer_finds_the_thread(world: World) -> None:
    postmark.send(outgoing(to="team@shop.example", card=CARD, thread=TOKEN), CONFIG)
    (entry,) = world.ledger
    assert entry.thread == TOKEN and entry.text.startswith(mail.MARKER)
    answer = payload("agent") | {"OriginalRecipient": entry.raw["ReplyTo"], "ToFull": []}
    answer["TextBody"] = f"Schon unterwegs.\n\n> {entry.text.replace(chr(10), chr(10) + '> ')}"
    found = message(answer)
    assert (found.thread, found.text) == (TOKEN, "Schon unterwegs.")


def test_what_comes_back_from_our_own_mail_is_an_echo(world: World) -> None:
    postmark.send(outgoing(to="team@shop.example", card=CARD, thread=TOKEN), CONFIG)
    content = payload("text") | {"TextBody": world.ledger[0].text}
    content["Headers"] += world.ledger[0].raw["Headers"]
    assert parsed(json.dumps(content).encode()) == []


def test_what_was_sent_is_found_again(world: World) -> None:
    assert not_found(outgoing(), CONFIG)
    number = postmark.send(outgoing(), CONFIG)
    postmark.send(outgoing(key="k2-000"), CONFIG)
    assert postmark.find(outgoing(), CONFIG) == number
    assert not_found(outgoing(key="k3-000"), CONFIG)


def test_a_long_key_still_fits(world: World) -> None:
    key = "k" * 200
    assert not_found(outgoing(key=key), CONFIG)
    assert postmark.send(outgoing(key=key), CONFIG) == postmark.find(outgoing(key=key), CONFIG)


@pytest.mark.parametrize(
    "to",
    ["", "mira", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "Mira <a@b.example>", "a@b.example;c"],
)
def test_only_one_plain_address_is_written_to(world: World, to: str) -> None:
    with pytest.raises(SendFailed) as failed:
        postmark.send(outgoing(to=to), CONFIG)
    assert failed.value.outcome is Outcome.REFUSED
    assert world.ledger == []


ANSWERS = [
    (401, {"ErrorCode": 10, "Message": "x"}, Outcome.REFUSED, "server token"),
    (422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'x'."}, Outcome.REFUSED, "Invalid 'To'"),
    (422, {"ErrorCode": 400, "Message": "x"}, Outcome.REFUSED, "not confirmed"),
    (422, {"ErrorCode": 405, "Message": "x"}, Outcome.REFUSED, "may not send"),
    (422, {"ErrorCode": 406, "Message": "x"}, Outcome.REFUSED, "bounced"),
    (422, {"ErrorCode": 412, "Message": "x"}, Outcome.REFUSED, "approved"),
    (422, {"ErrorCode": 99999, "Message": "a new\r\none"}, Outcome.REFUSED, "a new one"),
    (422, {"ErrorCode": 99999, "Message": f"{'x' * 195} 5f0c-token"}, Outcome.REFUSED, "xxx …"),
    (413, {}, Outcome.REFUSED, "413"),
    (429, {"ErrorCode": 429, "Message": "x"}, Outcome.NOT_SENT, "x"),
    (422, {"ErrorCode": 429, "Message": "x"}, Outcome.NOT_SENT, "x"),
    (503, {"ErrorCode": 100, "Message": "Maintenance"}, Outcome.NOT_SENT, "Maintenance"),
    (500, {"ErrorCode": 100, "Message": "Maintenance"}, Outcome.NOT_SENT, "Maintenance"),
    (503, "busy", Outcome.NOT_SENT, "503"),
    (500, {}, Outcome.UNKNOWN, "500"),
    (502, "<html>", Outcome.UNKNOWN, "502"),
    (200, {"ErrorCode": 300, "Message": "no"}, Outcome.REFUSED, "no"),
    (200, {"ErrorCode": 0}, Outcome.UNKNOWN, "cannot be read"),
    (200, "<html>", Outcome.UNKNOWN, "cannot be read"),
    (422, {"ErrorCode": [], "Message": {}}, Outcome.REFUSED, "422"),
]


@pytest.mark.parametrize(("status", "body", "outcome", "reason"), ANSWERS)
def test_what_an_answer_says(
    monkeypatch: pytest.MonkeyPatch, status: int, body: Any, outcome: Outcome, reason: str
) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(status, {"retry-after": "30"}, raw))
    with pytest.raises(SendFailed) as failed:
        postmark.send(outgoing(), CONFIG)
    assert failed.value.outcome is outcome
    assert reason in failed.value.reason and "\n" not in failed.value.reason
    assert "5f0c-token" not in failed.value.reason
    if status != 200:
        assert failed.value.retry_after == 30


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, {"ErrorCode": 10}, Outcome.REFUSED),
        (503, {}, Outcome.NOT_SENT),
        (500, {}, Outcome.UNKNOWN),
        (200, {}, Outcome.UNKNOWN),
        (200, {"Messages": [{"Metadata": {"key": "k1-000"}}]}, Outcome.UNKNOWN),
    ],
)
def test_a_search_that_fails_says_so(
    monkeypatch: pytest.MonkeyPatch, status: int, body: dict[str, Any], outcome: Outcome
) -> None:
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(status, {}, json.dumps(body).encode()))
    with pytest.raises(SendFailed) as failed:
        postmark.find(outgoing(), CONFIG)
    assert failed.value.outcome is outcome


def not_found(*asked: Any) -> bool:
    """Whether the search ends without proof: a mail may be there and not be found yet."""
    with pytest.raises(SendFailed) as failed:
        postmark.find(*asked)
    return failed.value.outcome is Outcome.REFUSED


def test_a_search_that_was_not_narrowed_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        {"MessageID": "1", "Metadata": {"key": "other"}},
        {"MessageID": "2"},
        {"MessageID": "3", "Metadata": None},
    ]
    body = json.dumps({"TotalCount": 3, "Messages": others}).encode()
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(200, {}, body))
    assert not_found(outgoing(), CONFIG)


# ---- the stand-in refuses what Postmark refuses -----------------------------------------------------------------

MAIL = {"From": "service@shop.example", "To": "a@b.example", "Subject": "s", "TextBody": "t"}


def posted(
    content: Any, world: World | None = None, token: str = "5f0c-token", kind: str = "application/json"
) -> Reply:
    given = {"x-postmark-server-token": token, "content-type": kind}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = Sent(part="postmark", method="POST", path="/email", headers=given, body=body)
    return world_part.answer(sent, world or World(CREDENTIALS))


def code(said: Reply) -> tuple[int, int]:
    return said.status, json.loads(said.body)["ErrorCode"]


@pytest.mark.parametrize("token", ["5f0c-token", "old-token", "5F0C-TOKEN"])
def test_the_stand_in_takes_a_good_mail(token: str) -> None:
    world = World(CREDENTIALS)
    said = posted(MAIL, world, token)
    assert code(said) == (200, 0)
    assert [(entry.what, entry.to, entry.text) for entry in world.ledger] == [("mail", "a@b.example", "t")]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"From": ""}, (422, 300)),
        ({"From": "a@b.example"}, (422, 400)),
        ({"To": ""}, (422, 300)),
        ({"To": "nobody"}, (422, 300)),
        ({"To": "a@b.example\r\nBcc: c@d.example"}, (422, 300)),
        ({"To": ", ".join(["a@b.example"] * 51)}, (422, 300)),
        ({"ReplyTo": "x"}, (422, 300)),
        ({"TextBody": ""}, (422, 300)),
        ({"TextBody": "x" * 5_000_001}, (422, 300)),
        ({"Subject": "x" * 2001}, (422, 300)),
        ({"Subject": ["x"]}, (422, 403)),
        ({"Text": "x"}, (422, 403)),
        ({"Headers": {"X": "y"}}, (422, 403)),
        ({"Headers": [{"Name": "X", "Value": "a\nb"}]}, (422, 403)),
        ({"Metadata": {"k": "v" * 81}}, (422, 300)),
        ({"Metadata": {"k" * 21: "v"}}, (422, 300)),
        ({"Metadata": {str(n): "v" for n in range(11)}}, (422, 300)),
        ({"Metadata": {"k": "v", "K": "v"}}, (422, 300)),
        ({"MessageStream": "letters"}, (422, 1235)),
        ({"To": "gone@b.example"}, (422, 406)),
    ],
)
def test_the_stand_in_refuses_a_bad_mail(change: dict[str, Any], wanted: tuple[int, int]) -> None:
    world = World(CREDENTIALS)
    world.state["postmark"] = {"inactive": ["gone@b.example"]}
    assert code(posted(MAIL | change, world)) == wanted
    assert world.ledger == []


def test_the_stand_in_refuses_a_bad_call() -> None:
    assert code(posted(MAIL, token="wrong")) == (401, 10)
    assert code(posted(MAIL, token="")) == (401, 10)
    assert posted(MAIL, kind="text/plain").status == 415
    assert code(posted(b"{")) == code(posted([])) == (422, 402)
    assert posted(MAIL | {"HtmlBody": "x" * 10_000_000}).status == 413
    elsewhere = Sent(part="postmark", method="GET", path="/x", headers={"x-postmark-server-token": "old-token"})
    assert world_part.answer(elsewhere, World(CREDENTIALS)).status == 404


def test_the_stand_in_searches_as_postmark_does() -> None:
    def search(**query: str) -> tuple[int, int]:
        headers = {"x-postmark-server-token": "old-token"}
        sent = Sent(part="postmark", method="GET", path="/messages/outbound", query=query, headers=headers)
        said = world_part.answer(sent, World(CREDENTIALS))
        return said.status, json.loads(said.body).get("ErrorCode", 0)

    assert search(count="1", offset="0") == (200, 0)
    assert search(offset="0") == search(count="501", offset="0") == search(count="1") == (422, 700)
    assert search(count="1", offset="0", metadata_a="1", metadata_b="2") == (422, 700)


@pytest.mark.parametrize("progress", ["delivered", "read", "failed"])
def test_the_stand_in_reports_on_a_mail(progress: str) -> None:
    entry = Entry(part="postmark", what="mail", to="a@b.example", id="4e0a", raw=MAIL)
    body = world_part.receipt(entry, progress, World(CREDENTIALS))
    assert body is not None
    (found,) = parsed(body)
    assert isinstance(found, Receipt)
    assert (found.progress, found.ids) == (Progress(progress), ("4e0a",))
    assert world_part.receipt(entry, "sent", World(CREDENTIALS)) is None
