"""`shopbell rules`: a text explained, a made-up day and recorded conversations tried, all of it in plain words."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from chalicelib import playbook, rules, store
from chalicelib.models.shop import Shop
from chalicelib.rules.asked import CONDITIONS
from chalicelib.settings import load
from infra import cli, shop_file, show, stack, tryout
from infra.rules import explained
from infra.tryout import Outcome
from tests.lab import CLOSED_SHOP, RULED_SHOP, SHOP, laboratory
from tests.lab.flows import agent_resolves, first_message, opened, second_message
from tests.test_shop_rules import facts, known

DAY = [line.split("\t") for line in tryout.DAY.read_text(encoding="utf-8").splitlines()[1:]]
SIX = ("en", "de", "fr", "es", "it", "nl")
VIP = """[[rules]]
name = "It"
when.tags = ["vip"]
when.channels = ["email", "line"]
desk = "second"
priority = "high"
"""
Set = Callable[[str], Shop]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set what stands in shop.toml."""

    def put(text: str) -> Shop:
        shop = load(text)
        monkeypatch.setattr(shop_file, "rules", lambda: shop)
        return shop

    return put


def said(*words: str) -> str:
    done = CliRunner().invoke(cli.cli, ["rules", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


# ---- the packs on the day -----------------------------------------------------------------------------------------


def test_the_day_has_300_messages_in_many_languages_on_every_channel_of_customers() -> None:
    assert len(DAY) == len({tuple(row) for row in DAY}) == 300
    assert [row[0] for row in DAY] == sorted(row[0] for row in DAY)
    assert len({language for _, _, language, *_ in DAY}) >= 12
    assert {stage for _, _, _, stage, *_ in DAY} == {*rules.STAGES, "-"}


def test_the_packs_know_most_of_the_messages_that_were_kept_apart() -> None:
    """Each second message was seen while the packs were written; the others only count here."""
    found: Counter[str] = Counter()
    for _, _, language, stage, _, text in DAY[1::2]:
        if language in SIX:
            at = facts(text).stage or "-"
            found["right" if at == stage else "none" if at == "-" else "wrong"] += 1
    assert found["right"] >= 0.7 * found.total() and found["wrong"] <= 0.06 * found.total(), found


# ---- explain ------------------------------------------------------------------------------------------------------


def test_one_rule_fires_and_each_other_says_why_it_does_not() -> None:
    told = list(explained(facts("Where is my order?", shop=load(RULED_SHOP), before=known("vip"))))
    assert told == [
        "The customer is at the stage on-its-way, by “where is my order”, “my order”.",
        "→ Lost orders: it says “where is my order”.",
        "✗ Hush: not so: it says “number 7”.",
        "✗ default (routes): it always fits. Another was before it.",
    ]


def test_what_is_there_instead_is_told() -> None:
    shop = load(
        '[[rules]]\nname = "It"\nwhen.tags = ["vip"]\nwhen.channels = ["email", "line"]\n'.join(["", SHOP][::-1])
    )
    assert next(explained(facts(shop=shop, before=known("new", "old")))) == (
        "✗ It: not so: it comes by email or line (sms); not so: the customer has the tag vip (new, old)."
    )


def test_explain_on_the_command_line(put: Set) -> None:
    put('packs = ["return"]\n' + CLOSED_SHOP)
    told = said("explain", "I want to return it", "--channel", "sms", "--at", "2026-03-07 12:00", "--tag", "vip")
    assert "→ A return (return): the customer is at the stage return." in told
    assert (
        "To the desk front, normal priority; tags return; acknowledged: “Thank you for writing to Corner Shop. We"
        in told
    )
    assert "We are back Monday" in told


def test_explain_asks_what_is_known_of_a_contact(put: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "place", lambda *_: "here")
    put(SHOP + '[[rules]]\nname = "Again"\nwhen.customer = "returning"\n')
    with laboratory(SHOP) as lab:
        opened(lab)
        with lab.aside():
            told = said("explain", "Hi", "--channel", "sms", "--contact", "+4915123456789")
            assert "→ Again: the customer wrote before." in told
            with pytest.raises(show.Unknown, match="leads to no customers"):
                said("explain", "Hi", "--channel", "sms", "--contact", "+4915100000000")


# ---- test ---------------------------------------------------------------------------------------------------------


def test_the_day_is_compared_with_the_routes_alone(put: Set) -> None:
    put(RULED_SHOP)
    told = said("test", "--all")
    (line,) = [line for line in told.splitlines() if line.startswith("Lost orders")]
    count = int(re.findall(r"\d+", line)[0])
    assert line == (
        f"Lost orders: {count} message{'s'[: count > 1]}, to returns instead of front, acknowledged in other words, "
        "urgent priority, the owner's desk hears of it"
    )
    assert told.count("\n  ") == count
    assert f"Of 300 messages: {count} to another desk, {count} acknowledged otherwise" in told
    assert "0 to another desk, 0 acknowledged otherwise, 0 more urgent, 0 told to the owner, 300 as before." in (
        put(SHOP) and said("test")
    )


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only the beginning of the day."""
    day = tmp_path / "day.tsv"
    day.write_text("\n".join(["", *map("\t".join, DAY[:30])]), encoding="utf-8")
    monkeypatch.setattr(tryout, "DAY", day)


def test_packs_are_tried_without_switching_them_on(put: Set, short: None) -> None:
    put(SHOP)
    assert "Before the order: " in said("test", "--packs")


def test_every_message_of_the_day_has_a_desk_also_while_everything_is_closed() -> None:
    shop = load('packs = ["return", "owns-it"]\n' + CLOSED_SHOP)
    for case in list(tryout.day(shop, date(2026, 4, 5)))[::5]:
        now = tryout.outcome(case, shop)
        assert now.desk == "front" and (now.text or case.message.sender.channel == "email?")


def test_what_is_recorded_is_compared_with_what_happened() -> None:
    with laboratory(SHOP) as lab:
        opened(lab)
        agent_resolves(lab)
        lab.now += timedelta(days=9)
        second_message(lab)
        with lab.aside():
            recorded = list(tryout.stored(show.chats(last=10)))
    assert [case.before.conversation is not None for case, _ in recorded] == [False, True]
    assert all(tryout.differs(was, tryout.outcome(case, load(SHOP))) == {} for case, was in recorded)
    changes = [tryout.differs(was, tryout.outcome(case, load(RULED_SHOP))) for case, was in recorded]
    assert [list(one) for one in changes] == [
        ["elsewhere", "acknowledged", "urgent", "owner"],
        ["acknowledged", "urgent"],
    ]
    assert changes[1]["acknowledged"] == "not acknowledged"


def test_what_is_recorded_is_tried_on_the_command_line(put: Set, short: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "place", lambda *_: "what runs here")
    put(RULED_SHOP)
    with laboratory(SHOP) as lab:
        opened(lab)
        with lab.aside():
            _, _, told = said("test", "--here").partition(
                "What is recorded in what runs here, compared with what happened"
            )
    assert "Lost orders: 1 message, to returns instead of front" in told
    assert "Of 1 message: 1 to another desk, 1 acknowledged otherwise" in told


def test_an_acknowledgement_that_was_left_out_within_a_day_is_no_difference() -> None:
    text = "reopen_days = 0\n" + SHOP
    with laboratory(text) as lab:
        opened(lab)
        agent_resolves(lab)
        lab.now += timedelta(hours=1)
        second_message(lab)
        with lab.aside():
            recorded = list(tryout.stored(show.chats()))
    assert [bool(was.text) for _, was in recorded] == [True, False]
    assert all(tryout.differs(was, tryout.outcome(case, load(text))) == {} for case, was in recorded)


def test_what_rules_did_is_read_from_what_is_recorded() -> None:
    with laboratory(RULED_SHOP) as lab:
        first_message(lab)
        with lab.aside():
            ((_, was),) = tryout.stored(show.chats())
            assert next(store.heads()).tags == ("on-its-way",)
    assert was == Outcome("", "returns", "urgent", "Thank you for writing to Corner Shop. We look for it.", True)


# ---- doc ----------------------------------------------------------------------------------------------------------


def test_every_condition_has_words() -> None:
    assert {*playbook.CONDITIONS, *playbook.CHOICES} == set(CONDITIONS)


def test_all_rules_desks_and_tiers_are_told(put: Set) -> None:
    put('packs = ["return"]\n' + CLOSED_SHOP + VIP)
    told = said("doc")
    assert "1. It: if it comes by email or line and the customer has the tag vip: to second, high priority." in told
    assert "2. A return (pack return): if the customer is at the stage return: tagged return." in told
    assert "3. All else: to front." in told
    assert "- open Monday to Friday 9:00-18:00 (Europe/Berlin)" in told
    assert "- after 30 open minutes without an answer the conversation moves to second" in told
    assert 'rule0{{"It"}} --> desk1' in told and 'routes -- "default" --> desk0' in told
