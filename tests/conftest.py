"""The lesson model for tests: one a module, before an environment that knows no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lesson_model
from lesson_model.model import ENDPOINTS

pytest.register_assert_rewrite("tests.lab.postgres_owner")  # before the first test imports it


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
