"""Split a lesson into its core and its deeper part, and put the minutes of both into its box.

    minutes = words / 200 + lines of code / 25 + seconds of waiting / 60

Words are those of the Markdown cells; blank lines of code do not count. The exercises have minutes
of their own, so three things of theirs do not count: the text from a heading `Exercise N.M` to the
next heading or the end of its cell, the cell to complete, and the check. A cell that makes the
reader wait for more than two seconds says so with a tag, `wait-8` for eight seconds.
"""

from __future__ import annotations

import math
import re

from nbformat import NotebookNode

from exercises.core.progress import STOP_LINE
from tools.build.cells import LessonError, cell_error, tags
from tools.build.markers import MARKER

__all__ = ("WAIT_TAG", "check_two_speeds", "core_and_deeper_minutes", "fill_box")
__all__ += ("has_two_speeds", "minutes")

WAIT_TAG = re.compile(r"wait-([1-9]\d*)")
CORE_MARK, DEEPER_MARK = "{core_minutes}", "{deeper_minutes}"
WORDS_PER_MINUTE = 200
LINES_PER_MINUTE = 25
MAX_CORE_MINUTES = 20
MAX_CELL_LINES = 30
MIN_CORE_CHECKS = 3
HEADING = re.compile(r"#{1,6} ")
EXERCISE_HEADING = re.compile(r"#{1,6} .*\bExercise \d", re.I)


def has_two_speeds(cells: list[NotebookNode]) -> bool:
    """Tell whether a lesson says where its core ends."""
    return any(_is_stop_line(cell) for cell in cells)


def fill_box(cells: list[NotebookNode]) -> None:
    """Write the minutes of both parts into the cell that holds the two marks.

    Raises:
        LessonError: There is no such cell, or more than one.
    """
    boxes = [cell for cell in cells if CORE_MARK in cell.source or DEEPER_MARK in cell.source]
    if len(boxes) != 1 or not (CORE_MARK in boxes[0].source and DEEPER_MARK in boxes[0].source):
        raise LessonError(
            f"{len(boxes)} cells hold {CORE_MARK} or {DEEPER_MARK}. "
            "Write both into one table at the top of the lesson."
        )
    [box] = boxes
    core, deeper = core_and_deeper_minutes(cells)
    box.source = box.source.replace(CORE_MARK, str(core)).replace(DEEPER_MARK, str(deeper))


def check_two_speeds(cells: list[NotebookNode]) -> None:
    """Refuse a core that is too long or has too few exercises, and cells that are too long.

    Raises:
        LessonError: The fact, then the cure.
    """
    lines = [cell for cell in cells if _is_stop_line(cell)]
    if len(lines) != 1:
        raise LessonError(
            f"{len(lines)} Markdown cells begin with {STOP_LINE!r}. "
            "Put one between the core and the deeper part."
        )
    core, _ = _parts(cells)
    checks = sum("check" in tags(cell) for cell in core)
    if checks < MIN_CORE_CHECKS:
        raise LessonError(
            f"{checks} checks stand before {STOP_LINE!r}. "
            f"Move exercises into the core until there are {MIN_CORE_CHECKS}."
        )
    if minutes(core) > MAX_CORE_MINUTES:
        raise LessonError(
            f"the core takes {minutes(core):.1f} minutes, more than {MAX_CORE_MINUTES}. "
            "Move something behind the line, or cut it."
        )
    for cell in cells:
        length = len(_code_lines(cell))
        if cell.cell_type == "code" and length > MAX_CELL_LINES:
            raise cell_error(
                cell,
                f"{length} lines, more than {MAX_CELL_LINES}",
                "Make it two cells, or move what is not the point to lab/.",
            )


def core_and_deeper_minutes(cells: list[NotebookNode]) -> tuple[int, int]:
    """Return the minutes of both parts of a lesson that has the line, rounded up."""
    core, deeper = _parts(cells)
    return math.ceil(minutes(core)), math.ceil(minutes(deeper))


def minutes(cells: list[NotebookNode]) -> float:
    """Return the minutes to read and run these cells, without the exercises."""
    cells = [cell for cell in cells if not tags(cell) & {"exercise", "check", "solution"}]
    words = sum(len(_prose(cell).split()) for cell in cells if cell.cell_type == "markdown")
    lines = sum(
        bool(line.strip())
        for cell in cells
        if cell.cell_type == "code"
        for line in cell.source.split("\n")
    )
    waits = [
        int(wait[1]) for cell in cells for tag in tags(cell) if (wait := WAIT_TAG.fullmatch(tag))
    ]
    return words / WORDS_PER_MINUTE + lines / LINES_PER_MINUTE + sum(waits) / 60


def _is_stop_line(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and cell.source.startswith(STOP_LINE)


def _parts(cells: list[NotebookNode]) -> tuple[list[NotebookNode], list[NotebookNode]]:
    """Return the cells before the line, and those from the line on."""
    line = next(number for number, cell in enumerate(cells) if _is_stop_line(cell))
    return cells[:line], cells[line:]


def _code_lines(cell: NotebookNode) -> list[str]:
    """Return the lines of a cell as the solved notebook shows them."""
    return [line for line in cell.source.split("\n") if not MARKER.fullmatch(line)]


def _prose(cell: NotebookNode) -> str:
    """Return the text of a Markdown cell without that of its exercises."""
    kept, in_exercise = [], False
    for line in cell.source.split("\n"):
        if HEADING.match(line):
            in_exercise = bool(EXERCISE_HEADING.match(line))
        if not in_exercise:
            kept.append(line)
    return "\n".join(kept)
