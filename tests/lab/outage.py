"""A desk that is down for days while customers go on writing: the worker's own code on a clock that moves by itself.

Table and queue are in memory (see table.py), for thousands of messages are tried hundreds of times each.
"""

import heapq
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from unittest import mock

from chalicelib import api, process, queue, settings
from infra.world import Entry, World
from tests.lab import ENVIRONMENT, HIDDEN, SECRETS, SHOP, Lab, Seam, patched
from tests.lab.faults import Fault, answer, no_answer_not_applied, refused_connection
from tests.lab.flows import MARKS
from tests.lab.table import Table, remembered

DOWN = (  # how the desk fails; nothing arrives
    Fault("refused-connection", refused_connection),
    Fault("503", answer(503)),
    Fault("500", answer(500)),
    Fault("time-out", no_answer_not_applied),
)
SHORTEST = 675.0  # seconds between two tries at the top of the ladder: a quarter of an hour, less a quarter
STEPS = 11  # of the ladder up to there
LAST = 2  # tries once it is over
MARK = re.compile(r"\[\d{6}\]")


@dataclass
class Waiting:
    """A message of the queue."""

    id: str
    body: str
    group: str
    sent: datetime
    count: int = 0
    first: datetime | None = None
    visible: datetime | None = None


@dataclass
class Line:
    """A FIFO queue, as much of it as the worker needs: what stands first in its group holds up the others."""

    now: Callable[[], datetime]
    groups: dict[str, deque[Waiting]] = field(default_factory=dict)
    first: list[tuple[datetime, int, str]] = field(default_factory=list)  # a heap: when each group goes on
    dead: list[Mapping[str, Any]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)  # by body
    number: int = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        for entry in Entries:
            self.number += 1
            group = self.groups.setdefault(entry["MessageGroupId"], deque())
            group.append(Waiting(f"m{self.number}", entry["MessageBody"], entry["MessageGroupId"], self.now()))
            if len(group) == 1:
                self._line_up(group[0], self.now())
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def send_message(self, **letter: Any) -> None:
        self.dead.append(letter)

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        self.groups[ReceiptHandle][0].visible = self.now() + timedelta(seconds=VisibilityTimeout)

    @property
    def upcoming(self) -> datetime | None:
        return self.first[0][0] if self.first else None

    def receive(self) -> Waiting:
        """The message whose turn it is."""
        _, _, group = heapq.heappop(self.first)
        message = self.groups[group][0]
        message.count += 1
        message.first = message.first or self.now()
        message.visible = self.now() + timedelta(seconds=HIDDEN)
        self.tries[message.body] += 1
        return message

    def settle(self, message: Waiting, done: bool) -> None:
        """What is done makes way for the next of its group."""
        group = self.groups[message.group]
        if not done:
            assert message.visible is not None
            self._line_up(message, message.visible)
            return
        group.popleft()
        if group:
            self._line_up(group[0], self.now())
        else:
            del self.groups[message.group]

    def _line_up(self, message: Waiting, at: datetime) -> None:
        heapq.heappush(self.first, (at, int(message.id[1:]), message.group))


def event(message: Waiting) -> dict[str, Any]:
    """A Lambda event of the queue with one message; its group is handle enough, for one of each is in hand."""
    assert message.first is not None
    attributes = {
        "ApproximateReceiveCount": str(message.count),
        "ApproximateFirstReceiveTimestamp": str(int(message.first.timestamp() * 1000)),
        "SentTimestamp": str(int(message.sent.timestamp() * 1000)),
        "SequenceNumber": message.id[1:].rjust(20, "0"),
        "MessageGroupId": message.group,
    }
    record = {"messageId": message.id, "receiptHandle": message.group, "body": message.body, "attributes": attributes}
    return {"Records": [record]}


class Outage(NamedTuple):
    """What became of it. `tries`: of the message that needed most; `after`: until the last arrived."""

    delivered: int
    marked: int
    tries: int
    bound: int
    calls: int
    after: timedelta
    wrongs: list[str]


def outage(messages: int, senders: int, down: timedelta, seed: int) -> Outage:
    """The desk is down from the start on; everything is written before it is back."""
    chance = Random(seed)
    with shop() as (lab, line):
        over, calls = lab.now + down, Counter[str]()
        lab.seam.intercept = failing(lab, over, chance, calls)
        times = sorted(lab.now + down * chance.random() for _ in range(messages))
        written = [(at, chance.randrange(senders), f"[{number:06d}]") for number, at in enumerate(times)]
        for number, (at, sender, mark) in enumerate(written):
            work_until(lab, line, at)
            provider, address = who(sender)
            lab.ring(provider, lab.say(f"{mark} Where is it?", number, provider, sender=address))
        work_until(lab, line, over + timedelta(days=1))
        copies = by_mark(lab)
        wrongs = [*judged([(sender, mark) for _, sender, mark in written], copies, lab), *left(line, down)]
        last = max((datetime.fromisoformat(entry.at) for entry in lab.posts()), default=over)
        marked = sum(len(found) - 1 for found in copies.values())
        return Outage(len(copies), marked, max(line.tries.values()), bound(down), calls.total(), last - over, wrongs)


def bound(down: timedelta) -> int:
    """The most receives of one message: up the ladder, then one in each of its longest steps, and those at the end."""
    return STEPS + int(down.total_seconds() / SHORTEST) + LAST


def who(sender: int) -> tuple[str, str]:
    """A customer's provider and address."""
    return ("custom", f"visitor-{sender}") if sender % 2 else ("twilio_sms", f"+4915100{sender:06d}")


@contextmanager
def shop() -> Iterator[tuple[Lab, Line]]:
    """The laboratory on a table and a queue in memory."""
    place = {"QUEUE_URL": "https://queue", "DEAD_LETTERS_URL": "https://dead"}
    with mock.patch.dict(os.environ, {**ENVIRONMENT, **SECRETS, **place}):
        settings.config.cache_clear()
        lab = Lab(settings.load(SHOP), World(SECRETS), Seam())
        line = Line(lambda: lab.now)
        with patched(lab), remembered(Table()), mock.patch.object(queue, "_sqs", lambda: line):
            yield lab, line
    settings.config.cache_clear()


def failing(
    lab: Lab, until: datetime, chance: Random, calls: Counter[str]
) -> Callable[[int, str, Callable[[], Any], Any], Any]:
    """Until then each call to Slack fails in one way or another; `calls` counts them."""

    def intercept(number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        assert isinstance(request, api.Call), f"{name} is not in memory"
        if not name.startswith("slack.") or lab.now >= until:
            return apply()
        calls[name] += 1
        return chance.choice(DOWN).strike(apply, request)

    return intercept


def work_until(lab: Lab, line: Line, end: datetime) -> None:
    """All that can be done up to a time, which it is then."""
    while line.upcoming is not None and line.upcoming <= end:
        lab.now = max(lab.now, line.upcoming)
        message = line.receive()
        failed = process.work(event(message), lambda: lab.now)["batchItemFailures"]
        line.settle(message, done=not failed)
    lab.now = max(lab.now, end)


def by_mark(lab: Lab) -> dict[str, list[Entry]]:
    """What stands at the desk, by the mark that its words begin with."""
    found: dict[str, list[Entry]] = {}
    for entry in lab.posts():
        for mark in MARK.findall(entry.text):
            found.setdefault(mark, []).append(entry)
    return found


def judged(written: Sequence[tuple[int, str]], copies: Mapping[str, Sequence[Entry]], lab: Lab) -> Iterator[str]:
    """What was lost, doubled without a mark, or overtaken by what the same customer wrote later."""
    yield from (f"not accepted: {status}" for status in lab.answers if status >= 300)
    yield from (f"lost: {mark}" for _, mark in written if mark not in copies)
    for mark, found in copies.items():
        yield from (f"an unmarked repeat: {mark}" for one in found[1:] if not any(word in one.text for word in MARKS))
    places = {id(entry): number for number, entry in enumerate(lab.posts())}
    for sender in {sender for sender, _ in written}:
        mine = [places[id(copies[mark][0])] for other, mark in written if other == sender and mark in copies]
        if mine != sorted(mine):
            yield f"out of order: customer {sender}"
    thanks = Counter(entry.to for entry in lab.texts())
    yield from (f"{count} acknowledgements to {to}" for to, count in thanks.items() if count > 1)


def left(line: Line, down: timedelta) -> Iterator[str]:
    """What nobody worked off, or was tried too often."""
    yield from (f"still waiting: {group}" for group in line.groups)
    yield from (f"parked: {letter['MessageBody'][:80]}" for letter in line.dead)
    yield from (f"{count} tries: {body[:80]}" for body, count in line.tries.items() if count > bound(down))
