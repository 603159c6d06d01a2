"""Bad input: every provider is sent what nobody should send, once unsigned and once correctly signed."""

import base64
import gzip
import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlencode

import pytest

from chalicelib import files, providers, receive, settings, signing
from chalicelib.characters import clean_text
from chalicelib.errors import BadSignature, MethodNotAllowed, NotEnabled, Refusal, TooLarge, Unavailable
from chalicelib.models.inbound import Message, Raw
from chalicelib.models.provider import Cover
from chalicelib.webhook import LARGEST_FORM, Request, Response
from infra.world import sms
from tests.lab import PUBLIC, START, Lab
from tests.lab.everything import (
    DOMAIN,
    EVERYTHING_SECRETS,
    EVERYTHING_SHOP,
    SECOND,
    SECOND_INBOUND,
    TWO_ACCOUNTS_SHOP,
    Case,
    Door,
    called,
    calls,
    cases,
    completed,
    composed,
    configured,
    emptied,
    post,
    queued,
    refuses,
    request,
    said,
    signature,
    signed,
    somewhere,
    tells,
    url_of,
)

NAMES = providers.NAMES
CAN = {name: providers.load(name).can for name in NAMES}
CUSTOMERS = [name for name in NAMES if CAN[name].customers]
TALKING = [name for name in NAMES if CAN[name].customers or CAN[name].desk]  # words come and go by them
CANARY = "zq-canary-77"
ERRORS: Mapping[int, Response] = {
    error.status: receive.refused(error())
    for error in (Refusal, BadSignature, NotEnabled, MethodNotAllowed, TooLarge, Unavailable)
}


def first(name: str) -> Case:
    return cases(name)[0]


def garbage(name: str, body: bytes) -> Case:
    """A webhook with the provider's own headers and another body."""
    return first(name)._replace(body=body)


def is_refused(lab: Lab, answer: Response, status: int) -> bool:
    """Our one shape, always the same; and nothing was written, nobody called."""
    expected = ERRORS.get(status) or replace(ERRORS[413], status=status)  # too large, in the provider's own number
    return answer == expected and not calls(lab)


def test_the_shape_of_an_error() -> None:
    for status, answer in ERRORS.items():
        said = json.loads(answer.body)
        assert answer.status == status and answer.content_type == "application/json"
        assert said.keys() == {"error"} and said["error"].keys() == {"code", "message"}
        assert all(isinstance(word, str) and word for word in said["error"].values())
    assert len({answer.body for answer in ERRORS.values()}) == len(ERRORS)


# ---- bodies -----------------------------------------------------------------------------------------------------

DEEP = 100_000
NEVER_READ = {  # bodies that mean nothing to anybody
    "B-01 empty": b"",
    "B-01 space": b" \r\n",
    "B-02 malformed": b'{"a": ',
    "B-02 not quoted": b"{a: 1}",
    "B-02 trailing": b'{"type": "x"} {}',
    "B-02 byte order mark": b'\xef\xbb\xbf{"type": "x"}',
    "B-02 not finite": b'{"type": NaN}',
    "B-02 infinite": b'{"type": -Infinity}',
    "B-02 beyond all bounds": b'{"type": 1e400}',
    "B-03 nested": b"[" * DEEP,
    "B-03 nested and closed": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "B-04 long integer": b'{"type": ' + b"9" * 5000 + b"}",
    "B-12 markup": b"<html><body>Hello</body></html>",
}
NOT_TEXT = {  # not even ASCII: a provider that signs the fields of a form, or values of JSON, cannot sign these
    "B-02 utf-16": '{"type": "x"}'.encode("utf-16"),
    "B-05 surrogate": b'{"type": "\xed\xa0\x80"}',
    "B-07 no utf-8": b'{"type": "\xff\xfe"}',
    "B-07 a cut letter": '{"type": "ü"}'.encode()[:-3],
    "B-12 compressed": gzip.compress(b'{"type": "x"}', mtime=0),
}
ODD = {  # these may mean something
    "B-02 twice": b'{"type": "x", "type": "y"}',
    "B-02 null": b"null",
    "B-02 list": b"[]",
    "B-02 empty object": b"{}",
    "B-05 escaped surrogate": b'{"type": "\\ud800", "text": "\\udfff"}',
    "B-14 nul": b'{"type": "\\u0000"}',
    "B-13 nul": b"MessageSid=%00&From=%00&Body=%00",
    "B-13 no utf-8": b"MessageSid=%ff&From=%fe&Body=%80",
    "B-13 broken escapes": b"MessageSid=%&From=%G1&Body=%u1234",
    "B-13 twice": b"From=1&From=2&From=1&MessageSid=3&MessageSid=3",
    "B-13 blank names": b"=&==&&=1&a",
    "B-13 without sender": b"MessageSid=SM1&Body=hello",
    "B-13 plus and space": b"MessageSid=SM1&From=+49&Body=a+b%20c%2Bd",
}
BODIES = NEVER_READ | NOT_TEXT | ODD


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("name", NAMES)
def test_unsigned_it_is_refused(name: str, body: bytes, front: Door) -> None:
    assert is_refused(front, post(front, request(garbage(name, body)), name), 401)


@pytest.mark.parametrize("body", (NEVER_READ | NOT_TEXT).values(), ids=NEVER_READ | NOT_TEXT)
@pytest.mark.parametrize("name", NAMES)
def test_signed_it_is_accepted_and_kept(name: str, body: bytes, front: Door) -> None:
    """What nobody can read lies in the bucket as it came, without a secret that it shows.

    It is refused only where it cannot be signed at all.
    """
    case = garbage(name, body)
    if not body.isascii() and CAN[name].covers & {Cover.PARAMS, Cover.VALUES}:
        assert is_refused(front, post(front, request(case), name), 401)
        return
    given = signed(case)
    assert post(front, given, name) == providers.load(name).can.accepted
    assert calls(front) == ["s3.PutObject", "sqs.SendMessageBatch"]
    (kept,) = queued(front)
    left = receive.bare(given, providers.load(name)).body
    assert isinstance(kept, Raw) and kept.file == f"raw/{hashlib.sha256(left).hexdigest()}"
    assert front.kept == [kept.file]


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", NAMES)
def test_signed_and_odd_it_is_accepted(name: str, body: bytes, front: Door) -> None:
    assert post(front, signed(garbage(name, body)), name) == providers.load(name).can.accepted
    assert set(calls(front)) <= {"s3.PutObject", "sqs.SendMessageBatch"}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_told_once_and_put_aside(name: str, lab: Lab) -> None:
    """The worker cannot read it either: the owner's desk hears of it, and it ends where it can be redriven."""
    given = signed(garbage(name, b"{"))
    assert post(lab, given, name).status < 300
    (kept,) = queued(lab)
    lab.settle()
    with lab.aside():
        assert isinstance(kept, Raw) and files.get(kept.file) == receive.bare(given, providers.load(name)).body
    assert [entry.to for entry in lab.world.ledger] == ["C0OWNER"]
    assert len(lab.dead_letters()) == 1


@pytest.mark.parametrize("name", [name for name in NAMES if tells(name)])
def test_too_large_for_the_queue_it_is_kept(name: str, front: Door) -> None:
    """A body of 300 kB that can be read: the worker reads it from the bucket."""
    text = "ä" * 150_000 if CAN[name].customers else "a" * 300_000
    case = composed(name, said(name, text, thread=somewhere(name)))
    assert post(front, signed(case), name) == providers.load(name).can.accepted
    assert [item.type for item in queued(front)] == ["raw"]


@pytest.mark.parametrize("name", [name for name in NAMES if Cover.PARAMS in CAN[name].covers])
def test_a_form_of_too_many_fields_is_refused(name: str, front: Door) -> None:
    """B-13: nobody signs a hundred thousand fields; reading them would cost more than they are worth."""
    for count, status in (
        (LARGEST_FORM, providers.load(name).can.accepted.status),
        (LARGEST_FORM + 1, 401),
        (100_000, 401),
    ):
        body = urlencode([(f"a{number}", "") for number in range(count)]).encode()
        assert post(front, signed(garbage(name, body)), name).status == status


# ---- headers ----------------------------------------------------------------------------------------------------

TYPES = ["", "text/plain", ";;;", "application/json; charset=utf-16", "APPLICATION/JSON", "multipart/form-data", "ü",
         "application/x-www-form-urlencoded; charset=latin-1", "a" * 10_000]  # fmt: skip


@pytest.mark.parametrize("given", TYPES, ids=lambda given: given[:40])
@pytest.mark.parametrize("name", NAMES)
def test_a_strange_content_type_changes_nothing(name: str, given: str, front: Door) -> None:
    """B-08: the signature decides. What is signed is read or kept, and never taken for nothing."""
    case = next(case for case in cases(name) if case.means)
    if "form" in given and not case.is_form:
        pytest.skip("what comes as a form is another webhook")
    strange = case._replace(headers={"content-type": given} if given else {})
    assert is_refused(front, post(front, request(strange), name), 401)
    assert post(front, signed(strange), name) == providers.load(name).can.accepted
    assert queued(front)


@pytest.mark.parametrize("name", NAMES)
def test_headers_of_all_sizes(name: str, front: Door) -> None:
    """B-10: long, many, odd names."""
    more = {f"x-{number}": "y" * 10_000 for number in range(50)} | {"": "", "\udcff": "\udcff", "x" * 10_000: "\0"}
    case = first(name)
    assert is_refused(front, post(front, replace(request(case), headers=more), name), 401)
    given = signed(case)
    assert post(front, replace(given, headers={**more, **given.headers}), name) == providers.load(name).can.accepted


@pytest.mark.parametrize("name", NAMES)
def test_compressed_is_not_opened(name: str, front: Door) -> None:
    """B-12: no provider sends such; it is kept as it is."""
    case = first(name)._replace(headers={**first(name).headers, "content-encoding": "gzip"})
    assert post(front, signed(case), name) == providers.load(name).can.accepted


# ---- texts ------------------------------------------------------------------------------------------------------

TEXTS = {
    "B-14 nul": "a\0b",
    "B-14 control": "a\x01\x02\x1b[31m\x7fb",
    "B-14 c1": "a\x80\x9f b",
    "B-14 bidi": "pay \u202egnp.exe\u202c now",
    "B-14 zero width": "a\u200bb\u2060c\ufeffd",
    "B-14 emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽 5️⃣",
    "B-14 combining": "a" + "\u0301" * 1000,
    "B-14 one long letter": "e" + "\u0300\u0323" * 2500,
    "B-14 look-alike": "раураl",
    "B-15 folds": "＜!channel＞ ＆ﬁ ①",
    "line separators": "a\u2028b\u2029c\x0bd\x0ce",
    "many scripts": "日本語 العربية עברית हिन्दी ไทย 한국어 Ελληνικά",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", TALKING)
def test_a_text_is_kept_as_it_was_written(name: str, text: str, front: Door) -> None:
    """Never normalised: only NUL, which the table cannot hold, becomes U+FFFD."""
    assert post(front, signed(composed(name, said(name, text, thread=somewhere(name)))), name).status < 300
    (item,) = map(completed, queued(front))
    assert isinstance(item, Message)
    assert item.text == clean_text(text)
    assert unicodedata.normalize("NFKC", text) == text or item.text != unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("name", CUSTOMERS)
def test_no_text_calls_the_whole_channel(name: str, lab: Lab) -> None:
    """B-15: markup stays words at a desk, however it is written."""
    text = "＜!channel＞ <!channel> <@U1> &lt;!here&gt; <http://evil.example|bank>"
    lab.ring(name, said(name, text, name="<!everyone>"))
    lab.settle()
    desks = [entry for entry in lab.world.ledger if entry.part == "slack"]
    assert desks or CAN[name].desk  # a mail goes to the mailbox
    for entry in desks:
        assert "<" not in str(entry.raw["text"])
        for block in entry.raw.get("blocks", []):
            assert "mrkdwn" not in json.dumps(block)


@pytest.mark.parametrize("name", [name for name in CUSTOMERS if CAN[name].text < 10_000 and not CAN[name].once])
def test_a_long_answer_goes_in_parts(name: str, lab: Lab) -> None:
    """B-16: no part is longer than the provider takes, no letter is cut in two, nothing is lost."""
    limit, units = CAN[name].text, CAN[name].units
    most = limit * 7 // 25 if CAN[name].octets else limit  # of 25 bytes and 7 characters each
    family = "👩‍👩‍👧‍👦" * (most if units is None else units * 7 // 11)  # either way seven parts
    lab.ring(name, said(name, "Hello"))
    lab.settle()
    for number, text in enumerate(("x" * limit, "x" * (limit + 1), family, "é" * 161, "a" * 71)):
        before = len(lab.texts())
        lab.ring("slack", said("slack", text, id=f"answer-{number}", at=lab.now, thread=lab.thread()))
        lab.settle()
        parts = [entry.text for entry in lab.texts()[before:]]
        assert "".join(parts) == text
        assert all(0 < len(part.encode() if CAN[name].octets else part) <= limit for part in parts)
        assert not any(part.startswith("\u200d") or part.endswith("\u200d") for part in parts)
        assert len(parts) == 1 or length(text, name) > limit


def length(text: str, name: str) -> int:
    """What counts against the provider's `text`; where a letter is beyond GSM-7, SMS has room for less of it."""
    units = CAN[name].units
    if CAN[name].octets:
        return len(text.encode())
    if units is None or sms.narrow(text):
        return len(text)
    return sms.length(text) * CAN[name].text // units


# ---- signatures -------------------------------------------------------------------------------------------------


def wrong(value: str) -> list[str]:
    """B-20: what may stand where a signature should."""
    half, other = len(value) // 2, value[::-1]
    cut = ["", " ", value[:-1], value[1:], value[:half], f"{value[:half]} {value[half:]}"]
    more = [
        value * 2,
        *(f"{before}{value}" for before in ("\0", "=", "v9", "sha1=", "Basic")),
        f"{value}0",
        f"{value}ü",
    ]
    others = [value.swapcase(), value.upper(), value.lower(), other, " ".join([other] * 1000), f"{other}," * 1000]
    return [text for text in [*cut, *more, *others, "ü", "\udcff"] if text != value]


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_signature_is_refused(name: str, front: Door) -> None:
    case = first(name)
    for header, value in signature(case).items():
        for text in wrong(value):
            given = replace(signed(case), headers={**signed(case).headers, header: text})
            assert is_refused(front, post(front, given, name), 401), (header, text[:80])


@pytest.mark.parametrize("name", [name for name in NAMES if Cover.CREDENTIAL not in CAN[name].covers])
def test_something_added_is_refused(name: str) -> None:
    """B-21"""
    given = signed(first(name))
    for more in (b" ", b"\n", b"\0", b"&x=1", b"{}"):
        if more.strip() or Cover.BODY in CAN[name].covers:
            assert refuses(name, replace(given, body=given.body + more))
            assert refuses(name, replace(given, body=more + given.body))
    assert refuses(name, replace(given, body=b""))


SECONDS = int(START.timestamp())


@pytest.mark.parametrize(
    ("written", "passes"),
    [
        *((str(SECONDS + away), abs(away) <= 300) for away in (-301, -300, -299, 0, 299, 300, 301)),
        *((text, False) for text in ("", "0", "-1", f"-{SECONDS}", f"+{SECONDS}", f"{SECONDS}.0", f"{SECONDS}e0")),
        *((text, False) for text in ("nan", "NaN", "inf", "1e400", f"{SECONDS}000", f" {SECONDS}", f"{SECONDS}\n")),
        *((text, False) for text in (f"{SECONDS:_}", hex(SECONDS), "9" * 5000, "\udcff", "ü", f"{SECONDS} {SECONDS}")),
        ("".join(chr(0xFF10 + int(digit)) for digit in str(SECONDS)), False),
        ("".join(chr(0x0660 + int(digit)) for digit in str(SECONDS)), False),
    ],
)
def test_only_plain_seconds_are_a_time(written: str, passes: bool) -> None:
    """B-22"""
    assert signing.fresh(written, START) is passes


@pytest.mark.parametrize("name", [name for name in NAMES if Cover.TIME in CAN[name].covers])
def test_a_replay(name: str, front: Door) -> None:
    """B-23: within the five minutes it is taken again, and has no second effect; later it is refused."""
    given = signed(composed(name, said(name, "Again?", thread=somewhere(name))))
    claims = []
    for seconds in (0, 299):
        emptied(front)
        assert post(front, replace(given, at=START + timedelta(seconds=seconds)), name).status < 300
        claims += [item.claim for item in queued(front)]
    assert len(claims) == 2 and len(set(claims)) == 1
    emptied(front)
    assert is_refused(front, post(front, replace(given, at=START + timedelta(seconds=301)), name), 401)


@pytest.mark.parametrize("name", NAMES)
def test_a_signature_holds_for_its_provider_alone(name: str, front: Door) -> None:
    """B-23: sent to another route, nothing comes of it."""
    given = signed(first(name))
    for other in NAMES:
        if other != name:
            assert is_refused(front, post(front, replace(given, url=url_of(other)), other), 401)


@pytest.mark.parametrize("name", NAMES)
def test_a_signature_holds_for_its_account_alone(name: str, front: Door) -> None:
    """B-24: two accounts, each with its own secret."""
    case, url = first(name), f"{url_of(name)}/{SECOND.lower()}"
    how = configured(name, SECOND_INBOUND, SECOND)
    mine = signed(case)
    theirs = replace(signed(case, how=how, url=url), url=url)
    with other_settings(front, TWO_ACCOUNTS_SHOP, SECOND_INBOUND):
        assert is_refused(front, post(front, replace(mine, url=url), name, SECOND), 401)
        assert is_refused(front, post(front, replace(theirs, url=mine.url), name), 401)
        assert post(front, theirs, name, SECOND.lower()) == providers.load(name).can.accepted
        assert {getattr(item, "account", "") for item in queued(front)} <= {SECOND}
        assert post(front, mine, name) == providers.load(name).can.accepted


@pytest.mark.parametrize("name", NAMES)
def test_without_its_secret_nothing_is_taken_or_refused(name: str, front: Door) -> None:
    """B-24, fail closed: the provider comes again. An empty secret is none."""
    assert inbound_of(name)
    for variable in inbound_of(name):
        for value in ("", " "):
            with other_settings(front, EVERYTHING_SHOP, {variable: value}):
                for given in (signed(first(name)), request(first(name)), signed(garbage(name, b""))):
                    assert is_refused(front, post(front, given, name), 503), variable


@pytest.mark.parametrize("name", [name for name in NAMES if Cover.ID in CAN[name].covers])
def test_what_is_signed_cannot_be_cut_elsewhere(name: str) -> None:
    """B-25: id, time and body in one string: a dot in the id would let the body's beginning pass for the time."""
    proof = signature(first(name))
    seconds = str(SECONDS)
    (identifier,) = [header for header in proof if header.endswith("-id")]
    case = garbage(name, f"{seconds}.".encode() + first(name).body)
    given = signed(case)
    moved = {**given.headers, identifier: f"{given.headers[identifier]}.{seconds}"}
    assert not refuses(name, given)
    assert refuses(name, replace(given, headers=moved, body=first(name).body))


@contextmanager
def other_settings(front: Door, toml: str, secrets: Mapping[str, str]) -> Iterator[None]:
    """The same front door with other rules and other secrets."""
    before = front.shop
    with mock.patch.dict("os.environ", secrets):
        front.shop = settings.load(toml)
        settings.config.cache_clear()
        yield
    front.shop = before
    settings.config.cache_clear()


def inbound_of(name: str) -> list[str]:
    """The settings that its webhook cannot do without."""
    needed = settings.needed(providers.load(name).Config, "inbound")
    return [settings.variable(name, "", field) for field in needed]


# ---- the order of the answers -----------------------------------------------------------------------------------

HUGE = b"x" * (receive.LARGEST + 1)


def asked(name: str, **how: Any) -> Request:
    """A webhook whose every part could be echoed."""
    given = request(garbage(name, f'{{"type": "{CANARY}"}}'.encode()))
    headers = {**given.headers, "authorization": CANARY, "x-forwarded-host": CANARY, CANARY: CANARY}
    return replace(given, **{"url": f"{given.url}?{CANARY}", "query": {CANARY: CANARY}, "headers": headers, **how})


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_answers(name: str, front: Door) -> None:
    """413, 405, 404, 503, 401, accepted: whatever else is wrong, the first of them counts."""
    for given, provider, status in (
        (asked(name, body=HUGE, method="TRACE"), CANARY, 413),
        (asked(name, body=HUGE), name, CAN[name].final),
        (asked(name, method="TRACE"), CANARY, 405),
        (asked(name, method="PUT"), name, 405),
        (asked(name), name, 401),
        *((asked(name), nobody, 404) for nobody in (CANARY, "", "__init__", f"../{name}", name.upper(), "\udcff")),
    ):
        assert is_refused(front, post(front, given, provider), status)
    for account in (CANARY, SECOND, f"{SECOND}/..", "Ⅷ", "\udcff"):
        assert is_refused(front, post(front, asked(name), name, account), 404)
    assert is_refused(front, post(front, signed(first(name)._replace(body=HUGE)), name), CAN[name].final)
    assert post(front, signed(first(name)), name) == providers.load(name).can.accepted


@pytest.mark.parametrize("name", NAMES)
def test_without_secrets_the_order_is_the_same(name: str, front: Door) -> None:
    with other_settings(front, EVERYTHING_SHOP, dict.fromkeys(EVERYTHING_SECRETS, "")):
        for given, provider, status in (
            (asked(name, body=HUGE), name, CAN[name].final),
            (asked(name, method="PUT"), name, 405),
            (asked(name), f"{name}x", 404),
            (asked(name), name, 503),
            (signed(first(name)), name, 503),
        ):
            assert is_refused(front, post(front, given, provider), status)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_enabled_is_not_there(name: str, front: Door) -> None:
    fewer = {other: table for other, table in front.shop.providers.items() if other != name}
    front.shop = front.shop.model_copy(update={"providers": fewer})
    assert is_refused(front, post(front, signed(first(name)), name), 404)


@pytest.mark.parametrize("name", NAMES)
def test_how_large_a_body_may_be(name: str, front: Door) -> None:
    """B-11: one byte decides."""
    assert is_refused(front, post(front, request(garbage(name, HUGE)), name), CAN[name].final)
    assert is_refused(front, post(front, request(garbage(name, HUGE[:-1])), name), 401)
    around = len(signed(garbage(name, HUGE)).body) - len(HUGE)  # where the signature stands in the body
    given = signed(garbage(name, HUGE[around + 1 :]))
    assert len(given.body) == len(HUGE) - 1
    assert post(front, given, name) == providers.load(name).can.accepted
    emptied(front)
    assert is_refused(front, post(front, signed(garbage(name, HUGE[around:])), name), CAN[name].final)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "", "\udcff"])
@pytest.mark.parametrize("name", NAMES)
def test_other_methods(name: str, method: str, front: Door) -> None:
    """B-09: even signed. A URL check without its proof is refused as any webhook is; a HEAD asks for nothing."""
    answer = post(front, replace(signed(first(name)), method=method), name)
    if method == "HEAD" and method in CAN[name].methods:
        assert answer == providers.load(name).can.accepted and not answer.body and not calls(front)
    else:
        assert is_refused(front, answer, 401 if method in CAN[name].methods else 405)


# ---- checks of our address --------------------------------------------------------------------------------------


class Check(NamedTuple):
    """How a provider checks our address: by a query or a body, in which SHOW is what it wants echoed."""

    provider: str
    query: Mapping[str, str]
    body: Mapping[str, str]


def by_query(name: str) -> Check:
    token = EVERYTHING_SECRETS[f"SHOPBELL_{name.upper()}_VERIFY_TOKEN"]
    return Check(name, {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "SHOW"}, {})


CHECKS = {
    "whatsapp": by_query("whatsapp"),
    "messenger": by_query("messenger"),
    "instagram": by_query("instagram"),
    "facebook_page": by_query("facebook_page"),
    "instagram_comments": by_query("instagram_comments"),
    "slack": Check("slack", {}, {"type": "url_verification", "challenge": "SHOW", "token": "unused"}),
}


def asking(check: Check, show: str) -> Request:
    """The check, asking for `show`; not signed."""
    query = {key: value.replace("SHOW", show) for key, value in check.query.items()}
    body = json.dumps({key: value.replace("SHOW", show) for key, value in check.body.items()}) if check.body else ""
    case = garbage(check.provider, body.encode())._replace(query=query)
    return replace(request(case), method="GET" if check.query else "POST", url=url_of(check.provider))


def proved(check: Check, given: Request) -> Request:
    """Signed as webhooks are; a query proves itself."""
    return given if check.query else signed(garbage(check.provider, given.body))


ANSWERING = {"x"}  # asks for a proof that only we can give, and gives none: whoever asks is answered


def test_every_provider_that_checks_its_address_is_here() -> None:
    asked = {name for name in NAMES if set(CAN[name].methods) - {"HEAD"} > {"POST"}}
    assert {name for name in asked if not CAN[name].gets} - ANSWERING <= CHECKS.keys()


@pytest.mark.parametrize("show", ["1158201444", "<script>alert(1)</script>", "x" * 10_000, "ü 🙂", "a\r\nb: c", ""])
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_check_is_echoed_when_proved(check: Check, show: str, front: Door) -> None:
    """B-29: as plain text, and not without end."""
    answer = post(front, proved(check, asking(check, show)), check.provider)
    assert answer == Response(status=200, body=show[:500], content_type="text/plain")
    assert not calls(front)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_check_without_proof_is_refused(check: Check, front: Door) -> None:
    given = asking(check, CANARY)
    if check.body:
        assert is_refused(front, post(front, given, check.provider), 401)
    for key in check.query.keys() - {"hub.challenge"}:
        less = {name: text for name, text in given.query.items() if name != key}
        others = [{**given.query, key: text} for text in wrong(given.query[key])]
        for query in [less, *others]:
            assert is_refused(front, post(front, replace(given, query=query), check.provider), 401)


# ---- through Chalice --------------------------------------------------------------------------------------------


def answered(event: dict[str, Any]) -> Response:
    """What the function answers to an event of API Gateway."""
    import app

    said = app.app(event, SimpleNamespace(aws_request_id="request-1"))
    types = [value for name, value in said["headers"].items() if name.lower() == "content-type"]
    return Response(status=said["statusCode"], body=said["body"], content_type=types[0])


def now() -> datetime:
    """The function's own clock: it takes the time of a request from there."""
    return datetime.now(UTC)


@pytest.mark.parametrize("name", NAMES)
def test_through_the_gateway_it_is_accepted(name: str, front: Door) -> None:
    """As text, as base64, with no Accept header, with names of headers in any case."""
    for case in [case for case in cases(name) if not case.query]:
        given = signed(case, now())
        event = called(name, given)
        encoded = {"body": base64.b64encode(given.body).decode(), "isBase64Encoded": True}
        loud = {"headers": {key.upper(): value for key, value in given.headers.items()}}
        for one in (event, event | encoded, event | loud):
            assert answered(one).status == providers.load(name).can.accepted.status
    assert queued(front)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_gateway_mangled_is_not_judged(name: str, front: Door) -> None:
    """B-05, B-06: 400 before any signature is looked at."""
    event = called(name, signed(first(name), now()))
    for body in ("@@@", "YWJj!!!!ZA==", "YWJ", "YQ=", "ü", "\ud800", "Y Q==", "=", "YQ==YQ=="):
        assert is_refused(front, answered(event | {"body": body, "isBase64Encoded": True}), 400), body
    for body in ("\ud800", '{"type": "\udfff"}'):
        assert is_refused(front, answered(event | {"body": body}), 400)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_no_trouble(name: str, front: Door) -> None:
    """B-01, B-08, B-10: no body, no headers, no query, no content type."""
    event = called(name, request(first(name), now()))
    missing: list[dict[str, Any]] = [
        {"body": None},
        {"body": ""},
        {"body": "", "isBase64Encoded": True},
        {"headers": {}, "multiValueHeaders": {}},
        {"headers": {"content-type": ";;;"}},
        {"headers": {"Accept": "application/octet-stream"}},
        {"headers": None, "multiValueHeaders": None},
    ]
    for less in missing:
        assert is_refused(front, answered(event | less), 401), less


@pytest.mark.parametrize("name", NAMES)
def test_paths_and_methods_through_the_gateway(name: str, front: Door) -> None:
    """B-09: every method that the gateway lets through, and paths that lead nowhere."""
    given = request(first(name), now())
    for path, account in ((CANARY, ""), (CANARY, CANARY), (name, CANARY), (f"{name}%2F..", ""), ("..", ""), ("ü", "")):
        assert is_refused(front, answered(called(path, given, account)), 404)
    for method in ("PUT", "PATCH", "DELETE"):
        assert is_refused(front, answered(called(name, replace(given, method=method))), 405)
        assert is_refused(front, answered(called(CANARY, replace(given, method=method))), 405)
    assert is_refused(front, answered(called(name, replace(given, body=HUGE))), CAN[name].final)


@pytest.mark.parametrize("name", NAMES)
def test_only_our_own_address_is_signed_over(name: str, front: Door) -> None:
    """B-27: what a caller says of the host is nothing to us, whether we have a domain of our own or the gateway's."""
    accepted, case = providers.load(name).can.accepted.status, first(name)
    for ours, setting in ((PUBLIC, PUBLIC), (PUBLIC, f"{PUBLIC}/"), (f"https://{DOMAIN}/api", "")):
        url = f"{ours}/webhooks/{name}"
        given = signed(case, now(), url=url)
        event = called(name, replace(given, headers={**FORGED, **given.headers}))
        with mock.patch.dict("os.environ", {"PUBLIC_URL": setting}):
            assert answered(event).status == accepted


@pytest.mark.parametrize("name", [name for name in NAMES if Cover.URL in CAN[name].covers])
def test_no_other_address_is_signed_over(name: str, front: Door) -> None:
    case = first(name)
    for address in WRONG_ADDRESSES:
        given = signed(case, now(), url=address.format(name=name))
        forged = replace(given, headers={**FORGED, **given.headers})
        assert is_refused(front, answered(called(name, forged)), 401), address


FORGED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "8080",
    "Forwarded": "host=evil.example;proto=http",
}
WRONG_ADDRESSES = [
    "https://evil.example/webhooks/{name}",
    f"{PUBLIC}/webhooks/{{name}}/",
    f"{PUBLIC}/api/webhooks/{{name}}",
    f"{PUBLIC}:8443/webhooks/{{name}}",
    f"{PUBLIC}/webhooks/{{name}}?a=1",
    f"{PUBLIC.replace('https', 'http')}/webhooks/{{name}}",
    f"https://{DOMAIN}/api/webhooks/{{name}}",
    f"{PUBLIC}/WEBHOOKS/{{name}}",
]


@pytest.mark.parametrize("name", [name for name in NAMES if Cover.URL in CAN[name].covers])
def test_the_query_is_part_of_the_address(name: str, front: Door) -> None:
    """B-27: an address with a query of its own is signed whole."""
    case = first(name)._replace(query={"shop": "7", "a": "b"})
    given = signed(case, now())
    assert answered(called(name, given)).status == providers.load(name).can.accepted.status
    emptied(front)
    assert is_refused(front, answered(called(name, replace(given, query={"shop": "8", "a": "b"}))), 401)
