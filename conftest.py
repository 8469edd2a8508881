"""One environment for everything pytest runs, and a watch on notebooks that reach for the network.

It stands at the top so that it also holds for `pytest --nbval notebooks solutions`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_layout import ROOT
from tools.build.environment import kernel_environment

SCRATCH = tempfile.TemporaryDirectory(prefix="course-tests-", ignore_cleanup_errors=True)
LOOKUPS = Path(SCRATCH.name) / "lookups"


def pytest_configure() -> None:
    """Hide from tests and kernels what the reader's shell and files would change in them."""
    clean = kernel_environment(ROOT, Path(SCRATCH.name))
    spy = str(ROOT / "tests" / "spy")
    clean["PYTHONPATH"] = os.pathsep.join(
        [spy, *(path for path in clean["PYTHONPATH"].split(os.pathsep) if path != spy)]
    )
    clean["LOOKUPS"] = str(LOOKUPS)
    os.environ.clear()
    os.environ.update(clean)


def pytest_unconfigure() -> None:
    """Remove the progress and the histories that kernels left."""
    SCRATCH.cleanup()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a notebook's cell after which something has left this machine."""
    before = _lookups()
    result = yield
    left = _lookups()[len(before) :]
    if left and item.path.suffix == ".ipynb":
        pytest.fail(
            "This cell, or something started before it, reached beyond this machine: "
            f"{' '.join(left)}. Lessons work offline: ask the lesson model instead.",
            pytrace=False,
        )
    return result


def _lookups() -> list[str]:
    return LOOKUPS.read_text("utf-8").splitlines() if LOOKUPS.exists() else []
