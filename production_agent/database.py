"""One database for checkpoints and for our own tables: a SQLite file or PostgreSQL.

Statements are written once, with `?`, and run on both. A checkpoint is written only while its run
holds its thread, which is checked in the same transaction (`LeaseLost`). What its run writes is the
newest one, whatever the clock of its host says: LangGraph makes ids of the clock, and takes the
greatest for the newest. So greater ones, of a host whose clock is ahead, go when it is written.
"""

from __future__ import annotations

import asyncio
import os
import select
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import aiosqlite
import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from production_agent.context import LeaseLost
from production_agent.migrations import MIGRATIONS
from production_agent.settings import Settings, Unusable

__all__ = ("FAILURES", "Database", "Transaction", "open_database")

FAILURES = (
    sqlite3.Error,
    psycopg.Error,
    PoolTimeout,
    TimeoutError,
)  # what a broken database raises
SECONDS = 5  # to connect, and for another process to finish its write
VARIABLE = "PRODUCTION_AGENT_DATABASE"
HOLDS = "select 1 from runs where id = ? and outcome is null"
FENCE = "select 1 / count(*) from (select from runs where id = %s and outcome is null for share) h"
GREATER = "delete from checkpoints where thread_id = ? and checkpoint_ns = ? and checkpoint_id > ?"
VERSIONS = "create table if not exists agent_migrations (version integer primary key)"
GONE = "the file is gone or another one"
OUTDATED = (
    "The database's tables are missing or outdated: run `python -m production_agent --set-up`."
)
TABLES = ("threads", "runs", "approvals", "effects", "turns", "checkpoints")
T = TypeVar("T")


class Transaction(Protocol):
    """Statements that all happen or none. Over a network `send` costs no round trip of its own."""

    async def send(self, sql: str, *values: object) -> None:
        """Run a statement whose rows nobody needs."""

    async def fetch(self, sql: str, *values: object) -> list[dict]:
        """Run a statement and return its rows."""


class Database:
    """Runs statements; each subclass knows one kind of server.

    Attributes:
        saver: The checkpointer of the graph.
        now: The time in SQL, in seconds: the server's clock, which all processes share.
        for_update: What a `select` ends with to keep its rows from others until the commit.
        for_share: The same, for any number of readers at once.
        checkpoints: The tables of the checkpointer.
        prune: Statements that forget all checkpoints of a thread (`?`) but the newest.
        patience: Seconds to wait for a statement or a transaction; None: its own limits are enough.
    """

    saver: BaseCheckpointSaver
    now: str
    for_update = for_share = ""
    checkpoints: tuple[str, ...]
    prune: tuple[str, ...]
    patience: float | None = None

    async def run(self, sql: str, *values: object) -> list[dict]:
        """Run one statement, a transaction of its own, and return its rows."""
        return await self._to_its_end(self._run(sql, *values))

    async def _run(self, sql: str, *values: object) -> list[dict]:
        raise NotImplementedError

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give a transaction, committed at the end of the block."""
        raise NotImplementedError
        yield

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do `work` in a transaction, even if the request that asked for it is gone."""

        async def inside() -> T:
            async with self.transaction() as transaction:
                return await work(transaction)

        return await self._to_its_end(inside())

    async def _to_its_end(self, work: Coroutine[None, None, T]) -> T:
        """Do `work` to its end, but do not wait for ever for a server that says nothing.

        Its own limit on statements does not help then, and psycopg, cancelled, still waits for it.
        """
        async with asyncio.timeout(self.patience):
            return await asyncio.shield(work)

    async def lock(self, transaction: Transaction, name: str) -> None:
        """Let no other transaction that locks the same name go on before this one ends."""

    async def readiness(self) -> str:
        """Return "ok" if our tables can be read and written and are up to date, or a sentence."""
        rows = await self.run("select max(version) as version from agent_migrations")
        if (rows[0]["version"] or 0) < len(MIGRATIONS):
            return OUTDATED
        for table in TABLES:
            await self.run(f"select * from {table} limit 1")
        await self.run(f"update probe set at = {self.now} where id = 1")
        return "ok"


def _holder(config: RunnableConfig) -> str:
    return config["configurable"].get("run", "")


def _place(config: RunnableConfig, checkpoint: Checkpoint) -> tuple[str, str, str]:
    where = config["configurable"]
    return where["thread_id"], where["checkpoint_ns"], checkpoint["id"]


class SqliteSaver(AsyncSqliteSaver):
    """The SQLite checkpointer, behind the fence; a cancelled turn cannot cut its writes in two.

    One cut between its statement and its commit would keep the file locked for everyone else.
    Its statements and our own take turns: SQLite would have one of them poll for the other's end,
    and does not wait at all for another process's if this connection still reads.
    """

    def __init__(self, connection: aiosqlite.Connection, turn: asyncio.Lock) -> None:
        super().__init__(connection)
        self.turn = turn

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint, or None."""
        async with self.turn:
            return await super().aget_tuple(config)

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, *rest) -> RunnableConfig:
        """Store a checkpoint, the newest of its thread."""
        write = partial(super().aput, config, checkpoint, *rest)
        return await asyncio.shield(self._fenced(config, write, _place(config, checkpoint)))

    async def aput_writes(self, config: RunnableConfig, *rest) -> None:
        """Store what a task wrote."""
        await asyncio.shield(self._fenced(config, partial(super().aput_writes, config, *rest)))

    async def _fenced(
        self, config: RunnableConfig, write: Callable[[], Awaitable[T]], place: tuple = ()
    ) -> T:
        async with self.turn:
            await self.conn.execute("begin immediate")
            try:
                if not await self.conn.execute_fetchall(HOLDS, (_holder(config),)):
                    raise LeaseLost
                if place:
                    await self.conn.execute(GREATER, place)
                return await write()  # ends with the commit
            except BaseException:
                await self.conn.rollback()
                raise


class Sqlite(Database):
    """A SQLite file: any number of processes of one machine."""

    now = "((julianday('now') - 2440587.5) * 86400.0)"
    checkpoints = ("checkpoints", "writes")
    prune = tuple(
        f"""delete from {table} where thread_id = ? and checkpoint_id <> (
        select max(c.checkpoint_id) from checkpoints c where c.thread_id = {table}.thread_id
        and c.checkpoint_ns = {table}.checkpoint_ns)"""
        for table in ("writes", "checkpoints")
    )

    def __init__(
        self, path: str, file: int, connection: aiosqlite.Connection, saver: SqliteSaver
    ) -> None:
        self.path, self.file, self.connection, self.saver = path, file, connection, saver
        self.turn = saver.turn

    async def fetch(self, sql: str, *values: object) -> list[dict]:
        """Run a statement and return its rows."""
        return [dict(row) for row in await self.connection.execute_fetchall(sql, values)]

    send = fetch  # there is no network

    async def _run(self, sql: str, *values: object) -> list[dict]:
        async with self.turn:
            self._check_file()
            return await self.fetch(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give a transaction, committed at the end of the block."""
        async with self.turn:
            self._check_file()
            await self.connection.execute("begin immediate")
            try:
                yield self
                await self.connection.commit()
            except BaseException:
                await asyncio.shield(self.connection.rollback())
                raise

    def _check_file(self) -> None:
        """Raise if the file is gone or replaced: what is written to ours, nobody will find."""
        try:
            is_ours = os.path.samestat(os.stat(self.path), os.fstat(self.file))
        except OSError:
            is_ours = False
        if not is_ours:
            raise sqlite3.OperationalError(GONE)

    async def readiness(self) -> str:
        """Return "ok" if our tables can be read and written and are up to date, or a sentence."""
        os.lseek(self.file, 0, os.SEEK_SET)
        if os.read(self.file, 16) != b"SQLite format 3\0":
            return f"{self.path} is damaged: restore it, then restart."
        try:
            return await super().readiness()
        except sqlite3.Error as error:
            return _sentence(self.path, error)


class PostgresSaver(AsyncPostgresSaver):
    """The PostgreSQL checkpointer, behind the fence, with a connection for each call.

    The library's own has one lock for all of its calls, with a pool as well: the checkpoints of a
    process would wait for one another, and all of them for one connection that hangs.
    """

    def __init__(self, pool: AsyncConnectionPool) -> None:
        super().__init__(pool)
        self.pool = pool

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint, or None."""
        async with self.pool.connection() as connection:
            return await AsyncPostgresSaver(connection, serde=self.serde).aget_tuple(config)

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, *rest) -> RunnableConfig:
        """Store a checkpoint, the newest of its thread."""
        async with self._fenced(config) as saver:
            await saver.conn.execute(_placed(GREATER), _place(config, checkpoint))
            return await saver.aput(config, checkpoint, *rest)

    async def aput_writes(self, config: RunnableConfig, *rest) -> None:
        """Store what a task wrote."""
        async with self._fenced(config) as saver:
            await saver.aput_writes(config, *rest)

    @asynccontextmanager
    async def _fenced(self, config: RunnableConfig) -> AsyncIterator[AsyncPostgresSaver]:
        # The fence costs no round trip: where the run does not hold its thread, the server fails,
        # and takes the transaction back.
        try:
            async with _transaction(self.pool) as connection:
                await connection.execute(FENCE, [_holder(config)])
                yield AsyncPostgresSaver(connection, pipe=_Pipeline(), serde=self.serde)
        except psycopg.errors.DivisionByZero:
            raise LeaseLost from None


class _Pipeline:
    """What the checkpointer is told of the pipeline around it."""

    async def sync(self) -> None:
        """Do not wait here: that would be in the middle of our transaction."""


@asynccontextmanager
async def _transaction(pool: AsyncConnectionPool) -> AsyncIterator[psycopg.AsyncConnection]:
    """Give a connection whose statements are one transaction, and wait only where rows are fetched.

    psycopg's own `transaction` waits for its `begin` and its `commit` alone.
    """
    async with pool.connection() as connection:
        try:
            async with connection.pipeline():
                await connection.execute("begin")
                yield connection
                await connection.execute("commit")
        except BaseException:
            await connection.rollback()
            raise


@dataclass
class Pipelined:
    """A transaction in a pipeline: what is sent goes with the next statement that is fetched."""

    connection: psycopg.AsyncConnection

    async def send(self, sql: str, *values: object) -> None:
        """Run a statement whose rows nobody needs."""
        await self.connection.execute(_placed(sql), values)

    async def fetch(self, sql: str, *values: object) -> list[dict]:
        """Run a statement and return its rows."""
        return await (await self.connection.execute(_placed(sql), values)).fetchall()


class Postgres(Database):
    """A PostgreSQL server: any number of processes of any number of machines."""

    now = "extract(epoch from clock_timestamp())::double precision"
    for_update, for_share = " for update", " for share"
    checkpoints = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
    prune = (
        *(
            f"""delete from {table} t where thread_id = ? and checkpoint_id <> (
            select max(c.checkpoint_id) from checkpoints c where c.thread_id = t.thread_id
            and c.checkpoint_ns = t.checkpoint_ns)"""
            for table in ("checkpoint_writes", "checkpoints")
        ),
        """delete from checkpoint_blobs b where thread_id = ? and not exists (
        select 1 from checkpoints c where c.thread_id = b.thread_id
        and c.checkpoint_ns = b.checkpoint_ns
        and c.checkpoint -> 'channel_versions' ->> b.channel = b.version)""",
    )

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool, self.saver = pool, PostgresSaver(pool)
        self.patience = 2 * pool.timeout  # to wait for a connection, then for the server

    async def _run(self, sql: str, *values: object) -> list[dict]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(_placed(sql), values)
            return await cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give a transaction, committed at the end of the block."""
        async with _transaction(self.pool) as connection:
            yield Pipelined(connection)

    async def lock(self, transaction: Transaction, name: str) -> None:
        """Let no other transaction that locks the same name go on before this one ends."""
        await transaction.send("select pg_advisory_xact_lock(hashtextextended(?, 0))", name)

    async def readiness(self) -> str:
        """Return "ok" if our tables can be read and written and are up to date, or a sentence."""
        try:
            rows = await self.run("select max(v) as v from checkpoint_migrations")
            if (-1 if rows[0]["v"] is None else rows[0]["v"]) < len(self.saver.MIGRATIONS) - 1:
                return OUTDATED
            return await super().readiness()
        except psycopg.errors.UndefinedTable:
            return OUTDATED


def _placed(sql: str) -> str:
    return sql.replace("?", "%s")


@asynccontextmanager
async def open_database(settings: Settings, *, set_up: bool = False) -> AsyncIterator[Database]:
    """Open the database; a SQLite file is made and set up where it is missing.

    Args:
        settings: They say which.
        set_up: Make the tables of PostgreSQL, or bring them up to date.

    Raises:
        Unusable: It cannot be opened, with the cure and without its password.
    """
    if not settings.is_postgres:
        async with _sqlite(settings) as database:
            yield database
        return
    try:
        options = {"autocommit": True, "connect_timeout": SECONDS, "row_factory": dict_row}
        async with await psycopg.AsyncConnection.connect(settings.database, **options) as first:
            if set_up:
                await _migrate_postgres(first)
    except (psycopg.Error, UnicodeError):  # their texts may hold pieces of the password
        raise Unusable(
            f"{VARIABLE} leads to no PostgreSQL database that lets us in: check host, port, user, "
            "password and database name, and that the server runs."
        ) from None
    milliseconds = round(settings.database_seconds * 1000)

    async def limit(connection: psycopg.AsyncConnection) -> None:
        await connection.execute(f"set statement_timeout = {milliseconds}")

    async with AsyncConnectionPool(
        settings.database,
        min_size=1,
        max_size=settings.database_connections,
        open=False,
        timeout=settings.database_seconds,
        configure=limit,
        check=_check,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "connect_timeout": SECONDS,
            "tcp_user_timeout": milliseconds,  # a server that is silent is gone
        },
    ) as pool:
        database = Postgres(pool)
        if (problem := await database.readiness()) != "ok":
            raise Unusable(problem)
        yield database


async def _check(connection: psycopg.AsyncConnection) -> None:
    """Raise if a connection is dead: the pool then replaces it, and does not hand it out.

    A quiet one costs no round trip. One that has something to say, unasked, was closed or is told
    that the server ends; one to a server that has vanished ends after `tcp_user_timeout`.
    """
    if not hasattr(select, "poll"):  # Windows
        return await AsyncConnectionPool.check_connection(connection)
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def _migrate_postgres(connection: psycopg.AsyncConnection) -> None:
    await connection.execute("select pg_advisory_lock(7214)")  # of two at once, one waits
    await AsyncPostgresSaver(connection).setup()
    await connection.execute(VERSIONS)
    words = {
        "order": "(details::json ->> 'order')",
        "amount": "(details::json ->> 'amount')::float",
    }
    for version, steps in enumerate(MIGRATIONS, 1):
        async with connection.transaction():
            sql = "insert into agent_migrations values (%s) on conflict do nothing returning 1"
            if await (await connection.execute(sql, [version])).fetchone():
                for statement in steps.format(**words).split(";"):
                    await connection.execute(statement)


@asynccontextmanager
async def _sqlite(settings: Settings) -> AsyncIterator[Database]:
    path = settings.database
    if not Path(path).resolve().parent.is_dir():
        raise Unusable(f"The folder of {path} does not exist: make it, or mend {VARIABLE}.")
    try:
        _make_file(path)
    except sqlite3.Error as error:
        raise Unusable(_sentence(path, error)) from None
    # Closing any descriptor of the file would drop the locks that SQLite holds on it in this
    # process, and another process might take the log away that we write to: so one for readiness,
    # from before the first connection until after the last.
    file = os.open(path, os.O_RDONLY)
    try:
        async with _connected(settings, file) as database:
            yield database
    finally:
        os.close(file)


@asynccontextmanager
async def _connected(settings: Settings, file: int) -> AsyncIterator[Sqlite]:
    path = settings.database
    async with (
        aiosqlite.connect(path, timeout=settings.database_seconds, isolation_level=None) as ours,
        aiosqlite.connect(path, timeout=settings.database_seconds) as theirs,
    ):
        ours.row_factory = sqlite3.Row
        saver = SqliteSaver(theirs, asyncio.Lock())
        await saver.setup()
        yield Sqlite(path, file, ours, saver)


def _make_file(path: str) -> None:
    """Make the file and our tables, where they are missing; readers and a writer do not wait."""
    end = time.monotonic() + SECONDS
    with closing(sqlite3.connect(path, timeout=SECONDS, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("pragma journal_mode = wal")
                break
            except sqlite3.OperationalError as error:
                # Another process does the same now: for this change alone SQLite does not wait.
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.01)
        connection.execute(VERSIONS)
        words = {name: f"json_extract(details, '$.{name}')" for name in ("order", "amount")}
        for version, steps in enumerate(MIGRATIONS, 1):
            connection.execute("begin immediate")
            try:
                sql = "insert or ignore into agent_migrations values (?)"
                if connection.execute(sql, [version]).rowcount:
                    for statement in steps.format(**words).split(";"):
                        connection.execute(statement)
                connection.execute("commit")
            except BaseException:
                connection.execute("rollback")
                raise


def _sentence(path: str, error: sqlite3.Error) -> str:
    text = str(error)
    if text == GONE:
        return f"The file {path} is gone or another one: restore it, then restart."
    if "locked" in text:
        return f"Another program holds {path} locked: end it, then start again."
    if "not a database" in text or "malformed" in text:
        return f"{path} is damaged or no SQLite file: restore it, or name another in {VARIABLE}."
    if "full" in text or "disk I/O" in text:
        return f"{path} cannot be written, as its disk is full or fails: make room for it."
    return f"{path} cannot be opened or written: mend its rights, or name another in {VARIABLE}."
