"""The bytes that are measured are those a conversation takes in the storage."""

from __future__ import annotations

import base64
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

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


def test_the_bar_is_full_at_the_end_and_begins_the_same(savers: Savers, bars: list) -> None:
    """A saved notebook holds the text it had at first."""
    checkpoint_cost.growth({"memory": savers["memory"]}, 4)
    [(bar, text)] = bars
    assert text == "While this cell runs, a bar shows how far the measuring is."
    assert bar.value == bar.max == 4 and bar.description == "Measured"


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
    for saver in savers.values():
        config = {"configurable": {"thread_id": "a", "checkpoint_ns": ""}}
        config = saver.put(config, empty_checkpoint(), {}, {})
        before = checkpoint_cost.stored_bytes(saver)
        saver.put_writes(config, [("messages", text)], "task")
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
