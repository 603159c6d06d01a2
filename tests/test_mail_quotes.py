"""What is newly written in a mail: real programs' ways of quoting, and texts made to take long.

Each file of tests/mails/replies holds a mail's text and, below a line of =====, what its author newly wrote.
"""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import mail

REPLIES = sorted((Path(__file__).parent / "mails" / "replies").glob("*.txt"))


@pytest.mark.parametrize("reply", REPLIES, ids=lambda path: str(path.stem))
def test_what_was_newly_written(reply: Path) -> None:
    text, _, wanted = reply.read_bytes().decode().partition("=====\n")
    assert mail.stripped(text) == wanted


def test_there_are_many_ways_of_quoting() -> None:
    assert len(REPLIES) >= 50


def test_above_the_marker() -> None:
    text = f"new\n\n> quoted\n> {mail.MARKER}\n> below"
    assert mail.above_marker(text) == "new\n\n> quoted"
    assert mail.above_marker("no marker\n") == "no marker"
    assert mail.above_marker("new\n== cut ==\nold", marker="== cut ==") == "new"


def test_another_marker_may_be_used() -> None:
    assert mail.stripped("new\nold line\nolder", marker="old line") == "new"


def test_nothing_recognised_nothing_changed() -> None:
    text = "Two lines\n\n  of a poem, and\ta tab"
    assert mail.stripped(text) == text


def test_stripping_twice_strips_no_more() -> None:
    for reply in REPLIES:
        once = mail.stripped(reply.read_bytes().decode().partition("=====\n")[0])
        assert mail.stripped(once) == once


SIZE = 100_000
HOSTILE = {
    "On On On": "On " * (SIZE // 3),
    "attributions": "On 1 wrote:\n" * (SIZE // 12),
    "attributions inside": ("Am 1 " + "schrieb " * 50 + ":\n") * (SIZE // 407),
    "labels": "From:\n" * (SIZE // 6),
    "heads": "From: a\nSubject: b\n" * (SIZE // 19),
    "colons": "a@b.c:\n" * (SIZE // 7),
    "quote marks": ">\n" * (SIZE // 2),
    "line ends": "\n" * SIZE,
    "returns": "\r" * SIZE,
    "dashes": "-" * SIZE,
    "bars": ("-" * 39 + "o\n") * (SIZE // 41),
    "rules": "_____\n\n\n" * (SIZE // 8) + "From: a\nTo: b\nSubject: c",
    "signatures": "--\n" * (SIZE // 3),
    "mobiles": "Sent from my iPhone\n" * (SIZE // 20),
    "one line": "x" * SIZE,
    "spaces": " " * SIZE,
}


@pytest.mark.parametrize("ending", ["", "\n> x", f"\n{mail.MARKER}"])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_longer_than_its_length(name: str, ending: str) -> None:
    began = time.process_time()
    mail.stripped(HOSTILE[name] + ending)
    mail.above_marker(HOSTILE[name] + ending)
    assert time.process_time() - began < 0.5


LINES = [
    *(
        "On 3 Feb 2025 at 10:14, Ann <a@b.example> wrote:",
        "Am 3.2. schrieb Ann:",
        "> quoted",
        "",
        "From: a",
        "Subject: b",
    ),
    *(
        "To: c",
        "-- ",
        "--",
        "_____",
        "-----Original Message-----",
        "Forwarded message",
        mail.MARKER,
        "words",
        "Sent from my iPad",
    ),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=10), max_size=30))
def test_only_whole_lines_go_and_nothing_below_the_marker_stays(lines: list[str]) -> None:
    text = "\n".join(lines)
    kept = mail.stripped(text)
    assert kept in text.replace("\r\n", "\n").replace("\r", "\n")
    assert mail.MARKER not in kept
