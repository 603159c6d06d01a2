"""What somebody wrote, or a timer that fell due: found its contact, planned, recorded, delivered."""

from datetime import datetime, timedelta

from chalicelib import desk, providers, queue, route, settings, store, words
from chalicelib.errors import Later, Outcome, Poison, SendFailed
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import DeliveryKind
from chalicelib.models.people import Contact
from chalicelib.models.work import Plan, Receive
from chalicelib.process import (
    announced,
    assigning,
    deliver,
    forgotten,
    fragments,
    linking,
    measured,
    record,
    texts,
    timers,
)
from chalicelib.process.job import Job
from chalicelib.process.signs import Sign, signal

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
        timers.timer(whole, receive, now)
    elif whole.fragment:
        fragments.fragment(whole, receive, now)
    elif whole.outside:
        _outside(whole, receive, now)
    elif item.thread:
        _agent(whole, receive, now)
    else:
        _customer(route.sender(whole, settings.shop()), receive, now)


# ---- who writes -------------------------------------------------------------------------------------------------


def _customer(item: Message, receive: Receive, now: datetime) -> None:
    def plan() -> tuple[Plan, Contact | None]:
        found = store.find(item.sender, item.aliases)
        if found.forgotten_at and min(receive.accepted_at, item.came_at or receive.accepted_at) <= found.forgotten_at:
            raise forgotten.Forgotten
        if item.replayed:
            return _replay(item, found.contact, receive), found.contact
        found = measured.with_measured(item, assigning.with_turns(item, found, receive), receive, now)
        met = linking.met(item, found)
        return route.customer(item, found, settings.shop(), receive, now, met), found.contact

    try:
        claim, planned, contact = record.record(item, receive, plan)
    except forgotten.Forgotten:
        return forgotten.drop(item, receive)
    fresh = claim.by == receive.token
    return deliver.planned(Job(claim, planned.contact if fresh else contact, item, receive, now, fresh))


def _replay(item: Message, contact: Contact | None, receive: Receive) -> Plan:
    if contact is None or contact.conversation is None:
        raise forgotten.Forgotten
    return route.replay(item, contact, store.claim(item.first_claim), settings.shop(), receive)


def _agent(item: Message, receive: Receive, now: datetime) -> None:
    thread = store.thread(item.provider, item.account, item.thread)
    if thread is None:
        return _no_thread(item, receive, now)
    if thread.forgotten:
        return _leads_nowhere(item, receive)
    refused = _refused(item, receive)

    def plan() -> tuple[Plan, Contact | None]:
        contact = store.contact(thread.contact)
        if contact is None:
            raise Poison("a thread without its contact")
        if contact.blank or contact.forgot(receive.accepted_at):
            raise forgotten.Forgotten
        original = store.claim(item.original_claim) if item.kind in CHANGES else None
        scene = linking.completed(route.Scene(thread, contact, settings.shop(), receive, now, refused), item)
        scene = scene._replace(held=_held_words(route.asks_for(item, scene)))
        return route.agent(item, scene, original), contact

    try:
        claim, planned, contact = record.record(item, receive, plan)
    except forgotten.Forgotten:
        return _leads_nowhere(item, receive)
    fresh = claim.by == receive.token
    job = Job(claim, contact, planned.message if fresh else record.as_recorded(claim, item), receive, now, fresh)
    if any(delivery.kind is DeliveryKind.REPLY and not delivery.ended for delivery in claim.in_order):
        signal(claim.provider, claim.account, claim.message_id, Sign.GOING)
    deliver.planned(job)
    return None


def _leads_nowhere(item: Message, receive: Receive) -> None:
    """An agent's words to somebody who is forgotten: they reach nobody, and are kept nowhere."""
    signal(item.provider, item.account, item.id, Sign.FAILED, Sign.GOING)
    forgotten.drop(item, receive)


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
    return record.alone(item.claim, route.outside.answer(item, shop, said), receive, now)


def _begun(item: Message, asked: route.outside.Asked, receive: Receive, now: datetime) -> None:
    def plan() -> tuple[Plan, Contact | None]:
        found = store.owners(route.outside.addresses(asked.address))
        address = route.outside.one_of(found, asked.address)
        contact = store.contact(found[address])
        if contact is None:
            raise Poison("an address without its contact")
        if contact.blank:
            raise desk.Cannot(words.never_wrote(asked.address))
        return route.outside.start(item, asked, address, contact, settings.shop(), receive, now), contact

    claim, planned, contact = record.record(item, receive, plan)
    if claim.by == receive.token:
        return deliver.planned(Job(claim, planned.contact, planned.message, receive, now, True))
    return deliver.planned(Job(claim, contact, record.as_recorded(claim, item), receive, now, False))


def _asked_about(asked: route.outside.Asked) -> str:
    if asked.word != route.outside.STATUS:
        return route.outside.help()
    return route.outside.standing(asked.desk, *store.open_at(asked.desk, route.outside.MOST_LISTED), settings.shop())


def _held_words(key: str) -> Message | None:
    """The message whose words were held, by its claim; None where there is none."""
    claim = store.claim(key) if key else None
    kept = store.message(claim) if claim else None
    return texts.whole(kept) if kept else None


def _no_thread(item: Message, receive: Receive, now: datetime) -> None:
    """Perhaps our card is not marked yet: wait an hour. Then the agent is told, and the words are kept aside."""
    if now - receive.accepted_at < THREAD_WAITS:
        raise Later("a thread that is not known yet")
    signal(item.provider, item.account, item.id, Sign.FAILED, Sign.GOING)
    queue.park(receive, item, words.thread_unknown())


def free_the_card(contact: Contact | None, claim: str) -> None:
    """What was to post the card is parked: the next message posts it."""
    conversation = contact.conversation if contact else None
    if contact and conversation and conversation.opener == claim and not conversation.thread:
        freed = conversation.model_copy(update={"opener": ""})
        store.move(contact.model_copy(update={"conversation": freed, "version": contact.version + 1}), "", {})


def contact_of(item: Message) -> Contact | None:
    """Whose conversation it opens. Of one that was announced only its claim knows: its sender may have been proved
    since; and of an agent's words outside any thread."""
    shop = settings.shop()
    if item.late or route.outside.from_mailbox(item, shop).outside:
        claim = store.claim(item.claim)
        return store.contact(claim.contact) if claim and claim.contact else None
    return None if item.thread else store.find(route.sender(item, shop).sender, item.aliases).contact
