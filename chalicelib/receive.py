"""Stage 1, in the webhook function: verify, parse, queue, answer. Nothing here reads the table or calls a provider.

What comes without HTTP, from a queue that only our own topic writes to, is taken in the same way.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib import aws, files, journal, parsing, providers, queue, settings
from chalicelib.errors import BadSignature, MethodNotAllowed, NotEnabled, Refusal, SettingsError, TooLarge, Unavailable
from chalicelib.models.inbound import Item, Message, Raw, Told
from chalicelib.models.provider import Provider
from chalicelib.webhook import Request, Response

LARGEST = 6_000_000  # bytes; Lambda takes no more
SURELY_FITS = 25_000  # bytes of a body: its items say all of it twice at most, three times as long in ASCII
MOST_ITEMS = 50  # in one webhook; with more, its body is queued once and the worker splits it
METHODS = ("GET", "HEAD", "POST")

log = logging.getLogger("shopbell.receive")


def receive(request: Request, provider: str, account: str, request_id: str) -> Response:
    """Answer one webhook. A 2xx is given only after the queue has every item."""
    items: Sequence[Item] = ()
    try:
        response, items = _receive(request, provider, account, request_id)
    except Refusal as refusal:
        response = refused(refusal)
    except SettingsError:
        response = refused(Unavailable())
    except Exception as error:  # ours; its words may quote what came, and Chalice would log them
        log.error(json.dumps({"fault": type(error).__name__}))
        response = refused(Unavailable())
    known = provider if provider in providers.NAMES else "?"
    log.info(json.dumps({**journal.named(items), "provider": known, "status": response.status}))
    return response


def told(event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A Lambda event of the topic's queue; answers which of its records come back: those that our queue did not take.

    AWS proves where they are from (see the policies of topic and queue in the template): nothing is verified here.
    """
    left = [record["messageId"] for record in event["Records"] if not _taken(record, now)]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in left]}


def refused(refusal: Refusal) -> Response:
    """The one shape of an error; it never echoes what came in."""
    said = {"error": {"code": refusal.code, "message": refusal.text}}
    return Response(status=refusal.status, body=json.dumps(said), content_type="application/json")


def _taken(record: dict[str, Any], now: datetime) -> bool:
    request = Request(url="", body=record["body"].encode(), at=now)
    try:
        provider, account = settings.told_by(str(request.json_object().get("TopicArn")))
        config = settings.config(provider, account, "inbound")
        receive_id = f"{record['messageId']}:{record['attributes']['ApproximateReceiveCount']}"
        items = _take_in(request, config, provider, account, receive_id)
    except Exception as error:  # whatever is wrong, it is there when that is mended
        log.error(json.dumps({"fault": type(error).__name__}))
        return False
    log.info(json.dumps({**journal.named(items), "provider": provider, "items": len(items)}))
    return True


def _receive(request: Request, provider: str, last: str, request_id: str) -> tuple[Response, Sequence[Item]]:
    """The answer, and what the queue took. The order of the checks is that of section 5 of the architecture page."""
    if len(request.body) > LARGEST:
        return _too_large(provider), ()
    if request.method not in METHODS:
        raise MethodNotAllowed
    if provider not in providers.NAMES or not settings.enabled(provider, ""):
        raise NotEnabled
    account = settings.addressed(provider, last)
    if not settings.enabled(provider, account):
        raise NotEnabled
    module = providers.load(provider)
    if request.method not in module.can.methods:
        raise MethodNotAllowed
    config = settings.config(provider, account, "inbound")
    if request.method == "HEAD":  # the provider looks whether anybody is here: that proves nothing and tells nothing
        return module.can.accepted, ()
    if handshake := module.verify(request, config):
        return handshake, ()
    if request.method != "POST":
        if not module.can.gets:
            raise BadSignature  # a URL check that is no handshake proves nothing
        request = request.posted()
    _note_old_secret(request, module, provider, account)
    items = _take_in(bare(request, module), config, provider, account, request_id)
    return _answer(request, module, config), items


def _answer(request: Request, module: Provider, config: object) -> Response:
    """What a webhook is answered that was taken in: always the same, but where somebody listens."""
    answer = providers.optional(module, "answer")
    return answer(request, config, partial(_said_aloud, request.at)) if answer else module.can.accepted


def _said_aloud(at: datetime) -> tuple[str, str]:
    """The shop's words for who calls, and their language."""
    from chalicelib import wording  # a webhook of words needs none

    return wording.call(settings.shop(), at)


def bare(request: Request, module: Provider) -> Request:
    """The webhook without the secret that it shows in its body, where its provider does that."""
    taken_out = providers.optional(module, "bare")
    return taken_out(request) if taken_out else request


def _too_large(provider: str) -> Response:
    """It is as large the next time: it should not come again."""
    status = providers.load(provider).can.final if provider in providers.NAMES else TooLarge.status
    return replace(refused(TooLarge()), status=status)


def _note_old_secret(request: Request, module: Provider, provider: str, account: str) -> None:
    """While a secret is changed, log that its old value was needed: no call, and nothing at all at other times."""
    for name, config in settings.without_old(provider, account):
        try:
            module.verify(request, config)
        except BadSignature:
            log.info(json.dumps({"old_secret": name, "provider": provider, "account": account}))


def _take_in(request: Request, config: object, provider: str, account: str, request_id: str) -> Sequence[Item]:
    """Queue what a webhook says, as the items returned; where files lie in its body, that is kept before."""
    items = _items(request, config, provider, account)
    if any(isinstance(item, Message) and _holds_files(item) for item in items):
        _keep(request)
    _queue(items, request_id)
    return items


def _holds_files(item: Message) -> bool:
    """Whether files of a message lie in the webhook's own body; then that is kept until they are fetched from it."""
    return any(file.reference.startswith("raw/") for file in item.attachments)


def _items(request: Request, config: object, provider: str, account: str) -> Sequence[Item]:
    """The webhook's items; its whole body instead, by reference, if they are too many, too large or not understood."""
    try:
        parsed = parsing.parsed(request, provider, account, config)
    except Exception as error:  # signed, so it is kept and accepted, whatever is wrong with it or with us
        log.warning(json.dumps({"provider": provider, "unreadable": type(error).__name__}))
        items = _named_all(getattr(error, "items", ()), account)
        return [*filter(queue.fits, items), _raw(request, provider, account)]
    items = _named_all(parsed, account)
    if len(items) > MOST_ITEMS or (len(request.body) > SURELY_FITS and not all(map(queue.fits, items))):
        return [_raw(request, provider, account)]
    return items


def _named_all(items: Sequence[Told], account: str) -> list[Item]:
    """The items with our account, which a provider's module does not know."""
    return [item.model_copy(update={"account": account}) for item in items] if account else [*items]


def _raw(request: Request, provider: str, account: str) -> Raw:
    return Raw(
        provider=provider,
        account=account,
        file=_keep(request),
        url=request.url,
        query=request.query,
        content_type=request.header("content-type"),
        at=request.at,
    )


def _keep(request: Request) -> str:
    try:
        return files.put_raw(request.body)
    except aws.FAULTS as error:
        raise _unavailable(error) from error


def _queue(items: Sequence[Item], request_id: str) -> None:
    try:
        queue.put(items, request_id)
    except aws.FAULTS as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    log.error(json.dumps({"fault": aws.code(error) or type(error).__name__}))
    return Unavailable()
