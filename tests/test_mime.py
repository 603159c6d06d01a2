"""Raw mail by a worker or a pipe, which both are run here, and answers through a mail server over real connections."""

import asyncio
import base64
import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from standardwebhooks import Webhook as Standard

from chalicelib import api, mail, receive
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Card, Content, Outgoing
from chalicelib.models.provider import current
from chalicelib.providers import mime
from chalicelib.webhook import Request
from tests.lab.everything import Door, config, everything, queued, said

INFRA = Path(__file__).parents[1] / "infra"
CONFIG = config("mime")
SECRET = current(CONFIG.webhook_secret)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads" / "mime"
PIPED = (PAYLOADS / "postfix.body").read_bytes()
URL = "https://shop.example/webhooks/mime"


def read(body: bytes) -> Message:
    (message,) = mime.parse(Request(url=URL, body=body, at=NOW), CONFIG)
    assert isinstance(message, Message)
    return message


# ---- what comes in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", sorted(PAYLOADS.glob("*.body")), ids=lambda place: place.stem)
def test_its_library_signs_as_worker_and_pipe_do(place: Path) -> None:
    body = place.read_text(encoding="utf-8")
    seconds = str(int(NOW.timestamp()))
    headers = {"webhook-id": "mail_1", "webhook-timestamp": seconds}
    given = {**headers, "webhook-signature": Standard(SECRET).sign("mail_1", NOW, body)}
    request = Request(url=URL, headers=given, body=body.encode(), at=NOW)
    mime.verify(request, CONFIG)
    for wrong in (replace(request, body=request.body + b"\n"), replace(request, at=NOW + timedelta(seconds=301))):
        with pytest.raises(BadSignature):
            mime.verify(wrong, CONFIG)


def test_a_mail_that_comes_again_is_the_same_mail() -> None:
    """Postfix tries for days, and a sender's server too: other times stand above the mail, and another server."""
    again = PIPED.replace(b"11:05 +0100", b"12:45 +0100").replace(b"4F7A1C2E", b"5A000001")
    assert again != PIPED and read(again).claim == read(PIPED).claim


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b"<3.1415@mail.example>", b"<3.1416@mail.example>"),
        (b"From: Ivan <ivan@", b"From: Ivan <ivana@"),
        (b"X-Original-To: hello@", b"X-Original-To: hello+abcdefghijklmnopqrstuvw234@"),
        (b"From: Ivan", b"Authentication-Results: mx.cloudflare.net; dmarc=pass header.from=mail.example\nFrom: Ivan"),
        (b"Message-ID: <3.1415@mail.example>\n", b""),
    ],
)
def test_another_mail_is_another(was: bytes, now: bytes) -> None:
    """Of another author, to another of our addresses, or by somebody who only says that he is its author."""
    assert was in PIPED and read(PIPED.replace(was, now)).claim != read(PIPED).claim


def test_two_mails_without_ids_are_told_apart_by_what_they_say() -> None:
    without = PIPED.replace(b"Message-ID: <3.1415@mail.example>\n", b"")
    assert read(without).claim == read(without.replace(b"4F7A1C2E", b"5A000001")).claim
    assert read(without).claim != read(without.replace("🙂".encode(), b":)")).claim


def test_as_a_command_in_aliases_gets_it() -> None:
    """local(8) of Postfix puts a line above that begins each mail of an mbox file."""
    assert read(b"From ivan@mail.example  Mon Mar  2 09:11:05 2026\n" + PIPED) == read(PIPED).model_copy(
        update={"source": read(PIPED).source}
    )


def test_what_was_written_last_says_where_it_came_to() -> None:
    """A sender can write Delivered-To as well, below what the server near to us writes."""
    token = "abcdefghijklmnopqrstuvw234"
    forged = PIPED.replace(b"From: Ivan", f"Delivered-To: hello+{token}@mime.shop.example\nFrom: Ivan".encode())
    assert read(forged).thread == ""
    wanted = PIPED.replace(b"X-Original-To: hello@", f"X-Original-To: hello+{token}@".encode())
    assert read(wanted).thread == token


def test_nobody_is_proved_without_a_server_that_is_believed() -> None:
    body = (PAYLOADS / "cloudflare.body").read_bytes()
    for server, channel in (("mx.cloudflare.net", "email"), ("", "email?"), ("mx.elsewhere.example", "email?")):
        how = CONFIG.model_copy(update={"verdict_server": server})
        (message,) = mime.parse(Request(url=URL, body=body, at=NOW), how)
        assert isinstance(message, Message) and message.sender.channel == channel


def test_a_mail_without_author_is_kept_as_unreadable() -> None:
    for body in (b"", b"\n", b"From: \n\nHello", PIPED.replace(b"From: Ivan <ivan@mail.example>\n", b"")):
        with pytest.raises(Unreadable):
            read(body)


# ---- the pipe, and the worker -----------------------------------------------------------------------------------


@contextmanager
def door(front: Door | None, status: int = 200) -> Iterator[str]:
    """An address that hands on what it is posted, or answers by this status."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = Request(url=URL, headers=headers, body=body, at=datetime.now(UTC))
            answer = receive.receive(given, "mime", "", "request-1").status if front else status
            self.send_response(answer)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/webhooks/mime"
        server.shutdown()


def piped(tmp_path: Path, url: str, body: bytes = PIPED, secret: str = SECRET) -> tuple[int, str]:
    """What Postfix would be told."""
    place = tmp_path / "shopbell_pipe"
    place.write_text(f"{url}\n{secret}\n", encoding="utf-8")
    command = [sys.executable, "-I", str(INFRA / "mail_pipe.py"), str(place)]
    ended = subprocess.run(command, input=body, capture_output=True, timeout=20, check=False)
    assert not ended.stderr
    return ended.returncode, ended.stdout.decode().strip()


def test_the_pipe_hands_over_a_mail(tmp_path: Path, front: Door) -> None:
    with door(front) as url:
        assert piped(tmp_path, url) == (0, "")
        assert queued(front) == [read(PIPED)]
        assert piped(tmp_path, url, secret="whsec_c29tZWJvZHkgZWxzZQ==") == (75, "4.3.0 Shopbell answered 401")


@pytest.mark.parametrize(("status", "code"), [(413, 69), (503, 75), (404, 75)])
def test_the_pipe_says_what_postfix_shall_do(status: int, code: int, tmp_path: Path) -> None:
    with door(None, status) as url:
        ended, said = piped(tmp_path, url)
    assert ended == code and said.startswith("5.3.4 " if code == 69 else "4.3.0 ")


def test_the_pipe_keeps_nothing_that_is_too_large_and_all_that_cannot_be_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    assert piped(tmp_path, url, b"x" * 4_300_001)[0] == 69
    assert piped(tmp_path, url) == (75, "4.3.0 Shopbell cannot be asked: URLError")


STAGE = """
import worker from "./worker.mjs";
const { mail, answer, size } = JSON.parse(process.argv[2]);
const raw = new Response(Buffer.from(mail, "base64")).body;
let posted = null, rejected = null, thrown = null;
globalThis.fetch = async (url, init) => {
  posted = { url, method: init.method, headers: init.headers, body: Buffer.from(init.body).toString("base64") };
  return new Response("", { status: answer });
};
const message = { from: "ivan@mail.example", to: "hello@mime.shop.example", raw, rawSize: size,
  setReject: (reason) => { rejected = reason; } };
const env = { SHOPBELL_URL: "https://shop.example/webhooks/mime", SHOPBELL_SECRET: "%s" };
try { await worker.email(message, env); } catch (error) { thrown = error.message; }
console.log(JSON.stringify({ posted, rejected, thrown }));
"""


def worked(tmp_path: Path, body: bytes, answer: int = 200, size: int | None = None) -> dict[str, Any]:
    """What the worker does with a mail."""
    shutil.copy(INFRA / "mail_worker.js", tmp_path / "worker.mjs")
    (tmp_path / "stage.mjs").write_text(STAGE % SECRET, encoding="utf-8")
    given = {"mail": base64.b64encode(body).decode(), "answer": answer, "size": size or len(body)}
    command = ["node", str(tmp_path / "stage.mjs"), json.dumps(given)]
    ended = subprocess.run(command, capture_output=True, timeout=20, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.skipif(shutil.which("node") is None, reason="Cloudflare's workers are JavaScript")
def test_the_worker_hands_over_a_mail(tmp_path: Path) -> None:
    own = PIPED.split(b"\n", 3)[3]  # without what Postfix wrote above
    done = worked(tmp_path, own)
    posted = done["posted"]
    body = base64.b64decode(posted["body"])
    request = Request(url=URL, headers=posted["headers"], body=body, at=datetime.now(UTC))
    mime.verify(request, CONFIG)
    assert (posted["url"], posted["method"], done["rejected"], done["thrown"]) == (URL, "POST", None, None)
    assert posted["headers"]["content-type"] == "message/rfc822" and body.endswith(own)
    assert read(body).claim == read(PIPED).claim
    with pytest.raises(BadSignature):
        mime.verify(replace(request, body=body[:-1]), CONFIG)


@pytest.mark.skipif(shutil.which("node") is None, reason="Cloudflare's workers are JavaScript")
def test_the_worker_throws_or_refuses(tmp_path: Path) -> None:
    done = worked(tmp_path, PIPED, answer=503)
    assert (done["thrown"], done["rejected"]) == ("Shopbell answered 503", None)
    done = worked(tmp_path, PIPED, size=4_300_001)
    assert done["posted"] is None and "too large" in done["rejected"]


# ---- answers, by a mail server ----------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "mira@customer.example", "text": "Ja, zwei. 🙂", "at": NOW, **rest})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Of a mail server on this machine; `trusted` believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    place = tmp_path_factory.mktemp("tls") / "server.pem"
    formats = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    written = key.private_bytes(serialization.Encoding.PEM, *formats)
    place.write_bytes(written + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    context.place = place  # type: ignore[attr-defined]
    return context


@pytest.fixture
def trusted(certificate: Any, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.place))
    context: ssl.SSLContext = certificate
    return context


class Kept:
    """What a mail server does with mails: it keeps them."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope)
        return "250 2.0.0 Ok: queued as 4F7A"


def known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = (data.login, data.password) == (CONFIG.user.encode(), current(CONFIG.password).encode())
    return AuthResult(success=right, handled=False)


async def ended(server: asyncio.Server) -> None:
    """Nobody is let in any more, and every connection is closed, as they are once the other side has hung up."""
    server.close()  # here: only the loop's own thread may
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=5)
    await asyncio.sleep(0.01)  # their sockets


@contextmanager
def mail_server(context: ssl.SSLContext) -> Iterator[tuple[Kept, mime.Config]]:
    """Another one's, that wants to be spoken to in secret."""
    kept, loop = Kept(), asyncio.new_event_loop()
    rules: Any = {"authenticator": known, "auth_required": True, "tls_context": context, "require_starttls": True}
    greeted = loop.create_server(lambda: SMTP(kept, loop=loop, **rules), "127.0.0.1", 0)
    server = loop.run_until_complete(greeted)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = server.sockets[0].getsockname()[1]
        yield kept, CONFIG.model_copy(update={"api_url": f"smtp://localhost:{port}"})
    finally:
        asyncio.run_coroutine_threadsafe(ended(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_mail_server_takes_an_answer(trusted: ssl.SSLContext) -> None:
    with mail_server(trusted) as (kept, how):
        identifier = mime.send(outgoing(text="Ja, zwei. 🙂\n.\nSchöne Grüße"), how)
        (taken,) = kept.mails
        assert (taken.mail_from, taken.rcpt_tos) == ("hello@mime.shop.example", ["mira@customer.example"])
        arrived: Any = message_from_bytes(taken.content, policy=default)
        assert arrived["Message-ID"] == identifier and arrived["From"] == CONFIG.sender
        assert arrived.get_content().replace("\r\n", "\n") == "Ja, zwei. 🙂\n.\nSchöne Grüße\n"
        failure = failed(how.model_copy(update={"password": (SecretStr("nobody"),)}))
        assert failure.outcome is Outcome.REFUSED and "535" in failure.reason


GREETING, HELLO, READY = "220 mx ESMTP", "250-mx\r\n250 AUTH PLAIN", "354 go on"
WHOLE = [GREETING, HELLO, "235 2.7.0 ok", "250 ok", "250 ok", READY]
GONE = ""  # it hangs up


@contextmanager
def scripted(context: ssl.SSLContext, script: list[str], scheme: str = "smtps") -> Iterator[mime.Config]:
    """A mail server that says these lines, whatever it hears, the last one after the mail."""

    def play() -> None:
        connection, _ = server.accept()
        with suppress(OSError), connection:
            secret = context.wrap_socket(connection, server_side=True) if scheme == "smtps" else connection
            with secret, secret.makefile("rb") as heard:
                for place, line in enumerate(script):
                    while place and (said := heard.readline()) and place == len(WHOLE) and said != b".\r\n":
                        pass
                    if line == GONE:
                        return
                    secret.sendall(line.encode() + b"\r\n")
                heard.readline()

    with socket.create_server(("localhost", 0)) as server:
        thread = threading.Thread(target=play)
        thread.start()
        yield CONFIG.model_copy(update={"api_url": f"{scheme}://localhost:{server.getsockname()[1]}"})
        thread.join()


def failed(how: mime.Config) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        mime.send(outgoing(), how)
    return caught.value


@pytest.mark.parametrize("step", range(7))
@pytest.mark.parametrize(
    ("said", "outcome"),
    [("450 4.7.1 later", Outcome.NOT_SENT), ("550 5.7.1 never", Outcome.REFUSED), (GONE, Outcome.NOT_SENT)],
)
def test_at_each_step_a_refusal_is_what_it_says(
    step: int, said: str, outcome: Outcome, trusted: ssl.SSLContext
) -> None:
    with scripted(trusted, [*[*WHOLE, "250 ok"][:step], said]) as how:
        failure = failed(how)
    last = step == len(WHOLE) and said == GONE
    assert failure.outcome is (Outcome.UNKNOWN if last else outcome)
    assert said == GONE or step == 1 or said in failure.reason


def test_a_server_that_falls_silent_after_the_mail_may_have_taken_it(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "DEADLINE", 0.2)
    with scripted(trusted, WHOLE) as how:
        assert failed(how).outcome is Outcome.UNKNOWN
    with scripted(trusted, WHOLE[:4]) as how:
        assert failed(how).outcome is Outcome.NOT_SENT


def test_no_server_is_told_anything_whose_certificate_is_not_believed(certificate: ssl.SSLContext) -> None:
    with scripted(certificate, WHOLE) as how:
        assert failed(how).outcome is Outcome.NOT_SENT


def test_nothing_is_said_in_the_open(trusted: ssl.SSLContext) -> None:
    with scripted(trusted, [GREETING, "250-mx\r\n250 AUTH PLAIN"], "smtp") as how:
        failure = failed(how)
    assert failure.outcome is Outcome.REFUSED and "no encryption" in failure.reason


def test_an_address_that_is_none_is_said_so() -> None:
    for to in ("", "mira", "a@b.example\r\nBcc: x@y.example", "jörg@customer.example"):
        with pytest.raises(SendFailed) as caught:
            mime.send(outgoing(to=to), CONFIG)
        assert caught.value.outcome is Outcome.REFUSED


SHOP = """
name = "Corner Shop"
time_zone = "Europe/Berlin"
owner = "team"
fallback = "team"
[desks.team]
mailbox = "agents@shop.example"
provider = "mime"
agents = { ann = "ann@shop.example" }
[routes]
default = "team"
[providers.mime]
"""


def test_a_customer_and_a_mailbox_write_to_each_other() -> None:
    with everything(SHOP) as lab:
        assert lab.ring("mime", said("mime", "Größe 38? 👟")) < 300
        lab.settle()
        (card,) = lab.posts()
        assert (card.to, card.what) == ("agents@shop.example", "mail") and "Größe 38? 👟" in card.text
        assert lab.ring("mime", said("mime", "Ja, zwei.", sender="ann@shop.example", thread=card.thread)) < 300
        lab.settle()
        answered = [entry for entry in lab.world.ledger if entry.to == "freya.holm@customer.example"]
        assert [entry.text for entry in answered] == ["Ja, zwei."] and not lab.world.refused
        headers = dict(answered[0].raw["headers"])
        assert headers["In-Reply-To"].endswith("@customer.example>") and headers["Subject"] == "Re: Größe 38? 👟"


def test_an_answer_that_comes_back_is_told_in_its_thread() -> None:
    with everything(SHOP) as lab:
        lab.ring("mime", said("mime", "Größe 38? 👟"))
        lab.settle()
        (card,) = lab.posts()
        lab.ring("mime", said("mime", "Ja, zwei.", sender="ann@shop.example", thread=card.thread))
        lab.settle()
        (answered,) = [entry for entry in lab.world.ledger if entry.text == "Ja, zwei."]
        body = (PAYLOADS / "bounced.body").read_bytes()
        body = body.replace(b"ab3cd4ef5gh6ij7klmnopqrstu", answered.id.strip("<").partition("@")[0].encode())
        assert lab.post_signed("mime", body) < 300
        lab.settle()
        assert "Not delivered to the customer: the mailbox is full" in lab.posts()[-1].text
        assert lab.posts()[-1].thread == card.thread and len(lab.posts()) == 2


# ---- the raw mail -----------------------------------------------------------------------------------------------


def written(**rest: Any) -> Any:
    given = outgoing(**rest)
    raw = mail.raw(mail.draft(given, sender=CONFIG.sender, inbound=CONFIG.inbound_address), given)
    assert raw.isascii() and raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return message_from_bytes(raw, policy=default)


def test_ids_are_written_as_they_are_however_long() -> None:
    long = f"<{'a' * 200}@customer.example>"
    context = {"message_id": long, "references": " ".join(f"<{n}{'b' * 90}@x.example>" for n in range(30))}
    mail_of_ours = written(context={**context, "subject": "Größe 38? 👟" * 20})
    assert mail_of_ours["In-Reply-To"] == long and mail_of_ours["References"].endswith(long)
    assert len(mail_of_ours["References"].split(" ")) == 20 and "=?" not in str(mail_of_ours["References"])
    assert mail_of_ours["Subject"].startswith("Re: Größe 38? 👟")


@pytest.mark.parametrize("type_", ["application/pdf", "text/plain", "image/png", "message/rfc822", "audio/x-ü"])
def test_a_file_of_any_type_goes_along(type_: str) -> None:
    file = Content(name="Rechnung ü.pdf", type=type_, data=b"\x00\xff\r\n.\r\nFrom x")
    (found,) = written(text="", file=file).iter_attachments()
    assert (found.get_filename(), found.get_payload(decode=True)) == ("Rechnung ü.pdf", file.data)


def test_a_card_is_there_in_two_forms() -> None:
    card = Card(title="Mira <b>", state=("open",), facts=("first mail",))
    desk = written(card=card, thread="abcdefghijklmnopqrstuvw234")
    assert "Mira <b>" in desk.get_body(("plain",)).get_content()
    assert "Mira &lt;b&gt;" in desk.get_body(("html",)).get_content()
    assert desk["Reply-To"] == "hello+abcdefghijklmnopqrstuvw234@mime.shop.example"
    assert desk["Auto-Submitted"] == "auto-generated"
