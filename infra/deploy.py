"""One stack from one package: upload, change set, execute, wait. The same for AWS and for the local AWS."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.package import Package

LONGEST = 1800.0  # seconds until a deployment is given up
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]  # roles, and the SAM transform
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
UNCHANGED = ("didn't contain changes", "No updates are to be performed")  # CloudFormation has no code for it


class DeployFailed(Exception):
    """The deployment failed; the text says why, in AWS's words."""


def deploy(
    package: Package,
    parameters: Mapping[str, str],
    *,
    stack: str,
    session: boto3.Session,
    endpoint: str | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, str]:
    """Make `stack` hold this package with these parameters; returns its outputs. Raises DeployFailed.

    `endpoint` is where a local AWS listens. The code goes into a bucket beside the stack, named by its content.
    """
    pause = 0.1 if endpoint else 3.0
    cloud: Any = session.client("cloudformation", endpoint_url=endpoint)
    try:
        say("uploading the code")
        bucket, key = upload(package.code, stack, session, endpoint)
        whole = {**parameters, "CodeBucket": bucket, "CodeKey": key}
        say("asking what changes")
        if changed(cloud, stack, package.template, whole, pause):
            say("changing the stack")
            settle(cloud, stack, pause)
        return outputs(cloud, stack)
    except (BotoCoreError, ClientError) as error:
        raise DeployFailed(str(error)) from error


def upload(code: Path, stack: str, session: boto3.Session, endpoint: str | None = None) -> tuple[str, str]:
    """Put the zip into the stack's code bucket, unless its content is there; returns bucket and key."""
    store: Any = session.client("s3", endpoint_url=endpoint)
    account = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    bucket, content = f"{stack}-code-{account}-{session.region_name}", code.read_bytes()
    key = f"{hashlib.sha256(content).hexdigest()}.zip"
    if not _there(store.head_bucket, Bucket=bucket):
        _make_bucket(store, bucket, session.region_name)
    if not _there(store.head_object, Bucket=bucket, Key=key):
        store.put_object(Bucket=bucket, Key=key, Body=content)
    return bucket, key


def changed(cloud: Any, stack: str, template: Mapping[str, Any], parameters: Mapping[str, str], pause: float) -> bool:
    """Make and execute a change set; False where there is nothing to change."""
    name = f"deploy-{time.time_ns()}"
    made = cloud.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if status(cloud, stack) else "CREATE",
        TemplateBody=json.dumps(template, separators=(",", ":")),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
    )
    seen = _until(lambda: cloud.describe_change_set(ChangeSetName=made["Id"]), "Status", pause)
    if seen["Status"] == "CREATE_COMPLETE":
        cloud.execute_change_set(ChangeSetName=made["Id"])
        return True
    cloud.delete_change_set(ChangeSetName=made["Id"])
    reason = seen.get("StatusReason", "")
    if any(words in reason for words in UNCHANGED):
        return False
    raise DeployFailed(reason)


def settle(cloud: Any, stack: str, pause: float) -> None:
    """Wait until the stack is done. Raises DeployFailed with the first thing that went wrong."""
    seen = _until(lambda: cloud.describe_stacks(StackName=stack)["Stacks"][0], "StackStatus", pause)
    if seen["StackStatus"] not in DONE:
        events = cloud.describe_stack_events(StackName=stack)["StackEvents"]  # the newest first
        failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
        first = failed[-1] if failed else {"LogicalResourceId": stack}
        raise DeployFailed(f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', seen['StackStatus'])}")


def status(cloud: Any, stack: str) -> str:
    """The state of the stack; empty where there is none to update."""
    try:
        found = str(cloud.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise
    return "" if found == "REVIEW_IN_PROGRESS" else found


def outputs(cloud: Any, stack: str) -> dict[str, str]:
    """What the stack says about itself."""
    found = cloud.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def _there(ask: Callable[..., object], **what: str) -> bool:
    try:
        ask(**what)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _make_bucket(store: Any, bucket: str, region: str) -> None:
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    store.create_bucket(Bucket=bucket, **where)
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    store.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))


def _until(look: Callable[[], dict[str, Any]], field: str, pause: float) -> dict[str, Any]:
    """Look again until `field` says neither pending nor in progress. Raises DeployFailed where that takes too long."""
    end = time.monotonic() + LONGEST
    while True:
        seen = look()
        if not seen[field].endswith(("_PENDING", "_IN_PROGRESS")):
            return seen
        if time.monotonic() > end:
            raise DeployFailed(f"{seen[field]} for {LONGEST / 60:.0f} minutes")
        time.sleep(pause)
