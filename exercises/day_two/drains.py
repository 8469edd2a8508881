"""Graphs whose steps can be drained, for exercise 9.5."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.pregel import Pregel

from exercises.core.processes import PROCESS_SECONDS, barrier
from exercises.core.threads import id_of
from exercises.day_two.versions import Trail, new_thread, sqlite_saver

__all__ = ("STEPS", "Office", "Server", "paused_in", "take_up_elsewhere")

Config = dict[str, Any]

TABLE = "create table if not exists paused (thread primary key)"
STEPS = ("find", "pay", "mail")
MAX_MEET_SECONDS = 3  # less than the 5 s for which SQLite waits to write


class Server:
    """A process of the shop: its runs, its storage, and a handler that asks for a drain.

    Args:
        folder: Where the storage, the table and the world are; processes share it.
        run_turn: The student's.
        take_up: The student's.
        drain_in: The step in which SIGTERM comes.
        raises: What the step "pay" raises.
    """

    def __init__(
        self,
        folder: str,
        run_turn: Callable[..., Any],
        take_up: Callable[..., None],
        drain_in: str = "",
        raises: BaseException | None = None,
    ) -> None:
        self._run_turn, self._take_up = run_turn, take_up
        self.folder, self.drain_in, self.raises = folder, drain_in, raises
        self.file = f"{folder}/paused.sqlite"
        self.running: set[Any] = set()
        self.seen: list[int] = []  # how many controls were in `running`, at each step
        self.together: threading.Barrier | None = None
        self.before_pay: list[Callable[[], None]] = []  # what the next step "pay" does first
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
            thread_id = id_of(config)
            with Path(self.folder, "world").open("a", encoding="utf-8") as world:
                world.write(f"{thread_id} {name}\n")
            self.seen.append(len(self.running))
            if self.together and name == "find":
                self.together.wait()
            if name == "pay" and thread_id == self.slow:
                self.reached.set()
                self.go_on.wait(10)
            while name == "pay" and self.before_pay:
                self.before_pay.pop()()
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

    def turn(self, config: Config) -> Any:
        """Run a turn of a thread."""
        return self._run_turn(self.graph, {"log": []}, config, self.running, self.file)

    def drain(self, count: int) -> list[Config]:
        """Drain new threads in their first step."""
        self.drain_in, configs = "find", [new_thread() for _ in range(count)]
        for config in configs:
            self.turn(config)
        self.drain_in = ""
        return configs

    def take_up(self) -> None:
        """Take up what is in the table; say why, if the table is locked."""
        try:
            self._take_up(self.graph, self.running, self.file)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise AssertionError(
                "A thread that was taken up was drained, and could not be written into the table: "
                f"{error}. Commit the deletion of its row before the thread runs."
            ) from error

    def done(self, config: Config) -> list[str]:
        """Return the steps the world has seen of a thread."""
        world = Path(self.folder, "world")
        lines = world.read_text("utf-8").splitlines() if world.exists() else []
        return [line.rpartition(" ")[2] for line in lines if line.startswith(f"{id_of(config)} ")]

    def assert_ran(self, config: Config, steps: list[str], when: str) -> None:
        """Demand which steps of a thread have run so far."""
        done = self.done(config)
        assert done == steps, f"{when}: the steps {done} of a thread have run; expected {steps}."

    def assert_left(self, paused: list[Config], when: str) -> None:
        """Demand that no control is left in `running`, and which threads are in the table."""
        assert not self.running, (
            f"{when}: {len(self.running)} control(s) are left in `running`; expected none."
        )
        found = paused_in(self.file)
        assert found == sorted(map(id_of, paused)), (
            f"{when}: the table holds {len(found)} thread(s), expected {len(paused)}."
        )


def paused_in(file: str) -> list[str]:
    """Return the ids in the table."""
    with contextlib.closing(sqlite3.connect(file)) as table:
        return sorted(name for (name,) in table.execute("select thread from paused"))


def take_up_elsewhere(
    run_turn: Callable[..., Any], take_up: Callable[..., None], folder: str, office: Office
) -> None:
    """Start as a new process of the shop does; tell when nothing is left to do but `take_up`."""
    server = Server(folder, run_turn, take_up)
    server.before_pay.append(office.meet)
    office.begins()
    try:
        server.take_up()
    finally:
        for meet in server.before_pay:  # nothing was left for this process
            meet()
    assert not server.running, (
        f"In the new process {len(server.running)} control(s) are left in `running`; expected none."
    )


class Office:
    """Watch who reads and who writes a server's table, in this process and in forks of it.

    Args:
        folder: The folder of the server.
        count: How many processes take up its threads.
    """

    def __init__(self, folder: str, count: int) -> None:
        self._count, self._meeting = count, barrier(count)
        self._file = f"{folder}/paused.sqlite"
        self._arrived = {(os.getpid(), threading.get_ident())}  # the check itself is no visitor
        # Made before the processes are split off, so that all of them share it.
        self._arrivals, self._bell = multiprocessing.Pipe(duplex=False)
        self._beginners, self._door_bell = multiprocessing.Pipe(duplex=False)
        self._patch = mock.patch.object(sqlite3, "connect", self._connect)

    def __enter__(self) -> Office:
        self._connect_really = sqlite3.connect
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()
        for end in (self._arrivals, self._bell, self._beginners, self._door_bell):
            end.close()

    def _connect(self, database: Any, *args: Any, **more: Any) -> sqlite3.Connection:
        connection = self._connect_really(database, *args, **more)
        if str(database) == self._file:
            connection.set_trace_callback(self._note)
        return connection

    def begins(self) -> None:
        """Tell that a process is ready to look at the table."""
        self._door_bell.send_bytes(b"!")

    def meet(self) -> None:
        """Wait in a thread that was taken up, until each process has one or ends without."""
        with contextlib.suppress(threading.BrokenBarrierError):  # one waits for what another holds
            self._meeting.wait(MAX_MEET_SECONDS)

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
    def closed_to_writers(self) -> Iterator[None]:
        """Let everybody read the table; let nobody write before all are about to.

        An answer that this cannot see, as it locks in another way, is let in a second after all
        processes have begun: how long they take to start on a busy machine does not count.
        """
        with contextlib.closing(self._connect_really(self._file, isolation_level=None)) as door:
            door.execute("begin immediate")
            try:
                yield
                for visitors, seconds in ((self._beginners, PROCESS_SECONDS), (self._arrivals, 1)):
                    for _ in range(self._count):
                        if visitors.poll(seconds):
                            visitors.recv_bytes()
            finally:
                door.execute("commit")
