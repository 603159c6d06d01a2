"""Discord: its signature, its check of the address, the form, and where an answer goes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord_interactions
import pytest
from pydantic import SecretStr

from chalicelib import api, receive, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.providers import discord
from chalicelib.webhook import Request, Response
from infra import simulate
from infra.simulate import pairs
from infra.simulate.discord import direct, snowflake
from infra.simulate.discord import token as token_of
from infra.world.discord import APPLICATION
from tests.lab import START
from tests.lab.everything import Case, Door, calls, cases, composed, config, emptied, queued, said, signed

CONFIG = config("discord")
URL = "https://shop.example/webhooks/discord"
AT = datetime.fromtimestamp(1_700_000_000, UTC)
BODY = b'{"id":"1","type":2}'
SEED = b"\1" * 32
PUBLIC, PRIVATE = pairs.pair(SEED, hexadecimal=True).split()
PERSON = "410000000000000009"


def keyed(public_key: str) -> discord.Config:
    return discord.Config.model_validate({"public_key": public_key})


def signature(body: bytes = BODY, seconds: str = "1700000000") -> str:
    live = [SecretStr(PUBLIC), SecretStr(PRIVATE)]
    return pairs.sign(live, seconds.encode() + body, hexadecimal=True)


def request(body: bytes = BODY, theirs: str = "", seconds: str = "1700000000") -> Request:
    headers = {"x-signature-timestamp": seconds, "x-signature-ed25519": theirs or signature(body, seconds)}
    return Request(url=URL, headers=headers, body=body, at=AT)


def accepts(given: Request, public_key: str = PUBLIC) -> bool:
    try:
        discord.verify(given, keyed(public_key))
    except BadSignature:
        return False
    return True


# ---- the signature ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("discord"), ids=lambda case: case.name)
def test_the_vendor_accepts_what_the_simulator_signed(case: Case) -> None:
    made = signed(case)
    headers, public = made.headers, CONFIG.public_key[0].get_secret_value()
    shown = headers["x-signature-ed25519"], headers["x-signature-timestamp"]
    assert discord_interactions.verify_key(made.body, *shown, public)
    assert not discord_interactions.verify_key(made.body + b" ", *shown, public)


def test_a_published_vector_in_hexadecimal() -> None:
    """https://www.rfc-editor.org/rfc/rfc8032#section-7.1, test 2."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    public, private = pairs.pair(seed, hexadecimal=True).split()
    assert public == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    made = pairs.sign([SecretStr(public), SecretStr(private)], b"\x72", hexadecimal=True)
    assert signing.ed25519([SecretStr(public)], b"\x72", made, hexadecimal=True)
    assert made == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_time_and_body_are_signed_as_one() -> None:
    """The line between them is not signed: a time one digit shorter is another time, long ago."""
    assert accepts(request()) and not accepts(request(), pairs.pair(bytes(32), hexadecimal=True))
    moved = replace(request(body=b"0" + BODY, theirs=signature(), seconds="170000000"))
    assert not accepts(moved)
    for seconds in (" 1700000000", "1700000000 ", "1700000000.0", "+1700000000", "", "９"):
        assert not accepts(request(seconds=seconds))
    assert not accepts(replace(request(), at=AT + timedelta(seconds=301)))


@pytest.mark.parametrize(
    "wrong",
    [
        signature().upper(),
        f"{signature()} ",
        " ".join(signature()[place : place + 2] for place in range(0, 128, 2)),
        signature()[:-2],
        "zz" * 64,
        "é" * 128,
        "\udcff",
    ],
)
def test_a_signature_is_written_in_one_way(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """discord-interactions takes large letters and spaces, and prints what it cannot read."""
    assert not accepts(request(theirs=wrong))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("key", ["AAAA", "=", "ü", PUBLIC[:-2], f"{PUBLIC}00", "f" * 64, PRIVATE])
def test_what_is_no_key_proves_nothing(key: str) -> None:
    assert not accepts(request(), key)


# ---- at once ----------------------------------------------------------------------------------------------------


def told(interaction: Any, front: Door, how: Any = None) -> Response:
    body = interaction if isinstance(interaction, bytes) else json.dumps(interaction).encode()
    case = Case("discord", "x", body, {"content-type": "application/json"}, {}, [])
    return receive.receive(signed(case, how=how), "discord", "", "1")


def test_a_ping_is_answered_and_one_wrongly_signed_refused(front: Door) -> None:
    ping = {"id": "1", "application_id": "2", "type": 1, "token": "x", "version": 1}
    answer = told(ping, front)
    assert (answer.status, json.loads(answer.body), answer.content_type) == (200, {"type": 1}, "application/json")
    assert (
        told(ping, front, CONFIG.model_copy(update={"public_key": keyed(pairs.pair(SEED, True)).public_key})).status
        == 401
    )
    assert not calls(front)


def test_a_command_without_words_opens_the_form(front: Door) -> None:
    interaction = {**json.loads(composed("discord", said("discord", "x")).body), "data": {"name": "contact", "type": 1}}
    answer = json.loads(told(interaction, front).body)
    fields = [label["component"] for label in answer["data"]["components"]]
    assert answer["type"] == 9 and [field["type"] for field in fields] == [4, 19]
    assert not calls(front)
    given: dict[str, dict[str, Any]] = {"text": {"value": "Hallo"}, "files": {"values": []}}
    filled = [{"type": 18, "component": field | given[field["custom_id"]]} for field in fields]
    assert (
        told({**interaction, "type": 5, "data": {"custom_id": "contact", "components": filled}}, front)
        == discord.can.accepted
    )
    (message,) = queued(front)
    assert isinstance(message, Message) and message.text == "Hallo"


def test_the_forms_words_are_the_shops() -> None:
    how = CONFIG.model_copy(update={"modal_title": "Schreib uns " * 9, "modal_text": "Deine Nachricht"})
    case = Case("discord", "x", json.dumps({"id": "1", "type": 2, "data": {}}).encode(), {}, {}, [])
    answer = discord.verify(signed(case), how)
    assert answer and len(json.loads(answer.body)["data"]["title"]) == 45 and "Deine Nachricht" in answer.body


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"type": 2, "data": []}', b'{"type": 2}', b'{"type": 2, "data": 7}']
)
def test_what_cannot_be_read_is_no_handshake(body: bytes) -> None:
    case = Case("discord", "x", body, {}, {}, [])
    assert discord.verify(signed(case), CONFIG) is None
    with pytest.raises(Unreadable):
        discord.parse(signed(case), CONFIG)


def test_what_is_shown_at_once_is_shown_to_one_person_alone() -> None:
    shown = json.loads(discord.can.accepted.body)
    assert shown["type"] == discord_interactions.InteractionResponseType.CHANNEL_MESSAGE_WITH_SOURCE
    assert shown["data"]["flags"] == discord_interactions.InteractionResponseFlags.EPHEMERAL
    assert discord.can.accepted.content_type == "application/json"


# ---- where an answer goes ---------------------------------------------------------------------------------------


def outgoing(person: str = PERSON, minutes: float = 1, **rest: Any) -> Outgoing:
    """An answer to what somebody wrote on the server, so many minutes ago."""
    at = START - timedelta(minutes=minutes)
    token = f"1100/{token_of(snowflake('x', at), person)}"
    context = {"token": token, "token_at": at.isoformat()}
    return Outgoing(**{"key": "k", "to": person, "text": "Yes. 🙂", "context": context, "at": START, **rest})


def failed(given: Outgoing, how: Any = CONFIG) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        discord.send(given, how)
    return caught.value


def test_an_answer_comes_as_a_direct_message(front: Door) -> None:
    for minutes in (1, 60):
        emptied(front)
        id = discord.send(outgoing(minutes=minutes, key=f"k{minutes}"), CONFIG)
        assert [(entry.what, entry.to, entry.id) for entry in front.world.ledger] == [("message", PERSON, id)]
        assert id.startswith(f"{direct(PERSON)}:") and len(calls(front)) == 2


def test_an_acknowledgement_stands_where_it_was_asked_for(front: Door) -> None:
    discord.send(outgoing(automatic=True), CONFIG)
    discord.send(outgoing(automatic=True, minutes=16), CONFIG)
    assert [(bool(entry.thread), entry.to) for entry in front.world.ledger] == [(True, PERSON), (False, PERSON)]


def test_who_takes_no_direct_messages_is_answered_where_they_wrote(front: Door) -> None:
    discord.send(outgoing("403"), CONFIG)
    discord.send(outgoing("278"), CONFIG)
    assert [(bool(entry.thread), entry.to) for entry in front.world.ledger] == [(True, "403"), (True, "278")]
    refused = failed(outgoing("403", minutes=16))
    assert (refused.reason, refused.outcome) == (
        "Discord: Cannot send messages to this user (50007)",
        Outcome.REFUSED,
    )
    other = config("discord").model_copy(update={"bot_token": (SecretStr("nobody"),)})
    assert failed(outgoing(), other).reason == "Discord: 401: Unauthorized"  # this is not theirs to change
    assert "50278" in failed(outgoing("278", minutes=16)).reason and len(front.world.ledger) == 2


def test_a_direct_message_that_was_not_opened_is_in_no_doubt(front: Door) -> None:
    front.world.fail(part="discord", path="/users/@me/channels", status=500)
    assert failed(outgoing()).outcome is Outcome.NOT_SENT
    front.world.fail(part="discord", path="/messages", status=500)
    assert failed(outgoing()).outcome is Outcome.UNKNOWN


def test_what_is_sent_again_at_once_arrives_once(front: Door) -> None:
    front.world.fail(part="discord", path="/messages", status=502, applied=True)
    assert failed(outgoing()).outcome is Outcome.UNKNOWN
    assert discord.send(outgoing(repeat=True), CONFIG) == front.world.ledger[0].id and len(front.world.ledger) == 1
    discord.send(outgoing(key="another"), CONFIG)
    assert len(front.world.ledger) == 2


def test_a_message_is_changed_and_taken_back(front: Door) -> None:
    id = discord.send(outgoing(), CONFIG)
    assert discord.send(outgoing(change="edit", refers=id, text="No."), CONFIG) == id
    for _ in range(2):  # what is gone is gone
        assert discord.send(outgoing(change="delete", refers=id), CONFIG) == id
    assert [entry.what for entry in front.world.ledger] == ["message", "edit", "delete"]
    refused = failed(outgoing(change="edit", refers=id, text="Yes."))
    assert refused.reason == "Discord: Unknown Message (10008)" and refused.outcome is Outcome.REFUSED


def test_a_file_goes_with_its_words_and_no_larger_than_discord_takes(front: Door) -> None:
    file = Content(name="größe.pdf", type="application/pdf", data=b"%PDF")
    discord.send(outgoing(file=file, text="See"), CONFIG)
    assert [(entry.what, entry.text) for entry in front.world.ledger] == [("file", "größe.pdf\nSee")]
    assert discord.can.takes("application/pdf", 10_000_000) and not discord.can.takes("application/pdf", 10_500_000)
    assert "too large" in failed(outgoing(key="k2", file=file.model_copy(update={"data": bytes(10_485_761)}))).reason


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, 50035, Outcome.REFUSED),
        (403, 40003, Outcome.NOT_SENT),
        (429, 20028, Outcome.NOT_SENT),
        (400, 130000, Outcome.NOT_SENT),
        (429, 0, Outcome.NOT_SENT),
        (500, 0, Outcome.UNKNOWN),
        (200, 50013, Outcome.REFUSED),
    ],
)
def test_outcome_by_code(status: int, code: int, outcome: Outcome, front: Door) -> None:
    body = json.dumps({"message": "m" * 500, "code": code})
    front.world.fail(part="discord", path="/messages", status=status, body=body)
    failure = failed(outgoing())
    assert failure.outcome is outcome and failure.reason.startswith("Discord: mm") and len(failure.reason) < 250


def test_too_much_or_nothing_is_refused(front: Door) -> None:
    assert discord.send(outgoing(text="ж" * discord.can.text), CONFIG)
    assert "50035" in failed(outgoing(key="k2", text="ж" * (discord.can.text + 1))).reason
    assert "50006" in failed(outgoing(key="k3", text="")).reason
    assert "10013" in failed(outgoing("404")).reason


@pytest.mark.parametrize(
    ("application", "changed", "status"),
    [
        (APPLICATION, {}, 201),
        (APPLICATION, {"name": "über-uns"}, 201),
        (APPLICATION, {"name": "Contact"}, 400),
        (APPLICATION, {"name": "write us"}, 400),
        (APPLICATION, {"description": ""}, 400),
        ("1", {}, 404),
    ],
)
def test_a_command_that_discord_takes_or_not(
    application: str, changed: dict[str, str], status: int, front: Door
) -> None:
    url, said = f"{CONFIG.api_url}/applications/{application}/commands", {"name": "contact", "description": "Write"}
    shown = {"User-Agent": "DiscordBot (Shopbell, 1)", "Authorization": f"Bot {CONFIG.bot_token[0].get_secret_value()}"}
    answers = [api.call("POST", url, headers=shown, json={**said, **changed}).status for _ in range(2)]
    assert answers == [status, 200 if status == 201 else status]


# ---- the simulator -----------------------------------------------------------------------------------------------


def test_the_simulators_files_have_their_own_ids() -> None:
    files = (simulate.File("a.jpg", "image/jpeg", b"12"), simulate.File("b c.pdf", "application/pdf", b"345"))
    case = composed("discord", said("discord", "Look", files=files))
    (message,) = discord.parse(signed(case), CONFIG)
    assert [(file.name, file.size) for file in message.attachments] == [("a.jpg", 2), ("b c.pdf", 3)]
    assert message.sent_at == START
