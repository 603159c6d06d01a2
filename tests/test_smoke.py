"""The test after a deployment: each account's webhook comes to the owner's desk, and nothing is left of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from chalicelib import aws, providers, receive, store
from chalicelib.webhook import Request
from infra import send, smoke
from infra.simulate import Webhook
from tests.lab import PUBLIC, Lab
from tests.lab.everything import EVERYTHING_SECRETS, EVERYTHING_SHOP, SECOND_INBOUND, everything


@contextmanager
def live(lab: Lab, status: int = 0) -> Iterator[None]:
    """The laboratory behind an address, in the present; with `status` it answers that and takes nothing in."""
    lab.now = datetime.now(UTC)

    def post(webhook: Webhook, url: str) -> send.Posted:
        _, _, provider, *account = urlsplit(url).path.split("/")
        headers = {name.lower(): value for name, value in webhook.headers.items()}
        request = Request(method=webhook.method, url=url, headers=headers, body=webhook.body, at=lab.now)
        unique = f"request-{lab.world.number()}"
        return send.Posted(status or receive.receive(request, provider, "".join(account), unique).status, "word")

    def settled(keys: list[str], patience: float) -> bool:
        lab.settle()
        return True

    with mock.patch.object(send, "post", post), mock.patch.object(send, "settled", settled):
        yield


def tried(lab: Lab) -> dict[str, smoke.Tried]:
    return {one.account: one for one in smoke.run(lab.shop, PUBLIC)}


def rows(lab: Lab) -> list[Mapping[str, Any]]:
    with lab.aside():
        return [aws.decode(row) for row in aws.client("dynamodb").scan(TableName="shopbell")["Items"]]


FEW = ("twilio_sms", "telnyx", "telegram", "postmark", "ses", "slack")
FEW_SHOP = EVERYTHING_SHOP.partition("[providers.")[0] + "".join(f"[providers.{name}]\n" for name in FEW)


def test_every_account_comes_to_the_owners_desk_and_no_customer_hears_of_it() -> None:
    with everything() as lab, live(lab):
        found = tried(lab)
        silent = dict.fromkeys(providers.ORDERS, "left out")
        heard = [name for name in providers.NAMES if name not in silent]
        assert {name: one.state for name, one in found.items()} == dict.fromkeys(heard, "arrived") | silent
        assert {post.text for post in lab.posts()} == {smoke.WORDS.format(name) for name in heard}
        assert len(lab.posts()) == len(heard)
        assert {post.to for post in lab.posts()} == {"C0OWNER"}
        assert not lab.texts() and not lab.dead_letters()
        left = rows(lab)  # nothing but that it was there
        assert {row["pk"].partition("#")[0] for row in left} == {"CLAIM"}
        assert all(row["deliveries"] == {} for row in left)


def test_who_wrote_before_goes_on_as_if_nothing_had_been() -> None:
    with everything(FEW_SHOP) as lab, live(lab):
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle()
        before = list(store.heads())
        tried(lab)
        assert list(store.heads()) == before
        assert len(lab.texts()) == 1


def test_a_webhook_that_is_refused_says_how_and_leaves_nothing() -> None:
    with everything(FEW_SHOP) as lab, live(lab, 401):
        found = tried(lab)
        assert found["telegram"] == smoke.Tried("telegram", "failed", "it was answered 401 word")
        assert all(row["deliveries"] == {} for row in rows(lab))


def test_one_that_does_not_come_to_the_desk_has_failed() -> None:
    with everything(FEW_SHOP) as lab, live(lab), mock.patch.object(send, "settled", lambda keys, patience: False):
        found = tried(lab)
        assert found["telegram"].state == "failed"
        assert "not at the desk" in found["telegram"].why


def test_an_account_without_its_secrets_is_left_out() -> None:
    secrets = {name: value for name, value in EVERYTHING_SECRETS.items() if "TELEGRAM" not in name}
    with everything(FEW_SHOP, secrets) as lab, live(lab):
        assert tried(lab)["telegram"] == smoke.Tried("telegram", "left out", "no secrets are set yet")


def test_an_account_whose_webhooks_only_its_provider_can_sign_is_left_out() -> None:
    public = EVERYTHING_SECRETS["SHOPBELL_TELNYX_PUBLIC_KEY"].split()[0]
    theirs = {**EVERYTHING_SECRETS, "SHOPBELL_TELNYX_PUBLIC_KEY": public, "SHOPBELL_SES_SNS_URL": ""}
    with everything(FEW_SHOP, theirs) as lab, live(lab):
        found = tried(lab)
        assert (found["telnyx"].state, found["ses"].state) == ("left out", "left out")
        assert "only the provider has" in found["telnyx"].why
        assert "write to your shop" in found["ses"].why


def test_a_second_account_is_tried_by_itself() -> None:
    secrets = {**EVERYTHING_SECRETS, **SECOND_INBOUND, "SHOPBELL_TELEGRAM__B2_BOT_TOKEN": "7002:second"}
    with everything(FEW_SHOP + "[providers.telegram.B2]\n", secrets) as lab, live(lab):
        assert tried(lab)["telegram B2"].state == "arrived"
