"""Who else a message concerns: looked up only where its words name somebody, or may."""

import secrets

from chalicelib import desk, route, settings, store
from chalicelib.models.inbound import Message
from chalicelib.models.values import Address
from chalicelib.models.work import Found, Met


def met(item: Message, found: Found) -> Met:
    """Of a customer's message: whose address its code may prove, and who else its clues lead to."""
    contact = found.contact
    if contact and contact.proof and route.tries(item, contact):
        return Met(other=_who(contact.proof.address).contact)
    clues = {clue: route.addresses(clue) for clue in route.clues_in(item, contact, settings.shop())}
    linked = [link.contact for link in contact.links] if contact else []
    return store.met(clues, found.contact_id, linked) if clues else Met()


def completed(scene: route.Scene, item: Message) -> route.Scene:
    """An agent's scene with all that the words need: who has the addresses they name, whom an older thread heard."""
    thread, contact = scene.thread, scene.before
    if thread.conversation != scene.current.id:
        row = store.conversation(thread.conversation)
        scene = scene._replace(heard=row.heard if row else None)
    named = desk.addressed(item, scene.place)
    if not named:
        return scene
    return scene._replace(
        others={address: _who(address) for address in named},
        atoms=store.merged(contact) if contact.links else {},
        code=f"{secrets.randbelow(1_000_000):06d}",
    )


def _who(address: Address) -> Found:
    """Who has an address; nobody, if that one is forgotten and has not written since."""
    found = store.find(address)
    return found.model_copy(update={"contact": None}) if found.contact and found.contact.blank else found
