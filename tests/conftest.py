"""What all tests share: the lesson model, one a module, and the order in which files are run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

import lesson_model
from lesson_model.model import ENDPOINTS

pytest.register_assert_rewrite("tests.lab.postgres_owner")  # before the first test imports it

# A file goes to one worker. What takes longest begins first, or the others wait for it at the end.
SLOWEST_FIRST = (
    "exercises/test_answers.py",
    "browser/",
    "agent_checklist/test_checklist.py",
    "instructor/test_export.py",
    "instructor/test_hub.py",
    "instructor/test_grade.py",
    "lab/",
    "production_agent/",
    "agent_checklist/",
    "tools/test_set_up.py",
    "tools/",
    "instructor/",
)
ALONE = ("tests/browser/test_site.py",)  # long, and needs no JupyterLab


class RoomScheduling(LoadFileScheduling):
    """A file goes to one worker; all that share one JupyterLab and one browser go to one, too."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/browser" if file.startswith("tests/browser/") and file not in ALONE else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Schedule `--dist=loadfile`."""
    return RoomScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the slowest files first."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix() if item.path.is_relative_to(here) else ""
        slow = (n for n, start in enumerate(SLOWEST_FIRST) if path.startswith(start))
        return next(slow, len(SLOWEST_FIRST))

    items.sort(key=place)


@pytest.fixture(scope="module")
def served() -> Iterator[lesson_model.LessonModel]:
    """The process's one model, started here and stopped here; the environment is as before."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*ENDPOINTS, "OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_FALLBACK_MODEL"):
            patch.delenv(name, raising=False)
        if left := lesson_model.running():  # by a module that was here before
            left.stop()
        model = lesson_model.start()
        yield model
        model.stop()
