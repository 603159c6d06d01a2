"""Slack as a desk: published vectors, what events mean, what becomes of a sending, looking whether it arrived."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from slack_sdk.models.blocks import Block
from slack_sdk.signature import SignatureVerifier

from chalicelib import api
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Card, Outgoing
from chalicelib.providers import slack
from chalicelib.webhook import Request
from infra import simulate
from infra.world import World
from tests.lab import carried, prepare

PAYLOADS = Path(__file__).parent / "payloads" / "slack"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CONFIG = slack.Config(signing_secret="a-signing-secret", bot_token="xoxb-right", api_url="http://world/slack/api")
ASKED = Outgoing(key="k1", to="C0ORDERS", text="Where is my parcel?")
CARD = Card(title="Anna", facts=("SMS · +4915700000017", "Answer in this thread."), hint="// keeps a note here")


# ---- signatures -------------------------------------------------------------------------------------------------

# The example of Slack's own page on signing, as python-slack-sdk tests it
PUBLISHED = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack."
    b"com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc"
    b"887a14d10d2c447fce8b6703c"
)
VECTORS = {
    "published": (
        "8f742231b10e8888abcd99yyyzzz85a5",
        1531420618,
        PUBLISHED,
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    ),
    "utf-8": (
        "test-secret",
        1700000000,
        '{"text":"héllo"}'.encode(),
        "v0=b2d71e84e5e34e87dc1dfd2a35197833f8bf6dd4e19b18d14b23e864d53f5474",
    ),
}


def signed(secret: str, seconds: int, body: bytes, signature: str, *, late: int = 0) -> tuple[Request, slack.Config]:
    headers = {"x-slack-request-timestamp": str(seconds), "x-slack-signature": signature}
    at = datetime.fromtimestamp(seconds + late, UTC)
    return Request(url="https://shop.example/", headers=headers, body=body, at=at), slack.Config(signing_secret=secret)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_vector(vector: tuple[str, int, bytes, str]) -> None:
    assert slack.verify(*signed(*vector)) is None


@pytest.mark.parametrize("late", [-300, 300])
def test_five_minutes_are_fresh(late: int) -> None:
    assert slack.verify(*signed(*VECTORS["utf-8"], late=late)) is None


@pytest.mark.parametrize("late", [-301, 301])
def test_more_is_stale_also_in_the_future(late: int) -> None:
    """Some SDKs accept what is signed for the future."""
    with pytest.raises(BadSignature):
        slack.verify(*signed(*VECTORS["utf-8"], late=late))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-slack-request-timestamp": "1700000000"},
        {"x-slack-signature": VECTORS["utf-8"][3]},
        {"x-slack-request-timestamp": "abc", "x-slack-signature": VECTORS["utf-8"][3]},  # ValueError in slack_sdk
        {"x-slack-request-timestamp": "1700000000", "x-slack-signature": "v0=é"},  # TypeError in slack_sdk
        {"x-slack-request-timestamp": "1700000000", "x-slack-signature": "v0=\ud800"},
        {"x-slack-request-timestamp": "١٧٠٠٠٠٠٠٠٠", "x-slack-signature": VECTORS["utf-8"][3]},
        {"x-slack-request-timestamp": "1700000000.0", "x-slack-signature": VECTORS["utf-8"][3]},
        {"x-slack-request-timestamp": "1700000000", "x-slack-signature": VECTORS["utf-8"][3].upper()},
    ],
)
def test_odd_headers_are_refused(headers: dict[str, str]) -> None:
    request = Request(url="", headers=headers, body=VECTORS["utf-8"][2], at=datetime.fromtimestamp(1700000000, UTC))
    with pytest.raises(BadSignature):
        slack.verify(request, slack.Config(signing_secret="test-secret"))


@given(text=some.text(max_size=200), secret=some.text("abcdef0123456789", min_size=8))
def test_the_vendor_signs_what_we_accept(text: str, secret: str) -> None:
    body = text.encode("utf-8", "replace")
    signature = SignatureVerifier(secret).generate_signature(timestamp="1700000000", body=body)
    assert slack.verify(*signed(secret, 1700000000, body, str(signature))) is None


def test_the_vendor_accepts_what_the_simulator_signs() -> None:
    said = simulate.Said(text="héllo 👋", id="1", at=NOW, thread="C0ORDERS:1763650800.000100")
    webhook = simulate.webhook("slack", [said], "https://shop.example/", NOW, CONFIG)

    class Clock:
        def now(self) -> float:
            return NOW.timestamp()

    verifier = SignatureVerifier("a-signing-secret", Clock())  # type: ignore[arg-type]
    assert verifier.is_valid_request(webhook.body, dict(webhook.headers))


def test_the_url_check_is_answered_only_if_signed() -> None:
    body = b'{"token":"x","challenge":"3eZbrw1a","type":"url_verification"}'
    signature = SignatureVerifier("test-secret").generate_signature(timestamp="1700000000", body=body)
    answer = slack.verify(*signed("test-secret", 1700000000, body, str(signature)))
    assert answer and (answer.status, answer.body) == (200, "3eZbrw1a")
    with pytest.raises(BadSignature):
        slack.verify(*signed("test-secret", 1700000000, body, "v0=00"))


def test_someone_who_writes_of_the_url_check_is_still_heard() -> None:
    body = (PAYLOADS / "thread_reply.body").read_bytes().replace(b"parcel", b"url_verification")
    signature = SignatureVerifier("test-secret").generate_signature(timestamp="1700000000", body=body)
    assert slack.verify(*signed("test-secret", 1700000000, body, str(signature))) is None


# ---- what events mean -------------------------------------------------------------------------------------------


def parsed(body: bytes, content_type: str = "application/json") -> list[Any]:
    return slack.parse(Request(url="", headers={"content-type": content_type}, body=body, at=NOW), CONFIG)


def payload(case: str) -> Message:
    (message,) = parsed((PAYLOADS / f"{case}.body").read_bytes())
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize("case", sorted(PAYLOADS.glob("*.json")), ids=lambda case: case.stem)
def test_payload(case: Path) -> None:
    what = json.loads(case.read_text())
    items = parsed(case.with_suffix(".body").read_bytes(), what["headers"]["content-type"])
    shown = [
        {"type": item.type, **item.model_dump(mode="json", exclude_defaults=True, exclude={"source"})} for item in items
    ]
    assert shown == what["means"]


def test_claims_tell_apart_what_differs() -> None:
    cases = ["thread_reply", "edit", "second_edit", "delete"]
    assert len({payload(case).claim for case in cases}) == 4
    assert [payload(case).kind for case in cases] == [Kind.MESSAGE, Kind.EDIT, Kind.EDIT, Kind.DELETE]
    assert {payload(case).original_claim for case in cases} == {payload("thread_reply").claim}


def test_the_same_post_in_another_envelope_has_the_same_claim() -> None:
    """Slack may send one post in several events with different event ids (node-slack-sdk #2141)."""
    for case in ("thread_reply", "edit", "delete"):
        outer = json.loads((PAYLOADS / f"{case}.body").read_bytes())
        outer |= {"event_id": "Ev9OTHER", "event_time": 1763659999, "event_context": "other"}
        outer["event"] |= {"event_ts": "1763659999.000001"}
        (again,) = parsed(json.dumps(outer).encode())
        assert again.claim == payload(case).claim


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(case=some.sampled_from(["thread_reply", "edit", "delete", "file"]), hole=some.integers(0, 200), filling=JSON)
def test_no_field_of_another_kind_makes_parse_raise(case: str, hole: int, filling: Any) -> None:
    outer = json.loads((PAYLOADS / f"{case}.body").read_bytes())
    places = list(_places(outer))
    holder, name = places[hole % len(places)]
    holder[name] = filling
    with suppress(Unreadable):
        parsed(json.dumps(outer).encode())


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in list(pairs):
        yield value, name
        yield from _places(inner)


@given(body=some.binary(max_size=100))
def test_garbage_is_unreadable_or_nothing(body: bytes) -> None:
    with suppress(Unreadable):
        assert parsed(body) == []


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World({"SHOPBELL_SLACK_BOT_TOKEN": "xoxb-old xoxb-right"})
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


def opened(world: World) -> str:
    """The thread under a card that was posted."""
    return slack.send(ASKED.model_copy(update={"key": "card", "card": CARD}), CONFIG)


def test_a_card_shows_name_channel_way_to_answer_and_the_message(world: World) -> None:
    thread = opened(world)
    (card,) = world.ledger
    assert (card.what, card.to, f"{card.to}:{card.id}", card.key) == ("card", "C0ORDERS", thread, "card")
    assert card.text.splitlines() == ["Anna", *CARD.facts, "Where is my parcel?", CARD.hint]
    for block in card.raw["blocks"]:
        parsed_block = Block.parse(block)
        assert parsed_block
        parsed_block.validate_json()


def test_the_longest_card_is_within_the_vendors_limits(world: World) -> None:
    card = Card(title="ä" * 400, facts=("ö" * 400,) * 20, hint="ü" * 400)
    slack.send(ASKED.model_copy(update={"card": card, "text": "ß" * slack.can.text}), CONFIG)
    for block in world.ledger[0].raw["blocks"]:
        Block.parse(block).validate_json()  # type: ignore[union-attr]


def test_a_reply_goes_into_the_thread(world: World) -> None:
    thread = opened(world)
    id = slack.send(ASKED.model_copy(update={"thread": thread}), CONFIG)
    reply = world.ledger[1]
    assert (reply.what, f"{reply.to}:{reply.thread}", f"{reply.to}:{reply.id}") == ("message", thread, id)
    assert reply.key == "k1"


@pytest.mark.parametrize("text", ["<!channel> & <@U0MILA> <https://x.example|here>", "a < b > c & d", "&lt;"])
@pytest.mark.parametrize("card", [None, CARD], ids=["text", "card"])
def test_what_a_customer_writes_is_never_markup(world: World, text: str, card: Card | None) -> None:
    slack.send(ASKED.model_copy(update={"text": text, "card": card}), CONFIG)
    assert text in world.ledger[0].text
    assert "<" not in world.ledger[0].raw["text"]
    assert world.ledger[0].raw["unfurl_links"] is False


def test_a_possible_repeat_says_so(world: World) -> None:
    slack.send(ASKED.model_copy(update={"repeat": True}), CONFIG)
    assert world.ledger[0].text == "(possibly repeated) Where is my parcel?"


def test_reactions_may_be_set_and_taken_back_again_and_again(world: World) -> None:
    agents = Outgoing(key="r", to="", refers="C0ORDERS:1763651001.100200", reaction="white_check_mark")
    taken_back = agents.model_copy(update={"removed": True})
    for outgoing in (agents, agents, taken_back, taken_back):
        assert slack.send(outgoing, CONFIG) == agents.refers
    assert [(entry.what, entry.text, entry.refers) for entry in world.ledger] == [
        ("reaction", "white_check_mark", "1763651001.100200"),
        ("unreaction", "white_check_mark", "1763651001.100200"),
    ]
    assert world.refused == []


def fault(status: int, code: str = "", **more: Any) -> dict[str, Any]:
    body = json.dumps({"ok": False, "error": code}) if code else ""
    return {"part": "slack", "status": status, "body": body, **more}


OUTCOMES = {
    "rate limit": (fault(429, "ratelimited", headers={"Retry-After": "30"}), Outcome.NOT_SENT, 30.0),
    "rate limit without a time": (fault(429), Outcome.NOT_SENT, None),
    "rate limit with a time that is none": (fault(429, headers={"Retry-After": "soon"}), Outcome.NOT_SENT, None),
    "rate limit for days": (fault(429, headers={"Retry-After": "999999"}), Outcome.NOT_SENT, 3600.0),
    "rate limit with status 200": (fault(200, "ratelimited"), Outcome.NOT_SENT, None),
    "another spelling of it": (fault(200, "rate_limited"), Outcome.NOT_SENT, None),
    "Slack is down for all": (fault(200, "service_unavailable"), Outcome.NOT_SENT, None),
    "503": (fault(503), Outcome.NOT_SENT, None),
    "500": (fault(500), Outcome.UNKNOWN, None),
    "502": (fault(502), Outcome.UNKNOWN, None),
    "may have been done in part": (fault(200, "fatal_error"), Outcome.UNKNOWN, None),
    "or inside": (fault(500, "internal_error"), Outcome.UNKNOWN, None),
    "took too long": (fault(200, "request_timeout"), Outcome.UNKNOWN, None),
    "no answer": (fault(200, hang=1), Outcome.UNKNOWN, None),
    "an answer that cannot be read": (fault(200), Outcome.UNKNOWN, None),
    "yes, but without its id": (fault(200) | {"body": '{"ok":true}'}, Outcome.UNKNOWN, None),
    "a code nobody knows": (fault(200, "the_cat_sat_on_it"), Outcome.REFUSED, None),
    "403": (fault(403), Outcome.REFUSED, None),
}


@pytest.mark.parametrize(("how", "outcome", "retry_after"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(world: World, how: dict[str, Any], outcome: Outcome, retry_after: float | None) -> None:
    world.fail(**how)
    with pytest.raises(SendFailed) as failed:
        slack.send(ASKED, CONFIG)
    assert (failed.value.outcome, failed.value.retry_after) == (outcome, retry_after)
    assert world.ledger == []


REFUSED = {
    "invalid_auth": ({}, {"bot_token": "xoxb-wrong"}),
    "channel_not_found": ({"to": "orders"}, {}),
    "not_in_channel": ({"to": "C0PRIVATE"}, {}),
    "is_archived": ({"to": "C0OLD"}, {}),
    "thread_not_found": ({"thread": "C0ORDERS:1763650800.000100"}, {}),
    "msg_too_long": ({"text": "x" * 40_001}, {}),
    "no_text": ({"text": ""}, {}),
}


@pytest.mark.parametrize("code", REFUSED)
def test_refused(world: World, code: str) -> None:
    outgoing, config = REFUSED[code]
    world.state["slack"] = {"outside": ["C0PRIVATE"], "archived": ["C0OLD"]}
    with pytest.raises(SendFailed) as failed:
        slack.send(ASKED.model_copy(update=outgoing), CONFIG.model_copy(update=_live(config)))
    assert (failed.value.reason, failed.value.outcome) == (f"Slack: {code}", Outcome.REFUSED)
    assert world.ledger == []


def _live(config: dict[str, str]) -> dict[str, Any]:
    return {"bot_token": slack.Config(bot_token=config["bot_token"]).bot_token} if config else {}


def test_no_secret_is_in_what_fails(world: World) -> None:
    for how, _, _ in OUTCOMES.values():
        world.fail(**how)
        with pytest.raises(SendFailed) as failed:
            slack.send(ASKED, CONFIG)
        assert "xoxb" not in f"{failed.value!r} {failed.value.reason}"
    assert "xoxb" not in repr(CONFIG) and "signing-secret" not in repr(CONFIG)


# ---- looking whether it arrived ---------------------------------------------------------------------------------


def test_a_post_whose_answer_was_lost_is_found(world: World) -> None:
    thread = opened(world)
    for outgoing in (ASKED.model_copy(update={"thread": thread}), ASKED.model_copy(update={"card": CARD, "key": "k2"})):
        assert slack.find(outgoing, CONFIG) is None
        world.fail(**fault(500, applied=True))
        with pytest.raises(SendFailed):
            slack.send(outgoing, CONFIG)
        assert slack.find(outgoing, CONFIG) == f"C0ORDERS:{world.ledger[-1].id}"


@pytest.mark.parametrize("place", [0, 199, 200, 449])
@pytest.mark.parametrize("in_thread", [True, False], ids=["thread", "channel"])
def test_it_is_found_on_every_page(world: World, place: int, in_thread: bool) -> None:
    thread = opened(world) if in_thread else ""
    posts = [ASKED.model_copy(update={"thread": thread, "key": f"n{number}"}) for number in range(450)]
    ids = [slack.send(post, CONFIG) for post in posts]
    assert slack.find(posts[place], CONFIG) == ids[place]
    assert slack.find(posts[place].model_copy(update={"key": "never"}), CONFIG) is None


def test_a_reply_is_not_taken_for_a_card_nor_the_other_way_round(world: World) -> None:
    thread = opened(world)
    slack.send(ASKED.model_copy(update={"thread": thread}), CONFIG)
    assert slack.find(ASKED, CONFIG) is None


def test_too_many_posts_leave_it_unknown(world: World) -> None:
    for number in range(1001):
        slack.send(ASKED.model_copy(update={"key": f"n{number}"}), CONFIG)
    with pytest.raises(SendFailed) as failed:
        slack.find(ASKED, CONFIG)
    assert failed.value.outcome is Outcome.UNKNOWN


def test_it_looks_only_where_it_can_be(world: World) -> None:
    """From a minute before the first try on: our clock may be ahead of Slack's."""
    world.now = lambda: NOW
    slack.send(ASKED, CONFIG)
    later = ASKED.model_copy(update={"since": NOW + timedelta(seconds=59)})
    assert slack.find(later, CONFIG)
    assert slack.find(later.model_copy(update={"since": NOW + timedelta(seconds=61)}), CONFIG) is None


def test_looking_may_fail_too(world: World) -> None:
    world.fail(**fault(429, headers={"Retry-After": "7"}))
    with pytest.raises(SendFailed) as failed:
        slack.find(ASKED, CONFIG)
    assert (failed.value.outcome, failed.value.retry_after) == (Outcome.NOT_SENT, 7.0)
