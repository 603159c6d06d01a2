"""Each release's rows and queue messages, kept as it left them in the middle of things; and what their fields mean.

`python -m tests.lab.releases` keeps those of the version in pyproject.toml, in tests/golden/releases/.
"""

import base64
import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from chalicelib import aws
from chalicelib.models.inbound import Item, Message
from chalicelib.models.people import Claim, Contact, Conversation, Thread
from chalicelib.models.work import Pieces, Watch
from tests.lab import BUCKET, DEAD, HIDDEN, QUEUE, TABLE, Lab, backend, kept_rows, laboratory, sqs_queue
from tests.lab.faults import Fault as Strike
from tests.lab.faults import Plan, kill_before
from tests.lab.flows import FLOWS, OTTO, Flow

ROOT = Path(__file__).parents[2]
RELEASES = ROOT / "tests" / "golden" / "releases"
FIELDS = "fields.json"
ROWS: dict[str, type[BaseModel]] = {  # kind of row -> what it holds; all others are read attribute by attribute
    "CONTACT": Contact,
    "CONVERSATION": Conversation,
    "MESSAGE": Message,
    "CLAIM": Claim,
    "THREAD": Thread,
    "WATCH": Watch,
}
WITHIN: dict[str, type[BaseModel]] = {"FRAGMENT": Pieces}  # held under names of their own
QUEUED: dict[str, type[BaseModel]] = {one.model_fields["type"].default: one for one in get_args(get_args(Item)[0])}
FOR_PEOPLE = ("title", "description", "properties", "$defs")  # of a schema; a property may have such a name
MESSAGE = (  # of a queue message, as the local queue has it
    "id", "body", "group_id", "message_attributes", "sent_timestamp", "approximate_receive_count",
    "approximate_first_receive_timestamp",
)  # fmt: skip
Kept = dict[str, Any]


def asked_about(lab: Lab) -> None:
    """Two customers name the same order: the desk is asked whether they are one."""
    lab.ring("twilio_sms", lab.say("Where is order 1037?"))
    lab.settle()
    lab.ring("twilio_sms", lab.say("I wait for order 1037", 3, sender=OTTO))
    lab.settle()


class Stop(NamedTuple):
    """Where a flow is left: after so many calls of that name nothing runs any more, and the next release takes over."""

    flow: str
    call: str
    times: int = 1


PUT, NOTE = "sqs.SendMessageBatch", "dynamodb.UpdateItem"
STOPS = (
    Stop("customer to desk", "dynamodb.TransactWriteItems record"),  # at no desk yet
    Stop("second message", PUT),  # accepted
    Stop("agent to customer", PUT, 2),  # handed on
    Stop("receipt", "dynamodb.GetItem", 2),
    Stop("a long SMS in parts", "sqs.ChangeMessageVisibility"),  # one part of it is kept
    Stop("a desk that stumbles", NOTE),
    Stop("what nobody can read", PUT),  # the raw body waits
    Stop("what nobody can read", "sqs.SendMessage"),  # a dead letter
    Stop("what nobody can read", "sqs.DeleteMessage"),  # put aside in the bucket
    Stop("mailbox to customer", PUT, 2),
    Stop("an announced mail", PUT),
    Stop("assign at opening", NOTE),
    Stop("nudge and escalate", PUT),  # a timer on the queue
    Stop("a customer's file", PUT, 2),
    Stop("an agent's file by mail", NOTE),
    Stop("held, then sent", f"{PUT} 2"),
    Stop("unlink", PUT, 2),
    Stop("link by a code", PUT, 2),
    Stop("forgotten", PUT, 2),
    Stop("daily line", PUT),
    Stop("the same order", PUT, 3),  # the desk is to be asked
)
SAME_ORDER = Flow("the same order", asked_about, ("Where is order", "I wait for order"), acknowledged=2, threads=2)


class Over(BaseException):
    """The release is over: no call of its functions goes out any more."""


def flow(name: str) -> Flow:
    return next(one for one in (*FLOWS, SAME_ORDER) if one.name == name)


def version() -> str:
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


# ---- keeping ----------------------------------------------------------------------------------------------------


def left(stop: Stop) -> Kept:
    """All that is there when a flow stops."""
    played = flow(stop.flow)
    with laboratory(played.shop) as lab:
        played.before(lab)
        lab.seam.calls.clear()
        lab.seam.intercept = _until(stop, lab.seam.calls)
        try:
            played.play(lab)
        except Over:
            return _kept(lab, stop)
    raise AssertionError(f"{stop.flow} makes no {stop.call} number {stop.times}")


def _until(stop: Stop, calls: Sequence[str]) -> Callable[[int, str, Callable[[], Any], Any], Any]:
    def intercept(number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        if calls[: number - 1].count(stop.call) == stop.times:
            raise Over
        return apply()

    return intercept


def _kept(lab: Lab, stop: Stop) -> Kept:
    return {
        **stop._asdict(),
        "calls": lab.seam.calls,
        "now": lab.now.isoformat(),
        "rows": [row.to_json()["Attributes"] for row in kept_rows()],
        "queues": {name: [_message(one) for one in sqs_queue(name)._messages] for name in (QUEUE, DEAD)},
        "objects": {key: base64.b64encode(body).decode() for key, body in lab.objects().items()},
        "world": json.loads(lab.world.saved()),
        "left": lab.left,
    }


def _message(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in MESSAGE}


def fields() -> dict[str, Any]:
    """What every kind of row and queue message may hold: JSON Schema without references, by kind."""
    kinds = {**ROWS, **WITHIN, **QUEUED}
    return {name: _whole(model.model_json_schema()) for name, model in kinds.items()}


def _whole(schema: dict[str, Any]) -> Any:
    """The schema with each reference replaced by what it names, and without what is only for people."""
    return _opened(schema, schema.get("$defs", {}))


def _opened(part: Any, named: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_opened(one, named) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        rest = {name: one for name, one in part.items() if name != "$ref"}
        return _opened({**named[part["$ref"].rpartition("/")[2]], **rest}, named)
    properties = {name: _opened(one, named) for name, one in part.get("properties", {}).items()}
    rest = {name: _opened(one, named) for name, one in part.items() if name not in FOR_PEOPLE}
    return {**rest, **({"properties": properties} if properties else {})}


# ---- going on ---------------------------------------------------------------------------------------------------


@contextmanager
def resumed(kept: Kept) -> Iterator[Lab]:
    """The laboratory as a release left it, a while later; what was in hand then can be received again."""
    with laboratory(flow(kept["flow"]).shop) as lab:
        lab.now = datetime.fromisoformat(kept["now"])
        lab.world.restore(json.dumps(kept["world"]).encode())
        lab.left = list(kept["left"])
        with lab.aside():
            for row in kept["rows"]:
                aws.client("dynamodb").put_item(TableName=TABLE, Item=row)
            for key, body in kept["objects"].items():
                aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=base64.b64decode(body))
            for name, messages in kept["queues"].items():
                for message in messages:
                    _enqueue(name, message)
        lab.now += timedelta(seconds=HIDDEN)
        yield lab


def _enqueue(name: str, message: Mapping[str, Any]) -> None:
    """A message as the queue had it, with its id and how often it was received."""
    how = {"group_id": message["group_id"], "deduplication_id": message["id"]}
    made = backend().send_message(name, message["body"], **how)
    for field in MESSAGE:
        setattr(made, field, message[field])


def died(kept: Kept) -> Plan:
    """What the flow is judged by: its functions died there."""
    return Plan(len(kept["calls"]), kept["calls"][-1], Strike("kill-before", kill_before, doubt=True))


# ---- what differs -----------------------------------------------------------------------------------------------


def apart(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """What one release writes and the other cannot read, or reads as something else; `old` and `new` are `fields`."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{place}: {json.dumps(old)} is {json.dumps(new)} now"
        return
    if "properties" in old:
        yield from _objects(old, new, place)
    for key in sorted({*old, *new} - {"properties", "required", "enum"}):
        if key not in old or key not in new:
            yield f"{place}: {key} is there in one of them only"
        elif isinstance(old[key], list) and isinstance(new[key], list) and len(old[key]) == len(new[key]):
            for number, pair in enumerate(zip(old[key], new[key], strict=True)):
                yield from apart(*pair, f"{place}.{key}[{number}]")
        else:
            yield from apart(old[key], new[key], f"{place}.{key}" if key != "default" else f"{place} (left out)")
    yield from (f"{place}: {word!r} is gone" for word in sorted({*old.get("enum", ())} - {*new.get("enum", ())}))
    yield from (f"{place}: {word!r} is new" for word in sorted({*new.get("enum", ())} - {*old.get("enum", ())}))


def _objects(old: dict[str, Any], new: dict[str, Any], place: str) -> Iterator[str]:
    """A field more is ignored by the release before, if it can be left out by the next."""
    before, after = old["properties"], new.get("properties", {})
    for name in before:
        if name not in after:
            yield f"{place}.{name} is gone"
        else:
            yield from apart(before[name], after[name], f"{place}.{name}")
    needed, given = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{place}.{name} must be there now" for name in sorted(given - needed))
    yield from (f"{place}.{name} may be left out now" for name in sorted(needed - given))


def kind(row: Mapping[str, Any]) -> str:
    """What a row is, by its keys as DynamoDB has them."""
    return "MESSAGE" if row["sk"]["S"].startswith("MESSAGE#") else str(row["pk"]["S"].partition("#")[0])


def attributes(row: Mapping[str, Any]) -> set[str]:
    """Each with its type; of a name that holds an id, what stands before it."""
    return {f"{name.partition('#')[0]}: {next(iter(value))}" for name, value in row.items()}


def main() -> None:
    folder = RELEASES / version()
    if folder.exists():
        sys.exit(f"{folder.relative_to(ROOT)} is there: what a release wrote is never written anew")
    folder.mkdir(parents=True)
    for number, stop in enumerate(STOPS, 1):
        (folder / f"{number:02d}-{stop.flow.replace(' ', '-')}.json").write_text(json.dumps(left(stop)) + "\n")
    (folder / FIELDS).write_text(json.dumps(fields(), indent=1) + "\n")


if __name__ == "__main__":
    main()
