"""The Shopbell that runs on this machine, as another command finds it."""

import json
import os
import urllib.request
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
STATE = ROOT / ".shopbell"
PORT = 8000
FILE = "running.json"
PATIENCE = 2.0  # seconds for an answer from this machine
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # past any proxy of the machine's owner


class NotRunning(Exception):
    """What was asked for is with a Shopbell that does not run."""


class Here(NamedTuple):
    """`url` is the webhooks' base, `public` the base that providers sign, `world` the outside world's page.

    `environment` leads Shopbell's own modules to the local AWS.
    """

    url: str
    public: str
    world: str
    environment: dict[str, str]


def find(state: Path) -> Here:
    """The Shopbell whose state is kept in `state`. Raises NotRunning."""
    with suppress(OSError, ValueError, TypeError):
        found = Here(**json.loads((state / FILE).read_text()))
        if answers(found):
            return found
    raise NotRunning("Shopbell does not run here: start it with make run (or shopbell run) and keep it running")


def announce(here: Here, state: Path) -> None:
    (state / FILE).write_text(json.dumps(here._asdict()))


def leave(state: Path) -> None:
    (state / FILE).unlink(missing_ok=True)


def enter(here: Here) -> None:
    """From here on this process calls the local AWS, whatever the caller's own AWS settings are."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(here.environment)
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


def ledger(here: Here) -> list[dict[str, Any]]:
    """What arrived in its outside world."""
    with _DIRECT.open(f"{here.world}/ledger", timeout=PATIENCE) as answer:
        rows: list[dict[str, Any]] = json.load(answer)
        return rows


def base(port: int) -> str:
    return f"http://127.0.0.1:{port}/webhooks"


def answers(here: Here) -> bool:
    """Whether its local AWS is there."""
    where = urlsplit(here.environment["AWS_ENDPOINT_URL"])
    connection = HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE)
    with suppress(OSError, HTTPException), closing(connection):
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    return False
