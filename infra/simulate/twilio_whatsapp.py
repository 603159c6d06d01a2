"""Twilio's webhooks of WhatsApp.

A sender is a phone (+49…), a user id (`DE.1234`: somebody who hides their phone), or both with a space between.
"""

from collections.abc import Sequence
from typing import Any

from infra.simulate import Said, Webhook
from infra.simulate.twilio import held, message, sign

__all__ = ["compose", "held", "sign"]

EXAMPLE = "+4915123456785"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One text with at most one medium; Twilio never batches."""
    (one,) = said
    ids = (one.sender or EXAMPLE).split()
    phones = [id for id in ids if id.startswith("+")]
    users = [id for id in ids if id not in phones]
    fields = {
        "From": f"whatsapp:{(phones or users)[0]}",
        "To": f"whatsapp:{config.number}",
        "ProfileName": one.name or "Alex Example",
        "MessageType": one.files[0].type.partition("/")[0] if one.files else "text",
        "ReferralNumMedia": "0",
        **({"WaId": phones[0].lstrip("+")} if phones else {}),
        **({"ExternalUserId": f"whatsapp:{users[0]}"} if users else {}),
    }
    return message(one, config, **fields)
