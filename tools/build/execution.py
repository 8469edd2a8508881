"""Run a notebook from top to bottom in a kernel of its own."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from traitlets import default

from tools.build.cells import LessonError, tags
from tools.build.environment import kernel_environment
from tools.build.kernel_sockets import OverFiles
from tools.build.outputs import plain, tidy_outputs

__all__ = ("execute",)

CELL_SECONDS = 120  # the longest a cell may take
LIBRARY = re.compile(r"File .*(site-packages|lib.python3)")


class _OwnPython(OverFiles, AsyncKernelManager):
    """Starts this Python, whatever kernels the author has installed under the same name."""

    @default("kernel_spec_manager")
    def _only_the_native_one(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


def execute(notebook: NotebookNode, folder: Path, root: Path) -> NotebookNode:
    """Run a notebook in `folder`, with the packages of `root`; return it with tidy outputs.

    Raises:
        LessonError: A cell raised or took more than 120 s.
    """
    metadata = dict(notebook.metadata)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_manager_class=_OwnPython,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    with tempfile.TemporaryDirectory(prefix="lesson-", ignore_cleanup_errors=True) as scratch:
        try:
            client.execute(
                env=kernel_environment(root, Path(scratch)),
                stderr=subprocess.DEVNULL,  # over TCP ipykernel warns at every start
            )
        except (CellControlSignal, DeadKernelError) as error:
            raise LessonError(_what_happened(notebook, error)) from None
    notebook.metadata = metadata  # without the Python version
    tidy_outputs(notebook)
    return notebook


def _what_happened(notebook: NotebookNode, error: Exception) -> str:
    """Return which cell ended the run early and why, without the frames of libraries."""
    begun = [cell for cell in notebook.cells if cell.get("execution_count")]
    for cell in begun:
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                frames = [plain(frame) for frame in output.traceback]
                ours = [frame for frame in frames if not LIBRARY.match(frame)]
                return "\n".join(
                    [f"cell {cell.id} raised. Cure it or tag it raises-exception.", *ours]
                )
    return f"cell {begun[-1].id if begun else 1} ended the run. {error}"
