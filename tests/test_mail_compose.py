"""Mails of ours: one line per header, threads that hold together, words that answers can be told from."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import mail
from chalicelib.models.outbound import Card, Outgoing

SENDER, INBOUND = "Corner Shop <Service@shop.example>", "hash17@inbound.example"
TOKEN = "abcdefghijklmnopqrstuvwxyz"
CARD = Card(title="Mira <Olsen>", facts=("mail · mira@customer.example",), hint="Answer this mail.")
CONTEXT = {"message_id": "<m2@customer.example>", "references": "<m0@x> <m1@y>", "subject": "AW: Re: Cup"}


def draft(**rest: Any) -> mail.Draft:
    outgoing = Outgoing(**{"key": "k1", "to": "mira@customer.example", "text": "Yes 🙂", **rest})
    return mail.draft(outgoing, sender=SENDER, inbound=INBOUND)


def test_a_reply_answers_the_customers_mail() -> None:
    made = draft(context=CONTEXT)
    headers = dict(made.headers)
    assert (made.subject, made.text, made.page, made.reply_to) == ("Re: Cup", "Yes 🙂", "", "")
    assert headers["In-Reply-To"] == "<m2@customer.example>"
    assert headers["References"] == "<m0@x> <m1@y> <m2@customer.example>"
    assert headers["Message-ID"].endswith("@shop.example>")
    assert headers[mail.LOOP] == "service@shop.example"
    assert "Auto-Submitted" not in headers


def test_a_word_to_the_owner_stands_on_its_own() -> None:
    """In no thread, and with no card: what Shopbell itself has to say."""
    made = draft(text="", own="A message could not be worked off.")
    assert "A message could not be worked off." in made.text and not made.reply_to
    assert mail.by_machine(made.headers)


def test_an_acknowledgement_says_that_it_is_one() -> None:
    made = draft(context=CONTEXT, automatic=True)
    assert mail.by_machine(made.headers) and mail.automatic(made.headers)
    assert dict(made.headers)["X-Auto-Response-Suppress"] == "All"


def test_the_message_id_is_the_deliverys() -> None:
    first, again, other = draft(), draft(repeat=True), draft(key="k2")
    ids = [dict(made.headers)["Message-ID"] for made in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]


def test_a_mailbox_gets_the_card_below_our_line() -> None:
    made = draft(card=CARD, thread=TOKEN, text="One cup\nis <b>broken</b>.")
    assert made.text == (
        f"{mail.MARKER}\n\nMira <Olsen>\nmail · mira@customer.example\n\n"
        "One cup\nis <b>broken</b>.\n\nAnswer this mail."
    )
    assert made.reply_to == f"hash17+{TOKEN}@inbound.example"
    assert "Mira &lt;Olsen&gt;" in made.page and "is &lt;b&gt;broken&lt;/b&gt;." in made.page
    assert "<b>" not in made.page and "src=" not in made.page and "href=" not in made.page
    assert mail.text_of(made.page).split() == made.text.split()


def test_our_own_words_outside_any_thread_come_as_a_machines_and_ask_for_no_answer() -> None:
    """To the owner, of a dead letter; or to an agent who asked outside any thread."""
    made = draft(text="", own="A message was put aside.")
    assert (made.subject, made.text, made.page, made.reply_to) == (
        "A word from Shopbell",
        "A message was put aside.",
        "",
        "",
    )
    assert mail.by_machine(made.headers)


def test_what_stands_below_the_customers_words_is_drawn_as_ours() -> None:
    made = draft(card=CARD, thread=TOKEN, text="One cup is broken.", own="Opened again.", below="⏱ until Tue")
    assert "Opened again.\n\nOne cup is broken.\n\n⏱ until Tue\n\nAnswer this mail." in made.text
    styles = re.findall(r'<td dir="auto" style="([^"]*)">([^<]*)</td>', made.page)
    found = {words: style for style, words in styles}
    assert found["Opened again."] == found["⏱ until Tue"] != found["One cup is broken."]


def test_the_page_needs_nothing_from_elsewhere_and_closes_all_it_opens() -> None:
    """Mail programs drop style sheets and scripts, and what is loaded tells who has read it."""
    card = CARD.model_copy(update={"state": ("open", "assigned to <ann>"), "facts": ("a", "b")})
    made = draft(
        card=card, thread=TOKEN, text="x <img src=http://evil.example> url(http://evil.example)", own="by <ann>"
    )
    for outside in ("<style", "<link", "<script", "<img", 'src="', "href=", "class=", "@import"):
        assert outside not in made.page
    tags = re.findall(r"<(/?)([a-z0-9]+)", made.page)
    opened: list[str] = []
    for closes, name in tags:
        if name in ("br", "meta"):
            continue
        assert not closes or opened.pop() == name
        opened += [] if closes else [name]
    assert opened == [] and {"table", "tr", "td"} <= {name for _, name in tags}
    for shown in ("open · assigned to &lt;ann&gt;", "by &lt;ann&gt;"):
        assert shown in made.page


def test_our_own_words_stand_apart_from_the_customers() -> None:
    made = draft(card=CARD, thread=TOKEN, text="Closed by ann.", own="ann set the priority to high.")
    cells = re.findall(r"<td[^>]*style=\"([^\"]*)\">(.*?)</td>", made.page, re.DOTALL)
    (ours,) = [style for style, inside in cells if "priority" in inside]
    (theirs,) = [style for style, inside in cells if "Closed" in inside]
    assert ours != theirs and "italic" in ours
    assert made.text.index("priority") < made.text.index("Closed")
    assert mail.text_of(made.page).split() == made.text.split()


def test_a_notice_outside_every_thread_can_be_read_and_not_answered() -> None:
    made = draft(text="", own="The desk refuses messages.")
    assert (made.text, made.page, made.reply_to) == ("The desk refuses messages.", "", "")
    assert dict(made.headers)["Auto-Submitted"] == "auto-generated"


def test_a_notice_is_our_own_words_alone() -> None:
    made = draft(thread=TOKEN, text="", own="Not sent.", repeat=True)
    assert made.text == f"{mail.MARKER}\n\n(possibly repeated)\n\nNot sent."


def test_an_answer_to_the_card_is_cut_at_our_line() -> None:
    made = draft(card=CARD, thread=TOKEN, text="One cup is broken.")
    for quoted in (made.text, mail.text_of(made.page), mail.text_of(f"<blockquote>{made.page}</blockquote>")):
        assert mail.stripped(f"We send a new one.\n\n{quoted}") == "We send a new one."


def test_all_mails_of_a_thread_hold_together() -> None:
    card, later, other = draft(card=CARD, thread=TOKEN), draft(thread=TOKEN, key="k2"), draft(thread=TOKEN[::-1])
    assert dict(card.headers)["References"] == dict(later.headers)["References"] != dict(other.headers)["References"]
    assert card.subject == later.subject != other.subject
    assert later.text.startswith(mail.MARKER) and later.page == ""
    assert later.reply_to == card.reply_to
    for made in (card, later):
        assert TOKEN not in made.subject + made.text + made.page + str(made.headers)
        assert dict(made.headers)["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_a_possible_repeat_is_marked() -> None:
    assert draft(repeat=True).text == "(possibly repeated)\n\nYes 🙂"
    assert "(possibly repeated)" in draft(repeat=True, card=CARD, thread=TOKEN).text


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [
        ("Cup", "Re: Cup"),
        ("Re: Cup", "Re: Cup"),
        ("RE: AW: Re[2]: Antw: Cup", "Re: Cup"),
        ("Regarding: Cup", "Re: Regarding: Cup"),
        ("Fwd: Cup", "Re: Fwd: Cup"),
        ("", "Re:"),
        ("a\r\nBcc: x@y.example", "Re: a Bcc: x@y.example"),
    ],
)
def test_the_subject_is_answered_once(subject: str, wanted: str) -> None:
    assert mail.reply_subject(subject) == wanted


def test_subjects_where_none_is_given() -> None:
    assert draft(context={"message_id": "<a@b>"}).subject == "Re: your message"
    assert draft().subject == "A message for you"
    assert draft(subject="Closed").subject == "Closed"
    assert draft(subject="Mira Olsen", thread=TOKEN).subject == "Mira Olsen"


def test_references_are_capped() -> None:
    many = " ".join(f"<m{number}@x>" for number in range(90))
    references = dict(draft(context={**CONTEXT, "references": many}).headers)["References"].split()
    assert len(references) == 20
    assert references[-1] == "<m2@customer.example>"


def test_a_sender_that_is_none_breaks_no_header() -> None:
    made = mail.draft(Outgoing(key="k", to="a@b.example", thread=TOKEN), sender="x\r\nBcc: y", inbound="z\r\n@q")
    for value in (made.sender, made.reply_to, *(value for _, value in made.headers)):
        assert len(value.splitlines()) <= 1


def test_a_reply_address_that_is_none_is_left_out() -> None:
    assert draft(reply_address="a@b.example, c@d.example").reply_to == ""
    assert draft(reply_address="a@b.example\r\nBcc: c@d.example").reply_to == ""
    assert draft(thread="slack:1").reply_to == ""


BREAKS = st.text(alphabet=st.sampled_from("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\x00\ud800 <>@:ab,;"), max_size=40)


@given(BREAKS, BREAKS, BREAKS, BREAKS, st.booleans())
def test_no_value_becomes_a_second_header(key: str, subject: str, ids: str, address: str, to_desk: bool) -> None:
    context = {"message_id": f"<a@b>{ids}", "references": ids, "subject": subject}
    desk = {"card": CARD, "thread": TOKEN} if to_desk else {}
    made = draft(key=key.replace("\ud800", ""), subject=subject, context=context, reply_address=address, **desk)
    for value in (made.sender, made.subject, made.reply_to, *(text for header in made.headers for text in header)):
        assert len(value.splitlines()) <= 1 and value.isprintable()
