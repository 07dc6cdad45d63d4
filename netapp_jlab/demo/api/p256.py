"""Keys and signatures on the curve P-256, in plain Python.

Only for the certificate of the embedded cluster: `kubectl` sends tokens over HTTPS alone, and
nothing that this package depends on can make a certificate. It signs two certificates with
fresh keys and is never used on what others send, so timing does not matter.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

# FIPS 186-4, D.1.2.3
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

_Point = tuple[int, int]


class Key(NamedTuple):
    """A key pair.

    Attributes
    ----------
    secret : int
        The private number.
    x, y : int
        The public point.
    """

    secret: int
    x: int
    y: int

    def public(self) -> bytes:
        """Return the public point, uncompressed."""
        return b"\x04" + self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")

    def sign(self, message: bytes) -> tuple[int, int]:
        """Return the ECDSA signature (r, s) of a message, with SHA-256."""
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        while True:
            nonce = secrets.randbelow(_N - 1) + 1
            r = _multiply(nonce, _G)[0] % _N
            s = pow(nonce, -1, _N) * (digest + r * self.secret) % _N
            if r and s:
                return r, s


def generate() -> Key:
    """Return a fresh key pair."""
    secret = secrets.randbelow(_N - 1) + 1
    return Key(secret, *_multiply(secret, _G))


def _add(left: _Point | None, right: _Point | None) -> _Point | None:
    """Add two points; None is the point at infinity."""
    if left is None or right is None:
        return left or right
    if left[0] == right[0]:
        if (left[1] + right[1]) % _P == 0:
            return None
        slope = (3 * left[0] * left[0] - 3) * pow(2 * left[1], -1, _P)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, _P)
    x = (slope * slope - left[0] - right[0]) % _P
    return x, (slope * (left[0] - x) - left[1]) % _P


def _multiply(factor: int, point: _Point) -> _Point:
    result: _Point | None = None
    step: _Point | None = point
    while factor:
        if factor & 1:
            result = _add(result, step)
        step = _add(step, step)
        factor >>= 1
    if result is None:  # only for a multiple of the group's order, which no caller has
        raise ValueError("point at infinity")
    return result
