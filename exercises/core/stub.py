"""Tell an answer from the stub the lesson came with."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import textwrap
from types import CodeType, FunctionType, MethodType
from typing import Any

__all__ = ("functions_of", "is_stub")


def is_stub(answer: Any) -> bool:
    """Say whether `answer` is still `...`, or is made of nothing but empty functions."""
    if answer is ...:
        return True
    if isinstance(answer, (list, tuple, set, frozenset)):
        return any(item is ... for item in answer)
    if isinstance(answer, dict):
        return any(value is ... for value in answer.values())
    if inspect.isclass(answer):
        own = [name for name in vars(answer) if not name.startswith("__")]
        fields = vars(answer).get("__annotations__") or getattr(answer, "model_fields", None)
        if not own and not functions_of(answer):
            return not fields and not issubclass(answer, BaseException)
    functions = functions_of(answer)
    return bool(functions) and all(map(_is_empty, functions))


def functions_of(answer: Any) -> list[FunctionType]:
    """Return the functions written for `answer`: its own, its methods, its tool's, its nodes'."""
    if isinstance(answer, FunctionType):
        inner = inspect.unwrap(answer)
        return [] if "site-packages" in inner.__code__.co_filename else [inner]
    if isinstance(answer, (MethodType, staticmethod, classmethod)):
        return functions_of(answer.__func__)
    if isinstance(answer, functools.partial):
        return functions_of(answer.func)
    if inspect.isclass(answer):
        found = [functions_of(value) for value in vars(answer).values()]
        return [f for functions in found for f in functions if f.__module__ == answer.__module__]
    inner: list[Any] = []
    for name in ("func", "afunc", "coroutine", "bound"):  # tools, runnables, nodes
        value = getattr(answer, name, None)
        if value is not None and value is not answer and not inspect.iscoroutine(value):
            inner.append(value)
    nodes = getattr(answer, "nodes", None)
    if isinstance(nodes, dict):  # a graph
        inner += [node for name, node in nodes.items() if not str(name).startswith("__")]
    return [f for value in inner for f in functions_of(value)]


def _is_empty(function: FunctionType) -> bool:
    """Say whether the body is `...`, `pass`, a docstring or `raise NotImplementedError`."""
    if _shape(function.__code__) not in _EMPTY:
        return False
    try:  # `return None` compiles to the same as `...`, but somebody wrote it
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return True
    return not any(isinstance(node, ast.Return) for node in ast.walk(tree))


def _shape(code: CodeType) -> tuple[tuple[str, object], ...]:
    """Return what the code does, whatever its names, docstring and messages."""
    return tuple(
        (
            step.opname,
            "text"
            if isinstance(step.argval, str) and step.opname.startswith("LOAD_C")
            else step.argval,
        )
        for step in dis.get_instructions(code)
        if step.opname not in ("NOP", "RESUME")
    )


def _stubs() -> set[tuple[tuple[str, object], ...]]:
    def empty(): ...

    async def async_empty(): ...

    def later():
        raise NotImplementedError

    def later_called():
        raise NotImplementedError()

    def later_said():
        raise NotImplementedError("text")

    async def async_later():
        raise NotImplementedError

    return {
        _shape(f.__code__)
        for f in (empty, async_empty, later, later_called, later_said, async_later, lambda: ...)
    }


_EMPTY = _stubs()
