"""`reset` and `update` lose nothing a reader did: with real git, on a clone of a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_layout import ROOT

BUILDER = """\
import pathlib, sys
pathlib.Path("notebooks", sys.argv[1] + ".ipynb").write_text("built from its lesson")
"""


JUNK = shutil.ignore_patterns("__pycache__")


def git(folder: Path, *words: str) -> str:
    name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(["git", *name, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def notebook(source: str, output: str = "", count: int | None = None) -> str:
    out = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    cell = {"cell_type": "code", "source": source, "execution_count": count, "outputs": out}
    return json.dumps({"cells": [cell], "nbformat": 4})


class Reader:
    """A course on a server, and a reader's clone of it."""

    def __init__(self, folder: Path) -> None:
        self.server, self.root = folder / "server", folder / "mine"
        for name in ("tools/build", "notebooks", "lessons"):
            (self.server / name).mkdir(parents=True)
        for name in ("course_layout.py", "tools/__init__.py"):
            shutil.copy(ROOT / name, self.server / name)
        shutil.copytree(ROOT / "tools/my_work", self.server / "tools/my_work", ignore=JUNK)
        (self.server / "tools/build/notebooks.py").write_text(BUILDER)
        (self.server / ".gitignore").write_text("/my_work/\n__pycache__/\n")
        git(self.server, "init", "-q", "-b", "main")
        (self.server / "lessons/02_b.py").touch()
        self.release({"notebooks/01_a.ipynb": notebook("a"), "notebooks/02_b.ipynb": notebook("b")})
        git(folder, "clone", "-q", str(self.server), str(self.root))

    def release(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.server / name).write_text(text)
        git(self.server, "add", "-A")
        git(self.server, "commit", "-q", "-m", "Release")

    def says(self, tool: str, *words: str, status: int = 0) -> str:
        command = [sys.executable, "-m", f"tools.my_work.{tool}", *words]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr and "No module" not in done.stderr, done.stderr
        return done.stdout

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.root / name).read_text()

    @property
    def kept(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.root / "my_work").glob("*")}


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def test_reset_keeps_a_copy_each_time(reader: Reader) -> None:
    for work in ("first", "second", "third"):
        reader.write("notebooks/01_a.ipynb", notebook(work))
        assert "my_work/01_a (" in reader.says("reset", "01").replace("\\", "/")
        assert reader.read("notebooks/01_a.ipynb") == notebook("a")
    assert sorted(reader.kept.values()) == sorted(map(notebook, ("first", "second", "third")))
    assert git(reader.root, "status", "--porcelain") == ""


def test_reset_touches_only_the_lesson_named(reader: Reader) -> None:
    reader.write("notebooks/02_b.ipynb", notebook("mine"))
    reader.says("reset", "1")
    assert reader.read("notebooks/02_b.ipynb") == notebook("mine") and not reader.kept


def test_a_notebook_that_was_only_run_needs_no_copy(reader: Reader) -> None:
    reader.write("notebooks/01_a.ipynb", notebook("a", output="42", count=7))
    assert "no cell of it was edited" in reader.says("reset", "01")
    assert reader.read("notebooks/01_a.ipynb") == notebook("a") and not reader.kept


def test_a_broken_notebook_is_kept_and_a_deleted_one_comes_back(reader: Reader) -> None:
    reader.write("notebooks/01_a.ipynb", '{"cells": [<<<<<<< HEAD')
    (reader.root / "notebooks/02_b.ipynb").unlink()
    reader.says("reset", "01", "02_b")
    assert list(reader.kept.values()) == ['{"cells": [<<<<<<< HEAD']
    assert reader.read("notebooks/02_b.ipynb") == notebook("b")


def test_a_lesson_that_is_none_changes_nothing(reader: Reader) -> None:
    reader.write("notebooks/01_a.ipynb", notebook("mine"))
    for words in ((), ("07",), ("01", "x")):
        assert "01_a" in reader.says("reset", *words, status=2)
    assert reader.read("notebooks/01_a.ipynb") == notebook("mine") and not reader.kept


def test_without_git_the_lesson_is_built_or_all_stays(reader: Reader) -> None:
    shutil.rmtree(reader.root / ".git")
    reader.write("notebooks/01_a.ipynb", notebook("mine"))
    reader.says("reset", "01")
    assert reader.read("notebooks/01_a.ipynb") == "built from its lesson"
    assert list(reader.kept.values()) == [notebook("mine")]
    reader.write("tools/build/notebooks.py", "raise SystemExit('no kernel')")
    assert "stays as it was" in reader.says("reset", "01", status=1)
    assert reader.read("notebooks/01_a.ipynb") == "built from its lesson"


def test_update_keeps_a_copy_of_every_edited_notebook(reader: Reader) -> None:
    reader.release({"notebooks/01_a.ipynb": notebook("a, better"), "new.txt": "new"})
    reader.write("notebooks/01_a.ipynb", notebook("mine"))
    reader.write("notebooks/02_b.ipynb", notebook("mine too"))
    reader.says("update")
    assert reader.read("notebooks/01_a.ipynb") == notebook("a, better")
    assert reader.read("notebooks/02_b.ipynb") == notebook("mine too")  # the update has no other
    assert reader.read("new.txt") == "new"
    assert sorted(reader.kept.values()) == sorted([notebook("mine"), notebook("mine too")])


def test_update_with_a_word_after_it_updates_nothing(reader: Reader) -> None:
    reader.release({"notebooks/01_a.ipynb": notebook("a, better")})
    assert "takes no words" in reader.says("update", "--help", status=2)
    assert reader.read("notebooks/01_a.ipynb") == notebook("a")


def test_update_of_the_newest_course_changes_nothing(reader: Reader) -> None:
    reader.write("notebooks/01_a.ipynb", notebook("mine"))
    assert "newest course already" in reader.says("update")
    assert reader.read("notebooks/01_a.ipynb") == notebook("mine") and not reader.kept


def offline(reader: Reader) -> None:
    reader.server.rename(reader.server.with_name("away"))


def own_commit(reader: Reader) -> None:
    git(reader.root, "commit", "-q", "-a", "-m", "Mine")


def edited_module(reader: Reader) -> None:
    reader.write("tools/build/notebooks.py", "# mine")
    reader.release({"tools/build/notebooks.py": "# theirs"})


def file_in_the_way(reader: Reader) -> None:
    reader.write("notebooks/03_c.ipynb", "mine, never committed")
    reader.release({"notebooks/03_c.ipynb": "theirs"})


def no_branch(reader: Reader) -> None:
    git(reader.root, "checkout", "-q", "--detach")


@pytest.mark.parametrize(
    "trouble, said",
    [
        (offline, "could not be fetched"),
        (own_commit, "1 commits of your own"),
        (edited_module, "You changed tools/build/notebooks.py"),
        (file_in_the_way, "notebooks/03_c.ipynb"),
        (no_branch, "git switch main"),
    ],
)
def test_an_update_that_cannot_be_leaves_all_as_it_was(reader: Reader, trouble, said: str) -> None:
    reader.release({"notebooks/01_a.ipynb": notebook("a, better")})
    reader.write("notebooks/01_a.ipynb", notebook("mine"))
    trouble(reader)
    before = git(reader.root, "rev-parse", "HEAD"), git(reader.root, "status", "--porcelain")
    assert said in reader.says("update", status=1)
    assert reader.read("notebooks/01_a.ipynb") == notebook("mine")
    assert (
        git(reader.root, "rev-parse", "HEAD"),
        git(reader.root, "status", "--porcelain"),
    ) == before


def test_a_download_without_git_is_told_what_to_do(reader: Reader) -> None:
    shutil.rmtree(reader.root / ".git")
    assert "Download the course again" in reader.says("update", status=1)
