"""Raw mails: every trap of the field on this Python, caps, hostile sizes, and whatever chance brings."""

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import mail
from chalicelib.mail.parse import Mail
from chalicelib.mail.values import date_of, decoded, ids, in_charset

HEAD = b"From: Mira <mira@customer.example>\r\nTo: service@shop.example\r\nSubject: Hi\r\n"
SLOWEST = 0.5  # CPU seconds for a megabyte


def mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts)
    return b'Content-Type: multipart/%b; boundary="edge"\r\n\r\n%b--edge--\r\n' % (kind, body)


def text(content: bytes, headers: bytes = b"Content-Type: text/plain; charset=utf-8") -> bytes:
    return headers + b"\r\n\r\n" + content


# ---- what a mail says -------------------------------------------------------------------------------------------


def test_a_mail_is_read_whole() -> None:
    letter = mail.parse(
        b"Received: from a by b; Mon, 02 Mar 2026 10:00:00 +0100\r\n"
        b"From: =?utf-8?q?J=C3=B6rg_Wei=C3=9F?= <Joerg@Kunde.example>\r\n"
        b'To: "Shop, Corner" <service@shop.example>, two@shop.example\r\n'
        b"Cc: three@shop.example\r\nReply-To: other@kunde.example\r\n"
        b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?= aus\r\n =?utf-8?b?8J+MjQ==?=\r\n"
        b"Message-ID: <m1@kunde.example>\r\nIn-Reply-To: <m0@shop.example>\r\n"
        b"References: <a@shop.example>\r\n <m0@shop.example>\r\nDate: Mon, 2 Mar 2026 09:59:30 +0100\r\n"
        + mixed(
            text("Hallo 🙂\r\nWelt".encode()),
            b'Content-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64\r\n'
            b"Content-Disposition: attachment; filename*=utf-8''Foto%20%C3%BC.png\r\n\r\n"
            + base64.b64encode(b"x" * 100),
        )
    )
    assert letter.authors == (mail.Mailbox("Jörg Weiß", "Joerg@Kunde.example"),)
    assert letter.to == (mail.Mailbox("Shop, Corner", "service@shop.example"), mail.Mailbox("", "two@shop.example"))
    assert letter.cc == (mail.Mailbox("", "three@shop.example"),)
    assert letter.reply_to == (mail.Mailbox("", "other@kunde.example"),)
    assert letter.subject == "Grüße aus 🌍"
    assert (letter.message_id, letter.in_reply_to) == ("<m1@kunde.example>", "<m0@shop.example>")
    assert letter.references == ("<a@shop.example>", "<m0@shop.example>")
    assert letter.date == datetime(2026, 3, 2, 8, 59, 30, tzinfo=UTC)
    assert letter.received_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert letter.text == "Hallo 🙂\nWelt"
    assert [(file.name, file.type, file.size) for file in letter.attachments] == [("Foto ü.png", "image/png", 100)]
    assert letter.headers[1][0] == "From"


def test_a_mail_made_by_the_standard_library_is_read_back() -> None:
    made = EmailMessage()
    made["From"] = "Žofie Černá <zofie@customer.example>"
    made["To"] = "service@shop.example"
    made["Subject"] = "Dobrý den, " + "příliš žluťoučký kůň " * 5
    made.set_content("Těším se na odpověď 🙂\n" * 30)
    made.add_alternative("<p>Těším se</p>", subtype="html")
    made.add_attachment(b"\x00\x01" * 500, maintype="application", subtype="pdf", filename="účet č. 1.pdf")
    letter = mail.parse(made.as_bytes())
    assert letter.sender == ("Žofie Černá", "zofie@customer.example")
    assert letter.subject == str(made["Subject"]).strip()
    assert letter.text == ("Těším se na odpověď 🙂\n" * 30).rstrip()
    assert [(file.name, file.size) for file in letter.attachments] == [("účet č. 1.pdf", 1000)]


TWINS = [b"Content-Type: text/plain\r\n\r\nplain", b"Content-Type: text/html\r\n\r\n<p>page</p>"]
EMPTY_TWIN = [b"Content-Type: text/plain\r\n\r\n \r\n", b"Content-Type: text/html\r\n\r\n<p>page</p>"]
FOOTER = b"Content-Type: text/plain\r\n\r\nfooter of a list"


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (mixed(*TWINS, kind=b"alternative"), "plain"),
        (mixed(*EMPTY_TWIN, kind=b"alternative"), "page"),
        (mixed(TWINS[1], FOOTER), "page\n\nfooter of a list"),
        (mixed(TWINS[0], FOOTER), "plain\n\nfooter of a list"),
        (mixed(mixed(*TWINS, kind=b"alternative").replace(b"edge", b"in"), FOOTER), "plain\n\nfooter of a list"),
        (b"Content-Type: text/html\r\n\r\n<b>only</b> a page", "only a page"),
        (text(b"beg\xc3\xbcte", b"X: y"), "begüte"),
        (text(b"beg\xfcte", b"X: y"), "begüte"),
        (text(b"=C3=BC=\r\nber", b"Content-Transfer-Encoding: quoted-printable"), "über"),
        (text(b"w7xi\r\nZXI=", b"Content-Transfer-Encoding: BASE64"), "über"),
        (text(b"w7xi!ZXI", b"Content-Transfer-Encoding: base64"), "über"),
        (text(b"\xef\xbb\xbfmarked"), "marked"),
        (b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR", "[calendar invitation]"),
        (b"Content-Type: application/pdf\r\n\r\n%PDF", ""),
    ],
)
def test_the_words_are_what_a_reader_sees(raw: bytes, wanted: str) -> None:
    assert mail.parse(HEAD + raw).text == wanted


@pytest.mark.parametrize(
    ("parameters", "body", "wanted"),
    [
        ("format=flowed", "one \ntwo\nthree", "one two\nthree"),
        ("format=Flowed; delsp=yes", "one \ntwo", "onetwo"),
        ("format=fixed", "one \ntwo", "one \ntwo"),
        ("format=flowed", " >no quote\n From a", ">no quote\nFrom a"),
        ("format=flowed", "> one \n> two\n>> three \n> four", "> one two\n>> three \n> four"),
        ("format=flowed", "Bye \n-- \nTom", "Bye \n-- \nTom"),
    ],
)
def test_paragraphs_broken_for_sending_are_whole_again(parameters: str, body: str, wanted: str) -> None:
    raw = text(body.encode(), f"Content-Type: text/plain; {parameters}".encode())
    assert mail.parse(HEAD + raw).text == wanted


def test_an_attached_mail_stays_closed() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\nSubject: inner\r\n\r\nsecret"
    letter = mail.parse(HEAD + mixed(text(b"see below"), inner))
    assert letter.text == "see below"
    assert [(file.name, file.type) for file in letter.attachments] == [("message.eml", "message/rfc822")]


def test_a_bounce_keeps_its_report_as_files() -> None:
    status = b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed"
    letter = mail.parse(HEAD + mixed(text(b"It failed."), status, kind=b"report"))
    assert letter.text == "It failed."
    assert [file.type for file in letter.attachments] == ["message/delivery-status"]
    assert mail.automatic(letter.headers)


# ---- the traps of facts: what makes the standard library raise or lose text ------------------------------------


CHARSETS = ["unknown-8bit", "x-foo", "cp-850", "iso-8859-8-i", "punycode", "idna", "unicode_escape", "hex", "", "\x00"]


@pytest.mark.parametrize("charset", CHARSETS)
def test_any_charset_gives_some_text(charset: str) -> None:
    raw = text(b"caf\xc3\xa9 1", f"Content-Type: text/plain; charset={charset}".encode())
    got = mail.parse(HEAD + raw).text
    assert got.startswith("caf") and got.endswith(" 1")


def test_a_charset_that_is_not_true_is_guessed() -> None:
    assert in_charset("Grüße 🙂".encode() + b"\xff", "utf-8").startswith("Grüße 🙂")
    assert in_charset("Grüße".encode("cp1252"), "utf-8") == "Grüße"
    assert in_charset("Grüße".encode(), "us-ascii") == "Grüße"
    assert in_charset(b"\x80uro", "iso-8859-1") == "€uro"
    assert in_charset("שלום".encode("iso-8859-8"), "ISO-8859-8-I") == "שלום"
    assert in_charset("привет".encode("koi8-r"), "koi8-r") == "привет"
    assert in_charset("你好".encode("gbk"), "gb2312") == "你好"
    assert in_charset(b"C:\\new", "unicode_escape") == "C:\\new"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('"a@b.c" <', []),
        ("<", []),
        ("((((" * 900, []),
        ("a@b.example", [("", "a@b.example")]),
        ("Ann <a@b.example>", [("Ann", "a@b.example")]),
        ("Ann (the (inner) one) <a@b.example>", [("Ann", "a@b.example")]),
        ("a@b.example (Ann)", [("", "a@b.example")]),
        ('"Weiß, Jörg \\"JW\\"" <j@b.example>', [('Weiß, Jörg "JW"', "j@b.example")]),
        ("team: a@b.example, Bob <b@b.example>;", [("", "a@b.example"), ("Bob", "b@b.example")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?J=C3=B6rg=2C_Wei=C3=9F?= <j@b.example>", [("Jörg, Weiß", "j@b.example")]),
        ("=?utf-8?q?a=0D=0ABcc:_x@y.example?= <j@b.example>", [("", "j@b.example")]),
        ("=?utf-8?q?a=0D=0AX:_y?= <j@b.example>", [("a X: y", "j@b.example")]),
        ("ceo@bank.example <evil@evil.example>", [("", "evil@evil.example")]),
        ("a <a@b.example> <c@d.example>", [("a", "a@b.example"), ("", "c@d.example")]),
        ("a@b.example)c@d.example", []),
        ("a@b@c.example", []),
        ("<a b@c.example>", []),
        ("mira@пример.example", [("", "mira@пример.example")]),
    ],
)
def test_addresses(value: str, wanted: list[tuple[str, str]]) -> None:
    assert [tuple(one) for one in mail.addresses(value)] == wanted


def test_no_more_than_fifty_addresses_are_read() -> None:
    assert len(mail.addresses(", ".join(f"a{n}@b.example" for n in range(20_000)))) == 50


def test_two_from_headers_are_two_authors() -> None:
    letter = mail.parse(b"From: a@b.example\r\nFrom: c@d.example\r\n\r\nx")
    assert [author.address for author in letter.authors] == ["a@b.example", "c@d.example"]


@pytest.mark.parametrize(
    "value",
    ["", "never", "Mon, 3 Feb 99999999999 10:00:00 +0000", "Mon, 99 Feb 2025 10:00:00", "0", "\x00", "1 2 3 4 5"],
)
def test_a_date_that_is_none(value: str) -> None:
    assert date_of(value) is None


def test_a_date_without_zone_is_utc() -> None:
    assert date_of("Mon, 2 Mar 2026 10:00:00") == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert date_of("Mon, 2 Mar 2026 10:00:00 -0000") == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_message_ids_that_break_others() -> None:
    assert ids("<[x@y]@host>") == ("<[x@y]@host>",)
    assert ids("<a@b>\r\n <c@d> junk <e f> <<g@h>") == ("<a@b>", "<c@d>", "<g@h>")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=", "äö"),
        ("=?utf-8?q?=F0=9F?= =?utf-8?q?=99=82?=", "🙂"),
        ("=?utf-8?q?a_b?= c", "a b c"),
        ("x =?utf-8*de?q?=C3=A4?= y", "x ä y"),
        ("=?x-unknown?q?caf=C3=A9?=", "café"),
        ("=?utf-8?b?!!!?=", ""),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("=?utf-8?x?y?=", "=?utf-8?x?y?="),
        ("plain", "plain"),
    ],
)
def test_encoded_words(value: str, wanted: str) -> None:
    assert decoded(value) == wanted


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.doc", "a.doc"),
        ("a\r\nBcc: x.txt", "a Bcc: x.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("n" * 4000, "n" * 255),
        ("\x00", "\ufffd"),
        ("/", ""),
    ],
)
def test_the_name_of_a_file_can_be_shown(given_name: str, shown: str) -> None:
    assert mail.file_name(given_name) == shown


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed\r\n\r\nwhat it says",
        b"Content-Type: multipart/mixed; boundary=gone\r\n\r\nwhat it says",
        b"Content-Type: rubbish\r\n\r\nwhat it says",
        b"Content-Type: text/plain; charset*0*=x'; charset*99999999999999999999*=y\r\n\r\nwhat it says",
        b"Content-Type: text/plain; charset*=idna''%FF\r\n\r\nwhat it says",
        b"Content-Type: text/plain; charset*=\x00''%FF\r\n\r\nwhat it says",
        b"Content-Type: text/plain; charset*" + b"9" * 1900 + b"=x\r\n\r\nwhat it says",
        b"Content-Transfer-Encoding: rubbish\r\n\r\nwhat it says",
    ],
)
def test_broken_structure_loses_no_words(raw: bytes) -> None:
    assert mail.parse(HEAD + raw).text == "what it says"


def test_raw_utf8_and_lone_surrogates_end_as_plain_text() -> None:
    letter = mail.parse("From: Jörg <j@b.example>\r\nSubject: \x00 ü\r\n\r\n".encode() + b"\xed\xa0\x80 \x00 x")
    assert letter.sender.name == "Jörg"
    assert "ü" in letter.subject and "\0" not in letter.subject + letter.text
    letter.text.encode()


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\n\r\n", b"x", b":", b"\xff" * 50, b"From \n", b"a:b", b"\x00"])
def test_hardly_anything_is_a_mail_too(raw: bytes) -> None:
    assert isinstance(mail.parse(raw), Mail)


# ---- caps and time ----------------------------------------------------------------------------------------------


def test_parts_and_depth_are_capped() -> None:
    assert len(mail.parse(HEAD + mixed(*[b"Content-Type: image/png\r\n\r\nx"] * 20_000)).attachments) == 199
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000))
    letter = mail.parse(b"From: a@b.example\n" + deep + b"Content-Type: text/plain\n\nthe end")
    assert [file.type for file in letter.attachments] == ["multipart/mixed"]


MB = 1_000_000
BOUNDED = b"Content-Type: multipart/mixed; boundary=b\n\n"
HOSTILE: dict[str, bytes] = {
    "20,000 parts": BOUNDED + b"--b\n\nhi\n" * 100_000,
    "2,000 deep": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000)),
    "one boundary at every depth": (BOUNDED + b"--b\n") * 20_000,
    "nearly boundaries": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(29))
    + b"\n--b" * 250_000,
    "long boundary": b"Content-Type: multipart/mixed; boundary=" + b"a" * MB + b"\n\n--a",
    "headers in parts": BOUNDED + (b"--b\n" + b"A:\n" * 1700 + b"\n") * 200,
    "many headers": b"A: b\n" * 200_000,
    "many continued lines": b"A: b\n" + b" b\n" * 300_000,
    "many recipients": b"To: " + b"a@b.example, " * 80_000 + b"\n\nx",
    "many comments": b"From: " + b"(" * MB + b"\n\nx",
    "many quotes": b"From: " + b'"\\' * (MB // 2) + b"\n\nx",
    "many parameters": b"Content-Type: text/plain" + b'; a="b' * 170_000 + b"\n\nx",
    "many parameters in every part": BOUNDED + (b"--b\nContent-Type: a/b" + b'; a="b' * 3_000 + b"\n\nx\n") * 50,
    "many numbered parameters": b"Content-Type: text/plain"
    + b"".join(b"; a*%d*=b" % n for n in range(90_000))
    + b"\n\nx",
    "many encoded words": b"Subject: " + b"=?a?q?" * 160_000 + b"\n\nx",
    "bad base64": b"Content-Transfer-Encoding: base64\n\n" + b"!" * MB,
    "bad quoted-printable": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * MB,
    "punycode": b"Content-Type: text/plain; charset=punycode\n\n" + b"b" * MB,
    "utf-7": b"Content-Type: text/plain; charset=utf-7\n\n" + b"+AGE-" * (MB // 5),
    "carriage returns": b"\n" + b"\r" * MB,
    "no line end": b"a:" * (MB // 2),
    "one flowed paragraph": b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * (MB // 3),
    "flowed quotes": b"Content-Type: text/plain; format=flowed\n\n" + b">" * MB,
}


def cpu(call: Callable[[], Any]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_takes_long(name: str) -> None:
    raw = HEAD + HOSTILE[name]
    assert cpu(lambda: mail.parse(raw)) < SLOWEST * max(1, len(raw) / MB)


@pytest.mark.parametrize(
    "value", ['"\\' * (MB // 2), "(" * MB, "," * MB, "<" * MB, "a@b.example," * (MB // 12), "=?" * MB]
)
def test_no_address_header_takes_long(value: str) -> None:
    assert cpu(lambda: mail.addresses(value)) < SLOWEST


# ---- chance -----------------------------------------------------------------------------------------------------

PIECES = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\n\n",
        b" ",
        b"\t",
        b":",
        b";",
        b"--b",
        b"--b--",
        b"\n--b\n",
        b'"',
        b"<",
        b">",
        b"(",
        b"=?",
    ),
    *(
        b"?=",
        b"utf-8",
        b"?q?",
        b"?b?",
        b"=C3",
        b"a@b.example",
        b"\xc3",
        b"\xff",
        b"\x00",
        b"From:",
        b"To:",
        b"Subject:",
    ),
    *(b"Content-Type: multipart/mixed; boundary=b\n\n", b"Content-Type: text/html\n\n", b"Content-Type: text/plain;"),
    *(b"Content-Type: multipart/alternative; boundary=b\n\n", b" charset=", b" filename*0*=", b"Content-Disposition:"),
    *(b"Content-Transfer-Encoding: base64\n\n", b"<p>", b"<!--", b"&#9", b"Date: ", b"9" * 30, b"message/rfc822", b"x"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=60))
def test_nothing_makes_it_raise(pieces: list[bytes]) -> None:
    letter = mail.parse(b"".join(pieces))
    assert letter.message_id.count("\n") == letter.subject.count("\n") == 0
    assert letter.date is None or letter.date.tzinfo is UTC
    mail.stripped(letter.text).encode()
    mail.automatic(letter.headers, sender=letter.sender.address, subject=letter.subject)
    mail.proved(letter.headers, letter.sender.address)
    for mailbox in (*letter.authors, *letter.to):
        assert mail.is_address(mailbox.address) and "\n" not in mailbox.name
