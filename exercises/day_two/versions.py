"""Graphs of two versions over one storage, for exercises 9.1 and 9.4."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.errors import GraphDrained
from langgraph.graph import END, START, StateGraph
from langgraph.pregel import Pregel
from langgraph.runtime import RunControl
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

from exercises.core.threads import id_of, thread

__all__ = ("SAVERS", "Trail", "Works", "assert_marked", "chain", "drain", "fan_out", "finish")
__all__ += ("new_thread", "renamed_versions_of", "run_elsewhere", "sqlite_saver", "start")
__all__ += ("stored", "unchanged", "versions_of")


Stage = dict[str, Any]
"""Nodes that run side by side, and their names."""


class Trail(TypedDict):
    """What has run, in order."""

    log: Annotated[list[str], operator.add]


class Works:
    """Stages of nodes that pass, ask or crash; `ran` lists every start of one."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def passes(self, name: str) -> Stage:
        """Return a node that writes its name."""
        return {name: self._node(name, lambda: name)}

    def asks(self, *names: str, key: str = "log") -> Stage:
        """Return nodes that ask, and write the answer into a key of the state."""
        return {
            name: self._node(name, lambda name=name: f"{name}: {interrupt(f'{name}?')}", key)
            for name in names
        }

    def crashes(self, name: str) -> Stage:
        """Return a node that raises."""

        def crash() -> str:
            raise ConnectionError(f"{name} is down")

        return {name: self._node(name, crash)}

    def _node(self, name: str, write: Callable[[], str], key: str = "log") -> Callable[[Any], dict]:
        def work(state: Any) -> dict:
            self.ran.append(name)
            return {key: [write()]}

        return work


def new_thread() -> dict[str, Any]:
    """Return the config of a thread that nobody knows."""
    return thread(str(uuid.uuid4()))


class _Lock:
    """A lock that a thread which holds it cannot wait for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        assert self._owner != threading.get_ident(), (
            "The saver was asked for something else while `list` was being read: `SqliteSaver` "
            "holds its lock until then, and the call would never return. Make a list first: "
            "`list(saver.list(...))`."
        )
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._owner = None
        self._lock.release()


def sqlite_saver(file: str = ":memory:") -> SqliteSaver:
    """Return a saver on an SQLite file; a call that would wait for itself raises."""
    saver = SqliteSaver(sqlite3.connect(file, check_same_thread=False))
    saver.lock = _Lock()
    return saver


SAVERS = {"in memory": InMemorySaver, "SQLite": sqlite_saver}


def chain(saver: Any, *stages: Stage, state: Any = Trail) -> Pregel:
    """Return a graph of stages, one after the other; the nodes of a stage run side by side."""
    graph, before = StateGraph(state), [START]
    for stage in stages:
        for name, node in stage.items():
            graph.add_node(name, node)
            for earlier in before:
                graph.add_edge(earlier, name)
        before = [*stage]
    for name in before:
        graph.add_edge(name, END)
    return graph.compile(checkpointer=saver)


def fan_out(saver: Any, stage: Stage) -> Pregel:
    """Return a graph that sends two tasks to the one node of a stage."""
    ((name, node),) = stage.items()
    graph = StateGraph(Trail).add_node(name, node)
    graph.add_conditional_edges(START, lambda state: [Send(name, {"log": []})] * 2, [name])
    return graph.compile(checkpointer=saver)


def start(graph: Pregel) -> str:
    """Run a new thread until it asks, crashes or ends; return its id."""
    config = new_thread()
    with contextlib.suppress(ConnectionError):
        graph.invoke({"log": []}, config, durability="sync")
    return id_of(config)


def drain(graph: Pregel) -> None:
    """Drain a new thread before its first step, as a SIGTERM does that comes with a message."""
    control = RunControl()
    control.request_drain("SIGTERM")
    with contextlib.suppress(GraphDrained):
        graph.invoke({"log": []}, new_thread(), control=control)


def finish(graph: Pregel, thread_id: str) -> None:
    """Answer the question of a thread."""
    graph.invoke(Command(resume="yes"), thread(thread_id))


def stored(saver: Any) -> list[Any]:
    """Return what a saver holds, to be compared with what it holds later."""
    return sorted(
        (id_of(saved.config), saved.checkpoint["id"], len(saved.pending_writes or ()))
        for saved in saver.list(None)
    )


@contextlib.contextmanager
def unchanged(saver: Any, works: Works) -> Iterator[None]:
    """Demand that nothing is written and nothing runs inside."""
    before, ran = stored(saver), len(works.ran)
    yield
    assert len(works.ran) == ran, (
        f"While it looked, these nodes ran: {works.ran[ran:]}; expected none. It only reads."
    )
    after = stored(saver)
    assert after == before, (
        f"The storage held {len(before)} checkpoints before and {len(after)} after, and they are "
        "not the same; expected no change. It only reads."
    )


def versions_of(works: Works, file: str, names: Sequence[str]) -> dict[str, Pregel]:
    """Return versions of a graph that looks and asks, on a connection of their own."""
    saver = sqlite_saver(file)
    return {
        name: chain(saver, works.passes(f"look {name}"), works.asks(f"ask {name}"))
        for name in names
    }


def renamed_versions_of(works: Works, file: str, names: Sequence[str]) -> dict[str, Pregel]:
    """Return versions of a graph that asks; the key of the state is named after the version.

    It has no reducer: a key with one has a value in every thread, under every version.
    """
    saver = sqlite_saver(file)
    return {
        name: chain(
            saver,
            works.asks(f"ask {name}", key=f"log {name}"),
            state=TypedDict("Renamed", {f"log {name}": list}),
        )
        for name in names
    }


def run_elsewhere(
    run: Callable[..., Any], folder: str, names: Sequence[str], value: Any, config: dict[str, Any]
) -> list[str]:
    """Run an answer to exercise 9.4 in this process; return the nodes that ran."""
    works = Works()
    run(versions_of(works, f"{folder}/threads.sqlite", names), value, config)
    return works.ran


def assert_marked(file: str, config: dict[str, Any], name: str) -> None:
    """Assert that every checkpoint of a thread carries the mark of its version."""
    own = {"configurable": config["configurable"]}
    marks = [saved.metadata.get("graph_version") for saved in sqlite_saver(file).list(own)]
    assert marks, f"A thread was begun on version {name!r}, and no checkpoint of it is saved."
    wrong = [mark for mark in marks if mark != name]
    assert not wrong, (
        f"Of {len(marks)} checkpoints of a thread that version {name!r} began, {len(wrong)} are "
        f"marked {wrong[0]!r}; expected {name!r} on each."
    )
