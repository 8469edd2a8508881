"""Every lesson: built from its source, nothing given away, fit for a strict run."""

from __future__ import annotations

import importlib
import json
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest

from course_layout import ROOT
from tools.build.cells import exercise_name
from tools.build.lesson import read_lesson, tags
from tools.build.notebooks import complaints, orphans
from tools.build.two_speeds import core_and_deeper_minutes, has_two_speeds

LESSONS = sorted((ROOT / "lessons").glob("[0-9]*.py"))
SOLUTION = re.compile(r"^ *# BEGIN SOLUTION\n(.*?)^ *# END SOLUTION$", re.M | re.S)
TRIVIAL = 12  # characters; a shorter line, such as `return x`, gives nothing away
HOUSE_RULES = {
    r"\bclear_output\(": "nbval does not clear, so a strict run sees more than was saved",
    r"\bdisplay_id\b": "nbval does not apply updates of a display",
    r"\bOutput\(": "outside a browser nbval captures nothing into an Output widget; use HTML",
    r"\binput\(": "nobody answers in a strict run",
    r"(?<![\w.])(?:_|__|___|_\d+|In|Out)(?=\[|$|\.)": "nbval keeps no history of results",
    r";\s*$": "nbval keeps no history, so a last `;` silences nothing there; assign the value",
    r"\bpyplot\b|\bplt\.": "a bare figure has no alt text; use course_utils.pictures",
    r"\bdraw_mermaid_png\(": "it sends the graph to a web service",
    r"\btqdm\b": "a bar of progress is never the same twice",
    r"\bnest_asyncio\b": "it changes the reader's event loop; use await",
    r"^\s*[%!]": "the line is no Python: it runs in no script and no other notebook program",
    r"\bawait \w*panel\b": "typed text is cut to its first letter while a cell awaits",
}

each_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)


@cache
def exercises(source: Path) -> set[str]:
    """Return the exercises of a lesson, such as `ex1`."""
    return {exercise_name(cell) for cell in read_lesson(source).cells} - {None}


def given_away(source: str, notebook: str) -> list[str]:
    """Return the lines of a lesson's solutions that stand in a student's notebook.

    Args:
        source: The text of the lesson. Lines that also stand outside its solutions are given.
        notebook: The text of the notebook, outputs included.
    """
    given = {line.strip() for line in SOLUTION.sub("", source).splitlines()}
    shown = "\n".join(_strings(json.loads(notebook)))
    lines = {line.strip() for answer in SOLUTION.findall(source) for line in answer.splitlines()}
    return sorted(line for line in lines - given if len(line) > TRIVIAL and line in shown)


def _strings(value: object) -> list[str]:
    """Return all texts in a JSON value, a list of lines as one text."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return (
            ["".join(value)]
            if all(isinstance(x, str) for x in value)
            else sum(map(_strings, value), [])
        )
    return []


def broken_rules(code: str) -> list[str]:
    """Return the reasons why a cell cannot be held by a strict run."""
    lines = [line for line in code.splitlines() if not line.lstrip().startswith("#")]
    return [
        f"{line.strip()!r}: {reason}"
        for rule, reason in HOUSE_RULES.items()
        for line in lines
        if re.search(rule, line)
    ]


def notebooks(source: Path) -> list[nbformat.NotebookNode]:
    """Return the student's and the solved notebook of a lesson."""
    paths = [ROOT / folder / f"{source.stem}.ipynb" for folder in ("notebooks", "solutions")]
    return [nbformat.read(path, as_version=4) for path in paths]


def test_there_are_lessons():
    assert LESSONS


@each_lesson
def test_its_notebooks_are_what_it_says(source):
    assert list(complaints(source)) == []


def test_no_notebook_is_without_source():
    assert list(orphans()) == []


@each_lesson
def test_its_solutions_are_not_given_away(source):
    notebook = (ROOT / "notebooks" / f"{source.stem}.ipynb").read_text("utf-8")
    assert given_away(source.read_text("utf-8"), notebook) == []


@each_lesson
def test_only_expected_errors_are_shown(source):
    for notebook in notebooks(source):
        for cell in notebook.cells:
            if cell.cell_type == "code" and "raises-exception" not in tags(cell):
                assert not [o.evalue for o in cell.outputs if o.output_type == "error"], cell.id


@each_lesson
def test_prose_comes_before_each_exercise(source):
    """A student is told what to do, under a heading to come back to."""
    prose = []
    for cell in read_lesson(source).cells:
        if cell.cell_type == "markdown":
            prose.append(cell.source)
        elif "exercise" in tags(cell):
            assert re.search(r"^#+ .*exercise", "\n".join(prose), re.M | re.I), cell.id
        elif "check" in tags(cell):
            prose = []


@each_lesson
def test_its_exercises_are_the_ones_of_its_checks(source):
    topic = source.stem.partition("_")[2]
    checks = importlib.import_module(f"exercises.{topic}")
    assert exercises(source) == {name for name in checks.__all__ if re.fullmatch(r"ex\d+", name)}


@each_lesson
def test_it_keeps_the_house_rules(source):
    cells = [cell for cell in read_lesson(source).cells if cell.cell_type == "code"]
    broken = {cell.id: broken_rules(cell.source) for cell in cells}
    assert {name: reasons for name, reasons in broken.items() if reasons} == {}


@each_lesson
def test_the_readme_says_the_minutes_of_its_core_and_its_exercises(source):
    [notebook, _] = notebooks(source)
    assert has_two_speeds(notebook.cells)
    core, _ = core_and_deeper_minutes(notebook.cells)
    number, count = int(source.stem[:2]), len(exercises(source))
    row = rf"^\| {number} \|[^|]*\|[^|]*\| (\d+) \| (\d+) \|"
    [said] = re.findall(row, (ROOT / "README.md").read_text("utf-8"), re.M)
    for word, true, told in zip(("core minutes", "exercises"), (core, count), said, strict=True):
        assert true == int(told), (
            f"README.md: lesson {number} has {true} {word}, its row says {told}"
        )


def test_all_exercises_are_counted():
    text = (ROOT / "README.md").read_text("utf-8")
    count, [said] = sum(map(len, map(exercises, LESSONS))), re.findall(r"the (\d+) answers", text)
    assert count == int(said), f"README.md: all lessons have {count} exercises, it says {said}"


# What the tests above would find ----------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "clear_output(wait=True)",
        "handle = display(1, display_id=True)",
        "with widgets.Output() as out:",
        "name = input('Who? ')",
        "print(Out[3])",
        "_",
        "_.text",
        "agent.invoke(question);",
        "plt.plot(waits)",
        "import matplotlib.pyplot as plt",
        "graph.get_graph().draw_mermaid_png()",
        "for n in tqdm(items):",
        "%time agent.invoke(question)",
        "!pip install x",
        "await panel.decision()",
    ],
)
def test_each_house_rule_finds_what_it_forbids(code):
    assert len(broken_rules(f"x = 1\n{code}\ny = 2")) >= 1


@pytest.mark.parametrize(
    "code",
    [
        "for _ in range(3): pass",
        "_, last = pair",
        "first, _ = pair",
        "result = get_output(x)",
        "for _, chunk in stream:",
        "# clear_output() is not used",
        "state['In']",
        "text = 'a; b'",
    ],
)
def test_no_house_rule_forbids_what_is_fine(code):
    assert broken_rules(code) == []


def test_a_solution_given_away_is_found():
    source = (
        "given = compute(1, 2)\n# BEGIN SOLUTION\nanswer = compute(3, 4)\n"
        "given = compute(1, 2)\nx = 1\n# END SOLUTION\n"
    )
    for where in ("source", "outputs"):
        notebook = json.dumps({"cells": [{where: ["x = 1\n", "  answer = compute(3, 4)\n"]}]})
        assert given_away(source, notebook) == ["answer = compute(3, 4)"]
    safe = json.dumps({"cells": [{"source": ["given = compute(1, 2)\n", "x = 1\n", "..."]}]})
    assert given_away(source, safe) == []
