"""One mail handed to a mail server, as mail programs do it, and how far that got where it failed.

Submission: https://www.rfc-editor.org/rfc/rfc6409  Always encrypted: https://www.rfc-editor.org/rfc/rfc8314
"""

import smtplib
import ssl
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from chalicelib.errors import Outcome, SendFailed

PORTS = {"smtps": 465, "smtp": 587}  # the second asks for encryption by STARTTLS
GOES_ON = 354  # the server wants to hear the mail


class Said(NamedTuple):
    """A server's word: the code begins with 2 for yes, 4 for not now, 5 for no. https://www.rfc-editor.org/rfc/rfc5321"""

    code: int
    words: str


def submit(url: str, auth: tuple[str, str] | None, sender: str, recipient: str, mail: bytes, deadline: float) -> Said:
    """Hand over a mail whose lines end in CRLF; its last word. Raises SendFailed where there is none.

    Only between the mail's last line and the answer to it is not known what became of it.
    """
    end = time.monotonic() + deadline
    try:
        server = _connected(url, sender, deadline)
    except smtplib.SMTPConnectError as refusal:
        return _said(refusal.smtp_code, refusal.smtp_error)
    except (OSError, ValueError):
        raise SendFailed("the mail server could not be reached", Outcome.NOT_SENT) from None
    try:
        return _submitted(server, _steps(server, url, auth, sender, recipient), mail, end)
    finally:
        server.close()


def _connected(url: str, sender: str, deadline: float) -> smtplib.SMTP:
    """`sender`'s domain is what we greet with: the name of the machine would be asked for, and means nothing."""
    parts = urlsplit(url)
    host, port, greeting = parts.hostname or "", parts.port or PORTS[parts.scheme], sender.rpartition("@")[2]
    if parts.scheme == "smtp":
        return smtplib.SMTP(host, port, greeting, timeout=deadline)
    return smtplib.SMTP_SSL(host, port, greeting, timeout=deadline, context=ssl.create_default_context())


def _steps(
    server: smtplib.SMTP, url: str, auth: tuple[str, str] | None, sender: str, recipient: str
) -> Iterator[tuple[int, bytes]]:
    """What comes before the mail. Where one step is refused, nothing else is asked."""
    yield server.ehlo()
    if not url.startswith("smtps:"):
        if not server.has_extn("starttls"):
            yield 550, b"the mail server offers no encryption"
        yield server.starttls(context=ssl.create_default_context())
        yield server.ehlo()
    if auth:
        yield server.login(*auth)
    yield server.mail(sender)
    yield server.rcpt(recipient)
    yield server.docmd("DATA")


def _submitted(server: smtplib.SMTP, steps: Iterator[tuple[int, bytes]], mail: bytes, end: float) -> Said:
    try:
        _hurry(server, end)
        for code, words in steps:
            if code > GOES_ON:
                return _said(code, words)
            _hurry(server, end)
        server.send(mail.replace(b"\r\n.", b"\r\n.."))  # a line of one dot would be its end
    except smtplib.SMTPResponseException as refusal:  # wrong user or password
        return _said(refusal.smtp_code, refusal.smtp_error)
    except smtplib.SMTPNotSupportedError:
        return Said(550, "the mail server does not let anybody sign in")
    except (OSError, ValueError):  # SMTPException is an OSError
        raise SendFailed("the mail server broke off", Outcome.NOT_SENT) from None
    try:
        server.send(b".\r\n")
        return _said(*server.getreply())
    except (OSError, ValueError):
        raise SendFailed("no answer came", Outcome.UNKNOWN) from None


def _hurry(server: smtplib.SMTP, end: float) -> None:
    """Let the next step take no longer than what is left of our time."""
    left = end - time.monotonic()
    if left <= 0 or server.sock is None:
        raise TimeoutError
    server.sock.settimeout(left)


def _said(code: int, words: bytes | str) -> Said:
    return Said(code, words.decode("utf-8", "replace") if isinstance(words, bytes) else words)
