"""What an agent edits or deletes: carried over where the channel can, else told."""

from collections.abc import Mapping
from typing import Any

from chalicelib import desk, providers, words
from chalicelib.models.inbound import Kind
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Claim
from chalicelib.models.work import Direction, Plan
from chalicelib.route.cut import parts_for
from chalicelib.route.replies import HELD, excerpt
from chalicelib.route.scene import Scene, tell_here


def change(noted: Plan, scene: Scene, original: Claim | None, read: desk.Words) -> Plan:
    """An agent's edit or delete, carried over where the channel can.

    If its original is not recorded yet, that never leaves either.
    """
    if original is None:
        told = tell_here(noted, scene, "again", words.send_again())
        return told.model_copy(update={"also_claims": (noted.message.original_claim,)})
    sent = [one for one in original.in_order if one.kind is DeliveryKind.REPLY and not one.change]
    if f"n-{HELD}" in original.deliveries:
        return _held_changed(noted, scene, original, read)
    if not sent:
        return noted
    changes = CHANGES.get(noted.message.kind, _uncarried)(sent, read)
    if not changes:
        return tell_here(noted, scene, "change", words.edit_not_sent())
    carried = tuple(one.model_copy(update={"original": original.key}) for one in changes)
    message = noted.message.model_copy(update={"text": read.text})
    return noted.model_copy(update={"direction": Direction.OUT, "deliveries": carried, "message": message})


def _held_changed(noted: Plan, scene: Scene, original: Claim, read: desk.Words) -> Plan:
    """A held reply is changed: its new words are held; taken back, or made a note, it is dropped."""
    one = next((one for one in scene.before.held if one.claim == original.key), None)
    if one is None:
        return tell_here(noted, scene, "change", words.edit_not_sent())
    said = noted.message.model_copy(update={"text": read.text})
    stays = said.kind is Kind.EDIT and bool(said.text or said.attachments) and not read.note
    anew = one.model_copy(update={"latest": said.claim, "words": excerpt(said)})
    others = tuple(other for other in scene.before.held if other != one)
    contact = noted.contact.model_copy(update={"held": (*others, anew) if stays else others})
    changed = noted.model_copy(update={"contact": contact, "message": said if stays else noted.message})
    told = words.held_changed(anew.words) if stays else words.held_dropped(one.words)
    return tell_here(changed, scene, "change", told)


def _edited(sent: list[Delivery], read: desk.Words) -> list[Delivery]:
    """One part for one part: what has other parts than before cannot be changed in place. Files stay as they are."""
    written = [other for other in sent if other.file is None]
    can = providers.load(sent[0].provider).can
    one = len(written) == 1 and len(parts_for(read.text, can)) == 1
    return [_anew(written[0], "edit")] if can.edit and one and read.text and not (read.note or read.commands) else []


def _deleted(sent: list[Delivery], read: desk.Words) -> list[Delivery]:
    return [_anew(one, "delete") for one in sent] if providers.load(sent[0].provider).can.delete else []


def _uncarried(sent: list[Delivery], read: desk.Words) -> list[Delivery]:
    return []


CHANGES: Mapping[Kind, Any] = {Kind.EDIT: _edited, Kind.DELETE: _deleted}


def _anew(sent: Delivery, change: str) -> Delivery:
    """The delivery that changes `sent`: to the same address by the same way, with nothing of its past."""
    fields = ("id", "kind", "to", "provider", "account", "address", "part", "handed")
    return Delivery(**{field: getattr(sent, field) for field in fields}, change=change)
