"""The shop's rules: what each condition asks, which rule counts, and what it changes on a message's way."""

import time
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as some

from chalicelib import playbook, rules, settings
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Desk, Rule, Shop, When
from chalicelib.models.values import Address, Channel
from chalicelib.rules import Facts, Searched
from chalicelib.rules.asked import CONDITIONS
from chalicelib.rules.packs import pack
from chalicelib.settings import load
from tests.lab import HOURS, RULED_SHOP, SHOP, STAFFED_SHOP, Lab, laboratory
from tests.lab.flows import agent_resolves, opened, second_message

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
CUSTOMER = Address(channel=Channel.SMS, id="+4915123456789")
OPEN_SHOP = load(SHOP.replace("[routes]", HOURS + "[routes]"))


def message(text: str = "Hello", **fields: Any) -> Message:
    return Message.model_validate({"provider": "twilio_sms", "id": "m", "sender": CUSTOMER, "text": text, **fields})


def known(*tags: str, wrote: bool = True) -> Contact:
    had = Conversation(id="c", desk="front", opened_at=AT, customer_at=AT, heard=CUSTOMER) if wrote else None
    return Contact(id="p", conversation=had, tags=tags)


def facts(
    text: str = "Hello", shop: Shop = OPEN_SHOP, before: Contact | None = None, at: datetime = AT, **more: Any
) -> Facts:
    return Facts(message(text, **more), before, shop, at)


# ---- words --------------------------------------------------------------------------------------------------------

FOUND = (
    ("refund", "I want a REFUND!"),
    ("money back", "my money   back, please"),
    ("money back", "Money-back?"),
    ("geld zurück", "GELD ZURÜCK"),
    ("geld zurück", unicodedata.normalize("NFD", "Geld zurück")),
    ("groß", "zu GROSS"),
    ("où est", "Ou est mon colis"),
    ("don't fit", "they don’t fit"),
    ("refund", "ｒｅｆｕｎｄ"),
    ("re\u00adfund", "refund"),
    ("退款", "我要退款，谢谢"),
    ("返品", "この商品を返品したいです"),
    ("환불", "환불을 원해요"),
    ("คืนเงิน", "ฉันต้องการคืนเงินค่ะ"),
    ("वापस", "मुझे पैसे वापस चाहिए"),
    ("возврат", "Хочу ВОЗВРАТ."),
    ("استرجاع", "أريد استِرجاع المال"),
    ("iade", "İADE istiyorum"),
    ("37", "size 37?"),
)
MISSED = (
    ("refund", "prerefunded"),
    ("fund", "refund"),
    ("money back", "money is back"),
    ("my bag", "a dummy bag is my wish"),
    ("वाप", "मुझे पैसे वापस चाहिए"),
    ("की", "कीमत"),
    ("возврат", "возвратом"),
    ("3", "37"),
)


@pytest.mark.parametrize(("words", "text"), FOUND)
def test_words_are_found_whole_in_any_script(words: str, text: str) -> None:
    assert list(Searched(text).holds([words])) == [words]


@pytest.mark.parametrize(("words", "text"), MISSED)
def test_parts_of_words_are_not_found(words: str, text: str) -> None:
    assert list(Searched(text).holds([words])) == []


@pytest.mark.parametrize("text", ["where is my ", "\u0301\u0323", "a", "なぜ", "\ufdfa", "money ", "क\u094d"])
def test_no_text_stalls_the_search(text: str) -> None:
    """Unicode's order of marks took 9 s for the second of these."""
    long = facts((text * 100_000)[:100_000], OPEN_SHOP.model_copy(update={"packs": rules.STAGES}))
    began = time.process_time()
    rules.fired(long)
    assert time.process_time() - began < 2


@effort(max_examples=50)
@given(some.text())
def test_what_the_check_lets_pass_can_be_found(words: str) -> None:
    if any(map(str.isalnum, words)):
        assert rules.folded(words) and list(Searched(f"so: {words}!").holds([words]))


# ---- conditions ---------------------------------------------------------------------------------------------------

CASES: Mapping[str, tuple[Any, Facts, Facts]] = {  # what a rule wants, facts that fit, facts that do not
    "channels": (["sms", "line"], facts(), facts(sender={"channel": "email", "id": "a@b.example"})),
    "providers": (["twilio_sms"], facts(), facts(provider="vonage")),
    "accounts": (["NORTH"], facts(account="NORTH"), facts()),
    "words": (["refund", "two words"], facts("A two  words thing"), facts("two of words")),
    "stages": (["return", "owns-it"], facts("I want to send it back"), facts("Where is my parcel?")),
    "tags": (["vip"], facts(before=known("new", "vip")), facts(before=known("new"))),
    "hours": ("closed", facts(at=AT + timedelta(hours=12)), facts()),
    "customer": ("returning", facts(before=known()), facts(before=known(wrote=False))),
    "languages": (["de", "fr"], facts("Wo ist mein Paket?"), facts("Where is my parcel?")),
    "complaint": (True, facts("The lamp arrived broken"), facts("Is the lamp in stock?")),
    "files": (True, facts(attachments=[Attachment(name="a.png")]), facts()),
    "verified": (False, facts(sender={"channel": "email?", "id": "a@b.example"}), facts()),
}


def test_each_condition_is_asked_and_tried_here() -> None:
    assert set(CONDITIONS) == set(When.model_fields) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_condition_holds_or_does_not(name: str) -> None:
    wanted, fits, fails = CASES[name]
    rule = Rule(name="it", when=When.model_validate({name: wanted}), priority="high")
    for about, expected in ((fits, "high"), (fails, None)):
        shop = about.shop.model_copy(update={"rules": (rule,)})
        tried = Facts(about.message, about.before, shop, about.at)
        assert rules.fired(tried).priority == expected
        assert next(rules.asked(tried)).fits == (expected == "high")


def test_the_stage_is_that_of_the_words_else_of_the_last_tag() -> None:
    assert facts("Hello", before=known("return", "vip", "on-its-way")).stage == "on-its-way"
    assert facts("Do you have this in red?", before=known("return")).stage == "before-order"
    assert facts("The invoice and the refund?").stage == "return"
    assert facts("Hello").stage is None


def test_a_customer_has_one_stage_and_at_most_so_many_tags() -> None:
    assert rules.tagged(("vip", "on-its-way"), ("return",)) == ("vip", "return")
    assert rules.tagged(("vip", "return"), ("blue",)) == ("vip", "return", "blue")
    full = tuple(f"t{number}" for number in range(rules.MOST_TAGS))
    assert rules.tagged(full, ("more",)) == full


def test_agents_with_the_wanted_skills_come_first_and_else_in_turn() -> None:
    place = Desk(agents={"ann": "A", "ben": "B", "cem": "C"}, skills={"cem": ("returns",), "ben": ("returns", "es")})
    assert rules.preferred(("A", "B", "C"), place, ("returns", "es")) == ("B", "C", "A")
    assert rules.preferred(("C", "A", "B"), place, ("returns",)) == ("C", "B", "A")
    assert rules.preferred(("C", "A", "B"), place, ()) == ("C", "A", "B")


@pytest.mark.parametrize("stage", rules.STAGES)
def test_a_pack_knows_its_words_in_six_languages_and_fits_its_own_stage(stage: Any) -> None:
    assert set(pack(stage).words) == {"en", "de", "fr", "es", "it", "nl"}
    assert all(len(words) > 20 for words in pack(stage).words.values())
    assert all(rules.folded(word) for word in pack(stage).all_words)
    *_, last = pack(stage).rules
    assert last.when == When(stages=(stage,)) and all(rule.tags == (stage,) for rule in pack(stage).rules)


# ---- which rule ---------------------------------------------------------------------------------------------------

WORDS = ("refund", "parcel", "size", "hello", "blue")
WHEN = some.builds(
    When,
    channels=some.lists(some.sampled_from(["sms", "email"]), max_size=1).map(tuple),
    words=some.lists(some.sampled_from(WORDS), max_size=2).map(tuple),
    tags=some.lists(some.sampled_from(["vip", "return"]), max_size=1).map(tuple),
    stages=some.lists(some.sampled_from(rules.STAGES), max_size=1).map(tuple),
    hours=some.sampled_from([None, "open", "closed"]),
    customer=some.sampled_from([None, "first", "returning"]),
    languages=some.lists(some.sampled_from(["en", "de"]), max_size=1).map(tuple),
    complaint=some.sampled_from([None, True, False]),
    files=some.sampled_from([None, True, False]),
    verified=some.sampled_from([None, True, False]),
)
RULES = some.lists(
    some.builds(
        Rule,
        name=some.uuids().map(str),
        when=WHEN,
        desk=some.sampled_from(["", "front", "owner"]),
        priority=some.sampled_from([None, "low", "urgent"]),
    ),
    max_size=6,
)
FACTS = some.builds(
    facts,
    text=some.lists(some.sampled_from((*WORDS, "where is my", "🙂", "")), max_size=5).map(" ".join),
    before=some.sampled_from([None, known(), known("vip"), known("return", wrote=False)]),
    at=some.integers(0, 167).map(lambda hours: AT + timedelta(hours=hours)),
    sender=some.sampled_from([CUSTOMER, Address(channel=Channel.EMAIL, id="a@b.example")]),
    attachments=some.sampled_from([(), (Attachment(name="a.png"),)]),
)
PACKS = some.lists(some.sampled_from(rules.STAGES), unique=True).map(tuple)


def under(about: Facts, written: list[Rule], packs: tuple[Any, ...] = ()) -> Facts:
    shop = about.shop.model_copy(update={"rules": tuple(written), "packs": packs})
    return Facts(about.message, about.before, shop, about.at)


@effort(max_examples=80, deadline=None)
@given(FACTS, RULES, PACKS)
def test_every_message_has_a_desk_and_the_first_rule_that_fits_counts(
    about: Facts, written: list[Rule], packs: tuple[Any, ...]
) -> None:
    tried = under(about, written, packs)
    fired, asked = rules.fired(tried), list(rules.asked(tried))
    assert fired.desk in tried.shop.desks
    first = next(one for one in asked if one.fits)
    assert (fired.name, fired.priority, fired.desk) == (
        first.rule.name, first.rule.priority, first.rule.desk or tried.shop.routes["default"],
    )  # fmt: skip


@effort(max_examples=80, deadline=None)
@given(FACTS, RULES, RULES, some.randoms(use_true_random=False))
def test_rules_that_do_not_fit_change_nothing_in_whatever_order_they_stand(
    about: Facts, written: list[Rule], others: list[Rule], random: Any
) -> None:
    expected = rules.fired(under(about, written))
    fits = {one.rule.name: one.fits for one in rules.asked(under(about, [*written, *others]))}
    mixed = [rule for rule in written if fits[rule.name]]
    for rule in [rule for rule in [*written, *others] if not fits[rule.name]]:
        mixed.insert(random.randint(0, len(mixed)), rule)
    assert rules.fired(under(about, mixed)) == expected
    behind = next((number for number, rule in enumerate(mixed) if fits[rule.name]), None)
    if behind is not None:  # whatever stands behind the rule that counts, fitting or not
        assert rules.fired(under(about, [*mixed[: behind + 1], *others])) == expected


# ---- on a message's way -------------------------------------------------------------------------------------------


def card(lab: Lab) -> str:
    return str(next(entry for entry in lab.world.ledger if entry.what == "card"))


def test_a_rule_sets_desk_priority_tags_acknowledgement_and_tells_the_owner() -> None:
    with laboratory(RULED_SHOP) as lab:
        opened(lab)
        assert [(post.to, "Where is my order?" in post.text) for post in lab.posts()] == [
            ("C0RETURNS", True), ("C0OWNER", True),
        ]  # fmt: skip
        assert "'Lost orders'" in lab.posts()[1].text
        assert [entry.text for entry in lab.texts()] == ["Thank you for writing to Corner Shop. We look for it."]
        assert "urgent priority" in card(lab) and "Tags: on-its-way" in card(lab)


def test_what_goes_on_is_not_ruled_again() -> None:
    with laboratory(RULED_SHOP) as lab:
        opened(lab)
        second_message(lab)
        (contact,) = lab.heads()
        assert contact.conversation and contact.conversation.priority == "urgent"
        assert len(lab.posts()) == 3 and len(lab.texts()) == 1


def test_what_opens_again_stays_at_its_desk_and_is_as_urgent_as_its_rule_says() -> None:
    with laboratory(RULED_SHOP.replace('priority = "high"', 'desk = "front"\npriority = "high"')) as lab:
        opened(lab)
        agent_resolves(lab)
        lab.now += timedelta(days=2)
        second_message(lab)
        (contact,) = lab.heads()
        assert contact.conversation and contact.conversation.status == "open"
        assert (contact.conversation.desk, contact.conversation.priority) == ("returns", "high")
        assert len(lab.texts()) == 1  # the rule says none


def test_the_owner_is_not_told_of_machines_nor_where_the_owner_reads_anyway() -> None:
    for shop, automatic in ((RULED_SHOP, True), (RULED_SHOP.replace('owner = "owner"', 'owner = "returns"'), False)):
        with laboratory(shop) as lab:
            lab.put(message("Where is my order?", automatic=automatic))
            lab.settle()
            assert [post.to for post in lab.posts()] == ["C0RETURNS"]


def test_a_conversation_is_given_to_whom_has_the_skill() -> None:
    skilled = STAFFED_SHOP.replace("assign =", 'skills = { ben = ["parcels"] }\nassign =')
    wants = '[[rules]]\nname = "Parcels"\nwhen.words = ["order"]\nskills = ["parcels"]\n'
    with laboratory(skilled + wants) as lab:
        opened(lab)
        assert "assigned to ben" in card(lab)
    with laboratory(skilled) as lab:
        opened(lab)
        assert "assigned to ann" in card(lab)


def test_an_agent_sets_the_stage_by_a_tag() -> None:
    with laboratory('packs = ["return"]\n' + SHOP) as lab:
        opened(lab)
        lab.ring("slack", lab.say("#tag vip return", 10, "slack", thread=lab.thread()))
        lab.settle()
        lab.ring("slack", lab.say("#tag owns-it", 11, "slack", thread=lab.thread()))
        lab.settle()
        (contact,) = lab.heads()
        assert contact.tags == ("vip", "owns-it")


# ---- what has changed ---------------------------------------------------------------------------------------------


def test_what_has_changed_is_told_in_a_line_each() -> None:
    before = playbook.everything(load(RULED_SHOP))
    now = playbook.everything(
        load(RULED_SHOP.replace('priority = "urgent"', 'priority = "high"').replace('"Hush"', '"Quiet"'))
    )
    assert playbook.changes(before, now) == [
        "Now: Lost orders: if it says “where is my order”: to returns, high priority, tagged on-its-way, "
        "acknowledged by “order”, the owner's desk hears of it at once.",
        "New: Quiet: if it says “number 7”: high priority, not acknowledged.",
        "No more: Hush: if it says “number 7”: high priority, not acknowledged.",
    ]
    assert playbook.changes(before, before) == []
    assert playbook.changes(before, before[::-1]) == ["The same rules are asked in another order."]


def test_every_desk_is_told_once_of_a_change_and_of_nothing_before_the_first_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with laboratory(SHOP) as lab:
        changed = load(SHOP.replace('slack = "C0FRONT"', 'slack = "C0FRONT"\nnudge_minutes = 5'))
        for shop in (lab.shop, changed, changed):
            monkeypatch.setattr(settings, "shop", lambda shop=shop: shop)
            for _ in range(12):  # each account is asked by itself
                lab.now += timedelta(minutes=1)
                lab.look()
        lab.settle()
        line = "New: front: after 5 minutes without an answer the thread is reminded"
        assert [(post.to, line in post.text) for post in lab.posts()] == [("C0FRONT", True), ("C0OWNER", True)]
