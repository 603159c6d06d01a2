"""AWS's notification of an SMS, by SNS. A sender is a phone number."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from chalicelib.models.provider import current
from infra.simulate import Said, Webhook, sns
from infra.simulate.sns import seal, sign

__all__ = ["compose", "seal", "sign"]

EXAMPLE = "+4915123456712"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One SMS; SNS never batches."""
    (one,) = said
    told = {
        "originationNumber": one.sender or EXAMPLE,
        "destinationNumber": config.number,
        "messageKeyword": "KEYWORD_000000000000",
        "messageBody": one.text,
        "inboundMessageId": str(uuid5(NAMESPACE_OID, one.id)),
    }
    return sns.webhook(sns.notification(json.dumps(told), current(config.topics)))
