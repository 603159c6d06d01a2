"""X's part of the outside world: takes direct messages and the webhook's address, hands out files, tells who has read.

Signing: https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature  Calls: https://docs.x.com/x-api

`world.state["x"]` may hold `closed`, people who take no messages from the shop, `webhook`, where X was told to call,
and `invalid`, where it has failed a check.
"""

import base64
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import quote, unquote

from infra.world import Entry, Reply, Sent, World, handed_out, json_object, reply

ACCOUNT = "1111111111111111111"  # the shop's own
HOOK = "1976325569252868099"  # the webhook's id
LONGEST = 10_000  # characters of a text
SKEW = 300  # seconds
DM = re.compile(r"/2/dm_conversations/with/([0-9]{1,19})/messages")
FILE = "/1.1/ton/data/dm/"
FIELD = re.compile(r'(oauth_[a-z_]+)="([^"]*)"')
APP, USER = "an-app-only-token", "a-token-of-the-account"
CONSOLE = {"BEARER_TOKEN": APP, "USER_TOKEN": USER, "USER_ID": ACCOUNT}
EVENTS = ("dm.received", "dm.sent", "dm.read", "chat.received", "chat.sent")  # private ones, as far as a shop may care


def answer(sent: Sent, world: World) -> Reply:
    """What one call is answered: those of the app by its own token, all others as the shop's account."""
    if (sent.method, sent.path) == ("POST", "/oauth2/token"):
        key, secret = sent.basic()
        known = world.account("x", consumer_key=key, consumer_secret=secret)
        return reply({"token_type": "bearer", "access_token": APP}) if known else _problem(403, "Forbidden")
    if sent.path == "/2/webhooks":
        return _webhooks(sent, world) if sent.bearer() == APP else _problem(401, "Unauthorized")
    if (sent.method, sent.path) == ("POST", "/2/activity/subscriptions"):
        return _subscribed(sent, world)
    account = _account(sent, world)
    if account is None:
        return _problem(401, "Unauthorized")
    if sent.method == "GET" and sent.path.startswith(FILE):
        return handed_out(world.held("x", sent.path.removeprefix(FILE)))
    to = DM.fullmatch(sent.path)
    return _send(to[1], sent.json(), world) if to and sent.method == "POST" else _problem(404, "Not Found")


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The event that says somebody has read; X tells of nothing else."""
    if progress != "read":
        return None
    at = str(int(world.now().timestamp() * 1000))
    read = {"created_timestamp": at, "sender_id": entry.to, "target": {"recipient_id": ACCOUNT}}
    return envelope("dm.read", direct_message_mark_read_events=[{**read, "last_read_event_id": entry.id}], users={})


def envelope(event_type: str, **payload: Any) -> bytes:
    """A webhook's body. Still to be signed."""
    about = {"event_uuid": "-6850472171600526495", "filter": {"user_id": ACCOUNT}, "event_type": event_type}
    return json.dumps({"data": {**about, "tag": "shop", "payload": payload}}, ensure_ascii=False).encode()


def _account(sent: Sent, world: World) -> dict[str, str] | None:
    """The account that signed, by each of its live secrets; once for each nonce, and not at another time.

    The time of a fetch is that of the machine, which need not be the world's.
    """
    fields = {name: unquote(value) for name, value in FIELD.findall(sent.headers.get("authorization", ""))}
    theirs, used = fields.pop("oauth_signature", ""), world.state.setdefault("x", {}).setdefault("nonces", [])
    nonce, at = fields.get("oauth_nonce", ""), fields.get("oauth_timestamp", "")
    shown = {"consumer_key": fields.get("oauth_consumer_key", ""), "access_token": fields.get("oauth_token", "")}
    account = world.account("x", **shown)
    if account is None or not nonce or nonce in used or not at.isdigit():
        return None
    if not sent.path.startswith(FILE) and abs(world.now().timestamp() - int(at)) > SKEW:
        return None
    secrets = (account["consumer_secret"].split(), account["access_token_secret"].split())
    if not any(_signature(sent, fields, one, other) == theirs for one in secrets[0] for other in secrets[1]):
        return None
    used.append(nonce)
    return account


def _signature(sent: Sent, fields: dict[str, str], *secrets: str) -> str:
    said = "&".join(sorted(f"{quote(name, '')}={quote(value, '')}" for name, value in {**fields, **sent.query}.items()))
    base = "&".join(quote(part, "") for part in (sent.method, sent.base + sent.path, said))
    key = "&".join(quote(secret, "") for secret in secrets)
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _webhooks(sent: Sent, world: World) -> Reply:
    """X asks an address at once, by a GET, and takes none that does not answer rightly."""
    memory, app = world.state.setdefault("x", {}), next(iter(world.accounts("x")))
    if sent.method == "POST":
        url = sent.json().get("url")
        if not isinstance(url, str) or not re.fullmatch(r"https://[^:/]+/.*", url):
            return _problem(400, "UrlValidationFailed")
        if not _checked(url, app["consumer_secret"].split(), world):
            return _problem(400, "CrcValidationFailed")
        memory["webhook"] = url
    url = world.registered("x", app["consumer_key"])
    hook = {"id": HOOK, "url": url, "valid": not memory.get("invalid"), "created_at": "2026-01-15"}
    if sent.method == "POST":
        return reply({"data": hook})
    return reply({"data": [hook] if url else [], "meta": {"result_count": int(bool(url))}})


def _checked(url: str, secrets: list[str], world: World) -> bool:
    """Whether the address answers the Challenge-Response Check by one of the app's secrets."""
    token = f"challenge-{world.number()}"
    answer = world.visit("GET", f"{url}?crc_token={token}", {}, b"")
    macs = [hmac.new(secret.encode(), token.encode(), hashlib.sha256).digest() for secret in secrets]
    right = [f"sha256={base64.b64encode(mac).decode()}" for mac in macs]
    return answer.status == 200 and json_object(answer.body).get("response_token") in right


def _subscribed(sent: Sent, world: World) -> Reply:
    """Of private events only the account itself lets the app hear; the app's own token is not enough."""
    said, hooked = sent.json(), world.registered("x", next(iter(world.accounts("x")))["consumer_key"])
    if sent.bearer() != USER:
        return _problem(403, "Forbidden") if sent.bearer() == APP else _problem(401, "Unauthorized")
    if said.get("event_type") not in EVENTS or said.get("filter") != {"user_id": ACCOUNT}:
        return _problem(400, "One or more parameters to your request was invalid.", "Invalid Request")
    if not hooked or said.get("webhook_id") != HOOK:
        return _problem(400, "WebhookIdInvalid")
    return reply({"data": {"subscription_id": str(1_976_325_569_252_868_000 + world.number()), **said}})


def _send(to: str, body: dict[str, Any], world: World) -> Reply:
    """Note the text; what X answers."""
    text = body.get("text")
    if not isinstance(text, str) or not text or len(text) > LONGEST or body.keys() - {"text", "attachments"}:
        return _problem(400, "One or more parameters to your request was invalid.", "Invalid Request")
    if to in world.state.get("x", {}).get("closed", ()):
        return _problem(403, "You cannot send messages to this user.", "Forbidden")
    id = str(2_080_765_901_528_535_000 + world.number())
    world.note(part="x", what="message", to=to, text=text, id=id, raw=body)
    return reply({"data": {"dm_conversation_id": f"{ACCOUNT}-{to}", "dm_event_id": id}}, 201)


def _problem(status: int, detail: str, title: str = "") -> Reply:
    said = {"title": title or detail, "detail": detail, "type": "about:blank", "status": status}
    return reply(said, status)
