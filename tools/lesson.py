"""Read a lesson's source and make its two versions: the student's and the solved one.

The source of a lesson is `lessons/NN_topic.py` in jupytext's py:percent format, solved, written
once. Two comment lines and these tags are all the vocabulary:

| mark                                   | student notebook    | solved notebook          |
|----------------------------------------|---------------------|--------------------------|
| `# BEGIN SOLUTION` ... `# END SOLUTION`| a stub (see below)  | kept, marker lines gone  |
| tags `exercise`, `exN`                 | the cell to complete| yes                      |
| tags `check`, `exN`                    | calls the check     | yes                      |
| tag `solution`                         | cell dropped        | yes                      |
| tags `raises-exception`, `nbval-ignore-output` | as Jupyter and nbval know them | same  |

The stub of a block is `...` at the indentation of its marker, so a function keeps its signature
and docstring. One exception: an unindented block of nothing but assignments to plain names
becomes `name = ...` for each name, so that the names exist in the student's notebook:

    # BEGIN SOLUTION
    plan = ["book", "pay"]          ->      plan = ...
    limit: int = 3                          limit: int = ...
    # END SOLUTION

A cell may hold several blocks. Keep imports and helpers outside the markers.

Whatever does not fit this vocabulary stops with a `LessonError` that names file, cell and cure.
"""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path

import jupytext
from nbformat import NotebookNode, from_dict

__all__ = ("LessonError", "read_lesson", "solution_blocks", "solved_version", "student_version")
__all__ += ("tags",)

EXERCISE_NAME = re.compile(r"ex[1-9]\d*")
KNOWN_TAGS = {"exercise", "check", "solution", "raises-exception", "nbval-ignore-output"}
MARKER = re.compile(r"( *)# (BEGIN|END) SOLUTION")
ALMOST_MARKER = re.compile(r"\b(begin|end)[ _-]*solution\b", re.I)
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},  # no version: it would be in every diff
}


class LessonError(ValueError):
    """A lesson's source, or what came out of running it, is not as it has to be."""


def read_lesson(path: Path) -> NotebookNode:
    """Read a lesson; every cell gets a stable id that says what the cell is.

    Raises:
        LessonError: Tags, markers or cells are not as the module's docstring says.
    """
    lesson = jupytext.read(path, fmt="py:percent")
    lesson.metadata = from_dict(NOTEBOOK_METADATA)
    lesson.nbformat, lesson.nbformat_minor = 4, 5
    try:
        for cell in lesson.cells:
            _tidy(cell)
        _name_cells(lesson.cells)
        _check_order(lesson.cells)
    except LessonError as error:
        raise LessonError(f"{path.parent.name}/{path.name}: {error}") from None
    return lesson


def student_version(lesson: NotebookNode) -> NotebookNode:
    """Return the lesson as students open it: solutions replaced by stubs."""
    notebook = copy.deepcopy(lesson)
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    for cell in notebook.cells:
        lines = cell.source.split("\n")
        for begin, end in reversed(_blocks(cell)):
            indent = MARKER.fullmatch(lines[begin])[1]
            lines[begin : end + 1] = _stub(lines[begin + 1 : end], indent)
        cell.source = "\n".join(lines)
    return notebook


def solved_version(lesson: NotebookNode) -> NotebookNode:
    """Return the lesson as an instructor shows it: solved, without marker lines."""
    notebook = copy.deepcopy(lesson)
    for cell in notebook.cells:
        cell.source = "\n".join(
            line for line in cell.source.split("\n") if not MARKER.fullmatch(line)
        )
    return notebook


def tags(cell: NotebookNode) -> set[str]:
    """Return the cell's tags."""
    return set(cell.metadata.get("tags", ()))


def exercise_name(cell: NotebookNode) -> str | None:
    """Return `exN` of an exercise or check cell, None for any other cell."""
    return next((tag for tag in sorted(tags(cell)) if EXERCISE_NAME.fullmatch(tag)), None)


def solution_blocks(cell: NotebookNode) -> list[list[str]]:
    """Return the lines of each solution in a cell of a lesson, without the markers."""
    lines = cell.source.split("\n")
    return [lines[begin + 1 : end] for begin, end in _blocks(cell)]


def _stub(solution: list[str], indent: str) -> list[str]:
    """Return the lines a student finds in place of a solution."""
    if not indent:
        try:
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            statements = compile("\n".join(solution), "<solution>", "exec", flags).body
            stubs = [stub for statement in statements for stub in _placeholders(statement)]
            return list(dict.fromkeys(stubs))
        except (SyntaxError, TypeError):  # TypeError: something else than a simple assignment
            pass
    return [f"{indent}..."]


def _placeholders(statement: ast.stmt) -> list[str]:
    """Return `name = ...` for each name a simple assignment binds; TypeError if it is not one."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr()):
            return [f"{name}: {ast.unparse(annotation)} = ..."]
        case ast.Assign(targets=targets):
            names = []
            for target in targets:
                names += target.elts if isinstance(target, ast.Tuple) else [target]
            if all(isinstance(name, ast.Name) for name in names):
                return [f"{name.id} = ..." for name in names]
    raise TypeError


def _blocks(cell: NotebookNode) -> list[tuple[int, int]]:
    """Return the line numbers of each pair of markers in a cell."""
    blocks, begin, indent = [], None, ""
    lines = cell.source.split("\n")
    for number, line in enumerate(lines):
        marker = MARKER.fullmatch(line)
        if not marker:
            if ALMOST_MARKER.search(line):
                raise _error(
                    cell,
                    f"{line.strip()!r} is almost a marker",
                    "Write `# BEGIN SOLUTION` or `# END SOLUTION`, alone on its line.",
                )
            continue
        if marker[2] == "BEGIN":
            if begin is not None:
                raise _error(
                    cell,
                    "BEGIN SOLUTION inside a solution",
                    "Close the first one with `# END SOLUTION`; solutions do not nest.",
                )
            begin, indent = number, marker[1]
            continue
        if begin is None:
            raise _error(
                cell,
                "END SOLUTION without BEGIN SOLUTION",
                "Put `# BEGIN SOLUTION` before the answer.",
            )
        if marker[1] != indent:
            raise _error(
                cell,
                "BEGIN and END SOLUTION are indented differently",
                "Indent both like the answer.",
            )
        answer = [text for text in lines[begin + 1 : number] if text.strip()]
        if not answer:
            raise _error(cell, "a solution is empty", "Put the answer between its markers.")
        if any(not text.startswith(indent) for text in answer):
            raise _error(
                cell,
                "a solution is indented less than its markers",
                "Indent the markers like the answer.",
            )
        blocks.append((begin, number))
        begin = None
    if begin is not None:
        raise _error(
            cell, "BEGIN SOLUTION without END SOLUTION", "Put `# END SOLUTION` after the answer."
        )
    return blocks


def _tidy(cell: NotebookNode) -> None:
    """Keep of a cell what the source says, and refuse what has no meaning here."""
    cell.id = "unnamed"
    metadata = dict(cell.metadata)
    metadata.pop("lines_to_next_cell", None)  # jupytext's own
    unknown = sorted(metadata.keys() - {"tags"})
    if unknown:
        raise _error(
            cell, f"cell metadata {unknown} has no meaning here", "Use tags, or remove it."
        )
    names = metadata.get("tags", [])
    strange = sorted(
        name for name in names if name not in KNOWN_TAGS and not EXERCISE_NAME.fullmatch(name)
    )
    if strange:
        raise _error(
            cell,
            f"unknown tags {strange}",
            f"Use {', '.join(sorted(KNOWN_TAGS))} or exN (ex1, ex2, ...).",
        )
    cell.metadata = from_dict({"tags": list(names)} if names else {})
    cell.source = cell.source.rstrip()
    if not cell.source:
        raise _error(cell, "the cell is empty", "Write something in it or remove it.")
    if cell.cell_type not in ("code", "markdown"):
        raise _error(cell, f"a {cell.cell_type} cell", "Use code and markdown cells.")
    _check_tags(cell)


def _check_tags(cell: NotebookNode) -> None:
    """Refuse tags and markers that contradict each other."""
    mine, names = tags(cell), [tag for tag in tags(cell) if EXERCISE_NAME.fullmatch(tag)]
    role = mine & {"exercise", "check"}
    if cell.cell_type == "markdown":
        if ALMOST_MARKER.search(cell.source):
            raise _error(
                cell,
                "a solution marker in a markdown cell",
                "Tag the whole cell `solution` instead.",
            )
        if mine - {"solution"}:
            raise _error(
                cell,
                f"a markdown cell tagged {sorted(mine)}",
                "Only `solution` has a meaning there.",
            )
    if len(role) == 2:
        raise _error(cell, "tagged `exercise` and `check`", "Make it two cells.")
    if role and len(names) != 1:
        raise _error(
            cell, f"tagged `{role.pop()}` with {len(names)} names", "Add one tag exN, as in ex1."
        )
    if names and not role:
        raise _error(cell, f"tagged `{names[0]}` alone", "Add the tag `exercise` or `check`.")
    if role and "solution" in mine:
        raise _error(
            cell, "an exercise or check tagged `solution`", "Students need it: remove the tag."
        )
    has_solution = bool(_blocks(cell)) if cell.cell_type == "code" else False
    if "exercise" in mine and not has_solution:
        raise _error(
            cell,
            "an exercise without a solution",
            "Put `# BEGIN SOLUTION` and `# END SOLUTION` around the answer.",
        )
    if has_solution and "exercise" not in mine:
        raise _error(
            cell,
            "a solution outside an exercise",
            "Tag the cell `exercise` and exN, or remove the markers.",
        )


def _check_order(cells: list[NotebookNode]) -> None:
    """Refuse an exercise without one check after it, and names used twice."""
    exercises, checks = set(), set()
    for cell in cells:
        name = exercise_name(cell)
        if "exercise" in tags(cell):
            if name in exercises:
                raise _error(cell, f"two exercises are called {name}", "Number them ex1, ex2, ...")
            exercises.add(name)
        if "check" in tags(cell):
            if name not in exercises:
                raise _error(
                    cell,
                    f"the check of {name} comes before its exercise",
                    "Put it after the exercise cell.",
                )
            if name in checks:
                raise _error(cell, f"two checks of {name}", "Keep one.")
            checks.add(name)
    for name in sorted(exercises - checks):
        raise LessonError(f"exercise {name} has no check. Add a cell tagged `check`, `{name}`.")


def _name_cells(cells: list[NotebookNode]) -> None:
    """Give each cell an id: `ex1`, `ex1-check`, or words of its heading or first line."""
    taken = {
        f"{name}{end}" for cell in cells if (name := exercise_name(cell)) for end in ("", "-check")
    }
    for cell in cells:
        name = exercise_name(cell)
        if name:
            cell.id = f"{name}-check" if "check" in tags(cell) else name
            continue
        slug, number = _slug(cell), 1
        cell.id = slug
        while cell.id in taken:
            number += 1
            cell.id = f"{slug}-{number}"
        taken.add(cell.id)


def _slug(cell: NotebookNode) -> str:
    """Return a few words that say what a cell is, at most 50 characters."""
    lines = [line for line in cell.source.split("\n") if line.strip()]
    if cell.cell_type == "markdown":
        title = next((line for line in lines if line.startswith("#")), lines[0])
    else:
        title = next((line for line in lines if not line.startswith("#")), lines[0])
    words = re.findall(r"[a-z0-9_]+", title.lower())
    slug = ""
    for word in words:
        if len(slug) + len(word) >= 50:
            break
        slug = f"{slug}-{word}" if slug else word
    return slug or cell.cell_type


def _error(cell: NotebookNode, fact: str, cure: str) -> LessonError:
    first = cell.source.split("\n")[0] if cell.source else ""
    return LessonError(f"cell {first!r}: {fact}. {cure}")
