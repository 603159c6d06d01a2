"""What a month costs: the arithmetic, what is used held to what the laboratory counts, and the goals."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest
from click.testing import CliRunner

from chalicelib import aws
from infra import cli, cost, measured, stack
from tests.bench import scenes, units
from tests.bench.scenes import Scene
from tests.lab import BUCKET, TABLE, laboratory

ALL = 10_000  # messages a month, customers' and agents' together
USED: list[tuple[str, Callable[[], Scene]]] = [
    ("opening", lambda: scenes.opening(acknowledged=True)),
    ("message", lambda: scenes.in_open_conversation(1)),
    ("reply", scenes.reply),
    ("receipt", scenes.receipt),
]


def dollars(traffic: cost.Traffic) -> tuple[float, float]:
    return cost.total(cost.lines(cost.use(traffic)))


@pytest.mark.parametrize(("event", "scene"), USED)
def test_what_a_message_uses_is_what_is_counted(event: str, scene: Callable[[], Scene]) -> None:
    counted, said = scene(), cost._read(cost.USAGE)[event]
    assert (said["writes"], said["reads"]) == (units.writes(counted), units.reads(counted))
    sent = sum(one.call.startswith("sqs.SendMessage") for one in counted)
    assert said["queue_requests"] == 3 * (1 + sent)  # the webhook's, and what the worker hands on


def test_everything_that_is_used_has_a_price() -> None:
    used = {unit for event in cost._read(cost.USAGE).values() for unit in event}
    assert used <= cost.units().keys()
    assert set(cost.Traffic(1, 1, 1, 1, True).events) == set(cost._read(cost.USAGE))


def test_a_line_costs_what_is_beyond_the_given_away() -> None:
    (line,) = cost.lines({"invocations": 1_500_000})
    assert line.whole == pytest.approx(0.30) and line.dollars == pytest.approx(0.10)
    (line,) = cost.lines({"invocations": 999_999})
    assert line.dollars == 0
    assert cost.lines({"invocations": 0}) == []


def test_what_is_kept_grows_with_the_months() -> None:
    used = cost.use(cost.Traffic(0, 0, 0, files=100))
    once = cost._read(cost.USAGE)["file"]["file_gb"]
    assert used["file_gb"] == pytest.approx(cost._read(cost.USAGE)["month"]["file_gb"] + 100 * once * cost.MONTHS_KEPT)
    assert used["backup_gb"] == used["table_gb"]


def test_the_goals_are_met_with_what_aws_gives_away() -> None:
    share = 1 + cost.TYPICAL["replies"]
    assert dollars(cost.typical(0))[1] <= 0.05
    assert dollars(cost.typical(ALL / share))[1] <= 0.50


def test_mail_through_ses_has_pollers_of_its_own() -> None:
    assert (
        cost.use(cost.typical(0, mail=True))["queue_requests"] - cost.use(cost.typical(0))["queue_requests"] > 600_000
    )


def test_the_command_shows_every_line_and_the_date() -> None:
    said = CliRunner().invoke(cli.cli, ["cost", "--messages", "1000", "--conversations", "200"]).output
    assert "1,000 messages of customers in 200 conversations, 800 answers" in said
    assert all(price["words"].partition(":")[0] in said for price in cost.units().values())
    assert cost._read(cost.PRICES)["date"] in said and "A month in which nothing happens: $0.0" in said


def test_more_conversations_than_messages_are_refused() -> None:
    with pytest.raises(click.UsageError, match="more conversations"):
        cost.cost(["--messages", "5", "--conversations", "6"], standalone_mode=False)


# ---- measured ---------------------------------------------------------------------------------------------------

SAID = {
    "APIHandlerName": "s-webhook", "WorkerName": "s-worker", "TableName": TABLE, "BucketName": BUCKET,
    "QueueUrl": "https://sqs/1/s.fifo",
}  # fmt: skip


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with laboratory():
        put("AWS/Lambda", "Invocations", 100, FunctionName="s-webhook")
        put("AWS/Lambda", "Invocations", 50, FunctionName="s-worker")
        put("AWS/Lambda", "Invocations", 999, FunctionName="somebody-else")
        put("AWS/Lambda", "Duration", 4000, FunctionName="s-worker")
        put("AWS/SQS", "NumberOfMessagesSent", 7, QueueName="s.fifo")
        put("AWS/SQS", "NumberOfEmptyReceives", 5, QueueName="s.fifo")
        put("AWS/DynamoDB", "ConsumedWriteCapacityUnits", 30, TableName=TABLE)
        put("AWS/Logs", "IncomingBytes", 2e9, LogGroupName="/aws/lambda/s-worker")
        yield


def put(namespace: str, name: str, value: float, **dimensions: str) -> None:
    told = {"MetricName": name, "Value": value, "Timestamp": datetime.now(UTC) - timedelta(days=2)}
    where = [{"Name": key, "Value": one} for key, one in dimensions.items()]
    aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[{**told, "Dimensions": where}])


@pytest.mark.usefixtures("metrics")
def test_what_was_used_is_read_from_the_metrics() -> None:
    found = measured.use(SAID)
    assert found.keys() <= cost.units().keys()
    kept = ("table_gb", "backup_gb", "file_gb")
    assert {unit: used for unit, used in found.items() if unit not in kept} == {
        "api_calls": 100,
        "invocations": 150,
        "gb_seconds": 2,
        "queue_requests": 12,
        "writes": 30,
        "reads": 0,
        "log_gb": 2,
    }


def test_what_is_kept_is_what_was_there_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a stand-in: moto looks into its own bucket, and takes an index's units for the table's as well."""
    now = datetime.now(UTC)
    points = [{"Timestamp": now, "Average": 5e9}, {"Timestamp": now - timedelta(days=1), "Average": 9e9}]
    monkeypatch.setattr(measured, "_asked", lambda *_, **__: points)
    assert measured._kept("b") == 5
    monkeypatch.setattr(measured, "_asked", lambda *_, **__: [])
    assert measured._kept("b") == 0
    units = {"due": 1, "open": 20, "": 300}
    monkeypatch.setattr(measured, "_sum", lambda *_, **about: units[about.get("GlobalSecondaryIndexName", "")])
    assert measured._capacity("ConsumedReadCapacityUnits", "t") == 321


@pytest.mark.usefixtures("metrics")
def test_the_command_reckons_with_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "inhabit", lambda *_: None)
    monkeypatch.setattr(stack, "outputs", lambda _: SAID)
    said = CliRunner().invoke(cli.cli, ["cost", "--measured"], catch_exceptions=False).output
    assert "the last 30 days of shopbell-prod" in said and "150" in said
