"""What an AWS user has to be allowed: no more than below the shop's own name, and all that the commands call."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient
from click.testing import CliRunner

from chalicelib import route
from infra import cli, policy, stack
from tests.lab import BUCKET, TABLE, Lab, laboratory, log
from tests.lab.flows import agent_replies, opened

ELSEWHERE = (
    "arn:aws:apigateway:eu-central-1::/",  # an API has no name of ours in its ARN
    "arn:aws:cloudformation:eu-central-1:aws:transform/Serverless",
    "arn:aws:logs:eu-central-1:123456789012:log-group::log-stream:",  # what DescribeLogGroups is asked of
)
EVERYWHERE = {
    "deploy": {
        "lambda:CreateEventSourceMapping",  # each held to our functions by a condition
        "lambda:DeleteEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
        "lambda:GetEventSourceMapping",
        "lambda:ListEventSourceMappings",
        "lambda:GetAccountSettings",
    },
    "operate": {"cloudwatch:GetMetricStatistics"},
}
NAMED_OTHERWISE = {  # calls that IAM knows by other names
    "BatchWriteItem": ("BatchWriteItem", "DeleteItem"),
    "DeleteObjects": ("DeleteObject",),
    "HeadObject": ("GetObject",),
    "ListObjectsV2": ("ListBucket",),
    "SendMessageBatch": ("SendMessage",),
    "TransactWriteItems": ("DeleteItem", "PutItem", "UpdateItem"),
}
SAID = {"APIHandlerName": "s-webhook", "WorkerName": "s-worker", "TableName": TABLE, "BucketName": BUCKET}


def granted(said: Mapping[str, Any]) -> dict[str, list[str]]:
    return {f"{one['Sid']} {action}": one["Resource"] for one in said["Statement"] for action in one["Action"]}


@pytest.mark.parametrize("task", policy.TASKS)
def test_there_is_no_star_but_where_aws_takes_nothing_else(task: str) -> None:
    said = policy.document(task, "123456789012", "eu-central-1")
    wide = {name.split()[1] for name, places in granted(said).items() if "*" in places}
    assert wide == EVERYWHERE[task]
    for name, places in granted(said).items():
        assert "*" not in name
        for place in places:
            assert place == "*" or "shopbell" in place or place.startswith(ELSEWHERE), place
    assert len(json.dumps(said, separators=(",", ":"))) < 6_144  # IAM's limit for one that a person makes
    assert len(json.dumps(policy.document(task), separators=(",", ":"))) < 6_144


def test_roles_go_to_lambda_only() -> None:
    (passing,) = [one for one in policy.document("deploy")["Statement"] if one["Action"] == ["iam:PassRole"]]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_it_is_printed_as_json() -> None:
    said = CliRunner().invoke(cli.cli, ["policy", "operate", "--region", "eu-central-1"]).output
    assert json.loads(said) == policy.document("operate", region="eu-central-1")


# ---- what is called ----------------------------------------------------------------------------------------------


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A conversation, and one message that was put aside."""
    monkeypatch.setattr(stack, "place", lambda *_: "shopbell-prod in eu-central-1")
    monkeypatch.setattr(stack, "inhabit", lambda *_: None)
    monkeypatch.setattr(stack, "outputs", lambda _: SAID)
    with laboratory() as lab:
        log.keep(lab)
        opened(lab)
        agent_replies(lab)
        with mock.patch.object(route, "customer", side_effect=ValueError):
            lab.ring("custom", lab.say("Hello", 9, "custom"))
            lab.settle()
        lab.tick()
        lab.settle()
        yield lab


@pytest.fixture
def called(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Actions of IAM behind each call to AWS."""
    found: set[str] = set()
    call = getattr(BaseClient, "_make_api_call")  # noqa: B009 - not in the types

    def spied(client: Any, operation: str, parameters: Any) -> Any:
        service = client.meta.service_model.signing_name.replace("monitoring", "cloudwatch")
        found.update(f"{service}:{name}" for name in NAMED_OTHERWISE.get(operation, (operation,)))
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", spied)
    return found


@pytest.mark.parametrize(
    "words",
    [
        "parked list",
        "parked redrive --all --yes",
        "parked drop --all --yes",
        "reconcile",
        "replay --since 2026-03-01T00:00:00Z --until 2026-03-03T00:00:00Z --yes",
        "export --phone +4915123456789",
        "forget --phone +4915123456789 --yes",
        "cost --measured",
    ],
)
def test_who_operates_may_do_all_that_the_commands_do(words: str, lab: Lab, called: set[str]) -> None:
    with lab.aside():
        ended = CliRunner().invoke(cli.cli, words.split(), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    allowed = {name.split()[1] for name in granted(policy.document("operate"))}
    assert called and called <= allowed
