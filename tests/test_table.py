"""What a broken connection to the table means: an outage, never a fault of the message."""

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from tests.lab import laboratory
from tests.lab.faults import Apply

WHERE = "https://dynamodb.example"
BROKEN = [
    ConnectionClosedError(endpoint_url=WHERE),
    EndpointConnectionError(endpoint_url=WHERE, error="refused"),
    ReadTimeoutError(endpoint_url=WHERE),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: type(broken).__name__)
def test_a_message_whose_recording_meets_a_broken_connection_waits_for_days(
    broken: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def intercept(number: int, name: str, apply: Apply, request: object) -> object:
        if name.startswith("dynamodb.TransactWriteItems"):
            raise broken
        return apply()

    caplog.set_level("INFO", "shopbell")
    with laboratory() as lab:
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.seam.intercept = intercept
        for _ in range(10):
            lab.work()
            lab.wait()
        assert not lab.dead_letters()
        assert '"later"' in caplog.text and '"poison"' not in caplog.text
        lab.seam.intercept = lambda number, name, apply, request: apply()
        lab.settle()
        assert len(lab.posts()) == 1
