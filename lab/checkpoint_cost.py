"""Measure what checkpoints cost: the bytes by which a conversation grows the storage."""

from __future__ import annotations

import base64
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

import ipywidgets
from IPython.display import display
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, MessagesState, StateGraph

__all__ = ("growth", "stored_bytes")

MESSAGE_BYTES = 150  # a message of 200 letters, about 375 bytes in a checkpoint


def growth(
    savers: Mapping[str, BaseCheckpointSaver], turns: int = 60, *, every: int = 5
) -> dict[str, list[tuple[int, int]]]:
    """Hold one conversation of `turns` turns with each checkpointer; show a progress bar.

    Returns:
        For each checkpointer, pairs of turns and the bytes its storage has grown by.
    """
    talks = {
        name: (saver, _make_graph(saver), {"configurable": {"thread_id": str(uuid4())}}, [(0, 0)])
        for name, saver in savers.items()
    }
    empty = {name: stored_bytes(saver) for name, saver in savers.items()}
    for turn in _show_progress(range(1, turns + 1)):
        for name, (saver, graph, thread, sizes) in talks.items():
            graph.invoke({"messages": [_make_message(HumanMessage)]}, thread, durability="sync")
            if turn % every == 0:
                sizes.append((turn, stored_bytes(saver) - empty[name]))
    return {name: sizes for name, (*_, sizes) in talks.items()}


def stored_bytes(saver: BaseCheckpointSaver) -> int:
    """Return the bytes in a checkpointer's storage: of its tables, or in memory of its values."""
    if hasattr(saver, "blobs"):  # InMemorySaver
        checkpoints = [
            data
            for threads in saver.storage.values()
            for namespace in threads.values()
            for checkpoint, metadata, _ in namespace.values()
            for data in (checkpoint, metadata)
        ]
        writes = [write[2] for task in saver.writes.values() for write in task.values()]
        return sum(len(data) for _, data in [*saver.blobs.values(), *checkpoints, *writes])
    if isinstance(saver.conn, sqlite3.Connection):
        pages, free, size = (
            saver.conn.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    pool = hasattr(saver.conn, "getconn")
    with saver.conn.connection() if pool else nullcontext(saver.conn) as connection:
        tables = "('checkpoints'), ('checkpoint_blobs'), ('checkpoint_writes')"
        query = (
            f"SELECT sum(pg_total_relation_size(name)) AS size FROM (VALUES {tables}) AS t(name)"
        )
        row = connection.execute(query).fetchone()
    return int(row["size"] if isinstance(row, dict) else row[0])


def _make_graph(saver: BaseCheckpointSaver) -> Any:
    def answer(state: MessagesState) -> dict:
        return {"messages": [_make_message(AIMessage)]}

    builder = StateGraph(MessagesState).add_node(answer).add_edge(START, "answer")
    return builder.compile(checkpointer=saver)


def _make_message(kind: type[AnyMessage]) -> AnyMessage:
    # Random letters, as PostgreSQL compresses repeated text such as English.
    return kind(base64.b64encode(random.randbytes(MESSAGE_BYTES)).decode(), id=str(uuid4()))


class _Bar(ipywidgets.IntProgress):
    def __repr__(self) -> str:  # what stands where no widget is drawn, such as on GitHub
        return "While this cell runs, a bar shows how far the measuring is."


def _show_progress(steps: Sequence) -> Iterator:
    bar = _Bar(max=len(steps), description="Measuring")
    display(bar)
    for step in steps:
        yield step
        bar.value += 1
    bar.description = "Measured"
