"""Two Shopbells facing one another: at most two automatic messages, then silence.

Both stand in one laboratory, as two accounts of one shop: to each the other is a customer like any other. The post
between them carries what one sent to the other's door, with the marks of a machine or without them.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import pytest

from chalicelib import receive, settings
from chalicelib.webhook import Request
from infra import simulate
from infra.simulate import Said
from infra.world import Entry
from tests.lab import PUBLIC, SECRETS, SHOP, Lab, laboratory

MOST = 2
WORDS = "Thank you for writing"
ROUNDS = 12


class Door(NamedTuple):
    """One Shopbell: where messages come in, and the address that its own messages come from."""

    provider: str
    account: str
    address: str


SMS_A, SMS_B = Door("twilio_sms", "", "+4930555000"), Door("twilio_sms", "B", "+4930555999")
MAIL_A, MAIL_B = Door("postmark", "", "service@shop.example"), Door("postmark", "B", "hello@other.example")
TWO = SHOP + "[providers.twilio_sms.B]\n[providers.postmark]\n[providers.postmark.B]\n"
TWO_SECRETS = {
    **SECRETS,
    "SHOPBELL_TWILIO_SMS__B_ACCOUNT_SID": "AC" + "2" * 32,
    "SHOPBELL_TWILIO_SMS__B_AUTH_TOKEN": "the-other-twilio-secret",
    "SHOPBELL_TWILIO_SMS__B_NUMBER": SMS_B.address,
    "SHOPBELL_TWILIO_SMS__B_API_URL": "http://world/twilio_sms",
    "SHOPBELL_POSTMARK__B_WEBHOOK_USER": "other",
    "SHOPBELL_POSTMARK__B_WEBHOOK_PASSWORD": "otherpassword",
    "SHOPBELL_POSTMARK__B_SERVER_TOKEN": "3f0c2a54-1111-4222-8333-9a7b6c5d4e30",
    "SHOPBELL_POSTMARK__B_SENDER": MAIL_B.address,
    "SHOPBELL_POSTMARK__B_INBOUND_ADDRESS": "hash@inbound.other.example",
    "SHOPBELL_POSTMARK__B_API_URL": "http://world/postmark",
}


def ring(lab: Lab, door: Door, sender: str, text: str, marks: list[dict[str, str]]) -> None:
    """A message comes in at a door, correctly signed; a mail carries the headers it was sent with."""
    config = settings.config(door.provider, door.account, "inbound")
    url = settings.webhook_url(PUBLIC, door.provider, door.account)
    said = Said(text=text, id=f"loop-{lab.world.number()}", at=lab.now, sender=sender)
    unsigned = simulate.load(door.provider).compose([said], config)
    body = unsigned.body
    if marks and door.provider == "postmark":
        content = json.loads(body)
        content["Headers"] += marks
        body = json.dumps(content).encode()
    webhook = simulate.Webhook(body=body, headers=unsigned.headers)
    headers = {**webhook.headers, **simulate.load(door.provider).sign(webhook, url, lab.now, config)}
    request = Request(url=url, headers=headers, body=body, at=lab.now)
    assert receive.receive(request, door.provider, door.account, f"loop-{lab.world.number()}").status < 300


def marks(entry: Entry) -> list[dict[str, str]]:
    """The headers that a mail of ours was sent with."""
    return list(entry.raw.get("Headers", ())) if isinstance(entry.raw, dict) else []


def carry(lab: Lab, ways: dict[str, tuple[Door, str]], marked: bool) -> int:
    """Carry to the other side whatever was sent there, for as long as there is something; returns how much it was.

    `ways` leads from the address that something was sent to, to the door it comes in at and who it comes from.
    """
    carried = 0
    for _ in range(ROUNDS):
        lab.settle(until=timedelta(minutes=5))
        automatic = [entry for entry in lab.texts() if WORDS in entry.text]
        if len(automatic) == carried:
            break
        for entry in automatic[carried:]:
            door, sender = ways[entry.to]
            ring(lab, door, sender, entry.text, marks(entry) if marked else [])
        carried = len(automatic)
    return carried


@contextmanager
def two() -> Iterator[Lab]:
    with laboratory(TWO, TWO_SECRETS) as lab:
        yield lab


FACING = {
    "by SMS": ({SMS_A.address: (SMS_A, SMS_B.address), SMS_B.address: (SMS_B, SMS_A.address)}, SMS_A, SMS_B),
    "by mail": ({MAIL_A.address: (MAIL_A, MAIL_B.address), MAIL_B.address: (MAIL_B, MAIL_A.address)}, MAIL_A, MAIL_B),
    "mail here, SMS there": (
        {  # a gateway between: what one sends by mail comes to the other as an SMS, and back
            "gateway@sms.example": (SMS_B, "+4930777000"),
            "+4930777000": (MAIL_A, "gateway@sms.example"),
        },
        MAIL_A,
        Door("", "", "gateway@sms.example"),
    ),
}


@pytest.mark.parametrize("marked", [True, False], ids=["with marks", "without any mark"])
@pytest.mark.parametrize("way", FACING)
def test_two_shopbells_fall_silent(way: str, marked: bool) -> None:
    ways, first, other = FACING[way]
    with two() as lab:
        ring(lab, first, other.address, "Do you sell kettles?", [])  # somebody at the other shop asks
        carried = carry(lab, ways, marked)
        assert 1 <= carried <= MOST
        lab.now += timedelta(hours=3)
        ring(lab, first, other.address, "Hello?", [])
        assert carry(lab, ways, marked) == carried


def test_a_machine_that_answers_everything_gets_one_word() -> None:
    """An autoresponder without a single mark, new words each time."""
    with two() as lab:
        ring(lab, MAIL_A, "robot@elsewhere.example", "I am away, your ticket is 1", [])
        for number in range(2, 8):
            lab.settle(until=timedelta(minutes=5))
            lab.now += timedelta(minutes=1)
            ring(lab, MAIL_A, "robot@elsewhere.example", f"I am away, your ticket is {number}", [])
        lab.settle(until=timedelta(minutes=5))
        assert len([entry for entry in lab.texts() if WORDS in entry.text]) == 1
