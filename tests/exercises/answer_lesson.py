"""A lesson as the answer bank needs it: its code cells, and which of them an answer relies on."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache

from tools.build import needed_cells

__all__ = ("Lesson",)

# The same cells stand before all answers of a lesson.
bound_names, used_names = cache(needed_cells.bound_names), cache(needed_cells.used_names)


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

    def before(self, exercise: str, answer: str) -> list[str]:
        """Return the cells that have to run before an answer, in order.

        They bind a name that the answer, the reference or the check uses: no answer has to sit
        through every demonstration. Of a cell whose imports alone are used, nothing else runs, but
        for the first one, which starts the lesson model. Stub and reference sit through it all
        where all notebooks are run.
        """
        place = next(i for i, (_, tags) in enumerate(self.solved) if {"exercise", exercise} <= tags)
        relying = answer, self.cell(exercise, "exercise"), self.cell(exercise, "check")
        needed = set().union(*map(used_names, relying))
        kept = []
        for number in reversed(range(place)):
            source = self.solved[number][0]
            if bound := bound_names(source) & needed:
                imports = _imports(source)
                kept.append(imports if number and bound <= bound_names(imports) else source)
                needed = (needed - bound) | used_names(kept[-1])
        return kept[::-1]


def _imports(source: str) -> str:
    """Return the import statements at the top level of a cell."""
    imports = [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, imports))
