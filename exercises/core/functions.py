"""The functions that a reader wrote for an answer, whatever it is."""

from __future__ import annotations

import functools
import inspect
from types import FunctionType, MethodType
from typing import Any

__all__ = ("functions_of",)


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
