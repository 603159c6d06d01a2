"""Plan and record, again at once when others write the same head."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from chalicelib import route, settings, store
from chalicelib.desk import waiting
from chalicelib.errors import Later
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Claim, Contact
from chalicelib.models.work import Plan, Receive
from chalicelib.process import deliver, texts
from chalicelib.process.job import Job

TRIES = 6  # of finding, planning and recording, when others write the same head


def as_recorded(claim: Claim, item: Message) -> Message:
    """The message with the words it was recorded with: planned again it may say something else, for the head moved."""
    return texts.whole(store.message(claim) or item)


def record(
    item: Message, receive: Receive, plan: Callable[[], tuple[Plan, Contact | None]]
) -> tuple[Claim, Plan, Contact | None]:
    """Plan and record, again at once when others wrote the same head; returns the claim, old or new."""
    for _ in range(TRIES):
        try:
            planned, contact = plan()
            planned = _scheduled(planned.model_copy(update=waiting.settled(contact, planned.contact)))
            shortened = planned.model_copy(update={"message": texts.shortened(planned.message)})
            return store.record(shortened, receive, settings.shop().retention), planned, contact
        except store.Recorded as recorded:
            if recorded.claim.key == item.claim:
                return recorded.claim, planned, contact
        except store.Moved:
            pass
        except store.Full:
            plan = partial(_unacknowledged, plan)
    raise Later("many write to this contact at once")


def _unacknowledged(plan: Callable[[], tuple[Plan, Contact | None]]) -> tuple[Plan, Contact | None]:
    """The plan without its acknowledgement: those of the day are used up."""
    planned, contact = plan()
    kept = tuple(one for one in planned.deliveries if one.kind is not DeliveryKind.ACKNOWLEDGE)
    head = planned.contact.model_copy(update={"acknowledged_until": contact.acknowledged_until if contact else None})
    return planned.model_copy(update={"contact": head, "deliveries": kept, "quota": None}), contact


def _scheduled(plan: Plan) -> Plan:
    """The plan with the timers of each head it writes."""
    plan = plan.model_copy(update={"contact": waiting.scheduled(plan.contact, settings.shop())})
    if plan.joint is None:
        return plan
    joint = plan.joint.model_copy(update={"head": waiting.scheduled(plan.joint.head, settings.shop())})
    return plan.model_copy(update={"joint": joint})


def alone(key: str, told: Delivery, receive: Receive, now: datetime) -> None:
    """A claim of its own, whose one delivery is a word to agents. If more is recorded by now, that is gone on with."""
    claim = Claim(key=key, at=receive.accepted_at, by=receive.token, deliveries={told.id: told})
    try:
        store.record_alone(claim)
    except store.Recorded as recorded:
        claim = recorded.claim
    contact = store.contact(claim.contact) if claim.contact else None
    message = store.message(claim)
    whole = texts.whole(message) if message else None
    deliver.planned(Job(claim, contact, whole, receive, now, claim.by == receive.token))


def told(key: str, text: str, receive: Receive, now: datetime, desk: str = "") -> None:
    """Once per cause, at a desk; without one, at the owner's."""
    shop = settings.shop()
    alone(key, route.notice(shop, desk or shop.owner, "", text, "owner", urgent=True), receive, now)
