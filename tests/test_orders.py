"""Orders: kept by the addresses of who bought, shown on the card of who writes, told to nobody, and gone in time."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib import orders as bought
from chalicelib import providers, settings, store
from chalicelib.models.orders import STEPS, Demand, Order
from chalicelib.models.values import Address, Channel
from chalicelib.store import forgetting, orders
from infra import erase, export, forget, person, retention, send, stack, values
from tests.lab import MAIL_SHOP, ORDERING_SHOP, QUEUE, SHOP, START, Lab, laboratory, sqs_queue
from tests.lab.flows import MIRA, OTTO, first_message, opened, order_on_card, orders_then_writes

MAIL = "mira.olsen@customer.example"
BY_MAIL = Address(channel=Channel.EMAIL, id=MAIL)
BY_PHONE = Address(channel=Channel.SMS, id=MIRA)
OTTOS = Address(channel=Channel.SMS, id=OTTO)


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+4915123456789", None, "+4915123456789"),
        ("0151 234 567-89", "DE", "+4915123456789"),
        ("+49 (0)151 23456789", None, "+4915123456789"),
        ("0049 151 23456789", "US", "+4915123456789"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("06 1234 5678", "IT", "+390612345678"),  # there the 0 stays
        ("(555) 010-0199", "US", "+15550100199"),
        ("0151 23456789", None, ""),
        ("0151 23456789", "XX", ""),
        ("0151 23456789", 49, ""),
        ("22395", "US", ""),  # a short code
        ("none of yours", "DE", ""),
        ("0" * 5_000, "DE", ""),
        (4915123456789, "DE", ""),
    ],
)
def test_a_number_is_one_of_the_buyer_s_own_country(written: Any, country: Any, number: str) -> None:
    assert [who.id for who in bought.buyer([], [written], country)] == [number] * bool(number)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory(ORDERING_SHOP) as lab:
        yield lab


def order(number: int = 1, minute: int = 0, state: str = "paid", *buyer: Address, **rest: Any) -> Order:
    told = {"number": f"#{number}", "state": state, "total": "49.90", "currency": "EUR", **rest}
    at = START - timedelta(hours=1) + timedelta(minutes=minute)
    return Order(provider="shopify", id=f"id-{number}", at=at, buyer=buyer or (BY_MAIL, BY_PHONE), **told)


def gone(number: int) -> Order:
    return Order(provider="shopify", id=f"id-{number}", gone=True)


def told(lab: Lab, *items: Order | Demand) -> None:
    lab.put(*items)
    lab.settle()


def shown(lab: Lab, *addresses: Address) -> list[str]:
    with lab.aside():
        return [f"{one.number} {one.state}" for one in store.last_orders(addresses or (BY_MAIL,))]


def kept(lab: Lab) -> list[dict[str, Any]]:
    return [row for row in lab.rows() if row["pk"].startswith("ORDER")]


def card(lab: Lab) -> list[str]:
    """The lines about orders on the last card."""
    drawn = [entry for entry in lab.world.ledger if entry.what == "card"][-1]
    return [line for line in json.dumps(drawn.raw, ensure_ascii=False).replace('"', "\\n").split("\\n")
            if line.startswith("Order ")]  # fmt: skip


# ---- on the card ------------------------------------------------------------------------------------------------


def test_the_card_shows_the_last_two_the_newest_first(lab: Lab) -> None:
    told(lab, order(1, 0), order(2, 1, "waits for payment"), order(3, 2, "paid, sent"))
    assert not lab.world.ledger
    first_message(lab)
    assert card(lab) == [
        "Order #3 · paid, sent · 49.90 EUR · 2 March 2026",
        "Order #2 · waits for payment · 49.90 EUR · 2 March 2026",
    ]


def test_only_where_something_tells_of_orders_one_more_read_is_made() -> None:
    calls, cards = [], []
    for shop in (SHOP, ORDERING_SHOP):
        with laboratory(shop) as lab:
            first_message(lab)
            calls.append(lab.seam.calls)
            cards.append([entry.raw for entry in lab.world.ledger if entry.what == "card"])
    assert cards[0] == cards[1]
    posted = calls[0].index("slack.chat.postMessage")
    assert calls[1] == [*calls[0][:posted], "dynamodb.BatchGetItem", *calls[0][posted:]]


def test_what_comes_while_they_talk_is_on_the_next_card(lab: Lab) -> None:
    opened(lab)
    told(lab, order(7))
    assert len(lab.posts()) == 1
    lab.ring("slack", lab.say("#priority high", 10, "slack", thread=lab.thread()))
    lab.settle()
    (changed,) = [entry for entry in lab.world.ledger if entry.what == "edit"]
    assert "Order #7 · paid" in str(changed.raw)


def test_a_mailbox_shows_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with laboratory(MAIL_SHOP + "[providers.shopify]\n") as lab:
        orders_then_writes(lab)
        (mail,) = lab.posts()
        assert "Order #1037 · paid · 49.90 EUR" in mail.text


def test_a_phone_number_is_one_whatever_it_is_reached_by(lab: Lab) -> None:
    told(lab, order(7))
    assert shown(lab, Address(channel=Channel.WHATSAPP, id=MIRA)) == ["#7 paid"]


def test_whoever_is_not_proved_is_not_shown_with_anothers_orders(lab: Lab) -> None:
    told(lab, order(7))
    assert not shown(lab, Address(channel=Channel.UNVERIFIED_EMAIL, id=MAIL))
    assert not shown(lab, Address(channel=Channel.WEBCHAT, id=MIRA))


# ---- in order, once, and no longer than said ----------------------------------------------------------------------

STORY = (
    order(1, 0, "waits for payment"),
    order(1, 0, "paid"),  # within the same second
    order(2, 1),
    order(1, 3, "paid, sent"),
    order(3, 2, "refunded"),
)


def test_in_whatever_order_they_come_the_newest_counts(lab: Lab) -> None:
    seen = set()
    with lab.aside():
        for story in [*permutations(STORY)][::23]:
            for one in (*story, *story[:2]):
                store.keep_order(one, START, 90)
            rows = [(row["pk"], str(row.get("last")), row.get("age")) for row in kept(lab)]
            seen.add(str(sorted(rows)))
            assert shown(lab) == ["#1 paid, sent", "#3 refunded"]
            forgetting.drop(kept(lab))
    assert len(seen) == 1


def test_within_one_second_what_is_further_along_is_newer() -> None:
    ages = [order(1, 0, word).age for word in STEPS]
    assert ages == sorted(ages)
    assert order(1, 0, "of a plugin").age < ages[0] and ages[-1] < order(1, 1, "of a plugin").age


def test_the_same_again_at_another_time_is_another() -> None:
    assert order(1, 0).claim != order(1, 1).claim and order(1, 0).key == order(1, 1).key


def test_what_comes_twice_changes_nothing(lab: Lab) -> None:
    told(lab, order(1))
    before = lab.rows()
    lab.now += timedelta(days=2)
    told(lab, order(1), order(1))
    assert lab.rows() == before


def test_a_forged_one_changes_nothing(lab: Lab) -> None:
    body = b'{"id": 1, "financial_status": "paid", "updated_at": "2026-03-02T09:00:00Z", "email": "mira@c.example"}'
    _, right = lab.webhook("shopify", lab.say("#1", 1, "shopify"))
    forged = type(right)(url=right.url, headers=right.headers, body=body, at=right.at)
    assert lab.post(("shopify", forged)).status == 401
    assert not lab.rows() and not sqs_queue(QUEUE)._messages


def test_one_order_costs_three_calls(lab: Lab) -> None:
    lab.ring("shopify", lab.say("#1", 1, "shopify"))
    lab.settle()
    assert lab.seam.calls == ["sqs.SendMessageBatch", "dynamodb.BatchGetItem", "dynamodb.TransactWriteItems move"]


def test_an_order_that_moves_to_another_buyer_leaves_the_first(lab: Lab) -> None:
    told(lab, order(1), order(2))
    told(lab, order(1, 5, "paid", OTTOS))
    assert (shown(lab), shown(lab, OTTOS)) == (["#2 paid"], ["#1 paid"])


def test_a_deleted_order_goes_and_an_older_word_does_not_bring_it_back(lab: Lab) -> None:
    told(lab, order(1), gone(1), order(1, 5, "paid, sent"))
    assert not shown(lab)
    told(lab, gone(2), order(2))
    assert not shown(lab)
    told(lab, order(1, 90))  # restored, later
    assert shown(lab) == ["#1 paid"]


def test_of_somebody_who_cannot_be_told_nothing_is_kept(lab: Lab) -> None:
    told(lab, order(1).model_copy(update={"buyer": ()}))
    assert not lab.rows()


def test_everything_fades(lab: Lab) -> None:
    told(lab, order(1))
    told(lab, gone(2))
    assert kept(lab)
    for row in kept(lab):
        assert datetime.fromtimestamp(int(row["fades_at"]), START.tzinfo) - START < timedelta(days=91)
    assert "orders 90 days" in retention.said(settings.load(SHOP))


def test_nothing_is_kept_but_what_the_lines_need(lab: Lab) -> None:
    body = (Path(__file__).parent / "payloads/shopify/created.body").read_bytes()
    assert lab.post_signed("shopify", body) == 200
    lab.settle()
    everything = str([lab.rows(), lab.objects()])
    assert "#1037" in everything
    assert not [word for word in ("Mira", "Olsen", "Hafen", "kettle", MAIL, MIRA[1:], "70071") if word in everything]


# ---- what the law lets them ask for --------------------------------------------------------------------------------


def demand(what: Any = "erase", **rest: Any) -> Demand:
    asked = {"id": "70071", "buyer": (BY_MAIL, BY_PHONE), **rest}
    return Demand(provider="shopify", what=what, **asked)


def words(lab: Lab) -> str:
    """What the owner was told, once."""
    (said,) = [entry.text for entry in lab.world.ledger if entry.to == "C0OWNER"]
    return said


def test_who_is_to_be_erased_and_never_wrote_is_gone_at_once(lab: Lab) -> None:
    told(lab, order(1), order(2, 0, "paid", OTTOS), order(3, 0, "paid", OTTOS))
    told(lab, order(4, 0).model_copy(update={"provider": "woocommerce"}))
    told(lab, demand(orders=("id-2", "id-9", "id-2")))
    assert (shown(lab, BY_MAIL, BY_PHONE), shown(lab, OTTOS)) == (["#4 paid"], ["#3 paid"])
    assert "Their orders from there are gone. Nothing else is kept of them here." in words(lab)


def test_what_else_is_kept_of_them_goes_by_one_command(lab: Lab) -> None:
    opened(lab)
    told(lab, order(1))
    told(lab, demand())
    (head,) = lab.heads()
    assert words(lab).endswith(f"Please run:\nshopbell forget --contact {head.id}")
    assert MAIL not in words(lab) and MIRA[1:] not in words(lab)
    told(lab, demand())
    assert words(lab)


def test_what_outlived_its_own_row_goes_too(lab: Lab) -> None:
    """The rows of addresses live as long as the last order in them."""
    told(lab, order(1), order(2, 1))
    with lab.aside():
        forgetting.drop(row for row in kept(lab) if row.get("id") == "id-1")
    told(lab, demand())
    assert not shown(lab)


def test_an_order_that_comes_after_it_is_a_new_one(lab: Lab) -> None:
    told(lab, demand(), order(1, 90))
    assert shown(lab) == ["#1 paid"]


def test_who_only_bought_can_be_handed_what_is_kept(lab: Lab) -> None:
    told(lab, order(1))
    told(lab, demand("export", id="9999"))
    commands = words(lab).split("\n")[1:]
    for command in commands:
        asked = person.Asked(contact=command.removeprefix("shopbell export --contact "))
        with lab.aside():
            assert [one["number"] for one in export.export(asked)["orders"]] == ["#1"]
    assert len(commands) == 2  # nobody knows that number and mail are one's


def test_of_whom_nothing_is_known_is_said_so(lab: Lab) -> None:
    told(lab, demand("export", id="9999"))
    assert "(9999)" in words(lab) and "Nothing is kept of them here." in words(lab)


def test_all_that_a_shops_software_told_goes_by_one_command(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    told(lab, order(1), order(2).model_copy(update={"provider": "woocommerce"}))
    told(lab, demand("erase all", id="corner.example", buyer=()))
    command = words(lab).split("\n")[1].split()
    assert command == ["shopbell", "forget", "--orders", "shopify"]
    monkeypatch.setattr(stack, "place", lambda *_: "here")
    monkeypatch.setattr(values, "complete", lambda *_: {})
    monkeypatch.setattr(send, "known", dict)
    with lab.aside():
        tried = CliRunner().invoke(forget.forget, ["--orders", "shopify", "--dry-run"], obj=Path())
        assert "orders: 1" in tried.output and "Nothing is erased." in tried.output
        done = CliRunner().invoke(forget.forget, ["--orders", "shopify", "--yes"], obj=Path())
    assert done.exit_code == 0, done.output
    assert shown(lab) == ["#2 paid"]
    assert "shopify" not in str(kept(lab))
    wrong = CliRunner().invoke(forget.forget, ["--orders", "telegram"], obj=Path())
    assert wrong.exit_code == 2 and ", ".join(providers.ORDERS) in wrong.output


# ---- forgotten and handed over -----------------------------------------------------------------------------------


def erased(lab: Lab, **asked: str) -> erase.Receipt:
    with lab.aside():
        return erase.forget(person.Asked(**asked), lambda: lab.now)


def test_who_is_forgotten_by_one_address_has_no_order_under_the_other(lab: Lab) -> None:
    told(lab, order(1), order(2, 0, "paid", OTTOS))
    orders_then_writes(lab)
    assert erased(lab, email=MAIL).counts["orders"] == 1
    assert shown(lab, BY_PHONE) == ["#1037 paid"]
    assert erased(lab, phone=MIRA).counts["orders"] == 1
    assert not shown(lab, BY_MAIL, BY_PHONE)
    assert shown(lab, OTTOS) == ["#2 paid"]
    assert not [row for row in kept(lab) if row.get("last") and "#2" not in str(row)]


def test_what_still_waits_of_somebody_forgotten_is_dropped(lab: Lab) -> None:
    told(lab, order(1))
    lab.put(order(2, 1))
    lab.put(order(3, 1, "paid", BY_PHONE))
    erased(lab, email=MAIL)
    lab.settle()
    assert (shown(lab), shown(lab, BY_PHONE)) == ([], ["#3 paid"])
    lab.now += timedelta(minutes=2)
    told(lab, order(4, 2))
    assert shown(lab) == ["#4 paid"]


def test_who_only_bought_is_forgotten_and_a_second_run_finds_nothing(lab: Lab) -> None:
    told(lab, order(1))
    with lab.aside():
        assert erase.found(person.Asked(email=MAIL)) == {**erase.found(person.Asked(phone=MIRA)), "addresses": 2}
    assert erased(lab, email=MAIL).counts["orders"] == 1
    assert not +erased(lab, email=MAIL).counts
    with pytest.raises(person.Nobody):
        erased(lab, email="nobody@customer.example")


def test_an_order_that_meets_its_forgetting_is_not_kept(lab: Lab) -> None:
    """It was read before, and is written after: the row that was buried is another by then."""
    told(lab, order(1), order(2), order(3, -5))

    before = lab.seam.intercept

    def bury(number: int, name: str, apply: Any, request: Any) -> Any:
        if name.startswith("dynamodb.TransactWriteItems"):
            lab.seam.intercept = before
            with lab.aside():
                erase.forget(person.Asked(email=MAIL), lambda: lab.now)
        return apply()

    lab.seam.intercept = bury
    told(lab, order(3, -4))  # too old to stand among the last two
    assert not shown(lab) and not [row for row in kept(lab) if row["pk"].startswith("ORDER#")]


def test_put_aside_it_is_theirs(lab: Lab) -> None:
    with lab.aside():
        who = person.whole(person.Asked(email=MAIL), ())
        theirs = person.Theirs(who, frozenset(), frozenset(), frozenset())
    assert theirs.has(order(1)) and theirs.has(demand())
    assert not theirs.has(order(2, 0, "paid", OTTOS))


def test_they_are_in_an_export(lab: Lab) -> None:
    told(lab, order(1), order(2, 0, "paid", OTTOS))
    first_message(lab)
    with lab.aside():
        found = export.export(person.Asked(phone=MIRA))
    assert found["orders"] == [
        {"provider": "shopify", "number": "#1", "state": "paid", "total": "49.90", "currency": "EUR",
         "at": "2026-03-02T08:00:00Z"}
    ]  # fmt: skip


def test_rows_of_a_message_are_none_of_orders(lab: Lab) -> None:
    first_message(lab)
    with lab.aside():
        assert not any(orders.among(lab.rows(), lambda one: True))


def test_the_flow_shows_it_once(lab: Lab) -> None:
    orders_then_writes(lab)
    assert not order_on_card(lab) and card(lab)
