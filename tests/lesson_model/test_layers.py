"""The layers of the lesson model: who may import whom."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import lesson_model

ROOT = Path(lesson_model.__file__).parent
ENGLISH = "lesson_model.behaviour.english"
ALLOWED = {  # folder -> what of ours it imports besides itself
    "wire": {"answer", "faults", "log"},
    "api": {"answer", "behaviour", "faults", "log", "reply", "state"},
    "behaviour": {"reply"},
}


def module_name(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def imports(name):
    """Return the modules of the lesson model that one of them imports."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} has a relative import"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names = (inner & MODULES.keys()) or [node.module]
        found |= {each for each in names if each in MODULES}
    return found


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_only_what_lies_below_it(folder):
    own = [name for name in MODULES if name.split(".")[1:2] == [folder]]
    used = {each.split(".")[1] for name in own for each in imports(name)}
    assert own and used - {folder} <= ALLOWED[folder]


def test_modules_import_each_other_in_no_circle():
    list(TopologicalSorter({name: imports(name) for name in MODULES}).static_order())


def test_english_is_entered_by_its_door_alone():
    for name in MODULES:
        if not name.startswith(ENGLISH):
            assert not [each for each in imports(name) if each.startswith(f"{ENGLISH}.")], name
