"""Amounts such as ``10Gi`` or ``500m``, read and written as Kubernetes does.

After ``k8s.io/apimachinery/pkg/api/resource``: a server stores the canonical form, so ``1024Mi``
comes back as ``1Gi``.
"""

from __future__ import annotations

import re
from fractions import Fraction

_BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
_DECIMAL = {
    -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E",
}  # fmt: skip
_POWERS = {suffix: power for power, suffix in _DECIMAL.items()}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(.*)", re.ASCII | re.DOTALL)
_EXPONENT = re.compile(r"[eE][+-]?\d+", re.ASCII)
_MAX = 2**63 - 1

#: What a real server says of a text that is no quantity.
FORMAT_ERROR = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


class QuantityError(ValueError):
    """A text that is no quantity."""

    def __init__(self) -> None:
        super().__init__(FORMAT_ERROR)


def _read(text: object) -> tuple[Fraction, str]:
    """Return the value, and the family of the suffix: ``binary``, ``decimal`` or ``exponent``."""
    match = _NUMBER.fullmatch(str(text).strip())
    if match is None or isinstance(text, bool):
        raise QuantityError
    number, suffix = Fraction(match[1].rstrip(".")), match[2]
    if suffix in _POWERS:
        return _capped(number * Fraction(10) ** _POWERS[suffix]), "decimal"
    if suffix in _BINARY:
        return _capped(number * 1024 ** _BINARY.index(suffix)), "binary"
    if _EXPONENT.fullmatch(suffix):
        return _capped(number * Fraction(10) ** int(suffix[1:])), "exponent"
    raise QuantityError


def _capped(value: Fraction) -> Fraction:
    """Round up to whole nanos and cap, as a real server does."""
    nanos = -((-value * 10**9) // 1) if value > 0 else (value * 10**9) // 1
    return max(min(Fraction(nanos, 10**9), Fraction(_MAX)), Fraction(-_MAX))


def value(text: object) -> Fraction:
    """Return the exact value of a quantity.

    Raises
    ------
    QuantityError
        When `text` (a string or a number) is no quantity.
    """
    return _read(text)[0]


def whole(text: object) -> int:
    """Return the value rounded up to a whole number (bytes, for storage)."""
    return -(-value(text) // 1)


def canonical(text: object) -> str:
    """Return a quantity in its canonical form: the largest suffix without a fraction.

    Raises
    ------
    QuantityError
        When `text` is no quantity.
    """
    amount, family = _read(text)
    if amount == 0:
        return "0"
    if family == "binary" and abs(amount) >= 1024:
        return _binary(-(-amount // 1))
    return _decimal(amount, exponent=family == "exponent")


def _binary(amount: int) -> str:
    steps = 0
    while amount % 1024 == 0 and steps < len(_BINARY) - 1:
        amount //= 1024
        steps += 1
    return f"{amount}{_BINARY[steps]}"


def _decimal(amount: Fraction, *, exponent: bool) -> str:
    power = -9
    nanos = amount * 10**9
    number = nanos.numerator
    while number % 1000 == 0 and power < 18:
        number //= 1000
        power += 3
    if exponent:
        return f"{number}e{power}" if power else str(number)
    return f"{number}{_DECIMAL[power]}"
