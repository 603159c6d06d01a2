"""What one receive has in hand, and what it writes of its deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib import mail, route, settings, store
from chalicelib.desk import waiting
from chalicelib.errors import Later
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery, State
from chalicelib.models.people import Claim, Contact, Heard
from chalicelib.models.work import Receive


@dataclass
class Job:
    """What one receive has in hand; it gathers what the receive brings about."""

    claim: Claim
    contact: Contact | None  # the head as it was last read or written
    message: Message | None
    receive: Receive
    now: datetime
    fresh: bool  # nothing of these deliveries was tried before
    states: dict[str, State] = field(default_factory=dict)  # deliveries this receive brought to an end
    told: list[Delivery] = field(default_factory=list)  # to be handed on: notices, and an acknowledgement

    @property
    def at(self) -> datetime:
        """When the queue accepted the message."""
        return self.claim.at or self.receive.accepted_at


class Wait(NamedTuple):
    """A delivery is still owed; the message comes back after `seconds`, or (None) on the ladder."""

    reason: str
    seconds: float | None = None


def end(job: Job, delivery: Delivery, state: State, reason: str = "") -> Wait | None:
    """Nothing more is owed; there is nothing to wait for."""
    store.mark(job.claim.key, {delivery.id: {"state": state, "reason": reason, "told": True, **tried(job)}})
    job.states[delivery.id] = state
    return None


def note(job: Job, delivery: Delivery, wait: Wait | None = None, **changes: Any) -> Wait | None:
    """Write down where a delivery stands as this receive ends, so that the next one knows."""
    noted = {**tried(job), "note": job.receive.token, **changes}
    store.mark(job.claim.key, {delivery.id: noted}, [told for told in job.told if told.id.startswith("n-")])
    return wait


def postpone(job: Job, deliveries: list[Delivery]) -> None:
    """Write down that these were not tried, as this receive has no time left."""
    store.mark(job.claim.key, {delivery.id: {"note": job.receive.token} for delivery in deliveries})


def write_head(job: Job, changes: Mapping[str, Any], deliveries: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Write the head's conversation changed, with what that means for the claim. Raises Later if the head moved."""
    assert job.contact is not None
    _write(job, waiting.scheduled(with_conversation(job.contact, **changes), settings.shop()), deliveries or {})


def give_back(job: Job, delivery: Delivery) -> None:
    """The one answer that an address takes (Can.once) never went: another may. Raises Later if the head moved."""
    here = heard(job, delivery)
    if job.contact is None or here is None or delivery.public or here.answered != job.claim.key:
        return
    free = here.model_copy(update={"answered": ""})
    known = tuple(free if one == here else one for one in job.contact.heard)
    _write(job, job.contact.model_copy(update={"heard": known, "version": job.contact.version + 1}), {})


def _write(job: Job, head: Contact, deliveries: Mapping[str, Mapping[str, Any]]) -> None:
    try:
        store.move(head, job.claim.key, deliveries)
    except store.Moved:
        raise Later("the conversation changed meanwhile", 0) from None
    job.contact = head


def notice(claim: Claim, text: str, what: str) -> Delivery:
    """An urgent word for the agent, in the thread where the claim's message was written, or which it began."""
    began = not claim.thread
    return route.notice(settings.shop(), claim.desk, claim.thread, text, what, urgent=True, in_thread=began)


def heard(job: Job, delivery: Delivery) -> Heard | None:
    """The customer's address that a delivery goes to, as the head now has it."""
    return job.contact.known(delivery.address) if job.contact and delivery.address else None


def file_name(job: Job, delivery: Delivery) -> str:
    """What the file of a delivery is called, on one line and without folders."""
    known = job.message.attachments if job.message else ()
    given = known[delivery.file].name if delivery.file is not None and delivery.file < len(known) else ""
    return mail.file_name(given).lstrip(".") or "file"


def tried(job: Job) -> dict[str, Any]:
    return {"attempts": job.receive.count, "tried_at": job.now}


def with_conversation(head: Contact, **changes: Any) -> Contact:
    assert head.conversation is not None
    conversation = head.conversation.model_copy(update=changes)
    return head.model_copy(update={"conversation": conversation, "version": head.version + 1})
