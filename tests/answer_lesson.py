"""A lesson as the answer bank needs it: its code cells, and which of them an answer relies on."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ("Lesson",)


@dataclass
class Lesson:
    """The code cells of a lesson, solved and as students get them."""

    topic: str
    solved: list[tuple[str, frozenset[str]]]
    """Source and tags of each code cell."""
    student: list[tuple[str, frozenset[str]]]
    path: tuple[str, ...] = field(default=())
    """What stands before the rest on `sys.path`."""

    def exercises(self) -> list[str]:
        """Return `ex1`, `ex2` ... in the order of the lesson."""
        return [t for _, tags in self.solved if "check" in tags for t in tags if t != "check"]

    def cell(self, exercise: str, kind: str, student: bool = False) -> str:
        """Return the source of the `exercise` or the `check` cell of an exercise."""
        cells = self.student if student else self.solved
        return next(source for source, tags in cells if {kind, exercise} <= tags)

    def before(self, exercise: str, answer: str = "", only_needed: bool = False) -> list[str]:
        """Return the cells that run before an exercise.

        With `only_needed`, only those that bind a name the answer or its check uses: a mutant does
        not have to sit through every demonstration of the lesson.
        """
        place = next(i for i, (_, tags) in enumerate(self.solved) if {"exercise", exercise} <= tags)
        cells = [source for source, _ in self.solved[:place]]
        if not only_needed:
            return cells
        needed = _used(answer) | _used(self.cell(exercise, "check"))
        kept = []
        for source in reversed(cells):
            if bound := _bound(source) & needed:
                kept.append(source)
                needed = (needed - bound) | _used(source)
        return kept[::-1]


def _used(source: str) -> set[str]:
    """Return the names a cell takes from the cells before it (or from Python itself)."""
    return {name for table in _tables(source) for name in _globals(table)} - _functions(source)


def _bound(source: str) -> set[str]:
    """Return the names a cell binds for the cells after it."""
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
