"""Invitations in mails, and answers to them: what one line says of each, whatever they hold."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import mail
from chalicelib.mail.calendar import shown
from tests.lab import mails

BASE = b"SUMMARY:Repair\nDTSTART:20260302T100000Z\n"
HEAD = b"From: Mira <mira@customer.example>\nTo: service@shop.example\nSubject: Repair\n"
SLOWEST = 0.5  # CPU seconds for what is read of one


def calendar(event: bytes, method: bytes = b"REQUEST") -> bytes:
    return (
        b"BEGIN:VCALENDAR\nMETHOD:%b\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
        b"END:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\n%bEND:VEVENT\nEND:VCALENDAR\n" % (method, event)
    )


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (b"", ""),
        (b"SUMMARY:\n", "[Invitation: without a title]"),
        (b"SUMMARY:Tea\\, cake\\; a\\\\b\\nand\n  more\n", "[Invitation: Tea, cake; a\\b and more]"),
        (b"summary;LANGUAGE=en;X-A=\"b:c;d\":Tea\n", "[Invitation: Tea]"),
        (b"BEGIN:VALARM\nSUMMARY:Alarm\nEND:VALARM\nSUMMARY:Tea\n", "[Invitation: Tea]"),
        ("SUMMARY:Té\u202e\n".encode(), "[Invitation: Té]"),
        (b"SUMMARY:" + b"x" * 900 + b"\n", f"[Invitation: {'x' * 200}]"),
        (BASE + b"LOCATION:High Street 5\n", "[Invitation: Repair · Mon 2026-03-02 10:00 (UTC) · High Street 5]"),
        (BASE + b"DTEND:20260302T113000Z\n", "[Invitation: Repair · Mon 2026-03-02 10:00–11:30 (UTC)]"),
        (BASE + b"DURATION:P1DT2H\n", "[Invitation: Repair · Mon 2026-03-02 10:00 – Tue 2026-03-03 12:00 (UTC)]"),
        (BASE + b"DURATION:PT\n", "[Invitation: Repair · Mon 2026-03-02 10:00 (UTC)]"),
        (BASE + b"RRULE:FREQ=WEEKLY\n", "[Invitation: Repair · Mon 2026-03-02 10:00 (UTC), repeated]"),
        (BASE + b"DTEND:20260301T100000Z\n", "[Invitation: Repair · Mon 2026-03-02 10:00 (UTC)]"),
        (
            BASE + b"DTEND;TZID=Europe/Berlin:20260302T120000\n",
            "[Invitation: Repair · Mon 2026-03-02 10:00 (UTC) – Mon 2026-03-02 12:00 (Europe/Berlin)]",
        ),
        (b"SUMMARY:Tea\nDTSTART:20260302T1000\n", "[Invitation: Tea · Mon 2026-03-02 10:00]"),
        (
            b'SUMMARY:Tea\nDTSTART;TZID="W. Europe":20260302T100000\n',
            "[Invitation: Tea · Mon 2026-03-02 10:00 (W. Europe)]",
        ),
        (b"SUMMARY:Tea\nDTSTART;VALUE=DATE:20260302\nDTEND:20260303\n", "[Invitation: Tea · Mon 2026-03-02]"),
        (b"SUMMARY:Tea\nDTSTART:20261302T100000\n", "[Invitation: Tea]"),
        (b"SUMMARY:Tea\nDTSTART:00000000\n", "[Invitation: Tea]"),
        (b"SUMMARY:Tea\nDTSTART:00010101\nDTEND:00010101\n", "[Invitation: Tea · Mon 0001-01-01]"),
        (b"SUMMARY:Tea\nDTSTART:99991231T230000\nDURATION:P9W\n", "[Invitation: Tea · Fri 9999-12-31 23:00]"),
        (b"SUMMARY:Tea\nSTATUS:CANCELLED\n", "[Cancelled: Tea]"),
        (b"SUMMARY:Tea\nMETHOD:CANCEL\n", "[Invitation: Tea]"),
    ],
)  # fmt: skip
def test_what_when_where(event: bytes, said: str) -> None:
    assert shown(calendar(event)) == shown(calendar(event).replace(b"\n", b"\r\n")) == said


@pytest.mark.parametrize(
    ("method", "people", "said"),
    [
        (b"REQUEST", b"ORGANIZER;CN=Mira:mailto:m@a.example\n", "[Invitation: Tea · from Mira <m@a.example>]"),
        (b"REQUEST", b'ORGANIZER;CN="boss@bank.example":MAILTO:m@a.example\n', "[Invitation: Tea · from m@a.example]"),
        (b"REQUEST", b"ORGANIZER:urn:x\nATTENDEE;CN=Al:invalid:nomail\n", "[Invitation: Tea · with Al]"),
        (
            b"REQUEST",
            b"ORGANIZER:mailto:m@a.example\nATTENDEE:mailto:m@a.example\nATTENDEE;CUTYPE=ROOM:mailto:r@a.example\n"
            + b"".join(b"ATTENDEE:mailto:p%d@a.example\n" % n for n in range(7)),
            "[Invitation: Tea · from m@a.example · with p0@a.example, p1@a.example, p2@a.example, p3@a.example,"
            " p4@a.example, 2 more]",
        ),
        (b"CANCEL", b"", "[Cancelled: Tea]"),
        (b"COUNTER", b"ATTENDEE:mailto:a@a.example\n", "[Another time proposed: Tea · by a@a.example]"),
        (b"PUBLISH", b"", "[Date: Tea]"),
        (b"?", b"", "[Date: Tea]"),
        (b"REPLY", b"", "[Answered: Tea]"),
        (b"REPLY", b"ATTENDEE;PARTSTAT=accepted;CN=Al:mailto:a@a.example\n", "[Accepted: Tea · by Al <a@a.example>]"),
        (b"REPLY", b"ATTENDEE;PARTSTAT=DECLINED:mailto:a@a.example\n", "[Declined: Tea · by a@a.example]"),
        (b"REPLY", b"ATTENDEE;PARTSTAT=TENTATIVE:mailto:a@a.example\n", "[Accepted tentatively: Tea · by a@a.example]"),
        (b"REPLY", b"ATTENDEE;PARTSTAT=X-NEW:mailto:a@a.example\n", "[Answered: Tea · by a@a.example]"),
    ],
)
def test_who_asks_and_who_answers(method: bytes, people: bytes, said: str) -> None:
    assert shown(calendar(b"SUMMARY:Tea\n" + people, method)) == said


def test_several_events_are_told_and_exceptions_to_a_series_are_none() -> None:
    two = BASE + b"END:VEVENT\nBEGIN:VEVENT\nSUMMARY:Other\n"
    assert shown(calendar(two)) == "[Invitation: Repair · Mon 2026-03-02 10:00 (UTC) · and 1 more]"
    assert "more" not in shown(calendar(two + b"RECURRENCE-ID:20260309T100000Z\n"))


# ---- in a mail --------------------------------------------------------------------------------------------------


def with_calendar(words: bytes, content: bytes, more: bytes = b"") -> bytes:
    return (
        HEAD
        + more
        + b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n%b\n" % words
        + b"--b\nContent-Type: text/calendar; charset=iso-8859-1\n\n%b\n--b--" % content
    )


def test_it_stands_above_what_was_written_and_is_a_file() -> None:
    raw = with_calendar(b"See you", calendar("SUMMARY:Café\n".encode("latin-1")))
    message = mails.read(raw)
    assert message.text == "[Invitation: Café]\n\nSee you"
    assert [(file.name, file.type) for file in message.attachments] == [("invitation.ics", "text/calendar")]
    assert mail.content_of(raw, 0).data.startswith(b"BEGIN:VCALENDAR")


def test_of_an_answer_the_history_goes_and_the_line_stays() -> None:
    words = b"Fits.\n\n-----Original Message-----\nFrom: Shop\nSent: Monday\nTo: Mira\nSubject: x\n\nOld"
    message = mails.read(with_calendar(words, calendar(b"SUMMARY:Tea\n"), b"In-Reply-To: <1@shop.example>\n"))
    assert message.text == "[Invitation: Tea]\n\nFits."
    assert message.full == words.decode()


def test_what_an_agent_sends_along_does_not_stand_above_the_answer() -> None:
    raw = with_calendar(b"See you", calendar(BASE)).replace(b"service@", b"in+" + b"a" * 26 + b"@inbound.")
    assert mails.read(raw).thread and mails.read(raw).text == "See you"


def test_one_that_cannot_be_read_is_named() -> None:
    assert mails.read(with_calendar(b"", b"BEGIN:VCALENDAR")).text == "[calendar invitation]"


def test_no_more_than_three_of_a_mail_are_read() -> None:
    part = b"--b\nContent-Type: text/calendar\n\n%b\n"
    bad, good = part % b"BEGIN:VCALENDAR", part % calendar(b"SUMMARY:Tea\n")
    head = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"
    assert mail.parse(head + bad * 2 + good).text == "[Invitation: Tea]"
    assert mail.parse(head + bad * 3 + good).text == "[calendar invitation]"


# ---- limits -----------------------------------------------------------------------------------------------------

HOSTILE = {
    "short lines": b"A:\n" * 40_000,
    "parameters": b"A" + b";B=C" * 30_000,
    "quotes": b'A;B="' + b'";B="' * 30_000,
    "colons": b"SUMMARY" + b":" * 100_000,
    "folds": b"SUMMARY:\n" + b" \n" * 50_000,
    "carriage returns": b"SUMMARY:" + b"\r" * 100_000,
    "beginnings": b"BEGIN:VEVENT\n" * 8_000,
    "ends": b"END:VEVENT\n" * 10_000,
    "guests": b"ATTENDEE:mailto:a@b.example\n" * 4_000,
    "names": b"A" * 100_000,
    "escapes": b"SUMMARY:" + b"\\" * 100_000,
    "numbers": b"DTSTART:" + b"9" * 100_000 + b"\nDURATION:P" + b"9" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_none_takes_long(name: str) -> None:
    content = calendar(HOSTILE[name])
    began = time.process_time()
    shown(content)
    assert time.process_time() - began < SLOWEST


PIECES = [
    *(b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"BEGIN:VCALENDAR\n", b"METHOD:REPLY\n", b"SUMMARY", b"DTSTART", b"DTEND"),
    *(b"DURATION:P999W\n", b"ATTENDEE", b"ORGANIZER", b":", b";", b"=", b'"', b"\\", b"CN=", b"mailto:a@b.example"),
    *(b"20260302", b"T100000Z", b"00000000", b"99991231T235900", b";TZID=", b"\r\n ", b"\n", b"\xff", b"\x00"),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=40))
def test_nothing_makes_it_raise(pieces: list[bytes]) -> None:
    line = shown(calendar(b"".join(pieces)))
    assert len(line.splitlines()) <= 1 and len(line) < 4_000
    line.encode()
