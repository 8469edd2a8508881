"""The class as a whole: which exercise is hard, and which wrong answer is common."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from instructor.grading.marks import Mark

__all__ = ("Exercise", "by_exercise")

MAX_WRONG_ANSWERS = 3  # to show, the most common first


@dataclass(frozen=True)
class Exercise:
    """What became of one exercise, over all students who handed its lesson in."""

    lesson: str
    exercise: str
    handed_in: int
    passed: int
    partial: int
    missing: int
    """Not attempted."""
    other: int
    """Everything else, errors and lost results included."""
    common: tuple[tuple[str, int], ...]
    """What is said most often of answers that are not right, and of how many."""

    @property
    def wrong(self) -> int:
        """Answers that are there and not right."""
        return self.partial + self.other

    @property
    def share(self) -> float:
        """The share that is right."""
        return self.passed / self.handed_in


def by_exercise(marks: list[Mark]) -> list[Exercise]:
    """Return the exercises that were handed in, in the order of the course."""
    groups: dict[tuple[str, int, str], list[Mark]] = {}
    for mark in marks:
        if mark.lesson and mark.status != "unreadable":
            key = (mark.lesson, int(mark.exercise.removeprefix("ex")), mark.exercise)
            groups.setdefault(key, []).append(mark)
    return [_exercise(key[0], key[2], groups[key]) for key in sorted(groups)]


def _exercise(lesson: str, name: str, marks: list[Mark]) -> Exercise:
    counts = Counter(mark.status for mark in marks)
    passed, partial, missing = (counts[s] for s in ("passed", "partial", "not_attempted"))
    wrong = [mark for mark in marks if mark.status not in ("passed", "not_attempted")]
    kinds: dict[str, list[str]] = {}
    for mark in wrong:
        kinds.setdefault(_kind(mark), []).append(_gist(mark))
    ranked = sorted(kinds.values(), key=lambda texts: (-len(texts), texts[0]))
    common = tuple((texts[0], len(texts)) for texts in ranked[:MAX_WRONG_ANSWERS])
    other = len(marks) - passed - partial - missing
    return Exercise(lesson, name, len(marks), passed, partial, missing, other, common)


def _kind(mark: Mark) -> str:
    """Return the same text for the same mistake, whatever its numbers, names and values."""
    if mark.wrong:
        return "\n".join(title for title, _ in mark.wrong)
    text = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\d+(\.\d+)?", "…", mark.message)
    return f"{mark.status} {text}"


def _gist(mark: Mark) -> str:
    """Return the first part that does not hold, or else the first line of what was said."""
    if mark.wrong:
        (title, said), *more = mark.wrong
        others = f" (and {len(more)} more)" if more else ""
        return f"{title}{others}: {said.partition(chr(10))[0]}"
    lines = [line for line in mark.message.split("\n") if not re.fullmatch(r"\d+ of \d+\.", line)]
    return (lines or [""])[0] or mark.status
