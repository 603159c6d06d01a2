"""WhatsApp's part of the world: the Cloud API's way to send a text or a medium, and the receipts that come back.

`world.state["whatsapp"]` maps a recipient to the error code that a message to them is refused with; 131047, the window
that is over, does not hold for templates. `blocked` says why the number may send nothing, `apps` which are subscribed.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from infra.world import Entry, File, Reply, Sent, World, handed_out, reply
from infra.world.meta import SUBSCRIBED, absent, gate, refusal, wire

ACCOUNT, NUMBER = "109876543210987", "4930123456"  # the shop's WhatsApp account, and its number as customers see it
LONGEST = 4096  # characters of a text
MEDIA = {"image": 5_000_000, "video": 16_000_000, "audio": 16_000_000, "document": 100_000_000}  # bytes
PHONE = re.compile(r"\+?[0-9]{5,20}")
USER = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
CLOSED = 131047
GAP = re.compile(r"{{([0-9]+)}}")
TEMPLATES = {  # what Meta approved for the shop, by name and language
    ("order_update", "en"): "Hello {{1}}, your order {{2}} is on its way.",
    ("hello_again", "de"): "Guten Tag, hier ist der Laden.",
}
ERRORS = {
    130429: ("Rate limit hit", "This number sends faster than it may."),
    131026: ("Message undeliverable", "The recipient cannot get this message."),
    131030: ("Recipient phone number not in allowed list", "Add the number to the list of test recipients."),
    131047: ("Re-engagement message", "The recipient's last message is older than 24 hours."),
    131056: ("(Business Account, Consumer Account) pair rate limit hit", "Too many messages to this recipient."),
}


def answer(sent: Sent, world: World) -> Reply:
    """POST /<version>/<phone number id>/messages with a text, template or medium, …/media with a file; GET …/<id>."""
    gated = gate(sent, world, ("messages", "media", "", SUBSCRIBED))
    if isinstance(gated, Reply):
        return gated
    if sent.path.startswith("/attachments/"):
        return handed_out(world.held("whatsapp", sent.path.removeprefix("/attachments/")))
    prefix, who, what = gated
    if what == SUBSCRIBED and who == ACCOUNT:
        apps = [{"whatsapp_business_api_data": {"name": "Shopbell", "id": "7001"}}]
        return reply({"data": world.state.get("whatsapp", {}).get("apps", apps)})
    if sent.query.get("fields") == "health_status" and who == world.credentials.get(f"{prefix}_PHONE_NUMBER_ID"):
        return reply({"health_status": _health(who, world), "id": who})
    if not what:
        return _place(sent, who, world)
    if who != world.credentials.get(f"{prefix}_PHONE_NUMBER_ID"):
        return absent(sent, who)
    if what == "media":
        return _upload(sent.parts(), world)
    body = sent.json()
    return _wrong(body, world) or _send(body, world)


def _health(number: str, world: World) -> dict[str, Any]:
    """Of the number and its account; what is wrong with the number is in the memory."""
    wrong = world.state.get("whatsapp", {}).get("blocked", "")
    error = {"error_code": 141010, "error_description": wrong, "possible_solution": "See the console."}
    own = {"can_send_message": "BLOCKED", "errors": [error]} if wrong else {"can_send_message": "AVAILABLE"}
    account = {"entity_type": "WABA", "id": ACCOUNT, "can_send_message": "AVAILABLE"}
    parts = [{"entity_type": "PHONE_NUMBER", "id": number, **own}, account]
    return {"can_send_message": own["can_send_message"], "entities": parts}


def _place(sent: Sent, id: str, world: World) -> Reply:
    """Where a medium lies, for five minutes, for who shows the token."""
    file = world.held("whatsapp", id)
    if file is None:
        return absent(sent, id)
    url = f"{sent.base}/attachments/{id}"
    about = {"url": url, "mime_type": file.type, "file_size": len(file.content), "id": id}
    return reply({**about, "messaging_product": "whatsapp"})


def _upload(parts: Mapping[str, File], world: World) -> Reply:
    file, product = parts.get("file"), parts.get("messaging_product")
    if product is None or product.content != b"whatsapp":
        return refusal(100, "(#100) The parameter messaging_product is required.")
    if file is None or not file.content:
        return refusal(100, "(#100) The parameter file is required.")
    kind = file.type.partition("/")[0]
    if len(file.content) > MEDIA.get(kind, MEDIA["document"]):
        return refusal(100, "(#100) Param file must be smaller", details="The file is too large for its type.")
    id = f"7{world.number():015d}"
    world.hold("whatsapp", id, file)
    return reply({"id": id})


def receipt(entry: Entry, progress: str, world: World) -> bytes:
    """The webhook body that tells of an entry: `sent`, `delivered`, `read` or `failed`. Still to be signed."""
    digits = entry.to.lstrip("+")
    phone = bool(PHONE.fullmatch(entry.to))
    status: dict[str, Any] = {
        "id": entry.id,
        "status": str(progress),
        "timestamp": str(int(world.now().timestamp())),
        "recipient_id" if phone else "recipient_user_id": digits,
        "biz_opaque_callback_data": entry.key,
    }
    if progress == "failed":
        title, details = ERRORS[131026]
        status["errors"] = [{"code": 131026, "title": title, "message": title, "error_data": {"details": details}}]
    contact = {"profile": {"name": "A customer"}, "wa_id" if phone else "user_id": digits}
    number = world.credentials.get("SHOPBELL_WHATSAPP_PHONE_NUMBER_ID", "")
    return envelope(value(number, contacts=[contact], statuses=[status]))


def value(number: str, **content: Any) -> dict[str, Any]:
    """What one change of a webhook holds."""
    about = {"display_phone_number": NUMBER, "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": about, **content}


def envelope(*values: dict[str, Any]) -> bytes:
    """A webhook body with a change for each of `values`."""
    changes = [{"value": one, "field": "messages"} for one in values]
    return wire({"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": changes}]})


def _wrong(body: dict[str, Any], world: World) -> Reply | None:
    """What the real API would find wrong, in its order: the product, the recipient, the content, the window."""
    to, user = body.get("to"), body.get("recipient")
    kind = body.get("type", "text")
    if body.get("messaging_product") != "whatsapp":
        return refusal(100, "(#100) The parameter messaging_product is required.")
    if not to and not user:
        return refusal(100, "(#100) The parameter to is required.")
    if not (PHONE.fullmatch(str(to)) if to else USER.fullmatch(str(user))):
        return _refused(131009, "Parameter value is not valid", "The recipient is no phone number and no user id.")
    if kind not in CONTENTS:
        return _refused(131009, "Parameter value is not valid", "This world takes texts, templates and media only.")
    code = world.state.get("whatsapp", {}).get(to or user)
    let_in = code == CLOSED and kind == "template"
    return CONTENTS[kind](body, world) or (_refused(code, *ERRORS[code]) if code and not let_in else None)


def _wrong_text(body: dict[str, Any], world: World) -> Reply | None:
    said = body.get("text")
    text = said.get("body") if isinstance(said, dict) else None
    if not isinstance(text, str) or not text:
        return _refused(131008, "Required parameter is missing", "The parameter text['body'] is required.")
    if len(text) > LONGEST:
        return refusal(100, f"(#100) Param text['body'] must be at most {LONGEST} characters long.")
    return None


def _wrong_medium(body: dict[str, Any], world: World) -> Reply | None:
    medium = body.get(body["type"])
    if not isinstance(medium, dict) or world.held("whatsapp", str(medium.get("id"))) is None:
        return _refused(131009, "Parameter value is not valid", "The medium's id is not known.")
    return None


def _wrong_template(body: dict[str, Any], world: World) -> Reply | None:
    """Its name and language must be approved, and every gap filled with one line."""
    text, values = _template(body)
    if not text:
        return _refused(132001, "Template name does not exist in the translation", "There is no such template here.")
    if len(values) != len(set(GAP.findall(text))):
        return _refused(132000, "Number of parameters does not match", f"This template takes another number: {text}")
    if any(re.search(r"[\n\t]| {5}", value) for value in values):
        return _refused(132018, "There is an issue with the parameters", "Line ends and runs of spaces are not taken.")
    return None


CONTENTS = {"text": _wrong_text, "template": _wrong_template, **dict.fromkeys(MEDIA, _wrong_medium)}


def _template(body: dict[str, Any]) -> tuple[str, list[str]]:
    """The approved text that is meant, empty if there is none, and what goes into its gaps."""
    named = body.get("template") or {}
    text = TEMPLATES.get((str(named.get("name")), str((named.get("language") or {}).get("code"))), "")
    components = [one for one in named.get("components") or () if str(one.get("type")).lower() == "body"]
    return text, [str(value.get("text", "")) for one in components for value in one.get("parameters") or ()]


def _said(body: dict[str, Any]) -> str:
    """What the customer reads."""
    if body.get("type", "text") == "text":
        return str(body["text"]["body"])
    text, values = _template(body)
    return GAP.sub(lambda gap: values[int(gap[1]) - 1], text)


def _refused(code: int, title: str, details: str) -> Reply:
    return refusal(code, f"(#{code}) {title}", details=details)


def _send(body: dict[str, Any], world: World) -> Reply:
    """A phone goes before a user id where both are given."""
    to = body.get("to") or body["recipient"]
    serial = f"{to} {world.now():%Y%m%d%H%M%S%f} {world.number()}"
    id = "wamid." + base64.b64encode(serial.encode()).decode()
    key = body.get("biz_opaque_callback_data", "")
    medium = body.get(body["type"], {}) if body.get("type") in MEDIA else {}
    file = world.held("whatsapp", medium["id"]) if medium else None
    text = (medium.get("filename") or file.name) if file else _said(body)
    raw = {**body, "size": len(file.content)} if file else body
    world.note(part="whatsapp", what="file" if file else "message", to=to, text=text, id=id, key=key, raw=raw)
    who = {"wa_id": to.lstrip("+")} if PHONE.fullmatch(to) else {"user_id": to}
    return reply({"messaging_product": "whatsapp", "contacts": [{"input": to, **who}], "messages": [{"id": id}]})
