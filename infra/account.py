"""The AWS account that is deployed to: whose it is, what it allows, and what its deployer has to be allowed."""

from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ProfileNotFound

from infra.release import Target
from infra.stack import NAME

FEW = 50  # functions at once; fewer are soon all busy when several providers call together
ASK = 1000  # AWS's own default, for all but new accounts
POLICY_HINT = "what it needs is printed by shopbell deploy --policy"


class AccountFailed(Exception):
    """AWS cannot be called; the text says what to do."""


class Account(NamedTuple):
    """`at_once` is how many functions may run at a time; 0 where that may not be asked."""

    id: str
    region: str
    at_once: int


def session(region: str) -> boto3.Session:
    """The caller's own session. Raises AccountFailed where nobody knows who calls, or which region."""
    try:
        found = boto3.Session(region_name=region or None)
    except ProfileNotFound as error:
        raise AccountFailed(f"{error}: see aws configure list-profiles") from None
    if not found.region_name:
        raise AccountFailed("Say in which region of AWS your shop runs, for example: --region eu-central-1")
    return found


def look(target: Target) -> Account:
    """Whose credentials these are. Raises AccountFailed where they are none."""
    try:
        who = target.client("sts").get_caller_identity()
    except (NoCredentialsError, NoRegionError) as error:
        raise AccountFailed(f"{str(error).rstrip('.')}: set AWS_PROFILE, or run aws configure; {POLICY_HINT}") from None
    except ClientError as error:
        raise AccountFailed(f"AWS does not take these credentials ({error.response['Error']['Code']})") from None
    except BotoCoreError as error:
        raise AccountFailed(f"AWS cannot be asked: {error}") from None
    return Account(who["Account"], target.session.region_name, _at_once(target))


def advice(account: Account) -> str:
    """What to ask AWS for where few functions may run at once; empty where enough may."""
    if not 0 < account.at_once < FEW:
        return ""
    return (
        f"Your account lets {account.at_once} functions run at once, as AWS's new accounts do. It is enough to begin"
        f" with; for a busy shop ask for {ASK}, at no cost: in AWS's console, Service Quotas, AWS Lambda, Concurrent"
        f" executions, Request increase at account level ({account.region})."
    )


def policy(account: str = "*", region: str = "*") -> dict[str, Any]:
    """What a deployer must be allowed, as an IAM policy: everything below the shop's own name, and nothing else.

    With `*` it is good for any account and region.
    """
    arn = _Arn(account, region)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": sid, "Effect": "Allow", "Action": sorted(f"{service}:{one}" for one in actions.split()), **rest}
            for sid, service, actions, rest in _statements(arn)
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


def _statements(arn: _Arn) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Sid, service, its actions, and on what."""
    code, data = f"arn:aws:s3:::{NAME}*-code-*", f"arn:aws:s3:::{NAME}*-bucket-*"
    for_lambda = {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
    functions = arn("lambda", f"function:{NAME}*")
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
            " ListTagsOfResource PutItem TagResource UntagResource UpdateContinuousBackups UpdateTable",
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


def _at_once(target: Target) -> int:
    try:
        found: int = target.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    except (BotoCoreError, ClientError):
        return 0
    return found
