"""Configs of LangGraph's threads."""

from __future__ import annotations

from typing import Any

__all__ = ("id_of", "thread")


def thread(name: str) -> dict[str, Any]:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}}


def id_of(config: dict[str, Any]) -> str:
    """Return the id of the thread a config names."""
    return config["configurable"]["thread_id"]
