"""`course.py grade` beside nbgrader's autograde: CPU seconds for the same solved notebooks.

Both have to give full marks, or the seconds mean nothing.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.verdicts import invalid, verdict
from course_layout import ROOT
from instructor.export import nbgrader_environment

__all__ = ("aims", "measure", "table")

MIN_RATIO = 8  # the aim
LESSONS = tuple(path.stem for path in sorted((ROOT / "solutions").glob("*.ipynb")))


def measure(students: int) -> dict:
    """Grade a class of students who solved everything, with both.

    Returns:
        notebooks (their number), ours and nbgrader (CPU seconds a notebook), wrong (the names of
        those that did not give full marks).

    Raises:
        Missing: nbgrader cannot be installed.
    """
    nbgrader = nbgrader_environment.installed()
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as scratch:
        folder = Path(scratch)
        environment = nbgrader_environment.environment(nbgrader, folder / "home")
        environment = {n: v for n, v in environment.items() if not n.startswith("OPENAI_")}
        _run(sys.executable, "-m", "instructor.export.export", "nbgrader", scratch)
        for lesson in LESSONS:
            _run("nbgrader", "generate_assignment", lesson, cwd=folder, env=environment)
            notebook = _solved(folder / "release" / lesson / f"{lesson}.ipynb", lesson)
            for path in ("class", "submitted"):
                for student in range(students):
                    handed_in = folder / path / str(student) / lesson / f"{lesson}.ipynb"
                    handed_in.parent.mkdir(parents=True)
                    handed_in.write_text(notebook, "utf-8")
        began = _cpu_of_children()
        _run(sys.executable, "-m", "instructor.grading.grade", str(folder / "class"))
        between = _cpu_of_children()
        for lesson in LESSONS:
            _run("nbgrader", "autograde", lesson, cwd=folder, env=environment)
        ended = _cpu_of_children()
        with (folder / "class-grades.csv").open(encoding="utf-8", newline="") as file:
            points = {"ours": [float(row["points"]) for row in csv.DictReader(file)]}
        with closing(sqlite3.connect(folder / "gradebook.db")) as book:
            scores = book.execute("SELECT auto_score FROM grade").fetchall()
        points["nbgrader"] = [score for (score,) in scores]
    count = students * len(LESSONS)
    return {
        "notebooks": count,
        "ours": (between - began) / count,
        "nbgrader": (ended - between) / count,
        "wrong": [name for name, each in points.items() if set(each) != {1}],
    }


def _solved(released: Path, lesson: str) -> str:
    """Return the text of a notebook that was handed out, with the answers of the solved one."""
    solved = json.loads((ROOT / "solutions" / f"{lesson}.ipynb").read_text("utf-8"))
    answers = {cell["id"]: cell["source"] for cell in solved["cells"]}
    notebook = json.loads(released.read_text("utf-8"))
    for cell in notebook["cells"]:
        if "exercise" in cell["metadata"].get("tags", ()):
            cell["source"] = answers[cell["id"]]
    return json.dumps(notebook)


def _cpu_of_children() -> float:
    """Return the CPU seconds of all that this process started and that has ended."""
    times = os.times()
    return times.children_user + times.children_system


def _run(*words: str, cwd: Path = ROOT, **options: dict) -> None:
    subprocess.run(words, cwd=cwd, capture_output=True, check=True, **options)


def aims(found: dict) -> list[dict]:
    """Return a verdict on the CPU seconds, unless one did not give full marks."""
    if found["wrong"]:
        names = " and ".join(found["wrong"])
        return [invalid(f"grade: {names} did not give full marks to right answers")]
    ratio = found["nbgrader"] / found["ours"]
    return [verdict("nbgrader's CPU by that of course.py grade", ratio, MIN_RATIO, " x")]


def table(found: dict) -> str:
    """Return the results for people to read."""
    return (
        f"CPU seconds a notebook, {found['notebooks']} solved ones:\n"
        f"{found['ours']:8.2f} course.py grade\n{found['nbgrader']:8.2f} nbgrader autograde"
    )
