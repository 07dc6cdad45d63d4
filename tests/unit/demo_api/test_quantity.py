from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp_jlab.demo.api import quantity

GI = 1024**3


# Each as Kubernetes 1.36 stores it.
@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("1500Ki", "1500Ki"),
        ("10", "10"),
        ("1000m", "1"),
        ("1500", "1500"),
        ("1.5k", "1500"),
        ("0.3", "300m"),
        (".5", "500m"),
        ("5.", "5"),
        ("0.1n", "1n"),
        ("1e3", "1e3"),
        ("2E3", "2e3"),
        ("-1Gi", "-1Gi"),
        ("+1Gi", "1Gi"),
        ("0Gi", "0"),
        ("1023", "1023"),
        ("1Ki", "1Ki"),
        (5, "5"),
        (1.5, "1500m"),
        (" 1Gi ", "1Gi"),
    ],
)
def test_canonical_form(written, stored):
    assert quantity.canonical(written) == stored
    assert quantity.canonical(stored) == stored


@pytest.mark.parametrize(
    "text", ["", "a", "1Zi", "1 Gi", "1GI", "--1", "1e", "1.2.3", "1i", "Gi", True]
)
def test_what_is_none(text):
    with pytest.raises(quantity.QuantityError, match="must match the regular expression"):
        quantity.canonical(text)


def test_values():
    assert quantity.value("1Gi") == GI
    assert quantity.value("100m") == Fraction(1, 10)
    assert quantity.whole("1500m") == 2
    assert quantity.value("9E") == 9 * 10**18
    assert quantity.value("100E") == 2**63 - 1  # capped


@given(
    number=st.integers(-(10**6), 10**6),
    suffix=st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi"]),
)
def test_the_canonical_form_has_the_same_value(number, suffix):
    written = f"{number}{suffix}"
    stored = quantity.canonical(written)
    assert quantity.value(stored) == quantity.value(written)
    assert quantity.canonical(stored) == stored
