"""The exercises' checks: one module a lesson, named after the lesson without its number."""

from __future__ import annotations
