"""What lessons import, imported once for the many processes that are then forked.

An answer in a forked process costs 0.2 CPU seconds, in a process that imports as a student's
notebook does 5.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

__all__ = ("load", "names")

LIBRARIES = (
    *("langchain.agents", "langchain_openai", "langgraph.graph", "langgraph.types"),
    *("langgraph.checkpoint.memory", "langgraph.checkpoint.sqlite", "langgraph.func"),
    *("langgraph.checkpoint.sqlite.aio", "langgraph.checkpoint.postgres", "langgraph.prebuilt"),
    *("langgraph.config", "langgraph.errors", "langgraph.runtime", "langgraph.store.memory"),
    *("langgraph.store.sqlite", "langgraph.cache.memory", "langgraph.stream"),
    *("langchain.agents.middleware", "langchain.messages", "langchain.tools", "ipywidgets"),
    *("langchain.chat_models", "langchain.mcp", "matplotlib.figure", "numpy", "openai"),
    *("lesson_model", "lesson_model.wire.server", "pybreaker", "sqlite3"),
    # What these import only when the first request is made:
    *("openai.resources.chat.chat", "openai.resources.responses", "openai.types.chat.completions"),
    *("anyio._backends._asyncio", "httpcore2", "jiter", "truststore"),
    *("mcp.server.fastmcp", "langchain_mcp_adapters.tools", "uvicorn", "production_agent.graph"),
)
OURS = ("course_utils", "lab", "agent_checklist", "exercises", "lesson_model")


def names(root: Path) -> Iterator[str]:
    """Yield the modules, the course's own last.

    Args:
        root: The course's folder.
    """
    yield from LIBRARIES
    for package in OURS:
        for file in sorted((root / package).rglob("*.py")):
            folders = [f for f in file.parents if f.is_relative_to(root / package)]
            # What lies below a folder without __init__.py, as lab/foreign_agent, is not ours.
            if file.stem != "__main__" and all((f / "__init__.py").exists() for f in folders):
                parts = file.relative_to(root).with_suffix("").parts
                yield ".".join(parts).removesuffix(".__init__")


def load(root: Path) -> None:
    """Import them; what cannot be imported, the lesson that needs it will tell."""
    for name in names(root):
        try:
            importlib.import_module(name)
        except Exception:
            continue
