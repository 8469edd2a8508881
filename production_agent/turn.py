"""A turn without HTTP: what the service does for a request, for `python -m agent_checklist`.

    [tool.agent_checklist]
    turn = "production_agent.turn:opened"
    effects = "production_agent.turn:effects"
    arguments = { refund = { order = "T-7" } }
    turn_seconds = 120

Runs, store, database and recovery are those of the service; its SQLite file is in the folder for
temporary files, where a second process finds it again.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from langgraph.types import Command, Interrupt

from production_agent import logs
from production_agent.approval import Decisions
from production_agent.runs import Run, Runs, open_runs
from production_agent.settings import read

__all__ = ("effects", "opened", "turn")

# A checklist does not wait as long for a dead process, or for a reader who left, as a service does.
WAITS = {"lease_seconds": 4.0, "rejoin_seconds": 1.0}
MANY = 1_000_000  # turns a minute: it is one user who asks all the time


@asynccontextmanager
async def opened() -> AsyncIterator[Callable]:
    """Open the service without its web server; yield its turn."""
    settings = replace(read(), database=_file(), turns_per_minute=MANY, **WAITS)
    logs.set_up(settings.secrets)
    async with open_runs(settings) as runs:
        yield partial(turn, runs)


async def turn(
    runs: Runs, thread: str, user: str, text_or_resume: str | Command
) -> AsyncIterator[str | Interrupt]:
    """Serve a message or a decision; yield what the page shows, and the calls that wait.

    Raises:
        Refused: It cannot be done now.
    """
    if isinstance(text_or_resume, Command):
        [(approval, answer)] = text_or_resume.resume.items()
        found = await runs.store.approval(approval) or {"digest": ""}
        decisions = Decisions.model_validate(answer).decisions
        run = await runs.decide(approval, found["digest"], decisions, user)
    else:
        # Over HTTP the service names its threads; here they have a name already.
        sql = f"""insert into threads (id, owner, title, created)
            values (?, ?, '', {runs.store.now}) on conflict do nothing"""
        await runs.store.database.run(sql, thread, user)
        run = await runs.message(thread, user, text_or_resume, None)
    with run.joined(runs.settings.rejoin_seconds):
        async for piece in _shown(run):
            yield piece


async def _shown(run: Run) -> AsyncIterator[str | Interrupt]:
    """Yield the words of a run's events, and its approvals as interrupts."""
    said, at = "", 0
    async for _ in run.stream():  # it waits for events; they are read as they are
        events, at = run.events[at:], len(run.events)
        for event, data in events:
            if event == "token":
                said += data["text"]
                yield data["text"]
            elif event == "error":
                yield data["message"]
            elif event == "approval":
                schema = Decisions.model_json_schema()
                yield Interrupt({"calls": data["calls"]}, data["id"], response_schema=schema)
            elif event == "end" and data["text"] not in said:
                yield data["text"]


def effects() -> list[str]:
    """Return what is on record as done."""
    with closing(sqlite3.connect(_file())) as connection:
        return [row[0] for row in connection.execute("select details from effects")]


def _file() -> str:
    return str(Path(tempfile.gettempdir(), "production_agent.sqlite"))
