"""Attribute an error to the answer, the check, or a library."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from types import CodeType
from typing import Any

from exercises.core.functions import functions_of

__all__ = ("TRIED", "attribute")

MAX_ERROR_CHARACTERS = 400
TRIED = "Tried: "
"""How a note begins that says what a check was trying when the error was raised."""


def attribute(error: BaseException, answers: tuple[Any, ...], check: CodeType) -> tuple[str, str]:
    """Return the status and the sentence for an error the code `check` ended with."""
    functions = [f for answer in answers for f in functions_of(answer)]
    own = {f.__code__.co_filename for f in functions}
    for one in _chain(error):
        frames = _frames(one)
        theirs = [f for f in frames if f[0].co_filename in own and f[0] is not check]
        theirs = theirs or [f for f in frames if _is_cell(f[0])]
        if isinstance(one, AssertionError) and not (theirs and frames[-1] == theirs[-1]):
            return "failed", str(one)
        if theirs:
            code, line = theirs[-1]
            source = linecache.getline(code.co_filename, line).strip()
            what = f"`{_summarize(one)}` in line {line} of your cell: `{source}`."
            return "raised", f"{what}{_tried(error)}"
        # A call with other arguments than a function takes fails before its first line.
        if isinstance(one, TypeError) and str(one).partition("()")[0] in {
            f.__qualname__ for f in functions
        }:
            cure = "Keep the arguments that stand in the exercise's cell."
            return "raised", f"`{_summarize(one)}` when it was called. {cure}"
    if any("site-packages" in code.co_filename for code, _ in _frames(error)):
        what = f"`{_summarize(error)}`, raised by a library that your answer uses."
        return "raised", f"{what}{_tried(error)}"
    code, line = _frames(error)[-1]
    where = f"{Path(code.co_filename).name}, line {line}"
    return "check_broken", f"`{_summarize(error)}` in {where}. Please report it."


def _tried(error: BaseException) -> str:
    notes = [note for one in _chain(error) for note in getattr(one, "__notes__", ())]
    tried = next((note for note in notes if note.startswith(TRIED)), "")
    return f" {tried}." if tried else ""


def _summarize(error: BaseException) -> str:
    """Return class and message, without module and without the notes LangGraph adds."""
    return f"{type(error).__name__}: {error}".strip(": ")[:MAX_ERROR_CHARACTERS]


def _is_cell(code: CodeType) -> bool:
    return "ipykernel_" in code.co_filename or code.co_filename.startswith("<ipython-input")


def _frames(error: BaseException) -> list[tuple[CodeType, int]]:
    return [(f.f_code, line) for f, line in traceback.walk_tb(error.__traceback__)]


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and what it wraps, outermost first."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop(0)
        if one is not None and one not in found:
            found.append(one)
            todo += [*getattr(one, "exceptions", ()), one.__cause__, one.__context__]
    return found
