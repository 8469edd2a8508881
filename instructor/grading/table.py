"""The report for programs: one line for each student and exercise."""

from __future__ import annotations

import csv
import io

from instructor.grading.marks import Mark

__all__ = ("table",)

HEADINGS = ("student", "lesson", "exercise", "verdict", "points", "message", "remarks", "file")


def table(marks: list[Mark]) -> str:
    """Return the marks as CSV."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(HEADINGS)
    for mark in marks:
        points = f"{mark.points:g}"
        remarks = " ".join(mark.remarks)
        row = (mark.student, mark.lesson, mark.exercise, mark.status, points)
        lines.writerow(map(_plain, (*row, mark.message, remarks, mark.file)))
    return text.getvalue()


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = text.replace("\r", " ").replace("\0", "")
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
