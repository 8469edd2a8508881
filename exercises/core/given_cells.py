"""Detect cells given by the lesson that the reader has changed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from exercises.core.reference import Cell, read_solved_cells

__all__ = ("find_changed_cell",)


def find_changed_cell(root: Path, topic: str, names: tuple[str, ...], space: dict[str, Any]) -> str:
    """Return a sentence about the first of `names` that was changed, "" if none was.

    Args:
        root: The folder `solutions/` stands in.
        topic: The lesson's name without its number.
        names: What the exercise relies on.
        space: The notebook's variables. IPython keeps the source of every cell that was run
            in `In`; the last one that binds a name says what the name is now.
    """
    ran = space.get("In")
    # Outside a notebook, or where it is run without a history (as nbval does): nothing to compare.
    if not names or not any(ran or ()):
        return ""
    try:
        cells = read_solved_cells(root, topic)
    except FileNotFoundError:
        return ""
    for name in names:
        as_given, cell, heading = _find_definition(cells, name)
        now = _last_binding(ran, name)
        if now is None or name not in space:
            fact = f"`{name}` is not there yet"
        elif as_given != now or not _same_value(as_given, space[name]):
            fact = f"`{name}` is no longer what the lesson gave you"
        else:
            continue
        first = cell["source"].strip().splitlines()[0]
        where = f"under “{heading}”, the cell that begins with `{first}`"
        cure = "If you edited it, copy it from the notebook in solutions/. Then run this cell again"
        return f"{fact}. Run its cell again: {where}. {cure}."
    return ""


def _find_definition(cells: list[Cell], name: str) -> tuple[str, Cell, str]:
    """Return the first definition of `name`, its cell and the heading above it."""
    heading = ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            titles = [line for line in cell["source"].splitlines() if line.startswith("#")]
            heading = titles[-1].lstrip("# ") if titles else heading
        elif found := _last_binding([cell["source"]], name):
            return found, cell, heading
    raise LookupError(f"The lesson has no cell that defines the given `{name}`.")


def _last_binding(sources: Iterable[str], name: str) -> str | None:
    """Return the syntax tree, as text, of the last statement that binds `name`."""
    found = None
    for source in sources:
        try:
            statements = ast.parse(source).body
        except SyntaxError:  # a cell with a magic, or one that never ran
            continue
        for statement in statements:
            if name in _bound_names(statement):
                found = ast.unparse(statement)
    return found


def _bound_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    nodes = list(ast.walk(statement))
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {(n.asname or n.name) for n in nodes if isinstance(n, ast.alias)}


def _same_value(definition: str, value: Any) -> bool:
    """Compare a literal with what the name holds now; anything else counts as the same."""
    try:
        return ast.literal_eval(ast.parse(definition).body[0].value) == value
    except (AttributeError, ValueError, TypeError):
        return True
