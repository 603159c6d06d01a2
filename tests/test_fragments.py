"""Long texts in parts: what belongs together, how long it is waited for, and that every part is shown, once."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as some

from chalicelib import queue, route
from chalicelib.models.inbound import Fragment, Message
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Piece, Pieces, Together
from chalicelib.route import fragments
from tests.lab import START, laboratory, sqs_queue
from tests.lab.flows import PARTS, part

SENDER = Address(channel=Channel.SMS, id="+4915123456790")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def piece(number: int, id: str = "", text: str = "", total: int = 3, of: str = "4930 204") -> Message:
    return Message(
        provider="vonage",
        id=id or f"a{number}",
        sender=SENDER,
        text=text or f"<{id or number}>",
        sent_at=START + number * SECOND,
        fragment=Fragment(of=of, number=number, total=total),
    )


class Row:
    """The table's row under one name, and the queue's messages that are about its parts."""

    def __init__(self) -> None:
        self.known, self.now = Pieces(), START
        self.sent: dict[str, str] = {}  # what was queued, by claim

    def comes(self, message: Message) -> float | None:
        """One receive of a part; for how long it goes back, None if it is done."""
        if message.claim not in self.known.pieces:
            self.put(pieces={**self.known.pieces, message.claim: Piece(message=message, at=self.now)})
        text = route.together(message.claim, self.known, self.now)
        if text is None:
            return None
        if not isinstance(text, Together):
            return (text - self.now).total_seconds()
        if text.by not in self.known.texts:
            old = {past.by: past.pieces for past in route.forgotten(self.known, self.now)}
            gone = {claim for claims in old.values() for claim in claims}
            texts = {by: one for by, one in self.known.texts.items() if by not in old}
            pieces = {claim: one for claim, one in self.known.pieces.items() if claim not in gone}
            self.put(texts={**texts, text.by: text}, pieces=pieces)
        joined = route.joined(text, self.known)
        assert self.sent.setdefault(joined.claim, joined.text) == joined.text
        return None

    def put(self, **changes: object) -> None:
        self.known = self.known.model_copy(update={**changes, "version": self.known.version + 1})

    @property
    def shown(self) -> list[str]:
        return list(self.sent.values())


@pytest.fixture
def row() -> Row:
    return Row()


# ---- what belongs together --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_in_any_order_they_make_one_text(row: Row, order: tuple[int, ...]) -> None:
    waits = [row.comes(piece(number)) for number in order]
    assert row.shown == ["<1><2><3>"]
    assert waits == [120, 120, None]
    assert [row.comes(piece(number)) for number in (1, 2, 3)] == [None] * 3
    assert len(row.sent) == 1


def test_what_does_not_come_is_marked_where_it_would_stand(row: Row) -> None:
    row.comes(piece(2, total=6))
    row.comes(piece(4, total=6))
    row.now += 2 * MINUTE
    row.comes(piece(4, total=6))
    gap, end = "(part 3 of 6 has not come)", "(parts 5 to 6 of 6 have not come)"
    assert row.shown == [f"\n(part 1 of 6 has not come)\n<2>\n{gap}\n<4>\n{end}\n"]


def test_they_wait_from_when_the_first_came(row: Row) -> None:
    assert row.comes(piece(1)) == 120
    row.now += 90 * SECOND
    assert row.comes(piece(2)) == 30
    assert row.comes(piece(1)) == 30
    row.now += 30 * SECOND
    assert row.comes(piece(2)) is None
    assert row.shown == ["<1><2>\n(part 3 of 3 has not come)\n"]


def test_one_that_comes_too_late_is_shown_by_itself_at_once(row: Row) -> None:
    row.comes(piece(1))
    row.now += 2 * MINUTE
    row.comes(piece(1))
    row.now += 5 * MINUTE
    assert [row.comes(piece(number)) for number in (3, 2)] == [None, None]
    assert row.shown[1:] == [f"(part {number} of 3 of a long text, by itself)\n<{number}>" for number in (3, 2)]


def test_a_name_is_used_again(row: Row) -> None:
    """Also while parts of the text before still come back."""
    for name in ("a", "b", "c"):
        for number in (1, 2, 3):
            row.comes(piece(number, f"{name}{number}"))
        row.now += 30 * SECOND
    for name in ("a", "b", "c"):
        assert [row.comes(piece(number, f"{name}{number}")) for number in (1, 2, 3)] == [None] * 3
    assert row.shown == ["<a1><a2><a3>", "<b1><b2><b3>", "<c1><c2><c3>"]


def test_of_two_texts_of_one_name_at_the_same_time_nothing_is_lost(row: Row) -> None:
    for id in ("a1", "a2", "b1", "a3", "b2", "b3"):
        row.comes(piece(int(id[1]), id))
        row.now += SECOND
    row.now += 2 * MINUTE
    row.comes(piece(2, "b2"))
    assert row.shown[:2] == ["(part 1 of 3 of a long text, by itself)\n<b1>", "<a1><a2><a3>"]
    assert row.shown[2:] == ["\n(part 1 of 3 has not come)\n<b2><b3>"]


def test_a_part_lacking_a_day_ago_says_nothing_of_a_new_text(row: Row) -> None:
    row.comes(piece(1, "a1"))
    row.now += 2 * MINUTE
    row.comes(piece(1, "a1"))
    row.now += DAY
    assert row.comes(piece(3, "b3")) == 120
    row.comes(piece(1, "b1"))
    row.comes(piece(2, "b2"))
    assert row.shown[1:] == ["<b1><b2><b3>"]


def test_what_is_long_settled_is_forgotten(row: Row) -> None:
    """Else the row of a sender whose phone knows one name only would grow until the table takes it no more."""
    for name in "abcdef":
        for number in (1, 2, 3):
            row.comes(piece(number, f"{name}{number}"))
        row.now += 8 * DAY
    assert len(row.known.texts) == 2 and len(row.known.pieces) == 6
    assert len(row.sent) == 6


def test_what_makes_a_text_makes_one_message() -> None:
    row = Row()
    for number in (2, 1):
        row.comes(piece(number, total=2))
    (text,) = row.known.texts.values()
    joined = route.joined(text, row.known)
    assert (joined.fragment, joined.sent_at, joined.sender) == (None, START + SECOND, SENDER)
    assert joined.id not in ("a1", "a2")
    assert joined.claim not in row.known.pieces


@pytest.mark.parametrize(("number", "total"), [(0, 3), (4, 3), (-1, 3), (1, 0)])
def test_a_number_beyond_the_total_is_no_fragment(number: int, total: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        Fragment(of="x", number=number, total=total)


EVENTS = some.lists(
    some.tuples(some.sampled_from("abc"), some.integers(1, 3), some.sampled_from((0, 1, 50, 130, 90_000))), max_size=25
)


@effort(max_examples=300, deadline=None, database=None, derandomize=True)
@given(events=EVENTS)
def test_whatever_comes_and_comes_again_every_part_is_shown_once(events: list[tuple[str, int, int]]) -> None:
    """Parts of three texts of one name, in any order, again and again, with any time between them."""
    row, waiting = Row(), {}
    for name, number, seconds in events:
        row.now += seconds * SECOND
        message = piece(number, f"{name}{number}")
        waiting[message.claim] = message
        row.comes(message)
    while waiting:
        waits = {claim: row.comes(message) for claim, message in waiting.items()}
        waiting = {claim: waiting[claim] for claim, seconds in waits.items() if seconds is not None}
        row.now += max([seconds or 0 for seconds in waits.values()]) * SECOND
    everything = "".join(row.shown)
    for id in {f"{name}{number}" for name, number, _ in events}:
        assert everything.count(f"<{id}>") == 1
    for text in row.shown:
        numbers = [int(mark) for mark in re.findall(r"<[abc](\d)>", text)]
        assert all(first < second for first, second in pairwise(numbers))


# ---- through the worker -----------------------------------------------------------------------------------------


def test_a_long_sms_is_one_post_and_one_row() -> None:
    with laboratory() as lab:
        for number in (3, 1, 2):
            part(lab, number)
        lab.settle()
        (post,) = lab.posts()
        assert "".join(PARTS) in post.text
        assert [entry.part for entry in lab.texts()] == ["vonage"]
        assert lab.now - lab.started < 3 * MINUTE


def test_a_part_that_waits_holds_up_nobody() -> None:
    """Neither the sender's other messages nor the other parts."""
    with laboratory() as lab:
        part(lab, 1)
        lab.ring("vonage", lab.say("Hello?", 9, "vonage", sender="+4915123456790"))
        part(lab, 2)
        part(lab, 3)
        groups = [message.group_id for message in sqs_queue("shopbell.fifo")._messages]
        assert len(set(groups)) == 4
        assert [group.startswith("piece#") for group in groups] == [True, False, True, True]
        while lab.work():
            pass
        assert lab.now == lab.started
        assert ["Hello?" in post.text for post in lab.posts()] == [True, False]
        assert lab.posts()[1].text == "".join(PARTS)


def test_without_its_last_part_it_is_shown_after_two_minutes_and_acknowledged() -> None:
    with laboratory() as lab:
        part(lab, 1)
        part(lab, 2)
        while lab.work():
            pass
        lab.now += 119 * SECOND
        assert not lab.work()
        lab.settle(until=2 * SECOND)
        assert "Where is my order? It is num\n(part 3 of 3 has not come)" in lab.posts()[0].text
        assert len(lab.texts()) == 1


def test_who_waits_comes_back_once() -> None:
    """Not a moment too soon: it would be taken again and again until its time has come."""
    with laboratory() as lab:
        part(lab, 1)
        lab.now += timedelta(milliseconds=600)
        part(lab, 2)
        lab.settle()
        assert lab.receives == 5  # twice each part, once the text
        assert len(lab.posts()) == 1


def test_what_comes_again_a_day_later_shows_nothing() -> None:
    with laboratory() as lab:
        for _ in range(2):
            for number in (1, 2, 3):
                part(lab, number)
            lab.settle()
            lab.now += DAY
        assert len(lab.posts()) == 1


def test_parts_of_two_senders_are_never_one_text() -> None:
    with laboratory() as lab:
        other = SENDER.model_copy(update={"id": "+4915123456791"})
        lab.put(piece(1, total=2), piece(2, "b2", total=2).model_copy(update={"sender": other}))
        lab.put(piece(2, "c2", total=2, of="4931 204"), piece(2, "d2", total=4))
        lab.settle()
        assert len([post for post in lab.posts() if "not come" in post.text]) == 4


def test_one_text_too_many_for_a_row_is_put_aside_and_told() -> None:
    with laboratory() as lab:
        lab.put(piece(1, text="x" * 230_000), piece(2, text="y" * 230_000))
        lab.settle()
        lab.tick()
        lab.settle()
        assert any("put aside" in post.text for post in lab.posts())
        assert any("x" * 100 in post.text for post in lab.posts())


def test_a_part_has_a_group_of_its_own() -> None:
    first, second = piece(1), piece(2)
    assert queue.group(first) != queue.group(second)
    assert queue.group(first) == queue.group(first.model_copy(update={"source": {"again": True}}))
    assert queue.group(first.model_copy(update={"fragment": None})).startswith("in#")
    assert fragments.LATE < fragments.KEPT
