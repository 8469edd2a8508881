"""What the speaker sees beside a slide: the guide's page on the lesson, cut by headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import mistune

from instructor.slides.slide import Slide

__all__ = ("add_notes",)

STEP = re.compile(r"^### (.+) \((\d+) minutes\)$", re.M)
PLACE = re.compile(r"\.ipynb#([^)\s]+)\)")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
EXERCISE = re.compile(r"Exercise (\d\.\d+)")
NOT_SHOWN = "<p>Not in the demo script: for reading, or for questions.</p>"

_markdown = mistune.create_markdown(plugins=["table"])


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
    steps = _steps(_section(guide, "Demo script"))
    wrong = _section(guide, "Wrong answers")
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
        slides[0].notes = "<h2>Before you begin</h2>" + _html(_section(guide, "Before you begin"))
        last = f"{_section(guide, 'Stress this')}\n\n{_section(guide, 'Bridge')}"
        slides[-1].notes = "<h2>At the end</h2>" + _html(last)


def _steps(script: str) -> list[Step]:
    pieces = STEP.split(script)[1:]
    names, minutes, bodies = pieces[::3], [int(n) for n in pieces[1::3]], pieces[2::3]
    found, before = [], 0
    for name, length, body in zip(names, minutes, bodies, strict=True):
        cue = f"minutes {before} to {before + length} of {sum(minutes)}"
        places = frozenset(unquote(place) for place in PLACE.findall(body))
        found.append(Step(f"<h2>{name}</h2><p><b>{cue}</b></p>{_html(body)}", places))
        before += length
    return found


def _wrong_answers(table: str, exercise: str) -> str:
    head, _, *rows = [line for line in table.splitlines() if line.startswith("|")] or ["", ""]
    own = [row for row in rows if row.split("|")[1].strip() == exercise]
    if not own:
        return f"<h2>Exercise {exercise}</h2>"
    columns = head.count("|") - 1
    lines = [head, "|" + "---|" * columns, *own]
    return f"<h2>Exercise {exercise}: what people write</h2>" + _html("\n".join(lines))


def _section(text: str, name: str) -> str:
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def _anchor(title: str) -> str:
    """Return the id JupyterLab gives a heading, from its HTML."""
    plain = re.sub(r"<[^>]+>", "", title).replace("&quot;", '"').replace("&amp;", "&")
    return plain.replace(" ", "-")


def _html(text: str) -> str:
    """Return Markdown as HTML; the guide's links lead nowhere from a slide: their words stay."""
    return _markdown(LINK.sub(r"\1", text))
