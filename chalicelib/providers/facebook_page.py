"""Comments on a Facebook Page's posts, visitors' posts there, and mentions of the Page elsewhere.

1. Meta App Dashboard, your app (the one with Messenger will do): Add product, Webhooks.
2. Webhooks, object Page: Callback URL {url}, with your verify token; subscribe feed and mention. An app has one address
   for all that concerns Pages: leave Messenger's if it stands there, either hears both.
3. Graph API Explorer: a Page access token with pages_messaging, pages_manage_engagement, pages_read_user_content and
   pages_manage_metadata; with it POST /<page id>/subscribed_apps?subscribed_fields=feed,mention.
4. App Review, Advanced Access to these: before that, only people with a role in the app are heard.

Webhook: https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed
Answers: https://developers.facebook.com/documentation/business-messaging/messenger-platform/discovery/private-replies
and https://developers.facebook.com/docs/graph-api/reference/object/comments

Confirmed by pywa 3: the signature, with a published vector. By these pages alone: the private answer, to comments and
to visitors' posts, one within seven days. By several public gateways: the shape of `feed`. By public threads: codes
10902 and 2018292 of comments that take none. Not confirmed: the shape of `mention`, code 10900, how long a public
comment may be, and that a person's id here is theirs in Messenger: so nobody is taken for the same.

Edits name no number of their own: the same words written again after others are not told apart.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib import download, meta
from chalicelib.meta import comments
from chalicelib.models.inbound import Attachment, Kind, Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, secret
from chalicelib.models.values import Address, Channel, digest
from chalicelib.webhook import Request

channel = Channel.FACEBOOK_PAGE
can = Can(text=2000, covers=frozenset({Cover.BODY}), methods=meta.METHODS, window=168, once=True, public=8000)
fetch = download.by_address(".fbcdn.net", ".fbsbx.com")
VERBS = {"add": Kind.MESSAGE, "edit": Kind.EDIT, "edited": Kind.EDIT, "remove": Kind.DELETE}  # hide is our own doing
POSTS = ("post", "status", "photo", "video")  # a visitor's; likes and shares are nothing to answer
PRODUCT = meta.service("Facebook", comments.OUTCOMES, comments.WORDS)
verify = meta.verify


class Config(meta.App):
    token: LiveSecret = secret("Page access token, Graph API Explorer in Meta's console", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Comments, posts and mentions of every entry. What the Page wrote itself, and chats, say nothing to us."""
    return meta.read(request, "page", _entry)


def send(outgoing: Outgoing, config: Config) -> str:
    """Answer a comment or a post: to its author alone, or below it; returns the answer's id."""
    if not outgoing.public:
        return comments.private(outgoing, config, PRODUCT)
    about = next((id for kind in (*comments.KINDS, "mention") if (id := outgoing.context.get(kind))), "")
    return comments.public(outgoing, about, "comments", config, PRODUCT)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and Meta still tells our app of comments."""
    if "feed" in meta.subscribed(config, PRODUCT):
        return []
    return [Trouble("Facebook tells our app nothing of comments any more: subscribe the page again, in Meta's console")]


def _entry(entry: dict[str, Any]) -> Iterator[meta.Found]:
    yield from meta.each(comments.changes(entry), partial(_change, meta.account(entry)))


def _change(page: str, change: dict[str, Any]) -> Iterator[Message]:
    """A comment, a visitor's post or a mention; of its own posts a mention would tell again what `feed` tells."""
    value, mention = change["value"], change["field"] == "mention"
    kind, comment = VERBS.get(value.get("verb")), value.get("item") == "comment"
    if change["field"] not in ("feed", "mention") or kind is None or not (comment or value.get("item") in POSTS):
        return
    id, post = value["comment_id" if comment else "post_id"], value.get("post_id") or ""
    who = value.get("from") or {"id": value.get("sender_id"), "name": value.get("sender_name")}
    if str(who.get("id")) == page or (mention and post.startswith(f"{page}_")):
        return
    person = f"{page}/{who.get('id') or id}"  # not everybody lets an app know who they are
    text, parent = value.get("message") or "", value.get("parent_id") or ""
    context = {"mention" if mention else "comment_id" if comment else "post_id": id}
    yield Message(
        provider="facebook_page",
        kind=kind,
        id=id,
        version=digest(str(value.get("created_time")), text) if kind is Kind.EDIT else "",
        sender=Address(channel=channel, id=person),
        name=who.get("name") or "",
        text=text,
        attachments=tuple(_attachments(value, mention=mention)) if kind is Kind.MESSAGE else (),
        reply_to=parent if comment and parent != post else "",
        sent_at=meta.moment(value.get("created_time")),
        context=context if kind is Kind.MESSAGE else {},  # a change leaves what was last written to be answered
        source=change,
    )


def _attachments(value: dict[str, Any], *, mention: bool) -> Iterator[Attachment]:
    """Pictures by the address at Meta; and by its link, which is not fetched, where all this stands."""
    for url in value.get("photos") or filter(None, (value.get("photo"),)):
        yield Attachment(name=unquote(urlsplit(url).path.rpartition("/")[2]), type="image", reference=url)
    link = value.get("permalink_url") or (value.get("post") or {}).get("permalink_url") or ""
    if mention or link:
        yield Attachment(name=f"{comments.ELSEWHERE if mention else 'the post'} {link}".strip(), type="link")
