"""WhatsApp through Twilio.

1. Twilio Console, Messaging, Senders, WhatsApp senders: Create new sender, and follow Meta's steps. To try it without
   one: Messaging, Try it out, Send a WhatsApp message (a number of Twilio's that people join by a word).
2. There, your sender, Edit (for that number: Sandbox settings): Webhook URL for incoming messages with HTTP POST,
   {url}#rc=5&rp=ct,rt,5xx (behind # stands that Twilio calls again, which it does not do by itself). Status callbacks
   need no address there: each message names it.
3. The console's first page: copy Account SID and Auth token. The number is your sender's.
4. For answers after 24 hours: Messaging, Content Template Builder: write the text, submit it for WhatsApp's approval,
   and write its Content SID (HX…) under [templates] in shop.toml.

Window, templates: https://www.twilio.com/docs/whatsapp/key-concepts; media: .../guidance-whatsapp-media-messages
Errors: https://www.twilio.com/docs/api/errors/63016 and its neighbours; what is shared: chalicelib/twilio.py

Confirmed by twilio 9: the signature. By Twilio's pages: fields, window, templates, media and their sizes, user ids. By
a webhook that somebody published: a pressed button. Not confirmed: whether a sender's page takes what stands behind #,
and whether a document bears the name that is sent as its text (Twilio: it cannot be set).

Who hides their phone is known by a user id (`US.1234…`), all others by both. The id lasts, so it is the address; the
answer goes to what stood in From, for not every country takes ids yet.
"""

import json
import re

from chalicelib import twilio
from chalicelib.errors import Unreadable
from chalicelib.models.inbound import Location, Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Approved, setting
from chalicelib.models.values import Address, Channel
from chalicelib.webhook import Request

channel = Channel.WHATSAPP
OFFICE = "application/vnd.openxmlformats-officedocument"
SHOWN = ("audio/ogg", "audio/amr", "audio/3gpp", "audio/aac", "audio/mpeg", "video/mp4")
DOCUMENTS = (
    *("application/pdf", "application/msword", f"{OFFICE}.wordprocessingml.document"),
    *(f"{OFFICE}.presentationml.presentation", f"{OFFICE}.spreadsheetml.sheet"),
)
TYPES = dict.fromkeys(("image/jpeg", "image/png"), 5_000_000) | dict.fromkeys((*SHOWN, *DOCUMENTS), 16_000_000)
TEMPLATES = Approved(form=r"HX[0-9a-f]{32}", like="HX0123456789abcdef0123456789abcdef")
can = twilio.ANY._replace(files=1, file_types=TYPES, window=24, templates=TEMPLATES)
verify, fetch, check = twilio.verify, twilio.fetch, twilio.check

WORDS = {  # what Twilio learns of a message only after it took it
    "63016": "the customer's last message is more than 24 hours old; WhatsApp then takes only a template",
    "63018": "this number sends too fast for WhatsApp",
    "63019": "Twilio could not fetch the file",
    "63021": "WhatsApp does not take this content",
    "63024": "this person cannot be reached on WhatsApp",
    "63027": "WhatsApp has no approved template of this name and language",
    "63028": "the template has another number of gaps at WhatsApp than in shop.toml",
    "63032": "WhatsApp holds this message back from this person at the moment",
    "63033": "this person has blocked the shop's number",
    "63041": "WhatsApp has paused this template",
}
WHATSAPP = "whatsapp:"
_PERSON = re.compile(r"whatsapp:(\+[0-9]{5,20}|[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128})", re.ASCII)


class Config(twilio.Account):
    number: str = setting("your sender, as +49…, or messaging service (MG…): Messaging > Senders", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt. An SMS belongs to another provider's address: it cannot be read here."""
    form = dict(request.form())
    if twilio.is_receipt(form):
        return list(twilio.receipts(form, "twilio_whatsapp", WORDS))
    sender, *aliases = _addresses(form)
    files, location = tuple(twilio.attachments(form)), _location(form)
    kind = form.get("MessageType", "")[:40]
    unshown = f"(a message{f' of the kind “{kind}”' if kind else ''} that Twilio does not hand on)"
    return [
        Message(
            provider="twilio_whatsapp",
            id=form["MessageSid"],
            sender=sender,
            aliases=tuple(aliases),
            name=form.get("ProfileName", ""),
            text=form.get("Body") or ("" if files or location else unshown),
            attachments=files,
            location=location,
            choice=form.get("ButtonPayload", ""),
            reply_to=form.get("OriginalRepliedMessageSid", ""),
            automatic="OptOutType" in form,  # Twilio answered it itself, as the messaging service has it set
            intent=twilio.intent(form),
            context={"to": form["From"]},
            source=form,
        )
    ]


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text, template or file; returns its SID."""
    last = outgoing.context.get("to", "")
    to = last if _PERSON.fullmatch(last) else WHATSAPP + outgoing.to
    return twilio.post(to, _content(outgoing), config, WHATSAPP)


def _addresses(form: dict[str, str]) -> list[Address]:
    """The user id first, if there is one. Raises Unreadable without a person in From, or without the message's id."""
    if not form.get("MessageSid") or not _PERSON.fullmatch(form.get("From", "")):
        raise Unreadable("a Twilio webhook that is no WhatsApp message")
    given = (form.get(name, "") for name in ("ExternalUserId", "ParentExternalUserId", "From"))
    persons = dict.fromkeys(found[1] for one in given if (found := _PERSON.fullmatch(one)))
    return [Address(channel=channel, id=person) for person in persons]


def _content(outgoing: Outgoing) -> dict[str, str]:
    """A template by its Content SID, with what stands in its gaps: no line ends there, nor runs of spaces."""
    if outgoing.template:
        values = {str(place): " ".join(value.split()) for place, value in enumerate(outgoing.values, 1)}
        return {"ContentSid": outgoing.template, **({"ContentVariables": json.dumps(values)} if values else {})}
    if not (file := outgoing.file):
        return {"Body": outgoing.text}
    text = outgoing.text or (file.name if file.type in DOCUMENTS else "")
    return {"MediaUrl": file.url, **({"Body": text} if text else {})}


def _location(form: dict[str, str]) -> Location | None:
    """A place; one whose degrees are none on a globe is none."""
    name = ", ".join(filter(None, [form.get("Label"), form.get("Address")]))
    try:
        place = Location(latitude=float(form["Latitude"]), longitude=float(form["Longitude"]), name=name)
    except (KeyError, ValueError):
        return None
    return place if abs(place.latitude) <= 90 and abs(place.longitude) <= 180 else None
