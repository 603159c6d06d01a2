"""What an acknowledgement says, to whom and how often: filled in from what is known, never a customer's own words."""

import re
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import gaps, sms, tally, wording
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Language, Stage
from chalicelib.models.values import Address, Channel
from chalicelib.phrases import ENGLISH, PHRASES
from chalicelib.route import acknowledging
from chalicelib.settings import SHOP_FILE, load
from infra import check
from tests.lab import SHOP, START, Lab, laboratory, log
from tests.lab.flows import agent_replies, agent_resolves, opened, second_message

THANKS = 'text = "Thank you for writing to {shop}."'
NAMED_SHOP = SHOP.replace(THANKS, 'text = "Hello[ {name}], {shop} got it[, about {order}]."\norders = "CS-"')
PHONE = Address(channel=Channel.WHATSAPP, id="+4915123456780")
SHIPPED = SHOP_FILE.read_text(encoding="utf-8")
CANARY = "canary"
RULES = load(NAMED_SHOP)


def message(text: str = "", sender: Address = PHONE, **rest: Any) -> Message:
    return Message(provider="whatsapp", id="1", sender=sender, text=text, **rest)


def acknowledged(toml: str, *messages: Message) -> list[str]:
    """What customers who write this get at once."""
    with laboratory(toml) as lab:
        lab.put(*messages)
        lab.settle(until=timedelta(minutes=1))
        return [entry.text for entry in lab.texts()]


# ---- gaps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "known", "said"),
    [
        ("Hello[ {name}],", {"name": "Mira"}, "Hello Mira,"),
        ("Hello[ {name}],", {"name": ""}, "Hello,"),
        ("[{name}: {order}] [see above]", {"name": "Mira"}, " [see above]"),
        ("[{name}: {order}]", {"name": "Mira", "order": "CS-1"}, "Mira: CS-1"),
        ("{name}", {"name": "{order}", "order": "CS-1"}, "{order}"),  # what is filled in is not filled again
        ("[[{name}]]", {"name": "Mira"}, "[Mira]"),
        ("[{name", {"name": "Mira"}, "[{name"),
    ],
)
def test_a_part_in_brackets_is_left_out_where_a_gap_of_it_is_not_known(
    text: str, known: dict[str, str], said: str
) -> None:
    assert gaps.filled(text, known) == said


# ---- what is known ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Where is my parcel? Has it been sent?", "Thank you! We look into it, about your delivery."),
        ("Wo bleibt meine Bestellung?", "Danke! Wir schauen nach, zu Ihrer Lieferung."),
        ("Hello", "Thank you! We look into it."),
    ],
)
def test_a_topic_is_one_of_four_in_the_customers_language(text: str, said: str) -> None:
    toml = SHOP.replace(THANKS, 'text = "Thank you! We look into it[, about {topic}]."')
    toml = toml.replace("time_zone =", 'languages = ["en", "de"]\ntime_zone =', 1)
    german = '[acknowledgement.languages.de]\ntext = "Danke! Wir schauen nach[, zu {topic}]."\n'
    assert acknowledged(toml + german, message(text)) == [said]


@pytest.mark.parametrize("language", get_args(Language))
def test_each_stage_has_a_topic_in_each_language(language: Language) -> None:
    shop = RULES.model_copy(update={"languages": (language,)})
    topics = [wording.topic(stage, shop, language) for stage in get_args(Stage)]
    assert len(set(topics)) == len(topics) and all(topics) and wording.topic(None, shop, language) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Mira Olsen", "Mira Olsen"),
        ("  Zoë   O’Brien-Łuk ", "Zoë O’Brien-Łuk"),
        ("Dr. मीरा शर्मा", "Dr. मीरा शर्मा"),
        ("山田 太郎", "山田 太郎"),
        ("Mira 🌸", "Mira"),
        ("evil.example", ""),
        ("see http://evil.example", ""),
        ("call 4930123456", ""),
        ("Mira ٣", ""),
        ("mira@evil.example", ""),
        ("buy it now in here please", ""),
        ("A" * 41, ""),
        ("Mira\u202eaila", ""),
        ("🌸", ""),
        ("{order}", ""),
        ("", ""),
    ],
)
def test_a_name_is_said_only_if_it_reads_like_one(name: str, said: str) -> None:
    assert acknowledging.name(message(name=name)) == said


def test_an_unproved_sender_has_no_name() -> None:
    """Else anybody could have their words sent to an address they typed."""
    typed = Address(channel=Channel.UNVERIFIED_EMAIL, id="mira@customer.example")
    assert acknowledging.name(message(sender=typed, name="Mira")) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Where is cs-1037?", "CS-1037"),
        ("CS-1037 ... I said CS-1037", "CS-1037"),
        ("CS-1037 or CS-1038", ""),
        ("CS-12", ""),
        ("CS-1234567890123", ""),
        ("XCS-1037", ""),
        ("CS-1037b", ""),
        ("CS-١٠٣٧", ""),
        ("1037", ""),
        ("x" * acknowledging.LONGEST + " CS-1037", ""),
    ],
)
def test_an_order_number_is_the_shops_prefix_and_digits(text: str, said: str) -> None:
    assert acknowledging.order(message(text), "CS-") == said
    assert acknowledging.order(message(text), "") == ""


@settings(max_examples=50)
@given(st.text(max_size=30), st.text(max_size=60))
def test_no_words_of_a_customer_get_in(name: str, text: str) -> None:
    asked = message(text, name=name)
    assert re.fullmatch(r"(CS-[0-9]{3,12})?", acknowledging.order(asked, "CS-"))
    said = acknowledging.name(asked)
    assert not re.search(r"[\d:/@{}\[\]<>_]|\.\S", said) and len(said) <= acknowledging.LONGEST_NAME


# ---- on its way -------------------------------------------------------------------------------------------------


def test_what_is_known_is_said() -> None:
    assert acknowledged(NAMED_SHOP, message("Where is CS-1037?", name="Mira")) == [
        "Hello Mira, Corner Shop got it, about CS-1037."
    ]
    assert acknowledged(NAMED_SHOP, message("Where is it?", name="+4915123456780")) == ["Hello, Corner Shop got it."]


def test_nothing_else_of_what_a_customer_wrote_is_said_again() -> None:
    files = (Attachment(name=f"{CANARY}.pdf", reference="9", type="application/pdf"),)
    context = {"subject": CANARY, "message_id": CANARY}
    asked = message(
        f"{CANARY} {{shop}} [{CANARY} {{name}}] CS-1037", name=f"{CANARY}7", choice=CANARY, attachments=files,
        context=context, full=CANARY,
    )  # fmt: skip
    (said,) = acknowledged(NAMED_SHOP, asked)
    assert said == "Hello, Corner Shop got it, about CS-1037."


# ---- to whom, and how often -------------------------------------------------------------------------------------


def customer(number: int) -> Message:
    sender = Address(channel=Channel.WHATSAPP, id=f"+49151234567{number:02d}")
    return Message(provider="whatsapp", id=f"{number}", sender=sender, text="Hello?")


def test_a_shop_acknowledges_so_many_on_a_day_and_loses_no_message() -> None:
    with laboratory(SHOP.replace(THANKS, f"{THANKS}\nmost_a_day = 2")) as lab:
        lab.put(*map(customer, range(4)))
        lab.settle(until=timedelta(minutes=1))
        assert len(lab.texts()) == 2 and len(lab.posts()) == 4
        assert [head.acknowledged_until is None for head in by_number(lab)] == [False, False, True, True]
        lab.now += timedelta(hours=15)  # past midnight in Berlin
        lab.put(customer(5))
        lab.settle(until=timedelta(minutes=1))
        assert len(lab.texts()) == 3 and len(lab.posts()) == 5


def conversations(lab: Lab) -> list[Conversation]:
    return [head.conversation for head in lab.heads() if head.conversation]


def by_number(lab: Lab) -> list[Contact]:
    return sorted(lab.heads(), key=lambda head: head.addresses[0].id)


def test_while_an_agent_is_talking_an_opening_is_not_acknowledged() -> None:
    """The last acknowledgement is more than a day ago; the agent answered, closed it, and the customer says thanks."""
    with laboratory() as lab:
        opened(lab)
        lab.now += timedelta(hours=30)
        agent_replies(lab)
        agent_resolves(lab)
        lab.now += timedelta(minutes=5)
        second_message(lab)
        assert [one.status for one in conversations(lab)] == ["open"]
        assert len([entry for entry in lab.texts() if "Thank you" in entry.text]) == 1


def test_an_hour_after_an_agents_last_word_nobody_is_talking_any_more() -> None:
    with laboratory() as lab:
        opened(lab)
        lab.now += timedelta(hours=30)
        agent_replies(lab)
        agent_resolves(lab)
        lab.now += timedelta(hours=1)
        second_message(lab)
        assert len([entry for entry in lab.texts() if "Thank you" in entry.text]) == 2


def test_in_an_open_conversation_nothing_is_acknowledged() -> None:
    with laboratory() as lab:
        opened(lab)
        agent_replies(lab)
        lab.now += timedelta(days=2)
        second_message(lab)
        assert len([entry for entry in lab.texts() if "Thank you" in entry.text]) == 1


# ---- how long an answer takes -----------------------------------------------------------------------------------

TIMED_SHOP = SHOP.replace(THANKS, 'text = "Got it.[ It is usually answered in {time}.]"')


def a_day_of_answers(lab: Lab, *numbers: int) -> None:
    """At nine these customers write, and are answered after seven minutes; the next morning the day is added up."""
    for number in numbers:
        said_next(lab, number)
    cards = [post for post in lab.posts() if post.what == "card"][-len(numbers) :]
    lab.now = lab.now.replace(minute=7)
    for number, card in zip(numbers, cards, strict=True):
        lab.ring("slack", lab.say("Here.", number, "slack", thread=f"{card.to}:{card.id}"))
    lab.settle(until=timedelta(seconds=10))
    lab.now = lab.now.replace(minute=0) + timedelta(days=1)
    lab.look()


def said_next(lab: Lab, number: int) -> str:
    lab.put(customer(number))
    lab.settle(until=timedelta(seconds=10))
    return lab.texts()[-1].text


def test_a_text_names_the_time_that_answers_took_where_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "ENOUGH", 5)
    with laboratory(TIMED_SHOP) as lab:
        log.keep(lab)
        lab.look()
        a_day_of_answers(lab, 11, 12, 13)
        assert said_next(lab, 14) == "Got it."
        a_day_of_answers(lab, 15, 16)
        assert said_next(lab, 17) == "Got it. It is usually answered in 10 minutes."
        lab.now += timedelta(hours=5)
        assert said_next(lab, 18) == "Got it."  # nobody wrote at that hour


def test_what_was_measured_is_read_once_an_hour_and_only_to_say_it() -> None:
    with laboratory(TIMED_SHOP) as lab:
        for minutes in (0, 1, 30, 61):
            lab.now = START + timedelta(minutes=minutes)
            said_next(lab, minutes)
        assert lab.seam.calls.count("dynamodb.GetItem") == 2
    with laboratory(SHOP) as lab:
        said_next(lab, 1)
        assert "dynamodb.GetItem" not in lab.seam.calls


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "2 minutes"),
        (45, "45 minutes"),
        (119, "119 minutes"),
        (120, "2 hours"),
        (121, "3 hours"),
        (1440, "24 hours"),
        (2880, "2 days"),
        (2881, "3 days"),
    ],
)
def test_a_span_is_never_said_shorter_than_it_is(minutes: int, said: str) -> None:
    assert wording.span(minutes, RULES, "en") == said


# ---- one SMS ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ä€" + "a" * 157, 1),
        ("€" * 81, 2),
        ("ă" + "a" * 69, 1),
        ("ă" + "a" * 70, 2),
        ("🛒" + "a" * 69, 2),
        ("", 1),
    ],
)
def test_what_fits_into_an_sms(text: str, count: int) -> None:
    assert sms.count(text) == count


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dziękujemy, zażółć gęślą jaźń", "Dziekujemy, zazolc gesla jazn"),
        ("Réponse à Zoë: où, ça, “bientôt” – voilà…", 'Réponse à Zoe: où, ca, "bientot" - voilà.'),
        ("Grüße, 5 € für Ñandú", "Grüße, 5 € für Ñandu"),
        ("Привет 🛒 你好", "Привет 🛒 你好"),  # what has no plain letter stays
    ],
)
def test_letters_that_would_make_an_sms_wide_are_written_plainly(text: str, said: str) -> None:
    assert sms.plain(text) == said


def test_an_acknowledgement_by_sms_is_written_so() -> None:
    with laboratory(SHOP.replace(THANKS, 'text = "Dziękujemy!"')) as lab:
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.put(customer(1))
        lab.settle(until=timedelta(minutes=1))
        assert [entry.text for entry in lab.texts()] == ["Dziekujemy!", "Dziękujemy!"]


def test_what_is_shipped_fits_into_one_sms_in_every_language() -> None:
    rules = load(SHIPPED)
    assert len(list(wording.texts(rules))) == len(get_args(Language))
    closed = rules.acknowledgement.model_copy(update={"closed": ENGLISH.closed})
    both = rules.model_copy(update={"acknowledgement": closed})
    assert len(list(wording.texts(both))) == 2 * len(get_args(Language))
    assert not [one for one in check.notes(both, START.date()) if "SMS" in one]


# ---- that it is automatic ---------------------------------------------------------------------------------------


def test_it_says_that_it_is_automatic_unless_the_shop_says_so_itself() -> None:
    automatic = SHOP.replace("automatic = false\n", "")
    assert acknowledged(automatic, message("Hi")) == [
        "Thank you for writing to Corner Shop. (This is an automatic reply.)"
    ]
    own = automatic.replace(THANKS, 'text = "(This is an automatic reply.) Thanks."')
    assert acknowledged(own, message("Hi")) == ["(This is an automatic reply.) Thanks."]
    assert acknowledged(automatic.replace(THANKS, ""), message("Hi")) == []


@pytest.mark.parametrize("code", get_args(Language))
def test_every_language_says_that_it_is_automatic(code: Language) -> None:
    said = wording.acknowledgement(load(SHIPPED), code, {}, START)
    assert said.endswith(f". {PHRASES[code].automatic}") and "utom" in said


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a" * 160, ""),
        ("a" * 161, "The acknowledgement (text, en) takes 2 SMS: 161 letters, one holds 160."),
        ("[{name}" + "b" * 200 + "]", ""),  # nobody has a name in an SMS
        ("a" * 147 + "[{time}]", ""),
        ("a" * 151 + "[{time}]", "The acknowledgement (text, en) takes 2 SMS: 161 letters, one holds 160."),
        ("я" * 71, "The acknowledgement (text, en) takes 2 SMS: 71 letters, one holds 70 because of я."),
    ],
)
def test_the_check_warns_of_an_acknowledgement_that_takes_several_sms(text: str, note: str) -> None:
    rules = load(SHOP.replace(THANKS, f'text = "{text}"'))
    assert [one for one in check.notes(rules, START.date()) if "SMS" in one] == ([note] if note else [])
    named = load(SHOP.replace("automatic = false", f'texts = {{ later = "{text}" }}\nautomatic = false'))
    assert [one for one in check.notes(named, START.date()) if "SMS" in one] == [
        one.replace("(text", "(later") for one in ([note] if note else [])
    ]
    others = rules.model_copy(update={"providers": {"telegram": {}, "slack": {}}})
    assert not [one for one in check.notes(others, START.date()) if "SMS" in one]
