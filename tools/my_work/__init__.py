"""A reader's own versions of notebooks: told from released ones, and put aside in `my_work/`.

An updated course never merges into a notebook somebody worked in: JSON conflicts are no way to
spend an evening. The reader's version becomes a file of its own, the released one takes its place.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from course_layout import ROOT

__all__ = ("changed_notebooks", "git", "has_git", "is_edited", "keep_copy", "restore")

FOLDERS = ("notebooks", "solutions")


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Run git in the course's folder; the caller looks at `.returncode` and `.stdout`."""
    return subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, text=True, encoding="utf-8"
    )


def has_git() -> bool:
    """Whether this folder is itself a git clone, with git there to ask."""
    if shutil.which("git") is None:
        return False
    top = git("rev-parse", "--show-toplevel")
    return top.returncode == 0 and Path(top.stdout.strip()).resolve() == ROOT


def changed_notebooks() -> list[Path]:
    """Return the released notebooks whose file differs from the released one, re-run or edited."""
    names = git("diff", "--name-only", "-z", "HEAD", "--", *FOLDERS).stdout.split("\0")
    return [ROOT / name for name in names if name.endswith(".ipynb")]


def is_edited(path: Path) -> bool:
    """Whether the cells of a notebook say something else than the released ones.

    One that was only run differs in outputs and counts: running it again brings them back, so it
    needs no copy. What cannot be read as a notebook counts as edited.
    """
    if not path.exists():
        return False
    released = git("show", f"HEAD:{path.relative_to(ROOT).as_posix()}")
    if released.returncode != 0:
        return True
    try:
        return _cells(path.read_text(encoding="utf-8")) != _cells(released.stdout)
    except (ValueError, KeyError, TypeError):
        return True


def _cells(notebook: str) -> list[tuple[str, str]]:
    cells = json.loads(notebook)["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def keep_copy(path: Path) -> Path:
    """Copy a notebook into `my_work/` under a name of its own and return where it is."""
    folder = ROOT / "my_work"
    folder.mkdir(exist_ok=True)
    stem, number = f"{path.stem} ({datetime.now():%Y-%m-%d %H.%M})", 1
    while True:
        copy = folder / f"{stem}{'' if number == 1 else f' {number}'}{path.suffix}"
        try:
            with path.open("rb") as source, copy.open("xb") as target:
                shutil.copyfileobj(source, target)
            return copy
        except FileExistsError:
            number += 1


def restore(path: Path) -> bool:
    """Put the released version of a notebook back; return whether that worked."""
    return git("checkout", "HEAD", "--", path.relative_to(ROOT).as_posix()).returncode == 0
