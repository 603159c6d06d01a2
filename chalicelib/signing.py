"""Checks of signatures: bytes in, yes or no out. Nothing raises on hostile input; every compare is constant-time."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from chalicelib.errors import Unreadable
from chalicelib.webhook import Request

TOLERANCE = 300  # seconds a signed time may differ from ours (Standard Webhooks, Slack)
SYMMETRIC, ASYMMETRIC = "whsec_", "whpk_"  # how keys of Standard Webhooks begin
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)


def same(ours: bytes | str, theirs: str) -> bool:
    """Compare in constant time. `theirs` may be anything at all."""
    ours = ours.encode() if isinstance(ours, str) else ours
    return hmac.compare_digest(ours, theirs.encode("utf-8", "surrogatepass"))


def shown(secrets: Iterable[SecretStr], theirs: str) -> bool:
    """Whether `theirs` is one of the live secrets (providers that show a secret instead of signing)."""
    return any([same(secret.get_secret_value(), theirs) for secret in secrets])


def held(secrets: Iterable[SecretStr], request: Request, field: str) -> bool:
    """Whether the JSON body holds one of the live secrets in a field of its own."""
    try:
        theirs = request.json_object().get(field)
    except Unreadable:
        return False
    return isinstance(theirs, str) and shown(secrets, theirs)


def basic(user: str, passwords: Iterable[SecretStr], request: Request) -> bool:
    """Whether the request shows this user and a live password. Compared as written: only one text decodes to it."""
    pairs = [f"{user}:{password.get_secret_value()}".encode() for password in passwords]
    return any([same("Basic " + base64_digest(pair), request.header("authorization")) for pair in pairs])


def hex_digest(mac: bytes) -> str:
    return mac.hex()


def base64_digest(mac: bytes) -> str:
    return base64.b64encode(mac).decode()


def mac(key: str, content: bytes, algorithm: str = "sha256") -> bytes:
    """HMAC, where it is ours to sign."""
    return hmac.digest(key.encode(), content, algorithm)


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
    ours = [prefix + encode(hmac.digest(key(secret.get_secret_value()), content, algorithm)) for secret in secrets]
    return any([same(mine, given) for mine in ours for given in theirs])


def md5_hashed(secrets: Iterable[SecretStr], content: bytes, theirs: str) -> bool:
    """Whether `theirs` is the MD5 of `content` and, behind it, one of the live `secrets`: the oldest way of Vonage.

    Weaker than any HMAC: who can make two contents of one MD5 has a signature for both. The secret at the end keeps it
    from being made longer.
    """
    ours = [hashlib.md5(content + one.get_secret_value().encode(), usedforsecurity=False) for one in secrets]
    return any([same(mine.hexdigest(), theirs) for mine in ours])


def ed25519(keys: Iterable[SecretStr], content: bytes, theirs: str, hexadecimal: bool = False) -> bool:
    """Whether `theirs` is the signature of `content` under one of the live public `keys`, all in base64 or in hex."""
    decode = unhexed if hexadecimal else decoded
    return any([_ed25519(decode(key.get_secret_value()), content, theirs, hexadecimal) for key in keys])


def ecdsa(keys: Iterable[SecretStr], content: bytes, theirs: str) -> bool:
    """Whether `theirs` is the signature of `content` under one of the live public `keys`, by SHA-256, all in base64."""
    return any([_ecdsa(decoded(key.get_secret_value()), content, theirs) for key in keys])


def fresh(seconds: str, at: datetime, tolerance: int = TOLERANCE) -> bool:
    """Whether `seconds` is a plain Unix time no more than `tolerance` seconds from `at`, either way."""
    return bool(_SECONDS.fullmatch(seconds)) and abs(at.timestamp() - int(seconds)) <= tolerance


def decoded(text: str) -> bytes:
    """Strict base64; empty where it is not."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return b""


def unhexed(text: str) -> bytes:
    """What stands there in hexadecimal; empty where it does not."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def claims(secrets: Iterable[SecretStr], token: str, algorithms: Iterable[str] = ("sha256",)) -> dict[str, Any]:
    """What a JSON web token says that is signed by an HMAC under one of the live `secrets`; empty for any other.

    Its own word on how it is signed counts for nothing, and its signature is compared as it is written: base64 has
    several ways to write one value. https://www.rfc-editor.org/rfc/rfc7519
    """
    content, _, theirs = token.rpartition(".")
    written = content.encode("utf-8", "surrogatepass")
    live = list(secrets)
    if not any([signed(live, written, [theirs], algorithm=one, encode=_base64url) for one in algorithms]):
        return {}
    try:
        said = json.loads(base64.urlsafe_b64decode(content.partition(".")[2] + "=="))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _base64url(mac: bytes) -> str:
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


# ---- Standard Webhooks: https://www.standardwebhooks.com --------------------------------------------------------


def standard(secrets: Iterable[SecretStr], request: Request) -> bool:
    """Whether one of the signatures holds for id, time and body; at most five minutes old.

    The headers are called webhook-* or, by Svix's older name, svix-*.
    """
    names = "webhook" if request.header("webhook-signature") else "svix"
    webhook_id, seconds, signatures = [request.header(f"{names}-{part}") for part in ("id", "timestamp", "signature")]
    # a dot in the id would let text of the body pass for the time (the standard's own warning)
    if not webhook_id or "." in webhook_id or not fresh(seconds, request.at):
        return False
    content, live = _content(webhook_id, seconds, request.body), list(secrets)
    # split() skips double spaces; entries of other versions, or none, match nothing
    return _symmetric(live, content, signatures.split()) or _asymmetric(live, content, signatures.split())


def standard_signatures(secrets: Iterable[SecretStr], webhook_id: str, seconds: str, body: bytes) -> str:
    """The signature header: one under each live shared secret. Empty where there is none."""
    content = _content(webhook_id, seconds, body)
    keys = [key for secret in secrets if (key := _key(secret.get_secret_value()))]
    return " ".join(f"v1,{base64_digest(hmac.new(key, content, hashlib.sha256).digest())}" for key in keys)


def _content(webhook_id: str, seconds: str, body: bytes) -> bytes:
    return f"{webhook_id}.{seconds}.".encode("utf-8", "surrogatepass") + body


def _symmetric(live: list[SecretStr], content: bytes, signatures: list[str]) -> bool:
    secrets = [given for given in live if _key(given.get_secret_value())]
    return signed(secrets, content, signatures, encode=base64_digest, prefix="v1,", key=_key)


def _asymmetric(live: list[SecretStr], content: bytes, signatures: list[str]) -> bool:
    given = [secret.get_secret_value() for secret in live]
    keys = [decoded(key.removeprefix(ASYMMETRIC)) for key in given if key.startswith(ASYMMETRIC)]
    theirs = [signature.removeprefix("v1a,") for signature in signatures if signature.startswith("v1a,")]
    return any(_ed25519(key, content, signature) for key in keys for signature in theirs)


def _ed25519(key: bytes, content: bytes, signature: str, hexadecimal: bool = False) -> bool:
    """Whether `signature` is the key's. Loaded late: most systems sign with a shared secret."""
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key).verify(content, _strict(signature, hexadecimal))
    except CryptoError:  # also of a key or a signature that is too short
        return False
    return True


def _ecdsa(key: bytes, content: bytes, signature: str) -> bool:
    """Whether `signature` (strict base64, DER) is the key's. Loaded late, as above."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(key)
        if not isinstance(public, EllipticCurvePublicKey):
            return False
        public.verify(_strict(signature), content, ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):  # the latter two of what is no such key
        return False
    return True


def _strict(signature: str, hexadecimal: bool = False) -> bytes:
    """A signature from base64 or hex; empty for all but one spelling of it.

    Base64's last letter has bits to spare, and hex may be written in large letters too.
    """
    raw = unhexed(signature) if hexadecimal else decoded(signature)
    return raw if same(hex_digest(raw) if hexadecimal else base64_digest(raw), signature) else b""


def _key(shared: str) -> bytes:
    """The key in a whsec_ secret, with or without base64's padding; empty for what is none, which signs nothing."""
    text = shared.removeprefix(SYMMETRIC)
    return decoded(text + "=" * (-len(text) % 4))
