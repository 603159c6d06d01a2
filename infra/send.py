"""One more signed webhook for the shop, as its provider would send it, and what became of it."""

import base64
import json
import mimetypes
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from chalicelib import aws, providers, route, settings, store
from chalicelib.errors import Unreadable
from chalicelib.models.inbound import Message
from chalicelib.models.people import Claim, Conversation
from chalicelib.models.shop import Shop
from chalicelib.webhook import Request
from infra import here, show, simulate, values
from infra.here import Here
from infra.simulate import File, Said, Webhook

PATIENCE = 15.0  # seconds for an answer, or until a message is worked off
PAUSE = 0.1  # seconds between two looks
WEBHOOK_FUNCTION = "shopbell-webhook"


class CannotSend(Exception):
    """The webhook cannot be made or posted; the text says what to do."""


class Posted(NamedTuple):
    """What a webhook was answered; `code` is Shopbell's own word for an error."""

    status: int
    code: str = ""

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    def as_wanted(self, forged: bool) -> bool:
        """What is forged must be refused, all else accepted."""
        return self.status == 401 if forged else self.accepted


class Sender(NamedTuple):
    """A provider's account, seen from outside: it posts to `url` and signs as if that were `signed`."""

    provider: str
    account: str
    config: Any
    url: str
    signed: str


class Order(NamedTuple):
    """What the caller of `shopbell send` asks for; see its --help."""

    provider: str
    text: str
    sender: str = ""
    name: str = ""
    files: tuple[Path, ...] = ()
    batch: int = 1
    repeat: int = 1
    forged: bool = False
    url: str = ""
    account: str = ""
    conversation: str = ""


class Sent(NamedTuple):
    """What became of it: each answer, then (where it can be seen) what is recorded, and whether nothing is owed."""

    answers: Sequence[Posted]
    forged: bool
    recorded: Sequence[Claim] = ()
    complete: bool = True

    @property
    def as_wanted(self) -> bool:
        return all(answer.as_wanted(self.forged) for answer in self.answers)


def known() -> dict[str, str]:
    """The settings of the Shopbell that runs here, as its functions have them."""
    function = aws.client("lambda").get_function_configuration(FunctionName=WEBHOOK_FUNCTION)
    found = function["Environment"]["Variables"]
    return {name: value for name, value in found.items() if name.startswith(settings.PREFIX)}


def sender(provider: str, account: str, given: Mapping[str, str], rules: Shop, url: str, signed: str) -> Sender:
    """An account that posts below the base `url`. Raises CannotSend where shop.toml has no such account."""
    if (provider, account) not in [(name, other) for name, other, _ in rules.accounts()]:
        table = ".".join(filter(None, ["providers", provider, account]))
        raise CannotSend(f"shop.toml does not enable this account: add [{table}], then start Shopbell again")
    config = values.config(provider, account, given, rules)
    return Sender(provider, account, config, _address(url, provider, account), _address(signed, provider, account))


def said(text: str, number: int = 1, files: Sequence[Path] = (), **rest: Any) -> list[Said]:
    """`number` new messages; several are numbered."""
    attached = tuple(File(file.name, _type(file), file.read_bytes()) for file in files)
    texts = [text] if number == 1 else [f"{text} ({place})" for place in range(1, number + 1)]
    now = datetime.now(UTC)
    return [Said(text=one, id=str(uuid4()), at=now, files=attached, **rest) for one in texts]


def compose(said: Sequence[Said], sender: Sender, *, forged: bool = False) -> Webhook:
    """The signed webhook; a forged one is signed with somebody else's secrets. Raises CannotSend."""
    signer = values.stranger(sender.provider, sender.config) if forged else sender.config
    leaf = simulate.load(sender.provider)
    try:
        unsigned = leaf.compose(said, sender.config)
        return simulate.signed(sender.provider, unsigned, sender.signed, datetime.now(UTC), signer)
    except simulate.CannotSign as error:
        raise CannotSend(f"{sender.provider}: {error}") from error
    except ValueError as error:
        raise CannotSend(_why_not(said, sender.provider)) from error


def post(webhook: Webhook, url: str) -> Posted:
    """Post it once. Raises CannotSend where nobody answers."""
    try:
        request = urllib.request.Request(url, webhook.body, dict(webhook.headers), method=webhook.method)
        with _opener(url).open(request, timeout=PATIENCE) as answer:
            return Posted(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return Posted(error.code, _code(error.read()))
    except (OSError, HTTPException, ValueError) as error:
        raise CannotSend(f"nobody answers at {url}: see that Shopbell runs there, or give another --url") from error


def claims(webhook: Webhook, sender: Sender) -> list[str]:
    """The keys under which the shop records the webhook's messages."""
    request = Request(url=sender.signed, headers=webhook.headers, body=webhook.body, at=datetime.now(UTC))
    try:
        items = providers.load(sender.provider).parse(request, sender.config)
    except Unreadable:
        return []
    return [item.model_copy(update={"account": sender.account}).claim for item in items if isinstance(item, Message)]


def settled(keys: Sequence[str], patience: float = PATIENCE, enough: Callable[[Claim], bool] | None = None) -> bool:
    """Wait until nothing is owed to these messages any more, or `enough` is done; False where that takes too long."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = store.claims(keys)
        if len(found) == len(set(keys)) and all(map(enough or done, found.values())):
            return True
        time.sleep(PAUSE)
    return False


def done(claim: Claim) -> bool:
    return all(delivery.ended for delivery in claim.in_order)


def carry_out(order: Order, rules: Shop, given: Mapping[str, str], state: Path) -> Sent:
    """Make the webhook, post it, and see what became of it where Shopbell runs here. Raises CannotSend, NotRunning."""
    found = _here(order, state)
    ours = found if found and (order.url or found.url).startswith(found.url) else None
    own = {name: value for name, value in given.items() if name.startswith(settings.PREFIX)}
    all_values = values.complete({**(known() if found else {}), **own}, rules, "")
    words, account = _words(order, rules, found)
    url = order.url or (found.url if found else "")
    who = sender(order.provider, account, all_values, rules, url, ours.public if ours else url)
    webhook = compose(words, who, forged=order.forged)
    if found:
        _hold(words, who, found)
    answers = [post(webhook, who.url) for _ in range(order.repeat)]
    keys = claims(webhook, who) if ours and any(answer.accepted for answer in answers) else []
    complete = settled(keys)
    recorded = store.claims(keys)
    return Sent(answers, order.forged, [recorded[key] for key in keys if key in recorded], complete)


def thread(id: str, provider: str, rules: Shop) -> tuple[Conversation, str]:
    """Where an agent of this provider answers, and by which account. Raises CannotSend.

    It is the conversation whose id begins so; without an id the one in which a customer wrote last.
    """
    there = [(conversation, route.desk_of(rules, conversation.desk)) for conversation, _ in show.at_desks()]
    found = [
        (conversation, place.account)
        for conversation, place in there
        if place.carrier == provider and conversation.id.startswith(id)
    ]
    if not found:
        which = f"no conversation {id!r} is" if id else "no conversation is"
        raise CannotSend(f"{which} at a desk of {provider}: shopbell conversations lists what there is")
    return max(found, key=lambda pair: pair[0].customer_at)


def agent(conversation: Conversation, rules: Shop) -> str:
    """Somebody who may answer in a conversation; empty where the provider's own example may."""
    agents = route.desk_of(rules, conversation.desk).agents
    return next(iter(agents.values()), "")


def _hold(words: Sequence[Said], who: Sender, found: Here) -> None:
    """Let the outside world hand out the files of what is said. Raises CannotSend."""
    for id, file in simulate.held(who.provider, words, who.config).items():
        about = {"part": who.provider, "id": id, "name": file.name, "type": file.type}
        held = json.dumps({**about, "content": base64.b64encode(file.content).decode()}).encode()
        if not post(Webhook(body=held, headers={"content-type": "application/json"}), f"{found.world}/held").accepted:
            raise CannotSend(f"the outside world does not take {file.name}")


def _here(order: Order, state: Path) -> Here | None:
    """The Shopbell that runs here; another that is given by its URL need not."""
    try:
        found = here.find(state)
    except here.NotRunning:
        if order.url:
            return None
        raise
    here.enter(found)
    return found


def _words(order: Order, rules: Shop, found: Here | None) -> tuple[list[Said], str]:
    """A customer's words, or an agent's in a thread; and the account they come by."""
    can = providers.load(order.provider).can
    rest = {"name": order.name, "sender": order.sender}
    if (can.customers or can.orders) and not order.conversation:
        return said(order.text, order.batch, order.files, **rest), order.account.upper()
    if not can.desk:
        raise CannotSend(f"{order.provider} carries no desk, so no agent answers there: leave out --conversation")
    if not found:
        raise here.NotRunning("an agent answers in a conversation that is here, but Shopbell does not run: make run")
    conversation, account = thread(order.conversation, order.provider, rules)
    rest |= {"thread": conversation.thread, "sender": order.sender or agent(conversation, rules)}
    return said(order.text, order.batch, order.files, **rest), account


def _address(base: str, provider: str, account: str) -> str:
    """Where an account's webhooks go: `base` may hold less or more of the path."""
    path = urlsplit(base).path.split("/")
    if provider in path:
        return base.rstrip("/")
    return settings.webhook_url(base.rstrip("/").removesuffix("/webhooks"), provider, account)


def _type(file: Path) -> str:
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _why_not(said: Sequence[Said], provider: str) -> str:
    if len(said) > 1:
        return f"{provider} never puts several messages into one webhook: leave out --batch"
    if len(said[0].files) > 1:
        return f"{provider} never puts several files into one message: send them one by one"
    return f"{said[0].sender!r} is no sender at {provider}: leave out --from for an example"


def _opener(url: str) -> urllib.request.OpenerDirector:
    """This machine is called directly, whatever proxy its owner uses."""
    here = urlsplit(url).hostname in ("127.0.0.1", "localhost")
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if here else []))


def _code(body: bytes) -> str:
    """Shopbell's word in an error answer; empty where somebody else answered."""
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, LookupError, TypeError):
        return ""
