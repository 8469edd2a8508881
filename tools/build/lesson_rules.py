"""Refuse what has no meaning in a lesson, each with a sentence that names the cell and the cure."""

from __future__ import annotations

from nbformat import NotebookNode, from_dict

from tools.build.cells import EXERCISE_NAME, LessonError, cell_error, exercise_name, tags
from tools.build.markers import NEAR_MARKER, solution_spans
from tools.build.two_speeds import WAIT_TAG

__all__ = ("check_order", "tidy")

KNOWN_TAGS = {"exercise", "check", "solution", "raises-exception", "nbval-ignore-output", "desk"}


def tidy(cell: NotebookNode) -> None:
    """Keep of a cell what the source says, and refuse what has no meaning here."""
    metadata = dict(cell.metadata)
    metadata.pop("lines_to_next_cell", None)  # jupytext's own
    unknown = sorted(metadata.keys() - {"tags"})
    if unknown:
        raise cell_error(
            cell,
            f"cell metadata {unknown} has no meaning here",
            'Write the line as in `# %% [markdown] tags=["solution"]`, with tags alone.',
        )
    names = metadata.get("tags", [])
    strange = sorted(
        name
        for name in names
        if name not in KNOWN_TAGS
        and not EXERCISE_NAME.fullmatch(name)
        and not WAIT_TAG.fullmatch(name)
    )
    if strange:
        raise cell_error(
            cell,
            f"unknown tags {strange}",
            f"Use {', '.join(sorted(KNOWN_TAGS))} or exN (ex1, ex2, ...) or wait-N (seconds).",
        )
    cell.metadata = from_dict({"tags": list(names)} if names else {})
    if cell.cell_type not in ("code", "markdown"):
        raise cell_error(cell, f"a {cell.cell_type} cell", "Use code and markdown cells.")
    _check_tags(cell)


def _check_tags(cell: NotebookNode) -> None:
    """Refuse tags and markers that contradict each other."""
    mine, names = tags(cell), [tag for tag in tags(cell) if EXERCISE_NAME.fullmatch(tag)]
    role = mine & {"exercise", "check"}
    if cell.cell_type == "markdown":
        if NEAR_MARKER.search(cell.source):
            raise cell_error(
                cell,
                "a solution marker in a markdown cell",
                "Tag the whole cell `solution` instead.",
            )
        if mine - {"solution"}:
            raise cell_error(
                cell,
                f"a markdown cell tagged {sorted(mine)}",
                "Only `solution` has a meaning there.",
            )
    if "NBVAL_" in cell.source:
        raise cell_error(cell, "a comment that tells nbval what to do", "Use a tag instead.")
    if len(role) == 2:
        raise cell_error(cell, "tagged `exercise` and `check`", "Make it two cells.")
    if role and len(names) != 1:
        raise cell_error(
            cell, f"tagged `{role.pop()}` with {len(names)} names", "Add one tag exN, as in ex1."
        )
    if names and not role:
        raise cell_error(cell, f"tagged `{names[0]}` alone", "Add the tag `exercise` or `check`.")
    if role and "solution" in mine:
        raise cell_error(
            cell, "an exercise or check tagged `solution`", "Students need it: remove the tag."
        )
    has_solution = bool(solution_spans(cell)) if cell.cell_type == "code" else False
    if "exercise" in mine and not has_solution:
        raise cell_error(
            cell,
            "an exercise without a solution",
            "Put `# BEGIN SOLUTION` and `# END SOLUTION` around the answer.",
        )
    if has_solution and "exercise" not in mine:
        raise cell_error(
            cell,
            "a solution outside an exercise",
            "Tag the cell `exercise` and exN, or remove the markers.",
        )


def check_order(cells: list[NotebookNode]) -> None:
    """Refuse an exercise without one check after it, and names used twice."""
    exercises, checks = set(), set()
    for cell in cells:
        name = exercise_name(cell)
        if "exercise" in tags(cell):
            if name in exercises:
                raise cell_error(
                    cell, f"two exercises are called {name}", "Number them ex1, ex2, ..."
                )
            exercises.add(name)
        if "check" in tags(cell):
            if name not in exercises:
                raise cell_error(
                    cell,
                    f"the check of {name} comes before its exercise",
                    "Put it after the exercise cell.",
                )
            if name in checks:
                raise cell_error(cell, f"two checks of {name}", "Keep one.")
            checks.add(name)
    for name in sorted(exercises - checks):
        raise LessonError(f"exercise {name} has no check. Add a cell tagged `check`, `{name}`.")
