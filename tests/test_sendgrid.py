"""SendGrid: what proves its webhooks, what they mean, and what becomes of a mail it takes or refuses."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr
from sendgrid.helpers.eventwebhook import EventWebhook

from chalicelib import signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Card, Content, Outgoing
from chalicelib.models.values import Channel
from chalicelib.providers import sendgrid
from chalicelib.webhook import Part, Request, parts
from infra import simulate
from infra.simulate import mails, pairs
from infra.world import sendgrid as part
from tests.lab.everything import Door, cases, composed, config, said, signed

CONFIG = config("sendgrid")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://shop.example/webhooks/sendgrid"
TIMESTAMP, SIGNATURE = "x-twilio-email-event-webhook-timestamp", "x-twilio-email-event-webhook-signature"

# test/unit/test_eventwebhook.py of sendgrid-python
KIND = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"  # how every key on this curve begins
KEY = f"{KIND}83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
ANOTHER_KEY = f"{KIND}qTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA=="
THEIRS = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
NOT_THEIRS = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH3j/0="
SECONDS = "1600112502"
EVENT = {
    "email": "hello@world.com",
    "event": "dropped",
    "reason": "Bounced Address",
    "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
    "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
    "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
    "timestamp": 1600112492,
}
BODY = json.dumps([EVENT], sort_keys=True, separators=(",", ":")).encode() + b"\r\n"


# ---- the proof --------------------------------------------------------------------------------------------------


def holds(body: bytes = BODY, seconds: str = SECONDS, theirs: str = THEIRS, key: str = KEY, late: int = 0) -> bool:
    how = CONFIG.model_copy(update={"event_key": (SecretStr(key),)})
    at = datetime.fromtimestamp(int(SECONDS) + late, UTC)
    try:
        sendgrid.verify(Request(url=URL, headers={TIMESTAMP: seconds, SIGNATURE: theirs}, body=body, at=at), how)
    except BadSignature:
        return False
    return True


def test_the_published_vector_holds_and_nothing_near_it() -> None:
    assert holds()
    assert not holds(BODY.rstrip())  # the line end at its end is signed too
    assert not holds(key=ANOTHER_KEY) and not holds(b"payload") and not holds(theirs=NOT_THEIRS)
    assert not holds(seconds="timestamp") and not holds(seconds="1600112503")


def test_a_signature_has_one_spelling() -> None:
    """SendGrid's own library skips what is no base64, and takes a body that is text only."""
    for other in (THEIRS.replace("=", ""), f"{THEIRS[:8]} {THEIRS[8:]}", f"{THEIRS[:8]}!{THEIRS[8:]}", THEIRS + "\n"):
        assert not holds(theirs=other)
    assert EventWebhook(KEY).verify_signature(BODY.decode(), f"{THEIRS[:8]}!{THEIRS[8:]}", SECONDS)


def test_a_try_may_be_three_days_old_and_no_more() -> None:
    assert holds(late=3 * 86_400) and holds(late=-3 * 86_400)
    assert not holds(late=3 * 86_400 + 3601)


@pytest.mark.parametrize("name", ["raw", "fields", "delivered"])
def test_what_we_sign_its_own_library_accepts(name: str) -> None:
    given = signed(next(case for case in cases("sendgrid") if case.name == name), AT)
    public = (CONFIG.event_key if name == "delivered" else CONFIG.parse_key)[0].get_secret_value()
    text = given.body.decode()
    assert EventWebhook(public).verify_signature(text, given.header(SIGNATURE), given.header(TIMESTAMP))
    assert not EventWebhook(public).verify_signature(text + " ", given.header(SIGNATURE), given.header(TIMESTAMP))


def test_bytes_that_are_no_text_are_proved_too() -> None:
    given = signed(next(case for case in cases("sendgrid") if case.name == "raw_eight_bit"), AT)
    with pytest.raises(UnicodeDecodeError):
        given.body.decode()
    sendgrid.verify(given, CONFIG)


def test_a_mail_is_not_proved_by_the_key_of_events_nor_the_other_way_round() -> None:
    swapped = CONFIG.model_copy(update={"parse_key": CONFIG.event_key, "event_key": CONFIG.parse_key})
    alone = CONFIG.model_copy(update={"event_key": ()})
    for name in ("raw", "delivered"):
        given = signed(next(case for case in cases("sendgrid") if case.name == name), AT)
        with pytest.raises(BadSignature):
            sendgrid.verify(given, swapped)
    with pytest.raises(BadSignature):
        sendgrid.verify(given, alone)


def spki(key: Any) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_what_is_no_such_key_proves_nothing() -> None:
    others = [spki(ed25519.Ed25519PrivateKey.generate()), spki(rsa.generate_private_key(65537, 1024))]
    for key in [*others, "", "x", KEY[:-4], base64.b64encode(b"a" * 32).decode()]:
        assert not holds(key=key)


def test_a_pair_that_does_not_belong_together_signs_nothing() -> None:
    whole = pairs.curve(b"a" * 32).split()
    assert signing.ecdsa([SecretStr(whole[0])], b"x", pairs.sign([SecretStr(one) for one in whole], b"x"))
    with pytest.raises(simulate.CannotSign):
        pairs.sign([SecretStr(KEY), SecretStr(whole[1])], b"x")
    assert whole[0].startswith(KIND)


# ---- reading ----------------------------------------------------------------------------------------------------


def read(body: bytes) -> list[Message | Receipt]:
    return sendgrid.parse(Request(url=URL, body=body, at=AT), CONFIG)


def mail(letter: bytes | None = None, **fields: str | bytes) -> bytes:
    """A form with a raw mail; `fields` in place of the usual ones, or beside them."""
    one = said("sendgrid", "Hello")
    known = {field.name: field.content for field in parts(composed("sendgrid", one).body)}
    given = {name: value if isinstance(value, bytes) else value.encode() for name, value in fields.items()}
    return mails.form(
        [Part(name, value) for name, value in {**known, **({"email": letter} if letter else {}), **given}.items()]
    )


def message(body: bytes) -> Message:
    (found,) = read(body)
    assert isinstance(found, Message)
    return found


@pytest.mark.parametrize(
    ("dkim", "spf", "envelope", "proved"),
    [
        ("{@customer.example : pass}", "none", "", True),
        ("{@mail.customer.example : pass}", "none", "", True),
        ("{@CUSTOMER.example : PASS}", "none", "", True),
        (" { @customer.example : pass } , { @other.example : fail } ", "fail", "", True),
        ("{@customer.example : fail}", "none", "", False),
        ("{@customer.example : temperror, @other.example : pass}", "none", "", False),
        ("{@customer.example.evil.example : pass}", "none", "", False),
        ("{@evilcustomer.example : pass}", "none", "", False),
        ("{@example : pass}", "none", "", False),
        ("{@customer.example : pass, broken}", "none", "", False),
        ("{ines@customer.example : pass}", "none", "", False),
        ("pass", "none", "", False),
        ("none", "pass", "bounce@customer.example", True),
        ("none", "Pass", "bounce@news.customer.example", True),
        ("none", "pass", "evil@evil.example", False),
        ("none", "softfail", "ines@customer.example", False),
        ("none", "pass", "", False),
        ("none", "pass", "evil@evil.example@customer.example", False),
        ("", "", "ines@customer.example", False),
    ],
)
def test_whom_sendgrid_proves(dkim: str, spf: str, envelope: str, proved: bool) -> None:
    told = json.dumps({"to": [CONFIG.inbound_address], "from": envelope})
    found = message(mail(dkim=dkim, SPF=spf, envelope=told))
    assert found.sender.id == "ines.roth@customer.example"
    assert (found.sender.channel is Channel.EMAIL) is proved


def test_a_second_author_is_no_proof() -> None:
    both = b"From: Ines <ines.roth@customer.example>, evil@evil.example\r\n\r\nx"
    assert message(mail(both)).sender.channel is Channel.UNVERIFIED_EMAIL


FORGED = [
    '--xYzZY\r\nContent-Disposition: form-data; name="dkim"\r\n\r\n{@victim.example : pass}\r\n',
    '--xYzZY\r\nContent-Disposition: form-data; name="email"\r\n\r\nFrom: x@victim.example\r\n\r\nx\r\n',
    "--xYzZY--\r\n",
    "--xYzZYx\r\n",
    "--xYzZY\r\n",
]


@pytest.mark.parametrize("within", FORGED)
def test_fields_that_a_sender_writes_into_his_mail_count_for_nothing(within: str) -> None:
    """The boundary is no secret. What cannot be told apart is kept, and an agent hears of it."""
    letter = f"From: evil@evil.example\r\n\r\nHello\r\n{within}and more"
    with pytest.raises(Unreadable):
        read(mail(letter.encode(), dkim="{@evil.example : pass}", SPF="pass"))


def test_a_mail_comes_whole_or_in_fields_and_never_both() -> None:
    """Somebody at the same domain, which signed his mail, would write another's into it."""
    body = next(case for case in cases("sendgrid") if case.name == "fields").body
    forged = '\r\n--xYzZY\r\nContent-Disposition: form-data; name="email"\r\n\r\nFrom: boss@customer.example\r\n\r\nPay'
    assert b"rote wieder da?" in body
    with pytest.raises(Unreadable):
        read(body.replace(b"rote wieder da?", b"rote" + forged.encode(), 1))


def test_each_try_is_the_same_mail_and_another_mail_is_another() -> None:
    """SendGrid gives no id. One that the author gives to two mails makes them no one, and none at all does no harm."""
    one = b"Date: Mon, 2 Mar 2026 09:00:00 +0100\r\nFrom: a@b.example\r\nMessage-ID: <same@b.example>\r\n\r\nHello"
    changed = [
        one,
        one.replace(b"09:00", b"09:01"),
        one.replace(b"a@b", b"c@b"),
        one.replace(b"<same", b"<other"),
        one.replace(b"Message-ID: <same@b.example>\r\n", b""),
        one.replace(b"Message-ID: <same@b.example>\r\n", b"").replace(b"Hello", b"Hello, again"),
    ]
    ids = [message(mail(letter)).id for letter in changed]
    assert len(set(ids)) == len(changed)
    assert [message(mail(letter, SPF="none", spam_score="1.2")).id for letter in changed] == ids
    to_another = json.dumps({"to": ["other@in.sendgrid.shop.example"], "from": "a@b.example"})
    assert message(mail(one, envelope=to_another)).id != ids[0]


@pytest.mark.parametrize("field", ["envelope", "email"])
def test_a_form_without_its_fields_is_kept(field: str) -> None:
    known = [one for one in parts(mail()) if one.name != field]
    with pytest.raises(Unreadable):
        read(mails.form(known))


@pytest.mark.parametrize("number", [0, 1])
def test_files_are_taken_out_of_either_form(number: int) -> None:
    for name, sizes in (("fields_attachments", [13, 10]), ("raw_attachments", [8, 13])):
        body = next(case for case in cases("sendgrid") if case.name == name).body
        listed, content = message(body).attachments[number], sendgrid.unpack(body, number)
        assert (content.name, content.type, len(content.data)) == (listed.name, listed.type, sizes[number])
        with pytest.raises(Unreadable):
            sendgrid.unpack(body, 2)


def test_an_event_that_cannot_be_read_costs_no_other() -> None:
    with pytest.raises(Unreadable) as caught:
        read(json.dumps([EVENT, {"sg_message_id": "x"}, 5, {**EVENT, "event": "delivered"}]).encode())
    assert [item.progress for item in caught.value.items] == [Progress.FAILED, Progress.DELIVERED]
    with pytest.raises(Unreadable):
        read(json.dumps(EVENT).encode())


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "ines.roth@customer.example", "text": "Ja, zwei. 🫖", "at": AT, **rest})


def failed(how: sendgrid.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        sendgrid.send(outgoing(**rest), how)
    return caught.value


def test_receipts_find_what_was_sent(front: Door) -> None:
    identifier = sendgrid.send(outgoing(), CONFIG)
    for progress in Progress:
        body = part.receipt(front.world.ledger[0], progress, front.world)
        assert body
        (found,) = read(body)
        assert isinstance(found, Receipt) and (found.progress, found.ids) == (progress, (identifier,))


def test_an_answer_stays_in_its_thread(front: Door) -> None:
    context = {"message_id": "<mail-1@customer.example>", "references": "<ö@x> <a@b>", "subject": "Is it back?"}
    sendgrid.send(outgoing(context=context), CONFIG)
    raw = front.world.ledger[0].raw
    assert raw["subject"] == "Re: Is it back?" and raw["from"] == {
        "email": "shop@sendgrid.shop.example",
        "name": "Corner Shop",
    }
    headers = raw["headers"]
    assert headers["In-Reply-To"] == "<mail-1@customer.example>"
    assert headers["References"] == "<a@b> <mail-1@customer.example>"  # SendGrid takes no letters beyond ASCII here
    assert headers["Message-ID"].endswith("@sendgrid.shop.example>")


def test_a_card_and_a_file_go_along(front: Door) -> None:
    token = "abcdefghijklmnopqrstuvw234"
    sendgrid.send(outgoing(thread=token, card=Card(title="Ines Roth"), reply_address=""), CONFIG)
    sendgrid.send(
        outgoing(text="", file=Content(name="Rechnung 7 ü.pdf", type="application/pdf", data=b"%PDF")), CONFIG
    )
    card, file = front.world.ledger
    assert card.thread == token and [one["type"] for one in card.raw["content"]] == ["text/plain", "text/html"]
    assert file.raw["attachments"] == [
        {"filename": "Rechnung 7 ü.pdf", "type": "application/pdf", "content": "JVBERg=="}
    ]


def test_what_sendgrid_refuses_is_told_in_its_words(front: Door) -> None:
    assert "Sender Identity" in failed(CONFIG.model_copy(update={"sender": "shop@elsewhere.example"})).reason
    assert "authorization" in failed(CONFIG.model_copy(update={"api_key": (SecretStr("nobody"),)})).reason
    assert failed(to="a@b, c@d").reason == "this is no mail address"
    assert "valid address" in failed(to="a@localhost").reason
    too_large = failed(file=Content(name="a", data=b"x" * 25_000_000))
    assert (too_large.outcome, "too large" in too_large.reason) == (Outcome.REFUSED, True)
    assert not front.world.ledger


def test_an_account_without_credits_is_tried_later(front: Door) -> None:
    front.world.state["sendgrid"] = {"no_credits": True}
    refused = failed()
    assert (refused.reason, refused.outcome) == ("SendGrid: Maximum credits exceeded", Outcome.NOT_SENT)


@pytest.mark.parametrize("errors", [[], [{}], [5], None, {}, [{"message": None}], [{"message": ""}]])
def test_errors_in_any_shape_are_a_refusal(errors: Any, front: Door) -> None:
    front.world.fail(part="sendgrid", status=400, body=json.dumps({"errors": errors}))
    assert failed().outcome is Outcome.REFUSED
    front.world.fail(part="sendgrid", status=202)
    assert failed().outcome is Outcome.UNKNOWN
