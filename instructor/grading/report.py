"""The reports: HTML for people, files that need nothing else, and CSV for programs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from operator import attrgetter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from instructor.grading.class_summary import Exercise, by_exercise
from instructor.grading.marks import STATUSES, Mark
from instructor.grading.roster import Roster

__all__ = ("count", "feedback", "page", "points_table", "table")

HEADINGS = (
    *("student", "lesson", "exercise", "verdict", "points"),
    *("message", "remarks", "file", "handed_in", "late"),
)
KINDS = {"passed": "good", "partial": "half", "not_attempted": "none"}
WORTH = "An exercise is worth one point, a partly right answer the share of its parts."
MAX_HARDEST = 3  # exercises to name


def page(marks: list[Mark], missing: Sequence[str] = ()) -> str:
    """Return the whole report: the class, then each student.

    Args:
        marks: The marks of everybody.
        missing: Who is in the class and has handed in nothing.
    """
    names = sorted({mark.student for mark in marks}, key=str.casefold)
    students = {name: [mark for mark in marks if mark.student == name] for name in names}
    worth: dict[str, set[str]] = {}
    for mark in sorted(marks, key=attrgetter("lesson")):
        if mark.lesson:
            worth.setdefault(mark.lesson, set()).add(mark.exercise)
    exercises = by_exercise(marks)
    hard = sorted((e for e in exercises if e.passed < e.handed_in), key=attrgetter("share"))
    return _templates.get_template("class.html").render(
        size=f"{count(len(students), 'student')}, {count(len(worth), 'lesson')}",
        students=students,
        lessons={name: len(each) for name, each in worth.items()},
        missing=missing,
        exercises=exercises,
        hardest=hard[:MAX_HARDEST],
    )


def feedback(student: str, marks: list[Mark]) -> str:
    """Return what one student is told: their own marks, and nothing about others."""
    lessons = sorted({mark.lesson for mark in marks if mark.lesson}) or [""]
    return _templates.get_template("feedback.html").render(
        student=student,
        lessons={name: [mark for mark in marks if mark.lesson == name] for name in lessons},
    )


def _visible(value: object) -> object:
    """Show characters that hide text or turn it around as what they are."""
    if isinstance(value, Markup):
        return value
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in str(value))


def _rich(text: str) -> Markup:
    """Escape everything, then turn backticks into code."""
    code = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(_visible(text))))
    return Markup(code.replace("\n", "<br>"))


def _time(mark: Mark) -> str:
    late = ", late" if mark.late else ""
    return f"{mark.file}, handed in {mark.handed_in}{late}" if mark.handed_in else mark.file


def _title(lesson: str) -> str:
    number, _, topic = lesson.partition("_")
    return f"{int(number)} {topic.replace('_', ' ')}" if number.isdigit() else lesson


def _exercise(mark: Mark | Exercise) -> str:
    """Return how the lesson, its slides and its guide call an exercise; a file that is none."""
    if not mark.lesson:
        return mark.file
    return f"Exercise {int(mark.lesson[:2])}.{mark.exercise.removeprefix('ex')}"


def _points(marks: Iterable[Mark]) -> str:
    """Return the sum of the points, "" where there is no mark."""
    points = [mark.points for mark in marks]
    return f"{round(sum(points), 2):g}" if points else ""


def count(number: int, noun: str) -> str:
    """Return a number and its noun, which takes an s where it has to."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    finalize=_visible,
    trim_blocks=True,
    undefined=StrictUndefined,
)
_templates.globals |= {"STATUSES": STATUSES, "KINDS": KINDS, "WORTH": WORTH}
_templates.filters |= {"rich": _rich, "time": _time, "as_title": _title, "points": _points}
_templates.filters |= {"as_exercise": _exercise}


def table(marks: list[Mark]) -> str:
    """Return the marks as CSV: a line for each student and exercise."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(HEADINGS)
    for mark in marks:
        row = (mark.student, mark.lesson, mark.exercise, mark.status, f"{mark.points:g}")
        row += (mark.message, " ".join(mark.remarks), mark.file, mark.handed_in)
        row += ("late" if mark.late else "",)
        lines.writerow(map(_no_formula, row))
    return text.getvalue()


def points_table(marks: list[Mark], roster: Roster | None = None) -> str:
    """Return the points as CSV: a line a student, a column a lesson, as an LMS imports it.

    Args:
        marks: The marks of everybody.
        roster: The class: its own columns stand first, and everybody on it has a line.
    """
    lessons = sorted({mark.lesson for mark in marks if mark.lesson})
    columns, people = ["Student"], {}
    if roster:
        columns = roster.columns
        people = {p.name: [p.fields[column] for column in columns] for p in roster.people}
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([*columns, *map(_title, lessons), "All lessons"])
    names = {mark.student for mark in marks} - people.keys()
    for student in [*people, *sorted(names, key=str.casefold)]:
        own = [mark for mark in marks if mark.student == student]
        graded = [mark for mark in own if mark.lesson]
        points = [_points(mark for mark in graded if mark.lesson == name) for name in lessons]
        row = people.get(student, [student, *[""] * (len(columns) - 1)])
        lines.writerow(map(_no_formula, [*row, *points, _points(graded) or "0" * bool(own)]))
    return text.getvalue()


def _no_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = text.replace("\r", " ").replace("\0", "")
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
