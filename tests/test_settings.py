"""shop.toml is validated whole: each mistake is one line with its place, its field and what would be right."""

import pytest

from chalicelib import providers, settings
from chalicelib.errors import SettingsError, Unavailable
from chalicelib.models.values import Channel
from infra import shop_file

MAILBOXES = [name for name in providers.NAMES if providers.load(name).channel is Channel.EMAIL]
GOOD = """name = "Corner Shop"
time_zone = "Europe/Berlin"
owner = "front"

[desks.front]
slack = "C0FRONT"

[routes]
default = "front"

[providers.twilio_sms]
[providers.slack]
"""


def test_the_shipped_shop_is_valid() -> None:
    assert settings.load(settings.SHOP_FILE.read_text(encoding="utf-8")).name


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ('time_zone = "Europe/Berlin"', 'time_zone = "Berlin"', 2, "write one like Europe/Berlin"),
        ('owner = "front"', 'owner = "back"', 3, "'back' is no desk; there are front"),
        ('owner = "front"', 'ownr = "front"', 3, "did you mean owner?"),
        ('owner = "front"', 'owner = "front"\nalarm_mail = "me"', 4, "'me' is no mail address"),
        ('owner = "front"\n', "", 1, "it must be set: owner = "),
        ('slack = "C0FRONT"', "slack = 5", 6, 'it is a text, in quotes: slack = "5"'),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nmailbox = "a@shop.example"', 5, "either slack"),
        ('slack = "C0FRONT"', 'slack = "#front"', 6, "no channel's id; it looks like C0SHOPBELL"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nagents = { ann = "Ann" }', 7, "'Ann' is not a person's id in Slack"),
        (
            'slack = "C0FRONT"',
            'mailbox = "a@b.example"\nagents = { a = "a@b.example" }\nprovider = "ses"',
            8,
            "its provider 'ses' is not enabled; add [providers.ses]",
        ),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\naccount = "B2"', 7, "slack has no account 'B2'; there are none"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\n[desks.b]\nslack = "C0FRONT"', 8, "desk 'front' is there; each desk"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nreopen_days = 3', 7, "it belongs above the first [table]"),
        ('owner = "front"', 'owner = "front"\nhuman_agent = [5]', 4, 'it is a text, in quotes: "5"'),
        ('name = "Corner Shop"', 'name = ""', 1, "the name your customers know you by"),
        (
            'slack = "C0FRONT"',
            'mailbox = "a@shop.example"\nagents = { a = "a@b.example" }',
            5,
            "'postmark' is not enabled",
        ),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nreplies = "some"', 7, 'choose "all" or "marked"'),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nassign = "fair"', 7, '"none", "round robin" or "least open"'),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nassign = "round robin"', 7, "list the agents of this desk"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nnudge_minutes = -5', 7, "whole number of minutes from 0 to 43200"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nnudge_minutes = "soon"', 7, "whole number of minutes"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nreassign_minutes = 5', 7, "it needs assign"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nescalate_minutes = 5', 7, "it needs escalate_to"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nescalate_to = "back"', 7, "'back' is no other desk"),
        ('slack = "C0FRONT"', 'slack = "C0FRONT"\nescalate_to = "front"', 7, "'front' is no other desk"),
        (
            'slack = "C0FRONT"',
            'slack = "C0FRONT"\nnudge_minutes = 9\nowner_minutes = 9',
            8,
            "it must be more than nudge_minutes, which is 9",
        ),
        ("[routes]", "[hours]\n[routes]", 8, 'no day has hours; write them like monday = "9:00'),
        ("[routes]", '[hours]\nmonday = " "\n[routes]', 8, "no day has hours"),
        ("[routes]", "[desks.front.hours]\n[routes]", 8, "[desks.front.hours]: no day has hours"),
        ('owner = "front"', 'owner = "front"\nhours = "9-18"', 4, "it is a table: [hours] on a line of its own"),
        *(
            (
                "[routes]",
                f'[{table}hours]\nfriday = "18-2"\n{wrong}\n[routes]',
                10,
                words.replace("TABLE", f"[{table}hours]"),
            )
            for table in ("", "desks.front.")
            for wrong, words in (
                (
                    'monday = "9 to 5"',
                    "monday in TABLE: '9 to 5' is no span of hours; write them like \"9:00-12:30, 13:30",
                ),
                ('monday = "9-25"', "monday in TABLE: '9-25' is no span of hours; a day goes from 0:00 to 24:00"),
                (
                    'monday = "9-8"',
                    "monday in TABLE: '9-8' ends before it begins; only an afternoon goes on past midnight",
                ),
                ('monday = "9-13, 12-18"', "monday in TABLE: 12:00-18:00 begins before monday's 9:00-13:00 ends"),
                ('saturday = "1-4"', "saturday in TABLE: 1:00-4:00 begins before friday's 18:00-2:00 ends"),
                ('monday = ["9-18"]', 'monday in TABLE: found ["9-18"]; it is a text, in quotes'),
                ('mondy = "9-18"', "mondy in TABLE: it is not known here; did you mean monday?"),
                ('time_zone = "Mars"', "time_zone in TABLE: 'Mars' is no time zone; write one like Europe/Berlin"),
                ('country = "Germany"', "country in TABLE: write a country, or a region of it, like DE or DE-BE"),
                (
                    'holidays = ["Easter"]',
                    'holidays, entry 1 in TABLE: found "Easter"; it is a day, without quotes, like',
                ),
                (
                    "holidays = [2026-12-25, 2026-12-26T10:00:00]",
                    "holidays, entry 2 in TABLE: found 2026-12-26 10:00:00; it is a day",
                ),
                ('dates.2026-12-24 = "9-13, 12-14"', "dates.2026-12-24 in TABLE: its hours begin before others end"),
                ('dates.2026-12-26 = "1-9"', "dates.2026-12-26 in TABLE: its hours begin before others end, on this"),
                ('dates.2026-12-24 = "9 to 5"', "dates.2026-12-24 in TABLE: '9 to 5' is no span of hours; write them"),
                ('dates.24-12 = "9-13"', "dates.24-12 in TABLE: '24-12' is no day; write it like 2026-12-24"),
                ('dates.20261224 = "9-13"', "dates.20261224 in TABLE: '20261224' is no day; write it like"),
                ('dates.2026-12-24 = ["9-13"]', 'dates.2026-12-24 in TABLE: found ["9-13"]; it is a text, in quotes'),
                ("dates = [2026-12-24]", "dates in TABLE: found [2026-12-24]; it is a table"),
                ('holidays = "2026-12-25"', 'holidays in TABLE: found "2026-12-25"; it is a list'),
            )
        ),
        *(
            ("[routes]", f"{said}\n[routes]", line, words)
            for said, line, words in (
                ("[targets.smss]", 8, "[targets.smss]: 'smss' is no channel; there are discord, email"),
                ('[targets.sms]\nfirst_minutes = "1h"', 9, "it is a whole number of minutes from 0 to 43200, without"),
                (
                    '[hours]\nmonday = "9:00-9:10"\n[targets.sms]\nnext_minutes = 600',
                    11,
                    "next_minutes in [targets.sms]: the desk 'front' is open so little that 600 minutes take over",
                ),
                ("[automatic]\nupdates = 1", 9, "updates in [automatic]: a target says when they come; add [targets]"),
                ("[automatic]\nupdates = 11", 9, "it is a whole number from 0 to 10"),
            )
        ),
        (
            "[routes]",
            'nudge_minutes = 600\n[hours]\nmonday = "9:00-9:10"\n[routes]',
            8,
            "nudge_minutes in [desks.front]: the desk 'front' is open so little that 600 minutes take over a year",
        ),
        *(
            ("[routes]", f"{before}[acknowledgement]\n{said}\n[routes]", line, words)
            for before, said, line, words in (
                (
                    "",
                    'text = "Hello {nam}"',
                    9,
                    "text in [acknowledgement]: nothing is known for {nam}; there are {delivery}, {hours}, {name}, ",
                ),
                (
                    "",
                    'text = "Back {opens}"',
                    9,
                    "text in [acknowledgement]: {opens} is only known while you are closed; use it in closed",
                ),
                (
                    "",
                    'closed = "Back {opens}"',
                    9,
                    "closed in [acknowledgement]: without opening hours it is never sent; add [hours]",
                ),
                (
                    '[hours]\nmonday = "9-18"\n',
                    'closed = "{open}"',
                    11,
                    "{payment}, {refund}, {shop}, {time}, {topic}; did you mean '{opens}'?",
                ),
                ("", 'text = "Hi {name}"', 9, "{name} is not always known: put what is left out then in brackets"),
                ("", 'text = "Hi[ {order}]"', 9, 'to know how your order numbers begin: orders = "CS-"'),
                (
                    '[hours]\nmonday = "9-18"\n',
                    'closed = "[{time}]"',
                    11,
                    "{time} is how long an answer takes while you are open; in closed say {opens}",
                ),
                ("", 'orders = "12"', 9, "write how your order numbers begin, like CS-, not '12'"),
                ("", "[acknowledgement.languages.de]", 9, "it is never sent: your other languages are none"),
                ("", "[acknowledgement.languages.en]", 9, "en is the first of your languages: its words stand in [ack"),
            )
        ),
        (
            'default = "front"',
            'default = "front"\n[retention]\nraw_days = 14',
            11,
            "found 14; it is a whole number of days from 15 to 3650",
        ),
        ('default = "front"', 'default = "front"\n[retention]\nmessage_day = 5', 11, "did you mean message_days?"),
        ('default = "front"', 'sms = "front"', 8, "there must be a default"),
        ('default = "front"', 'default = "front"\nfax = "front"', 10, "'fax' is no channel"),
        ('default = "front"', 'default = "nobody"', 9, "'nobody' is no desk"),
        ("[providers.slack]", "[providers.slack]\n[providers.pigeon]", 13, "there is no provider 'pigeon'"),
        ("[providers.slack]", '[providers.slack]\ncolour = "red"', 13, "slack has no setting 'colour'"),
        ("[providers.slack]", "[providers.slack]\n[providers.slack.second]", 13, "capitals and digits"),
        ("[providers.slack]", "[providers.slack]\nreopen_days = 3", 13, "it belongs above the first [table]"),
        ('name = "Corner Shop"', 'name = "Corner Shop', 1, "the text is not closed"),
        ('owner = "front"', 'owner = "front"\nlanguages = ["en", "ger"]', 4, 'found "ger"; choose "en", "de"'),
        ('owner = "front"', 'owner = "front"\nlanguages = []', 4, "languages: "),
        *(
            ('owner = "front"', f'owner = "front"\nlanguages = ["en", "de"]\n{said}', line, words)
            for said, line, words in (
                (
                    'acknowledgement.languages.de.text = "Hallo"',
                    5,
                    "it is never sent: write text in [acknowledgement] too",
                ),
                ('acknowledgement = { text = "Hi", languages.de.text = "{nam}" }', 5, "nothing is known for {nam}"),
            )
        ),
        ('owner = "front"', 'owner = "front"\nhuman_agent = ["slack"]', 4, "lets people answer later than machines"),
        ('owner = "front"', 'owner = "front"\nhuman_agent = ["messenger"]', 4, "is no enabled provider that lets"),
        *(
            ("[providers.slack]", f"[providers.slack]\n[providers.whatsapp]\n[templates.{name}]\n{rest}", line, words)
            for name, rest, line, words in (
                ("Thanks", 'text = "x"', 14, "small letters, digits, _ and -, not 'Thanks'"),
                ("thanks", 'text = " "', 15, "a template needs a text"),
                ("thanks", "", 14, "it must be set: text = "),
                ("thanks", 'text = "x"\ntxt = "y"', 16, "did you mean text?"),
                ("thanks", 'text = "x"\napproved = { slack = "a/en" }', 16, "'slack' is no enabled provider"),
                ("thanks", 'text = "x"\napproved = { messenger = "a/en" }', 16, "'messenger' is no enabled provider"),
                ("thanks", 'text = "x"\napproved = { whatsapp = "a" }', 16, "like order_update/en, not 'a'"),
            )
        ),
    ],
)
def test_each_mistake_is_one_line_with_its_place_and_what_would_be_right(
    before: str, after: str, line: int, words: str
) -> None:
    assert before in GOOD
    broken = GOOD.replace(before, after)
    (problem,) = shop_file.problems(broken.encode())
    assert words in problem and problem.startswith(f"shop.toml line {line}, "), problem
    with pytest.raises(SettingsError, match=r"^shop\.toml: "):
        settings.load(broken)


ROTA = GOOD.replace("[routes]", '[on_call]\npeople = ["ann"]\n[routes]').replace(
    'slack = "C0FRONT"', 'slack = "C0FRONT"\nagents = { ann = "U0ANN" }\nhours = { monday = "9-18" }'
)


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('["ann"]', '["bob"]', "line 11, people in [on_call]: 'bob' is no agent of a desk; there are ann"),
        ('["ann"]', "[]", "line 11, people in [on_call]: name at least one agent of a desk"),
        ('["ann"]', '["ann"]\nminutes = 0', "line 12, minutes in [on_call]: found 0; it is a whole number of minutes"),
        ('people = ["ann"]', "", "line 10, people in [on_call]: it must be set: people = "),
        ('hours = { monday = "9-18" }', "", "line 10, [on_call]: without opening hours nobody is called; add [hours]"),
        (
            "[routes]",
            '[on_call.shifts.ben]\nmonday = "9-10"\n[routes]',
            "line 12, [on_call.shifts.ben]: 'ben' is not among people; there are ann",
        ),
        (
            "[routes]",
            '[on_call.shifts.ann]\nmonday = "9 to 5"\n[routes]',
            "line 13, monday in [on_call.shifts.ann]: '9 to 5' is no span of hours",
        ),
        ("[routes]", "[on_call.shifts.ann]\n[routes]", "line 12, [on_call.shifts.ann]: no day has hours"),
    ],
)
def test_who_is_on_call_is_there_and_has_shifts_that_can_be_read(before: str, after: str, problem: str) -> None:
    assert shop_file.problems(ROTA.encode()) == []
    (said,) = shop_file.problems(ROTA.replace(before, after).encode())
    assert said.startswith(f"shop.toml {problem}")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            'slack = "C0FRONT"',
            'slack = "C0FRONT"\nprovider = "ses"',
            "line 7, provider in [desks.front]: ses carries no Slack channel; these do: slack",
        ),
        (
            'slack = "C0FRONT"',
            'mailbox = "a@b.example"\nagents = { a = "a@b.example" }\nprovider = "twilio_sms"',
            f"line 8, provider in [desks.front]: twilio_sms carries no mailbox; these do: {', '.join(MAILBOXES)}",
        ),
        (
            "[providers.slack]",
            '[providers.slack]\nbot_token = "xoxb-1"',
            "line 13, bot_token in [providers.slack]: a secret never stands in this file; take it out and set"
            " SHOPBELL_SLACK_BOT_TOKEN instead",
        ),
        (
            "[providers.slack]",
            "[providers.slack]\napi_url = 5",
            "line 13, api_url in [providers.slack]: found 5; it is a text, in quotes",
        ),
    ],
)
def test_what_only_the_check_looks_at_is_told_the_same_way(before: str, after: str, problem: str) -> None:
    assert shop_file.problems(GOOD.replace(before, after).encode()) == [f"shop.toml {problem}"]


def test_a_secret_may_hold_two_values_and_a_missing_one_means_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "shop", lambda: settings.load(GOOD))
    settings.config.cache_clear()
    with pytest.raises(Unavailable):
        settings.config("slack", "", "inbound")
    monkeypatch.setenv("SHOPBELL_SLACK_SIGNING_SECRET", "old new")
    live = settings.config("slack", "", "inbound").signing_secret
    assert [value.get_secret_value() for value in live] == ["old", "new"]
    settings.config.cache_clear()


def test_a_second_account_has_variables_and_an_address_of_its_own() -> None:
    assert settings.variable("twilio_sms", "B2", "auth_token") == "SHOPBELL_TWILIO_SMS__B2_AUTH_TOKEN"
    assert settings.webhook_url("https://shop.example/", "slack", "B2") == "https://shop.example/webhooks/slack/b2"


@pytest.mark.parametrize("name", providers.NAMES)
def test_every_setting_says_where_it_is_found_and_who_needs_it(name: str) -> None:
    for field in providers.load(name).Config.model_fields.values():
        assert field.description
        assert field.json_schema_extra["inbound"] or field.json_schema_extra["outbound"]


# ---- what reply tokens grow from --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", providers.NAMES)
def test_who_carries_a_mailbox_marks_one_secret_of_the_worker_that_cannot_be_left_out(name: str) -> None:
    module = providers.load(name)
    extras = [field.json_schema_extra for field in module.Config.model_fields.values()]
    marked = [extra for extra in extras if extra.get("seeds")]
    assert len(marked) == (module.can.desk and module.channel is Channel.EMAIL)
    assert all(extra["outbound"] and not extra["optional"] for extra in marked)


def test_a_seed_is_the_first_live_value_of_the_marked_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = settings.load(GOOD.replace("[providers.slack]", "[providers.slack]\n[providers.postmark]"))
    monkeypatch.setattr(settings, "shop", lambda: rules)
    settings.config.cache_clear()
    for name, value in {"server_token": "new old", "sender": "a@b.example", "inbound_address": "in@b.example"}.items():
        monkeypatch.setenv(settings.variable("postmark", "", name), value)
    monkeypatch.setenv("SHOPBELL_SLACK_BOT_TOKEN", "xoxb-1")
    assert settings.seed("postmark", "") == "new"
    with pytest.raises(Unavailable, match="slack carries no mailbox"):
        settings.seed("slack", "")
    settings.config.cache_clear()
