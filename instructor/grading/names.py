"""Whose a file is, by its name: as Canvas and Moodle hand it out, or as a student named it.

Canvas   garciazoe_LATE_12346_678902_01_streaming-1.ipynb
Moodle   Zoe Garcia_98765_assignsubmission_file/01_streaming.ipynb
         Zoe Garcia_98765_assignsubmission_file_01_streaming.ipynb
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

__all__ = ("Owner", "owner_of")

# Numbers of users and submissions are long; those of lessons have two digits.
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d{3,})_\d{3,}_.+")
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?")
SEPARATOR = "[ _.()+-]"


class Owner(NamedTuple):
    """Who handed a file in."""

    name: str
    id: str = ""
    """The number Canvas or Moodle has for them."""
    late: bool = False
    """Whether the name says so: only Canvas writes it there."""
    is_named: bool = True
    """Whether the file says whose it is; without, `name` is the file's own."""


def owner_of(path: Path, folder: Path, lessons: Iterable[str]) -> Owner:
    """Return whose a file in a folder of hand-ins is.

    Args:
        path: The file.
        folder: What was handed in.
        lessons: The names of the lessons, and their topics: they are no part of a student's name.
    """
    # A zip from a Mac spells ü as two characters.
    inside = [unicodedata.normalize("NFC", part) for part in path.relative_to(folder).parts]
    stem = Path(inside[-1]).stem
    for part in inside:
        if found := MOODLE.fullmatch(part):
            return Owner(found["name"], found["id"])
    if found := CANVAS.fullmatch(stem):
        return Owner(found["name"], found["id"], bool(found["late"]))
    if len(inside) > 1:
        return Owner(inside[0])
    if name := _without_lesson(stem, lessons):
        return Owner(name)
    return Owner(stem, is_named=False)


def _without_lesson(name: str, lessons: Iterable[str]) -> str:
    """Return a file's name without the lesson's part; "" if no name is left."""
    name = re.sub(r"-Copy\d+$", "", name)  # what JupyterLab calls a duplicate
    for part in sorted(lessons, key=len, reverse=True):
        spelt = re.escape(part).replace("_", SEPARATOR.replace("]", "]*"))
        name, count = re.subn(rf"(?i)(?:^|(?<=[^a-z])){spelt}(?![a-z])", "", name, count=1)
        if count:
            break
    name = re.sub(rf"^{SEPARATOR}+|{SEPARATOR}+$", "", name)
    return name if re.search(r"[^\W\d_]|\d\d", name) else ""
