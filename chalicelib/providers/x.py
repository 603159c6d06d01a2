"""X: direct messages to the shop's account, through the X Activity API.

1. X Developer Console (console.x.com): an app with credits; X charges for each message in and out. User authentication
   settings: Read and write and Direct message. Then Keys and tokens: the consumer key and secret, and, made after that,
   the access token and its secret of the shop's own account. Give them to Shopbell first: X asks the address at once.
2. With the app's own BEARER_TOKEN, which stands there too. The answer says valid: true, and its id is the WEBHOOK_ID:
   curl https://api.x.com/2/webhooks -H 'Authorization: Bearer BEARER_TOKEN' -H 'content-type: application/json'
   -d '{"url": "{url}"}'
3. As the shop's account, with its own USER_ID and a USER_TOKEN (of OAuth 2 with dm.read; `xurl auth oauth2` gets one).
   This, and the same for dm.read and for chat.received: curl https://api.x.com/2/activity/subscriptions
   -H 'Authorization: Bearer USER_TOKEN' -H 'content-type: application/json'
   -d '{"event_type": "dm.received", "filter": {"user_id": "USER_ID"}, "webhook_id": "WEBHOOK_ID"}'

Webhook, URL check, signature: https://docs.x.com/x-api/webhooks/quickstart
Events: https://docs.x.com/x-api/activity/quickstart and …/event-payloads
Sending: https://docs.x.com/x-api/direct-messages/manage/integrate
Signing calls: https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
Files: https://developer.x.com/en/docs/direct-messages/message-attachments/guides/retrieving-media

Confirmed by oauthlib and X's own vector: how calls are signed. By X's pages: webhooks, events, sending. Not confirmed:
what dm.read holds (no sample is published; taken to be as in the older Account Activity API), that files of messages
come as in that too, and how long a text may be.

Calls are signed by OAuth 1.0a, for its tokens stay: one of OAuth 2 ends after two hours, and is renewed by what changes
each time and would have to be kept somewhere safe. Files, where events say that they lie, are handed out to it alone.

The check of the address is signed by the same key, and in the same way, as events are: whoever asks us gets a signature
for words of their choice. So nothing but one plain word is signed there, and one plain word is no event.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

from chalicelib import api, canary, download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen
from chalicelib.service import Service
from chalicelib.webhook import MALFORMED, Request, Response, each, reads

channel = Channel.X
# X takes 10,000 characters, and does not say what an emoji counts; by GET it checks the address, first and each hour
can = Can(text=5000, covers=frozenset({Cover.BODY}), methods=("GET", "POST"), files=1, receipts=True)
FILE_HOSTS = ("ton.twitter.com", "ton.x.com", "video.twimg.com")
ENCRYPTED = "(an encrypted message: it can be read and answered in the X app alone)"
# one plain word, as X's tokens are: without what begins JSON, markup or a form, and none of JSON's own
_CHALLENGE = re.compile(rb'(?!(?:null|true|false)\Z)[^\x00-\x20\x7f-\xff{}\[\]"<>&]{1,1000}')
_PERSON = re.compile(r"[0-9]{1,19}", re.ASCII)


class Config(Frozen):
    consumer_key: str = setting("Consumer key, Keys and tokens of the app in X's console", outbound=True)
    consumer_secret: LiveSecret = secret("Consumer secret, beside its key", inbound=True, outbound=True)
    access_token: LiveSecret = secret("Access token of the shop's account, Keys and tokens of the app", outbound=True)
    access_token_secret: LiveSecret = secret("Access token secret, beside its token", outbound=True)
    api_url: str = setting("where X's API is", default="https://api.x.com", outbound=True)


def verify(request: Request, config: Config) -> Response | None:
    """HMAC-SHA256 over the raw body; a GET is X's check of the address, answered by the same over its token."""
    if request.method == "GET":
        return _challenged(request.query.get("crc_token", ""), config)
    live, theirs = config.consumer_secret, [request.header("x-twitter-webhooks-signature")]
    signed = signing.signed(live, request.body, theirs, encode=signing.base64_digest, prefix="sha256=")
    if not signed or _CHALLENGE.fullmatch(request.body):
        raise BadSignature
    return None


@reads("an X event")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """The messages of an event, or how far somebody has read. Other events say nothing to us, what we sent neither."""
    event = request.json_object()["data"]
    if event["event_type"] not in EVENTS:
        return []
    field, read = EVENTS[event["event_type"]]
    account, payload = _id(event["filter"]["user_id"]), event["payload"]
    parts = payload[field] if field else [payload]
    return each(parts, partial(read, account, payload), "an X event without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text; returns its id."""
    if not _PERSON.fullmatch(outgoing.to):
        raise SendFailed("X: this is no address of a person", Outcome.REFUSED)
    at = outgoing.at or datetime.now(UTC)
    said = _call(f"dm_conversations/with/{outgoing.to}/messages", config, at, json={"text": outgoing.text})
    try:
        return _id(said["data"]["dm_event_id"])
    except MALFORMED:
        raise X.unknown() from None


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file of a message, as the account that it was sent to."""
    own, url = download.moved(config), attachment.reference
    headers = {"Authorization": _authorization("GET", url, config, datetime.now(UTC))}
    return download.content(attachment, download.get(url, hosts=FILE_HOSTS, own=own, limit=limit, headers=headers))


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the app's key holds, and the webhook is ours and has passed X's checks of it.

    The account's own token would take a third call: it is seen as something is sent.
    """
    pair = (config.consumer_key, current(config.consumer_secret))
    lent = api.call("POST", f"{config.api_url}/oauth2/token", form={"grant_type": "client_credentials"}, auth=pair)
    api.refuse(lent, f"X gives the app no token ({lent.status})")
    headers = {"Authorization": f"Bearer {lent.json().get('access_token')}"}
    answer = api.call("GET", f"{config.api_url}/2/webhooks", headers=headers)
    api.refuse(answer, f"X does not tell of webhooks ({answer.status})")
    hooks = {hook.get("url"): hook.get("valid") for hook in answer.json().get("data") or ()}
    troubles = {url: canary.registered("X", url, webhook) for url in hooks or ("",)}
    ours = [url for url, wrong in troubles.items() if not wrong]
    if not ours:
        return next(iter(troubles.values()))
    return [] if hooks[ours[0]] is True else [Trouble("X calls the webhook no more: it failed a check of it")]


def signature(method: str, url: str, fields: Mapping[str, str], consumer_secret: str, token_secret: str) -> str:
    """HMAC-SHA1 of OAuth 1.0a over all fields of a call, those of its form or query among them; JSON has none.

    A dozen lines, where oauthlib would add 1.6 MB to what is packed and some 80 ms to the first sending.
    """
    pairs = sorted((_percent(name), _percent(value)) for name, value in fields.items())
    content = "&".join(map(_percent, (method, url, "&".join(f"{name}={value}" for name, value in pairs))))
    key = f"{_percent(consumer_secret)}&{_percent(token_secret)}"
    return signing.base64_digest(signing.mac(key, content.encode(), "sha1"))


def _authorization(method: str, url: str, config: Config, at: datetime) -> str:
    fields = {
        "oauth_consumer_key": config.consumer_key,
        "oauth_nonce": os.urandom(16).hex(),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": f"{at.timestamp():.0f}",
        "oauth_token": current(config.access_token),
        "oauth_version": "1.0",
    }
    pair = (current(config.consumer_secret), current(config.access_token_secret))
    place, _, query = url.partition("?")
    fields["oauth_signature"] = signature(method, place, {**fields, **dict(parse_qsl(query))}, *pair)
    return "OAuth " + ", ".join(f'{name}="{_percent(value)}"' for name, value in fields.items())


def _percent(text: str) -> str:
    return quote(text, safe="~")


def _call(path: str, config: Config, at: datetime, **rest: Any) -> dict[str, Any]:
    """One call as the shop's account. X says in a header of its own until when it takes no more. Raises SendFailed."""
    url = f"{config.api_url}/2/{path}"
    answer = api.call("POST", url, headers={"Authorization": _authorization("POST", url, config, at)}, **rest)
    reset = answer.headers.get("x-rate-limit-reset", "")
    if answer.status == 429 and reset.isascii() and reset.isdigit() and len(reset) < 12:
        wait = str(max(0, int(reset) - int(at.timestamp())))
        answer = answer._replace(headers={"retry-after": wait, **answer.headers})
    X.refuse(answer, config)
    return answer.json()


def _challenged(token: str, config: Config) -> Response:
    """What proves to X that we know the secret. Raises BadSignature where it might prove something else as well."""
    content = token.encode("utf-8", "surrogatepass")
    if not _CHALLENGE.fullmatch(content):
        raise BadSignature
    proof = signing.base64_digest(signing.mac(current(config.consumer_secret), content))
    return Response(body=json.dumps({"response_token": f"sha256={proof}"}), content_type="application/json")


def _written(account: str, payload: Mapping[str, Any], event: dict[str, Any]) -> Iterator[Message]:
    """A message; none that the shop wrote itself."""
    said = event["message_create"]
    sender, content = _id(said["sender_id"]), said["message_data"]
    if sender == account:
        return
    media = (content.get("attachment") or {}).get("media")
    who = ((payload.get("users") or {}).get(sender) or {}).get("data") or {}
    yield Message(
        provider="x",
        id=_id(event["id"]),
        sender=Address(channel=channel, id=sender),
        name=who.get("name") or who.get("username") or "",
        text=_text(content, media),
        attachments=(_attachment(media),) if media else (),
        choice=(content.get("quick_reply_response") or {}).get("metadata") or "",
        sent_at=_moment(event["created_timestamp"]),
        source=event,
    )


def _seen(account: str, payload: Mapping[str, Any], event: dict[str, Any]) -> Iterator[Receipt]:
    """Somebody has read all that we sent them until then; not that we have read theirs."""
    reader = _id(event["sender_id"])
    if reader != account:
        until = _moment(event["created_timestamp"])
        person = Address(channel=channel, id=reader)
        yield Receipt(provider="x", progress=Progress.READ, reader=person, before=until, source=event)


def _encrypted(account: str, payload: Mapping[str, Any], event: dict[str, Any]) -> Iterator[Message]:
    """Only that it came is known. It is not acknowledged: by the same way nothing of ours would reach that chat."""
    sender = _id(event["sender_id"])
    if sender != account:
        yield Message(
            provider="x",
            id=event["id"],
            sender=Address(channel=channel, id=sender),
            text=ENCRYPTED,
            sent_at=_moment(event["created_at_msec"]),
            automatic=True,
            source=event,
        )


Reader = Callable[[str, Mapping[str, Any], dict[str, Any]], Iterator[Message | Receipt]]
EVENTS: dict[str, tuple[str, Reader]] = {  # where the parts of an event are, if it has several, and what each means
    "dm.received": ("direct_message_events", _written),
    "dm.read": ("direct_message_mark_read_events", _seen),
    "chat.received": ("", _encrypted),
}


def _text(content: Mapping[str, Any], media: Mapping[str, Any] | None) -> str:
    """As it was typed: X puts short addresses of its own for every link, and one for a file behind the words."""
    text: str = content["text"]
    for link in (content.get("entities") or {}).get("urls") or ():
        short, meant = link["url"], link.get("expanded_url") or link["url"]
        text = text.replace(short, "" if media and short == media.get("url") else meant)
    return text.rstrip() if media else text


def _attachment(media: Mapping[str, Any]) -> Attachment:
    """A picture; of a video or a GIF the largest of its forms that are files."""
    forms = [one for one in (media.get("video_info") or {}).get("variants") or () if one.get("bitrate") is not None]
    best = max(forms, key=lambda one: int(one["bitrate"]), default={"url": media["media_url_https"]})
    name = download.name_of(best["url"])
    return Attachment(name=name, type=best.get("content_type") or "", reference=best["url"])


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _id(value: Any) -> str:
    """A number of X's, which it writes as text. Raises ValueError."""
    if not isinstance(value, str) or not _PERSON.fullmatch(value):
        raise ValueError("a field that is no number")
    return value


def _error(said: dict[str, Any]) -> tuple[None, Any]:
    """Words alone: what became of the message goes by the HTTP status."""
    return None, said.get("detail") or said.get("title")


X = Service("X", _error)
