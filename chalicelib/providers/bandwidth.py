"""SMS and MMS through Bandwidth.

1. Bandwidth App, Account, API Credentials, Create: with the role for messaging; copy Client ID and Client Secret.
2. Applications, your messaging application: put {url} into both callback URLs, each with a user and a password of your
   own for Basic authentication. Copy its Application ID; the Account ID stands at the top of every page.
3. Locations: let the one that your number belongs to use this application.

Webhooks, sending: https://dev.bandwidth.com/docs/messaging/webhooks and .../docs/messaging/createMessage
Their proof: https://dev.bandwidth.com/docs/account/applications
Tokens: https://dev.bandwidth.com/docs/account/credentials/management (user and password are gone on 2 December 2026)
Errors, media: https://dev.bandwidth.com/docs/messaging/errors and .../docs/messaging/media

Confirmed by bandwidth-sdk 23.3: every field of webhooks and answers, and how a token is had. By Bandwidth's pages
alone: that media are kept for two days and need a token. Nothing is signed: user and password prove a webhook.
"""

import time
from collections.abc import Iterator
from typing import Any

from chalicelib import api, download, proofs
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen, phone
from chalicelib.service import Service
from chalicelib.webhook import MALFORMED, Request, each, moment

channel = Channel.SMS
can = Can(text=2048, units=2048, covers=frozenset({Cover.CREDENTIAL}), files=10, receipts=True)
verify = proofs.basic

TEXTS = ("SMS", "MMS")  # RBM, which Bandwidth carries too, is another channel
# `message-sending` and `message-sent` say nothing new
PROGRESS = {"message-delivered": Progress.DELIVERED, "message-read": Progress.READ, "message-failed": Progress.FAILED}
_tokens: dict[tuple[str, str], tuple[str, float]] = {}  # client and secret -> token and until when it is used


class Config(Frozen):
    webhook_user: str = setting("user of the callbacks' Basic authentication, a word of your own", inbound=True)
    webhook_password: LiveSecret = secret("its password: a long random word of your own", inbound=True)
    account_id: str = setting("Account ID, at the top of the Bandwidth App", outbound=True)
    application_id: str = setting("Application ID of your messaging application", outbound=True)
    client_id: str = setting("Client ID, API Credentials in the Bandwidth App", outbound=True)
    client_secret: LiveSecret = secret("Client Secret, beside the Client ID", outbound=True)
    number: str = setting("the shop's number, + and country code, Numbers in the Bandwidth App", outbound=True)
    api_url: str = setting("where Bandwidth's API is", default="https://messaging.bandwidth.com", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Every event of the array. Raises Unreadable, with the others."""
    return each(request.json(), _read, "a Bandwidth webhook without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its id."""
    shown = token(config)
    post = {"applicationId": config.application_id, "from": config.number, "to": [outgoing.to], "text": outgoing.text}
    url = f"{config.api_url}/api/v2/users/{config.account_id}/messages"
    answer = api.call("POST", url, headers={"Authorization": f"Bearer {shown}"}, json=post)
    if answer.status == 401:
        _tokens.clear()  # it was taken back before its time
    BANDWIDTH.refuse(answer, config, shown)
    return BANDWIDTH.id_in(answer.json(), "id")


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A medium of our own account, which Bandwidth keeps for two days."""
    hosts = (f"messaging.bandwidth.com/api/v2/users/{config.account_id}/media/",)
    headers = {"Authorization": f"Bearer {token(config)}"}
    answer = download.get(attachment.reference, hosts=hosts, own=download.moved(config), limit=limit, headers=headers)
    return download.content(attachment, answer)


def token(config: Config) -> str:
    """What a call shows: lent for an hour against the client's secret, and kept for as long. Raises SendFailed."""
    client = (config.client_id, current(config.client_secret))
    known, until = _tokens.get(client, ("", 0.0))
    if time.time() < until:
        return known
    url = f"{download.moved(config) or 'https://api.bandwidth.com'}/api/v1/oauth2/token"
    with api.repeatable():
        answer = api.call("POST", url, form={"grant_type": "client_credentials"}, auth=client)
        api.refuse(answer, f"Bandwidth gives no token ({answer.status})")
    said = answer.json()
    try:
        _tokens[client] = str(said["access_token"]), time.time() + float(said["expires_in"]) - 60  # a minute early
    except MALFORMED:
        raise SendFailed("Bandwidth: a token that cannot be read", Outcome.NOT_SENT) from None
    return _tokens[client][0]


def _read(event: dict[str, Any]) -> Iterator[Message | Receipt]:
    """What we sent ourselves comes back with the direction out, unless it is a receipt."""
    kind, message = event["type"], event["message"]
    if progress := PROGRESS.get(kind):
        reason = f"{event.get('description') or ''} ({event.get('errorCode')})" if progress is Progress.FAILED else ""
        yield Receipt(provider="bandwidth", progress=progress, ids=(message["id"],), reason=reason, source=event)
    elif kind == "message-received" and message["direction"] == "in" and message.get("channel", "SMS") in TEXTS:
        files = message.get("media") or ()
        yield Message(
            provider="bandwidth",
            id=message["id"],
            sender=phone(message["from"]),
            text=message.get("text") or "",
            attachments=tuple(Attachment(name=download.name_of(one), reference=one) for one in files),
            sent_at=moment(message.get("time")),
            source=event,
        )


def _error(said: dict[str, Any]) -> tuple[None, object]:
    """The fields that are wrong, else what is."""
    try:
        return None, "; ".join(f"{one['fieldName']}: {one['description']}" for one in said["fieldErrors"])
    except MALFORMED:
        return None, said.get("description")


BANDWIDTH = Service("Bandwidth", _error)
