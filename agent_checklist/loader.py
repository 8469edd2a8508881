"""Finds an agent: a compiled graph, a StateGraph, an @entrypoint, or what makes one."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.graph import StateGraph
from langgraph.pregel import Pregel
from langgraph.store.memory import InMemoryStore

from agent_checklist.workspace import Usage, Workspace

__all__ = ("Target", "Unloadable")

SAVERS = ("checkpointer", "saver", "memory", "checkpoint", "checkpoint_saver")
INSIDE = ("graph", "agent", "app", "workflow", "compiled_graph", "_graph", "builder")
MAKERS = ("create_graph", "build_graph", "make_graph", "get_graph", "create_agent", "get_agent")
MAKERS += ("build", "create", "compile", "build_agent", "make_agent")
MAX_STEPS = 6  # from what a name holds to a graph


class Unloadable(Exception):
    """The agent's own code keeps it from being looked at."""


class Target:
    """Where the agent is: a file or module, and a name in it.

    Attributes:
        name: As the developer wrote it.
        served: Whether langgraph.json names it: then a server brings checkpointer and store.
    """

    def __init__(self, name: str, served: bool = False) -> None:
        self.name, self.served = name, served
        self.where, _, self.attribute = name.rpartition(":")
        if not self.where or not self.attribute:
            raise Usage(f"{name!r} is no target. Write module:attribute or file.py:attribute.")

    @classmethod
    def find(cls, given: str | None, graph: str | None, space: Workspace) -> Target:
        """Return the target that is given, or the one that langgraph.json names."""
        graphs = space.langgraph.get("graphs") or {}
        specs = {name: _path_of(spec) for name, spec in graphs.items()}
        if given:
            served = given.removeprefix("./") in {
                spec.removeprefix("./") for spec in specs.values()
            }
            return cls(given, served)
        if graph:
            if graph not in specs:
                raise Usage(f"langgraph.json has no graph {graph!r}. It has: {', '.join(specs)}.")
            return cls(specs[graph], True)
        if not specs:
            raise Usage(
                "There is no agent named, and no langgraph.json here. Name it: "
                "python -m agent_checklist file.py:attribute."
            )
        return cls(next(iter(specs.values())), True)

    def load(self, space: Workspace) -> Any:
        """Import the module and return what the name holds.

        Raises:
            Usage: There is no such file, module or name.
        """
        sys.path[:0] = [path for path in space.paths() if path not in sys.path]
        if self.where.endswith(".py"):
            file = (space.copy / self.where).resolve()
            if not file.is_file():
                raise Usage(f"There is no file {self.where} here. Write file.py:attribute.")
            module = _import_file(file)
        else:
            importlib.invalidate_caches()
            try:
                module = importlib.import_module(self.where)
            except ModuleNotFoundError as error:
                if error.name and self.where.startswith(error.name):
                    raise Usage(f"There is no module {self.where!r} here.") from error
                raise
        found: Any = module
        for part in self.attribute.split("."):
            if not hasattr(found, part):
                raise Usage(f"{self.where} has no {part!r}.")
            found = getattr(found, part)
        return found


def _path_of(spec: object) -> str:
    return str(spec.get("path") if isinstance(spec, dict) else spec)


def _import_file(file: Path) -> ModuleType:
    """Import a file as the module it is in its package, else as one that stands alone."""
    top, source = file.parent, file.read_text("utf-8", "replace")
    while (top / "__init__.py").is_file():
        top = top.parent
    roots = [Path(path) for path in sys.path if path and file.is_relative_to(path)]
    if top == file.parent:
        if "from ." in source:
            top = file.parent.parent
        elif roots:
            top = max(roots, key=lambda path: len(path.parts))
    packages = file.relative_to(top).parts[:-1]
    hides = any((file.parent / f"{name}.py").is_file() for name in packages)
    folders = [str(top), *([] if hides else [str(file.parent)])]
    sys.path[:] = dict.fromkeys([*folders, *(path for path in sys.path if path)])
    name = ".".join(file.relative_to(top).with_suffix("").parts)
    importlib.invalidate_caches()
    if all(part.isidentifier() for part in name.split(".")):
        found = None
        with contextlib.suppress(ImportError, ValueError):
            found = importlib.util.find_spec(name)
        if found and found.origin and Path(found.origin).resolve() == file:
            return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(f"agent_of_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


async def resolve(held: Any, saver: Any, config: dict, stack: contextlib.AsyncExitStack) -> Pregel:
    """Return the graph that a target leads to.

    Args:
        held: What the name holds: a graph, a builder, a factory, an object with a graph.
        saver: For a factory that asks for a checkpointer.
        config: For a factory that asks for one.
        stack: Keeps open what an async context manager yields.

    Raises:
        Unloadable: It leads to no graph.
    """
    for _ in range(MAX_STEPS):
        if isinstance(held, Pregel):
            return held
        if isinstance(held, StateGraph):
            held = held.compile(checkpointer=None)
        elif inspect.isawaitable(held):
            held = await held
        elif hasattr(held, "__aenter__"):
            held = await stack.enter_async_context(held)
        elif hasattr(held, "__enter__"):
            held = stack.enter_context(held)
        elif inspect.isasyncgen(held):
            held = await anext(held)
        elif inspect.isgenerator(held):
            held = next(held)
        elif hasattr(held, "bound") and isinstance(held.bound, Pregel):
            held = held.bound.with_config(held.config)
        elif inspect.isclass(held) or inspect.isroutine(held):
            held = _called(held, saver, config)
        elif (inside := _inside(held)) is not None:
            held = inside
        elif callable(held):
            held = _called(held, saver, config)
        else:
            break
    raise Unloadable(f"The name holds a {type(held).__name__}, which leads to no compiled graph.")


def _inside(held: Any) -> Any:
    found = [getattr(held, name, None) for name in (*MAKERS, *INSIDE)]
    kinds = Pregel, StateGraph
    return next((one for one in found if inspect.isroutine(one) or isinstance(one, kinds)), None)


def _called(factory: Any, saver: Any, config: dict) -> Any:
    """Call a factory with what its parameters ask for."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return factory()
    args, kwargs = [], {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        value = _value_for(parameter, saver, config)
        if value is parameter.empty:
            if parameter.default is not parameter.empty:
                continue
            raise Unloadable(
                f"The factory {getattr(factory, '__name__', factory)!r} needs {parameter.name!r}, "
                "which the checklist does not know. Name a factory without it."
            )
        if parameter.kind is parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            kwargs[parameter.name] = value
    return factory(*args, **kwargs)


def _value_for(parameter: inspect.Parameter, saver: Any, config: dict) -> Any:
    name, kind = parameter.name.lower(), str(parameter.annotation)
    needed = parameter.default is parameter.empty
    if name in SAVERS or "Saver" in kind or "Checkpointer" in kind:
        return saver
    if name == "store" or "BaseStore" in kind:
        return InMemoryStore()
    if name in ("config", "_config", "runnable_config") or "RunnableConfig" in kind:
        return config if needed else parameter.empty
    if not needed:
        return parameter.empty
    if name in ("seconds", "timeout"):
        return 30.0
    if name == "model_name" or (name in ("llm", "model") and "str" in kind):
        return "gpt-4o-mini"
    if name in ("llm", "model", "chat_model") or "ChatModel" in kind or "ChatOpenAI" in kind:
        return ChatOpenAI(model="gpt-4o-mini", timeout=30)
    return parameter.empty
