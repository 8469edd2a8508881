"""`course.py demo NN`: the copy that is shown to a room, and the script beside it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import nbformat
import pytest

import course
from course_layout import ROOT
from instructor.demo import prepare
from instructor.demo.script import page
from tests.instructor.test_instructor import bullets, named, steps
from tools.build.needed_cells import bound_names, used_names

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


def guide(path: Path) -> str:
    """Return the guide's page on a lesson."""
    return (ROOT / "instructor" / f"{path.stem}.md").read_text("utf-8")


def shown(path: Path) -> list[dict]:
    """Return the cells of a lesson as they are shown."""
    return prepare.to_show(json.loads(path.read_text("utf-8")), guide(path))["cells"]


def folded(cells: list[dict]) -> set[str]:
    """Return the ids of the cells that stand under a folded heading."""
    found, level = set(), 0
    for cell in cells:
        heading = re.search(r"^(#+) ", "".join(cell["source"]), re.M)
        if cell["cell_type"] == "markdown" and heading:
            if not level or len(heading[1]) <= level:
                level = 0
                if cell["metadata"].get("jp-MarkdownHeadingCollapsed"):
                    level = len(heading[1])
                    continue
        if level:
            found.add(cell["id"])
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestLesson:
    """The copy of each lesson."""

    def test_no_output_answers_what_will_happen_next(self, path: Path) -> None:
        code = [cell for cell in shown(path) if cell["cell_type"] == "code"]
        assert code and not any(cell["outputs"] or cell["execution_count"] for cell in code)

    def test_the_panel_stands_below_the_cell_that_starts_the_model(self, path: Path) -> None:
        cells = shown(path)
        (at,) = [n for n, cell in enumerate(cells) if cell["id"] == "demo-panel"]
        assert "model = lesson_model.start()" in "".join(cells[at - 1]["source"])
        assert "demo.panel(model)" in cells[at]["source"]

    def test_nothing_of_the_lesson_is_lost(self, path: Path) -> None:
        lesson = json.loads(path.read_text("utf-8"))
        texts = ["".join(c["source"]) for c in shown(path) if c["id"] != "demo-panel"]
        before = "".join("".join(cell["source"]) for cell in lesson["cells"])
        assert re.sub(r"\s", "", "".join(texts)) == re.sub(r"\s", "", before)
        nbformat.validate(lesson | {"cells": shown(path)})
        ids = [cell["id"] for cell in shown(path)]
        assert len(ids) == len(set(ids))

    def test_exercises_are_folded_and_what_the_script_runs_is_not(self, path: Path) -> None:
        cells = shown(path)
        exercises = {c["id"] for c in cells if "exercise" in c["metadata"].get("tags", ())}
        hidden = {c["id"] for c in cells if c["metadata"].get("jupyter", {}).get("source_hidden")}
        lines = [line for step in steps(guide(path)) for line in bullets(step, "Run")]
        run = {cell["id"] for line in lines for cell in named(path.stem, line)}
        assert run and not run & (hidden | folded(cells))
        assert exercises - run <= hidden and folded(cells) & exercises

    def test_what_stays_in_sight_runs_without_what_is_folded(self, path: Path) -> None:
        """Nobody opens an exercise to get on with the demo."""
        cells = shown(path)
        hidden = folded(cells)
        code = [(c["id"], "".join(c["source"])) for c in cells if c["cell_type"] == "code"]
        bound: dict[bool, set[str]] = {True: set(), False: set()}  # by whether it is folded
        for cell, source in code:
            if cell not in hidden:
                missing = (used_names(source) & bound[True]) - bound[False]
                assert not missing, f"{cell} needs {missing}"
            bound[cell in hidden] |= bound_names(source)

    def test_the_script_has_all_steps_with_their_minutes(self, path: Path) -> None:
        text = page(guide(path))
        minutes = [int(n) for n in re.findall(r"^### .+ \((\d+) minutes\)$", guide(path), re.M)]
        assert text.count("<h3>") >= len(minutes)
        assert f"minutes 0 to {minutes[0]} of {sum(minutes)}" in text
        assert f"to {sum(minutes)} of {sum(minutes)}" in text
        assert text.index("Demo script") < text.index("Before you begin")
        assert "src=" not in text and "href=" not in text


def test_reset_puts_back_notebook_progress_and_approvals_and_nothing_else(tmp_path: Path) -> None:
    lesson = NOTEBOOKS[3]
    prepare.reset(lesson, tmp_path)
    fresh = (tmp_path / lesson.name).read_text("utf-8")
    (tmp_path / lesson.name).write_text("scribbled on by the first group", "utf-8")
    (tmp_path / ".runtime").mkdir()
    gone = [".progress.db", ".progress.db-wal", ".runtime/approvals.sqlite"]
    kept = [".runtime/jpserver-1.json", "mine.txt", "04_other.ipynb"]
    for name in gone + kept:
        (tmp_path / name).write_text("x", "utf-8")
    prepare.reset(lesson, tmp_path)
    assert (tmp_path / lesson.name).read_text("utf-8") == fresh
    assert not any((tmp_path / name).exists() for name in gone)
    assert all((tmp_path / name).exists() for name in kept)


def test_the_copy_is_kept_until_it_is_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(prepare, "FOLDER", tmp_path)
    monkeypatch.setattr(prepare, "open_lab", lambda copy, options: opened.append(copy) or 0)
    assert prepare.main(["3", "--no-browser"]) == 0
    copy = tmp_path / NOTEBOOKS[3].name
    copy.write_text("mine", "utf-8")
    assert prepare.main(["03", "--no-browser"]) == 0
    assert copy.read_text("utf-8") == "mine" and opened == [copy, copy]
    assert prepare.main(["03", "--reset"]) == 0
    assert copy.read_text("utf-8") != "mine" and len(opened) == 2
    assert (tmp_path / f"{copy.stem}_script.html").exists()
    assert prepare.main(["77"]) == 2
    assert "No notebook begins with '77'" in capsys.readouterr().out


def test_jupyterlab_opens_on_the_copy_with_larger_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What becomes of the command line on its way through course.py."""
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setenv("COURSE_ENV", "here")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "mine"))
    monkeypatch.delenv("JUPYTERLAB_SETTINGS_DIR", raising=False)
    monkeypatch.setattr(os, "execve", lambda path, command, env: started.append((command, env)))
    monkeypatch.setattr(prepare, "FOLDER", tmp_path)
    prepare.open_lab(ROOT / "demo" / "03_topic.ipynb", ["--no-browser"])
    ((command, environment),) = started
    assert environment["COURSE_PROGRESS"] == str(tmp_path / ".progress.db")
    assert environment["JUPYTER_RUNTIME_DIR"] == str(tmp_path / ".runtime")
    course.main(command[2:])
    command, _ = started[-1]
    # JupyterLab takes one such option, and starts without a page where there are two.
    pages = [word for word in command if word.startswith("--LabApp.default_url=")]
    assert pages == ["--LabApp.default_url=/doc/tree/demo/03_topic.ipynb"]
    assert "--custom-css" in command
    style = Path(environment["JUPYTER_CONFIG_DIR"]) / "custom" / "custom.css"
    assert "--jp-code-font-size: 20px" in style.read_text("utf-8")
    # Whoever has a dark theme keeps it.
    assert environment["JUPYTERLAB_SETTINGS_DIR"] == str(
        tmp_path / "mine" / "lab" / "user-settings"
    )
    assert environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0] == str(tmp_path / "mine")
