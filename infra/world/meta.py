"""What Meta's Graph API does alike for all its products: tokens, paths, error bodies, the bytes of a webhook.

Of a chat, `world.state[part]` maps a person's id to the (code, subcode) that a message to them is refused with; a
person's answer (HUMAN_AGENT) goes through where only the ordinary window is over. `subscribed` there: what the app is
told of.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from infra.world import Reply, Sent, World, reply

TRACE = "AQxWorldTraceId"
SUBSCRIBED = "subscribed_apps"
TAGS = ("HUMAN_AGENT",)  # the others ended on 27 April 2026


def wire(outer: Any) -> bytes:
    """JSON as Meta writes it into a webhook: every other letter escaped, slashes too."""
    return json.dumps(outer, separators=(",", ":")).replace("/", "\\/").encode()


def accounts(world: World, part: str) -> dict[str, str]:
    """Every live token of a part, and the beginning of its account's other settings."""
    name = re.compile(rf"(SHOPBELL_{part.upper()}(?:__[A-Z0-9]+)?)_TOKEN")
    found = [(name.fullmatch(setting), value) for setting, value in world.credentials.items()]
    return {token: match[1] for match, value in found if match for token in value.split()}


def gate(sent: Sent, world: World, ways: tuple[str, ...] = ("messages",)) -> Reply | tuple[str, str, str]:
    """The refusal of a call without a right to it; or whose settings its token belongs to, whom it is about, and what.

    `ways` are what may be posted; an empty one stands for asking, and for fetching what was found.
    """
    scheme, _, token = sent.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        return refusal(104, "An access token is required to request this resource.")
    prefix = accounts(world, sent.part).get(token)
    if not prefix:
        return refusal(190, "Invalid OAuth access token - Cannot parse access token", status=401)
    version, _, rest = sent.path.strip("/").partition("/")
    if "" in ways and sent.method == "GET" and version == "attachments":
        return prefix, rest, ""
    if not re.fullmatch(r"v[0-9]{2}\.0", version):
        return refusal(2500, f"Unknown path components: /{sent.path.strip('/')}")
    who, _, what = rest.partition("/")
    asked = sent.method == ("GET" if what in ("", SUBSCRIBED) else "POST") and what in ways
    return (prefix, who, what) if asked else absent(sent, who)


def absent(sent: Sent, who: str) -> Reply:
    """Whom the call is about does not exist for this token, or does not take such a call."""
    text = f"Unsupported {sent.method.lower()} request. Object with ID '{who}' does not exist or takes no such request"
    return refusal(100, text, subcode=33, kind="GraphMethodException")


def refusal(
    code: int, text: str, *, status: int = 400, subcode: int = 0, kind: str = "OAuthException", details: str = ""
) -> Reply:
    error: dict[str, Any] = {"message": text, "type": kind, "code": code, "fbtrace_id": TRACE}
    if subcode:
        error["error_subcode"] = subcode
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return reply({"error": error}, status)


# ---- chats --------------------------------------------------------------------------------------------------------


def event(ours: str, person: str, at: int, **content: Any) -> dict[str, Any]:
    """One thing that happened between a person and an account of the shop; `at` in milliseconds."""
    return {"sender": {"id": person}, "recipient": {"id": ours}, "timestamp": at, **content}


def envelope(kind: str, ours: str, events: list[dict[str, Any]]) -> bytes:
    """A webhook body with all `events` of a chat."""
    at = max((one["timestamp"] for one in events), default=0)
    return wire({"object": kind, "entry": [{"id": ours, "time": at, "messaging": events}]})


def apps(part: str, world: World, *usual: str) -> Reply:
    """The apps that are told of an account, and of what."""
    fields = world.state.get(part, {}).get("subscribed", usual)
    return reply({"data": [{"name": "Shopbell", "id": "7001", "subscribed_fields": fields}] if fields else []})


def unreachable(
    part: str, body: Mapping[str, Any], world: World, errors: Mapping[tuple[int, int], str],
    unknown: tuple[int, int], outside: tuple[int, int],
) -> Reply | None:  # fmt: skip
    """Why this person gets nothing: `unknown` is the code for a stranger, `outside` for a window that is over."""
    tag, person = body.get("tag"), body["recipient"]["id"]
    if body.get("messaging_type") == "MESSAGE_TAG" and tag not in TAGS:
        return refusal(100, f"(#100) Param tag must be one of {{{', '.join(TAGS)}}}.")
    known = isinstance(person, str) and person.isdigit()
    code, subcode = world.state.get(part, {}).get(person, (0, 0)) if known else unknown
    let_in = tag in TAGS and (code, subcode) == outside
    return refusal(code, errors[code, subcode], subcode=subcode) if code and not let_in else None


def taken(part: str, world: World, to: str, what: str, text: str, raw: Any, key: str = "") -> str:
    """Note what goes to a person; returns its id."""
    serial = f"{to} {world.now():%Y%m%d%H%M%S%f} {world.number()}"
    id = "m_" + hashlib.sha256(serial.encode()).hexdigest()
    world.note(part=part, what=what, to=to, text=text, id=id, key=key, raw=raw)
    return id


# ---- comments -----------------------------------------------------------------------------------------------------


def changes(kind: str, ours: str, those: list[dict[str, Any]], at: int = 0) -> bytes:
    """A webhook body with changes; `at` in seconds."""
    return wire({"object": kind, "entry": [{"id": ours, "time": at, "changes": those}]})


def answered_once(part: str, body: Mapping[str, Any], world: World, kinds: tuple[str, ...], longest: int) -> Reply:
    """A private answer of so many bytes: to each comment one. `world.state[part]` maps comments to codes of refusal."""
    who, said = body.get("recipient"), body.get("message")
    about = next((str(who[kind]) for kind in kinds if who.get(kind)), "") if isinstance(who, dict) else ""
    text = said.get("text") if isinstance(said, dict) else None
    if not re.fullmatch(r"[0-9_]+", about):
        return refusal(100, "(#100) Invalid comment_id parameter", subcode=2018292)
    if not isinstance(text, str) or not text or len(text.encode()) > longest:
        return refusal(100, "(#100) The parameter message is required, and not too long.")
    memory = world.state.setdefault(part, {})
    if code := memory.get(about):
        return refusal(code, f"(#{code}) This comment takes no private answer")
    if about in memory.setdefault("answered", []):
        return refusal(10900, "(#10900) Activity already replied to")
    memory["answered"].append(about)
    return reply({"recipient_id": "7000", "message_id": taken(part, world, about, "message", text, body)})


def commented(part: str, about: str, body: Mapping[str, Any], world: World, longest: int) -> Reply:
    """A public answer."""
    text = body.get("message")
    if not re.fullmatch(r"[0-9_]+", about) or not isinstance(text, str) or not 0 < len(text) <= longest:
        return refusal(100, "(#100) The parameter message is required, and not too long.")
    id = f"{about.partition('_')[0]}_{world.number():016d}"
    world.note(part=part, what="message", to=about, text=text, id=id, raw=dict(body))
    return reply({"id": id})
