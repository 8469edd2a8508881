"""Open a lesson the way it is shown to a room: `python3 course.py demo NN [--reset]`.

    demo 03           a copy of lesson 3 in demo/, and JupyterLab on it: no outputs, the demo panel
                      in place, exercises folded, larger type; your script in a second window
    demo 03 --reset   between two groups: that copy, progress and approvals as they were

The copy, its progress and what its cells write into Jupyter's runtime folder (lesson 3's approvals)
stay in demo/: your own notebooks and progress are left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_dir

from course_layout import ROOT
from instructor.demo.script import page
from tools.build.needed_cells import bound_names, used_names

__all__ = ("main", "reset", "to_show")

FOLDER = ROOT / "demo"
RUNTIME, PROGRESS, SETTINGS = ".runtime", ".progress.db", ".settings"
STARTS = "lesson_model.start()"
RUN = re.compile(r"^- \*\*Run\*\* (.+(?:\n  .+)*)", re.M)
PANEL = """\
# The instructor's panel: pace and faults of the lesson model.
from instructor import demo

demo.panel(model)"""

Cell = dict[str, Any]


def main(words: list[str]) -> int:
    """Prepare a lesson and open it, or put it back; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="course.py demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("lesson", help="how its name begins, such as 03")
    parser.add_argument("--reset", action="store_true", help="put it back as it was, open nothing")
    parser.add_argument("--no-browser", action="store_true", help="open no window")
    chosen, more = parser.parse_known_args(words)
    notebooks = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    lesson = next(
        (path for path in notebooks if path.stem.startswith(chosen.lesson.zfill(2))), None
    )
    if lesson is None:
        print(f"No notebook begins with {chosen.lesson!r}. Say a number: python3 course.py demo 03")
        return 2
    copy = FOLDER / lesson.name
    if chosen.reset:
        reset(lesson, FOLDER)
        print(
            f"demo/{copy.name} is as released; its progress and approvals are gone.\n"
            "Is it open? File > Reload Notebook from Disk, then Kernel > Restart Kernel. Else: "
            f"python3 course.py demo {lesson.stem[:2]}"
        )
        return 0
    if copy.exists():
        print(
            f"demo/{copy.name} is as you left it. Afresh: course.py demo {lesson.stem[:2]} --reset"
        )
    else:
        reset(lesson, FOLDER)
    script = write_script(lesson.stem, FOLDER)
    print(f"Your script, for a screen that the room does not see: {script}", flush=True)
    if not chosen.no_browser:
        webbrowser.open(script.as_uri())
    return open_lab(copy, [*(["--no-browser"] if chosen.no_browser else []), *more])


def reset(lesson: Path, folder: Path) -> None:
    """Make the copy of a lesson afresh, and forget progress and approvals of earlier groups."""
    folder.mkdir(exist_ok=True)
    guide = ROOT / "instructor" / f"{lesson.stem}.md"
    script = guide.read_text("utf-8") if guide.exists() else ""
    shown = to_show(json.loads(lesson.read_text("utf-8")), script)
    text = json.dumps(shown, indent=1, ensure_ascii=False) + "\n"
    (folder / lesson.name).write_text(text, "utf-8")
    for old in [*folder.glob(f"{PROGRESS}*"), *(folder / RUNTIME).glob("approvals.sqlite*")]:
        old.unlink()
    shutil.rmtree(folder / ".ipynb_checkpoints", ignore_errors=True)


def to_show(notebook: dict[str, Any], script: str) -> dict[str, Any]:
    """Return a lesson's notebook as it is shown.

    Args:
        notebook: The built notebook.
        script: The guide's page: a cell its demo names is never folded away.
    """
    run = _run_by(script, [c for c in notebook["cells"] if c["cell_type"] == "code"])
    cells: list[Cell] = []
    started = False
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cells += _with_headings_apart(cell)
            continue
        source = "".join(cell["source"])
        tags = cell["metadata"].get("tags", ())
        cell |= {"outputs": [], "execution_count": None}
        if {"exercise", "check"} & set(tags) and cell["id"] not in run:
            cell["metadata"] |= {"jupyter": {"source_hidden": True}}
        cells.append(cell)
        if STARTS in source and not started:
            started = True
            cells.append(_panel())
    _fold_exercises(cells, run)
    return notebook | {"cells": cells}


def _run_by(script: str, code: list[Cell]) -> set[str]:
    """Return the ids of the cells that the script runs; it names each by one of its lines."""
    lines = {c["id"]: [one.strip() for one in "".join(c["source"]).splitlines()] for c in code}
    found = set()
    for line in (
        line for bullet in RUN.findall(script) for line in re.findall("`([^`]+)`", bullet)
    ):
        first = {name for name, own in lines.items() if own and own[0].startswith(line)}
        found |= first or {
            name for name, own in lines.items() if any(one.startswith(line) for one in own)
        }
    return found


def _panel() -> Cell:
    kind = {"cell_type": "code", "execution_count": None, "outputs": []}
    return {**kind, "id": "demo-panel", "metadata": {}, "source": PANEL}


def _with_headings_apart(cell: Cell) -> list[Cell]:
    """Part a cell of prose before the heading of an exercise, so that it can be folded there."""
    before, heading, after = "".join(cell["source"]).partition("### Exercise ")
    if not heading or not before.strip():
        return [cell]
    first = cell | {"source": before.rstrip("\n")}
    second = cell | {"source": heading + after, "id": f"{cell['id'][:50]}-exercise"}
    return [first, second | {"metadata": dict(cell["metadata"])}]


def _fold_exercises(cells: list[Cell], run: set[str]) -> None:
    """Fold each exercise under its heading, but not what the script runs or a later cell needs.

    JupyterLab folds up to the next heading, and the lesson may go on there, below the check.
    """
    needed: set[str] = set()  # names that the cells below take from the ones above
    section: list[Cell] = []
    for cell in reversed(cells):
        section.append(cell)
        text = "".join(cell["source"])
        if cell["cell_type"] == "code" or not any(
            line.startswith(("# ", "## ", "### ")) for line in text.splitlines()
        ):
            continue
        code = [("".join(c["source"]), c["id"]) for c in section if c["cell_type"] == "code"]
        used = needed
        for source, _ in code:  # from the last to the first
            used = (used - bound_names(source)) | used_names(source)
        is_needed = any(bound_names(source) & needed for source, _ in code)
        if not text.startswith("### Exercise ") or is_needed or run & {name for _, name in code}:
            needed = used
        else:
            cell["metadata"] |= {"jp-MarkdownHeadingCollapsed": True}
        section = []


def write_script(lesson: str, folder: Path) -> Path:
    """Write the speaker's script of a lesson and return where it is."""
    path = folder / f"{lesson}_script.html"
    guide = ROOT / "instructor" / f"{lesson}.md"
    path.write_text(page(guide.read_text("utf-8")), "utf-8")
    return path


def open_lab(notebook: Path, options: list[str]) -> int:
    """Open JupyterLab on a notebook, with larger type; this process becomes it."""
    runtime, settings = FOLDER / RUNTIME, FOLDER / SETTINGS
    runtime.mkdir(mode=0o700, exist_ok=True)
    # JupyterLab reads its style from there alone. Your theme and your server's settings stay yours.
    (settings / "custom").mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("custom.css"), settings / "custom")
    own = Path(jupyter_config_dir())
    path = [str(own), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    place = notebook.relative_to(ROOT).as_posix()
    command = [sys.executable, "course.py", "--custom-css", *options]
    command += [f"--LabApp.default_url=/doc/tree/{place}"]
    environment = os.environ | {
        "COURSE_PROGRESS": str(FOLDER / PROGRESS),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, path)),
        "JUPYTERLAB_SETTINGS_DIR": os.environ.get("JUPYTERLAB_SETTINGS_DIR")
        or str(own / "lab" / "user-settings"),
    }
    if os.name == "nt":
        return subprocess.run(command, cwd=ROOT, env=environment).returncode
    os.chdir(ROOT)
    os.execve(sys.executable, command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
