"""Tell an answer from the stub the lesson came with."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
from types import FunctionType, MethodType
from typing import Any

__all__ = ("functions_of", "is_stub")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def is_stub(answer: Any) -> bool:
    """Return whether `answer` is still `...`, or consists of empty functions only."""
    if answer is ...:
        return True
    if isinstance(answer, (list, tuple, set, frozenset)):
        return any(item is ... for item in answer)
    if isinstance(answer, dict):
        return any(value is ... for value in answer.values())
    functions = functions_of(answer)
    if inspect.isclass(answer) and not functions:
        return _is_empty_class(answer)
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


def _is_empty_class(answer: type) -> bool:
    """Return whether a class without functions has no attributes or fields either."""
    attributes = [name for name in vars(answer) if not name.startswith("__")]
    fields = vars(answer).get("__annotations__") or getattr(answer, "model_fields", None)
    return not attributes and not fields and not issubclass(answer, BaseException)


def _is_empty(function: FunctionType) -> bool:
    """Return whether the function's body does nothing; a body without source does something."""
    definitions = _definitions(function)
    return bool(definitions) and all(map(_does_nothing, definitions))


def _definitions(function: FunctionType) -> list[Definition]:
    """Return where the function is defined in its file or cell; a line may hold several lambdas."""
    code = function.__code__
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:  # the file has changed since
        return []
    kind = ast.Lambda if code.co_name == "<lambda>" else ast.FunctionDef | ast.AsyncFunctionDef
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, kind) and _first_line(node) == code.co_firstlineno
    ]


def _first_line(node: Definition) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min(line.lineno for line in (node, *decorators))


def _does_nothing(node: Definition) -> bool:
    """Return whether a body is only `...`, `pass`, a docstring or `raise NotImplementedError`."""
    if isinstance(node, ast.Lambda):
        return isinstance(node.body, ast.Constant) and node.body.value is ...
    return all(map(_is_placeholder, node.body))


def _is_placeholder(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass():
            return True
        case ast.Expr(ast.Constant(value)):
            return value is ... or isinstance(value, str)
        case ast.Raise(ast.Name("NotImplementedError") | ast.Call(ast.Name("NotImplementedError"))):
            return True
    return False
