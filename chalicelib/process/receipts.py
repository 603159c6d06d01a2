"""What a provider tells of what we sent."""

from datetime import UTC, datetime, timedelta

from chalicelib import store, words
from chalicelib.errors import Later
from chalicelib.models.inbound import Progress, Receipt
from chalicelib.models.outbound import DeliveryKind
from chalicelib.models.people import Claim
from chalicelib.models.work import Receive
from chalicelib.process import deliver
from chalicelib.process.job import notice
from chalicelib.process.signs import Sign, signal

RECEIPT_WAITS = timedelta(minutes=5)  # for a message of ours that is not marked yet
FURTHER = {Progress.DELIVERED: (Progress.DELIVERED, Progress.READ), Progress.READ: (Progress.READ,)}
SIGNS = {Progress.DELIVERED: Sign.DELIVERED, Progress.READ: Sign.READ, Progress.FAILED: Sign.FAILED}


def receipt(item: Receipt, receive: Receive, now: datetime) -> None:
    """The provider's word on what we sent. One that overtakes our own mark waits for it, five minutes at most."""
    for provider_id in _named(item, waits=now - receive.accepted_at < RECEIPT_WAITS):
        leads = store.sent(item.provider, item.account, provider_id)
        if leads is None and now - receive.accepted_at < RECEIPT_WAITS:
            raise Later("a receipt for what is not marked yet")
        if leads is not None:
            _progress(item, *leads, receive, now)


def _named(item: Receipt, *, waits: bool) -> list[str]:
    """The ids a receipt speaks of; for "all before" those of what we sent that reader lately."""
    if item.ids or item.reader is None:
        return list(item.ids)
    contact = store.find(item.reader).contact
    if contact is None:
        return []
    until = item.before or datetime.now(UTC)
    rows = store.said(contact, until - timedelta(days=1))
    claims = store.claims(row["claim"] for row in rows if store.recorded_at(row) <= until)
    every = [delivery for claim in claims.values() for delivery in claim.in_order]
    ours = [one for one in every if one.provider == item.provider and one.address == item.reader]
    if waits and any(not one.provider_id and not one.ended for one in ours):
        raise Later("a receipt for what is not marked yet")
    return [one.provider_id for one in ours if one.provider_id]


def _progress(item: Receipt, key: str, place: str, receive: Receive, now: datetime) -> None:
    """Move a delivery's receipt forward; a reply that failed after all is told in its thread."""
    claim = store.claim(key)
    delivery = claim.deliveries.get(place) if claim else None
    if claim is None or delivery is None:
        return
    replied = delivery.kind is DeliveryKind.REPLY
    failed = replied and item.progress is Progress.FAILED
    told = notice(claim, words.receipt_failed(item.reason), f"{place}-receipt") if failed else None
    moved = store.mark_progress(key, place, item.progress, item.reason, told)
    if replied and (moved or receive.count > 1) and (sign := _sign(claim, place, item.progress)):
        signal(claim.provider, claim.account, claim.message_id, sign, Sign.SENT)
    if told:
        deliver.hand_on(claim, [told], None, receive)


def _sign(claim: Claim, place: str, progress: Progress) -> Sign | None:
    """What stands on the agent's message now; None while other parts of it have not come as far."""
    others = [one for one in claim.in_order if one.kind is DeliveryKind.REPLY and one.id != place]
    as_far = all(one.receipt in FURTHER.get(progress, ()) for one in others)
    return SIGNS[progress] if as_far or progress is Progress.FAILED else None
