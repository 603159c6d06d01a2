"""Stage 4 of the worker: what a claim still owes is delivered, each outcome written before the next is tried."""

from collections.abc import Iterable
from datetime import timedelta

from chalicelib import providers, queue, settings
from chalicelib.errors import Later, Outcome, SendFailed, Unavailable
from chalicelib.models import Claim, Delivery, DeliveryKind, Handed, Message, Outgoing, Receive, State, digest
from chalicelib.process import outcome
from chalicelib.process.outcome import Job, Sign, Wait
from chalicelib.process.outgoing import compose

AT_ONCE = 3  # deliveries in one invocation; three deadlines of a provider fit into the worker's time
ACKNOWLEDGE_WITHIN = timedelta(minutes=15)


def planned(job: Job) -> None:
    """Deliver what the plan owes in place, then hand on the rest. Raises Later if something is still owed here."""
    waits = _deliver(job, [delivery for delivery in job.claim.in_order if not delivery.handed])
    hand_on(job.claim, [*_owed(job), *job.told], job.message, job.receive)
    _come_back(waits)


def handed(job: Job, places: Iterable[str]) -> None:
    """Deliver what was handed on to this group. Raises Later if something is still owed."""
    here = [job.claim.deliveries[place] for place in places if place in job.claim.deliveries]
    waits = _deliver(job, here)
    notices = [told for told in _owed(job) if told.kind is DeliveryKind.NOTICE and told not in here]
    hand_on(job.claim, [*notices, *job.told], None, job.receive)
    _come_back(waits)
    if any(delivery.kind is DeliveryKind.REPLY for delivery in here):
        _signal_end(job)


def hand_on(claim: Claim, deliveries: list[Delivery], message: Message | None, receive: Receive) -> None:
    """Put deliveries on the queue in groups of their own: to a customer, or to a desk's thread."""
    groups: dict[str, list[Delivery]] = {}
    for delivery in {delivery.id: delivery for delivery in deliveries}.values():
        groups.setdefault(_group(delivery, claim.key), []).append(delivery)
    items = [
        Handed(
            claim=claim.key,
            contact=claim.contact,
            group=group,
            deliveries=tuple(delivery.id for delivery in members),
            message=_carried(message) if any(one.kind is DeliveryKind.REPLY for one in members) else None,
        )
        for group, members in groups.items()
    ]
    if items:
        queue.put(items, f"{receive.token}:handed")


def _deliver(job: Job, deliveries: list[Delivery]) -> list[Wait]:
    """Try what is owed, in plan order; returns what is still owed.

    After the receive that wrote the claim, the first delivery with neither an end nor a note from the receive just
    before may have gone out when that receive died. Those behind it were never tried, nor were those of its kind
    behind one that the receive just before noted: it blocked them.
    """
    waits: list[Wait] = []
    blocked: set[DeliveryKind] = set()
    sure: set[DeliveryKind] = set(DeliveryKind) if job.fresh else set()
    owed = [delivery for delivery in deliveries if not delivery.ended]
    tried = 0
    for place, delivery in enumerate(owed):
        if delivery.id in job.states or delivery.kind in blocked:
            continue
        if tried == AT_ONCE:
            outcome.postpone(job, owed[place:])
            return [Wait("more to deliver", 0)]
        tried += 1
        if delivery.note == job.receive.previous:
            sure.add(delivery.kind)
        died_here = delivery.kind not in sure
        if died_here:
            sure = set(DeliveryKind)
        if wait := _attempt(job, delivery, died_here or delivery.state is State.UNKNOWN):
            waits.append(wait)
            blocked.add(delivery.kind)  # its later parts must not overtake it
    return waits


def _attempt(job: Job, delivery: Delivery, doubtful: bool) -> Wait | None:
    """One delivery in one receive: settle the doubt of the last try first, then try."""
    if delivery.kind is DeliveryKind.ACKNOWLEDGE and (doubtful or _too_late(job)):
        return outcome.end(job, delivery, State.UNKNOWN if doubtful else State.SKIPPED)
    doubtful = doubtful and (delivery.kind in outcome.SURE or delivery.urgent)
    try:
        outgoing = compose(job, delivery)
        arrived = _look(delivery, outgoing) if doubtful else ""
    except (Later, SendFailed) as error:
        if isinstance(error, SendFailed) and error.outcome is Outcome.REFUSED:
            return outcome.refused(job, delivery, error)
        wait = Wait(error.reason, error.seconds if isinstance(error, Later) else error.retry_after)
        return outcome.note(job, delivery, wait, **({"state": State.UNKNOWN} if doubtful else {}))
    if arrived:
        return outcome.sent(job, delivery, outgoing, arrived)
    if arrived is None:
        if not outcome.again_once(job, delivery):
            return outcome.still_unknown(job, delivery)
        delivery = delivery.model_copy(update={"state": State.UNKNOWN, "repeated": True})
        outgoing = outgoing.model_copy(update={"repeat": True})
    return _send(job, delivery, outgoing)


def _send(job: Job, delivery: Delivery, outgoing: Outgoing) -> Wait | None:
    try:
        config = settings.config(delivery.provider, delivery.account, "outbound")
        provider_id = providers.load(delivery.provider).send(outgoing, config)
    except Unavailable:
        return outcome.not_sent(job, delivery, SendFailed("its secret is not set", Outcome.NOT_SENT))
    except SendFailed as failure:
        return outcome.TABLE[failure.outcome](job, delivery, failure)
    return outcome.sent(job, delivery, outgoing, provider_id)


def _look(delivery: Delivery, outgoing: Outgoing) -> str | None:
    """Where an earlier try arrived: the provider's id, empty if it did not, None if nobody can tell.

    Raises SendFailed where the provider cannot be asked now.
    """
    if delivery.change:
        return ""  # to change it twice changes nothing
    module = providers.load(delivery.provider)
    find = providers.optional(module, "find")
    if find is None:
        return "" if _recognised(module.can.idempotent, outgoing) else None
    try:
        return find(outgoing, settings.config(delivery.provider, delivery.account, "outbound")) or ""
    except Unavailable:
        raise SendFailed("its secret is not set", Outcome.NOT_SENT) from None
    except SendFailed as failure:
        if failure.outcome is Outcome.REFUSED:
            return None
        raise


def _recognised(hours: int, outgoing: Outgoing) -> bool:
    """Whether the provider still knows the key of whatever was tried before."""
    assert outgoing.since is not None and outgoing.at is not None
    return outgoing.at - outgoing.since < timedelta(hours=hours)


def _come_back(waits: list[Wait]) -> None:
    """Raise Later if something is owed: the soonest decides; a wait on the ladder counts as sooner than a known one."""
    if not waits:
        return
    known = [wait.seconds for wait in waits if wait.seconds is not None]
    at_once = 0 in known
    raise Later(waits[0].reason, min(known) if at_once or len(known) == len(waits) else None)


def _owed(job: Job) -> list[Delivery]:
    """What was handed on and is not settled: it is queued again, in case the last receive died before it was."""
    return [one for one in job.claim.in_order if one.handed and not one.ended and one.id not in job.states]


def _too_late(job: Job) -> bool:
    """An acknowledgement is of no use after a quarter of an hour, or once an agent has written."""
    conversation = job.contact.conversation if job.contact else None
    answered = conversation.agent_at if conversation else None
    return job.now - job.at >= ACKNOWLEDGE_WITHIN or bool(answered and answered >= job.at)


def _group(delivery: Delivery, claim: str) -> str:
    if delivery.kind is DeliveryKind.NOTICE:
        return "tell#" + digest(delivery.provider, delivery.to, delivery.thread, *([claim] if delivery.here else []))
    assert delivery.address is not None
    return "out#" + digest(delivery.address.channel, delivery.address.id)


def _carried(message: Message | None) -> Message | None:
    """The words that go along, without their source; a text that lies in the bucket stays there."""
    if message is None:
        return None
    return message.model_copy(update={"source": None, "full": "", **({"text": ""} if message.text_file else {})})


def _signal_end(job: Job) -> None:
    """When every part is out, or one failed, or nobody can tell; a channel with receipts will say when it arrived."""
    replies = [delivery for delivery in job.claim.in_order if delivery.kind is DeliveryKind.REPLY]
    states = {job.states.get(delivery.id, delivery.state) for delivery in replies}
    says_more = any(providers.load(delivery.provider).can.receipts for delivery in replies)
    out = Sign.SENT if says_more else Sign.DELIVERED
    sign = Sign.FAILED if State.FAILED in states else Sign.UNKNOWN if State.UNKNOWN in states else out
    outcome.signal(job.claim.provider, job.claim.account, job.claim.message_id, sign, Sign.GOING)
