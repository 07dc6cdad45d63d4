"""Quantities as Kubernetes reads them, sizes as users type them."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp_jlab.errors import Invalid
from netapp_jlab.k8s import naming

DETERMINISTIC = settings(deadline=None, derandomize=True)
MAX = 2**63 - 1
BINARY, DECIMAL = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), ("", "k", "M", "G", "T", "P", "E")
UNITS = {
    **{unit: Decimal(1024) ** (n + 1) for n, unit in enumerate(BINARY)},
    **{unit: Decimal(1000) ** n for n, unit in enumerate(DECIMAL)},
    "m": Decimal("1e-3"),
    "u": Decimal("1e-6"),
    "n": Decimal("1e-9"),
    "e3": Decimal(1000),
    "E3": Decimal(1000),
    "e+3": Decimal(1000),
    "E-3": Decimal("1e-3"),
}
NUMBERS = st.from_regex(r"(0|[1-9][0-9]{0,8})(\.[0-9]{0,9})?|\.[0-9]{1,9}", fullmatch=True)


@DETERMINISTIC
@given(NUMBERS, st.sampled_from(sorted(UNITS)), st.sampled_from(["", "+", "-"]))
def test_every_form(number, unit, sign):
    exact = Decimal(number) * UNITS[unit]
    expected = min(int(exact.to_integral_value(ROUND_CEILING)), MAX)
    assert naming.parse_quantity(sign + number + unit) == (-expected if sign == "-" else expected)


@DETERMINISTIC
@given(st.integers(0, MAX - 1))
def test_what_is_written_is_read(size):
    text = naming.format_quantity(size)
    assert naming.parse_quantity(text) == size
    if size >= 1024**2:
        assert naming.parse_size(text) == size


@DETERMINISTIC
@given(st.text(max_size=20))
def test_anything_is_a_size_or_invalid(text):
    try:
        size = naming.parse_size(text)
    except Invalid as error:
        size, told = 1, (error.message, error.hint)
    else:
        told = ("a", "size")
    assert all(told)
    assert 0 < size < MAX


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10Gi", 10 * 1024**3),
        ("1.5Gi", 3 * 1024**3 // 2),
        ("100m", 1),
        ("-100m", -1),
        ("1E", 10**18),
        ("1E2", 100),
        ("0", 0),
        ("00012", 12),
        ("1e99", MAX),
        ("1e-99", 1),
        ("0e99999999", 0),
        ("1e99999999999", MAX),
        ("1e-99999999999", 1),
        ("100Ei", MAX),
        ("9" * 400, MAX),
    ],
)
def test_single_quantities(text, size):
    assert naming.parse_quantity(text) == size


@pytest.mark.parametrize(
    "text",
    ["", " ", "Gi", ".", "-", "1 Gi", " 1Gi", "1Gi ", "1\n", "1GB", "1K", "1ki", "1Zi", "1e",
     "1e3Ki", "--1", "1.2.3", "0x10", "1_000", "٣Gi", "1e1.5", "inf", "nan", "1" * 2000],
)  # fmt: skip
def test_no_quantities(text):
    with pytest.raises(Invalid, match="not a Kubernetes quantity"):
        naming.parse_quantity(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (1, "1"), (1023, "1023"), (1024, "1Ki"), (1536, "1536"), (10 * 1024**3, "10Gi"),
     (3 * 1024**3 // 2, "1536Mi"), (1024**6, "1Ei"), (2 * 1024**6, "2Ei")],
)  # fmt: skip
def test_written_in_the_largest_unit_that_divides(size, text):
    assert naming.format_quantity(size) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1 KiB"), (1536, "1.5 KiB"),
     (1024**2 - 1, "1 MiB"), (10 * 1024**3, "10 GiB"), (1024**7, "1024 EiB")],
)  # fmt: skip
def test_as_people_read_it(size, text):
    assert naming.human(size) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("10Gi", 10 * 1024**3), (" 10Gi ", 10 * 1024**3), ("0.5Gi", 1024**3 // 2), ("5G", 5 * 10**9),
     ("10737418240", 10 * 1024**3), ("1e10", 10**10), ("1Ki", 1024)],
)  # fmt: skip
def test_sizes(text, size):
    assert naming.parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "missing", "10Gi"),
        ("0", "can not have the size 0", "10Gi"),
        ("0Gi", "can not have the size 0", "10Gi"),
        ("-1Gi", "negative size “-1Gi”", "10Gi"),
        ("-0", "negative", "10Gi"),
        ("1Zi", "unknown unit “Zi”", "Ki, Mi, Gi"),
        ("10", "no unit: that would be 10 bytes", "Did you mean “10Gi”?"),
        ("1e3", "no unit: that would be 1000 bytes", "10Gi"),
        ("10GB", "not how Kubernetes writes", "Did you mean “10G”?"),
        ("10 GiB", "not how Kubernetes writes", "Did you mean “10Gi”?"),
        ("10gi", "not how Kubernetes writes", "Did you mean “10Gi”?"),
        ("10 bytes", "not how Kubernetes writes", "Did you mean “10Gi”?"),
        ("1,5Gi", "not how Kubernetes writes", "Did you mean “1.5Gi”?"),
        ("10m", "thousandths of a byte", "Did you mean “10Mi”?"),
        ("ten", "“ten” is not a size", "10Gi"),
        ("9Ei", "more than Kubernetes can count", "10Gi"),
        ("1" * 2000, "is not a size", "10Gi"),
    ],
)
def test_bad_sizes_say_what_is_wrong(text, message, hint):
    with pytest.raises(Invalid) as caught:
        naming.parse_size(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert len(caught.value.message) < 200
