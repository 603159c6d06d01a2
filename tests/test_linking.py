"""Contacts that are one person: linked and unlinked as a union-find has it, proved by a code, asked about on a sign."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any
from unittest import mock

import pytest

from chalicelib import aws, desk, providers, route, settings, store
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Card, Outgoing
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Retention
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Plan, Receive
from chalicelib.process import linking as looking
from chalicelib.route import linking
from chalicelib.route import replies as replying
from chalicelib.store import reading
from infra.simulate import Said
from infra.world import Entry
from tests.lab import START, TABLE, Lab, laboratory
from tests.lab.table import Key, Row, Table, remembered
from tests.test_actions import POST_SHOP, SLACK_SHOP

SEQUENCES, STEPS = 1_000, 10
SHOP = settings.load(SLACK_SHOP)
PEOPLE: tuple[tuple[Address, ...], ...] = (  # each with the addresses that one signature proves
    (Address(channel=Channel.SMS, id="+4915100000001"),),
    (Address(channel=Channel.WHATSAPP, id="DE.2"), Address(channel=Channel.WHATSAPP, id="+4915100000002")),
    (Address(channel=Channel.EMAIL, id="three@customer.example"),),
    (Address(channel=Channel.UNVERIFIED_EMAIL, id="three@customer.example"),),
    (Address(channel=Channel.MESSENGER, id="1055/5"),),
)
PROVIDERS = {Channel.SMS: "twilio_sms", Channel.WHATSAPP: "whatsapp", Channel.MESSENGER: "messenger"}


# ---- random histories against a union-find ----------------------------------------------------------------------


class UnionFind:
    """Who is one person with whom. Who is unlinked begins anew, with a node of its own."""

    def __init__(self, count: int) -> None:
        self.node = list(range(count))
        self.parent = list(range(count))

    def root(self, person: int) -> int:
        at = self.node[person]
        while self.parent[at] != at:
            at = self.parent[at]
        return at

    def link(self, one: int, other: int) -> None:
        self.parent[self.root(one)] = self.root(other)

    def unlink(self, person: int) -> None:
        self.parent.append(len(self.parent))
        self.node[person] = self.parent[-1]

    def group(self, person: int) -> set[int]:
        return {other for other in range(len(self.node)) if self.root(other) == self.root(person)}


class History:
    """A shop without its queue and its providers: what is said is planned and recorded, nothing is sent."""

    def __init__(self, table: Table) -> None:
        self.table, self.who = table, UnionFind(len(PEOPLE))
        self.at, self.number = START, 0
        self.heard: dict[str, Address] = {}  # by thread: who was last shown in it
        self.told: list[str] = []

    def message(self, person: int, address: Address | None = None) -> None:
        """Somebody writes. A card that is to be posted stands at once."""
        receive = self._receive()
        sender = address or PEOPLE[person][0]
        others = tuple(other for other in PEOPLE[person] if other != sender)
        item = Message(provider=PROVIDERS.get(sender.channel, "postmark"), id=f"m{self.number}", sender=sender,
                       aliases=others, text="Hello", name=f"Person {person}")  # fmt: skip
        plan = route.customer(item, store.find(sender, others), SHOP, receive, self.at)
        claim = store.record(plan, receive, Retention())
        conversation = plan.contact.conversation
        assert conversation is not None
        thread = conversation.thread or f"C0FRONT:{self.number}"
        if not conversation.thread:
            card = claim.deliveries["000"]
            store.mark_card(claim, card, thread, {"state": "sent"}, plan.contact, thread, None)
        self.heard[thread] = sender

    def says(self, thread: str, words: str) -> Plan:
        """An agent writes in a thread."""
        receive = self._receive()
        leads = store.thread("slack", "", thread)
        assert leads is not None
        item = Message(provider="slack", id=f"C0FRONT:{self.number}", text=words, thread=thread,
                       sender=Address(channel=Channel.SLACK, id="U0AGENT"))  # fmt: skip
        contact = store.contact(leads.contact)
        assert contact is not None
        scene = looking.completed(route.Scene(leads, contact, SHOP, receive, self.at), item)
        plan = route.agent(item, scene, None)
        store.record(plan, receive, Retention())
        self.told = [delivery.text for delivery in plan.deliveries]
        return plan

    def link(self, one: int, other: int) -> None:
        both = [self.conversation(one), self.conversation(other)]
        stays = min(
            both, key=lambda each: (each.status == "closed", each.status == "open" and each.opened_at.timestamp())
        )
        self.says(self.thread(one), f"#link {desk.written(PEOPLE[other][0])} they said so")
        self.who.link(one, other)
        assert self.conversation(other).id == stays.id, "the younger conversation stays"

    def unlink(self, person: int) -> None:
        self.says(self.thread(person), f"#unlink {desk.written(PEOPLE[person][-1])}")
        self.who.unlink(person)

    def resolve(self, person: int) -> None:
        self.says(self.thread(person), "#resolve")

    def reply(self, thread: str) -> None:
        """It goes to whoever was last heard there, unless that is another customer now."""
        leads = store.thread("slack", "", thread)
        assert leads is not None
        heard = self.heard[thread]
        person = next(person for person, known in enumerate(PEOPLE) if heard in known)
        owner = next(person for person, known in enumerate(PEOPLE) if store.contact_id(known[0]) == leads.contact)
        plan = self.says(thread, "It is on its way")
        went = {delivery.address for delivery in plan.deliveries if delivery.address}
        went |= {held.to for held in plan.contact.held if held.claim == plan.message.claim}
        assert went == ({heard} if person in self.who.group(owner) else set()), self.told

    def thread(self, person: int) -> str:
        return self.conversation(person).thread

    def conversation(self, person: int) -> Conversation:
        contact = store.find(PEOPLE[person][0]).contact
        assert contact is not None and contact.conversation is not None
        return contact.conversation

    def _receive(self) -> Receive:
        self.number += 1
        self.at += timedelta(minutes=1)
        ms = int(self.at.timestamp() * 1000)
        return Receive(id=f"r{self.number}", count=1, sent_ms=ms, first_ms=ms, sequence=f"{self.number:020d}")


def wrong(history: History) -> list[str]:
    """What does not hold after a step; empty if all is as the union-find has it."""
    rows = history.table.rows
    heads = {row["pk"]: row for row in rows.values() if row["pk"].startswith("CONTACT#")}
    contacts = {pk.removeprefix("CONTACT#"): Contact.model_validate(row) for pk, row in heads.items()}
    found = []
    for person in range(len(PEOPLE)):
        group = history.who.group(person)
        ids = {store.contact_id(PEOPLE[one][0]) for one in group}
        live = [contacts[id] for id in ids if not contacts[id].merged]
        if len(live) != 1:
            return [f"{len(live)} speak for {group}"]
        found += [f"{person}: {what}" for what in _group_wrong(live[0], group, ids, contacts, rows)]
    open_ids = [row["pk"].removeprefix("CONTACT#") for row in heads.values() if "open_at" in row]
    found += [f"{id} waits and is open" for id in open_ids if contacts[id].merged]
    conversations = [contact.conversation.id for contact in contacts.values() if contact.conversation]
    found += ["two heads have one conversation"] if len(set(conversations)) != len(conversations) else []
    return found


def _group_wrong(
    live: Contact, group: set[int], ids: set[str], contacts: dict[str, Contact], rows: dict[Key, Row]
) -> Iterator[str]:
    addresses = {address for one in group for address in PEOPLE[one]}
    leads = {rows[key(address)]["contact"] for address in addresses}
    waiting = {contacts[id].merged for id in ids if id != live.id}
    linked = {link.contact: set(link.addresses) for link in live.links}
    each = {store.contact_id(PEOPLE[one][0]): set(PEOPLE[one]) for one in group}
    if leads != {live.id}:
        yield f"addresses lead to {leads}"
    if waiting - {live.id}:
        yield f"a chain: {waiting}"
    if set(live.addresses) != addresses or len(live.addresses) != len(addresses):
        yield f"it has {live.addresses}"
    if linked != (each if len(group) > 1 else {}):
        yield f"its links are {linked}"
    if live.conversation and live.conversation.joined and live.conversation.status == "open":
        joined = {contacts[id].conversation.id for id in ids if contacts[id].conversation}  # type: ignore[union-attr]
        if not set(live.conversation.joined) <= joined:
            yield "a conversation of somebody else is joined"


def key(address: Address) -> Key:
    at = store.keys.address_key(address)
    return at["pk"], at["sk"]


def step(history: History, random: Random) -> str:
    """One thing happens; returns what."""
    one, other = random.randrange(len(PEOPLE)), random.randrange(len(PEOPLE))
    match random.choice(("link", "link", "link", "unlink", "unlink", "message", "reply", "resolve")):
        case "link":
            history.link(one, other)
            return f"link {one} {other}"
        case "unlink":
            history.unlink(one)
            return f"unlink {one}"
        case "message":
            history.message(one, random.choice(PEOPLE[one]))
            return f"message {one}"
        case "reply":
            thread = random.choice(sorted(history.heard))
            history.reply(thread)
            return f"reply in {thread}"
    if random.random() < 0.3:
        history.at += timedelta(days=8)  # what closed before opens no more
    history.resolve(one)
    return f"resolve {one}"


def everybody(history: History) -> None:
    """Everybody writes once."""
    for person in range(len(PEOPLE)):
        history.message(person)


@cache
def begun() -> Table:
    """A shop to which everybody wrote once."""
    table = Table()
    with remembered(table):
        everybody(History(table))
    return table


def goes_on(history: History) -> History:
    """A history that has begun so already."""
    history.heard = {f"C0FRONT:{person + 1}": known[0] for person, known in enumerate(PEOPLE)}
    history.at, history.number = START + timedelta(hours=1), 100
    return history


def played(seed: int) -> list[str]:
    """A random history up to the first step after which something is wrong, and what; empty if nothing is."""
    random, done, history = Random(seed), list[str](), goes_on(History(Table(begun().rows)))
    with remembered(history.table):
        for _ in range(STEPS):
            done.append(step(history, random))
            if found := wrong(history):
                return [*done, *found]
    return []


@pytest.mark.parametrize("part", range(4))
def test_a_thousand_random_histories_equal_a_union_find(part: int) -> None:
    for seed in range(part, SEQUENCES, 4):
        assert not played(seed), seed


@pytest.mark.parametrize("seed", range(3))
def test_a_history_leaves_the_same_rows_in_the_table_of_the_laboratory(seed: int) -> None:
    """moto knows far more of DynamoDB than the table in memory."""
    quick = goes_on(History(Table(begun().rows)))
    with remembered(quick.table):
        random = Random(seed)
        done = [step(quick, random) for _ in range(STEPS)]
    with laboratory(SLACK_SHOP) as lab, lab.aside():
        slow = History(Table())
        everybody(slow)
        goes_on(slow)
        random = Random(seed)
        assert [step(slow, random) for _ in range(STEPS)] == done
        rows = [aws.decode(row) for row in aws.client("dynamodb").scan(TableName=TABLE)["Items"]]
    assert {(row["pk"], row["sk"]): row for row in rows} == quick.table.rows


def without_chains(*given: Any) -> linking.Union:
    """Those that were merged into the one who comes along still point to it."""
    united = join(*given)
    return united._replace(joint=united.joint.model_copy(update={"merged": ()}))


def without_addresses(*given: Any) -> linking.Union:
    """Who is unlinked gets all but one of its addresses back."""
    two = part(*given)
    return two._replace(joint=two.joint.model_copy(update={"addresses": two.joint.addresses[:1]}))


def to_anybody(contact: Contact, address: Address) -> Any:
    """A reply to somebody who left goes to whoever is there."""
    return next((heard for heard in contact.heard if heard.address == address), contact.heard[-1])


def kept_up(links: Any, addresses: Any, name: str) -> Any:
    """A new address of one of the linked is nobody's."""
    return links


join, part = linking.join, linking.part
SEEDED = [
    (linking, "join", without_chains),
    (linking, "part", without_addresses),
    (linking, "_age", lambda contact: (True, 0)),
    (replying, "_heard", to_anybody),
    (reading, "_speaks", lambda found: found),
]


@pytest.mark.parametrize("bug", SEEDED, ids=lambda bug: bug[1])
def test_the_histories_find_seeded_bugs(bug: tuple[Any, str, Any]) -> None:
    with mock.patch.object(*bug):
        assert any(fails(seed) for seed in range(SEQUENCES))


def fails(seed: int) -> bool:
    try:
        return bool(played(seed))
    except (AssertionError, KeyError, StopIteration, store.Moved):
        return True


# ---- told in the threads, from there on one conversation ----------------------------------------------------------

CARD = "#help tells what else can be done"  # stands on every card
MIRA, OTTO = "+4915123456789", "+491729999999"


@contextmanager
def two(shop: str = SLACK_SHOP) -> Iterator[Lab]:
    """Mira writes, ten minutes later Otto: two customers, each in a thread."""
    with laboratory(shop) as lab:
        writes(lab, "Where is my order?", MIRA)
        lab.now += timedelta(minutes=10)
        writes(lab, "Is the lamp blue?", OTTO)
        lab.now += timedelta(minutes=10)
        yield lab


def writes(lab: Lab, text: str, sender: str, provider: str = "") -> None:
    provider = provider or ("postmark" if "@" in sender else "twilio_sms")
    lab.ring(provider, Said(text=text, id=f"c{lab.world.number()}", at=lab.now, sender=sender))
    lab.settle(until=timedelta(minutes=5))
    lab.now += timedelta(minutes=1)


def says(lab: Lab, words: str, thread: int) -> list[str]:
    """An agent writes in the thread of one card; returns what came to the desks, for everybody or the agent alone."""
    count = len(lab.world.ledger)
    card = [entry for entry in lab.posts() if entry.what == "card" or entry.part == "postmark"][thread]
    provider, name = ("postmark", card.thread) if card.part == "postmark" else ("slack", f"{card.to}:{card.id}")
    sender = "ann@shop.example" if provider == "postmark" else ""
    lab.ring(provider, lab.say(words, lab.world.number(), provider, thread=name, sender=sender))
    lab.settle(until=timedelta(minutes=5))
    lab.now += timedelta(minutes=1)
    posts = [entry for entry in lab.world.ledger[count:] if entry.what in ("message", "mail", "private")]
    return [entry.text for entry in posts if entry not in lab.texts() and CARD not in entry.text]


def where(lab: Lab, text: str) -> str:
    """The thread in which something stands."""
    return next(entry.thread or entry.id for entry in lab.posts() if text in entry.text)


@contextmanager
def posted() -> Iterator[list[Outgoing]]:
    """What is sent to Slack meanwhile."""
    sent: list[Outgoing] = []
    slack = providers.load("slack")
    send = slack.send

    def seen(outgoing: Outgoing, config: Any) -> str:
        sent.append(outgoing)
        return send(outgoing, config)

    with mock.patch.object(slack, "send", seen):
        yield sent


def rewritten(lab: Lab, words: str, thread: int) -> dict[str, Card]:
    """The cards that are written anew after an agent's words, by their threads."""
    with posted() as sent:
        says(lab, words, thread)
    return {outgoing.thread: outgoing.card for outgoing in sent if outgoing.change and outgoing.card}


def cards(lab: Lab) -> list[str]:
    return [entry.id for entry in lab.world.ledger if entry.what == "card"]


def contact(lab: Lab, id: str, channel: Channel = Channel.SMS) -> Contact:
    with lab.aside():
        found = store.find(Address(channel=channel, id=id)).contact
    assert found is not None and found.conversation is not None
    return found


def talk(lab: Lab, id: str) -> Conversation:
    conversation = contact(lab, id).conversation
    assert conversation is not None
    return conversation


def replies(lab: Lab) -> list[tuple[str, str]]:
    """What went to customers beside acknowledgements."""
    return [(entry.to, entry.text) for entry in lab.texts() if "Thank you" not in entry.text]


@pytest.mark.parametrize("thread", [0, 1], ids=["told in the older thread", "told in the younger thread"])
def test_the_older_open_conversation_stays_and_both_threads_say_so(thread: int) -> None:
    with two() as lab:
        told = says(lab, f"#link {(OTTO, MIRA)[thread]} same voice", thread)
        older, younger = cards(lab)
        assert where(lab, f"linked this customer with SMS · {OTTO} (same voice)") == older
        assert where(lab, "The conversation goes on in their thread at the desk 'front'") == younger
        assert "They wrote: “Is the lamp blue?”" in str(told)
        writes(lab, "And is it bright?", OTTO)
        assert where(lab, "And is it bright?") == older
        assert len([entry for entry in lab.texts() if "Thank you" in entry.text]) == 2


def test_answers_go_to_the_address_last_heard_in_their_thread() -> None:
    with two() as lab:
        says(lab, f"#link {MIRA}", 1)
        says(lab, "To Mira", 0)
        says(lab, "To Otto", 1)
        writes(lab, "And is it bright?", OTTO)
        says(lab, "To Otto as well", 0)
        writes(lab, "I still wait", MIRA)
        says(lab, "To Mira again", 0)
        says(lab, "To Otto again", 1)
        assert replies(lab) == [(MIRA, "To Mira"), (OTTO, "To Otto"), (OTTO, "To Otto as well"),
                                (MIRA, "To Mira again"), (OTTO, "To Otto again")]  # fmt: skip


def test_the_evidence_is_kept() -> None:
    with two() as lab:
        says(lab, f"#link {OTTO} same voice", 0)
        first, second = contact(lab, OTTO).links
        assert (first.by, second.by, second.why) == ("", "U0AGENT", "same voice") and second.at
        assert f"Linked: sms:{OTTO} by ann on 2 March 2026: same voice" in says(lab, "#status", 1)[0]
        with lab.aside():
            row = store.table.get(store.keys.address_key(Address(channel=Channel.SMS, id=OTTO)))
        assert row is not None and row["evidence"] == "linked by U0AGENT: same voice"


def test_a_repeat_of_the_same_link_changes_nothing() -> None:
    with two() as lab:
        says(lab, f"#link {OTTO}", 0)
        before = contact(lab, MIRA).model_copy(update={"version": 0})
        for words, thread in ((f"#link {OTTO}", 0), (f"#link {MIRA}", 1), (f"#link {MIRA}", 0)):
            assert "linked with this customer already" in says(lab, words, thread)[0]
        assert contact(lab, OTTO).model_copy(update={"version": 0}) == before


def test_actions_in_the_thread_that_was_joined_work_on_the_one_conversation() -> None:
    with two() as lab:
        older, younger = (f"C0FRONT:{id}" for id in cards(lab))
        linked = rewritten(lab, f"#link {OTTO}", 0)
        assert linked[older].text == "Where is my order?" and f"Also: SMS · {OTTO}" in linked[older].facts
        assert linked[younger].text == "Is the lamp blue?" and linked[younger].buttons == ()
        assert linked[younger].state[0] == "joined with another conversation"
        ((thread, card),) = rewritten(lab, "#assign ben", 1).items()
        assert (thread, card.text) == (older, "Where is my order?") and "assigned to ben" in card.state
        assert talk(lab, MIRA).assignee == "U0BEN"
        assert "Closed by ann" in says(lab, "#resolve", 1)[0]
        assert talk(lab, OTTO).status == "closed"


def test_of_closed_conversations_that_stays_in_which_the_agent_writes() -> None:
    with two() as lab:
        says(lab, "#resolve", 0)
        says(lab, "#resolve", 1)
        assert "It ended: closed by ann" in says(lab, f"#link {MIRA}", 1)[0]
        writes(lab, "Hello again", MIRA)
        assert where(lab, "Hello again") == cards(lab)[1]
        says(lab, "Hello Mira", 0)
        assert replies(lab) == [(MIRA, "Hello Mira")]


def test_an_open_conversation_stays_before_a_closed_one_that_is_older() -> None:
    with two() as lab:
        says(lab, "#resolve", 0)
        says(lab, f"#link {OTTO}", 0)
        writes(lab, "Hello again", MIRA)
        assert where(lab, "Hello again") == cards(lab)[1]


def test_linking_asks_whose_card_is_being_posted_to_wait() -> None:
    with laboratory(SLACK_SHOP) as lab:
        writes(lab, "Where is my order?", MIRA)
        lab.world.fail(part="slack", path="chat.postMessage", status=503, times=3)
        lab.ring("twilio_sms", lab.say("Is the lamp blue?", 2, sender=OTTO))
        lab.work()
        lab.ring("slack", lab.say(f"#link {OTTO}", 10, "slack", thread=lab.thread()))
        lab.work()
        assert not contact(lab, OTTO).links
        lab.settle()
        assert len(contact(lab, OTTO).links) == 2 and len(cards(lab)) == 2
        assert where(lab, "The conversation goes on in their thread") == cards(lab)[1]


def test_unlinking_waits_for_a_card_that_is_being_posted() -> None:
    """Its message still belongs to the contact as it was: else nobody would ever post it."""
    with two() as lab:
        says(lab, f"#link {OTTO}", 0)
        says(lab, "#resolve", 0)
        lab.now += timedelta(days=8)
        lab.world.fail(part="slack", path="chat.postMessage", status=503, times=3)
        lab.ring("twilio_sms", lab.say("Me again", 4, sender=OTTO))
        lab.work()
        lab.ring("slack", lab.say(f"#unlink {OTTO}", 10, "slack", thread=lab.thread()))
        lab.work()
        lab.settle(until=timedelta(hours=1))
        assert contact(lab, OTTO).id != contact(lab, MIRA).id and len(cards(lab)) == 3
        writes(lab, "And me", MIRA)
        assert where(lab, "And me") == where(lab, "Me again") == cards(lab)[2]


def test_a_code_that_is_awaited_is_hidden_in_whatever_it_is_linked_into() -> None:
    with code_sent() as (lab, code):
        says(lab, f"#link {MIRA}", 1)
        writes(lab, code, OTTO)
        assert code not in at_desks(lab)


def test_rows_read_before_an_unlink_and_a_head_read_after_it_are_read_again() -> None:
    with two() as lab, lab.aside():
        says(lab, f"#link {OTTO}", 0)
        row = store.keys.address_key(Address(channel=Channel.SMS, id=OTTO))
        read = dict(store.table.get(row) or {})
        says(lab, f"#unlink {OTTO}", 0)
        rows = store.table.read
        stale = lambda keys: {**rows(keys), row["pk"]: read}  # noqa: E731
        with mock.patch.object(reading, "read", stale), pytest.raises(store.Moved):
            store.find(Address(channel=Channel.SMS, id=OTTO))


def test_two_mailbox_customers_are_linked_by_mail() -> None:
    with two(POST_SHOP) as lab:
        told = says(lab, f"#link {OTTO}", 0)
        assert len(told) == 2
        says(lab, "It is blue", 1)
        assert replies(lab) == [(OTTO, "It is blue")]


def test_a_reply_of_a_joined_conversation_that_is_not_out_is_told() -> None:
    with two() as lab:
        lab.world.fail(part="twilio_sms", status=503, times=50)
        says(lab, "It is blue", 1)
        says(lab, f"#link {MIRA}", 1)
        lab.settle(until=timedelta(hours=1))
        assert where(lab, "A reply of this conversation is not out") == cards(lab)[0]


# ---- unlinked -----------------------------------------------------------------------------------------------------


def unversioned(head: Contact) -> Contact:
    return head.model_copy(update={"version": 0, "acknowledged_until": None, "parted": False})


@pytest.mark.parametrize("leaves", [MIRA, OTTO])
def test_linked_and_unlinked_both_are_as_before(leaves: str) -> None:
    with two() as lab:
        says(lab, "#tag vip", 0)
        says(lab, "#tag new", 1)
        before = [unversioned(contact(lab, id)) for id in (MIRA, OTTO)]
        says(lab, f"#link {OTTO}", 0)
        assert contact(lab, OTTO).tags == ("vip", "new")
        says(lab, f"#unlink {leaves}", 0)
        assert [unversioned(contact(lab, id)) for id in (MIRA, OTTO)] == before
        until = {contact(lab, id).acknowledged_until for id in (MIRA, OTTO)}
        assert len(until) == 1 and None not in until


def test_unlinked_the_other_goes_on_in_the_own_thread_and_what_came_in_between_stays() -> None:
    with two() as lab:
        says(lab, f"#link {OTTO}", 0)
        writes(lab, "And is it bright?", OTTO)
        told = says(lab, f"#unlink {OTTO} it was his brother", 0)
        assert where(lab, f"unlinked SMS · {OTTO} (it was his brother)") == cards(lab)[0]
        assert where(lab, "their conversation goes on here again") == cards(lab)[1] and len(told) == 2
        writes(lab, "Hello?", OTTO)
        assert where(lab, "Hello?") == cards(lab)[1]
        mira = talk(lab, MIRA)
        with lab.aside():
            kept = [row["text"] for row in store.messages(mira.id)]
        assert "And is it bright?" in kept and "Hello?" not in kept


def test_after_an_unlink_no_answer_goes_to_the_wrong_one() -> None:
    """Otto was the last who was heard in Mira's thread: an answer there may be meant for him."""
    with two() as lab:
        says(lab, f"#link {OTTO}", 0)
        writes(lab, "My card ends in 4242", OTTO)
        says(lab, f"#unlink {OTTO}", 0)
        assert f"Nothing was sent. SMS · {OTTO} is another customer now" in says(lab, "Thank you, 4242", 0)[0]
        assert not replies(lab)
        says(lab, "Got it", 1)
        writes(lab, "And mine?", MIRA)
        says(lab, "Tomorrow", 0)
        assert replies(lab) == [(OTTO, "Got it"), (MIRA, "Tomorrow")]


def test_an_older_thread_answers_only_those_who_are_still_this_customer() -> None:
    with two() as lab:
        says(lab, "#resolve", 0)
        says(lab, f"#link {MIRA}", 1)
        says(lab, "#resolve", 1)
        lab.now += timedelta(days=8)
        writes(lab, "Me again", OTTO)  # opens a new conversation of both
        says(lab, "#resolve", 2)
        lab.now += timedelta(days=8)
        writes(lab, "And me", MIRA)
        says(lab, f"#unlink {MIRA}", 3)
        assert "is another customer now" in says(lab, "Tomorrow", 3)[0]
        says(lab, "To Otto", 2)
        assert replies(lab) == [(OTTO, "To Otto")]


def test_three_are_one_and_who_spoke_for_them_leaves() -> None:
    third = "mira@customer.example"
    shop = SLACK_SHOP + "[providers.postmark]\n"
    with two(shop) as lab:
        writes(lab, "A mail of mine", third)
        says(lab, f"#link {OTTO}", 0)
        says(lab, f"#link {third}", 1)
        says(lab, f"#unlink {MIRA}", 2)
        assert contact(lab, OTTO).id == contact(lab, third, Channel.EMAIL).id != contact(lab, MIRA).id
        says(lab, "It is blue", 1)
        says(lab, "To the mail", 2)
        says(lab, "To Mira", 0)
        assert replies(lab) == [(OTTO, "It is blue"), (third, "To the mail"), (MIRA, "To Mira")]
        writes(lab, "One more mail", third)
        assert where(lab, "One more mail") == cards(lab)[1]


def test_addresses_proved_by_one_signature_leave_together() -> None:
    user, phone = PEOPLE[1]
    with two() as lab:
        lab.put(Message(provider="whatsapp", id="w1", sender=user, text="On WhatsApp"))
        lab.settle(until=timedelta(minutes=5))
        says(lab, f"#link whatsapp:{user.id}", 0)
        lab.put(Message(provider="whatsapp", id="w2", sender=user, aliases=(phone,), name="Mira W", text="More"))
        lab.settle(until=timedelta(minutes=5))
        assert set(contact(lab, MIRA).addresses) >= {user, phone} and contact(lab, MIRA).name == "Mira W"
        says(lab, f"#unlink whatsapp:{phone.id}", 0)
        assert set(contact(lab, user.id, Channel.WHATSAPP).addresses) == {user, phone}
        assert contact(lab, user.id, Channel.WHATSAPP).name == "Mira W" and contact(lab, MIRA).name == ""
        assert contact(lab, phone.id, Channel.WHATSAPP).id == contact(lab, user.id, Channel.WHATSAPP).id


# ---- what cannot be done ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("#link", "Name an address behind it"),
        ("#link she is the same", "Name an address behind it"),
        ("#link +49 30 1111111", "Nobody has written from +49301111111 yet"),
        ("#unlink +49 30 1111111", "Nobody has written from +49301111111 yet"),
        (f"#unlink {OTTO}", "is not linked with this customer"),
        (f"#unlink {MIRA}", "This customer is not linked with another"),
        (f"#link {OTTO}\nHello", "#link stands alone"),
        (f"#link {OTTO}\n#resolve", "#link stands alone"),
        (f"#code {MIRA}", "linked with this customer already"),
        ("#code", "Name an address behind it"),
    ],
)
def test_what_cannot_be_linked_is_told_and_changes_nothing(words: str, told: str) -> None:
    with two() as lab:
        before = contact(lab, MIRA).model_copy(update={"version": 0})
        (said,) = says(lab, words, 0)
        assert f"❌ Nothing was sent. {told}" in said or told in said
        assert contact(lab, MIRA).model_copy(update={"version": 0}) == before
        assert not replies(lab)


def test_an_address_on_two_channels_is_asked_about() -> None:
    with two(SLACK_SHOP + "[providers.postmark]\n") as lab:
        for channel in (Channel.EMAIL, Channel.UNVERIFIED_EMAIL):
            sender = Address(channel=channel, id="m@customer.example")
            lab.put(Message(provider="postmark", id=channel, sender=sender, text="A mail"))
        lab.settle(until=timedelta(minutes=5))
        told = says(lab, "#link m@customer.example", 0)[0]
        assert "write email:m@customer.example or email?:m@customer.example" in told
        says(lab, "#link email?:m@customer.example she called", 0)
        assert Channel.UNVERIFIED_EMAIL in {one.channel for one in contact(lab, MIRA).addresses}
        assert contact(lab, "m@customer.example", Channel.EMAIL).id != contact(lab, MIRA).id


def test_who_is_blocked_is_not_linked() -> None:
    with two() as lab:
        says(lab, "#block", 1)
        assert "#unblock first" in says(lab, f"#link {OTTO}", 0)[0]


def test_a_customer_has_not_more_addresses_than_one_transaction_can_move() -> None:
    with two() as lab, mock.patch.object(linking, "MOST", 3):
        assert "more addresses than one customer can have" in says(lab, f"#link {OTTO}", 0)[0]
        assert not contact(lab, MIRA).links


def test_the_most_that_can_be_linked_fits_into_one_transaction() -> None:
    """One who speaks for all, with as many addresses as there may be, leaves: nearly everything moves."""
    head = begun_contact(0)
    others = {f"atom{number}": begun_contact(1).model_copy(update={"id": f"atom{number}"}) for number in range(29)}
    united = head
    for number, other in enumerate(others.values()):
        address = Address(channel=Channel.SMS, id=f"+4930{number:07d}")
        heard = tuple(one.model_copy(update={"address": address}) for one in other.heard[:1])
        others[other.id] = other.model_copy(update={"heard": heard, "also": ()})
        united = linking.join(united, others[other.id], linking.Evidence("ann", START)).live
    with pytest.raises(desk.Cannot):
        linking.join(united, begun_contact(2), linking.Evidence("ann", START))
    joint = linking.part(united, PEOPLE[0][0], others, linking.Evidence("ann", START)).joint
    with mock.patch.dict("os.environ", TABLE="t"):
        writes = list(store.linking.joint_writes(joint, united, Retention()))
    assert 55 < len(writes) < 90


def begun_contact(person: int) -> Contact:
    with remembered(begun()):
        found = store.find(PEOPLE[person][0]).contact
    assert found is not None
    return found


# ---- a code -------------------------------------------------------------------------------------------------------


@contextmanager
def code_sent(shop: str = SLACK_SHOP) -> Iterator[tuple[Lab, str]]:
    """Otto says that Mira's number is his as well: a code went there."""
    with two(shop) as lab:
        says(lab, f"#code {MIRA}", 1)
        ((to, text),) = replies(lab)
        assert to == MIRA
        yield lab, text[:6]


def at_desks(lab: Lab) -> str:
    """All that any desk was ever sent."""
    return str([(entry.text, entry.raw) for entry in lab.world.ledger if entry not in lab.texts()])


@pytest.mark.parametrize("form", ["{}{}", " {} {} ", "{}-{}"])
@pytest.mark.parametrize("shop", [SLACK_SHOP, POST_SHOP], ids=["Slack", "mailbox"])
def test_a_code_written_back_links(form: str, shop: str) -> None:
    with code_sent(shop) as (lab, code):
        writes(lab, form.format(code[:3], code[3:]), OTTO)
        assert contact(lab, OTTO).id == contact(lab, MIRA).id
        (link,) = [link for link in contact(lab, OTTO).links if link.at]
        assert link.why == f"by a code sent to SMS · {MIRA}"
        for words in ("What comes from there appears here", "The conversation goes on in their thread"):
            assert where(lab, words)
        assert "the code that was sent to another address: right" in at_desks(lab)
        assert code not in at_desks(lab) and f"{code[:3]} {code[3:]}" not in at_desks(lab)
        assert contact(lab, OTTO).proof is None


def test_a_wrong_code_links_nobody_and_after_five_the_right_one_neither() -> None:
    with code_sent() as (lab, code):
        for number in range(5):
            writes(lab, f"{(int(code) + 1 + number) % 1_000_000:06d}", OTTO)
            assert "another address: wrong" in lab.posts()[-1].text
        writes(lab, code, OTTO)
        assert contact(lab, OTTO).id != contact(lab, MIRA).id


def test_a_code_is_good_for_a_quarter_of_an_hour() -> None:
    with code_sent() as (lab, code):
        lab.now += timedelta(minutes=15)
        writes(lab, code, OTTO)
        assert "too late" in lab.posts()[-1].text and code not in at_desks(lab)
        assert contact(lab, OTTO).id != contact(lab, MIRA).id


def test_a_code_among_words_is_hidden_and_does_not_count() -> None:
    with code_sent() as (lab, code):
        writes(lab, f"My code is {code}, order 100200", OTTO)
        assert "My code is ••••••, order 100200" in lab.posts()[-1].text and code not in at_desks(lab)
        otto = talk(lab, OTTO)
        with lab.aside():
            kept = [row["text"] for row in store.messages(otto.id)]
        assert not [text for text in kept if code in text]
        assert contact(lab, OTTO).id != contact(lab, MIRA).id
        writes(lab, code, OTTO)
        assert contact(lab, OTTO).id == contact(lab, MIRA).id


def test_another_customers_six_digits_are_words() -> None:
    with code_sent() as (lab, code):
        writes(lab, code, MIRA)
        assert lab.posts()[-1].text == code
        assert contact(lab, OTTO).id != contact(lab, MIRA).id


def test_an_unproved_mail_address_gets_no_code() -> None:
    with two(SLACK_SHOP + "[providers.postmark]\n") as lab:
        sender = Address(channel=Channel.UNVERIFIED_EMAIL, id="m@customer.example")
        lab.put(Message(provider="postmark", id="u1", sender=sender, text="A mail"))
        lab.settle(until=timedelta(minutes=5))
        assert "a code would prove nothing" in says(lab, "#code m@customer.example", 0)[0]
        assert "whoever forges it" in says(lab, f"#code {MIRA}", 2)[0]
        assert not replies(lab)


# ---- signs --------------------------------------------------------------------------------------------------------


def asked(lab: Lab) -> list[Entry]:
    return [entry for entry in lab.posts() if "Same person?" in entry.text]


@pytest.mark.parametrize(
    ("first", "text", "what"),
    [
        ("Hello", f"I also wrote from {MIRA[:3]} {MIRA[3:7]} {MIRA[7:]}", f"{MIRA} stands here, and"),
        ("Where is order 1037?", "It is Bestellung #1037", "Order 1037 stands here, and"),
        ("Mail me at Mira@customer.example", "My mail: mira@customer.example.", "wrote it too"),
    ],
)
def test_a_sign_makes_the_desk_ask_once_and_links_nobody(first: str, text: str, what: str) -> None:
    with laboratory(SLACK_SHOP) as lab:
        writes(lab, first, MIRA)
        writes(lab, text, OTTO)
        (question,) = asked(lab)
        assert what in question.text and f": #link sms:{MIRA}\n" in question.text
        assert question.thread == cards(lab)[1]
        writes(lab, text, OTTO)
        writes(lab, f"{text} {OTTO}", MIRA)
        assert len(asked(lab)) == 1
        assert contact(lab, OTTO).id != contact(lab, MIRA).id
        says(lab, f"#link sms:{MIRA}", 1)
        assert contact(lab, OTTO).id == contact(lab, MIRA).id


def test_a_question_has_a_button() -> None:
    with laboratory(SLACK_SHOP) as lab:
        writes(lab, "Where is order 1037?", MIRA)
        with posted() as sent:
            writes(lab, "Where is order 1037?", OTTO)
        (button,) = next(outgoing.buttons for outgoing in sent if outgoing.buttons)
        assert (button.label, button.says) == ("Same person?", f"#link sms:{MIRA}")


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order?", "Order for 2000 people", f"It is me, {OTTO}", "Mail agents@shop.example",
        "Mail hello@shop.example", "Call 030 1234567", "It is order 12", "The order of 2026-03-01", "order 1037",
    ],
)  # fmt: skip
def test_what_is_no_sign_of_anybody_else_asks_nothing(text: str) -> None:
    with laboratory(POST_SHOP) as lab:
        writes(lab, "Where is my order? It is me" if text == "order 1037" else text, MIRA)
        writes(lab, text, OTTO)
        assert not asked(lab)


def test_what_everybody_writes_is_no_sign() -> None:
    with laboratory(SLACK_SHOP) as lab:
        for number in range(6):
            writes(lab, "order #1000", f"+4930000000{number}")
        assert len(asked(lab)) == store.linking.COMMON


def test_a_text_without_a_sign_costs_no_read() -> None:
    with two() as lab:
        lab.seam.calls.clear()
        writes(lab, "And is it bright?", OTTO)
        plain = list(lab.seam.calls)
        lab.seam.calls.clear()
        writes(lab, "It is order 1037", OTTO)
        assert lab.seam.calls.count("dynamodb.BatchGetItem") == plain.count("dynamodb.BatchGetItem") + 1 == 2


# ---- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "addresses", "rest"),
    [
        ("Bob@Customer.example", ["email:bob@customer.example", "email?:bob@customer.example"], ""),
        ("bob@customer.example, she said so", ["email:bob@customer.example", "email?:bob@customer.example"],
         "she said so"),
        ("+49 (151) 234-567 same voice", ["sms:+49151234567", "whatsapp:+49151234567"], "same voice"),
        ("0049151234567", ["sms:+49151234567", "whatsapp:+49151234567"], ""),
        ("49151234567", ["sms:+49151234567", "whatsapp:+49151234567"], ""),
        ("sms:+49 151 234567 why", ["sms:+49151234567"], "why"),
        ("SMS · +49151234567", ["sms:+49151234567"], ""),
        ("whatsapp:DE.8712 why", ["whatsapp:DE.8712"], "why"),
        ("email?:Bob@customer.example", ["email?:bob@customer.example"], ""),
        ("unverified mail · bob@customer.example", ["email?:bob@customer.example"], ""),
        ("messenger:1055/77 the same", ["messenger:1055/77"], "the same"),
        ("slack:U0AGENT", [], "slack:U0AGENT"),
        ("timer:1", [], "timer:1"),
        ("0151 234567", [], "0151 234567"),
        ("bob", [], "bob"),
        ("", [], ""),
    ],
)  # fmt: skip
def test_addresses_as_agents_write_them(text: str, addresses: list[str], rest: str) -> None:
    found, behind = desk.naming.named(text)
    if addresses:
        assert (list(map(desk.written, found)), behind) == (addresses, rest)
    else:
        assert not [one for one in found if one.id]


@pytest.mark.parametrize("person", PEOPLE)
def test_an_address_as_it_is_written_is_read_again(person: tuple[Address, ...]) -> None:
    for address in person:
        assert desk.naming.named(desk.written(address)) == ((address,), "")


def test_reading_a_long_text_for_addresses_takes_no_time() -> None:
    for text in ("a" * 200_000, "a@" * 100_000, "+1" * 100_000, "+" + "1 " * 100_000, "bestell" * 30_000):
        began = time.process_time()
        list(desk.typed(text))
        assert time.process_time() - began < 2
