"""What the tools of an agent really do: each body that runs is recorded, or replaced."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from langchain_core.tools import BaseTool
from langgraph.config import get_config
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command

__all__ = ("Effect", "Recorder")

_inside: ContextVar[Any] = ContextVar("inside_a_tool", default=None)  # the tool that runs
HIDDEN = ("config", "run_manager", "runtime", "state", "store", "callbacks")


@dataclass
class Effect:
    """One run of a tool's body."""

    tool: str
    args: dict
    thread: str
    at: float
    result: Any = None
    error: BaseException | None = None
    interrupted: bool = False
    ended: bool = False


@dataclass
class Recorder:
    """Wraps the bodies of all LangChain tools in this process.

    Attributes:
        effects: What ran, in order.
        stubs: Tools whose body is replaced: the text they return instead.
        before: Called with an effect before its body; may raise, wait, or return a result.
        after: Called with an effect after its body; may raise.
    """

    effects: list[Effect] = field(default_factory=list)
    stubs: dict[str, str] = field(default_factory=dict)
    before: Callable[[Effect], Any] | None = None
    after: Callable[[Effect], None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    _wrapped: set = field(default_factory=set)

    def install(self) -> None:
        """Wrap every tool class that exists by now."""
        kinds = [BaseTool]
        for kind in kinds:
            kinds += kind.__subclasses__()
        for kind in kinds[1:]:
            for name in ("_run", "_arun"):
                if name in kind.__dict__ and (kind, name) not in self._wrapped:
                    self._wrapped.add((kind, name))
                    self._wrap(kind, name)

    def _wrap(self, kind: type, name: str) -> None:
        body = kind.__dict__[name]
        recorder = self
        if inspect.iscoroutinefunction(body):

            @functools.wraps(body)
            async def arun(tool: BaseTool, *args: Any, **kwargs: Any) -> Any:
                if _inside.get() is tool:
                    return await body(tool, *args, **kwargs)
                effect = recorder._begin(tool, kwargs)
                token = _inside.set(tool)
                try:
                    held = recorder.before(effect) if recorder.before else None
                    if inspect.isawaitable(held):
                        held = await held
                    if held is None and tool.name in recorder.stubs:
                        held = recorder._stub(tool)
                    effect.result = await body(tool, *args, **kwargs) if held is None else held
                    return recorder._end(effect)
                except BaseException as error:
                    raise recorder._fail(effect, error) from error.__cause__
                finally:
                    _inside.reset(token)

            setattr(kind, name, arun)
            return

        @functools.wraps(body)
        def run(tool: BaseTool, *args: Any, **kwargs: Any) -> Any:
            if _inside.get() is tool:
                return body(tool, *args, **kwargs)
            effect = recorder._begin(tool, kwargs)
            token = _inside.set(tool)
            try:
                held = recorder.before(effect) if recorder.before else None
                if inspect.iscoroutine(held):
                    held = asyncio.run(held)
                if held is None and tool.name in recorder.stubs:
                    held = recorder._stub(tool)
                effect.result = body(tool, *args, **kwargs) if held is None else held
                return recorder._end(effect)
            except BaseException as error:
                raise recorder._fail(effect, error) from error.__cause__
            finally:
                _inside.reset(token)

        setattr(kind, name, run)

    def _begin(self, tool: BaseTool, kwargs: dict) -> Effect:
        args = {name: value for name, value in kwargs.items() if name not in HIDDEN}
        try:
            thread = str(get_config()["configurable"].get("thread_id"))
        except (RuntimeError, KeyError):
            thread = ""
        effect = Effect(tool.name, args, thread, time.monotonic())
        with self.lock:
            self.effects.append(effect)
        return effect

    def _stub(self, tool: BaseTool) -> Any:
        text = self.stubs[tool.name]
        return (text, None) if tool.response_format == "content_and_artifact" else text

    def _end(self, effect: Effect) -> Any:
        effect.ended = True
        if self.after:
            self.after(effect)
        return effect.result

    def _fail(self, effect: Effect, error: BaseException) -> BaseException:
        effect.error, effect.interrupted = error, isinstance(error, GraphBubbleUp)
        return error

    def ran(self, since: int = 0) -> list[Effect]:
        """Return the bodies that ran, without those that stopped to ask a person."""
        return [effect for effect in self.effects[since:] if not effect.interrupted]


def gives_text(result: Any) -> str:
    """Return a tool's result as text; a Command shows what it updates."""
    if isinstance(result, Command):
        return f"Command({result.update!r})"
    if isinstance(result, tuple) and len(result) == 2:
        result = result[0]
    return str(getattr(result, "content", result))
