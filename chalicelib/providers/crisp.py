"""Visitors of the shop's pages who write in Crisp's chat, and others that lead into its inbox.

1. Crisp Marketplace, Plugins, New Plugin: Private, a name. Install it on your website by its private link.
2. There, Tokens: ask for a production token with website:conversation:messages, to read and to write. Its identifier is
   token_id, its key token_key.
3. There, Settings, Events: {url} as the URL of its Web Hooks; message:send, message:updated,
   message:acknowledge:delivered and message:acknowledge:read:received. The signing secret stands beside it.
4. Answers may go by a token of the website instead (Crisp, Settings, Workspace Settings, Advanced configuration, API
   Token): then tier is website. The Web Hooks of a website itself are not signed, so they are not taken.

Webhooks: https://docs.crisp.chat/references/web-hooks/v1/ and https://docs.crisp.chat/guides/web-hooks/plugin-hooks/
Sending: https://docs.crisp.chat/references/rest-api/v1/#send-a-message-in-conversation
Limits: https://docs.crisp.chat/guides/rest-api/rate-limits/

Confirmed by crisp-api 11.3.0: the signature, by its own verifier; the shapes of events and of what is sent, by its
types. By Crisp's pages: headers, set-up, limits. Not confirmed: the words of its refusals, and how it takes the same
fingerprint twice. Its library writes the body anew before it checks it, so what was signed that way is taken as well.

The time is signed but not held against a webhook: Crisp does not say that a repeat has a new one, and what comes twice
is known by its fingerprint. Of what is updated or removed Crisp does not tell whose it was, so no edit or removal is
taken, only what a visitor picks. A fingerprint is unique within a session, and a session is one browser.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chalicelib import api, download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, digest
from chalicelib.service import Service
from chalicelib.webhook import Request, reads

channel = Channel.WEBCHAT
can = Can(text=4000, covers=frozenset({Cover.VALUES}), files=10, receipts=True)  # the length is ours to choose
fetch = download.by_address("storage.crisp.chat/users/upload/")

REWRITTEN = 200_000  # bytes of a body that is written anew to check it
PROGRESS = {"message:acknowledge:delivered": Progress.DELIVERED, "message:acknowledge:read:received": Progress.READ}
FILES = {"file": "file", "animation": "animation.gif", "audio": "audio"}  # kind: name where it has none
_TIME = re.compile(r"[0-9]{1,16}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)


class Config(Frozen):
    signing_secret: LiveSecret = secret("signing secret of the Web Hooks, Settings of your plugin", inbound=True)
    token_id: str = setting("identifier of the token, Tokens of your plugin", outbound=True)
    token_key: LiveSecret = secret("key of the token, Tokens of your plugin", outbound=True)
    tier: str = setting("whose token it is: plugin or website", default="plugin", outbound=True)
    api_url: str = setting("where Crisp's API is", default="https://api.crisp.chat", outbound=True)


def verify(request: Request, config: Config) -> None:
    """HMAC-SHA256 over [time;body], as it came or as JavaScript writes it."""
    seconds, theirs = request.header("x-crisp-request-timestamp"), [request.header("x-crisp-signature")]
    if not _TIME.fullmatch(seconds):  # what follows the first ; is the body, and nothing of it may pass for the time
        raise BadSignature
    for body in _written(request):
        if signing.signed(config.signing_secret, f"[{seconds};".encode() + body + b"]", theirs):
            return
    raise BadSignature


@reads("a Crisp webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """What a visitor wrote or picked, or how far answers have come. Other events are not for us."""
    said = request.json_object()
    return list(_read(said["event"], said["data"]))


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text into the session; returns `session/fingerprint`."""
    website, session = _place(outgoing)
    post = {"type": "text", "from": "operator", "origin": "chat", "content": outgoing.text}
    more = {"fingerprint": _fingerprint(outgoing), "automated": outgoing.automatic}
    said = _call("POST", f"website/{website}/conversation/{session}/message", config, json={**post, **more})
    return f"{session}/{CRISP.id_in(said, 'data', 'fingerprint', kind=int)}"


def find(outgoing: Outgoing, config: Config) -> str | None:
    """Look for our message by its fingerprint.

    Crisp takes a message before it is there, so not finding it proves nothing: raises SendFailed (refused).
    """
    (website, session), fingerprint = _place(outgoing), _fingerprint(outgoing)
    with api.repeatable():
        _call("GET", f"website/{website}/conversation/{session}/message/{fingerprint}", config)
    return f"{session}/{fingerprint}"


def _written(request: Request) -> Iterator[bytes]:
    """The body as it came, then as Crisp's library would write it."""
    yield request.body
    if len(request.body) <= REWRITTEN:
        with suppress(Unreadable):
            yield json.dumps(request.json(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read(event: str, said: dict[str, Any]) -> Iterator[Message | Receipt]:
    """Also what a plugin carries in from elsewhere (its origin is a URN) is a visitor's, if it is `from` one."""
    if event == "message:send" and said["from"] == "user":
        yield Message(
            id=_id(said, said["fingerprint"]),
            name=(said.get("user") or {}).get("nickname") or "",
            automatic=said.get("automated") is True,
            sent_at=datetime.fromtimestamp(said["timestamp"] / 1000, UTC),
            **_about(said),
            **_content(said["type"], said["content"]),
        )
    elif event == "message:updated" and isinstance(said["content"], dict):
        yield from _picked(said)
    elif event in PROGRESS and (ids := tuple(_id(said, one) for one in said["fingerprints"])):
        yield Receipt(provider="crisp", progress=PROGRESS[event], ids=ids, source=said)


def _about(said: dict[str, Any]) -> dict[str, Any]:
    sender = Address(channel=channel, id=f"crisp:{_name(said['website_id'])}/{_name(said['session_id'])}")
    return {"provider": "crisp", "sender": sender, "source": said}


def _content(kind: str, content: Any) -> dict[str, Any]:
    """Words or a file. Of a kind that is not known here it is only told that it came."""
    if kind == "text":
        return {"text": content}
    if kind not in FILES:
        return {"text": f"(a message of the kind {kind})"}
    name, type_ = content.get("name") or FILES[kind], content.get("type") or ""
    return {"attachments": (Attachment(name=name, type=type_, reference=content["url"]),)}


def _picked(said: dict[str, Any]) -> Iterator[Message]:
    """What is picked of the choices that somebody sent; picked otherwise later, it is another message."""
    choices = [one for one in said["content"].get("choices") or () if one.get("selected") is True]
    asked, values = _id(said, said["fingerprint"]), [one["value"] for one in choices]
    if choices:
        yield Message(
            id=f"{asked}/{digest(*values)}",
            reply_to=asked,
            text=", ".join(one.get("label") or one["value"] for one in choices),
            choice=" ".join(values),
            **_about(said),
        )


def _id(said: dict[str, Any], fingerprint: Any) -> str:
    return f"{_name(said['session_id'])}/{int(fingerprint):d}"  # of several it is told in words, too


def _name(value: str) -> str:
    """A website's or a session's own name, which is a part of addresses. Raises ValueError."""
    if not _NAME.fullmatch(value):
        raise ValueError("no name")
    return value


def _place(outgoing: Outgoing) -> tuple[str, str]:
    """Website and session. Raises SendFailed."""
    website, _, session = outgoing.to.removeprefix("crisp:").partition("/")
    if not (_NAME.fullmatch(website) and _NAME.fullmatch(session)):
        raise SendFailed("Crisp: this is no address of a visitor", Outcome.REFUSED)
    return website, session


def _fingerprint(outgoing: Outgoing) -> int:
    """Ours to choose: the same for every try, and exact in JavaScript."""
    return int(signing.sha256(outgoing.key.encode())[:13], 16)


def _call(method: str, path: str, config: Config, **rest: Any) -> dict[str, Any]:
    """What Crisp answers; 420 is its own word for too many requests, beside 429. Raises SendFailed."""
    url, auth = f"{config.api_url}/v1/{path}", (config.token_id, current(config.token_key))
    answer = api.call(method, url, headers={"X-Crisp-Tier": config.tier}, auth=auth, **rest)
    CRISP.refuse(answer._replace(status=429) if answer.status == 420 else answer, config)
    return answer.json()


def _error(said: dict[str, Any]) -> tuple[bool, str]:
    return said.get("error") is True, said["reason"] if isinstance(said.get("reason"), str) else ""


CRISP = Service("Crisp", _error)
