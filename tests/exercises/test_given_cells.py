"""Given cells that were changed, and the reference in place of a missing answer."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest

from exercises.core.reference import run_cell
from tests.exercises.fake_course import CELLS, load_checks


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_PROGRESS", "off")


@pytest.fixture
def check(tmp_path: Path) -> ModuleType:
    """The checks of a small lesson."""
    return load_checks(tmp_path)


def notebook(check: ModuleType, *cells: str) -> object:
    """Run cells as IPython does and return the last value."""
    space: dict = {"check": check, "In": [""]}
    value = None
    for number, source in enumerate(cells):
        space["In"].append(source)
        value = run_cell(source, f"<ipython-input-{number}>", space)
    return value


BASE = CELLS[1][0]
ADD = CELLS[3][0]


@pytest.mark.parametrize(
    "cells",
    [
        (BASE,),
        ("base =    10  # a comment",),
        ("base = 99", BASE),
        (BASE, "del_me = 1", "for i in range(3): pass"),
        (BASE, "%time base = 99"),
    ],
)
def test_given_cell_as_it_was(check: ModuleType, cells: tuple[str, ...]) -> None:
    """Comments, layout and other cells are the student's own business."""
    cells = [c for c in cells if not c.startswith("%")]
    assert notebook(check, *cells, ADD, "check.ex1(add)").status == "passed"


@pytest.mark.parametrize(
    ("cells", "fact"),
    [
        (("base = 11",), "no longer"),
        ((BASE, "base += 0"), "no longer"),
        ((BASE, "def base(): ..."), "no longer"),
        ((BASE, "for base in [10]: pass"), "no longer"),
        ((BASE, "globals()['base'] = 9"), "no longer"),
        (("x = 1",), "not there yet"),
    ],
)
def test_changed_given_cell_is_named(check: ModuleType, cells: tuple[str, ...], fact: str) -> None:
    """The sentence says which cell to run again, and where it stands."""
    result = notebook(check, *cells, ADD, "check.ex1(add)")
    assert result.status == "setup_changed" and fact in result.message
    assert "`base = 10`" in result.message and "“Given”" in result.message


def test_namespace_of_the_answer_counts(check: ModuleType) -> None:
    """A check called from elsewhere still looks where the answer lives."""
    space: dict = {"In": ["base = 11"], "base": 11}
    exec(ADD, space)
    assert check.ex1(space["add"]).status == "setup_changed"


def test_a_run_without_history_is_not_held_against_the_reader(check: ModuleType) -> None:
    """Where the kernel keeps no cells, as in a strict run, there is nothing to compare with."""
    space: dict = {"check": check, "In": [""]}
    for source in (BASE, ADD):
        exec(source, space)
    assert check.ex1(space["add"]).status == "passed"


def test_without_solved_notebook_the_check_still_works(check: ModuleType, tmp_path: Path) -> None:
    """A missing file is no reason to refuse an answer."""
    shutil.rmtree(tmp_path / "solutions")
    assert notebook(check, BASE, ADD, "check.ex1(add)").status == "passed"


def test_unknown_given_name_is_our_mistake(check: ModuleType) -> None:
    """An author's slip is not blamed on the student."""
    check.ex1.given = ("nowhere",)
    assert notebook(check, BASE, ADD, "check.ex1(add)").status == "check_broken"


def test_reference_in_place_of_a_stub(check: ModuleType) -> None:
    """The solved cell runs in a copy of the notebook's variables."""
    assert notebook(check, "base = 50", "f = check.ex1.or_reference(...)", "f(1)") == 51
    stub = "def add(x): ..."
    assert notebook(check, BASE, stub, "check.ex1.or_reference(add)(1)") == 11
    assert notebook(check, BASE, stub, "check.ex1.or_reference(add)", "add(1)") is None


def test_an_attempt_is_kept(check: ModuleType) -> None:
    """Right or wrong, the student's own answer goes on."""
    assert notebook(check, "def add(x): return 0", "check.ex1.or_reference(add) is add")


def test_several_answers(check: ModuleType) -> None:
    """Only what is missing is filled in."""
    assert notebook(check, "check.ex2.or_reference(7, ...)") == (7, ["a"])


def test_reference_is_silent(
    check: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Saved outputs do not show that the reference was used."""
    path = tmp_path / "solutions" / "01_demo.ipynb"
    path.write_text(path.read_text("utf-8").replace("total = 3", "print('x'); total = 3"), "utf-8")
    assert notebook(check, "check.ex2.or_reference(..., ...)") == (3, ["a"])
    assert capsys.readouterr() == ("", "")


def test_missing_solved_notebook_is_named(check: ModuleType, tmp_path: Path) -> None:
    """The error says what to do."""
    shutil.rmtree(tmp_path / "solutions")
    with pytest.raises(FileNotFoundError, match=r"solutions/NN_demo\.ipynb is missing\. Get it"):
        notebook(check, "check.ex1.or_reference(...)")


def test_cells_may_await() -> None:
    """A cell with top-level `await` runs as in a notebook."""
    space: dict = {}
    source = "import asyncio\nasync def f():\n    return 4\nx = await f()\nx + await f()"
    assert run_cell(source, "<cell>", space) == 8
