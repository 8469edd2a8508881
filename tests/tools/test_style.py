"""The code is in one style, so that a change shows only what it changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from course_layout import ROOT


def test_lint_has_nothing_to_say() -> None:
    """`course.py lint` on the whole course."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.build.lint"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint_sees_bad_style(tmp_path: Path) -> None:
    """A file with an unused import, beside the course's own settings."""
    (tmp_path / "tools/build").mkdir(parents=True)
    for name in ("tools/build/lint.py", "course_layout.py", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"), "utf-8")
    (tmp_path / "tools/build/notebooks.py").write_text("", "utf-8")
    (tmp_path / "bad.py").write_text("import os\n", "utf-8")
    lint = [sys.executable, "-m", "tools.build.lint"]
    done = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "`os` imported but unused" in done.stdout
    (tmp_path / "bad.py").write_text("x=1\n", "utf-8")
    done = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "bad.py" in done.stdout
