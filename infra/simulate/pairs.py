"""Pairs of Ed25519 keys, for providers that sign with a private key which only they have.

Here somebody has to have it: a local setting holds both halves, the public one first. To the functions the other is
one more live key, by which nothing is ever signed.
"""

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from infra.simulate import CannotSign


def pair(seed: bytes, hexadecimal: bool = False) -> str:
    """A public key and its private one, made from 32 bytes: the value of a setting."""
    return " ".join(_written(half, hexadecimal) for half in (_public(seed), seed))


def sign(live: Sequence[SecretStr], content: bytes, hexadecimal: bool = False) -> str:
    """The signature that the first live key proves. Raises CannotSign where its private half is not among the others.

    It is written as the keys are, in base64 or in hex.
    """
    public, *others = [_read(key.get_secret_value(), hexadecimal) for key in live]
    for seed in others:
        if len(seed) == 32 and _public(seed) == public:
            return _written(Ed25519PrivateKey.from_private_bytes(seed).sign(content), hexadecimal)
    raise CannotSign("this account's webhooks are signed by a private key that only the provider has")


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _written(half: bytes, hexadecimal: bool) -> str:
    return half.hex() if hexadecimal else base64.b64encode(half).decode()


def _read(key: str, hexadecimal: bool) -> bytes:
    """Empty where this cannot be a key."""
    try:
        return bytes.fromhex(key) if hexadecimal else base64.b64decode(key, validate=True)
    except ValueError:
        return b""
