"""Stages 2 and 3 of the worker: find whose message it is, plan, record; then deliver what the plan owes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import desk, files, providers, queue, route, settings, store, words
from chalicelib.desk import waiting
from chalicelib.errors import Later, Outcome, Poison, SendFailed, Unreadable
from chalicelib.models import (
    Claim,
    Contact,
    Delivery,
    DeliveryKind,
    Handed,
    Item,
    Kind,
    Message,
    Parked,
    Plan,
    Progress,
    Raw,
    Receipt,
    Receive,
)
from chalicelib.process import announced, assigning, deliver, fragments, linking, outcome, texts
from chalicelib.process.outcome import Job, Sign
from chalicelib.webhook import Request

TRIES = 6  # of finding, planning and recording, when others write the same head
RECEIPT_WAITS = timedelta(minutes=5)  # for a message of ours that is not marked yet
FURTHER = {Progress.DELIVERED: (Progress.DELIVERED, Progress.READ), Progress.READ: (Progress.READ,)}
SIGNS = {Progress.DELIVERED: Sign.DELIVERED, Progress.READ: Sign.READ, Progress.FAILED: Sign.FAILED}
CHANGES = (Kind.EDIT, Kind.DELETE, Kind.REACTION)  # of something an agent wrote before
VOUCHED_WITHIN = 3  # receives; a provider that still refuses to say who somebody is will not say it later
THREAD_WAITS = timedelta(hours=1)  # for a card of ours that is not marked yet


def message(item: Message, receive: Receive, now: datetime) -> None:
    """Something a customer or an agent wrote, or a timer that fell due."""
    found = announced.completed(item, receive, now) if item.late else item
    if found is None:
        return
    whole = route.outside.from_mailbox(texts.whole(found), settings.shop())
    if item.kind is Kind.TIMER:
        _timer(whole, receive, now)
    elif whole.fragment:
        fragments.fragment(whole, receive, now)
    elif whole.outside:
        _outside(whole, receive, now)
    elif item.thread:
        _agent(whole, receive, now)
    else:
        _customer(route.sender(whole, settings.shop()), receive, now)


def receipt(item: Receipt, receive: Receive, now: datetime) -> None:
    """The provider's word on what we sent. One that overtakes our own mark waits for it, five minutes at most."""
    for provider_id in _named(item, waits=now - receive.accepted_at < RECEIPT_WAITS):
        leads = store.sent(item.provider, item.account, provider_id)
        if leads is None and now - receive.accepted_at < RECEIPT_WAITS:
            raise Later("a receipt for what is not marked yet")
        if leads is not None:
            _progress(item, *leads, receive, now)


def handed(item: Handed, receive: Receive, now: datetime) -> None:
    """Deliveries that were handed on to a group of their own; each is fresh on the first receive here."""
    claim, contact = store.claim_and_contact(item.claim, item.contact)
    if claim is None:
        raise Poison("handed on by a claim that is not there")
    words_of = texts.whole(item.message) if item.message else None
    deliver.handed(Job(claim, contact, words_of, receive, now, fresh=receive.count == 1), item.deliveries)


def raw(item: Raw, receive: Receive, now: datetime) -> None:
    """A whole webhook: each of its items is put on the queue by itself. What cannot be read is told at the desk."""
    body = files.get(item.file)
    headers = {"content-type": item.content_type}
    request = Request(url=item.url, query=item.query, headers=headers, body=body, at=item.at)
    config = settings.config(item.provider, item.account, "parsing")
    try:
        parsed = providers.load(item.provider).parse(request, config)
    except Unreadable as error:
        large = [found.model_copy(update={"account": item.account}) for found in error.items]
        queue.put([_to_queue(found) for found in large if not queue.fits(found)], receive.token)
        _tell_owner(item.claim, words.unreadable(item.provider, item.file), receive, now)
        raise Poison("a signed webhook that cannot be read") from error
    queue.put([_to_queue(found.model_copy(update={"account": item.account})) for found in parsed], receive.token)


def parked(item: Parked, receive: Receive, now: datetime) -> None:
    """A dead letter was moved to the bucket: the owner's desk is told."""
    _tell_owner(item.claim, words.parked(item.file, item.reason), receive, now)


HANDLERS: Mapping[str, Callable[[Any, Receive, datetime], None]] = {
    "message": message,
    "receipt": receipt,
    "handed": handed,
    "raw": raw,
    "parked": parked,
}


def abandon(item: Item, receive: Receive, now: datetime, reason: str) -> None:
    """A message is put aside: a card that waits for it waits no more, an agent's reply is told as not sent."""
    if isinstance(item, Message) and not item.fragment and item.kind is not Kind.TIMER:
        _free_the_card(_contact_of(item), item.claim)
    if isinstance(item, Handed):
        _give_up(item, receive, now, reason)
    if isinstance(item, Message) and item.thread and item.kind is not Kind.COMMAND:
        outcome.signal(item.provider, item.account, item.id, Sign.FAILED, Sign.GOING)


def _give_up(item: Handed, receive: Receive, now: datetime, reason: str) -> None:
    """What was handed on is put aside: a reply or a file fails, and whom it concerns is told; a card waits no more."""
    claim, contact = store.claim_and_contact(item.claim, item.contact)
    here = [claim.deliveries[place] for place in item.deliveries if place in claim.deliveries] if claim else []
    if any(delivery.kind is DeliveryKind.FORWARD for delivery in here):
        _free_the_card(contact, item.claim)
    owed = [one for one in here if one.kind in outcome.GIVEN_UP and not one.ended]
    job = Job(claim, contact, item.message, receive, now, fresh=False) if claim else None
    for delivery in owed:
        if job and delivery.id not in job.states:  # skipped, as one before it failed
            outcome.given_up(job, delivery, reason)
    if job and job.told:
        deliver.hand_on(job.claim, job.told, None, receive)


# ---- who writes -------------------------------------------------------------------------------------------------


def _customer(item: Message, receive: Receive, now: datetime) -> None:
    def plan() -> tuple[Plan, Contact | None]:
        found = assigning.with_turns(item, store.find(item.sender, item.aliases), receive)
        met = linking.met(item, found)
        return route.customer(item, found, settings.shop(), receive, now, met), found.contact

    claim, planned, contact = _recorded(item, receive, plan)
    fresh = claim.by == receive.token
    deliver.planned(Job(claim, planned.contact if fresh else contact, item, receive, now, fresh))


def _agent(item: Message, receive: Receive, now: datetime) -> None:
    thread = store.thread(item.provider, item.account, item.thread)
    if thread is None:
        return _no_thread(item, receive, now)
    refused = _refused(item, receive)

    def plan() -> tuple[Plan, Contact | None]:
        contact = store.contact(thread.contact)
        if contact is None:
            raise Poison("a thread without its contact")
        original = store.claim(item.original_claim) if item.kind in CHANGES else None
        scene = linking.completed(route.Scene(thread, contact, settings.shop(), receive, now, refused), item)
        scene = scene._replace(held=_held_words(route.asks_for(item, scene)))
        return route.agent(item, scene, original), contact

    claim, planned, contact = _recorded(item, receive, plan)
    fresh = claim.by == receive.token
    job = Job(claim, contact, planned.message if fresh else _as_recorded(claim, item), receive, now, fresh)
    if any(delivery.kind is DeliveryKind.REPLY and not delivery.ended for delivery in claim.in_order):
        outcome.signal(claim.provider, claim.account, claim.message_id, Sign.GOING)
    deliver.planned(job)
    return None


def _refused(item: Message, receive: Receive) -> str:
    """Why its desk's provider does not vouch for who wrote it; empty if it does, or never says. Raises SendFailed."""
    vouch = providers.optional(providers.load(item.provider), "vouch")
    if vouch is None:
        return ""
    try:
        why: str = vouch(item.sender, settings.config(item.provider, item.account, "outbound"))
    except SendFailed as failure:
        if failure.outcome is not Outcome.REFUSED or receive.count < VOUCHED_WITHIN:
            raise
        return f"cannot be checked ({failure.reason})"
    return why


def _outside(item: Message, receive: Receive, now: datetime) -> None:
    """An agent's words outside any thread: a conversation begins, or the agent alone is answered."""
    shop, refused = settings.shop(), _refused(item, receive)
    try:
        asked = route.outside.read(item, shop, refused)
        if asked.word == route.outside.NEW:
            return _begun(item, asked, receive, now)
        said = _asked_about(asked)
    except desk.Cannot as cannot:
        said = f"❌ {cannot}"
    return _alone(item.claim, route.outside.answer(item, shop, said), receive, now)


def _begun(item: Message, asked: route.outside.Asked, receive: Receive, now: datetime) -> None:
    def plan() -> tuple[Plan, Contact | None]:
        found = store.owners(route.outside.addresses(asked.address))
        address = route.outside.one_of(found, asked.address)
        contact = store.contact(found[address])
        if contact is None:
            raise Poison("an address without its contact")
        return route.outside.start(item, asked, address, contact, settings.shop(), receive, now), contact

    claim, planned, contact = _recorded(item, receive, plan)
    if claim.by == receive.token:
        return deliver.planned(Job(claim, planned.contact, planned.message, receive, now, True))
    return deliver.planned(Job(claim, contact, _as_recorded(claim, item), receive, now, False))


def _asked_about(asked: route.outside.Asked) -> str:
    if asked.word != route.outside.STATUS:
        return route.outside.help()
    return route.outside.standing(asked.desk, *store.open_at(asked.desk, route.outside.MOST_LISTED), settings.shop())


def _as_recorded(claim: Claim, item: Message) -> Message:
    """The message with the words it was recorded with: planned again it may say something else, for the head moved."""
    return texts.whole(store.message(claim) or item)


def _held_words(key: str) -> Message | None:
    """The message whose words were held, by its claim; None where there is none."""
    claim = store.claim(key) if key else None
    kept = store.message(claim) if claim else None
    return texts.whole(kept) if kept else None


def _timer(item: Message, receive: Receive, now: datetime) -> None:
    """A timer's plan stands only while the head still holds its due time; else it was moved on already."""
    assert item.sent_at is not None
    due = item.sent_at

    def plan() -> tuple[Plan, Contact | None]:
        contact = store.contact(item.sender.id)
        if contact is None or contact.due.get(item.text) != due:
            raise _Idle
        replies = tuple(_replies_not_out(contact, due)) if item.text == "late" else ()
        at_desk = contact.conversation.desk if contact.conversation else ""
        turns = assigning.turns(at_desk) if item.text == waiting.REASSIGN else ()
        fired = route.Fired(item, contact, settings.shop(), receive.accepted_at, replies, turns)
        return route.timer(fired), contact

    try:
        claim, _, contact = _recorded(item, receive, plan)
    except _Idle:
        found = store.claim(item.claim)
        if found is None:
            return
        claim, contact = found, None
    if contact is not None and claim.by != receive.token:
        _drop(item, contact, receive)
    deliver.planned(Job(claim, contact, item, receive, now, claim.by == receive.token))


def _drop(item: Message, contact: Contact, receive: Receive) -> None:
    """A timer that was worked off and stands in the head again would hide all later ones: it goes.

    Where the head was only read too early, it has moved on since, and nothing is written.
    """
    without = waiting.scheduled(waiting.spent(contact, item.text, receive.accepted_at))
    with suppress(store.Moved):
        store.move(without.model_copy(update={"version": contact.version + 1}), "", {})


class _Idle(Exception):
    """The timer was moved on already."""


def _recorded(
    item: Message, receive: Receive, plan: Callable[[], tuple[Plan, Contact | None]]
) -> tuple[Claim, Plan, Contact | None]:
    """Plan and record, again at once when others wrote the same head; returns the claim, old or new."""
    for _ in range(TRIES):
        try:
            planned, contact = plan()
            planned = _scheduled(planned)
            shortened = planned.model_copy(update={"message": texts.shortened(planned.message)})
            return store.record(shortened, receive), planned, contact
        except store.Recorded as recorded:
            if recorded.claim.key == item.claim:
                return recorded.claim, planned, contact
        except store.Moved:
            pass
    raise Later("many write to this contact at once")


def _scheduled(plan: Plan) -> Plan:
    """The plan with the timers of each head it writes."""
    plan = plan.model_copy(update={"contact": waiting.scheduled(plan.contact)})
    if plan.joint is None:
        return plan
    joint = plan.joint.model_copy(update={"head": waiting.scheduled(plan.joint.head)})
    return plan.model_copy(update={"joint": joint})


def _no_thread(item: Message, receive: Receive, now: datetime) -> None:
    """Perhaps our card is not marked yet: wait an hour. Then the agent is told, and the words are kept aside."""
    if now - receive.accepted_at < THREAD_WAITS:
        raise Later("a thread that is not known yet")
    outcome.signal(item.provider, item.account, item.id, Sign.FAILED, Sign.GOING)
    queue.park(receive, item, words.thread_unknown())


def _free_the_card(contact: Contact | None, claim: str) -> None:
    """What was to post the card is parked: the next message posts it."""
    conversation = contact.conversation if contact else None
    if contact and conversation and conversation.opener == claim and not conversation.thread:
        freed = conversation.model_copy(update={"opener": ""})
        store.move(contact.model_copy(update={"conversation": freed, "version": contact.version + 1}), "", {})


def _contact_of(item: Message) -> Contact | None:
    """Whose conversation it opens. Of one that was announced only its claim knows: its sender may have been proved
    since; and of an agent's words outside any thread."""
    shop = settings.shop()
    if item.late or route.outside.from_mailbox(item, shop).outside:
        claim = store.claim(item.claim)
        return store.contact(claim.contact) if claim and claim.contact else None
    return None if item.thread else store.find(route.sender(item, shop).sender, item.aliases).contact


# ---- timers and receipts ----------------------------------------------------------------------------------------


def _replies_not_out(contact: Contact, due: datetime) -> list[datetime]:
    """When the replies were recorded that are not out, of those the timer has not told of before."""
    rows = [row for row in _said(contact, due - route.LATE) if row["direction"] == "out"]
    claims = store.claims(row["claim"] for row in rows)
    return [_recorded_at(row) for row in rows if row["claim"] in claims and _waits(claims[row["claim"]])]


def _said(contact: Contact, since: datetime) -> Iterator[dict[str, Any]]:
    """The messages of the contact's conversation, and of those that closed as merged into it."""
    conversation = contact.conversation
    for id in (conversation.id, *conversation.joined) if conversation else ():
        yield from store.messages(id, since)


def _waits(claim: Claim) -> bool:
    return any(delivery.kind is DeliveryKind.REPLY and not delivery.ended for delivery in claim.in_order)


def _recorded_at(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["sk"].split("#")[1].replace("Z", "+00:00"))


def _named(item: Receipt, *, waits: bool) -> list[str]:
    """The ids a receipt speaks of; for "all before" those of what we sent that reader lately."""
    if item.ids or item.reader is None:
        return list(item.ids)
    contact = store.find(item.reader).contact
    if contact is None:
        return []
    until = item.before or datetime.now(UTC)
    rows = _said(contact, until - timedelta(days=1))
    claims = store.claims(row["claim"] for row in rows if _recorded_at(row) <= until)
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
    told = outcome.notice(claim, words.receipt_failed(item.reason), f"{place}-receipt") if failed else None
    moved = store.mark_progress(key, place, item.progress, item.reason, told)
    if replied and (moved or receive.count > 1) and (sign := _sign(claim, place, item.progress)):
        outcome.signal(claim.provider, claim.account, claim.message_id, sign, Sign.SENT)
    if told:
        deliver.hand_on(claim, [told], None, receive)


def _sign(claim: Claim, place: str, progress: Progress) -> Sign | None:
    """What stands on the agent's message now; None while other parts of it have not come as far."""
    others = [one for one in claim.in_order if one.kind is DeliveryKind.REPLY and one.id != place]
    as_far = all(one.receipt in FURTHER.get(progress, ()) for one in others)
    return SIGNS[progress] if as_far or progress is Progress.FAILED else None


# ---- long texts and what cannot be read -------------------------------------------------------------------------


def _to_queue(item: Message | Receipt) -> Message | Receipt:
    """An item that fits into a queue message: without its source, or with its text in the bucket, if need be."""
    if not queue.fits(item):
        item = item.model_copy(update={"source": None})
    if isinstance(item, Message) and not queue.fits(item):
        item = texts.shortened(item)
    return item


def _tell_owner(key: str, text: str, receive: Receive, now: datetime) -> None:
    """Once per cause, at the owner's desk."""
    shop = settings.shop()
    _alone(key, route.notice(shop, shop.owner, "", text, "owner", urgent=True), receive, now)


def _alone(key: str, told: Delivery, receive: Receive, now: datetime) -> None:
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
