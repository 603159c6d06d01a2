#!/usr/bin/env python3
"""Post a mail to Shopbell, as a command that Postfix pipes each mail into.

It needs Python 3.9 and nothing else of Shopbell. Its one argument is a file of two lines: the address of the webhook,
and the secret that it signs with (whsec_…). How Postfix is told of it stands in chalicelib/providers/mime.py.

It exits as mail servers expect (https://man.openbsd.org/sysexits): 0 for what Shopbell has; 69 for a mail that it will
never take, which goes back to its sender; 75 for all else, after which Postfix tries again for days.
"""

import base64
import hashlib
import hmac
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

TAKEN, UNAVAILABLE, TRY_AGAIN = 0, 69, 75
PATIENCE = 30  # seconds
LARGEST = 4_300_000  # bytes: API Gateway and Lambda take 6 MB, and a mail grows by a third on its way there


def signed(secret: str, body: bytes, seconds: int) -> dict[str, str]:
    """The headers of Standard Webhooks: https://www.standardwebhooks.com"""
    mail_id = "mail_" + hashlib.sha256(body).hexdigest()[:32]
    content = f"{mail_id}.{seconds}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    return {
        "webhook-id": mail_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def post(url: str, secret: str, body: bytes) -> int:
    """What Shopbell answers: an HTTP status."""
    headers = {"content-type": "message/rfc822", **signed(secret, body, int(time.time()))}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def main(place: str) -> int:
    try:
        url, secret = Path(place).read_text().split()
        mail = sys.stdin.buffer.read()
        status = post(url, secret, mail) if len(mail) <= LARGEST else 413
    except Exception as error:  # whatever it is, the mail stays with Postfix
        print(f"4.3.0 Shopbell cannot be asked: {type(error).__name__}")
        return TRY_AGAIN
    if status == 413:
        print("5.3.4 This mail is too large: Shopbell takes up to 4 MB")  # Postfix takes the code from the first word
        return UNAVAILABLE
    if not 200 <= status < 300:
        print(f"4.3.0 Shopbell answered {status}")
        return TRY_AGAIN
    return TAKEN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
