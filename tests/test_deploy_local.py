"""`shopbell deploy` and `destroy` against the local AWS, as somebody who has the printed policy and nothing more."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib import settings
from infra import local, policy, smoke, values
from infra.world import World, server
from tests.lab.checkout import ROOT, Checkout, checkout
from tests.soak import havoc, morning
from tests.soak.processes import soak
from tests.soak.stage import deployed

STACK = "shopbell-test"
pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    running = local.start(ROOT, 0, home=tmp_path_factory.mktemp("home"))
    yield checkout(running, tmp_path_factory.mktemp("shop"), *deployer(running))
    running.stop()


def deployer(running: local.Running) -> tuple[str, str]:
    """The access key of somebody with the printed policy."""
    session: Any = local.session()
    iam = session.client("iam", endpoint_url=running.aws)
    allowed = json.dumps(policy.document("deploy", "000000000000", local.REGION))
    iam.create_user(UserName="deployer")
    iam.put_user_policy(UserName="deployer", PolicyName="policy", PolicyDocument=allowed)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


HOW = ("--stage", "test", "--region", local.REGION)


def test_a_shop_from_nothing_to_nothing(shop: Checkout) -> None:
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
    first = shop.outputs(STACK)
    assert not [name for name in alarms(shop) if name.startswith(STACK)]  # nobody would hear them
    worker = shop.client("lambda").get_function_configuration(FunctionName=first["WorkerName"])
    assert worker["Environment"]["Variables"]["STAGE"] == "test"

    status, said = shop.shopbell("deploy", *HOW, "--yes")
    assert (status, "✓ Nothing has changed" in said) == (0, True)

    old = shop.code(STACK)
    shop.change("another release")
    status, said = shop.shopbell("deploy", *HOW, "--yes")
    assert status == 0 and "changed: function Worker (its code" in said
    assert shop.code(STACK) != old
    status, said = shop.shopbell("deploy", *HOW, "--yes", "--rollback")
    assert (status, "✓ Back at the release before" in said) == (0, True)
    assert shop.code(STACK) == old
    status, said = shop.shopbell("deploy", *HOW, "--rollback")
    assert (status, said.splitlines()[-1]) == (1, "there is no earlier release to go back to")

    key = {"pk": {"S": "x"}, "sk": {"S": "x"}}
    shop.client("dynamodb").put_item(TableName=first["TableName"], Item=key)
    waiting = {"MessageGroupId": "x", "MessageDeduplicationId": "x"}
    shop.client("sqs").send_message(QueueUrl=first["DeadLettersUrl"], MessageBody="x", **waiting)
    status, said = shop.shopbell("destroy", *HOW, answer="shopbell\n")
    assert (status, shop.outputs(STACK)) == (1, first)
    assert "1 put aside would be lost" in said
    status, said = shop.shopbell("destroy", *HOW, answer=f"{STACK}\n")
    assert (status, first["TableName"] in said) == (0, True)
    status, said = shop.shopbell("destroy", *HOW, "--yes")
    assert (status, "there is nothing to destroy" in said) == (1, True)

    status, said = shop.shopbell("deploy", *HOW, "--yes")
    assert status == 0, said
    again = shop.outputs(STACK)
    assert (again["TableName"], again["BucketName"]) == (first["TableName"], first["BucketName"])
    assert "Item" in shop.client("dynamodb").get_item(TableName=again["TableName"], Key=key)

    shop.client("s3").put_object(Bucket=again["BucketName"], Key="raw/x", Body=b"x")
    status, said = shop.shopbell("destroy", *HOW, "--yes", "--with-data")
    assert status == 0, said
    assert not [name for name in shop.client("dynamodb").list_tables()["TableNames"] if name.startswith(STACK)]
    assert not [one for one in shop.client("s3").list_buckets()["Buckets"] if one["Name"].startswith(STACK)]


def test_who_names_a_mail_address_gets_alarms(shop: Checkout) -> None:
    text = (shop.folder / "chalicelib" / "shop.toml").read_text()
    (shop.folder / "chalicelib" / "shop.toml").write_text(f'alarm_mail = "me@shop.example"\n{text}')
    status, said = shop.shopbell("deploy", "--region", local.REGION, "--yes")
    assert status == 0, said
    assert "AWS asks me@shop.example once" in said
    assert len([name for name in alarms(shop) if name.startswith("shopbell-prod-")]) == 8
    topics = shop.client("sns").list_subscriptions()["Subscriptions"]
    assert "me@shop.example" in {one["Endpoint"] for one in topics}


def alarms(shop: Checkout) -> list[str]:
    return [alarm["AlarmName"] for alarm in shop.client("cloudwatch").describe_alarms()["MetricAlarms"]]


RING = """
import sys
from chalicelib import settings
from infra import smoke
for one in smoke.run(settings.shop(), sys.argv[1], 60):
    print(one.account, one.state, one.why)
"""


def test_webhooks_come_through_the_deployed_functions_to_the_desk(shop: Checkout) -> None:
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
        posts = [entry.text for entry in outside.world.ledger if entry.what != "reaction"]
        said = [text for text in posts if not text.startswith("🔴")]  # the tick missed settings a minute ago
        assert sorted(said) == sorted(smoke.WORDS.format(name) for name in rules.providers)
    finally:
        outside.stop()


def test_a_night_with_a_deployment_in_the_middle_loses_nothing(shop: Checkout, tmp_path: Path) -> None:
    """What `make soak` does at length: rollback and destroy are in the story above."""
    (tmp_path / "shop").mkdir()
    with deployed(checkout(shop.running, tmp_path / "shop"), 5, 120, print) as here:
        soaked = soak(here, 25, 3, 1, print, (morning.reckon, morning.redrive, morning.forget))
    assert [*soaked.verdict.wrongs, *soaked.wrongs] == []
    assert soaked.quiet and soaked.verdict.accepted >= 25 and soaked.verdict.again and soaked.verdict.forged
    assert soaked.tally[havoc.DEPLOYED] and soaked.tally[havoc.DOWN] and soaked.claims >= soaked.verdict.accepted
