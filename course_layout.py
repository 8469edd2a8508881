"""Where the course is, and which packages it consists of: said once, imported by every room."""

from __future__ import annotations

from pathlib import Path

__all__ = ("PACKAGES", "ROOT")

ROOT = Path(__file__).resolve().parent

# In the order of their arrows: a package imports only packages that stand before it, and of
# those only the ones that CONTRIBUTING.md allows.
PACKAGES = (
    "lesson_model",
    "production_agent",
    "agent_checklist",
    "course_utils",
    "lab",
    "exercises",
    "tools",
    "instructor",
    "benchmarks",
)
