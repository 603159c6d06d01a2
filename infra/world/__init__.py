"""The outside world for local use and tests: plays the providers' APIs, checks what it is sent, keeps a ledger.

Each provider's part is a leaf of this folder and answers as the real one would. Nothing here knows Shopbell's own
code: it is judged only by what arrives.
"""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast
from urllib.parse import parse_qsl

PARTS = (
    *("twilio_sms", "vonage", "telnyx", "plivo", "bandwidth", "sinch", "infobip", "messagebird", "aws_sms"),
    "twilio_voice",
    *("whatsapp", "twilio_whatsapp", "messenger", "instagram", "facebook_page", "instagram_comments"),
    *("telegram", "line", "viber", "x"),
    *("postmark", "ses", "resend", "sendgrid", "mailgun", "mandrill", "brevo", "mime"),
    *("slack_connect", "discord", "intercom", "crisp", "livechat", "chatwoot", "rocketchat", "zendesk_messaging"),
    *("custom", "slack"),
)  # the first segment of a path: /slack/api/…
PART = [  # name, name of its file, and media type of one part of a form
    re.compile(rule, re.IGNORECASE) for rule in (r'\bname="([^"]*)"', r'\bfilename="([^"]*)"', r"content-type: *(\S+)")
]


class File(NamedTuple):
    """A file, or another part of a form. Its name is empty where it is none."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One HTTP call that arrived. `path` is what follows the part's name; header names are lower case."""

    part: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        return json_object(self.body)

    def parts(self) -> dict[str, File]:
        """The parts of a form that has several, by their names."""
        boundary = self.headers.get("content-type", "").partition("boundary=")[2].strip('"').encode()
        found: dict[str, File] = {}
        for part in self.body.split(b"--" + boundary)[1:-1] if boundary else ():
            head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            said = head.decode("utf-8", "replace")
            name, file_name, kind = (hit[1] if (hit := how.search(said)) else "" for how in PART)
            found[name] = File(file_name, kind, content.removesuffix(b"\r\n"))
        return found

    @property
    def base(self) -> str:
        """Where the part is, as it was called."""
        return f"http://{self.headers.get('host', 'world')}/{self.part}"

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def basic(self) -> tuple[str, str]:
        """User and password of basic authentication; empty where there is none."""
        scheme, _, shown = self.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(shown, validate=True).decode() if scheme.lower() == "basic" else ""
        except ValueError:
            pair = ""
        user, _, password = pair.partition(":")
        return user, password

    def bearer(self, scheme: str = "Bearer") -> str:
        """The token that is shown by this scheme; empty where there is none."""
        shown_by, _, token = self.headers.get("authorization", "").partition(" ")
        return token if shown_by == scheme else ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the provider answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


def json_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object; empty where it is none."""
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; header names with `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status=status, body=json.dumps(value).encode(), headers={"content-type": "application/json", **named})


def handed_out(file: File | None) -> Reply:
    """A file as its host answers; 404 for one that is not there."""
    if file is None:
        return Reply(status=404, body=b"Not found", headers={"content-type": "text/plain"})
    return Reply(body=file.content, headers={"content-type": file.type})


@dataclass(kw_only=True)
class Entry:
    """One thing the outside world saw happen: a message, reaction or mail that its receiver can see.

    `to` and `thread` as the provider names them, `key` our own idempotency key where the provider carries one, `id`
    the id the provider gave it, `raw` the call's body. Of a file, `text` is its name and then its caption. A refused
    call makes no entry.
    """

    part: str
    what: str  # message, file, card, private, reaction, unreaction, edit, delete, mail
    to: str
    thread: str = ""
    text: str = ""
    id: str = ""
    key: str = ""
    refers: str = ""
    at: str = ""
    raw: Any = None


@dataclass(kw_only=True)
class Fault:
    """The world is told to fail: the next `times` calls to `part` whose path contains `path` get this answer.

    With `applied` the call takes effect all the same; with `hang` the connection is held that many seconds and then
    dropped without an answer.
    """

    part: str
    path: str = ""
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    applied: bool = False
    hang: float = 0.0
    times: int = 1


Visit = Callable[[str, str, Mapping[str, str], bytes], Reply]  # method, address, headers, body


def nobody(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """An address where nobody answers."""
    return Reply(status=503)


class Hung(Exception):
    """No answer: the connection is held for `seconds` and dropped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Part(Protocol):
    """A provider's part of the world.

    Where the provider reports on what it took, it has `receipt(entry, progress, world) -> bytes | None` as well: the
    body of that webhook, None where it has no word for `progress`. `RECEIPT_TYPE` is its type, if that is not JSON.
    `CONSOLE` is what its own pages show beside our settings, by the word for it in the steps of setting it up.
    """

    def answer(self, sent: Sent, world: "World") -> Reply:
        """Check the call as the provider would, note in the ledger what it brought about, answer."""


class World:
    """The state of the outside world. `credentials` are the SHOPBELL_* settings whose tokens it accepts."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self.credentials = credentials
        self.ledger: list[Entry] = []
        self.faults: list[Fault] = []
        self.webhooks = ""  # Shopbell's base address, as providers were told it
        self.refused: list[tuple[str, str, int]] = []  # part, path, status of calls that were refused
        self.state: dict[str, Any] = {}  # a part's own memory, by the part's name
        self.called = ""  # the part whose call is being answered
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.visit: Visit = nobody  # how a provider calls an address that it is told, to see who answers there
        self._lock = threading.RLock()
        self._count = 0

    def answer(self, sent: Sent) -> Reply:
        """What the world answers to one call. Raises Hung where it was told to."""
        with self._lock:
            fault = self._fault(sent)
            if fault and not fault.applied:
                return self._failed(fault)
            said = self._part(sent)
            return self._failed(fault) if fault else said

    def note(self, **what: Any) -> Entry:
        """Write an entry into the ledger."""
        entry = Entry(at=self.now().isoformat(timespec="milliseconds"), **what)
        self.ledger.append(entry)
        return entry

    def hold(self, part: str, id: str, file: File) -> None:
        """Hand out a file under this id from now on, as if somebody had sent it by that provider."""
        with self._lock:
            held = {"name": file.name, "type": file.type, "content": base64.b64encode(file.content).decode()}
            self.state.setdefault("files", {}).setdefault(part, {})[id] = held

    def held(self, part: str, id: str) -> File | None:
        """The file that a provider holds under an id."""
        held = self.state.get("files", {}).get(part, {}).get(id)
        return File(held["name"], held["type"], base64.b64decode(held["content"])) if held else None

    def registered(self, part: str, token: str) -> str:
        """Where the account that has this token was told to call; `webhook` in the part's memory says otherwise."""
        told = self.state.get(part, {}).get("webhook")
        whose = re.compile(rf"SHOPBELL_{part.upper()}(?:__([A-Z0-9]+))?_")
        found = [whose.match(name) for name, value in self.credentials.items() if token in value.split()]
        account = next((match[1].lower() for match in found if match and match[1]), "")
        ours = "/".join([self.webhooks, part, *filter(None, [account])]) if self.webhooks else ""
        return str(told) if told is not None else ours

    def accounts(self, part: str) -> list[dict[str, str]]:
        """The settings of each of our accounts at a part, by field."""
        prefix = f"SHOPBELL_{part.upper()}_"
        found: dict[str, dict[str, str]] = {}
        for name, value in self.credentials.items():
            if name.startswith(prefix):
                rest = name.removeprefix(prefix)
                second, _, field = rest[1:].partition("_") if rest.startswith("_") else ("", "", rest)
                found.setdefault(second, {})[field.lower()] = value
        return list(found.values())

    def account(self, part: str, **shown: str) -> dict[str, str] | None:
        """The account to which belongs what a call shows; None where there is none. Any live secret will do."""
        if not all(shown.values()):
            return None
        every = self.accounts(part)
        return next((one for one in every if all(it in one.get(of, "").split() for of, it in shown.items())), None)

    def number(self) -> int:
        """A number not used before, for ids."""
        self._count += 1
        return self._count

    def rows(self) -> list[dict[str, Any]]:
        """The ledger as `GET /ledger` shows it."""
        with self._lock:
            return [asdict(entry) for entry in self.ledger]

    def fail(self, **how: Any) -> None:
        """Tell the world to fail; see Fault."""
        with self._lock:
            self.faults.append(Fault(**how))

    def saved(self) -> bytes:
        """Ledger and memory as JSON, for `restore`. So a part keeps nothing in `state` but what JSON can hold."""
        with self._lock:
            kept = {"ledger": self.ledger, "refused": self.refused, "state": self.state, "count": self._count}
            return json.dumps(kept, default=vars).encode()

    def restore(self, saved: bytes) -> None:
        """Go on where `saved` was written."""
        kept = json.loads(saved)
        with self._lock:
            self.ledger = [Entry(**entry) for entry in kept["ledger"]]
            self.refused = [(part, path, status) for part, path, status in kept["refused"]]
            self.state, self._count = kept["state"], kept["count"]

    def forget(self) -> None:
        """Begin anew; ids are not used again."""
        with self._lock:
            for memory in (self.ledger, self.refused, self.faults, self.state):
                memory.clear()

    def _part(self, sent: Sent) -> Reply:
        if sent.part not in PARTS:
            return reply({"error": f"no part of this world: {sent.part}"}, 404)
        self.called = sent.part
        said = cast(Part, import_module(f"{__name__}.{sent.part}")).answer(sent, self)
        if said.status >= 400:
            self.refused.append((sent.part, sent.path, said.status))
        return said

    def _fault(self, sent: Sent) -> Fault | None:
        for fault in self.faults:
            if fault.part == sent.part and fault.path in sent.path:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _failed(self, fault: Fault) -> Reply:
        if fault.hang:
            raise Hung(fault.hang)
        return Reply(status=fault.status, body=fault.body.encode(), headers=fault.headers)
