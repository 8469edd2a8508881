"""Pickle functions of a notebook, which a process without that notebook can not import.

A function is sent as code, together with the functions, modules and values it uses. A class it
uses has to be defined inside it, or in a module.
"""

from __future__ import annotations

import builtins
import dis
import importlib
import io
import marshal
import pickle
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ("pack",)


def pack(value: Any) -> bytes:
    """Return a pickle of `value` that `pickle.loads` reads in any process of this Python.

    Raises:
        pickle.PicklingError: It holds something that only exists in this process.
    """
    buffer = io.BytesIO()
    _Pickler(buffer).dump(value)
    return buffer.getvalue()


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """Send modules by name, and functions of the notebook as code."""
        if isinstance(value, ModuleType):
            return importlib.import_module, (value.__name__,)
        if not isinstance(value, FunctionType) or value.__module__ != "__main__":
            return NotImplemented
        space = value.__globals__
        names = {name for name in _globals(value.__code__) if name in space}
        names -= set(dir(builtins))  # IPython puts an `open` of its own into every notebook
        used = {name: space[name] for name in names}
        closed = tuple(cell.cell_contents for cell in value.__closure__ or ())
        made_of = marshal.dumps(value.__code__), value.__name__, value.__defaults__, closed
        return _function, made_of, used, None, None, _give


def _globals(code: CodeType) -> Iterator[str]:
    """Yield the names that code, and code inside it, takes from its module."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _function(
    code: bytes, name: str, defaults: tuple[Any, ...] | None, closed: tuple[Any, ...]
) -> FunctionType:
    space = {"__name__": "child", "__builtins__": builtins}
    cells = tuple(map(CellType, closed))
    return FunctionType(marshal.loads(code), space, name, defaults, cells)


def _give(function: FunctionType, used: dict[str, Any]) -> None:
    function.__globals__.update(used)
