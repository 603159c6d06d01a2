"""The flows that are crashed: what happens before, what is played, and what the world must have seen in the end."""

import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from chalicelib import aws, store
from chalicelib.errors import Unavailable
from chalicelib.models.inbound import Kind, Message, Progress, Receipt
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.values import Address, Channel
from chalicelib.providers import slack
from infra import erase, person, replay
from infra.simulate import File
from infra.world import Entry
from tests.lab import (
    AGENTS,
    ANNOUNCED_SHOP,
    CLOSED_SHOP,
    FALLBACK_SHOP,
    LINK,
    MAIL_SHOP,
    ORDERING_SHOP,
    PASSING_SHOP,
    QUEUE,
    RULED_SHOP,
    SHOP,
    STAFFED_SHOP,
    START,
    TELLING_SHOP,
    WATCHED_SHOP,
    Killed,
    Lab,
    at_desk,
    late,
    log,
    sqs_queue,
)
from tests.lab.faults import Plan

ESCALATED = "Escalated from"
MIRA, OTTO = "+4915123456789", "+491729999999"  # the customer that the world of SMS has by itself, and another
LINKED_HERE, LINKED_THERE = "What comes from there appears here", "The conversation goes on in their thread"
UNLINKED_HERE, UNLINKED_THERE = "another customer again", "their conversation goes on here again"
MARKS = ("(possibly repeated)",)
INTERNAL = (  # of agents, desks and the machinery
    "U0AGENT", "C0FRONT", "C0OWNER", "C0SECOND", AGENTS, "ann@shop.example", "xoxb", "slack.com", "world/slack",
    "shopbell-files", "amazonaws.com", "#resolve", "#help", "#send", "#via", "#drop", "#template", "#new",
    "at the counter",
)  # fmt: skip
SENDINGS = (  # to customers
    "twilio_sms.Messages", "vonage.messages", "custom.in", "whatsapp.messages", "postmark.email", "resend.emails",
)  # fmt: skip
TOKEN = re.compile(r"bell\+[a-z2-7]{26}")  # a reply token in an address
TOLD = ("may have arrived twice", "Please check", "Not sent", "Not delivered", "was not sent to the customer")
NOTED = ("could not be fetched", "could not be shown", "may be missing")  # of a customer's file
INVOICE = File("invoice.pdf", "application/pdf", b"%PDF-1.4 for order 7")
PHOTO = File("photo.jpg", "image/jpeg", b"\xff\xd8\xff of a kettle")


class Flow(NamedTuple):
    """`play` is what is crashed, after `before` has been played in peace."""

    name: str
    play: Callable[[Lab], None]
    customers: tuple[str, ...] = ()  # what customers wrote, in order
    agents: tuple[str, ...] = ()  # what agents replied, in order
    notes: tuple[str, ...] = ()  # what must never leave
    acknowledged: int = 0  # acknowledgements when nothing fails
    before: Callable[[Lab], None] = lambda lab: None
    shop: str = SHOP
    files: tuple[str, ...] = ()  # what customers sent, by name
    agents_files: tuple[str, ...] = ()  # what agents sent
    gone: bool = False  # the files are not to be had any more
    also: Callable[[Contact], bool] = lambda head: True  # what must hold of the customer in the end
    told: str = ""  # what agents must have been told, at whatever place among the rest
    change: str = ""  # an agent's edit or delete that must have reached the customer
    threads: int = 1  # at the desk, in the end
    ends: Callable[[Lab], list[str]] = lambda lab: []  # what else is wrong in the end


def first_message(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle()


def opened(lab: Lab) -> None:
    first_message(lab)
    lab.now += timedelta(minutes=2)


def second_message(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    lab.settle()


def same_again(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle()
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle()


def two_at_once(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    lab.settle()


def agent_replies(lab: Lab) -> None:
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    lab.settle()


def long_reply(lab: Lab) -> None:
    lab.ring("slack", lab.say(f"{'a' * 1590} first {'b' * 1590} second", 10, "slack", thread=lab.thread()))
    lab.settle()


def agent_notes(lab: Lab) -> None:
    lab.ring("slack", lab.say("// she called before", 10, "slack", thread=lab.thread()))
    lab.settle()


def note_edited(lab: Lab) -> None:
    """A note whose mark is taken away later is still a note."""
    note, edit = changed(lab, "// she called before", "she called before")
    lab.put(note)
    lab.settle()
    lab.put(edit)
    lab.settle()


def edit_overtakes(lab: Lab) -> None:
    """An edit that comes before what it edits: neither leaves, and the thread asks to send it again."""
    reply, edit = changed(lab, "It is on its wey", "It is on its way")
    lab.put(edit)
    lab.settle()
    lab.put(reply)
    lab.settle()


def changed(lab: Lab, before: str, after: str) -> tuple[Message, Message]:
    """An agent's message and its edit, as Slack tells them."""
    said = replace(lab.say(before, 10, "slack", thread=lab.thread()), at=START)  # whenever it is asked for
    _, webhook = lab.webhook("slack", said)
    (message,) = slack.parse(webhook, slack.Config())
    assert isinstance(message, Message)
    return message, message.model_copy(update={"kind": Kind.EDIT, "version": "1772442999.000100", "text": after})


def delivered(lab: Lab) -> None:
    """Twilio's receipt for the reply, twice, and a late one of an earlier state."""
    for progress in (Progress.DELIVERED, Progress.DELIVERED):
        lab.put(Receipt(provider="twilio_sms", progress=progress, ids=(last_reply(lab).id,)))
    lab.settle()


def failed(lab: Lab) -> None:
    lab.put(Receipt(provider="twilio_sms", progress=Progress.FAILED, ids=(last_reply(lab).id,), reason="unreachable"))
    lab.settle()


def last_reply(lab: Lab) -> Entry:
    return next(entry for entry in reversed(lab.texts()) if "on its way" in entry.text)


def answered(lab: Lab) -> None:
    opened(lab)
    agent_replies(lab)
    lab.now += timedelta(minutes=2)


def agent_resolves(lab: Lab) -> None:
    lab.ring("slack", lab.say("#resolve", 10, "slack", thread=lab.thread()))
    lab.settle()


def batch(lab: Lab) -> None:
    """Three messages of one visitor in one webhook."""
    said = [lab.say(text, number, "custom") for number, text in enumerate(("Hello there", "Are you open?", "I wait"))]
    lab.ring("custom", *said)
    lab.settle()


def long_text(lab: Lab) -> None:
    """Too long for a row: it lies in the bucket, and goes to the desk in two parts."""
    lab.ring("custom", lab.say(f"the beginning {'x' * 3000} the end", 1, "custom"))
    lab.settle()


PARTS = ("Where is my or", "der? It is num", "ber 7, the blue one")


def part(lab: Lab, number: int) -> None:
    """One of the webhooks in which a long SMS comes; it is sent again until it is accepted."""
    said = {"msisdn": "4915123456790", "to": "4930555001", "type": "text", "message-timestamp": "2026-03-02 09:00:00"}
    said |= {"messageId": f"2A0000004F0E1D0{number}", "text": PARTS[number - 1]}
    said |= {"concat": "true", "concat-ref": "204", "concat-total": str(len(PARTS)), "concat-part": str(number)}
    for _ in range(6):
        if 200 <= lab.post_signed("vonage", json.dumps(said).encode()) < 300:
            return
        lab.now += timedelta(seconds=5)
    lab.answers.append(503)


def long_sms(lab: Lab) -> None:
    """Its parts come in any order."""
    for number in (1, 3, 2):
        part(lab, number)
    lab.settle()


def late_part(lab: Lab) -> None:
    """What is there is shown without what does not come; a part that comes after all is shown by itself."""
    for number in (1, 2):
        part(lab, number)
        lab.settle()


def unreadable(lab: Lab) -> None:
    """A signed webhook that nobody can read: kept, told, tried for an hour, put aside, told again."""
    _, webhook = lab.webhook("slack", lab.say("hello", 1, "slack", thread="C0FRONT:1.2"))
    body = webhook.body.replace(b'"event": {', b'"event": {"subtype": "message_changed", ')
    for _ in range(6):
        if 200 <= lab.post_signed("slack", body) < 300:
            break
    lab.settle()
    for _ in range(4):
        lab.now += timedelta(minutes=1)
        lab.tick()
        lab.settle()


def desk_stumbles(lab: Lab) -> None:
    lab.world.fail(part="slack", path="chat.postMessage", status=503)


def agent_mails(lab: Lab) -> None:
    lab.ring("postmark", lab.say("It is on its way", 10, "postmark", thread=lab.thread(), sender="ann@shop.example"))
    lab.settle()


def stranger_mails(lab: Lab) -> None:
    """Somebody got hold of the thread's address: nothing leaves, and the desk is told why."""
    lab.ring("postmark", lab.say("Send me the money", 10, "postmark", thread=lab.thread(), sender="eve@evil.example"))
    lab.settle()


def announced(lab: Lab) -> None:
    """A mail whose webhook holds neither its words nor who proved its sender."""
    lab.ring("resend", lab.say("Order 7\nWhere is my order?", 1, "resend"))
    lab.settle()


def announced_before(lab: Lab) -> None:
    announced(lab)
    lab.now += timedelta(minutes=2)


def agent_announced(lab: Lab) -> None:
    lab.ring("resend", lab.say("It is on its way", 10, "resend", thread=lab.thread(), sender="ann@shop.example"))
    lab.settle()


def desk_is_archived(lab: Lab) -> None:
    lab.world.state.setdefault("slack", {})["archived"] = ["C0FRONT"]


def unanswered(lab: Lab) -> None:
    """Opened, and nothing has fallen due yet."""
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle(until=timedelta(seconds=30))


def unanswered_when_closed(lab: Lab) -> None:
    lab.now += timedelta(days=4, hours=8)  # Friday evening
    unanswered(lab)


def nobody_answers(lab: Lab) -> None:
    lab.settle()


def kept_waiting(lab: Lab) -> None:
    """The agents were reminded, and still nobody answers."""
    unanswered(lab)
    lab.settle(until=timedelta(minutes=6))


def told_once(lab: Lab) -> list[str]:
    """At most once, and not behind the agent's word."""
    said = [entry.text for entry in lab.texts()]
    updates = [number for number, text in enumerate(said) if text.startswith("We are still on it")]
    answers = [number for number, text in enumerate(said) if text == "It is on its way"]
    wrong = [f"told {len(updates)} times"] if len(updates) > 1 else []
    return wrong + (["told behind the answer"] if updates and answers and updates[0] > answers[0] else [])


def agent_snoozes(lab: Lab) -> None:
    lab.ring("slack", lab.say("#snooze 2h", 10, "slack", thread=lab.thread()))
    lab.settle()


def agent_escalates(lab: Lab) -> None:
    """The customer writes on at the second desk; the answer comes from the thread that was left."""
    lab.ring("slack", lab.say("#escalate she is angry", 10, "slack", thread=lab.thread()))
    lab.settle(until=timedelta(minutes=5))
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    lab.settle(until=timedelta(minutes=5))
    lab.ring("slack", lab.say("It is on its way", 11, "slack", thread=lab.thread()))
    lab.settle()


def second_desk_is_archived(lab: Lab) -> None:
    lab.world.state.setdefault("slack", {})["archived"] = ["C0SECOND"]
    unanswered(lab)


def conversation(head: Contact) -> Conversation:
    assert head.conversation is not None
    return head.conversation


def at_rest(head: Contact) -> bool:
    """No timer is left, whatever was reminded of."""
    waiting = conversation(head).waiting
    return not head.due and not conversation(head).snoozed_until and not (waiting and waiting.ahead)


def telegram_answered(lab: Lab) -> None:
    lab.ring("telegram", lab.say("Where is my order?", 1, "telegram"))
    lab.settle()
    lab.now += timedelta(minutes=2)
    reply, _ = changed(lab, "It is on its wey", "")
    lab.put(reply)
    lab.settle()
    lab.now += timedelta(minutes=2)


def agent_edits(lab: Lab) -> None:
    _, edit = changed(lab, "It is on its wey", "It is on its way")
    lab.put(edit)
    lab.settle()


def agent_deletes(lab: Lab) -> None:
    _, edit = changed(lab, "It is on its wey", "")
    lab.put(edit.model_copy(update={"kind": Kind.DELETE, "version": ""}))
    lab.settle()


def resolved(lab: Lab) -> None:
    opened(lab)
    agent_resolves(lab)
    lab.now += timedelta(days=2)


def customers_file(lab: Lab) -> None:
    lab.ring("whatsapp", lab.say("The invoice you asked for", 1, "whatsapp", files=(INVOICE,)))
    lab.settle()


def file_gone(lab: Lab) -> None:
    """Its host has it no more."""
    webhook = lab.webhook("custom", lab.say("My kettle looks like this", 1, "custom", files=(PHOTO,)))
    lab.world.state.clear()
    for _ in range(6):
        try:
            if lab.post(webhook).status < 300:
                break
        except Killed:
            lab.seam.dead = False
    lab.settle()


def file_by_mail(lab: Lab) -> None:
    lab.ring("postmark", lab.say("Order 7\nThe invoice you asked for", 1, "postmark", files=(INVOICE,)))
    lab.settle()


def opened_on_whatsapp(lab: Lab) -> None:
    lab.ring("whatsapp", lab.say("Where is my order?", 1, "whatsapp"))
    lab.settle()
    lab.now += timedelta(minutes=2)


def agents_file(lab: Lab) -> None:
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread(), files=(INVOICE,)))
    lab.settle()


def note_with_file(lab: Lab) -> None:
    lab.ring("slack", lab.say("// what she owes", 10, "slack", thread=lab.thread(), files=(INVOICE,)))
    lab.settle()


def agent_mails_file(lab: Lab) -> None:
    said = lab.say("It is on its way", 10, "postmark", thread=lab.thread(), sender="ann@shop.example", files=(INVOICE,))
    lab.ring("postmark", said)
    lab.settle()


def replays(lab: Lab) -> None:
    """The owner has the first hour shown again, twice over."""
    with lab.aside():
        found = replay.recorded(replay.Window(START, START + timedelta(hours=1)))
    lab.put(*found, *found)
    lab.settle()


# ---- linking ----------------------------------------------------------------------------------------------------


def two_open(lab: Lab) -> None:
    """Mira and Otto, each with an open conversation."""
    opened(lab)
    lab.ring("twilio_sms", lab.say("Is it blue?", 3, sender=OTTO))
    lab.settle()
    lab.now += timedelta(minutes=2)


def agent_says(lab: Lab, words: str, beside: str, number: int) -> None:
    """An agent writes in the thread in which something stands."""
    provider, sender = ("slack", "") if lab.posts()[0].part == "slack" else ("postmark", "ann@shop.example")
    lab.ring(provider, lab.say(words, number, provider, thread=thread_of(lab, beside), sender=sender))


def agent_links(lab: Lab) -> None:
    """Then Otto writes once more."""
    agent_says(lab, f"#link {OTTO} same voice", "Where is my order?", 20)
    lab.settle()
    lab.ring("twilio_sms", lab.say("It is number 7", 4, sender=OTTO))
    lab.settle()


def linked(lab: Lab) -> None:
    two_open(lab)
    agent_links(lab)
    lab.now += timedelta(minutes=2)


def agent_unlinks(lab: Lab) -> None:
    """Then Otto writes, in the thread that is his own again."""
    agent_says(lab, f"#unlink {OTTO}", "Where is my order?", 21)
    lab.settle()
    lab.ring("twilio_sms", lab.say("I still wait", 6, sender=OTTO))
    lab.settle()


def otto_proves(lab: Lab) -> None:
    """A code goes to Mira's phone, and Otto writes it; or any six digits, if it never arrived there."""
    agent_says(lab, f"#code {MIRA}", "Is it blue?", 23)
    lab.settle()
    code = next((entry.text[:6] for entry in lab.texts() if "is your code" in entry.text), "000000")
    lab.ring("twilio_sms", lab.say(code, 5, sender=OTTO))
    lab.settle()


# ---- opting out --------------------------------------------------------------------------------------------------


def reply_waits(lab: Lab) -> None:
    """Twilio does not take it for a moment."""
    opened(lab)
    lab.world.fail(part="twilio_sms", path="Messages.json", status=429)
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    lab.settle(until=timedelta(seconds=1))


def says_stop(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Stop!", 2))
    lab.settle()


def nothing_after_stop(lab: Lab) -> list[str]:
    """Once STOP stands at the desk, nothing goes to that customer."""
    ledger = lab.world.ledger
    stop = next((number for number, entry in enumerate(ledger) if "Stop!" in entry.text), len(ledger))
    return [f"after STOP: {entry.text}" for entry in ledger[stop:] if entry in lab.texts()]


# ---- forgetting -------------------------------------------------------------------------------------------------


def forgets(lab: Lab) -> None:
    """The owner has Mira forgotten, and does it again until it is done."""
    for _ in range(6):
        try:
            lab.left += erase.forget(person.Asked(phone=MIRA), lambda: lab.now).left
            return
        except Killed:
            lab.seam.dead = False
        except (*aws.FAULTS, erase.Unfinished, Unavailable):
            pass
    raise AssertionError("it cannot be ended")


def forgotten(lab: Lab) -> None:
    """She was answered, and a message of hers waits in the queue. Then she writes as if for the first time."""
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    forgets(lab)
    lab.settle()
    lab.now += timedelta(minutes=2)
    lab.ring("twilio_sms", lab.say("Do you gift-wrap?", 8))
    lab.settle()


def nothing_left(lab: Lab) -> list[str]:
    """Of what she wrote before, and of what was answered, no word is kept anywhere, nor stands at the desk."""
    old = ("Where is my order?", "It is number 7", "It is on its way")
    with lab.aside():
        kept = {
            "table": str(lab.rows()),
            "bucket": str(lab.objects()),
            "queue": str([one.body for one in sqs_queue(QUEUE)._messages]),
        }
        heads = [head for head in store.heads() if head.erasing]
    wrong = [f"{words} in the {place}" for place, all in kept.items() for words in old if words in all]
    wrong += [f"still to be erased: {head}" for head in heads] + (["an address"] if "'was'" in kept["table"] else [])
    gone = [*lab.world.state["slack"].get("deleted", [])]
    gone += [id.partition(":")[2] for id in lab.left]  # refused, and told
    stands = [entry for entry in lab.posts() if entry.part == "slack" and entry.id not in gone]
    return wrong + [f"at the desk: {entry.text}" for entry in stands for words in old if words in entry.text]


def speaks(lab: Lab, *ids: str) -> list[str]:
    """Who speaks for each of some phone numbers."""
    with lab.aside():
        return [store.find(Address(channel=Channel.SMS, id=id)).contact_id for id in ids]


def are_one(lab: Lab) -> list[str]:
    """Both threads say so, and what Otto wrote afterwards stands in the older one."""
    told = [words for words in (LINKED_HERE, LINKED_THERE) if words not in str(lab.posts())]
    wrong = [f"nowhere: {words}" for words in told]
    wrong += ["not linked"] if len(set(speaks(lab, MIRA, OTTO))) > 1 else []
    return wrong + (["not in the older thread"] if thread_of(lab, "number 7") != thread_of(lab, "Where is") else [])


def are_two(lab: Lab) -> list[str]:
    """Both threads say so, and what Otto wrote afterwards stands in his own."""
    told = [words for words in (UNLINKED_HERE, UNLINKED_THERE) if words not in str(lab.posts())]
    wrong = [f"nowhere: {words}" for words in told]
    wrong += ["not unlinked"] if len(set(speaks(lab, MIRA, OTTO))) < 2 else []
    return wrong + (
        ["not in his own thread"] if thread_of(lab, "I still wait") != thread_of(lab, "Is it blue?") else []
    )


def thread_of(lab: Lab, text: str) -> str:
    """The thread in which something stands, by its desk's own name."""
    post = next(entry for entry in lab.posts() if text in entry.text)
    return post.thread if post.part == "postmark" else f"{post.to}:{post.thread or post.id}"


def is_proved(lab: Lab) -> list[str]:
    """Linked if the code was right, and not else; no desk has seen it."""
    said = str([(entry.text, entry.raw) for entry in lab.world.ledger if entry not in lab.texts()])
    codes = {entry.text[:6] for entry in lab.texts() if "is your code" in entry.text}
    right = "another address: right" in said
    wrong = (
        ["linked without proof" if not right else "not linked"]
        if right == len(set(speaks(lab, MIRA, OTTO))) - 1
        else []
    )
    return (
        wrong + ["two codes"] * (len(codes) > 1) + [f"the code is at a desk: {code}" for code in codes if code in said]
    )


# ---- each day ---------------------------------------------------------------------------------------------------


def watched(lab: Lab) -> None:
    """From the first looks on; a customer is answered after seven minutes, and one wrote but is not heard of again."""
    log.keep(lab)
    lab.look()
    first_message(lab)
    lab.now = START + timedelta(minutes=7)
    agent_replies(lab)
    lab.function = "webhook"
    logging.getLogger("shopbell.journal").info(json.dumps({"took": ["lostlostlost"], "provider": "telegram"}))
    lab.now = START + timedelta(hours=23)


def morning(lab: Lab) -> None:
    """Looks each minute, two of them in one."""
    for _ in range(4):
        lab.look()
        lab.look()
        lab.settle()
        lab.now += timedelta(minutes=1)


def one_sum(lab: Lab) -> list[str]:
    """The line came once for the day, and says what is missing."""
    sums = [entry.text for entry in lab.posts() if " filed, " in entry.text]
    wrong = (
        [] if all("3 in, 2 filed, 0 parked, 1 missing, median first answer 7 min" in text for text in sums) else sums
    )
    return wrong + [text for text in sums if " telegram lostlostlost: {" not in text]


# ---- complaints -------------------------------------------------------------------------------------------------


def complained(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("The lamp arrived broken"))
    lab.settle()
    lab.now += timedelta(minutes=2)


def step_by_step(lab: Lab) -> None:
    """A step is ticked; closing it is held up by the others."""
    for number, words in enumerate(("#done apologised", "#resolve"), 10):
        lab.ring("slack", lab.say(words, number, "slack", thread=lab.thread()))
        lab.settle()


def held_up(head: Contact) -> bool:
    known = conversation(head).complaint
    assert known is not None
    return (conversation(head).status, known.done, known.asked) == ("open", ("apologised",), True)


def asked_about(lab: Lab) -> list[str]:
    return [] if "nobody has ticked" in str(lab.posts()) else ["nobody was asked"]


# ---- orders -----------------------------------------------------------------------------------------------------


def orders_then_writes(lab: Lab) -> None:
    """Nobody hears of the order before she writes."""
    lab.ring("shopify", lab.say("#1037", 1, "shopify", sender=MIRA))
    lab.settle()
    first_message(lab)


def order_on_card(lab: Lab) -> list[str]:
    cards = [str(entry.raw) for entry in lab.world.ledger if entry.what == "card"]
    return [] if all(card.count("Order #1037") == 1 for card in cards) else ["a card without the order"]


FLOWS = [
    Flow("customer to desk", first_message, customers=("Where is my order?",), acknowledged=1),
    Flow("second message", second_message, ("Where is my order?", "It is number 7"), acknowledged=1, before=opened),
    Flow("two at once", two_at_once, ("Where is my order?", "It is number 7"), acknowledged=1),
    Flow("the same webhook again", same_again, ("Where is my order?",), acknowledged=1),
    Flow("agent to customer", agent_replies, ("Where is my order?",), ("It is on its way",), acknowledged=1,
         before=opened),
    Flow("a reply in parts", long_reply, ("Where is my order?",), ("first", "second"), acknowledged=1, before=opened),
    Flow("a note", agent_notes, ("Where is my order?",), notes=("she called before",), acknowledged=1, before=opened),
    Flow("a note, edited", note_edited, ("Where is my order?",), notes=("she called before",), acknowledged=1,
         before=opened),
    Flow("an edit overtakes", edit_overtakes, ("Where is my order?",), notes=("It is on its",), acknowledged=1,
         before=opened),
    Flow("receipt", delivered, ("Where is my order?",), ("It is on its way",), acknowledged=1, before=answered),
    Flow("receipt of failure", failed, ("Where is my order?",), ("It is on its way",), acknowledged=1, before=answered),
    Flow("resolve", agent_resolves, ("Where is my order?",), acknowledged=1, before=opened),
    Flow("batch", batch, ("Hello there", "Are you open?", "I wait"), acknowledged=1),
    Flow("a long SMS in parts", long_sms, ("".join(PARTS),), acknowledged=1),
    Flow("parts that come late", late_part, PARTS[:2], acknowledged=1),
    Flow("a long text", long_text, ("the beginning", "the end"), acknowledged=1),
    Flow("a desk that stumbles", first_message, ("Where is my order?",), acknowledged=1, before=desk_stumbles),
    Flow("what nobody can read", unreadable, ("could not be read", "was put aside")),
    Flow("customer to mailbox", first_message, ("Where is my order?",), acknowledged=1, shop=MAIL_SHOP),
    Flow("mailbox to customer", agent_mails, ("Where is my order?",), ("It is on its way",), acknowledged=1,
         before=opened, shop=MAIL_SHOP),
    Flow("a stranger in the mailbox", stranger_mails, ("Where is my order?",), notes=("Send me the money",),
         acknowledged=1, before=opened, shop=MAIL_SHOP),
    Flow("an announced mail", announced, ("Where is my order?",), acknowledged=1, shop=ANNOUNCED_SHOP),
    Flow("an announced answer", agent_announced, ("Where is my order?",), ("It is on its way",), acknowledged=1,
         before=announced_before, shop=ANNOUNCED_SHOP),
    Flow("fallback desk", first_message, ("Where is my order?",), acknowledged=1, before=desk_is_archived,
         shop=FALLBACK_SHOP),
    Flow("a rule that tells the owner", first_message, ("Tags: on-its-way",), acknowledged=1, shop=RULED_SHOP,
         told="(rule 'Lost orders')", also=lambda head: conversation(head).desk == "returns"),
    Flow("assign at opening", first_message, ("Where is my order?",), acknowledged=1, shop=STAFFED_SHOP,
         also=lambda head: conversation(head).assignee in ("U0AGENT", "U0BEN")),
    Flow("reassign", nobody_answers, ("Where is my order?", "has not answered"), acknowledged=1, before=unanswered,
         shop=PASSING_SHOP, also=lambda head: at_rest(head) and conversation(head).assignee in ("U0AGENT", "U0BEN")),
    Flow("a complaint", step_by_step, ("The lamp arrived broken",), acknowledged=1, before=complained,
         also=held_up, ends=asked_about),
    Flow("snooze", agent_snoozes, ("Where is my order?", "Back from snooze"), acknowledged=1, before=opened,
         also=at_rest),
    Flow("told while waiting", nobody_answers, ("Where is my order?",), acknowledged=1, before=kept_waiting,
         shop=TELLING_SHOP, also=at_rest, ends=told_once),
    Flow("nudge and escalate", nobody_answers, ("Where is my order?", "⏰ Not answered", "Escalated from",
         "has been waiting for"), acknowledged=1, before=unanswered, shop=WATCHED_SHOP,
         also=at_rest),
    Flow("nudge and escalate once it is open", nobody_answers, ("Where is my order?", "⏰ Not answered",
         "Escalated from", "has been waiting for"), acknowledged=1, before=unanswered_when_closed, shop=CLOSED_SHOP,
         also=at_rest),
    Flow("escalate", agent_escalates, ("Where is my order?", "Escalated from 'front'", "It is number 7"),
         ("It is on its way",), ("she is angry",), acknowledged=1, before=unanswered, shop=WATCHED_SHOP,
         also=lambda head: at_rest(head) and conversation(head).waiting is None),
    Flow("escalate to a desk that refuses", nobody_answers, ("Where is my order?", "Escalated from"), acknowledged=1,
         before=second_desk_is_archived, shop=WATCHED_SHOP,
         also=lambda head: at_rest(head) and conversation(head).desk == "front"),
    Flow("reopen", second_message, ("Where is my order?", "It is number 7"), acknowledged=2, before=resolved),
    Flow("a customer's file", customers_file, ("The invoice you asked for",), acknowledged=1, files=("invoice.pdf",)),
    Flow("a file that cannot be fetched", file_gone, ("My kettle looks like this",), acknowledged=1,
         files=("photo.jpg",), gone=True),
    Flow("a customer's file by mail", file_by_mail, ("The invoice you asked for",), acknowledged=1, shop=MAIL_SHOP,
         files=("invoice.pdf",)),
    Flow("an agent's file", agents_file, ("Where is my order?",), ("It is on its way",), acknowledged=1,
         before=opened_on_whatsapp, agents_files=("invoice.pdf",)),
    Flow("an agent's file by mail", agent_mails_file, ("Where is my order?",), ("It is on its way",), acknowledged=1,
         before=opened, shop=MAIL_SHOP, agents_files=("invoice.pdf",)),
    Flow("a note with a file", note_with_file, ("Where is my order?",), notes=("she owes", "invoice.pdf"),
         acknowledged=1, before=opened_on_whatsapp),
    Flow("close with a last word", late.closes_with_a_word, ("Where is my order?",), (late.WORDS,), acknowledged=1,
         before=opened),
    Flow("an agent's edit", agent_edits, ("Where is my order?",), ("It is on its wey",), acknowledged=1,
         before=telegram_answered, shop=late.LATE_SHOP, change="edit"),
    Flow("an agent's delete", agent_deletes, ("Where is my order?",), ("It is on its wey",), acknowledged=1,
         before=telegram_answered, shop=late.LATE_SHOP, change="delete"),
    *(
        flow
        for by, shop in (("", late.LATE_SHOP), (" by mail", late.LATE_MAIL_SHOP))
        for flow in (
            Flow(f"a held reply{by}", late.answers, ("Where is my order?", "Held, not sent"), notes=(late.WORDS,),
                 acknowledged=1, before=late.too_late, shop=shop),
            Flow(f"held, then asked again{by}", late.writes_again, ("Where is my order?", "Held, not sent", "Hello?"),
                 notes=(late.WORDS,), acknowledged=1, before=late.held, shop=shop, told="⏸ Held reply"),
            Flow(f"held, then sent{by}", late.sends, ("Where is my order?", "Held, not sent", "Hello?"),
                 (late.WORDS,), acknowledged=1, before=late.asked_again, shop=shop),
            Flow(f"held, then dropped{by}", late.drops, ("Where is my order?", "Held, not sent", "Hello?"),
                 notes=(late.WORDS,), acknowledged=1, before=late.asked_again, shop=shop),
            Flow(f"held, then by another address{by}", late.sends_via, ("Where is my order?", "Held, not sent"),
                 (late.WORDS,), acknowledged=1, before=late.held_of_two, shop=shop),
            Flow(f"via{by}", late.answers_via, ("Where is my order?",), (late.WORDS,), acknowledged=1,
                 before=late.two_addresses, shop=shop),
            Flow(f"template{by}", late.sends_template, ("Where is my order?",), ("your order 1037 is on its way",),
                 acknowledged=1, before=late.too_late, shop=shop),
        )
    ),
    Flow("held, then sent by a button", late.presses_send, ("Where is my order?", "Held, not sent", "Hello?"),
         (late.WORDS,), acknowledged=1, before=late.asked_again, shop=late.LATE_SHOP),
    Flow("new conversation", late.begins_in_slack, ("Started by",), (late.WORDS,),
         before=late.closed_long_ago),
    Flow("new conversation by mail", late.begins_by_mail, ("Started by",), (late.WORDS,),
         before=late.closed_long_ago, shop=late.LATE_MAIL_SHOP),
    Flow("new words in an open conversation", late.begins_in_slack, ("Where is my order?", "wrote to the customer"),
         (late.WORDS,), acknowledged=1, before=late.goes_on),
    Flow("replay", replays, ("🔁 Replayed",), acknowledged=1, before=opened),
    Flow("link", agent_links, ("Where is my order?", "It is number 7"), acknowledged=2, before=two_open, threads=2,
         ends=are_one),
    Flow("unlink", agent_unlinks, ("Where is my order?", "I still wait"), acknowledged=2, before=linked, threads=2,
         ends=are_two),
    Flow("link by a code", otto_proves, ("Where is my order?", "another address"), ("is your code",), acknowledged=2,
         before=two_open, threads=2, ends=is_proved),
    Flow("link from a mailbox", agent_links, ("Where is my order?", "It is number 7"), acknowledged=2, before=two_open,
         shop=MAIL_SHOP, ends=are_one),
    Flow("unlink from a mailbox", agent_unlinks, ("Where is my order?", "I still wait"), acknowledged=2, before=linked,
         shop=MAIL_SHOP, ends=are_two),
    Flow("STOP while a reply waits", says_stop, ("Where is my order?", "Stop!"), ("It is on its way",), acknowledged=1,
         before=reply_waits, also=lambda head: head.stopped, ends=nothing_after_stop),
    Flow("forgotten", forgotten, ("Do you gift-wrap?",), acknowledged=2, before=answered, threads=2,
         ends=nothing_left),
    Flow("link by a code, mailbox", otto_proves, ("Where is my order?", "another address"), ("is your code",),
         acknowledged=2, before=two_open, shop=MAIL_SHOP, ends=is_proved),
    Flow("an order, then its customer", orders_then_writes, ("Where is my order?",), acknowledged=1, shop=ORDERING_SHOP,
         ends=order_on_card),
    Flow("daily line", morning, ("Where is my order?", "median first answer 7 min"), ("It is on its way",),
         acknowledged=1, before=watched, ends=one_sum),
]  # fmt: skip


def judge(lab: Lab, flow: Flow, plan: Plan | None = None, calls: Sequence[str] = ()) -> list[str]:
    """What is wrong, from the world's ledger and the webhooks' answers alone; empty if all holds.

    `calls` are those of the flow when nothing fails.
    """
    doubt = plan is not None and plan.fault.doubt
    wrong = [f"not accepted: {status}" for status in lab.answers if status >= 300]
    wrong += _desk(lab, flow, doubt, ordered=plan is None or not plan.fault.name.startswith("entry-"))
    wrong += _customers(lab, flow, doubt)
    wrong += _files(lab, flow, doubt, plan is not None)
    wrong += _acknowledgements(lab, flow, plan, calls)
    wrong += [f"not as it should be: {head}" for head in lab.heads() if not flow.also(head)]
    wrong += [f"a leak: {leak} in {entry.text}" for entry in _to_customers(lab) for leak in _leaks(entry, flow)]
    wrong += flow.ends(lab)
    wrong += ["something is still to be done"] if lab.upcoming() else []
    wrong += [f"parked: {letter.body[:80]}" for letter in lab.dead_letters()]
    return wrong


def _leaks(entry: Entry, flow: Flow) -> list[str]:
    """What must never be in anything that a customer gets: in its words, its headers, or anywhere in the call."""
    whole = LINK.sub("", f"{entry.text} {json.dumps(entry.raw, default=str)}")
    secret = [*flow.notes, *flow.customers, *INTERNAL]
    return [word for word in secret if word in whole] + TOKEN.findall(whole)


def _desk(lab: Lab, flow: Flow, doubt: bool, ordered: bool) -> list[str]:
    """Every message stands at a desk; a second copy only in doubt, and marked; in the order of the queue.

    An entry that the queue did not take at first stands behind those it took: that is its order.
    """
    wrong, first = [], []
    for text in flow.customers:
        copies = [
            entry for entry in lab.posts() if text in entry.text and (ESCALATED in text or not _shows_again(entry))
        ]
        wrong += [] if copies else [f"lost at the desk: {text}"]
        wrong += _repeats(copies, doubt)
        first += [lab.world.ledger.index(copies[0])] if copies else []
    told = [entry for entry in lab.posts() if flow.told and flow.told in entry.text]
    wrong += [f"nobody was told: {flow.told}"] if flow.told and not told else []
    wrong += _repeats(told, doubt)
    cards = [entry for entry in lab.world.ledger if entry.what == "card" and not _shows_again(entry)]
    if len(cards) > flow.threads and not any(_marked(card) for card in cards):
        wrong.append("a thread too many")
    return wrong + (["out of order at the desk"] if ordered and first != sorted(first) else [])


def _shows_again(entry: Entry) -> bool:
    """An escalation's card shows the customer's last words, which stand at the first desk already."""
    return ESCALATED in entry.text


def _repeats(copies: list[Entry], doubt: bool) -> list[str]:
    unmarked = [copy for copy in copies[1:] if not _marked(copy)]
    wrong = [f"an unmarked repeat: {copy.text}" for copy in unmarked]
    return wrong + ([f"a repeat without need: {copies[0].text}"] if len(copies) > 1 and not doubt else [])


def _customers(lab: Lab, flow: Flow, doubt: bool) -> list[str]:
    """Every reply arrives, in order and once; else the agent was told."""
    told = any(word in entry.text for entry in lab.posts() for word in TOLD)
    wrong, first = [], []
    for text in flow.agents:
        copies = [entry for entry in lab.texts() if text in entry.text]
        wrong += [f"lost on the way to the customer: {text}"] if not copies and not told else []
        wrong += [f"twice at the customer, and nobody told: {text}"] if len(copies) > 1 and not told else []
        wrong += [f"twice at the customer without need: {text}"] if len(copies) > 1 and not doubt else []
        first += [lab.world.ledger.index(copies[0])] if copies else []
    if flow.change and not told and not any(entry.what == flow.change for entry in lab.world.ledger):
        wrong.append(f"lost on the way to the customer: the {flow.change}")
    return wrong + (["out of order at the customer"] if first != sorted(first) else [])


def _to_customers(lab: Lab) -> list[Entry]:
    return [entry for entry in lab.world.ledger if not at_desk(entry)]


def _files(lab: Lab, flow: Flow, doubt: bool, struck: bool) -> list[str]:
    """Every file arrives, once, and behind the words it came with; else a note or a word to the agent says why not."""
    said = [entry.text for entry in lab.posts()]
    noted, told = (any(word in text for text in said for word in words) for words in (NOTED, TOLD))
    wrong = ["an agent was told without need"] if told and flow.agents_files and not struck else []
    for name, desk in [*((name, True) for name in flow.files), *((name, False) for name in flow.agents_files)]:
        copies = [entry for entry in lab.files() if name in f"{entry.text} {entry.raw}" and at_desk(entry) is desk]
        wrong += [] if copies or ((noted if desk else told) and (struck or flow.gone)) else [f"lost: {name}"]
        wrong += _repeats(copies, doubt) if desk else []
        wrong += [f"{name} twice, and nobody told"] if not desk and len(copies) > 1 and not told else []
        texts = [entry for entry in lab.world.ledger for text in flow.customers + flow.agents if text in entry.text]
        if copies and texts and desk and lab.world.ledger.index(copies[0]) < lab.world.ledger.index(texts[0]):
            wrong.append(f"{name} before the words it came with")
    return wrong


def _acknowledgements(lab: Lab, flow: Flow, plan: Plan | None, calls: Sequence[str]) -> list[str]:
    """Never too many; and none is missing, unless a death at its sending, or just before, leaves it in doubt."""
    count = len([entry for entry in lab.texts() if "Thank you for writing" in entry.text])
    sends = [number for number, name in enumerate(calls, 1) if name.startswith(SENDINGS)]
    struck = plan is not None and bool(sends) and plan.at >= sends[0] - 1
    if count > flow.acknowledged:
        return [f"{count} acknowledgements"]
    return ["no acknowledgement"] if count < flow.acknowledged and not struck else []


def _marked(entry: Entry) -> bool:
    return any(mark in entry.text or mark in str(entry.raw) for mark in MARKS)
