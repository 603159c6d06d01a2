"""MessageBird's part of the outside world: takes an SMS, refuses what MessageBird refuses.

Sending: https://github.com/messagebird/python-rest-api (messagebird/client.py, tests/test_message.py)

`world.state["messagebird"]` may hold `no_balance`.
"""

import re
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from infra.world import Reply, Sent, World, handed_out, reply, sms

LONGEST = {True: 1377, False: 603}  # septets, or UTF-16 units of what GSM-7 cannot write
NUMBER = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)


def answer(sent: Sent, world: World) -> Reply:
    """POST /messages with an SMS; GET /media/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/media/"):  # its address is the proof
        return handed_out(world.held("messagebird", sent.path.removeprefix("/media/")))
    account = world.account("messagebird", access_key=sent.bearer("AccessKey"))
    if account is None:
        return _error(401, 2, "Request not allowed (incorrect access_key)", "access_key")
    if (sent.method, sent.path) != ("POST", "/messages"):
        return _error(404, 98, "API not found", None)
    post = sent.json()
    recipients, body = post.get("recipients"), post.get("body")
    if post.get("originator") != account["number"]:
        return _error(422, 10, "originator is not a number of this account", "originator")
    if not isinstance(recipients, list) or not all(NUMBER.fullmatch(str(one)) for one in recipients) or not recipients:
        return _error(422, 9, "no (correct) recipients found", "recipient")
    if not isinstance(body, str) or not body:
        return _error(422, 9, "body is required", "body")
    if sms.length(body) > LONGEST[sms.narrow(body)]:
        return _error(422, 10, "body is too long", "body")
    if world.state.get("messagebird", {}).get("no_balance"):
        return _error(422, 25, "Not enough balance", None)
    return reply(_take(post, world), 201)


def _take(post: dict[str, Any], world: World) -> dict[str, Any]:
    """Note the message; what MessageBird answers. Unless told otherwise it writes in GSM-7, with ? for the rest."""
    id = uuid5(NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}").hex
    plain = post.get("datacoding", "plain") == "plain"
    text = "".join(letter if sms.narrow(letter) or not plain else "?" for letter in post["body"])
    world.note(part="messagebird", what="message", to=post["recipients"][0], text=text, id=id, raw=post)
    at = world.now().isoformat(timespec="seconds")
    items = [{"recipient": int(one), "status": "sent", "statusDatetime": at} for one in post["recipients"]]
    return {
        "id": id,
        "href": f"https://rest.messagebird.com/messages/{id}",
        "direction": "mt",
        "type": "sms",
        **post,
        "createdDatetime": at,
        "recipients": {"totalCount": 1, "totalSentCount": 1, "totalDeliveredCount": 0, "items": items},
    }


def _error(status: int, code: int, description: str, parameter: str | None) -> Reply:
    return reply({"errors": [{"code": code, "description": description, "parameter": parameter}]}, status)
