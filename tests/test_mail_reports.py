"""Mails that say that one of ours did not arrive: which of them are a receipt, and what it tells."""

import time
from datetime import UTC, datetime

import pytest

from chalicelib import mail
from chalicelib.mail.reports import bounced
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Card, Outgoing
from chalicelib.providers import mime
from chalicelib.webhook import Request
from tests.lab.everything import config

CONFIG = config("mime")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SLOWEST = 0.2  # CPU seconds for two mails of less than half a megabyte
TOKEN = "abcdefghijklmnopqrstuvw234"
FAILED = b"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"


def ours(**rest: object) -> tuple[str, bytes]:
    """A mail as we send it, with its Message-ID."""
    given = Outgoing(**{"key": "key-1", "to": "mira@customer.example", "text": "Yes, two.", "at": AT, **rest})
    draft = mail.draft(given, sender=CONFIG.sender, inbound=CONFIG.inbound_address)
    return dict(draft.headers)["Message-ID"], mail.raw(draft, given)


def report(
    status: bytes, returned: bytes, kind: bytes = b"message/rfc822", how: bytes = b"message/delivery-status"
) -> bytes:
    return (
        b"Return-Path: <>\nFrom: Mail <mailer-daemon@mx.example>\nTo: hello@mime.shop.example\nMessage-ID: <dsn@mx>\n"
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/plain\n\nIt did not arrive.\n"
        b"--b\nContent-Type: %b\n\nReporting-MTA: dns; mx.example\n\n%b\n--b\nContent-Type: %b\n\n%b\n--b--\n"
        % (how, status, kind, returned)
    )


def read(raw: bytes) -> Message | Receipt:
    (item,) = mime.parse(Request(url="https://shop.example/webhooks/mime", body=raw, at=AT), CONFIG)
    return item


HEADS = ["text/rfc822-headers", "message/global-headers", "message/rfc822", "message/global"]


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("automatic", [False, True])
def test_it_is_the_receipt_of_the_mail_that_it_holds(kind: str, automatic: bool) -> None:
    id, raw = ours(automatic=automatic)
    head, _, _ = raw.partition(b"\r\n\r\n")
    item = read(report(FAILED, raw if kind in HEADS[2:] else head, kind.encode()))
    assert isinstance(item, Receipt)
    assert (item.progress, item.ids) == (Progress.FAILED, (id,))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (FAILED, "nobody has this address: 5.1.1"),
        (b"Action: Failed (bounced)\n", "the mail came back"),
        (b"ACTION: FAILED\n", "the mail came back"),
        (b"Action: failed\nStatus: 5.0.0\n", "5.0.0"),
        (b"Action: failed\nDiagnostic-Code: it\n is full\n", "it is full"),
        (b"Action: failed\nStatus: 5.3.4\nDiagnostic-Code: x-y; no; way\n", "the mail is too large: no; way"),
        (b"Action: failed\nDiagnostic-Code: smtp; " + b"5" * 900 + b"\n", "5" * 200),
        (b"Action: delivered\n\n" + FAILED, "nobody has this address: 5.1.1"),
        (b"Action: delayed\nStatus: 4.4.1\n", ""),
        (b"Action: delivered\nStatus: 2.0.0\n", ""),
        (b"", ""),
    ],
)  # fmt: skip
def test_what_it_tells(status: bytes, reason: str) -> None:
    found = bounced(report(status, ours()[1]), CONFIG.sender)
    assert (found.reason if found else "") == reason


def test_others_stay_mails_of_machines() -> None:
    id, raw = ours()
    strange = raw.replace(id.encode(), b"<1@mime.shop.example>")
    others = {
        "of nothing": b"",
        "of somebody else": raw.replace(b"Loop: hello@", b"Loop: hello@other."),
        "with an id that is none of ours": strange,
        "with an id of elsewhere": raw.replace(b"@mime.shop.example>\r\n", b"@x.example>\r\n"),
        "of a desk's": ours(thread=TOKEN, card=Card(title="Pia"))[1],
        "of words to the owner": ours(own="The queue is full.")[1],
    }
    for name, returned in others.items():
        item = read(report(FAILED, returned))
        assert isinstance(item, Message) and item.automatic, name
    passed_on = read(report(FAILED, raw, how=b"text/x-status"))
    assert isinstance(passed_on, Message)


def test_only_a_report_counts_and_not_one_within_another_mail() -> None:
    inner = report(FAILED, ours()[1])
    outer = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n\n"
    assert isinstance(read(outer + inner + b"--c--"), Message)


HOSTILE = {
    "fields": b"Action: x\n" * 40_000,
    "groups": b"Action: x\n\n" * 40_000,
    "spaces": b"\n" + b" " * 400_000,
    "empty lines": b"\n" * 400_000,
    "a code": b"Action: failed\nStatus: 5." + b"1" * 400_000,
    "a reason": b"Action: failed\nDiagnostic-Code: " + b";" * 400_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_none_takes_long(name: str) -> None:
    raws = [report(HOSTILE[name], ours()[1]), report(FAILED, HOSTILE[name])]
    began = time.process_time()
    for raw in raws:
        bounced(raw, CONFIG.sender)
    assert time.process_time() - began < SLOWEST
