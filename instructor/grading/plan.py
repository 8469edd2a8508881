"""What of a handed-in notebook is run, in which order, to judge some of its exercises.

Given cells and check cells are ours, whatever became of them in the notebook; answers, and cells
the student added, are the student's. Only what the answers and their checks rely on is run: a
demonstration that nothing depends on would only be waited for.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tools.build.needed_cells import bound_names, used_names

__all__ = ("Plan", "Step", "align", "exercise_of", "plan")

Cell = dict[str, Any]  # id, source, tags


@dataclass(frozen=True)
class Step:
    """A cell to run."""

    kind: str
    """given, answer, added or check."""
    source: str
    exercise: str = ""
    """Of answers and checks: `exN`."""
    number: int = 0
    """Its place among all steps of the notebook."""


@dataclass
class Plan:
    """The steps of a notebook, and what to tell who grades it."""

    steps: list[Step]
    remarks: dict[str, list[str]] = field(default_factory=dict)
    """By exercise; those under "" are about the whole notebook."""

    def remark(self, exercise: str, text: str) -> None:
        """Note something once."""
        texts = self.remarks.setdefault(exercise, [])
        if text not in texts:
            texts.append(text)


def exercise_of(cell: Cell, kind: str) -> str:
    """Return `exN` if the cell is the answer ("exercise") or the "check" of one, else ""."""
    tags = cell["tags"]
    if kind not in tags:
        return ""
    return next((t for t in tags if t.startswith("ex") and t[2:].isdigit()), "")


def align(ours: list[Cell], theirs: list[Cell], stubs: dict[str, str]) -> Plan:
    """Return all steps of a notebook: our given and check cells, their answers and additions.

    Args:
        ours: The lesson's code cells.
        theirs: The notebook's code cells.
        stubs: What the lesson offers as the answer cell of each exercise.
    """
    found = Plan([])
    places = {cell["id"]: n for n, cell in enumerate(ours)}
    sources = {cell["source"].strip(): n for n, cell in enumerate(ours)}
    exercises = {name: n for n, c in enumerate(ours) if (name := exercise_of(c, "exercise"))}
    sources |= {stubs[name].strip(): n for name, n in exercises.items() if name in stubs}
    answers: dict[str, list[str]] = {}
    added: dict[int, list[str]] = {}  # by the cell of ours they follow
    last = -1
    for cell in theirs:
        source = cell["source"].strip()
        place = places.get(cell["id"], sources.get(source))
        name = exercise_of(cell, "exercise")
        if name not in exercises and place is not None:
            name = exercise_of(ours[place], "exercise")
        if name in exercises:
            answers.setdefault(name, []).append(cell["source"])
            last = max(last, exercises[name])
        elif place is None:
            if source:
                added.setdefault(last, []).append(cell["source"])
        else:
            last = max(last, place)
            if source != ours[place]["source"].strip():
                note = _note_edit(ours[place])
                found.remark(*note)
                own = _additions(cell["source"], ours[place]["source"])
                added.setdefault(place, []).extend([own] if own else [])
    for name in exercises:
        if name not in answers:
            found.remark(name, "The answer cell is missing: what other cells define counts.")
    for n, cell in enumerate(ours):
        name, check = exercise_of(cell, "exercise"), exercise_of(cell, "check")
        if check:
            # A copy of the answer cell may stand below the check: what follows belongs to it.
            found.steps += [Step("added", each) for each in added.pop(n, ())]
            found.steps.append(Step("check", cell["source"], check))
        elif name:
            texts = _given_answers(answers.get(name, []), stubs.get(name, ""))
            if len(texts) > 1:
                found.remark(name, f"There are {len(texts)} answer cells: the last one counts.")
            found.steps += [Step("answer", text, name) for text in texts]
        else:
            found.steps.append(Step("given", cell["source"]))
        found.steps += [Step("added", each) for each in added.pop(n, ())]
    found.steps[:0] = [Step("added", each) for each in added.pop(-1, ())]
    found.steps = [Step(s.kind, s.source, s.exercise, n) for n, s in enumerate(found.steps)]
    return found


def plan(
    whole: Plan,
    wanted: Iterable[str],
    given: Callable[[str], Iterable[str]],
    as_python: Callable[[str], str] = str,
) -> list[Step]:
    """Return the steps that judging some exercises takes.

    Args:
        whole: What `align` returned.
        wanted: The exercises to judge.
        given: Returns the names an exercise's check relies on.
        as_python: Turns what only a notebook can run (`%`, `!`, `?`) into Python.
    """
    wanted, needed, kept = set(wanted), set(), []
    for step in reversed(whole.steps):
        try:
            source = as_python(step.source)
            bound, used = bound_names(source), used_names(source)
        except Exception:  # what is no Python fails in ways of its own
            bound, used = set(), set()
            needless = step.kind == "answer" and step.exercise not in wanted
            if step.kind == "added" or needless:
                continue
        if step.kind == "check":
            keep, used = step.exercise in wanted, used | set(given(step.exercise))
        elif step.kind == "answer":
            keep = step.exercise in wanted or bool(bound & needed)
        elif step.kind == "added":
            # It may change what it does not bind: LIMITS["day"] = 3.
            keep = bool((bound | used) & needed)
        else:
            keep = bool(bound & needed)
        if keep:
            kept.append(step)
            needed = (needed - bound if step.kind != "added" else needed) | used
    return kept[::-1]


def _given_answers(texts: list[str], stub: str) -> list[str]:
    """Return the answer cells without untouched stubs beside them."""
    own = [text for text in texts if text.strip() != stub.strip()]
    return own or texts[:1]


def _note_edit(cell: Cell) -> tuple[str, str]:
    if name := exercise_of(cell, "check"):
        return name, "The check cell was edited: ours was run."
    first = cell["source"].strip().splitlines()[0]
    return "", f"A given cell was edited; ours was run: `{first}`."


def _additions(theirs: str, ours: str) -> str:
    """Return the statements that bring new names into an edited cell, such as an import."""
    try:
        known = {ast.unparse(node) for node in ast.parse(ours).body}
        names = bound_names(ours)
        kept = []
        for node in ast.parse(theirs).body:
            text = ast.unparse(node)
            bound = bound_names(text)
            if text not in known and bound and not bound & names:
                kept.append(text)
        return "\n".join(kept)
    except Exception:
        return ""
