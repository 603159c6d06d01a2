"""What `make bench` counts holds on every run of the tests; and the judge of `make soak` sees each kind of wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws
from infra.world import Entry
from tests.bench import Bar, calls, exactly, recognised, scenes, table, units
from tests.bench import __main__ as bench
from tests.bench.cloud import lived
from tests.bench.meter import Cost, Meter, indexes, size
from tests.bench.scenes import Scene
from tests.lab import TABLE, laboratory
from tests.soak.traffic import Customer
from tests.soak.verdict import Verdict, claimed, judge

LONG = 300  # messages; `make bench` has 10,000
WIDE = "x" * 1000
KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}  # six bytes


@pytest.fixture(scope="module")
def played() -> dict[str, Scene]:
    return scenes.played(LONG)


def test_no_webhook_and_no_message_makes_more_calls_than_it_may(played: dict[str, Scene]) -> None:
    assert [bar for bar in calls.bars(played) if not bar.holds] == []


def test_no_message_costs_more_units_than_it_may(played: dict[str, Scene]) -> None:
    assert [bar for bar in units.bars(played) if not bar.holds] == []


def test_a_message_costs_the_same_early_and_late(played: dict[str, Scene]) -> None:
    assert played["early"] == played["late"]


def test_a_bar_that_is_missed_says_so() -> None:
    bars = [Bar("low", 3, 4), Bar("high", 5, 4), Bar("nothing measured", 0, 4), exactly("too few", 0, 1)]
    assert [bar.holds for bar in bars] == [True, False, False, False]
    assert [line.split()[-1] for line in table(bars)][1:] == ["ok", "MISSED", "MISSED", "MISSED"]


@pytest.mark.parametrize(
    ("value", "bytes"),
    [
        ({"S": "näh"}, 4),
        ({"N": "0"}, 1),
        ({"N": "-1200"}, 3),
        ({"N": "1772442999.5"}, 7),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 1 + 2 + 1 + 1),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_an_attribute_has_the_size_that_dynamodb_gives_it(value: dict[str, object], bytes: int) -> None:
    assert size({"name": value}) == len("name") + bytes


def test_the_indexes_are_those_of_the_template() -> None:
    assert indexes() == [["due_on", "due_at"], ["open_at", "open_since"]]


def test_writes_cost_by_the_larger_item_twice_in_a_transaction_and_once_for_each_index_entry() -> None:
    wide = {**KEY, "text": {"S": WIDE * 2}}
    due = {**KEY, "due_on": {"S": "timer"}, "due_at": {"S": "1"}}
    later = {**due, "due_at": {"S": "2"}}
    assert cost("put_item", Item=KEY) == (1, 0)
    assert cost("put_item", Item=wide) == (2, 0)
    assert cost("put_item", before=wide, Item=KEY) == (2, 0)
    assert cost("put_item", Item=due) == (1 + 1, 0)
    assert cost("put_item", before=due, Item=due) == (1, 0)
    assert cost("put_item", before=due, Item=later) == (1 + 2, 0)
    put = {"Put": {"TableName": TABLE, "Item": due}}
    assert cost("transact_write_items", TransactItems=[put]) == (2 + 1, 0)


def test_reads_cost_by_each_item_and_for_what_is_not_there() -> None:
    wide = {**KEY, "text": {"S": WIDE * 5}}
    absent = {"pk": {"S": "q"}, "sk": {"S": "s"}}
    assert cost("get_item", Key=KEY) == (0, 1)
    assert cost("get_item", before=wide, Key=KEY) == (0, 2)
    asked = {TABLE: {"Keys": [KEY, absent], "ConsistentRead": True}}
    assert cost("batch_get_item", before=wide, RequestItems=asked) == (0, 3)


def cost(operation: str, before: object = None, **request: object) -> tuple[int, int]:
    """Write and read units of one call on a table that holds nothing, or `before`."""
    with laboratory() as lab:
        client = aws.client("dynamodb")
        if before:
            client.put_item(TableName=TABLE, Item=before)
        meter = Meter(lab)
        lab.seam.intercept = meter.intercept
        named = {} if operation.startswith(("transact", "batch")) else {"TableName": TABLE}
        getattr(client, operation)(**named, **request)
        (found,) = meter.costs
    assert isinstance(found, Cost)
    return found.writes, found.reads


# ---- the judge of the soak ----------------------------------------------------------------------------------------

FIRST, SECOND, ANSWER = "[c01-0000]", "[c01-0001]", "[a01-0000]"
CARD = Entry(part="slack", what="card", to="C1", id="1", text=f"somebody {FIRST}")
REPLY = Entry(part="slack", what="message", to="C1", thread="1", id="2", text=SECOND)
OUT = Entry(part="telegram", what="message", to="7", id="3", text=ANSWER)
THANKS = Entry(part="telegram", what="message", to="7", id="4", text="Thank you for writing to us")
AGAIN = Entry(part="slack", what="message", to="C1", thread="1", id="5", text=f"(possibly repeated) {SECOND}")
TWICE = Entry(part="slack", what="message", to="C1", thread="1", id="6", text="it may have arrived twice")
UNSENT = Entry(part="slack", what="message", to="C1", thread="1", id="7", text="❌ Not sent: nobody there")


def verdict(*ledger: Entry, wrongs: tuple[str, ...] = ()) -> Verdict:
    customer = Customer(1, "telegram", wrote=[FIRST, SECOND], answered=[ANSWER], wrongs=list(wrongs))
    return judge([customer], ledger)


@pytest.mark.parametrize(
    "ledger",
    [
        (CARD, REPLY, OUT, THANKS),
        (CARD, THANKS, REPLY, AGAIN, OUT),
        (CARD, REPLY, OUT, OUT, TWICE),
        (CARD, REPLY, UNSENT),
    ],
)
def test_the_judge_finds_nothing_where_all_is_well_or_marked(ledger: tuple[Entry, ...]) -> None:
    assert verdict(*ledger).wrongs == []


@pytest.mark.parametrize(
    ("ledger", "lost", "unmarked", "others"),
    [
        ((CARD, OUT), 1, 0, 0),
        ((CARD, REPLY), 1, 0, 0),
        ((CARD, REPLY, REPLY, OUT), 0, 1, 0),
        ((CARD, CARD, REPLY, OUT), 0, 1, 0),
        ((CARD, REPLY, OUT, OUT), 0, 1, 0),
        ((CARD, REPLY, OUT, OUT, OUT, TWICE), 0, 1, 0),
        ((REPLY, CARD, OUT), 0, 0, 1),
        ((CARD, REPLY, OUT, THANKS, THANKS), 0, 0, 1),
    ],
)
def test_the_judge_sees_what_is_wrong(ledger: tuple[Entry, ...], lost: int, unmarked: int, others: int) -> None:
    found = verdict(*ledger)
    assert (len(found.lost), len(found.unmarked), len(found.others)) == (lost, unmarked, others)


def test_a_signed_webhook_that_is_refused_is_wrong() -> None:
    assert verdict(CARD, REPLY, OUT, wrongs=("a signed webhook was answered 401",)).wrongs


def test_each_accepted_id_has_one_claim_and_one_message_and_nothing_forged_has_any() -> None:
    customer = Customer(1, "telegram", wrote=[FIRST, SECOND], claims=["a", "b"], forged=["f"])
    rows = [row(f"CLAIM#{id}", "-", key=id) for id in "ab"] + [row("C", f"MESSAGE#{id}", claim=id) for id in "ab"]
    assert list(claimed([customer], rows)) == []
    assert len(list(claimed([customer], rows[1:]))) == 1
    assert len(list(claimed([customer], rows[:3]))) == 1
    assert len(list(claimed([customer], [*rows, row("C", "MESSAGE#c", claim="a")]))) == 1
    assert len(list(claimed([customer], [*rows, row("CLAIM#f", "-", key="f")]))) == 1


def row(pk: str, sk: str, **rest: str) -> dict[str, Any]:
    return aws.encode({"pk": pk, "sk": sk, **rest})


# ---- the rest of the figures -------------------------------------------------------------------------------------


def test_each_verdict_names_what_is_missed_and_why() -> None:
    goal = Bar("start", limit=1.1, goal=0.85, why="more to load")
    assert [goal._replace(measured=figure).verdict for figure in (0.8, 1.0, 1.2)] == [
        "ok",
        "goal missed: more to load",
        "MISSED: more to load",
    ]
    assert [bar.verdict for bar in (Bar("slower", 2.4, least=2.5), Bar("shrunk", -1, limit=2, least=-64))] == [
        "MISSED",
        "ok",
    ]
    assert Bar("never measured", limit=2).verdict == "MISSED"
    assert Bar("for reading", 7).verdict == ""


def test_the_readme_gets_the_figures_between_its_marks() -> None:
    readme = f"before\n{bench.BEGIN}old\n{bench.END}\nafter"
    said = bench.shown(readme, [Bar("start", 1.2, limit=1.1, why="more to load")], ["Left out: all."])
    assert said.startswith(f"before\n{bench.BEGIN}Measured by") and said.endswith(f"{bench.END}\nafter")
    assert "Left out: all." in said and "| start | ≤ 1.1 | 1.2 | MISSED: more to load |" in said and "old" not in said


def test_the_readme_shows_every_figure(played: dict[str, Scene]) -> None:
    _, _, rows = bench.README.read_text("utf-8").partition(bench.BEGIN)
    shown = [row.split(" | ")[0] for row in rows.partition(bench.END)[0].splitlines() if row.startswith("| ")][1:]
    known = (*calls.bars(played), *units.bars(played), *recognised.bars(), *bench.ROWS)
    assert shown == [f"| {bar.name}" for bar in known], "make bench ARGS=--readme"


def test_the_runtime_hands_out_each_event_once_and_keeps_the_answers(tmp_path: Path) -> None:
    life = lived(function(tmp_path, "{'statusCode': 204, 'was': event['number']}"), {}, events(3), watched=(0, 3))
    assert [answer["was"] for answer in life.answers] == [0, 1, 2]
    assert life.seen[3].resident > 1_000_000 and life.cpu > 0


def test_a_function_that_refuses_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not work"):
        lived(function(tmp_path, "{'statusCode': 401}"), {}, events(1))


def test_a_function_that_ends_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not work"):
        lived([sys.executable, "-c", "raise SystemExit('no')"], {}, events(1))


def events(count: int) -> Iterator[dict[str, int]]:
    return ({"number": number} for number in range(count))


def function(folder: Path, answer: str) -> list[str]:
    """A runtime client in a few lines, with a function that gives this answer."""
    file = folder / "client.py"
    file.write_text(CLIENT.replace("ANSWER", answer))
    return [sys.executable, str(file)]


CLIENT = """
import json, os, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as asked:
        event, number = json.load(asked), asked.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(api + number + "/response", json.dumps(ANSWER).encode()).close()
"""
