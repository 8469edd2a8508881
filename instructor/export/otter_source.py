"""Make of a lesson what otter-grader reads: a notebook to hand out, and test files.

A test file asks the course's own check and has a case for each of its parts, of equal weight;
together they are worth one point, as in `course.py grade`. The notebook says behind which cell each
test belongs, so a name that a later cell uses again does no harm.
"""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.build.cells import LessonError, cell_error, exercise_name, tags
from tools.build.lesson import student_version

__all__ = ("OTTER", "otter_notebook", "otter_requirements", "otter_tests")

OTTER = "otter-grader==7.0.0"  # the version all this is tried with
RESULT = "application/vnd.course.result+json"  # of a check, in the solved notebook
UNWANTED = ("wrapt",)  # otter 7 wants an older one; of our packages only some for tests use it
TEST = '''\
"""{exercise} of {lesson}, judged by the course's own check."""

from otter.test_files import test_case

from exercises import {topic} as check

OK_FORMAT = False
name = "{exercise}"
points = 1
said = []  # what the check says; it is asked once


def judge(env, part):
    """Raise with the words of the check unless the answer, or this part of it, is right."""
    if not said:
        said.append(eval({call!r}, {{**env, "check": check}}))
    result = said[0]
    mine = next((each for each in result.parts if each.title == part), result)
    partly = result.status == "partial" and mine.status == "passed"
    assert result.status == "passed" or partly, mine.message or repr(result)
'''
CASE = """

@test_case(name={title!r})
def case_{number}(env):
    judge(env, {title!r})
"""


def otter_notebook(lesson: NotebookNode) -> NotebookNode:
    """Return the student's notebook; each check cell names the test that follows it."""
    notebook = student_version(lesson)
    for cell in notebook.cells:
        if "check" in tags(cell):
            cell.metadata["otter"] = {"tests": [exercise_name(cell)]}
    return notebook


def otter_tests(name: str, lesson: NotebookNode, built: Path) -> dict[str, str]:
    """Return the text of each test file by its name.

    Args:
        name: The lesson's, `NN_topic`.
        lesson: Its source.
        built: The solved notebook, whose outputs name the parts of each check.

    Raises:
        LessonError: A check cell is more than one call, or the solved notebook does not show it.
    """
    solved = nbformat.read(built, as_version=4).cells if built.exists() else []
    parts = {cell.id: _parts(cell) for cell in solved if "check" in tags(cell)}
    tests = {}
    for cell in lesson.cells:
        if "check" not in tags(cell):
            continue
        exercise, call, titles = exercise_name(cell), _call(cell, name), parts.get(cell.id)
        if titles is None:
            raise LessonError(
                f"solutions/{name}.ipynb does not show what the check of {exercise} says. "
                f"Run: python3 course.py build {name[:2]}"
            )
        text = TEST.format(exercise=exercise, lesson=name, topic=name[3:], call=call)
        for number, title in enumerate(titles or [exercise], 1):
            text += CASE.format(number=number, title=title)
        tests[f"{exercise}.py"] = text
    return tests


def otter_requirements(pins: str) -> str:
    """Return the course's pins, without those that otter contradicts."""
    lines = pins.splitlines(keepends=True)
    return "".join(line for line in lines if line.partition("==")[0] not in UNWANTED)


def _parts(cell: NotebookNode) -> list[str] | None:
    """Return the titles of a check's parts, None if the cell shows no result."""
    for output in cell.outputs:
        if result := output.get("data", {}).get(RESULT):
            return [part["title"] for part in result["parts"]]
    return None


def _call(cell: NotebookNode, name: str) -> str:
    """Return a check cell's call without comments."""
    body = ast.parse(cell.source).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        fault = cell_error(cell, "a check of more than one call", "Keep `check.exN(...)` alone.")
        raise LessonError(f"lessons/{name}.py: {fault}")
    return ast.unparse(body[0])
