"""A real JupyterLab and a real Chromium for the tests of this folder.

Both start once a session. Each lesson is run once, too, and several tests look at it: a test
changes only cells that no other one looks at.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Playwright, async_playwright, expect

from tests.browser import axe
from tests.browser.lab_page import Lesson, NotebookPage, Opener
from tests.browser.lab_server import Lab

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # a reader may be offline
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAX_WAIT_MILLISECONDS = 240_000  # until a state that should come counts as missing
expect.set_options(timeout=MAX_WAIT_MILLISECONDS)


def missing(sentence: str) -> NoReturn:
    """Skip the test on a reader's machine, fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest_asyncio.fixture(scope="session")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserContext]:
    """Start a headless Chromium."""
    async with async_playwright() as playwright:
        # One context for all pages, with a folder: JupyterLab's scripts are loaded once, then
        # cached, and from the third time on as they were compiled.
        context = await playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=_chromium(playwright),
            headless=True,
            args=FLAGS,
            viewport={"width": 1400, "height": 900},
        )
        context.set_default_timeout(MAX_WAIT_MILLISECONDS)
        yield context
        await context.close()


def _chromium(playwright: Playwright) -> str:
    for path in (*map(shutil.which, NAMES), playwright.chromium.executable_path):
        if path and Path(path).exists():
            return path
    missing(
        "Browser tests need Chromium, and there is none. Install it (Debian, Ubuntu: "
        "sudo apt-get install chromium; elsewhere: .venv/bin/python -m playwright install "
        "chromium), then run the tests again."
    )


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab on a copy of the course."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def open_notebook(chromium: BrowserContext, lab: Lab) -> Opener:
    """Return a function that opens a notebook; leaving it checks that the page had no problem."""

    @contextlib.asynccontextmanager
    async def opened(notebook: str) -> AsyncIterator[NotebookPage]:
        page = await chromium.new_page()
        shown = NotebookPage(page, lab.course / notebook)
        try:
            await shown.open(lab.address(notebook))
            yield shown
        finally:
            await page.close()
            lab.end_kernel(notebook)
        assert not shown.problems, shown.problems

    return opened


@pytest.fixture(scope="session")
def axe_core(pytestconfig: pytest.Config) -> str:
    """Return axe-core's script."""
    try:
        return axe.fetch(pytestconfig.cache.mkdir("axe-core"))
    except RuntimeError as error:
        missing(f"The accessibility test needs axe-core. {error}")


async def _run(opener: Opener, notebook: str) -> AsyncIterator[Lesson]:
    async with opener(notebook) as page:
        yield Lesson(page, await page.run_all())


@pytest_asyncio.fixture(scope="session")
async def lesson_0(open_notebook: Opener, lab: Lab) -> AsyncIterator[Lesson]:
    """Lesson 0 as a student has it, after Run All, with nothing solved yet."""
    lab.progress.unlink(missing_ok=True)
    async for lesson in _run(open_notebook, "notebooks/00_start_here.ipynb"):
        yield lesson


@pytest_asyncio.fixture(scope="session")
async def lesson_1(open_notebook: Opener) -> AsyncIterator[Lesson]:
    """Lesson 1 as a student has it, after Run All."""
    async for lesson in _run(open_notebook, "notebooks/01_streaming.ipynb"):
        yield lesson
