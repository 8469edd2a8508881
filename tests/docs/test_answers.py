"""docs/answers.md: its links lead to cells, and its figures stand in the cells it links to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

import agent_checklist
from course_layout import ROOT

PAGE = (ROOT / "docs" / "answers.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", PAGE, re.M))
QUESTIONS = [title for title in SECTIONS if title.endswith("?")]
LINK = re.compile(r"\[[^\]]*\]\(\.\./(notebooks/[^)#\s]*)#([^)\s]*)\)")
HEADING = re.compile(r"^(#{1,6}) +(.*?) *$", re.M)
NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?")
LESSON = re.compile(r"[Ll]essons? \d(?: and \d)?")


def place(heading: str) -> str:
    """Return the name JupyterLab gives a heading."""
    return re.sub(r"[`*]", "", heading).replace(" ", "-")


def passage(notebook: Path, name: str) -> str:
    """Return the text and the outputs from a heading on, up to the next of its level.

    Raises:
        LookupError: The notebook has no such heading.
    """
    found, level = [], 0
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            found += [text, json.dumps(cell["outputs"], ensure_ascii=False)] * bool(level)
            continue
        for part in re.split(r"(?m)^(?=#{1,6} )", text):
            heading = HEADING.match(part)
            if heading and level and len(heading[1]) <= level:
                return "\n".join(found)
            if heading and not level and place(heading[2]) == name:
                level = len(heading[1])
            found += [part] * bool(level)
    if not level:
        raise LookupError(f"{notebook.name} has no heading {name!r}")
    return "\n".join(found)


def proof(section: str) -> str:
    """Return what stands in the cells that a section links to."""
    return "\n".join(passage(ROOT / file, unquote(name)) for file, name in LINK.findall(section))


def unproved(section: str, shown: str) -> list[str]:
    """Return the figures of a section that are not in what the cells show."""
    said = LESSON.sub("", LINK.sub("", section))
    known = {number.replace(",", "") for number in NUMBER.findall(shown)}
    return [number for number in NUMBER.findall(said) if number.replace(",", "") not in known]


def test_eight_questions_are_answered() -> None:
    assert len(QUESTIONS) == 8


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_five_lines_a_table_and_a_proof(question: str) -> None:
    answer, table, last = SECTIONS[question].strip().split("\n\n")
    assert len(answer.splitlines()) <= 5 and max(map(len, answer.splitlines())) <= 122
    assert table.startswith("|") and last.startswith("Proof: [lesson ")


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_figure_of_an_answer_stands_in_the_cells_it_links_to(question: str) -> None:
    assert unproved(SECTIONS[question], proof(SECTIONS[question])) == []


def test_a_wrong_figure_and_a_lost_heading_are_found() -> None:
    loops = SECTIONS["How do I stop a loop?"]
    assert unproved(loops.replace("10007", "10008"), proof(loops)) == ["10008"]
    with pytest.raises(LookupError, match="no heading 'Gone'"):
        proof("[x](../notebooks/05_loop_prevention.ipynb#Gone)")


@pytest.mark.parametrize("title", ["The production checklist", "The pitfalls"])
def test_every_link_into_a_lesson_leads_to_a_heading(title: str) -> None:
    assert proof(SECTIONS[title])


def test_every_pitfall_can_be_seen_to_fail_in_the_lesson_that_is_named() -> None:
    rows = re.findall(r"^\| (?!what you|---).*", SECTIONS["The pitfalls"], re.M)
    assert len(rows) > 10
    for row in rows:
        assert re.search(r"\[lesson (\d)\]\(\.\./notebooks/0\1_", row), row


def test_the_checklist_is_that_of_the_tool() -> None:
    rows = re.findall(
        r"^\| (\w+) \| (.*) \| lesson (\d) \|$", SECTIONS["The production checklist"], re.M
    )
    found = {name: (promise, int(lesson)) for name, promise, lesson in rows}
    assert found == agent_checklist.LINES
