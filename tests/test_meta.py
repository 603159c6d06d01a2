"""Meta's chats: signatures, what webhooks mean, what is sent, and how a failure is judged.

The oracle is pywa, a WhatsApp client: it checks our signer, reads our webhooks and the world's answers, and its own
requests are what ours have to look like.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pywa import errors, utils
from pywa.client import WhatsApp
from pywa.types import message as theirs_message
from pywa.types import message_status as theirs_status
from pywa.types.templates import BodyText, TemplateLanguage

from chalicelib import api, meta
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Provider
from chalicelib.models.values import Address, Channel
from chalicelib.providers import instagram, messenger, whatsapp
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request, Response
from infra import simulate
from infra.simulate import File, Said
from infra.world import Reply, Sent, World
from infra.world import instagram as instagram_world
from infra.world import messenger as messenger_world
from infra.world import whatsapp as whatsapp_world

PAYLOADS = Path(__file__).with_name("payloads")
MODULES: dict[str, Any] = {"whatsapp": whatsapp, "messenger": messenger, "instagram": instagram}
NAMES = tuple(MODULES)
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
URL = "https://shop.example/webhooks/meta"
NUMBER, USER, PHONE = "206540352242933", "DE.4471829305561728", "+4915198765432"
PERSON = "7261534409871265"
PAGE = messenger_world.PAGE
TOKEN = "EAAB-live-token"
SETTINGS = {"app_secret": "first-secret second-secret", "verify_token": "our-word older-word", "token": TOKEN}
CONFIGS: dict[str, Any] = {
    "whatsapp": whatsapp.Config.model_validate(
        SETTINGS | {"phone_number_id": NUMBER, "api_url": "http://world.test/whatsapp"}
    ),
    "messenger": messenger.Config.model_validate(SETTINGS | {"api_url": "http://world.test/messenger"}),
    "instagram": instagram.Config.model_validate(SETTINGS | {"api_url": "http://world.test/instagram"}),
}
CREDENTIALS = {
    "SHOPBELL_WHATSAPP_TOKEN": f"older-token {TOKEN}",
    "SHOPBELL_WHATSAPP_PHONE_NUMBER_ID": NUMBER,
    "SHOPBELL_WHATSAPP__SECOND_TOKEN": "token-of-the-second",
    "SHOPBELL_WHATSAPP__SECOND_PHONE_NUMBER_ID": "777",
    "SHOPBELL_MESSENGER_TOKEN": TOKEN,
    "SHOPBELL_INSTAGRAM_TOKEN": TOKEN,
}
ACCOUNT = instagram_world.ACCOUNT
TO = {"whatsapp": USER, "messenger": f"{PAGE}/{PERSON}", "instagram": f"{ACCOUNT}/{PERSON}"}
WHO = {"whatsapp": NUMBER, "messenger": PAGE, "instagram": "me"}


def request(body: bytes, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(url=URL, headers=named, body=body, at=AT)


def parse(name: str, body: bytes) -> list[Message | Receipt]:
    return list(MODULES[name].parse(request(body), CONFIGS[name]))


def dumped(item: Message | Receipt) -> dict[str, Any]:
    shown = item.model_dump(mode="json", exclude_defaults=True, exclude={"source"})
    return {"type": item.type, **shown}


def cases(name: str) -> list[Path]:
    return sorted((PAYLOADS / name).glob("*.body"))


def outgoing(to: str, text: str = "Guten Tag 🙂", **more: Any) -> Outgoing:
    return Outgoing(key="delivery-1", to=to, text=text, **more)


# ---- what webhooks mean -----------------------------------------------------------------------------------------


def exploded(name: str, body: bytes) -> Iterator[bytes]:
    """Every item of a webhook in a webhook of its own, as after a failed delivery."""
    outer = json.loads(body)
    for entry in outer["entry"]:
        for lists in ("messaging", "standby", "changes"):
            for one in entry.get(lists, ()):
                for alone in single(one) if lists == "changes" else [one]:
                    fresh = {"id": entry["id"], "time": 1, lists: [alone]}
                    yield json.dumps({"object": outer["object"], "entry": [fresh]}).encode()


def single(change: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for lists in ("messages", "statuses"):
        for one in change["value"].get(lists, ()):
            rest = {key: value for key, value in change["value"].items() if key not in ("messages", "statuses")}
            yield {**change, "value": {**rest, lists: [one]}}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_thing_in_another_envelope_has_the_same_claim(name: str) -> None:
    for case in cases(name):
        claims = [item.claim for item in parse(name, case.read_bytes())]
        apart = [item.claim for alone in exploded(name, case.read_bytes()) for item in parse(name, alone)]
        assert apart == claims, case.stem


@pytest.mark.parametrize("name", NAMES)
def test_distinct_things_have_distinct_claims(name: str) -> None:
    """Over all payloads, except what is the same thing there: one delivery is told of twice."""
    items = {json.dumps(dumped(item)): item for case in cases(name) for item in parse(name, case.read_bytes())}
    assert len({item.claim for item in items.values()}) == len(items) > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_item_keeps_its_own_part_of_the_webhook(name: str) -> None:
    for item in parse(name, (PAYLOADS / name / "batch.body").read_bytes()):
        assert isinstance(item.source, dict)
        if isinstance(item, Message):
            assert item.text in json.dumps(item.source, ensure_ascii=False)


@pytest.mark.parametrize(
    ("sent", "ours"),
    [
        ({"wa_id": "49111222"}, ["+49111222"]),
        ({"user_id": "DE.1"}, ["DE.1"]),
        ({"wa_id": "49111222", "user_id": "DE.1"}, ["DE.1", "+49111222"]),
        ({"user_id": "+49111222", "wa_id": "4933"}, None),  # nothing of it has the form of an address
        ({}, None),
    ],
)
def test_a_phone_and_a_user_id_never_look_alike(sent: dict[str, str], ours: list[str] | None) -> None:
    message = {"id": "wamid.1", "timestamp": "1772359200", "type": "text", "text": {"body": "x"}}
    value = whatsapp_world.value(NUMBER, contacts=[sent], messages=[message])
    body = whatsapp_world.envelope(value)
    if ours is None:
        with pytest.raises(Unreadable):
            parse("whatsapp", body)
        return
    (one,) = parse("whatsapp", body)
    assert isinstance(one, Message)
    assert [one.sender, *one.aliases] == [Address(channel=Channel.WHATSAPP, id=id) for id in ours]


def test_a_message_says_itself_who_wrote_it() -> None:
    """Without contacts the message's own ids count; a name that is not told is the user's chosen one, if any."""
    text = {"from_user_id": "DE.1", "id": "wamid.1", "timestamp": "1", "type": "text", "text": {"body": "x"}}
    (bare,) = parse("whatsapp", whatsapp_world.envelope(whatsapp_world.value(NUMBER, messages=[text])))
    contact = {"profile": {"username": "ana.b"}, "user_id": "DE.1"}
    body = whatsapp_world.envelope(whatsapp_world.value(NUMBER, contacts=[contact], messages=[text]))
    (named,) = parse("whatsapp", body)
    assert isinstance(bare, Message) and isinstance(named, Message)
    assert (bare.sender, bare.name) == (named.sender, "") and bare.sender.id == "DE.1"
    assert named.name == "ana.b"


@pytest.mark.parametrize(
    ("wrote", "sender", "aliases", "name"),
    [
        ([{"from": "49111222"}], "DE.1", ["+49111222"], "Ana"),
        ([{"from_user_id": "DE.1"}], "DE.1", ["+49111222"], "Ana"),
        ([{}], "DE.1", ["+49111222"], "Ana"),
        ([{}, {}], "DE.1", ["+49111222"], "Ana"),
        # somebody else: never under Ana's name, never with her phone
        ([{"from": "49333444"}], "+49333444", [], ""),
        ([{"from_user_id": "DE.2"}], "DE.2", [], ""),
        ([{"from_user_id": "DE.2", "from": "49111222"}], "DE.2", ["+49111222"], ""),
        ([{"from": "49333444"}, {"from": "49111222"}], "+49333444", [], ""),
    ],
)
def test_a_message_is_never_laid_at_somebody_elses_door(
    wrote: list[dict[str, str]], sender: str, aliases: list[str], name: str
) -> None:
    contact = {"profile": {"name": "Ana"}, "wa_id": "49111222", "user_id": "DE.1"}
    text = {"timestamp": "1", "type": "text", "text": {"body": "x"}}
    texts = [{**who, **text, "id": f"wamid.{place}"} for place, who in enumerate(wrote)]
    body = whatsapp_world.envelope(whatsapp_world.value(NUMBER, contacts=[contact], messages=texts))
    first, *rest = parse("whatsapp", body)
    assert isinstance(first, Message) and len(rest) == len(wrote) - 1
    assert (first.sender.id, [alias.id for alias in first.aliases], first.name) == (sender, aliases, name)


def test_who_hides_the_phone_is_not_mixed_up_with_who_shows_it() -> None:
    contact = {"profile": {"name": "Ana"}, "user_id": "DE.1"}
    text = {"timestamp": "1", "type": "text", "text": {"body": "x"}}
    texts = [{**text, "from_user_id": "DE.1", "id": "wamid.1"}, {**text, "from": "49333444", "id": "wamid.2"}]
    body = whatsapp_world.envelope(whatsapp_world.value(NUMBER, contacts=[contact], messages=texts))
    senders = [item.sender.id for item in parse("whatsapp", body) if isinstance(item, Message)]
    assert senders == ["DE.1", "+49333444"]


@pytest.mark.parametrize("written", ["", "soon", "-5", "1e9", "٣", "9" * 14, "9" * 40, None, [], 1.5, True])
def test_a_time_that_is_none_is_left_out(written: Any) -> None:
    assert meta.moment(written) is None


def test_times_are_utc() -> None:
    assert meta.moment("1772359200") == AT == meta.moment(1772359200000, 1000)


# ---- bad input --------------------------------------------------------------------------------------------------

GARBAGE: list[Any] = [
    *(b"", b"{", b"\xff\xfe", b"[]", b"null", b'"page"', b"{}", b'{"object":1}', b'{"object":"page"}'),
    *(b'{"object":"user","entry":[]}', b'{"object":"page","entry":5}', b'{"object":"page","entry":[5]}'),
    *(b'{"object":"page","entry":[{"id":5}]}', b'{"object":"page","entry":[{"id":"1","messaging":[{"message":{}}]}]}'),
    *(b'{"object":"page","entry":[{"id":"../1","messaging":[]}]}', b'{"object":"page","entry":NaN}'),
    *(b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages"}]}]}',),
    *(b'{"object":"whatsapp_business_account","entry":[{"changes":"messages"}]}', b"[" * 100_000),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", GARBAGE, ids=lambda body: body[:60].decode("latin-1"))
def test_what_cannot_be_read_is_said_to_be_unreadable(name: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(name, body)


@pytest.mark.parametrize("name", NAMES)
def test_one_bad_element_does_not_cost_the_others(name: str) -> None:
    body = (PAYLOADS / name / "batch.body").read_bytes()
    whole = parse(name, body)
    outer = json.loads(body)
    first = outer["entry"][0]
    chat = "messaging" in first
    messages = first["messaging"] if chat else first["changes"][0]["value"]["messages"]
    messages[0] = {"type": "text", **({"message": {}} if chat else {})}
    outer["entry"].append("what?")
    with pytest.raises(Unreadable) as caught:
        parse(name, json.dumps(outer).encode())
    assert list(caught.value.items) == whole[1:]


# ---- who sent it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "body", "mac"),
    [
        ("secret", b"test", "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914"),
        (
            "test-secret",
            b'{"text":"h\\u00e9llo"}',
            "6fa980bfb5c4bb1b349e3db7884126d955b3baa68da3293c9f4b6d3b0e68d14d",
        ),
        (
            "test-secret",
            '{"text":"héllo"}'.encode(),
            "1c569d8cff77ece3f37475593f3246cfe55a609a5a77d8be4441c276ce691403",
        ),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_published_signatures(name: str, secret: str, body: bytes, mac: str) -> None:
    config = CONFIGS[name].model_validate({"app_secret": secret})
    assert MODULES[name].verify(request(body, x_hub_signature_256=f"sha256={mac}"), config) is None
    assert utils.webhook_updates_validator(secret, body, f"sha256={mac}")
    for wrong in (mac, f"sha1={mac}", f"sha256={mac.upper()}", f"sha256={mac[:-1]}", f"sha256={mac} ", "", "sha256=é"):
        with pytest.raises(BadSignature):
            MODULES[name].verify(request(body, x_hub_signature_256=wrong), config)


@pytest.mark.parametrize("name", NAMES)
def test_what_we_sign_pywa_accepts_and_every_flipped_bit_is_refused(name: str) -> None:
    webhook = simulate.webhook(name, [Said(text="Zürich 🇨🇭 1/2", id="a", at=AT)], URL, AT, CONFIGS[name])
    header = webhook.headers["x-hub-signature-256"]
    assert utils.webhook_updates_validator("first-secret", webhook.body, header)
    assert MODULES[name].verify(request(webhook.body, x_hub_signature_256=header), CONFIGS[name]) is None
    for bit in range(len(webhook.body) * 8):
        flipped = bytearray(webhook.body)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            MODULES[name].verify(request(bytes(flipped), x_hub_signature_256=header), CONFIGS[name])


@pytest.mark.parametrize("name", NAMES)
def test_both_live_secrets_count_and_no_secret_is_no_way_in(name: str) -> None:
    unsigned = simulate.load(name).compose([Said(text="x", id="a", at=AT)], CONFIGS[name])
    second = CONFIGS[name].model_validate({"app_secret": "second-secret"})
    header = simulate.load(name).sign(unsigned, URL, AT, second)["x-hub-signature-256"]
    signed = request(unsigned.body, x_hub_signature_256=header)
    assert MODULES[name].verify(signed, CONFIGS[name]) is None
    with pytest.raises(BadSignature):
        MODULES[name].verify(signed, CONFIGS[name].model_validate({"app_secret": ""}))


@given(header=some.text(), body=some.binary(max_size=50), method=some.sampled_from(["POST", "GET", "HEAD", "PUT", ""]))
def test_a_strangers_request_is_refused_whatever_it_holds(header: str, body: bytes, method: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": header, "hub.challenge": header}
    for name in NAMES:
        stranger = Request(
            method=method, url=URL, query=query, headers={"x-hub-signature-256": header}, body=body, at=AT
        )
        with pytest.raises(BadSignature):
            MODULES[name].verify(stranger, CONFIGS[name])


def check(name: str, **query: str) -> Response:
    named = {f"hub.{key}": value for key, value in query.items()}
    return meta_response(MODULES[name].verify(Request(method="GET", url=URL, query=named, at=AT), CONFIGS[name]))


def meta_response(response: Response | None) -> Response:
    assert response is not None
    return response


@pytest.mark.parametrize("name", NAMES)
def test_the_url_check_is_answered_with_its_challenge_as_plain_text(name: str) -> None:
    answer = check(name, mode="subscribe", verify_token="our-word", challenge="1158201444")
    assert answer == Response(status=200, body="1158201444", content_type="text/plain")
    assert check(name, mode="subscribe", verify_token="older-word", challenge="7").body == "7"
    assert len(check(name, mode="subscribe", verify_token="our-word", challenge="9" * 5000).body) == 500


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"mode": "subscribe", "challenge": "1"},
        {"mode": "subscribe", "challenge": "1", "verify_token": ""},
        {"mode": "subscribe", "challenge": "1", "verify_token": "our-word older-word"},
        {"mode": "subscribe", "challenge": "1", "verify_token": "Our-word"},
        {"mode": "unsubscribe", "challenge": "1", "verify_token": "our-word"},
        {"challenge": "1", "verify_token": "our-word"},
    ],
)
def test_a_url_check_with_another_word_is_refused(name: str, query: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        check(name, **query)
    with pytest.raises(BadSignature):  # a body's signature is no substitute
        MODULES[name].verify(Request(method="GET", url=URL, at=AT), CONFIGS[name].model_validate({"app_secret": "s"}))


# ---- webhooks as we compose them --------------------------------------------------------------------------------


def client(world: World, token: str = TOKEN, number: str = NUMBER) -> WhatsApp:
    """pywa, connected to the world."""

    def answer(sent: httpx.Request) -> httpx.Response:
        said = world.answer(
            Sent(
                part="whatsapp",
                method=sent.method,
                path=sent.url.path,
                headers=dict(sent.headers),
                body=sent.content,
            )
        )
        return httpx.Response(said.status, headers=dict(said.headers), content=said.body)

    session = httpx.Client(transport=httpx.MockTransport(answer))
    return WhatsApp(phone_id=number, token=token, session=session, server=None)


@pytest.mark.parametrize(
    ("sender", "id", "phone"),
    [
        ("", "DE.8712345678901234", "4915123456780"),
        ("+49111222333", None, "49111222333"),
        ("49111222333", None, "49111222333"),
        ("BR.55aB", "BR.55aB", None),
        ("BR.55aB 5511999", "BR.55aB", "5511999"),
    ],
)
def test_pywa_reads_our_whatsapp_webhooks_as_we_do(sender: str, id: str | None, phone: str | None) -> None:
    said = Said(text="Grüße aus 東京 🗼 a/b", sender=sender, name="Zoë", id="one", at=AT)
    webhook = simulate.webhook("whatsapp", [said], URL, AT, CONFIGS["whatsapp"])
    (ours,) = parse("whatsapp", webhook.body)
    theirs = theirs_message.Message.from_update(client(World(CREDENTIALS)), json.loads(webhook.body))
    assert isinstance(ours, Message)
    assert (ours.id, ours.text, ours.name, ours.sent_at) == (theirs.id, said.text, "Zoë", AT)
    assert (theirs.text, theirs.from_user.name, theirs.timestamp.astimezone(UTC)) == (said.text, "Zoë", AT)
    assert (ours.sender.id, theirs.from_user.wa_id) == (theirs.from_user.bsuid, phone)
    assert [alias.id for alias in ours.aliases] == ([f"+{phone}"] if phone else [])
    assert id in (None, ours.sender.id)


READ_BY_BOTH = ("text", "image", "document", "audio", "video", "sticker")


def test_pywa_reads_our_payload_files_as_we_do() -> None:
    """Text and media; pywa reads no message without a user id."""
    compared = 0
    for case in cases("whatsapp"):
        for alone in exploded("whatsapp", case.read_bytes()):
            value = json.loads(alone)["entry"][0]["changes"][0]["value"]
            kind = value["messages"][0]["type"] if value.get("messages") else ""
            for ours in parse("whatsapp", alone):
                if kind in READ_BY_BOTH and value["contacts"][0].get("user_id"):
                    theirs = theirs_message.Message.from_update(client(World({})), json.loads(alone))
                    assert isinstance(ours, Message)
                    assert (ours.id, ours.reply_to) == (theirs.id, getattr(theirs.reply_to_message, "id", ""))
                    assert ours.text in (theirs.text, theirs.caption or "")
                    assert [file.reference for file in ours.attachments] == (
                        [f"media/{theirs.media.id}"] if theirs.media else []
                    )
                    compared += 1
    assert compared > 12


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_n_is_n_messages_in_order(name: str) -> None:
    said = [Said(text=f"Nº {place}", id=str(place), at=AT) for place in range(30)]
    webhook = simulate.webhook(name, said, URL, AT, CONFIGS[name])
    items = parse(name, webhook.body)
    assert [item.text for item in items if isinstance(item, Message)] == [one.text for one in said]
    assert len({item.claim for item in items}) == 30
    webhook.body.decode("ascii")  # as Meta writes it
    assert parse(name, simulate.webhook(name, said[:1], URL, AT, CONFIGS[name]).body)[0].claim == items[0].claim


def test_files_are_composed_as_each_product_sends_them() -> None:
    picture, sound = File("Foto ä.png", "image/png", b"1"), File("ton.ogg", "audio/ogg", b"2")
    paper = File("Brief.pdf", "application/pdf", b"3")
    said = Said(text="Bitte sehr", id="x", at=AT, files=(picture, sound, paper))

    def composed(name: str, said: Said) -> list[Message]:
        items = parse(name, simulate.load(name).compose([said], CONFIGS[name]).body)
        return [item for item in items if isinstance(item, Message)]

    by_whatsapp = composed("whatsapp", said)
    assert [(one.text, one.attachments[0].name, one.attachments[0].type) for one in by_whatsapp] == [
        ("Bitte sehr", "image", "image/png"),
        ("", "audio", "audio/ogg"),
        ("", "Brief.pdf", "application/pdf"),
    ]
    assert len({one.claim for one in by_whatsapp}) == 3
    sung = composed("whatsapp", Said(text="Hör mal", id="x", at=AT, files=(sound,)))
    assert [(one.text, len(one.attachments)) for one in sung] == [("Hör mal", 0), ("", 1)]
    for chat in ("messenger", "instagram"):
        (whole,) = composed(chat, said)
        assert [(file.name, file.type) for file in whole.attachments] == [
            ("Foto ä.png", "image"),
            ("ton.ogg", "audio"),
            ("Brief.pdf", "file"),
        ]


# ---- what is sent -----------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The outside world at the other end of every call."""
    world = World(CREDENTIALS)
    monkeypatch.setattr(api, "transport", lambda call: reached(world, call))
    return world


def reached(world: World, call: api.Call) -> api.Answer:
    where = urlsplit(call.url)
    assert where.netloc == "world.test", "only the provider's host is called"
    part, _, path = where.path.lstrip("/").partition("/")
    headers = {name.lower(): value for name, value in call.headers.items()}
    said = world.answer(
        Sent(part=part, method=call.method, path=path, headers=headers, body=json.dumps(call.json).encode())
    )
    return api.Answer(said.status, dict(said.headers), said.body)


@pytest.fixture(autouse=True)
def both_are_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.world.PARTS", NAMES)


def send(name: str, outgoing: Outgoing, **settings: str) -> str:
    config = CONFIGS[name].model_copy(update=settings)
    return str(MODULES[name].send(outgoing, config))


@pytest.mark.parametrize(("to", "field"), [(USER, "recipient"), (PHONE, "to")])
def test_a_whatsapp_text_is_what_pywa_would_send(world: World, to: str, field: str) -> None:
    id = send("whatsapp", outgoing(to))
    client(world).send_message(to=to, text="Guten Tag 🙂", tracker="delivery-1", preview_url=False)
    ours, theirs = world.ledger
    assert (ours.id, ours.to, ours.text, ours.key) == (id, to, "Guten Tag 🙂", "delivery-1")
    assert ours.raw[field] == to and {"to", "recipient"} - ours.raw.keys()
    assert ours.raw == theirs.raw


def test_a_whatsapp_template_is_what_pywa_would_send(world: World) -> None:
    """The same in WhatsApp's eyes: pywa writes a component's type in capitals, and names the language's policy."""
    send("whatsapp", outgoing(PHONE, template="order_update/en", values=("Mira  \nOlsen", "1037")))
    filled: Any = BodyText.params  # declared as a method, meant as a function
    values = [filled("Mira Olsen", "1037")]
    client(world).send_template(
        to=PHONE, name="order_update", language=TemplateLanguage.ENGLISH, params=values, tracker="delivery-1"
    )
    ours, theirs = world.ledger
    assert ours.text == theirs.text == "Hello Mira Olsen, your order 1037 is on its way."
    ((mine,), (other,)) = (entry.raw["template"]["components"] for entry in (ours, theirs))
    assert (mine["type"], mine["parameters"]) == (other["type"].lower(), other["parameters"])
    assert ours.raw["template"]["language"]["code"] == theirs.raw["template"]["language"]["code"] == "en"
    assert (ours.raw["to"], ours.raw["type"], ours.key) == (theirs.raw["to"], "template", theirs.key)
    send("whatsapp", outgoing(PHONE, template="hello_again/de"))
    assert world.ledger[2].raw["template"]["components"] == []


def test_a_template_goes_where_no_text_goes(world: World) -> None:
    world.state["whatsapp"] = {PHONE: 131047}
    with pytest.raises(SendFailed, match="template"):
        send("whatsapp", outgoing(PHONE))
    send("whatsapp", outgoing(PHONE, template="hello_again/de"))
    for template, values, words in (
        ("hello_again/en", (), "no approved template"),
        ("order_update/en", ("Mira",), "another number of gaps"),
    ):
        with pytest.raises(SendFailed, match=words) as failed:
            send("whatsapp", outgoing(PHONE, template=template, values=values))
        assert failed.value.outcome is REFUSED
    assert len(world.ledger) == 1


@pytest.mark.parametrize(("name", "code"), [("messenger", (10, 2018278)), ("instagram", (10, 2534022))])
def test_a_persons_answer_goes_to_a_chat_after_a_day_and_is_marked(
    name: str, code: tuple[int, int], world: World
) -> None:
    world.state[name] = {PERSON: code}
    with pytest.raises(SendFailed, match="24 hours"):
        send(name, outgoing(TO[name]))
    send(name, outgoing(TO[name], human=True))
    (entry,) = world.ledger
    assert (entry.raw["messaging_type"], entry.raw["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_pywa_reads_the_worlds_answers(world: World) -> None:
    assert client(world).send_message(to=USER, text="x").id == world.ledger[0].id
    world.state["whatsapp"] = {PHONE: 131047, USER: 131056}
    for to, kind in ((PHONE, errors.ReEngagementMessage), (USER, errors.TooManyMessages)):
        with pytest.raises(kind):
            client(world).send_message(to=to, text="x")
    with pytest.raises(errors.ExpiredAccessToken):
        client(world, token="someone-elses").send_message(to=PHONE, text="x")
    with pytest.raises(errors.WhatsAppError, match="4096"):
        client(world).send_message(to=USER, text="x" * 4097)
    assert len(world.ledger) == 1


def test_the_answer_leaves_by_the_number_the_customer_wrote_to(world: World) -> None:
    config = CONFIGS["whatsapp"].model_validate(
        {**SETTINGS, "token": "token-of-the-second", "phone_number_id": "1", "api_url": "http://world.test/whatsapp"}
    )
    whatsapp.send(outgoing(USER, context={"phone_number_id": "777"}), config)
    assert len(world.ledger) == 1
    for strange in ("", "../777", "777/..", "٧"):
        with pytest.raises(SendFailed, match="Object with ID '1'"):
            whatsapp.send(outgoing(USER, context={"phone_number_id": strange}), config)


def test_a_messenger_text_goes_to_the_person_on_their_page(world: World) -> None:
    id = send("messenger", outgoing(f"{PAGE}/{PERSON}"))
    (entry,) = world.ledger
    assert (entry.id, entry.to, entry.text, entry.key) == (id, PERSON, "Guten Tag 🙂", "delivery-1")
    assert entry.raw["messaging_type"] == "RESPONSE"
    with pytest.raises(SendFailed, match="Object with ID '555'") as failed:
        send("messenger", outgoing(f"555/{PERSON}"))
    assert failed.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("name", ["messenger", "instagram"])
@pytest.mark.parametrize("to", [PERSON, f"{PAGE}/", f"/{PERSON}", "", f"../{PAGE}/{PERSON}", f"٣/{PERSON}"])
def test_no_call_is_made_for_what_is_no_address_of_a_chat(name: str, world: World, to: str) -> None:
    with pytest.raises(SendFailed) as failed:
        send(name, outgoing(to))
    assert failed.value.outcome is Outcome.REFUSED
    assert not world.refused and not world.ledger


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_text_we_say_we_can_send_is_taken(name: str, world: World) -> None:
    longest, rest, *_ = parts_for("ü" * (MODULES[name].can.text + 1), MODULES[name].can)
    send(name, outgoing(TO[name], longest))
    with pytest.raises(SendFailed):
        send(name, outgoing(TO[name], longest + rest[0]))


def test_all_are_providers() -> None:
    providers: list[Provider] = [cast_provider(module) for module in MODULES.values()]
    assert [provider.channel for provider in providers] == [Channel.WHATSAPP, Channel.MESSENGER, Channel.INSTAGRAM]
    for config in CONFIGS.values():
        assert config.graph_version == "v25.0"
        assert type(config).model_fields["api_url"].default == "https://graph.facebook.com"


def cast_provider(module: Any) -> Provider:
    provider: Provider = module
    return provider


# ---- how a failure is judged ------------------------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(status, headers or {}, content))


def error(code: Any, text: str = "said by Meta", **more: Any) -> dict[str, Any]:
    return {"error": {"message": text, "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}}


NOT_SENT, REFUSED, UNKNOWN = Outcome.NOT_SENT, Outcome.REFUSED, Outcome.UNKNOWN
BOTH: list[tuple[int, Any, Outcome, str]] = [
    (400, error(4), NOT_SENT, "wait"),
    (400, error(17), NOT_SENT, "said by Meta (17)"),
    (400, error(32), NOT_SENT, "said by Meta (32)"),
    (400, error(613), NOT_SENT, "wait"),
    (400, error(1), UNKNOWN, "said by Meta (1)"),
    (400, error(2, is_transient=True), UNKNOWN, "said by Meta (2)"),
    (500, error(3), REFUSED, "said by Meta (3)"),
    (403, error(10), REFUSED, "permission"),
    (400, error(100, error_subcode=33), REFUSED, "said by Meta (100)"),
    (401, error(190, f"Malformed access token {TOKEN}"), REFUSED, "not valid"),
    (400, error(12345, f"about {TOKEN} " + "x" * 900), REFUSED, "about … xxx"),
    (400, error(12345, "x" * 290 + f" {TOKEN}"), REFUSED, "xxx"),
    (403, error(368), REFUSED, "blocked"),
    (200, error(12345), REFUSED, "said by Meta (12345)"),
    (200, error(4), NOT_SENT, "wait"),
    (200, {"error": "no"}, REFUSED, "HTTP 200"),
    (400, {"error": {"code": [1], "message": None}}, REFUSED, "HTTP 400"),
    (429, b"slow down", NOT_SENT, "HTTP 429"),
    (503, b"<html>", NOT_SENT, "HTTP 503"),
    (500, b"", UNKNOWN, "HTTP 500"),
    (502, b"[]", UNKNOWN, "HTTP 502"),
    (404, b"", REFUSED, "HTTP 404"),
    (200, b"", UNKNOWN, "cannot be read"),
    (200, b"{}", UNKNOWN, "cannot be read"),
    (302, b"", REFUSED, "HTTP 302"),
]
BY_NAME: dict[str, list[tuple[int, Any, Outcome, str]]] = {
    "whatsapp": [
        (400, error(131047), REFUSED, "24 hours"),
        (500, error(131047), REFUSED, "template"),
        (400, error(131026), REFUSED, "cannot be reached"),
        (400, error(131030), REFUSED, "test number"),
        (403, error(131031), REFUSED, "locked"),
        (500, error(131045), REFUSED, "not registered"),
        (400, error(131051, error_data={"details": "more of it"}), REFUSED, "more of it (131051)"),
        (400, error(131051, error_data="more of it"), REFUSED, "more of it (131051)"),
        (400, error(80007), NOT_SENT, "wait"),
        (400, error(130429), NOT_SENT, "wait"),
        (400, error(131048), NOT_SENT, "wait"),
        (400, error(131056), NOT_SENT, "wait"),
        (500, error(131016), NOT_SENT, "not available"),
        (500, error(131057), NOT_SENT, "maintenance"),
        *((400, error(code), REFUSED, words) for code, words in whatsapp.TEMPLATES.items()),
        (400, error(131000), UNKNOWN, "said by Meta"),
        (200, {"messages": []}, UNKNOWN, "cannot be read"),
        (200, {"messages": [{"id": None}]}, UNKNOWN, "cannot be read"),
        (200, {"messages": [{"id": 5}]}, UNKNOWN, "cannot be read"),
        (200, {"messages": "ok"}, UNKNOWN, "cannot be read"),
    ],
    "messenger": [
        (400, error(10, error_subcode=2018278), REFUSED, "24 hours"),
        (400, error(10, error_subcode=2018065), REFUSED, "24 hours"),
        (400, error(10, error_subcode=2018108), REFUSED, "takes no messages"),
        (400, error(100, error_subcode=2018001), REFUSED, "does not know"),
        (400, error(551), REFUSED, "cannot be reached"),
        (500, error(551, error_subcode=1545041), REFUSED, "cannot be reached"),
        (403, error(200), REFUSED, "said by Meta"),
        (400, error(80006), NOT_SENT, "wait"),
        (500, error(1200), NOT_SENT, "could not send"),
        (200, {"recipient_id": PERSON}, UNKNOWN, "cannot be read"),
    ],
    "instagram": [
        (403, error(10, error_subcode=2534022), REFUSED, "24 hours"),
        (400, error(100, error_subcode=2534014), REFUSED, "does not know"),
        (400, error(551), REFUSED, "cannot be reached on Instagram"),
        (403, error(200), REFUSED, "said by Meta"),
        (400, error(80006), NOT_SENT, "this account sends too much"),
        (500, error(1200), NOT_SENT, "could not send"),
        (200, {"recipient_id": PERSON}, UNKNOWN, "cannot be read"),
    ],
}


@pytest.mark.parametrize(
    ("name", "status", "body", "outcome", "words"),
    [(name, *row) for name in NAMES for row in [*BOTH, *BY_NAME[name]]],
)
def test_what_an_answer_says_of_the_message(
    name: str, status: int, body: Any, outcome: Outcome, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, status, body, {"retry-after": "30"})
    with pytest.raises(SendFailed) as failed:
        send(name, outgoing(TO[name]))
    assert failed.value.outcome is outcome
    assert words in failed.value.reason
    assert failed.value.reason.lower().startswith(name)
    assert TOKEN[:6] not in failed.value.reason
    assert len(failed.value.reason) < 400
    assert failed.value.retry_after == (30 if "cannot be read" not in words else None)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_the_tables_is_tried(name: str) -> None:
    tried = {body["error"]["code"] for _, body, *_ in [*BOTH, *BY_NAME[name]] if is_error(body)}
    subcodes = {body["error"].get("error_subcode") for _, body, *_ in BY_NAME[name] if is_error(body)}
    product = MODULES[name].PRODUCT
    (words,) = product.error.args
    assert product.outcomes.keys() <= tried
    assert words.keys() <= tried | subcodes


def is_error(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("error"), dict) and isinstance(body["error"]["code"], int)


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_shown(name: str) -> None:
    shown = repr(CONFIGS[name]) + str(CONFIGS[name]) + CONFIGS[name].model_dump_json()
    assert not any(part in shown for value in SETTINGS.values() for part in value.split())


# ---- the world --------------------------------------------------------------------------------------------------


def asked(world: World, name: str, body: Any = None, **how: str) -> Reply:
    headers = {"authorization": how.get("authorization", f"Bearer {TOKEN}")}
    path = how.get("path", f"/v25.0/{WHO[name]}/messages")
    content = json.dumps(body).encode()
    return world.answer(Sent(part=name, method=how.get("method", "POST"), path=path, headers=headers, body=content))


def code(said: Reply) -> tuple[int, int]:
    return said.status, json.loads(said.body)["error"]["code"]


RIGHT: dict[str, dict[str, Any]] = {
    "whatsapp": {"messaging_product": "whatsapp", "to": PHONE, "type": "text", "text": {"body": "x"}},
    "messenger": {"recipient": {"id": PERSON}, "messaging_type": "RESPONSE", "message": {"text": "x"}},
    "instagram": {"recipient": {"id": PERSON}, "message": {"text": "x"}},
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ({"authorization": ""}, (400, 104)),
        ({"authorization": f"Basic {TOKEN}"}, (400, 104)),
        ({"authorization": "Bearer someone-elses"}, (401, 190)),
        ({"path": "/messages"}, (400, 2500)),
        ({"path": "/v25.0/1/messages"}, (400, 100)),
        ({"path": f"/v25.0/{NUMBER}/media"}, (400, 100)),
        ({"method": "GET"}, (400, 100)),
    ],
)
def test_the_world_refuses_who_may_not(name: str, how: dict[str, str], answer: tuple[int, int]) -> None:
    world = World(CREDENTIALS)
    assert code(asked(world, name, RIGHT[name], **how)) == answer
    assert not world.ledger and len(world.refused) == 1
    assert asked(world, name, RIGHT[name]).status == 200


def template(name: str, language: str, *values: str) -> dict[str, Any]:
    body = {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}
    return {"name": name, "language": {"code": language}, "components": [body]}


@pytest.mark.parametrize(
    ("name", "change", "number"),
    [
        ("whatsapp", {"messaging_product": None}, 100),
        ("whatsapp", {"to": ""}, 100),
        ("whatsapp", {"to": USER}, 131009),
        ("whatsapp", {"to": None, "recipient": PHONE}, 131009),
        ("whatsapp", {"type": "image"}, 131009),
        ("whatsapp", {"text": "x"}, 131008),
        ("whatsapp", {"text": {"body": ""}}, 131008),
        ("whatsapp", {"text": {"body": "x" * 4097}}, 100),
        ("whatsapp", {"to": "+4900000"}, 131026),
        ("whatsapp", {"type": "template"}, 132001),
        ("whatsapp", {"type": "template", "template": template("hello_again", "en")}, 132001),
        ("whatsapp", {"type": "template", "template": template("order_update", "en", "Mira")}, 132000),
        ("whatsapp", {"type": "template", "template": template("order_update", "en", "Mira\n", "1")}, 132018),
        ("whatsapp", {"type": "template", "template": template("order_update", "en", "Mira     O", "1")}, 132018),
        ("messenger", {"recipient": {}}, 100),
        ("messenger", {"recipient": {"id": "nobody"}}, 100),
        ("messenger", {"recipient": {"id": "333"}}, 551),
        ("messenger", {"messaging_type": "HELLO"}, 100),
        ("messenger", {"messaging_type": "MESSAGE_TAG"}, 100),
        ("messenger", {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, 100),
        ("messenger", {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "recipient": {"id": "333"}}, 551),
        ("messenger", {"message": {}}, 100),
        ("messenger", {"message": {"text": "x" * 2001}}, 100),
        ("instagram", {"recipient": {}}, 100),
        ("instagram", {"recipient": {"id": "nobody"}}, 100),
        ("instagram", {"recipient": {"id": "333"}}, 10),
        ("instagram", {"messaging_type": "MESSAGE_TAG"}, 100),
        ("instagram", {"message": {}}, 100),
        ("instagram", {"message": {"text": "ü" * 501}}, 100),
        ("instagram", {"message": {"attachment": {"type": "image", "payload": {}}}}, 100),
        ("instagram", {"message": {"attachment": {"type": "file", "payload": {"url": "https://a.example"}}}}, 100),
    ],
)
def test_the_world_refuses_what_is_wrong(name: str, change: dict[str, Any], number: int) -> None:
    world = World(CREDENTIALS)
    world.state = {
        "whatsapp": {"+4900000": 131026},
        "messenger": {"333": [551, 1545041]},
        "instagram": {"333": [10, 2534022]},
    }
    assert code(asked(world, name, RIGHT[name] | change)) == (400, number)
    assert not world.ledger


def test_each_token_is_for_its_own_number() -> None:
    world = World(CREDENTIALS)
    second = {"authorization": "Bearer token-of-the-second"}
    assert code(asked(world, "whatsapp", RIGHT["whatsapp"], **second)) == (400, 100)
    assert asked(world, "whatsapp", RIGHT["whatsapp"], path="/v25.0/777/messages", **second).status == 200
    older = asked(world, "whatsapp", RIGHT["whatsapp"], authorization="Bearer older-token")
    assert older.status == 200


def told(name: str, module: ModuleType, progress: str, world: World) -> list[Message | Receipt]:
    """A receipt of the world for what it took last, signed and read."""
    receipt: Callable[..., bytes] = module.receipt
    unsigned = simulate.Webhook(body=receipt(world.ledger[-1], progress, world), headers={})
    headers = simulate.load(name).sign(unsigned, URL, AT, CONFIGS[name])
    received = Request(url=URL, headers=headers, body=unsigned.body, at=AT)
    assert MODULES[name].verify(received, CONFIGS[name]) is None
    return list(MODULES[name].parse(received, CONFIGS[name]))


@pytest.mark.parametrize("to", [USER, PHONE])
def test_whatsapp_receipts_come_back(world: World, to: str) -> None:
    id = send("whatsapp", outgoing(to))
    assert told("whatsapp", whatsapp_world, "sent", world) == []
    for progress in Progress:
        (receipt,) = told("whatsapp", whatsapp_world, progress, world)
        assert isinstance(receipt, Receipt)
        assert (receipt.progress, receipt.ids) == (progress, (id,))
        assert bool(receipt.reason) is (progress is Progress.FAILED)
    body = whatsapp_world.receipt(world.ledger[-1], "delivered", world)
    theirs = theirs_status.MessageStatus.from_update(client(world), json.loads(body))
    assert (theirs.id, theirs.status, theirs.tracker) == (id, theirs_status.MessageStatusType.DELIVERED, "delivery-1")


def test_messenger_receipts_come_back(world: World) -> None:
    id = send("messenger", outgoing(TO["messenger"]))
    (delivered,) = told("messenger", messenger_world, "delivered", world)
    assert isinstance(delivered, Receipt)
    assert (delivered.progress, delivered.ids, delivered.before) == (Progress.DELIVERED, (id,), None)
    (read,) = told("messenger", messenger_world, "read", world)
    assert isinstance(read, Receipt) and read.before
    assert (read.progress, read.reader) == (Progress.READ, Address(channel=Channel.MESSENGER, id=TO["messenger"]))
    assert world.ledger[-1].at[:19] <= read.before.isoformat()
    with pytest.raises(ValueError, match="no webhook"):
        messenger_world.receipt(world.ledger[-1], "failed", world)


def test_instagram_tells_what_was_read_by_its_id(world: World) -> None:
    id = send("instagram", outgoing(TO["instagram"]))
    (read,) = told("instagram", instagram_world, "read", world)
    assert isinstance(read, Receipt)
    assert (read.progress, read.ids, read.before) == (Progress.READ, (id,), None)
    with pytest.raises(ValueError, match="no webhook"):
        instagram_world.receipt(world.ledger[-1], "delivered", world)
