"""Mailgun: what proves its webhooks, what they mean, and what becomes of a mail it takes or refuses."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from mailgun.security import SecurityGuard
from pydantic import SecretStr

from chalicelib import settings
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Card, Content, Outgoing
from chalicelib.models.values import Channel
from chalicelib.providers import mailgun
from chalicelib.webhook import Part, Request, parts
from infra.simulate import basic, mails
from infra.world import mailgun as part
from tests.lab.everything import SECOND, Door, cases, composed, config, post, said, signed

CONFIG = config("mailgun")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://shop.example/webhooks/mailgun/mime"
BODIES = {case.name: case.body for case in cases("mailgun")}


# ---- the proof --------------------------------------------------------------------------------------------------

SECONDS, TOKEN = 1_700_000_000, "t" * 50
THEIRS = "e75c61c7e75d7c18205e7859b160197389cd38735a693e954b3994ddad1a9970"  # by openssl, with the key `k`


def holds(late: int = 0, how: mailgun.Config = CONFIG, as_json: bool = False, **fields: str) -> bool:
    told = {"timestamp": str(SECONDS), "token": TOKEN, "signature": THEIRS, **fields}
    form = mails.form([Part(name, text.encode("utf-8", "surrogatepass")) for name, text in told.items()])
    known = how.model_copy(update={"signing_key": (SecretStr("k"),)})
    request = Request(
        url=URL,
        headers=basic(CONFIG.webhook_user, CONFIG.webhook_password),
        body=json.dumps({"signature": told, "event-data": {}}).encode() if as_json else form,
        at=datetime.fromtimestamp(SECONDS + late, UTC),
    )
    try:
        mailgun.verify(request, known)
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize("as_json", [False, True])
def test_the_vector_holds_and_nothing_near_it(as_json: bool) -> None:
    assert holds(as_json=as_json)
    assert not holds(as_json=as_json, token="t" * 49) and not holds(as_json=as_json, signature=THEIRS.upper())
    assert not holds(as_json=as_json, timestamp=str(SECONDS + 1)) and not holds(as_json=as_json, signature="")


@pytest.mark.parametrize(
    ("name", "value"),
    [("signature", "ü"), ("timestamp", ""), ("timestamp", "１７"), ("timestamp", "1e9"), ("token", "\ud800")],
)
def test_what_is_no_signature_is_refused_and_nothing_more(name: str, value: str) -> None:
    for as_json in (False, True):
        assert not holds(0, CONFIG, as_json, **{name: value})


def test_its_own_library_raises_there() -> None:
    with pytest.raises(TypeError):
        SecurityGuard.verify_webhook("k", TOKEN, str(SECONDS), "ü", max_age_seconds=0)


def test_its_own_library_agrees() -> None:
    assert SecurityGuard.verify_webhook("k", TOKEN, str(SECONDS), THEIRS, max_age_seconds=0)
    proof = {
        one.name: one.content.decode() for one in parts(signed(composed("mailgun", said("mailgun", "Hello")), AT).body)
    }
    key = CONFIG.signing_key[0].get_secret_value()
    assert SecurityGuard.verify_webhook(key, proof["token"], proof["timestamp"], proof["signature"], max_age_seconds=0)
    assert not SecurityGuard.verify_webhook(key, "x", proof["timestamp"], proof["signature"], max_age_seconds=0)


def test_a_try_may_be_hours_old_and_no_more() -> None:
    """Mailgun tries for eight hours; its library would take nothing older than fifteen minutes."""
    assert holds(late=8 * 3600) and holds(late=-8 * 3600)
    assert not holds(late=12 * 3600 + 1)


def test_time_and_token_cannot_be_parted_elsewhere() -> None:
    """They are signed without anything between them."""
    seconds, token = str(SECONDS), "12345" + "a" * 45
    theirs = hmac.new(b"k", (seconds + token).encode(), hashlib.sha256).hexdigest()
    assert holds(timestamp=seconds, token=token, signature=theirs)
    assert not holds(timestamp=seconds + "1", token=token[1:], signature=theirs)
    assert not holds(timestamp=seconds[:-1], token=seconds[-1] + token, signature=theirs)


def test_a_signature_alone_is_no_proof() -> None:
    """It says nothing of the mail: one that was seen once would do for any other."""
    other = CONFIG.model_copy(update={"webhook_password": (SecretStr("another"),)})
    assert not holds(how=other) and not holds(how=CONFIG.model_copy(update={"webhook_user": "x"}))


def test_the_last_of_several_fields_counts() -> None:
    """Each header of a mail is a field too; what Mailgun says of its own stands behind them (Anymail)."""
    given = signed(next(case for case in cases("mailgun") if case.name == "mime"), AT)
    forged = given.body.replace(
        b"\r\n--xYzZY\r\n", b'\r\n--xYzZY\r\nContent-Disposition: form-data; name="token"\r\n\r\nx\r\n--xYzZY\r\n', 1
    )
    mailgun.verify(replace(given, body=forged), CONFIG)


# ---- where it is called -----------------------------------------------------------------------------------------


def test_its_address_ends_in_mime(front: Door) -> None:
    """Else the mail is posted in fields. Without that ending its address is known as well."""
    assert settings.webhook_url("https://shop.example", "mailgun").endswith("/webhooks/mailgun/mime")
    assert settings.webhook_url("https://shop.example", "mailgun", "NORTH").endswith("/webhooks/mailgun/north-mime")
    given = signed(cases("mailgun")[0], front.now)
    for last, status in (
        ("", 200),
        ("mime", 200),
        ("MIME", 200),
        ("mimes", 404),
        (f"{SECOND}-mime", 404),
    ):
        assert post(front, given, "mailgun", last).status == status, last
    assert post(front, signed(cases("sendgrid")[0], front.now), "sendgrid", "mime").status == 404


@pytest.mark.parametrize(("last", "account"), [("north-mime", "NORTH"), ("north", "NORTH"), ("mime", ""), ("", "")])
def test_the_account_stands_before_the_ending(last: str, account: str) -> None:
    assert settings.addressed("mailgun", last) == account
    assert settings.addressed("postmark", last) == last.upper()


def test_what_is_too_large_is_not_tried_again(front: Door) -> None:
    """Anything but 200 and 406 Mailgun answers with eight hours of tries."""
    given = replace(signed(cases("mailgun")[0], front.now), body=b"x" * 6_000_001)
    assert post(front, given, "mailgun").status == 406
    assert post(front, replace(given, body=b"x"), "mailgun").status == 401  # a wrong key can be put right


# ---- reading ----------------------------------------------------------------------------------------------------


def read(body: bytes, how: mailgun.Config = CONFIG) -> list[Message | Receipt]:
    return mailgun.parse(Request(url=URL, body=body, at=AT), how)


def message(body: bytes, how: mailgun.Config = CONFIG) -> Message:
    (found,) = read(body, how)
    assert isinstance(found, Message)
    return found


def mail(head: str = "X-Mailgun-Spf: Pass", author: str = "pia@customer.example", **fields: str) -> bytes:
    """A form with a raw mail, and fields in place of the usual ones."""
    known = {one.name: one.content for one in parts(composed("mailgun", said("mailgun", "Hello")).body)}
    raw = "".join(f"{line}\r\n" for line in filter(None, [head, f"From: {author}", "Message-ID: <a@b>", "", "Hello"]))
    given = {**known, "body-mime": raw.encode(), **{name: text.encode() for name, text in fields.items()}}
    return mails.form([Part(name, value) for name, value in given.items()])


@pytest.mark.parametrize(
    ("head", "sender", "proved"),
    [
        ("X-Mailgun-Spf: Pass", "bounce@customer.example", True),
        ("x-mailgun-spf: Pass", "bounce@news.customer.example", True),
        ("X-Mailgun-Spf: Pass", "evil@evil.example", False),
        ("X-Mailgun-Spf: Pass", "", False),
        ("X-Mailgun-Spf: Pass", "x@evil.example@customer.example", False),
        ("X-Mailgun-Spf: Neutral", "pia@customer.example", False),
        ("X-Mailgun-Spf: SoftFail\r\nX-Mailgun-Spf: Pass", "pia@customer.example", False),
        ("X-Mailgun-Spf: Pass\r\nX-Mailgun-Spf: Pass", "pia@customer.example", False),
        ("X-Mailgun-Dkim-Check-Result: Pass\r\nDKIM-Signature: d=customer.example", "pia@customer.example", False),
        ("Received-SPF: pass", "pia@customer.example", False),
    ],
)
def test_whom_mailgun_proves(head: str, sender: str, proved: bool) -> None:
    """One word on the envelope; a second is the sender's own. Without its spam filter every word is."""
    found = message(mail(head, sender=sender))
    assert (found.sender.channel is Channel.EMAIL) is proved
    unmarked = CONFIG.model_copy(update={"verdicts": ""})
    assert message(mail(head, sender=sender), unmarked).sender.channel is Channel.UNVERIFIED_EMAIL


def test_a_second_author_or_a_second_envelope_is_no_proof() -> None:
    both = mail(author="pia@customer.example, evil@evil.example", sender="pia@customer.example")
    twice = mail(sender="pia@customer.example").replace(
        b"--xYzZY--", mails.form([Part("sender", b"pia@customer.example")])
    )
    for body in (both, twice):
        assert message(body).sender.channel is Channel.UNVERIFIED_EMAIL


def test_each_try_is_the_same_mail_and_each_recipient_its_own() -> None:
    """The token is another in each try, for all that Mailgun says."""
    ids = {message(mail(token=token, timestamp=token)).id for token in ("1", "2")}
    assert len(ids) == 1
    assert message(mail(recipient="second@mg.shop.example")).id not in ids


def test_a_mail_that_stays_at_mailgun_is_told_of() -> None:
    """store() posts the words, and of its files where they are (Anymail, issue 132): an agent sees what there is."""
    known = [one for one in parts(BODIES["fields"]) if one.name != "attachment-count"]
    files = json.dumps([{"url": "https://storage.mailgun.net/v3/x", "name": "a.pdf", "size": 20202}])
    with pytest.raises(Unreadable) as caught:
        read(mails.form([*known, Part("attachments", files.encode()), Part("message-url", b"https://x")]))
    assert [item.text for item in caught.value.items] == ["Ist die rote wieder da? 🫖"]


@pytest.mark.parametrize("ids", ['{"": "attachment-1", "": "attachment-2"}', "{}", '{"<x>": "attachment-9"}'])
def test_files_without_ids_are_files(ids: str) -> None:
    """And attachment-count may say more of them than there are (Anymail, issue 272)."""
    known = {one.name: one for one in parts(BODIES["fields_attachments"])}
    known["content-id-map"] = Part("content-id-map", ids.encode())
    found = message(mails.form(list(known.values())))
    assert [(file.name, file.inline) for file in found.attachments] == [
        ("Rechnung 7 ü.pdf", False),
        ("handle.png", False),
    ]


def test_a_file_without_a_name_is_not_lost() -> None:
    body = BODIES["fields_attachments"].replace(b'; filename="handle.png"', b'; filename=""')
    assert [file.size for file in message(body).attachments] == [13, 10]
    assert mailgun.unpack(body, 1).data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"event-data": 5}', b'{"event-data": {"event": "delivered"}}', b"a=1"]
)
def test_a_webhook_without_its_fields_is_kept(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "pia.lund@customer.example", "text": "Ja, zwei. 🫖", "at": AT, **rest})


def failed(how: mailgun.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        mailgun.send(outgoing(**rest), how)
    return caught.value


def test_receipts_find_what_was_sent(front: Door) -> None:
    identifier = mailgun.send(outgoing(), CONFIG)
    for progress in Progress:
        body = part.receipt(front.world.ledger[0], progress, front.world)
        assert body
        (found,) = read(body)
        assert isinstance(found, Receipt) and (found.progress, found.ids) == (progress, (identifier,))


def test_an_answer_stays_in_its_thread(front: Door) -> None:
    context = {"message_id": "<mail-1@customer.example>", "references": "<a@b>", "subject": "Wieder da?"}
    mailgun.send(outgoing(context=context, automatic=True), CONFIG)
    raw = front.world.ledger[0].raw
    assert (raw["from"], raw["subject"]) == ("Corner Shop <shop@mg.shop.example>", "Re: Wieder da?")
    assert raw["h:In-Reply-To"] == "<mail-1@customer.example>" and raw["h:Auto-Submitted"] == "auto-replied"
    assert raw["h:References"] == "<a@b> <mail-1@customer.example>" and "h:Message-ID" not in raw


def test_a_card_and_a_file_go_along(front: Door) -> None:
    token = "abcdefghijklmnopqrstuvw234"
    mailgun.send(outgoing(thread=token, card=Card(title="Pia Lund")), CONFIG)
    mailgun.send(outgoing(text="", file=Content(name="Rechnung 7 ü.pdf", type="application/pdf", data=b"%PDF")), CONFIG)
    card, file = front.world.ledger
    assert card.thread == token and "Pia Lund" in card.raw["html"]
    assert file.raw["attachment"] == "Rechnung 7 ü.pdf" and "Rechnung" in file.text


def test_what_mailgun_refuses_is_told_in_its_words(front: Door) -> None:
    assert "not found: other.example" in failed(CONFIG.model_copy(update={"domain": "other.example"})).reason
    assert "of this domain" in failed(CONFIG.model_copy(update={"sender": "shop@elsewhere.example"})).reason
    assert failed(CONFIG.model_copy(update={"api_key": (SecretStr("nobody"),)})).reason == "Mailgun: HTTP 401"
    assert "valid address" in failed(to="a@localhost").reason
    assert failed(to="a@b, c@d").reason == "this is no mail address"
    assert "too large" in failed(file=Content(name="a", data=b"x" * 19_000_000)).reason
    front.world.state["mailgun"] = {"disabled": True}
    refused = failed()
    assert ("not allowed to send" in refused.reason, refused.outcome) == (True, Outcome.REFUSED)
    assert not front.world.ledger


@pytest.mark.parametrize("id", [None, "", "<>", 5, {}])
def test_an_answer_without_an_id_is_unknown(id: Any, front: Door) -> None:
    front.world.fail(part="mailgun", status=200, body=json.dumps({"id": id, "message": "Queued. Thank you."}))
    assert failed().outcome is Outcome.UNKNOWN
