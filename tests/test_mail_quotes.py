"""What is newly written in a mail: real programs' ways of quoting, and texts made to take long.

Each file of tests/mails/replies holds a mail's text and, below a line of =====, what its author newly wrote.
"""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import mail
from chalicelib.mail.languages import LANGUAGES, Language, folded
from chalicelib.mail.quotes import answers_within

REPLIES = sorted((Path(__file__).parent / "mails" / "replies").glob("*.txt"))


@pytest.mark.parametrize("reply", REPLIES, ids=lambda path: str(path.stem))
def test_what_was_newly_written(reply: Path) -> None:
    text, _, wanted = reply.read_bytes().decode().partition("=====\n")
    assert mail.stripped(text) == wanted


def test_there_are_many_ways_of_quoting() -> None:
    assert len(REPLIES) >= 50


def test_above_the_marker() -> None:
    text = f"new\n\n> quoted\n> {mail.MARKER}\n> below"
    assert mail.above_marker(text) == "new\n\n> quoted"
    assert mail.above_marker("no marker\n") == "no marker"
    assert mail.above_marker("new\n== cut ==\nold", marker="== cut ==") == "new"


def test_another_marker_may_be_used() -> None:
    assert mail.stripped("new\nold line\nolder", marker="old line") == "new"


def test_nothing_recognised_nothing_changed() -> None:
    text = "Two lines\n\n  of a poem, and\ta tab"
    assert mail.stripped(text) == text


def test_stripping_twice_strips_no_more() -> None:
    for reply in REPLIES:
        once = mail.stripped(reply.read_bytes().decode().partition("=====\n")[0])
        assert mail.stripped(once) == once


@pytest.mark.parametrize(
    "new",
    [
        *("My answers are below in red.", "Please see below!", "Antworten siehe unten.", "Ich habe es rot markiert."),
        *("Voir mes réponses ci-dessous.", "Mis respuestas abajo, gracias.", "Ответы ниже.", "Inline:"),
        *("Le mie risposte in rosso.", "Zie hieronder, bedankt.", "Odpowiadam poniżej.", "Veja abaixo, por favor."),
        *("Yanıtlarım aşağıda.", "Viz níže.", "Se nedan!"),
    ],
)
def test_answers_within_the_quote_are_announced(new: str) -> None:
    assert answers_within(new)


@pytest.mark.parametrize(
    "new",
    [
        *("", "In red, please.", "In Rot bitte.", "Is it below 20 euros?", "Inline skates", "Ein Fehler im Text"),
        *("Mon adresse est ci-dessous", "A continuación mis datos", "Цена ниже", "see belowdecks"),
        *("La tazza in rosso, grazie", "De mok in het rood graag", "Kubek na czerwono", "Quero em vermelho"),
        *("Adresim aşağıda", "Adresa je níže", "Adressen står nedan"),
    ],
)
def test_answers_within_the_quote_are_not_announced(new: str) -> None:
    assert not answers_within(new)


@pytest.mark.parametrize(
    "line",
    [
        *("Sent from my iPhone", "Get Outlook for iOS<https://aka.example/x>", "Sent with Proton Mail secure email."),
        *("Von meinem iPad gesendet", "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet."),
        *("Envoyé de mon iPhone", "Enviado desde mi Galaxy", "Отправлено с iPhone", "Отправлено из Яндекс Почты"),
        *(
            "Inviato da Posta per Windows",
            "Verstuurd vanaf mijn Samsung Galaxy",
            "Wysłane z aplikacji Poczta dla systemu Windows",
        ),
        *(
            "Enviada do meu iPhone",
            "iPad'imden gönderildi",
            "Android için Outlook’u edinin",
            "Odesláno z Outlooku pro Android",
        ),
        *("Skickat från min iPad", "Hämta Outlook för Android"),
    ],
)
def test_a_programs_own_last_line_goes(line: str) -> None:
    assert mail.stripped(f"Yes.\n\n{line}") == "Yes."


@pytest.mark.parametrize(
    "line",
    [
        *("Sent from my bank account on Monday.", "Ich habe das Foto mit meinem Handy gesendet", "Gesendet über DHL"),
        *("Envoyé par téléphone hier", "Enviado por DHL el lunes", "Отправлено через почту России", "My phone: iPhone"),
        *("Inviato da Milano ieri", "Verstuurd via PostNL", "Wysłane kurierem z Krakowa", "Enviado do Porto ontem"),
        *("Paket dün kargoyla gönderildi", "Odesláno z Prahy v pondělí", "Skickat från Malmö i dag"),
    ],
)
def test_a_last_line_that_is_a_persons_stays(line: str) -> None:
    assert mail.stripped(f"Yes.\n\n{line}") == f"Yes.\n\n{line}"


def test_a_programs_line_stands_alone() -> None:
    assert mail.stripped("The order was\nSent from my iPhone") == "The order was\nSent from my iPhone"


@pytest.mark.parametrize("field", Language._fields)
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda row: str(row.reply))
def test_the_words_of_a_language_are_as_texts_are_compared(language: Language, field: str) -> None:
    for word in getattr(language, field).split(" | "):
        assert word and word == folded(word)
        assert word.count("…") <= 1


SIZE, LINES_READ = 100_000, 5_000


def many(piece: str) -> str:
    """As often as it is looked at line by line."""
    return piece * min(SIZE // len(piece), LINES_READ // max(1, piece.count("\n")) - 2)


HOSTILE = {
    **{name: many(name) for name in ("On ", "-", "x", " ", "\r", "\n", ":\n", ">\n", "--\n", "-- \n", "<https://")},
    **{name: many(name) for name in ("On 1 wrote:\n", "From:\n", "From: a\nSubject: b\n", "From: a\nTo: b\nDate: 3\n")},
    **{
        name: many(name)
        for name in ("a@b.c:\n", "\nSent from my iPhone\n", "<a@b.c> 1\nx wrote:\n", "3.2.2025 10:14 a@b.c,:\n")
    },
    "attributions inside": many("Am 1 " + "schrieb " * 50 + ":\n"),
    "attributions the other way": many("1 wrote on " * 40 + ":\n"),
    "bars": many("-" * 39 + "o\n"),
    "rules": many("_____\n\n\n") + "From: a\nTo: b\nSubject: c",
    "foreign heads": many("_" * 32 + "\n" + "Ab: c\n" * 7),
    "long lines": ("on 1 <a@b.c> " + "y " * 40 + "z:\n") * (LINES_READ - 2),
    "more lines": "a:\n" * 300_000,
}


@pytest.mark.parametrize("ending", ["", "\n> x", f"\n{mail.MARKER}"])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_longer_than_its_length(name: str, ending: str) -> None:
    began = time.process_time()
    mail.stripped(HOSTILE[name] + ending)
    mail.above_marker(HOSTILE[name] + ending)
    assert time.process_time() - began < 0.5 * max(1, len(HOSTILE[name]) / 1_000_000)


def test_a_text_of_more_lines_than_a_person_writes_stays_whole() -> None:
    text = "line\n" * 20_000 + "-- \nTom"
    assert mail.stripped(text) == text
    assert mail.stripped(f"{text}\n{mail.MARKER}\nold") == text


LINES = [
    *(
        "On 3 Feb 2025 at 10:14, Ann <a@b.example> wrote:",
        "Am 3.2. schrieb Ann:",
        "> quoted",
        "",
        "From: a",
        "Subject: b",
    ),
    *(
        "To: c",
        "-- ",
        "--",
        "_____",
        "-----Original Message-----",
        "Forwarded message",
        mail.MARKER,
        "words",
        "Sent from my iPad",
    ),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=10), max_size=30))
def test_only_whole_lines_go_and_nothing_below_the_marker_stays(lines: list[str]) -> None:
    text = "\n".join(lines)
    kept = mail.stripped(text)
    assert kept in text.replace("\r\n", "\n").replace("\r", "\n")
    assert mail.MARKER not in kept
