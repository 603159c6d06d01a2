"""Every way a call can fail, one at a time: what happens to call number k, and whether it took effect."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from zlib import crc32

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import MockRawResponse

from chalicelib.api import Answer
from chalicelib.errors import Outcome, SendFailed
from tests.lab import Killed

Apply = Callable[[], Any]
SDK_TRIES = 3  # attempts botocore makes before it gives up


class Fault(NamedTuple):
    """One way to fail: `strike` gets the call's own doing and its request."""

    name: str
    strike: Callable[[Apply, Any], Any]
    doubt: bool = False  # nobody but the provider can know whether it took effect
    times: int = 1  # attempts of the same call that are struck


class Plan(NamedTuple):
    """Strike call number `at`, which is called `name`, with a fault; and its repeats, if the fault lasts."""

    at: int
    name: str
    fault: Fault

    def intercept(self, number: int, name: str, apply: Apply, request: Any) -> Any:
        if self.at <= number < self.at + self.fault.times and name == self.name:
            return self.fault.strike(apply, request)
        return apply()


def kill_before(apply: Apply, request: Any) -> Any:
    raise Killed


def kill_after(apply: Apply, request: Any) -> Any:
    apply()
    raise Killed


# ---- AWS --------------------------------------------------------------------------------------------------------


def aws_answer(url: str, status: int, body: str, **headers: str) -> AWSResponse:
    raw: Any = MockRawResponse(body)
    named: Any = {"content-type": "application/x-amz-json-1.0", **headers}
    return AWSResponse(url, status, named, raw)


def aws_error(status: int, code: str, **more: Any) -> Callable[[Apply, Any], Any]:
    """An error answer of AWS in place of the call's doing."""

    def strike(apply: Apply, request: Any) -> Any:
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": code, **more})
        return aws_answer(request.url, status, body, **{"x-amzn-errortype": code})

    return strike


def lost_reply(apply: Apply, request: Any) -> Any:
    apply()
    raise ConnectionClosedError(endpoint_url=request.url)


def applied_500(apply: Apply, request: Any) -> Any:
    apply()
    return aws_error(500, "InternalServerError")(apply, request)


AWS = [
    Fault("kill-before", kill_before, doubt=True),
    Fault("kill-after", kill_after, doubt=True),
    Fault("lost-reply", lost_reply, doubt=True),
    Fault("lost-reply-always", lost_reply, doubt=True, times=SDK_TRIES),
    Fault("throttle", aws_error(400, "ThrottlingException")),
    Fault("throttle-always", aws_error(400, "ThrottlingException"), doubt=True, times=SDK_TRIES),
    Fault("http-500", aws_error(500, "InternalServerError")),
    Fault("http-500-always", aws_error(500, "InternalServerError"), doubt=True, times=SDK_TRIES),
    Fault("http-500-applied", applied_500, doubt=True, times=SDK_TRIES),
]


def cancelled(*codes: str) -> Callable[[Apply, Any], Any]:
    """A cancelled transaction: the given codes come first, the other reasons are None."""

    def strike(apply: Apply, request: Any) -> Any:
        count = len(json.loads(request.body)["TransactItems"])
        reasons = [{"Code": code} for code in (*codes, *["None"] * count)][:count]
        return aws_error(400, "TransactionCanceledException", CancellationReasons=reasons)(apply, request)

    return strike


def claim_exists(apply: Apply, request: Any) -> Any:
    """Written, but its answer was lost and the SDK tried again: our own claim is in the way."""
    apply()
    return apply()


TRANSACTIONS = [  # every transaction
    Fault("conflict", cancelled("None", "TransactionConflict")),
    Fault("conflict-on-all", cancelled("TransactionConflict", "TransactionConflict"), times=4),
    Fault("conflicts-without-end", cancelled("TransactionConflict"), doubt=True, times=12),
    Fault("unknown-reason", cancelled("None", "ProvisionedThroughputExceeded"), doubt=True),
]


RECORDS = [  # only what writes a claim and a head
    Fault("head-moved", cancelled("None", "ConditionalCheckFailed")),
    Fault("claim-exists", claim_exists, doubt=True),
]


def entry_failed(place: int) -> Callable[[Apply, Any], Any]:
    """The queue takes every entry of a batch but one."""

    def strike(apply: Apply, request: Any) -> Any:
        sent = json.loads(request.body)
        failed = sent["Entries"].pop(place)["Id"]
        taken = [{"Id": entry["Id"], "MessageId": "x", "MD5OfMessageBody": ""} for entry in sent["Entries"]]
        if sent["Entries"]:
            request.body = json.dumps(sent).encode()
            request.headers["Content-Length"] = str(len(request.body))
            apply()
        lost = [{"Id": failed, "SenderFault": False, "Code": "InternalError"}]
        body = json.dumps({"Successful": taken, "Failed": lost})
        return aws_answer(request.url, 200, body)

    return strike


# ---- providers --------------------------------------------------------------------------------------------------


def refused_connection(apply: Apply, request: Any) -> Any:
    raise SendFailed("could not be reached", Outcome.NOT_SENT)


def no_answer(apply: Apply, request: Any) -> Any:
    apply()
    raise SendFailed("no answer came", Outcome.UNKNOWN)


def no_answer_not_applied(apply: Apply, request: Any) -> Any:
    raise SendFailed("no answer came", Outcome.UNKNOWN)


def answer(status: int, body: Any = "", applied: bool = False, **headers: str) -> Callable[[Apply, Any], Any]:
    def strike(apply: Apply, request: Any) -> Any:
        if applied:
            apply()
        content = body if isinstance(body, str) else json.dumps(body)
        return Answer(status, {name.replace("_", "-"): text for name, text in headers.items()}, content.encode())

    return strike


PROVIDERS = [
    Fault("kill-before", kill_before, doubt=True),
    Fault("kill-after", kill_after, doubt=True),
    Fault("lost-reply", no_answer, doubt=True),
    Fault("time-out-not-applied", no_answer_not_applied, doubt=True),
    Fault("refused-connection", refused_connection),
    Fault("429-after-30", answer(429, retry_after="30")),
    Fault("429", answer(429)),
    Fault("429-garbage", answer(429, retry_after="soon")),
    Fault("500", answer(500), doubt=True),
    Fault("500-applied", answer(500, applied=True), doubt=True),
    Fault("refused", answer(400, {"code": 21211, "message": "no such number", "ok": False, "error": "is_archived"})),
    Fault("200-with-error", answer(200, {"code": 21211, "ok": False, "error": "is_archived"})),
]


READS = ("GetItem", "BatchGetItem", "Query", "GetObject")


def in_turn(flow: str, number: int, name: str, begins: bool) -> list[Fault]:
    """The crashes at a call, and one of all else that can strike it, at records and each third; `make soak` takes all.

    A crash before a call is the same as one after the call before it, unless the invocation `begins` with it; and so is
    one after a call that only read.
    """
    every = list(faults(name))
    at = [kill_before] * begins + [kill_after] * changes(name)
    others = [fault for fault in every if fault.strike not in (kill_before, kill_after)]
    crashes = [fault for fault in every if fault.strike in at]
    turn = crc32(f"{number} of {flow}".encode())
    return [*crashes, *([others[turn // 3 % len(others)]] if turn % 3 == 0 or name.endswith("record") else [])]


def changes(name: str) -> bool:
    """Whether a call of this name may leave something behind."""
    return name.partition(".")[2] not in READS


def faults(name: str) -> Iterator[Fault]:
    """Every fault that can strike a call of this name."""
    service, _, operation = name.partition(".")
    if service not in ("dynamodb", "sqs", "s3", "cloudwatch-logs"):
        yield from PROVIDERS
        return
    yield from AWS
    operation, _, detail = operation.partition(" ")
    if operation == "TransactWriteItems":
        yield from TRANSACTIONS
    if detail == "record":
        yield from RECORDS
    if operation == "SendMessageBatch":
        for place in range(int(detail or 1)):
            yield Fault(f"entry-{place}-failed", entry_failed(place), doubt=True)
