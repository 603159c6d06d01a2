"""What agents send to the customer beside their own words: held replies, templates, by which address."""

from chalicelib.desk import held, templates
from chalicelib.desk.asked import Asked, Cannot, Done
from chalicelib.desk.shown import excerpt, title
from chalicelib.desk.windows import in_public
from chalicelib.models.people import Held
from chalicelib.models.values import Address


def send(asked: Asked) -> Done:
    """A held reply goes out, to the address it was written for."""
    if asked.text:
        raise Cannot("#send sends what is held: write your words below as a message of their own.")
    one = _held(asked, asked.rest)
    return _released(asked, one, f"{asked.who} sends the held reply: “{one.words}”")._replace(to=one.to, held=one.claim)


def drop(asked: Asked) -> Done:
    """A held reply is forgotten."""
    one = _held(asked, asked.rest)
    return _released(asked, one, f"{asked.who} dropped the held reply: “{one.words}”")


def via(asked: Asked) -> Done:
    """The words below, or a held reply, go to another address of the same contact."""
    word, _, name = asked.rest.partition(" ")
    to = _address(asked, word)
    if asked.text and name:
        raise Cannot("Write one address after #via, and your words below.")
    if asked.text:
        return Done(to=to)
    if not asked.contact.held:
        raise Cannot("Write your answer below #via.")
    one = _held(asked, name.strip())
    said = f"{asked.who} sends the held reply by {title(to)}: “{one.words}”"
    return _released(asked, one, said)._replace(to=to, held=one.claim)


def public(asked: Asked) -> Done:
    """The words below, or a held reply, stand where everybody reads them, under what the customer last wrote there."""
    to = in_public(asked.contact)
    if to is None:
        raise Cannot("This customer has written nothing where everybody reads: just write your answer.")
    if asked.text and asked.rest:
        raise Cannot("Write #public alone on its line, and your words below.")
    if asked.text:
        return Done(to=to, public=True)
    if not asked.rest:  # a held reply was meant for the customer alone: it is named, never guessed
        raise Cannot("Write your answer below #public.")
    one = _held(asked, asked.rest)
    said = f"{asked.who} sends the held reply for everybody to read: “{one.words}”"
    return _released(asked, one, said)._replace(to=to, held=one.claim, public=True)


def template(asked: Asked) -> Done:
    """A canned answer of shop.toml, its gaps filled."""
    word, _, rest = asked.rest.partition(" ")
    found = asked.shop.templates.get(word.lower())
    if found is None:
        raise Cannot(
            f"There is no template {word!r}; in shop.toml there is {', '.join(asked.shop.templates) or 'none'}."
        )
    if asked.text:
        raise Cannot("#template sends its own text: write your words below as a message of their own.")
    gaps = templates.gaps(found.text)
    given, more = templates.given(rest)
    if more or not set(given) <= set(gaps):
        raise Cannot(f"After {word} stands what fills its gaps: {' '.join(f'{gap}=…' for gap in gaps) or 'nothing'}.")
    ours = {"name": " ".join(asked.contact.name.split()), "shop": asked.shop.name, "desk": asked.conversation.desk}
    values = {**ours, **given}
    missing = [gap for gap in gaps if not values.get(gap)]
    if missing:
        raise Cannot(f"Please say what is missing: #template {word} {' '.join(f'{gap}=…' for gap in missing)}")
    text = templates.filled(found.text, values)
    said = f"{asked.who} sends the template {word}: “{excerpt(text)}”"
    return Done(said, reply=text, template=word, values=tuple(values[gap] for gap in gaps))


# ---- windows and held replies -----------------------------------------------------------------------------------


def _held(asked: Asked, name: str) -> Held:
    """The one held reply that is meant. Raises Cannot."""
    found = held.chosen(asked.contact, name)
    if not found:
        raise Cannot("No such reply is held: it was sent or dropped already." if name else "No reply is held here.")
    if len(found) > 1:
        raise Cannot(f"Say which: {', '.join(f'{one.name} (“{one.words}”)' for one in found)}")
    return found[0]


def _released(asked: Asked, one: Held, said: str) -> Done:
    """It is held no more."""
    return Done(said, contact={"held": tuple(other for other in asked.contact.held if other != one)})


def _address(asked: Asked, word: str) -> Address:
    """The one proved address of this contact that is meant. Raises Cannot."""
    found = [one.address for one in held.meant(asked.contact, word)] if word else []
    proved = [address for address in found if held.proved(address)]
    if found and not proved:
        raise Cannot(f"{found[0].id} is not proved to be this customer's.")
    if len(proved) != 1:
        known = [one.address for one in (held.meant(asked.contact, word) or asked.contact.heard)]
        choices = [f"#via {held.word_for(asked.contact, one)} ({title(one)})" for one in known if held.proved(one)]
        raise Cannot(f"Say by which address of this customer: {', '.join(choices) or 'none is proved'}")
    return proved[0]
