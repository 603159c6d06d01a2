"""Pairs of keys, of Ed25519 or ECDSA, for providers that sign with a private key which only they have.

Here somebody has to have it: a local setting holds both halves, the public one first. To the functions the other is
one more live key, by which nothing is ever signed.
"""

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from infra.simulate import CannotSign

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve P-256
Key = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def pair(seed: bytes, hexadecimal: bool = False) -> str:
    """A public key of Ed25519 and its private one, made from 32 bytes: the value of a setting."""
    return " ".join(_written(half, hexadecimal) for half in (_public(Ed25519PrivateKey.from_private_bytes(seed)), seed))


def curve(seed: bytes) -> str:
    """The same of ECDSA on the curve P-256, in base64."""
    return " ".join(_written(half) for half in (_public(_on_curve(seed)), seed))


def sign(live: Sequence[SecretStr], content: bytes, hexadecimal: bool = False) -> str:
    """The signature that the first live key proves. Raises CannotSign where its private half is not among the others.

    It is written as the keys are, in base64 or in hex.
    """
    public, *others = [_read(key.get_secret_value(), hexadecimal) for key in live]
    for seed in others:
        for key in (Ed25519PrivateKey.from_private_bytes(seed), _on_curve(seed)) if len(seed) == 32 else ():
            if _public(key) == public:
                return _written(_signed(key, content), hexadecimal)
    raise CannotSign("this account's webhooks are signed by a private key that only the provider has")


def _on_curve(seed: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(seed, "big") % (ORDER - 1) + 1, ec.SECP256R1())


def _public(key: Key) -> bytes:
    """As providers show it: an Ed25519 key as it is, one on a curve with its kind (RFC 5480)."""
    known = key.public_key()
    if isinstance(known, ec.EllipticCurvePublicKey):
        return known.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return known.public_bytes_raw()


def _signed(key: Key, content: bytes) -> bytes:
    return key.sign(content) if isinstance(key, Ed25519PrivateKey) else key.sign(content, ec.ECDSA(SHA256()))


def _written(half: bytes, hexadecimal: bool = False) -> str:
    return half.hex() if hexadecimal else base64.b64encode(half).decode()


def _read(key: str, hexadecimal: bool) -> bytes:
    """Empty where this cannot be a key."""
    try:
        return bytes.fromhex(key) if hexadecimal else base64.b64decode(key, validate=True)
    except ValueError:
        return b""
