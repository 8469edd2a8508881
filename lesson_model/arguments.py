"""Filling a tool's JSON schema from the user's words."""

from __future__ import annotations

__all__ = ("as_kind", "fill")


def as_kind(value: str, schema: dict, root: dict) -> object:
    """Return a word as the type its schema asks for."""
    if schema.get("type") in ("integer", "number"):
        return float(value) if "." in value else int(value)
    return value


def fill(schema: dict, text: str, name: str = "") -> dict:
    """Return the arguments found in the words."""
    return {}
