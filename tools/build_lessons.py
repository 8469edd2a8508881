#!/usr/bin/env python3
"""Build the student's and the solved notebook of each lesson from its one source.

    tools/build_lessons.py             build and execute every lesson
    tools/build_lessons.py 05          only lessons whose name starts with 05
    tools/build_lessons.py --check     start no kernel; fail, naming the file, if a notebook is not
                                       what its source says

`lessons/NN_topic.py` becomes `notebooks/NN_topic.ipynb` and `solutions/NN_topic.ipynb`. What may
stand in a lesson is said at the top of `tools/lesson.py`. Two builds are byte-identical.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fast_start  # noqa: F401 - before anything that imports nbformat
import nbformat
from execution import complain_of_outputs, execute
from lesson import LessonError, read_lesson, solved_version, student_version, tags
from nbformat import NotebookNode

__all__ = ("build", "complaints", "read_lesson", "solved_version", "student_version", "tags")

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = {"solutions": solved_version, "notebooks": student_version}


def build(source: Path, root: Path = ROOT) -> list[Path]:
    """Build and execute both notebooks of a lesson and return their paths.

    Raises:
        LessonError: The source is not as it should be, or a cell raised.
    """
    lesson = read_lesson(source)
    notebooks = {
        root / folder / f"{source.stem}.ipynb": v(lesson) for folder, v in VERSIONS.items()
    }
    for path, notebook in notebooks.items():
        path.parent.mkdir(exist_ok=True)
        # Before any kernel starts: an exercise that falls back to the reference reads it there.
        if path.parent.name == "solutions":
            _write(notebook, path)
    with ThreadPoolExecutor(len(notebooks)) as kernels:
        runs = {
            path: kernels.submit(execute, nb, path.parent, root) for path, nb in notebooks.items()
        }
    for path, run in runs.items():
        try:
            _write(run.result(), path)
        except LessonError as error:
            raise LessonError(f"{path.relative_to(root)}: {error}") from None
    return list(notebooks)


def complaints(source: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield what is wrong with the two notebooks of a lesson; start no kernel."""
    lesson = read_lesson(source)
    for folder, version in VERSIONS.items():
        path = root / folder / f"{source.stem}.ipynb"
        name = path.relative_to(root)
        if not path.exists():
            yield f"{name} is missing. {_cure(source)}"
            continue
        notebook = nbformat.read(path, as_version=4)
        if _without_outputs(notebook) != _without_outputs(version(lesson)):
            yield f"{name} is not what {source.relative_to(root)} says. {_cure(source)}"
        for complaint in complain_of_outputs(notebook):
            yield f"{name}: {complaint}. {_cure(source)}"


def orphans(root: Path = ROOT) -> Iterator[str]:
    """Yield a complaint for each notebook that no lesson is the source of."""
    for folder in VERSIONS:
        for path in sorted((root / folder).glob("*.ipynb")):
            if not (root / "lessons" / f"{path.stem}.py").exists():
                yield (
                    f"{path.relative_to(root)} has no source lessons/{path.stem}.py. "
                    "Notebooks are built: move what you wrote to a lesson, and remove it."
                )


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Build or check the lessons named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="NN", help="first characters of names")
    parser.add_argument("--check", action="store_true", help="only compare, start no kernel")
    args = parser.parse_args(argv)
    sources = sorted((root / "lessons").glob("[0-9]*.py"))
    if args.lessons:
        sources = [path for path in sources if path.name.startswith(tuple(args.lessons))]
    if not sources:
        print("no such lesson in lessons/. Give the first characters of a name.", file=sys.stderr)
        return 1

    problems = []
    for number, source in enumerate(sources, 1):
        began = time.perf_counter()
        try:
            if args.check:
                problems += complaints(source, root)
                continue
            print(f"[{number}/{len(sources)}] {source.stem} ...", end=" ", flush=True)
            build(source, root)
            print(f"{time.perf_counter() - began:.1f} s", flush=True)
        except LessonError as error:
            print()
            problems.append(str(error))
    if args.check and not args.lessons:
        problems += orphans(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    return bool(problems)


def _write(notebook: NotebookNode, path: Path) -> None:
    """Write the notebook in one step, so that no reader finds half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", "utf-8")
    partial.replace(path)


def _without_outputs(notebook: NotebookNode) -> tuple:
    """Return what comes from the source: all but outputs and execution counts."""
    cells = [(cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
    return notebook.nbformat, notebook.nbformat_minor, notebook.metadata, cells


def _cure(source: Path) -> str:
    return f"Run: python tools/build_lessons.py {source.stem[:2]}"


if __name__ == "__main__":
    sys.exit(main())
