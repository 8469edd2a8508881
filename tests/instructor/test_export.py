"""`course.py export`: what nbgrader and otter make of it is what `course.py grade` says.

The real tools are installed on first use, into folders of their own. Where that cannot be done
their tests are skipped; in CI they fail.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

from benchmarks.peers import Missing
from course_layout import ROOT
from exercises import start_here
from exercises.core.result import Part, Result
from instructor.export import export
from instructor.export.nbgrader_source import NBGRADER
from instructor.export.otter_source import OTTER, otter_requirements
from tests.instructor.exported_class import (
    OTTER_STUDENTS,
    POINTS,
    nbgrader_runs,
    otter_points,
    our_points,
)
from tests.instructor.handed_in import LESSON
from tests.tools.small_lesson import LESSON as SMALL
from tests.tools.small_lesson import lesson_in
from tools.build.cells import exercise_name, tags
from tools.build.lesson import read_lesson

SOURCES = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))


# What is written, without the tools


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every lesson, exported for both."""
    folder = tmp_path_factory.mktemp("export")
    assert export.main(["nbgrader", str(folder / "nbgrader")]) == 0
    assert export.main(["otter", str(folder / "otter")]) == 0
    return folder


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_nbgrader_knows_every_cell_by_a_name_of_its_own(written: Path, source: Path) -> None:
    path = written / "nbgrader" / "source" / source.stem / f"{source.stem}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    notes = [each.metadata.nbgrader for each in cells]
    assert len({note.grade_id for note in notes}) == len(cells)
    checks = [note.grade_id for note in notes if note.grade]
    assert checks == [f"{name}-check" for name in exercises(source)]
    assert all(note.points == 1 and note.locked for note in notes if note.grade)
    assert [note.grade_id for note in notes if note.solution] == list(exercises(source))
    assert all(note.locked for note in notes if not note.solution)
    assert not any("solution" in tags(each) for each in cells)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_otter_gets_the_students_notebook_and_a_test_an_exercise(
    written: Path, source: Path
) -> None:
    folder = written / "otter" / source.stem
    ours = nbformat.read(ROOT / "notebooks" / f"{source.stem}.ipynb", as_version=4).cells
    theirs = nbformat.read(folder / f"{source.stem}.ipynb", as_version=4).cells
    assert [(each.id, each.source) for each in theirs] == [(each.id, each.source) for each in ours]
    asked = {each.id: each.metadata.otter["tests"] for each in theirs if "otter" in each.metadata}
    assert asked == {f"{name}-check": [name] for name in exercises(source)}
    tests = {path.stem: path.read_text("utf-8") for path in (folder / "tests").iterdir()}
    assert tests.keys() == set(exercises(source))
    for name, text in tests.items():
        titles = [line for line in text.splitlines() if line.startswith("@test_case")]
        assert titles and len(set(titles)) == len(titles), name
        assert f"eval('check.{name}(" in text


def exercises(source: Path) -> dict[str, str]:
    """Return the check cell of each exercise, in the order of the lesson."""
    cells = read_lesson(source).cells
    return {exercise_name(each): each.source for each in cells if "check" in tags(each)}


def test_two_exports_are_the_same(written: Path, tmp_path: Path) -> None:
    assert export.main(["otter", str(tmp_path / "otter"), "00"]) == 0
    assert export.main(["nbgrader", str(tmp_path / "nbgrader"), "00"]) == 0
    for again in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert again.read_bytes() == (written / again.relative_to(tmp_path)).read_bytes()


SATURDAY, SUNDAY = "the hours on Saturday", "the hours on Sunday"


@pytest.mark.parametrize(
    ("status", "right"),
    [
        ("passed", [SATURDAY, SUNDAY]),
        ("partial", [SATURDAY]),
        ("timed_out", []),
        ("failed", []),
        ("not_attempted", []),
    ],
)
def test_cases_for_otter_are_the_parts_of_the_check(
    written: Path, monkeypatch: pytest.MonkeyPatch, status: str, right: list[str]
) -> None:
    """Whatever the notebook calls `check`, ours is asked, and once."""
    parts = [Part(SATURDAY, "passed"), Part(SUNDAY, "failed", "Closed on Sunday.")]
    asked = []

    def ex2(answer: object) -> Result:
        asked.append(answer)
        shown = parts if status in ("partial", "timed_out") else []
        return Result("start_here.ex2", status, "Why.", tuple(shown))

    monkeypatch.setattr(start_here, "ex2", ex2)
    cases = load_tests(written, "ex2", monkeypatch)
    passed, said = [], {}
    for title in (SATURDAY, SUNDAY):
        try:
            cases[title]({"opening_hours": 7, "check": None})
            passed.append(title)
        except AssertionError as error:
            said[title] = str(error)
    assert (passed, asked) == (right, [7])
    if status == "partial":
        assert said == {SUNDAY: "Closed on Sunday."}


def test_an_answer_that_is_gone_is_wrong(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NameError, match="opening_hours"):
        load_tests(written, "ex2", monkeypatch)[SUNDAY]({})


def load_tests(
    written: Path, exercise: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Callable[[dict], None]]:
    """Load a test file as otter does and return its cases by their names."""
    cases: dict[str, Callable[[dict], None]] = {}
    otter = ModuleType("otter.test_files")
    otter.test_case = lambda name: lambda case: cases.setdefault(name, case)
    monkeypatch.setitem(sys.modules, "otter", ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", otter)
    text = (written / "otter" / LESSON / "tests" / f"{exercise}.py").read_text("utf-8")
    exec(text, {})
    return cases


# What people get wrong


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["canvas", "F"], "There is no export for 'canvas'. Name nbgrader or otter."),
        (["otter", "F", "00", "42"], "No lesson begins with '42'. There are 00, 01,"),
        (["otter", "FILE"], "FILE is a file. Name a folder; a new one is made."),
        (["nbgrader", "HELD", "01", "00"], "is there already. Move it away, or name another"),
        (["otter", "HELD", "00"], "is there already. Move it away, or name another folder."),
    ],
)
def test_words_that_make_no_sense_write_nothing(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").touch()
    (tmp_path / "HELD" / "source" / LESSON).mkdir(parents=True)
    (tmp_path / "HELD" / LESSON).mkdir()
    before = set(tmp_path.rglob("*"))
    assert export.main(words) == 2
    assert said in capsys.readouterr().out
    assert set(tmp_path.rglob("*")) == before


def test_a_configuration_that_is_there_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nbgrader_config.py").write_text("mine", "utf-8")
    assert export.main(["nbgrader", str(tmp_path), "00"]) == 0
    assert (tmp_path / "nbgrader_config.py").read_text("utf-8") == "mine"
    assert "nbgrader_config.py is kept as it was" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL, "does not show what the check of ex1 says. Run: python3 course.py build 07"),
        (SMALL.replace('show("not', 'x = 1\nshow("not'), "Keep `check.exN(...)` alone."),
        (SMALL.replace("# END", "# The end of"), "lessons/07_small.py: cell"),
    ],
    ids=["not built", "more than a call", "no lesson"],
)
def test_a_lesson_that_is_not_sound_is_not_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    lesson_in(tmp_path, text)
    assert export.main(["otter", str(tmp_path / "out")], tmp_path) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_pages_for_instructors_name_these_versions() -> None:
    text = (ROOT / "docs" / "grading.md").read_text("utf-8")
    assert NBGRADER in text and OTTER in text


def test_otters_pins_are_the_courses() -> None:
    """All but what otter itself contradicts."""
    pins = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    left_out = set(pins) - set(otter_requirements("\n".join(pins)).splitlines())
    assert [pin.partition("==")[0] for pin in left_out] == ["wrapt"]


# A small class, with the real tools


@pytest.fixture(scope="module")
def graders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future]]:
    """What each grader says of the class; nbgrader and otter work side by side."""
    folder = tmp_path_factory.mktemp("class")
    with ThreadPoolExecutor(2) as pool:
        yield {
            "nbgrader": pool.submit(nbgrader_runs, folder / "nbgrader"),
            "otter": pool.submit(otter_points, folder / "otter"),
        }


def result_of(grader: Future) -> Any:
    """Return what a grader said; skip where it cannot be installed, but not in CI."""
    try:
        return grader.result()
    except Missing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


def test_one_copied_cell_stops_nbgrader(graders: dict[str, Future]) -> None:
    """The fault our configuration is for (jupyter/nbgrader#1083): the day it is mended, say so."""
    alone, _ = result_of(graders["nbgrader"])
    assert alone.status == 1
    assert "Cell with id 'ex1' exists multiple times" in alone.said
    assert "old version" in alone.said
    assert alone.points.keys() == {"ada"}


def test_with_our_configuration_nbgrader_grades_the_whole_class(
    graders: dict[str, Future],
) -> None:
    _, cured = result_of(graders["nbgrader"])
    assert cured.status == 0, cured.said
    assert "Cell with id 'ex1' exists multiple times" in cured.said
    assert cured.points == POINTS


def test_otter_says_the_same(graders: dict[str, Future]) -> None:
    assert result_of(graders["otter"]) == {each: POINTS[each] for each in OTTER_STUDENTS}


def test_the_course_says_the_same(tmp_path: Path) -> None:
    assert our_points(tmp_path) == POINTS
