"""The guide's page on a lesson: its sections, the steps of its demo script, and its HTML."""

from __future__ import annotations

import re

import mistune

__all__ = ("STEP", "as_html", "cues", "section")

STEP = re.compile(r"^### (.+) \((\d+) minutes\)$", re.M)
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")

_markdown = mistune.create_markdown(plugins=["table"])


def section(page: str, name: str) -> str:
    """Return what stands under a heading of the second level."""
    return page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def cues(script: str) -> list[str]:
    """Return when each step of a demo script is due, as "minutes 5 to 9 of 20"."""
    lengths = [int(length) for _, length in STEP.findall(script)]
    begins = [sum(lengths[:step]) for step in range(len(lengths))]
    return [
        f"minutes {begin} to {begin + length} of {sum(lengths)}"
        for begin, length in zip(begins, lengths, strict=True)
    ]


def as_html(text: str) -> str:
    """Return Markdown as HTML; the guide's links lead nowhere outside it: their words stay."""
    return _markdown(LINK.sub(r"\1", text))
