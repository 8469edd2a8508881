"""What `course.py grade` finds in a folder, plans to run, and reports."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from course_layout import ROOT
from instructor.grading.class_summary import by_exercise
from instructor.grading.marks import Mark, best_of, marks_of
from instructor.grading.plan import align, plan
from instructor.grading.report import feedback, page, points_table, table
from instructor.grading.roster import Roster, read
from instructor.grading.submission import Submission, find, lessons_of
from tests.instructor.handed_in import cell, notebook, place

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
        ("00_start_here.ipynb", "00_start_here"),
        ("00_start_here (1).ipynb", "00_start_here (1)"),
        ("00_start_here-Copy1.ipynb", "00_start_here-Copy1"),
        ("ada_00_start_here-Copy2.ipynb", "ada"),
        ("zoë.ipynb", "zoë"),
        ("Ju\u0308rgen_00_start_here.ipynb", "J\u00fcrgen"),  # a zip from a Mac
        ("Ju\u0308rgen/00_start_here.ipynb", "J\u00fcrgen"),
        ("garciazoe_12346_678902_00_start_here-1.ipynb", "garciazoe"),
        ("submissions/garciazoe_LATE_12346_678902_start here.ipynb", "garciazoe"),
        ("van_der_berg_12346_678902_00_start_here.ipynb", "van_der_berg"),
        ("Zoe Garcia_98765_assignsubmission_file/00_start_here.ipynb", "Zoe Garcia"),
        ("Zoe Garcia_98765_assignsubmission_file_/week 1/a.ipynb", "Zoe Garcia"),
        ("Zoe Garcia_98765_assignsubmission_file_00_start_here.ipynb", "Zoe Garcia"),
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
    (only,) = marks_of(found, None)
    assert (only.lesson, only.exercise, only.answer, only.points) == ("", "", "", 0)


def test_what_cannot_be_read_says_so_for_each_exercise_of_its_lesson(tmp_path: Path) -> None:
    """The file's name says which lesson it was to be."""
    (tmp_path / "ada_00_start_here.ipynb").write_text("hello", "utf-8")
    (found,) = find(tmp_path, LESSONS)
    marks = marks_of(found, None)
    assert [each.exercise for each in marks] == ZERO.exercises
    assert {(each.status, each.message) for each in marks} == {("unreadable", found.problem)}


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


def test_class_view_names_one_part_and_says_how_many_more() -> None:
    """As the student's page, the slides and the guide call the exercise."""
    wrong = (("two calls", "It lists 5; expected 2."), ("a photo", "It lists 9; expected 5."))
    one = mark("ada", "partial", "1 of 3.\nIt lists 5; expected 2.", exercise="ex2", wrong=wrong)
    text = page([one])
    assert "<li>1 of 1: two calls (and 1 more): It lists 5; expected 2.</li>" in text
    assert text.count("Exercise 1.2") == 3 and "ex2" not in text


def test_what_was_not_written_is_said_to_be_that(tmp_path: Path) -> None:
    """On a marked page there is no cell above, and nothing to run again."""
    (tmp_path / "bob.ipynb").write_text(json.dumps(notebook("notebooks")), "utf-8")
    begun = notebook()
    begun["cells"][place(begun, "ex3")]["source"] = "def ask(agent, question):\n    pass"
    (tmp_path / "eve.ipynb").write_text(json.dumps(begun), "utf-8")
    verdict = {"status": "not_attempted", "message": "Write `ask` in the cell above."}
    result = {"verdicts": {"ex3": verdict}, "remarks": {}}
    said = {f.student: marks_of(f, result)[2].message for f in find(tmp_path, LESSONS)}
    assert said["bob"] == "Nothing was written." and "begun" in said["eve"]


def hand_in(folder: Path, *files: str) -> list[Submission]:
    """Hand in lesson 0 under these names and return what is found."""
    for file in files:
        path = folder / "class" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook()), "utf-8")
    return find(folder / "class", LESSONS)


def class_list(folder: Path, *lines: str) -> Roster:
    """Return the class a CSV file lists."""
    (folder / "class.csv").write_text("\n".join(lines), "utf-8")
    return read(folder / "class.csv")


def test_what_canvas_calls_late_or_came_after_the_time_is_late(tmp_path: Path) -> None:
    files = ("garciazoe_LATE_12346_678902_a.ipynb", "leeann_12347_678903_a.ipynb", "bob.ipynb")
    hand_in(tmp_path, *files)
    os.utime(tmp_path / "class" / "bob.ipynb", (1e9, 1e9))
    os.utime(tmp_path / "class" / files[1], (2e9, 2e9))
    found = find(tmp_path / "class", LESSONS, datetime(2026, 11, 30))
    assert {each.student: each.late for each in found} == {
        **{"garciazoe": True, "leeann": True},
        **{"bob": False},
    }
    (bob,) = [each for each in found if each.student == "bob"]
    assert bob.handed_in == datetime.fromtimestamp(1e9)


def test_two_people_of_one_name_stay_two(tmp_path: Path) -> None:
    found = hand_in(
        tmp_path, "lee_111_22222_a.ipynb", "lee_112_22223_a.ipynb", "bo_113_22224_a.ipynb"
    )
    assert {each.student for each in found} == {"lee (111)", "lee (112)", "bo"}


def test_roster_merges_the_files_of_one_student(tmp_path: Path) -> None:
    """The class as Canvas exports it, its files named by Canvas, by Moodle and by students."""
    roster = class_list(
        tmp_path,
        "Student,ID,SIS Login ID,Section,Alias",
        "    Points Possible,,,,",
        '"García, Zoë",12346,zg01,A,',
        '"Adams, Eve",12347,ea02,A,bluebird; eve final',
        '"Lee, Ann",12348,al03,A,',
        '"Lee, Bo",12349,bl04,A,',
    )
    found = hand_in(
        tmp_path,
        *("garciazoe_LATE_12346_678902_00_start_here-1.ipynb", "zoe garcia 2 00_start_here.ipynb"),
        *("Zoe Garcia_98765_assignsubmission_file/a.ipynb", "eve/00_start_here.ipynb"),
        *("00_start_here bluebird.ipynb", "eve final.ipynb", "ea02@example.org/a.ipynb"),
        *("Ann Lee_55_assignsubmission_file/a.ipynb", "lee/a.ipynb", "A/a.ipynb"),
        "mallory_12349_678905_a.ipynb",  # the number counts before the name
    )
    assert roster.settle(found) == ["A", "lee"]  # which of the two?
    names = Counter(each.student for each in found)
    assert names == {
        **{"García, Zoë": 3, "Adams, Eve": 4, "Lee, Ann": 1, "Lee, Bo": 1},
        **{"A": 1, "lee": 1},
    }


def test_roster_of_moodle_has_first_and_last_names(tmp_path: Path) -> None:
    lines = ("\ufeffFirst name;Surname;Email address", "Zoe;Garcia;zgarcia@example.org")
    roster = class_list(tmp_path, *lines)
    found = hand_in(tmp_path, "Zoe Garcia_98765_assignsubmission_file_/a.ipynb", "zgarcia/a.ipynb")
    assert roster.settle(found) == [] and {each.student for each in found} == {"Zoe Garcia"}
    with pytest.raises(ValueError, match="no column Student or Name"):
        class_list(tmp_path, "Who,When")


def test_points_are_a_line_a_student_for_the_gradebook(tmp_path: Path) -> None:
    roster = class_list(
        tmp_path, "Student,ID,Section,Quiz 1", '"Lee, Ann",7,A,3', '"Lee, Bo",8,A,4'
    )
    marks = [
        *(mark("Lee, Bo", "passed"), mark("Lee, Bo", "partial", exercise="ex2", points=0.25)),
        *(mark("Lee, Bo", "passed", lesson="00_start_here"), mark("=mallory", "failed")),
    ]
    assert list(csv.reader(io.StringIO(points_table(marks, roster)))) == [
        ["Student", "ID", "Section", "0 start here", "1 streaming", "All lessons"],
        ["Lee, Ann", "7", "A", "", "", ""],
        ["Lee, Bo", "8", "A", "1", "1.25", "2.25"],
        ["'=mallory", "", "", "", "0", "0"],
    ]
    assert points_table(marks).splitlines()[0] == "Student,0 start here,1 streaming,All lessons"


def test_report_shows_the_code_the_time_and_who_is_missing(tmp_path: Path) -> None:
    told = {"handed_in": "2026-11-28 09:10", "late": True, "answer": "def f(): <pass>"}
    text = page([mark("ada", "failed", "No.", **told)], ["bob"])
    assert "<pre><code>def f(): &lt;pass&gt;</code></pre>" in text
    assert "handed in 2026-11-28 09:10, late" in text and "Nothing came from: bob." in text
    (row,) = csv.DictReader(io.StringIO(table([mark("ada", "failed", "No.", **told)])))
    assert (row["handed_in"], row["late"]) == ("2026-11-28 09:10", "late")


def test_feedback_is_about_one_student_alone() -> None:
    marks = [
        mark("ada", "failed", "`f` gave 1.", answer="def f(): return 1"),
        mark(
            *("ada", "partial", "2 of 3.\nIt is 4."),
            **{"exercise": "ex2", "points": 0.67, "wrong": (("the third", "It is 4."),)},
        ),
    ]
    marks[0] = replace(marks[0], remarks=("A given cell was edited.",))
    text = feedback("ada", marks)
    assert (
        "Exercise 1.1" in text
        and "def f(): return 1" in text
        and "<li>the third: It is 4.</li>" in text
    )
    assert text.count("It is 4.") == 1
    assert "1 streaming: 0.67 of 2 points" in text and "given cell" not in text
    assert "<script" not in feedback("<script>", [mark("<script>", "passed", "<script>")])


def test_the_answer_is_the_last_cell_that_is_not_the_stub(tmp_path: Path) -> None:
    change, at = notebook(), place(notebook(), "ex3")
    change["cells"].insert(at + 1, cell("ask = 1", "f00d", "exercise", "ex3"))
    (tmp_path / "ada.ipynb").write_text(json.dumps(change), "utf-8")
    (tmp_path / "bob.ipynb").write_text(json.dumps(notebook("notebooks")), "utf-8")
    answers = {each.student: each.answer("ex3") for each in find(tmp_path, LESSONS)}
    assert answers == {"ada": "ask = 1", "bob": ""}


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
