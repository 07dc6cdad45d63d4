"""Kubernetes quantities: the exact grammar for what the API sends, a kind one for what users type.

The grammar is that of ``k8s.io/apimachinery/pkg/api/resource`` (``quantity.go``, ``suffix.go``).
"""

from __future__ import annotations

import re
from fractions import Fraction

from netapp_jlab.errors import Invalid

MAX = 2**63 - 1
"""Larger quantities count as this, as in Kubernetes."""

BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_BINARY: dict[str, int] = {unit: 1 << 10 * (index + 1) for index, unit in enumerate(BINARY)}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_QUANTITY = re.compile(
    r"(?P<sign>[+-]?)(?=\.?[0-9])(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?"
    r"(?P<unit>[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+|)",
    re.ASCII,
)
_TYPED = re.compile(r"(?P<number>[+-]?[0-9]*[.,]?[0-9]+)\s*(?P<unit>[^\W\d_]*)", re.ASCII)
_LONGEST = 1000
_SHORT = 20
_NO_UNIT_BELOW = 1024**2
_EXAMPLE = "Give a number and a unit, e.g. “10Gi”."
_UNITS = f"Units are {', '.join(BINARY)} (powers of 1024) and k, M, G, T, P, E (powers of 1000)."


def parse_quantity(text: str) -> int:
    """Return a quantity of the API as a whole number, rounded away from zero.

    Parameters
    ----------
    text : str
        E.g. ``10Gi``, ``1.5G``, ``500m``, ``1e3``.

    Raises
    ------
    Invalid
        It is not a quantity.
    """
    # What lists of thousands hold, read without the grammar: whole binary units, or bytes.
    factor = _BINARY.get(text[-2:])
    number = text if factor is None else text[:-2]
    if number.isascii() and number.isdecimal() and len(number) < _SHORT:
        return min(int(number) * (factor or 1), MAX)
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise Invalid(f"“{text[:40]}” is not a Kubernetes quantity.", hint=_EXAMPLE)
    whole, part, unit = match["whole"], match["part"] or "", match["unit"]
    mantissa = int(whole + part)
    size = min(_ceil(mantissa, len(part), unit), MAX)
    return -size if match["sign"] == "-" else size


def _ceil(mantissa: int, decimals: int, unit: str) -> int:
    """Return ``mantissa / 10**decimals`` units, rounded up."""
    if unit in _BINARY:
        return -(-mantissa * _BINARY[unit] // _power_of_ten(decimals))
    exponent = (_DECIMAL[unit] if unit in _DECIMAL else int(unit[1:])) - decimals
    if not mantissa:
        return 0
    if exponent >= 0:
        # 10**20 is beyond MAX already: no need to work out what a hostile exponent asks for.
        return mantissa * _power_of_ten(min(exponent, 20))
    return -(-mantissa // _power_of_ten(min(-exponent, _LONGEST)))


def _power_of_ten(exponent: int) -> int:
    return int(10**exponent)


def format_quantity(size: int) -> str:
    """Return bytes as a quantity, in the largest binary unit that divides them: ``10Gi``."""
    unit = ""
    for bigger in BINARY:
        if not size or size % 1024:
            break
        size //= 1024
        unit = bigger
    return f"{size}{unit}"


def human(size: int) -> str:
    """Return bytes as people read them: ``1.5 GiB``."""
    amount, unit = Fraction(size), "bytes"
    for bigger in BINARY:
        # Rounded, 1023.95 KiB would read “1024 KiB”.
        if abs(amount) < Fraction(102395, 100):
            break
        amount, unit = amount / 1024, f"{bigger}B"
    if unit == "bytes":
        return "1 byte" if size == 1 else f"{size} bytes"
    return f"{float(amount):.1f}".removesuffix(".0") + f" {unit}"


def parse_size(text: str) -> int:
    """Return the size of a volume that a user typed, in bytes.

    Parameters
    ----------
    text : str
        A quantity with a unit; a bare number only from one MiB on.

    Raises
    ------
    Invalid
        Not a size, or not one a volume can have; the hint proposes what was probably meant.
    """
    text = text.strip()
    if not text:
        raise Invalid("The size is missing.", hint=_EXAMPLE)
    typed = _TYPED.fullmatch(text) if len(text) <= _LONGEST else None
    unit = typed["unit"] if typed else ""
    if unit == "m":
        raise _wrong(text, f"“{text}” is in thousandths of a byte.", "Mi")
    if _QUANTITY.fullmatch(text) is None or len(text) > _LONGEST:
        raise _malformed(text, unit)
    size = parse_quantity(text)
    if size < 0 or text.startswith("-"):
        raise Invalid(f"A volume can not have the negative size “{text}”.", hint=_EXAMPLE)
    if size == 0:
        raise Invalid("A volume can not have the size 0.", hint=_EXAMPLE)
    if size >= MAX:
        raise Invalid(f"“{text}” is more than Kubernetes can count (8Ei).", hint=_EXAMPLE)
    if not unit and size < _NO_UNIT_BELOW:
        raise _wrong(text, f"“{text}” has no unit: that would be {human(size)}.", "Gi")
    return size


def _malformed(text: str, unit: str) -> Invalid:
    if not unit:
        return Invalid(f"“{text[:40]}” is not a size.", hint=_EXAMPLE)
    for known in (*BINARY, *filter(None, _DECIMAL)):
        if unit.lower() in (known.lower(), f"{known}b".lower()):
            return _wrong(text, f"“{text}” is not how Kubernetes writes a size.", known)
    if unit.lower() in ("b", "byte", "bytes"):
        return _wrong(text, f"“{text}” is not how Kubernetes writes a size.", "Gi")
    return Invalid(f"“{text[:40]}” has the unknown unit “{unit[:20]}”.", hint=_UNITS)


def _wrong(text: str, message: str, unit: str) -> Invalid:
    """Return the error that proposes the same number in `unit`."""
    typed = _TYPED.fullmatch(text)
    if typed is None:
        return Invalid(message, hint=_EXAMPLE)
    return Invalid(message, hint=f"Did you mean “{typed['number'].replace(',', '.')}{unit}”?")
