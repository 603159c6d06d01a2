"""What Shopbell used of AWS in the last 30 days, by the metrics that AWS keeps of each service for nothing.

Calls to the bucket and to the keys have no such metric: they are left out, and are the least of it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import aws
from infra import local, stack

DAYS = 30
MEMORY = 0.5  # GB of each function; see .chalice/config.json
GB = 1e9
QUEUES = ("QueueUrl", "DeadLettersUrl", "MailQueueUrl")
INDEXES = ("due", "open")
REQUESTS = ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfEmptyReceives", "NumberOfMessagesDeleted")


def use(said: Mapping[str, str]) -> dict[str, float]:
    """Units of prices.toml and how much of each was used, by a stack's outputs. Raises NoStack."""
    functions = [said[output] for output in local.FUNCTIONS if output in said]
    try:
        return {
            "api_calls": _sum("AWS/Lambda", "Invocations", FunctionName=said["APIHandlerName"]),
            "invocations": sum(_sum("AWS/Lambda", "Invocations", FunctionName=name) for name in functions),
            "gb_seconds": sum(_sum("AWS/Lambda", "Duration", FunctionName=name) for name in functions) / 1000 * MEMORY,
            "queue_requests": sum(_requests(queue) for queue in _queues(said)),
            "writes": _capacity("ConsumedWriteCapacityUnits", said["TableName"]),
            "reads": _capacity("ConsumedReadCapacityUnits", said["TableName"]),
            **_table(said["TableName"]),
            "file_gb": _kept(said["BucketName"]),
            "log_gb": sum(map(_logged, functions)) / GB,
        }
    except aws.FAULTS as error:
        raise stack.NoStack(stack.why(error)) from None


def _queues(said: Mapping[str, str]) -> Iterator[str]:
    """The names in the addresses of queues."""
    return (address.rpartition("/")[2] for output, address in said.items() if output in QUEUES)


def _logged(function: str) -> float:
    return _sum("AWS/Logs", "IncomingBytes", LogGroupName=f"/aws/lambda/{function}")


def _requests(queue: str) -> float:
    return sum(_sum("AWS/SQS", metric, QueueName=queue) for metric in REQUESTS)


def _capacity(metric: str, table: str) -> float:
    indexes = sum(_sum("AWS/DynamoDB", metric, TableName=table, GlobalSecondaryIndexName=one) for one in INDEXES)
    return _sum("AWS/DynamoDB", metric, TableName=table) + indexes


def _table(name: str) -> dict[str, float]:
    held = aws.client("dynamodb").describe_table(TableName=name)["Table"].get("TableSizeBytes", 0) / GB
    return {"table_gb": held, "backup_gb": held}


def _kept(bucket: str) -> float:
    """GB in the bucket, as of the last day on which AWS looked."""
    found = _asked("AWS/S3", "BucketSizeBytes", "Average", BucketName=bucket, StorageType="StandardStorage")
    return max(found, key=lambda point: point["Timestamp"])["Average"] / GB if found else 0.0


def _sum(namespace: str, metric: str, **dimensions: str) -> float:
    return float(sum(point["Sum"] for point in _asked(namespace, metric, "Sum", **dimensions)))


def _asked(namespace: str, metric: str, statistic: str, **dimensions: str) -> list[dict[str, Any]]:
    """A point for each day of the last 30."""
    now = datetime.now(UTC)
    answer = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(days=DAYS),
        EndTime=now,
        Period=86_400,
        Statistics=[statistic],
    )
    points: list[dict[str, Any]] = answer["Datapoints"]
    return points
