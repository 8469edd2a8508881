"""The strict run of notebooks: which cells fail when a saved notebook is spoiled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

import nbformat
import pytest

from course_layout import ROOT
from tests.tools.small_lesson import lesson_in
from tools.build.notebooks import build

STRICT = [
    *("-m", "pytest", "-p", "tools.build.fast_start", "-p", "tools.build.kernel_sockets"),
    *("-p", "no:langsmith_plugin"),
    *("-p", "no:cacheprovider", "--color=no", "-rA", "-q"),
    *("--nbval", "--nbval-current-env", "--nbval-sanitize-with=tests/sanitize.cfg"),
    *("--nbval-cell-timeout=120", "-n", "2", "--dist", "loadfile", "notebooks"),
]
LESSON = """\
# %%
print("1 of 7 calls failed")

# %%
from IPython.display import HTML

HTML('<img alt="Seven bars." src="data:image/png;base64,AAAA">')

# %%
import os

print(sorted({"OPENAI_BASE_URL", "LANGSMITH_TRACING"} & os.environ.keys()))

# %%
import socket
import subprocess
import sys

server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(("localhost", server.getsockname()[1])).close()
"""
NUMERIC = "socket.getaddrinfo('192.0.2.1', 80, flags=socket.AI_NUMERICHOST)"


def shown(number: int, old: str, new: str) -> Callable[[str], str]:
    """Return an edit of what a cell shows in the saved notebook."""

    def edit(text: str) -> str:
        notebook = nbformat.reads(text, as_version=4)
        [output] = notebook.cells[number].outputs
        shelf, kind = (output, "text") if "text" in output else (output.data, "text/html")
        assert old in shelf[kind]
        shelf[kind] = shelf[kind].replace(old, new)
        return nbformat.writes(notebook)

    return edit


def last_cell(code: str) -> Callable[[str], str]:
    """Return an edit that puts other code into the last cell, which shows nothing."""

    def edit(text: str) -> str:
        notebook = nbformat.reads(text, as_version=4)
        notebook.cells[-1].source = code
        return nbformat.writes(notebook)

    return edit


def without_first_output(text: str) -> str:
    """Drop what the first cell showed."""
    notebook = nbformat.reads(text, as_version=4)
    notebook.cells[0].outputs = []
    return nbformat.writes(notebook)


SPOILED: dict[str, tuple[Callable[[str], str], list[int]]] = {
    # name: how the saved notebook is changed, and the cells that have to fail
    "as_built": (str, []),
    "other_pixels": (shown(1, "base64,AAAA", "base64,BBBB"), []),
    "digit": (shown(0, "1 of 7", "2 of 7"), [0]),
    "missing": (without_first_output, [0]),
    "other_alt_text": (shown(1, "Seven bars", "Six bars"), [1]),
    "error": (last_cell("1 / 0"), [3]),
    "look_up": (last_cell(f"import socket\n\nfound = {NUMERIC}"), [3]),
    "look_up_in_child": (
        last_cell(
            "import subprocess, sys\n\n"
            f'done = subprocess.run([sys.executable, "-c", "import socket; {NUMERIC}"])'
        ),
        [3],
    ),
    "connect": (
        last_cell(
            "import socket\n\nwith socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:\n"
            "    udp.connect(('192.0.2.1', 9))"
        ),
        [3],
    ),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest said of a small course with the spoiled notebooks in it."""
    course = tmp_path_factory.mktemp("course")
    for name in ("tools", "tests/spy"):
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "course_layout.py", "tests/sanitize.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, course / name)
    build(lesson_in(course, LESSON), course)
    built = course / "notebooks" / "07_small.ipynb"
    text = built.read_text("utf-8")
    for name, (spoil, _) in SPOILED.items():
        (course / "notebooks" / f"{name}.ipynb").write_text(spoil(text), "utf-8")
    built.unlink()
    authors = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "LANGSMITH_TRACING": "true"}
    run = subprocess.run(
        [sys.executable, *STRICT],
        cwd=course,
        env={**os.environ, **authors},
        capture_output=True,
        text=True,
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize("name", SPOILED)
def test_exactly_the_spoiled_cells_fail(report, name):
    outcomes = re.findall(rf"^(PASSED|FAILED) notebooks/{name}.ipynb::Cell (\d)", report, re.M)
    assert sorted(int(cell) for _, cell in outcomes) == [0, 1, 2, 3], report
    assert [int(cell) for outcome, cell in outcomes if outcome == "FAILED"] == SPOILED[name][1]


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("look_up", "socket.getaddrinfo '192.0.2.1'"),
        ("look_up_in_child", "socket.getaddrinfo '192.0.2.1'"),
        ("connect", "socket.connect ('192.0.2.1', 9)"),
    ],
)
def test_what_left_this_machine_is_named(report, name, event):
    [told] = re.findall(rf"^_+ notebooks/{name}.ipynb::Cell 3 _+\n(.*?)^__", report, re.M | re.S)
    assert f"reached beyond this machine: {event}" in told
