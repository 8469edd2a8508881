"""Write lessons for another grader: `python3 course.py export nbgrader|otter FOLDER [NN ...]`.

    export nbgrader FOLDER       every lesson as a source notebook, and the configuration
    export otter FOLDER 03 05    test files and a notebook to hand out, of two lessons

What to run then, and what each of the two cannot do, stands in docs/grading.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_layout import PACKAGES, ROOT
from instructor.export.nbgrader_source import NBGRADER, nbgrader_config, nbgrader_source
from instructor.export.otter_source import OTTER, otter_notebook, otter_requirements, otter_tests
from tools.build import fast_start  # noqa: F401 - before whatever imports nbformat
from tools.build.lesson import LessonError, read_lesson

__all__ = ("main",)

JUNK = shutil.ignore_patterns("__pycache__", "*.pyc")


def main(words: list[str] | None = None, root: Path = ROOT) -> int:
    """Write what is asked for; return 0, 1 if a lesson is not sound, 2 if the words are not."""
    parser = argparse.ArgumentParser(
        prog="course.py export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tool", help="nbgrader or otter")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new one, or one to add to")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="how a lesson's name begins")
    asked = parser.parse_args(words)
    write = {"nbgrader": for_nbgrader, "otter": for_otter}.get(asked.tool)
    if write is None:
        print(f"There is no export for {asked.tool!r}. Name nbgrader or otter.")
        return 2
    if asked.folder.exists() and not asked.folder.is_dir():
        print(f"{asked.folder} is a file. Name a folder; a new one is made.")
        return 2
    sources = sorted((root / "lessons").glob("[0-9][0-9]_*.py"))
    known = ", ".join(source.stem[:2] for source in sources)
    for number in asked.lessons:
        if not any(source.stem.startswith(number) for source in sources):
            print(f"No lesson begins with {number!r}. There are {known}.")
            return 2
    wanted = tuple(asked.lessons) or ("",)
    try:
        return write(asked.folder, [each for each in sources if each.stem.startswith(wanted)], root)
    except LessonError as error:
        print(f"{error}\nNothing was exported.", file=sys.stderr)
        return 1


def for_nbgrader(folder: Path, sources: list[Path], root: Path) -> int:
    """Write each lesson's source notebook and nbgrader's configuration."""
    targets = {source: folder / "source" / source.stem for source in sources}
    if _taken(targets):
        return 2
    made = {source: nbgrader_source(read_lesson(source)) for source in sources}
    for source, target in targets.items():
        _write_notebook(made[source], target / f"{source.stem}.ipynb")
    config = folder / "nbgrader_config.py"
    if config.exists():
        print(f"{config} is kept as it was. To have ours, remove it and export again.")
    else:
        config.write_text(nbgrader_config(root), "utf-8")
    name = sources[0].stem
    print(
        f"\nNext, where the course's packages and {NBGRADER} are installed:\n"
        f"  cd {folder.resolve()}\n"
        f"  nbgrader generate_assignment {name}    writes release/, to hand out\n"
        f"  nbgrader autograde {name}              grades submitted/STUDENT/{name}/{name}.ipynb"
    )
    return 0


def for_otter(folder: Path, sources: list[Path], root: Path) -> int:
    """Write each lesson's notebook, its tests, and what they need to run elsewhere."""
    targets = {source: folder / source.stem for source in sources}
    if _taken(targets):
        return 2
    lessons = {source: read_lesson(source) for source in sources}
    built = {source: root / "solutions" / f"{source.stem}.ipynb" for source in sources}
    tests = {source: otter_tests(source.stem, lessons[source], built[source]) for source in sources}
    pins = otter_requirements((root / "requirements.txt").read_text("utf-8"))
    for source, target in targets.items():
        _write_notebook(otter_notebook(lessons[source]), target / f"{source.stem}.ipynb")
        for file, text in tests[source].items():
            _write(text, target / "tests" / file)
        _write(pins, target / "requirements.txt")
        _write(built[source].read_text("utf-8"), target / "solutions" / built[source].name)
        for package in PACKAGES:
            shutil.copytree(root / package, target / package, ignore=JUNK)
    name = sources[0].stem
    print(
        f"\nNext, where the course's packages and {OTTER} are installed:\n"
        f"  cd {targets[sources[0]].resolve()}\n"
        f"  otter generate {' '.join(PACKAGES)} solutions    writes autograder.zip\n"
        f"  otter run HANDED_IN.ipynb    writes results.json; hand out {name}.ipynb alone"
    )
    return 0


def _taken(targets: dict[Path, Path]) -> bool:
    """Say which lesson is there already, if one is: it may have been edited."""
    for target in targets.values():
        if target.exists():
            print(f"{target} is there already. Move it away, or name another folder.")
            return True
    return False


def _write_notebook(notebook: NotebookNode, path: Path) -> None:
    _write(nbformat.writes(notebook).rstrip("\n") + "\n", path)
    print(path)


def _write(text: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
