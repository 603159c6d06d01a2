"""Answers where there is one of them for the customer alone, and any number for everybody: which of the two it is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import desk
from chalicelib.desk import answers
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.people import Contact, Heard
from chalicelib.models.values import Address, Channel
from infra.simulate.meta import digits
from tests.lab import SECRETS, SHOP, Lab, laboratory
from tests.lab.late import asks_in_slack, says

PAGE = "facebook_page"
PERSON = Address(channel=Channel.FACEBOOK_PAGE, id="102938475610293/6920174458310027")
TOML = SHOP + f"[providers.{PAGE}]\n"
SETTINGS = {
    f"SHOPBELL_{PAGE.upper()}_{name}": value
    for name, value in {
        "APP_SECRET": "page-secret", "VERIFY_TOKEN": "word", "TOKEN": "page-token", "API_URL": f"http://world/{PAGE}",
    }.items()
}  # fmt: skip
SOON = timedelta(minutes=5)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory(TOML, {**SECRETS, **SETTINGS}) as lab:
        yield lab


def comments(lab: Lab, number: int = 1, text: str = "Is it there in green?") -> str:
    """Somebody comments; the comment's id."""
    lab.ring(PAGE, lab.say(text, number, PAGE))
    lab.settle(until=SOON)
    return id_of(number)


def id_of(number: int) -> str:
    return f"122100450000000001_{digits(f'{PAGE}-{number}')}"


def answer(lab: Lab, text: str, number: int = 10) -> None:
    says(lab, text, number)
    lab.settle(until=SOON)


def private(lab: Lab) -> list[tuple[str, str]]:
    return [(one.raw["recipient"]["comment_id"], one.text) for one in lab.texts() if "recipient" in one.raw]


def public(lab: Lab) -> list[tuple[str, str]]:
    return [(one.to, one.text) for one in lab.texts() if "recipient" not in one.raw]


def told(lab: Lab) -> str:
    return lab.posts()[-1].text


def head(lab: Lab) -> Contact:
    (contact,) = lab.heads()
    return contact


# ---- what stands under a comment --------------------------------------------------------------------------------


def test_nothing_is_said_there_by_itself(lab: Lab) -> None:
    """The one private answer is the agent's: no acknowledgement, no word later takes it."""
    comments(lab)
    lab.settle(until=timedelta(days=3))
    assert not lab.texts() and "🤖" not in "".join(post.text for post in lab.posts())


def test_nor_as_time_goes_by() -> None:
    """Not that they are not forgotten, not whether all is well."""
    more = "[automatic]\nupdates = 3\nfollow_up_days = 1\n[targets.facebook_page]\nfirst_minutes = 30\n"
    with laboratory(TOML + more, {**SECRETS, **SETTINGS}) as lab:
        comments(lab)
        lab.settle(until=timedelta(days=1))
        says(lab, "#resolve")
        lab.settle(until=timedelta(days=4))
        assert not lab.texts()
        lab.ring("twilio_sms", lab.say("Is it there in green?"))
        lab.settle(until=timedelta(days=1))
        assert len(lab.texts()) > 1  # elsewhere they are told


def test_agents_are_told_who_reads_their_answer(lab: Lab) -> None:
    comments(lab)
    assert "to them alone" in str(lab.posts()[0].raw) and "#public on top" in str(lab.posts()[0].raw)


def test_an_answer_is_private_unless_it_says_otherwise(lab: Lab) -> None:
    comment = comments(lab)
    answer(lab, "Yes, we have one left.")
    assert (private(lab), public(lab)) == ([(comment, "Yes, we have one left.")], [])


def test_in_public_goes_what_says_so_and_as_often_as_wanted(lab: Lab) -> None:
    """It takes nothing of the private answer."""
    comment = comments(lab)
    answer(lab, "#public\nYes, in green too!", 10)
    answer(lab, "#public\nAnd in blue.", 11)
    answer(lab, "Your size is here.", 12)
    assert public(lab) == [(comment, "Yes, in green too!"), (comment, "And in blue.")]
    assert private(lab) == [(comment, "Your size is here.")]


def test_below_the_words_it_publishes_nothing(lab: Lab) -> None:
    comments(lab)
    answer(lab, "Call me on 0170 123.\n#public")
    assert not lab.texts() and "Nothing was sent" in told(lab)


# ---- one private answer -----------------------------------------------------------------------------------------


def answered(lab: Lab) -> str:
    comment = comments(lab)
    answer(lab, "First.")
    return comment


def test_a_second_private_answer_is_held_and_may_be_published(lab: Lab) -> None:
    comment = answered(lab)
    answer(lab, "Second.", 11)
    assert private(lab) == [(comment, "First.")] and not public(lab)
    name = head(lab).held[0].name
    assert "has had the one answer" in told(lab) and f"#public {name} answers where everybody reads it" in told(lab)
    answer(lab, f"#public {name}", 12)
    assert public(lab) == [(comment, "Second.")] and len(private(lab)) == 1 and not head(lab).held


def test_two_at_once_are_one_and_one_held(lab: Lab) -> None:
    comment = comments(lab)
    for number in (10, 11):
        says(lab, f"Answer {number}", number)
    lab.settle(until=SOON)
    assert private(lab) == [(comment, "Answer 10")] and [one.words for one in head(lab).held] == ["Answer 11"]


def test_the_next_comment_takes_an_answer_of_its_own(lab: Lab) -> None:
    first = answered(lab)
    second = comments(lab, 2, "And in blue?")
    answer(lab, "Blue as well.", 11)
    assert private(lab) == [(first, "First."), (second, "Blue as well.")]


def test_a_comment_that_is_changed_is_the_same_comment(lab: Lab) -> None:
    """It takes no second answer, and a change of another leaves what was last written to be answered."""
    answered(lab)
    changed: dict[str, Any] = {"kind": "edit", "id": id_of(1), "version": "2", "text": "In blue?"}
    lab.put(Message.model_validate({"provider": PAGE, "sender": PERSON, **changed}))
    lab.settle(until=SOON)
    assert head(lab).heard[0].answered and head(lab).heard[0].context == {"comment_id": id_of(1)}
    answer(lab, "Second.", 11)
    assert private(lab) == [(id_of(1), "First.")]


def test_an_answer_goes_to_what_it_answered_whatever_comes_meanwhile(lab: Lab) -> None:
    """Another comment is in before it leaves: perhaps under another post."""
    comment = comments(lab)
    says(lab, "#public\nIn green, yes.")
    assert lab.work()  # recorded, and handed on
    lab.world.fail(part=PAGE, status=503)
    assert lab.work()
    comments(lab, 2, "Unlike that one.")
    assert public(lab) == [(comment, "In green, yes.")]


def test_one_that_never_went_leaves_its_place(lab: Lab) -> None:
    comment = comments(lab)
    lab.world.state[PAGE] = {comment: 10902}
    answer(lab, "First.")
    assert not private(lab)
    assert "takes no private answer" in told(lab) and "#public" in told(lab)
    lab.world.state[PAGE] = {}
    answer(lab, "Once more.", 11)
    assert private(lab) == [(comment, "Once more.")]


def test_one_that_may_have_gone_does_not(lab: Lab) -> None:
    comment = comments(lab)
    lab.world.fail(part=PAGE, hang=9.0, applied=True, times=2)
    answer(lab, "First.")
    answer(lab, "Second.", 11)
    assert private(lab) == [(comment, "First.")]


def test_one_that_had_gone_is_no_failure(lab: Lab) -> None:
    """The answer to the first try is lost; to the second Meta says that the comment has been answered."""
    comment = comments(lab)
    lab.world.fail(part=PAGE, hang=9.0, applied=True)
    answer(lab, "First.")
    assert private(lab) == [(comment, "First.")] and head(lab).heard[0].answered
    assert not [post for post in lab.posts() if "❌" in post.text]


def test_what_is_held_is_published_by_its_name_alone(lab: Lab) -> None:
    """It was written for one: a word forgotten below #public must not bring it to all."""
    answered(lab)
    answer(lab, "Second.", 11)
    answer(lab, "#public", 12)
    assert not public(lab) and "Write your answer below" in told(lab) and head(lab).held


def test_it_is_one_message(lab: Lab) -> None:
    comments(lab)
    answer(lab, "x" * 2_001)
    assert not lab.texts() and "one message, of 2000 characters" in told(lab)
    answer(lab, f"#public\n{'x' * 8_001}", 11)
    assert not lab.texts() and "8000 characters" in told(lab)
    answer(lab, f"#public\n{'x' * 2_001}", 12)
    assert [len(text) for _, text in public(lab)] == [2_001]


def test_after_a_week_there_are_public_answers_only(lab: Lab) -> None:
    comment = comments(lab)
    lab.now += timedelta(days=7)
    answer(lab, "Sorry for the wait.")
    assert not lab.texts() and "Held, not sent" in told(lab)
    answer(lab, "#public\nSorry for the wait!", 11)
    assert public(lab) == [(comment, "Sorry for the wait!")]


def test_a_conversation_that_the_shop_begins_takes_the_one_answer(lab: Lab) -> None:
    comment = comments(lab)
    for number in (20, 21):
        asks_in_slack(lab, f"#new {PAGE}:{PERSON.id} It is back in green.", number)
        lab.settle(until=SOON)
    assert private(lab) == [(comment, "It is back in green.")]
    assert "has had the one answer" in lab.world.ledger[-1].text


# ---- the chat that follows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("instagram_comments", "instagram"), ("instagram", "instagram_comments")])
def test_who_comments_and_who_writes_is_one_customer(order: tuple[str, str]) -> None:
    """By the id that Instagram gives them with the shop; and the answer to the chat is no answer to the comment."""
    both = {
        f"SHOPBELL_{name.upper()}_{field}": value
        for name in order
        for field, value in (
            ("APP_SECRET", "s"), ("VERIFY_TOKEN", "w"), ("TOKEN", "t"), ("API_URL", f"http://world/{name}"),
        )
    }  # fmt: skip
    with laboratory(SHOP + "".join(f"[providers.{name}]\n" for name in order), {**SECRETS, **both}) as lab:
        for number, name in enumerate(order):
            lab.ring(name, lab.say(f"By {name}", number, name, sender="5318420097754316"))
            lab.settle(until=SOON)
        assert len(lab.heads()) == 1 and len(head(lab).heard) == 2
        before = len(lab.texts())
        answer(lab, "#public\nAll read this.", 10)
        answer(lab, "#via instagram\nYou alone.", 11)
        answer(lab, "#via instagram_comments\nYou alone as well.", 12)
        sent = [(one.part, "recipient" in one.raw) for one in lab.texts()[before:]]
        assert sent == [("instagram_comments", False), ("instagram", True), ("instagram_comments", True)]


# ---- elsewhere --------------------------------------------------------------------------------------------------


def test_where_nobody_else_reads_there_is_no_public_answer(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Is it there in green?"))
    lab.settle(until=SOON)
    before = len(lab.texts())
    answer(lab, "#public\nYes.")
    assert len(lab.texts()) == before and "has written nothing where everybody reads" in told(lab)


def contact(*providers: str) -> Contact:
    """Somebody who wrote by these, in this order."""
    at = desk_time()
    heard = tuple(
        Heard(address=Address(channel=Channel(name), id=f"1/{place}"), provider=name, at=at)
        for place, name in enumerate(providers)
    )
    return Contact(id="c", heard=heard)


def desk_time() -> Any:
    return Message(provider=PAGE, id="1", sender=PERSON, sent_at="2026-03-02T09:00:00Z").sent_at


def test_in_public_means_the_last_comment_wherever_they_wrote_since() -> None:
    assert desk.windows.in_public(contact(PAGE, "messenger")) == Address(channel=Channel.FACEBOOK_PAGE, id="1/0")
    assert desk.windows.in_public(contact("messenger")) is None


@pytest.mark.parametrize(("rest", "text"), [("now", "Words."), ("", "")])
def test_what_public_cannot_mean(rest: str, text: str) -> None:
    asked: Any = desk.Asked(rest, "U0AGENT", contact(PAGE), None, None, desk_time(), text)  # type: ignore[arg-type]
    with pytest.raises(desk.Cannot):
        answers.public(asked)


def test_no_file_is_published(lab: Lab) -> None:
    """Its link would be everybody's."""
    comments(lab)
    slack = Message(
        provider="slack", id="C0FRONT:9.9", sender=Address(channel=Channel.SLACK, id="U0AGENT"), text="#public\nLook",
        thread=lab.thread(), attachments=(Attachment(name="a.pdf", reference="F1"),),
    )  # fmt: skip
    lab.put(slack)
    lab.settle(until=SOON)
    assert not lab.texts() and "text alone" in told(lab)
