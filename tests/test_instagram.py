"""Instagram's direct messages: what is not ours to keep, what is taken back, and files by their links."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import api, desk, download, route
from chalicelib.errors import SendFailed
from chalicelib.meta import chats
from chalicelib.models.inbound import Attachment, Kind, Message
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.providers import instagram
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra.world import instagram as world

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
PERSON = "5318420097754316"
CONFIG = instagram.Config.model_validate({"app_secret": "our-app-secret", "verify_token": "w", "token": "IGAA-token"})
TO = f"{world.ACCOUNT}/{PERSON}"


def parsed(message: dict[str, Any], **more: Any) -> list[Any]:
    event = world.event(PERSON, 1772359200000, message={"mid": "m1", **message}, **more)
    return instagram.parse(Request(url="https://x/", body=world.envelope([event]), at=AT), CONFIG)


def one(message: dict[str, Any]) -> Message:
    (found,) = parsed(message)
    assert isinstance(found, Message)
    return found


LINK = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1"
LINKED: list[dict[str, Any]] = [
    {"text": "How much?", "reply_to": {"story": {"url": LINK, "id": "1"}}},
    *({"attachments": [{"type": kind, "payload": {"url": LINK}}]} for kind in (*instagram.LINKED, "of_2030")),
]


@pytest.mark.parametrize("message", LINKED)
def test_what_is_not_theirs_alone_is_shown_by_its_link_and_never_kept(message: dict[str, Any]) -> None:
    """A story is gone after a day, and so must every copy be: there is none."""
    found = one(message)
    assert LINK in desk.shown(found)
    assert not [file for file in found.attachments if file.reference]
    assert not route.tell.sendable(found, inline=True)  # nothing of it is fetched


def test_a_picture_of_their_own_is_kept() -> None:
    found = one(
        {"attachments": [{"type": "image", "payload": {"url": "https://scontent.cdninstagram.com/v/a%20b.jpg"}}]}
    )
    assert [(file.name, file.reference[-9:]) for file in found.attachments] == [("a b.jpg", "a%20b.jpg")]
    assert route.tell.sendable(found, inline=True) == [0]


def test_a_picture_is_fetched_from_metas_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(url: str, **how: Any) -> api.Answer:
        asked.append(url)
        assert set(how["hosts"]) == {".fbsbx.com", ".fbcdn.net", ".cdninstagram.com"}
        return api.Answer(200, {"content-type": "image/jpeg"}, b"jpeg")

    monkeypatch.setattr(download, "get", answer)
    got = instagram.fetch(Attachment(reference="https://scontent.cdninstagram.com/a.jpg"), CONFIG, 100)
    assert (got.data, got.type, len(asked)) == (b"jpeg", "image/jpeg", 1)


def test_what_is_unsent_is_the_message_itself_taken_back() -> None:
    """The same id, no text: never a new and empty message."""
    written, unsent = one({"text": "Oops"}), one({"is_deleted": True})
    assert (unsent.kind, unsent.id) == (Kind.DELETE, written.id)
    assert unsent.original_claim == written.claim != unsent.claim


@pytest.mark.parametrize("echo", [{"is_echo": True}, {"is_echo": True, "is_deleted": True}])
def test_our_own_words_coming_back_are_nothing(echo: dict[str, Any]) -> None:
    """Whoever is named as sender: in an echo the two are swapped, or the account stands there by another id."""
    assert parsed({"text": "From the app", **echo}) == []
    assert parsed({"text": "From the app"}, sender={"id": world.ACCOUNT}, recipient={"id": PERSON}) == []
    assert parsed({"text": "A note to oneself"}, is_self=True) == []


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[api.Call]:
    calls: list[api.Call] = []

    def transport(call: api.Call) -> api.Answer:
        calls.append(call)
        return api.Answer(200, {}, json.dumps({"recipient_id": PERSON, "message_id": "m9"}).encode())

    monkeypatch.setattr(api, "transport", transport)
    return calls


def outgoing(**what: Any) -> Outgoing:
    return Outgoing(key="k", to=TO, **what)


def test_what_goes_out(sent: list[api.Call]) -> None:
    """A text as it is; a person's late answer with its tag; a picture by its link. Always from the token's account."""
    picture = Content(name="a.png", type="image/png", data=b"1", url="https://files.example/a")
    film = Content(name="a.mp4", type="video/mp4", data=b"1", url="https://files.example/b")
    for words in (
        outgoing(text="Gern"),
        outgoing(text="Gern", human=True),
        outgoing(file=picture),
        outgoing(file=film),
    ):
        assert instagram.send(words, CONFIG) == "m9"
    to = {"recipient": {"id": PERSON}}
    assert [call.json for call in sent] == [
        {**to, "message": {"text": "Gern"}},
        {**to, **chats.BY_A_PERSON, "message": {"text": "Gern"}},
        {**to, "message": {"attachment": {"type": "image", "payload": {"url": "https://files.example/a"}}}},
        {**to, "message": {"attachment": {"type": "video", "payload": {"url": "https://files.example/b"}}}},
    ]
    assert {call.url for call in sent} == {"https://graph.facebook.com/v25.0/me/messages"}


def test_the_other_login_has_another_host(sent: list[api.Call]) -> None:
    instagram.send(outgoing(text="x"), CONFIG.model_copy(update={"api_url": "https://graph.instagram.com"}))
    assert sent[0].url == "https://graph.instagram.com/v25.0/me/messages"


@pytest.mark.parametrize("letter", ["x", "ä", "漢", "🙂", "👩‍👩‍👧‍👦"])
def test_a_text_is_cut_by_its_bytes(letter: str) -> None:
    parts = parts_for(letter * 1_001, instagram.can)
    sizes = [len(part.encode()) for part in parts]
    assert "".join(parts) == letter * 1_001
    assert max(sizes) <= 1000 and min(sizes[:-1]) > 1000 - len(letter.encode())


def test_a_pdf_is_no_file_for_instagram() -> None:
    """It would arrive without a name: it goes as a link."""
    assert instagram.can.takes("image/png", 8_000_000) and not instagram.can.takes("image/png", 8_000_001)
    assert not instagram.can.takes("application/pdf", 1)


def test_an_address_of_another_form_is_refused_before_any_call(sent: list[api.Call]) -> None:
    with pytest.raises(SendFailed):
        instagram.send(Outgoing(key="k", to="nobody", text="x"), CONFIG)
    assert not sent
