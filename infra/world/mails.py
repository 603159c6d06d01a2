"""What the providers of mail ask alike: whether an address is one, and whose it is; and what a raw mail holds."""

import re
from email.message import EmailMessage
from typing import Any

ADDRESS = re.compile(r"[a-z0-9.!#$%&'`*+\-/=^_{}|~]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
NAMED = re.compile(r"[^<>]*<([^<>]+)>")


def bare(mailbox: str) -> str:
    """The address in `Corner Shop <service@shop.example>`."""
    named = NAMED.fullmatch(mailbox)
    return (named[1] if named else mailbox).strip()


def domain(mailbox: str) -> str:
    return bare(mailbox).rpartition("@")[2].lower()


def thread(answers_to: str) -> str:
    """The token in the address that answers go to; empty where there is none."""
    return bare(answers_to).partition("@")[0].partition("+")[2]


def text(mail: EmailMessage) -> str:
    """The words of a raw mail."""
    plain = mail.get_body(("plain",))
    return str(plain.get_content()).replace("\r\n", "\n").rstrip("\n") if plain else ""


def shown(mail: EmailMessage) -> dict[str, Any]:
    """The rest of it, as the ledger keeps it."""
    files = [[file.get_filename(), file.get_content_type()] for file in mail.iter_attachments()]
    page = mail.get_body(("html",))
    return {
        "headers": [[name, str(value)] for name, value in mail.items()],
        "html": page.get_content() if page else "",
        "attachments": files,
    }
