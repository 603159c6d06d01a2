"""How a package gets into a stack: what is shown before, what is asked, what is kept to go back to."""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra import account, changes, deploy, deploying, release, releases
from infra.changes import Change
from infra.deploy import DeployFailed, Stand
from infra.package import Package
from infra.release import Declined, Target
from infra.releases import Shelf

TEMPLATE: dict[str, Any] = {"Parameters": {"Stage": {}, "CodeKey": {}, "CodeBucket": {}}, "Resources": {}}
NONE = "The submitted information didn't contain changes. Submit different information."


def missing(stack: str) -> ClientError:
    said: Any = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {stack} does not exist"}}
    return ClientError(said, "DescribeStacks")


class Cloud:
    """CloudFormation as far as `deploy` asks it. `state` is the stack's; empty: there is none."""

    def __init__(self, state: str = "CREATE_COMPLETE", reason: str = "", after: str = "UPDATE_COMPLETE") -> None:
        self.state, self.reason, self.after = state, reason, after
        self.asked, self.done = list[dict[str, Any]](), list[str]()
        self.changes: list[dict[str, Any]] = [{"ResourceChange": {"Action": "Add", **queue("Queue")}}]
        self.events = [{"EventId": "old", "ResourceStatus": "CREATE_FAILED", "LogicalResourceId": "Table"}]
        self.parameters: dict[str, str] = {}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if not self.state:
            raise missing(StackName)
        told = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        outputs = [{"OutputKey": "Address", "OutputValue": "https://shop.example"}]
        return {"Stacks": [{"StackStatus": self.state, "StackId": "7", "Parameters": told, "Outputs": outputs}]}

    def describe_stack_events(self, StackName: str, NextToken: str = "") -> dict[str, Any]:
        """The newest first, one to a page."""
        place = int(NextToken or 0)
        more = {"NextToken": str(place + 1)} if place + 1 < len(self.events) else {}
        return {"StackEvents": self.events[place : place + 1], **more}

    def create_change_set(self, **asked: Any) -> dict[str, str]:
        self.asked.append(asked)
        self.state = self.state or "REVIEW_IN_PROGRESS"
        return {"Id": "1"}

    def describe_change_set(self, StackName: str, ChangeSetName: str, NextToken: str = "") -> dict[str, Any]:
        place = int(NextToken or 0)
        more = {"NextToken": str(place + 1)} if place + 1 < len(self.changes) else {}
        status = "FAILED" if self.reason else "CREATE_COMPLETE"
        page = {"Changes": self.changes[place : place + 1], "ChangeSetId": "1", **more}
        return {"Status": status, "StatusReason": self.reason, **page}

    def execute_change_set(self, **_: str) -> None:
        self.done.append("executed")
        self.state = self.after
        self.parameters = {one["ParameterKey"]: one["ParameterValue"] for one in self.asked[-1]["Parameters"]}

    def delete_change_set(self, **_: str) -> None:
        self.done.append("discarded")

    def delete_stack(self, **_: str) -> None:
        self.done.append("deleted")
        self.state = "DELETE_COMPLETE"


def queue(name: str) -> dict[str, str]:
    return {"LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue"}


def stand(cloud: Cloud) -> Stand:
    return Stand(cloud, "shopbell", 0)


# ---- into a stack ----------------------------------------------------------------------------------------------------


def test_a_change_set_is_made_shown_and_executed() -> None:
    cloud = Cloud("")
    cloud.changes += [{"ResourceChange": {"Action": "Add", **queue("MailQueue")}}]
    proposed = deploy.propose(stand(cloud), TEMPLATE, {"Stage": "prod"})
    assert proposed and [change.name for change in proposed.changes] == ["Queue", "MailQueue"]
    assert (cloud.asked[0]["ChangeSetType"], cloud.done) == ("CREATE", [])
    assert json.loads(cloud.asked[0]["TemplateBody"]) == TEMPLATE
    deploy.execute(stand(cloud), proposed)
    assert cloud.done == ["executed"]
    assert deploy.parameters(stand(cloud)) == {"Stage": "prod"}


def test_nothing_to_change_is_no_failure_and_leaves_nothing_behind() -> None:
    cloud = Cloud(reason=NONE)
    assert deploy.propose(stand(cloud), {}, {}) is None
    assert (cloud.done, cloud.asked[0]["ChangeSetType"]) == (["discarded"], "UPDATE")


def test_a_first_deployment_that_is_refused_leaves_no_empty_stack() -> None:
    cloud = Cloud("", reason="circular dependency")
    with pytest.raises(DeployFailed, match="circular"):
        deploy.propose(stand(cloud), {}, {})
    assert cloud.done == ["discarded", "deleted"]


def test_what_is_left_of_a_first_deployment_that_failed_is_cleared_away() -> None:
    cloud = Cloud("ROLLBACK_COMPLETE")
    deploy.propose(stand(cloud), {}, {})
    assert (cloud.done, cloud.asked[0]["ChangeSetType"]) == (["deleted"], "CREATE")


@pytest.mark.parametrize(
    ("state", "says"),
    [("UPDATE_IN_PROGRESS", "under way"), ("UPDATE_ROLLBACK_FAILED", "Stack actions, Continue update rollback")],
)
def test_a_stack_that_cannot_be_changed_now_is_let_alone_and_says_why(state: str, says: str) -> None:
    cloud = Cloud(state)
    with pytest.raises(DeployFailed, match=says):
        deploy.propose(stand(cloud), {}, {})
    assert not cloud.asked


def test_a_deployment_that_fails_names_what_failed_first_this_time() -> None:
    cloud = Cloud("UPDATE_ROLLBACK_COMPLETE")
    failed = {"ResourceStatus": "CREATE_FAILED"}
    cloud.events = [
        {"EventId": "3", "ResourceStatus": "UPDATE_ROLLBACK_COMPLETE", "LogicalResourceId": "shopbell"},
        {"EventId": "2", **failed, "LogicalResourceId": "Worker", "ResourceStatusReason": "cancelled"},
        {"EventId": "1", **failed, "LogicalResourceId": "Bucket", "ResourceStatusReason": "no name left"},
        *cloud.events,
    ]
    with pytest.raises(DeployFailed, match="Bucket: no name left"):
        deploy.settle(stand(cloud), "old")


def test_progress_is_told_once_for_each_step() -> None:
    cloud, said = Cloud("UPDATE_IN_PROGRESS"), list[str]()
    names = ["Queue", "Table", "Table", "Worker"]

    def further(StackName: str) -> dict[str, Any]:
        done = {"ResourceStatus": "CREATE_COMPLETE"}
        if names:
            cloud.events = [{"EventId": str(len(names)), **done, "LogicalResourceId": names.pop(0)}, *cloud.events]
        return {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS" if names else "UPDATE_COMPLETE"}]}

    with mock.patch.object(cloud, "describe_stacks", further):
        deploy.settle(stand(cloud), "old", 3, said.append)
    assert said == [f"changing the stack: {count} of 3 parts are done" for count in (1, 2, 3)]


# ---- in words --------------------------------------------------------------------------------------------------------


def found(action: str, name: str, type: str, **rest: Any) -> dict[str, Any]:
    return {"ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": type, **rest}}


def detail(name: str, evaluation: str = "Static") -> dict[str, Any]:
    return {"Target": {"Attribute": "Properties", "Name": name}, "Evaluation": evaluation}


def may_be(*properties: str) -> dict[str, Any]:
    """A bucket of which the change set is not sure that it stays."""
    details = [detail(name) for name in properties]
    return found("Modify", "Bucket", "AWS::S3::Bucket", Replacement="Conditional", Details=details)


def test_a_change_set_in_words() -> None:
    seen = changes.read(
        [
            found("Add", "Worker", "AWS::Lambda::Function"),
            found("Add", "Tick", "AWS::Lambda::Function"),
            found("Add", "Odd", "AWS::New::Thing"),
            found("Remove", "OldAlarm", "AWS::CloudWatch::Alarm"),
            found("Modify", "Mail", "AWS::Lambda::Function", Details=[detail("Code"), detail("Code", "Dynamic")]),
            found("Modify", "WorkerRole", "AWS::IAM::Role", Details=[detail("Policies"), detail("Path")]),
            found("Modify", "RestAPI", "AWS::ApiGateway::RestApi", Details=[detail("Body", "Dynamic")]),
        ]
    )
    assert changes.words(seen) == [
        "new: 1 AWS::New::Thing, 2 functions",
        "removed: 1 alarm",
        "changed: function Mail (its code)",
        "changed: role WorkerRole (Path, what it may do)",
        "perhaps touched by it: 1 API",
    ]


@pytest.mark.parametrize(
    ("given", "loses"),
    [
        (found("Modify", "Table", "AWS::DynamoDB::Table", Replacement="True"), True),
        (found("Modify", "Queue", "AWS::SQS::Queue", Replacement="Conditional"), True),
        (found("Remove", "Bucket", "AWS::S3::Bucket"), True),
        (may_be("LifecycleConfiguration"), False),
        (may_be("LifecycleConfiguration", "BucketName"), True),
        (found("Modify", "Table", "AWS::DynamoDB::Table", Replacement="False"), False),
        (found("Add", "Table", "AWS::DynamoDB::Table"), False),
        (found("Modify", "WorkerRole", "AWS::IAM::Role", Replacement="True"), False),
    ],
)
def test_what_would_lose_customers_words_is_said_aloud(given: dict[str, Any], loses: bool) -> None:
    (seen,) = changes.read([given])
    assert seen.loses is loses
    assert any(line.startswith("Careful: ") for line in changes.words([seen])) is loses


def test_what_would_lose_words_is_not_done_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    lost = changes.read([found("Modify", "Table", "AWS::DynamoDB::Table", Replacement="True")])
    with pytest.raises(deploying.NotAsked):
        deploying._asker(True, silent)(lost)
    with mock.patch("click.confirm", return_value=True):
        assert deploying._asker(False, silent)(lost)
    assert deploying._asker(True, silent)(changes.read([found("Add", "Table", "AWS::DynamoDB::Table")]))
    assert "Careful: table Table would be made anew" in capsys.readouterr().out


# ---- releases --------------------------------------------------------------------------------------------------------


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    with mock_aws():
        yield Target("prod", boto3.Session(region_name="eu-central-1"))


@pytest.fixture
def cloud(target: Target, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The target's CloudFormation."""
    cloud = Cloud("")
    monkeypatch.setattr(Target, "stand", property(lambda self: stand(cloud)))
    return cloud


def package(into: Path, number: int) -> Package:
    (code := into / f"{number}.zip").write_bytes(b"code %d" % number)
    return Package({**TEMPLATE, "Description": str(number)}, code, str(number))


def yes(found: Sequence[Change]) -> bool:
    return True


def silent(line: str) -> None:
    pass


def put(target: Target, package: Package, **given: str) -> release.Released:
    return release.release(target, package, given, yes, silent)


def described(cloud: Cloud) -> str:
    return str(json.loads(cloud.asked[-1]["TemplateBody"])["Description"])


def kept(target: Target) -> set[str]:
    found = target.shelf.store.list_objects_v2(Bucket=target.shelf.bucket)
    return {one["Key"] for one in found.get("Contents", ())}


def test_going_back_goes_one_release_further_each_time(target: Target, cloud: Cloud, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        assert put(target, package(tmp_path, number)).changed
    keys = [one.code for one in releases.past(target.shelf)]
    for number in (2, 1):
        assert release.roll_back(target, yes, silent).changed
        assert described(cloud) == str(number)
        assert cloud.parameters["CodeKey"] == keys[number - 1]
    with pytest.raises(DeployFailed, match="no earlier release"):
        release.roll_back(target, yes, silent)


def test_parameters_that_an_earlier_release_does_not_know_are_left_out(
    target: Target, cloud: Cloud, tmp_path: Path
) -> None:
    newer = package(tmp_path, 2)
    newer.template["Parameters"] = {**TEMPLATE["Parameters"], "New": {}}
    put(target, package(tmp_path, 1))
    put(target, newer, New="1")
    release.roll_back(target, yes, silent)
    assert set(cloud.parameters) == {"Stage", "CodeBucket", "CodeKey"}


def test_a_deployment_that_fails_is_no_release_to_go_back_to(target: Target, cloud: Cloud, tmp_path: Path) -> None:
    put(target, package(tmp_path, 1))
    before = kept(target)
    cloud.after = "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(DeployFailed):
        put(target, package(tmp_path, 2))
    assert len(releases.past(target.shelf)) == 1
    assert kept(target) == before


def test_who_stops_waiting_hears_that_aws_goes_on(target: Target, cloud: Cloud, tmp_path: Path) -> None:
    with mock.patch.object(deploy, "settle", side_effect=KeyboardInterrupt), pytest.raises(release.StillGoing):
        put(target, package(tmp_path, 1))
    assert cloud.done == ["executed"]
    assert len(releases.past(target.shelf)) == 1  # it will most likely be there


def test_one_that_is_declined_changes_nothing(target: Target, cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(Declined):
        release.release(target, package(tmp_path, 1), {}, lambda found: False, silent)
    assert cloud.done == ["discarded", "deleted"]
    assert releases.past(target.shelf) == []


def test_the_same_again_is_no_other_release(target: Target, cloud: Cloud, tmp_path: Path) -> None:
    put(target, package(tmp_path, 1))
    cloud.reason = NONE
    assert not put(target, package(tmp_path, 1)).changed
    cloud.reason = ""
    put(target, package(tmp_path, 1), Stage="other")
    assert len(releases.past(target.shelf)) == 1


def test_an_own_domain_is_kept_until_another_is_said(target: Target, cloud: Cloud, tmp_path: Path) -> None:
    put(target, package(tmp_path, 1), PublicUrl="https://bell.shop.example")
    put(target, package(tmp_path, 2))
    assert cloud.parameters["PublicUrl"] == "https://bell.shop.example"


@pytest.mark.parametrize("fades", [True, False])
def test_data_from_before_is_taken_over_as_it_is_and_then_set_right(
    fades: bool, target: Target, cloud: Cloud, tmp_path: Path
) -> None:
    """AWS looks at nothing of what is taken over: what was told then would never be set, nor twice what is."""
    lives = {"AttributeName": "fades_at", "Enabled": True}
    table = {"BillingMode": "PAY_PER_REQUEST", "TimeToLiveSpecification": lives}
    resources = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Ref": "RawDays"}}},
    }
    cloud.state, cloud.after = "", "IMPORT_COMPLETE"
    keys = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}  # fmt: skip
    target.client("dynamodb").create_table(TableName="left-table", BillingMode="PAY_PER_REQUEST", **keys)
    if fades:
        target.client("dynamodb").update_time_to_live(TableName="left-table", TimeToLiveSpecification=lives)
    new = package(tmp_path, 1)
    deploy.upload(new.code, target.stack, target.session)
    note = json.dumps({"Table": "left-table", "Bucket": "left-bucket"}).encode()
    target.shelf.store.put_object(Bucket=target.shelf.bucket, Key=release.LEFT, Body=note)
    put(target, new._replace(template={**new.template, "Resources": resources}))
    taken, changed = (json.loads(asked["TemplateBody"])["Resources"] for asked in cloud.asked)
    assert taken["Bucket"]["Properties"] == {} and changed == resources
    assert taken["Table"]["Properties"] == (table if fades else {"BillingMode": "PAY_PER_REQUEST"})
    assert not deploy.there(target.shelf.store.head_object, Bucket=target.shelf.bucket, Key=release.LEFT)


def test_only_so_many_releases_are_kept(target: Target) -> None:
    shelf = Shelf(target.client("s3"), "code")
    where = {"LocationConstraint": "eu-central-1"}
    shelf.store.create_bucket(Bucket="code", CreateBucketConfiguration=where)
    for number in range(releases.KEPT + 3):
        shelf.store.put_object(Bucket="code", Key=f"{number}.zip", Body=b"")
        assert releases.begin(shelf, f"{number}.zip", {"number": number}, datetime(2026, 3, 2, tzinfo=UTC))
    held = {one["Key"] for one in shelf.store.list_objects_v2(Bucket="code")["Contents"]}
    assert {key for key in held if key.endswith(".zip")} == {f"{number}.zip" for number in range(3, 13)}
    assert len(held) == 2 * releases.KEPT + 1
    assert releases.past(shelf)[0].at == "2026-03-02T00:00:00+00:00"


# ---- the account -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at_once", "asks"), [(10, True), (49, True), (50, False), (1000, False), (0, False)])
def test_few_functions_at_once_are_a_reason_to_ask_aws_for_more(at_once: int, asks: bool) -> None:
    said = account.advice(account.Account("123456789012", "eu-central-1", at_once))
    assert bool(said) is asks
    assert not asks or ("Service Quotas" in said and "1000" in said and str(at_once) in said)


def test_who_cannot_call_aws_hears_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(account.AccountFailed, match="--region eu-central-1"):
        account.session("")
    with pytest.raises(account.AccountFailed, match=r"aws configure; .*policy deploy"):
        account.look(Target("prod", account.session("eu-central-1")))


def test_each_stage_has_a_stack_of_its_own(target: Target) -> None:
    assert (target.stack, target._replace(stage="test").stack) == ("shopbell-prod", "shopbell-test")
