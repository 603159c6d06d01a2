"""WhatsApp through Meta's Cloud API.

1. Meta App Dashboard, your app (type Business) with the product WhatsApp, API setup: copy the Phone number ID.
2. App settings, Basic: copy the App secret. Business settings, System users: a permanent token that may send messages.
3. Think of a Verify token, a long random word. What is copied so far has to be set before the next step.
4. WhatsApp, Configuration: the Callback URL is {url} with your Verify token; subscribe messages.

Webhook: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
Signature: https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
Sending: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/text-messages
Templates: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
Window: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
Errors: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
Media: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media

Confirmed by pywa 3: the signature, what comes, what is sent, errors and templates. By Meta's pages alone: media.

An address is `+` and the digits of a phone, or the id that WhatsApp gives a user for this business (BSUID,
`DE.1234…`), which never begins with `+`. The phone may be absent.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib import api, download, meta
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Kind, Location, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Approved, Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel
from chalicelib.webhook import Request

channel = Channel.WHATSAPP
MB = 1_000_000
OFFICE = "application/vnd.openxmlformats-officedocument"
FILES = {  # media types that WhatsApp takes, what they are sent as, and their bytes (supported media types)
    **dict.fromkeys(("image/jpeg", "image/png"), ("image", 5 * MB)),
    **dict.fromkeys(("video/mp4", "video/3gpp"), ("video", 16 * MB)),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), ("audio", 16 * MB)),
    **dict.fromkeys(("text/plain", "application/pdf", "application/msword"), ("document", 100 * MB)),
    **dict.fromkeys(("application/vnd.ms-excel", "application/vnd.ms-powerpoint"), ("document", 100 * MB)),
    f"{OFFICE}.wordprocessingml.document": ("document", 100 * MB),
    f"{OFFICE}.spreadsheetml.sheet": ("document", 100 * MB),
    f"{OFFICE}.presentationml.presentation": ("document", 100 * MB),
}
FILE_HOSTS = ("lookaside.fbsbx.com",)
can = Can(
    text=4096,
    covers=frozenset({Cover.BODY}),
    methods=meta.METHODS,
    files=1,
    file_types={type_: size for type_, (_, size) in FILES.items()},
    receipts=True,
    window=24,
    templates=Approved(form=r"[a-z0-9_]+/[a-z]{2,3}(_[A-Za-z]{2,4})?", like="order_update/en"),
)

# played is a voice message
PROGRESS = {"delivered": Progress.DELIVERED, "read": Progress.READ, "played": Progress.READ, "failed": Progress.FAILED}
TEMPLATES = {  # what is wrong with one, or with sending it to this person
    131049: "WhatsApp holds back this kind of template for this person at the moment",
    131050: "this person wants no marketing from the shop",
    131062: "WhatsApp does not take this template for a person whose phone number is hidden",
    132000: "the template has another number of gaps at WhatsApp than in shop.toml",
    132001: "WhatsApp has no approved template of this name and language",
    132005: "the template is too long with these values",
    132007: "WhatsApp finds the template against its policies",
    132012: "WhatsApp does not take these values for the template",
    132015: "WhatsApp has paused this template",
    132016: "WhatsApp has ended this template",
    132018: "WhatsApp does not take these values for the template",
}
OUTCOMES = meta.OUTCOMES | {
    **dict.fromkeys((80007, 130429, 131016, 131048, 131056, 131057), Outcome.NOT_SENT),
    131000: Outcome.UNKNOWN,
    **dict.fromkeys((131026, 131030, 131031, 131045, 131047), Outcome.REFUSED),  # 131045 comes with HTTP 500
    **dict.fromkeys(TEMPLATES, Outcome.REFUSED),
}
WORDS = meta.WORDS | {
    **TEMPLATES,
    80007: "this WhatsApp account sends too much, Meta asks us to wait",
    130429: "this number sends too fast, Meta asks us to wait",
    131016: "WhatsApp is not available at the moment",
    131026: "this person cannot be reached on WhatsApp",
    131030: "this test number may only write to the numbers on its list",
    131031: "Meta has locked this WhatsApp account",
    131045: "the shop's number is not registered with WhatsApp",
    131047: "the customer's last message is more than 24 hours old; WhatsApp then takes only a template",
    131048: "too many people blocked this number, Meta asks us to wait",
    131056: "too many messages to this person in a short time, Meta asks us to wait",
    131057: "this WhatsApp account is in maintenance",
}
PRODUCT = meta.service("WhatsApp", OUTCOMES, WORDS)
verify = meta.verify
NOTHING_SAID = {"request_welcome"}  # the chat was opened, nobody wrote
_PHONE = re.compile(r"[0-9]{5,20}", re.ASCII)
_NUMBER_ID = re.compile(r"[0-9]{1,30}", re.ASCII)
_MEDIA = re.compile(r"media/([0-9]{1,30})", re.ASCII)


class Config(meta.App):
    token: LiveSecret = secret("permanent access token of a system user, Business settings at Meta", outbound=True)
    phone_number_id: str = setting("Phone number ID, WhatsApp > API setup of the app in Meta's console", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Messages and receipts of every entry and change. Other fields, echoes among them, say nothing to us."""
    return meta.read(request, "whatsapp_business_account", lambda entry: meta.each(entry["changes"], _change))


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text, template or file, from the number that the customer wrote to; returns its id (wamid)."""
    given = outgoing.context.get("phone_number_id", "")
    number = given if _NUMBER_ID.fullmatch(given) else config.phone_number_id
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if outgoing.to.startswith("+") else "recipient": outgoing.to,
        **(_uploaded(outgoing.file, number, config) if outgoing.file else _sent_as(outgoing)),
        "biz_opaque_callback_data": outgoing.key,  # comes back in the receipts
    }
    said = meta.call("POST", f"{number}/messages", config, PRODUCT, json=body)
    return PRODUCT.id_in(said, "messages", 0, "id")


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A medium by its id: first where it lies, for some minutes, then the medium. Both want the token."""
    media = _MEDIA.fullmatch(attachment.reference)
    if not media:
        raise SendFailed("it has no id at WhatsApp", Outcome.REFUSED)
    with api.repeatable():
        place = meta.call("GET", media[1], config, PRODUCT)
    own, headers = download.moved(config), {"Authorization": f"Bearer {current(config.token)}"}
    answer = download.get(str(place.get("url")), hosts=FILE_HOSTS, own=own, limit=limit, headers=headers)
    return download.content(attachment, answer)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, messages may be sent, and Meta tells an app of those that come.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status (LIMITED is common:
    a business that is not verified) and …/whatsapp/business-management-api on subscribed_apps of the account, whose id
    stands beside the health. Which address the app has is asked of Meta by the app's own token only, which we lack.
    """
    said = meta.call("GET", config.phone_number_id, config, PRODUCT, query={"fields": "health_status"})
    health = said.get("health_status") or {}
    parts = health.get("entities") or ()
    errors = [error for part in parts for error in part.get("errors") or ()]
    blocked = health.get("can_send_message") == "BLOCKED"
    why = "; ".join(str(error.get("error_description")) for error in errors) or "WhatsApp gives no reason"
    troubles = [Trouble(f"WhatsApp lets this number send nothing: {why[:300]}")] if blocked else []
    account = next((str(part.get("id")) for part in parts if part.get("entity_type") == "WABA"), "")
    if _NUMBER_ID.fullmatch(account):
        apps = meta.call("GET", f"{account}/subscribed_apps", config, PRODUCT).get("data")
        troubles += [] if apps else [Trouble("WhatsApp tells no app of what customers write: subscribe yours again")]
    return troubles


def _uploaded(file: Content, number: str, config: Config) -> dict[str, Any]:
    """What a message says of a file, which is uploaded first; nobody sees that."""
    kind, _ = FILES.get(file.type, ("document", 0))
    with api.repeatable():
        form, parts = {"messaging_product": "whatsapp", "type": file.type}, {"file": (file.name, file.data, file.type)}
        said = meta.call("POST", f"{number}/media", config, PRODUCT, form=form, files=parts)
        media = {"id": PRODUCT.id_in(said, "id")}
    return {"type": kind, kind: {**media, "filename": file.name} if kind == "document" else media}


def _sent_as(outgoing: Outgoing) -> dict[str, Any]:
    """A text; or a template by `name/language`, with what stands in its gaps.

    WhatsApp takes neither line ends nor runs of spaces there (error 132018).
    """
    if not outgoing.template:
        return {"type": "text", "text": {"body": outgoing.text, "preview_url": False}}
    name, _, language = outgoing.template.partition("/")
    values = [{"type": "text", "text": " ".join(value.split())} for value in outgoing.values]
    body = [{"type": "body", "parameters": values}] if values else []
    return {"type": "template", "template": {"name": name, "language": {"code": language}, "components": body}}


def _change(change: dict[str, Any]) -> Iterator[meta.Found]:
    if change["field"] != "messages":
        return
    value = change["value"]
    yield from meta.each(value.get("messages", ()), partial(_message, value))
    yield from meta.each(value.get("statuses", ()), _receipt)


def _message(value: dict[str, Any], message: dict[str, Any]) -> Iterator[Message]:
    """What somebody wrote; an edit, a revocation and a reaction name the message they are about."""
    if message["type"] in NOTHING_SAID:
        return
    contact = _contact(value, message)
    sender, *aliases = _addresses(contact, message)
    profile = contact.get("profile") or {}
    yield Message(
        provider="whatsapp",
        sender=sender,
        aliases=tuple(aliases),
        name=profile.get("name") or profile.get("username") or "",
        sent_at=meta.moment(message.get("timestamp")),
        context={"phone_number_id": value["metadata"]["phone_number_id"]},  # which of the shop's numbers has to answer
        source={"message": message, "contact": contact},
        **_about(message),
    )


def _contact(value: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """The contact that wrote a message. One that shares no id with it counts only where nobody else can be meant."""
    contacts = value.get("contacts") or []
    for contact in contacts:
        if _same(contact, message):
            return dict(contact)
    unnamed = not (message.get("from_user_id") or message.get("from"))
    alone = len(contacts) == 1 and (unnamed or len(value["messages"]) == 1)
    return dict(contacts[0]) if alone and _same(contacts[0], message) is None else {}


def _same(contact: dict[str, Any], message: dict[str, Any]) -> bool | None:
    """Whether both name the same person; None if they have no sort of id in common."""
    pairs = [(contact.get("user_id"), message.get("from_user_id")), (contact.get("wa_id"), message.get("from"))]
    common = [one == other for one, other in pairs if one and other]
    return all(common) if common else None


def _addresses(contact: dict[str, Any], message: dict[str, Any]) -> Iterator[Address]:
    """The most lasting id first: the user's id for this business, then the phone."""
    user = message.get("from_user_id") or contact.get("user_id")
    phone = contact.get("wa_id") or message.get("from") or ""
    if user and not user.startswith("+"):
        yield Address(channel=channel, id=user)
    if _PHONE.fullmatch(phone):
        yield Address(channel=channel, id=f"+{phone}")


def _about(message: dict[str, Any]) -> dict[str, Any]:
    """Kind, id, version and content. The webhook's own id tells a second edit or reaction from the first."""
    kind, id = message["type"], message["id"]
    if kind == "reaction":
        reaction = message["reaction"]  # a removal has no emoji, or an empty one
        return _changed(Kind.REACTION, reaction["message_id"], id, text=reaction.get("emoji") or "")
    if kind == "edit":
        edit = message["edit"]
        return _changed(Kind.EDIT, edit["original_message_id"], id, **_content(edit["message"]))
    if kind == "revoke":
        return _changed(Kind.DELETE, message["revoke"]["original_message_id"], "")
    return {"id": id, "reply_to": (message.get("context") or {}).get("id") or "", **_content(message)}


def _changed(kind: Kind, id: str, version: str, **content: Any) -> dict[str, Any]:
    return {"kind": kind, "id": id, "version": version, **content}


def _content(message: dict[str, Any]) -> dict[str, Any]:
    """What was said, by the message's type. A type that WhatsApp adds later is shown as such, never dropped."""
    return CONTENT.get(message["type"], _unsupported)(message)


def _text(message: dict[str, Any]) -> dict[str, Any]:
    return {"text": message["text"]["body"]}


def _media(message: dict[str, Any]) -> dict[str, Any]:
    media = message[message["type"]]
    name = media.get("filename") or ("voice message" if media.get("voice") else message["type"])
    file = Attachment(name=name, type=media.get("mime_type") or "", reference=f"media/{media['id']}")
    return {"text": media.get("caption") or "", "attachments": (file,)}


def _location(message: dict[str, Any]) -> dict[str, Any]:
    place = message["location"]
    name = ", ".join(part for part in (place.get("name"), place.get("address")) if part)
    return {"location": Location(latitude=place["latitude"], longitude=place["longitude"], name=name)}


def _contacts(message: dict[str, Any]) -> dict[str, Any]:
    """Contact cards are names somebody typed: text, never an address."""
    return {"text": "\n".join(_card(card) for card in message["contacts"])}


def _card(card: dict[str, Any]) -> str:
    phones = [phone.get("phone") or phone.get("wa_id") for phone in card.get("phones") or ()]
    mails = [mail.get("email") for mail in card.get("emails") or ()]
    return "Contact: " + ", ".join(part for part in (card["name"]["formatted_name"], *phones, *mails) if part)


def _button(message: dict[str, Any]) -> dict[str, Any]:
    return {"text": message["button"]["text"], "choice": message["button"].get("payload") or ""}


def _interactive(message: dict[str, Any]) -> dict[str, Any]:
    """A button or a row of a list that was chosen; a form's answers come as JSON."""
    reply = message.get("interactive") or {}  # is missing where WhatsApp itself failed
    chosen = reply.get(reply.get("type"))
    if not isinstance(chosen, dict):
        return _unsupported(message)
    said = [chosen.get("title") or chosen.get("body"), chosen.get("response_json")]
    return {"text": "\n".join(part for part in said if part), "choice": chosen.get("id") or ""}


def _order(message: dict[str, Any]) -> dict[str, Any]:
    order = message["order"]
    lines = [
        f"{item.get('quantity', 1)} × {item['product_retailer_id']} ({item.get('item_price')} {item.get('currency')})"
        for item in order["product_items"]
    ]
    return {"text": "\n".join(["Order:", *lines, *filter(None, [order.get("text")])])}


def _system(message: dict[str, Any]) -> dict[str, Any]:
    """A new phone number, a new user id: said by WhatsApp, not by the customer."""
    system = message["system"]
    return {"text": system.get("body") or system["type"], "automatic": True}


def _unsupported(message: dict[str, Any]) -> dict[str, Any]:
    kind = (message.get("unsupported") or {}).get("type") or message["type"]
    what = "a message" if kind == "unsupported" else f"a message of the kind “{str(kind)[:40]}”"
    return {"text": f"({what} that WhatsApp does not hand on)"}


CONTENT: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "text": _text,
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), _media),
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "system": _system,
}


def _receipt(status: dict[str, Any]) -> Iterator[Receipt]:
    """`sent` we know already. What WhatsApp may add later is ignored the same way."""
    progress = PROGRESS.get(status["status"])
    if progress:
        error = (status.get("errors") or [{}])[0]
        why = PRODUCT.reason({"error": error}) if error else ""
        yield Receipt(provider="whatsapp", progress=progress, ids=(status["id"],), reason=why, source=status)
