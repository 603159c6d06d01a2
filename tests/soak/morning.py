"""The morning after: the owner reckons, goes back a release, redrives, forgets a customer, and takes the shop down."""

import json
import time
from collections.abc import Callable, Iterator, Sequence

from chalicelib import queue
from chalicelib.models.inbound import Message
from chalicelib.models.values import Address, Channel
from tests.soak.stage import PROD, STACK, Say, Stage, mend

ASIDE = "[parked] Is anybody there?"
SENDER = Address(channel=Channel.SMS, id="+4915129999999")
MINUTE = {"id": "m", "detail-type": "Scheduled Event", "source": "aws.events", "account": "", "resources": [],
          "region": "", "time": "2026-03-02T09:00:00Z", "detail": {}, "version": "0"}  # fmt: skip
Step = Callable[[Stage], Iterator[str]]
PATIENCE = 60.0  # seconds until something has come about


def after(here: Stage, steps: Sequence[Step], say: Say) -> Iterator[str]:
    """What is wrong in each of them."""
    for step in steps:
        say(step.__name__.replace("_", " "))
        yield from (f"{step.__name__}: {wrong}" for wrong in step(here))


def reckon(here: Stage) -> Iterator[str]:
    """Everything that was accepted is filed, by the functions' own log."""
    status, said = here.shop.shopbell("reconcile", *PROD)
    ids = sum(len(customer.claims) for customer in here.crowd)
    counts = said.split(" in, ")[0], said.partition(" in, ")[2].split(" filed")[0]
    if status or counts[0] != counts[1] or not counts[0].isdigit() or int(counts[0]) < ids:
        yield said


def go_back(here: Stage) -> Iterator[str]:
    """To the release before, which takes webhooks of every provider."""
    before = here.shop.code(STACK)
    status, said = here.shop.shopbell("deploy", *PROD, "--yes", "--rollback")
    mend(here.shop, here.shop.outputs(STACK))
    if status or here.shop.code(STACK) == before:
        yield said


def redrive(here: Stage) -> Iterator[str]:
    """A message that was put aside comes to the desk, once, however often it is redriven."""
    asked = {"QueueUrl": here.places["DEAD_LETTERS_URL"], "MessageGroupId": "aside", "MessageDeduplicationId": "aside"}
    body = queue.write(Message(provider="twilio_sms", id="parked", sender=SENDER, text=ASIDE))
    reason = {"reason": {"DataType": "String", "StringValue": "tried by hand"}}
    here.shop.client("sqs").send_message(**asked, MessageBody=body, MessageAttributes=reason)
    here.shop.client("lambda").invoke(FunctionName=f"{STACK}-tick", Payload=json.dumps(MINUTE).encode())
    for words in (("redrive", "--reason", "by hand"), ("redrive", "--all", "--yes")):
        status, said = here.shop.shopbell("parked", *words, *PROD)
        if status:
            yield said
    if not _soon(lambda: _at_desk(here, ASIDE) == 1):
        yield f"it stands at the desk {_at_desk(here, ASIDE)} times"


def forget(here: Stage) -> Iterator[str]:
    """Of a customer no word stays, neither in the table nor at the desk; others stay as they were."""
    gone, stays = here.crowd[0], here.crowd[1]
    _soon(lambda: here.waiting("QUEUE_URL") == 0)
    status, said = here.shop.shopbell("forget", "--phone", gone.sender, "--yes", *PROD)
    rows = json.dumps(here.rows())
    if status:
        yield said
    yield from (f"still in the table: {mark}" for mark in (*gone.wrote, *gone.answered, gone.sender) if mark in rows)
    yield from (f"gone as well: {mark}" for mark in stays.wrote if mark not in rows)
    deleted = here.world.state.get("slack", {}).get("deleted", [])
    ours = [entry for entry in here.world.ledger if entry.part == "slack" and entry.what in ("message", "card")]
    stand = [entry for entry in ours if entry.id not in deleted]
    yield from (f"still at the desk: {one.text[:60]}" for one in stand if any(mark in one.text for mark in gone.wrote))


def take_down(here: Stage) -> Iterator[str]:
    """The stack goes; what customers wrote stays."""
    before = len(here.rows())
    status, said = here.shop.shopbell("destroy", *PROD, "--yes")
    if status or here.places["TABLE"] not in said:
        yield said
    if len(here.rows()) < before:
        yield "rows were lost"


ALL: tuple[Step, ...] = (reckon, go_back, redrive, forget, take_down)


def _at_desk(here: Stage, words: str) -> int:
    return sum(words in entry.text for entry in here.world.ledger if entry.part == "slack")


def _soon(look: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not look() and time.monotonic() < end:
        time.sleep(0.2)
    return look()
