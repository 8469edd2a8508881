"""The desk of lesson 8 with all its parts mended, for its checks and for the checklist's tests.

It is the solved notebook's own: the cells tagged `desk`, and the reference of each part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lesson_model
from course_layout import ROOT
from exercises.core.reference import read_solved_cells, run_cell

__all__ = ("MENDED", "SPARE", "TOOLS", "State", "desk", "log", "paid", "refund", "track_parcel")

SPARE = "spare-model"
PARTS = {
    "approve": "approve_each",
    "ask": "ask_async",
    "finish": "finish_safely",
    "connect": "connect_two",
    "answer": "answer_from",
    "limit": "limit_rounds",
    "tool_failed": "tell_model",
    "model_failed": "tell_user",
    "note": "note_turn",
}
"""Each part of the desk, and its name in the exercises."""
EXERCISES = ("ex2", "ex3", "ex4", "ex5", "ex6")


class _RunningModel:
    """What the lesson calls `model`; a check may have started another one."""

    @property
    def name(self) -> str:
        return lesson_model.running().name


def _read_desk() -> dict[str, Any]:
    """Run the cells that make the desk; return what they define."""
    found: dict[str, Any] = {"__name__": __name__, "model": _RunningModel()}
    for number, cell in enumerate(read_solved_cells(ROOT, "the_production_agent")):
        tags = set(cell["metadata"].get("tags", ()))
        if "desk" in tags or ("exercise" in tags and tags & set(EXERCISES)):
            run_cell(cell["source"], f"<cell {number} of lesson 8, solved>", found)
    return found


_found = _read_desk()
State, TOOLS = _found["State"], _found["TOOLS"]
refund, track_parcel = _found["refund"], _found["track_parcel"]
paid, log = _found["paid"], _found["log"]
MENDED = {part: _found[name] for part, name in PARTS.items()}


def desk(**changed: Any) -> Callable[..., Any]:
    """Return what builds the lesson's desk, of mended parts and of those that are given."""
    return _found["desk"](**MENDED | changed)
