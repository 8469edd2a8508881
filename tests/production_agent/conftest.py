"""The service on both databases, before the lesson model."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest
from service_process import ROOT, Service, running

import lesson_model
from course_utils import postgres
from lesson_model.model import ENDPOINTS


def missing(sentence: str) -> NoReturn:
    """Skip the test on a reader's machine, fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def served() -> Iterator[lesson_model.LessonModel]:
    """The one lesson model; the environment is as before when the tests are over."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*ENDPOINTS, "OPENAI_MODEL", "OPENAI_FALLBACK_MODEL", "OPENAI_API_KEY"):
            patch.delenv(name, raising=False)
        model = lesson_model.start()
        yield model
        model.stop()


@pytest.fixture
def model(served: lesson_model.LessonModel) -> Iterator[lesson_model.LessonModel]:
    """The lesson model with a clean slate."""
    served.reset()
    yield served
    served.reset()


def new_postgres() -> str:
    """Return the URL of an empty database, set up."""
    url = postgres.start(fresh=True)
    if url is None:
        missing("PostgreSQL is missing: see `python3 course.py doctor`.")
    set_up = [sys.executable, "-m", "production_agent", "--set-up"]
    subprocess.run(
        set_up, env={**os.environ, "PRODUCTION_AGENT_DATABASE": url}, check=True, cwd=ROOT
    )
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, served, tmp_path: Path) -> str:
    """An empty database of each kind."""
    return new_postgres() if request.param == "postgres" else str(tmp_path / "agent.sqlite")


@pytest.fixture
def start(tmp_path: Path, model) -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service; all of them end with the test."""
    with ExitStack() as stack:
        yield lambda database, **settings: stack.enter_context(
            running(database, tmp_path, **settings)
        )


@pytest.fixture(scope="module")
def shared(served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on SQLite for the tests of a module that leave it as it is."""
    folder = tmp_path_factory.mktemp("service")
    with running(str(folder / "agent.sqlite"), folder) as service:
        yield service
        assert not service.log("request_failed") and not service.log("run_not_closed")


@pytest.fixture
def service(shared: Service, model) -> Service:
    """The shared service, before a lesson model with a clean slate."""
    return shared
