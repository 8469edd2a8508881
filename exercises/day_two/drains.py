"""Graphs whose steps can be drained, for exercise 9.5."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.pregel import Pregel

from exercises.day_two.versions import Trail, sqlite_saver

__all__ = ("Server", "paused_in", "take_up_elsewhere")

TABLE = "create table if not exists paused (thread primary key)"
STEPS = ("find", "pay", "mail")


class Server:
    """A process of the shop: its runs, its storage, and a handler that asks for a drain.

    Args:
        folder: Where the storage, the table and the world are; processes share it.
        drain_in: The step in which SIGTERM comes.
        raises: What the step "pay" raises.
    """

    def __init__(
        self, folder: str, drain_in: str = "", raises: BaseException | None = None
    ) -> None:
        self.folder, self.drain_in, self.raises = folder, drain_in, raises
        self.file = f"{folder}/paused.sqlite"
        self.running: set[Any] = set()
        self.seen: list[int] = []  # how many controls were in `running`, at each step
        self.together: threading.Barrier | None = None
        self.pause = 0.0
        self.slow = ""  # the thread whose step "pay" waits until `go_on` is set
        self.reached, self.go_on = threading.Event(), threading.Event()
        with contextlib.closing(sqlite3.connect(self.file)) as table, table:
            table.execute(TABLE)
        self.graph = self._build()

    def _build(self) -> Pregel:
        graph = StateGraph(Trail).add_sequence([(name, self._step(name)) for name in STEPS])
        graph.add_edge(START, STEPS[0]).add_edge(STEPS[-1], END)
        return graph.compile(checkpointer=sqlite_saver(f"{self.folder}/threads.sqlite"))

    def _step(self, name: str) -> Callable[..., dict]:
        def work(state: Trail, config: Any) -> dict:
            thread_id = config["configurable"]["thread_id"]
            with Path(self.folder, "world").open("a", encoding="utf-8") as world:
                world.write(f"{thread_id} {name}\n")
            self.seen.append(len(self.running))
            time.sleep(self.pause)
            if self.together and name == "find":
                self.together.wait()
            if name == "pay" and thread_id == self.slow:
                self.reached.set()
                self.go_on.wait(10)
            if name == "pay" and self.raises is not None:
                raise self.raises
            if name == self.drain_in:
                self.handle_sigterm()
            return {"log": [name]}

        # LangGraph looks at the annotation itself; as text it would not find the class.
        work.__annotations__ = {"state": Trail, "config": RunnableConfig}
        return work

    def handle_sigterm(self) -> None:
        """Ask every run of this process to drain."""
        for control in list(self.running):
            control.request_drain("deploy")

    def done(self, thread_id: str) -> list[str]:
        """Return the steps the world has seen of a thread."""
        world = Path(self.folder, "world")
        lines = world.read_text("utf-8").splitlines() if world.exists() else []
        return [line.rpartition(" ")[2] for line in lines if line.startswith(f"{thread_id} ")]


def paused_in(file: str) -> list[str]:
    """Return the ids in the table."""
    with contextlib.closing(sqlite3.connect(file)) as table:
        return sorted(name for (name,) in table.execute("select thread from paused"))


def take_up_elsewhere(take_up: Callable[..., Any], folder: str) -> None:
    """Start as a new process of the shop does."""
    server = Server(folder)
    server.pause = 0.1
    take_up(server.graph, server.running, server.file)
    assert not server.running, (
        f"In the new process {len(server.running)} control(s) are left in `running`; expected none."
    )
