"""`course.py grade` beside nbgrader's autograde: the same solved notebooks, two at once each.

Both have to give full marks, or the seconds mean nothing. CPU seconds are those of the processes
started, so other work on the machine counts little there; it does in the seconds.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from benchmarks.verdicts import invalid, verdict
from course_layout import ROOT
from instructor.export import nbgrader_environment
from instructor.export.nbgrader_source import NBGRADER
from tools.install.extras import CACHE

__all__ = ("aims", "measure", "table")

MIN_RATIO = 8  # the aim
WORKERS = 2
LESSONS = tuple(path.stem for path in sorted((ROOT / "solutions").glob("*.ipynb")))


def measure(
    students: int, lessons: tuple[str, ...] = LESSONS, install: bool = True, cache: Path = CACHE
) -> dict:
    """Grade a class of students who solved everything, with both.

    Args:
        students: How many, an even number.
        lessons: Names of lessons, `NN_topic`.
        install: Whether nbgrader may be installed.
        cache: Where it is kept.

    Returns:
        notebooks (their number), ours and nbgrader (seconds and CPU seconds in all, and whether
        it gave full marks).

    Raises:
        Missing: nbgrader is not there.
    """
    nbgrader = nbgrader_environment.installed(cache, install)
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as scratch:
        folder = Path(scratch)
        environment = nbgrader_environment.environment(nbgrader, folder / "home")
        environment = {n: v for n, v in environment.items() if not n.startswith("OPENAI_")}
        halves = [folder / f"half {number}" for number in range(WORKERS)]
        _run([sys.executable, "-m", "instructor.export.export", "nbgrader", str(halves[0])])
        for lesson in lessons:
            _run(["nbgrader", "generate_assignment", lesson], halves[0], environment)
        for half in halves[1:]:
            shutil.copytree(halves[0], half)
        for number in range(students):
            for lesson in lessons:
                half = halves[number % WORKERS]
                notebook = _solved(half / "release" / lesson / f"{lesson}.ipynb", lesson)
                for place in (folder / "class", half / "submitted"):
                    path = place / str(number) / lesson / f"{lesson}.ipynb"
                    path.parent.mkdir(parents=True)
                    path.write_text(notebook, "utf-8")
        ours = ["-m", "instructor.grading.grade", str(folder / "class"), "--jobs", str(WORKERS)]
        graded = [(sys.executable, *ours)]
        found = {"notebooks": students * len(lessons), "ours": _timed([graded], folder)}
        with (folder / "class-grades.csv").open(encoding="utf-8", newline="") as file:
            points = [float(row["points"]) for row in csv.DictReader(file)]
        found["ours"]["good"] = bool(points) and min(points) == 1
        graded = [("nbgrader", "autograde", lesson) for lesson in lessons]
        found["nbgrader"] = _timed([graded] * WORKERS, *halves, environment=environment)
        points = []
        for half in halves:
            with closing(sqlite3.connect(half / "gradebook.db")) as book:
                points += [score for (score,) in book.execute("SELECT auto_score FROM grade")]
        found["nbgrader"]["good"] = bool(points) and min(points) == 1
        return found


def _solved(released: Path, lesson: str) -> str:
    """Return the text of a notebook that was handed out, with the answers of the solved one."""
    solved = json.loads((ROOT / "solutions" / f"{lesson}.ipynb").read_text("utf-8"))
    answers = {cell["id"]: cell["source"] for cell in solved["cells"]}
    notebook = json.loads(released.read_text("utf-8"))
    for cell in notebook["cells"]:
        if "exercise" in cell["metadata"].get("tags", ()):
            cell["source"] = answers[cell["id"]]
    return json.dumps(notebook)


def _timed(rows: list[list[tuple[str, ...]]], *folders: Path, **options: dict) -> dict:
    """Run each row of commands in its folder, all rows at once; return seconds and CPU seconds."""

    def run(row: list[tuple[str, ...]], folder: Path) -> None:
        for words in row:
            _run(words, folder, **options)

    began, cpu = time.perf_counter(), _cpu_of_children()
    with ThreadPoolExecutor(len(rows)) as pool:
        list(pool.map(run, rows, folders))
    return {"seconds": time.perf_counter() - began, "cpu": _cpu_of_children() - cpu}


def _cpu_of_children() -> float:
    """Return the CPU seconds of all that this process started and that has ended."""
    times = os.times()
    return times.children_user + times.children_system


def _run(words: list[str] | tuple[str, ...], folder: Path = ROOT, environment=os.environ) -> None:
    subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=True)


def aims(found: dict) -> list[dict]:
    """Return a verdict each on seconds and CPU seconds, unless one did not give full marks."""
    for name in ("ours", "nbgrader"):
        if not found[name]["good"]:
            return [invalid(f"grade: {name} did not give full marks to right answers")]
    return [
        verdict(
            f"nbgrader's {name} by those of course.py grade",
            found["nbgrader"][key] / found["ours"][key],
            MIN_RATIO,
            " x",
        )
        for key, name in (("seconds", "seconds"), ("cpu", "CPU seconds"))
    ]


def table(found: dict) -> str:
    """Return the results for people to read."""
    count = found["notebooks"]
    lines = [f"{count} solved notebooks, {WORKERS} at once"]
    for name, label in (("ours", "course.py grade"), ("nbgrader", NBGRADER + " autograde")):
        seconds, cpu = found[name]["seconds"] / count, found[name]["cpu"] / count
        lines.append(f"  {label:<26}{seconds:8.2f} s and {cpu:6.2f} CPU s a notebook")
    return "\n".join(lines)
