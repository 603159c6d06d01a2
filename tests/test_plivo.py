"""Plivo: its signature by its own library, what becomes of what it takes and refuses, and its receipts."""

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from plivo.utils import validate_signature
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import plivo
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra import simulate
from infra.world import plivo as part
from tests.lab.everything import Door, config

CONFIG = config("plivo")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://shop.example/webhooks/plivo"
TOKEN = "my_auth_token"  # this and the next from plivo-python, tests/utils/test_signature.py
PUBLISHED, NONCE, SIGNATURE = "https://answer.url", "12345", "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="


def accepts(url: str, nonce: str, token: str = TOKEN, **signatures: str) -> bool:
    headers = {f"x-plivo-signature-{whose}": text for whose, text in signatures.items()}
    request = Request(url=url, headers={"x-plivo-signature-v2-nonce": nonce, **headers}, body=b"Text=x", at=AT)
    try:
        plivo.verify(request, plivo.Config.model_validate({"auth_token": token}))
    except BadSignature:
        return False
    return True


# ---- the signature ----------------------------------------------------------------------------------------------


def test_the_published_signature_holds() -> None:
    """By either header, whatever the query: it is not signed."""
    assert validate_signature(PUBLISHED, NONCE, SIGNATURE, TOKEN)
    for url in (PUBLISHED, f"{PUBLISHED}?x=1"):
        assert accepts(url, NONCE, v2=SIGNATURE)
        assert accepts(url, NONCE, **{"v2": "of a subaccount", "ma-v2": SIGNATURE})
    assert accepts(PUBLISHED, NONCE, token=f"new {TOKEN}", v2=SIGNATURE)


def test_another_address_nonce_or_token_is_refused() -> None:
    assert not accepts("http://answer.url", NONCE, v2=SIGNATURE)
    assert not accepts(f"{PUBLISHED}/", NONCE, v2=SIGNATURE)
    assert not accepts(PUBLISHED, "12346", v2=SIGNATURE)
    assert not accepts(PUBLISHED, NONCE, token="other", v2=SIGNATURE)
    assert not accepts(PUBLISHED, NONCE) and not accepts(PUBLISHED, NONCE, v3=SIGNATURE)


def test_the_vendor_accepts_what_the_simulator_signed() -> None:
    webhook = simulate.load("plivo").compose([simulate.Said(text="Hi 👟", id="1", at=AT)], CONFIG)
    headers = simulate.load("plivo").sign(webhook, f"{URL}?a=1", AT, CONFIG)
    theirs = headers["x-plivo-signature-v2"], CONFIG.auth_token[0].get_secret_value()
    assert validate_signature(f"{URL}?a=1", headers["x-plivo-signature-v2-nonce"], *theirs)


def test_a_signature_of_bytes_that_are_no_text_is_refused() -> None:
    made = b64encode(hmac.digest(TOKEN.encode(), (URL + "1").encode(), "sha256")).decode()
    assert accepts(URL, "1", v2=made) and not accepts(URL + "\udcff", "1", v2=made)


# ---- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["MessageUUID", "From"])
def test_a_form_without_its_fields_is_kept_as_unreadable(missing: str) -> None:
    form = {"MessageUUID": "u", "From": "491", "Text": "x", missing: ""}
    with pytest.raises(Unreadable):
        plivo.parse(Request(url=URL, body=urlencode(form).encode(), at=AT), CONFIG)


@pytest.mark.parametrize("progress", ["sent", "delivered", "failed", "read"])
def test_receipts_of_the_world_are_understood(progress: str, front: Door) -> None:
    id = plivo.send(outgoing(), CONFIG)
    body = part.receipt(front.world.ledger[0], progress, front.world)
    items = plivo.parse(Request(url=URL, body=body, at=AT), CONFIG) if body else []
    means = {"delivered": Progress.DELIVERED, "failed": Progress.FAILED}.get(progress)
    assert [(item.progress, item.ids) for item in items if isinstance(item, Receipt)] == [(means, (id,))] * bool(means)


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "+4915700000041", "text": "Ja, zwei. 🙂", **rest})


def failed(how: plivo.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        plivo.send(outgoing(**rest), how)
    return caught.value


def test_what_goes_out(front: Door) -> None:
    plivo.send(outgoing(), CONFIG)
    plivo.send(outgoing(), CONFIG.model_copy(update={"webhook_url": URL, "number": "+4930990400"}))
    first, second = (entry.raw for entry in front.world.ledger)
    assert first == {"src": "4930990400", "dst": "4915700000041", "text": "Ja, zwei. 🙂"}
    assert second == {**first, "url": URL, "method": "POST"}


@pytest.mark.parametrize("letter", ["👟", "ж", "€", "ä"])
def test_the_longest_part_is_taken_whatever_it_is_made_of(letter: str, front: Door) -> None:
    longest, *_ = parts_for(letter * 3_000, plivo.can)
    assert plivo.send(outgoing(text=longest), CONFIG)
    assert "too long" in failed(text=longest + 2 * letter).reason


def test_what_plivo_refuses_is_told_in_its_words(front: Door) -> None:
    assert "src" in failed(CONFIG.model_copy(update={"number": "4930000000"})).reason
    assert "dst" in failed(to="72404").reason and "text" in failed(text="").reason
    assert "authentication" in failed(CONFIG.model_copy(update={"auth_token": (SecretStr("nobody"),)})).reason
    front.world.state["plivo"] = {"no_credit": True}
    assert failed().reason == "Plivo: insufficient credit" and failed().outcome is Outcome.REFUSED
    assert not front.world.ledger


@pytest.mark.parametrize("uuid", ["[]", '"a"', '["a", "b"]', "[5]", '[""]', "null"])
def test_an_answer_without_one_id_is_unknown(uuid: str, front: Door) -> None:
    front.world.fail(part="plivo", status=202, body=f'{{"message": "message(s) queued", "message_uuid": {uuid}}}')
    assert failed().outcome is Outcome.UNKNOWN
