"""What the providers of mail ask alike: whether an address is one, and whose it is."""

import re

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
