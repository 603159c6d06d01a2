"""Log canaries: a word of its own in every field and every secret, and none of them in any line of any log."""

import ast
import json
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from chalicelib import api, providers, receive, route
from chalicelib.errors import Outcome, SendFailed, Unavailable, Unreadable
from infra.simulate import File
from tests.lab import Lab
from tests.lab.everything import (
    Case,
    Place,
    called,
    calls,
    cases,
    changed,
    config,
    outgoing,
    parsed,
    paths,
    post,
    queued,
    request,
    said,
    secrets_of,
    signature,
    signed,
    somewhere,
    value_at,
)

pytestmark = pytest.mark.usefixtures("function")
NAMES = providers.NAMES
CUSTOMERS = [name for name in NAMES if providers.load(name).can.customers]
TALKING = [name for name in NAMES if name in CUSTOMERS or providers.load(name).can.desk]  # words come and go by them
SECRETS = [secret for name in NAMES for secret in secrets_of(name)]
NUMBERS = count(1)


def canary() -> str:
    """A word that stands nowhere else."""
    return f"zq0{next(NUMBERS)}qz"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> "Lines":
    """Levels as the functions set them, and everything of our own loggers."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "shopbell")
    return Lines(caplog)


class Lines:
    """What was logged, as it would be printed: with traces."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog = caplog

    def printed(self) -> str:
        return "\n".join(logging.Formatter("%(name)s %(message)s").format(one) for one in self.caplog.records)

    def hold(self, *words: str) -> list[str]:
        """Which of the words, of the secrets, or of anything that looks like a canary stand in a line."""
        printed = self.printed()
        assert printed, "nothing was logged: then nothing is proved"
        return [word for word in (*words, *SECRETS, "zq0") if word in printed]


# ---- every path -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_accepted(name: str, lab: Lab, lines: Lines) -> None:
    """Every payload, with a canary in each field that can hold one, all the way through the worker."""
    proofs: list[str] = []
    for case in of_each_kind(name):
        given = signed(canaried(case), lab.now)
        assert post(lab, given, name).status < 300
        proofs += long_words(signature(case, lab.now).values())
    taken = str(queued(lab))
    lab.settle()
    came = json.dumps(lab.world.rows()) if name in TALKING else taken
    assert "zq0" in came or not lab.world.ledger
    assert not lines.hold(*proofs)


@pytest.mark.parametrize("name", TALKING)
def test_through_the_desk_and_back(name: str, lab: Lab, lines: Lines) -> None:
    """A message with all that a customer may write, and the agent's answer to it."""
    file = File(f"{canary()}.pdf", "application/pdf", canary().encode())
    customer = name if name in CUSTOMERS else CUSTOMERS[0]
    lab.ring(customer, said(customer, canary(), name=canary(), files=(file,)))
    lab.settle()
    lab.ring("slack", said("slack", canary(), thread=thread(lab), at=lab.now))
    lab.settle()
    assert len(lab.world.ledger) >= 3
    assert not lines.hold()


@pytest.mark.parametrize("name", NAMES)
def test_refused(name: str, lab: Lab, lines: Lines) -> None:
    """By every status, with canaries in the body, the address, the headers, and where the signature should be."""
    case = canaried(cases(name)[0])
    proof = {header: canary() for header in signature(case)}
    strange = replace(request(case), headers={**case.headers, **proof, canary(): canary()}, query={canary(): canary()})
    for given, provider, account, status in (
        (strange, name, "", 401),
        (replace(strange, method=canary()), name, "", 405),
        (strange, canary(), "", 404),
        (strange, name, canary(), 404),
        (replace(strange, body=canary().encode() * (receive.LARGEST // 8)), name, "", providers.load(name).can.final),
    ):
        assert post(lab, given, provider, account).status == status
    assert not calls(lab)
    assert not lines.hold()


@pytest.mark.parametrize("name", NAMES)
def test_unreadable(name: str, lab: Lab, lines: Lines) -> None:
    """Kept, told, tried, put aside."""
    for body in (f"{canary()} {canary()}", f'{{"{canary()}": "{canary()}"'):
        assert post(lab, signed(cases(name)[0]._replace(body=body.encode()), lab.now), name).status < 300
    lab.settle()
    lab.tick()
    lab.settle()
    assert not lines.hold()


FAILURES: list[dict[str, Any]] = [{"status": status} for status in (200, 400, 429, 500)] + [{"hang": 9.0}]


@pytest.mark.parametrize("how", FAILURES, ids=str)
@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_sending_that_fails(name: str, how: dict[str, Any], lab: Lab, lines: Lines) -> None:
    """The provider quotes what it was sent, as some do."""
    quoted = f"{canary()} is wrong"
    words = dict.fromkeys(("message", "description", "Message", "title"), quoted)
    codes: list[dict[str, Any]] = [{}, {"error": {"message": quoted}}, {"code": 99}, {"ErrorCode": 99}]
    for code in codes:
        lab.world.fail(part=name, body=json.dumps({**words, **code}), **how)
    lab.ring(name, said(name, canary()))
    lab.settle()
    if providers.load(name).can.once:  # nothing goes there by itself
        lab.ring("slack", said("slack", canary(), thread=lab.thread()))
        lab.settle()
    assert len(lab.world.faults) < len(codes)
    assert not lines.hold()


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_desk_that_fails(status: int, lab: Lab, lines: Lines) -> None:
    lab.world.fail(part="slack", status=status, body=json.dumps({"ok": False, "error": canary()}), times=3)
    lab.ring("twilio_sms", said("twilio_sms", canary()))
    lab.settle()
    assert not lines.hold()


@pytest.mark.parametrize("name", TALKING)
def test_parked(name: str, lab: Lab, lines: Lines) -> None:
    """An exception of ours that quotes the message: eight tries, then aside."""
    text = canary()
    with (
        mock.patch.object(route, "customer", side_effect=ValueError(text)),
        mock.patch.object(route, "agent", side_effect=ValueError(text)),
    ):
        lab.ring(name, said(name, text, thread=somewhere(name)))
        lab.settle()
    assert len(lab.dead_letters()) == 1
    lab.tick()
    lab.settle()
    assert not lines.hold()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", ["verify", "parse"])
def test_a_fault_of_our_own(name: str, part: str, lab: Lab, lines: Lines) -> None:
    """An exception where none should be, through Chalice: its own words may quote what came."""
    import app

    event = called(name, signed(canaried(cases(name)[0]), datetime.now(UTC)))
    with mock.patch.object(providers.load(name), part, side_effect=RuntimeError(canary())):
        said = app.app(event, SimpleNamespace(aws_request_id="request-1"))
    ours = receive.refused(Unavailable()) if part == "verify" else providers.load(name).can.accepted
    assert (said["statusCode"], said["body"]) == (ours.status, ours.body)
    assert not lines.hold()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", b"HTTP/1.1 500 \r\n\r\n", b"nonsense", b""])
@pytest.mark.parametrize("name", TALKING)
def test_a_broken_answer(name: str, answer: bytes, lines: Lines) -> None:
    """The libraries below us log too, and an address may hold a token."""
    logging.getLogger("shopbell").info("something")
    with socket.create_server(("127.0.0.1", 0)) as server:
        speaking = threading.Thread(target=speak, args=(server, answer))
        speaking.start()
        here = f"http://127.0.0.1:{server.getsockname()[1]}"
        urls = {field: here for field, value in dict(config(name)).items() if str(value).startswith("http://world")}
        with pytest.raises(SendFailed), mock.patch.object(api, "_session", None):
            providers.load(name).send(outgoing(name), config(name).model_copy(update=urls))
            raise SendFailed("an answer that is taken proves nothing here", Outcome.UNKNOWN)
        speaking.join()
    assert not lines.hold()


# ---- canaries ---------------------------------------------------------------------------------------------------


def canaried(case: Case) -> Case:
    """The webhook with a canary in every field that can hold one and still mean as much."""
    tree = case.opened()
    words = [place for place in paths(tree) if isinstance(value_at(tree, place), str)]
    case, left = marked(case, words, lambda value: canary())
    return marked(case, left, lambda value: value + canary())[0]  # without its beginning a whole mail means nothing


def marked(case: Case, places: list[Place], write: Callable[[str], str]) -> tuple[Case, list[Place]]:
    """As many of the places as can be, by halves where not all can at once; and those that cannot."""
    if not places:
        return case, []
    tree = case.opened()
    for place in places:
        tree = changed(tree, place, write(value_at(tree, place)))
    every = case.closed(tree)
    if shape(every) == shape(case):
        return every, []
    if len(places) == 1:
        return case, places
    half = len(places) // 2
    case, first = marked(case, places[:half], write)
    case, second = marked(case, places[half:], write)
    return case, first + second


def shape(case: Case) -> list[str]:
    try:
        signed(case)
        return [f"{one.type} {getattr(one, 'kind', '')} {len(getattr(one, 'buyer', ()))}" for one in parsed(case)]
    except ValueError:
        return ["cannot be signed"]
    except Unreadable:
        return ["unreadable"]


def of_each_kind(name: str) -> list[Case]:
    """Payloads that show something new: another kind, a file, a place, a choice, several at once."""
    known: set[str] = set()
    chosen = []
    for case in cases(name):
        shown = {f"{key} {item.get('kind')}" for item in case.means for key in item} or {"ignored"}
        if shown - known:
            chosen.append(case)
            known |= shown
    return chosen


def long_words(texts: Any) -> list[str]:
    return [text for text in texts if len(text) > 12]


def thread(lab: Lab) -> str:
    """A thread at the Slack desk; of a conversation in the mailbox there is none, and the answer is for nobody."""
    cards = [entry for entry in lab.world.ledger if entry.what == "card" and entry.part == "slack"]
    return f"{cards[0].to}:{cards[0].id}" if cards else somewhere("slack")


def speak(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(answer)


# ---- the loggers themselves -------------------------------------------------------------------------------------


def test_our_loggers_are_known() -> None:
    """Each has a name under `shopbell`, so that the tests above hear it; nothing is printed."""
    for file in Path(receive.__file__).parent.rglob("*.py"):
        for call in [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]:
            name = ast.unparse(call.func)
            assert name != "print", file
            if name == "logging.getLogger":
                assert ast.unparse(call.args[0]).startswith(("'shopbell", "'urllib3'")), file  # the second is silenced


def test_a_canary_in_a_log_is_seen(lines: Lines) -> None:
    """The test of these tests."""
    logging.getLogger("shopbell.any").debug("a word")
    assert not lines.hold("another")
    logging.getLogger("shopbell.any").debug("a %s", SECRETS[0])
    assert lines.hold("word") == ["word", SECRETS[0]]
