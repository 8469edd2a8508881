"""What a cell may show: the same on every machine, and with words for every picture."""

from __future__ import annotations

import copy
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_layout import ROOT
from exercises.core.result import JSON_TYPE
from tools.build.cells import tags

__all__ = ("compared_text", "complaints_about", "plain", "tidy_outputs", "unexpected_verdicts")

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # names a model by a random id
FOLDERS = {str(ROOT), str(Path.home()), sys.prefix}
FOLDERS = {folder + os.sep for folder in FOLDERS | {tempfile.gettempdir()} if folder != os.sep}
LOCAL = re.compile(
    r"\b0x[0-9a-f]{6,}|ipykernel_\d+|/home/\w|/Users/\w|\b[A-Z]:\\+Users|"
    + "|".join(map(re.escape, sorted(FOLDERS)))
)
RANDOM_ID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
PIXELS = re.compile(r"(data:image/[\w.+-]+;base64,)[A-Za-z0-9+/=]+")
IMAGE_TAG = re.compile(r"<img\b[^>]*>", re.I)
ALT_TEXT = re.compile(r"""\balt\s*=\s*("[^"]*\w[^"]*"|'[^']*\w[^']*')""", re.I)
MARKDOWN_IMAGE_WITHOUT_WORDS = re.compile(r"!\[\W*\]\(")


def tidy_outputs(notebook: NotebookNode) -> None:
    """Drop from outputs what is random or local and nothing to read."""
    for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
        output.get("data", {}).pop(WIDGET_VIEW, None)
        if output.output_type == "error":
            *frames, message = output.traceback or [f"{output.ename}: {output.evalue}"]
            # Frames of libraries begin with a path; readers need their own frames and the message.
            output.traceback = [
                *(frame for frame in frames if not plain(frame).startswith("File ")),
                message,
            ]


def complaints_about(notebook: NotebookNode) -> Iterator[str]:
    """Yield one sentence for each thing a notebook shows that it must not."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            if _lacks_words(cell.source):
                yield f"cell {cell.id}: a picture has no alt text. Say there what it shows."
            continue
        if not cell.execution_count:
            yield f"cell {cell.id} was never run."
        for output in cell.outputs:
            faults = [*_faults(output)]
            if "nbval-ignore-output" not in tags(cell):
                faults += _chance(output)
            yield from (f"cell {cell.id} {fault}" for fault in faults)


def unexpected_verdicts(notebook: NotebookNode, expected: str) -> Iterator[str]:
    """Yield one sentence for each check that does not say `expected`, as "passed"."""
    for cell in (cell for cell in notebook.cells if "check" in tags(cell)):
        results = [
            output.data[JSON_TYPE] for output in cell.outputs if JSON_TYPE in output.get("data", {})
        ]
        if not results:
            yield f"cell {cell.id} shows no result. End it with a call such as `check.ex1(answer)`."
        for result in results:
            if result["status"] != expected:
                yield (
                    f"cell {cell.id} says {result['status']}, not {expected}: "
                    f"{result.get('message', '')!r}. Correct the answer or its check."
                )


def compared_text(notebook: NotebookNode) -> str:
    """Return a notebook's text without what nbval does not compare here."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if "nbval-ignore-output" in tags(cell):
            cell.outputs = []
    return _without_pixels(nbformat.writes(notebook))


def _faults(output: NotebookNode) -> Iterator[str]:
    data = output.get("data", {})
    if any(kind.startswith("image/") for kind in data) and "<img" not in data.get("text/html", ""):
        # Its renderer of image/* sets no alt attribute, whatever the output's metadata say.
        yield (
            "shows a bare image, which JupyterLab draws without alt text. "
            "Show it with course_utils.pictures."
        )
    for text in map(_without_pixels, _texts(output)):
        if local := LOCAL.search(text):
            line = next(line for line in text.split("\n") if local[0] in line).strip()
            yield (
                f"shows {local[0]!r}, which is not the same everywhere, in {line[:120]!r}. "
                "Show a name or a number instead."
            )
        if _lacks_words(text):
            yield "shows a picture without alt text. Add alt= and say what it shows."


def _chance(output: NotebookNode) -> Iterator[str]:
    for text in _texts(output):
        if drawn := RANDOM_ID.search(text):
            yield (
                f"shows {drawn[0]!r}, an id drawn at random. "
                "Show the part that is the same at each run."
            )


def _texts(output: NotebookNode) -> Iterator[str]:
    """Yield every text an output shows."""
    yield output.get("text", "")
    yield output.get("evalue", "")
    yield from map(plain, output.get("traceback", ()))
    for kind, value in output.get("data", {}).items():
        if not kind.startswith("image/"):
            yield value if isinstance(value, str) else repr(value)


def _lacks_words(text: str) -> bool:
    """Tell whether a picture in this HTML or Markdown has no alt text."""
    return bool(MARKDOWN_IMAGE_WITHOUT_WORDS.search(text)) or any(
        not ALT_TEXT.search(image) for image in IMAGE_TAG.findall(_without_pixels(text))
    )


def plain(text: str) -> str:
    """Return the text without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _without_pixels(text: str) -> str:
    return PIXELS.sub(r"\1", text)
