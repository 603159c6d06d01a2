"""Mail of your own domain, posted as it is by a worker at Cloudflare or a Postfix pipe; answers go by your mail server.

1. Make webhook_secret up: whsec_ and behind it what `openssl rand -base64 32` prints. api_url, user and password are of
   the mail server where the shop's address has its mailbox, as in any mail program: smtps://HOST:465 or smtp://HOST:587
2. With Cloudflare: Workers & Pages, Create, Start with Hello World, Deploy, Edit code: infra/mail_worker.js, Deploy.
3. With Cloudflare: the worker's Settings, Variables and Secrets: SHOPBELL_URL is {url}, SHOPBELL_SECRET your
   webhook_secret. verdict_server is mx.cloudflare.net
4. With Cloudflare: your domain, Email, Email Routing: Settings, Subaddressing on; Routing rules, Create address: your
   shop's address, Send to a Worker, yours.
5. Or with Postfix: infra/mail_pipe.py as /usr/local/bin/shopbell_pipe, to be run; and /etc/shopbell_pipe, which only a
   user named shopbell may read, with two lines: {url} and your webhook_secret.
6. With Postfix: to /etc/postfix/master.cf one line: shopbell unix - n n - 4 pipe flags=DOR user=shopbell
   argv=/usr/local/bin/shopbell_pipe /etc/shopbell_pipe
7. With Postfix: to /etc/postfix/main.cf: recipient_delimiter = + and shopbell_destination_recipient_limit = 1 and
   transport_maps = hash:/etc/postfix/transport, where behind the shop's address stands shopbell: and nothing more. Then
   postmap /etc/postfix/transport and postfix reload. verdict_server is what the Authentication-Results begin with that
   your server writes (OpenDMARC, Rspamd).

Above the mail stands what the server near to us says of it, in Return-Path, X-Original-To and Delivered-To: so mail
servers hand a mail to a program, and so nothing of it is lost when only the body is kept. It is signed as Standard
Webhooks are: whatever does the same may post here.

Answers go by SMTP: a domain's SPF and DKIM are made for its mail server, each of them offers it, and Python has it
without a library. Cloudflare's own reply() is over when the worker ends, and an agent answers later. To an api_url of
https the raw mail is posted, its envelope in the query: for a gateway of one's own, and for the stand-in. What did not
arrive a mail server tells by mail: one that says so and holds the head of our mail to a customer is its receipt.

Signature: https://www.standardwebhooks.com  Worker: https://developers.cloudflare.com/email-routing/email-workers/
Pipe: https://www.postfix.org/pipe.8.html  Sending: https://www.rfc-editor.org/rfc/rfc6409

Confirmed by standardwebhooks 1 and aiosmtpd 1.4: the signature, and sending. By running them: the pipe in Postfix 3.7,
set up as above; the worker in workerd, which is Cloudflare's own. By a mail that Cloudflare handed on: what it writes
above. Not confirmed: a live worker, and that a sender comes again when one throws (said elsewhere, not by Cloudflare).
"""

from typing import Any

from chalicelib import api, mail, proofs
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen
from chalicelib.webhook import Request, place_of

channel = Channel.EMAIL
# of files: many mail servers take 10 MB, and a file grows by a third on its way
can = Can(text=100_000, covers=frozenset({Cover.BODY, Cover.TIME, Cover.ID}), files=200, file_size=7_000_000, desk=True)
verify = proofs.standard_webhooks("webhook_secret")
unpack = mail.content_of
CAME_TO = ("x-original-to", "delivered-to")  # the first of each: what was written last, by the server near to us


class Config(Frozen):
    webhook_secret: LiveSecret = secret("made up: whsec_ and what `openssl rand -base64 32` prints", inbound=True)
    user: str = setting("user name at the mail server through which answers go", outbound=True)
    password: LiveSecret = secret("its password, often for this program alone; no spaces", outbound=True, seeds=True)
    sender: str = setting("the shop's mail address, which that user may write from", inbound=True, outbound=True)
    inbound_address: str = setting("the address whose mail comes here; it may be the same", inbound=True, outbound=True)
    verdict_server: str = setting(
        "whose Authentication-Results count; without it nobody is proved", inbound=True, outbound=True, optional=True
    )
    api_url: str = setting("the mail server for answers: smtps://HOST:465, or smtp://HOST:587", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """The mail; a receipt for one that says that ours did not arrive. Files lie in the webhook's own body, kept."""
    letter = mail.parse(request.body)
    if any(file.type.endswith("delivery-status") for file in letter.attachments):
        from chalicelib.mail.reports import bounced  # late: few mails are one

        if bounce := bounced(request.body, config.sender):
            about = {"ids": (bounce.id,), "reason": bounce.reason, "source": _source(letter)}
            return [Receipt(provider="mime", progress=Progress.FAILED, **about)]
    message = _message(request, letter, config)
    return [message] if message else []


def send(outgoing: Outgoing, config: Config) -> str:
    """Hand one mail to the mail server; returns its Message-ID, which nobody changes."""
    draft = mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address)
    if not outgoing.to.isascii():
        raise SendFailed("this is no mail address that every mail server takes", Outcome.REFUSED)
    password = current(config.password)
    answer = api.call(
        "POST",
        config.api_url,
        query={"from": mail.bare(config.sender), "to": outgoing.to},
        headers={"Content-Type": "message/rfc822"},
        auth=(config.user, password),
        body=mail.raw(draft, outgoing),
    )
    said = mail.one_line(answer.body.decode("utf-8", "replace"), 200).replace(password, "…")
    spoken = said[:1] in "245" and said[1:3].isdigit()
    api.refuse(answer, f"the mail server: {said if spoken else answer.status}")
    if not spoken:
        raise SendFailed("the mail server: an answer that cannot be read", Outcome.UNKNOWN)
    return dict(draft.headers)["Message-ID"]


def _message(request: Request, letter: mail.Mail, config: Config) -> Message | None:
    above = {name.lower(): value for name, value in reversed(letter.headers)}
    came_to = [above[name].strip().strip("<>") for name in CAME_TO if name in above]
    proved = len(letter.authors) == 1 and mail.authenticated(
        letter.headers, config.verdict_server, letter.sender.address
    )
    try:
        return mail.to_message(
            letter,
            provider="mime",
            id=mail.identity(letter, [*came_to[:1], str(proved)]),  # who forges a mail may know its id
            proved=proved,
            came_to=came_to,
            sender=config.sender,
            inbound=config.inbound_address,
            source=_source(letter),
            files_at=place_of(request.body),
        )
    except ValueError as error:
        raise Unreadable("a mail without author") from error


def _source(letter: mail.Mail) -> dict[str, Any]:
    return {"headers": [[name, value] for name, value in letter.headers]}
