"""Long texts in parts: SMS by what GSM-7 and UCS-2 have room for, everything else by characters or bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.models.provider import Can
from chalicelib.route.cut import CUT, MOST_PARTS, parts, parts_for
from infra.world import sms

SMS = Can(text=160, units=70, covers=frozenset())
LETTERS = "aäé€~\f\n ж😀👩‍👩‍👧‍👦🇩🇪…"


def fits(text: str, can: Can) -> bool:
    return sms.length(text) <= (can.text if sms.narrow(text) else can.units or 0)


@pytest.mark.parametrize(
    ("letter", "room"), [("a", 160), ("ä", 160), ("\n", 160), ("€", 80), ("ç", 70), ("…", 70), ("ж", 70), ("😀", 35)]
)
def test_a_part_holds_as_much_as_one_may(letter: str, room: int) -> None:
    """Ends of line are dropped where a text is cut; between others nothing is."""
    assert [len(part) for part in parts_for("x" + letter * (room - 2) + "x", SMS)] in ([room], [room - 1])
    assert len(parts_for("x" + letter * room + "x", SMS)) == 2


def test_what_comes_before_a_wide_letter_may_go_alone() -> None:
    assert [len(part) for part in parts_for("a" * 150 + "😀" * 30, SMS)] == [150, 30]
    assert [len(part) for part in parts_for("a" * 50 + "😀" * 30, SMS)] == [60, 20]


@given(some.text(some.sampled_from(LETTERS), min_size=120, max_size=700))
def test_each_part_fits_and_nothing_but_space_is_lost(text: str) -> None:
    found = parts_for(text, SMS)
    assert all(fits(part, SMS) for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(part in text for part in found)


@pytest.mark.parametrize("letter", ["a", "ж", "😀"])
def test_what_is_too_long_for_the_most_parts_is_cut_and_says_so(letter: str) -> None:
    found = parts_for(letter * 10_000, SMS)
    assert len(found) == MOST_PARTS and found[-1].endswith(CUT)
    assert all(fits(part, SMS) for part in found)


def test_all_else_counts_characters() -> None:
    assert parts("ж" * 161, 160) == ["ж" * 160, "ж"]


@given(some.text(some.sampled_from(LETTERS), min_size=120, max_size=700))
def test_or_bytes(text: str) -> None:
    found = parts_for(text, Can(text=160, octets=True, covers=frozenset()))
    assert all(len(part.encode()) <= 160 for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_what_is_too_long_in_bytes_says_so_too() -> None:
    found = parts("ж" * 10_000, 160, octets=True)
    assert len(found) == MOST_PARTS and found[-1].endswith(CUT)
    assert all(len(part.encode()) <= 160 for part in found)


@pytest.mark.parametrize(
    ("letter", "alone", "in_ten"), [("a", 160, 1530), ("é", 160, 1530), ("€", 80, 760), ("ж", 70, 670), ("👟", 35, 330)]
)
def test_how_many_sms_a_text_takes(letter: str, alone: int, in_ten: int) -> None:
    counts = [sms.segments(letter * many) for many in (1, alone, alone + 1, in_ten, in_ten + 1)]
    assert counts == [1, 1, 2, 10, 11]
