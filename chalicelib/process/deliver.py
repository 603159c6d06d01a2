"""Stage 4 of the worker: what a claim still owes is delivered, each outcome written before the next is tried."""

from collections.abc import Iterable
from datetime import timedelta

from chalicelib import providers, queue, settings, store, words
from chalicelib.errors import Later, Outcome, SendFailed, Unavailable
from chalicelib.models.inbound import Handed, Message
from chalicelib.models.outbound import Content, Delivery, DeliveryKind, Outgoing, State
from chalicelib.models.people import Claim
from chalicelib.models.values import digest
from chalicelib.models.work import Receive
from chalicelib.process import attachments, forgotten, outcome
from chalicelib.process.job import Job, Wait, end, heard, note, postpone
from chalicelib.process.outgoing import compose
from chalicelib.process.signs import Sign, signal

AT_ONCE = 3  # deliveries in one invocation; three deadlines of a provider fit into the worker's time
ACKNOWLEDGE_WITHIN = timedelta(minutes=15)


def planned(job: Job) -> None:
    """Deliver what the plan owes in place, then hand on the rest. Raises Later if something is still owed here."""
    if forgotten.settled(job.claim, job.contact):
        return
    waits = _deliver(job, [delivery for delivery in job.claim.in_order if not delivery.handed])
    hand_on(job.claim, [*_owed(job), *job.told], job.message, job.receive)
    _come_back(waits)


def handed(job: Job, places: Iterable[str]) -> None:
    """Deliver what was handed on to this group. Raises Later if something is still owed."""
    if forgotten.settled(job.claim, job.contact):
        return
    here = [job.claim.deliveries[place] for place in places if place in job.claim.deliveries]
    waits = _deliver(job, here)
    about = tuple(f"n-{one.id}-" for one in here)  # the plan's own notices are handed on by its message
    hand_on(job.claim, [*(told for told in _owed(job) if told.id.startswith(about)), *job.told], None, job.receive)
    _come_back(waits)
    if any(delivery.kind is DeliveryKind.REPLY for delivery in here):
        _signal_end(job)


def hand_on(claim: Claim, deliveries: list[Delivery], message: Message | None, receive: Receive) -> None:
    """Put deliveries on the queue in groups of their own: to a customer, or to a desk's thread."""
    groups: dict[str, list[Delivery]] = {}
    for delivery in {delivery.id: delivery for delivery in deliveries}.values():
        groups.setdefault(_group(claim, delivery), []).append(delivery)
    items = [
        Handed(
            claim=claim.key,
            contact=claim.contact,
            group=group,
            deliveries=tuple(delivery.id for delivery in members),
            message=_carried(message, members),
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
        if tried and tried + _weight(delivery) > AT_ONCE:
            postpone(job, owed[place:])
            return [Wait("more to deliver", 0)]
        tried += _weight(delivery)
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
    """One delivery in one receive; its file is fetched first, and before it is kept there is no doubt."""
    if delivery.kind is DeliveryKind.ACKNOWLEDGE and (doubtful or _too_late(job)):
        return end(job, delivery, State.UNKNOWN if doubtful else State.SKIPPED)
    fetched = delivery.file is None or bool(delivery.stored)
    doubtful = doubtful and fetched and (delivery.kind in outcome.SURE or delivery.urgent)
    if _said_stop(job, delivery):
        return outcome.refused(job, delivery, SendFailed(words.said_stop(doubtful), Outcome.REFUSED))
    if outcome.moved(job, delivery):
        delivery, doubtful = outcome.follow(job, delivery, doubtful), False
    if fetched:
        return _try(job, delivery, doubtful)
    try:
        kept, file = attachments.keep(job, delivery)
    except SendFailed as failure:
        return outcome.TABLE[failure.outcome](job, delivery, failure)
    return _try(job, kept, False, file)


def _said_stop(job: Job, delivery: Delivery) -> bool:
    """Whether the customer's address wants nothing any more; looked up where it is not (or no more) this contact's."""
    if delivery.address is None:
        return False
    known = heard(job, delivery)
    if known is None and (other := store.find(delivery.address).contact):
        known = other.known(delivery.address)
    return known is not None and known.stopped is not None


def _try(job: Job, delivery: Delivery, doubtful: bool, file: Content | None = None) -> Wait | None:
    """Settle the doubt of the last try first, then try."""
    try:
        outgoing = compose(job, delivery, file)
        arrived = _look(delivery, outgoing) if doubtful else ""
    except (Later, SendFailed) as error:
        if isinstance(error, SendFailed) and error.outcome is Outcome.REFUSED:
            return outcome.refused(job, delivery, error)
        wait = Wait(error.reason, error.seconds if isinstance(error, Later) else error.retry_after)
        return note(job, delivery, wait, **({"state": State.UNKNOWN} if doubtful else {}))
    if arrived:
        return outcome.sent(job, delivery, outgoing, arrived)
    if arrived is None:
        if not outcome.again_once(job, delivery):
            return outcome.still_unknown(job, delivery)
        delivery = delivery.model_copy(update={"state": State.UNKNOWN, "repeated": True})
        outgoing = outgoing.model_copy(update={"repeat": True})
    return _send(job, delivery, outgoing)


def _send(job: Job, delivery: Delivery, outgoing: Outgoing) -> Wait | None:
    """The one door through which words leave; a stage for trying things out does not open it to customers."""
    try:
        if not settings.reaches(outgoing.to):
            raise SendFailed("this is no real shop: it writes to test_addresses of shop.toml only", Outcome.REFUSED)
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
    """What was handed on and is not settled: it is queued again, in case the last receive died before it was.

    A file waits until the words that it came with stand at the desk.
    """
    rest = [one for one in job.claim.in_order if not one.ended and one.id not in job.states]
    shown = not any(one.kind is DeliveryKind.FORWARD for one in rest)
    return [one for one in rest if one.handed and (shown or one.kind is not DeliveryKind.FILE)]


def _too_late(job: Job) -> bool:
    """An acknowledgement is of no use after a quarter of an hour, or once an agent has written."""
    conversation = job.contact.conversation if job.contact else None
    answered = conversation.agent_at if conversation else None
    return job.now - job.at >= ACKNOWLEDGE_WITHIN or bool(answered and answered >= job.at)


def _weight(delivery: Delivery) -> int:
    """A file takes as much of an invocation's time as it has: it is fetched, kept and sent."""
    return 1 if delivery.file is None else AT_ONCE


def _group(claim: Claim, delivery: Delivery) -> str:
    """What must stay in order; a customer's files wait for nothing, not even for one another."""
    if delivery.kind is DeliveryKind.FILE:
        return "file#" + digest(claim.key, delivery.id)
    if delivery.kind is DeliveryKind.FORWARD:  # an escalation's card: a desk that is down holds nothing else
        return "tell#" + digest(claim.key)
    if delivery.kind is DeliveryKind.NOTICE:
        thread = claim.conversation if delivery.in_thread else delivery.thread
        return "tell#" + digest(delivery.provider, delivery.to, thread)
    assert delivery.address is not None
    return "out#" + digest(delivery.address.channel, delivery.address.id)


def _carried(message: Message | None, members: list[Delivery]) -> Message | None:
    """What goes along: for a reply its words (if they lie in the bucket, where), for a file all else. No source."""
    kinds = {one.kind for one in members}
    if message is None or not kinds & {DeliveryKind.REPLY, DeliveryKind.FILE}:
        return None
    light = {"source": None, "full": "", **({"text": ""} if message.text_file else {})}
    return message.model_copy(update=light if DeliveryKind.REPLY in kinds else {**light, "text": "", "text_file": ""})


def _signal_end(job: Job) -> None:
    """When every part is out, or one failed, or nobody can tell; a channel with receipts will say when it arrived."""
    replies = [delivery for delivery in job.claim.in_order if delivery.kind is DeliveryKind.REPLY]
    states = {job.states.get(delivery.id, delivery.state) for delivery in replies}
    says_more = any(providers.load(delivery.provider).can.receipts for delivery in replies)
    out = Sign.SENT if says_more else Sign.DELIVERED
    sign = Sign.FAILED if State.FAILED in states else Sign.UNKNOWN if State.UNKNOWN in states else out
    signal(job.claim.provider, job.claim.account, job.claim.message_id, sign, Sign.GOING)
