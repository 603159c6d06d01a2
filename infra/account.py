"""The AWS account that is deployed to: whose it is, and how much it allows."""

from typing import NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ProfileNotFound

from infra.release import Target

FEW = 50  # functions at once; fewer are soon all busy when several providers call together
ASK = 1000  # AWS's own default, for all but new accounts
POLICY_HINT = "what it needs is printed by shopbell policy deploy"


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


def _at_once(target: Target) -> int:
    try:
        found: int = target.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    except (BotoCoreError, ClientError):
        return 0
    return found
