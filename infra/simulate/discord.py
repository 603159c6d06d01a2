"""Discord's interactions: the command, used in the direct messages with the bot. A sender is a person's number."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from infra.simulate import File, Said, Webhook, pairs
from infra.world.discord import APPLICATION

CUSTOMER = "410000000000000007"
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)  # an id holds the milliseconds since, and 22 bits


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One command: Discord never batches. Its option for a file takes one, and here every file has its own."""
    (one,) = said
    sender, number = one.sender or CUSTOMER, snowflake(one.id, one.at)
    files = {snowflake(f"{one.id} {place}", one.at): file for place, file in enumerate(one.files)}
    options: list[dict[str, Any]] = [{"name": "message", "type": 3, "value": one.text}] if one.text else []
    options += [{"name": f"file{place}", "type": 11, "value": id} for place, id in enumerate(files)]
    held = {id: _attachment(id, file, config) for id, file in files.items()}
    resolved = {"resolved": {"attachments": held}} if held else {}
    name = one.name or "Noor Haddad"
    interaction = {
        "id": number,
        "application_id": APPLICATION,
        "type": 2,
        "data": {"id": "1100200300400500601", "name": "contact", "type": 1, "options": options, **resolved},
        "channel_id": direct(sender),
        "channel": {"id": direct(sender), "type": 1},
        "user": {"id": sender, "username": name.lower().replace(" ", "."), "global_name": name, "discriminator": "0"},
        "token": token(number, sender),
        "version": 1,
        "app_permissions": "442368",
        "locale": "de",
        "entitlements": [],
        "authorizing_integration_owners": {"0": "0"},
        "context": 1,
        "attachment_size_limit": 10485760,
    }
    headers = {"content-type": "application/json"}
    return Webhook(body=json.dumps(interaction, ensure_ascii=False).encode(), headers=headers)


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    seconds = str(int(at.timestamp()))
    signature = pairs.sign(config.public_key, seconds.encode() + webhook.body, hexadecimal=True)
    return {"x-signature-timestamp": seconds, "x-signature-ed25519": signature}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {
        _place(snowflake(f"{one.id} {place}", one.at), file): file
        for one in said
        for place, file in enumerate(one.files)
    }


def snowflake(what: str, at: datetime) -> str:
    """An id of Discord's, which says when it was given."""
    milliseconds = (at - EPOCH) // timedelta(milliseconds=1)
    return str(milliseconds << 22 | int(hashlib.sha256(what.encode()).hexdigest()[:5], 16))


def token(interaction: str, person: str) -> str:
    """What an interaction is answered by."""
    return base64.urlsafe_b64encode(f"interaction:{interaction}:{person}".encode()).decode()


def direct(person: str) -> str:
    """The channel between somebody and the bot."""
    return f"90{person}"


def _place(id: str, file: File) -> str:
    return f"{id}/{quote(file.name)}"


def _attachment(id: str, file: File, config: Any) -> dict[str, Any]:
    """The stand-in hands it out beside its API."""
    where = f"{config.api_url}/ephemeral-attachments/{_place(id, file)}"
    about = {"filename": file.name, "content_type": file.type, "size": len(file.content)}
    return {"id": id, **about, "url": where, "proxy_url": where, "ephemeral": True}
