"""What is measured is what a saver does: whole checkpoints, turns from one and the same state."""

from __future__ import annotations

import base64
import gc
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from course_utils import pictures
from lab import checkpoint_cost, postgres
from tests.lab.postgres_owner import missing

Savers = dict[str, BaseCheckpointSaver]


@pytest.fixture
def savers(tmp_path: Path) -> Iterator[Savers]:
    """One of each kind, empty and ready for use."""
    url = postgres.start(fresh=True) or missing("No PostgreSQL could be started; see above why.")
    file = sqlite3.connect(tmp_path / "threads.db", check_same_thread=False)
    with psycopg.connect(url, autocommit=True) as connection:
        server = PostgresSaver(connection)
        server.setup()
        yield {"memory": InMemorySaver(), "SQLite": SqliteSaver(file), "PostgreSQL": server}
    file.close()


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list:
    """The progress bars that were shown, each with its text at that moment."""
    shown: list = []
    monkeypatch.setattr(checkpoint_cost, "display", lambda bar: shown.append((bar, repr(bar))))
    return shown


class Counting(InMemorySaver):
    """Counts what is done with each thread, and how many messages its checkpoints hold."""

    def __init__(self) -> None:
        super().__init__()
        self.puts, self.gets, self.held = Counter(), Counter(), Counter()

    def put(self, config, checkpoint, metadata, new_versions):
        thread = config["configurable"]["thread_id"]
        self.puts[thread] += 1
        self.held[thread, len(checkpoint["channel_values"].get("messages", []))] += 1
        return super().put(config, checkpoint, metadata, new_versions)

    def get_tuple(self, config):
        self.gets[config["configurable"]["thread_id"]] += 1
        return super().get_tuple(config)


def test_each_saver_and_size_has_a_row(savers: Savers, bars: list) -> None:
    """In the order given, and ready to be drawn."""
    costs = checkpoint_cost.measure(savers, (1, 100, 400), seconds=0)
    found = [(cost.saver, cost.messages) for cost in costs]
    assert found == [(name, size) for size in (1, 100, 400) for name in savers]
    assert all(min(cost.put, cost.get, cost.turn, cost.bytes) > 0 for cost in costs)
    lines = checkpoint_cost.lines(costs, "bytes")
    assert [across for across, _ in lines.values()] == [[1, 100, 400]] * 3
    for _, (one, hundred, many) in lines.values():  # nearly all of a large turn is the messages
        assert one < hundred / 2 and 3 < many / hundred < 4.1
    picture = pictures.curves(lines, x="messages", y="bytes", alt="All rise.", logarithmic=True)
    assert len(picture.figure.axes[0].lines) == 3


def test_the_bar_is_full_at_the_end_and_begins_the_same(savers: Savers, bars: list) -> None:
    """A saved notebook holds the text it had at first."""
    checkpoint_cost.measure({"memory": savers["memory"]}, (1, 2, 3), seconds=0)
    checkpoint_cost.growth({"memory": savers["memory"]}, 4)
    for (bar, text), steps in zip(bars, (3, 4), strict=True):
        assert text == "While this cell runs, a bar shows how far the measuring is."
        assert bar.value == bar.max == steps and bar.description == "Measured"


@pytest.mark.parametrize(("seconds", "rounds"), [(0, 3), (600, 15)])
def test_every_round_starts_from_the_same_thread(bars: list, seconds: float, rounds: int) -> None:
    """Three checkpoints a turn and the one that is put alone, after the one it starts from."""
    saver = Counting()
    checkpoint_cost.measure({"counting": saver}, (10,), seconds=seconds)
    (thread,) = saver.puts
    assert saver.puts[thread] == 1 + 4 * rounds
    assert {size: count for (_, size), count in saver.held.items()} == {
        10: 1 + 2 * rounds,  # the start; in each round the one before its question, and the put
        11: rounds,
        12: rounds,
    }
    assert saver.gets[thread] >= 2 * rounds


def test_what_is_put_can_be_read(savers: Savers) -> None:
    """A checkpoint as a node's would be: its messages are stored anew."""
    for name, saver in savers.items():
        bench = checkpoint_cost._Bench(name, saver, 50)
        before = checkpoint_cost.stored_bytes(saver)
        call = checkpoint_cost._next_checkpoint(saver, bench.saved)
        config = saver.put(*call)
        again = saver.get_tuple(config).checkpoint["channel_values"]["messages"]
        assert again == bench.saved.checkpoint["channel_values"]["messages"] and len(again) == 50
        kinds = [message.type for message in again]
        assert kinds == ["human"] * 50
        assert checkpoint_cost.stored_bytes(saver) - before > 50 * checkpoint_cost.MESSAGE_BYTES


def test_a_conversation_grows_with_the_square_of_its_turns(savers: Savers, bars: list) -> None:
    """Twice the turns take nearly four times the bytes; an empty PostgreSQL begins with more."""
    sizes = checkpoint_cost.growth(savers, 40, every=10)
    assert list(sizes) == list(savers)
    for name, pairs in sizes.items():
        assert [turns for turns, _ in pairs] == [0, 10, 20, 30, 40]
        stored = dict(pairs)
        least = 2.4 if name == "PostgreSQL" else 3.2
        assert stored[0] == 0 and least < stored[40] / stored[20] < 4


def test_a_conversation_s_bytes_do_not_count_what_was_there(bars: list) -> None:
    """The second one, in the same store, grows as the first."""
    savers = {"memory": InMemorySaver()}
    first, second = (checkpoint_cost.growth(savers, 10)["memory"][-1][1] for _ in range(2))
    assert abs(second / first - 1) < 0.01


def test_pending_writes_count(savers: Savers) -> None:
    """What a node has returned is stored before the checkpoint that follows."""
    text = base64.b64encode(random.randbytes(200_000)).decode()
    for name, saver in savers.items():
        bench = checkpoint_cost._Bench(name, saver, 1)
        before = checkpoint_cost.stored_bytes(saver)
        saver.put_writes(bench.saved.config, [("messages", text)], "task")
        assert checkpoint_cost.stored_bytes(saver) > before + 0.9 * len(text)


def test_stored_bytes_are_those_of_the_store(savers: Savers, tmp_path: Path) -> None:
    """The file's size; what is deleted counts no longer, in PostgreSQL after VACUUM."""
    graphs = {name: checkpoint_cost._make_graph(saver) for name, saver in savers.items()}
    empty = {name: checkpoint_cost.stored_bytes(saver) for name, saver in savers.items()}
    assert empty["memory"] == 0
    text = base64.b64encode(random.randbytes(200_000)).decode()
    full = {}
    for name, graph in graphs.items():
        graph.invoke({"messages": [AIMessage(text)]}, {"configurable": {"thread_id": "a"}})
        full[name] = checkpoint_cost.stored_bytes(savers[name])
    savers["SQLite"].conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert full["SQLite"] == (tmp_path / "threads.db").stat().st_size
    for name, saver in savers.items():
        assert full[name] > empty[name] + len(text)
        saver.delete_thread("a")
    savers["PostgreSQL"].conn.execute("VACUUM FULL")
    for name, saver in savers.items():
        assert checkpoint_cost.stored_bytes(saver) < full[name] / 2


def test_postgres_savers_of_every_kind_are_measured(savers: Savers, bars: list) -> None:
    """With a connection that makes rows dictionaries, as the driver's own does, and with a pool."""
    url = postgres.start(fresh=True)
    with ConnectionPool(url, kwargs={"autocommit": True, "row_factory": dict_row}) as pool:
        PostgresSaver(pool).setup()
        with PostgresSaver.from_conn_string(url) as direct:
            pair = {"pool": PostgresSaver(pool), "direct": direct}
            assert checkpoint_cost.growth(pair, 1, every=1)["pool"][1][1] > 0
            assert len({checkpoint_cost.stored_bytes(saver) for saver in pair.values()}) == 1


def test_garbage_is_collected_again_after_a_failure() -> None:
    """A measurement stopped by the reader leaves the kernel as it was."""
    with pytest.raises(KeyboardInterrupt):
        checkpoint_cost._time_milliseconds(_stop)
    assert gc.isenabled()


def _stop() -> None:
    assert not gc.isenabled()
    raise KeyboardInterrupt
