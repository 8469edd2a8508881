"""The result of a check, shown as text, as HTML and as JSON."""

from __future__ import annotations

import html
import re
from dataclasses import asdict, dataclass

__all__ = ("JSON_TYPE", "Note", "Part", "Result")

JSON_TYPE = "application/vnd.course.result+json"  # for programs

# A mark and a word for every status: nobody has to tell colours apart.
_LABELS = {
    "passed": ("✓", "Correct", "success"),
    "partial": ("◐", "Partly right", "warn"),
    "failed": ("✗", "Not yet", "error"),
    "raised": ("✗", "Your code raised an error", "error"),
    "timed_out": ("✗", "Too long, stopped", "error"),
    "not_attempted": ("○", "Not attempted", "info"),
    "setup_changed": ("!", "The set-up was changed", "warn"),
    "check_broken": ("!", "Our check broke, not your answer", "warn"),
}
_REFUSED = ("partial", "failed", "raised", "timed_out")
# JupyterLab's own colours where they exist: they fit the light and the dark theme. For the box's
# edge only: as text, half of them are too pale on white.
_COLOURS = {
    "success": "var(--jp-success-color1, #2e7d32)",
    "warn": "var(--jp-warn-color1, #b26a00)",
    "error": "var(--jp-error-color1, #c62828)",
    "info": "var(--jp-info-color1, #0277bd)",
}


@dataclass(frozen=True)
class Note:
    """A line or two for the reader; backticks mark code."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        page = _box("info", f"<div>{_render(self.text)}</div>")
        return {"text/plain": self.text, "text/html": page}


@dataclass(frozen=True)
class Part:
    """One of the things an exercise asks for."""

    title: str
    status: str
    message: str = ""
    held_by: tuple[str, ...] = ()
    """Which answers that took no thought hold it, too: a constant, or the lesson's broken code."""


@dataclass(frozen=True)
class Result:
    """What a check says about an answer."""

    exercise: str
    """Topic and exercise, as in `streaming.ex1`."""
    status: str
    """passed, partial, failed, raised, timed_out, not_attempted, setup_changed or check_broken."""
    message: str = ""
    """The fact, and what to do about it."""
    parts: tuple[Part, ...] = ()
    note: str = ""
    """Something else the reader should know, such as a progress file that cannot be written."""

    def __repr__(self) -> str:
        mark, word, _ = _LABELS[self.status]
        lines = [f"{mark} {word}: {self._head()}" if self._head() else f"{mark} {word}."]
        lines += (f"  {mark} {text}" for mark, text in self._part_lines())
        lines += (line for line in (self._hint(), self.note) if line)
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        mark, word, level = _LABELS[self.status]
        head = f"<strong>{mark} {word}</strong>"
        items = "".join(f"<li>{mark} {_render(text)}</li>" for mark, text in self._part_lines())
        body = [f"<div>{head} {_render(self._head())}</div>"]
        if items:
            body.append(f'<ul style="list-style:none;margin:4px 0;padding-left:12px">{items}</ul>')
        if hint := self._hint():
            body.append(f"<div>{_render(hint)}</div>")
        if self.note:
            body.append(f"<div><em>{_render(self.note)}</em></div>")
        data = asdict(self)
        del data["note"]  # about the machine, not about the answer
        data["parts"] = [  # without `held_by`, which is about the check
            {"title": part.title, "status": part.status, "message": part.message}
            for part in self.parts
        ]
        return {"text/plain": repr(self), "text/html": _box(level, "".join(body)), JSON_TYPE: data}

    def _hint(self) -> str:
        """Return how to get a hint, "" unless the answer was refused."""
        if self.status not in _REFUSED:
            return ""
        return f"For a hint: `check.{self.exercise.rpartition('.')[2]}.hint(1)`"

    def _head(self) -> str:
        """Return what the message says besides the parts' own sentences."""
        said = {line for p in self.parts if p.title for line in p.message.split("\n")}
        return "\n".join(line for line in self.message.split("\n") if line not in said)

    def _part_lines(self) -> list[tuple[str, str]]:
        """Return mark and words of each part that has a title."""
        return [
            (_LABELS[p.status][0], f"{p.title}: {p.message}" if p.message else f"{p.title}: right.")
            for p in self.parts
            if p.title
        ]


def _render(text: str) -> str:
    """Escape everything (an answer's data is in it), then turn backticks into code."""
    code = r'<code style="white-space:pre-wrap">\1</code>'
    return re.sub(r"`([^`\n]+)`", code, html.escape(text)).replace("\n", "<br>")


def _box(level: str, body: str) -> str:
    """Return `body` in a box a screen reader announces; text keeps the theme's own colour."""
    return (
        f'<div role="status" style="border-left:4px solid {_COLOURS[level]};padding:4px 10px;'
        f'color:var(--jp-content-font-color1, inherit)">{body}</div>'
    )
