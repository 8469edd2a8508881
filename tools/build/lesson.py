"""Read a lesson's source and make its two versions: the student's and the solved one.

The source of a lesson is `lessons/NN_topic.py` in jupytext's py:percent format, solved, written
once. Two comment lines and these tags are all the vocabulary:

| mark                                   | student notebook    | solved notebook          |
|----------------------------------------|---------------------|--------------------------|
| `# BEGIN SOLUTION` ... `# END SOLUTION`| a stub (see below)  | kept, marker lines gone  |
| tags `exercise`, `exN`                 | the cell to complete| yes                      |
| tags `check`, `exN`                    | calls the check     | yes                      |
| tag `solution`                         | cell dropped        | yes                      |
| tags `raises-exception`, `nbval-ignore-output` | as Jupyter and nbval know them | same  |
| tag `desk`                             | what lesson 8's checks take from it (`desk.py`)  |
| tag `wait-N`                           | N seconds of waiting, for the box at the top     |
| `{core_minutes}`, `{deeper_minutes}`   | the minutes of each part (see `two_speeds.py`)   |

The stub of a block is `...` at the indentation of its marker, so a function keeps its signature
and docstring. One exception: an unindented block of nothing but assignments to plain names,
functions and classes becomes `name = ...` for each name, so that the names exist for students:

    # BEGIN SOLUTION
    plan = ["book", "pay"]          ->      plan = ...
    limit: int = 3                          limit: int = ...
    # END SOLUTION

A cell may hold several blocks. Keep imports and helpers outside the markers.

Whatever does not fit this vocabulary stops with a `LessonError` that names file, cell and cure.
"""

from __future__ import annotations

import copy
from pathlib import Path

import jupytext
from nbformat import NotebookNode, from_dict

from tools.build.cells import LessonError, name_cells, tags
from tools.build.lesson_rules import check_order, tidy
from tools.build.markers import MARKER, solution_spans, stub
from tools.build.two_speeds import check_two_speeds, fill_box, has_two_speeds

__all__ = ("LessonError", "read_lesson", "solved_version", "student_version")
__all__ += ("tags",)

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},  # no version: it would be in every diff
}


def read_lesson(path: Path) -> NotebookNode:
    """Read a lesson; every cell gets a stable id that says what the cell is.

    Raises:
        LessonError: Tags, markers or cells are not as the module's docstring says.
    """
    lesson = jupytext.read(path, fmt="py:percent")
    lesson.metadata = from_dict(NOTEBOOK_METADATA)
    lesson.nbformat, lesson.nbformat_minor = 4, 5
    try:
        for number, cell in enumerate(lesson.cells, 1):
            cell.source = cell.source.rstrip()
            if not cell.source:
                raise LessonError(f"cell {number} is empty. Write something in it or remove it.")
            tidy(cell)
        name_cells(lesson.cells)
        check_order(lesson.cells)
        if has_two_speeds(lesson.cells):  # `course.py build` refuses a lesson that has not
            check_two_speeds(lesson.cells)
            fill_box(lesson.cells)
    except LessonError as error:
        raise LessonError(f"{path.parent.name}/{path.name}: {error}") from None
    return lesson


def student_version(lesson: NotebookNode) -> NotebookNode:
    """Return the lesson as students open it: solutions replaced by stubs."""
    notebook = copy.deepcopy(lesson)
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    for cell in notebook.cells:
        lines = cell.source.split("\n")
        for begin, end in reversed(solution_spans(cell)):
            indent = MARKER.fullmatch(lines[begin])[1]
            lines[begin : end + 1] = stub(lines[begin + 1 : end], indent)
        cell.source = "\n".join(lines)
    return notebook


def solved_version(lesson: NotebookNode) -> NotebookNode:
    """Return the lesson as an instructor shows it: solved, without marker lines."""
    notebook = copy.deepcopy(lesson)
    for cell in notebook.cells:
        cell.source = "\n".join(
            line for line in cell.source.split("\n") if not MARKER.fullmatch(line)
        )
    return notebook
