"""The exercises the reader has solved, in `progress.db` next to the README.

It is a small SQLite file, so several notebooks may write at once. `COURSE_PROGRESS` names another
file; `COURSE_PROGRESS=off` keeps none.
"""

from __future__ import annotations

import contextlib
import html
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from course_layout import ROOT

__all__ = ("STOP_LINE", "Progress", "read", "read_cores", "record", "show")

MAX_WAIT_SECONDS = 10  # for another notebook that is writing
CHECK_CELL = re.compile(r'^# %% tags=\["check", "(ex\d+)"\]', re.M)
STOP_LINE = "## You can stop here"  # in a lesson, between its core and its deeper part
_STATUSES = ("raised", "timed_out", "failed", "partial", "passed")  # from worst to best
# One statement: two notebooks may answer the same exercise at once.
_UPSERT = """
INSERT INTO answers VALUES (?1, ?2, ?2) ON CONFLICT (exercise) DO UPDATE
SET last = ?2, best = CASE WHEN instr(?3, ?2) > instr(?3, best) THEN ?2 ELSE best END
"""


def record(root: Path, exercise: str, status: str) -> str:
    """Record the status of `topic.exN`; return a sentence for the reader if that fails, else "".

    A solved exercise stays solved. Running the notebook in solutions/ does not count.
    """
    path = _path(root)
    if path is None or status not in _STATUSES or Path.cwd() == root / "solutions":
        return ""
    note = ""
    for _ in range(2):
        try:
            with _open(path) as file:
                file.execute(_UPSERT, (exercise, status, " ".join(_STATUSES)))
                return note
        except sqlite3.OperationalError as error:
            return f"Your progress was not saved in {path.name} ({error}). Everything else works."
        except sqlite3.DatabaseError:
            note = _set_aside(path)
    return note


def read(root: Path = ROOT) -> dict[str, dict[str, str]]:
    """Return `{lesson: {exercise: best status, or ""}}` for every lesson of the course."""
    best: dict[str, str] = {}
    path = _path(root)
    if path is not None and path.exists():
        with contextlib.suppress(sqlite3.DatabaseError), _open(path) as file:
            best = dict(file.execute("SELECT exercise, best FROM answers"))
    lessons: dict[str, dict[str, str]] = {}
    for lesson in sorted((root / "lessons").glob("[0-9]*_*.py")):
        topic = lesson.stem.partition("_")[2]
        names = CHECK_CELL.findall(lesson.read_text("utf-8"))
        lessons[lesson.stem] = {name: best.get(f"{topic}.{name}", "") for name in names}
    return lessons


def read_cores(root: Path = ROOT) -> dict[str, list[str]]:
    """Return `{lesson: the exercises of its core}`, without lessons that have no deeper part."""
    cores = {}
    for lesson in sorted((root / "lessons").glob("[0-9]*_*.py")):
        core, line, _ = lesson.read_text("utf-8").partition(f"\n# {STOP_LINE}")
        if line:
            cores[lesson.stem] = CHECK_CELL.findall(core)
    return cores


def show(root: Path = ROOT) -> Progress:
    """Return the reader's progress, drawn."""
    return Progress(read(root), read_cores(root))


class Progress:
    """A line for each lesson: a mark and words for its exercises.

    Args:
        lessons: `{lesson: {exercise: best status, or ""}}`.
        cores: `{lesson: the exercises of its core}`; their marks come first.
    """

    def __init__(
        self, lessons: dict[str, dict[str, str]], cores: dict[str, list[str]] | None = None
    ) -> None:
        self.lessons = lessons
        self.cores = cores or {}

    def __repr__(self) -> str:
        return "\n".join(f"{name:<24} {bar}  {words}" for name, bar, words in self._lines())

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
            f'<td style="text-align:left" aria-hidden="true">{bar}</td>'
            f'<td style="text-align:left">{words}</td></tr>'
            for name, bar, words in self._lines()
        )
        table = f"<table><caption>Your progress</caption>{rows}</table>"
        return {"text/plain": repr(self), "text/html": table}

    def _lines(self) -> Iterator[tuple[str, str, str]]:
        for lesson, exercises in self.lessons.items():
            number, _, topic = lesson.partition("_")
            core = self.cores.get(lesson, list(exercises))
            deeper = [name for name in exercises if name not in core]
            solved = sum(status == "passed" for status in exercises.values())
            words = f"{solved} of {len(exercises)} solved"
            if core and deeper and all(exercises[name] == "passed" for name in core):
                words += ", the core is done"
            tried = [n for n, s in exercises.items() if s and s != "passed"]
            words += f"; begun: {', '.join(tried)}" if tried else ""
            parts = ("".join(_mark(exercises[n]) for n in part) for part in (core, deeper) if part)
            marks = " ".join(parts)
            yield f"{number} {topic.replace('_', ' ')}", marks, words


def _mark(status: str) -> str:
    return "■" if status == "passed" else "◧" if status == "partial" else "□"


def _path(root: Path) -> Path | None:
    chosen = os.environ.get("COURSE_PROGRESS", "")
    return None if chosen == "off" else Path(chosen) if chosen else root / "progress.db"


@contextlib.contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    file = sqlite3.connect(path, timeout=MAX_WAIT_SECONDS, isolation_level=None)
    try:
        table = "answers (exercise TEXT PRIMARY KEY, best TEXT NOT NULL, last TEXT NOT NULL)"
        file.execute(f"CREATE TABLE IF NOT EXISTS {table}")
        yield file
    finally:
        file.close()


def _set_aside(path: Path) -> str:
    """Rename a file that cannot be read to the first free name."""
    number = 1
    while (other := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    with contextlib.suppress(FileNotFoundError):  # another notebook has renamed it already
        path.rename(other)
    return f"{path.name} could not be read; it is now {other.name}. Your progress starts at zero."
