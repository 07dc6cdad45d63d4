"""Amounts as numbers, and numbers as the controllers of Kubernetes write them."""

from __future__ import annotations

from netapp_jlab.demo.api.quantity import canonical, whole

__all__ = ["parse", "write_binary", "write_decimal"]

parse = whole


def write_binary(value: int) -> str:
    """Write bytes with the largest power of 1,024 that divides them."""
    return canonical(f"{value // 1024}Ki") if value % 1024 == 0 else str(value)


def write_decimal(value: int) -> str:
    """Write a count with the largest power of 1,000 that divides it."""
    return canonical(str(value))
