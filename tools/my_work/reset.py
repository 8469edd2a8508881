"""Start a lesson afresh and keep what was done in it: `python3 course.py reset 01`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from course_layout import ROOT
from tools.my_work import git, has_git, is_edited, keep_copy, restore

__all__ = ("main",)


def main(words: list[str]) -> int:
    """Reset the lessons named, by number or name; return 1 if one of them could not be."""
    lessons = {path.stem for path in (ROOT / "lessons").glob("[0-9]*.py")}
    lessons |= {path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    wanted = [_lesson_called(word, lessons) for word in words]
    if not wanted or None in wanted:
        unknown = [word for word, lesson in zip(words, wanted, strict=True) if lesson is None]
        print(f"There is no lesson {unknown[0]}." if unknown else "Which lesson?")
        print("Say its number, for example: python3 course.py reset 01. There are:")
        print("\n".join(f"  {lesson}" for lesson in sorted(lessons)))
        return 2
    return int(not all([_reset(ROOT / "notebooks" / f"{lesson}.ipynb") for lesson in wanted]))


def _lesson_called(word: str, lessons: set[str]) -> str | None:
    stem = Path(word).stem
    return next((x for x in sorted(lessons) if x == stem or x[:2] == word.zfill(2)), None)


def _reset(path: Path) -> bool:
    tracked = has_git() and git("cat-file", "-e", f"HEAD:notebooks/{path.name}").returncode == 0
    edited = path.exists() and (is_edited(path) if tracked else True)
    if edited:
        print(f"Your version is now {keep_copy(path).relative_to(ROOT)}")
    if not (restore(path) if tracked else _build(path)):
        print(f"notebooks/{path.name} stays as it was: the released one could not be had.")
        return False
    print(f"notebooks/{path.name} is as released{'' if edited else ' (no cell of it was edited)'}.")
    print("Is it open in JupyterLab? Then File > Reload Notebook from Disk.")
    return True


def _build(path: Path) -> bool:
    """Make the notebook from its lesson: a download without git holds no other released one."""
    before = path.read_bytes() if path.exists() else None
    path.unlink(missing_ok=True)
    built = subprocess.run([sys.executable, "-m", "tools.build.notebooks", path.stem], cwd=ROOT)
    if built.returncode == 0 and path.exists():
        return True
    if before is not None:
        path.write_bytes(before)
    print("Without git it is built from lessons/, which needs the packages: python3 course.py")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
