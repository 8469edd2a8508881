"""A stub is told from an answer."""

from __future__ import annotations

import dataclasses
import functools

import pytest
from langchain.tools import tool
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from exercises.core.stub import is_stub


def right(x):
    return x + 10


def stub(x):
    """Add."""
    ...


async def _async_stub(): ...


def _not_implemented(x, *, y=1):
    raise NotImplementedError("write me")


def _not_implemented_called():
    """Write me."""
    raise NotImplementedError()


def _documented(x):
    """Do it."""


def _passes(x):
    pass


class _EmptyMethods:
    """A stub."""

    def __init__(self):
        self.x = 1

    def before(self): ...

    def after(self):
        raise NotImplementedError


class _EmptyClass:
    """A stub."""


class _State(TypedDict):
    x: int


@tool
def _empty_tool(x: int) -> str:
    """Do it."""
    ...


@tool
async def _empty_async_tool(x: int) -> str:
    """Do it."""
    raise NotImplementedError


def _graph(node):
    return StateGraph(_State).add_node("n", node).add_edge(START, "n").compile()


STUBS = {
    "value": ...,
    "list": [1, ...],
    "dict": {"a": ...},
    "function": stub,
    "pass": _passes,
    "docstring": _documented,
    "async": _async_stub,
    "lambda": lambda x: ...,
    "not implemented": _not_implemented,
    "partial": functools.partial(stub, 1),
    "method": _EmptyMethods().before,
    "wrapped": functools.wraps(stub)(lambda *a: stub(*a)),
    "class of stubs": type("C", (), {"before": _passes, "__module__": __name__}),
    "empty class": _EmptyClass,
    "tool": _empty_tool,
    "async tool": _empty_async_tool,
    "graph": _graph(_passes),
    "two lambdas": [..., lambda: ...][1],
    "not implemented, called": _not_implemented_called,
}


def _none():
    return None


def _returns():
    return


def _deletes(x):
    del x


def _constant():
    return 1


async def _async_constant():
    return "x"


class _Error(Exception):
    """An exception needs no body."""


ANSWERS = {
    "none": None,
    "zero": 0,
    "empty list": [],
    "returns None": _none,
    "constant": _constant,
    "async constant": _async_constant,
    "lambda": lambda: None if 1 > 2 else 3,
    "typed dict": _State,
    "exception": _Error,
    "partial": functools.partial(right, 1),
    "tool": tool("t", description="d")(lambda x: 1),
    "graph": _graph(right),
    "returns nothing": _returns,
    "deletes": _deletes,
    "without source": eval("lambda: ..."),
    "dataclass": dataclasses.make_dataclass("D", ["x"], namespace={"__module__": __name__}),
    "class": type("C", (), {"f": right, "g": _passes, "__module__": __name__}),
}


@pytest.mark.parametrize("name", STUBS)
def test_stub_is_not_attempted(name: str) -> None:
    """Whatever the lesson came with does not count as an answer."""
    assert is_stub(STUBS[name])


@pytest.mark.parametrize("name", ANSWERS)
def test_short_answer_is_attempted(name: str) -> None:
    """An answer may be short, or wrong; it is an answer."""
    assert not is_stub(ANSWERS[name])
