"""Files on their way: fetched from where they lie, kept in the bucket, then sent as they are or as a link."""

import mimetypes
import re
from functools import partial
from typing import Any

from chalicelib import aws, files, providers, settings, store, wording, words
from chalicelib.errors import Later, Outcome, SendFailed, Unavailable, Unreadable
from chalicelib.models.outbound import Content, Delivery
from chalicelib.models.values import digest
from chalicelib.process.job import Job, file_name

LARGEST = 25_000_000  # bytes of one file, either way; the worker holds it a few times over
_RAW = re.compile(r"(raw/[0-9a-f]{64})/([0-9]{1,6})", re.ASCII)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,90}", re.ASCII)


def keep(job: Job, delivery: Delivery) -> tuple[Delivery, Content]:
    """Fetch a delivery's file and put it into the bucket, which its claim then says: from now on it may have been sent.

    Raises SendFailed (not sent, or refused for good), or one of aws.FAULTS.
    """
    found = _fetched(job, delivery)
    file = found.model_copy(update={"name": _name(job, delivery, found.type)})
    try:
        place = files.put_file(digest("file", job.claim.key, delivery.id), file)
    except aws.FAULTS as error:
        raise SendFailed("it cannot be kept for now", Outcome.NOT_SENT) from error
    store.mark(job.claim.key, {delivery.id: {"stored": place}})
    return delivery.model_copy(update={"stored": place}), file


def load(job: Job, delivery: Delivery) -> Content:
    """A file that was kept before. Raises Later."""
    try:
        found = files.get_file(delivery.stored, "")
    except aws.FAULTS as error:
        raise Later(f"the file cannot be read: {aws.code(error)}") from error
    return found.model_copy(update={"name": _name(job, delivery, found.type)})


def sent_as(job: Job, delivery: Delivery, file: Content) -> dict[str, Any]:
    """What a delivery with a file says: the file itself where its provider takes it, else a link."""
    url = files.link(delivery.stored)
    if providers.load(delivery.provider).can.takes(file.type, len(file.data)):
        return {"text": "", "file": file.model_copy(update={"url": url})}
    reader = job.contact.language if job.contact and delivery.address else ""
    language = wording.spoken_in(settings.shop(), reader) if delivery.address else "en"
    return {"text": wording.file_link(file.name, len(file.data), url, language)}


def _fetched(job: Job, delivery: Delivery) -> Content:
    """The file's bytes, by the provider that told of it."""
    assert job.message is not None
    assert delivery.file is not None
    attachment, module = job.message.attachments[delivery.file], providers.load(job.message.provider)
    fetch, unpack = providers.optional(module, "fetch"), providers.optional(module, "unpack")
    raw = _RAW.fullmatch(attachment.reference)
    if raw and unpack:
        found = _unpacked(raw[1], int(raw[2]), unpack)
    elif fetch and attachment.reference:
        found = _by_provider(partial(fetch, attachment), job)
    else:
        raise SendFailed("its provider does not hand it out", Outcome.REFUSED)
    if len(found.data) > LARGEST:
        raise SendFailed(f"it is larger than {words.in_bytes(LARGEST)}", Outcome.REFUSED)
    return found.model_copy(update={"type": _type(found.type)})


def _by_provider(fetch: Any, job: Job) -> Content:
    assert job.message is not None
    try:
        found: Content = fetch(settings.config(job.message.provider, job.message.account, "outbound"), LARGEST)
    except Unavailable:
        raise SendFailed("its secret is not set", Outcome.NOT_SENT) from None
    return found


def _unpacked(place: str, number: int, unpack: Any) -> Content:
    """A file that came within a webhook's own body."""
    try:
        found: Content = unpack(files.get(place), number)
    except aws.FAULTS as error:
        raise SendFailed("the mail it came in cannot be read", Outcome.NOT_SENT) from error
    except Unreadable as error:
        raise SendFailed("it cannot be read", Outcome.REFUSED) from error
    return found


def _name(job: Job, delivery: Delivery, type_: str) -> str:
    """What it is called; with an ending, or no program would open it."""
    name = file_name(job, delivery)
    return name if "." in name else name + (mimetypes.guess_extension(type_) or "")


def _type(given: str) -> str:
    """A media type that can stand in a header."""
    plain = given.partition(";")[0].strip().lower()
    return plain if _TYPE.fullmatch(plain) else "application/octet-stream"
