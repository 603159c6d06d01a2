"""The local AWS holds the packaged stack, enforces its policies, keeps its state, and leaves nothing running."""

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib import settings
from infra import local, values

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Running]:
    settings = {"SHOPBELL_A": "1", "PATH_TO_NOTHING": "2"}
    running = local.start(ROOT, 0, settings, home=tmp_path_factory.mktemp("home"), visibility=5)
    yield running
    running.stop()


def client(running: local.Running, service: str) -> Any:
    session: Any = local.session()
    return session.client(service, endpoint_url=running.aws)


def port(running: local.Running) -> int:
    return urlsplit(running.url).port or 0


def told(running: local.Running, function: str) -> dict[str, str]:
    """What a function finds in its environment."""
    configuration = client(running, "lambda").get_function_configuration(FunctionName=f"shopbell-{function}")
    variables: dict[str, str] = configuration["Environment"]["Variables"]
    return variables


def ask(running: local.Running, method: str, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(local.HOST, port(running), timeout=20)
    connection.request(method, path)
    answer = connection.getresponse()
    found = (answer.status, answer.read())
    connection.close()
    return found


def as_function(running: local.Running, function: str, role: str) -> Any:
    """Somebody with the deployed policy of a function and nothing more."""
    iam = client(running, "iam")
    name = next(found["RoleName"] for found in iam.list_roles()["Roles"] if role in found["RoleName"])
    policy = iam.get_role_policy(RoleName=name, PolicyName=f"{role}Policy")["PolicyDocument"]
    iam.create_user(UserName=function)
    iam.put_user_policy(UserName=function, PolicyName="policy", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=function)["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=local.REGION)


def denied(ask: Any, **what: Any) -> bool:
    try:
        ask(**what)
    except ClientError as error:
        if "AccessDenied" in error.response["Error"]["Code"]:
            return True
        raise
    return False


def test_functions_get_the_settings_and_nothing_else_of_the_caller(running: local.Running) -> None:
    for function in ("webhook", "mail", "worker", "tick"):
        assert told(running, function)["SHOPBELL_A"] == "1"
        assert "PATH_TO_NOTHING" not in told(running, function)
    assert told(running, "worker")["PUBLIC_URL"] == running.url.removesuffix("/webhooks")


def test_the_caller_finds_what_the_functions_find(running: local.Running) -> None:
    worker = told(running, "worker")
    for name in ("TABLE", "QUEUE_URL", "DEAD_LETTERS_URL", "BUCKET", "PUBLIC_URL"):
        assert running.environment[name] == worker[name]
    table = client(running, "dynamodb").describe_table(TableName=worker["TABLE"])["Table"]
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"due", "open"}


def test_webhooks_reach_the_app_under_the_short_address(running: local.Running) -> None:
    status, body = ask(running, "POST", "/webhooks/nobody")
    assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")


def test_what_the_public_function_may_not_do_is_denied(running: local.Running) -> None:
    session = as_function(running, "webhook", "ApiHandlerRole")
    s3, sqs, ssm, dynamodb = (
        session.client(service, endpoint_url=running.aws) for service in ("s3", "sqs", "ssm", "dynamodb")
    )
    bucket, queue, table = (running.environment[name] for name in ("BUCKET", "DEAD_LETTERS_URL", "TABLE"))
    for place in ("in", "out"):
        client(running, "ssm").put_parameter(Name=f"/shopbell/prod/{place}/x", Value="x", Type="SecureString")
    assert not denied(s3.put_object, Bucket=bucket, Key="raw/x", Body=b"")
    assert not denied(ssm.get_parameter, Name="/shopbell/prod/in/x")
    assert denied(s3.put_object, Bucket=bucket, Key="parked/x", Body=b"")
    assert denied(s3.get_object, Bucket=bucket, Key="raw/x")
    assert denied(ssm.get_parameter, Name="/shopbell/prod/out/x")
    assert denied(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageGroupId="x", MessageDeduplicationId="x")
    assert denied(sqs.receive_message, QueueUrl=running.environment["QUEUE_URL"])
    assert denied(dynamodb.get_item, TableName=table, Key={"pk": {"S": "x"}, "sk": {"S": "x"}})


def test_the_tick_may_read_what_was_accepted_and_what_it_asks_providers_with(running: local.Running) -> None:
    session = as_function(running, "tick", "TickRole")
    logs, ssm, dynamodb = (session.client(service, endpoint_url=running.aws) for service in ("logs", "ssm", "dynamodb"))
    for place in ("in", "out"):
        name = f"/shopbell/prod/{place}/tick"
        client(running, "ssm").put_parameter(Name=name, Value="x", Type="SecureString")
    for function in ("webhook", "mail", "worker"):
        with suppress(logs.exceptions.ResourceNotFoundException):  # it has not run yet
            assert not denied(logs.filter_log_events, logGroupName=f"/aws/lambda/shopbell-{function}")
    assert denied(logs.filter_log_events, logGroupName="/aws/lambda/another-webhook")
    assert not denied(ssm.get_parameter, Name="/shopbell/prod/out/tick")
    assert denied(ssm.get_parameter, Name="/shopbell/prod/in/tick")
    table, key = running.environment["TABLE"], {"pk": {"S": "x"}, "sk": {"S": "x"}}
    assert not denied(dynamodb.transact_write_items, TransactItems=[{"Put": {"TableName": table, "Item": key}}])
    assert denied(dynamodb.delete_item, TableName=table, Key=key)


def test_bodies_that_are_no_text_arrive_as_they_were(running: local.Running) -> None:
    (api,) = client(running, "apigateway").get_rest_apis()["items"]
    assert "application/octet-stream" in api["binaryMediaTypes"]


def test_a_second_one_on_the_same_state_or_port_is_refused(
    running: local.Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "PATIENCE", 0.3)
    with pytest.raises(local.LocalFailed, match="running here already"):
        local.start(ROOT, 0, home=running.home.parent)
    with pytest.raises(local.LocalFailed, match=f"port {port(running)} is taken"):
        local.start(ROOT, port(running), home=tmp_path)


def test_state_survives_a_stop_also_on_another_port_and_nothing_is_left_running(tmp_path: Path) -> None:
    first = local.start(ROOT, 0, {"SHOPBELL_A": "1"}, home=tmp_path)
    put(first, "DEAD_LETTERS_URL", "before")
    assert first.processes("webhook") == []
    ask(first, "POST", "/webhooks/nobody")
    assert len(first.processes("webhook")) == 1
    first.stop()
    assert first.processes("webhook") == []
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((local.HOST, port(first)))
    assert not (first.home / "tmp").exists()

    said: list[str] = []
    second = local.start(ROOT, port(first), {"SHOPBELL_B": "2"}, home=tmp_path, say=said.append)
    assert "changing the stack" not in said
    assert {name for name in told(second, "tick") if name.startswith("SHOPBELL_")} == {"SHOPBELL_B"}
    assert ask(second, "POST", "/webhooks/nobody")[0] == 404
    second.stop()

    third = local.start(ROOT, 0, home=tmp_path)
    assert kept(third) == "before"
    put(third, "QUEUE_URL", "after")
    assert soon(lambda: third.processes("worker"))  # the queue made under the old port is still read
    third.stop()

    fourth = local.start(ROOT, 0, home=tmp_path, fresh=True)
    assert kept(fourth) == ""
    fourth.stop()


# ---- mail without HTTP -----------------------------------------------------------------------------------------------


def test_what_ses_tells_the_topic_is_recorded(tmp_path: Path) -> None:
    """Topic, queue, function, queue, worker, bucket, table: each with its own policy and nothing more."""
    shop = with_mail(tmp_path / "shop")
    rules = settings.load((shop / "chalicelib" / "shop.toml").read_text())
    running = local.start(shop, 0, values.complete({}, rules, "http://127.0.0.1:9"), home=tmp_path / "home")
    try:
        bucket, key = running.environment["BUCKET"], "mail/letter"
        letter = b"From: mira@customer.example\r\nSubject: Parcel\r\n\r\nWhere is it?\r\n"
        client(running, "s3").put_object(Bucket=bucket, Key=key, Body=letter)
        action = {"type": "S3", "bucketName": bucket, "objectKey": key}
        verdicts = {f"{name}Verdict": {"status": "PASS"} for name in ("spam", "virus", "spf", "dkim", "dmarc")}
        told = {
            "notificationType": "Received",
            "mail": {"messageId": "letter", "commonHeaders": {"from": ["mira@customer.example"]}},
            "receipt": {"recipients": ["inbound@ses.shop.example"], "action": action, **verdicts},
        }
        topic = values.local("ses", "", "topics")
        client(running, "sns").publish(TopicArn=topic, Message=json.dumps(told), Subject="Received")
        assert soon(lambda: "Where is it?" in recorded(running))
    finally:
        running.stop()


def with_mail(into: Path) -> Path:
    """This checkout in another place, where the shop takes mail through SES; the packages are shared."""
    for name in ("app.py", "chalicelib", ".chalice", "infra/template.yaml", "infra/requirements.lock"):
        source, target = ROOT / name, into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    (into / ".build").mkdir()
    for vendor in (ROOT / ".build").glob("vendor-*"):
        (into / ".build" / vendor.name).symlink_to(vendor)
    with (into / "chalicelib" / "shop.toml").open("a") as file:
        file.write("\n[providers.ses]\n")
    return into


def recorded(running: local.Running) -> str:
    """All that is in the table, as text."""
    rows = client(running, "dynamodb").scan(TableName=running.environment["TABLE"])["Items"]
    return json.dumps(rows, default=str)


def put(running: local.Running, queue: str, word: str) -> None:
    how = {"MessageGroupId": "x", "MessageDeduplicationId": word}
    client(running, "sqs").send_message(QueueUrl=running.environment[queue], MessageBody=word, **how)


def kept(running: local.Running) -> str:
    queue = running.environment["DEAD_LETTERS_URL"]
    answer = client(running, "sqs").receive_message(QueueUrl=queue, VisibilityTimeout=0)
    return "".join(message["Body"] for message in answer.get("Messages", []))


def soon(look: Callable[[], object]) -> bool:
    end = time.monotonic() + 20
    while not look() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(look())
