"""X: both its signatures, why its check of the address proves no event, what becomes of what it takes and refuses."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as some
from oauthlib.oauth1 import Client
from pydantic import SecretStr

from chalicelib import api
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import x
from chalicelib.webhook import Request
from infra import simulate
from infra.world import File, Reply, World
from tests.lab import carried, prepare
from tests.lab.everything import EVERYTHING_SECRETS, Door, config, post, said

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
URL = "https://shop.example/webhooks/x"
CONFIG = config("x")
PERSON = "2244660088"
ANSWER = Outgoing(key="k1", to=PERSON, text="It left this morning. 👋🏽", at=NOW)


# ---- what X signs -----------------------------------------------------------------------------------------------

SECRET = CONFIG.model_copy(update={"consumer_secret": (SecretStr("test-secret"),)})
# Derived from X's description: the same HMAC over a body, and over the token of its check
BODY, SIGNATURE = rb'{"text":"h\u00e9llo"}', "sha256=b6mAv7XEuxs0nj23iEEm2VWzuqaNoyk8n0ttOw5o0U0="
TOKEN, PROOF = "abc", "sha256=5MTa3WVx+Bp7AZ0hbbHvOHewyI+qvFamb4iX7jKFdZM="


def asked(token: str) -> Request:
    return Request(method="GET", url=URL, query={"crc_token": token}, at=NOW)


def proof(token: str, how: Any = SECRET) -> str:
    """What X is answered when it checks the address; empty where nothing is signed."""
    try:
        answer = x.verify(asked(token), how)
    except BadSignature:
        return ""
    assert answer and answer.content_type == "application/json"
    return str(json.loads(answer.body)["response_token"])


def accepts(body: bytes, signature: str) -> bool:
    try:
        x.verify(Request(url=URL, headers={"x-twitter-webhooks-signature": signature}, body=body, at=NOW), SECRET)
    except BadSignature:
        return False
    return True


def test_vectors() -> None:
    assert accepts(BODY, SIGNATURE) and not accepts(BODY + b" ", SIGNATURE)
    assert not any(accepts(BODY, odd) for odd in ("", "é", "\ud800", SIGNATURE[7:], SIGNATURE.rstrip("=")))
    assert proof(TOKEN) == PROOF


def test_the_check_of_the_address_is_answered_and_nothing_is_queued(front: Door) -> None:
    answer = post(front, asked("Y2hhbGxlbmdl-0_1."), "x")
    assert answer.status == 200 and json.loads(answer.body)["response_token"].startswith("sha256=")
    assert post(front, Request(method="GET", url=URL, at=NOW), "x").status == 401
    assert not front.seam.calls


FORGED = [
    BODY.decode(),
    f" \n{BODY.decode()}",
    f"\x0b\x1c\xa0\ufeff{BODY.decode()}",
    '["a"]',
    '"a"',
    "null",
    "true",
    "a b",
    "a\0",
    "a=b&c=d",
    "<a>",
    "ü",
    "\ud800",
    "a" * 1001,
]


@pytest.mark.parametrize("token", FORGED)
def test_nobody_gets_an_event_signed_by_asking_for_a_check(token: str) -> None:
    assert proof(token) == ""


@given(some.text(max_size=20) | some.text('{}[]"nulltrue0 :&=ü', max_size=12))
@effort(max_examples=300, deadline=None, database=None, derandomize=True)
def test_what_is_signed_in_a_check_is_no_event(token: str) -> None:
    signed = proof(token)
    assert not signed or not accepts(token.encode("utf-8", "surrogatepass"), signed)


def test_the_simulator_signs_events_alone() -> None:
    webhook = simulate.webhook("x", [said("x", "héllo 👋")], URL, NOW, CONFIG)
    request = Request(url=URL, headers=webhook.headers, body=webhook.body, at=NOW)
    assert x.verify(request, CONFIG) is None
    with pytest.raises(BadSignature):
        x.verify(replace(request, body=webhook.body.replace(b"h", b"H", 1)), CONFIG)
    with pytest.raises(ValueError, match="JSON objects"):
        simulate.signed("x", replace(webhook, body=b"abc"), URL, NOW, CONFIG)


# ---- what events mean -------------------------------------------------------------------------------------------


def parsed(event_type: str, **payload: Any) -> list[Any]:
    data = {"event_type": event_type, "filter": {"user_id": "1111"}, "payload": payload}
    return x.parse(Request(url=URL, body=json.dumps({"data": data}).encode(), at=NOW), CONFIG)


def written(text: str = "Hello", **rest: Any) -> dict[str, Any]:
    said = {"sender_id": PERSON, "message_data": {"text": text}, **rest}
    return {"type": "message_create", "id": "77", "created_timestamp": "1", "message_create": said}


def test_an_event_that_comes_by_another_delivery_is_the_same() -> None:
    (first,), (again,) = (parsed("dm.received", direct_message_events=[written(target=n)]) for n in (1, 2))
    assert first.claim == again.claim


@pytest.mark.parametrize("broken", [{"sender_id": 7}, {"sender_id": "../1"}, {"message_data": None}])
def test_what_cannot_be_read_costs_no_other(broken: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as raised:
        parsed("dm.received", direct_message_events=[written(), written(**broken)])
    assert [item.text for item in raised.value.items] == ["Hello"]


def test_an_event_of_another_kind_may_hold_anything() -> None:
    assert parsed("post.create", id=5) == parsed("something.new") == []


# ---- what we sign -----------------------------------------------------------------------------------------------

# From X's page on creating a signature
PUBLISHED = {
    "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
    "include_entities": "true",
    "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
    "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "1318622958",
    "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "oauth_version": "1.0",
}
PAIR = ("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE")


def test_published_signature() -> None:
    url = "https://api.x.com/1.1/statuses/update.json"
    assert x.signature("POST", url, PUBLISHED, *PAIR) == "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="


@given(
    some.dictionaries(some.text("abAB é%~", min_size=1), some.text("abAB é👋+&=%~"), max_size=5), some.text("aé&/+~")
)
@effort(max_examples=100, deadline=None, database=None, derandomize=True)
def test_oauthlib_signs_the_same(query: dict[str, str], secret: str) -> None:
    url = "https://api.x.com/2/dm_conversations/with/2244660088/messages"
    client = Client("key", secret, "token", secret[::-1], nonce="n0nce", timestamp="1318622958")
    asked = f"{url}?{urlencode(query, quote_via=quote)}" if query else url
    _, headers, _ = client.sign(asked, "POST", headers={"Content-Type": "application/json"})
    fields = {name: PUBLISHED[name] for name in ("oauth_signature_method", "oauth_timestamp", "oauth_version")}
    fields |= {"oauth_consumer_key": "key", "oauth_token": "token", "oauth_nonce": "n0nce", **query}
    ours = x.signature("POST", url, fields, secret, secret[::-1])
    assert f'oauth_signature="{quote(ours, safe="~")}"' in headers["Authorization"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(EVERYTHING_SECRETS)
    world.now = lambda: NOW
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


def failed(how: Any = CONFIG, **outgoing: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        x.send(ANSWER.model_copy(update=outgoing), how)
    return caught.value


def test_a_message_arrives_as_it_was_written(world: World) -> None:
    first, second = x.send(ANSWER, CONFIG), x.send(ANSWER, CONFIG)
    assert [(entry.id, entry.to, entry.text) for entry in world.ledger] == [
        (one, PERSON, ANSWER.text) for one in (first, second)
    ]
    assert world.ledger[0].raw == {"text": ANSWER.text}


@pytest.mark.parametrize("field", ["consumer_secret", "access_token", "access_token_secret"])
def test_every_secret_is_needed(world: World, field: str) -> None:
    failure = failed(CONFIG.model_copy(update={field: (SecretStr("wrong"),)}))
    assert (failure.outcome, failure.reason) == (Outcome.REFUSED, "X: Unauthorized") and not world.ledger


def test_what_is_refused(world: World) -> None:
    world.state["x"] = {"closed": ["5"]}
    assert failed(to="5").reason == "X: You cannot send messages to this user."
    assert failed(text="").reason == failed(text="x" * 10_001).reason != ""
    assert failed(at=NOW - timedelta(minutes=6)).reason == "X: Unauthorized"
    assert [failed(to=odd).reason for odd in ("", "1/../2", "me", "٣")] == ["X: this is no address of a person"] * 4
    assert not world.ledger and len(world.refused) == 4


def test_a_call_that_is_listened_to_cannot_be_made_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[api.Call] = []

    def listen(call: api.Call) -> api.Answer:
        calls.append(call)
        return carried(world, prepare(call))

    monkeypatch.setattr(api, "transport", listen)
    x.send(ANSWER, CONFIG)
    assert carried(world, prepare(calls[0])).status == 401


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Rate-Limit-Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"X-Rate-Limit-Reset": str(int(NOW.timestamp()) + 90_000)}, 3600),
        ({"X-Rate-Limit-Reset": "5"}, 0),
        ({"X-Rate-Limit-Reset": "soon"}, None),
        ({"X-Rate-Limit-Reset": "9" * 400}, None),
        ({"X-Rate-Limit-Reset": "5", "Retry-After": "30"}, 30),
    ],
)
def test_how_long_x_asks_us_to_wait(world: World, headers: dict[str, str], seconds: float | None) -> None:
    world.fail(part="x", status=429, headers=headers)
    failure = failed()
    assert (failure.outcome, failure.retry_after) == (Outcome.NOT_SENT, seconds)


def test_a_file_is_handed_out_to_its_account_alone(world: World) -> None:
    file = simulate.File("lamp.png", "image/png", b"a lamp")
    words = said("x", "Look", files=(file,))
    for id, held in simulate.held("x", [words], CONFIG).items():
        world.hold("x", id, File(*held))
    (message,) = x.parse(Request(url=URL, body=simulate.load("x").compose([words], CONFIG).body, at=NOW), CONFIG)
    assert isinstance(message, Message)
    assert x.fetch(message.attachments[0], CONFIG, 100).data == b"a lamp"
    tagged = message.attachments[0].model_copy(update={"reference": f"{message.attachments[0].reference}?tag=1&b=%20"})
    assert x.fetch(tagged, CONFIG, 100).data == b"a lamp"  # what is asked behind the address is signed with it
    other = CONFIG.model_copy(update={"access_token_secret": (SecretStr("wrong"),)})
    with pytest.raises(SendFailed, match="401"):
        x.fetch(message.attachments[0], other, 100)
    with pytest.raises(SendFailed, match="a host that is not the provider's"):
        x.fetch(Attachment(name="a", reference="https://ton.twitter.com.evil.example/a"), CONFIG, 100)


def answering(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """As Shopbell answers X's check of the address."""
    place, _, query = url.partition("?")
    said = x.verify(
        Request(method=method, url=place, query=dict(parse_qsl(query)), headers=headers, body=body, at=NOW), CONFIG
    )
    return Reply(status=said.status, body=said.body.encode()) if said else Reply(status=400)


def test_setting_up_as_its_steps_say(world: World) -> None:
    pair = (CONFIG.consumer_key, EVERYTHING_SECRETS["SHOPBELL_X_CONSUMER_SECRET"])
    form = {"grant_type": "client_credentials"}
    lent = api.call("POST", f"{CONFIG.api_url}/oauth2/token", form=form, auth=pair).json()
    headers = {"Authorization": f"Bearer {lent['access_token']}"}
    asked: dict[str, Any] = {
        "method": "POST",
        "url": f"{CONFIG.api_url}/2/webhooks",
        "headers": headers,
        "json": {"url": URL},
    }
    assert api.call(**asked).json()["title"] == "CrcValidationFailed"
    world.visit = answering
    told = api.call(**asked).json()
    assert told["data"]["valid"] is True
    assert x.check(CONFIG, URL, NOW) == []
    (trouble,) = x.check(CONFIG, "https://other.example/webhooks/x", NOW)
    assert trouble.text == "X calls another address than https://other.example/webhooks/x"
    world.state["x"]["invalid"] = True
    assert x.check(CONFIG, URL, NOW)[0].text == "X calls the webhook no more: it failed a check of it"
    world.state["x"]["webhook"] = ""
    assert "no webhook address" in x.check(CONFIG, URL, NOW)[0].text
    refused = api.call("POST", f"{CONFIG.api_url}/2/webhooks", headers=headers, json={"url": "https://a.example:8443/"})
    assert refused.status == 400


def test_a_key_that_does_not_hold_is_told(world: World) -> None:
    with pytest.raises(SendFailed, match="no token"):
        x.check(CONFIG.model_copy(update={"consumer_secret": (SecretStr("wrong"),)}), URL, NOW)
