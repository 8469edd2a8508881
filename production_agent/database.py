"""One database for checkpoints and for our own tables: a SQLite file or PostgreSQL.

Statements are written once, with `?`, and run on both.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TypeVar

import aiosqlite
import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from production_agent.settings import Settings, Unusable

__all__ = ("FAILURES", "Database", "Execute", "open_database")

FAILURES = (sqlite3.Error, psycopg.Error, PoolTimeout)  # what a broken database raises
SECONDS = 5  # to connect, and for another process to finish its write
VARIABLE = "PRODUCTION_AGENT_DATABASE"
Execute = Callable[..., Awaitable[list[dict]]]
T = TypeVar("T")

TABLES = """
create table if not exists threads (
  id text primary key, owner text not null, title text not null,
  created double precision not null);
create index if not exists threads_of on threads (owner, created);
create table if not exists runs (
  id text primary key, thread text not null, owner text not null, kind text not null,
  started double precision not null, lease double precision not null,
  outcome text, reference text);
create unique index if not exists one_run_a_thread on runs (thread) where outcome is null;
create index if not exists runs_of on runs (owner, started);
create index if not exists runs_in on runs (thread, started);
create table if not exists approvals (
  id text primary key, thread text not null, owner text not null, calls text not null,
  digest text not null, created double precision not null, expires double precision not null,
  state text not null, decision text, decided double precision, attempts integer not null);
create index if not exists approvals_of on approvals (owner, state);
create index if not exists approvals_in on approvals (thread, state);
create table if not exists effects (
  key text primary key, thread text not null, owner text not null, name text not null,
  details text not null, at double precision not null)
"""


class Database:
    """Runs statements; each subclass knows one kind of server.

    Attributes:
        saver: The checkpointer of the graph.
        now: The time in SQL, in seconds: the server's clock, which all processes share.
    """

    saver: BaseCheckpointSaver
    now: str

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Execute]:
        """Give a function that runs a statement and returns its rows; all of them or none."""
        raise NotImplementedError
        yield

    async def write(self, work: Callable[[Execute], Awaitable[T]]) -> T:
        """Do `work` in a transaction, to its end even if the request that asked for it is gone."""

        async def inside() -> T:
            async with self.transaction() as execute:
                return await work(execute)

        return await asyncio.shield(inside())

    async def read(self, sql: str, *values: object) -> list[dict]:
        """Return the rows of a query."""
        async with self.transaction() as execute:
            return await execute(sql, *values)


class Saver(AsyncSqliteSaver):
    """The SQLite checkpointer, whose writes a cancelled turn cannot cut in two.

    One cut between its statement and its commit would keep the file locked for everyone else.
    Its writes and our own take turns: SQLite would have one of them poll for the other's end.
    """

    def __init__(self, connection: aiosqlite.Connection, turn: asyncio.Lock) -> None:
        super().__init__(connection)
        self.turn = turn

    async def aput(self, *args, **options):
        """Store a checkpoint."""
        return await asyncio.shield(self._in_turn(super().aput(*args, **options)))

    async def aput_writes(self, *args, **options):
        """Store what a task wrote."""
        return await asyncio.shield(self._in_turn(super().aput_writes(*args, **options)))

    async def _in_turn(self, write: Awaitable[T]) -> T:
        async with self.turn:
            return await write


class Sqlite(Database):
    """A SQLite file: any number of processes of one machine."""

    now = "((julianday('now') - 2440587.5) * 86400.0)"

    def __init__(self, connection: aiosqlite.Connection, saver: Saver) -> None:
        self.connection, self.saver, self.lock = connection, saver, saver.turn

    async def _execute(self, sql: str, *values: object) -> list[dict]:
        return [dict(row) for row in await self.connection.execute_fetchall(sql, values)]

    async def read(self, sql: str, *values: object) -> list[dict]:
        """Return the rows of a query."""
        async with self.lock:
            return await self._execute(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Execute]:
        """Give a function that runs a statement and returns its rows; all of them or none."""
        async with self.lock:
            await self.connection.execute("begin immediate")
            try:
                yield self._execute
            except BaseException:
                await asyncio.shield(self.connection.rollback())
                raise
            await self.connection.commit()


class Postgres(Database):
    """A PostgreSQL server: any number of processes of any number of machines."""

    now = "extract(epoch from clock_timestamp())::double precision"

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool, self.saver = pool, AsyncPostgresSaver(pool)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Execute]:
        """Give a function that runs a statement and returns its rows; all of them or none."""
        async with self.pool.connection() as connection, connection.transaction():

            async def execute(sql: str, *values: object) -> list[dict]:
                cursor = await connection.execute(sql.replace("?", "%s"), values)
                return await cursor.fetchall() if cursor.description else []

            yield execute


@asynccontextmanager
async def open_database(settings: Settings, *, set_up: bool = False) -> AsyncIterator[Database]:
    """Open the database; a SQLite file is made and set up where it is missing.

    Args:
        settings: They say which.
        set_up: Make the tables of PostgreSQL, too.

    Raises:
        Unusable: It cannot be opened, with the cure and without its password.
    """
    if not settings.is_postgres:
        async with _sqlite(settings.database) as database:
            yield database
        return
    try:
        options = {"autocommit": True, "connect_timeout": SECONDS}
        async with await psycopg.AsyncConnection.connect(settings.database, **options) as first:
            if set_up:
                # Two processes that set up at once take turns.
                await first.execute("select pg_advisory_lock(7214)")
                await AsyncPostgresSaver(first, serde=None).setup()
                for statement in TABLES.split(";"):
                    await first.execute(statement)
            await first.execute("select 1 from effects, checkpoint_migrations limit 1")
    except psycopg.errors.UndefinedTable:
        raise Unusable(
            f"The database of {VARIABLE} has no tables yet: run once "
            "`python -m production_agent --set-up`."
        ) from None
    except (psycopg.Error, UnicodeError):  # their texts may hold pieces of the password
        raise Unusable(
            f"{VARIABLE} leads to no PostgreSQL database that lets us in: check host, port, user, "
            "password and database name, and that the server runs."
        ) from None
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with AsyncConnectionPool(
        settings.database, min_size=1, max_size=10, open=False, timeout=SECONDS, kwargs=options
    ) as pool:
        yield Postgres(pool)


@asynccontextmanager
async def _sqlite(path: str) -> AsyncIterator[Database]:
    if not Path(path).resolve().parent.is_dir():
        raise Unusable(f"The folder of {path} does not exist: make it, or mend {VARIABLE}.")
    try:
        _make_file(path)
    except sqlite3.Error as error:
        raise Unusable(_sentence(path, error)) from None
    async with (
        aiosqlite.connect(path, timeout=SECONDS, isolation_level=None) as ours,
        aiosqlite.connect(path, timeout=SECONDS) as theirs,
    ):
        ours.row_factory = sqlite3.Row
        saver = Saver(theirs, asyncio.Lock())
        await saver.setup()
        yield Sqlite(ours, saver)


def _make_file(path: str) -> None:
    """Make the file and our tables, where they are missing; readers and a writer do not wait."""
    end = time.monotonic() + SECONDS
    with closing(sqlite3.connect(path, timeout=SECONDS)) as connection:
        while True:
            try:
                connection.execute("pragma journal_mode = wal")
                break
            except sqlite3.OperationalError as error:
                # Another process does the same now: for this change alone SQLite does not wait.
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.01)
        connection.executescript(TABLES)


def _sentence(path: str, error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text:
        return f"Another program holds {path} locked: end it, then start again."
    if "not a database" in text or "malformed" in text:
        return f"{path} is damaged or no SQLite file: restore it, or name another in {VARIABLE}."
    return f"{path} cannot be opened or written: mend its rights, or name another in {VARIABLE}."
