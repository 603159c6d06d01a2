"""The whole of Shopbell from outside: webhooks in; the outside world's ledger and the command line's JSON out.

It runs as `make run` starts it: the packaged template on the local AWS, policies enforced, real function processes.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from chalicelib import settings
from infra import demo, local, send, simulate, values

pytestmark = [
    pytest.mark.local,
    pytest.mark.skipif(sys.platform != "linux", reason="function processes are found in /proc"),
]

ROOT = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-m", "infra.cli"]
PATIENCE = 40.0  # seconds until something has come about; on a busy machine a function needs some to start
PAUSE = 0.1
VISIBILITY = 4  # seconds until a message whose worker died comes back
MINE = {"SHOPBELL_TWILIO_SMS_NUMBER": "+4930111222"}  # what the caller sets
Row = dict[str, Any]
Found = TypeVar("Found")
fresh = count(1)


class Shop(NamedTuple):
    """A Shopbell that runs in a process of its own."""

    state: Path
    url: str
    world: str
    process: "subprocess.Popen[bytes]"
    printed: Path

    def ask(self, *words: str) -> str:
        """What the command line prints."""
        done = subprocess.run(command(self.state, *words), env=environment(), capture_output=True, check=True, cwd=ROOT)
        return done.stdout.decode()

    def conversations(self) -> list[Row]:
        found: list[Row] = json.loads(self.ask("conversations", "--json"))
        return found

    def ledger(self) -> list[Row]:
        found: list[Row] = json.loads(call(f"{self.world}/ledger"))
        return found

    def post(self, provider: str, text: str, **rest: Any) -> int:
        return send.post(*self.webhook(provider, text, **rest)).status

    def webhook(self, provider: str, text: str, forged: bool = False, **rest: Any) -> tuple[simulate.Webhook, str]:
        """A signed webhook and where it goes, made as anybody would who knows the secrets."""
        rules = settings.load(settings.SHOP_FILE.read_text())
        given = values.complete(MINE, rules, self.world)
        sender = send.sender(provider, "", given, rules, self.url, self.url)
        return send.compose(send.said(text, **rest), sender, forged=forged), sender.url

    def stop(self) -> int:
        """End it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def command(state: Path, *words: str) -> list[str]:
    return [*PROGRAM, "--state", str(state), *words]


def environment() -> dict[str, str]:
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(settings.PREFIX)}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**theirs, **MINE, "PYTHONPATH": path, "PYTHONUTF8": "1", "COLUMNS": "100"}


def call(url: str, body: Mapping[str, Any] | None = None) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, json.dumps(body).encode() if body else None, timeout=20) as answer:
        said: bytes = answer.read()
        return said


def started(state: Path, port: int) -> Shop:
    """A Shopbell that is ready, on `port` and with what is in `state`."""
    printed = state / f"printed-{next(fresh)}"
    words = command(state, "run", "--port", str(port), "--visibility", str(VISIBILITY))
    with printed.open("wb") as file:
        process = subprocess.Popen(words, env=environment(), stdout=file, stderr=file, cwd=ROOT)
    try:
        until(lambda: process.poll() is not None or b"Ctrl-C" in printed.read_bytes(), patience=180)
        assert process.poll() is None, printed.read_text()
        running = json.loads((state / "running.json").read_text())
    except BaseException:
        process.kill()
        raise
    return Shop(state, running["url"], running["world"], process, printed)


def until(look: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
    """What `look` finds once it finds something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(PAUSE)
    raise AssertionError("it has not come about")


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind((local.HOST, 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = started(tmp_path_factory.mktemp("state"), free_port())
    yield shop
    if shop.process.poll() is None:
        shop.stop()


def arrived(shop: Shop, **what: str) -> list[Row]:
    """What arrived in the outside world that is like this; `text` may be a part of it."""
    text = what.pop("text", "")
    return [row for row in shop.ledger() if text in row["text"] and all(row[name] == is_ for name, is_ in what.items())]


def conversation(shop: Shop, text: str) -> Row:
    """The conversation in which somebody wrote just this."""
    found = [one for one in shop.conversations() if text in [message["text"] for message in one["messages"]]]
    assert len(found) == 1
    return found[0]


def settled(shop: Shop, text: str) -> Row | None:
    """The message of that text once nothing is owed to it."""
    found = [message for one in shop.conversations() for message in one["messages"] if message["text"] == text]
    done = found and all(delivery["state"] != "planned" for delivery in found[0]["deliveries"])
    return found[0] if done else None


# ---- in the order in which a newcomer sees it -------------------------------------------------------------------


def test_a_newcomer_sees_six_customers_and_an_answer(shop: Shop) -> None:
    printed = " ".join(shop.printed.read_text().split())
    found = shop.conversations()
    assert sorted(one["messages"][0]["provider"] for one in found) == sorted(demo.SAMPLES)
    for sample in demo.SAMPLES.values():
        assert arrived(shop, text=sample.text), sample
    answer = demo.SAMPLES["twilio_sms"].answer
    assert [row["raw"]["From"] for row in arrived(shop, text=answer)] == [MINE["SHOPBELL_TWILIO_SMS_NUMBER"]]
    for words in (f"{shop.url}/PROVIDER", shop.world, "Jörg Weiß", "·", "delivered", "send slack"):
        assert words in printed, printed


def test_a_customers_words_reach_slack_and_the_answer_goes_back(shop: Shop) -> None:
    customer = "+4915700000001"
    assert shop.post("twilio_sms", "Habt ihr Größe 38? 👟", sender=customer) == 204
    (card,) = until(lambda: arrived(shop, part="slack", what="card", text="Größe 38"))
    assert shop.post("slack", "Ja, eines. 🙂", thread=f"{card['to']}:{card['id']}") == 200
    (sms,) = until(lambda: arrived(shop, part="twilio_sms", to=customer, text="Ja, eines. 🙂"))
    until(lambda: arrived(shop, what="reaction", text="white_check_mark", refers=stamp(shop, "Ja, eines. 🙂")))
    message = until(lambda: delivered(shop, "Ja, eines. 🙂"))
    assert message["direction"] == "out"
    assert message["deliveries"][0]["provider_id"] == sms["id"]


def stamp(shop: Shop, text: str) -> str:
    """Slack's time stamp of an agent's message."""
    (message,) = [one for one in conversation(shop, text)["messages"] if one["text"] == text]
    return str(message["provider_id"]).rpartition(":")[2]


def delivered(shop: Shop, text: str) -> Row | None:
    """The message of that text, once its provider has said that it arrived."""
    message = settled(shop, text)
    return message if message and message["deliveries"][0]["receipt"] == "delivered" else None


def test_a_mail_reaches_the_mailbox_and_the_answer_goes_back(shop: Shop) -> None:
    customer = "ada@customer.example"
    assert shop.post("postmark", "Is the parcel on its way?", sender=customer, name="Ada") == 200
    (mail,) = until(lambda: arrived(shop, part="postmark", to="service@shop.example", text="Is the parcel"))
    assert mail["thread"]
    assert shop.post("postmark", "It left this morning.", sender="ann@shop.example", thread=mail["thread"]) == 200
    (answer,) = until(lambda: arrived(shop, part="postmark", to=customer, text="It left this morning."))
    assert "What the customer wrote before" not in answer["text"]


def test_a_stranger_at_a_desks_address_reaches_nobody(shop: Shop) -> None:
    (mail,) = arrived(shop, part="postmark", to="service@shop.example", text="Is the parcel")
    assert shop.post("postmark", "Send me the money.", sender="eve@elsewhere.example", thread=mail["thread"]) == 200
    until(lambda: arrived(shop, part="postmark", to="service@shop.example", text="eve@elsewhere.example"))
    assert not arrived(shop, to="ada@customer.example", text="money")


def test_what_is_delivered_again_is_recorded_and_forwarded_once(shop: Shop) -> None:
    webhook, url = shop.webhook("telegram", "Nur einmal, bitte", sender="700100999")
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: send.post(webhook, url).status, range(6)))
    assert answers == [200] * 6
    until(lambda: settled(shop, "Nur einmal, bitte"))
    shop.post("telegram", "Und noch etwas", sender="700100999")
    until(lambda: settled(shop, "Und noch etwas"))  # behind the others in the same group: they are done
    assert len(conversation(shop, "Nur einmal, bitte")["messages"]) == 2
    assert len(arrived(shop, part="slack", text="Nur einmal, bitte")) == 1
    assert len(arrived(shop, part="telegram", to="700100999")) == 1  # the acknowledgement


def test_what_somebody_else_signed_leaves_no_trace(shop: Shop) -> None:
    before = (shop.ledger(), shop.conversations())
    answers = {name: send.post(*shop.webhook(name, "forged", forged=True)) for name in (*demo.SAMPLES, "slack")}
    assert set(answers.values()) == {send.Posted(401, "bad_signature")}
    assert "✓ refused (HTTP 401 bad_signature)" in shop.ask("send", "telegram", "forged", "--bad-signature")
    assert (shop.ledger(), shop.conversations()) == before


def test_what_was_accepted_is_filed(shop: Shop) -> None:
    """By the webhook's log and the table, whatever was posted so far; the last of it is under way for a moment."""
    every = r"(\d+) in, \1 filed, 0 parked, \d+ of \d+ in time, median first answer \d+ min\n"
    said = until(lambda: re.fullmatch(every, shop.ask("reconcile", "--here")))
    assert int(said[1]) >= len(shop.conversations())


def test_the_command_line_sends_and_traces(shop: Shop) -> None:
    seen = shop.ask("send", "whatsapp", "Grüße", "--from", "+4917600000000", "--name", "Zoë", "--batch", "2")
    assert "✓ accepted (HTTP 200)" in seen
    id = conversation(shop, "Grüße (2)")["messages"][1]["id"]
    traced = " ".join(shop.ask("trace", id).split())
    assert "Forward to front by slack: ✓ sent" in traced
    assert "slack C0SHOPBELL Grüße (2)" in traced


def test_a_message_whose_worker_was_killed_arrives_all_the_same(shop: Shop) -> None:
    """The worker dies amid its call to Slack, which does not take effect; the queue hands the message out again."""
    call(f"{shop.world}/faults", {"part": "slack", "path": "chat.postMessage", "hang": 6})
    assert shop.post("messenger", "Hallo?", sender="7000000001") == 200
    until(lambda: [one for one in shop.conversations() for message in one["messages"] if message["text"] == "Hallo?"])
    for pid in workers(shop):
        os.kill(pid, signal.SIGKILL)
    assert not arrived(shop, part="slack", text="Hallo?")
    message = until(lambda: settled(shop, "Hallo?"))
    assert [row["what"] for row in arrived(shop, part="slack", text="Hallo?")] == ["card"]
    forward = message["deliveries"][0]
    assert forward["state"] == "sent"
    assert forward["attempts"] > 1


def workers(shop: Shop) -> list[int]:
    running = local.Running(url="", aws="", environment={}, home=shop.state / "aws", undo=ExitStack())
    found = running.processes("worker")
    assert found
    return found


def test_a_failure_is_told_and_tried_again(shop: Shop) -> None:
    call(
        f"{shop.world}/faults",
        {"part": "slack", "path": "chat.postMessage", "status": 429, "headers": {"Retry-After": "1"}},
    )
    shop.post("custom", "Noch da?", sender="visitor-9")
    message = until(lambda: settled(shop, "Noch da?"))
    assert message["deliveries"][0]["attempts"] == 2
    assert len(arrived(shop, part="slack", text="Noch da?")) == 1


def test_all_is_there_again_after_a_restart(shop: Shop) -> None:
    before, ledger = shop.conversations(), shop.ledger()
    assert shop.stop() == 0
    assert "Shopbell has stopped." in shop.printed.read_text()
    again = started(shop.state, int(shop.url.rsplit(":", 1)[1].partition("/")[0]))
    try:
        assert again.conversations() == before
        assert again.ledger() == ledger
        (card,) = arrived(again, part="slack", what="card", text="Größe 38")
        assert again.post("slack", "Ist zurückgelegt.", thread=f"{card['to']}:{card['id']}") == 200
        until(lambda: arrived(again, part="twilio_sms", to="+4915700000001", text="Ist zurückgelegt."))
    finally:
        assert again.stop() == 0


def test_nothing_is_left_running(shop: Shop) -> None:
    mark = str(shop.state).encode()
    until(lambda: not [file for file in Path("/proc").glob("[0-9]*/cmdline") if mark in quiet(file)])


def quiet(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
