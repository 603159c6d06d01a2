"""Whom a command is about: by mail address, phone number or contact, with all that was ever linked; and all they left.

Read by `shopbell forget` and `shopbell export`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from email.parser import BytesHeaderParser
from typing import Any, NamedTuple

import click

from chalicelib import aws, files, queue, store
from chalicelib.desk.naming import phone
from chalicelib.errors import Poison
from chalicelib.models.inbound import Handed, Item, Message, Raw
from chalicelib.models.orders import Demand, Order
from chalicelib.models.people import Claim, Contact, Erasing
from chalicelib.models.values import Address, Channel, digest
from chalicelib.store import forgetting
from infra import letters

EMAILS = (Channel.EMAIL, Channel.UNVERIFIED_EMAIL)
PHONES = (Channel.SMS, Channel.WHATSAPP)
SENDERS = ("From", "Sender", "Reply-To")


class Nobody(Exception):
    """There is no such person, or it cannot be told which; the text says what to do."""


class Asked(NamedTuple):
    """Who is meant, as it was typed."""

    email: str = ""
    phone: str = ""
    contact: str = ""


class Bodies(NamedTuple):
    """What lies in the bucket as it came, by its place, and when it came there."""

    raw: dict[str, datetime]  # whole webhooks that name somebody
    mails: dict[str, datetime]  # from somebody


def choice(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say who."""
    for option in (
        click.option("--contact", default="", help="Their id, as shopbell conversations --json has it."),
        click.option("--phone", default="", help="Their phone number, with its country: +49…"),
        click.option("--email", default="", help="Their mail address."),
    ):
        command = option(command)
    return command


# ---- who ---------------------------------------------------------------------------------------------------------


def heads(asked: Asked) -> list[Contact]:
    """The heads of whoever is meant, linked ones included; none of somebody who only bought. Raises Nobody, Moved."""
    if sum(map(bool, asked)) != 1:
        raise Nobody("say who, in one way: --email, --phone or --contact")
    found = forgetting.heads_of(addresses(asked), filter(None, [asked.contact]))
    if not found and not store.bought(forgetting.order_places(whole(asked, ()))):
        raise Nobody(f"nobody here is known by {next(filter(None, asked))}")
    return found


def whole(asked: Asked, heads: Sequence[Contact]) -> Erasing:
    """All contacts and addresses of whoever is meant. Raises Nobody."""
    return forgetting.whole(heads, addresses(asked), filter(None, [asked.contact]))


def addresses(asked: Asked) -> list[Address]:
    """The addresses that a mail address or phone number may be. Raises Nobody."""
    if asked.email:
        return [Address(channel=channel, id=asked.email.strip().lower()) for channel in EMAILS]
    number = phone(asked.phone) if asked.phone else ""
    if asked.phone and not number:
        raise Nobody(f"{asked.phone!r} is no phone number: write it with its country, like +4930123456")
    return [Address(channel=channel, id=number) for channel in PHONES if number]


# ---- what lies in the bucket --------------------------------------------------------------------------------------


def places(claim: Claim, message: Message | None) -> list[str]:
    """Where in the bucket a message's long texts and files lie, if they do."""
    texts = [place for place in (message.text_file, message.full_file) if place] if message else []
    sent = [one for one in claim.in_order if one.file is not None]
    kept = [one.stored or f"files/{digest('file', claim.key, one.id)}" for one in sent]
    came = [own(file.reference) for file in message.attachments] if message else []
    return [*texts, *kept, *filter(None, came)]


def own(reference: str) -> str:
    """The place in our bucket of what an attachment lies in; empty if it lies elsewhere."""
    ours = f"s3://{os.environ['BUCKET']}/"
    if reference.startswith(("raw/", ours)):
        return reference.removeprefix(ours).rpartition("/")[0]
    return ""


def bodies(who: Erasing) -> Bodies:
    """Webhooks and mails kept as they came. It reads all that there are."""
    named = needles(who)
    raw = {place: at for place, at in listed("raw/") if _names(files.get(place), named)}
    return Bodies(raw, {place: at for place, at in listed("mail/") if _from(files.get(place), named)})


def listed(prefix: str) -> Iterator[tuple[str, datetime]]:
    """What lies below a prefix, and since when."""
    for page in aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=os.environ["BUCKET"], Prefix=prefix):
        yield from ((one["Key"], one["LastModified"]) for one in page.get("Contents", ()))


def needles(who: Erasing) -> list[bytes]:
    """How addresses may stand in a body: a phone number without its plus, a mail address also within a form."""
    ids = {address.id.lower().removeprefix("+") for address in who.addresses}
    return [form.encode() for id in ids for form in {id, id.replace("@", "%40")}]


def _names(body: bytes, named: Iterable[bytes]) -> bool:
    small = body.lower()
    return any(needle in small for needle in named)


def _from(mail: bytes, named: Iterable[bytes]) -> bool:
    said = BytesHeaderParser().parsebytes(mail)
    named = list(named)
    return any(_names(str(said[header]).encode(), named) for header in SENDERS if said[header])


# ---- what was put aside -------------------------------------------------------------------------------------------


class Theirs(NamedTuple):
    """What tells that a queue message is somebody's."""

    who: Erasing
    claims: frozenset[str]
    threads: frozenset[str]
    raw: frozenset[str]

    def is_in(self, body: str) -> bool:
        """Whether a queue message's body is about them."""
        try:
            return self.has(queue.read(body))
        except Poison:
            return _names(body.encode(), needles(self.who))

    def has(self, item: Item) -> bool:
        if isinstance(item, Handed):
            mine = item.contact in self.who.contacts or item.claim in self.claims
            return mine or bool(item.message and self.has(item.message))
        if isinstance(item, Message):
            from_them = bool({item.sender, *item.aliases} & set(self.who.addresses))
            return from_them or item.thread in self.threads or item.claim in self.claims
        if isinstance(item, Order | Demand):
            return not set(store.places(item.buyer)).isdisjoint(forgetting.order_places(self.who))
        return isinstance(item, Raw) and item.file in self.raw


def parked(theirs: Theirs) -> list[letters.Letter]:
    return [letter for letter in letters.everything() if theirs.is_in(letter.body)]
