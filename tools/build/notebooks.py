"""Build the student's and the solved notebook of each lesson from its one source.

    course.py build             build and execute every lesson
    course.py build 05          only lessons whose name starts with 05
    course.py build --check     start no kernel; fail, naming the file, if a notebook is not
                                what its source says
    course.py build --redraw    also write notebooks in which only pictures changed

`lessons/NN_topic.py` becomes `notebooks/NN_topic.ipynb` and `solutions/NN_topic.ipynb`. What may
stand in a lesson is said at the top of `tools/build/lesson.py`.

Two builds are byte-identical. Measured times never are the same; they may stand in a picture or in
a cell tagged `nbval-ignore-output`. So a notebook in which nothing changed but pixels and such
outputs stays as it is, unless `--redraw` is given.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_layout import ROOT
from exercises.core.progress import STOP_LINE
from tools.build import fast_start  # noqa: F401 - before whatever imports nbformat
from tools.build.execution import execute
from tools.build.lesson import LessonError, read_lesson, solved_version, student_version
from tools.build.outputs import compared_text, complaints_about, unexpected_verdicts
from tools.build.two_speeds import has_two_speeds

__all__ = ("build", "complaints", "orphans", "main")

VERSIONS = {"solutions": solved_version, "notebooks": student_version}
VERDICTS = {"solutions": "passed", "notebooks": "not_attempted"}  # what every check has to say


def build(source: Path, root: Path = ROOT, redraw: bool = False) -> list[Path]:
    """Build and execute both notebooks of a lesson side by side and return their paths.

    Args:
        source: The lesson, `lessons/NN_topic.py`.
        root: The folder that holds `notebooks/` and `solutions/`.
        redraw: Also write a notebook in which only pictures changed.

    Raises:
        LessonError: The source is not as it has to be, a cell raised, took too long, or shows
            what it must not. Both notebooks are then what they were before.
    """
    lesson = read_lesson(source)
    notebooks = {
        root / folder / f"{source.stem}.ipynb": version(lesson)
        for folder, version in VERSIONS.items()
    }
    for path in notebooks:
        path.parent.mkdir(exist_ok=True)
    solved = root / "solutions" / f"{source.stem}.ipynb"
    before = _saved(solved)
    try:
        if _is_stale(solved, notebooks[solved]):
            # The student's notebook reads the reference there while it runs.
            _write(notebooks[solved], solved)
        _execute_side_by_side(notebooks, root)
    except BaseException:  # an interrupted build, too, leaves what was there
        if before is None:
            solved.unlink(missing_ok=True)
        else:
            _write(before, solved)
        raise
    for path, notebook in notebooks.items():
        saved = before if path == solved else _saved(path)
        if redraw or saved is None or compared_text(saved) != compared_text(notebook):
            _write(notebook, path)
    return list(notebooks)


def _execute_side_by_side(notebooks: dict[Path, NotebookNode], root: Path) -> None:
    """Fill in the outputs of notebooks, each in a kernel of its own."""
    with ThreadPoolExecutor(len(notebooks)) as kernels:
        runs = {
            path: kernels.submit(execute, notebook, path.parent, root)
            for path, notebook in notebooks.items()
        }
    for path, run in runs.items():
        try:
            for complaint in _shown_faults(run.result(), path.parent.name):
                raise LessonError(complaint)
        except LessonError as error:
            raise LessonError(f"{path.relative_to(root)}: {error}") from None


def complaints(source: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield what is wrong with the two notebooks of a lesson; start no kernel."""
    lesson = read_lesson(source)
    cure = f"Run: python3 course.py build {source.stem[:2]}"
    for folder, version in VERSIONS.items():
        path = root / folder / f"{source.stem}.ipynb"
        name = path.relative_to(root)
        if not path.exists():
            yield f"{name} is missing. {cure}"
        elif _is_stale(path, version(lesson)):
            # A reader who worked in it must not be told to have it overwritten.
            keep = f"Did you work in it? Run: python3 course.py reset {source.stem[:2]}. If not: "
            keep = keep if folder == "notebooks" else ""
            yield f"{name} is not what {source.relative_to(root)} says. {keep}{cure}"
        else:
            for complaint in _shown_faults(nbformat.read(path, as_version=4), folder):
                yield f"{name}: {complaint} {cure}"


def orphans(root: Path = ROOT) -> Iterator[str]:
    """Yield a complaint for each notebook that no lesson is the source of."""
    for path in (path for folder in VERSIONS for path in sorted((root / folder).glob("*.ipynb"))):
        source = f"lessons/{path.stem}.py"
        if not (root / source).exists():
            yield (
                f"{path.relative_to(root)} has no source {source}. Notebooks are built: "
                "write the lesson there and build it, or remove the notebook."
            )


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Build or check the lessons named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="course.py build", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="NN", help="first characters of names")
    parser.add_argument("--check", action="store_true", help="only compare, start no kernel")
    parser.add_argument("--redraw", action="store_true", help="write pictures anew")
    args = parser.parse_args(argv)
    sources = sorted((root / "lessons").glob("[0-9]*.py"))
    if args.lessons:
        sources = [path for path in sources if path.name.startswith(tuple(args.lessons))]
    if not sources:
        print("No such lesson in lessons/: give the first characters of a name.", file=sys.stderr)
        return 1

    problems = []
    for number, source in enumerate(sources, 1):
        try:
            if args.check:
                _require_two_speeds(source)
                problems += complaints(source, root)
                continue
            began = time.perf_counter()
            print(f"[{number}/{len(sources)}] {source.stem} ... ", end="", flush=True)
            _require_two_speeds(source)
            build(source, root, args.redraw)
            print(f"{time.perf_counter() - began:.1f} s", flush=True)
        except LessonError as error:
            problems.append(str(error))
            if not args.check:
                print("stopped", flush=True)
    if args.check and not args.lessons:
        problems += orphans(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    return bool(problems)


def _require_two_speeds(source: Path) -> None:
    """Refuse a lesson that does not say where its core ends."""
    if not has_two_speeds(read_lesson(source).cells):
        raise LessonError(
            f"lessons/{source.name}: no Markdown cell begins with {STOP_LINE!r}. "
            "Put one between the core and the deeper part."
        )


def _shown_faults(notebook: NotebookNode, folder: str) -> Iterator[str]:
    """Yield what the outputs of a notebook show that they must not."""
    yield from complaints_about(notebook)
    yield from unexpected_verdicts(notebook, VERDICTS[folder])


def _is_stale(path: Path, notebook: NotebookNode) -> bool:
    """Tell whether the saved notebook differs from this one in anything but outputs."""
    saved = _saved(path)
    return saved is None or _without_outputs(saved) != _without_outputs(notebook)


def _saved(path: Path) -> NotebookNode | None:
    """Return the saved notebook, None if there is none or only half a merge."""
    try:
        return nbformat.read(path, as_version=4)
    except (FileNotFoundError, nbformat.reader.NotJSONError):
        return None


def _without_outputs(notebook: NotebookNode) -> tuple:
    cells = [(cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
    return notebook.nbformat, notebook.nbformat_minor, notebook.metadata, cells


def _write(notebook: NotebookNode, path: Path) -> None:
    """Write in one step, so that nobody reads half a notebook."""
    partial = path.with_suffix(".partial")
    partial.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", "utf-8", newline="\n")
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
