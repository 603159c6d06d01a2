"""A mail server as answers reach it: takes a mail, refuses what a careful server refuses, in its own words.

It is called over HTTP, with what SMTP says by itself in the query; its answers are those of SMTP.
Codes: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3 and https://www.rfc-editor.org/rfc/rfc3463

`world.state["mime"]` may hold `unknown`, addresses that nobody has, and `busy`, if it wants to be asked later.
"""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from infra.world import Reply, Sent, World, mails

LARGEST, LONGEST_LINE = 10_240_000, 998  # bytes, as Postfix has it; characters (RFC 5322)
STATUS = {"2": 200, "4": 503, "5": 400}


def answer(sent: Sent, world: World) -> Reply:
    """What the server says in the end."""
    said = _refusal(sent, world) or _take(sent, world)
    return Reply(status=STATUS[said[0]], body=said.encode(), headers={"content-type": "text/plain"})


def _refusal(sent: Sent, world: World) -> str:
    """Why the mail is not taken; empty for one that is."""
    user, password = sent.basic()
    account = world.account("mime", user=user, password=password)
    sender, to, known = sent.query.get("from", ""), sent.query.get("to", ""), world.state.get("mime", {})
    if account is None:
        return "535 5.7.8 Error: authentication failed"
    if sender != mails.bare(account["sender"]):
        return f"553 5.7.1 <{sender}>: Sender address rejected: not owned by user {user}"
    if not mails.ADDRESS.fullmatch(to):
        return "501 5.1.3 Bad recipient address syntax"
    if to in known.get("unknown", []):
        return f"550 5.1.1 <{to}>: Recipient address rejected: User unknown"
    if known.get("busy"):
        return "451 4.7.1 Greylisting in action, please come back later"
    return _bad(sent.body)


def _bad(body: bytes) -> str:
    """What is wrong with the mail itself."""
    if len(body) > LARGEST:
        return "552 5.3.4 Message size exceeds fixed limit"
    if not body.isascii():
        return "554 5.6.1 Mail with eight bits, which was not announced"
    if body.count(b"\n") != body.count(b"\r\n") or not body.endswith(b"\r\n"):
        return "550 5.5.2 Error: bare <LF> received"
    if max(map(len, body.split(b"\r\n"))) > LONGEST_LINE:
        return "500 5.5.2 Error: line too long"
    if not all(_mail(body)[name] for name in ("From", "To", "Message-ID")):
        return "550 5.7.1 Messages without From, To or Message-ID are not accepted"
    return ""


def _take(sent: Sent, world: World) -> str:
    """Note the mail, by its Message-ID."""
    mail = _mail(sent.body)
    world.note(
        part="mime",
        what="mail",
        to=sent.query["to"],
        thread=mails.thread(mail["Reply-To"] or ""),
        text=mails.text(mail),
        id=str(mail["Message-ID"]),
        raw=mails.shown(mail),
    )
    return f"250 2.0.0 Ok: queued as 4F{world.number():08X}"


def _mail(body: bytes) -> EmailMessage:
    mail = message_from_bytes(body, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail
