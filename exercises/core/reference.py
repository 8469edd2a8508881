"""The reference answer of an exercise, read from the solved notebook."""

from __future__ import annotations

import ast
import inspect
import json
import linecache
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from exercises.core.time_limit import run_async

__all__ = ("Cell", "compile_cell", "read_solved_cells", "run_cell", "run_reference")

Cell = dict[str, Any]  # as it stands in the notebook; `source` is one string


def read_solved_cells(root: Path, topic: str) -> list[Cell]:
    """Return the cells of `solutions/NN_<topic>.ipynb`.

    Raises:
        FileNotFoundError: There is no such notebook.
    """
    path = next(iter(sorted((root / "solutions").glob(f"[0-9]*_{topic}.ipynb"))), None)
    if path is None:
        raise FileNotFoundError(
            f"The solved notebook solutions/NN_{topic}.ipynb is missing. Get it back with "
            "`git checkout -- solutions`, or build it with `python3 course.py build`."
        )
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, _modified: int) -> list[Cell]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def run_reference(
    root: Path, topic: str, exercise: str, namespace: dict[str, Any]
) -> dict[str, Any]:
    """Run the solved cell of an exercise in a copy of `namespace` and return that copy."""
    copy = dict(namespace)
    for cell in read_solved_cells(root, topic):
        if {"exercise", exercise} <= set(cell["metadata"].get("tags", ())):
            run_cell(cell["source"], f"<reference of {topic}.{exercise}>", copy)
            return copy
    raise LookupError(f"solutions/ has no cell tagged `exercise` and `{exercise}` for {topic}.")


def run_cell(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Run a cell as a notebook does, top-level `await` included; return its last value."""
    value = None
    for code in compile_cell(source, name):
        value = eval(code, namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            value = run_async(value)
    return value


def compile_cell(source: str, name: str) -> list[CodeType]:
    """Return the code of a cell, and that of its last expression by itself."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    codes = [compile(tree, name, "exec", flags, dont_inherit=True)]
    if last is not None:
        whole = ast.Expression(last.value)
        codes.append(compile(whole, name, "eval", flags, dont_inherit=True))
    return codes
