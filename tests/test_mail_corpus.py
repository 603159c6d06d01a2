"""What the desk is shown of mails written as real programs write them, raw, in many languages and charsets.

Each `.eml` of tests/mails/tuned and tests/mails/scored stands beside a `.txt` with what its author newly wrote; that
is all of the mail where answers stand between quoted lines. The rules may be mended until all of `tuned` come out
right. Those in `scored` were written before the rules and are never looked at to mend one: they only give a score,
which says what to expect of mails that nobody has seen.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from chalicelib import mail
from tests.lab import mails

MAILS = Path(__file__).parent / "mails"
TUNED, SCORED = (sorted((MAILS / name).glob("*.eml")) for name in ("tuned", "scored"))
FLOOR = 37  # of those scored, exactly right, as first measured


def wanted(path: Path) -> str:
    return path.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def test_there_are_many_mails() -> None:
    assert len(TUNED) >= 80
    assert len(SCORED) >= 40


@pytest.mark.parametrize("path", TUNED, ids=lambda path: str(path.stem))
def test_what_was_newly_written(path: Path) -> None:
    raw = path.read_bytes()
    assert mails.read(raw).text == wanted(path)
    assert mails.read(raw.replace(b"\n", b"\r\n")).text == wanted(path)


@pytest.mark.parametrize("path", TUNED + SCORED, ids=lambda path: str(path.stem))
def test_no_word_is_lost_that_was_newly_written(path: Path) -> None:
    assert not words(wanted(path)) - words(mails.read(path.read_bytes()).text)


def test_what_is_new_does_not_depend_on_what_it_stands_above() -> None:
    """Each new text above each history: sixty mails make some thousands."""
    texts = [(wanted(path), mail.parse(path.read_bytes()).text) for path in TUNED]
    above = [(new, text.removeprefix(new)) for new, text in texts if new != text and text.startswith(new)]
    assert len(above) >= 40
    for new, _ in above:
        for _, history in above:
            assert mail.stripped(new + history) == new


def test_the_score_of_mails_never_tuned_on() -> None:
    right = [path for path in SCORED if mails.read(path.read_bytes()).text == wanted(path)]
    print(f"{len(right)} of {len(SCORED)} mails exactly right")
    assert len(right) >= FLOOR
