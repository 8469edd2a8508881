"""Every link from one lesson into another leads to a heading that is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from course_layout import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
LINK = re.compile(r"\]\(([^)\s]*\.ipynb)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.M)


def texts(notebook: Path) -> Iterator[str]:
    """Yield the notebook's markdown cells."""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            yield "".join(cell["source"])


def anchors(notebook: Path) -> set[str]:
    """Return the ids JupyterLab gives to the headings: their text, a hyphen for each space."""
    found = [heading for text in texts(notebook) for heading in HEADING.findall(text)]
    return {re.sub(r"[`*]", "", heading).replace(" ", "-") for heading in found}


def broken(notebook: Path) -> list[str]:
    """Return the links of a notebook that lead nowhere."""
    return [
        f"{file}#{place}"
        for text in texts(notebook)
        for file, place in LINK.findall(text)
        if not (notebook.parent / file).exists()
        or (place and unquote(place) not in anchors(notebook.parent / file))
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_to_headings(notebook: Path) -> None:
    assert broken(notebook) == []


def test_the_last_lesson_links_to_each_lesson_before_it() -> None:
    (last,) = [path for path in NOTEBOOKS if path.stem == "08_the_production_agent"]
    linked = {file for text in texts(last) for file, _ in LINK.findall(text)}
    assert {name[:2] for name in linked} >= {"01", "02", "03", "04", "05", "06"}


def test_a_link_to_a_heading_that_is_gone_is_found(tmp_path: Path) -> None:
    cell = {"cell_type": "markdown", "source": ["# It's “`here`”\n", "[a](b.ipynb#It's-“here”)\n"]}
    cell["source"] += ["[b](b.ipynb#gone) [c](c.ipynb)"]
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": [cell]}), "utf-8")
    assert broken(tmp_path / "b.ipynb") == ["b.ipynb#gone", "c.ipynb#"]
