"""What a cell of a lesson is: its tags, its exercise, its id."""

from __future__ import annotations

import re

from nbformat import NotebookNode

__all__ = ("LessonError", "cell_error", "exercise_name", "name_cells", "tags")

EXERCISE_NAME = re.compile(r"ex[1-9]\d*")


class LessonError(ValueError):
    """A lesson's source, or what came out of running it, is not as it has to be."""


def cell_error(cell: NotebookNode, fact: str, cure: str) -> LessonError:
    """Return an error that names the cell, says the fact, then the cure."""
    return LessonError(f"cell {cell.source.splitlines()[0]!r}: {fact}. {cure}")


def tags(cell: NotebookNode) -> set[str]:
    """Return the cell's tags."""
    return set(cell.metadata.get("tags", ()))


def exercise_name(cell: NotebookNode) -> str | None:
    """Return `exN` of an exercise or check cell, None for any other cell."""
    return next((tag for tag in sorted(tags(cell)) if EXERCISE_NAME.fullmatch(tag)), None)


def name_cells(cells: list[NotebookNode]) -> None:
    """Give each cell an id: `ex1`, `ex1-check`, or words of its heading or first line."""
    taken = {
        f"{name}{end}" for cell in cells if (name := exercise_name(cell)) for end in ("", "-check")
    }
    for cell in cells:
        name = exercise_name(cell)
        if name:
            cell.id = f"{name}-check" if "check" in tags(cell) else name
            continue
        slug, number = _slug(cell), 1
        cell.id = slug
        while cell.id in taken:
            number += 1
            cell.id = f"{slug}-{number}"
        taken.add(cell.id)


def _slug(cell: NotebookNode) -> str:
    """Return a few words that say what a cell is, at most 50 characters."""
    lines = [line for line in cell.source.split("\n") if line.strip()]
    if cell.cell_type == "markdown":
        title = next((line for line in lines if line.startswith("#")), lines[0])
    else:
        title = next((line for line in lines if not line.startswith("#")), lines[0])
    words = re.findall(r"[a-z0-9_]+", title.lower())
    slug = ""
    for word in words:
        if len(slug) + len(word) >= 50:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or cell.cell_type
