"""The environment a lesson's kernel lives in: the same for everybody."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ("kernel_environment",)

FOREIGN = (
    "OPENAI_",  # an endpoint the author chose
    "AZURE_OPENAI_",
    "LANGSMITH_",  # tracing
    "LANGCHAIN_",
    "LANGGRAPH_",
    "NBGRADER_",
    "COURSE_POSTGRES_URL",  # a server of the author's
    "PG",  # PGHOST and the like: they would lead away from the course's own server
    "PYTHONHASHSEED",  # sets come in another order for every reader
)


def kernel_environment(root: Path, scratch: Path) -> dict[str, str]:
    """Return this process's environment without what would change a lesson's outputs.

    Args:
        root: The course's folder: the packages of this copy are the ones the kernel imports.
        scratch: A folder for what a kernel leaves behind, where IPython finds no start-up files
            of the author's. Progress is not kept: it would show in lesson 0.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    imports = [str(root), *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    return kept | {
        "COURSE_PROGRESS": "off",
        "IPYTHONDIR": str(scratch / "ipython"),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(imports)),
    }
