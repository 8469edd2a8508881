"""A course of one small lesson, to try the exercise machinery on."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from tests.exercises.answer_bank import Lesson

__all__ = ("CHECKS", "load_checks", "make_course", "make_lesson")

CHECKS = '''
from exercises.core.exercise import exercise, part

HINTS = ("vague", "clearer", "telling")


@exercise(hints=HINTS, given=("base",), seconds=2)
def ex1(add):
    """`add` adds the given base."""
    with part("small numbers"):
        assert add(1) == 11, f"I called `add(1)`, got back {add(1)!r}, expected 11."
    with part("large numbers"):
        assert add(100) == 110, f"I called `add(100)`, got back {add(100)!r}, expected 110."


@exercise(hints=HINTS, seconds=2)
def ex2(total, names):
    """A value and a list."""
    assert total == 3, f"`total` is {total!r}, expected 3."
    assert names == ["a"], f"`names` is {names!r}, expected ['a']."
'''
OWN_ROOT = """
from pathlib import Path

from exercises.core.exercise import Exercise

for one in list(globals().values()):
    if isinstance(one, Exercise):
        one.root = Path(__file__).resolve().parents[1]
"""
# Source, its stub for students, tags.
CELLS = (
    ("import os\nimport demo as check", None, ()),
    ("base = 10", None, ()),
    ("def helper(x):\n    return x", None, ()),
    (
        "def add(x):\n    return base + x",
        "def add(x):\n    ...",
        ("exercise", "ex1"),
    ),
    ("check.ex1(add)", None, ("check", "ex1")),
    ("total = 3\nnames = ['a']", "total = ...\nnames = ...", ("exercise", "ex2")),
    ("check.ex2(total, names)", None, ("check", "ex2")),
)


def make_course(folder: Path, checks: str = CHECKS) -> Path:
    """Write the checks and both notebooks; return the folder the checks are imported from."""
    package = folder / "exercises"
    package.mkdir(parents=True)
    (package / "demo.py").write_text(f"{checks}\n\n{OWN_ROOT}", "utf-8")
    checked = (f'# %% tags=["check", "{name}"]\ncheck.{name}(...)\n' for name in ("ex1", "ex2"))
    (folder / "lessons").mkdir()
    (folder / "lessons" / "01_demo.py").write_text("".join(checked), "utf-8")
    for name, student in (("solutions", False), ("notebooks", True)):
        title = {"cell_type": "markdown", "metadata": {}, "source": ["# 1. Demo\n", "## Given"]}
        cells = [title]
        for source, stub, tags in CELLS:
            text = stub if student and stub else source
            cells.append({"cell_type": "code", "metadata": {"tags": list(tags)}, "source": [text]})
        (folder / name).mkdir()
        (folder / name / "01_demo.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    return package


def load_checks(folder: Path, checks: str = CHECKS) -> ModuleType:
    """Write the course and import its checks."""
    path = make_course(folder, checks) / "demo.py"
    spec = importlib.util.spec_from_file_location("demo", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_lesson(folder: Path, checks: str = CHECKS) -> Lesson:
    """Write the course and return its lesson for the answer bank."""
    package = make_course(folder, checks)
    solved = [(source, frozenset(tags)) for source, _, tags in CELLS]
    student = [(stub or source, frozenset(tags)) for source, stub, tags in CELLS]
    return Lesson("demo", solved, student, (str(package),))
