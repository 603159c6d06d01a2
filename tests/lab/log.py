"""The functions' logs in a laboratory: each line goes into its function's log group, at the laboratory's time."""

import logging

from moto.logs.models import logs_backends

from chalicelib import aws, journal
from tests.lab import ACCOUNT, REGION, STACK, Lab

STREAM = "1"


class Log(logging.Handler):
    """What Lambda does with a line, the words before it too."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(logging.INFO)
        self.lab = lab

    def emit(self, record: logging.LogRecord) -> None:
        if self.lab.seam.dead:
            return
        line = f"[INFO]\t{self.lab.now:%Y-%m-%dT%H:%M:%S.%fZ}\trequest\t{record.getMessage()}\n"
        stream = logs_backends[ACCOUNT][REGION].groups[group(self.lab.function)].streams[STREAM]
        stream.put_log_events([{"timestamp": int(self.lab.now.timestamp() * 1000), "message": line}])


def keep(lab: Lab) -> None:
    """From here on what the functions log can be read, until the laboratory closes."""
    with lab.aside():
        for name in journal.ACCEPTING:
            aws.client("logs").create_log_group(logGroupName=group(name))
            aws.client("logs").create_log_stream(logGroupName=group(name), logStreamName=STREAM)
    kept, ours = Log(lab), logging.getLogger("shopbell")
    lab.closing.callback(ours.setLevel, ours.level)
    lab.closing.callback(ours.removeHandler, kept)
    ours.setLevel(logging.INFO)
    ours.addHandler(kept)


def group(function: str) -> str:
    return f"/aws/lambda/{STACK}-{function}"
