"""Which cells of a notebook an answer relies on: those that bind the names it uses."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

__all__ = ("bound_names", "used_names")


def used_names(source: str) -> set[str]:
    """Return the names a cell takes from the cells before it (or from Python itself).

    Raises:
        SyntaxError: It is not Python.
    """
    return {name for table in _tables(source) for name in _globals(table)} - _functions(source)


def bound_names(source: str) -> set[str]:
    """Return the names a cell binds for the cells after it.

    Raises:
        SyntaxError: It is not Python.
    """
    top = _table(source)
    return {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}


def _globals(table: symtable.SymbolTable) -> set[str]:
    """Return the names a scope reads that are not its own or an enclosing function's."""
    top = table.get_type() == "module"
    return {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (top or symbol.is_global())
    }


def _functions(source: str) -> set[str]:
    """Return the names of functions and classes: a cell that defines one needs no earlier one."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.parse(source).body if isinstance(node, definitions)}


def _tables(source: str) -> Iterator[symtable.SymbolTable]:
    """Yield the scope of a cell and all those inside it."""
    waiting = [_table(source)]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        yield table


def _table(source: str) -> symtable.SymbolTable:
    return symtable.symtable(source, "<cell>", "exec")
