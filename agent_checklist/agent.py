"""The agent of `run`: a graph that `build` makes, asked in words in the reader's own process."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from langchain_core.messages import AIMessage
from langchain_openai.chat_models import _client_utils as clients
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.pregel import Pregel
from langgraph.types import Command, Interrupt

from agent_checklist.dialects import Gate, Pair
from agent_checklist.effects import Recorder
from agent_checklist.guard import Guard
from agent_checklist.subject import Facts, Subject, Turn
from agent_checklist.workspace import Settings
from lesson_model import LessonModel

__all__ = ("Agent", "Setup", "alone")

PATIENT = 30.0  # seconds a model may be silent, where that is not what is looked at
LESSON_3 = Gate(pair=Pair({"type": "approve"}, {"type": "reject"}))


@dataclass(frozen=True)
class Setup:
    """What `agent_checklist.run` was told; see there."""

    build: Callable[[BaseCheckpointSaver, float], Pregel]
    done: Callable[[], Sequence[Any]]
    look: str
    act: str
    act_twice: str
    answer: Callable[[Any, list[bool]], Any] | None
    context: Callable[[str], Any] | None
    log_format: logging.Formatter | None


class Agent(Subject):
    """A graph that is asked in words, which the lesson model understands.

    Nothing here lasts longer than the probe: tools are not recorded, no way out is closed.
    """

    heard_in = AIMessage  # of a model that does not stream, too

    def __init__(self, setup: Setup, model: LessonModel, file: Path, name: str) -> None:
        super().__init__(None, Facts(), Settings(), Guard(), Recorder(), model)
        self.setup, self.file = setup, file
        self.thread = f"thread-of-{name}"
        self.output = file.with_name("printed.txt")
        self.names_user, self.streams = False, True
        self.lines: list[str] = []
        self.errors = 0
        self._before = len(setup.done())

    async def build(self, seconds: float = PATIENT) -> None:
        """Build the graph anew on the same file, as a new process does."""
        await self.close()
        file = AsyncSqliteSaver.from_conn_string(str(self.file))
        saver = await self._stack.enter_async_context(file)
        self.graph = self.setup.build(saver, seconds)
        kind = type(self.graph).__name__
        assert isinstance(self.graph, Pregel), f"`build` returned a {kind}, not a compiled graph."

    async def ask(
        self, text: str, thread: str | None = "", until: Callable[[Turn], bool] | None = None
    ) -> Turn:
        """Run a turn; leave it as soon as `until` says so.

        Args:
            text: What the user says.
            thread: The thread's id; "": the probe's own; None: the run names no thread.
            until: Looks at the turn after each thing that arrived.
        """
        thread = self.thread if thread == "" else thread
        return await self.run({"messages": [("user", text)]}, thread, until=until)

    async def run(self, given: Any, thread: str | None, *args: Any, **more: Any) -> Turn:
        """Run the graph; its context is made from the thread's id."""
        return await super().run(given, thread, *args, user=thread or "", **more)

    def _context(self, user: str) -> Any:
        return self.setup.context(user) if self.setup.context else None

    def answer_for(self, turn: Turn, yes: Callable[[str], bool] | bool) -> Command:
        """Return what the graph is resumed with."""
        if not self.setup.answer:
            return super().answer_for(turn, yes)
        answers = {}
        for one in turn.interrupts:
            wanted = [yes(str(call)) if callable(yes) else yes for call in _calls_in(one.value)]
            answers[one.id] = self.setup.answer(one.value, wanted)
        return self.resume_with(answers)

    def resume_with(self, answers: dict[str, Any]) -> Command:
        """Return what the graph is resumed with: always by the interrupts' ids."""
        return Command(resume=answers)

    def _gate(self, one: Interrupt) -> Gate | None:
        shows_one_call = isinstance(one.value, dict) and _calls_in(one.value) == [one.value]
        return LESSON_3 if shows_one_call else None

    def done(self) -> list[Any]:
        """Return what was really done since the probe began."""
        return list(self.setup.done())[self._before :]

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Collect all that is logged, from level INFO, or printed; show none of it."""
        root, agent = logging.getLogger(), self
        formatter = self.setup.log_format or logging.Formatter("%(levelname)s %(name)s %(message)s")

        class Collect(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                agent.lines.append(formatter.format(record))
                agent.errors += record.levelno >= logging.ERROR and record.name != "asyncio"

        level, handlers = root.level, root.handlers[:]
        root.handlers[:] = [Collect()]
        root.setLevel(logging.INFO)
        try:
            with self.output.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
                yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)


def _calls_in(value: Any) -> list[Any]:
    """Return the calls an interrupt asks about; anything unknown is one."""
    if isinstance(value, dict):
        for key in ("action_requests", "calls"):
            if isinstance(value.get(key), list):
                return value[key]
    return [value]


async def alone(function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Return `await function(*args)`, run in an event loop that ends with it.

    Library: langchain-openai 1.7.4, `chat_models._client_utils._cached_async_httpx_client`.
    Reason: all ChatOpenAI models share one async client, bound to the event loop that used it
        first. Here it is a new one, and it is closed while its loop still runs.
    Thread: https://github.com/langchain-ai/langchain/issues/35783
    """
    made, make = [], clients._build_async_httpx_client

    def remembered(*args: Any) -> Any:
        made.append(make(*args))
        return made[-1]

    clients._cached_async_httpx_client.cache_clear()
    try:
        with mock.patch.object(clients, "_build_async_httpx_client", remembered):
            return await function(*args)
    finally:
        clients._cached_async_httpx_client.cache_clear()
        for client in made:
            await client.aclose()
