"""The local AWS: MiniStack in a process of its own, holding the very stack that AWS would get.

What has to be mended there after a deployment, because MiniStack does not do it as AWS does, is in `mend`. Roles and
policies are enforced. Everything it knows lies in .shopbell/ and is there again after a stop and a start.
"""

import fcntl
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

from infra.deploy import deploy
from infra.package import Package, package

STACK = "shopbell"
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}  # the root's
FUNCTIONS = {
    "APIHandlerName": "webhook",
    "MailName": "mail",
    "WorkerName": "worker",
    "TickName": "tick",
}  # output -> what it is
HOST = "127.0.0.1"
PATIENCE = 30.0  # seconds for MiniStack to start or to stop

# MiniStack with a lifeline: when whoever started it is gone, however it died, it saves its state and goes too.
MINISTACK = """
import os, signal, threading
from ministack.app import main

def follow():
    os.read(0, 1)  # nothing is ever written: it returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=follow, daemon=True).start()
main()
"""


class LocalFailed(Exception):
    """The local AWS cannot run; the text says why and what to do."""


@dataclass(frozen=True)
class Running:
    """The running local AWS.

    `url` is what webhooks are posted below, `aws` where AWS calls go. With `environment` boto3 and Shopbell's own
    modules find the same table, queues and bucket as the functions do, as an account that may do everything.
    """

    url: str
    aws: str
    environment: Mapping[str, str]
    home: Path
    undo: ExitStack = field(repr=False)

    def stop(self) -> None:
        """Save the state and end every process of it."""
        self.undo.close()

    def processes(self, function: str, stack: str = STACK) -> list[int]:
        """The process ids in which a function (webhook, worker, tick) of a stack runs now. Linux only."""
        mark = f"{self.home}/tmp/ministack-lambda-{stack}-{function}-".encode()
        return [int(file.parent.name) for file in Path("/proc").glob("[0-9]*/cmdline") if mark in _bytes(file)]


def start(
    root: Path,
    port: int = 8000,
    environment: Mapping[str, str] = {},
    *,
    home: Path | None = None,
    fresh: bool = False,
    visibility: int = 60,
    public_url: str = "",
    say: Callable[[str], object] = lambda line: None,
) -> Running:
    """Start the local AWS for the checkout at `root` and deploy there what has changed.

    Port 0 takes any that is free. The functions get every SHOPBELL_ variable of `environment`. `home` is where the
    state is kept, if not in .shopbell/; `fresh` forgets it. `visibility` is the seconds after which the queue hands
    out again what a dead worker held. `public_url` is where a tunnel lets providers in, without /webhooks.
    Raises LocalFailed, PackageFailed, DeployFailed.
    """
    home = (home or root / ".shopbell").resolve() / "aws"
    with ExitStack() as undo:
        lock = undo.enter_context(_alone(home))
        if fresh:
            shutil.rmtree(home / "state", ignore_errors=True)
        port = _free(port)
        move(home / "state", port)
        say("starting the local AWS")
        process = _launch(home, port, lock)
        undo.callback(_end, process, home)
        say("packaging")
        built = package(root, architecture(), local=True)
        _await(process, port, home)
        address = public_url or f"http://{HOST}:{port}"
        told = parameters(address, visibility)
        said = deploy(built, told, stack=STACK, session=session(), endpoint=endpoint(port), say=say)
        mend(built, said, [HOST, urlsplit(address).hostname or HOST], port)
        inform(said, environment, port)
        known = {**KEYS, **resources(said), "AWS_ENDPOINT_URL": endpoint(port), "PUBLIC_URL": address}
        known["NO_PROXY"] = f"localhost,{HOST}"
        return Running(f"http://{HOST}:{port}/webhooks", endpoint(port), known, home, undo.pop_all())


def mend(built: Package, said: Mapping[str, str], hosts: list[str], port: int) -> None:
    """Do by call what MiniStack does not read from the template."""
    gateway: Any = session().client(
        "apigateway", endpoint_url=endpoint(port), config=Config(parameter_validation=False)
    )
    properties = built.template["Resources"]["RestAPI"]["Properties"]
    keep_bytes(gateway, said["RestAPIId"], properties["DefinitionBody"]["x-amazon-apigateway-binary-media-types"])
    for host in dict.fromkeys(hosts):
        serve(gateway, said["RestAPIId"], properties["StageName"], host)
    batch(said, port)


def keep_bytes(gateway: Any, api: str, types: list[str]) -> None:
    """The API definition's binary types are ignored: without this every such body is garbled."""
    change = {"op": "replace", "path": "/binaryMediaTypes", "value": types}
    gateway.update_rest_api(restApiId=api, patchOperations=[change])


def serve(gateway: Any, api: str, stage: str, host: str) -> None:
    """Calls to `host` are webhooks, without the API's id and stage in the path (on AWS: a domain of the shop's own)."""
    if host not in {domain["domainName"] for domain in gateway.get_domain_names().get("items", [])}:
        certificate = f"arn:aws:acm:{REGION}:000000000000:certificate/local"
        where = {"types": ["REGIONAL"]}
        gateway.create_domain_name(domainName=host, regionalCertificateArn=certificate, endpointConfiguration=where)
    for mapping in gateway.get_base_path_mappings(domainName=host).get("items", []):
        gateway.delete_base_path_mapping(domainName=host, basePath=mapping["basePath"])
    gateway.create_base_path_mapping(domainName=host, restApiId=api, stage=stage)


def batch(said: Mapping[str, str], port: int) -> None:
    """MiniStack asks for a permission of its own to send a batch; on AWS `sqs:SendMessage` is that permission."""
    functions: Any = session().client("lambda", endpoint_url=endpoint(port))
    roles: Any = session().client("iam", endpoint_url=endpoint(port))
    queues: Any = session().client("sqs", endpoint_url=endpoint(port))
    asked = {"QueueUrl": said["QueueUrl"], "AttributeNames": ["QueueArn"]}
    queue = queues.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": queue}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    for output in FUNCTIONS:
        role = functions.get_function_configuration(FunctionName=said[output])["Role"].rpartition("/")[2]
        roles.put_role_policy(RoleName=role, PolicyName="batch", PolicyDocument=document)


def move(state: Path, port: int) -> None:
    """A queue's URL, by which MiniStack keeps it, holds the port: another port would leave its messages behind."""
    for name in ("cloudformation", "lambda", "sqs"):
        file = state / f"{name}.json"
        if file.exists():
            file.write_text(re.sub(r"http://localhost:\d+/", f"{endpoint(port)}/", file.read_text()))


def inform(said: Mapping[str, str], environment: Mapping[str, str], port: int) -> None:
    """Give the functions the settings of `environment`; on AWS they come from the parameter store."""
    functions: Any = session().client("lambda", endpoint_url=endpoint(port))
    settings = {name: value for name, value in environment.items() if name.startswith("SHOPBELL_")}
    for output in FUNCTIONS:
        before = functions.get_function_configuration(FunctionName=said[output])["Environment"]["Variables"]
        after = {name: value for name, value in before.items() if not name.startswith("SHOPBELL_")} | settings
        if after != before:
            functions.update_function_configuration(FunctionName=said[output], Environment={"Variables": after})


def resources(said: Mapping[str, str]) -> dict[str, str]:
    """Where things are, by the names under which the functions know it."""
    return {
        "TABLE": said["TableName"],
        "QUEUE_URL": said["QueueUrl"],
        "DEAD_LETTERS_URL": said["DeadLettersUrl"],
        "BUCKET": said["BucketName"],
    }


def session() -> boto3.Session:
    """Root's, and past any proxy that the caller's environment names."""
    core = botocore.session.Session()
    core.set_default_client_config(Config(proxies={}))
    return boto3.Session(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], None, REGION, core)


def parameters(address: str, visibility: int = 60) -> dict[str, str]:
    """All that sets the local stack apart from one on AWS, beside where the code lies."""
    return {"Architecture": architecture(), "PublicUrl": address, "Visibility": str(visibility)}


def endpoint(port: int) -> str:
    """Where AWS calls go: by another name than HOST, which belongs to the webhooks."""
    return f"http://localhost:{port}"


def architecture() -> str:
    """This machine's, in Lambda's words."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def _alone(home: Path) -> IO[bytes]:
    """The lock on `home`. MiniStack holds it too, so it is free only when the state is saved."""
    home.mkdir(parents=True, exist_ok=True)
    home.parent.chmod(0o700)  # settings and customers' words lie there
    lock = (home / "lock").open("wb")
    end = time.monotonic() + PATIENCE / 3
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > end:
                lock.close()
                raise LocalFailed("Shopbell is running here already: stop it first (Ctrl-C where it runs)") from None
            time.sleep(0.1)


def _free(port: int) -> int:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            raise LocalFailed(f"port {port} is taken: choose another with --port") from None
        return int(trial.getsockname()[1])


def _launch(home: Path, port: int, lock: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start MiniStack in a session of its own, so that Ctrl-C reaches it through us alone."""
    shutil.rmtree(home / "tmp", ignore_errors=True)  # each function process leaves its code behind
    (home / "tmp").mkdir()
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", MINISTACK],
            cwd=home,
            env=_surroundings(home, port),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )


def _surroundings(home: Path, port: int) -> dict[str, str]:
    """All that MiniStack, and with it every function process, sees of the machine."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "AUTH": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": endpoint(port),
        "BIND_HOST": HOST,
        "DOCKER_HOST": "unix:///nonexistent",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",  # it would listen to the whole network
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "S3_DATA_DIR": str(home / "state" / "s3"),
        "S3_PERSIST": "1",
        "STATE_DIR": str(home / "state"),
        "TMPDIR": str(home / "tmp"),
    }


def _await(process: "subprocess.Popen[bytes]", port: int, home: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError, HTTPException), closing(HTTPConnection("localhost", port, timeout=2)) as connection:
            connection.request("GET", "/_ministack/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise LocalFailed(f"the local AWS did not start; what it said is in {home / 'log'}")


def _end(process: "subprocess.Popen[bytes]", home: Path) -> None:
    """Ask it to go, wait until it has saved its state, and clear what its function processes left."""
    process.terminate()
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    _end_functions(process.pid)
    shutil.rmtree(home / "tmp", ignore_errors=True)


def _end_functions(session: int) -> None:
    """MiniStack does not wait for its function processes: whatever is left of its session ends here."""
    end = time.monotonic() + PATIENCE / 10
    with suppress(ProcessLookupError, PermissionError):  # of macOS, where all that is left has ended
        while time.monotonic() < end:
            os.killpg(session, signal.SIGKILL)
            time.sleep(0.02)


def _bytes(file: Path) -> bytes:
    """What is in `file`; nothing where it has just gone."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
