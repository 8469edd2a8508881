"""The reports: HTML for people, files that need nothing else, and CSV for programs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from html import escape

from instructor.grading.class_summary import Exercise, by_exercise
from instructor.grading.marks import STATUSES, Mark
from instructor.grading.roster import Roster

__all__ = ("feedback", "page", "points_table", "table")

HEADINGS = (
    *("student", "lesson", "exercise", "verdict", "points"),
    *("message", "remarks", "file", "handed_in", "late"),
)
KINDS = {"passed": "good", "partial": "half", "not_attempted": "none"}
WORTH = "An exercise is worth one point, a partly right answer the share of its parts."
STYLE = """
:root { color-scheme: light dark; --line: light-dark(#767676, #8c8c8c);
  --ink: light-dark(#1b1b1b, #ececec); --paper: light-dark(#fff, #16181a);
  --soft: light-dark(#f1f3f4, #24282b); --good: light-dark(#1b6e2c, #7fd696);
  --half: light-dark(#7a5200, #f0c060); --bad: light-dark(#a3201c, #ff9d94); }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 80rem; margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { background: var(--soft); overflow-wrap: normal; }
tbody th { white-space: nowrap; }
td.number { text-align: right; white-space: nowrap; }
td.verdict { white-space: nowrap; font-weight: 600; }
.good { color: var(--good); } .half { color: var(--half); } .bad { color: var(--bad); }
.wide { overflow-x: auto; }
code { background: var(--soft); white-space: pre-wrap; }
pre { background: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0;
  padding: .4rem; max-width: 60rem; font-size: .9rem; }
td.code { min-width: 26rem; }
details { border-top: 1px solid var(--line); padding: .4rem 0; }
summary { cursor: pointer; font-weight: 600; }
progress { width: 8rem; accent-color: var(--good); }
ul { margin: .2rem 0; padding-left: 1.2rem; }
@media print { details { break-inside: avoid; } }
"""


def page(marks: list[Mark], missing: Sequence[str] = ()) -> str:
    """Return the whole report: the class, then each student.

    Args:
        marks: The marks of everybody.
        missing: Who is in the class and has handed in nothing.
    """
    students = sorted({mark.student for mark in marks}, key=str.casefold)
    lessons = sorted({mark.lesson for mark in marks if mark.lesson})
    size = f"{_count(len(students), 'student')}, {_count(len(lessons), 'lesson')}"
    each = "".join(_student(name, [m for m in marks if m.student == name]) for name in students)
    nothing = f"<p>Nothing came from: {_plain(', '.join(missing))}.</p>" if missing else ""
    body = f"""<header>
<h1>Grades</h1>
<p>{size}. {WORTH}</p>
{nothing}
</header>
<main>
<section aria-labelledby="points">
<h2 id="points">Points</h2>
{_points(marks, students, lessons)}
</section>
<section aria-labelledby="class">
<h2 id="class">The class</h2>
{_class(by_exercise(marks))}
</section>
<section aria-labelledby="students">
<h2 id="students">Each student</h2>
{each}
</section>
</main>"""
    return _document(f"Grades: {size}", body)


def feedback(student: str, marks: list[Mark]) -> str:
    """Return what one student is told: their own marks, and nothing about others."""
    lessons = sorted({mark.lesson for mark in marks if mark.lesson})
    sections = []
    for name in lessons or [""]:
        own = [mark for mark in marks if mark.lesson == name]
        rows = "".join(f"<section>{_told(mark)}</section>" for mark in own)
        points = f"{_number(sum(mark.points for mark in own))} of {len(own)} points"
        sections.append(
            f"<h2>{_plain(_title(name))}: {points}</h2><p>{_plain(_time(own[0]))}</p>{rows}"
        )
    body = f"""<header>
<h1>{_plain(student)}</h1>
<p>{WORTH} Below each verdict stands what your code did, then your code. Every exercise has hints:
<code>check.ex1.hint()</code>.</p>
</header>
<main>
{"".join(sections)}
</main>"""
    return _document(f"Feedback for {_plain(student)}", body)


def _document(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _told(mark: Mark) -> str:
    """Return a verdict as a student reads it, with the code it is about."""
    sign, word = STATUSES[mark.status]
    kind = KINDS.get(mark.status, "bad")
    wrong = "".join(f"<li>{_rich(part)}</li>" for part in mark.wrong)
    wrong = f"<p>Does not hold:</p><ul>{wrong}</ul>" if wrong else ""
    title = f"Exercise {int(mark.lesson[:2])}.{mark.exercise[2:]}" if mark.lesson else mark.file
    return (
        f'<h3>{_plain(title)}: <span class="{kind}">{sign} {word}</span>, '
        f"{_number(mark.points)} of 1</h3><p>{_rich(mark.message)}</p>{wrong}{_code(mark)}"
    )


def _code(mark: Mark) -> str:
    return f"<pre><code>{_plain(mark.answer)}</code></pre>" if mark.answer.strip() else ""


def _time(mark: Mark) -> str:
    late = ", late" if mark.late else ""
    return f"{mark.file}, handed in {mark.handed_in}{late}" if mark.handed_in else mark.file


def _points(marks: list[Mark], students: list[str], lessons: list[str]) -> str:
    """Return the table of points, a line a student, a column a lesson."""
    worth = {name: len({m.exercise for m in marks if m.lesson == name}) for name in lessons}
    heads = "".join(
        f'<th scope="col">{_plain(_title(name))}<br>of {worth[name]}</th>' for name in lessons
    )
    rows = []
    for student in students:
        own = [mark for mark in marks if mark.student == student]
        cells = []
        for name in lessons:
            found = [mark.points for mark in own if mark.lesson == name]
            cells.append(f'<td class="number">{_number(sum(found)) if found else "–"}</td>')
        whole = f'<td class="number">{_number(sum(mark.points for mark in own))}</td>'
        link = f'<a href="#{_anchor(student)}">{_plain(student)}</a>'
        rows.append(f'<tr><th scope="row">{link}</th>{"".join(cells)}{whole}</tr>')
    head = f'<tr><th scope="col">Student</th>{heads}<th scope="col">In all</th></tr>'
    caption = "<caption>Points by lesson; – means that nothing was handed in</caption>"
    table = f"<table>{caption}<thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
    return _wide("Points by lesson", table)


def _class(exercises: list[Exercise]) -> str:
    """Return the table of exercises: how many solved each, and where the others went wrong."""
    rows = []
    for each in exercises:
        bar = f'<progress max="{each.handed_in}" value="{each.passed}" aria-hidden="true">'
        share = f"{bar}</progress><br>{each.passed} of {each.handed_in} right"
        common = "".join(
            f"<li>{count} of {each.wrong}: {_rich(text)}</li>" for text, count in each.common
        )
        rows.append(
            f'<tr><th scope="row">{_plain(_title(each.lesson))}, {_plain(each.name)}</th>'
            f"<td>{share}</td>"
            f'<td class="number">{each.partial}</td><td class="number">{each.other}</td>'
            f'<td class="number">{each.missing}</td><td>{f"<ul>{common}</ul>" if common else "–"}'
            "</td></tr>"
        )
    heads = ("Exercise", "Right", "Partly", "Wrong", "Not attempted", "What goes wrong most")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    caption = "<caption>Exercises in the order of the course</caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    hard = sorted((e for e in exercises if e.passed < e.handed_in), key=lambda e: e.share)[:3]
    names = "; ".join(
        f"{_title(e.lesson)}, {e.name} ({e.passed} of {e.handed_in} right)" for e in hard
    )
    return f"<p>Hardest: {_plain(names) or 'none, all are solved'}.</p>{_wide('Exercises', table)}"


def _student(name: str, marks: list[Mark]) -> str:
    """Return what became of each exercise of a student."""
    rows = []
    for mark in marks:
        sign, word = STATUSES[mark.status]
        kind = KINDS.get(mark.status, "bad")
        where = f"{_title(mark.lesson)}, {mark.exercise}" if mark.lesson else mark.file
        told = mark.message
        if mark.wrong:
            told += f"\nDoes not hold: {'; '.join(mark.wrong)}."
        remarks = "".join(f"<li>{_rich(text)}</li>" for text in mark.remarks)
        rows.append(
            f'<tr><th scope="row">{_plain(where)}</th>'
            f'<td class="verdict {kind}">{sign} {word}</td>'
            f'<td class="number">{_number(mark.points)}</td><td>{_rich(told)}</td>'
            f'<td class="code">{_code(mark)}</td>'
            f"<td>{f'<ul>{remarks}</ul>' if remarks else ''}</td></tr>"
        )
    heads = ("Exercise", "Verdict", "Points", "What the student is told")
    heads += ("Their code", "Remarks for you")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    points, worth = sum(mark.points for mark in marks), sum(bool(mark.lesson) for mark in marks)
    files = "; ".join(dict.fromkeys(map(_time, marks)))
    table = (
        f"<table><caption>{_plain(name)}, exercise by exercise ({_plain(files)})</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return (
        f'<details id="{_anchor(name)}"><summary>{_plain(name)}: {_number(points)} of {worth}'
        f"</summary>{_wide(f'Exercises of {name}', table)}</details>\n"
    )


def _wide(name: str, table: str) -> str:
    """Return a table in a box of its own that scrolls sideways, by keyboard too."""
    return f'<div class="wide" role="region" aria-label="{_plain(name)}" tabindex="0">{table}</div>'


def _rich(text: str) -> str:
    """Escape everything, then turn backticks into code."""
    code = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", _plain(text))
    return code.replace("\n", "<br>")


def _plain(text: str) -> str:
    """Escape everything; show characters that hide text or turn it around as what they are."""
    return escape("".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text))


def _title(lesson: str) -> str:
    number, _, topic = lesson.partition("_")
    return f"{int(number)} {topic.replace('_', ' ')}" if number.isdigit() else lesson


def _anchor(student: str) -> str:
    return "student-" + student.encode().hex()


def _number(points: float) -> str:
    return f"{round(points, 2):g}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
        points = [[m.points for m in own if m.lesson == name] for name in lessons]
        row = people.get(student, [student, *[""] * (len(columns) - 1)])
        row = [*row, *(_number(sum(each)) if each else "" for each in points)]
        lines.writerow(map(_no_formula, [*row, _number(sum(map(sum, points)))]))
    return text.getvalue()


def _no_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = text.replace("\r", " ").replace("\0", "")
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
