"""A desk that is down for three days: everything waits, arrives in order, and was tried only so often."""

from datetime import timedelta
from unittest import mock

import pytest

from chalicelib import process
from tests.lab.outage import bound, outage

DOWN = timedelta(hours=72)


def test_after_three_days_all_arrive_in_order_and_none_was_tried_without_end() -> None:
    found = outage(100, 3, DOWN, 1)
    assert found.wrongs == []
    assert found.delivered == 100
    assert bound(timedelta(0)) < found.tries <= found.bound
    assert found.after < timedelta(minutes=16)


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("backoff", lambda receive: 150.0, "tries: "),
        ("OUTAGE_ENDS", 3600.0, "parked: "),
    ],
)
def test_a_worker_that_gives_up_or_never_slows_down_is_caught(name: str, value: object, wrong: str) -> None:
    with mock.patch.object(process, name, value):
        found = outage(6, 1, timedelta(hours=12), 1)
    assert any(wrong in one for one in found.wrongs)
