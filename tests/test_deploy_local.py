"""`shopbell deploy` and `destroy` against the local AWS, as somebody who has the printed policy and nothing more."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from chalicelib import settings
from infra import local, policy, smoke, values
from infra.world import World, server

ROOT = Path(__file__).parents[1]
STACK = "shopbell-test"
pytestmark = pytest.mark.local


class Shop(NamedTuple):
    """A checkout of our own beside the local AWS, and the environment of its deployer."""

    running: local.Running
    folder: Path
    environment: Mapping[str, str]

    def shopbell(self, *words: str, answer: str = "") -> tuple[int, str]:
        """Run a command; what it prints, questions and errors included."""
        command = [sys.executable, "-m", "infra.cli", *words]
        how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(command, cwd=self.folder, env=dict(self.environment), input=answer, **how)
        return done.returncode, done.stdout

    def client(self, service: str) -> Any:
        session: Any = local.session()
        return session.client(service, endpoint_url=self.running.aws)

    def outputs(self, stack: str = STACK) -> dict[str, str]:
        found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        return {one["OutputKey"]: one["OutputValue"] for one in found}

    def change(self, word: str) -> None:
        with (self.folder / "chalicelib" / "shop.toml").open("a") as file:
            file.write(f"# {word}\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    running = local.start(ROOT, 0, home=tmp_path_factory.mktemp("home"))
    folder = tmp_path_factory.mktemp("shop")
    for name in ("app.py", "chalicelib", ".chalice", "infra"):
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
    (folder / ".build").mkdir()
    for vendor in (ROOT / ".build").glob("vendor-*"):
        (folder / ".build" / vendor.name).symlink_to(vendor)
    yield Shop(running, folder, deployer(running))
    running.stop()


def deployer(running: local.Running) -> dict[str, str]:
    """The environment of somebody with the printed policy."""
    session: Any = local.session()
    iam = session.client("iam", endpoint_url=running.aws)
    allowed = json.dumps(policy.document("deploy", "000000000000", local.REGION))
    iam.create_user(UserName="deployer")
    iam.put_user_policy(UserName="deployer", PolicyName="policy", PolicyDocument=allowed)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    return {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_ENDPOINT_URL": running.aws,
        "AWS_CONFIG_FILE": os.devnull,
        "NO_PROXY": "localhost",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "100",
    }


HOW = ("--stage", "test", "--region", local.REGION)


def test_a_shop_from_nothing_to_nothing(shop: Shop) -> None:
    """One story: each step needs the one before."""
    for way in ("in", "out"):
        name = f"/shopbell/test/{way}/telegram"
        shop.client("ssm").put_parameter(Name=name, Value="{}", Type="SecureString")
    status, said = shop.shopbell("deploy", *HOW, answer="n\n")
    assert (status, "Nothing was changed." in said) == (1, True), said
    assert "4 functions" in said

    status, said = shop.shopbell("deploy", *HOW, answer="y\n")
    assert status == 0, said
    assert "✓ Deployed" in said and "No secrets yet for twilio_sms, vonage, whatsapp, messenger, line," in said
    assert "custom: not tried: no secrets are set yet" in said
    assert re.search(r"https://\S+/api/webhooks/twilio_sms#rc=5&rp=ct,rt,5xx\n", said)
    first = shop.outputs()
    assert not [name for name in alarms(shop) if name.startswith(STACK)]  # nobody would hear them
    worker = shop.client("lambda").get_function_configuration(FunctionName=first["WorkerName"])
    assert worker["Environment"]["Variables"]["STAGE"] == "test"

    status, said = shop.shopbell("deploy", *HOW, "--yes")
    assert (status, "✓ Nothing has changed" in said) == (0, True)

    old = code(shop)
    shop.change("another release")
    status, said = shop.shopbell("deploy", *HOW, "--yes")
    assert status == 0 and "changed: function Worker (its code" in said
    assert code(shop) != old
    status, said = shop.shopbell("deploy", *HOW, "--yes", "--rollback")
    assert (status, "✓ Back at the release before" in said) == (0, True)
    assert code(shop) == old
    status, said = shop.shopbell("deploy", *HOW, "--rollback")
    assert (status, said.splitlines()[-1]) == (1, "there is no earlier release to go back to")

    key = {"pk": {"S": "x"}, "sk": {"S": "x"}}
    shop.client("dynamodb").put_item(TableName=first["TableName"], Item=key)
    waiting = {"MessageGroupId": "x", "MessageDeduplicationId": "x"}
    shop.client("sqs").send_message(QueueUrl=first["DeadLettersUrl"], MessageBody="x", **waiting)
    status, said = shop.shopbell("destroy", *HOW, answer="shopbell\n")
    assert (status, shop.outputs()) == (1, first)
    assert "1 put aside would be lost" in said
    status, said = shop.shopbell("destroy", *HOW, answer=f"{STACK}\n")
    assert (status, first["TableName"] in said) == (0, True)
    status, said = shop.shopbell("destroy", *HOW, "--yes")
    assert (status, "there is nothing to destroy" in said) == (1, True)

    status, said = shop.shopbell("deploy", *HOW, "--yes")
    assert status == 0, said
    again = shop.outputs()
    assert (again["TableName"], again["BucketName"]) == (first["TableName"], first["BucketName"])
    assert "Item" in shop.client("dynamodb").get_item(TableName=again["TableName"], Key=key)

    shop.client("s3").put_object(Bucket=again["BucketName"], Key="raw/x", Body=b"x")
    status, said = shop.shopbell("destroy", *HOW, "--yes", "--with-data")
    assert status == 0, said
    assert not [name for name in shop.client("dynamodb").list_tables()["TableNames"] if name.startswith(STACK)]
    assert not [one for one in shop.client("s3").list_buckets()["Buckets"] if one["Name"].startswith(STACK)]


def test_who_names_a_mail_address_gets_alarms(shop: Shop) -> None:
    text = (shop.folder / "chalicelib" / "shop.toml").read_text()
    (shop.folder / "chalicelib" / "shop.toml").write_text(f'alarm_mail = "me@shop.example"\n{text}')
    status, said = shop.shopbell("deploy", "--region", local.REGION, "--yes")
    assert status == 0, said
    assert "AWS asks me@shop.example once" in said
    assert len([name for name in alarms(shop) if name.startswith("shopbell-prod-")]) == 8
    topics = shop.client("sns").list_subscriptions()["Subscriptions"]
    assert "me@shop.example" in {one["Endpoint"] for one in topics}


def alarms(shop: Shop) -> list[str]:
    return [alarm["AlarmName"] for alarm in shop.client("cloudwatch").describe_alarms()["MetricAlarms"]]


def code(shop: Shop) -> str:
    found: str = shop.client("lambda").get_function_configuration(FunctionName=f"{STACK}-worker")["CodeSha256"]
    return found


RING = """
import sys
from chalicelib import settings
from infra import smoke
for one in smoke.run(settings.shop(), sys.argv[1], 60):
    print(one.account, one.state, one.why)
"""


def test_webhooks_come_through_the_deployed_functions_to_the_desk(shop: Shop) -> None:
    rules = settings.load((ROOT / "chalicelib" / "shop.toml").read_text())
    outside = server.start(World({}))
    try:
        given = values.complete({}, rules, outside.url)
        outside.world.credentials = given
        local.inform(shop.outputs(local.STACK), given, urlsplit(shop.running.aws).port or 0)
        environment = {**shop.environment, **shop.running.environment, **given}
        ring = [sys.executable, "-c", RING, shop.running.url.removesuffix("/webhooks")]
        done = subprocess.run(ring, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert (done.stderr, set(done.stdout.splitlines())) == ("", {f"{name} arrived " for name in rules.providers})
        said = [entry.text for entry in outside.world.ledger if entry.what != "reaction"]
        assert sorted(said) == sorted(smoke.WORDS.format(name) for name in rules.providers)
    finally:
        outside.stop()
