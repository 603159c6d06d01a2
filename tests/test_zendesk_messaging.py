"""Zendesk messaging: what its own library makes of our webhooks and of what we send, receipts, and files."""

import json
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sunshine_conversations_client import models

from chalicelib import api
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.providers import zendesk_messaging
from chalicelib.webhook import Request
from infra.world import File
from infra.world import zendesk_messaging as part
from tests.lab import START
from tests.lab.everything import Case, Door, calls, cases, composed, config, emptied, said

CONFIG = config("zendesk_messaging")
URL = "https://shop.example/webhooks/zendesk_messaging"
USER = "26508c10541a4b0ff472e509"
MODELS: dict[str, Any] = {
    "conversation:message": models.ConversationMessageEvent,
    "conversation:postback": models.ConversationPostbackEvent,
    "conversation:read": models.ConversationReadEvent,
    "conversation:typing": models.ConversationTypingEvent,
    "conversation:message:delivery:user": models.ConversationMessageDeliveryUserEvent,
    "conversation:message:delivery:channel": models.ConversationMessageDeliveryChannelEvent,
    "conversation:message:delivery:failure": models.ConversationMessageDeliveryFailureEvent,
    "user:merge": models.UserMergeEvent,
}
PICTURE = Content(name="größe.png", type="image/png", data=b"png", url="https://files.example/1")


def read(event: Any) -> list[Message | Receipt]:
    return zendesk_messaging.parse(Request(url=URL, body=json.dumps(event).encode(), at=START), CONFIG)


def outgoing(**rest: Any) -> Outgoing:
    context = {"conversation": part.conversation(USER)}
    return Outgoing(**{"key": "key-1", "to": f"zendesk:{USER}", "text": "Ja. 🙂", "context": context, **rest})


def failed(how: zendesk_messaging.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        zendesk_messaging.send(outgoing(**rest), how)
    return caught.value


# ---- the webhook ------------------------------------------------------------------------------------------------

SIMULATED = [composed("zendesk_messaging", said("zendesk_messaging", "Größe 38? 👟"))]


@pytest.mark.parametrize("case", [*cases("zendesk_messaging"), *SIMULATED], ids=lambda case: case.name)
def test_the_vendors_library_reads_the_same_events(case: Case) -> None:
    """Each of its fields that we read stands where we read it."""
    for event in case.opened()["events"]:
        theirs = MODELS[event["type"]].from_dict(event)
        assert theirs.payload is not None and theirs.type == event["type"]
        items = read({"events": [event]})
        if event["type"] == "conversation:message" and items:
            message, ours = theirs.payload.message, items[0]
            assert isinstance(ours, Message)
            content = message.content.actual_instance
            assert (ours.id, ours.sender.id) == (message.id, f"zendesk:{message.author.user_id}")
            assert ours.choice == (getattr(content, "payload", None) or "")
            assert [file.reference for file in ours.attachments] == list(
                filter(None, [getattr(content, "media_url", "")])
            )


@pytest.mark.parametrize("shown", ["", "x", "zendesk-webhook-secret-47c", "zendesk-webhook-secret-47c0 "])
def test_only_the_shared_secret_proves_it(shown: str) -> None:
    with pytest.raises(BadSignature):
        zendesk_messaging.verify(Request(url=URL, headers={"x-api-key": shown}, at=START), CONFIG)


def test_a_button_pressed_twice_is_pressed_twice_and_an_event_that_comes_again_is_one() -> None:
    (case,) = [case for case in cases("zendesk_messaging") if case.name == "postback"]
    tree = case.opened()
    again = json.loads(json.dumps(tree))
    again["events"][0]["id"] = "61aa0000000000000000e999"
    assert read(tree)[0].claim == read(tree)[0].claim != read(again)[0].claim


@pytest.mark.parametrize(
    "event", [{}, {"type": "conversation:message"}, {"type": "conversation:read", "payload": {"activity": {}}}]
)
def test_an_event_without_its_fields_costs_no_other(event: Any) -> None:
    whole = SIMULATED[0].opened()["events"][0]
    with pytest.raises(Unreadable) as caught:
        read({"events": [event, whole]})
    assert [item.text for item in caught.value.items] == ["Größe 38? 👟"]


@pytest.mark.parametrize("progress", ["sent", "delivered", "failed", "read"])
def test_receipts_of_the_world_are_understood(progress: str, front: Door) -> None:
    id = zendesk_messaging.send(outgoing(), CONFIG)
    body = part.receipt(front.world.ledger[0], progress, front.world)
    items = read(json.loads(body)) if body else []
    about = {
        "delivered": (Progress.DELIVERED, (id,), None, ""),
        "failed": (Progress.FAILED, (id,), None, "The channel did not take it"),
        "read": (Progress.READ, (), f"zendesk:{USER}", ""),
    }
    told = [
        (one.progress, one.ids, one.reader and one.reader.id, one.reason) for one in items if isinstance(one, Receipt)
    ]
    assert told == ([about[progress]] if progress in about else [])


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", [None, PICTURE, PICTURE.model_copy(update={"name": "a.pdf", "type": "application/pdf"})]
)
def test_the_vendors_library_takes_what_is_sent(file: Content | None, front: Door) -> None:
    zendesk_messaging.send(outgoing(text="Ja. 🙂", file=file), CONFIG)
    (entry,) = front.world.ledger
    theirs = models.MessagePost.from_dict(entry.raw)
    assert theirs is not None
    content = theirs.content.actual_instance
    kinds = {None: models.TextMessage, "image/png": models.ImageMessage, "application/pdf": models.FileMessage}
    assert type(content) is kinds[file.type if file else None] and content.text == "Ja. 🙂"
    assert entry.thread == part.conversation(USER) and len(calls(front)) == 1 + bool(file)


def test_the_longest_text_is_the_librarys(front: Door) -> None:
    assert zendesk_messaging.send(outgoing(text="ж" * zendesk_messaging.can.text), CONFIG)
    long = {"author": {"type": "business"}, "content": {"type": "text", "text": "ж" * (zendesk_messaging.can.text + 1)}}
    with pytest.raises((ValidationError, ValueError)):
        models.MessagePost.from_dict(long)
    assert "too long" in failed(text=long["content"]["text"]).reason


def test_an_answer_whose_end_was_not_learnt_is_found_by_its_key(front: Door) -> None:
    assert zendesk_messaging.find(outgoing(), CONFIG) is None
    front.world.fail(part="zendesk_messaging", status=502, applied=True)
    assert failed().outcome is Outcome.UNKNOWN
    assert zendesk_messaging.find(outgoing(), CONFIG) == front.world.ledger[0].id
    assert zendesk_messaging.find(outgoing(key="another"), CONFIG) is None
    for status, body in ((500, "{}"), (200, "{}"), (200, '{"messages": [{"metadata": {"key": "key-1"}}]}')):
        front.world.fail(part="zendesk_messaging", status=status, body=body)
        with pytest.raises(SendFailed) as caught:
            zendesk_messaging.find(outgoing(), CONFIG)
        assert caught.value.outcome is Outcome.NOT_SENT


def test_an_upload_without_an_address_is_in_no_doubt(front: Door) -> None:
    for body in ("{}", '{"attachment": {}}', '{"attachment": 5}'):
        front.world.fail(part="zendesk_messaging", path="/attachments", status=201, body=body)
        assert failed(file=PICTURE).outcome is Outcome.NOT_SENT
    assert not front.world.ledger


def test_what_zendesk_refuses_is_told_in_its_words(front: Door) -> None:
    assert "text is required" in failed(text="").reason and "Not found" in failed(context={}).reason
    stranger = CONFIG.model_copy(update={"key_secret": (SecretStr("nobody"),)})
    assert failed(stranger).reason == "Zendesk: Authorization is required (unauthorized)"
    assert "not_found" in failed(CONFIG.model_copy(update={"app_id": "another"})).reason
    front.world.state["zendesk_messaging"] = {"full": [part.conversation(USER)]}
    full = failed()
    assert full.outcome is Outcome.REFUSED and "Message limit of 30000" in full.reason
    assert not front.world.ledger


# ---- files ------------------------------------------------------------------------------------------------------


def test_the_key_goes_to_the_shops_own_zendesk_alone(front: Door) -> None:
    """A private file lies there; what lies at a public host is fetched without it."""
    front.world.hold("zendesk_messaging", "a/b.png", File("b.png", "image/png", b"png"))
    private = Attachment(name="b.png", reference=f"{CONFIG.api_url}/media/a/b.png")
    assert zendesk_messaging.fetch(private, CONFIG, 100).data == b"png"
    shown: list[Any] = []

    def note(number: int, name: str, apply: Any, given: Any) -> Any:
        shown.append(given.auth)
        return api.Answer(404, {}, b"")

    emptied(front)
    front.seam.intercept = note
    live = CONFIG.model_copy(update={"api_url": "https://shop.zendesk.com/sc"})
    for reference in ("https://media.smooch.io/apps/a/b.png", "https://shop.zendesk.com/apps/a/b.png"):
        with pytest.raises(SendFailed):
            zendesk_messaging.fetch(Attachment(name="a", reference=reference), live, 100)
    assert shown == [None, (CONFIG.key_id, "zendesk-key-secret-e8a3")]
