"""Tell an answer from the stub the lesson came with."""

from __future__ import annotations

import ast
import inspect
import linecache
from types import FunctionType
from typing import Any

from exercises.core.functions import functions_of

__all__ = ("is_stub",)

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
