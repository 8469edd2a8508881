"""What an agent's source code tells: it chooses what is tried, or withholds a verdict."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Container, Iterable
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar

from agent_checklist.workspace import python_files

__all__ = (
    "RISKY",
    "answers_read_in",
    "asking_functions",
    "catches_all",
    "changes_before_asking",
    "function_of",
    "leaves_ways_open",
    "risky",
    "words_behind",
)

F = TypeVar("F", bound=Callable)
RISKY: set[str] = set()
"""The names of the functions that are marked with `risky`."""

CHANGES = set(
    "write writerow writelines execute executemany commit post put patch delete insert append save "
    "send send_message publish create update add charge refund remove unlink rename".split()
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
NOT_OF_ANSWERS = {"messages", "name", "args", "id", "tool_calls", "content", "configurable"}


def risky(function: F) -> F:
    """Mark a tool, or the function it is made of, as one that needs a person's consent."""
    RISKY.add(getattr(function, "name", None) or function.__name__)
    return function


def answers_read_in(sources: Iterable[str]) -> tuple[list[str], set[str], set[str]]:
    """Return what functions that call `interrupt` read of the answer.

    Args:
        sources: The texts of files.

    Returns:
        The keys that are read, the words that are compared with, all words that are said.
    """
    keys: list[str] = []
    held: list[str] = []  # keys that are asked for, tried after those that are read
    compared: set[str] = set()
    said: set[str] = set()
    for source in sources:
        nodes, asking = _nodes_in(source), _asking_in(source)
        said |= _words_of(nodes)
        functions = [one for one in nodes if isinstance(one, FUNCTIONS)]
        calls = [node for one in asking for node in ast.walk(one) if _called(node)]
        called = {getattr(call.func, "id", "") for call in calls}
        for one in [*asking, *(each for each in functions if each.name in called)]:
            for node in ast.walk(one):
                if isinstance(node, ast.Compare | ast.MatchValue):
                    compared |= _words_of(ast.walk(node))
                    dicts = (each for each in ast.walk(node) if isinstance(each, ast.Dict))
                    held += [key for each in dicts for key in sorted(_texts_of(each.keys))]
                    if isinstance(getattr(node, "ops", [None])[0], ast.In):
                        held += _texts_of([node.left])  # "ok" in answer
                elif isinstance(node, ast.MatchMapping):
                    held += sorted(_texts_of(node.keys))
                elif isinstance(node, ast.Subscript):
                    keys += _texts_of([node.slice])
                elif _called(node) == "get":
                    keys += _texts_of(node.args[:1])
    return [key for key in dict.fromkeys(keys + held) if key not in NOT_OF_ANSWERS], compared, said


def asking_functions(sources: Iterable[str]) -> str:
    """Return the code of the innermost functions that call `interrupt`, without comments."""
    found = dict.fromkeys(one for source in sources for one in _asking_in(source))
    inner = (f for f in found if found.keys().isdisjoint(list(ast.walk(f))[1:]))
    return "\n".join(map(ast.unparse, inner))


@functools.cache
def _nodes_in(source: str) -> list[ast.AST]:
    """Return all nodes of a file, the module first; nothing where it has a fault."""
    try:
        return list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return []


@functools.cache
def _asking_in(source: str) -> list[ast.AST]:
    """Return a file's functions that call `interrupt`."""
    functions = (one for one in _nodes_in(source) if isinstance(one, FUNCTIONS))
    return [one for one in functions if "interrupt" in map(_called, ast.walk(one))]


def words_behind(tool: Any, name: str) -> set[str]:
    """Return all names and texts in a tool's definition, and in what it names in these files.

    Args:
        tool: The LangChain tool; None for a plain function, which is found by its name.
        name: What it is called.
    """
    body = function_of(tool)
    nodes, own = _nodes_of(inspect.unwrap(body)), {name, getattr(body, "__name__", name)}
    left = {getattr(getattr(body, "__code__", None), "co_name", "")} - own  # what wraps the body
    left |= set() if nodes else {*own, type(tool).__name__}
    words = _all_words_of(nodes)
    left |= words - own
    while left:
        new = _words_of_definitions(left.pop())
        left |= new - words - own
        words |= new
    return words


@functools.cache
def _words_of_definitions(name: str) -> set[str]:
    """Return all names and texts in what the agent's files define under a name."""
    return _all_words_of(each for node in _definitions().get(name, ()) for each in ast.walk(node))


@functools.cache
def _definitions() -> dict[str | None, list[ast.AST]]:
    """Return what the agent's files define, by name."""
    defined: dict[str | None, list[ast.AST]] = {}
    for _, source in python_files(Path.cwd()):
        nodes = _nodes_in(source)
        found = [(getattr(node, "asname", None), node) for node in nodes]
        found += [(node.name, node) for node in nodes if isinstance(node, DEFINITIONS)]
        for node in nodes[0].body if nodes else ():
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            found += [(getattr(one, "id", None), node) for one in targets]
        for each, node in found:
            defined.setdefault(each, []).append(node)
    return defined


def changes_before_asking(body: Callable | None) -> str:
    """Return what a function calls before `interrupt` that sounds like an effect."""
    calls = [node for node in _nodes_of(inspect.unwrap(body)) if _called(node)]
    asks = min((call.lineno for call in calls if _called(call) == "interrupt"), default=0)
    early = (_called(call) for call in calls if call.lineno < asks)
    return next((name for name in early if name in CHANGES), "")


def leaves_ways_open(codes: dict[str, CodeType], steps: Container, may_look_up: bool) -> bool:
    """Whether code may go on in a way that no step went, as by a lookup unless `may_look_up`."""
    for name, code in codes.items():
        parts = [one for one in dis.get_instructions(code) if one.opname != "NOT_TAKEN"]
        for one, after in pairwise(parts):
            ways = [one.argval, after.offset] if re.search("JUMP.*IF", one.opname) else []
            looks_up = one.opname == "BINARY_SUBSCR" or one.argval == "get"
            is_open = any((name, way) not in steps for way in ways) or looks_up > may_look_up
            if is_open and (name, one.offset) in steps:
                return True
    return False


def catches_all(body: Callable) -> bool:
    """Whether a function, or one that is wrapped around it, is one `try` that catches all."""
    layers = [body]
    while inner := getattr(layers[-1], "__wrapped__", None):
        layers.append(inner)
    return any(_is_one_try(_nodes_of(one)) for one in layers)


def _is_one_try(nodes: list[ast.AST]) -> bool:
    function = next(iter(nodes), None)
    acting = [
        one
        for one in getattr(function, "body", ())
        if any(isinstance(node, ast.Call) for node in ast.walk(one))
    ]
    return bool(acting) and all(
        isinstance(one, ast.Try)
        and any(
            handler.type is None
            or (isinstance(handler.type, ast.Name) and handler.type.id.endswith("Exception"))
            for handler in one.handlers
        )
        and not any(isinstance(n, ast.Raise) for h in one.handlers for n in ast.walk(h))
        for one in acting
    )


def function_of(tool: Any) -> Callable | None:
    """Return the function that a tool is made of; None for a class with a method."""
    return getattr(tool, "func", None) or getattr(tool, "coroutine", None)


def _nodes_of(function: Callable | None) -> list[ast.AST]:
    """Return a function's definition and all that is in it; nothing where it has no source.

    What it wraps is not followed.
    """
    try:
        lines, start = inspect.findsource(function)
        source = textwrap.dedent("".join(inspect.getblock(lines[start:])))
        return list(ast.walk(ast.parse(source).body[0]))
    except (OSError, TypeError, SyntaxError, IndexError, AttributeError):
        return []


def _called(node: ast.AST) -> str:
    """Return the name of what a node calls: f of f() and of x.f()."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _texts_of(nodes: Iterable[ast.AST]) -> set[str]:
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def _all_words_of(nodes: Iterable[ast.AST]) -> set[str]:
    return {word for each in nodes for word in vars(each).values() if isinstance(word, str)}


def _words_of(nodes: Iterable[ast.AST]) -> set[str]:
    return {text.lower() for text in _texts_of(nodes)}
