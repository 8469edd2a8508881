"""Run a notebook in a kernel of its own and keep only outputs that are the same everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbclient
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from lesson import LessonError, tags
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets import default

__all__ = ("complain_of_outputs", "execute", "kernel_environment")

CELL_SECONDS = 120  # the longest a cell may take
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # names a model by a random id
LOCAL = re.compile(
    r"0x[0-9a-f]{6,}|ipykernel_\d+|/home/\w|/Users/\w|[A-Z]:\\\\?Users|"
    + "|".join(
        re.escape(folder + os.sep)
        for folder in {
            str(Path(__file__).resolve().parent.parent),
            str(Path.home()),
            sys.prefix,
            tempfile.gettempdir(),
        }
        if folder != os.sep
    )
)
IMAGE_TAG = re.compile(r"<img\b[^>]*>", re.I)
ALT_TEXT = re.compile(r"""\balt\s*=\s*("[^"]*\w[^"]*"|'[^']*\w[^']*')""", re.I)
BARE_MARKDOWN_IMAGE = re.compile(r"!\[\s*\]\(")


class _OwnPython(AsyncKernelManager):
    """Starts this Python, whatever kernels the author has installed under the same name."""

    @default("kernel_spec_manager")
    def _only_the_native_one(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def kernel_environment(root: Path, progress: str = "off") -> dict[str, str]:
    """Return this process's environment without what would change a lesson's outputs.

    Args:
        root: The course's folder; its packages are the ones the kernel imports.
        progress: Where exercises record what was solved, so the reader's own file stays out.
    """
    foreign = ("OPENAI_", "AZURE_OPENAI_", "LANGSMITH_", "LANGCHAIN_", "LANGGRAPH_", "NBGRADER_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((*foreign, "COURSE_")) and name != "PYTHONHASHSEED"
    }
    others = [path for path in [kept.get("PYTHONPATH")] if path]
    return kept | {
        "COURSE_PROGRESS": progress,
        "PYTHONPATH": os.pathsep.join([str(root), *others]),
    }


def execute(notebook: NotebookNode, folder: Path, root: Path) -> NotebookNode:
    """Run a notebook from top to bottom in `folder` and return it with tidy outputs.

    Raises:
        LessonError: A cell raised, took more than 120 s, or printed something local.
    """
    with tempfile.TemporaryDirectory(prefix="lesson-") as scratch:
        client = nbclient.NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_manager_class=_OwnPython,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
        )
        environment = kernel_environment(root, str(Path(scratch) / "progress.json"))
        metadata = notebook.metadata.copy()
        try:
            # ipykernel warns on every start that it listens on TCP: not for an author's eyes.
            client.execute(env=environment, stderr=subprocess.DEVNULL)
        except (CellExecutionError, nbclient.exceptions.CellTimeoutError) as error:
            cell = next((c for c in notebook.cells if _unfinished(c)), None)
            where = f"cell {cell.id!r}" if cell else "a cell"
            raise LessonError(f"{where} failed:\n{error}") from None
        except nbclient.exceptions.DeadKernelError as error:
            raise LessonError(f"the kernel died. {error}") from None
    notebook.metadata = metadata  # without the Python version and the widgets' state
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            _tidy(output)
    for complaint in complain_of_outputs(notebook):
        raise LessonError(complaint)
    return notebook


def complain_of_outputs(notebook: NotebookNode) -> Iterator[str]:
    """Yield what a notebook's outputs show that they must not: one sentence each."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and _lacks_alt_text(cell.source):
            yield f"cell {cell.id!r}: a picture has no alt text. Say in it what the picture shows."
        if cell.cell_type != "code":
            continue
        if not cell.execution_count:
            yield f"cell {cell.id!r} was never run"
        for output in cell.outputs:
            data = output.get("data", {})
            for text in _texts(output):
                if local := LOCAL.search(text):
                    line = next(x for x in text.split("\n") if local[0] in x).strip()[:120]
                    yield (
                        f"cell {cell.id!r} shows {local[0]!r}, which differs from machine to "
                        f"machine: {line!r}. Print a name or a number instead."
                    )
                if _lacks_alt_text(text):
                    yield f"cell {cell.id!r}: a picture has no alt text. Add alt='what it shows'."
            if any(kind.startswith("image/") for kind in data):
                yield (
                    f"cell {cell.id!r} shows a bare image, which JupyterLab draws without alt "
                    "text. Show it with course_utils.pictures."
                )


def _unfinished(cell: NotebookNode) -> bool:
    """Tell whether this cell ended in an error nobody asked for, or never ended."""
    if cell.cell_type != "code" or "raises-exception" in tags(cell):
        return False
    return any(output.output_type == "error" for output in cell.outputs)


def _lacks_alt_text(text: str) -> bool:
    images = IMAGE_TAG.findall(text)
    return any(not ALT_TEXT.search(image) for image in images) or bool(
        BARE_MARKDOWN_IMAGE.search(text)
    )


def _texts(output: NotebookNode) -> Iterator[str]:
    """Yield every text an output shows."""
    yield output.get("text", "")
    yield output.get("evalue", "")
    yield from output.get("traceback", ())
    for kind, value in output.get("data", {}).items():
        if not kind.startswith("image/"):
            yield value if isinstance(value, str) else repr(value)


def _tidy(output: NotebookNode) -> None:
    """Drop from an output what is random or local and nothing to read."""
    output.get("data", {}).pop(WIDGET_VIEW, None)
    if output.output_type == "error":
        # Frames of libraries carry paths; a reader needs the frames of the cell and the message.
        output.traceback = [
            frame
            for number, frame in enumerate(output.traceback)
            if number == len(output.traceback) - 1
            or not LOCAL.search(frame)
            and "File " not in frame
        ]
