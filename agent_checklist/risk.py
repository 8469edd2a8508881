"""The mark for a function that may not run without a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ("RISKY", "risky")

F = TypeVar("F", bound=Callable)
RISKY: set[str] = set()
"""The names of the marked functions."""


def risky(function: F) -> F:
    """Mark a tool, or the function it is made of, as one that needs a person's consent."""
    RISKY.add(getattr(function, "name", None) or function.__name__)
    return function
