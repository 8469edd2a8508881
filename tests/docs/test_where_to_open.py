"""What docs/where_to_open.md says, as far as this machine can tell, and the container's file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from urllib.parse import parse_qs, unquote, urlsplit

import ipywidgets
import pytest
from packaging.specifiers import SpecifierSet

from course_layout import ROOT
from course_utils import buttons
from tools.install import set_up

GUIDE = (ROOT / "docs" / "where_to_open.md").read_text("utf-8")
ROWS = re.findall(r"^\| \[.*", GUIDE, re.M)
FILE = ROOT / ".devcontainer" / "devcontainer.json"
CONTAINER = json.loads(re.sub(r"^\s*//.*$", "", FILE.read_text("utf-8"), flags=re.M))
FIRST = "notebooks/00_start_here.ipynb"
# Of https://github.com/devcontainers/spec, schemas/devContainer.base.schema.json: what we use.
# The schema allows no name besides its own, and a wrong one is ignored without a word.
TYPES = {
    "name": str,
    "image": str,
    "postCreateCommand": str,
    "forwardPorts": list,
    "portsAttributes": dict,
    "customizations": dict,
}
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("[")[1].split("]")[0])
def test_every_place_says_how_we_know(row: str) -> None:
    known = row.rsplit("|", 2)[1]
    (word,) = re.findall(r"TESTED|DOCUMENTED|UNTRIED", known.split(".")[0])
    assert known.strip().startswith(word)
    if word == "TESTED":
        assert re.search(r"\d+\.\d+", known), "which version?"
    if word == "DOCUMENTED":
        assert "](https://" in known, "by whom?"


def test_every_place_is_there() -> None:
    wanted = (
        "JupyterLab, Notebook 7, nbclassic, VS Code, Codespaces, conda, Binder, JupyterHub, Colab"
    )
    text = "\n".join(ROWS)
    assert [place for place in wanted.split(", ") if f"[{place}" not in text] == []
    assert "best effort" in next(row for row in ROWS if "[Colab]" in row)


def test_links_lead_somewhere() -> None:
    headings = re.findall(r"^## (.*)", GUIDE, re.M)
    anchors = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in headings}
    for target in re.findall(r"\]\(([^)\s]+)\)", GUIDE):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("https://"):
            assert (ROOT / "docs" / target).exists(), target


@pytest.mark.parametrize("host", ["mybinder.org", "HUB"])
def test_links_for_readers_open_the_first_lesson(host: str) -> None:
    link = re.search(rf"^https://{host}/\S+", GUIDE, re.M)[0]
    query = parse_qs(urlsplit(link).query, strict_parsing=True)
    folder = query.get("targetPath", [""])[0]
    assert unquote(query["urlpath"][0]) == "/".join(filter(None, ["lab/tree", folder, FIRST]))
    assert (ROOT / FIRST).exists()


def test_the_containers_file_has_the_right_names_and_types() -> None:
    assert {name: type(value) for name, value in CONTAINER.items()} == TYPES


def test_the_container_has_a_python_the_course_accepts() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (version,) = re.findall(r":(\d+\.\d+)$", CONTAINER["image"])
    assert SpecifierSet(project["requires-python"]).contains(version)


def test_the_container_makes_the_environment_that_its_editor_uses() -> None:
    code = re.fullmatch(r"python3 -c '(.*; (\w+)\(\))'", CONTAINER["postCreateCommand"])
    dry = code[1].replace(f"; {code[2]}()", f"; print({code[2]}.__module__, {code[2]}.__name__)")
    done = subprocess.run(
        [sys.executable, "-S", "-c", dry], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["tools.install.set_up", "set_up"]
    settings = CONTAINER["customizations"]["vscode"]["settings"]
    python = settings["python.defaultInterpreterPath"]
    assert python == f"${{containerWorkspaceFolder}}/{set_up.VENV.name}/bin/python"


def test_the_container_opens_the_first_lesson_and_jupyterlabs_port() -> None:
    assert CONTAINER["customizations"]["codespaces"]["openFiles"] == [FIRST]
    (port,) = CONTAINER["forwardPorts"]
    assert f"free_port({port})" in (ROOT / "course.py").read_text("utf-8")
    assert [*CONTAINER["portsAttributes"]] == [str(port)]


def test_buttons_carry_words_for_where_they_are_not_drawn() -> None:
    shown = buttons.show(ipywidgets.Button(description="Stop"), "a Stop button", code="stop()")
    data = shown._repr_mimebundle_()
    assert VIEW in data
    assert data["text/plain"] == repr(shown)
    for words in ("Here stands a Stop button.", "in JupyterLab", "stop()"):
        assert words in repr(shown)


def test_with_an_old_ipywidgets_the_words_stand_alone() -> None:
    shown = buttons.show(ipywidgets.Button(), "a Stop button", code="stop()")
    shown.widget = object()
    assert shown._repr_mimebundle_(include=None) == {"text/plain": repr(shown)}


def test_the_words_of_a_dead_button_are_hidden_while_it_lives() -> None:
    sentence = buttons.dead_kernel_warning()
    assert sentence._dom_classes == ("course-lost",)
    assert ".course-lost:not(.jupyter-widgets-disconnected)" in sentence.value
    assert 'role="alert"' in sentence.value


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_notebooks_hold_no_widget_state(folder: str) -> None:
    """GitHub refuses to show a notebook with `metadata.widgets` that lacks a state."""
    files = [*ROOT.glob(f"{folder}/*.ipynb")]
    assert len(files) == 10
    for path in files:
        assert "widgets" not in json.loads(path.read_text("utf-8"))["metadata"], path.name
