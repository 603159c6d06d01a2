"""Pairs of Ed25519 keys, for providers that sign with a private key which only they have.

Here somebody has to have it: a local setting holds both halves, the public one first. To the functions the other is
one more live key, by which nothing is ever signed.
"""

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from infra.simulate import CannotSign


def pair(seed: bytes) -> str:
    """A public key and its private one, made from 32 bytes: the value of a setting."""
    return f"{_public(seed)} {base64.b64encode(seed).decode()}"


def sign(live: Sequence[SecretStr], content: bytes) -> str:
    """The signature that the first live key proves. Raises CannotSign where its private half is not among the others.

    It is in base64.
    """
    public, *others = [key.get_secret_value() for key in live]
    for seed in map(_seed, others):
        if seed and _public(seed) == public:
            return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(content)).decode()
    raise CannotSign("this account's webhooks are signed by a private key that only the provider has")


def _public(seed: bytes) -> str:
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()).decode()


def _seed(key: str) -> bytes:
    """What a private key is made from; empty where this cannot be one."""
    try:
        seed = base64.b64decode(key, validate=True)
    except ValueError:
        return b""
    return seed if len(seed) == 32 else b""
