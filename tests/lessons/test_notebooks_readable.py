"""Everybody can find a way through the notebooks: headings, links, pictures, tables and buttons.

What only a browser can tell (roles, contrast) is in tests/browser/test_accessibility.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from course_layout import ROOT

NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])
WIDGETS = "|".join(
    name
    for name, value in vars(ipywidgets).items()
    if isinstance(value, type) and issubclass(value, ipywidgets.Widget)
)
WITHOUT_WORDS = re.compile(rf"(?:{WIDGETS})\(")  # "VBox(children=(Button(...": what Python prints
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
HEADING = re.compile(r"^(#{1,6}) ", re.M)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(")
IMAGE = re.compile(r"<img\b[^>]*>|!\[[^\]]*\]\(")
WORDS = re.compile(r"""\balt=(["'])(?=[^"']*\w{3}).*?\1|!\[[^\]]*\w{3}""", re.S)
EMPTY_HEAD = re.compile(r"<th\b[^>]*>\s*</th>")
BUTTONS = {"01_streaming": 1, "03_human_in_the_loop": 1}


def problems(notebook: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each thing in a notebook that somebody cannot read."""
    level = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            source = "".join(cell["source"])
            if "```mermaid" in source:
                yield f"{cell['id']}: Mermaid, which many pages show as source: draw it"
            text = FENCED.sub("", source)
            for marks in HEADING.findall(text):
                if len(marks) > level + 1:
                    yield f"{cell['id']}: a heading of level {len(marks)} below one of {level}"
                level = len(marks)
            for link in LINK.findall(text):
                if not re.search(r"[^\W\d_]{3}", link):
                    yield f"{cell['id']}: the link {link!r} does not say where it leads"
            yield from (f"{cell['id']}: {fault}" for fault in _faults(text))
        for kinds in (output.get("data", {}) for output in cell.get("outputs", ())):
            plain, page = ("".join(kinds.get(f"text/{kind}", "")) for kind in ("plain", "html"))
            yield from (f"{cell['id']}: {fault}" for fault in _faults(page))
            if "```mermaid" in "".join(kinds.get("text/markdown", "")):
                yield f"{cell['id']}: Mermaid, which many pages show as source: draw it"
            if WITHOUT_WORDS.match(plain):
                yield f"{cell['id']}: where widgets do not run, {plain[:30]!r} stands"


def _faults(text: str) -> Iterator[str]:
    for image in IMAGE.findall(text):
        if not WORDS.search(image):
            yield f"the picture {image[:60]!r} has no words"
    if EMPTY_HEAD.search(text):
        yield "a table's column has an empty heading"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_nothing_is_in_anyones_way(path: Path) -> None:
    assert [*problems(json.loads(path.read_text("utf-8")))] == []


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_where_widgets_do_not_run_the_page_says_what_to_do(folder: str) -> None:
    told = {}
    for path in ROOT.glob(f"{folder}/*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        plain = ["".join(output.get("data", {}).get("text/plain", "")) for output in outputs]
        if count := sum("No buttons? Run this notebook in JupyterLab" in text for text in plain):
            told[path.stem] = count
    assert told == BUTTONS


def markdown(text: str) -> dict[str, Any]:
    """Return a notebook with one markdown cell."""
    return {"cells": [{"id": "a", "cell_type": "markdown", "source": [text]}]}


def output(**kinds: str) -> dict[str, Any]:
    """Return a notebook with one output."""
    data = {f"text/{kind}": [text] for kind, text in kinds.items()}
    return {"cells": [{"id": "a", "cell_type": "code", "outputs": [{"data": data}]}]}


@pytest.mark.parametrize(
    ("notebook", "words"),
    [
        (markdown("# One\n\n### Three"), "level 3 below one of 1"),
        (markdown("See [1](01.ipynb)"), "does not say where"),
        (markdown("![](a.png)"), "no words"),
        (output(html="<img src='a.png'>"), "no words"),
        (output(html="<img alt='' src='a.png'>"), "no words"),
        (output(html="<table><th></th></table>"), "empty heading"),
        (output(plain="VBox(children=(Button(),))"), "widgets do not run"),
        (output(markdown="```mermaid\ngraph TD\na --> b\n```"), "Mermaid"),
        (markdown("A\n\n```mermaid\ngraph TD\na --> b\n```"), "Mermaid"),
    ],
)
def test_it_is_seen(notebook: dict[str, Any], words: str) -> None:
    (found,) = problems(notebook)
    assert words in found


@pytest.mark.parametrize(
    "notebook",
    [
        markdown("# One\n\n```\n### no heading\n```\n\n## Two\n\n[a lesson](01.ipynb)\n# Next"),
        output(html="<img alt='two bars' src='a.png'>", plain="Here stands a Stop button."),
    ],
)
def test_what_is_fine_is_left_alone(notebook: dict[str, Any]) -> None:
    assert [*problems(notebook)] == []
