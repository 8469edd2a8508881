"""The helpers that notebooks show: the approval panel, pictures, diagrams, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_utils.approval.panel import ApprovalPanel

__all__ = ("ApprovalPanel",)


def __getattr__(name: str) -> Any:
    """Import the approval panel on first use: most lessons do without it."""
    if name != "ApprovalPanel":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from course_utils.approval.panel import ApprovalPanel  # noqa: PLC0415 - it brings ipywidgets

    return ApprovalPanel
