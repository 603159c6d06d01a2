"""The reckoning by ids: what counts as filed, put aside and missing, how it is read, and what the owner is told."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from chalicelib import aws, journal, queue, receive, store, tally, watch, words
from chalicelib.journal import End, Took
from chalicelib.models.inbound import Progress, Receipt
from chalicelib.models.people import Claim, First
from chalicelib.models.values import Channel
from infra import cli, here, local
from tests.lab import STACK, START, Lab, laboratory, log
from tests.lab.flows import PARTS, part
from tests.test_cli import ended

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOW = START + 2 * HOUR


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory() as lab:
        log.keep(lab)
        yield lab


def took(id: str, minutes: int = 0, *, loose: bool = False, provider: str = "telegram") -> Took:
    return Took(id, provider, START + timedelta(minutes=minutes), loose, f'{{"took": ["{id}"]}}')


def claim(id: str, minutes: int, waited: int | None = None, channel: Channel = Channel.TELEGRAM) -> Claim:
    """One that was accepted so many minutes from the start on; an answer, if its customer `waited` for it."""
    at = START + timedelta(minutes=minutes)
    first = None if waited is None else First(channel=channel, asked=at - timedelta(minutes=waited))
    return Claim(key=id, at=at, conversation="one", first=first)


def summed(*those: Took, claims: tuple[Claim, ...] = (), ends: tuple[End, ...] = ()) -> tally.Tally:
    return tally.tally(tally.each_once(those), {one.key: one for one in claims}, ends, NOW)


def reckoned(lab: Lab) -> tally.Tally:
    with lab.aside():
        return watch.reckoned(STACK, START - HOUR, lab.now + HOUR, lab.now)


# ---- the sum ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "claimed", "ended", "state"),
    [
        (took("a"), True, "", "filed"),
        (took("a"), True, "parked", "filed"),  # a delivery of it was put aside: the message is filed all the same
        (took("a"), False, "parked", "parked"),
        (took("a"), False, "done", "missing"),  # the worker says it is through, and the table knows nothing of it
        (took("a"), False, "", "missing"),
        (took("a", 60), False, "", "waiting"),  # an hour old, and not older
        (took("a", loose=True), True, "", "filed"),
        (took("a", loose=True), False, "done", "none"),  # it became something else
        (took("a", loose=True), True, "parked", "parked"),  # a webhook that nobody can read: its claim is the notice
        (took("a", loose=True), False, "", "missing"),
    ],
)
def test_what_becomes_of_what_was_accepted(one: Took, claimed: bool, ended: str, state: str) -> None:
    found = summed(one, claims=(claim("a", 0),) if claimed else (), ends=(End("a", ended),) if ended else ())
    counted = (found.filed, found.parked, found.waiting, len(found.missing))
    assert counted == tuple(int(state == name) for name in ("filed", "parked", "waiting", "missing"))
    assert found.accepted == (state != "none")


def test_what_a_provider_posts_again_counts_once_and_when_it_first_came() -> None:
    found = summed(took("a", 70), took("a", 10), took("b", 5, provider="line"), took("a", 20))
    assert (found.accepted, [one.at.minute for one in found.missing]) == (2, [10, 5])
    assert found.by == {"line": {"09": 1}, "telegram": {"09": 1}}


def test_an_end_is_looked_for_only_where_the_table_does_not_say_enough() -> None:
    those = tally.each_once([took("filed"), took("lost"), took("part", loose=True)])
    assert tally.unsettled(those, {"filed": claim("filed", 0)}) == {"lost", "part"}


def test_the_first_answers_are_counted_on_the_day_on_which_they_are_given() -> None:
    said = (claim("asked", 0), claim("answer", 7, 7), claim("quick", 11, 1), claim("late", 90, 20 * 60, Channel.EMAIL))
    assert summed(claims=said).first == timedelta(minutes=7)
    assert summed(claims=said).answers == {"telegram": {"09": {"10": 1, "2": 1}}, "email": {"14": {"1200": 1}}}
    assert summed(claims=said[:1]).first is None and summed(claims=said[:1]).answers == {}


@pytest.mark.parametrize(
    ("minutes", "step"),
    [
        (0, 2),
        (2, 2),
        (3, 3),
        (4, 5),
        (89, 90),
        (121, 180),
        (1440, 1440),
        (1441, 2160),
        (43_200, 43_200),
        (99_999, 43_200),
    ],
)
def test_a_wait_is_counted_as_long_as_it_was_or_a_little_longer(minutes: int, step: int) -> None:
    (hours,) = summed(claims=(claim("a", 0, minutes),)).answers.values()
    assert list(hours.values()) == [{str(step): 1}]


def test_what_answers_take_is_told_where_there_are_enough() -> None:
    day = {"sms": {"09": {"2": 4, "30": 5}, "10": {"5": 9}}, "email": {"09": {"1440": 1}}}
    assert tally.measured([day] * 2).minutes == {}
    assert tally.measured([day] * 3).minutes == {"sms": {"09": 30, "10": 5}}
    assert tally.measured([{"sms": {"09": {"2": 10, "10": 10}}}]).minutes == {"sms": {"09": 10}}  # rather too long
    assert tally.measured([]).minutes == {}


# ---- what is told -----------------------------------------------------------------------------------------------


def test_the_sum_in_words() -> None:
    said = [took(str(number)) for number in range(312)]
    filed = tuple(claim(str(number), 0) for number in range(312))
    answered = (*filed, claim("x", 7, 7))
    assert words.summed(summed(*said, claims=answered)) == "312 in, 312 filed, 0 parked, median first answer 7 min"
    found = summed(took("new", 110), took("lost"), claims=(claim("a", 0), claim("b", 125, 125)))
    assert words.summed(found) == "2 in, 0 filed, 0 parked, 1 under way, 1 missing, median first answer 2 h 5 min"
    assert (
        words.day("2026-03-02", summed(), "Europe/Berlin") == "🧮 2026-03-02: 0 in, 0 filed, 0 parked, no first answer"
    )


def test_what_is_missing_is_named_by_its_line_and_not_without_end() -> None:
    lost = [took(f"id{number:02d}", number) for number in range(14)]
    told = words.day("2026-03-02", summed(*lost), "Europe/Berlin").splitlines()
    assert told[0].startswith("⚠️ 2026-03-02: 14 in, 0 filed, 0 parked, 14 missing")
    assert told[2] == '2026-03-02 10:00 telegram id00: {"took": ["id00"]}'
    assert (len(told), told[-1]) == (2 + words.MOST_NAMED + 1, "… and 4 more")
    (long,) = words.missing(summed(took("a")._replace(line="x" * 3000)), "Europe/Berlin")
    assert len(long) > 3000  # whole on the command line, not at the desk
    assert len(words.day("d", summed(took("a")._replace(line="x" * 3000)), "UTC")) < 500


# ---- the log ----------------------------------------------------------------------------------------------------


def test_every_way_in_and_every_kind_of_item_adds_up(lab: Lab) -> None:
    """A message, the same again, three at once, an agent's answer, a long text in parts, what nobody can read."""
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.ring("custom", *(lab.say(text, number, "custom") for number, text in enumerate(("Hello", "there", "you"))))
    lab.settle()
    lab.now += timedelta(minutes=5)
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    for number in range(1, len(PARTS) + 1):
        part(lab, number)
    lab.post_signed("slack", b'{"type": "event_callback", "event": {"type": "message", "subtype": "message_changed"}}')
    lab.settle()
    found = reckoned(lab)
    assert (found.accepted, found.filed, found.parked, found.missing) == (7, 6, 1, ())  # parts: one whole; 1 unreadable
    assert found.by["vonage"] == {"09": 1}
    assert found.first and found.first >= timedelta(minutes=5)


def test_a_webhook_with_too_many_items_counts_by_its_items(lab: Lab) -> None:
    many = receive.MOST_ITEMS + 5
    lab.ring("custom", *(lab.say(f"line {number}", number, "custom") for number in range(many)))
    assert reckoned(lab).accepted == 1  # the whole of it, on its way
    lab.settle()
    found = reckoned(lab)
    assert (found.accepted, found.filed, found.missing) == (many, many, ())


def test_a_message_that_is_gone_is_missing_after_an_hour(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(queue, "put", lambda items, request: None)  # as if the queue had lost it
        lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.now += HOUR
    assert (reckoned(lab).waiting, reckoned(lab).missing) == (1, ())
    lab.now += timedelta(minutes=1)
    (one,) = reckoned(lab).missing
    assert (one.provider, one.at, json.loads(one.line)) == (
        "twilio_sms",
        START,
        {"took": [one.id], "provider": "twilio_sms", "status": 204},
    )


def test_nothing_is_accepted_by_a_queue_that_refuses(lab: Lab) -> None:
    lab.seam.intercept = lambda number, name, apply, request: refuse() if name.startswith("sqs") else apply()
    assert lab.ring("twilio_sms", lab.say("Where is my order?"), tries=2) == 503
    assert reckoned(lab).accepted == 0


def refuse() -> None:
    raise aws.FAULTS[1]({"Error": {"Code": "ServiceUnavailable"}}, "SendMessageBatch")


def test_receipts_and_echoes_are_no_messages(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    journal.took([])
    assert not [one for one in caplog.records if one.name == "shopbell.journal"]
    assert journal.named([Receipt(provider="telegram", progress=Progress.READ, ids=("1",))]) == {}


@pytest.mark.parametrize(
    "line", ["took", "{took", '["took"]', '{"took": 7}', '{"took": [7, null]}', '{"loose": ["a"], "x": "took"}']
)
def test_strange_lines_are_left_out(lab: Lab, line: str) -> None:
    logging.getLogger("shopbell.x").info(line)
    assert reckoned(lab).accepted == 0


def test_functions_that_never_ran_have_no_log() -> None:
    with laboratory() as lab:
        assert reckoned(lab).accepted == 0


# ---- each morning -----------------------------------------------------------------------------------------------


def days(lab: Lab) -> list[str]:
    """The days that were told, and what else stands at the owner's desk."""
    lab.settle()
    return [entry.text[2:12] for entry in lab.posts() if entry.to == "C0OWNER"]


def test_a_day_is_told_the_next_morning_by_the_shops_clock(lab: Lab) -> None:
    lab.look()
    assert days(lab) == []  # nothing of the days before it began
    lab.now = datetime(2026, 3, 3, 6, 59, tzinfo=UTC)  # 7:59 in Berlin
    lab.look()
    assert days(lab) == []
    lab.now += timedelta(minutes=1)
    lab.look()
    assert [day.strip() for day in days(lab)] == ["2026-03-02"]


def test_days_that_nobody_told_are_told_one_by_one_as_far_as_the_log_goes(lab: Lab) -> None:
    lab.look()
    lab.now += 3 * DAY
    for _ in range(5):
        lab.look()
    assert [day.strip() for day in days(lab)] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    lab.now += 200 * DAY
    lab.look()
    assert [day.strip() for day in days(lab)][3:] == ["2026-08-22"]


def test_a_day_keeps_its_counts(lab: Lab) -> None:
    lab.look()
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle()
    lab.now = START + DAY
    lab.look()
    with lab.aside():
        kept = store.table.get(store.keys.day_key("2026-03-02"))
    assert kept and kept["by"] == {"twilio_sms": {"09": 1}}
    assert [kept[name] for name in ("accepted", "filed", "parked", "missing")] == [1, 1, 0, 0]


def test_a_day_is_summed_from_midnight_to_midnight_of_the_shop(lab: Lab) -> None:
    lab.look()
    for number, at in enumerate(("2026-03-02T22:59:59", "2026-03-02T23:00:00", "2026-03-03T22:59:59"), 1):
        lab.now = datetime.fromisoformat(f"{at}+00:00")
        lab.ring("twilio_sms", lab.say("Hello", number))
    lab.now = START + 2 * DAY
    lab.settle()
    for _ in range(3):
        lab.look()
    lab.settle()
    assert [entry.text.split(": ")[1][:4] for entry in lab.posts() if entry.to == "C0OWNER"] == ["1 in", "2 in"]


# ---- on demand --------------------------------------------------------------------------------------------------


def test_the_command_sums_and_names_what_is_missing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(here, "find", lambda state: None)
    monkeypatch.setattr(here, "enter", lambda found: None)
    lab.now = datetime.now(UTC) - 2 * HOUR
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle()
    assert local.STACK == STACK
    done = CliRunner().invoke(cli.cli, ["reconcile", "--here"])
    assert (done.exit_code, done.output) == (0, "1 in, 1 filed, 0 parked, no first answer\n")
    lab.now, lab.function = datetime.now(UTC) - 2 * HOUR, "webhook"
    logging.getLogger("shopbell.journal").info(json.dumps({"took": ["lost"], "provider": "line"}))
    assert ended(monkeypatch, "reconcile", "--here", "--since", "3h") == 1
    said = capsys.readouterr()
    assert said.out.startswith("2 in, 1 filed, 0 parked, 1 missing") and ' line lost: {"took": ["lost"]' in said.out
    assert len(said.err.splitlines()) == 1
    assert ended(monkeypatch, "reconcile", "--here", "--since", "1h") is None
    assert ended(monkeypatch, "reconcile", "--here", "--since", "soon") == 2
