"""What is measured: a webhook at the front door, a message on its way through the worker; each call with its cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from moto.dynamodb.models import dynamodb_backends

from chalicelib import aws
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.values import Address, Channel
from tests.bench.meter import Cost, Meter
from tests.lab import REGION, SHOP, TABLE, Lab, laboratory
from tests.lab.flows import answered, last_reply, opened

Scene = list[Cost]

TEXT = "0123456789 abcde" * 64  # 1 kB
TOO_LARGE = 250_000  # characters: no queue message takes so many
SILENT_SHOP = SHOP.replace('text = "Thank you for writing to {shop}."', "")
USER = Address(channel=Channel.WHATSAPP, id="DE.8712345678901234")
PHONE = Address(channel=Channel.WHATSAPP, id="+4915123456780")


def played(many: int) -> dict[str, Scene]:
    """Every scene by its name; `many` is the number of the message that comes late in a long conversation."""
    return {
        "1 item": webhook(1),
        "10 items": webhook(10),
        "11 items": webhook(11),
        "50 items": webhook(50),
        "too many items": webhook(51),
        "too large": webhook(1, TOO_LARGE),
        "duplicate": duplicate(),
        "forged": forged(),
        "opening": opening(acknowledged=False),
        "opening, acknowledged": opening(acknowledged=True),
        "early": in_open_conversation(1),
        "late": in_open_conversation(many - 1),
        "linked": from_linked_address(),
        "reply": reply(),
        "receipt": receipt(),
    }


# ---- the front door ---------------------------------------------------------------------------------------------


def webhook(items: int, size: int = 20) -> Scene:
    """A webhook of so many messages, each of so many characters."""
    with laboratory() as lab, metered(lab) as costs:
        assert lab.ring("custom", *(lab.say("x" * size, number, "custom") for number in range(items))) == 200
    return costs


def duplicate() -> Scene:
    """The webhook of a message that is recorded and delivered."""
    with laboratory() as lab:
        opened(lab)
        with metered(lab) as costs:
            assert lab.ring("twilio_sms", lab.say("Where is my order?")) == 204
    return costs


def forged() -> Scene:
    with laboratory() as lab, metered(lab) as costs:
        provider, request = lab.webhook("twilio_sms", lab.say("Where is my order?"))
        unsigned = replace(request, headers={**request.headers, "x-twilio-signature": "bm90IHNpZ25lZA=="})
        assert lab.post((provider, unsigned)).status == 401
    return costs


# ---- the worker -------------------------------------------------------------------------------------------------


def opening(acknowledged: bool) -> Scene:
    """The message that opens a conversation."""
    with laboratory(SHOP if acknowledged else SILENT_SHOP) as lab:
        lab.ring("twilio_sms", lab.say(TEXT))
        costs = worked(lab)
        assert len(lab.texts()) == acknowledged
    return costs


def in_open_conversation(stored: int) -> Scene:
    """A text from the address first heard of, into a conversation that holds `stored` messages."""
    with laboratory() as lab:
        opened(lab)
        fill(lab, stored - 1)
        lab.ring("twilio_sms", lab.say(TEXT, 2))
        return worked(lab)


def from_linked_address() -> Scene:
    """A text from an address that was linked to a contact known by another."""
    with laboratory() as lab:
        lab.put(Message(provider="whatsapp", id="1", sender=USER, aliases=(PHONE,), text="Where is my order?"))
        lab.settle()
        lab.put(Message(provider="whatsapp", id="2", sender=PHONE, text=TEXT))
        return worked(lab)


def reply() -> Scene:
    """An agent's answer, over its two queue messages."""
    with laboratory() as lab:
        opened(lab)
        lab.ring("slack", lab.say(TEXT, 10, "slack", thread=lab.thread()))
        return worked(lab, receives=2)


def receipt() -> Scene:
    """The provider's word that an answer was delivered."""
    with laboratory() as lab:
        answered(lab)
        lab.put(Receipt(provider="twilio_sms", progress=Progress.DELIVERED, ids=(last_reply(lab).id,)))
        return worked(lab)


# ---- how --------------------------------------------------------------------------------------------------------


@contextmanager
def metered(lab: Lab) -> Iterator[Scene]:
    """The cost of every call from here on."""
    meter = Meter(lab)
    lab.seam.intercept = meter.intercept
    yield meter.costs


def worked(lab: Lab, receives: int = 1) -> Scene:
    """What the worker calls in so many receives; then nothing may be left to do."""
    with metered(lab) as costs:
        for _ in range(receives):
            assert lab.work()
        assert not lab.work()
    return costs


def fill(lab: Lab, count: int) -> None:
    """Put more message rows into the open conversation: copies of its first, right into moto's table."""
    rows = dynamodb_backends["123456789012"][REGION].tables[TABLE]
    with lab.aside():
        found = aws.client("dynamodb").scan(TableName=TABLE)["Items"]
    (first,) = [row for row in found if row["sk"]["S"].startswith("MESSAGE#")]
    for number in range(count):
        place = f"MESSAGE#2026-03-02T09:00:{number / 1000:06.3f}Z#{number:020d}" + first["claim"]["S"]
        rows.put_item({**first, "sk": {"S": place}})
    assert sum(1 for _ in rows.all_items()) == len(found) + count
