"""A laboratory: the whole of Shopbell in one process, on moto, with a clock of its own and every call under control.

Webhooks go through `receive`, the queue's messages through `process`, as Lambda would call them; the providers are the
stand-in world. One call is let through at a time, so moto is exact enough here.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast
from unittest import mock
from urllib.parse import urlsplit

import moto.core.models
import moto.sqs.models
from botocore.session import Session
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from chalicelib import api, aws, process, providers, queue, receive, settings, tick, watch
from chalicelib.errors import Outcome, SendFailed, Unavailable
from chalicelib.models.inbound import Told
from chalicelib.models.people import Contact
from chalicelib.models.shop import WEEKDAYS, Shop
from chalicelib.process import measured
from chalicelib.providers.slack import people
from chalicelib.webhook import Request, Response
from infra import simulate
from infra.simulate import Said
from infra.world import Entry, File, Hung, Reply, Sent, World, nobody
from tests.lab.quick import quick

PUBLIC = "https://shop.example"
REGION = "eu-central-1"
SQS = f"https://sqs.{REGION}.amazonaws.com"
QUEUE, DEAD, TABLE, BUCKET = "shopbell.fifo", "dead.fifo", "shopbell", "shopbell-files"
INDEXES = {"due": ("due_on", "due_at"), "open": ("open_at", "open_since")}
ACCOUNT = "123456789012"  # moto's
STACK = "shopbell"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONGEST_NAME = 40  # characters, of what a provider's API is asked for
HIDDEN = 60  # seconds; the queue's visibility time-out
LINK = re.compile(r"https://\S+/files/[a-z2-7]{26}\?\S+")  # to a file in the bucket
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "TABLE": TABLE,
    "BUCKET": BUCKET,
    "PUBLIC_URL": PUBLIC,
}
SECRETS = {
    "SHOPBELL_TWILIO_SMS_ACCOUNT_SID": "AC" + "1" * 32,
    "SHOPBELL_TWILIO_SMS_AUTH_TOKEN": "twilio-secret",
    "SHOPBELL_TWILIO_SMS_NUMBER": "+4930555000",
    "SHOPBELL_TWILIO_SMS_API_URL": "http://world/twilio_sms",
    "SHOPBELL_VONAGE_SIGNATURE_SECRET": "vonage-signature",
    "SHOPBELL_VONAGE_API_KEY": "4d1f0c77",
    "SHOPBELL_VONAGE_API_SECRET": "vonage-secret",
    "SHOPBELL_VONAGE_NUMBER": "4930555001",
    "SHOPBELL_VONAGE_API_URL": "http://world/vonage",
    "SHOPBELL_SHOPIFY_WEBHOOK_SECRET": "shopify-secret",
    "SHOPBELL_SLACK_SIGNING_SECRET": "slack-secret",
    "SHOPBELL_SLACK_BOT_TOKEN": "xoxb-world",
    "SHOPBELL_SLACK_API_URL": "http://world/slack/api",
    "SHOPBELL_WHATSAPP_APP_SECRET": "meta-secret",
    "SHOPBELL_WHATSAPP_VERIFY_TOKEN": "verify",
    "SHOPBELL_WHATSAPP_TOKEN": "EAAworld",
    "SHOPBELL_WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
    "SHOPBELL_WHATSAPP_API_URL": "http://world/whatsapp",
    "SHOPBELL_MESSENGER_APP_SECRET": "meta-secret",
    "SHOPBELL_MESSENGER_VERIFY_TOKEN": "verify",
    "SHOPBELL_MESSENGER_TOKEN": "EAApage",
    "SHOPBELL_MESSENGER_API_URL": "http://world/messenger",
    "SHOPBELL_TELEGRAM_SECRET_TOKEN": "telegram-secret",
    "SHOPBELL_TELEGRAM_BOT_TOKEN": "7001:world",
    "SHOPBELL_TELEGRAM_API_URL": "http://world/telegram",
    "SHOPBELL_POSTMARK_WEBHOOK_USER": "postmark",
    "SHOPBELL_POSTMARK_WEBHOOK_PASSWORD": "webhookpassword",
    "SHOPBELL_POSTMARK_SERVER_TOKEN": "3f0c2a54-1111-4222-8333-9a7b6c5d4e3f",
    "SHOPBELL_POSTMARK_SENDER": "service@shop.example",
    "SHOPBELL_POSTMARK_INBOUND_ADDRESS": "bell@inbound.shop.example",
    "SHOPBELL_POSTMARK_API_URL": "http://world/postmark",
    "SHOPBELL_RESEND_WEBHOOK_SECRET": "whsec_cmVzZW5kLWxhYm9yYXRvcnktc2VjcmV0LTE=",
    "SHOPBELL_RESEND_API_KEY": "re_laboratory",
    "SHOPBELL_RESEND_SENDER": "hello@shop.example",
    "SHOPBELL_RESEND_INBOUND_ADDRESS": "bell@resend.shop.example",
    "SHOPBELL_RESEND_VERDICT_SERVER": "amazonses.com",
    "SHOPBELL_RESEND_API_URL": "http://world/resend",
    "SHOPBELL_CUSTOM_SIGNING_SECRET": "whsec_c2hvcGJlbGwtbGFib3JhdG9yeS1zZWNyZXQ=",
    "SHOPBELL_CUSTOM_REPLY_URL": "http://world/custom/in",
}
AGENTS = "agents@shop.example"
SHOP = """
name = "Corner Shop"
time_zone = "Europe/Berlin"
owner = "owner"
[desks.front]
slack = "C0FRONT"
[desks.owner]
slack = "C0OWNER"
[routes]
default = "front"
[acknowledgement]
text = "Thank you for writing to {shop}."
automatic = false
[providers.twilio_sms]
[providers.vonage]
[providers.whatsapp]
[providers.custom]
[providers.slack]
"""
MAIL_SHOP = f"""
name = "Corner Shop"
time_zone = "Europe/Berlin"
owner = "mail"
[desks.mail]
mailbox = "{AGENTS}"
agents = {{ ann = "ann@shop.example" }}
[routes]
default = "mail"
[acknowledgement]
text = "Thank you for writing to {{shop}}."
automatic = false
[providers.twilio_sms]
[providers.postmark]
"""
ANNOUNCED_SHOP = MAIL_SHOP.replace("mailbox =", 'provider = "resend"\nmailbox =') + "[providers.resend]\n"
FALLBACK_SHOP = SHOP.replace(
    "[desks.front]", 'fallback = "second"\n[desks.second]\nslack = "C0SECOND"\n[desks.front]', 1
)
ORDERING_SHOP = SHOP + "[providers.shopify]\n"
ROTA = """slack = "C0FRONT"
agents = { ann = "U0AGENT", ben = "U0BEN" }
assign = "round robin"
"""
STAFFED_SHOP = SHOP.replace('slack = "C0FRONT"\n', ROTA)
PASSING_SHOP = SHOP.replace('slack = "C0FRONT"\n', ROTA + "reassign_minutes = 20\n")
WATCHED_SHOP = SHOP.replace(
    'slack = "C0FRONT"\n',
    """slack = "C0FRONT"
nudge_minutes = 10
escalate_minutes = 30
escalate_to = "second"
owner_minutes = 60
[desks.second]
slack = "C0SECOND"
""",
)


RULED_SHOP = (
    SHOP.replace("[desks.owner]", '[desks.returns]\nslack = "C0RETURNS"\n[desks.owner]')
    + """
[acknowledgement.texts]
order = "Thank you for writing to {shop}. We look for it."
[[rules]]
name = "Lost orders"
when.words = ["where is my order"]
desk = "returns"
priority = "urgent"
tags = ["on-its-way"]
acknowledgement = "order"
tell_owner = true
[[rules]]
name = "Hush"
when.words = ["number 7"]
priority = "high"
acknowledgement = "none"
"""
)
HOURS = (
    "[hours]\n" + "".join(f'{day} = "9:00-18:00"\n' for day in WEEKDAYS[:5]) + "holidays = [2026-04-03, 2026-04-06]\n"
)
CLOSED_SHOP = WATCHED_SHOP.replace(
    "[acknowledgement]\n",
    HOURS + '[acknowledgement]\nclosed = "Thank you for writing to {shop}. We are back {opens}."\n',
)


TELLING_SHOP = (
    SHOP.replace('slack = "C0FRONT"\n', 'slack = "C0FRONT"\nnudge_minutes = 5\n')
    + "[targets]\n[automatic]\nupdates = 1\nfollow_up_days = 3\n"
)
CALLING_SHOP = SHOP.replace(
    'slack = "C0FRONT"\n', 'slack = "C0FRONT"\nagents = { ann = "U0AGENT", ben = "U0BEN" }\n'
).replace("[acknowledgement]\n", HOURS + '[on_call]\npeople = ["ann", "ben"]\n[acknowledgement]\n')


OUTSIDE = ContextVar("the laboratory's own calls, in this thread", default=False)


class Killed(BaseException):
    """The process is gone, as after a SIGKILL: nothing catches this, and nothing it does afterwards counts."""


class Seam:
    """Every AWS and provider call passes here, by name and in order. `intercept` may fail it; else it goes through."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.began = 1  # which call is the first of this invocation
        self.dead = False
        self.intercept: Callable[[int, str, Callable[[], Any], Any], Any] = lambda number, name, apply, request: apply()

    def begin(self) -> None:
        """A function is invoked."""
        self.began = len(self.calls) + 1

    def step(self, name: str, apply: Callable[[], Any], request: Any) -> Any:
        if OUTSIDE.get():
            return apply()
        if self.dead:
            raise Killed
        self.calls.append(name)
        try:
            return self.intercept(len(self.calls), name, apply, request)
        except Killed:
            self.dead = True
            raise


class Lab:
    """One shop in one world. Times are virtual and move only when nothing else can happen."""

    def __init__(self, shop: Shop, world: World, seam: Seam) -> None:
        self.shop, self.world, self.seam = shop, world, seam
        self.now = START
        self.answers: list[int] = []
        self.receives = 0
        self.function = "webhook"  # whose log is written
        self.closing = ExitStack()
        self.left: list[str] = []  # posts of somebody forgotten that the desk does not delete
        world.now = lambda: self.now
        world.webhooks, world.visit = f"{PUBLIC}/webhooks", self.visited
        self.started = self.last_tick = START

    # ---- what happens

    def ring(self, provider: str, *said: Said, tries: int = 6) -> int:
        """Post a signed webhook until it is accepted, as the provider would; returns the last status."""
        body = self.webhook(provider, *said)
        status = 0
        for _ in range(tries):
            try:
                status = self.post(body).status
            except Killed:
                self.seam.dead = False
                continue
            if status < 300:
                break
            self.now += timedelta(seconds=5)
        self.answers.append(status)
        return status

    def webhook(self, provider: str, *said: Said) -> tuple[str, Request]:
        """A signed webhook, and the provider it comes from."""
        config = settings_config(provider)
        url = f"{PUBLIC}/webhooks/{provider}"
        for id, file in simulate.held(provider, said, config).items():
            self.world.hold(provider, id, File(*file))
        signed = simulate.webhook(provider, said, url, self.now, config)
        return provider, Request(method=signed.method, url=url, headers=signed.headers, body=signed.body, at=self.now)

    def post_signed(self, provider: str, body: bytes) -> int:
        """Post any body, correctly signed; returns the status, 0 where the function died."""
        config, address = settings_config(provider), f"{PUBLIC}/webhooks/{provider}"
        unsigned = simulate.Webhook(body=body, headers={"content-type": "application/json"})
        made = simulate.signed(provider, unsigned, address, self.now, config)
        try:
            return self.post((provider, Request(url=address, headers=made.headers, body=made.body, at=self.now))).status
        except Killed:
            self.seam.dead = False
            return 0

    def post(self, webhook: tuple[str, Request]) -> Response:
        provider, request = webhook
        self.seam.begin()
        self.function = "webhook"
        return receive.receive(request, provider, "", f"request-{self.world.number()}")

    def visited(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What a provider is answered that checks an address of ours."""
        place, _, query = url.partition("?")
        base, _, provider = place.partition("/webhooks/")
        if not base.startswith(PUBLIC):
            return nobody(method, url, headers, body)
        given = Request(method=method, url=place, query=parsed(query), headers=headers, body=body, at=self.now)
        answer = self.post((provider, given))
        return Reply(status=answer.status, body=answer.body.encode())

    def say(self, text: str, number: int = 1, provider: str = "twilio_sms", **rest: Any) -> Said:
        return Said(text=text, id=f"{provider}-{number}", at=self.now, **rest)

    def work(self) -> bool:
        """One receive of one message, as Lambda would do it; False if none is visible."""
        taken = self.take(1)
        for message in taken:
            self.run(message)
        return bool(taken)

    def take(self, most: int) -> list[dict[str, Any]]:
        """Receive up to `most` messages; each of a group of its own, for the queue is in order."""
        taken = backend().receive_message(QUEUE, most, 0, HIDDEN)
        self.receives += len(taken)
        return [event(message) for message in taken]

    def run(self, event: Mapping[str, Any]) -> None:
        """One invocation of the worker; what it does not report as failed is deleted."""
        self.seam.begin()
        self.function = "worker"
        try:
            failures = process.work(dict(event), lambda: self.now)["batchItemFailures"]
        except Killed:
            self.seam.dead = False
            return
        if not failures:
            backend().delete_message(QUEUE, event["Records"][0]["receiptHandle"])

    def put(self, *items: Told) -> None:
        """Put items on the queue, as a webhook would."""
        with self.aside():
            queue.put(items, f"request-{self.world.number()}")

    def settle(self, until: timedelta = timedelta(days=6), most: int = 3000) -> None:
        """Work until nothing is left to do, moving the clock on whenever everything waits."""
        end = self.now + until
        for _ in range(most):
            if self.work():
                continue
            upcoming = self.upcoming()
            if upcoming is None or upcoming > end:
                return
            self.wait()
        raise AssertionError("it never comes to rest")

    def wait(self) -> None:
        """Move the clock on to what can happen next."""
        self.now = max(self.now, (self.upcoming() or self.now) + timedelta(milliseconds=1))
        if self.timers() and self.timers()[0] <= self.now:
            self.tick()

    def tick(self) -> None:
        self.seam.begin()
        try:
            tick.tick(self.now, f"tick-{self.world.number()}")
        except Killed:
            self.seam.dead = False
        except (*aws.FAULTS, Unavailable):
            pass  # the next minute comes again
        self.last_tick = self.now

    def look(self) -> None:
        """What the tick function does behind its timers."""
        self.seam.begin()
        try:
            watch.watch(self.now, f"look-{self.world.number()}", STACK)
        except Killed:
            self.seam.dead = False
        except (*aws.FAULTS, Unavailable):
            pass  # the next minute comes again

    def upcoming(self) -> datetime | None:
        """When something can happen next: a message becomes visible, or a timer falls due (by the minute)."""
        waiting = [moment(message.visible_at) for message in sqs_queue(QUEUE)._messages]
        hidden = [at for at in waiting if at >= self.now] or waiting  # a visible one may stand behind a hidden one
        due = [max(at, self.last_tick + timedelta(minutes=1)) for at in self.timers()]
        return min([*hidden, *due], default=None)

    def timers(self) -> list[datetime]:
        """When the timers fall due that stand in the index."""
        keys = [row.attrs["due_at"].value for row in kept_rows() if "due_at" in row.attrs]
        return sorted(datetime.fromisoformat(key.partition("#")[0]) for key in keys)

    # ---- what can be seen

    def posts(self) -> list[Entry]:
        """What stands at the desks, in order."""
        return [one for one in self.world.ledger if one.what in ("message", "card", "mail") and at_desk(one)]

    def texts(self) -> list[Entry]:
        """What customers got."""
        return [one for one in self.world.ledger if one.what in ("message", "mail") and not at_desk(one)]

    def files(self) -> list[Entry]:
        """What arrived anywhere as a file: shared, attached to a mail, or as a link that expires."""
        return [one for one in self.world.ledger if one.what == "file" or _attached(one) or LINK.search(one.text)]

    def heads(self) -> list[Contact]:
        """Every contact, as the table has it."""
        rows = [row.to_json()["Attributes"] for row in kept_rows() if row.attrs["pk"].value.startswith("CONTACT#")]
        return [Contact.model_validate(aws.decode(row)) for row in rows]

    def rows(self) -> list[dict[str, Any]]:
        """The whole table."""
        return [aws.decode(row.to_json()["Attributes"]) for row in kept_rows()]

    def objects(self) -> dict[str, bytes]:
        """The whole bucket."""
        return {key: object.value for key, object in s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys.items()}

    def dead_letters(self) -> list[Any]:
        return list(sqs_queue(DEAD)._messages)

    def thread(self) -> str:
        """The thread of the first card, as its desk names it."""
        first = self.posts()[0]
        return first.thread if first.what == "mail" else f"{first.to}:{first.id}"

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The laboratory's own look at AWS: not a call of Shopbell's."""
        token = OUTSIDE.set(True)
        try:
            yield
        finally:
            OUTSIDE.reset(token)


def kept_rows() -> list[Any]:
    """The items of the table, as the local DynamoDB keeps them."""
    return [
        row for ranges in dynamodb_backends[ACCOUNT][REGION].tables[TABLE].items.values() for row in ranges.values()
    ]


@contextmanager
def laboratory(toml: str = SHOP, secrets: Mapping[str, str] = SECRETS) -> Iterator[Lab]:
    """A fresh shop in a fresh world."""
    seam = Seam()
    with mock.patch.dict(os.environ, {**ENVIRONMENT, **secrets}), quick(), mock_aws():
        settings.config.cache_clear()
        lab = Lab(settings.load(toml), World(secrets), seam)
        with patched(lab):
            with lab.aside():
                build()
            with lab.closing:
                yield lab
    settings.config.cache_clear()


@contextmanager
def patched(lab: Lab) -> Iterator[None]:
    people.forget()
    measured.read.cache_clear()
    with (
        mock.patch.object(AWS, "seam", lab.seam),
        mock.patch.object(aws, "session", AWS.session),
        mock.patch.object(settings, "shop", lambda: lab.shop),
        mock.patch.object(api, "transport", provider_transport(lab)),
        mock.patch.object(moto.sqs.models, "unix_time_millis", lambda: lab.now.timestamp() * 1000),
        mock.patch.object(moto.sqs.models, "unix_time", lambda: lab.now.timestamp()),
        mock.patch.object(moto.sqs.models.SQSBackend, "change_message_visibility", change_visibility),
        mock.patch.object(time, "sleep", lambda seconds: None),
        mock.patch.object(moto.core.models.botocore_stubber, "enabled", False),
    ):
        yield


def change_visibility(backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
    """As AWS does it: twelve hours from the receive. moto counts them from the sending, and refuses after those."""
    held = backend.get_queue(queue_name)
    for message in held._messages:
        if message.had_receipt_handle(receipt_handle):
            message.change_visibility(int(visibility_timeout))
            if message.visible:
                held.pending_messages.discard(message)


class AWS:
    """The session's hook: every attempt of every AWS call, the SDK's own retries too, passes the seam of the day.

    botocore asks all its handlers and moto's is one of them: it is switched on only inside the seam, or each call
    would be applied twice. Session and clients are kept from one laboratory to the next: they cost the most to make.
    """

    seam = Seam()

    @staticmethod
    def hook(event_name: str, request: Any, **rest: Any) -> Any:
        stubber: Any = moto.core.models.botocore_stubber

        def apply() -> Any:
            refuse_ids(event_name, request)
            stubber.enabled = True
            try:
                return stubber(event_name, request, **rest)
            finally:
                stubber.enabled = False

        return AWS.seam.step(name_of(event_name.removeprefix("before-send."), request), apply, request)

    @staticmethod
    @cache
    def session() -> Session:
        session: Any = Session()
        session.register("before-send", AWS.hook)
        return cast(Session, session)


SQS_ID = re.compile(r"[!-~]{1,128}", re.ASCII)  # AWS takes no other for a group or against duplicates; moto does


def refuse_ids(event_name: str, request: Any) -> None:
    """Hold what is queued to the form that AWS wants of its ids."""
    if event_name.startswith("before-send.sqs.SendMessage"):
        said = json.loads(request.body)
        for entry in said.get("Entries", [said]):
            ids = [entry["MessageGroupId"], entry["MessageDeduplicationId"]]
            assert all(map(SQS_ID.fullmatch, ids)), ids


def name_of(operation: str, request: Any) -> str:
    """A call's name. A transaction's says what it writes: `record` a message, `mark` a delivery, `move` the head; a
    batch's says how many entries it has, if more than one."""
    if operation == "sqs.SendMessageBatch":
        count = len(json.loads(request.body)["Entries"])
        return f"{operation} {count}" if count > 1 else operation
    if operation != "dynamodb.TransactWriteItems":
        return operation
    first = json.loads(request.body)["TransactItems"][0]
    written = first.get("Put", {}).get("Item", {}).get("pk", {}).get("S", "")
    return f"{operation} {'record' if written.startswith('CLAIM') else 'move' if written else 'mark'}"


def provider_transport(lab: Lab) -> Callable[[api.Call], api.Answer]:
    """A provider call, carried to the world in this process."""

    def transport(call: api.Call) -> api.Answer:
        prepared = prepare(call)
        last = prepared.path.rpartition("/")[2]
        name = f"{prepared.part}.{last if len(last) <= LONGEST_NAME else '*'}"  # else it is the id of something
        answer: api.Answer = lab.seam.step(name, lambda: carried(lab.world, prepared), call)
        return answer

    return transport


def carried(world: World, sent: Sent) -> api.Answer:
    try:
        reply = world.answer(sent)
    except Hung:
        raise SendFailed("no answer came", Outcome.UNKNOWN) from None
    return api.Answer(reply.status, {name.lower(): text for name, text in reply.headers.items()}, reply.body)


def _attached(entry: Entry) -> bool:
    content = entry.raw.get("Content", {}).get("Simple", {}) if entry.what == "mail" else {}
    return entry.what == "mail" and any({**entry.raw, **content}.get(field) for field in ("Attachments", "attachments"))


def at_desk(entry: Entry) -> bool:
    return entry.part == "slack" or entry.to == AGENTS


def prepare(call: api.Call) -> Sent:
    """The call as bytes on the wire, made by the library that would send it."""
    import requests

    made = requests.Request(
        call.method, call.url, headers=dict(call.headers), json=call.json, params=call.query, auth=call.auth,
        data=call.form if call.body is None else call.body, files=call.files,
    ).prepare()  # fmt: skip
    path, _, query = made.path_url.partition("?")
    _, part, rest = path.split("/", 2)
    body = made.body if isinstance(made.body, bytes) else (made.body or "").encode()
    headers = {name.lower(): value for name, value in made.headers.items()}
    return Sent(part=part, method=call.method, path=f"/{rest}", query=parsed(query), headers=headers, body=body)


def parsed(query: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(query, keep_blank_values=True))


def build() -> None:
    """Queues, table and bucket, as the template makes them. Said to moto itself: thousands of laboratories begin so."""
    fifo = {"FifoQueue": "true", "VisibilityTimeout": str(HIDDEN), "MessageRetentionPeriod": "1209600"}
    for name, variable in ((QUEUE, "QUEUE_URL"), (DEAD, "DEAD_LETTERS_URL")):
        os.environ[variable] = backend().create_queue(name, {}, **fifo).url(urlsplit(SQS))
    s3_backends[ACCOUNT]["aws"].create_bucket(BUCKET, REGION)
    dynamodb_backends[ACCOUNT][REGION].create_table(
        TABLE,
        schema("pk", "sk"),
        throughput=None,
        attr=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk", *sum(INDEXES.values(), ()))],
        global_indexes=[
            {"IndexName": name, "KeySchema": schema(*keys), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for name, keys in INDEXES.items()
        ],
        indexes=[],
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def settings_config(provider: str) -> Any:
    fields = providers.load(provider).Config.model_fields
    names = {field: settings.variable(provider, "", field) for field in fields}
    return providers.load(provider).Config(**{field: os.environ[name] for field, name in names.items()
                                              if name in os.environ})  # fmt: skip


def sqs() -> Any:
    return aws.client("sqs")


def url(name: str) -> str:
    return os.environ["QUEUE_URL" if name == QUEUE else "DEAD_LETTERS_URL"]


def backend() -> Any:
    return sqs_backends[ACCOUNT][REGION]


def sqs_queue(name: str) -> Any:
    return backend().queues[name]


def moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def event(message: Any) -> dict[str, Any]:
    """A Lambda event of the queue with one message."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        "SentTimestamp": str(message.sent_timestamp),
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
    }
    record = {"messageId": message.id, "receiptHandle": message.receipt_handle, "body": message.body,
              "attributes": attributes, "eventSource": "aws:sqs"}  # fmt: skip
    return {"Records": [record]}
