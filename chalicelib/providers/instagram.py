"""Instagram's direct messages: chats, answers to the shop's stories, and mentions in other people's.

1. Meta App Dashboard, your app (the one with Messenger will do): Add product, Instagram.
2. Connect the shop's professional account there, and take its access token: that of its Facebook page; or with
   Instagram Login its own and the Instagram app secret, with SHOPBELL_INSTAGRAM_API_URL=https://graph.instagram.com.
3. Webhooks of the product, object Instagram: Callback URL {url}, with your verify token.
4. Subscribe messages, messaging_postbacks, messaging_seen and message_reactions.
5. In the Instagram app, Settings, Messages and story replies, Message controls: Allow access to messages.
6. App Review, Advanced Access to instagram_manage_messages: before that, only people with a role in the app are heard.

Webhook: https://developers.facebook.com/documentation/instagram-platform/webhooks/examples
Sending: https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/send-message
Files: https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload
Stories: https://developers.facebook.com/docs/messenger-platform/instagram/features/story-mention

Confirmed by pywa 3: the signature, with a published vector. By these pages alone: shapes of webhooks, sizes of files,
what holds for stories. By public threads: `me/messages` on both hosts, and the code of the window. Not confirmed: which
media types beside png, jpeg, gif, mp4 and aac Instagram knows by these names, and that edits come with a number.

A story is its author's and goes after a day: Meta lets nobody keep it. It and what is shared from a feed are shown by
their link, for as long as that leads anywhere, and never fetched.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib import download, meta
from chalicelib.meta import chats
from chalicelib.models.inbound import Attachment, Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, secret
from chalicelib.models.values import Channel
from chalicelib.webhook import Request

channel = Channel.INSTAGRAM
IMAGE, FILM = 8_000_000, 25_000_000  # bytes
FILES = {  # media types that Instagram takes, what they are sent as, and their bytes. A PDF would lose its name: a link
    **dict.fromkeys(("image/png", "image/jpeg", "image/gif"), ("image", IMAGE)),
    **dict.fromkeys(("audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav"), ("audio", FILM)),
    **dict.fromkeys(("video/mp4", "video/ogg", "video/avi", "video/quicktime", "video/webm"), ("video", FILM)),
}
can = Can(
    text=1000,
    octets=True,
    covers=frozenset({Cover.BODY}),
    methods=meta.METHODS,
    files=1,
    file_types={type_: size for type_, (_, size) in FILES.items()},
    receipts=True,
    window=24,
    human_window=168,
    reaction_opens=True,
)
fetch = download.by_address(".fbsbx.com", ".fbcdn.net", ".cdninstagram.com")
OWN = ("image", "video", "audio", "file")  # what the customer sent themselves; all else is shown by its link
LINKED = {"story_mention": "the shop in their story", "share": "a post they share", "ig_post": "a post they share",
          "reel": "a reel they share", "ig_reel": "a reel they share"}  # fmt: skip

WORDS = chats.words("Instagram", "account") | {  # these are subcodes
    2534014: "Instagram does not know this person (with this account)",
    2534022: chats.OUTSIDE.format("Instagram"),
}
PRODUCT = meta.service("Instagram", chats.OUTCOMES, WORDS)
verify = meta.verify


class Config(meta.App):
    app_secret: LiveSecret = secret("App secret, App settings > Basic; or the Instagram app secret", inbound=True)
    token: LiveSecret = secret("Access token, Instagram > API setup of the app in Meta's console", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Messages and receipts of every entry. Echoes, comments, and what else an account may hear, say nothing to us."""
    return meta.read(request, "instagram", partial(chats.read, CHAT))


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text, or one file by its link, from the token's own account; returns its id (mid)."""
    _, person = meta.whom(outgoing.to, PRODUCT)
    tag = chats.BY_A_PERSON if outgoing.human else {}
    body = {"recipient": {"id": person}, **tag, "message": _message(outgoing)}
    said = meta.call("POST", "me/messages", config, PRODUCT, json=body)
    return PRODUCT.id_in(said, "message_id")


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and Meta tells an app anything of the account, or of the page that it belongs to."""
    if meta.subscribed(config, PRODUCT):
        return []
    return [Trouble("Instagram tells our app nothing of the account any more: subscribe it again, in Meta's console")]


def _message(outgoing: Outgoing) -> dict[str, Any]:
    if not outgoing.file:
        return {"text": outgoing.text}
    kind, _ = FILES[outgoing.file.type]
    return {"attachment": {"type": kind, "payload": {"url": outgoing.file.url}}}


def _says(message: dict[str, Any]) -> dict[str, Any]:
    """What a message holds; the story it answers is the shop's own."""
    story = (message.get("reply_to") or {}).get("story") or {}
    files = [_linked("the shop's story, which they answer", "story", story)] if story else []
    files += _attachments(message.get("attachments") or [])
    text = message.get("text") or ""
    return {"text": text or ("" if files else "(a message that Instagram does not hand on)"), "attachments": files}


def _attachments(files: list[dict[str, Any]]) -> Iterator[Attachment]:
    """Files of their own by the address at Meta, which is valid for some days."""
    for file in files:
        inner, kind = file.get("payload") or {}, file["type"]
        url = inner.get("url") or ""
        if kind in OWN:
            yield Attachment(name=unquote(urlsplit(url).path.rpartition("/")[2]), type=kind, reference=url)
        else:
            yield _linked(LINKED.get(kind) or inner.get("title") or "", kind, inner)


def _linked(what: str, kind: str, there: dict[str, Any]) -> Attachment:
    """What is not ours to keep."""
    return Attachment(name=f"{what} {there.get('url') or ''}".strip() or kind, type=kind)


CHAT = chats.Chat("instagram", channel, _says)
