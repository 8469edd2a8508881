"""The agent as the checklist sees it: turns of a thread, and what could be seen of each."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from langchain_core.messages import AIMessage, AnyMessage
from langchain_openai.chat_models import _client_utils as clients
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.pregel import Pregel
from langgraph.types import Command, Interrupt

from lesson_model import LessonModel

__all__ = ("Agent", "Case", "Turn", "alone", "run_in_own_loop", "write_on")
__all__ += ("write_slowly",)

PATIENT = 30.0  # seconds a model may be silent, where that is not what is looked at
LEAVE_SECONDS = 0.5  # for an agent that leaves, between two words


@dataclass(frozen=True)
class Case:
    """What `agent_checklist.run` was told; see there."""

    build: Callable[[BaseCheckpointSaver, float], Pregel]
    done: Callable[[], Sequence[Any]]
    look: str
    act: str
    act_twice: str
    answer: Callable[[Any, list[bool]], Any] | None
    context: Callable[[str], Any] | None
    log_format: logging.Formatter | None


@dataclass
class Turn:
    """What a turn showed."""

    thread: str | None
    shown: str = ""
    """The words of the model that arrived."""
    error: Exception | None = None
    stopped: bool = False
    """The checklist had seen enough, and left."""
    messages: list[AnyMessage] = field(default_factory=list)
    interrupts: tuple[Interrupt, ...] = ()

    @property
    def last(self) -> str:
        """The text of the thread's last message."""
        return self.messages[-1].text if self.messages else ""


class Agent:
    """A graph under probe, and all that can be seen of it from outside."""

    def __init__(self, case: Case, model: LessonModel, file: Path, name: str) -> None:
        self.case, self.model, self.file = case, model, file
        self.thread = f"thread-of-{name}"
        self.lines: list[str] = []
        self.errors = 0
        self.printed = io.StringIO()
        self._before = len(case.done())
        self._graph: Pregel | None = None
        self._open = contextlib.AsyncExitStack()

    async def start(self, seconds: float = PATIENT) -> None:
        """Build the graph anew on the same file, as a new process does."""
        await self._open.aclose()
        saver = await self._open.enter_async_context(
            AsyncSqliteSaver.from_conn_string(str(self.file))
        )
        self._graph = self.case.build(saver, seconds)
        kind = type(self._graph).__name__
        assert isinstance(self._graph, Pregel), f"`build` returned a {kind}, not a compiled graph."

    async def close(self) -> None:
        """Let the file go."""
        await self._open.aclose()

    async def say(
        self, text: str, thread: str | None = "", until: Callable[[Turn], bool] | None = None
    ) -> Turn:
        """Run a turn; leave it as soon as `until` says so.

        Args:
            text: What the user says.
            thread: The thread's id; "": the probe's own; None: the run names no thread.
            until: Looks at the turn after each thing that arrived.
        """
        thread = self.thread if thread == "" else thread
        return await self._run({"messages": [("user", text)]}, thread, until)

    async def decide(self, turn: Turn, verdicts: Callable[[int], bool]) -> tuple[Turn, list[Any]]:
        """Answer all that is asked, question by question; call number n as `verdicts(n)` says.

        Returns:
            The last turn, and what was asked and approved.
        """
        number, approved = 0, []
        while turn.interrupts and not turn.error:
            resume = {}
            for one in turn.interrupts:
                calls = calls_in(one.value)
                wanted = [verdicts(number + at) for at in range(len(calls))]
                number += len(calls)
                approved += [call for call, yes in zip(calls, wanted, strict=True) if yes]
                resume[one.id] = (self.case.answer or answer)(one.value, wanted)
            self._resumed = Command(resume=resume)
            turn = await self._run(self._resumed, turn.thread)
            if number > 20:
                break  # it asks again and again
        return turn, approved

    async def again(self, turn: Turn) -> Turn:
        """Send the last answer a second time, as a double click does."""
        return await self._run(self._resumed, turn.thread)

    def done(self) -> list[Any]:
        """Return what was really done since the probe began."""
        return list(self.case.done())[self._before :]

    def asked(self) -> list[str]:
        """Return the names of the models that were asked, request by request."""
        return [request.body.get("model", "") for request in self.model.requests]

    def refused(self) -> int:
        """Return how many requests the model refused with 400."""
        return sum(request.status == 400 for request in self.model.requests)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Collect all that is logged, from level INFO, or printed."""
        root, agent = logging.getLogger(), self
        formatter = self.case.log_format or logging.Formatter("%(levelname)s %(name)s %(message)s")

        class Collect(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                agent.lines.append(formatter.format(record))
                agent.errors += record.levelno >= logging.ERROR and record.name != "asyncio"

        level, handlers = root.level, root.handlers[:]
        root.handlers[:] = [Collect()]  # nothing of a probe is shown to the reader
        root.setLevel(logging.INFO)
        try:
            with contextlib.redirect_stdout(self.printed):
                yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)

    async def _run(
        self,
        given: Any,
        thread: str | None,
        until: Callable[[Turn], bool] | None = None,
    ) -> Turn:
        if self._graph is None:
            await self.start()
        config = {"configurable": {"thread_id": thread} if thread else {}}
        more = {"context": self.case.context(thread or "")} if self.case.context else {}
        turn = Turn(thread)
        try:
            stream = self._graph.astream(
                given, config, stream_mode=["messages", "updates"], version="v2", **more
            )
            async with aclosing(stream) as parts:
                async for part in parts:
                    if part["type"] == "messages" and isinstance(part["data"][0], AIMessage):
                        turn.shown += part["data"][0].text
                    if until and until(turn):
                        turn.stopped = True
                        break
        except Exception as error:
            turn.error = error
        if thread and self._graph.checkpointer:
            state = await self._graph.aget_state(config)
            turn.messages, turn.interrupts = state.values.get("messages", []), state.interrupts
        return turn


def calls_in(value: Any) -> list[Any]:
    """Return the calls an interrupt asks about; anything unknown is one."""
    if isinstance(value, dict):
        for key in ("action_requests", "calls"):
            if isinstance(value.get(key), list):
                return value[key]
    return [value]


def answer(value: Any, wanted: list[bool]) -> Any:
    """Return what resumes an interrupt of the middleware, of lesson 3, or of production_agent."""
    words = [{"type": "approve" if yes else "reject"} for yes in wanted]
    if isinstance(value, dict) and "action_requests" in value:
        return {"decisions": words}
    if isinstance(value, dict) and isinstance(value.get("calls"), list):
        pairs = zip(value["calls"], words, strict=True)
        return {"decisions": [{"call": call["id"], **word} for call, word in pairs]}
    return words[0] if isinstance(value, dict) else wanted[0]


def write_slowly(model: LessonModel, first: float = 0.05) -> threading.Event:
    """Let the model pause after each word, until whoever hears the first one has left.

    What arrives at the moment of a cancellation makes the `asyncio.wait_for` of Python 3.11, with
    which langchain-openai waits for it, forget the cancellation. So the second word comes late.

    Args:
        model: Before it is asked.
        first: Seconds to its first word.

    Returns:
        To be set by who hears a word; if nobody does in time, the model hurries.
    """
    heard, before = threading.Event(), len(model.requests)
    model.pace(first=first, per_token=LEAVE_SECONDS)

    def hurry() -> None:
        until = time.monotonic() + PATIENT
        while len(model.requests) == before and time.monotonic() < until and not heard.wait(0.02):
            pass
        if not heard.wait(first + LEAVE_SECONDS):
            model.pace(per_token=0.02)

    threading.Thread(target=hurry, daemon=True).start()
    return heard


async def write_on(model: LessonModel, turns: int) -> None:
    """Let the model write the rest at once, when an agent that leaves would be gone.

    Args:
        model: It writes slowly.
        turns: Of the event loop, in which an agent leaves: on a busy machine both take longer.
    """
    for _ in range(turns):
        if model.requests[-1].wait(0):
            break
        await asyncio.sleep(0.03)
    model.pace()


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


def run_in_own_loop(function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Return `await function(*args)`, run in a thread with an event loop of its own.

    A notebook's own loop is already running. Whatever interrupts the caller cancels the work.
    """
    outcome: Future[Any] = Future()
    running: dict[str, asyncio.Task[Any]] = {}

    async def work() -> Any:
        running["task"] = asyncio.current_task()
        return await alone(function, *args)

    def serve() -> None:
        try:
            outcome.set_result(asyncio.run(work()))
        except BaseException as error:  # raised again in the caller's thread
            outcome.set_exception(error)

    threading.Thread(target=copy_context().run, args=(serve,), daemon=True).start()
    try:
        return outcome.result()
    except BaseException:
        if not outcome.done() and (task := running.get("task")):
            with contextlib.suppress(RuntimeError):  # its loop has just ended
                task.get_loop().call_soon_threadsafe(task.cancel)
        raise
