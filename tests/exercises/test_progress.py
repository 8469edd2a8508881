"""The reader's progress survives two notebooks at once, a broken file and a read-only folder."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from course_layout import ROOT
from exercises.core import progress
from tests.exercises.fake_course import load_checks


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one lesson, its progress file beside the notebooks."""
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return tmp_path


def test_checks_record_what_they_say(root: Path) -> None:
    """Solved stays solved, and the last answer is kept as well."""
    check = load_checks(root)
    assert progress.read(root) == {"01_demo": {"ex1": "", "ex2": ""}}
    check.ex2(3, ["b"])
    assert progress.read(root)["01_demo"] == {"ex1": "", "ex2": "failed"}
    check.ex2(3, ["a"])
    check.ex2(4, ["a"])
    assert progress.read(root)["01_demo"] == {"ex1": "", "ex2": "passed"}
    with sqlite3.connect(root / "progress.db") as file:
        assert list(file.execute("SELECT * FROM answers")) == [("demo.ex2", "passed", "failed")]


@pytest.mark.parametrize("status", ["not_attempted", "setup_changed", "check_broken"])
def test_what_says_nothing_about_an_answer_is_not_recorded(root: Path, status: str) -> None:
    """Running an untouched notebook leaves no trace."""
    assert progress.record(root, "demo.ex1", status) == ""
    assert not (root / "progress.db").exists()


def test_running_the_solutions_does_not_count(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the solved notebook is not solving it."""
    (root / "solutions").mkdir()
    monkeypatch.chdir(root / "solutions")
    progress.record(root, "demo.ex1", "passed")
    assert not (root / "progress.db").exists()


def test_environment_chooses_the_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file, or none."""
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    progress.record(root, "demo.ex1", "passed")
    monkeypatch.setenv("COURSE_PROGRESS", str(root / "mine"))
    progress.record(root, "demo.ex1", "passed")
    assert [path.name for path in root.iterdir()] == ["mine"]


WRITER = """
import sys
from pathlib import Path
from exercises.core import progress
root, name = Path(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
for number in range(40):
    note = progress.record(root, f"{name}.ex{number}", "passed")
    note += progress.record(root, f"all.ex{number}", "passed" if name == "a" else "failed")
    assert not note, note
"""


def test_processes_that_write_at_once_lose_nothing(root: Path) -> None:
    """Three notebooks start together; every answer of each is there."""
    names = ["a", "b", "c"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), name],
            stdin=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for name in names
    ]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    for writer in writers:
        writer.stdin.close()
    with sqlite3.connect(root / "progress.db") as file:
        found = dict(file.execute("SELECT exercise, best FROM answers"))
    names.append("all")
    assert found == {f"{name}.ex{n}": "passed" for name in names for n in range(40)}


@pytest.mark.parametrize("damage", [b"this is no database " * 100, None])
def test_broken_file_is_set_aside(root: Path, damage: bytes | None) -> None:
    """The reader is told, the old file is kept, and writing goes on."""
    path = root / "progress.db"
    if damage is None:  # a real file with a hole in it
        for number in range(300):
            progress.record(root, f"demo.ex{number}", "passed")
        whole = path.read_bytes()
        damage = whole[:100] + b"\xff" * (len(whole) - 100)
    path.write_bytes(damage)
    assert progress.read(root) == {}
    note = progress.record(root, "demo.ex1", "passed")
    assert "progress.db.broken-1" in note
    assert (root / "progress.db.broken-1").read_bytes() == damage
    assert progress.record(root, "demo.ex2", "passed") == ""
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT count(*) FROM answers").fetchone() == (2,)


def test_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The result says so in a sentence, and is as it would be."""
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "missing" / "progress.db"))
    result = load_checks(tmp_path).ex2(3, ["a"])
    assert result.status == "passed" and "not saved in progress.db" in repr(result)
    assert result._repr_mimebundle_()["application/vnd.course.result+json"].keys() == {
        "exercise", "status", "message", "parts",
    }  # fmt: skip


def test_show(root: Path) -> None:
    """Marks and words; the same text whenever nothing was solved."""
    check = load_checks(root)
    nothing = repr(progress.show(root))
    assert nothing == repr(progress.show(root)) and "0 of 2 solved" in nothing
    check.ex2(3, ["a"])
    check.ex1(lambda x: 11)
    text = repr(progress.show(root))
    assert "◧■" in text and "1 of 2 solved; begun: ex1" in text
    page = progress.show(root)._repr_mimebundle_()["text/html"]
    assert "<caption>" in page and "1 of 2 solved" in page


def test_show_follows_the_two_speeds() -> None:
    """The marks of the core come first, and words say when it is done."""
    lesson = {"01_demo": {"ex1": "passed", "ex2": "", "ex3": "passed"}}
    assert "□■ ■  2 of 3 solved" in repr(progress.Progress(lesson, {"01_demo": ["ex2", "ex3"]}))
    assert "■■ □  2 of 3 solved, the core is done" in repr(
        progress.Progress(lesson, {"01_demo": ["ex1", "ex3"]})
    )


def test_the_core_ends_where_the_lesson_says_so(root: Path) -> None:
    """Exercises after the line are not of the core; a lesson without the line has none."""
    load_checks(root)
    assert progress.read_cores(root) == {}
    lesson = root / "lessons" / "01_demo.py"
    second = '# %% tags=["check", "ex2"]'
    line = "# %% [markdown]\n# ## You can stop here\n\n"
    text = lesson.read_text("utf-8")
    assert text.count(second) == 1
    lesson.write_text(text.replace(second, line + second), "utf-8")
    assert progress.read_cores(root) == {"01_demo": ["ex1"]}
