"""The code that judges, kept as it was before a student's code ran.

An answer runs in the process of its check, so it can reach and replace any part of it. What it
replaced is put back before the check, and looked for after it.
"""

from __future__ import annotations

import builtins
import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any

__all__ = ("Machinery",)

OURS = ("course_utils", "lesson_model", "exercises", "lab", "agent_checklist", "instructor.grading")
LIBRARIES = ("ast", "contextlib", "dis", "functools", "inspect", "json", "json.decoder")
LIBRARIES += ("json.encoder", "os", "re", "traceback", "types")
FIXED = (FunctionType, BuiltinFunctionType, ModuleType, type, str, tuple, frozenset)
FIXED += (re.Pattern, ContextVar)
GONE = object()
Restore = Callable[[], None]


class Machinery:
    """What the names of our modules, our classes and some libraries stand for, right now."""

    def __init__(self) -> None:
        self.modules = {name: each for name, each in list(sys.modules.items()) if _watched(name)}
        self.modules["builtins"] = builtins
        self.spaces: list[tuple[str, dict[str, Any], dict[str, Any], Callable, Callable]] = []
        self.functions: dict[int, tuple[FunctionType, tuple[Any, ...]]] = {}
        for name, module in self.modules.items():
            if not isinstance(module, ModuleType):
                continue
            space = vars(module)
            fixed = {n: v for n, v in space.items() if isinstance(v, FIXED) or _is_exercise(v)}
            self.spaces.append((name, space, fixed, space.__setitem__, space.__delitem__))
            for value in list(fixed.values()):
                self._add(value, name)

    def _add(self, value: Any, module: str) -> None:
        if isinstance(value, FunctionType):
            if value.__module__ == module and id(value) not in self.functions:
                self.functions[id(value)] = (value, _inside(value))
        elif isinstance(value, type) and value.__module__ == module and _ours(module):
            fixed = {n: v for n, v in vars(value).items() if n != "__doc__" and _is_method(v)}
            name = f"{module}.{value.__qualname__}"
            for method in fixed.values():
                self._add(getattr(method, "__func__", getattr(method, "fget", method)), module)
            setter, deleter = _setters(value)
            self.spaces.append((name, vars(value), fixed, setter, deleter))
        elif _is_exercise(value):
            self._add(value.test, value.test.__module__)
            fixed = dict(vars(value))
            self.spaces.append((module, vars(value), fixed, *_setters(value)))

    def put_back(self) -> list[str]:
        """Undo every change; return the names that had been changed."""
        changed = list(self._changes())
        for _, undo in changed:
            with contextlib.suppress(Exception):  # it is reported all the same
                undo()
        return sorted({name for name, _ in changed})

    def _changes(self) -> Iterator[tuple[str, Restore]]:
        for name, module in self.modules.items():
            if sys.modules.get(name) is not module:
                yield name, lambda n=name, m=module: sys.modules.__setitem__(n, m)
        for name, space, fixed, put, drop in self.spaces:
            now = dict(space)
            for key, value in fixed.items():
                if now.get(key, GONE) is not value:
                    yield f"{name}.{key}", lambda p=put, k=key, v=value: p(k, v)
            if _ours(name):
                for key, value in now.items():
                    shadows = key in vars(builtins) and not key.startswith("__")
                    if key not in fixed and (shadows or _is_foreign(value)):
                        yield f"{name}.{key}", lambda d=drop, k=key: d(k)
        for function, inside in self.functions.values():
            if any(a is not b for a, b in zip(_inside(function), inside, strict=False)):
                name = f"{function.__module__}.{function.__qualname__}"
                yield name, lambda f=function, i=inside: _refill(f, i)


def _watched(name: str) -> bool:
    return _ours(name) or name in LIBRARIES


def _ours(name: str) -> bool:
    return name.startswith(OURS)


def _is_exercise(value: Any) -> bool:
    return (
        type(value).__name__ == "Exercise" and type(value).__module__ == "exercises.core.exercise"
    )


def _is_method(value: Any) -> bool:
    return isinstance(value, (FunctionType, staticmethod, classmethod, property, str, tuple))


def _is_foreign(value: Any) -> bool:
    """Say whether a value is a function that somebody hung into our modules or classes."""
    return isinstance(value, FunctionType) and not _ours(str(value.__module__))


def _setters(thing: Any) -> tuple[Callable, Callable]:
    """Return what sets and what deletes an attribute past `__setattr__` of its class."""
    base = type if isinstance(thing, type) else object
    return (
        lambda name, value: base.__setattr__(thing, name, value),
        lambda name: base.__delattr__(thing, name),
    )


def _inside(function: FunctionType) -> tuple[Any, ...]:
    cells = tuple(_content(cell) for cell in function.__closure__ or ())
    return (function.__code__, function.__defaults__, function.__kwdefaults__, *cells)


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _refill(function: FunctionType, inside: tuple[Any, ...]) -> None:
    function.__code__, function.__defaults__, function.__kwdefaults__ = inside[:3]
    for cell, content in zip(function.__closure__ or (), inside[3:], strict=True):
        cell.cell_contents = content
