"""`shopbell policy`: what an AWS user has to be allowed to deploy the shop, or to look after it, as an IAM policy."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from infra.stack import NAME

Statements = list[tuple[str, str, str, dict[str, Any]]]  # Sid, service, its actions, and on what


@click.command()
@click.argument("task", type=click.Choice(["deploy", "operate"]))
@click.option("--region", default="*", help="Only there; default: anywhere.")
def policy(task: str, region: str) -> None:
    """Print what your AWS user has to be allowed, as an IAM policy.

    deploy is for deploy, its rollback and destroy; operate for everything else that reaches what runs on AWS.
    """
    click.echo(json.dumps(document(task, region=region), indent=2))


def document(task: str, account: str = "*", region: str = "*") -> dict[str, Any]:
    """A policy on everything below the shop's own name, and on nothing else. With `*` it is good everywhere."""
    statements = TASKS[task](_Arn(account, region))
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": sid, "Effect": "Allow", "Action": sorted(f"{service}:{one}" for one in actions.split()), **rest}
            for sid, service, actions, rest in statements
        ],
    }


class _Arn(NamedTuple):
    account: str
    region: str

    def __call__(self, service: str, *places: str) -> dict[str, list[str]]:
        return {"Resource": [f"arn:aws:{service}:{self.region}:{self.account}:{place}" for place in places]}

    def of_gateway(self) -> dict[str, list[str]]:
        places = ("/restapis", "/restapis/*", f"/tags/arn%3Aaws%3Aapigateway%3A{self.region}%3A%3A%2Frestapis%2F*")
        return {"Resource": [f"arn:aws:apigateway:{self.region}::{place}" for place in places]}

    def of_roles(self) -> dict[str, list[str]]:
        return {"Resource": [f"arn:aws:iam::{self.account}:role/{NAME}*"]}

    def of_functions(self) -> dict[str, list[str]]:
        return self("lambda", f"function:{NAME}*")


def _deploying(arn: _Arn) -> Statements:
    code, data = f"arn:aws:s3:::{NAME}*-code-*", f"arn:aws:s3:::{NAME}*-bucket-*"
    for_lambda = {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
    functions = arn.of_functions()
    return [
        (
            "Stack",
            "cloudformation",
            "CreateChangeSet DeleteChangeSet DeleteStack DescribeChangeSet DescribeStackEvents DescribeStacks"
            " ExecuteChangeSet",
            arn("cloudformation", f"stack/{NAME}*/*"),
        ),
        (
            "Transform",
            "cloudformation",
            "CreateChangeSet",
            {"Resource": [f"arn:aws:cloudformation:{arn.region}:aws:transform/Serverless-2016-10-31"]},
        ),
        (
            "Buckets",
            "s3",
            "CreateBucket DeleteBucket DeleteBucketPolicy DeleteObject GetAccelerateConfiguration"
            " GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketNotification"
            " GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock"
            " GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration"
            " GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration"
            " GetMetricsConfiguration GetObject GetReplicationConfiguration ListBucket PutBucketOwnershipControls"
            " PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutEncryptionConfiguration"
            " PutLifecycleConfiguration PutObject",
            {"Resource": [code, f"{code}/*", data, f"{data}/*"]},
        ),
        (
            "Functions",
            "lambda",
            "AddPermission CreateFunction DeleteFunction GetFunction GetFunctionConfiguration InvokeFunction"
            " ListTags RemovePermission TagResource UntagResource UpdateFunctionCode UpdateFunctionConfiguration",
            functions,
        ),
        (
            "WaysFromQueues",
            "lambda",
            "CreateEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping",
            {"Resource": ["*"], "Condition": {"ArnLike": {"lambda:FunctionArn": functions["Resource"]}}},
        ),
        (
            "WhatAwsGivesForEverythingOnly",
            "lambda",
            "GetAccountSettings GetEventSourceMapping ListEventSourceMappings",
            {"Resource": ["*"]},
        ),
        (
            "Roles",
            "iam",
            "CreateRole DeleteRole DeleteRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"
            " PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole",
            arn.of_roles(),
        ),
        ("RolesToFunctions", "iam", "PassRole", {**arn.of_roles(), **for_lambda}),
        ("Api", "apigateway", "DELETE GET PATCH POST PUT", arn.of_gateway()),
        (
            "Table",
            "dynamodb",
            "BatchGetItem CreateTable DeleteItem DeleteTable DescribeContinuousBackups DescribeContributorInsights"
            " DescribeKinesisStreamingDestination DescribeTable DescribeTimeToLive GetItem GetResourcePolicy"
            " ListTagsOfResource PutItem TagResource UntagResource UpdateContinuousBackups UpdateTable"
            " UpdateTimeToLive",
            arn("dynamodb", f"table/{NAME}*"),
        ),
        (
            "Queues",
            "sqs",
            "CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue",
            arn("sqs", f"{NAME}*"),
        ),
        (
            "Topics",
            "sns",
            "CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes ListSubscriptionsByTopic"
            " ListTagsForResource SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource Unsubscribe",
            arn("sns", f"{NAME}*"),
        ),
        (
            "Clock",
            "events",
            "DeleteRule DescribeRule ListTargetsByRule PutRule PutTargets RemoveTargets TagResource",
            arn("events", f"rule/{NAME}*"),
        ),
        (
            "Logs",
            "logs",
            "CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogGroups ListTagsForResource"
            " PutRetentionPolicy TagResource",
            arn("logs", f"log-group:/aws/lambda/{NAME}*", "log-group::log-stream:"),
        ),
        (
            "Alarms",
            "cloudwatch",
            "DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm TagResource",
            arn("cloudwatch", f"alarm:{NAME}*"),
        ),
        (
            "Secrets",
            "ssm",
            "DeleteParameter GetParameter GetParametersByPath PutParameter",
            arn("ssm", f"parameter/{NAME}/*"),
        ),
    ]


def _operating(arn: _Arn) -> Statements:
    data = f"arn:aws:s3:::{NAME}*-bucket-*"
    return [
        ("Stack", "cloudformation", "DescribeStacks", arn("cloudformation", f"stack/{NAME}*/*")),
        (
            "Table",
            "dynamodb",
            "BatchGetItem BatchWriteItem DeleteItem DescribeTable GetItem PutItem Query Scan UpdateItem",
            arn("dynamodb", f"table/{NAME}*"),
        ),
        ("Queues", "sqs", "DeleteMessage GetQueueAttributes ReceiveMessage SendMessage", arn("sqs", f"{NAME}*")),
        ("Bucket", "s3", "DeleteObject GetObject ListBucket PutObject", {"Resource": [data, f"{data}/*"]}),
        ("Logs", "logs", "FilterLogEvents", arn("logs", f"log-group:/aws/lambda/{NAME}*")),
        ("FiguresWhichAwsGivesForEverythingOnly", "cloudwatch", "GetMetricStatistics", {"Resource": ["*"]}),
        ("Functions", "lambda", "GetFunctionConfiguration UpdateFunctionConfiguration", arn.of_functions()),
        ("Secrets", "ssm", "GetParameter GetParametersByPath PutParameter", arn("ssm", f"parameter/{NAME}/*")),
    ]


TASKS: dict[str, Callable[[_Arn], Statements]] = {"deploy": _deploying, "operate": _operating}
