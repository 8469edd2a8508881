"""Private names of other libraries are used in two modules only."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_checklist.agent import alone
from course_layout import PACKAGES, ROOT
from course_utils import private_apis

WORKAROUNDS = [*(getattr(private_apis, name) for name in private_apis.__all__), alone]
HOMES = {Path(inspect.getfile(function)) for function in WORKAROUNDS}
# Documented by their libraries, in spite of the underscore (a tool implements `_run`).
PUBLIC = {"_replace", "_asdict", "_fields", "_repr_mimebundle_", "_run", "_exit"}


def private_uses(source: str) -> Iterator[str]:
    """Yield each private name that code takes from something that is not its own."""
    nodes = list(ast.walk(ast.parse(source)))
    own = PUBLIC | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = ast.unparse(node.value)
            if owner not in ("self", "cls") and node.attr not in own:
                yield f"line {node.lineno}: {owner}.{node.attr}"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [*(getattr(node, "module", None) or "").split(".")]
            names += [part for alias in node.names for part in alias.name.split(".")]
            yield from (f"line {node.lineno}: import {n}" for n in names if is_private(n))


def is_private(name: str) -> bool:
    """Return whether a name begins with an underscore and is no dunder."""
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize(
    "source",
    ["import a._b", "from a._b import c", "from a import _c", "logging._handlers", "f()._x"],
)
def test_private_name_of_another_is_found(source: str) -> None:
    assert list(private_uses(source))


@pytest.mark.parametrize(
    "source", ["from __future__ import annotations", "self._x", "a.__doc__", "policy._replace(x=1)"]
)
def test_own_and_public_names_are_allowed(source: str) -> None:
    assert not list(private_uses(source))


@pytest.mark.parametrize("room", PACKAGES)
def test_private_names_of_others_stand_in_two_modules(room: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}, {use}"
        for path in (ROOT / room).rglob("*.py")
        if path not in HOMES
        for use in private_uses(path.read_text("utf-8"))
    }
    assert not found, f"Move this to course_utils/private_apis.py, with its reason: {found}"


def test_each_workaround_names_library_reason_and_thread() -> None:
    for function in WORKAROUNDS:
        for word in ("Library: ", "Reason: ", "Thread: "):
            assert word in function.__doc__, f"{function.__name__} does not say its {word.lower()}"
