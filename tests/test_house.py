"""The rooms of the course: what each may import, as the map in CONTRIBUTING.md says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from course_layout import PACKAGES, ROOT

MAP = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
# | `room/` | who enters it | lines | may import |
ROW = re.compile(r"^\| `([\w.]+?)/?` \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.M)
ROOMS = {name: re.findall(r"`([\w.]+)`", allowed) for name, _, _, allowed in ROW.findall(MAP)}
LINES = {name: int(lines.replace(",", "")) for name, _, lines, _ in ROW.findall(MAP)}
TOP = ("course.py", "course_layout.py", "conftest.py")


def imports(source: str) -> Iterator[str]:
    """Yield the dotted names that a module's source imports, wherever it does so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def arrows(room: str) -> Iterator[tuple[str, str]]:
    """Yield the files of a room, each with a module of another room that it imports."""
    folder = ROOT / room
    for path in [folder.with_suffix(".py")] if not folder.is_dir() else folder.rglob("*.py"):
        source = path.read_text("utf-8")
        for name in imports(source):
            first = name.split(".")[0]
            if first in ROOMS and first != room.split(".")[0]:
                yield str(path.relative_to(ROOT)), name


def is_allowed(name: str, allowed: list[str]) -> bool:
    """Tell whether a module is one of the allowed ones or inside of one."""
    return any(f"{name}.".startswith(f"{each}.") for each in allowed)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_map_allows(room: str) -> None:
    wrong = {
        f"{file} imports {name}" for file, name in arrows(room) if not is_allowed(name, ROOMS[room])
    }
    assert not wrong, f"The map in CONTRIBUTING.md allows {room}/ no such import: {sorted(wrong)}"


def test_the_map_shows_every_package() -> None:
    assert set(PACKAGES) <= set(ROOMS)


@pytest.mark.parametrize("room", LINES)
def test_the_map_says_how_large_a_room_is(room: str) -> None:
    paths = (ROOT / room).rglob("*.py")
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in paths)
    assert abs(lines - LINES[room]) <= lines / 10, f"CONTRIBUTING.md: {room}/ has {lines:,} lines"


def test_arrows_only_point_down() -> None:
    order = [*PACKAGES, "lessons", "tests"]
    for room in PACKAGES:
        above = order[order.index(room) :]
        upward = [each for each in ROOMS[room] if each.split(".")[0] in above]
        assert not upward, f"{room}/ may import {upward}, which stand above it in course_layout.py"
