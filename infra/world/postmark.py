"""Postmark's API: takes a mail, refuses what Postmark refuses, finds mails by their metadata, reports on them.

Sending: https://postmarkapp.com/developer/api/email-api  Codes: https://postmarkapp.com/developer/api/overview
Limits: https://postmarkapp.com/support/article/1056-what-are-the-attachment-and-email-size-limits

`world.state["postmark"]` may hold `inactive`, addresses that bounced before, and `failed`, mails it could not hand
over.
"""

import base64
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from infra.world import Entry, Reply, Sent, World, reply

RECEIPT_TYPE = "application/json"
LARGEST_MAIL, LARGEST_BODY = 10_000_000, 5_000_000  # bytes
LONGEST = {"From": 255, "Subject": 2_000, "Tag": 1_000}  # characters
MOST_RECIPIENTS, MOST_METADATA, LONGEST_NAME, LONGEST_VALUE = 50, 10, 20, 80
ADDRESSES = ("From", "To", "Cc", "Bcc", "ReplyTo")
TEXTS = (*ADDRESSES, "Subject", "Tag", "HtmlBody", "TextBody", "TrackLinks", "MessageStream")
FORBIDDEN = (".bat", ".cmd", ".com", ".exe", ".js", ".msi", ".pif", ".scr", ".vbs")  # some of a longer list
FIELDS = frozenset((*TEXTS, "Headers", "TrackOpens", "Metadata", "Attachments"))
ADDRESS = re.compile(r"[a-z0-9.!#$%&'`*+\-/=^_{}|~]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
NAMED = re.compile(r'(?:"[^"]*"|[^<>",]*)\s*<([^<>]+)>')
LINE_END = re.compile(r"[\r\n]")


class Refused(Exception):
    """Postmark says no: its code, its words, the HTTP status."""

    def __init__(self, code: int, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Postmark would, note the mail, answer."""
    try:
        account = _account(sent, world)
        match sent.method, sent.path:
            case "POST", "/email":
                return reply(_take(_checked(sent, account, world), world))
            case "GET", "/server":
                return reply(_server(account, world))
            case "GET", "/messages/inbound":
                return reply(_failed(sent.query, world))
            case "GET", "/messages/outbound":
                return reply(_search(sent.query, world))
            case _:
                raise Refused(404, "The requested resource was not found.", 404)
    except Refused as no:
        return reply({"ErrorCode": no.code, "Message": no.message}, no.status, x_pm_apierrorcode=str(no.code))


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The webhook for a mail that got as far as `progress`."""
    about = {
        "MessageID": entry.id,
        "ServerID": 23,
        "MessageStream": "outbound",
        "Tag": "",
        "Metadata": entry.raw.get("Metadata", {}),
    }
    at = world.now().isoformat()
    said: dict[str, Any]
    match progress:
        case "delivered":
            said = {"RecordType": "Delivery", "Recipient": entry.to, "DeliveredAt": at, "Details": "250 2.0.0 OK"}
        case "read":
            said = {"RecordType": "Open", "Recipient": entry.to, "ReceivedAt": at, "FirstOpen": True}
        case "failed":
            said = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Name": "Hard bounce", "ID": 4323}
            said |= {"Email": entry.to, "BouncedAt": at, "Description": "The mailbox does not exist.", "Inactive": True}
        case _:
            return None
    return json.dumps({**said, **about}).encode()


def _server(account: Mapping[str, str], world: World) -> dict[str, Any]:
    url = world.registered("postmark", account["SERVER_TOKEN"].split()[0])
    shown = f"{account.get('WEBHOOK_USER', '')}:{account.get('WEBHOOK_PASSWORD', '').split(' ')[0]}@"
    return {"ID": 23, "Name": "Shop", "Color": "blue", "InboundHookUrl": url.replace("://", f"://{shown}", 1)}


def _failed(query: Mapping[str, str], world: World) -> dict[str, Any]:
    mails = world.state.get("postmark", {}).get("failed", [])
    found = [one for one in mails if query.get("status") == "failed" and one["Date"][:10] >= query.get("fromdate", "")]
    return {"TotalCount": len(found), "InboundMessages": found}


# ---- checks -----------------------------------------------------------------------------------------------------


def _account(sent: Sent, world: World) -> Mapping[str, str]:
    """Ours whose live server token the call shows. Header and token are compared without their case."""
    token = sent.headers.get("x-postmark-server-token", "").lower()
    for account in _accounts(world):
        if token and token in account.get("SERVER_TOKEN", "").lower().split():
            return account
    raise Refused(10, "The Server Token you provided in the X-Postmark-Server-Token request header was invalid.", 401)


def _accounts(world: World) -> Iterator[dict[str, str]]:
    """Our accounts: what stands in the credentials beside each server token."""
    ending = "_SERVER_TOKEN"
    for name in world.credentials:
        if name.startswith("SHOPBELL_POSTMARK_") and name.endswith(ending):
            prefix = name.removesuffix(ending) + "_"
            beside = {key: value for key, value in world.credentials.items() if key.startswith(prefix)}
            yield {key.removeprefix(prefix): value for key, value in beside.items()}


def _checked(sent: Sent, account: Mapping[str, str], world: World) -> dict[str, Any]:
    """The mail in the call, if Postmark would take it."""
    if "json" not in sent.headers.get("content-type", ""):
        raise Refused(409, "The request's Content-Type must be application/json.", 415)
    if len(sent.body) > LARGEST_MAIL:
        raise Refused(0, "The request is larger than 10 MB.", 413)
    try:
        mail = json.loads(sent.body)
    except ValueError:
        raise Refused(402, "Invalid JSON.") from None
    if not isinstance(mail, dict):
        raise Refused(402, "Invalid JSON.")
    _check_fields(mail)
    _check_addresses(mail, account)
    _check_content(mail)
    _check_attachments(mail.get("Attachments") or [])
    _check_metadata(mail.get("Metadata") or {})
    _check_inactive(mail, world)
    return mail


def _check_fields(mail: dict[str, Any]) -> None:
    unknown = [name for name in mail if name not in FIELDS]
    unknown += [name for name in TEXTS if not isinstance(mail.get(name, ""), str)]
    headers = mail.get("Headers", [])
    if not isinstance(headers, list) or not all(map(_is_header, headers)):
        unknown.append("Headers")
    if unknown:
        raise Refused(403, f"Invalid request field(s): {', '.join(repr(name) for name in unknown)}.")
    if mail.get("MessageStream", "outbound") != "outbound":
        raise Refused(1235, f"The stream provided: '{mail['MessageStream']}' does not exist on this server.")


def _is_header(header: Any) -> bool:
    """A pair of strings on one line each."""
    return (
        isinstance(header, dict)
        and header.keys() == {"Name", "Value"}
        and all(isinstance(part, str) and part and not LINE_END.search(part) for part in header.values())
    )


def _check_addresses(mail: dict[str, Any], account: Mapping[str, str]) -> None:
    senders = _addresses(mail, "From")
    if len(senders) != 1 or not mail.get("From"):
        raise Refused(300, f"Invalid 'From' address: '{mail.get('From', '')}'.")
    if senders != _split(account.get("SENDER", "")):
        raise Refused(400, f"The 'From' address you supplied ({senders[0]}) is not a Sender Signature on your account.")
    if not _addresses(mail, "To"):
        raise Refused(300, f"Invalid 'To' address: '{mail.get('To', '')}'.")
    _addresses(mail, "ReplyTo")
    if sum(len(_addresses(mail, name)) for name in ("To", "Cc", "Bcc")) > MOST_RECIPIENTS:
        raise Refused(300, f"Exceeded the maximum of {MOST_RECIPIENTS} recipients per message.")


def _addresses(mail: dict[str, Any], field: str) -> list[str]:
    """The addresses of a field, a list with commas."""
    found = _split(mail.get(field, ""))
    if not all(ADDRESS.fullmatch(address) for address in found):
        raise Refused(300, f"Invalid '{field}' address: '{mail[field]}'.")
    return found


def _split(field: str) -> list[str]:
    parts = [part.strip() for part in re.findall(r'(?:"[^"]*"|[^,"])+', field)]
    named = [NAMED.fullmatch(part) for part in parts]
    return [match[1].strip() if match else part for match, part in zip(named, parts, strict=True) if part]


def _check_content(mail: dict[str, Any]) -> None:
    if not mail.get("TextBody") and not mail.get("HtmlBody"):
        raise Refused(300, "Provide either email TextBody or HtmlBody or both.")
    for name in ("TextBody", "HtmlBody"):
        if len(mail.get(name, "").encode("utf-8", "replace")) > LARGEST_BODY:
            raise Refused(300, f"The '{name}' is larger than 5 MB.")
    for name, longest in LONGEST.items():
        if len(mail.get(name, "").encode("utf-16-le", "replace")) // 2 > longest:
            raise Refused(300, f"The '{name}' field is longer than {longest} characters.")


def _check_attachments(files: Any) -> None:
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise Refused(403, "Invalid request field(s): 'Attachments'.")
    for file in files:
        if not all(isinstance(file.get(name), str) and file[name] for name in ("Name", "Content", "ContentType")):
            raise Refused(300, "An attachment needs Name, Content and ContentType.")
        if file["Name"].lower().endswith(FORBIDDEN):
            raise Refused(300, f"Attachments of this type are not allowed: {file['Name']}.")
        try:
            base64.b64decode(file["Content"], validate=True)
        except ValueError:
            raise Refused(300, f"The content of {file['Name']} is not base64.") from None


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict):
        raise Refused(403, "Invalid request field(s): 'Metadata'.")
    if len(metadata) > MOST_METADATA or len({name.lower() for name in metadata}) < len(metadata):
        raise Refused(300, f"Metadata may hold at most {MOST_METADATA} fields of different names.")
    for name, value in metadata.items():
        if len(name) > LONGEST_NAME or not isinstance(value, str) or len(value) > LONGEST_VALUE:
            raise Refused(300, f"Metadata '{name}' is too long.")


def _check_inactive(mail: dict[str, Any], world: World) -> None:
    inactive = [to for to in _addresses(mail, "To") if to in world.state.get("postmark", {}).get("inactive", [])]
    if inactive:
        raise Refused(
            406,
            "You tried to send to recipient(s) that have been marked as inactive."
            f" Found inactive addresses: {', '.join(inactive)}. Inactive recipients are ones that have generated"
            " a hard bounce, a spam complaint, or a manual suppression.",
        )


# ---- what it does -----------------------------------------------------------------------------------------------


def _take(mail: dict[str, Any], world: World) -> dict[str, Any]:
    """Note the mail; what Postmark answers to it."""
    number = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}"))
    submitted, metadata = world.now().isoformat(), mail.get("Metadata") or {}
    local, _, _ = mail.get("ReplyTo", "").partition("@")
    world.note(
        part="postmark",
        what="mail",
        to=_addresses(mail, "To")[0],
        thread=local.partition("+")[2],
        text=mail.get("TextBody") or mail.get("HtmlBody", ""),
        id=number,
        key=metadata.get("key", ""),
        raw=mail,
    )
    kept = {
        "MessageID": number,
        "MessageStream": "outbound",
        "Recipients": _addresses(mail, "To"),
        "ReceivedAt": submitted,
        "Subject": mail.get("Subject", ""),
        "Status": "Sent",
        "Metadata": metadata,
    }
    world.state.setdefault("postmark", {}).setdefault("mails", []).append(kept)
    return {"To": mail["To"], "SubmittedAt": submitted, "MessageID": number, "ErrorCode": 0, "Message": "OK"}


def _search(query: Mapping[str, str], world: World) -> dict[str, Any]:
    """Mails that were sent, the newest first, by one field of their metadata."""
    count, offset = query.get("count", ""), query.get("offset", "")
    if not (count.isdecimal() and offset.isdecimal() and 1 <= int(count) <= 500):
        raise Refused(700, "Count must be between 1 and 500, and offset must be given.")
    wanted = {name.removeprefix("metadata_"): text for name, text in query.items() if name.startswith("metadata_")}
    if len(wanted) > 1:
        raise Refused(700, "Only one metadata field can be searched for at a time.")
    mails = world.state.get("postmark", {}).get("mails", [])[::-1]
    found = [mail for mail in mails if all(mail["Metadata"].get(name) == text for name, text in wanted.items())]
    return {"TotalCount": len(found), "Messages": found[int(offset) : int(offset) + int(count)]}
