"""A stage for trying things out takes in and shows everything, and reaches no customer who is not listed."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from chalicelib import providers, settings
from infra.world import Entry
from tests.lab import SHOP, Lab, laboratory
from tests.lab.everything import everything
from tests.lab.flows import agent_replies, first_message

CUSTOMERS = [name for name in providers.NAMES if providers.load(name).can.customers]
ACKNOWLEDGED = [name for name in CUSTOMERS if not providers.load(name).can.once]  # where nothing goes unasked
CUSTOMER = "+4915123456789"
LISTED = SHOP.replace('owner = "owner"', f'owner = "owner"\ntest_addresses = ["{CUSTOMER}"]', 1)
SOURCES = Path(__file__).parents[1] / "chalicelib"


@pytest.fixture(autouse=True)
def stage() -> Iterator[None]:
    with mock.patch.dict(os.environ, STAGE="test"):
        yield


def shown(lab: Lab) -> list[Entry]:
    return [post for post in lab.posts() if "Where is my order?" in post.text]


@pytest.mark.parametrize("provider", CUSTOMERS)
def test_a_customer_is_shown_at_the_desk_and_gets_nothing(provider: str) -> None:
    with everything() as lab:
        lab.ring(provider, lab.say("Where is my order?", provider=provider))
        lab.settle()
        assert shown(lab)
        assert not lab.texts()


@pytest.mark.parametrize("provider", ACKNOWLEDGED)
def test_in_the_real_shop_the_same_customer_gets_an_acknowledgement(provider: str) -> None:
    with mock.patch.dict(os.environ, STAGE="prod"), everything() as lab:
        lab.ring(provider, lab.say("Where is my order?", provider=provider))
        lab.settle()
        assert shown(lab)
        assert len(lab.texts()) == 1


def test_an_agents_answer_does_not_leave_and_the_thread_says_why() -> None:
    with laboratory() as lab:
        first_message(lab)
        agent_replies(lab)
        assert not lab.texts()
        assert any("test_addresses" in post.text for post in lab.posts())


def test_who_is_listed_is_acknowledged_and_answered() -> None:
    with laboratory(LISTED) as lab:
        first_message(lab)
        agent_replies(lab)
        assert {text.to for text in lab.texts()} == {CUSTOMER}
        assert len(lab.texts()) == 2
        lab.ring("twilio_sms", lab.say("And mine?", 20, sender="+4915199999999"))
        lab.settle()
        assert {text.to for text in lab.texts()} == {CUSTOMER}


@pytest.mark.parametrize("stage", ["test", "staging", "", "PROD", " prod"])
def test_only_the_stage_of_that_very_name_is_the_real_shop(stage: str) -> None:
    with laboratory(), mock.patch.dict(os.environ, STAGE=stage):
        assert not settings.reaches(CUSTOMER)
        assert settings.reaches("C0FRONT")


def test_words_leave_by_one_door_only_beside_marks_and_what_is_taken_back_at_desks() -> None:
    """Whoever adds a second way out must ask `settings.reaches` there too, and say so here."""
    doors = set()
    for file in SOURCES.rglob("*.py"):
        if file.is_relative_to(SOURCES / "providers") or file.name == "smtp.py":  # a mail server's connection sends
            continue
        for function in [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]:
            calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
            if any(isinstance(call, ast.Attribute) and call.attr == "send" for call in calls):
                doors.add((file.name, function.name))
    assert doors == {("deliver.py", "_send"), ("signs.py", "signal"), ("forgotten.py", "take_back")}
