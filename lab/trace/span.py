"""One thing that ran: a graph, a node, a model, a tool or a router."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ("Span",)


@dataclass
class Span:
    """One run of a graph, node, model, tool or router."""

    name: str
    kind: str
    """chain (graphs, nodes and routers), llm or tool."""
    step: int | None = None
    """The superstep a node ran in; None for anything but a node."""
    seconds: float | None = None
    """Duration; None if it never ended."""
    inputs: Any = None
    outputs: Any = None
    error: str = ""
    waits: bool = False
    """Whether it stopped at an interrupt, which is no error."""
    children: list[Span] = field(default_factory=list)

    def walk(self) -> Iterator[Span]:
        """Yield this span and all its descendants, in the order of the tree."""
        yield self
        for child in self.children:
            yield from child.walk()

    def holds(self, text: str) -> bool:
        """Return whether the span itself, without its children, contains a text in any case."""
        held = [self.name, self.error, self.inputs, self.outputs]
        return text.lower() in json.dumps(held, ensure_ascii=False).lower()

    @property
    def problem(self) -> str:
        """Why the span did not end well; empty if it did."""
        if self.waits:
            return "waits for an answer"
        return self.error or ("" if self.seconds is not None else "unfinished")

    def __repr__(self) -> str:
        step = f"step {self.step} " if self.step is not None else ""
        problem = f": {self.problem}" if self.problem else ""
        return f"{step}{self.name}{problem}"
