"""What the desk is shown of mails written as real programs write them, raw, in many languages and charsets.

Each `.eml` of tests/mails/scored stands beside a `.txt` with what its author newly wrote. They were written before the
rules were widened and are never looked at to mend one: they only give a score.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from chalicelib import mail

SCORED = sorted((Path(__file__).parent / "mails" / "scored").glob("*.eml"))
FLOOR = 11  # of those scored, exactly right


def shown(raw: bytes) -> str:
    """The text of a customer's mail at the desk."""
    message = mail.to_message(
        mail.parse(raw),
        provider="postmark",
        id="1",
        proved=True,
        came_to="service@shop.example",
        sender="service@shop.example",
        inbound="in@inbound.shop.example",
        source={},
    )
    assert message is not None
    return message.text


def wanted(path: Path) -> str:
    return path.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


@pytest.mark.parametrize("path", SCORED, ids=lambda path: str(path.stem))
def test_no_new_word_is_lost(path: Path) -> None:
    assert not words(wanted(path)) - words(shown(path.read_bytes()))


def test_the_score_of_mails_never_tuned_on() -> None:
    right = [path for path in SCORED if shown(path.read_bytes()) == wanted(path)]
    print(f"{len(right)} of {len(SCORED)} mails exactly right")
    assert len(SCORED) >= 20
    assert len(right) >= FLOOR
