"""Files on their way, played through the laboratory: customers' to the desk, agents' to the customer, and failures."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import api, aws, files, providers
from chalicelib.errors import SendFailed
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Content
from chalicelib.process import attachments
from chalicelib.webhook import Request
from infra import simulate
from infra.simulate import File
from infra.world import Entry, World
from infra.world import File as WorldFile
from infra.world.server import Server, start
from tests.lab import AGENTS, BUCKET, ENVIRONMENT, FALLBACK_SHOP, LINK, MAIL_SHOP, SHOP, START, Lab, laboratory
from tests.lab.everything import EVERYTHING_SECRETS, config, everything, hosts_of, outgoing, said, somewhere
from tests.lab.flows import INVOICE, PHOTO, agents_file, customers_file, opened, opened_on_whatsapp

CUSTOMERS = [name for name in providers.NAMES if providers.load(name).can.customers]
SENDING = [name for name in CUSTOMERS if any(hasattr(providers.load(name), way) for way in ("fetch", "unpack"))]
ANSWERED = [name for name in CUSTOMERS if not providers.load(name).can.once]  # with words and a file, in two messages
TAKEN = {name for name in CUSTOMERS if providers.load(name).can.takes(INVOICE.type, len(INVOICE.content))}


def arrived(lab: Lab, name: str = "invoice.pdf") -> list[Entry]:
    return [entry for entry in lab.files() if name in f"{entry.text} {entry.raw}"]


def notes(lab: Lab) -> list[str]:
    return [entry.text for entry in lab.posts()]


def kept(lab: Lab) -> list[str]:
    """What lies in the bucket."""
    with lab.aside():
        found: dict[str, Any] = aws.client("s3").list_objects_v2(Bucket=BUCKET)
    return [row["Key"] for row in found.get("Contents", ())]


# ---- customers' files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SENDING)
def test_a_customers_file_of_every_provider_stands_in_the_thread(name: str) -> None:
    with everything() as lab:
        assert lab.ring(name, said(name, "Look at this", files=(INVOICE,), at=lab.now)) < 300
        lab.settle()
        (entry,) = [entry for entry in lab.files() if entry.raw.get("size", 0) or entry.what == "mail"]
        card = lab.posts()[0]
        assert entry.thread in (card.id, card.thread) and lab.world.ledger.index(entry) > lab.world.ledger.index(card)
        assert not [text for text in notes(lab) if "could not" in text]
        (place,) = [key for key in kept(lab) if key.startswith("files/")]
        assert len(place) == len("files/") + 26 and "invoice" not in place
        with lab.aside():
            assert files.get(place) == INVOICE.content


def test_only_the_first_ten_files_of_a_message_are_fetched_and_all_are_named() -> None:
    many = tuple(File(f"{number}.jpg", "image/jpeg", b"%d" % number) for number in range(12))
    with laboratory() as lab:
        lab.ring("custom", lab.say("All of them", 1, "custom", files=many))
        lab.settle()
        shared = [entry.text for entry in lab.world.ledger if entry.what == "file"]
        assert sorted(shared) == sorted(file.name for file in many[:10])
        assert all(file.name in lab.posts()[0].text for file in many)


def test_what_cannot_be_fetched_now_delays_no_words_and_comes_later() -> None:
    with laboratory() as lab:
        lab.world.fail(part="custom", path="/files/", status=503, times=7)
        lab.ring("custom", lab.say("My kettle", 1, "custom", files=(PHOTO,)))
        while lab.work():
            pass
        lab.ring("custom", lab.say("It leaks", 2, "custom"))
        while lab.work():
            pass
        assert "It leaks" in lab.posts()[-1].text and not lab.files()
        lab.settle()
        assert [entry.text for entry in lab.files()] == ["photo.jpg"]
        assert not [text for text in notes(lab) if "could not" in text]


def test_after_a_day_a_note_says_that_it_never_came() -> None:
    with laboratory() as lab:
        lab.world.fail(part="custom", path="/files/", status=503, times=10_000)
        lab.ring("custom", lab.say("My kettle", 1, "custom", files=(PHOTO,)))
        began = lab.now
        lab.settle()
        assert not lab.files() and not lab.dead_letters()
        assert [text for text in notes(lab)[1:]] == ["📎 photo.jpg could not be fetched: its host answered 503"]
        assert timedelta(days=1) <= lab.now - began < timedelta(days=1, hours=1)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a",
        "http://169.254.169.254/latest/meta-data/",
        "http://world.evil.example/a",
        "file:///etc",
    ],
)
def test_a_file_that_lies_elsewhere_is_not_fetched_and_a_note_says_so(url: str) -> None:
    with laboratory() as lab:
        lab.seam.intercept = never_beyond
        _, webhook = lab.webhook("custom", lab.say("My kettle", 1, "custom", files=(PHOTO,)))
        own = webhook.body.partition(b'"url": "')[2].partition(b'"')[0]
        assert lab.post_signed("custom", webhook.body.replace(own, url.encode())) < 300
        lab.settle()
        assert not lab.files() and "photo.jpg could not be fetched" in notes(lab)[-1]


def never_beyond(number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
    if isinstance(request, api.Call):
        assert request.url.startswith("http://world/")
    return apply()


def test_a_file_that_is_too_large_is_not_fetched_and_a_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "LARGEST", 10)
    with laboratory() as lab:
        lab.ring("custom", lab.say("My kettle", 1, "custom", files=(PHOTO,)))
        lab.settle()
        assert not lab.files() and "photo.jpg could not be fetched: it is larger than" in notes(lab)[-1]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\windows\\win.ini", "win.ini"),
        ("a\r\nX-Evil: 1.jpg", "a X-Evil: 1.jpg"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        (".htaccess", "htaccess.jpg"),
        ("", "file.jpg"),
        ("a\0b.jpg", "a\ufffdb.jpg"),
        ("ü" * 300 + ".jpg", "ü" * 255 + ".jpg"),
    ],
)
def test_a_file_is_called_what_can_be_shown(name: str, shown: str) -> None:
    with laboratory() as lab:
        held = lab.say("Look", 1, "custom", files=(PHOTO,))
        _, webhook = lab.webhook("custom", held)
        named = webhook.body.replace(b'"name": "photo.jpg"', f'"name": {json.dumps(name)}'.encode())
        assert lab.post_signed("custom", named) < 300
        lab.settle()
        assert [entry.text for entry in lab.files()] == [shown]
        assert all(key.startswith("files/") and len(key) == 32 for key in kept(lab))


def test_nothing_of_a_blocked_customer_is_fetched() -> None:
    with laboratory() as lab:
        opened_on_whatsapp(lab)
        lab.ring("slack", lab.say("#block", 10, "slack", thread=lab.thread()))
        lab.settle()
        lab.seam.calls.clear()
        lab.ring("whatsapp", lab.say("Look", 2, "whatsapp", files=(INVOICE,)))
        lab.settle()
        assert not lab.files() and not [call for call in lab.seam.calls if call.startswith(("whatsapp.", "s3."))]


def test_a_file_goes_where_its_conversation_went() -> None:
    with laboratory(FALLBACK_SHOP) as lab:
        lab.world.state.setdefault("slack", {})["archived"] = ["C0FRONT"]
        customers_file(lab)
        (entry,) = arrived(lab)
        assert entry.to == "C0SECOND" and entry.thread == lab.posts()[0].id


def test_a_file_goes_to_a_mailbox_if_its_conversation_went_there() -> None:
    mailbox = FALLBACK_SHOP.replace(
        'slack = "C0SECOND"', f'mailbox = "{AGENTS}"\nagents = {{Ann = "ann@shop.example"}}'
    )
    with laboratory(mailbox + "[providers.postmark]\n") as lab:
        lab.world.state.setdefault("slack", {})["archived"] = ["C0FRONT"]
        customers_file(lab)
        (entry,) = arrived(lab)
        assert (entry.part, entry.to, entry.thread) == ("postmark", AGENTS, lab.posts()[0].thread)


def test_a_file_is_not_queued_before_its_words_stand_at_the_desk() -> None:
    """Or it would be queued again each time that they are tried."""
    with laboratory() as lab:
        lab.world.fail(part="slack", path="chat.postMessage", status=503, times=9)
        customers_file(lab)
        assert len(arrived(lab)) == 1
        assert len([call for call in lab.seam.calls if call == "sqs.SendMessageBatch"]) == 2  # the webhook, the file


def test_a_file_that_the_desk_does_not_take_leaves_a_note() -> None:
    refused = '{"ok": false, "error": "missing_scope"}'
    with laboratory() as lab:
        lab.world.fail(part="slack", path="files.getUploadURLExternal", status=200, body=refused)
        customers_file(lab)
        assert not arrived(lab) and "invoice.pdf could not be shown here: Slack: missing_scope" in notes(lab)[-1]


def test_a_file_of_which_nobody_knows_comes_once_more_and_says_so_and_then_a_note() -> None:
    with laboratory() as lab:
        lab.world.fail(part="slack", path="completeUploadExternal", status=500, applied=True, times=1)
        customers_file(lab)
        assert [entry.text for entry in arrived(lab)] == ["invoice.pdf", "invoice.pdf\n(possibly repeated)"]
    with laboratory() as lab:
        lab.world.fail(part="slack", path="completeUploadExternal", status=500, times=9)
        customers_file(lab)
        assert not arrived(lab) and "invoice.pdf may be missing here" in notes(lab)[-1]


def test_what_was_kept_is_not_fetched_again() -> None:
    with laboratory() as lab:
        lab.world.fail(part="slack", path="getUploadURLExternal", status=503, times=3)
        customers_file(lab)
        assert len(arrived(lab)) == 1
        assert len([call for call in lab.seam.calls if call == "s3.PutObject"]) == 1
        assert len([call for call in lab.seam.calls if call == "s3.GetObject"]) == 3


def test_a_file_too_large_for_a_mail_comes_to_the_mailbox_as_a_link() -> None:
    large = INVOICE._replace(content=b"%PDF" * 1_800_000)
    with laboratory(MAIL_SHOP.replace("[providers.twilio_sms]", "[providers.custom]")) as lab:
        lab.ring("custom", lab.say("Plans", 1, "custom", files=(large,)))
        lab.settle()
        mail = lab.posts()[-1]
        assert LINK.search(mail.text) and "works for a limited time." in mail.text and "Attachments" not in mail.raw
        assert mail.thread == lab.posts()[0].thread


# ---- agents' files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ANSWERED)
def test_an_agents_file_reaches_customers_of_every_provider(name: str) -> None:
    """After the words; as a file where the channel takes it, else as a link that expires."""
    with everything() as lab:
        lab.ring(name, said(name, "Where is it?", at=lab.now))
        lab.settle()
        desk = "postmark" if lab.posts()[0].what == "mail" else "slack"
        agent = {"sender": "ann@shop.example"} if desk == "postmark" else {}
        lab.now += timedelta(minutes=1)
        lab.ring(desk, lab.say("Here it is", 10, desk, thread=lab.thread(), files=(INVOICE,), **agent))
        lab.settle()
        words, file = [entry for entry in lab.world.ledger if entry.part == name and entry.to in lab.texts()[-1].to][
            -2:
        ]
        assert "Here it is" in words.text
        assert "invoice.pdf" in f"{file.text} {file.raw}" and bool(LINK.search(file.text)) is (name not in TAKEN)
        assert "slack" not in f"{file.text} {file.raw}"
        reactions = [entry.text for entry in lab.world.ledger if entry.what == "reaction"]
        assert reactions[-1:] in ([], ["outbox_tray"], ["white_check_mark"])


def test_a_link_expires_is_a_download_and_names_the_file_itself_only_there() -> None:
    with laboratory() as lab:
        opened(lab)
        lab.ring("slack", lab.say("", 10, "slack", thread=lab.thread(), files=(INVOICE._replace(name="Rück 7.pdf"),)))
        lab.settle()
        (entry,) = lab.texts()[1:]
        link = LINK.search(entry.text)
        assert link and parse_qs(urlsplit(link[0]).query)["X-Amz-Expires"] == [str(7 * 24 * 3600)]
        assert parse_qs(urlsplit(link[0]).query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        with lab.aside():
            found = aws.client("s3").get_object(Bucket=BUCKET, Key=urlsplit(link[0]).path.lstrip("/"))
        assert found["ContentDisposition"] == "attachment; filename*=UTF-8''R%C3%BCck%207.pdf"
        assert (found["ContentType"], found["Body"].read()) == ("application/pdf", INVOICE.content)


@pytest.mark.parametrize("text", ["// only for us", "<@U0MILA> please look", "#note for us"])
def test_a_file_below_a_note_stays_here(text: str) -> None:
    with laboratory() as lab:
        opened_on_whatsapp(lab)
        lab.ring("slack", lab.say(text, 10, "slack", thread=lab.thread(), files=(INVOICE,)))
        lab.settle()
        assert not arrived(lab) and len(lab.texts()) == 1


def test_where_only_marked_words_leave_a_file_needs_the_mark() -> None:
    with laboratory(SHOP.replace('slack = "C0FRONT"', 'slack = "C0FRONT"\nreplies = "marked"')) as lab:
        opened_on_whatsapp(lab)
        for number, text in enumerate(("", "look at this", ">>"), 10):
            lab.now += timedelta(minutes=1)
            lab.ring("slack", lab.say(text, number, "slack", thread=lab.thread(), files=(INVOICE,)))
            lab.settle()
            assert len(arrived(lab)) == (text == ">>")


def test_a_file_that_cannot_be_had_is_told_within_minutes_and_later_replies_go_out() -> None:
    with laboratory() as lab:
        opened_on_whatsapp(lab)
        lab.world.fail(part="slack", path="/files/", status=503, times=10_000)
        agents_file(lab)
        (said_so,) = [text for text in notes(lab) if "was not sent" in text]
        assert said_so == "❌ invoice.pdf was not sent to the customer: its host answered 503"
        assert timedelta(minutes=10) <= lab.now - lab.started < timedelta(minutes=30)
        lab.ring("slack", lab.say("I try again", 11, "slack", thread=lab.thread()))
        lab.settle()
        assert [entry.text for entry in lab.texts()[1:]] == ["It is on its way", "I try again"]


def test_a_file_that_is_refused_costs_no_other_part() -> None:
    refused = '{"error": {"message": "not this one", "code": 100}}'
    with laboratory() as lab:
        opened_on_whatsapp(lab)
        lab.world.fail(part="whatsapp", path="/media", status=400, body=refused)
        both = (INVOICE, PHOTO)
        lab.ring("slack", lab.say("Both", 10, "slack", thread=lab.thread(), files=both))
        lab.settle()
        assert [entry.text for entry in lab.files()] == ["photo.jpg"]
        assert "❌ invoice.pdf was not sent to the customer: WhatsApp: not this one (100)" in notes(lab)
        assert [entry.text for entry in lab.world.ledger if entry.what == "reaction"][-1] == "x"


def test_one_invocation_sends_one_file_at_most() -> None:
    """It is fetched, kept and sent: three files would take longer than the invocation may."""
    with laboratory() as lab:
        opened_on_whatsapp(lab)
        lab.ring("slack", lab.say("Both", 10, "slack", thread=lab.thread(), files=(INVOICE, PHOTO)))
        most = 0
        for _ in range(20):
            before = len(lab.files())
            if not lab.work() and lab.upcoming():
                lab.wait()
            most = max(most, len(lab.files()) - before)
        assert (len(lab.files()), most) == (2, 1)


def test_a_page_to_log_in_is_no_file() -> None:
    """Slack shows it where the app lacks the scope."""
    with laboratory() as lab:
        opened_on_whatsapp(lab)
        page = "<!DOCTYPE html><html>"
        lab.world.fail(part="slack", path="/files/", status=200, body=page, headers={"Content-Type": "text/html"})
        agents_file(lab)
        assert not arrived(lab) and "files:read" in notes(lab)[-1]


@pytest.mark.parametrize(("words", "told"), [("See below.", False), ("See this: [image: photo.jpg]", True)])
def test_pictures_within_a_mail_stay_here_and_the_agent_hears_of_those_that_the_words_name(
    words: str, told: bool
) -> None:
    """They may come from what is quoted; what is attached goes out."""
    with laboratory(MAIL_SHOP) as lab:
        opened(lab)
        reply = lab.say(words, 10, "postmark", thread=lab.thread(), sender="ann@shop.example", files=(PHOTO, INVOICE))
        _, webhook = lab.webhook("postmark", reply)
        mail = json.loads(webhook.body)
        mail["HtmlBody"] = '<p>See below.</p><img src="cid:photo@x">'
        mail["Attachments"][0]["ContentID"] = "photo@x"
        mail["Attachments"][1]["ContentID"] = "invoice@x"
        assert lab.post_signed("postmark", json.dumps(mail).encode()) < 300
        lab.settle()
        assert len(arrived(lab)) == 1 and not arrived(lab, "📎 photo.jpg")
        assert any("Not sent to the customer: photo.jpg" in text for text in notes(lab)) is told


# ---- over HTTP --------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    served = start(World(EVERYTHING_SECRETS))
    yield served
    served.stop()


def here(name: str, server: Server) -> Any:
    """A provider's Config, with its API at the server."""
    urls = {field: value for field, value in dict(config(name)).items() if value in hosts_of(name)}
    moved = {field: url.replace("http://world", server.url) for field, url in urls.items()}
    return config(name).model_copy(update=moved)


@pytest.mark.parametrize("name", [*sorted(TAKEN), "slack"])
def test_a_file_leaves_as_the_wire_has_it(name: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, ENVIRONMENT[variable])
    now = datetime.now(UTC)
    file = Content(name="Rück 7.pdf", type="application/pdf", data=bytes(range(256)) * 5_000, url="https://x.example/7")
    assert providers.load(name).send(outgoing(name, "", file=file, at=now, since=now), here(name, server))
    (entry,) = server.world.ledger
    assert "Rück 7.pdf" in f"{entry.text} {entry.raw}"
    assert entry.raw.get("size", len(file.data)) == len(file.data)


@pytest.mark.parametrize("name", [name for name in providers.NAMES if hasattr(simulate.load(name), "held")])
def test_a_file_comes_as_the_wire_has_it(name: str, server: Server) -> None:
    how, file = here(name, server), File("a.bin", "application/x-thing", bytes(range(256)) * 5_000)
    words = said(name, "Look", thread=somewhere(name), files=(file,))
    for id, held in simulate.held(name, [words], how).items():
        server.world.hold(name, id, WorldFile(*held))
    (message,) = parsed_with(name, words, how)
    fetch = providers.optional(providers.load(name), "fetch")
    assert fetch is not None
    assert fetch(message.attachments[0], how, attachments.LARGEST).data == file.content
    with pytest.raises(SendFailed, match="larger"):
        fetch(message.attachments[0], how, 1_000)


def parsed_with(name: str, words: simulate.Said, how: Any) -> list[Message]:
    webhook = simulate.load(name).compose([words], how)
    given = Request(url=f"https://shop.example/webhooks/{name}", headers=webhook.headers, body=webhook.body, at=START)
    return [item for item in providers.load(name).parse(given, how) if isinstance(item, Message) and item.attachments]
