"""Building notebooks: the same bytes each time, nothing local in them; and `--check`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_layout import ROOT
from tests.tools.small_lesson import LESSON, cells, lesson_in
from tools.build import notebooks as build_lessons
from tools.build.lesson import read_lesson
from tools.build.notebooks import LessonError, build, complaints, orphans
from tools.build.outputs import complaints_about


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one lesson, built."""
    folder = tmp_path_factory.mktemp("course")
    build(lesson_in(folder), folder)
    return folder


def saved(course: Path, folder: str) -> nbformat.NotebookNode:
    """Return a built notebook."""
    return nbformat.read(course / folder / "07_small.ipynb", as_version=4)


def test_two_builds_are_byte_identical(course, tmp_path):
    build(lesson_in(tmp_path), tmp_path)
    for folder in ("notebooks", "solutions"):
        name = f"{folder}/07_small.ipynb"
        assert (tmp_path / name).read_bytes() == (course / name).read_bytes()


def test_both_notebooks_are_run_in_order_and_hold_nothing_local(course):
    for folder in ("notebooks", "solutions"):
        notebook = saved(course, folder)
        counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
        assert counts == list(range(1, len(counts) + 1))
        assert set(notebook.metadata) == {"kernelspec", "language_info"}
        assert notebook.metadata.language_info == {"name": "python"}
        text = (course / folder / "07_small.ipynb").read_text("utf-8")
        assert "widget-view" not in text
        assert str(Path.home()) not in text
        assert sys.prefix not in text
        assert "site-packages" not in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("twice = x + x", "twice = x", "solutions/07_small.ipynb: cell ex1-check says failed, not"),
        ("limit is ...", "False", "notebooks/07_small.ipynb: cell ex1-check "),
        (
            '"not_attempted" if',
            '"check_broken" if',
            "ex1-check says check_broken, not not_attempted",
        ),
        ('show("not_attempted"', '("not_attempted"', "ex1-check shows no result"),
    ],
)
def test_a_check_with_another_verdict_stops_the_build(tmp_path, old, new, said):
    assert LESSON.count(old) == 1
    with pytest.raises(LessonError) as stopped:
        build(lesson_in(tmp_path, LESSON.replace(old, new)), tmp_path)
    assert said in str(stopped.value)


def test_an_expected_error_keeps_the_readers_own_frame_and_the_message(course):
    [error] = [cell for cell in saved(course, "notebooks").cells if cell.id == "json-loads"]
    shown = "\n".join(error.outputs[0].traceback)
    assert "In[6]" in shown
    assert "Expecting property name" in shown
    assert "decoder.py" not in shown


def test_the_authors_environment_stays_out(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    monkeypatch.setenv("COURSE_PROGRESS", "/mine")
    text = (
        "# %%\nimport os\n\nnames = {'OPENAI_BASE_URL', 'LANGSMITH_TRACING', 'PYTHONHASHSEED'}\n"
        "print(sorted(names & os.environ.keys()), os.environ['COURSE_PROGRESS'] == '/mine')\n"
    )
    build(lesson_in(tmp_path, text), tmp_path)
    assert saved(tmp_path, "solutions").cells[0].outputs[0].text == "[] False\n"


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("object()", "which is not the same everywhere"),
        ("import warnings\n\nwarnings.warn('old')", "which is not the same everywhere"),
        ("import os\n\nprint(os.getcwd())", "which is not the same everywhere"),
        ("import uuid\n\nuuid.uuid4()", "an id drawn at random"),
        ("from IPython.display import HTML\n\nHTML('<img src=\"a.png\">')", "without alt text"),
        (
            "import matplotlib.pyplot as plt\n\nplt.plot([1])\nplt.show()",
            "a bare image, which JupyterLab draws without alt text",
        ),
    ],
)
def test_what_a_cell_must_not_show_stops_the_build(tmp_path, code, fact):
    source = lesson_in(tmp_path, f"# %%\nprint('fine')\n\n# %%\n{code}\n")
    with pytest.raises(LessonError) as stopped:
        build(source, tmp_path)
    name = cells(read_lesson(source))
    assert fact in str(stopped.value)
    assert str(stopped.value).startswith(f"solutions/07_small.ipynb: cell {list(name)[1]} ")


def test_a_picture_in_prose_needs_words():
    with_words = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("![A map](a.png)")])
    without = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("![](a.png)")])
    assert not list(complaints_about(with_words))
    assert "no alt text" in "".join(complaints_about(without))


def test_measured_times_do_not_change_a_notebook(tmp_path):
    text = (
        "# %%\nimport base64\nimport time\n\nfrom IPython.display import HTML\n\n"
        "pixels = base64.b64encode(str(time.perf_counter_ns()).encode()).decode()\n"
        'HTML(f\'<img alt="Waits." src="data:image/png;base64,{pixels}">\')\n\n'
        '# %% tags=["nbval-ignore-output"]\nprint(time.perf_counter_ns())\n'
    )
    source = lesson_in(tmp_path, text)
    [solved, student] = build(source, tmp_path)
    first = student.read_bytes()
    build(source, tmp_path)
    assert student.read_bytes() == first
    build(source, tmp_path, redraw=True)
    assert student.read_bytes() != first


def test_a_build_that_stops_changes_nothing(copy):
    files = [copy / folder / "07_small.ipynb" for folder in ("notebooks", "solutions")]
    before = [file.read_bytes() for file in files]
    broken = lesson_in(copy, LESSON.replace("limit is ...", "limit is 1 / 0"))
    with pytest.raises(LessonError):
        build(broken, copy)
    assert [file.read_bytes() for file in files] == before
    for file in files:
        file.unlink()
    with pytest.raises(LessonError):
        build(broken, copy)
    assert not any(file.exists() for file in files)


# --check ------------------------------------------------------------------------------------------


@pytest.fixture
def copy(course: Path, tmp_path: Path) -> Path:
    """A copy of the built course, to spoil."""
    for folder in ("lessons", "notebooks", "solutions"):
        (tmp_path / folder).mkdir()
        for file in (course / folder).iterdir():
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    return tmp_path


def problems(course: Path) -> list[str]:
    """Return what `--check` says of a course."""
    return [*complaints(course / "lessons" / "07_small.py", course), *orphans(course)]


def test_check_is_content_with_what_was_built(copy):
    assert problems(copy) == []


@pytest.mark.parametrize(
    ("old", "new"), [("Some prose.", "Other prose."), ("twice = x + x", "twice = 2 * x")]
)
def test_check_names_a_notebook_that_is_not_what_its_source_says(copy, old, new):
    lesson_in(copy, LESSON.replace(old, new))
    said = problems(copy)
    assert said[0] == (
        "solutions/07_small.ipynb is not what lessons/07_small.py says. "
        "Run: python3 course.py build 07"
    )
    assert len(said) == (2 if old == "Some prose." else 1)
    kept = "Did you work in it? Run: python3 course.py reset 07."
    assert all(kept in sentence for sentence in said[1:])


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_check_sees_hand_edits_missing_runs_and_missing_files(copy, folder):
    path = copy / folder / "07_small.ipynb"
    built = path.read_text("utf-8")

    path.write_text(built.replace("Some prose.", "Some edit."), "utf-8")
    assert "is not what" in problems(copy)[0]

    path.write_text(built.replace('"execution_count": 3,', '"execution_count": null,', 1), "utf-8")
    assert problems(copy) == [
        f"{folder}/07_small.ipynb: cell ex1-check was never run. Run: python3 course.py build 07"
    ]

    path.write_text("<<<<<<< half a merge\n" + built, "utf-8")
    assert "is not what" in problems(copy)[0]

    path.unlink()
    assert "is missing" in problems(copy)[0]


def test_check_names_a_notebook_without_source(copy, capsys):
    (copy / "notebooks" / "Untitled.ipynb").write_text("{}", "utf-8")
    [said] = problems(copy)
    assert said.startswith("notebooks/Untitled.ipynb has no source lessons/Untitled.py.")
    assert build_lessons.main(["--check"], copy) == 1
    assert said in capsys.readouterr().err


def test_check_starts_no_kernel_and_says_what_to_run(copy, monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("started a process"))
    assert build_lessons.main(["--check"], copy) == 0
    lesson_in(copy, LESSON.replace("Some prose.", "Other prose."))
    assert build_lessons.main(["--check", "07"], copy) == 1
    assert "Run: python3 course.py build 07" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--check"]])
def test_a_lesson_that_has_one_speed_is_refused(tmp_path, capsys, words):
    lesson_in(tmp_path, "# %%\nprint(1)\n")
    assert build_lessons.main(words, tmp_path) == 1
    assert "lessons/07_small.py: no Markdown cell begins with" in capsys.readouterr().err
    assert not (tmp_path / "notebooks").exists()


def test_unknown_lessons_are_said_to_be_unknown(copy, capsys):
    assert build_lessons.main(["99"], copy) == 1
    assert "No such lesson" in capsys.readouterr().err


def test_reading_notebooks_does_not_build_a_grammar():
    """2.7 CPU seconds at each start, for address formats no notebook has."""
    code = "import sys, tools.build.notebooks; sys.exit(sys.modules['rfc3987_syntax'] is not None)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
