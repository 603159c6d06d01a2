"""Mails as a provider hands them on, read as the shop reads them."""

from chalicelib import mail
from chalicelib.models.inbound import Message


def read(raw: bytes) -> Message:
    """A customer's proved mail to the shop."""
    message = mail.to_message(
        mail.parse(raw),
        provider="postmark",
        id="1",
        proved=True,
        came_to="service@shop.example",
        sender="service@shop.example",
        inbound="in@inbound.shop.example",
        source={},
    )
    assert message is not None
    return message
