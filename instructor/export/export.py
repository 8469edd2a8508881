"""Write lessons for nbgrader: `python3 course.py export nbgrader FOLDER [NN ...]`.

    export nbgrader FOLDER          every lesson as a source notebook, and the configuration
    export nbgrader FOLDER 03 05    two lessons

What to run then, and what nbgrader cannot do, stands in docs/grading.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat

from course_layout import ROOT
from instructor.export.nbgrader_source import NBGRADER, nbgrader_config, nbgrader_source
from tools.build import fast_start  # noqa: F401 - before whatever imports nbformat
from tools.build.lesson import LessonError, read_lesson

__all__ = ("main",)


def main(words: list[str] | None = None, root: Path = ROOT) -> int:
    """Write what is asked for; return 0, 1 if a lesson is not sound, 2 if the words are not."""
    parser = argparse.ArgumentParser(
        prog="course.py export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tool", help="nbgrader")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new one, or one to add to")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="how a lesson's name begins")
    asked = parser.parse_args(words)
    if asked.tool != "nbgrader":
        print(f"There is no export for {asked.tool!r}. Name nbgrader.")
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
        chosen = [each for each in sources if each.stem.startswith(wanted)]
        return for_nbgrader(asked.folder, chosen, root)
    except LessonError as error:
        print(f"{error}\nNothing was exported.", file=sys.stderr)
        return 1


def for_nbgrader(folder: Path, sources: list[Path], root: Path) -> int:
    """Write each lesson's source notebook and nbgrader's configuration; return 0, or 2 if not."""
    targets = {source: folder / "source" / source.stem for source in sources}
    for target in targets.values():
        if target.exists():  # it may have been edited
            print(f"{target} is there already. Move it away, or name another folder.")
            return 2
    made = {source: nbgrader_source(read_lesson(source)) for source in sources}
    for source, target in targets.items():
        target.mkdir(parents=True)
        path = target / f"{source.stem}.ipynb"
        text = nbformat.writes(made[source]).rstrip("\n") + "\n"
        path.write_text(text, "utf-8", newline="\n")
        print(path)
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


if __name__ == "__main__":
    sys.exit(main())
