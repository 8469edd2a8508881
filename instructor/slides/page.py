"""The page around slides: one HTML file with its style and its few lines of script inside.

Its content security policy lets it load nothing at all. Without scripts, and on paper, all slides
stand one below the other. What it is made of stands in `templates/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from instructor.slides.slide import Slide

__all__ = ("POLICY", "index", "page")

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

_templates = Environment(  # no autoescape: titles, blocks and notes are HTML already
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    trim_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
)
_templates.globals["POLICY"] = POLICY


def page(slides: Sequence[Slide], step: bool = True) -> str:
    """Return the HTML file of some slides.

    Args:
        slides: The slides; the first one names the lesson.
        step: Whether an output waits for the next key.
    """
    return _templates.get_template("page.html").render(slides=slides, step=step)


def index(titles: Mapping[str, str]) -> str:
    """Return a page that lists lessons; `titles` has the title of each file's stem."""
    return _templates.get_template("index.html").render(titles=titles)
