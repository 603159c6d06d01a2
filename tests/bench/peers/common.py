"""What all peers are given: the webhook's body, Twilio's signature checked, and the queue."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import botocore.session

client = botocore.session.Session().create_client("sqs")


def form(event: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a form that Twilio signed. Raises PermissionError for any other."""
    fields = dict(parse_qsl(base64.b64decode(event["body"]).decode(), keep_blank_values=True))
    return checked(fields, event["headers"]["x-twilio-signature"])


def checked(fields: dict[str, str], theirs: str) -> dict[str, str]:
    content = os.environ["PUBLIC_URL"] + "/webhooks/twilio_sms" + "".join(k + v for k, v in sorted(fields.items()))
    mac = hmac.digest(os.environ["SHOPBELL_TWILIO_SMS_AUTH_TOKEN"].encode(), content.encode(), "sha1")
    if not hmac.compare_digest(base64.b64encode(mac).decode(), theirs):
        raise PermissionError
    return fields


def queue(said: str, sender: str, identifier: str) -> None:
    """The one call that all make."""
    group = hashlib.sha256(sender.encode()).hexdigest()
    entry = {"Id": "0", "MessageBody": said, "MessageGroupId": group, "MessageDeduplicationId": identifier}
    client.send_message_batch(QueueUrl=os.environ["QUEUE_URL"], Entries=[entry])
