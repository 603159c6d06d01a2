"""Bugs, seeded by name: the harness must catch each of them, or it proves nothing."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

from chalicelib import desk, queue, receive, store
from chalicelib.desk import waiting
from chalicelib.errors import Outcome
from chalicelib.models.outbound import Delivery, State
from chalicelib.models.work import Direction
from chalicelib.process import deliver, items, outcome, record
from chalicelib.process.job import Job, Wait, end, note
from chalicelib.providers import slack
from chalicelib.route import agents, customers, linking, opening, proving, replies
from chalicelib.store import keys, marking, recording, rows


class Bug(NamedTuple):
    """`where` the code is spoilt, and the flow (with the calls and faults that reach it) or the race that shows it."""

    name: str
    where: tuple[Any, str, Any]
    flow: str
    call: str = ""  # empty: nothing needs to fail
    fault: str = ""


@contextmanager
def seeded(bug: Bug) -> Iterator[None]:
    owner, attribute, spoilt = bug.where
    with mock.patch.object(owner, attribute, spoilt):
        yield


def without_condition(put: Callable[..., Any]) -> Callable[..., Any]:
    return lambda row, condition="", old=False: put(row)


def spoilt_put(items: Any, request_id: str) -> None:
    """Answers of the queue are not read entry by entry."""
    entries = [
        {"Id": str(place), "MessageBody": queue.write(item), "MessageGroupId": queue.group(item),
         "MessageDeduplicationId": f"{request_id}-{place}".replace(":", "-")[:100]}
        for place, item in enumerate(items)
    ]  # fmt: skip
    queue._sqs().send_message_batch(QueueUrl=os.environ["QUEUE_URL"], Entries=entries)


def accepted_whatever(items: Any, request_id: str) -> None:
    try:
        queue.put(items, request_id)
    except Exception:
        return


def mark_before_send(job: Any, delivery: Delivery, outgoing: Any) -> Any:
    outcome.sent(job, delivery, outgoing, "")
    return _send(job, delivery, outgoing)


def planned_is_unknown(job: Any, deliveries: list[Delivery]) -> Any:
    if job.fresh:
        return _deliver(job, deliveries)
    spoilt = [one.model_copy(update={"state": State.UNKNOWN}) if not one.ended else one for one in deliveries]
    return _deliver(job, spoilt)


def acknowledge_again(job: Any, delivery: Delivery, failure: Any) -> Any:
    return note(job, delivery, Wait(failure.reason))


def edit_is_sent(noted: Any, thread: Any, shop: Any, original: Any) -> Any:
    """An edit goes to the customer as a message of its own, whatever it edits."""
    heard = noted.contact.heard[-1]
    parts = (replies._part_of_reply(heard, 0),)
    return noted.model_copy(update={"direction": Direction.OUT, "deliveries": parts})


def told_nobody(job: Any, delivery: Delivery) -> bool:
    if delivery.repeated:
        return False
    store.mark(job.claim.key, {delivery.id: {"repeated": True, "state": State.UNKNOWN, "copied_at": job.now}})
    return True


def cancelled_is_stored(plan: Any, receive: Any, kept: Any) -> Any:
    try:
        return _record(plan, receive, kept)
    except store.Moved:
        raise store.Recorded(recording._claim(plan, receive)) from None


def head_without_version(head: Any) -> Any:
    put = _put_head(head)
    for field in ("ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"):
        put["Put"].pop(field, None)
    return put


def always_fresh(claim: Any, contact: Any, message: Any, receive: Any, now: Any, fresh: bool) -> Any:
    return Job(claim, contact, message, receive, now, fresh=True)


def one_try(write: Callable[[], None]) -> None:
    write()


def never_in_doubt(job: Any, delivery: Delivery, doubtful: bool, file: Any = None) -> Any:
    return _try(job, delivery, doubtful and delivery.file is None, file)


def dropped_in_silence(job: Any, delivery: Delivery, failure: Any) -> Any:
    return end(job, delivery, State.FAILED, failure.reason)


_try = deliver._try


def unpointed(*given: Any) -> Any:
    """Who was merged into the one that comes along still leads there."""
    united = _join(*given)
    return united._replace(joint=united.joint.model_copy(update={"merged": ()}))


_join = linking.join
_send, _deliver, _owed = deliver._send, deliver._deliver, deliver._owed
_record, _put_head = store.record, rows.put_head

BUGS = [
    Bug("a claim without its condition", (recording, "_put_claim", lambda claim: rows.put({**keys.claim_key(claim.key),
        **rows.dump(claim)})), "the same webhook again"),
    Bug("accepted before the queue has it", (receive, "_queue", accepted_whatever), "customer to desk",
        "sqs.SendMessageBatch", "throttle-always"),
    Bug("a failed batch entry read as success", (queue, "put", spoilt_put), "customer to desk",
        "sqs.SendMessageBatch", "entry-0-failed"),
    Bug("mark before send", (deliver, "_send", mark_before_send), "agent to customer", "twilio_sms.Messages.json",
        "kill-before"),
    Bug("an acknowledgement sent again", (outcome, "TABLE", {**outcome.TABLE, Outcome.UNKNOWN: acknowledge_again}),
        "customer to desk", "twilio_sms.Messages.json", "500-applied"),
    Bug("unknown taken as not sent", (outcome, "TABLE", {**outcome.TABLE, Outcome.UNKNOWN: outcome.not_sent}),
        "agent to customer", "twilio_sms.Messages.json", "lost-reply"),
    Bug("a mark lost to a conflict", (marking, "persist", one_try), "agent to customer",
        "dynamodb.TransactWriteItems mark", "conflict"),
    Bug("every planned delivery taken as unknown", (deliver, "_deliver", planned_is_unknown), "customer to desk",
        "slack.chat.postMessage", "kill-before"),
    Bug("a repeat that nobody is told of", (outcome, "again_once", told_nobody), "agent to customer",
        "twilio_sms.Messages.json", "lost-reply"),
    Bug("looking never finds", (slack, "find", lambda outgoing, config: None), "customer to desk",
        "slack.chat.postMessage", "lost-reply"),
    Bug("a note forwarded after an edit", (agents, "change", edit_is_sent), "a note, edited"),
    Bug("a cancelled transaction taken as stored", (store, "record", cancelled_is_stored), "customer to desk",
        "dynamodb.TransactWriteItems record", "head-moved"),
    Bug("handed on once only", (deliver, "_owed", lambda job: [] if not job.fresh else _owed(job)),
        "agent to customer", "sqs.SendMessageBatch", "kill-before"),
    Bug("every receive thinks it is the first", (items, "Job", always_fresh), "agent to customer",
        "twilio_sms.Messages.json", "kill-after"),
    Bug("later parts overtake", (deliver, "_come_back", lambda waits: None), "a reply in parts",
        "twilio_sms.Messages.json", "429-after-30"),
    Bug("a file that is never in doubt", (deliver, "_try", never_in_doubt), "a customer's file",
        "slack.files.completeUploadExternal", "kill-after"),
    Bug("a file dropped in silence", (outcome, "TABLE", {**outcome.TABLE, Outcome.REFUSED: dropped_in_silence}),
        "a file that cannot be fetched"),
    Bug("two cards", (opening, "opener", lambda current, message, receive: {} if current.thread else
        {"opener": message.claim}), "race: while the card is being posted"),
    Bug("an answer that ends no waiting", (waiting, "answered", lambda conversation, place, shop, at: {"agent_at": at}),
        "escalate"),
    Bug("a reply whose words are planned anew", (record, "as_recorded", lambda claim, item: item),
        "close with a last word", "slack.reactions.add", "kill-before"),
    Bug("every window is open", (desk, "window", lambda heard, at, shop: desk.Window("open")), "a held reply"),
    Bug("no question when the customer writes again", (customers, "_held_again", lambda *_: ("", ())),
        "held, then asked again"),
    Bug("a head without its version", (recording, "put_head", head_without_version), "race: two addresses open again"),
    Bug("a chain of merged contacts", (linking, "join", unpointed), "race: link and link, a chain"),
    Bug("STOP heard at planning alone", (deliver, "_said_stop", lambda job, delivery: False),
        "STOP while a reply waits"),
    Bug("a code shown at the desk", (proving, "_without", lambda message, text: message), "link by a code"),
]  # fmt: skip
