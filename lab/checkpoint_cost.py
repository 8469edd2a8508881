"""Measure what checkpoints cost on this machine, in milliseconds and bytes.

Milliseconds are for pictures: they differ from run to run, and for a file in memory (tmpfs) a safe
write costs nothing.
"""

from __future__ import annotations

import base64
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from timeit import timeit
from typing import Any
from uuid import uuid4

import ipywidgets
from IPython.display import display
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.base.id import uuid6
from langgraph.graph import START, MessagesState, StateGraph

__all__ = ("Cost", "growth", "lines", "measure", "stored_bytes")

MESSAGE_BYTES = 150  # a message of 200 letters, about 375 bytes in a checkpoint
MIN_ROUNDS, MAX_ROUNDS = 3, 15
Lines = dict[str, tuple[list[float], list[float]]]


@dataclass(frozen=True)
class Cost:
    """What one checkpointer needs for a thread of a given length.

    Attributes:
        saver: The checkpointer's name.
        messages: Number of messages in the thread.
        put: Milliseconds to save one checkpoint (a median, as the next two).
        get: Milliseconds to read the latest one.
        turn: Milliseconds of a whole turn of a graph with one node that does no work.
        bytes: Bytes the turn adds to the storage (an average).
    """

    saver: str
    messages: int
    put: float
    get: float
    turn: float
    bytes: int


def measure(
    savers: Mapping[str, BaseCheckpointSaver],
    messages: Sequence[int] = (1, 10, 100, 1000, 2000),
    *,
    seconds: float = 4.0,
) -> list[Cost]:
    """Measure each checkpointer with threads of several lengths; show a progress bar.

    The checkpointers take turns, so other work on this machine disturbs all of them alike. The
    measured threads stay in the storage.

    Args:
        savers: Checkpointers that are ready for use, by name.
        messages: Lengths of the threads, in messages.
        seconds: About how long to measure; even the longest threads get three rounds.
    """
    costs = []
    # Small threads take little of their share and leave the rest to the larger ones.
    ends = time.perf_counter() + seconds
    for done, size in enumerate(_show_progress(messages)):
        share = (ends - time.perf_counter()) / (len(messages) - done)
        until = time.perf_counter() + share
        benches = [_Bench(name, saver, size) for name, saver in savers.items()]
        for number in range(MAX_ROUNDS):
            if number >= MIN_ROUNDS and time.perf_counter() > until:
                break
            for bench in benches:
                bench.run_round()
        costs += [bench.make_cost() for bench in benches]
    return costs


class _Bench:
    """One checkpointer with a thread of `size` messages, where each round starts."""

    def __init__(self, name: str, saver: BaseCheckpointSaver, size: int) -> None:
        self.name, self.saver, self.size = name, saver, size
        self.puts, self.gets, self.turns, self.bytes = [], [], [], []
        self.graph = _make_graph(saver)
        thread = {"configurable": {"thread_id": str(uuid4())}}
        self.seed = self.graph.update_state(
            thread, {"messages": _make_messages(size)}, as_node="answer"
        )
        self.saved = saver.get_tuple(self.seed)

    def run_round(self) -> None:
        question = {"messages": _make_messages(1)}
        before = stored_bytes(self.saver)
        self.turns.append(_time_milliseconds(self.graph.invoke, question, self.seed))
        self.bytes.append(stored_bytes(self.saver) - before)
        self.puts.append(
            _time_milliseconds(self.saver.put, *_next_checkpoint(self.saver, self.saved))
        )
        self.gets.append(_time_milliseconds(self.saver.get_tuple, self.seed))

    def make_cost(self) -> Cost:
        times = (statistics.median(values) for values in (self.puts, self.gets, self.turns))
        return Cost(self.name, self.size, *times, round(statistics.mean(self.bytes)))


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
            graph.invoke({"messages": _make_messages(1)}, thread, durability="sync")
            if turn % every == 0:
                sizes.append((turn, stored_bytes(saver) - empty[name]))
    return {name: sizes for name, (*_, sizes) in talks.items()}


def lines(costs: Iterable[Cost], what: str) -> Lines:
    """Return one field of the costs (put, get, turn, bytes) in the form `pictures.curves` takes."""
    found: Lines = {}
    for cost in costs:
        across, up = found.setdefault(cost.saver, ([], []))
        across.append(cost.messages)
        up.append(getattr(cost, what))
    return found


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
        return {"messages": _make_messages(1, AIMessage)}

    builder = StateGraph(MessagesState).add_node(answer).add_edge(START, "answer")
    return builder.compile(checkpointer=saver)


def _make_messages(count: int, kind: type[AnyMessage] = HumanMessage) -> list[AnyMessage]:
    # Random letters, as PostgreSQL compresses repeated text such as English.
    texts = (base64.b64encode(random.randbytes(MESSAGE_BYTES)).decode() for _ in range(count))
    return [kind(text, id=str(uuid4())) for text in texts]


def _next_checkpoint(saver: BaseCheckpointSaver, saved: CheckpointTuple) -> tuple:
    """Return arguments for `put`, as if a node had just changed the messages."""
    version = saver.get_next_version(saved.checkpoint["channel_versions"]["messages"], None)
    versions = {**saved.checkpoint["channel_versions"], "messages": version}
    checkpoint = {**saved.checkpoint, "id": str(uuid6()), "channel_versions": versions}
    metadata = {**saved.metadata, "source": "loop", "step": saved.metadata["step"] + 1}
    return saved.config, checkpoint, metadata, {"messages": version}


def _time_milliseconds(call: Callable, *arguments: Any) -> float:
    return timeit(lambda: call(*arguments), number=1) * 1000


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
