"""What `shopbell deploy`, its `--rollback` and `shopbell destroy` do to a stack; the account's data is never replaced.

A stack that was destroyed leaves its table and its bucket behind, and a note in the code bucket which those are: the
next deployment takes them over, and the shop goes on where it was.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import boto3

from infra import deploy, releases, stack
from infra.changes import Change
from infra.deploy import DeployFailed, Stand
from infra.package import Package
from infra.releases import Shelf

LEFT = "left.json"  # in the code bucket: the data that a destroyed stack left, by its name in the template
DATA = {"Table": ("AWS::DynamoDB::Table", "TableName"), "Bucket": ("AWS::S3::Bucket", "BucketName")}
QUEUES = {"QueueUrl": "in the queue", "MailQueueUrl": "in the queue of mail", "DeadLettersUrl": "put aside"}
COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")

Agree = Callable[[Sequence[Change]], bool]
Say = Callable[[str], object]


class Declined(Exception):
    """Whoever was asked said no; nothing is changed."""


class StillGoing(Exception):
    """Nobody waits any more, and AWS goes on."""


class Target(NamedTuple):
    """Where a stage of the shop is deployed: with whose credentials, in which region; `endpoint` of a local AWS."""

    stage: str
    session: boto3.Session
    endpoint: str | None = None

    @property
    def stack(self) -> str:
        return stack.name(self.stage)

    @property
    def stand(self) -> Stand:
        return Stand(self.client("cloudformation"), self.stack, 0.1 if self.endpoint else 3.0)

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.client("s3"), deploy.code_bucket(self.stack, self.session, self.endpoint))

    def client(self, service: str) -> Any:
        session: Any = self.session
        return session.client(service, endpoint_url=self.endpoint)


class Released(NamedTuple):
    """What a deployment came to: whether anything changed, and what the stack says about itself."""

    changed: bool
    outputs: Mapping[str, str]


def release(target: Target, package: Package, given: Mapping[str, str], agree: Agree, say: Say) -> Released:
    """Let the stack hold this package; `given` are parameters of the template, an own address is kept.

    Raises DeployFailed, and Declined where `agree` says no.
    """
    with deploy.told_plainly():
        say("uploading the code")
        bucket, key = deploy.upload(package.code, target.stack, target.session, target.endpoint)
        _adopt(target, package.template, say)
        told = {"Stage": target.stage, **_kept(target), **given, "CodeBucket": bucket, "CodeKey": key}
        changed = _change(target, package.template, told, agree, say, key)
        return Released(changed, deploy.outputs(target.stand))


def roll_back(target: Target, agree: Agree, say: Say) -> Released:
    """Go back to the release before. Raises DeployFailed, Declined."""
    with deploy.told_plainly():
        say("looking for the release before")
        if not deploy.exists(target.stand):
            raise DeployFailed(f"there is no stack {target.stack} here: shopbell deploy makes it")
        past = releases.past(target.shelf)
        if len(past) < 2:
            raise DeployFailed("there is no earlier release to go back to")
        template = releases.template(target.shelf, past[-2])
        now = {**deploy.parameters(target.stand), "CodeBucket": target.shelf.bucket, "CodeKey": past[-2].code}
        told = {name: value for name, value in now.items() if name in template["Parameters"]}
        changed = _change(target, template, told, agree, say)
        releases.undo(target.shelf)
        return Released(changed, deploy.outputs(target.stand))


def unfinished(target: Target) -> dict[str, int]:
    """How many messages nobody has worked off yet, by where they are; raises DeployFailed where there is no stack."""
    with deploy.told_plainly():
        if not deploy.exists(target.stand):
            raise DeployFailed(f"there is no stack {target.stack} here: there is nothing to destroy")
        places, queues = deploy.outputs(target.stand), target.client("sqs")
        if not places:
            raise DeployFailed(f"{target.stack} was never finished: run shopbell deploy first")
        found = {}
        for output, where in QUEUES.items():
            asked = queues.get_queue_attributes(QueueUrl=places[output], AttributeNames=list(COUNTS))["Attributes"]
            found[where] = sum(int(count) for count in asked.values())
        return found


def destroy(target: Target, data_too: bool, say: Say) -> dict[str, str]:
    """Take the stack down; returns what of the data stays, by its name in the template. Raises DeployFailed."""
    with deploy.told_plainly():
        places, shelf = deploy.outputs(target.stand), target.shelf
        left = {"Table": places["TableName"], "Bucket": places["BucketName"]}
        if not data_too:
            shelf.store.put_object(Bucket=shelf.bucket, Key=LEFT, Body=json.dumps(left).encode())
        say("taking the stack down")
        deploy.delete(target.stand)
        if not data_too:
            _empty(shelf, keep=LEFT)
            return left
        say("deleting what it held")
        target.client("dynamodb").delete_table(TableName=left["Table"])
        for gone in (Shelf(shelf.store, left["Bucket"]), shelf):
            _empty(gone)
            gone.store.delete_bucket(Bucket=gone.bucket)
        return {}


def _change(
    target: Target, template: Mapping[str, Any], told: Mapping[str, str], agree: Agree, say: Say, code: str = ""
) -> bool:
    """Change the stack, if that is agreed to; False where there is nothing to change. `code` is a new release's zip."""
    say("asking what changes")
    proposed = deploy.propose(target.stand, template, told)
    if proposed is None:
        return False
    if not agree(proposed.changes):
        deploy.discard(target.stand, proposed.id)
        raise Declined("Nothing was changed.")
    say("changing the stack")
    begun = bool(code) and releases.begin(target.shelf, code, template)
    try:
        deploy.execute(target.stand, proposed, say)
    except KeyboardInterrupt:
        raise StillGoing("AWS goes on by itself: later shopbell deploy says how it ended") from None
    except DeployFailed:
        if begun:
            releases.undo(target.shelf)
        raise
    return True


def _kept(target: Target) -> dict[str, str]:
    """What was chosen for this stack once and goes on without being said again."""
    if not deploy.exists(target.stand):
        return {}
    before = deploy.parameters(target.stand)
    return {name: before[name] for name in ("PublicUrl", "CallsPerDay") if name in before}


def _adopt(target: Target, template: Mapping[str, Any], say: Say) -> None:
    """Make a stack of the data that an earlier one left behind, so that what follows is an update of it."""
    shelf = target.shelf
    if deploy.exists(target.stand) or not deploy.there(shelf.store.head_object, Bucket=shelf.bucket, Key=LEFT):
        return
    left: dict[str, str] = json.loads(shelf.store.get_object(Bucket=shelf.bucket, Key=LEFT)["Body"].read())
    say("taking over the table and the bucket that are there from before")
    taken = [
        {"ResourceType": DATA[name][0], "LogicalResourceId": name, "ResourceIdentifier": {DATA[name][1]: place}}
        for name, place in left.items()
    ]
    proposed = deploy.propose(target.stand, _as_left(target, left, template), {}, taken)
    if proposed:
        deploy.execute(target.stand, proposed)
    shelf.store.delete_object(Bucket=shelf.bucket, Key=LEFT)


def _as_left(target: Target, left: Mapping[str, str], template: Mapping[str, Any]) -> dict[str, Any]:
    """What the template says of the data, but for what may differ there and hangs on parameters.

    AWS takes an import at its word and looks at nothing: only what is not told now is set by the update that follows.
    Times to live are told where they are on, for AWS refuses to switch them on twice.
    """
    fades = target.client("dynamodb").describe_time_to_live(TableName=left["Table"])["TimeToLiveDescription"]
    untold = {"LifecycleConfiguration"}
    if fades["TimeToLiveStatus"] in ("DISABLED", "DISABLING"):
        untold.add("TimeToLiveSpecification")
    return {"Resources": {name: _without(template["Resources"][name], untold) for name in left}}


def _without(resource: Mapping[str, Any], properties: Collection[str]) -> dict[str, Any]:
    kept = {name: value for name, value in resource["Properties"].items() if name not in properties}
    return {**resource, "Properties": kept}


def _empty(shelf: Shelf, keep: str = "") -> None:
    """Delete everything in a bucket, but what is named `keep`."""
    for page in shelf.store.get_paginator("list_objects_v2").paginate(Bucket=shelf.bucket):
        keys = [{"Key": one["Key"]} for one in page.get("Contents", ()) if one["Key"] != keep]
        if keys:
            shelf.store.delete_objects(Bucket=shelf.bucket, Delete={"Objects": keys, "Quiet": True})
