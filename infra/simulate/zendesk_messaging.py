"""Sunshine Conversations' webhooks. A sender is a user's id; each has one conversation."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook
from infra.world.zendesk_messaging import envelope, event, identifier

USER = "26508c10541a4b0ff472e501"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One event for each thing that is said, or for each file of it."""
    contents = [
        (one, f"{one.id} {place}", content) for one in said for place, content in enumerate(_contents(one, config))
    ]
    body = envelope([_message(one, id, content) for one, id, content in contents])
    return Webhook(body=body, headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    return {"x-api-key": current(config.webhook_secret)}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place, file): file for one in said for place, file in enumerate(one.files)}


def _message(one: Said, id: str, content: dict[str, Any]) -> dict[str, Any]:
    user, name = one.sender or USER, one.name or "Noor Haddad"
    profile = {"givenName": name.partition(" ")[0], "surname": name.partition(" ")[2], "locale": "de"}
    about = {"id": user, "authenticated": False, "profile": profile}
    author = {"type": "user", "userId": user, "displayName": name, "user": about}
    received = one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"id": identifier(id), "received": received, "author": author, "content": content}
    message |= {"source": {"type": "web", "integrationId": identifier("web")}}
    return event(id, "conversation:message", user, one.at, {"message": message})


def _contents(one: Said, config: Any) -> list[dict[str, Any]]:
    """A text alone, or a file with it and further ones without."""
    words = [{"text": one.text}] if one.text else [{}]
    files = [
        _file(one.id, place, file, config) | (words[0] if not place else {}) for place, file in enumerate(one.files)
    ]
    return files or [{"type": "text", "text": one.text}]


def _file(id: str, place: int, file: File, config: Any) -> dict[str, Any]:
    """The stand-in hands it out beside its API."""
    kind = "image" if file.type.startswith("image/") else "file"
    where = f"{config.api_url}/media/{_place(id, place, file)}"
    return {
        "type": kind,
        "mediaUrl": where,
        "mediaType": file.type,
        "mediaSize": len(file.content),
        "altText": file.name,
    }


def _place(id: str, place: int, file: File) -> str:
    return f"{identifier(f'{id} {place}')}/{quote(file.name)}"
