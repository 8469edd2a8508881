"""The service on both databases, before the lesson model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NoReturn

import pytest

import lesson_model
from lab import postgres
from production_agent.database import open_database
from production_agent.settings import read
from tests.browser.conftest import axe_core, chromium  # noqa: F401 - fixtures
from tests.production_agent.scripted_model import ScriptedModel
from tests.production_agent.service_process import Service, running
from tests.production_agent.warm_start import Launcher

DATABASE = "PRODUCTION_AGENT_DATABASE"


@pytest.fixture(autouse=True)
def many_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests of a module, which share a database, start as many turns as they like."""
    monkeypatch.setenv("PRODUCTION_AGENT_TURNS_PER_MINUTE", "10000")


def missing(sentence: str) -> NoReturn:
    """Skip the test on a reader's machine, fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture
def model(served: lesson_model.LessonModel) -> Iterator[lesson_model.LessonModel]:
    """The lesson model with a clean slate."""
    served.reset()
    yield served
    served.reset()


def new_postgres() -> str:
    """Return the URL of a database without a table."""
    return postgres.start(fresh=True) or missing("PostgreSQL is missing: see course.py doctor.")


@pytest.fixture
def bare_postgres() -> str:
    """A database without a table."""
    return new_postgres()


def set_up(url: str) -> str:
    """Make the tables, and return the URL."""

    async def work() -> None:
        async with open_database(read(os.environ | {DATABASE: url}), set_up=True):
            pass

    asyncio.run(work())
    return url


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """What starts services."""
    one = Launcher()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def start(launcher: Launcher, served, tmp_path_factory) -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service; all of them end with the module."""
    folder = tmp_path_factory.mktemp("services")
    with ExitStack() as stack:
        yield lambda database, **settings: stack.enter_context(
            running(launcher, database, folder, **settings)
        )


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedModel]:
    """A model that sends what the test tells it to."""
    model = ScriptedModel()
    yield model
    model.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def new_database(request: pytest.FixtureRequest, served, tmp_path_factory) -> Callable[[], str]:
    """Return a function that makes an empty database, of each kind."""
    if request.param == "postgres":
        return lambda: set_up(new_postgres())
    return lambda: str(tmp_path_factory.mktemp("database") / "agent.sqlite")


@pytest.fixture(scope="module")
def database(new_database: Callable[[], str]) -> str:
    """A database that the tests of a module share, and each ends the services it starts on it.

    Any service recovers the runs of all others on its database. One that stays, as a module's own
    service does, would carry out what a test wants to be carried out by another.
    """
    return new_database()


@pytest.fixture(scope="module")
def shared(start: Callable[..., Service], tmp_path_factory) -> Iterator[Service]:
    """A service on SQLite for all tests of a module."""
    yield (service := start(str(tmp_path_factory.mktemp("database") / "agent.sqlite")))
    assert not service.log("request_failed") and not service.log("run_not_closed")


@pytest.fixture
def service(shared: Service, model) -> Service:
    """The shared service, before a lesson model with a clean slate; nothing is refunded yet."""
    shared.forget_effects()
    return shared
