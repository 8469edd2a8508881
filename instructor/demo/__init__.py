"""Show a lesson to a room: python3 course.py demo NN [--reset], and a panel for its model."""

from __future__ import annotations

from instructor.demo.model_panel import panel

__all__ = ("panel",)
