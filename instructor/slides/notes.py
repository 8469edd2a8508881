"""What the speaker sees beside a slide: the guide's page on the lesson, cut by headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from instructor.guide import STEP, as_html, cues, section
from instructor.slides.slide import Slide

__all__ = ("add_notes",)

PLACE = re.compile(r"\.ipynb#([^)\s]+)\)")
EXERCISE = re.compile(r"Exercise (\d\.\d+)")
NOT_SHOWN = "<p>Not in the demo script: for reading, or for questions.</p>"


@dataclass(frozen=True)
class Step:
    """A step of the demo script."""

    html: str
    places: frozenset[str]
    """The headings it is about, as JupyterLab's anchors."""


def add_notes(slides: Sequence[Slide], guide: str) -> None:
    """Give every slide its notes.

    Args:
        slides: The slides of a lesson.
        guide: The guide's page on it, as Markdown.
    """
    steps = _steps(section(guide, "Demo script"))
    wrong = section(guide, "Wrong answers")
    current, level = "", 0
    for slide in slides:
        # Two steps may be about one heading.
        found = "".join(s.html for s in steps if _anchor(slide.title) in s.places)
        if found:
            current, level = found, slide.level
        elif not slide.continued and slide.level <= level:
            current, level = "", 0
        slide.notes = current or NOT_SHOWN
        if exercise := EXERCISE.search(slide.title):
            slide.notes = found + _wrong_answers(wrong, exercise[1])
    if slides:
        slides[0].notes = "<h2>Before you begin</h2>" + as_html(section(guide, "Before you begin"))
        last = f"{section(guide, 'Stress this')}\n\n{section(guide, 'Bridge')}"
        slides[-1].notes = "<h2>At the end</h2>" + as_html(last)


def _steps(script: str) -> list[Step]:
    pieces = STEP.split(script)[1:]
    found = []
    for name, cue, body in zip(pieces[::3], cues(script), pieces[2::3], strict=True):
        places = frozenset(unquote(place) for place in PLACE.findall(body))
        found.append(Step(f"<h2>{name}</h2><p><b>{cue}</b></p>{as_html(body)}", places))
    return found


def _wrong_answers(table: str, exercise: str) -> str:
    head, _, *rows = [line for line in table.splitlines() if line.startswith("|")] or ["", ""]
    own = [row for row in rows if row.split("|")[1].strip() == exercise]
    if not own:
        return f"<h2>Exercise {exercise}</h2>"
    columns = head.count("|") - 1
    lines = [head, "|" + "---|" * columns, *own]
    return f"<h2>Exercise {exercise}: what people write</h2>" + as_html("\n".join(lines))


def _anchor(title: str) -> str:
    """Return the id JupyterLab gives a heading, from its HTML."""
    plain = re.sub(r"<[^>]+>", "", title).replace("&quot;", '"').replace("&amp;", "&")
    return plain.replace(" ", "-")
