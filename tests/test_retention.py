"""How long each kind of data is kept: what is written says when it fades, and the template is told the rest."""

from datetime import timedelta

from chalicelib import settings
from chalicelib.models.shop import Retention
from infra import replay, retention
from tests.lab import SHOP, START, Lab, laboratory
from tests.lab.flows import PARTS, agent_resolves, opened, part

SHORT = SHOP + "[retention]\nmessage_days = 30\nraw_days = 20\n"


def fading(lab: Lab) -> dict[str, int]:
    """In how many days rows fade, by kind; what does not is not there."""
    rows = [row for row in lab.rows() if "fades_at" in row]
    return {kind(row): round((int(row["fades_at"]) - START.timestamp()) / 86400) for row in rows}


def kind(row: dict[str, str]) -> str:
    return row["pk"].partition("#")[0] + ("" if row["sk"] == "-" else " MESSAGE")


def test_what_was_written_fades_by_itself_and_an_open_conversation_does_not() -> None:
    with laboratory(SHORT) as lab:
        opened(lab)
        assert fading(lab) == {"CONVERSATION MESSAGE": 30}
        agent_resolves(lab)
        assert fading(lab) == {"CONVERSATION MESSAGE": 30, "CONVERSATION": 30}


def test_what_is_replayed_fades_as_if_it_had_not_been() -> None:
    with laboratory(SHORT) as lab:
        opened(lab)
        lab.now += timedelta(days=10)
        with lab.aside():
            lab.put(*replay.recorded(replay.Window(START, START + timedelta(hours=1))))
        lab.settle()
        rows = [row for row in lab.rows() if kind(row) == "CONVERSATION MESSAGE"]
        assert len(rows) == 2 and len({row["fades_at"] for row in rows}) == 1


def test_nothing_fades_where_the_shop_does_not_say_so() -> None:
    with laboratory() as lab:
        opened(lab)
        agent_resolves(lab)
        assert not fading(lab)


def test_parts_of_a_long_text_fade_in_any_shop() -> None:
    with laboratory() as lab:
        for number in range(1, len(PARTS) + 1):
            part(lab, number)
        lab.settle(until=timedelta(minutes=5))
        assert fading(lab) == {"FRAGMENT": 30}


def test_the_template_is_told_what_lies_in_the_bucket() -> None:
    told = retention.parameters(settings.load(SHORT))
    assert told == {"RawDays": "20", "FileDays": "180", "TextDays": "32"}


def test_it_is_said_in_one_line() -> None:
    said = retention.said(settings.load(SHORT))
    assert said == "messages 30 days, files 180 days, webhooks as they came 20 days, orders 90 days"
    assert "messages for ever" in retention.said(settings.load(SHOP))
    assert Retention().raw_days == 60
