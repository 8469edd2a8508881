"""Handed-in notebooks: where they are, whose they are, which lesson they answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from instructor.grading.names import Owner, owner_of

__all__ = ("Lesson", "Submission", "find", "lessons_of")

MAX_NOTEBOOK_BYTES = 50 * 2**20
MIN_SHARE = 0.2  # of a lesson's cells that a notebook has to have


@dataclass(frozen=True)
class Lesson:
    """A lesson of the course, as the grader needs it."""

    name: str
    """`NN_topic`."""
    cells: list[dict[str, Any]]
    """All its cells, solved: id, type, source, tags."""
    stubs: dict[str, str]

    @property
    def topic(self) -> str:
        """The name without its number."""
        return self.name.partition("_")[2]

    @property
    def exercises(self) -> list[str]:
        """`ex1`, `ex2` ... in their order."""
        named = [t for cell in self.cells if "check" in cell["tags"] for t in cell["tags"]]
        return [tag for tag in named if tag != "check"]

    @property
    def code(self) -> list[dict[str, Any]]:
        """Its code cells."""
        return [cell for cell in self.cells if cell["type"] == "code"]


@dataclass
class Submission:
    """A file that was handed in."""

    student: str
    path: Path
    owner: Owner
    handed_in: datetime
    """The time of the file."""
    late: bool = False
    lesson: Lesson | None = None
    cells: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    """Why it cannot be graded."""

    def answer(self, exercise: str) -> str:
        """Return what stands in the answer cell of an exercise; "" if it has none of its own."""
        if self.lesson is None:
            return ""
        stub = self.lesson.stubs.get(exercise, "").strip()
        found = [
            cell["source"]
            for cell in self.cells
            if cell["type"] == "code"
            and (exercise in cell["tags"] or cell["id"] == exercise)
            and "check" not in cell["tags"]
        ]
        return next((text for text in reversed(found) if text.strip() != stub), "")

    @property
    def job(self) -> dict[str, Any]:
        """What judging it takes, fit for JSON."""
        return {
            "topic": self.lesson.topic,
            "exercises": self.lesson.exercises,
            "ours": self.lesson.code,
            "stubs": self.lesson.stubs,
            "theirs": [cell for cell in self.cells if cell["type"] == "code"],
        }


def lessons_of(root: Path) -> list[Lesson]:
    """Return the course's lessons that have exercises."""
    found = []
    for path in sorted((root / "solutions").glob("[0-9]*_*.ipynb")):
        stubs = {}
        if (offered := root / "notebooks" / path.name).exists():
            for cell in _cells(offered):
                if "exercise" in cell["tags"]:
                    stubs |= {tag: cell["source"] for tag in cell["tags"] if tag != "exercise"}
        lesson = Lesson(path.stem, _cells(path), stubs)
        found += [lesson] if lesson.exercises else []
    return found


def find(folder: Path, lessons: list[Lesson], due: datetime | None = None) -> list[Submission]:
    """Return what was handed in: a folder a student, or a file a student and lesson.

    Args:
        folder: Where it is.
        lessons: The lessons of the course.
        due: What is younger is late; so is what Canvas calls late.
    """
    found = []
    names = [name for lesson in lessons for name in (lesson.name, lesson.topic)]
    for path in sorted(_files(folder)):
        owner = owner_of(path, folder, names)
        handed_in = datetime.fromtimestamp(path.stat().st_mtime)
        late = owner.late or bool(due and handed_in > due)
        one = Submission(owner.name, path, owner, handed_in, late)
        found.append(one)
        try:
            one.cells = _cells(path)
        except (OSError, ValueError, RecursionError, MemoryError) as error:
            reason = str(error)[:100] or type(error).__name__
            one.problem = f"This is not a notebook that can be read ({reason})."
            one.lesson = _by_name(path, lessons)
            continue
        one.lesson = _by_content(one.cells, lessons)
        if one.lesson is None:
            one.lesson = _by_name(path, lessons) if not one.cells else None
            one.problem = "This notebook has hardly a cell of any lesson."
    _tell_apart(found)
    return found


def _tell_apart(submissions: list[Submission]) -> None:
    """Add the number to the name where two people of one name handed in."""
    ids: dict[str, set[str]] = {}
    for each in submissions:
        ids.setdefault(each.owner.name, set()).add(each.owner.id)
    for each in submissions:
        if each.owner.id and len(ids[each.owner.name]) > 1:
            each.student = f"{each.student} ({each.owner.id})"


def _files(folder: Path) -> Iterator[Path]:
    """Yield the notebooks in a folder; no link leads out of it."""
    whole = folder.resolve()
    for path in folder.rglob("*.ipynb"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and whole in path.resolve().parents:
            yield path


def _by_name(path: Path, lessons: list[Lesson]) -> Lesson | None:
    return next((lesson for lesson in lessons if lesson.topic in path.stem.lower()), None)


def _by_content(cells: list[dict[str, Any]], lessons: list[Lesson]) -> Lesson | None:
    """Return the lesson most of whose cells a notebook has."""
    ids = {cell["id"] for cell in cells if not re.match(r"ex\d", cell["id"])}
    sources = {cell["source"].strip() for cell in cells}
    best, share = None, MIN_SHARE
    for lesson in lessons:
        given = [cell for cell in lesson.cells if not re.match(r"ex\d", cell["id"])]
        known = sum(c["id"] in ids or c["source"].strip() in sources for c in given)
        if given and known / len(given) > share:
            best, share = lesson, known / len(given)
    return best


def _cells(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook nobody vouches for.

    Raises:
        ValueError: It is not a notebook of format 4.
    """
    if path.stat().st_size > MAX_NOTEBOOK_BYTES:
        raise ValueError(f"more than {MAX_NOTEBOOK_BYTES // 2**20} MB")
    notebook = json.loads(path.read_bytes())
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("no list of cells")
    found = []
    for cell in notebook["cells"]:
        if not isinstance(cell, dict):
            raise ValueError("a cell is no cell")
        source, data = cell.get("source", ""), cell.get("metadata")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        tags = data.get("tags") if isinstance(data, dict) else ()
        found.append(
            {
                "id": str(cell.get("id", "")),
                "type": str(cell.get("cell_type", "")),
                "source": str(source).encode("utf-8", "replace").decode(),
                "tags": [t for t in tags if isinstance(t, str)] if isinstance(tags, list) else [],
            }
        )
    return found
