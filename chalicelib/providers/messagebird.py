"""SMS and MMS through MessageBird: its SMS API and Flow Builder, as accounts from before Bird have them.

1. MessageBird Dashboard, Developers, API access: an access key, and the signing key of the developer settings.
2. Flow Builder, Create new flow, Call HTTP endpoint with SMS: choose your number under Incoming SMS.
3. Its step Forward to URL: {url}, method POST, Set Content-Type header application/json. Save, Publish.

Setting up: https://github.com/zendesk/sunshine-conversations-python/blob/master/docs/Messagebird.md
Signature: https://developers.messagebird.com/docs/verify-http-requests
Sending: https://github.com/messagebird/python-rest-api (messagebird/client.py)

Confirmed by messagebird 2.2: the signature, by all 44 vectors of its tests, and what is sent and answered. By another
vendor's page on the same: how a flow is set up. Not confirmed: what a flow posts (its shape is that of public gateways
in use), and where the media of an MMS lie.

Receipts are not taken: MessageBird calls with a GET that is signed over its whole address, and of a query API Gateway
hands on what it says and not how it was written.
"""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib import download, signing
from chalicelib.errors import BadSignature
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen, phone
from chalicelib.service import Service
from chalicelib.webhook import Request, moment, reads

channel = Channel.SMS
can = Can(text=1377, units=603, covers=frozenset({Cover.BODY, Cover.URL}), files=10)  # nine SMS
fetch = download.by_address(".messagebird.com")

ALGORITHMS = ("sha256", "sha384", "sha512")
LEEWAY = 1  # second, as its library has it; a signature holds for a minute


class Config(Frozen):
    signing_key: LiveSecret = secret("Signing key, Developers in the MessageBird Dashboard", inbound=True)
    access_key: LiveSecret = secret("live access key, Developers in the MessageBird Dashboard", outbound=True)
    number: str = setting("the shop's number, digits with country code, Numbers in the Dashboard", outbound=True)
    api_url: str = setting("where MessageBird's API is", default="https://rest.messagebird.com", outbound=True)


def verify(request: Request, config: Config) -> None:
    """A signed token over the hashes of the address and of the body, if there is one; for the minute that it names."""
    said = signing.claims(config.signing_key, request.header("messagebird-signature-jwt"), ALGORITHMS)
    since, until, now = said.get("nbf"), said.get("exp"), request.at.timestamp()
    if said.get("iss") != "MessageBird" or not isinstance(since, int) or not isinstance(until, int):
        raise BadSignature
    if not since - LEEWAY <= now < until + LEEWAY:
        raise BadSignature
    url = request.url.encode("utf-8", "surrogatepass")
    if not signing.same(signing.sha256(url), str(said.get("url_hash"))):
        raise BadSignature
    ours = signing.sha256(request.body) if request.body else ""
    if not signing.same(ours, str(said.get("payload_hash") or "")):
        raise BadSignature


@reads("a MessageBird webhook")
def parse(request: Request, config: Config) -> list[Message]:
    """One SMS or MMS. A long text comes whole. What says that it was sent by us (mt) is none."""
    fields = request.json_object() if request.body.lstrip().startswith(b"{") else dict(request.form())
    if fields.get("direction", "mo") != "mo":
        return []
    return [
        Message(
            provider="messagebird",
            id=fields["id"],
            sender=phone(fields["originator"]),
            text=fields.get("body") or "",
            attachments=tuple(_attachment(reference) for reference in _media(fields)),
            sent_at=moment(fields.get("createdDatetime")),
            source=fields,
        )
    ]


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its id. Without a data coding every letter beyond GSM-7 would be a question mark."""
    headers = {"Authorization": f"AccessKey {current(config.access_key)}", "Accept": "application/json"}
    post = {"originator": config.number, "recipients": [outgoing.to.removeprefix("+")], "body": outgoing.text}
    said = MESSAGEBIRD.call("POST", "/messages", config, headers=headers, json={**post, "datacoding": "auto"})
    return MESSAGEBIRD.id_in(said, "id")


def _media(fields: Mapping[str, Any]) -> list[str]:
    """A list; in a form it stands as text."""
    media = fields.get("mediaURLs") or []
    return list(json.loads(media)) if isinstance(media, str) else list(media)


def _attachment(reference: str) -> Attachment:
    return Attachment(name=download.name_of(reference), reference=reference)


def _error(said: dict[str, Any]) -> tuple[None, str]:
    """Words alone: what became of the message goes by the HTTP status."""
    error = said["errors"][0]
    return None, f"{error['description']} ({error['code']})"


MESSAGEBIRD = Service("MessageBird", _error)
