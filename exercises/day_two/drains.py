"""Graphs whose steps can be drained, for exercise 9.5."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from unittest import mock

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.pregel import Pregel

from exercises.day_two.versions import Trail, sqlite_saver

__all__ = ("Office", "Server", "paused_in", "take_up_elsewhere")

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
    take_up(server.graph, server.running, server.file)
    assert not server.running, (
        f"In the new process {len(server.running)} control(s) are left in `running`; expected none."
    )


class Office:
    """Watch who reads and who writes a server's table, in this process and in forks of it.

    Args:
        folder: The folder of the server.
    """

    def __init__(self, folder: str) -> None:
        self._file = f"{folder}/paused.sqlite"
        self._arrived = {(os.getpid(), threading.get_ident())}  # the check itself is no visitor
        # Made before the processes are split off, so that all of them share it.
        self._arrivals, self._bell = multiprocessing.Pipe(duplex=False)
        self._patch = mock.patch.object(sqlite3, "connect", self._connect)

    def __enter__(self) -> Office:
        self._connect_really = sqlite3.connect
        self._patch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._patch.stop()
        self._arrivals.close()
        self._bell.close()

    def _connect(self, database: Any, *args: Any, **more: Any) -> sqlite3.Connection:
        connection = self._connect_really(database, *args, **more)
        if str(database) == self._file:
            connection.set_trace_callback(self._note)
        return connection

    def _note(self, statement: str) -> None:
        """Tell once for each process that it is about to write; SQLite has not tried to yet."""
        words, who = statement.lower().split(), (os.getpid(), threading.get_ident())
        writes = words[:1] and words[0] in ("delete", "insert", "replace", "update")
        if (writes or words[:2] in (["begin", "immediate"], ["begin", "exclusive"])) and (
            who not in self._arrived
        ):
            self._arrived.add(who)
            self._bell.send_bytes(b"!")

    @contextlib.contextmanager
    def closed_to_writers(self, count: int) -> Iterator[None]:
        """Let everybody read the table; let nobody write before so many are about to.

        An answer that this cannot see, as it locks in another way, is let in after a second.
        """
        with contextlib.closing(self._connect_really(self._file, isolation_level=None)) as door:
            door.execute("begin immediate")
            try:
                yield
                for _ in range(count):
                    if self._arrivals.poll(1):
                        self._arrivals.recv_bytes()
            finally:
                door.execute("commit")
