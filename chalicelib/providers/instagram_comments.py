"""Comments on the shop's Instagram posts, reels and live videos, and mentions of the shop in others' posts.

1. Meta App Dashboard, your app (the one with direct messages will do): Add product, Instagram.
2. Connect the shop's professional account there, and take its access token: that of its Facebook page; or with
   Instagram Login its own and the Instagram app secret, with
   SHOPBELL_INSTAGRAM_COMMENTS_API_URL=https://graph.instagram.com.
3. Webhooks, object Instagram: Callback URL {url}, with your verify token; subscribe comments, live_comments, mentions.
   An app has one address for all of Instagram: leave that of direct messages if it stands there, either hears both.
4. App Review, Advanced Access to instagram_manage_comments and instagram_manage_messages: without it nothing comes.

Webhook: https://developers.facebook.com/docs/graph-api/webhooks/reference/instagram
Private: https://developers.facebook.com/documentation/instagram-platform/private-replies
Public: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment/replies
Mentions: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentions
and …/ig-user/mentioned_comment, …/ig-user/mentioned_media

Confirmed by pywa 3: the signature, with a published vector. By these pages alone: comments, that who wrote one has the
id that they have in direct messages (changes of 20 October 2021), and answers of both kinds. Not confirmed: how long a
public answer may be (300 characters from memory), and that a mentioned comment names its author.

Instagram tells of no change of a comment. With Instagram Login it does not say what a mention says.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib import api, meta
from chalicelib.errors import Outcome, SendFailed
from chalicelib.meta import comments
from chalicelib.models.inbound import Attachment, Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, secret
from chalicelib.models.values import Address, Channel
from chalicelib.webhook import Request

channel = Channel.INSTAGRAM_COMMENTS
can = Can(
    text=1000, octets=True, covers=frozenset({Cover.BODY}), methods=meta.METHODS, window=168, once=True, public=300
)
MENTIONED = {  # what is asked of a mention, and where its words stand
    "comment": ("mentioned_comment.comment_id({}){{id,text,timestamp,username}}", "text"),
    "media": ("mentioned_media.media_id({}){{id,caption,timestamp,username,permalink}}", "caption"),
}
PRODUCT = meta.service("Instagram", comments.OUTCOMES, comments.WORDS)
verify = meta.verify


class Config(meta.App):
    app_secret: LiveSecret = secret("App secret, App settings > Basic; or the Instagram app secret", inbound=True)
    token: LiveSecret = secret("Access token, Instagram > API setup of the app in Meta's console", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Comments and mentions of every entry. What the account wrote itself, and chats, say nothing to us."""
    return meta.read(request, "instagram", _entry)


def complete(message: Message, config: Config) -> Message:
    """What a mention says, and who says it."""
    account, id = meta.whom(message.sender.id, PRODUCT)
    if not comments.ID.fullmatch(id):  # it becomes a part of what is asked
        raise SendFailed("Instagram: this is no id of a mention", Outcome.REFUSED)
    asked, words = MENTIONED[message.late]
    with api.repeatable():
        said = meta.call("GET", account, config, PRODUCT, query={"fields": asked.format(id)})
    found = said.get(asked.partition(".")[0]) or {}
    name, link = str(found.get("username") or ""), str(found.get("permalink") or "")
    there = Attachment(name=f"{comments.ELSEWHERE} {link}".strip(), type="link")
    whole = {"late": "", "text": str(found.get(words) or ""), "name": name, "attachments": (there,)}
    who = {"sender": Address(channel=channel, id=f"{account}/@{name}")} if name else {}  # nobody else's
    return Message.model_validate({**dict(message), **whole, **who})


def send(outgoing: Outgoing, config: Config) -> str:
    """Answer a comment, to its author alone or below it; a mention only where it stands. Returns the answer's id."""
    about = outgoing.context
    if not outgoing.public:
        return comments.private(outgoing, config, PRODUCT)
    if not about.get("mention"):
        return comments.public(outgoing, about.get("comment_id", ""), "replies", config, PRODUCT)
    account, _ = meta.whom(outgoing.to, PRODUCT)
    where = {"media_id": about["mention"], **({"comment_id": about["within"]} if about.get("within") else {})}
    return comments.public(outgoing, account, "mentions", config, PRODUCT, **where)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and Meta tells an app anything of the account, or of the page that it belongs to."""
    if meta.subscribed(config, PRODUCT):
        return []
    return [Trouble("Instagram tells our app nothing of comments any more: subscribe it again, in Meta's console")]


def _entry(entry: dict[str, Any]) -> Iterator[meta.Found]:
    """Only an entry says when: in seconds, or in milliseconds where Meta so likes."""
    at = meta.moment(entry.get("time")) or meta.moment(entry.get("time"), per_second=1000)
    yield from meta.each(comments.changes(entry), partial(_change, meta.account(entry), at))


def _change(account: str, at: datetime | None, change: dict[str, Any]) -> Iterator[Message]:
    value, kind = change["value"], change["field"]
    if kind in ("comments", "live_comments"):
        yield from _comment(account, at, value, change)
    if kind == "mentions":
        within, media = value.get("comment_id") or "", value["media_id"]
        context = {"mention": media, **({"within": within} if within else {})}
        who, late = Address(channel=channel, id=f"{account}/{within or media}"), "comment" if within else "media"
        yield Message(provider="instagram_comments", id=within or media, sender=who, late=late, sent_at=at,
                      context=context, source=change)  # fmt: skip


def _comment(account: str, at: datetime | None, value: dict[str, Any], change: dict[str, Any]) -> Iterator[Message]:
    """A comment; by the id of its author, they are known in direct messages too."""
    who, id = value.get("from") or {}, value.get("id") or value["comment_id"]
    if who.get("id") == account or who.get("self_ig_scoped_id"):
        return
    person = f"{account}/{who.get('id') or id}"
    yield Message(
        provider="instagram_comments",
        id=id,
        sender=Address(channel=channel, id=person),
        aliases=(Address(channel=Channel.INSTAGRAM, id=person),) if who.get("id") else (),
        name=who.get("username") or "",
        text=value.get("text") or "",
        reply_to=value.get("parent_id") or "",
        sent_at=at,
        context={"comment_id": id},
        source=change,
    )
