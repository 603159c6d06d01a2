"""SES: what its notifications mean, what lies in S3, what its API answers to our sending, how AWS calls are signed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

from chalicelib import api, aws, mail, providers, queue, settings, store
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Progress, Raw, Receipt
from chalicelib.models.outbound import Card, Outgoing
from chalicelib.models.values import Channel
from chalicelib.providers import ses
from chalicelib.webhook import Request
from infra.simulate import File, Said, sns
from infra.simulate import ses as simulator
from infra.world import Entry, Sent, World
from infra.world import ses as world_part
from tests.lab import AGENTS, ANNOUNCED_SHOP, BUCKET, ENVIRONMENT, START, Lab, laboratory
from tests.lab.everything import (
    EVERYTHING_SECRETS,
    SECOND_INBOUND,
    TWO_ACCOUNTS_SHOP,
    Door,
    Inner,
    cases,
    changed,
    composed,
    config,
    door,
    parsed,
    paths,
    post,
    queued,
    said,
    signed,
)

CONFIG = config("ses")
TOPIC = EVERYTHING_SECRETS["SHOPBELL_SES_TOPICS"]
TOKEN = "abcdefghijklmnopqrstuvw234"
CUSTOMER = simulator.WRITER.address
CARD = Card(title="Nora Lind", facts=("mail",), hint="Answer this mail.")
KEY = "mail/o3vrnil0e2ic28trm7dfhrc2v0cnbeccl4n00001"
SHOP = ANNOUNCED_SHOP.replace("resend", "ses")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory(SHOP, EVERYTHING_SECRETS) as lab:
        yield lab


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "k1-000", "to": CUSTOMER, "text": "Ja, gern 🙂", "at": START, **rest})


def told(name: str) -> dict[str, Any]:
    """What a payload's envelope holds."""
    (case,) = [case for case in cases("ses") if case.name == name]
    inner: dict[str, Any] = json.loads(json.loads(case.body)["Message"])
    return inner


def message(inner: dict[str, Any], topic: str = TOPIC) -> Message:
    (found,) = read(inner, topic)
    assert isinstance(found, Message)
    return found


def read(inner: dict[str, Any], topic: str = TOPIC) -> list[Message | Receipt]:
    body = json.dumps(sns.notification(json.dumps(inner), topic)).encode()
    return ses.parse(Request(url="", body=body, at=START), CONFIG)


def raw(sender: str = "Mira Olsen <mira.olsen@customer.example>", text: str = "Where is it?", more: str = "") -> bytes:
    head = (
        f"From: {sender}\r\nTo: ring@ses.shop.example\r\nSubject: Parcel\r\nMessage-ID: <m1@customer.example>\r\n{more}"
    )
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


# ---- what came in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lies_in_s3", "comes_with_it", "truncated", "bounced", "delivered_as_an_event"])
def test_whatever_stands_within_is_read_or_unreadable(name: str) -> None:
    """Every value of what the envelope holds, one at a time."""
    junk: list[Any] = [None, True, 0, -1.5, "", "x", "\ud800\0", [], [None], {}, {"name": []}, [["x"]], 10**30]
    whole = told(name)
    for place in paths(whole):
        for value in junk:
            try:
                items = read(changed(whole, place, value))
            except Unreadable:
                continue
            assert all(len(item.claim) == 26 for item in items)


def test_the_payloads_are_opened_to_the_inside() -> None:
    (case,) = [case for case in cases("ses") if case.name == "lies_in_s3"]
    assert isinstance(case.opened()["Message"], Inner) and case.closed(case.opened()).opened() == case.opened()


@pytest.mark.parametrize(
    ("verdicts", "source", "proved"),
    [
        ({"dmarc": "PASS", "spf": "FAIL"}, "x@elsewhere.example", True),
        ({"dmarc": "GRAY", "spf": "PASS"}, "x@mail.customer.example", True),
        ({"dmarc": "GRAY", "spf": "PASS"}, "x@customer.example.evil.example", False),
        ({"dmarc": "GRAY", "spf": "PASS"}, "", False),
        ({"dmarc": "GRAY", "spf": "PASS"}, "customer.example", False),
        ({"dmarc": "GRAY", "spf": "GRAY"}, "x@customer.example", False),
        ({"dmarc": "GRAY", "spf": "FAIL", "dkim": "PASS"}, "x@customer.example", False),
        ({"dmarc": "FAIL", "spf": "PASS", "dkim": "PASS"}, "x@customer.example", False),
        ({"dmarc": "PROCESSING_FAILED", "spf": "PASS"}, "x@customer.example", False),
        ({"dmarc": None, "spf": "PASS"}, "x@customer.example", False),
        ({"dmarc": "pass"}, "x@customer.example", False),
        ({"dmarc": ["PASS"]}, "x@customer.example", False),
    ],
)
def test_who_is_proved(verdicts: dict[str, Any], source: str, proved: bool) -> None:
    inner = told("lies_in_s3")
    inner["mail"]["source"] = source
    for name, status in verdicts.items():
        inner["receipt"][f"{name}Verdict"] = {"status": status} if status else None
    assert (message(inner).sender.channel is Channel.EMAIL) is proved


def test_a_second_author_is_no_proof_wherever_it_stands() -> None:
    inner = told("truncated")
    inner["mail"]["commonHeaders"]["from"].append("evil@evil.example")
    assert message(inner).sender.channel is Channel.UNVERIFIED_EMAIL
    with_it = told("comes_with_it")
    with_it["content"] = base64.b64encode(raw("mira.olsen@customer.example, evil@evil.example")).decode()
    assert message(with_it).sender.channel is Channel.UNVERIFIED_EMAIL


def test_the_token_is_found_among_all_it_came_to() -> None:
    inner = told("to_several_of_us")
    inner["receipt"]["recipients"].append(f"ring+{TOKEN}@ses.shop.example")
    assert message(inner).thread == TOKEN


def test_a_header_cannot_bring_another() -> None:
    inner = told("lies_in_s3")
    inner["mail"]["headers"].insert(0, {"name": "X", "value": "y\r\nFrom: evil@evil.example"})
    inner["mail"]["headers"].append({"name": "X\r\nFrom", "value": "evil@evil.example"})
    assert message(inner).sender.id == "mira.olsen@customer.example"


def test_the_mail_itself_is_not_kept_twice() -> None:
    inner = told("comes_with_it")
    found = message(inner)
    assert found.source.keys() == {"notificationType", "mail", "receipt"} and found.text.endswith("Mira")


@pytest.mark.parametrize("content", ["", "%%%", "QQ", None])
def test_a_mail_that_is_not_there_is_unreadable(content: Any) -> None:
    with pytest.raises(Unreadable):
        read(told("comes_with_it") | {"content": content})


def test_an_event_of_another_region_is_about_another_mail() -> None:
    """us-east-1 has a name of its own there."""
    (ours,), (theirs,) = read(told("delivered")), read(told("delivered"), TOPIC.replace("eu-central-1", "us-east-1"))
    assert isinstance(ours, Receipt) and isinstance(theirs, Receipt)
    assert ours.ids[0].endswith("@eu-central-1.amazonses.com>") and theirs.ids[0].endswith("@email.amazonses.com>")


def test_the_same_event_in_both_shapes_has_one_claim() -> None:
    assert [item.claim for item in read(told("delivered"))] == [
        item.claim for item in read(told("delivered_as_an_event"))
    ]


# ---- without HTTP -----------------------------------------------------------------------------------------------


def record(inner: Any, number: int = 1, topic: str = TOPIC) -> dict[str, Any]:
    """A record of the topic's queue, as Lambda gets it. SNS writes the whole envelope there, and nobody signs it."""
    body = inner if isinstance(inner, str) else json.dumps(sns.notification(json.dumps(inner), topic))
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1", "ApproximateFirstReceiveTimestamp": "1"}
    return {"messageId": f"m-{number}", "receiptHandle": "h", "body": body, "attributes": attributes}


def left(*records: dict[str, Any]) -> list[str]:
    """Which records come back, asked through Chalice."""
    import app

    failures = app.mail({"Records": list(records)}, None)["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


def test_what_our_topic_tells_is_queued_as_a_webhook_would_be(front: Door) -> None:
    names = ["lies_in_s3", "agent", "bounced", "another_action"]
    assert left(*(record(told(name), number) for number, name in enumerate(names))) == []
    without_http = list(front.taken)
    front.taken.clear()
    for case in [case for name in names for case in cases("ses") if case.name == name]:
        assert post(front, signed(case), "ses").status == 200
    assert [queue.read(body) for body in without_http] == [queue.read(body) for body in front.taken]
    assert len(without_http) == 3


def test_what_nobody_can_read_is_kept(front: Door) -> None:
    assert left(record(json.dumps(sns.notification("{", TOPIC)))) == []
    (kept,) = queued(front)
    assert isinstance(kept, Raw) and front.kept == [kept.file]


def test_the_files_within_are_kept_before_the_mail_is_promised(front: Door) -> None:
    file = File("kettle.pdf", "application/pdf", b"%PDF of a kettle")
    body = composed("ses", said("ses", "Look", files=(file,))).body
    assert left(record(body.decode())) == []
    (item,) = queued(front)
    assert isinstance(item, Message)
    place, _, number = item.attachments[0].reference.rpartition("/")
    assert front.kept == [place] and ses.unpack(body, int(number)).data == file.content


@pytest.mark.parametrize("body", ["", "[]", "{}", "words", '{"TopicArn": 5}', '{"TopicArn": ["x"]}'])
def test_what_is_no_envelope_comes_back(front: Door, body: str) -> None:
    assert left(record(body)) == ["m-1"] and not front.taken


def test_what_another_topic_tells_comes_back_until_the_shop_names_it(front: Door) -> None:
    other = "arn:aws:sns:eu-central-1:123456789012:other"
    assert left(record(told("lies_in_s3"), topic=other)) == ["m-1"]
    front.shop = front.shop.model_copy(update={"providers": {"telegram": {}}})
    assert left(record(told("lies_in_s3"))) == ["m-1"]
    assert not front.taken


def test_only_what_the_queue_did_not_take_comes_back(front: Door) -> None:
    def refuse(number: int, name: str, apply: Any, given: Any) -> Any:
        return front.take_in(number, name, apply, given) if "mail-3@" in str(given.body) else AWS_SAYS_NO

    front.seam.intercept = refuse
    names = ["lies_in_s3", "comes_with_it_as_text", "another_action"]
    assert left(*(record(told(name), number) for number, name in enumerate(names))) == ["m-0"]
    assert len(front.taken) == 1


AWS_SAYS_NO = AWSResponse("https://sqs", 400, HTTPHeaders.from_dict({}), MockRawResponse('{"__type": "Throttled"}'))


def test_a_second_account_has_a_topic_of_its_own(front: Door) -> None:
    second = {**SECOND_INBOUND, "SHOPBELL_SES__B2_TOPICS": "arn:aws:sns:eu-central-1:123456789012:second-mail"}
    with mock.patch.dict("os.environ", second):
        front.shop = settings.load(TWO_ACCOUNTS_SHOP)
        settings.config.cache_clear()
        assert left(record(told("lies_in_s3"), topic=second["SHOPBELL_SES__B2_TOPICS"])) == []
    (found,) = queued(front)
    assert isinstance(found, Message) and found.account == "B2"


def test_nothing_that_was_told_is_logged(front: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    left(record(told("lies_in_s3")), record("zq-canary", 2))
    lines = " ".join(entry.getMessage() for entry in caplog.records if entry.name.startswith("shopbell"))
    assert '"provider": "ses", "items": 1' in lines and '"fault"' in lines
    assert not [word for word in ("zq-canary", "mira", "Päckchen", TOPIC) if word in lines]


# ---- what lies in S3 --------------------------------------------------------------------------------------------


def announce(lab: Lab, content: bytes | None, change: dict[str, Any] | None = None, number: int = 1) -> None:
    """SES puts a mail into the bucket and tells the topic of it."""
    inner = told("lies_in_s3") | (change or {})
    key = f"mail/{number}"
    inner["mail"] |= {"messageId": f"id-{number}", "timestamp": lab.now.isoformat()}
    inner["receipt"]["action"] |= {"bucketName": BUCKET, "objectKey": key}
    if content is not None:
        with lab.aside():
            aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
    assert lab.post_signed("ses", json.dumps(inner).encode()) == 200


def test_the_mail_is_read_where_it_lies(lab: Lab) -> None:
    announce(lab, raw(text="Wo bleibt es? 📦"))
    lab.seam.calls.clear()
    lab.work()
    assert lab.seam.calls[:2] == ["s3.GetObject", "dynamodb.BatchGetItem"]
    lab.settle()
    (card,), (acknowledgement,) = lab.posts(), lab.texts()
    assert "Wo bleibt es? 📦" in card.text and acknowledgement.to == "mira.olsen@customer.example"
    assert [heard.address.channel for heard in next(store.heads()).heard] == [Channel.EMAIL]


def test_a_file_is_read_where_the_mail_lies(lab: Lab) -> None:
    file = File("kettle.pdf", "application/pdf", b"%PDF of a kettle")
    announce(lab, simulator.raw(said("ses", "Look", files=(file,)), CONFIG))
    lab.settle()
    (entry,) = lab.files()
    (attached,) = entry.raw["Content"]["Simple"]["Attachments"]
    assert entry.to == AGENTS and attached["FileName"] == file.name
    assert base64.b64decode(attached["RawContent"]) == file.content


@pytest.mark.parametrize("authors", ["mira.olsen@customer.example, evil@evil.example", "other@customer.example"])
def test_an_author_whom_ses_did_not_tell_is_not_proved(lab: Lab, authors: str) -> None:
    announce(lab, raw(authors))
    lab.settle()
    assert not lab.texts()
    assert [heard.address.channel for heard in next(store.heads()).heard] == [Channel.UNVERIFIED_EMAIL]


def test_whom_ses_did_not_prove_the_mail_does_not_prove_either(lab: Lab) -> None:
    announce(lab, raw(), {"receipt": told("not_looked_at")["receipt"]})
    lab.settle()
    assert [heard.address.channel for heard in next(store.heads()).heard] == [Channel.UNVERIFIED_EMAIL]


def test_an_author_whom_we_cannot_read_is_taken_from_ses_and_not_proved(lab: Lab) -> None:
    announce(lab, raw("=?x?q?"))
    lab.settle()
    (card,) = lab.posts()
    assert "Where is it?" in card.text and not lab.texts()
    assert [heard.address.id for heard in next(store.heads()).heard] == ["mira.olsen@customer.example"]


@pytest.mark.parametrize("more", ["Auto-Submitted: auto-replied\r\n", "List-Id: <x>\r\n"])
def test_what_a_machine_wrote_is_seen_in_the_whole_mail(lab: Lab, more: str) -> None:
    announce(lab, raw(more=more))
    lab.settle()
    assert len(lab.posts()) == 1 and not lab.texts()


def test_what_ses_found_to_be_spam_is_never_acknowledged(lab: Lab) -> None:
    announce(lab, raw(), {"receipt": told("spam")["receipt"]})
    lab.settle()
    assert len(lab.posts()) == 1 and not lab.texts()


def test_a_file_of_a_mail_that_lies_in_s3_comes_to_the_desk(lab: Lab) -> None:
    file = File("Kanne ü.pdf", "application/pdf", b"%PDF of a kettle")
    announce(lab, simulator.raw(said("ses", "Look", sender="mira.olsen@customer.example", files=(file,)), CONFIG))
    lab.settle()
    (attached,) = lab.posts()[-1].raw["Content"]["Simple"]["Attachments"]
    assert (attached["FileName"], base64.b64decode(attached["RawContent"])) == (file.name, file.content)


@pytest.mark.parametrize("reference", ["", "raw/x/0", "s3://bucket", "s3://bucket/key/x", "https://evil.example/a/0"])
def test_what_does_not_lie_in_s3_is_not_fetched(reference: str) -> None:
    with pytest.raises(SendFailed) as caught:
        ses.fetch(Attachment(reference=reference), CONFIG, 1_000)
    assert caught.value.outcome is Outcome.REFUSED


def test_our_own_mail_coming_back_is_nothing(lab: Lab) -> None:
    announce(lab, raw(more=f"{mail.LOOP}: hi@ses.shop.example\r\n"))
    lab.settle()
    assert not lab.world.ledger and not lab.dead_letters()


def test_a_mail_that_is_gone_is_shown_with_where_it_lay(lab: Lab) -> None:
    announce(lab, None)
    lab.settle()
    (card,) = lab.posts()
    assert f"could not be fetched: it lies at s3://{BUCKET}/mail/1 (NoSuchKey)" in card.text and not lab.texts()


def test_a_bucket_that_is_not_ours_is_never_read_into_a_reply(lab: Lab) -> None:
    """An agent's mail whose rest is gone is put aside; the owner hears where it lies."""
    announce(lab, raw())
    lab.settle()
    before, agents = len(lab.texts()), told("agent")
    agents["receipt"]["recipients"] = [f"ring+{lab.thread()}@ses.shop.example"]
    announce(lab, None, agents, 2)
    lab.settle()
    lab.tick()
    lab.settle()
    assert len(lab.texts()) == before and "s3://" in lab.posts()[-1].text


def test_an_agents_answer_reaches_the_customer_whatever_it_looks_like(lab: Lab) -> None:
    announce(lab, raw())
    lab.settle()
    agents = told("agent")
    agents["receipt"]["spamVerdict"]["status"] = "FAIL"
    agents["receipt"]["recipients"] = [f"ring+{lab.thread()}@ses.shop.example"]
    announce(
        lab, raw("Ann <ann@shop.example>", "It is blue.\r\n\r\nOn 2 Mar 2026 Mira wrote:\r\n> Where is it?"), agents, 2
    )
    lab.settle()
    assert [entry.text for entry in lab.texts()][1:] == ["It is blue."]


@pytest.mark.parametrize("status", [500, 503])
def test_while_s3_does_not_answer_it_comes_later(lab: Lab, status: int) -> None:
    failing = True

    def intercept(number: int, name: str, apply: Any, given: Any) -> Any:
        answer = apply()
        if failing and name == "s3.GetObject":
            answer.status_code, answer._content = status, b""
        return answer

    lab.seam.intercept = intercept
    announce(lab, raw())
    for _ in range(4):
        while lab.work():
            pass
        lab.wait()
    assert not lab.world.ledger
    failing = False
    lab.settle()
    assert "Where is it?" in lab.posts()[0].text


def test_a_large_mail_is_read_in_time() -> None:
    """30 MB, nearly all of it a file."""
    file = base64.encodebytes(b"\0" * 22_000_000).decode()
    head = 'From: mira.olsen@customer.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    parts = [
        "\r\n\r\nSee the film.\r\n",
        f'\r\nContent-Type: video/mp4; name="a.mp4"\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}\r\n',
    ]
    whole = head + "--b" + "--b".join(parts) + "--b--\r\n"
    told_so = message(told("lies_in_s3"))
    began = datetime.now()
    with mock.patch.object(ses, "_stored", lambda bucket, key: whole.encode()):
        found = ses.complete(told_so, CONFIG)
    assert datetime.now() - began < timedelta(seconds=8)  # of the worker's 30
    assert found and found.text == "See the film." and found.attachments[0].size == 22_000_000


# ---- what goes out ----------------------------------------------------------------------------------------------


def test_a_reply_is_one_mail_in_the_customers_thread(front: Door) -> None:
    context = {"message_id": "<m1@customer.example>", "subject": "Paket"}
    identifier = ses.send(outgoing(context=context), CONFIG)
    (entry,) = front.world.ledger
    sent, simple = entry.raw, entry.raw["Content"]["Simple"]
    headers = {header["Name"]: header["Value"] for header in simple["Headers"]}
    assert (entry.id, entry.to, entry.thread, entry.text) == (identifier, CUSTOMER, "", "Ja, gern 🙂")
    assert identifier.startswith("<0107") and identifier.endswith("@eu-central-1.amazonses.com>")
    assert (sent["FromEmailAddress"], simple["Subject"]["Data"]) == ("Corner Shop <hi@ses.shop.example>", "Re: Paket")
    assert headers["In-Reply-To"] == headers["References"] == "<m1@customer.example>"
    assert headers[mail.LOOP] == "hi@ses.shop.example" and not {"Message-ID", "Auto-Submitted"} & headers.keys()
    assert "Html" not in simple["Body"] and "ReplyToAddresses" not in sent


def test_an_acknowledgement_says_that_a_machine_wrote_it(front: Door) -> None:
    ses.send(outgoing(automatic=True), CONFIG)
    headers = front.world.ledger[0].raw["Content"]["Simple"]["Headers"]
    assert {"Name": "Auto-Submitted", "Value": "auto-replied"} in headers


def test_a_mailbox_gets_card_and_token_and_its_answer_finds_the_thread(front: Door) -> None:
    ses.send(outgoing(to="team@shop.example", card=CARD, thread=TOKEN), CONFIG)
    (entry,) = front.world.ledger
    assert entry.thread == TOKEN and "Nora Lind" in entry.raw["Content"]["Simple"]["Body"]["Html"]["Data"]
    (found,) = parsed(composed("ses", said("ses", "Ja.", sender="ann@shop.example", thread=TOKEN)))
    assert isinstance(found, Message) and (found.thread, found.text) == (TOKEN, "Ja.")
    assert entry.raw["ReplyToAddresses"] == [f"ring+{TOKEN}@ses.shop.example"]


def test_a_receipt_finds_what_was_sent(front: Door) -> None:
    identifier = ses.send(outgoing(), CONFIG)
    for progress in Progress:
        body = world_part.receipt(front.world.ledger[0], progress, front.world)
        assert body is not None
        (found,) = ses.parse(Request(url="", body=body, at=START), CONFIG)
        assert isinstance(found, Receipt) and (found.ids, found.progress) == ((identifier,), progress)
    assert world_part.receipt(front.world.ledger[0], "sent", front.world) is None


def test_headers_are_as_short_and_plain_as_ses_wants_them(front: Door) -> None:
    many = " ".join(f"<{number:03d}{'m' * 60}@customer.example>" for number in range(40))
    context = {"message_id": "<läst@customer.example>", "references": many, "subject": "Ü" * 200}
    ses.send(outgoing(context=context), CONFIG)
    headers = {one["Name"]: one["Value"] for one in front.world.ledger[0].raw["Content"]["Simple"]["Headers"]}
    assert "In-Reply-To" not in headers
    assert len(headers["References"]) <= 995 and headers["References"].endswith(many[-80:])
    assert headers["References"].startswith("<0")


def test_a_name_that_is_not_ascii_is_encoded(front: Door) -> None:
    ses.send(outgoing(), CONFIG.model_copy(update={"sender": "Eckladen Köln <hi@ses.shop.example>"}))
    assert front.world.ledger[0].raw["FromEmailAddress"] == "=?utf-8?q?Eckladen_K=C3=B6ln?= <hi@ses.shop.example>"
    assert mail.encoded("hi@ses.shop.example") == "hi@ses.shop.example"
    assert mail.encoded("nothing") == "nothing"


@pytest.mark.parametrize("to", ["", "mira", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "A <a@b.c>"])
def test_only_one_plain_address_is_written_to(front: Door, to: str) -> None:
    with pytest.raises(SendFailed) as failed:
        ses.send(outgoing(to=to), CONFIG)
    assert failed.value.outcome is Outcome.REFUSED and not front.world.ledger


@pytest.mark.parametrize(
    ("status", "code", "body", "outcome", "reason"),
    [
        (400, "MessageRejected", {"message": "Email address is\r\nnot verified."}, Outcome.REFUSED, "is not verified"),
        (400, "MailFromDomainNotVerifiedException", {}, Outcome.REFUSED, "MAIL FROM domain"),
        (400, "AccountSuspendedException", {}, Outcome.REFUSED, "ended"),
        (400, "SendingPausedException", {}, Outcome.REFUSED, "paused"),
        (400, "BadRequestException", {"message": "x"}, Outcome.REFUSED, "x"),
        (404, "NotFoundException", {"message": "x"}, Outcome.REFUSED, "x"),
        (403, "AccessDeniedException", {"Message": "arn:aws:sts::1"}, Outcome.REFUSED, "role"),
        (403, "ExpiredTokenException", {"message": "x"}, Outcome.NOT_SENT, "x"),
        (400, "LimitExceededException", {"message": "x"}, Outcome.NOT_SENT, "x"),
        (400, "ThrottlingException", {"message": "Daily message quota exceeded."}, Outcome.NOT_SENT, "quota"),
        (429, "TooManyRequestsException", {"message": "x"}, Outcome.NOT_SENT, "x"),
        (400, "TooManyRequestsException:http://internal.amazon.com/", {}, Outcome.NOT_SENT, "TooMany"),
        (400, "", {"__type": "com.amazonaws.sesv2#TooManyRequestsException"}, Outcome.NOT_SENT, "TooMany"),
        (500, "InternalFailure", {}, Outcome.UNKNOWN, "InternalFailure"),
        (503, "ServiceUnavailable", {}, Outcome.NOT_SENT, "Unavailable"),
        (200, "", {"__type": "MessageRejected"}, Outcome.UNKNOWN, "MessageId"),
    ],
)
def test_what_an_answer_says(
    status: int, code: str, body: dict[str, Any], outcome: Outcome, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    headers = {"retry-after": "30", **({"x-amzn-errortype": code} if code else {})}
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(status, headers, json.dumps(body).encode()))
    with pytest.raises(SendFailed) as failed:
        ses.send(outgoing(), CONFIG)
    assert failed.value.outcome is outcome and reason in failed.value.reason and "\n" not in failed.value.reason


def test_without_credentials_nothing_leaves(front: Door) -> None:
    with mock.patch.object(aws.session(), "get_credentials", lambda: None), pytest.raises(SendFailed) as failed:
        ses.send(outgoing(), CONFIG)
    assert failed.value.outcome is Outcome.NOT_SENT and not front.world.ledger


def test_ses_is_called_in_our_region_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[api.Call] = []

    def transport(call: api.Call) -> api.Answer:
        called.append(call)
        return api.Answer(200, {}, b'{"MessageId": "0107"}')

    monkeypatch.setattr(api, "transport", transport)
    with door():
        monkeypatch.setattr(api, "transport", transport)
        assert ses.send(outgoing(), CONFIG.model_copy(update={"api_url": ""})) == "<0107@eu-central-1.amazonses.com>"
    assert called[-1].url == "https://email.eu-central-1.amazonaws.com/v2/email/outbound-emails"


def test_the_call_is_signed_as_aws_asks(front: Door) -> None:
    """Worked out anew over what is sent: docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html"""
    with mock.patch.object(front.world, "answer", wraps=front.world.answer) as answer:
        ses.send(outgoing(text="Grüße 📦"), CONFIG)
    call: Sent = answer.call_args.args[0]
    date = call.headers["x-amz-date"]
    scope = f"{date[:8]}/eu-central-1/ses/aws4_request"
    lines = [f"content-type:application/json\nhost:world\nx-amz-date:{date}\n", "content-type;host;x-amz-date"]
    canonical = "\n".join(["POST", "/ses/v2/email/outbound-emails", "", *lines, hashlib.sha256(call.body).hexdigest()])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    ours: Any = aws.session().get_credentials()
    key = f"AWS4{ours.secret_key}".encode()
    for part in [*scope.split("/"), to_sign]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    assert call.headers["authorization"].endswith(f"Signature={key.hex()}")
    assert f"Credential={ours.access_key}/{scope}," in call.headers["authorization"]


# ---- the stand-in refuses what AWS refuses ----------------------------------------------------------------------

PROOF = {
    "authorization": "AWS4-HMAC-SHA256 Credential=x/20260302/eu-central-1/ses/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date, Signature={'0' * 64}",
    "x-amz-date": "20260302T090000Z",
}
SIMPLE = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
MAIL = {
    "FromEmailAddress": "hi@ses.shop.example",
    "Destination": {"ToAddresses": ["a@b.example"]},
    "Content": {"Simple": SIMPLE},
}


def simple(**change: Any) -> dict[str, Any]:
    return {"Content": {"Simple": {**SIMPLE, **change}}}


def headed(*headers: tuple[str, str]) -> dict[str, Any]:
    return simple(Headers=[{"Name": name, "Value": value} for name, value in headers])


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, ""),
        (headed(("References", "<a@b>")), ""),
        ({"FromEmailAddress": "a@evil.example"}, "MessageRejected"),
        ({"FromEmailAddress": "Köln <hi@ses.shop.example>"}, "BadRequestException"),
        ({"Destination": {"ToAddresses": []}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": ["nobody"]}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": ["a@b.example"] * 51}}, "BadRequestException"),
        ({"ReplyToAddresses": ["x"]}, "BadRequestException"),
        ({"Content": {}}, "BadRequestException"),
        (simple(Subject={"Data": ""}), "BadRequestException"),
        (headed(*[("X", "y")] * 16), "BadRequestException"),
        (headed(("X", "ä")), "BadRequestException"),
        (headed(("X", "y" * 996)), "BadRequestException"),
        (headed(("X Y", "z")), "BadRequestException"),
        (headed(("Message-ID", "<x>")), "BadRequestException"),
        ({"Text": "x"}, "SerializationException"),
    ],
)
def test_the_stand_in_refuses_a_bad_mail(change: dict[str, Any], wanted: str) -> None:
    world = World(EVERYTHING_SECRETS)
    body = json.dumps(MAIL | change).encode()
    sent = Sent(part="ses", method="POST", path="/v2/email/outbound-emails", headers=PROOF, body=body)
    answer = world_part.answer(sent, world)
    assert answer.headers.get("x-amzn-errortype", "").partition(":")[0] == wanted
    assert len(world.ledger) == (not wanted)


def test_the_stand_in_refuses_a_bad_call() -> None:
    def status(method: str, path: str, **query: str) -> int:
        return world_part.answer(Sent(part="ses", method=method, path=path, query=query), World({})).status

    assert status("POST", "/v2/email/outbound-emails") == 403
    assert status("POST", "/x") == 404
    assert status("GET", f"/{sns.CERTIFICATE}") == 200
    assert status("GET", "/SimpleNotificationService-0.pem") == 403
    assert status("GET", "/", Action="ConfirmSubscription", Token="token-1") == 200
    assert status("GET", "/", Action="ConfirmSubscription", Token="x") == 400
    assert status("GET", "/", Action="Publish") == 403


def test_a_subscription_is_confirmed_at_the_front_door(front: Door) -> None:
    asked = {**sns.notification("You have chosen to subscribe.", TOPIC), "Type": "SubscriptionConfirmation"}
    asked |= {"Token": "token-1", "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"}
    case = cases("ses")[0]._replace(body=json.dumps(asked).encode())
    given = signed(case)
    assert post(front, given, "ses").status == 200
    assert front.world.state["ses"]["confirmed"] == [TOPIC]
    other = replace(given, body=given.body.replace(b"token-1", b"token-2"))
    assert post(front, other, "ses").status == 401
    assert front.world.state["ses"]["confirmed"] == [TOPIC] and not front.taken


def test_a_simulated_customer_is_proved() -> None:
    (found,) = parsed(composed("ses", said("ses", "Wo ist es? 📦", files=(File("a.pdf", "application/pdf", b"1234"),))))
    assert isinstance(found, Message)
    assert (found.sender.channel, found.sender.id, found.name) == (Channel.EMAIL, CUSTOMER, "Nora Lind")
    assert (found.text, found.sent_at, found.automatic) == ("Wo ist es? 📦", START, False)
    assert [(file.name, file.size) for file in found.attachments] == [("a.pdf", 4)]


def test_the_entry_is_what_its_reader_sees() -> None:
    entry = Entry(part="ses", what="mail", to="a@b.example", id="<0107-x@eu-central-1.amazonses.com>", raw=MAIL)
    body = world_part.receipt(entry, "delivered", World(EVERYTHING_SECRETS))
    assert body and json.loads(json.loads(body)["Message"])["mail"]["messageId"] == "0107-x"
    assert providers.load("ses").can.receipts


def test_the_simulator_never_batches() -> None:
    two = [Said(text="a", id="1", at=START), Said(text="b", id="2", at=START)]
    with pytest.raises(ValueError, match="too many values"):
        simulator.compose(two, CONFIG)
