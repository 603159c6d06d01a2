"""A Python with nothing but the package, or nothing but the libraries, in which `alone.py` is run and measured."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib import providers
from infra import local, package, simulate
from infra.simulate import Said

ROOT = Path(__file__).parents[2]
ALONE = Path(__file__).with_name("alone.py")
LIBRARIES = Path(sysconfig.get_path("purelib"))
DOMAIN = "shop.example"
SETTINGS = {"ACCOUNT_SID": "AC" + "1" * 32, "AUTH_TOKEN": "twilio-secret", "NUMBER": "+4930555000"}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_LAMBDA_FUNCTION_NAME": "shopbell-webhook",  # as in production: the SDK does not check what it is given
    "BUCKET": "shopbell-files",
    "PUBLIC_URL": f"https://{DOMAIN}",
    "PYTHONHASHSEED": "0",  # the same instructions on every run
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/shopbell.fifo",
    **{f"SHOPBELL_TWILIO_SMS_{name}": value for name, value in SETTINGS.items()},
}


class Bare(NamedTuple):
    """`function` holds the unpacked package, `event` an API Gateway event, `bytecode` that of the libraries."""

    function: Path
    event: Path
    bytecode: Path

    def run(self, what: str, *, ours: bool = True, tool: Sequence[str] = (), write: bool = False) -> str:
        """All that `alone.py` prints: for the packaged function (`ours`), or for the libraries as installed."""
        where = [str(self.function if ours else LIBRARIES), str(self.event)]
        command = [*tool, sys.executable, "-P", "-S", *([] if write else ["-B"]), str(ALONE), what, *where]
        environment = ENVIRONMENT | ({} if ours else {"PYTHONPYCACHEPREFIX": str(self.bytecode)})
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise RuntimeError(f"{what} cannot be measured: {done.stdout[-500:]}")
        return done.stdout


@contextmanager
def bare() -> Iterator[Bare]:
    """The package, unpacked; and bytecode for all that the libraries need."""
    built = package.package(ROOT, local.architecture(), local=True)
    with tempfile.TemporaryDirectory(prefix="shopbell-bench-") as scratch:
        found = Bare(Path(scratch, "function"), Path(scratch, "event.json"), Path(scratch, "bytecode"))
        with zipfile.ZipFile(built.code) as archive:
            archive.extractall(found.function)
        found.event.write_text(json.dumps(event()))
        found.run("called", ours=False, write=True)
        yield found


def event() -> dict[str, Any]:
    """A signed SMS webhook as API Gateway hands it over."""
    path, now = "/webhooks/twilio_sms", datetime.now(UTC)
    config = providers.load("twilio_sms").Config(**{name.lower(): value for name, value in SETTINGS.items()})
    said = Said(text="Where is my order?", id="1", at=now)
    signed = simulate.webhook("twilio_sms", [said], ENVIRONMENT["PUBLIC_URL"] + path, now, config)
    return {
        "httpMethod": "POST",
        "path": path,
        "headers": dict(signed.headers),
        "multiValueHeaders": {name: [value] for name, value in signed.headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"provider": "twilio_sms"},
        "stageVariables": None,
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/webhooks/{provider}",
            "domainName": DOMAIN,
            "path": f"/api{path}",
        },
        "body": signed.body.decode(),
        "isBase64Encoded": False,
    }
