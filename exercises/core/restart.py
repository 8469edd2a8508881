"""Make an answer afresh, as a restart of its process would."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable

from exercises.core.functions import functions_of

__all__ = ("restarted",)


def restarted(answers: dict[str, Callable]) -> dict[str, Callable] | None:
    """Return answers as a new run of their cell makes them; None if that is not possible."""
    found = {name: functions_of(one) for name, one in answers.items()}
    if not all(found.values()):
        return None
    first = next(iter(found.values()))[0]
    file, namespace = first.__code__.co_filename, dict(first.__globals__)
    try:
        cell = ast.parse("".join(linecache.getlines(file)))
        # What runs the cell's checks again is no part of the answer.
        cell.body = [
            one
            for one in cell.body
            if not any(isinstance(n, ast.Name) and n.id == "check" for n in ast.walk(one))
        ]
        exec(compile(cell, file, "exec"), namespace)
    except Exception:  # a cell that needs more than itself
        return None
    parts = {name: namespace.get(one[0].__name__) for name, one in found.items()}
    return parts if all(map(callable, parts.values())) else None
