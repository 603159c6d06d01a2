"""What AWS is to a function here: Lambda's runtime API, and a queue and a table that take all, on loopback.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import hashlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

RUNTIME = "/2018-06-01/runtime/"
HEAD = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Deadline-Ms": "9999999999999",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:shopbell-webhook",
    "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000",
}
LONGEST = 600.0  # seconds; 10,000 webhooks take half a minute, a start under valgrind ten seconds
SLACK = {"ok": True, "team_id": "T0SHOP", "user_id": "U0BELL", "bot_id": "B0BELL"}  # of auth.test


class Seen(NamedTuple):
    """A process at one moment."""

    resident: int  # bytes
    cpu: float  # seconds so far, in hundredths


@dataclass
class Life:
    """One environment of a function, from its start until it asked for an invocation too many."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # operations of AWS
    seen: dict[int, Seen] = field(default_factory=dict)  # after so many invocations
    cpu: float = 0.0  # seconds, of the whole life
    printed: str = ""  # the end of it


class Cloud(ThreadingHTTPServer):
    """Answers for the runtime API and for AWS; `life` is what it sees."""

    daemon_threads = True
    process: "subprocess.Popen[str]"

    def __init__(self, events: Iterator[Mapping[str, Any]], watched: Collection[int]) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.events, self.watched, self.numbers = events, watched, count()
        self.life, self.done = Life(), threading.Event()

    def next(self) -> tuple[str, Mapping[str, Any]] | None:
        """The number of an invocation and its event; None when there is no more."""
        number = next(self.numbers)
        if number in self.watched:
            self.life.seen[number] = _seen(self.process.pid)
        event = next(self.events, None)
        return None if event is None else (str(number), event)


def lived(
    command: Sequence[str],
    environment: Mapping[str, str],
    events: Iterator[Mapping[str, Any]],
    watched: Collection[int] = (),
) -> Life:
    """Start a function, give it all `events`, end it. Raises RuntimeError where it does not do its work."""
    with _served(Cloud(events, watched)) as cloud:
        place = f"127.0.0.1:{cloud.server_port}"
        told = {**environment, "AWS_LAMBDA_RUNTIME_API": place, "AWS_ENDPOINT_URL": f"http://{place}"}
        cloud.process = subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        printing = threading.Thread(target=_keep, args=(cloud,))
        printing.start()
        finished = cloud.done.wait(LONGEST)
        os.kill(cloud.process.pid, signal.SIGTERM)  # valgrind still says what it counted
        _, cloud.process.returncode, used = os.wait4(cloud.process.pid, 0)
        printing.join()
    cloud.life.cpu = used.ru_utime + used.ru_stime
    if not finished or next(cloud.events, None) or any(_wrong(answer) for answer in cloud.life.answers):
        raise RuntimeError(f"the function did not work: {cloud.life.answers[-1:]} {cloud.life.printed[-800:]}")
    return cloud.life


class _Asked(BaseHTTPRequestHandler):
    """One request of the function, or of its runtime client."""

    protocol_version = "HTTP/1.1"
    server: Cloud

    def do_GET(self) -> None:
        given = self.server.next()
        if given is None:
            self.server.done.set()
            self.close_connection = True
            threading.Event().wait(LONGEST)  # as Lambda does: the environment is frozen until it is ended
            return
        number, event = given
        self._answer(200, json.dumps(event).encode(), {**HEAD, "Lambda-Runtime-Aws-Request-Id": number})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith(RUNTIME):
            self.server.life.answers.append(json.loads(body))
            self._answer(202, b"")
            if self.path.endswith("/init/error"):
                self.server.done.set()
        elif target := self.headers["X-Amz-Target"]:
            self.server.life.asked.append(target.partition(".")[2])
            self._answer(200, _taken(target, body), {"Content-Type": "application/x-amz-json-1.0"})
        else:
            self._answer(200, json.dumps(SLACK).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, head: Mapping[str, str] | None = None) -> None:
        fields = {"Content-Length": len(body), **(head or {})}
        lines = [f"HTTP/1.1 {status} .", *(f"{name}: {value}" for name, value in fields.items())]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)  # in one piece: else Nagle holds the second

    def log_message(self, *words: object) -> None:
        """Nothing is printed."""


def _taken(target: str, body: bytes) -> bytes:
    """The answer of a queue, or a table, that takes whatever comes."""
    if not target.endswith("SendMessageBatch"):
        return b"{}"
    entries = [
        {"Id": one["Id"], "MessageId": "1", "MD5OfMessageBody": _md5(one["MessageBody"])}
        for one in json.loads(body)["Entries"]
    ]
    return json.dumps({"Successful": entries}).encode()


def _md5(text: str) -> str:
    """The SDK checks it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _wrong(answer: Mapping[str, Any]) -> bool:
    return "errorMessage" in answer or not 200 <= answer["statusCode"] < 300


@contextmanager
def _served(cloud: Cloud) -> Iterator[Cloud]:
    serving = threading.Thread(target=cloud.serve_forever, daemon=True)
    serving.start()
    try:
        yield cloud
    finally:
        cloud.shutdown()
        cloud.server_close()


def _keep(cloud: Cloud) -> None:
    """What the function prints; if it ends by itself, there is nothing to wait for."""
    assert cloud.process.stdout
    with cloud.process.stdout as lines:
        for line in lines:
            cloud.life.printed = (cloud.life.printed + line)[-20_000:]
    cloud.done.set()


def _seen(pid: int) -> Seen:
    """As Linux tells; Lambda's runtime client runs nowhere else."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return Seen(pages * os.sysconf("SC_PAGE_SIZE"), (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"))
