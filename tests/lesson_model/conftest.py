"""A lesson model for every test here: one server, a clean slate each time."""

from __future__ import annotations

import pytest

import lesson_model
from lesson_model.model import ENDPOINTS


@pytest.fixture(scope="session")
def served():
    """The one server; the environment is as before when the tests are over."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*ENDPOINTS, "OPENAI_MODEL"):
            patch.delenv(name, raising=False)
        model = lesson_model.start()
        yield model
        model.stop()


@pytest.fixture
def lesson(served):
    """The lesson model with a clean slate; no test may break it from inside."""
    served.reset()
    yield served
    broken = [request.traceback for request in served.requests if request.traceback]
    assert not broken, broken[0]
