"""Grading a class beside nbgrader's autograde: the same answers, two processes at once each.

nbgrader runs every cell of a notebook in a new kernel; `course.py grade` forks and runs what the
answers need. Both have to give full marks, or the seconds mean nothing. CPU seconds are those of
the whole machine meanwhile: nothing else should run on it.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.model import CACHE
from benchmarks.peers import program
from benchmarks.verdicts import invalid, verdict
from course_layout import ROOT
from instructor.export import other_grader
from instructor.export.nbgrader_source import NBGRADER

__all__ = ("aims", "measure", "table")

AIM = 10  # times faster
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
        notebooks (their number), ours and nbgrader (seconds and CPU seconds in all), and whether
        each gave full marks.

    Raises:
        Missing: nbgrader is not there.
    """
    installed = other_grader.installed(NBGRADER, cache, install)
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as scratch:
        folder = Path(scratch)
        environment = _environment(folder, installed)
        courses = [_course(folder / f"course {n}", installed, environment, lessons)
                   for n in range(WORKERS)]  # fmt: skip
        for number in range(students):
            _hand_in(folder, courses[number % WORKERS], f"student{number}", lessons)
        ours = _ours(folder, students)
        theirs = _theirs(courses, installed, environment, lessons)
        return {"notebooks": students * len(lessons), "ours": ours, "nbgrader": theirs}


def _environment(folder: Path, installed: Path) -> dict[str, str]:
    """Return an environment in which nbgrader finds its programs, and its kernel is this Python."""
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": words, "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
    own = {"JUPYTER_PATH": str(folder / "jupyter"), "IPYTHONDIR": str(folder / "ipython")}
    own["PATH"] = os.pathsep.join(
        [str(Path(program(installed, "nbgrader")).parent), os.environ.get("PATH", "")]
    )
    own |= {"PYTHONPATH": str(ROOT), "COURSE_PROGRESS": "off", "JUPYTER_CONFIG_DIR": str(folder)}
    return os.environ | own


def _nbgrader(course: Path, installed: Path, *words: str) -> list[str]:
    config = str(course / "nbgrader_config.py")
    return [program(installed, "nbgrader"), *words, "--config", config]


def _course(
    course: Path, installed: Path, environment: dict[str, str], lessons: tuple[str, ...]
) -> Path:
    """Make a course of nbgrader's, with the lessons released."""
    course.mkdir()
    quiet = {"capture_output": True, "check": True, "cwd": course}
    export = [sys.executable, "-m", "instructor.export.export", "nbgrader", str(course)]
    subprocess.run([*export, *lessons], **quiet)
    for lesson in lessons:
        words = _nbgrader(course, installed, "generate_assignment", lesson, "--create")
        subprocess.run(words, env=environment, **quiet)
    return course


def _hand_in(folder: Path, course: Path, student: str, lessons: tuple[str, ...]) -> None:
    """Write a student's solved notebooks, for us and for nbgrader."""
    for lesson in lessons:
        solved = json.loads((ROOT / "solutions" / f"{lesson}.ipynb").read_text("utf-8"))
        answers = {cell["id"]: cell["source"] for cell in solved["cells"]}
        released = course / "release" / lesson / f"{lesson}.ipynb"
        notebook = json.loads(released.read_text("utf-8"))
        for cell in notebook["cells"]:
            if "exercise" in cell["metadata"].get("tags", ()):
                cell["source"] = answers[cell["id"]]
        for path in (
            folder / "class" / student / f"{lesson}.ipynb",
            course / "submitted" / student / lesson / f"{lesson}.ipynb",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(notebook), "utf-8")


def _ours(folder: Path, students: int) -> dict:
    words = [sys.executable, "-m", "instructor.grading.grade", str(folder / "class")]
    words += ["--jobs", str(WORKERS)]
    began, cpu = time.perf_counter(), _cpu()
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    seconds, cpu = time.perf_counter() - began, _cpu() - cpu
    report = folder / "class-grades.csv"
    rows = report.read_text("utf-8").splitlines()[1:] if report.exists() else []
    good = bool(rows) and all(",passed,1," in row for row in rows)
    return {"seconds": seconds, "cpu": cpu, "good": good, "said": done.stdout.strip()[-300:]}


def _theirs(
    courses: list[Path], installed: Path, environment: dict[str, str], lessons: tuple[str, ...]
) -> dict:
    """Have nbgrader grade each course in a process of its own."""
    script = " && ".join(
        " ".join(f"'{word}'" for word in _nbgrader(Path("."), installed, "autograde", lesson))
        for lesson in lessons
    )
    began, cpu = time.perf_counter(), _cpu()
    running = [
        subprocess.Popen(
            ["sh", "-c", script],
            cwd=course,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for course in courses
    ]
    good = all([process.wait() == 0 for process in running])
    seconds, cpu = time.perf_counter() - began, _cpu() - cpu
    for course in courses:
        with sqlite3.connect(course / "gradebook.db") as book:
            grades = book.execute("SELECT auto_score FROM grade").fetchall()
        good = good and bool(grades) and all(score == 1 for (score,) in grades)
    return {"seconds": seconds, "cpu": cpu, "good": good}


def _cpu() -> float:
    """Return the CPU seconds this machine has used: a sandbox hides those of its processes."""
    times = psutil.cpu_times()
    return times.user + times.system + times.nice


def aims(found: dict) -> list[dict]:
    """Return a verdict, unless one of them did not give full marks."""
    for name in ("ours", "nbgrader"):
        if not found[name]["good"]:
            said = found[name].get("said", "")
            return [invalid(f"grade: {name} did not give full marks to right answers. {said}")]
    names = {"seconds": "seconds", "cpu": "CPU seconds"}
    return [
        verdict(
            f"nbgrader's {name} by those of course.py grade",
            found["nbgrader"][key] / found["ours"][key],
            AIM,
            " x",
        )
        for key, name in names.items()
    ]


def table(found: dict) -> str:
    """Return the results for people to read."""
    count = found["notebooks"]
    lines = [f"{count} solved notebooks, {WORKERS} at once"]
    for name, label in (("ours", "course.py grade"), ("nbgrader", NBGRADER + " autograde")):
        seconds, cpu = found[name]["seconds"] / count, found[name]["cpu"] / count
        lines.append(f"  {label:<26}{seconds:8.2f} s and {cpu:6.2f} CPU s a notebook")
    return "\n".join(lines)


def main() -> int:
    """Measure a class of the size asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2)  # 30 take hours
    parser.add_argument("--lessons", nargs="*", default=LESSONS, metavar="NN_topic")
    parser.add_argument("--cache", type=Path, default=CACHE, help=argparse.SUPPRESS)
    options = parser.parse_args()
    found = measure(options.students, tuple(options.lessons), cache=options.cache)
    verdicts = aims(found)
    print(table(found), *(one["text"] for one in verdicts), sep="\n")
    return int(any(one.get("invalid") for one in verdicts))


if __name__ == "__main__":
    sys.exit(main())
