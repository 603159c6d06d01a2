"""What the shop promises: told in all its languages, from the tables that the clocks go by, and never otherwise."""

from html.parser import HTMLParser
from typing import get_args

import pytest
from click.testing import CliRunner

from chalicelib import settings, wording
from chalicelib.desk import targets
from chalicelib.models.shop import Language, Shop
from chalicelib.models.values import Channel
from infra import check, cli, promise, shop_file
from tests.lab import HOURS, SHOP, START, laboratory
from tests.test_acknowledgement import THANKS, customer, said_next

PROMISE = """[promise]
who = "Five people who mend lamps."
delivery = "2 to 3 <working> days."
refund = "Within 30 days & no questions."
[promise.languages.de]
delivery = "2 bis 3 Werktage."
"""
RULES = f"""languages = ["en", "de"]
{SHOP}
{HOURS}
{PROMISE}
[targets]
sms = {{ first_minutes = 90 }}
"""


@pytest.fixture
def rules() -> Shop:
    return settings.load(RULES)


def test_it_is_told_whole_as_text(rules: Shop) -> None:
    assert promise.as_text(rules, "en").splitlines() == [
        "Corner Shop", "",
        "WHO WE ARE", "Five people who mend lamps.", "",
        "OPENING HOURS", "Monday–Friday 9:00-18:00", "",
        "HOW SOON WE ANSWER", "WhatsApp, Chat: within 5 minutes", "SMS: within 90 minutes",
        "(counted while we are open)", "",
        "DELIVERY", "2 to 3 <working> days.", "",
        "RETURNS AND REFUNDS", "Within 30 days & no questions.",
    ]  # fmt: skip


def test_in_another_language_the_shops_first_stands_in_for_what_it_does_not_say(rules: Shop) -> None:
    told = promise.as_text(rules, "de")
    assert "Montag–Freitag 9:00-18:00" in told and "SMS: innerhalb von 90 Minuten" in told
    assert "2 bis 3 Werktage." in told and "Within 30 days" in told
    notes = [one for one in check.notes(rules, START.date()) if "promise" in one]
    assert notes == ["The promise says who, refund in en where customers read de."]


def test_html_is_a_piece_of_a_page_and_nothing_in_it_is_markup_of_the_shops(rules: Shop) -> None:
    seen: list[str] = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attrs: seen.append(tag)  # type: ignore[method-assign]
    reader.feed(promise.as_html(rules, "en"))
    assert set(seen) == {"section", "h2", "h3", "p", "br"}
    assert "2 to 3 &lt;working&gt; days." in promise.as_html(rules, "en")
    assert '<section class="promise" lang="de">' in promise.as_html(rules, "de")


def test_without_a_clock_no_time_is_told(rules: Shop) -> None:
    always = settings.load(SHOP)
    assert promise.as_text(always, "en") == "Corner Shop"
    silent = rules.model_copy(update={"targets": None})
    assert "HOW SOON" not in promise.as_text(silent, "en") and "OPENING HOURS" in promise.as_text(silent, "en")


@pytest.mark.parametrize("code", get_args(Language))
def test_every_language_has_words_for_every_channel_and_heading(code: Language) -> None:
    assert all(promise.HEADINGS[code]) and "{time}" in promise.HEADINGS[code].within
    there = {*promise.PROPER, *promise.NAMES}
    assert there == {*Channel} - {Channel.SLACK, Channel.TIMER, Channel.UNVERIFIED_EMAIL}
    assert all(code in names for names in promise.NAMES.values())


def test_the_page_and_the_acknowledgement_name_the_times_of_the_clock(rules: Shop) -> None:
    """Whatever is set, both say what `targets` says, which the reminders go by."""
    for minutes in (5, 119, 4320):
        toml = RULES.replace("first_minutes = 90", f"first_minutes = {minutes}")
        changed = settings.load(toml)
        said = wording.span(targets.first(changed, Channel.SMS), changed, "en")
        (told,) = (line for line in promise.as_text(changed, "en").splitlines() if "SMS" in line)
        assert told.endswith(f": within {said}")
        always = toml.replace(HOURS, "").replace(THANKS, 'text = "Got it[ in {time}]."')
        with laboratory(always) as lab:
            lab.ring("twilio_sms", lab.say("Hello?"))
            lab.settle(until=START - START)
            assert lab.texts()[-1].text == f"Got it in {said}."


def test_a_closed_shop_names_no_time_that_was_not_measured() -> None:
    toml = RULES.replace(THANKS, 'text = "Got it[ in {time}]."')
    with laboratory(toml) as lab:  # at ten on a Monday in Berlin
        assert said_next(lab, 1) == "Got it in 5 minutes."
        lab.now = lab.now.replace(hour=20)
        assert said_next(lab, 2) == "Got it."


def test_an_acknowledgement_says_what_is_promised_in_the_customers_language() -> None:
    toml = RULES.replace(THANKS, 'text = "{shop}: {hours}. {delivery}"').replace(
        "[promise]", '[acknowledgement.languages.de]\ntext = "{shop}: {hours}. {delivery}"\n[promise]'
    )
    with laboratory(toml) as lab:
        assert said_next(lab, 1) == "Corner Shop: Monday–Friday 9:00-18:00. 2 to 3 <working> days."
        german = customer(2).model_copy(update={"text": "Guten Tag, wo bleibt denn mein Paket?"})
        lab.put(german)
        lab.settle(until=START - START)
        assert lab.texts()[-1].text == "Corner Shop: Montag–Freitag 9:00-18:00. 2 bis 3 Werktage."


WRONG = [
    (THANKS, 'text = "We answer within 5 minutes."', "text in [acknowledgement]: '5 minutes' may differ"),
    (THANKS, 'text = "Wir antworten in 2 Stunden."', "text in [acknowledgement]: '2 Stunden' may differ"),
    (
        THANKS,
        'text = "We are here till 18:00."',
        "text in [acknowledgement]: '18:00' may differ from what",
    ),
    (THANKS, 'text = "{payment}"', "text in [acknowledgement]: {payment} needs the words for it: payment in [promise]"),
    ("Five people", "Open 9 am, five people", "who in [promise]: '9 am' may differ from [hours] and [targets]"),
    ("languages.de]", "languages.fr]", "[promise.languages.fr]: fr is no other language of yours: your others are de"),
    ("languages.de]", "languages.en]", "[promise.languages.en]: en is no other language of yours: its words stand in"),
    ("who = ", "whoo = ", "whoo in [promise]: it is not known here; did you mean who?"),
]


@pytest.mark.parametrize(("before", "after", "said"), WRONG)
def test_what_could_say_another_time_is_refused(before: str, after: str, said: str) -> None:
    assert shop_file.problems(RULES.encode()) == []
    (problem,) = shop_file.problems(RULES.replace(before, after).encode())
    assert said in problem


def test_the_command_prints_it(monkeypatch: pytest.MonkeyPatch, rules: Shop) -> None:
    monkeypatch.setattr(shop_file, "rules", lambda: rules)
    done = CliRunner().invoke(cli.cli, ["promise"])
    assert done.exit_code == 0 and done.output.count("<section ") == 2
    done = CliRunner().invoke(cli.cli, ["promise", "--text", "--language", "de"])
    assert done.output == promise.as_text(rules, "de") + "\n"
    done = CliRunner().invoke(cli.cli, ["promise", "--language", "fr"])
    assert done.exit_code == 1 and "fr is none of your languages: en, de" in done.output
