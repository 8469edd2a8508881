"""What the tools of an agent really do: each body that runs is recorded, or replaced."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import inspect
import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

from langchain.agents.middleware import HumanInTheLoopMiddleware, ModelFallbackMiddleware
from langchain_core.runnables.fallbacks import RunnableWithFallbacks
from langchain_core.tools import BaseTool
from langgraph.config import get_config
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command, interrupt

__all__ = ("Effect", "Recorder", "changed_files", "file_states", "freeze", "gives_text")
__all__ += ("MAX_WATCHED", "living", "tool_named")

_inside: ContextVar[tuple] = ContextVar("inside_a_tool", default=(None, None))  # and its effect
MAX_WATCHED = 2500  # files
TOOL = 4  # of `sys.monitoring`: the first id that nobody is meant to have
KINDS = (BaseTool, FunctionType, HumanInTheLoopMiddleware)
KINDS += (RunnableWithFallbacks, ModelFallbackMiddleware)
_frozen: list[Any] = []  # of these kinds
HIDDEN = ("config", "run_manager", "runtime", "state", "store", "callbacks")


@dataclass
class Effect:
    """One run of a tool's body.

    Attributes:
        by: The LangChain tool; None for a plain function.
        outer: In whose body it ran, if in one.
        wraps: It runs the body of a tool of the same name, which counts in its place.
        steps: Instructions and lines of the agent's code that ran since `interrupt` was last left.
    """

    tool: str
    args: dict
    thread: str
    by: BaseTool | None = None
    outer: Effect | None = None
    wraps: bool = False
    result: Any = None
    error: BaseException | None = None
    interrupted: bool = False
    ended: bool = False
    steps: dict[tuple[str, int | str], None] = field(default_factory=dict, repr=False)


@dataclass
class Recorder:
    """Wraps the bodies of all LangChain tools in this process.

    Attributes:
        effects: What ran, in order.
        stubs: Tools whose body is replaced: the text they return instead.
        before: Called with an effect before its body; may raise, wait, or return a result.
        after: Called with an effect after its body; may raise.
        codes: The agent's own functions that bodies ran; None: bodies are not followed.
        at_work: How many bodies run now.
    """

    effects: list[Effect] = field(default_factory=list)
    stubs: dict[str, str] = field(default_factory=dict)
    before: Callable[[Effect], Any] | None = None
    after: Callable[[Effect], None] | None = None
    codes: dict[str, CodeType] | None = None
    at_work: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    wrapped: set = field(default_factory=set)

    def install(self) -> None:
        """Wrap every tool class that exists by now, and `interrupt`."""
        if interrupt not in self.wrapped:
            self.wrapped.add(interrupt)
            _exchange(interrupt, "_checklist_interrupt", _noting_the_answer)
        kinds = [BaseTool]
        for kind in kinds:
            kinds += kind.__subclasses__()
        for kind in kinds[1:]:
            for name in ("_run", "_arun"):
                if name in kind.__dict__ and (kind, name) not in self.wrapped:
                    self.wrapped.add((kind, name))
                    run = self._recorded(kind.__dict__[name], _run_of_tool)
                    setattr(kind, name, run)

    def _recorded(self, body: Callable, described: Callable[[tuple, dict], tuple]) -> Callable:
        """Return a function that runs a body, and records that.

        Args:
            body: A tool's, or a method that holds tools' bodies.
            described: Returns of the arguments the tool's name, its own arguments, and the tool.
        """
        if inspect.iscoroutinefunction(body):

            @functools.wraps(body)
            async def run(*args: Any, **kwargs: Any) -> Any:
                name, given, tool = described(args, kwargs)
                if tool is not None and _inside.get()[0] is tool:
                    self._follow_here()
                    return await body(*args, **kwargs)
                with self._noted(name, given, tool) as effect:
                    held = self.before(effect) if self.before else None
                    held = await held if inspect.isawaitable(held) else held
                    held = self._stub(name, tool) if held is None else held
                    return self._end(effect, await body(*args, **kwargs) if held is None else held)
        else:

            @functools.wraps(body)
            def run(*args: Any, **kwargs: Any) -> Any:
                name, given, tool = described(args, kwargs)
                if tool is not None and _inside.get()[0] is tool:  # one body that calls another
                    self._follow_here()
                    return body(*args, **kwargs)
                with self._noted(name, given, tool) as effect:
                    held = self.before(effect) if self.before else None
                    held = asyncio.run(held) if inspect.iscoroutine(held) else held
                    held = self._stub(name, tool) if held is None else held
                    return self._end(effect, body(*args, **kwargs) if held is None else held)

        return run

    @contextlib.contextmanager
    def _noted(self, name: str, args: dict, tool: BaseTool | None) -> Iterator[Effect]:
        """Put an effect into the list, and note what is raised."""
        given = {key: value for key, value in args.items() if key not in HIDDEN}
        try:
            thread = str(get_config()["configurable"].get("thread_id"))
        except (RuntimeError, KeyError):
            thread = ""
        outer = _inside.get()[1]
        effect = Effect(name, given, thread, tool, outer)
        if outer and outer.tool == name:
            outer.wraps, effect.args = True, {**outer.args, **given}
        with self.lock:
            self.effects.append(effect)
            self.at_work += 1
        token = _inside.set((tool, effect))
        self._follow_here()
        try:
            yield effect
        except BaseException as error:
            effect.error, effect.interrupted = error, isinstance(error, GraphBubbleUp)
            raise
        finally:
            _inside.reset(token)
            with self.lock:
                self.at_work -= 1

    def follow(self) -> None:
        """Follow from now on which of the agent's own code bodies run."""
        self.codes = {}
        if sys.version_info >= (3, 12) and not sys.monitoring.get_tool(TOOL):
            watch, events = sys.monitoring, sys.monitoring.events
            watch.use_tool_id(TOOL, "agent_checklist")
            watch.register_callback(TOOL, events.PY_START, self._enter)
            watch.register_callback(TOOL, events.INSTRUCTION, self._step)
            watch.register_callback(TOOL, events.LINE, self._line)
            watch.set_events(TOOL, events.PY_START)

    def _enter(self, code: CodeType, _: int = 0) -> Any:
        """Follow a function that begins, where it is the agent's own; return what leaves it out."""
        if not code.co_filename.startswith(f"{Path.cwd()}/"):
            return sys.monitoring.DISABLE
        if _inside.get()[1]:
            self.codes[code.co_qualname] = code
            events = sys.monitoring.events
            sys.monitoring.set_local_events(TOOL, code, events.LINE | events.INSTRUCTION)
        return None

    def _step(self, code: CodeType, at: int | str) -> None:
        if effect := _inside.get()[1]:
            effect.steps[code.co_qualname, at] = None

    def _line(self, code: CodeType, number: int) -> None:
        self._step(code, f"line {number}")

    def _follow_here(self) -> None:
        """Follow a body in this thread: before Python 3.12 each thread has its own way."""
        if self.codes is not None and sys.version_info < (3, 12):
            sys.settrace(self._trace)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Callable | None:
        """Note what a body runs: a trace function, which ends where no body is at work."""
        code = frame.f_code
        if event == "call":
            if not self.at_work:
                sys.settrace(None)
            if not _inside.get()[1] or not code.co_filename.startswith(f"{Path.cwd()}/"):
                return None
            frame.f_trace_opcodes = True
            self.codes[code.co_qualname] = code
        elif event == "line":
            self._line(code, frame.f_lineno)
        else:
            self._step(code, frame.f_lasti)
        return self._trace

    def _stub(self, name: str, tool: BaseTool | None) -> Any:
        """Return what stands in for a body, if anything does."""
        text = self.stubs.get(name)
        has_artifact = tool and tool.response_format == "content_and_artifact"
        return (text, None) if text is not None and has_artifact else text

    def _end(self, effect: Effect, result: Any) -> Any:
        effect.result, effect.ended = result, True
        if self.after:
            self.after(effect)
        return result

    def wrap_functions(self, name: str) -> bool:
        """Wrap the plain functions that a node calls for a tool of this name, if there are any."""
        found = [one for one in _functions_named(name) if (one, name) not in self.wrapped]
        for function in found:
            described = functools.partial(_run_of_function, name, inspect.signature(function))
            wrap = functools.partial(self._recorded, described=described)
            original = _exchange(function, f"_checklist_{name}_{id(function)}", wrap)
            self.wrapped |= {(function, name), (original, name)}
        return bool(found)

    def ran(self, since: int = 0) -> list[Effect]:
        """Return the bodies that ran, without those that asked a person or wrap another one."""
        return [one for one in self.effects[since:] if not (one.interrupted or one.wraps)]


def _run_of_tool(args: tuple, kwargs: dict) -> tuple[str, dict, BaseTool | None]:
    """Return what a tool's `_run` is called with: its name, its arguments, and itself."""
    return args[0].name, kwargs, args[0]


def _run_of_function(
    name: str, signature: inspect.Signature, args: tuple, kwargs: dict
) -> tuple[str, dict, BaseTool | None]:
    """Return the same of a plain function."""
    with contextlib.suppress(TypeError):
        kwargs = dict(signature.bind_partial(*args, **kwargs).arguments)
    return name, kwargs, None


def living(*kinds: type) -> list:
    """Return the objects of these kinds, of `KINDS`, that came with the agent or later.

    Their class is not asked for as `isinstance` does: a proxy that loads its module late would
    load it.
    """
    objects = [*gc.get_objects(), *_frozen]
    wanted = {one for one in set(map(type, objects)) if not set(kinds).isdisjoint(one.__mro__)}
    return [one for one in objects if type(one) in wanted]


def freeze() -> None:
    """Spare the collector, here and in forks, what is there; `living` still finds what it may."""
    _frozen[:] = living(*KINDS)
    gc.freeze()


def tool_named(name: str) -> BaseTool | None:
    """Return the LangChain tool of this name."""
    return next((one for one in living(BaseTool) if one.name == name), None)


def _functions_named(name: str) -> list[FunctionType]:
    """Return the agent's plain functions that stand for a tool."""
    here = str(Path.cwd())
    found = [
        one
        for one in living(FunctionType)
        if one.__name__ == name and one.__code__.co_filename.startswith(here)
    ]
    for module in list(sys.modules.values()):
        if not str(getattr(module, "__file__", None) or "").startswith(here):
            continue
        for value in list(vars(module).values()):
            one = value.get(name) if type(value) is dict else None
            if isinstance(one, FunctionType) and one not in found:
                found.append(one)
    return found


def _exchange(function: FunctionType, key: str, wrap: Callable) -> FunctionType:
    """Exchange a function's code for a call of what `wrap` makes of it; return what it was.

    So every reference to it, in a dict or a closure, is reached. The signature stays as it was.
    """
    parts = ("code", "globals", "name", "defaults", "closure")
    original = FunctionType(*(getattr(function, f"__{part}__") for part in parts))
    original.__kwdefaults__ = function.__kwdefaults__
    original.__annotations__ = function.__annotations__
    signature = inspect.signature(function)
    function.__globals__[key] = wrap(original)
    free = function.__code__.co_freevars
    function.__code__ = _trampoline(key, free, inspect.iscoroutinefunction(original))
    function.__defaults__ = function.__kwdefaults__ = None
    function.__signature__ = signature
    return original


def _noting_the_answer(ask: Callable) -> Callable:
    """Return `interrupt`, behind which an effect's steps begin anew."""

    def asked(*args: Any, **kwargs: Any) -> Any:
        try:
            return ask(*args, **kwargs)
        finally:
            if effect := _inside.get()[1]:
                effect.steps.clear()

    return asked


def _trampoline(key: str, free: tuple[str, ...], is_async: bool) -> CodeType:
    """Return code that calls what stands under a global name, with as many free variables."""
    names = ", ".join(free)
    lines = [
        "def outer():",
        *(f"    {name} = None" for name in free),
        f"    {'async ' if is_async else ''}def inner(*args, **kwargs):",
        f"        if False: ({names},)" if free else "        pass",
        f"        return {'await ' if is_async else ''}{key}(*args, **kwargs)",
        "    return inner",
    ]
    space: dict[str, Any] = {}
    exec("\n".join(lines), space)
    return space["outer"]().__code__


def file_states() -> dict[Path, tuple[int, int]]:
    """Return the agent's files with their times and sizes, without logs and compiled code."""
    found = {}
    for path in itertools.islice(Path.cwd().rglob("*"), 2 * MAX_WATCHED):
        with contextlib.suppress(FileNotFoundError):  # a journal that another process removes
            if path.is_file() and path.suffix not in (".pyc", ".log"):
                state = path.stat()
                found[path] = state.st_mtime_ns, state.st_size
    return found


def changed_files(since: dict[Path, tuple[int, int]]) -> dict[Path, bytes]:
    """Return the files, with what is in them, that are not as they were."""
    now = file_states().items()
    return {path: path.read_bytes() for path, state in now if since.get(path) != state}


def gives_text(result: Any) -> str:
    """Return a tool's result as text; a Command shows what it updates."""
    if isinstance(result, Command):
        return f"Command({result.update!r})"
    if isinstance(result, tuple) and len(result) == 2:
        result = result[0]
    return str(getattr(result, "content", result))
