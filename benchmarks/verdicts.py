"""What a measurement says about an aim."""

from __future__ import annotations

__all__ = ("invalid", "verdict")


def verdict(what: str, value: float, aim: float, unit: str = "", at_least: bool = True) -> dict:
    """Return whether an aim is met, and by how much it is missed."""
    met = value >= aim if at_least else value <= aim
    word, bound = ("met", "") if met else ("missed", f", by {abs(value / aim - 1):.0%}")
    sign = ">=" if at_least else "<="
    text = f"{what}: {value:.3g}{unit}, aim {sign} {aim:g}{unit}{bound}"
    return {"met": met, "text": f"{word:<7}{text}"}


def invalid(why: str) -> dict:
    """Return the verdict on a measurement that must not be believed."""
    return {"met": False, "invalid": True, "text": f"INVALID {why}"}
