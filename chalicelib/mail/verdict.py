"""Whether a mail is from whom it says, as SpamAssassin at the receiving server found it."""

import re
from collections.abc import Sequence

from chalicelib.mail.values import Headers, first, is_address

_PARTS = re.compile(r"[,\s]+")
_ENVELOPE = re.compile(r'envelope-from="?[^\s"@;<>()]+@([a-zA-Z0-9.-]+)"?(?=[;\s]|$)')


def proved(headers: Sequence[tuple[str, str]], author: str) -> bool:
    """Whether the author's own domain signed the mail (DKIM), or its envelope is aligned and allowed (SPF).

    SpamAssassin's tests: https://spamassassin.apache.org/full/3.4.x/doc/Mail_SpamAssassin_Plugin_DKIM.html
    DKIM_VALID alone is anybody's signature; DKIM_VALID_AU is the author's domain.
    """
    if not is_address(author):
        return False
    domain = author.rpartition("@")[2].lower()
    near = _of_the_last_server(headers)
    tests = _PARTS.split(first(near, "x-spam-tests"))
    if "DKIM_VALID_AU" in tests:
        return True
    return "SPF_PASS" in tests and aligned(_envelope_domain(first(near, "received-spf")), domain)


def aligned(domain: str, other: str) -> bool:
    """Whether two domains are the same, or one lies within the other (relaxed alignment, RFC 7489 3.1)."""
    short, long = sorted((domain.lower().strip("."), other.lower().strip(".")), key=len)
    return "." in short and (long == short or long.endswith("." + short))


def _of_the_last_server(headers: Sequence[tuple[str, str]]) -> Headers:
    """The headers that the receiving server wrote: those above the line on where it got the mail from.

    A sender writes what he likes below that line. The server's own relays say `Received: by`, not `from`.
    """
    for place, (name, value) in enumerate(headers):
        if name.lower() == "received" and value.lstrip().lower().startswith("from"):
            return headers[:place]
    return headers


def _envelope_domain(received_spf: str) -> str:
    """The domain of the envelope's sender, if the check passed. Addresses and greetings are the sender's own words:
    where they make a second `envelope-from=`, or an `identity=`, nothing is believed."""
    said = received_spf.strip()
    plain = said.lower().startswith("pass") and said.count("envelope-from=") == said.count("identity=") == 1
    envelope = _ENVELOPE.search(said)
    return envelope[1] if plain and envelope and "identity=mailfrom" in said else ""
