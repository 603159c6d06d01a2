"""Whoever writes to the shop in Intercom's Messenger, or by what else leads into its inbox.

1. Intercom, Settings, Integrations, Developer Hub: New app. Basic information shows its Client secret, Authentication
   its Access token. It needs the permissions to read and to write conversations.
2. There, Configure, Webhooks: {url} as the endpoint, and the topics conversation.user.created and
   conversation.user.replied. Intercom asks by HEAD whether anybody is there.
3. Settings, Teammates: a teammate with a seat who is to answer. The number in the address of their page is admin_id.
4. A workspace in Europe or Australia has another api_url: https://api.eu.intercom.io or https://api.au.intercom.io.

Webhooks: https://developers.intercom.com/docs/webhooks/setting-up-webhooks and /docs/webhooks/webhook-notifications
Sending: https://github.com/intercom/Intercom-OpenAPI (descriptions/2.14, POST /conversations/{conversation_id}/reply)

Confirmed by Intercom's own pages and its OpenAPI description: topics, HEAD, conversations and their parts, what is sent
and refused. By two third parties that agree: the signature. Not confirmed: where the files of a workspace lie, and that
the body of an answer is read as HTML (public integrations send it tags and line breaks alike).

An answer to what an agent sent first opens a conversation whose source is the agent's: who wrote a part is looked at
in each. What admins, bots and teams wrote is an echo. Name and email are shown only: Intercom takes them from anyone.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from html import escape, unescape
from typing import Any
from urllib.parse import quote

from chalicelib import download, mail, proofs
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, with_typed
from chalicelib.service import Service
from chalicelib.webhook import Request, each, reads

channel = Channel.WEBCHAT
can = Can(text=4000, covers=frozenset({Cover.BODY}), methods=("HEAD", "POST"), files=10)  # no limit is documented
fetch = download.by_address(".intercomcdn.com")
verify = proofs.hmac_of_body("client_secret", "x-hub-signature", algorithm="sha1", prefix="sha1=")

CREATED, REPLIED = "conversation.user.created", "conversation.user.replied"
CUSTOMERS = ("user", "lead", "contact")  # kinds of authors; all others are ours
_PICTURE = re.compile(r'<img\b[^<>]*?\bsrc\s*+=\s*+"([^"<>]{1,4000})"', re.IGNORECASE)
_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])|&(?=#?\w{1,31};)")  # what in a text would be read as HTML


class Config(Frozen):
    client_secret: LiveSecret = secret("Client secret, Basic information, your app in the Developer Hub", inbound=True)
    access_token: LiveSecret = secret("Access token, Authentication, your app in the Developer Hub", outbound=True)
    admin_id: str = setting("number of the teammate who answers, in the address of their page", outbound=True)
    api_url: str = setting("where Intercom's API is", default="https://api.intercom.io", outbound=True)


@reads("an Intercom webhook")
def parse(request: Request, config: Config) -> list[Message]:
    """What a customer wrote: a conversation's first message and its new parts. Other topics are not for us."""
    outer = request.json_object()
    if outer["topic"] not in (CREATED, REPLIED):
        return []
    item = outer["data"]["item"]
    parts = [item["source"]] if outer["topic"] == CREATED else []
    parts += (item.get("conversation_parts") or {}).get("conversation_parts") or ()
    read = partial(_read, _id(outer["app_id"]), at=item.get("created_at"), conversation=_id(item["id"]))
    return each(parts, read, "a part of an Intercom conversation without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text as the teammate, into the conversation they wrote in last; returns the id of its part."""
    conversation, token = quote(outgoing.context.get("conversation", ""), safe=""), current(config.access_token)
    if not conversation:
        raise SendFailed("Intercom: it is not known in which conversation they are", Outcome.REFUSED)
    body = _MARKUP.sub(lambda found: escape(found[0]), outgoing.text)
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.14", "Accept": "application/json"}
    post = {"message_type": "comment", "type": "admin", "admin_id": config.admin_id, "body": body}
    said = INTERCOM.call("POST", f"/conversations/{conversation}/reply", config, headers=headers, json=post)
    return INTERCOM.id_in(said, "conversation_parts", "conversation_parts", -1, "id")


def _read(workspace: str, part: dict[str, Any], *, at: Any, conversation: str) -> Iterator[Message]:
    """A part that a customer wrote. One without words or files says that something was done."""
    author, written = part["author"], part.get("body") or ""
    if author["type"] not in CUSTOMERS or part.get("part_type") == "note":
        return
    text, files = mail.text_of(written), tuple(_attachments(part, written))
    if not text and not files:
        return
    at, kind = part.get("created_at") or at, "" if "part_type" in part else "source:"  # two rows of numbers
    yield Message(
        provider="intercom",
        id=f"{kind}{_id(part['id'])}",
        sender=Address(channel=channel, id=f"intercom:{workspace}/{_id(author['id'])}"),
        name=with_typed(author.get("name") or "", author.get("email") or ""),
        text=text,
        attachments=files,
        sent_at=datetime.fromtimestamp(int(at), UTC) if at else None,
        context={"conversation": conversation},
        source=part,
    )


def _attachments(part: dict[str, Any], written: str) -> Iterator[Attachment]:
    """Files stand beside the words, pictures within them."""
    for file in part.get("attachments") or ():
        about = {"name": file.get("name") or "", "type": file.get("content_type") or "", "size": file.get("filesize")}
        yield Attachment(reference=file["url"], **about)
    for place in map(unescape, _PICTURE.findall(written)):
        yield Attachment(name=download.name_of(place), reference=place)


def _id(value: object) -> str:
    """A word or a whole number. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError("no id")
    return str(value)


def _error(said: dict[str, Any]) -> tuple[str, str]:
    error = said["errors"][0]
    return str(error["code"]), str(error["message"])


INTERCOM = Service("Intercom", _error, {"rate_limit_exceeded": Outcome.NOT_SENT})
