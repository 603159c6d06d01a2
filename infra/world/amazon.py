"""What the stand-ins of AWS services share: how AWS says no, whose signature a call bears, and SNS for webhooks.

That a call is signed is seen, but not by whom: whose keys a function has is AWS's own affair.
"""

import re
from collections.abc import Mapping

from infra.simulate import sns
from infra.world import Reply, Sent, World

PROOF = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, "
    r"SignedHeaders=content-type;host;x-amz-date(?:;x-amz-security-token)?(?:;x-amz-target)?, Signature=[0-9a-f]{64}"
)


class Refused(Exception):
    """AWS says no: its code, its words, the HTTP status, and a reason where the code has several."""

    def __init__(self, code: str, message: str, status: int = 400, reason: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.reason = code, message, status, reason


def region(sent: Sent, service: str) -> str:
    """The region that a call is signed for. Raises Refused."""
    proof = PROOF.fullmatch(sent.headers.get("authorization", ""))
    if proof is None or proof[2] != service or not sent.headers.get("x-amz-date"):
        raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token", 403)
    return proof[1]


def of_sns(sent: Sent, world: World) -> Reply:
    """What webhooks need of SNS: the certificate of their signatures, and the confirmation of a subscription.

    https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html. Raises Refused.
    """
    if sent.path == f"/{sns.CERTIFICATE}":
        return Reply(body=sns.certificate(), headers={"content-type": "application/x-pem-file"})
    if sent.path == "/" and sent.query.get("Action") == "ConfirmSubscription":
        return _confirmed(sent.part, sent.query, world)
    raise Refused("AccessDenied", "Access Denied", 403)


def _confirmed(part: str, query: Mapping[str, str], world: World) -> Reply:
    """A subscription, if the token is the one that was sent: it begins so."""
    if not query.get("Token", "").startswith("token-"):
        raise Refused("InvalidParameter", "Invalid parameter: Token")
    world.state.setdefault(part, {}).setdefault("confirmed", []).append(query.get("TopicArn", ""))
    return Reply(body=b"<ConfirmSubscriptionResponse/>", headers={"content-type": "text/xml"})
