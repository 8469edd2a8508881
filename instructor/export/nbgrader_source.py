"""Turn a lesson into a source notebook of nbgrader, and write the configuration it needs.

`nbgrader generate_assignment` clears the solutions itself; it knows the same two marker lines and
replaces a block by the `code_stub` of its configuration, which has to be `...` here.

Exercise cells can be edited, all others are locked. A check is worth one point: it returns nothing
for a right answer, a fraction for a partly right one, and raises for a wrong one.
"""

from __future__ import annotations

import copy
from pathlib import Path

from nbformat import NotebookNode, from_dict

from tools.build.cells import tags
from tools.build.markers import MARKER, solution_spans, stub

__all__ = ("NBGRADER", "nbgrader_config", "nbgrader_source")

NBGRADER = "nbgrader==0.9.6"  # the version all this is tried with
SCHEMA_VERSION = 3  # of nbgrader's cell metadata, as of nbgrader 0.9
POINTS = 1.0  # of each check
CONFIG = Path(__file__).with_name("nbgrader_config.py")
COURSE = 'COURSE = ""'  # the line of it that names the course's folder


def nbgrader_source(lesson: NotebookNode) -> NotebookNode:
    """Return the lesson with nbgrader's metadata, solutions and their markers kept."""
    notebook = copy.deepcopy(lesson)
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    for cell in notebook.cells:
        answer, graded = "exercise" in tags(cell), "check" in tags(cell)
        cell.metadata["nbgrader"] = from_dict(
            {
                "grade_id": cell.id,
                "schema_version": SCHEMA_VERSION,
                "solution": answer,
                "grade": graded,
                "locked": not answer,
                "task": False,
            }
            | ({"points": POINTS} if graded else {})
        )
        if answer:
            cell.source = _with_placeholders(cell)
    return notebook


def nbgrader_config(course: Path) -> str:
    """Return the text of `nbgrader_config.py` for kernels that find the course in this folder."""
    return CONFIG.read_text("utf-8").replace(COURSE, f"COURSE = {str(course)!r}", 1)


def _with_placeholders(cell: NotebookNode) -> str:
    """Return the cell's source with `name = ...` before each solution that defines names.

    nbgrader leaves a lone `...` in place of a solution, so the names would not exist.
    """
    lines = cell.source.split("\n")
    for begin, end in reversed(solution_spans(cell)):
        placeholders = stub(lines[begin + 1 : end], MARKER.fullmatch(lines[begin])[1])
        if placeholders[0].strip() != "...":
            lines[begin:begin] = placeholders
    return "\n".join(lines)
