"""What `course.py grade` finds in a folder, plans to run, and reports."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

from course_layout import ROOT
from instructor.grading.class_summary import by_exercise
from instructor.grading.marks import Mark, best_of
from instructor.grading.plan import align, plan
from instructor.grading.report import page, table
from instructor.grading.submission import find, lessons_of
from tests.instructor.handed_in import cell, notebook

LESSONS = lessons_of(ROOT)
ZERO = LESSONS[0]


def mark(student: str, status: str, message: str = "", **more: object) -> Mark:
    """Return a mark for exercise 1 of a lesson."""
    values = {"lesson": "01_streaming", "exercise": "ex1", "remarks": (), "wrong": ()}
    points = float(status == "passed")
    values |= {"points": points, "file": f"{student}.ipynb", **more}
    return Mark(student=student, status=status, message=message, **values)


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("ada/00_start_here.ipynb", "ada"),
        ("ada/week 1/whatever.ipynb", "ada"),
        ("ada_00_start_here.ipynb", "ada"),
        ("00_start_here_ada.ipynb", "ada"),
        ("00_start_here (Ada L).ipynb", "Ada L"),
        ("Start Here - Björn.ipynb", "Björn"),
        ("4711-00_start_here.ipynb", "4711"),
        ("00_start_here.ipynb", "class"),
        ("zoë.ipynb", "zoë"),
    ],
)
def test_student_is_the_folder_or_the_rest_of_the_file_name(
    tmp_path: Path, file: str, student: str
) -> None:
    path = tmp_path / "class" / file
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook()), "utf-8")
    (found,) = find(tmp_path / "class", LESSONS)
    assert (found.student, found.lesson, found.problem) == (student, ZERO, "")


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', "[" * 100_000, "\x00\xff"],
)
def test_what_is_no_notebook_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    """And nothing else happens."""
    (tmp_path / "ada.ipynb").write_text(text, "utf-8")
    (found,) = find(tmp_path, LESSONS)
    assert found.problem and not found.cells


def test_notebook_of_no_lesson_is_not_judged(tmp_path: Path) -> None:
    """A notebook of something else."""
    (tmp_path / "ada.ipynb").write_text(json.dumps({"cells": [cell("1 + 1", "x")]}), "utf-8")
    (found,) = find(tmp_path, LESSONS)
    assert found.lesson is None and "of any lesson" in found.problem


def test_each_lesson_is_known_by_its_cells(tmp_path: Path) -> None:
    """Whatever the file is called."""
    for folder in ("notebooks", "solutions"):
        for number, lesson in enumerate(LESSONS):
            source = ROOT / folder / f"{lesson.name}.ipynb"
            (tmp_path / f"{folder} {number}.ipynb").write_bytes(source.read_bytes())
    names = {found.path.stem.split()[1]: found.lesson for found in find(tmp_path, LESSONS)}
    assert names == {str(number): lesson for number, lesson in enumerate(LESSONS)}


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_and_hidden_copies_are_left_alone(tmp_path: Path) -> None:
    """A link could lead to another student's work."""
    inside = tmp_path / "class"
    (inside / ".ipynb_checkpoints").mkdir(parents=True)
    (inside / ".ipynb_checkpoints" / "ada.ipynb").write_text(json.dumps(notebook()), "utf-8")
    (tmp_path / "other.ipynb").write_text(json.dumps(notebook()), "utf-8")
    (inside / "eve.ipynb").symlink_to(tmp_path / "other.ipynb")
    os.mkfifo(inside / "pipe.ipynb")
    assert find(inside, LESSONS) == []


def test_only_what_an_exercise_needs_is_run() -> None:
    """Of lesson 0, exercise 3 needs one cell; its demonstrations are left out."""
    code = [dict(each) for each in ZERO.code]
    steps = plan(align(code, code, ZERO.stubs), ["ex3"], lambda name: ())
    assert [step.kind for step in steps] == ["given", "answer", "check"]
    needed = plan(align(code, code, ZERO.stubs), ["ex3"], lambda name: ("HOURS",))
    assert [step.source[:5] for step in needed if step.kind == "given"][1] == "HOURS"


def test_cells_a_student_added_run_where_an_answer_may_need_them() -> None:
    """A cell that mentions what an answer uses may change it; another one is left out."""
    code = [dict(each) for each in ZERO.code]
    at = next(n for n, each in enumerate(code) if each["id"] == "ex3")
    code[at] = {**code[at], "source": "def ask(agent, question):\n    return LIMITS['day']"}
    for source in ("LIMITS = {}", "LIMITS['day'] = 3", "print('hello')", "1 +"):
        code.insert(at, {"id": source, "type": "code", "source": source, "tags": []})
        at += 1
    steps = plan(align(ZERO.code, code, ZERO.stubs), ["ex3"], lambda name: ())
    assert [s.source for s in steps if s.kind == "added"] == ["LIMITS = {}", "LIMITS['day'] = 3"]


def test_best_notebook_for_a_lesson_counts() -> None:
    """And the report says so."""
    worse, better = [mark("ada", "failed", file="b")], [mark("ada", "passed", file="a")]
    (found,) = best_of([worse, better])
    assert found.status == "passed" and "2 notebooks" in found.remarks[0]


def test_class_view_names_the_common_mistake() -> None:
    """The same mistake with other numbers is the same mistake."""
    marks = [mark(name, "failed", f"You said {n}.") for n, name in enumerate(("a", "b", "c"))]
    marks += [mark("d", "raised", "`KeyError`"), mark("e", "passed"), mark("f", "not_attempted")]
    marks += [mark("g", "unreadable")]
    (exercise,) = by_exercise(marks)
    assert (exercise.handed_in, exercise.passed, exercise.missing, exercise.other) == (6, 1, 1, 4)
    assert exercise.common == (("You said 0.", 3), ("`KeyError`", 1))


def test_page_is_safe_and_stands_alone() -> None:
    """Names and messages are text, and nothing is fetched."""
    bad = "<script>alert(1)</script>\u202e"
    text = page([mark(bad, "failed", f"`{bad}`", remarks=(bad,), file=bad)])
    assert "<script" not in text and "\u202e" not in text
    assert "&lt;script&gt;" in text and "src=" not in text and "http" not in text


def test_table_holds_no_formula() -> None:
    """A spreadsheet takes a text for a text."""
    rows = list(csv.reader(io.StringIO(table([mark("=1+1", "failed", "-2\n+3")]))))
    assert rows[1][0] == "'=1+1" and rows[1][5] == "'-2\n+3"
