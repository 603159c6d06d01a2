"""LINE's part of the outside world: reply and push for texts, and the files that people sent.

Reference: https://developers.line.biz/en/reference/messaging-api/#send-reply-message

`world.state["line"]` may hold `blocked`, people who have blocked the account (LINE takes their messages, and they get
none), `unknown`, people it does not know, and `monthly_limit`, where the plan's messages are used up.
"""

import re
from typing import Any

from infra.world import Reply, Sent, World, handed_out, reply

BOT = "U" + "b07" * 10 + "b0"  # the shop's account, as webhooks name it
LONGEST = 5000  # UTF-16 units of a text
TOKEN_LIVES = 60  # seconds
PERSON = re.compile(r"U[0-9a-f]{32}")
TOKEN = re.compile(r"([0-9a-f]{11})([0-9a-f]{32})[0-9a-f]{8}")
KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def answer(sent: Sent, world: World) -> Reply:
    """POST /v2/bot/message/push or /reply, with one text."""
    if not _is_known(sent, world):
        return _refusal(401, "Authentication failed. Confirm that the access token in the header is valid.")
    if sent.method == "GET" and sent.path == "/v2/bot/channel/webhook/endpoint":
        url = world.registered("line", sent.headers.get("authorization", "").partition(" ")[2])
        said = {"endpoint": url, "active": world.state.get("line", {}).get("active", True)}
        return reply(said) if url else _refusal(404, "Not found")
    way = sent.path.removeprefix("/v2/bot/message/")
    if sent.method == "GET" and way.endswith("/content"):
        return handed_out(world.held("line", way.removesuffix("/content")))
    if sent.method != "POST" or way not in ("push", "reply"):
        return _refusal(404, "Not found")
    body = sent.json()
    wrong = _wrong_text(body)
    return wrong or (_push(sent, body, world) if way == "push" else _reply(sent, body, world))


def token(at: int, person: str, word: str) -> str:
    """A reply token made for a person at a Unix time in milliseconds. It holds both, as LINE remembers both."""
    return f"{at:011x}{person[1:]}{word[:8]}"


def _push(sent: Sent, body: dict[str, Any], world: World) -> Reply:
    """A key that was accepted before is answered with what it brought about then."""
    to, key, memory = body.get("to"), sent.headers.get("x-line-retry-key", ""), _memory(world)
    if not isinstance(to, str) or not PERSON.fullmatch(to):
        return _refusal(400, "The property, 'to', in the request body is invalid (line: -, column: -)")
    if key and not KEY.fullmatch(key):
        return _refusal(400, "The header, 'X-Line-Retry-Key', is invalid")
    if key in memory["keys"]:
        return _refusal(409, "The retry key is already accepted", sentMessages=memory["keys"][key])
    if memory.get("monthly_limit"):
        return _refusal(429, "You have reached your monthly limit.")
    if to in memory.get("unknown", ()):
        return _refusal(400, "Failed to send messages")
    said = _take(to, key, body, world)
    if key:
        memory["keys"][key] = said["sentMessages"]
    return _accepted(said, world)


def _reply(sent: Sent, body: dict[str, Any], world: World) -> Reply:
    """A token serves once, and for a minute."""
    given, memory = str(body.get("replyToken", "")), _memory(world)
    if "x-line-retry-key" in sent.headers:
        return _refusal(400, "The header, 'X-Line-Retry-Key', is not supported")
    made = TOKEN.fullmatch(given)
    if not made or given in memory["used"] or _age(made[1], world) > TOKEN_LIVES:
        return _refusal(400, "Invalid reply token")
    memory["used"].append(given)
    return _accepted(_take(f"U{made[2]}", given, body, world), world)


def _take(to: str, key: str, body: dict[str, Any], world: World) -> dict[str, Any]:
    """Note the message; what LINE answers to it."""
    number = str(460_000_000_000_000_000 + world.number())
    if to not in _memory(world).get("blocked", ()):
        text = body["messages"][0]["text"]
        world.note(part="line", what="message", to=to, text=text, id=number, key=key, raw=body)
    return {"sentMessages": [{"id": number, "quoteToken": f"q{number}"}]}


def _wrong_text(body: dict[str, Any]) -> Reply | None:
    messages = body.get("messages")
    if not isinstance(messages, list) or len(messages) != 1 or not isinstance(messages[0], dict):
        return _refusal(400, "The property, 'messages', in the request body is invalid (line: -, column: -)")
    text = messages[0].get("text")
    if messages[0].get("type") != "text" or not isinstance(text, str) or not text:
        return _detailed("May not be empty")
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        return _detailed(f"Length must be between 0 and {LONGEST}")
    return None


def _age(made: str, world: World) -> float:
    return abs(world.now().timestamp() - int(made, 16) / 1000)


def _is_known(sent: Sent, world: World) -> bool:
    scheme, _, given = sent.headers.get("authorization", "").partition(" ")
    names = [name for name in world.credentials if name.startswith("SHOPBELL_LINE_") and name.endswith("CHANNEL_TOKEN")]
    return scheme == "Bearer" and any(given in world.credentials[name].split() for name in names)


def _memory(world: World) -> dict[str, Any]:
    memory: dict[str, Any] = world.state.setdefault("line", {})
    memory.setdefault("keys", {})
    memory.setdefault("used", [])
    return memory


def _accepted(said: dict[str, Any], world: World) -> Reply:
    return reply(said, x_line_request_id=f"request-{world.number()}")


def _detailed(message: str) -> Reply:
    details = [{"message": message, "property": "messages[0].text"}]
    return _refusal(400, "The request body has 1 error(s)", details=details)


def _refusal(status: int, message: str, **more: Any) -> Reply:
    return reply({"message": message, **more}, status)
