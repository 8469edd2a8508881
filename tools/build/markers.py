"""Solution markers: where a solution stands in a cell, and the stub students get instead."""

from __future__ import annotations

import ast
import re

from nbformat import NotebookNode

from tools.build.cells import cell_error

__all__ = ("MARKER", "NEAR_MARKER", "solution_spans", "stub")

MARKER = re.compile(r"( *)# (BEGIN|END) SOLUTION")
NEAR_MARKER = re.compile(r"\b(begin|end)[ _-]*solution\b", re.I)


def solution_spans(cell: NotebookNode) -> list[tuple[int, int]]:
    """Return the line numbers of each pair of markers in a cell."""
    blocks, begin, indent = [], None, ""
    lines = cell.source.split("\n")
    for number, line in enumerate(lines):
        marker = MARKER.fullmatch(line)
        if not marker:
            if NEAR_MARKER.search(line):
                raise cell_error(
                    cell,
                    f"{line.strip()!r} is almost a marker",
                    "Write `# BEGIN SOLUTION` or `# END SOLUTION`, alone on its line.",
                )
            continue
        if marker[2] == "BEGIN":
            if begin is not None:
                raise cell_error(
                    cell,
                    "BEGIN SOLUTION inside a solution",
                    "Close the first one with `# END SOLUTION`; solutions do not nest.",
                )
            begin, indent = number, marker[1]
            continue
        if begin is None:
            raise cell_error(
                cell,
                "END SOLUTION without BEGIN SOLUTION",
                "Put `# BEGIN SOLUTION` before the answer.",
            )
        if marker[1] != indent:
            raise cell_error(
                cell,
                "BEGIN and END SOLUTION are indented differently",
                "Indent both like the answer.",
            )
        answer = [text for text in lines[begin + 1 : number] if text.strip()]
        if not answer:
            raise cell_error(cell, "a solution is empty", "Put the answer between its markers.")
        if any(not text.startswith(indent) for text in answer):
            raise cell_error(
                cell,
                "a solution is indented less than its markers",
                "Indent the markers like the answer.",
            )
        blocks.append((begin, number))
        begin = None
    if begin is not None:
        raise cell_error(
            cell, "BEGIN SOLUTION without END SOLUTION", "Put `# END SOLUTION` after the answer."
        )
    return blocks


def stub(solution: list[str], indent: str) -> list[str]:
    """Return the lines a student finds in place of a solution."""
    if not indent:
        try:
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            statements = compile("\n".join(solution), "<solution>", "exec", flags).body
            stubs = [stub for statement in statements for stub in _placeholders(statement)]
            return list(dict.fromkeys(stubs))
        except (SyntaxError, TypeError):  # TypeError: something else than definitions
            pass
    return [f"{indent}..."]


def _placeholders(statement: ast.stmt) -> list[str]:
    """Return `name = ...` for each name a definition binds; TypeError if it is not one."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [f"{name} = ..."]
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr()):
            return [f"{name}: {ast.unparse(annotation)} = ..."]
        case ast.Assign(targets=targets):
            names = []
            for target in targets:
                names += target.elts if isinstance(target, ast.Tuple) else [target]
            if all(isinstance(name, ast.Name) for name in names):
                return [f"{name.id} = ..." for name in names]
    raise TypeError
