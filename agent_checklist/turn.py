"""The level of the turn: what serves a request is looked at, instead of the graph behind it."""

from __future__ import annotations

import asyncio
import inspect
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

from langchain_core.messages import AnyMessage
from langgraph.types import Command, Interrupt

from agent_checklist.subject import Subject, Turn
from agent_checklist.workspace import Usage

__all__ = ("TurnSubject", "check_turn")

POLL_SECONDS = 0.02
MAX_LEAVE_SECONDS = 3.0  # that a turn takes to end when its reader has left
MAX_BUSY_SECONDS = 10.0  # that a thread may be refused while its turn before still ends
CONTRACT = "async def turn(thread: str, user: str, text_or_resume)"


def check_turn(name: str, held: Any) -> None:
    """Raise `Usage` unless a name holds a turn, or opens one."""
    if not callable(held):
        raise Usage(f"{name} holds a {type(held).__name__}. Write {CONTRACT} there.")
    count = len(inspect.signature(held).parameters)
    if count not in (0, 3):
        raise Usage(f"{name} takes {count} parameters. Write {CONTRACT}.")
    is_async = inspect.iscoroutinefunction(_function_of(held)) or _yields(held)
    if count == 3 and not is_async:
        raise Usage(f"{name} is not async. Write {CONTRACT}.")


def _function_of(held: Any) -> Any:
    """Return the function behind a partial, or behind an object that is called."""
    function = getattr(held, "func", held)
    return function if inspect.isroutine(function) else function.__call__


def _yields(turn: Any) -> bool:
    """Whether a turn yields words, instead of returning its answer."""
    return inspect.isasyncgenfunction(_function_of(turn))


class TurnSubject(Subject):
    """A turn under probe: nothing is known of a thread but what the turn gives."""

    level = "turn"

    async def start(self, saver: Any = None, own: bool = False) -> None:
        """Open the turn; it keeps its conversations where it likes."""
        turn = self.held
        if not inspect.signature(turn).parameters:
            turn = await self._stack.enter_async_context(turn())
            check_turn("What the turn's context manager yields", turn)
        self._turn = turn
        self.gives_whole = not _yields(turn)
        self._prepare_tools()

    def inputs(self, text: str) -> Iterator[Any]:
        """Yield the one way to ask: the text."""
        yield text

    def name_of(self, thread: str | None) -> str:
        """Return a thread's id: no two probes share one, and a probe keeps its own."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.folder}/{thread}"))

    def resume_with(self, answers: dict[str, Any]) -> Command:
        """Return what the turn is resumed with: always by the interrupts' ids."""
        return Command(resume=answers)

    async def hello(self, thread: str | None = "t-1", **more: Any) -> Turn:
        """Run a plain turn; it may be refused for a while, as the turn before still ends."""
        until = time.monotonic() + MAX_BUSY_SECONDS
        while True:
            turn = await super().hello(thread, **more)
            if turn.requests or turn.waits or turn.thread is None or time.monotonic() > until:
                return turn
            await self.guard.async_sleep(0.2)

    async def _follow(
        self, given: Any, turn: Turn, user: str, until: Callable[[Turn], bool] | None
    ) -> None:
        """Serve a request, and collect what it gives; leaving cancels it, as servers do."""
        asked, thread = len(self.model.requests), self.name_of(turn.thread)
        serving = asyncio.create_task(self._collect(given, thread, user, turn))
        try:
            while not (serving.done() or turn.stopped):
                await asyncio.wait([serving], timeout=POLL_SECONDS)
                turn.stopped = self._has_seen_enough(turn, asked, until)
        finally:
            turn.values = turn.shown
            if not serving.done():
                serving.cancel()
                await asyncio.wait([serving], timeout=MAX_LEAVE_SECONDS)
        if not (turn.stopped or serving.cancelled()):
            await serving

    async def _state(self, config: dict) -> tuple[Any, list[AnyMessage]]:
        return None, []

    async def _collect(self, given: Any, thread: str, user: str, turn: Turn) -> None:
        serving = self._turn(thread, user, given)
        if not hasattr(serving, "__aiter__"):
            found = await serving
            for piece in found if isinstance(found, list | tuple) else [found]:
                self._take(turn, piece)
            return
        async with aclosing(serving):
            async for piece in serving:
                self._take(turn, piece)

    def _take(self, turn: Turn, piece: Any) -> None:
        if isinstance(piece, str):
            turn.words.append(piece)
        elif isinstance(piece, Interrupt):
            turn.interrupts = (*turn.interrupts, piece)
        elif piece is not None:
            raise TypeError(
                f"The turn gave a {type(piece).__name__}. It may give str and "
                "langgraph.types.Interrupt."
            )
