"""Lesson 0 as students hand it in: solved, with other answers, changed, mistreated by tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from course_layout import ROOT

__all__ = ("cell", "changed", "ex3", "notebook", "place")

LESSON = "00_start_here"
Notebook = dict[str, Any]

WRONG = "\ndef ask(agent, question):\n    return 'no idea'\n"
RIGHT = """
def ask(agent, question):
    return agent.invoke({"messages": question})["messages"][-1].text
"""


def notebook(folder: str = "solutions") -> Notebook:
    """Return lesson 0, solved or as students get it."""
    return json.loads((ROOT / folder / f"{LESSON}.ipynb").read_text("utf-8"))


def cell(source: str, name: str, *tags: str) -> dict[str, Any]:
    """Return a code cell."""
    data = {"tags": list(tags)} if tags else {}
    kind = {"cell_type": "code", "execution_count": None, "outputs": []}
    return {**kind, "id": name, "metadata": data, "source": source}


def place(found: Notebook, name: str) -> int:
    """Return where the cell with an id stands."""
    return next(n for n, each in enumerate(found["cells"]) if each["id"] == name)


def ex3(source: str) -> Callable[[], Notebook]:
    """Return what makes lesson 0, solved, with another answer to exercise 3."""

    def make() -> Notebook:
        found = notebook()
        found["cells"][place(found, "ex3")]["source"] = source
        return found

    return make


def changed(change: Callable[[Notebook, list[dict[str, Any]]], None]) -> Callable[[], Notebook]:
    """Return what makes lesson 0, solved and then changed."""

    def make() -> Notebook:
        found = notebook()
        change(found, found["cells"])
        return found

    return make


def edit_check(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """The student edits the check, and answers wrongly."""
    cells[place(found, "ex3")]["source"] = WRONG
    cells[place(found, "ex3-check")]["source"] = "print('✓ Correct.')"


def drop_cells(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """Answer and check are gone."""
    del cells[place(found, "ex3-check")]
    del cells[place(found, "ex3")]


def copy_answer(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """A wrong answer, and below the check a copy of its cell that is right."""
    cells[place(found, "ex3")]["source"] = WRONG
    below = place(found, "ex3-check") + 1
    cells.insert(below, cell(RIGHT, "f00d", "exercise", "ex3"))


def answer_elsewhere(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """The stub is left alone, the answer stands in a cell of its own below it."""
    stub = notebook("notebooks")
    at = place(found, "ex3")
    cells[at] = stub["cells"][place(stub, "ex3")]
    cells.insert(at + 1, cell(RIGHT, "f00d"))


def lose_ids(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """A tool that knows neither cell ids nor tags has saved the notebook."""
    for each in cells:
        del each["id"]
        each["metadata"] = {}


def edit_given(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """An import is added to a given cell and used; what the cell gave is broken."""
    given = cells[place(found, "hours-saturday-10-to-16-sunday-closed")]
    given["source"] = "import json as js\nHOURS = {}\n"
    cells[place(found, "ex3")]["source"] = RIGHT + "js.dumps(1)\n"


def break_first(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """Exercise 1 ends the process."""
    cells[place(found, "ex1")]["source"] = "import os\nos._exit(0)\n"


def solve_late(found: Notebook, cells: list[dict[str, Any]]) -> None:
    """A helper stands in a cell of its own; another such cell is broken."""
    at = place(found, "ex3")
    cells[at]["source"] = "def ask(agent, question):\n    return last(agent, question)\n"
    cells.insert(at, cell(RIGHT.replace("def ask", "def last"), "f00d"))
    cells.insert(at, cell("this is not Python", "f00e"))
