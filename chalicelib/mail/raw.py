"""A mail of ours as the raw mail that mail servers take."""

from chalicelib.mail.compose import Draft
from chalicelib.mail.values import encoded
from chalicelib.models.outbound import Outgoing

LONGEST_LINE = 990  # where the standard library's own 78 are too few for a message id, it hides it in encoded words


def raw(draft: Draft, outgoing: Outgoing) -> bytes:
    """The mail of a draft, to the one to whom it goes; all of it ASCII, its lines ending in CRLF."""
    from email.message import EmailMessage
    from email.policy import SMTP  # late: no webhook needs them

    mail = EmailMessage(policy=SMTP.clone(max_line_length=LONGEST_LINE))
    given = {"From": encoded(draft.sender), "To": outgoing.to, "Reply-To": draft.reply_to, "Subject": draft.subject}
    for name, value in [*given.items(), *draft.headers]:
        if value:
            mail[name] = value
    if outgoing.at:
        mail["Date"] = outgoing.at
    mail.set_content(draft.text, cte="quoted-printable")
    if draft.page:
        mail.add_alternative(draft.page, subtype="html", cte="quoted-printable")
    if outgoing.file:
        kind, _, subtype = outgoing.file.type.partition("/")
        if kind in ("message", "multipart"):  # these hold mails, which must not be in base64
            kind, subtype = "application", "octet-stream"
        mail.add_attachment(outgoing.file.data, maintype=kind, subtype=subtype, filename=outgoing.file.name)
    return mail.as_bytes()
