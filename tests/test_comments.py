"""Meta's comments: signatures, whose words they are, the one private answer, public ones, how a failure is judged."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from pywa import utils

from chalicelib import api, desk, route
from chalicelib.errors import BadSignature, Outcome, SendFailed
from chalicelib.meta import comments
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import facebook_page, instagram_comments
from chalicelib.webhook import Request, Response
from infra.world import Sent, World
from infra.world import facebook_page as facebook_world
from infra.world import instagram_comments as instagram_world

MODULES: dict[str, Any] = {"facebook_page": facebook_page, "instagram_comments": instagram_comments}
WORLDS: dict[str, Any] = {"facebook_page": facebook_world, "instagram_comments": instagram_world}
NAMES = tuple(MODULES)
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
TOKEN = "EAAB-live-token"
PAGE, PERSON = facebook_world.PAGE, "6920174458310027"
ACCOUNT = instagram_world.ACCOUNT
OURS = {"facebook_page": PAGE, "instagram_comments": ACCOUNT}


def config(name: str, **more: str) -> Any:
    given = {
        "app_secret": "our-app-secret",
        "verify_token": "our-word",
        "token": TOKEN,
        "api_url": f"http://world.test/{name}",
    }
    return MODULES[name].Config.model_validate(given | more)


def parsed(name: str, *changes: dict[str, Any]) -> list[Message]:
    request = Request(url="https://x/", body=WORLDS[name].envelope([*changes]), at=AT)
    return [item for item in MODULES[name].parse(request, config(name)) if isinstance(item, Message)]


def feed(**value: Any) -> dict[str, Any]:
    usual = {
        "from": {"id": PERSON, "name": "Ana"}, "item": "comment", "verb": "add", "comment_id": "7_1",
        "post_id": f"{PAGE}_7", "parent_id": f"{PAGE}_7", "created_time": 1772359200, "message": "Hallo",
    }  # fmt: skip
    return {"field": "feed", "value": usual | value}


# ---- who sent it ------------------------------------------------------------------------------------------------

VECTORS = [
    ("secret", b"test", "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914"),
    ("test-secret", b'{"text":"h\\u00e9llo"}', "6fa980bfb5c4bb1b349e3db7884126d955b3baa68da3293c9f4b6d3b0e68d14d"),
    ("test-secret", '{"text":"héllo"}'.encode(), "1c569d8cff77ece3f37475593f3246cfe55a609a5a77d8be4441c276ce691403"),
]


@pytest.mark.parametrize(("secret", "body", "mac"), VECTORS)
@pytest.mark.parametrize("name", NAMES)
def test_published_signatures(name: str, secret: str, body: bytes, mac: str) -> None:
    known = config(name, app_secret=secret)
    assert utils.webhook_updates_validator(secret, body, f"sha256={mac}")
    for shown, right in ((f"sha256={mac}", True), (mac, False), (f"sha256={mac[:-1]}0", False)):
        given = Request(url="https://x/", headers={"x-hub-signature-256": shown}, body=body, at=AT)
        if right:
            assert MODULES[name].verify(given, known) is None
            continue
        with pytest.raises(BadSignature):
            MODULES[name].verify(given, known)


@pytest.mark.parametrize("name", NAMES)
def test_the_url_check(name: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "our-word", "hub.challenge": "1158"}
    assert MODULES[name].verify(Request(method="GET", url="", query=query, at=AT), config(name)) == Response(
        body="1158"
    )


# ---- what they mean ---------------------------------------------------------------------------------------------


def test_what_the_page_wrote_itself_is_nothing() -> None:
    """Public answers come back: by whoever answered, here or in Facebook's own app."""
    ours = {"from": {"id": PAGE, "name": "Eckladen"}}
    assert not parsed("facebook_page", feed(**ours), feed(**ours, verb="edited"), feed(**ours, item="status"))


def test_who_is_hidden_is_one_person_for_each_comment() -> None:
    """Never the same as another who is hidden, and never nobody: they can be answered."""
    hidden = [feed(**{"from": None}, comment_id=f"7_{number}") for number in (1, 2)]
    first, second = parsed("facebook_page", *hidden)
    assert first.sender != second.sender and first.sender.id == f"{PAGE}/7_1"
    assert first.context == {"comment_id": "7_1"}


def test_a_change_is_about_its_comment_and_leaves_what_is_answered() -> None:
    added, edited, again, removed = parsed(
        "facebook_page", feed(), feed(verb="edited", message="A"), feed(verb="edit", message="B"), feed(verb="remove")
    )
    assert [one.kind for one in (edited, again, removed)] == [Kind.EDIT, Kind.EDIT, Kind.DELETE]
    assert {one.original_claim for one in (edited, again, removed)} == {added.claim}
    assert len({one.claim for one in (added, edited, again, removed)}) == 4
    assert added.context and not (edited.context or again.context or removed.context)


def test_a_picture_is_kept_and_a_link_only_shown() -> None:
    link = "https://www.facebook.com/permalink.php?id=7"
    (one,) = parsed(
        "facebook_page", feed(photo="https://scontent.xx.fbcdn.net/a%20b.jpg", post={"permalink_url": link})
    )
    assert route.tell.sendable(one, inline=True) == [0] and one.attachments[0].name == "a b.jpg"
    assert link in desk.shown(one)


def test_a_mention_of_the_shop_in_its_own_posts_is_told_by_the_feed_alone() -> None:
    mention = {"item": "comment", "verb": "add", "comment_id": "9_1", "sender_id": int(PERSON), "sender_name": "Ana"}
    elsewhere, ours = ({"field": "mention", "value": {**mention, "post_id": post}} for post in ("5588_9", f"{PAGE}_9"))
    (one,) = parsed("facebook_page", elsewhere, ours)
    assert (one.sender.id, one.name, one.context) == (f"{PAGE}/{PERSON}", "Ana", {"mention": "9_1"})
    assert comments.ELSEWHERE in desk.shown(one)


def comment(**value: Any) -> dict[str, Any]:
    usual = {"from": {"id": PERSON, "username": "ana.tee"}, "id": "178001", "text": "Hallo", "media": {"id": "179001"}}
    return {"field": "comments", "value": usual | value}


@pytest.mark.parametrize("who", [{"id": ACCOUNT}, {"id": "1799", "self_ig_scoped_id": "2105"}])
def test_what_the_account_wrote_itself_is_nothing(who: dict[str, str]) -> None:
    """By whichever of its ids it is named."""
    assert not parsed("instagram_comments", comment(**{"from": {"username": "eckladen", **who}}))


def test_both_shapes_and_both_names_of_the_id_are_one_comment() -> None:
    """As it comes through a page, and with Instagram Login: on the entry itself, in milliseconds perhaps."""
    (usual,) = parsed("instagram_comments", comment())
    change = comment(comment_id="178001")
    del change["value"]["id"]
    body = json.dumps({"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1772359200000, **change}]}).encode()
    (other,) = instagram_comments.parse(Request(url="https://x/", body=body, at=AT), config("instagram_comments"))
    assert other.claim == usual.claim and isinstance(other, Message)
    assert (other.sender, other.text, other.sent_at) == (usual.sender, usual.text, AT)


def test_who_is_named_without_an_id_is_nobody_elses() -> None:
    (one,) = parsed("instagram_comments", comment(**{"from": {"username": "ana.tee"}}))
    assert (one.sender.id, one.aliases) == (f"{ACCOUNT}/178001", ())


MENTION = {"field": "mentions", "value": {"media_id": "179555", "comment_id": "179666"}}
IN_A_POST = {"field": "mentions", "value": {"media_id": "179777"}}


def test_what_a_mention_says_is_fetched(world: World) -> None:
    """By a name alone, which is never taken for somebody who wrote before."""
    world.state["instagram_comments"] = {
        "mentioned": {
            "179666": {"text": "@eckladen hat sie! 👀", "username": "ana.tee"},
            "179777": {"caption": "Danke @eckladen", "username": "zoe", "permalink": "https://www.instagram.com/p/x/"},
        }
    }
    first, second = parsed("instagram_comments", MENTION, IN_A_POST)
    here, there = (instagram_comments.complete(one, config("instagram_comments")) for one in (first, second))
    assert (here.text, here.sender.id, here.late) == ("@eckladen hat sie! 👀", f"{ACCOUNT}/@ana.tee", "")
    assert (there.text, there.name) == ("Danke @eckladen", "zoe")
    assert "https://www.instagram.com/p/x/" in desk.shown(there) and comments.ELSEWHERE in desk.shown(here)
    assert (here.claim, there.claim) == (first.claim, second.claim) and not here.aliases
    assert here.context == {"mention": "179555", "within": "179666"} and there.context == {"mention": "179777"}


def test_a_mention_that_is_gone(world: World) -> None:
    (one,) = parsed("instagram_comments", MENTION)
    with pytest.raises(SendFailed) as failed:
        instagram_comments.complete(one, config("instagram_comments"))
    assert failed.value.outcome is Outcome.REFUSED


def test_what_a_mention_is_asked_by_cannot_be_another_question(world: World) -> None:
    """Its id comes from outside, and stands within what is asked."""
    odd = {"field": "mentions", "value": {"media_id": "1){id},business_discovery.username(x"}}
    (one,) = parsed("instagram_comments", odd)
    with pytest.raises(SendFailed):
        instagram_comments.complete(one, config("instagram_comments"))
    assert not world.refused


def test_public_answers_on_instagram(world: World) -> None:
    said = [
        ({"comment_id": "178001"}, "178001", {}),
        ({"mention": "179555", "within": "179666"}, "179666", {"media_id": "179555", "comment_id": "179666"}),
        ({"mention": "179777"}, "179777", {"media_id": "179777"}),
    ]
    for context, about, fields in said:
        assert send("instagram_comments", context=context, public=True) == world.ledger[-1].id
        assert (world.ledger[-1].to, world.ledger[-1].raw) == (about, {**fields, "message": "Gern 🙂"})


# ---- what is sent -----------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World({f"SHOPBELL_{name.upper()}_TOKEN": TOKEN for name in NAMES})

    def reached(call: api.Call) -> api.Answer:
        part, _, path = urlsplit(call.url).path.lstrip("/").partition("/")
        headers = {key.lower(): value for key, value in call.headers.items()}
        body = json.dumps(call.json).encode()
        query = dict(call.query or {})
        said = world.answer(Sent(part=part, method=call.method, path=path, query=query, headers=headers, body=body))
        return api.Answer(said.status, dict(said.headers), said.body)

    monkeypatch.setattr(api, "transport", reached)
    return world


def send(name: str, text: str = "Gern 🙂", **more: Any) -> str:
    to = f"{OURS[name]}/{PERSON}"
    return str(MODULES[name].send(Outgoing(key="k", to=to, text=text, **more), config(name)))


COMMENT = {"comment_id": "7_1"}


@pytest.mark.parametrize("name", NAMES)
def test_a_comment_is_answered_once_in_private(name: str, world: World) -> None:
    id = send(name, context={"comment_id": "71"})
    (entry,) = world.ledger
    assert (entry.id, entry.text) == (id, "Gern 🙂")
    assert entry.raw == {"recipient": {"comment_id": "71"}, "message": {"text": "Gern 🙂"}}
    with pytest.raises(SendFailed, match="had its one private answer") as failed:
        send(name, context={"comment_id": "71"})
    assert failed.value.outcome is Outcome.REFUSED
    send(name, context={"comment_id": "72"})
    assert len(world.ledger) == 2


def test_what_is_said_in_public_stands_below_what_it_answers(world: World) -> None:
    for context in (COMMENT, {"post_id": f"{PAGE}_7"}, {"mention": "9_1"}):
        assert send("facebook_page", context=context, public=True) == world.ledger[-1].id
        (about,) = context.values()
        assert (world.ledger[-1].to, world.ledger[-1].raw) == (about, {"message": "Gern 🙂"})
    send("facebook_page", context={"post_id": f"{PAGE}_7"})
    assert world.ledger[-1].raw["recipient"] == {"post_id": f"{PAGE}_7"}


@pytest.mark.parametrize("context", [{}, {"mention": "9_1"}, {"comment_id": ""}])
@pytest.mark.parametrize("name", NAMES)
def test_no_call_is_made_where_no_private_answer_is_taken(name: str, context: dict[str, str], world: World) -> None:
    with pytest.raises(SendFailed, match="takes a private answer") as failed:
        send(name, context=context)
    assert failed.value.outcome is Outcome.REFUSED and not world.refused and not world.ledger


@pytest.mark.parametrize("about", ["", "..", "7/../me", "7_", "٧", "me"])
@pytest.mark.parametrize("name", NAMES)
def test_no_call_is_made_about_what_is_no_id(name: str, about: str, world: World) -> None:
    with pytest.raises(SendFailed, match="nothing here to answer") as failed:
        send(name, context={"comment_id": about}, public=True)
    assert failed.value.outcome is Outcome.REFUSED and not world.refused and not world.ledger


@pytest.mark.parametrize("name", NAMES)
def test_what_the_world_refuses(name: str, world: World) -> None:
    world.state[name] = {"75": 10902}
    for context, public, text in (
        ({"comment_id": "75"}, False, "x"),
        ({"comment_id": "76"}, False, "x" * 9_000),
        ({"comment_id": "76"}, True, "x" * 9_000),
        ({"comment_id": "x"}, False, "x"),
    ):
        with pytest.raises(SendFailed) as failed:
            send(name, text, context=context, public=public)
        assert failed.value.outcome is Outcome.REFUSED
    assert not world.ledger
    send(name, "x" * MODULES[name].can.public, context={"comment_id": "76"}, public=True)
    send(name, "x" * MODULES[name].can.text, context={"comment_id": "76"})
    assert len(world.ledger) == 2


JUDGED: list[tuple[int, dict[str, int], Outcome, str]] = [
    (400, {"code": 10900}, Outcome.REFUSED, "had its one private answer"),
    (400, {"code": 10902}, Outcome.REFUSED, "takes no private answer"),
    (400, {"code": 100, "error_subcode": 2018292}, Outcome.REFUSED, "is gone"),
    (403, {"code": 200}, Outcome.REFUSED, "said by Meta"),
    (403, {"code": 10}, Outcome.REFUSED, "permission"),
    (401, {"code": 190}, Outcome.REFUSED, "not valid"),
    (400, {"code": 368}, Outcome.REFUSED, "blocked"),
    (400, {"code": 613}, Outcome.NOT_SENT, "wait"),
    (500, {"code": 2}, Outcome.UNKNOWN, "said by Meta"),
]


@pytest.mark.parametrize(("status", "error", "outcome", "said"), JUDGED)
@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_what_an_answer_says(
    name: str, public: bool, status: int, error: dict[str, int], outcome: Outcome, said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    body = json.dumps({"error": {"message": "said by Meta", **error}}).encode()
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(status, {}, body))
    with pytest.raises(SendFailed, match=said) as failed:
        send(name, context={"comment_id": "71"}, public=public)
    assert failed.value.outcome is outcome
