"""Sinch's part of the outside world: takes a batch of one SMS, refuses what Sinch refuses, reports on it afterwards.

Sending: https://developers.sinch.com/docs/sms/api-reference/sms/tag/Batches/
Errors: https://developers.sinch.com/docs/sms/api-reference/status-codes/

`world.state["sinch"]` may hold `blocked`: the account is.
"""

import json
import re
from typing import Any

from infra.world import Entry, Reply, Sent, World, handed_out, reply

LONGEST = 2000  # characters, taken for UTF-16 units here
NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}", re.ASCII)
REPORTS = ("none", "summary", "full", "per_recipient", "per_recipient_final")
STATUS = {"delivered": ("Delivered", 0), "failed": ("Failed", 404)}  # of `per_recipient_final` only what is final


def answer(sent: Sent, world: World) -> Reply:
    """POST /xms/v1/<plan>/batches with one SMS; GET /media/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/media/"):  # its address is the proof
        return handed_out(world.held("sinch", sent.path.removeprefix("/media/")))
    account = world.account("sinch", api_token=sent.bearer())
    if account is None:
        return Reply(status=401, body=b"")
    if (sent.method, sent.path) != ("POST", f"/xms/v1/{account['service_plan_id']}/batches"):
        return Reply(status=404, body=b"")
    if world.state.get("sinch", {}).get("blocked"):
        return reply({"code": "blocked_account", "text": "The account is blocked"}, 403)
    batch = sent.json()
    wrong = _wrong(batch, account["number"])
    if wrong:
        return reply(dict(zip(("code", "text"), wrong, strict=True)), 400)
    at = world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made = {"id": f"01FC66621{world.number():017}", "canceled": False, "type": "mt_text", **batch}
    made |= {"created_at": at, "modified_at": at, "send_at": at}
    world.note(part="sinch", what="message", to=batch["to"][0], text=batch["body"], id=made["id"], raw=batch)
    return reply(made, 201)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The report on a recipient, where one was asked for."""
    if entry.what != "message" or progress not in STATUS or entry.raw.get("delivery_report") != "per_recipient_final":
        return None
    status, code = STATUS[progress]
    at = world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"type": "recipient_delivery_report_sms", "batch_id": entry.id, "recipient": entry.to.removeprefix("+")}
    return json.dumps({**said, "code": code, "status": status, "at": at, "operator_status_at": at}).encode()


def _wrong(batch: dict[str, Any], number: str) -> tuple[str, str] | None:
    """Code and text of the first thing that Sinch would not take."""
    to, body = batch.get("to"), batch.get("body")
    if not isinstance(to, list) or not to:
        return "syntax_constraint_violation", "The request is missing a required field: to"
    if not all(isinstance(one, str) and NUMBER.fullmatch(one) for one in to):
        return "syntax_invalid_parameter_format", "Invalid MSISDN or group id in to"
    if batch.get("from", "").removeprefix("+") != number.removeprefix("+"):
        return "syntax_invalid_parameter_format", "Invalid from: not a number of this service plan"
    if not isinstance(body, str) or not body:
        return "syntax_constraint_violation", "The request is missing a required field: body"
    if len(body.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        return "syntax_constraint_violation", f"The body must be at most {LONGEST} characters"
    if batch.get("delivery_report", "none") not in REPORTS:
        return "syntax_invalid_parameter_format", "Invalid delivery_report"
    return None
