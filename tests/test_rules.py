"""What always holds, rule by rule, each played through the laboratory (section 7 of the architecture page)."""

import json
import re
from datetime import timedelta

import pytest

from chalicelib import files, process, store
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.people import Conversation
from chalicelib.models.values import Address, Channel
from infra.world import Entry
from tests.lab import MAIL_SHOP, SHOP, Lab, laboratory
from tests.lab.everything import EVERYTHING_SECRETS
from tests.lab.flows import (
    agent_mails,
    agent_replies,
    agent_resolves,
    first_message,
    long_reply,
    opened,
    second_message,
)

ACKNOWLEDGEMENT = "Thank you for writing"


def acknowledgements(lab: Lab) -> list[Entry]:
    return [entry for entry in lab.texts() if ACKNOWLEDGEMENT in entry.text]


def cards(lab: Lab) -> list[Entry]:
    return [entry for entry in lab.world.ledger if entry.what == "card"]


# ---- conversations ----------------------------------------------------------------------------------------------


def test_a_customer_who_writes_again_goes_on_in_the_same_thread() -> None:
    with laboratory() as lab:
        opened(lab)
        second_message(lab)
        assert len(cards(lab)) == 1
        assert lab.posts()[1].thread == lab.posts()[0].id
        assert len(acknowledgements(lab)) == 1


@pytest.mark.parametrize(("days", "threads"), [(6, 1), (8, 2)])
def test_a_closed_conversation_reopens_within_seven_days_and_a_new_one_opens_later(days: int, threads: int) -> None:
    with laboratory() as lab:
        opened(lab)
        agent_resolves(lab)
        lab.now += timedelta(days=days)
        second_message(lab)
        assert len(cards(lab)) == threads
        assert len(acknowledgements(lab)) == 2


def test_a_second_opening_within_a_day_is_not_acknowledged_again() -> None:
    with laboratory() as lab:
        opened(lab)
        agent_resolves(lab)
        lab.now += timedelta(hours=20)
        second_message(lab)
        assert len(acknowledgements(lab)) == 1


def test_a_resolve_older_than_the_customers_last_word_closes_nothing() -> None:
    with laboratory() as lab:
        opened(lab)
        lab.ring("slack", lab.say("#resolve", 10, "slack", thread=lab.thread()))
        (resolve,) = lab.take(1)
        lab.now += timedelta(seconds=5)
        second_message(lab)
        lab.run(resolve)
        lab.settle()
        assert "the customer has written since" in lab.posts()[-1].text
        assert head(lab).status == "open"


def test_words_in_a_closed_thread_reopen_it() -> None:
    with laboratory() as lab:
        opened(lab)
        agent_resolves(lab)
        lab.now += timedelta(minutes=1)
        agent_replies(lab)
        assert head(lab).status == "open"
        assert lab.texts()[-1].text == "It is on its way"


def test_words_in_an_old_thread_go_out_in_the_open_conversation_and_the_thread_says_where() -> None:
    with laboratory() as lab:
        opened(lab)
        agent_resolves(lab)
        lab.now += timedelta(days=8)
        second_message(lab)
        agent_replies(lab)
        assert lab.texts()[-1].text == "It is on its way"
        assert "goes on in a newer thread" in lab.posts()[-1].text
        assert lab.posts()[-1].thread == cards(lab)[0].id


def test_an_unproved_mail_sender_is_another_contact_and_gets_no_acknowledgement() -> None:
    with laboratory(MAIL_SHOP) as lab:
        for number, channel in enumerate((Channel.EMAIL, Channel.UNVERIFIED_EMAIL)):
            lab.put(mail(f"number {number}", channel))
        lab.settle()
        found = [store.contact_id(Address(channel=channel, id="mira@customer.example"))
                 for channel in (Channel.EMAIL, Channel.UNVERIFIED_EMAIL)]  # fmt: skip
        assert found[0] != found[1]
        assert len(acknowledgements(lab)) == 1
        assert "unverified" in lab.posts()[1].text


def mail(text: str, channel: Channel) -> Message:
    sender = Address(channel=channel, id="mira@customer.example")
    return Message(provider="postmark", id=text, sender=sender, text=text, context={"subject": "A lamp"})


def test_a_mail_of_the_shops_own_form_is_from_its_one_reply_address() -> None:
    with laboratory('forms = ["forms@shop.example"]\n' + MAIL_SHOP) as lab:
        form = Address(channel=Channel.EMAIL, id="forms@shop.example")
        typed = {"reply_to": "Mira@customer.example", "subject": "Form"}
        lab.put(Message(provider="postmark", id="f1", sender=form, text="Is it blue?", context=typed))
        lab.settle()
        lab.now += timedelta(minutes=1)
        agent_mails(lab)
        assert lab.texts()[-1].to == "mira@customer.example"
        assert not acknowledgements(lab)


# ---- who may write to customers ---------------------------------------------------------------------------------


def test_only_marked_words_leave_where_the_shop_says_so() -> None:
    with laboratory(SHOP.replace('slack = "C0FRONT"', 'slack = "C0FRONT"\nreplies = "marked"')) as lab:
        opened(lab)
        for number, text in ((10, "just between us"), (11, ">> Your order left today")):
            lab.ring("slack", lab.say(text, number, "slack", thread=lab.thread()))
            lab.settle()
        assert [entry.text for entry in lab.texts()][1:] == ["Your order left today"]


@pytest.mark.parametrize("text", ["// not for her", "  // not for her", "<@U0BEN> please look", "#reslove"])
def test_notes_mentions_and_mistyped_commands_never_leave(text: str) -> None:
    with laboratory() as lab:
        opened(lab)
        lab.ring("slack", lab.say(text, 10, "slack", thread=lab.thread()))
        lab.settle()
        assert len(lab.texts()) == 1


def test_an_out_of_office_reply_never_reaches_the_customer_and_is_not_answered() -> None:
    with laboratory(MAIL_SHOP) as lab:
        opened(lab)
        before = len(lab.world.ledger)
        sender = Address(channel=Channel.EMAIL, id="ann@shop.example")
        lab.put(Message(provider="postmark", id="o1", sender=sender, text="I am away", thread=lab.thread(),
                        automatic=True))  # fmt: skip
        lab.settle()
        assert len(lab.world.ledger) == before


def test_an_expired_token_sends_nothing_and_says_so() -> None:
    with laboratory(MAIL_SHOP) as lab:
        opened(lab)
        lab.now += timedelta(days=91)
        agent_mails(lab)
        assert len(lab.texts()) == 1
        assert "older than 90 days" in lab.posts()[-1].text


# ---- acknowledgements and automation ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["STOP", "stop.", " Stop ", "HELP", "start"])
def test_words_that_the_carrier_answers_are_met_with_silence(text: str) -> None:
    with laboratory() as lab:
        lab.ring("twilio_sms", lab.say(text))
        lab.settle()
        assert len(lab.posts()) == 1
        assert not lab.texts()


def test_an_old_message_is_forwarded_and_not_acknowledged() -> None:
    with laboratory() as lab:
        sender = Address(channel=Channel.WHATSAPP, id="+4915123456780")
        lab.put(Message(provider="whatsapp", id="w1", sender=sender, text="Hi", sent_at=lab.now - timedelta(hours=1)))
        lab.settle()
        assert len(lab.posts()) == 1
        assert not lab.texts()


def test_an_acknowledgement_that_cannot_go_for_a_quarter_of_an_hour_is_skipped() -> None:
    with laboratory() as lab:
        lab.world.fail(part="twilio_sms", status=503, times=1000)
        first_message(lab)
        assert lab.now - lab.started < timedelta(minutes=40)
        lab.world.faults.clear()
        lab.settle()
        assert not lab.texts()


def test_an_acknowledgement_waits_out_a_short_outage_in_its_own_group() -> None:
    with laboratory() as lab:
        lab.world.fail(part="twilio_sms", status=503, times=4)
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.ring("twilio_sms", lab.say("It is number 7", 2))
        lab.settle()
        assert len(acknowledgements(lab)) == 1
        assert [entry.text for entry in lab.posts()][1] == "It is number 7"


def test_a_reply_in_five_parts_goes_out_in_two_receives_and_in_no_doubt() -> None:
    with laboratory() as lab:
        opened(lab)
        text = " ".join(f"{number}{'x' * 1500}" for number in range(5))
        lab.ring("slack", lab.say(text, 10, "slack", thread=lab.thread()))
        lab.settle()
        assert [entry.text[0] for entry in lab.texts()][1:] == list("01234")
        assert len(lab.posts()) == 1


# ---- outages, poison, dead letters ------------------------------------------------------------------------------


def test_an_agent_hears_of_a_reply_that_is_not_out_after_ten_minutes_once() -> None:
    with laboratory() as lab:
        opened(lab)
        lab.world.fail(part="twilio_sms", status=503, times=14)
        agent_replies(lab)
        told = [entry for entry in lab.posts() if "not out after 10 minutes" in entry.text]
        assert len(told) == 1
        assert lab.texts()[-1].text == "It is on its way"


def test_a_reply_that_is_refused_is_told_in_its_thread_with_the_reason() -> None:
    with laboratory() as lab:
        opened(lab)
        lab.world.state.setdefault("twilio_sms", {})["opted_out"] = ["+4915123456789"]
        agent_replies(lab)
        assert "Not sent to the customer" in lab.posts()[-1].text
        assert [entry.text for entry in lab.world.ledger if entry.what == "reaction"][-1] == "x"


def test_a_refusing_desk_without_fallback_is_never_given_up_and_the_owner_is_told() -> None:
    with laboratory() as lab:
        lab.world.state.setdefault("slack", {})["archived"] = ["C0FRONT"]
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        while lab.now < lab.started + timedelta(days=1):
            if not lab.work():
                lab.wait()
        told = [entry for entry in lab.posts() if entry.to == "C0OWNER"]
        assert len(told) == 1
        lab.world.state["slack"]["archived"] = []
        lab.settle()
        assert any("Where is my order?" in entry.text for entry in lab.posts())


def test_what_cannot_be_read_is_accepted_kept_told_and_ends_as_a_dead_letter() -> None:
    with laboratory() as lab:
        webhook = lab.webhook("slack", lab.say("hello", 1, "slack", thread="C0FRONT:1.2"))
        broken = webhook[1].body.replace(b'"event": {', b'"event": {"subtype": "message_changed", ')
        status = lab.post_signed("slack", broken)
        lab.settle()
        assert status == 200
        assert "could not be read" in lab.posts()[-1].text
        lab.tick()
        lab.settle()
        assert "was put aside" in lab.posts()[-1].text
        assert not lab.dead_letters()


def test_a_message_that_kills_the_worker_is_parked_unopened() -> None:
    with laboratory() as lab:
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        for _ in range(31):
            (message,) = lab.take(1)
            if int(message["Records"][0]["attributes"]["ApproximateReceiveCount"]) > 30:
                break
            lab.now += timedelta(seconds=61)
        lab.run(message)
        assert len(lab.dead_letters()) == 1
        assert not lab.posts()


def test_after_the_opener_is_parked_the_next_message_posts_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "OUTAGE_ENDS", 4 * 3600.0)  # instead of four days of trying
    with laboratory() as lab:
        lab.world.fail(part="slack", path="chat.postMessage", status=503, times=100_000)
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle()
        assert len(lab.dead_letters()) == 1
        lab.world.faults.clear()
        second_message(lab)
        assert len(cards(lab)) == 1


def test_an_agent_in_a_thread_that_is_not_ours_gets_a_cross_and_nothing_is_lost() -> None:
    with laboratory() as lab:
        lab.ring("slack", lab.say("hello?", 1, "slack", thread="C0FRONT:1700000000.000100"))
        lab.settle()
        assert [entry.text for entry in lab.world.ledger if entry.what == "reaction"] == ["x"]
        assert len(lab.dead_letters()) == 1


# ---- sizes ------------------------------------------------------------------------------------------------------


def test_sixty_items_in_one_webhook_are_queued_once_and_split_by_the_worker() -> None:
    with laboratory() as lab:
        lab.ring("custom", *(lab.say(f"item {number:02}", number, "custom") for number in range(60)))
        assert [name for name in lab.seam.calls if name.startswith("sqs")] == ["sqs.SendMessageBatch"]
        lab.settle()
        arrived = [re.findall(r"item \d\d", entry.text) for entry in lab.posts()]
        assert arrived == [[f"item {number:02}"] for number in range(60)]


def test_a_long_text_arrives_whole_and_in_order_in_parts() -> None:
    with laboratory() as lab:
        text = " ".join(f"word{number}" for number in range(11_000))
        lab.ring("custom", lab.say(text, 1, "custom"))
        lab.settle()
        assert re.findall(r"word\d+", " ".join(entry.text for entry in lab.posts())) == text.split()
        assert lab.receives < 20


def test_a_text_too_long_for_the_queue_is_kept_whole_and_its_cut_is_seen() -> None:
    with laboratory() as lab:
        text = " ".join(f"word{number}" for number in range(30_000))
        lab.ring("custom", lab.say(text, 1, "custom"))
        lab.settle()
        assert "cut here" in lab.posts()[-1].text
        with lab.aside():
            (row,) = store.messages(head(lab).id)
            assert files.get(row["text_file"]).decode() == text


def test_a_body_over_the_queues_limit_is_kept_in_the_bucket() -> None:
    with laboratory() as lab:
        lab.ring("custom", lab.say("x" * 300_000, 1, "custom"))
        assert lab.seam.calls == ["s3.PutObject", "sqs.SendMessageBatch"]


def head(lab: Lab) -> Conversation:
    with lab.aside():
        (contact,) = store.heads()
    assert contact.conversation
    return contact.conversation


# ---- signs on an agent's message --------------------------------------------------------------------------------


def signs(lab: Lab) -> list[str]:
    """What stands on the agent's message now."""
    there: list[str] = []
    for entry in lab.world.ledger:
        if entry.what == "reaction":
            there.append(entry.text)
        if entry.what == "unreaction" and entry.text in there:
            there.remove(entry.text)
    return there


def told_of(lab: Lab, text: str, progress: Progress) -> None:
    sent = next(entry for entry in lab.texts() if text in entry.text)
    lab.put(Receipt(provider="twilio_sms", progress=progress, ids=(sent.id,)))
    lab.settle()


def test_signs_tell_how_far_a_reply_has_come() -> None:
    with laboratory() as lab:
        opened(lab)
        agent_replies(lab)
        assert signs(lab) == ["outbox_tray"]
        told_of(lab, "on its way", Progress.DELIVERED)
        assert signs(lab) == ["white_check_mark"]
        told_of(lab, "on its way", Progress.READ)
        assert signs(lab) == ["white_check_mark", "eyes"]
        told_of(lab, "on its way", Progress.DELIVERED)
        assert signs(lab) == ["white_check_mark", "eyes"]


def test_a_reply_in_parts_is_delivered_when_all_of_it_is() -> None:
    with laboratory() as lab:
        opened(lab)
        long_reply(lab)
        told_of(lab, "first", Progress.DELIVERED)
        assert signs(lab) == ["outbox_tray"]
        told_of(lab, "second", Progress.READ)
        assert signs(lab) == ["outbox_tray"]
        told_of(lab, "first", Progress.READ)
        assert signs(lab) == ["eyes"]


def test_where_no_receipt_will_come_out_is_all_that_is_known() -> None:
    with laboratory(SHOP + "[providers.telegram]\n", EVERYTHING_SECRETS) as lab:
        lab.ring("telegram", lab.say("Where is my order?", 1, "telegram"))
        lab.settle()
        agent_replies(lab)
        assert signs(lab) == ["white_check_mark"]


def test_a_mail_with_its_history_is_kept_whole_and_shown_stripped() -> None:
    with laboratory(MAIL_SHOP) as lab:
        said = lab.say("Is it blue?", 1, "postmark", sender="mira@customer.example")
        _, webhook = lab.webhook("postmark", said)
        content = json.loads(webhook.body)
        whole = "Is it blue?\n\nOn 2 March 2026 at 09:00, Shop <service@shop.example> wrote:\n\n> We have two lamps."
        content |= {"TextBody": whole, "Subject": "Re: A lamp"}
        content["Headers"].append({"Name": "In-Reply-To", "Value": "<before@shop.example>"})
        lab.post_signed("postmark", json.dumps(content).encode())
        lab.settle()
        assert "two lamps" not in lab.posts()[0].text
        with lab.aside():
            contact = store.find(Address(channel=Channel.EMAIL, id="mira@customer.example")).contact
            assert contact is not None and contact.conversation is not None
            (row,) = store.messages(contact.conversation.id)
            assert row["text"] == "Is it blue?" and "full" not in row
            assert files.get(row["full_file"]).decode() == whole
