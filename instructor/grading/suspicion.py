"""Words an answer hardly needs, unless it wants to reach into what judges it."""

from __future__ import annotations

import ast
import re

__all__ = ("suspicious",)

NAMES = {
    *("_getframe", "currentframe", "stack", "f_locals", "f_back", "f_globals", "tb_frame"),
    *("get_objects", "get_referrers", "ctypes", "settrace", "setprofile", "addaudithook"),
    *("_exit", "kill", "killpg", "abort", "fork", "forkpty", "execv", "execve", "system", "popen"),
    *("__code__", "__closure__", "__globals__", "__subclasses__", "__builtins__", "builtins"),
    *("modules", "or_reference", "reference", "solved_cells", "get_ipython", "pickle", "dup2"),
    *("Exercise", "excepthook", "set_trace", "NBGRADER_EXECUTION", "subprocess", "Popen"),
}
TEXTS = re.compile(
    r"/proc/|solutions/|course_utils|exercises\.core|grading|NBGRADER_EXECUTION|BEGIN SOLUTION"
)
IMPORTS = re.compile(
    r"course_utils\.|exercises\.core|lesson_model\.|instructor|gc$|inspect$|ctypes$"
)


def suspicious(source: str) -> set[str]:
    """Return the words of a cell that somebody should look at; none proves anything."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except Exception:  # what is no Python fails in ways of its own
        return {word for word in NAMES if re.search(rf"\b{word}\b", source)}
    found = set()
    for node in nodes:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in NAMES:
                found.add(name)
            case ast.Attribute(value=ast.Name(id="check"), ctx=ast.Store() | ast.Del()):
                found.add("check." + node.attr + " = ...")
            case ast.Import(names=names):
                found |= {n.name for n in names if IMPORTS.match(n.name) or n.name in NAMES}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module} if IMPORTS.match(module) or module in NAMES else set()
                found |= {n.name for n in names if n.name in NAMES}
            case ast.Constant(value=str(text)) if len(text) < 500 and TEXTS.search(text):
                found.add(text[:60])
    return found
