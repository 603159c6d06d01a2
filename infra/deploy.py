"""One stack from one package: upload, change set, execute, wait. The same for AWS and for the local AWS."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra import changes
from infra.changes import Change
from infra.package import Package

LONGEST = 1800.0  # seconds until a deployment is given up
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]  # roles, and the SAM transform
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
FAILED_AT_ONCE = (
    "ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "ROLLBACK_FAILED",
    "DELETE_FAILED",
)  # never was a stack, or no more
STUCK = {"UPDATE_ROLLBACK_FAILED": "Stack actions, Continue update rollback"}  # what has to be done by hand
UNCHANGED = ("didn't contain changes", "No updates are to be performed")  # CloudFormation has no code for it


class DeployFailed(Exception):
    """The deployment failed; the text says why, in AWS's words."""


class Stand(NamedTuple):
    """A stack, CloudFormation's client, and the seconds between two looks at it."""

    cloud: Any
    stack: str
    pause: float


class Proposed(NamedTuple):
    """A change set that waits to be executed."""

    id: str
    changes: tuple[Change, ...]


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
    with told_plainly():
        say("uploading the code")
        bucket, key = upload(package.code, stack, session, endpoint)
        stand = Stand(session.client("cloudformation", endpoint_url=endpoint), stack, 0.1 if endpoint else 3.0)
        say("asking what changes")
        proposed = propose(stand, package.template, {**parameters, "CodeBucket": bucket, "CodeKey": key})
        if proposed:
            say("changing the stack")
            execute(stand, proposed)
        return outputs(stand)


def upload(code: Path, stack: str, session: boto3.Session, endpoint: str | None = None) -> tuple[str, str]:
    """Put the zip into the stack's code bucket, unless its content is there; returns bucket and key."""
    store: Any = session.client("s3", endpoint_url=endpoint)
    bucket, content = code_bucket(stack, session, endpoint), code.read_bytes()
    key = f"{hashlib.sha256(content).hexdigest()}.zip"
    if not there(store.head_bucket, Bucket=bucket):
        _make_bucket(store, bucket, session.region_name)
    if not there(store.head_object, Bucket=bucket, Key=key):
        store.put_object(Bucket=bucket, Key=key, Body=content)
    return bucket, key


def code_bucket(stack: str, session: boto3.Session, endpoint: str | None = None) -> str:
    """The name of the bucket beside a stack. It is no part of it: the stack is made from what lies there."""
    account = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    return f"{stack}-code-{account}-{session.region_name}"


def there(ask: Callable[..., object], **what: str) -> bool:
    """Whether what `ask` asks for is there."""
    try:
        ask(**what)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def propose(
    stand: Stand, template: Mapping[str, Any], parameters: Mapping[str, str], adopted: Sequence[Mapping[str, Any]] = ()
) -> Proposed | None:
    """Make a change set; None where there is nothing to change. Raises DeployFailed.

    `adopted` is what is there already and becomes the stack's (CloudFormation's ResourcesToImport).
    """
    cloud, exists = stand.cloud, _open(stand)
    made = cloud.create_change_set(
        StackName=stand.stack,
        ChangeSetName=f"deploy-{time.time_ns()}",
        ChangeSetType="IMPORT" if adopted else "UPDATE" if exists else "CREATE",
        TemplateBody=json.dumps(template, separators=(",", ":")),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
        **({"ResourcesToImport": list(adopted)} if adopted else {}),
    )
    seen = _until(lambda: _change_set(stand, made["Id"]), "Status", stand.pause)
    if seen["Status"] == "CREATE_COMPLETE":
        return Proposed(made["Id"], changes.read(_every_change(stand, seen)))
    discard(stand, made["Id"])
    reason = seen.get("StatusReason", "")
    if any(words in reason for words in UNCHANGED):
        return None
    raise DeployFailed(reason)


def execute(stand: Stand, proposed: Proposed, say: Callable[[str], object] = lambda line: None) -> None:
    """Carry a change set out and wait, saying how far it is. Raises DeployFailed with what went wrong first."""
    before = _newest(stand)
    stand.cloud.execute_change_set(StackName=stand.stack, ChangeSetName=proposed.id)
    settle(stand, before, len(proposed.changes), say)


def discard(stand: Stand, change_set: str) -> None:
    """Forget a change set, and the empty stack that AWS makes for the first one."""
    stand.cloud.delete_change_set(StackName=stand.stack, ChangeSetName=change_set)
    if _status(stand) == "REVIEW_IN_PROGRESS":
        stand.cloud.delete_stack(StackName=stand.stack)


def settle(stand: Stand, before: str = "", count: int = 0, say: Callable[[str], object] = lambda line: None) -> None:
    """Wait until the stack is done. Events up to the id `before` are of another time. Raises DeployFailed."""

    told: set[str] = set()

    def look() -> dict[str, Any]:
        now = _described(stand)
        done = {event["LogicalResourceId"] for event in _events(stand, before) if _is_done(event, stand.stack)}
        if done - told:
            told.update(done)
            say(f"changing the stack: {min(len(done), count)} of {count} parts are done")
        return now

    status = _until(look, "StackStatus", stand.pause)["StackStatus"]
    if status not in DONE:
        failed = [event for event in _events(stand, before) if event["ResourceStatus"].endswith("_FAILED")]
        first = failed[-1] if failed else {"LogicalResourceId": stand.stack}
        raise DeployFailed(f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', status)}")


def delete(stand: Stand) -> None:
    """Take the stack down; what is to be retained stays. Raises DeployFailed."""
    found = _described(stand)
    stand.cloud.delete_stack(StackName=stand.stack)
    named = stand._replace(stack=found["StackId"])  # by its name it is not found any more
    status = _until(lambda: _described(named), "StackStatus", stand.pause)["StackStatus"]
    if status != "DELETE_COMPLETE":
        failed = [event for event in _events(named) if event["ResourceStatus"] == "DELETE_FAILED"]
        raise DeployFailed("; ".join(f"{one['LogicalResourceId']}: {one['ResourceStatusReason']}" for one in failed))


def exists(stand: Stand) -> bool:
    """Whether there is a stack that something runs in."""
    return _status(stand) not in ("", "REVIEW_IN_PROGRESS", *FAILED_AT_ONCE)


def outputs(stand: Stand) -> dict[str, str]:
    """What the stack says about itself."""
    found = _described(stand).get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def parameters(stand: Stand) -> dict[str, str]:
    """What the stack was deployed with."""
    found = _described(stand).get("Parameters", [])
    return {one["ParameterKey"]: one["ParameterValue"] for one in found}


def _open(stand: Stand) -> bool:
    """Whether there is a stack to update. What is left of a first deployment that failed goes: it holds nothing."""
    status = _status(stand)
    if status in FAILED_AT_ONCE:
        delete(stand)
        return False
    if status in STUCK:
        raise DeployFailed(f"the stack is {status}: in AWS's console, CloudFormation, {stand.stack}, {STUCK[status]}")
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise DeployFailed("another deployment is under way: wait until it is done")
    return status not in ("", "REVIEW_IN_PROGRESS")


def _status(stand: Stand) -> str:
    """The state of the stack; empty where there is none."""
    try:
        return str(_described(stand)["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def _described(stand: Stand) -> dict[str, Any]:
    found: dict[str, Any] = stand.cloud.describe_stacks(StackName=stand.stack)["Stacks"][0]
    return found


def _change_set(stand: Stand, id: str, **page: str) -> dict[str, Any]:
    """By the stack's name too: a policy allows what is done to a stack."""
    found: dict[str, Any] = stand.cloud.describe_change_set(StackName=stand.stack, ChangeSetName=id, **page)
    return found


def _every_change(stand: Stand, seen: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        yield from seen.get("Changes", ())
        if not seen.get("NextToken"):
            return
        seen = _change_set(stand, seen["ChangeSetId"], NextToken=seen["NextToken"])


def _newest(stand: Stand) -> str:
    return next((str(event["EventId"]) for event in _events(stand)), "")


def _events(stand: Stand, before: str = "") -> Iterator[dict[str, Any]]:
    """What happened to the stack, the newest first, down to the event `before`."""
    asked = {"StackName": stand.stack}
    while True:
        page = stand.cloud.describe_stack_events(**asked)
        for event in page["StackEvents"]:
            if event["EventId"] == before:
                return
            yield event
        if not page.get("NextToken"):
            return
        asked["NextToken"] = page["NextToken"]


def _is_done(event: dict[str, Any], stack: str) -> bool:
    finished: bool = event["ResourceStatus"].endswith(("_COMPLETE", "_SKIPPED"))
    return finished and event["LogicalResourceId"] != stack


@contextmanager
def told_plainly() -> Iterator[None]:
    """AWS's errors as ours, in AWS's words."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        hint = "\nWhat your AWS user has to be allowed: shopbell policy deploy" if "AccessDenied" in code else ""
        raise DeployFailed(f"{error}{hint}") from error


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
