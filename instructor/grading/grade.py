"""Mark handed-in notebooks.

    python3 course.py grade FOLDER

FOLDER holds what Canvas or Moodle hand out (unpacked), a folder a student, or notebooks named after
student and lesson. Written beside it: `FOLDER-grades.html` to read, `FOLDER-grades.csv` with every
verdict, `FOLDER-points.csv` for the gradebook of your LMS; with --feedback also a file a student in
`FOLDER-feedback/`. How it is done, and what a mark is worth, stands in docs/grading.md.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from course_layout import ROOT
from instructor.grading.marks import Mark, best_of, marks_of
from instructor.grading.report import count, feedback, page, points_table, table
from instructor.grading.roster import read as read_roster
from instructor.grading.sandbox import can_be_entered, why_not
from instructor.grading.submission import Submission, find, lessons_of
from instructor.grading.supervisor import Failure, Limits, Supervisor

__all__ = ("grade", "main")

NOTEBOOKS_AT_ONCE = min(16, 2 * (os.cpu_count() or 1))  # checks mostly wait
STOPPED = "\nStopped. No report was written."
UNSAFE = "Students' code would run as you: it could read and change all that you can."


def main(words: list[str] | None = None) -> int:
    """Grade a folder; return 0 if it was graded, 1 if not, 2 if the words make no sense."""
    parser = argparse.ArgumentParser(
        prog="course.py grade",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--to",
        metavar="NAME",
        help="write NAME.html, NAME.csv, NAME-points.csv and NAME-feedback/ instead",
    )
    parser.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="the class as CSV (of Canvas, of Moodle, or yours): who the files belong to",
    )
    parser.add_argument("--feedback", action="store_true", help="write one file a student as well")
    parser.add_argument(
        "--due",
        type=datetime.fromisoformat,
        metavar="TIME",
        help='what is younger is marked as late: "2026-11-30 23:59"',
    )
    parser.add_argument("--seconds", type=float, default=30, help="the longest a cell may run (30)")
    parser.add_argument("--memory", type=float, default=4, help="gigabytes a process may use (4)")
    parser.add_argument(
        "--jobs",
        type=int,
        default=NOTEBOOKS_AT_ONCE,
        help=f"notebooks at once ({NOTEBOOKS_AT_ONCE})",
    )
    parser.add_argument("--without-sandbox", action="store_true", help="run students' code as you")
    parser.add_argument("--fresh", action="store_true", help="a new interpreter for each notebook")
    options = parser.parse_args(words)
    if not options.folder.is_dir():
        print(f"{options.folder} is not a folder. Name the one the notebooks are in.")
        return 2
    lessons = lessons_of(ROOT)
    submissions = find(options.folder, lessons, options.due)
    if not submissions:
        print(f"There is no notebook in {options.folder}. Name the folder they are in.")
        return 2
    try:
        roster = read_roster(options.roster) if options.roster else None
    except (OSError, ValueError) as error:
        print(f"The list of the class cannot be used. {error}")
        return 2
    if roster and (unknown := roster.settle(submissions)):
        print(
            f"Not in {options.roster}: {', '.join(map(repr, unknown))}. They are graded under "
            "these names; to merge them, add the names to a person's line (a column Alias)."
        )
    nameless = [each.path.name for each in submissions if not each.owner.is_named]
    if nameless:
        print(
            f"No student's name: {', '.join(nameless)}. Each counts as a student of its own; to "
            "say whose they are, put them into a folder a student, or the name before the file's."
        )
    reason = "" if options.without_sandbox else why_not()
    if reason:
        print(f"{reason}\n{UNSAFE} If you want that, add --without-sandbox. Nothing was run.")
        return 1
    if options.without_sandbox:
        print(f"No sandbox. {UNSAFE}", file=sys.stderr)
    new_interpreter = options.fresh or not hasattr(os, "fork")
    if not (new_interpreter or options.without_sandbox or can_be_entered()):
        print(
            "Sandboxes cannot be entered here (it takes Linux 5.8), so each notebook gets a new "
            "interpreter, as with --fresh.",
            file=sys.stderr,
        )
        new_interpreter = True
    limits = Limits(
        in_sandbox=not options.without_sandbox,
        new_interpreter=new_interpreter,
        seconds=options.seconds,
        memory=int(options.memory * 2**30),
    )
    try:
        marks = grade(submissions, limits, options.jobs)
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    except Failure as failure:
        print(f"\nThe grader failed, not a notebook. Please report this:\n{failure}")
        return 1
    whole = options.folder.resolve()
    name = options.to or str(whole.with_name(f"{whole.name}-grades"))
    base = options.to or str(whole)
    students = sorted({mark.student for mark in marks})
    missing = [p.name for p in roster.people if p.name not in students] if roster else []
    _write(Path(f"{name}.csv"), table(marks))
    _write(Path(f"{name}.html"), page(marks, missing))
    _write(Path(f"{base}-points.csv"), points_table(marks, roster))
    written = [f"{name}.html", f"{name}.csv", f"{base}-points.csv"]
    if options.feedback:
        written.append(_write_feedback(Path(f"{base}-feedback"), students, marks))
    sizes = f"{count(len(students), 'student')}, {count(len(submissions), 'file')}"
    print(f"{sizes}: {', '.join(written)}")
    if missing:
        print(f"Nothing came from: {', '.join(missing)}")
    return 0


def _write_feedback(folder: Path, students: list[str], marks: list[Mark]) -> str:
    """Write a file a student and return the folder's name."""
    folder.mkdir(mode=0o700, exist_ok=True)
    taken: set[str] = set()
    for student in students:
        safe = re.sub(r"[^\w ().@-]", "_", student)[:100].strip(" .") or "student"
        name, number = safe, 1
        while name.casefold() in taken:
            number += 1
            name = f"{safe} {number}"
        taken.add(name.casefold())
        own = [mark for mark in marks if mark.student == student]
        _write(folder / f"{name}.html", feedback(student, own))
    return f"{folder}/"


def grade(submissions: list[Submission], limits: Limits, notebooks_at_once: int) -> list[Mark]:
    """Return a mark for each exercise of each lesson each student handed in.

    Raises:
        Failure: The grader failed.
    """
    bar = Bar(len(submissions))
    with Supervisor(limits) as supervisor, ThreadPoolExecutor(notebooks_at_once) as pool:
        work = [pool.submit(_grade_one, each, supervisor, bar) for each in submissions]
        try:
            found = [future.result() for future in work]
        except KeyboardInterrupt:
            print(STOPPED, file=sys.stderr, flush=True)
            os._exit(130)  # not to wait for notebooks that run; their processes end with us
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    bar.close()
    students: dict[str, list[list[Mark]]] = {}
    for marks in found:
        students.setdefault(marks[0].student, []).append(marks)
    return [mark for notebooks in students.values() for mark in best_of(notebooks)]


def _grade_one(submission: Submission, supervisor: Supervisor, bar: Bar) -> list[Mark]:
    bar.show(f"{submission.student}: {submission.path.name}")
    marks = marks_of(submission, None if submission.problem else supervisor.judge(submission.job))
    bar.step()
    return marks


class Bar:
    """Shows how far it is: a bar in a terminal, nothing elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.lock = total, 0, threading.Lock()
        self.shown = sys.stderr.isatty()

    def step(self) -> None:
        """Count one more."""
        with self.lock:
            self.done += 1
        self.show("")

    def show(self, what: str) -> None:
        """Draw the bar, and what is at work."""
        if self.shown:
            with self.lock:
                full = 30 * self.done // self.total
                safe = "".join(c if c.isprintable() else "?" for c in what)[:40]
                bar = f"[{'#' * full}{'.' * (30 - full)}] {self.done} of {self.total}  {safe}"
                print(f"\r\x1b[K{bar}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the line."""
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, for its owner alone to read."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.resolve().parent, delete=False, newline=""
    ) as file:
        file.write(text)
    os.chmod(file.name, 0o600)
    os.replace(file.name, path)


if __name__ == "__main__":
    sys.exit(main())
