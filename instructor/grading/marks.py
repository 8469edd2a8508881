"""Marks: what became of each exercise of each student."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from instructor.grading.submission import Submission

__all__ = ("STATUSES", "Mark", "best_of", "marks_of")

MAX_ANSWER_CHARACTERS = 8_000  # of an answer, in the reports
NOT_WRITTEN = "Nothing was written."
NOT_FINISHED = "It was begun; a `...` or an empty function is left."

# A mark and a word for each, so that nobody has to tell colours apart.
STATUSES = {
    "passed": ("✓", "passed"),
    "partial": ("◐", "partly right"),
    "failed": ("✗", "wrong"),
    "raised": ("✗", "raised an error"),
    "timed_out": ("✗", "too long, stopped"),
    "not_attempted": ("○", "not attempted"),
    "setup_changed": ("!", "set-up changed"),
    "check_broken": ("!", "our check broke"),
    "no_result": ("!", "no result"),
    "unreadable": ("!", "not readable"),
}


@dataclass(frozen=True)
class Mark:
    """What became of one exercise; exercise is "" for a file that is no lesson."""

    student: str
    lesson: str
    exercise: str
    status: str
    points: float
    """1 for a right answer, the share of the parts for a partly right one, else 0."""
    message: str
    remarks: tuple[str, ...]
    wrong: tuple[tuple[str, str], ...]
    """The parts that do not hold, each with what was said of it."""
    file: str
    answer: str = ""
    """What stands in the answer cell."""
    handed_in: str = ""
    """The date and time of the file."""
    late: bool = False

    @property
    def head(self) -> str:
        """What the message says besides what was said of the parts."""
        lines = {line for _, said in self.wrong for line in said.split("\n")}
        return "\n".join(line for line in self.message.split("\n") if line not in lines)


def marks_of(submission: Submission, result: dict[str, Any] | None) -> list[Mark]:
    """Return the marks of a notebook that was judged; None for one that could not be."""
    lesson = submission.lesson
    missing = {"status": "no_result"}
    if result is None:
        result = {"verdicts": {}, "remarks": {}}
        missing = {"status": "unreadable", "message": submission.problem}
    marks, common = [], tuple(result["remarks"].get("", ()))
    for exercise in lesson.exercises if lesson else [""]:
        verdict = result["verdicts"].get(exercise) or missing
        parts = verdict.get("parts", [])
        status, message = verdict["status"], verdict.get("message", "")
        answer = submission.answer(exercise)[:MAX_ANSWER_CHARACTERS]
        if status == "not_attempted":  # the check speaks of the notebook it stands in
            message = NOT_FINISHED if answer.strip() else NOT_WRITTEN
        points = float(status == "passed")
        if status == "partial" and parts:
            points = round(sum(state == "passed" for _, state, _ in parts) / len(parts), 2)
        marks.append(
            Mark(
                submission.student,
                lesson.name if lesson else "",
                exercise,
                status,
                points,
                message,
                (*result["remarks"].get(exercise, ()), *verdict.get("remarks", ()), *common),
                tuple((title, said) for title, state, said in parts if state != "passed" and title),
                submission.path.name,
                answer,
                f"{submission.handed_in:%Y-%m-%d %H:%M}",
                submission.late,
            )
        )
    return marks


def best_of(notebooks: list[list[Mark]]) -> list[Mark]:
    """Return a student's marks: of several notebooks for a lesson the best one counts."""
    lessons: dict[tuple[str, str], list[list[Mark]]] = {}
    for marks in notebooks:
        key = (marks[0].lesson, "" if marks[0].lesson else marks[0].file)
        lessons.setdefault(key, []).append(marks)
    found = []
    for _, several in sorted(lessons.items()):
        best = max(several, key=lambda marks: sum(mark.points for mark in marks))
        if len(several) > 1:
            remark = f"{len(several)} notebooks for this lesson: {best[0].file} counts."
            best = [replace(mark, remarks=(*mark.remarks, remark)) for mark in best]
        found += best
    return found
