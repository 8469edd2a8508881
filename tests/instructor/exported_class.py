"""Five students of lesson 0, graded by nbgrader and by the course's own grader."""

from __future__ import annotations

import copy
import csv
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from course_layout import ROOT
from instructor.export import nbgrader_environment
from instructor.grading.sandbox import why_not
from tests.instructor.handed_in import LESSON, Notebook, place

__all__ = ("POINTS", "nbgrader_runs", "our_points")

Points = dict[str, dict[str, float]]  # of each exercise, by student

BUILT = ROOT / "notebooks" / f"{LESSON}.ipynb"
STUB = "requests_for_one_question = ..."
TRIED = "requests_for_one_question = 1"
ANY_DAY = """
@tool
def opening_hours(day: str) -> str:
    '''Say the opening hours of the shop on a day of the week.'''
    return "10 to 16"
"""
WRONG = "def ask(agent, question):\n    return question"


def ada(found: Notebook) -> None:
    """All right."""


def bob(found: Notebook) -> None:
    """Copied an answer cell, then fixed the copy; JupyterLab copies the metadata, too."""
    number = place(found, "ex1")
    first = copy.deepcopy(found["cells"][number]) | {"id": "first-try", "source": TRIED}
    found["cells"].insert(number, first)


def cleo(found: Notebook) -> None:
    """A stub, a partly right, a wrong and a right answer."""
    for name, source in (("ex1", STUB), ("ex2", ANY_DAY), ("ex3", WRONG)):
        found["cells"][place(found, name)]["source"] = source


def dora(found: Notebook) -> None:
    """Deleted an exercise and another one's check, pasted a foreign cell, lost most of a note."""
    gone = ("ex3-check", "ex4", "ex4-check")
    found["cells"] = [each for each in found["cells"] if each["id"] not in gone]
    pasted = copy.deepcopy(found["cells"][place(found, "ex1-check")]) | {"id": "pasted"}
    pasted["metadata"].get("nbgrader", {})["grade_id"] = "of-another-lesson"
    found["cells"].append(pasted)
    found["cells"][place(found, "ex2-check")]["metadata"].get("nbgrader", {}).pop(
        "schema_version", None
    )


def eli(found: Notebook) -> None:
    """All right, in the notebook of the course instead of the one handed out."""


STUDENTS = (ada, bob, cleo, dora, eli)  # in the order in which they are graded
POINTS = {
    "ada": {"ex1": 1, "ex2": 1, "ex3": 1, "ex4": 1},
    "bob": {"ex1": 1, "ex2": 1, "ex3": 1, "ex4": 1},
    "cleo": {"ex1": 0, "ex2": 0.5, "ex3": 0, "ex4": 1},
    "dora": {"ex1": 1, "ex2": 1, "ex3": 1, "ex4": 0},
    "eli": {"ex1": 1, "ex2": 1, "ex3": 1, "ex4": 1},
}


@dataclass(frozen=True)
class Run:
    """A run of `nbgrader autograde`."""

    status: int
    said: str
    points: Points
    """Of the students it got to."""


def nbgrader_runs(folder: Path) -> tuple[Run, Run]:
    """Grade the class with nbgrader's own treatment of cells, then with our configuration.

    Raises:
        Missing: nbgrader cannot be installed.
    """
    env = nbgrader_environment.environment(nbgrader_environment.installed(), folder / "home")
    folder.mkdir(parents=True)
    _tool(["instructor.export.export", "nbgrader", str(folder), LESSON[:2]])
    _run(["nbgrader", "generate_assignment", LESSON], folder, env).check_returncode()
    released = folder / "release" / LESSON / f"{LESSON}.ipynb"
    for student in STUDENTS:
        handed_in = folder / "submitted" / student.__name__ / LESSON / f"{LESSON}.ipynb"
        hand_in(BUILT if student is eli else released, student, handed_in)
    config = folder / "nbgrader_config.py"
    ours = config.read_text("utf-8")
    config.write_text(ours.replace("CourseCells,", "preprocessors.OverwriteCells,"), "utf-8")
    alone = _autograde(folder, env)
    config.write_text(ours, "utf-8")
    return alone, _autograde(folder, env)


def _autograde(folder: Path, env: dict[str, str]) -> Run:
    done = _run(["nbgrader", "autograde", LESSON], folder, env)
    graded = {path.parent.name for path in (folder / "autograded").glob(f"*/{LESSON}")}
    query = """
        SELECT student_id, base_cell.name, auto_score FROM grade
        JOIN base_cell ON base_cell.id = grade.cell_id
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    """
    points: Points = {student: {} for student in graded}
    with closing(sqlite3.connect(folder / "gradebook.db")) as book:
        for student, check, score in book.execute(query):
            if student in graded:
                points[student][check.removesuffix("-check")] = score
    return Run(done.returncode, done.stdout + done.stderr, points)


def our_points(folder: Path) -> Points:
    """Grade the class with `course.py grade`."""
    for student in STUDENTS:
        hand_in(BUILT, student, folder / "class" / student.__name__ / f"{LESSON}.ipynb")
    words = ["instructor.grading.grade", str(folder / "class"), "--to", str(folder / "report")]
    _tool([*words, *(["--without-sandbox"] if why_not() else [])])
    points: Points = {}
    with open(folder / "report.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            points.setdefault(row["student"], {})[row["exercise"]] = float(row["points"])
    return points


def hand_in(released: Path, student: Callable[[Notebook], None], path: Path) -> None:
    """Write what a student makes of a notebook that was handed out."""
    found = json.loads(released.read_text("utf-8"))
    solved = json.loads((ROOT / "solutions" / f"{LESSON}.ipynb").read_text("utf-8"))
    answers = {each["id"]: each["source"] for each in solved["cells"]}
    for each in found["cells"]:
        if "exercise" in each["metadata"].get("tags", ()):
            each["source"] = answers[each["id"]]
    student(found)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), "utf-8")


def _tool(words: list[str]) -> None:
    command = [sys.executable, "-m", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=900)


def _run(words: list[str], folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess:
    """Run a program of the environment, where the reader's endpoint does not count."""
    env = {name: text for name, text in env.items() if not name.startswith("OPENAI_")}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=900)
