"""Checks of signatures: bytes in, yes or no out. Nothing raises on hostile input; every compare is constant-time."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from datetime import datetime

from pydantic import SecretStr

TOLERANCE = 300  # seconds a signed time may differ from ours (Standard Webhooks, Slack)
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)


def same(ours: bytes | str, theirs: str) -> bool:
    """Compare in constant time. `theirs` may be anything at all."""
    ours = ours.encode() if isinstance(ours, str) else ours
    return hmac.compare_digest(ours, theirs.encode("utf-8", "surrogatepass"))


def shown(secrets: Iterable[SecretStr], theirs: str) -> bool:
    """Whether `theirs` is one of the live secrets (providers that show a secret instead of signing)."""
    return any([same(secret.get_secret_value(), theirs) for secret in secrets])


def hex_digest(mac: bytes) -> str:
    return mac.hex()


def base64_digest(mac: bytes) -> str:
    return base64.b64encode(mac).decode()


def signed(
    secrets: Iterable[SecretStr],
    content: bytes,
    theirs: Iterable[str],
    *,
    algorithm: str = "sha256",
    encode: Callable[[bytes], str] = hex_digest,
    prefix: str = "",
    key: Callable[[str], bytes] = str.encode,
) -> bool:
    """Whether one of `theirs` is the HMAC of `content` under one of the live `secrets`."""
    ours = [
        prefix + encode(hmac.new(key(secret.get_secret_value()), content, algorithm).digest()) for secret in secrets
    ]
    return any([same(mine, given) for mine in ours for given in theirs])


def fresh(seconds: str, at: datetime, tolerance: int = TOLERANCE) -> bool:
    """Whether `seconds` is a plain Unix time no more than `tolerance` seconds from `at`, either way."""
    return bool(_SECONDS.fullmatch(seconds)) and abs(at.timestamp() - int(seconds)) <= tolerance


def decoded(text: str) -> bytes:
    """Strict base64; empty where it is not."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return b""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
