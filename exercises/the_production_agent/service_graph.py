"""The graph of `production_agent` in this process, with a tool of the reader's added to it."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from langchain_core.tools import BaseTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

import lesson_model
import production_agent.graph
import production_agent.settings
from production_agent import tools
from production_agent.context import Context, LeaseLost

__all__ = ("Conversation", "Ledger")

Refuse = Callable[[dict], str | None]


class Ledger:
    """What effects have written down: one row a key, as in the service's database.

    Attributes:
        rows: Key: name and details.
        dies: The process dies after the next row is written, before anybody hears of it.
    """

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, dict]] = {}
        self.dies = False

    async def write(self, key: str, name: str, details: dict) -> None:
        """Write a row, unless its key is there."""
        self.rows.setdefault(key, (name, details))
        if self.dies:
            self.dies = False
            raise LeaseLost

    @property
    def effects(self) -> list[tuple[str, dict]]:
        """What was done, in order."""
        return [*self.rows.values()]


class Failures(logging.Handler):
    """Keep the exceptions that the service logs; the model and the user are not told them."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception of a record."""
        if record.exc_info and record.exc_info[1]:
            self.errors.append(record.exc_info[1])


class Conversation:
    """A thread of the service's graph, with a tool, its risk and its policy added.

    Args:
        tool: The tool to add.
        risk: Tool: why a person decides.
        refuse: Returns why a call of the tool may not run, or None.
        thread: The id of the thread.

    Attributes:
        ledger: What effects have written down.
        failures: Exceptions of tools.
    """

    def __init__(
        self, tool: BaseTool, risk: dict[str, str], refuse: Refuse, thread: str = "thread-1"
    ) -> None:
        self.added = (tool, risk, refuse)
        self.ledger = Ledger()
        self.failures = Failures()
        self.thread = thread
        self.runs = 0
        self.config = {"configurable": {"thread_id": thread}, "recursion_limit": 30}
        with self._tools():
            name = {"OPENAI_MODEL": lesson_model.running().name}
            settings = production_agent.settings.read(os.environ | name)
            # Where a proxy is set, langchain-openai logs once that it goes past it.
            with mock.patch.dict(os.environ, {"LANGCHAIN_OPENAI_TCP_KEEPALIVE": "0"}):
                self.graph = production_agent.graph.build(settings, InMemorySaver())

    async def say(self, text: str) -> dict:
        """Send a message; return the state, with `__interrupt__` if a person is asked."""
        return await self._run({"messages": text})

    async def propose(self, *calls: dict) -> dict:
        """Let the model propose these calls, whatever it would have said."""
        message = {"role": "assistant", "content": "", "tool_calls": list(calls)}
        update = {"messages": [{"role": "user", "content": "Please."}, message]}
        await self.graph.aupdate_state(self.config, update, as_node="agent")
        return await self._run(None)

    async def decide(self, *decisions: dict) -> dict:
        """Answer the question that waits: one decision a call."""
        return await self._run(Command(resume={"decisions": list(decisions)}))

    async def go_on(self) -> dict:
        """Let another process go on where this one died."""
        return await self._run(None)

    async def _run(self, given: Any) -> dict:
        self.runs += 1  # in the service, too, every run of a thread has an id of its own
        context = Context(self.thread, f"run-{self.runs}", "ann", self.ledger.write)
        log = logging.getLogger("production_agent")
        log.addHandler(self.failures)
        try:
            with self._tools():
                return await self.graph.ainvoke(given, self.config, context=context)
        finally:
            log.removeHandler(self.failures)

    @contextlib.contextmanager
    def _tools(self) -> Iterator[None]:
        """Have the added tool among the service's tools, as if it stood in `tools.py`."""
        tool, risk, refuse = self.added
        given = tools.refusal

        def refusal(name: str, args: dict, settings: Any) -> str | None:
            why = given(name, args, settings)
            return refuse(args) if why is None and name == tool.name else why

        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.dict(tools.TOOLS, {tool.name: tool}))
            stack.enter_context(mock.patch.dict(tools.RISKY, risk))
            for name, module in [*sys.modules.items()]:
                if name.startswith("production_agent") and hasattr(module, "refusal"):
                    stack.enter_context(mock.patch.object(module, "refusal", refusal))
            yield
