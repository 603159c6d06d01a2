"""Whether a mail is from whom it says, as the receiving server found it and wrote into its headers."""

import re
from collections.abc import Sequence

from chalicelib.mail.values import Headers, every, first, is_address

LONGEST = 4_000  # characters of a header that are believed
DEEPEST = 3  # comments within comments
_PARTS = re.compile(r"[,\s]+")
_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED_IP = re.compile(r'"([0-9a-f:.]*)"')  # Cloudflare: smtp.remote-ip="2001:db8::1"
_FROM_DOMAIN = re.compile(r"(?:^| )header\.from=([^ ]*)")
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


def authenticated(headers: Sequence[tuple[str, str]], server: str, author: str) -> bool:
    """Whether `server` says in Authentication-Results (RFC 8601) that DMARC passed for the author's domain.

    Senders can write such headers too, and half of a genuine one repeats their words. So it must be the only one by
    this server and the first of all, with no quoted word and no second word on DMARC.
    """
    given = [_clauses(value) for value in every(headers, "authentication-results")]
    ours = [clauses for clauses in given if clauses and clauses[0].split(" ")[0] == server.lower()]
    if not server or len(ours) != 1 or ours[0] != given[0] or not is_address(author):
        return False
    said = [clause for clause in ours[0][1:] if clause.startswith("dmarc=")]
    domains = [domain for clause in said for domain in _FROM_DOMAIN.findall(clause)]
    passed = len(said) == 1 and said[0].split(" ")[0] == "dmarc=pass"
    return passed and domains == [author.rpartition("@")[2].lower()]


def aligned(domain: str, other: str) -> bool:
    """Whether two domains are the same, or one lies within the other (relaxed alignment, RFC 7489 3.1)."""
    short, long = sorted((domain.lower().strip("."), other.lower().strip(".")), key=len)
    return "." in short and (long == short or long.endswith("." + short))


def _clauses(value: str) -> list[str]:
    """The clauses of an Authentication-Results header, the server's name first; none where it cannot be trusted.

    A quoted local part may hold anything, a whole clause too.
    """
    plain = _QUOTED_IP.sub(r"\1", value.lower())
    if '"' in plain or "\\" in plain or len(plain) > LONGEST:
        return []
    for _ in range(DEEPEST):
        plain = _COMMENT.sub(" ", plain)
    if "(" in plain or ")" in plain:
        return []
    return [" ".join(clause.split()) for clause in plain.split(";")]


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
