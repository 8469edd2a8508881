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
from pathlib import Path
from typing import TypeVar

import aiosqlite
import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from production_agent.context import LeaseLost
from production_agent.migrations import MIGRATIONS
from production_agent.settings import Settings, Unusable

__all__ = ("FAILURES", "Database", "Transaction", "open_database")

# What a broken database raises.
FAILURES = (sqlite3.Error, psycopg.Error, PoolTimeout, TimeoutError)
SECONDS = 5  # to connect, and for another process to finish its write
VARIABLE = "PRODUCTION_AGENT_DATABASE"
GREATER = "delete from checkpoints where thread_id = ? and checkpoint_ns = ? and checkpoint_id > ?"
NOT_NEWEST = """delete from {} as t where thread_id = ? and checkpoint_id <> (
    select max(c.checkpoint_id) from checkpoints c where c.thread_id = t.thread_id
    and c.checkpoint_ns = t.checkpoint_ns)"""
VERSIONS = "create table if not exists agent_migrations (version integer primary key)"
DAMAGED = sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB
GONE = "the file is gone or another one"
OUTDATED = (
    "The database's tables are missing or outdated: run `python -m production_agent --set-up`."
)
INCOMPLETE = "A table that was made is missing: restore the database from a back-up."
# Indexes whose building was cut off: nothing reads them, and they count as made.
INVALID = """select indexrelid::regclass as name from pg_index
    where not indisvalid and indrelid::regclass::text like 'checkpoint%'"""
TABLES = ("threads", "runs", "approvals", "effects", "turns", "checkpoints")
SOUND = {"quick_check": "ok"}
T = TypeVar("T")


class Database:
    """Runs statements; each subclass knows one kind of server: `_run`, `transaction`, `reading`.

    Attributes:
        saver: The checkpointer of the graph.
        now: The time in SQL, in seconds: the server's clock, which all processes share.
        for_update: What a `select` ends with to keep its rows from others until the commit.
        checkpoints: The tables of the checkpointer.
        prune: Statements that forget all checkpoints of a thread (`?`) but the newest.
        patience: Seconds to wait for a statement or a transaction; None: its own limits are enough.
    """

    now: str
    for_update = ""
    checkpoints: tuple[str, ...]
    prune: tuple[str, ...]
    patience: float | None = None

    def __init__(self) -> None:
        self.saver = Saver(self)

    async def run(self, sql: str, *values: object) -> list[dict]:
        """Run one statement, a transaction of its own, and return its rows."""
        return await self.to_its_end(self._run(sql, *values))

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do `work` in a transaction, even if the request that asked for it is gone."""

        async def inside() -> T:
            async with self.transaction() as transaction:
                return await work(transaction)

        return await self.to_its_end(inside())

    async def to_its_end(self, work: Coroutine[None, None, T]) -> T:
        """Do `work` to its end, but do not wait for ever for a server that says nothing.

        Its own limit on statements does not help then, and psycopg, cancelled, still waits for it.
        A SQLite statement cut off before its commit would keep the file locked for everyone else.
        """
        task = asyncio.ensure_future(work)
        # Who waited has been told that it took too long: how it failed later is no news to anybody.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        async with asyncio.timeout(self.patience):
            return await asyncio.shield(task)

    async def lock(self, transaction: Transaction, name: str) -> None:
        """Let no other transaction that locks the same name go on before this one ends."""

    async def migrate(self) -> None:
        """Bring our own tables up to date, each step in a transaction of its own."""
        sql = "insert into agent_migrations values (?) on conflict do nothing returning 1"
        for version, steps in enumerate((VERSIONS, *MIGRATIONS)):
            async with self.transaction() as transaction:
                await self.lock(transaction, "migrations")  # of two at once, one waits
                if version == 0 or await transaction.fetch(sql, version):
                    for statement in steps.split(";"):
                        await transaction.send(statement)

    async def readiness(self) -> str:
        """Return "ok" if our tables can be read and written and are up to date, or a sentence."""
        rows = await self.run("select max(version) as version from agent_migrations")
        if (rows[0]["version"] or 0) < len(MIGRATIONS):
            return OUTDATED
        for table in TABLES:
            await self.run(f"select 1 from {table} limit 1")
        await self.run(f"update probe set at = {self.now} where id = 1")
        return "ok"


class Saver(BaseCheckpointSaver):
    """The checkpointer of the graph: the library's, behind the fence.

    The library's own has one lock for all of its calls, with a pool as well: the checkpoints of a
    process would wait for one another, and all of them for one connection that hangs.
    """

    get_next_version = AsyncPostgresSaver.get_next_version  # SQLite's counts in the same way

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint, or None; `next` of its metadata names steps of any version."""

        async def read() -> CheckpointTuple | None:
            async with self.database.reading(self.serde) as saver:
                found = await saver.aget_tuple(config)
            if found:  # LangGraph leaves out the steps that this version does not have
                names = found.checkpoint["channel_values"]
                found.metadata["next"] = [one for one in names if one.startswith("branch:to:")]
            return found

        return await self.database.to_its_end(read())

    async def aput(self, config: RunnableConfig, checkpoint: Checkpoint, *rest) -> RunnableConfig:
        """Store a checkpoint, the newest of its thread."""
        where = config["configurable"]

        async def work(transaction: Transaction) -> RunnableConfig:
            await transaction.hold(where.get("run", ""))
            place = where["thread_id"], where["checkpoint_ns"], checkpoint["id"]
            await transaction.send(GREATER, *place)
            return await transaction.checkpointer(self.serde).aput(config, checkpoint, *rest)

        return await self.database.write(work)

    async def aput_writes(self, config: RunnableConfig, *rest) -> None:
        """Store what a task wrote."""

        async def work(transaction: Transaction) -> None:
            await transaction.hold(config["configurable"].get("run", ""))
            await transaction.checkpointer(self.serde).aput_writes(config, *rest)

        await self.database.write(work)


class Sqlite(Database):
    """A SQLite file: any number of processes of one machine.

    Statements of a process take turns: SQLite would have one of them poll for the other's end, and
    does not wait at all for another process's if this connection still reads.
    """

    now = "((julianday('now') - 2440587.5) * 86400.0)"
    checkpoints = ("checkpoints", "writes")
    prune = tuple(map(NOT_NEWEST.format, checkpoints))

    def __init__(
        self, path: str, file: int, connection: aiosqlite.Connection, seconds: float
    ) -> None:
        super().__init__()
        self.seconds = seconds  # to wait for a turn
        self.path, self.file, self.connection = path, file, connection
        self.files: list[tuple] = []  # what was opened
        self.damage: sqlite3.Error | None = None  # that a statement met
        self.theirs = AsyncSqliteSaver(connection)
        self.turn = asyncio.Lock()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with asyncio.timeout(self.seconds):
            await self.turn.acquire()
        try:
            yield
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 255 in DAMAGED:
                self.damage = error
            raise
        finally:
            self.turn.release()

    async def fetch(self, sql: str, *values: object) -> list[dict]:
        """Run a statement and return its rows."""
        return [dict(row) for row in await self.connection.execute_fetchall(sql, values)]

    send = fetch  # there is no network

    async def hold(self, run: str) -> None:
        """Raise LeaseLost unless the run holds its thread."""
        if not await self.fetch("select 1 from runs where id = ? and outcome is null", run):
            raise LeaseLost

    def checkpointer(self, serde: SerializerProtocol) -> AsyncSqliteSaver:
        """Return the library's checkpointer, whose statements belong to the transaction."""
        self.theirs.serde = serde
        return self.theirs

    @asynccontextmanager
    async def reading(self, serde: SerializerProtocol) -> AsyncIterator[AsyncSqliteSaver]:
        """Give the library's checkpointer to read with."""
        async with self._turn():
            yield self.checkpointer(serde)

    async def _run(self, sql: str, *values: object) -> list[dict]:
        async with self._turn():
            self._check_files()
            return await self.fetch(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give a transaction, committed at the end of the block."""
        async with self._turn():
            await self.connection.execute("begin immediate")
            try:
                yield self
                self._check_files()  # until here others have seen what we have seen
                await self.connection.commit()
            except BaseException:
                await asyncio.shield(self.connection.rollback())
                raise

    def _check_files(self) -> None:
        """Raise if a file is gone or replaced: what is written to ours, nobody will find.

        One of the three is enough. Without ours others see an old main file (`-wal`), or do not see
        our locks (`-shm`): two would pay one refund.
        """
        if self.files and _identities(self.path) != self.files:
            raise sqlite3.OperationalError(GONE)

    async def readiness(self) -> str:
        os.lseek(self.file, 0, os.SEEK_SET)
        if self.damage or os.read(self.file, 16) != b"SQLite format 3\0":
            return f"{self.path} is damaged: restore it, then restart."
        try:
            return await super().readiness()
        except sqlite3.Error as error:
            return _sentence(self.path, error)


def _identities(path: str) -> list[tuple]:
    real = os.path.realpath(path)  # beside a link, SQLite makes no -wal
    try:
        found = [os.stat(real + part) for part in ("", "-wal", "-shm")]
    except OSError:
        raise sqlite3.OperationalError(GONE) from None
    return [(one.st_dev, one.st_ino) for one in found]


class _Pipeline:
    """What the checkpointer is told of the pipeline around it."""

    async def sync(self) -> None:
        """Do not wait here: that would be in the middle of our transaction."""


@dataclass
class Pipelined:
    """A transaction in a pipeline: what is sent goes with the next statement that is fetched."""

    connection: psycopg.AsyncConnection
    pipeline: psycopg.AsyncPipeline

    async def send(self, sql: str, *values: object) -> None:
        await self.connection.execute(_placed(sql), values)

    async def fetch(self, sql: str, *values: object) -> list[dict]:
        cursor = await self.connection.execute(_placed(sql), values)
        await self.pipeline.sync()  # without it the server would not count how long we are idle
        return await cursor.fetchall()

    async def hold(self, run: str) -> None:
        """Let the server fail, at no round trip, unless the run holds its thread to the end."""
        sql = "select from runs where id = ? and outcome is null for share"
        await self.send(f"select 1 / count(*) from ({sql}) as held", run)

    def checkpointer(self, serde: SerializerProtocol) -> AsyncPostgresSaver:
        return AsyncPostgresSaver(self.connection, pipe=_Pipeline(), serde=serde)


class Postgres(Database):
    """A PostgreSQL server: any number of processes of any number of machines."""

    now = "extract(epoch from clock_timestamp())::double precision"
    for_update = " for update"
    checkpoints = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
    prune = (
        *map(NOT_NEWEST.format, ("checkpoints", "checkpoint_writes")),
        """delete from checkpoint_blobs b where thread_id = ? and not exists (
        select 1 from checkpoints c where c.thread_id = b.thread_id
        and c.checkpoint_ns = b.checkpoint_ns
        and c.checkpoint -> 'channel_versions' ->> b.channel = b.version)""",
    )

    def __init__(self, pool: AsyncConnectionPool, patience: float | None) -> None:
        super().__init__()
        self.pool, self.patience = pool, patience

    async def _run(self, sql: str, *values: object) -> list[dict]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(_placed(sql), values)
            return await cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give a transaction, which waits only where rows are fetched, and for its commit.

        psycopg's own waits for its `begin` and its `commit` alone.
        """
        async with self.pool.connection() as connection:
            try:
                async with connection.pipeline() as pipeline:
                    await connection.execute("begin")
                    yield Pipelined(connection, pipeline)
                    await connection.execute("commit")
            except BaseException as error:
                await connection.rollback()
                if isinstance(error, psycopg.errors.DivisionByZero):
                    raise LeaseLost from None
                raise

    @asynccontextmanager
    async def reading(self, serde: SerializerProtocol) -> AsyncIterator[AsyncPostgresSaver]:
        """Give the library's checkpointer to read with."""
        async with self.pool.connection() as connection:
            yield AsyncPostgresSaver(connection, serde=serde)

    async def lock(self, transaction: Transaction, name: str) -> None:
        await transaction.send("select pg_advisory_xact_lock(hashtextextended(?, 0))", name)

    async def readiness(self) -> str:
        try:
            rows = await self.run("select coalesce(max(v), -1) as v from checkpoint_migrations")
            if rows[0]["v"] < len(AsyncPostgresSaver.MIGRATIONS) - 1:
                return OUTDATED
            return await super().readiness()
        except psycopg.errors.UndefinedTable:
            return OUTDATED


# Statements that all happen or none. Over a network `send` costs no round trip of its own.
Transaction = Sqlite | Pipelined


def _placed(sql: str) -> str:
    return sql.replace("?", "%s")


@asynccontextmanager
async def open_database(
    settings: Settings, *, set_up: bool = False, check: bool = False
) -> AsyncIterator[Database]:
    """Open the database; a SQLite file is made and set up where it is missing.

    Args:
        settings: They say which.
        set_up: Make the tables of PostgreSQL, or bring them up to date.
        check: Read all of a SQLite file for damage; /ready looks at the head of each table.

    Raises:
        Unusable: It cannot be opened, with the cure and without its password.
    """
    if not settings.is_postgres:
        async with _sqlite(settings, check=check) as database:
            yield database
        return
    milliseconds = 0 if set_up else round(settings.database_seconds * 1000)  # 0: no limit
    options = {
        "autocommit": True,
        "prepare_threshold": 0,
        "row_factory": dict_row,
        "connect_timeout": SECONDS,
        "tcp_user_timeout": milliseconds,  # a server that is silent is gone
    }
    try:
        first = await psycopg.AsyncConnection.connect(settings.database, **options)
    except (psycopg.Error, UnicodeError):  # their texts may hold pieces of the password
        raise Unusable(
            f"{VARIABLE} leads to no PostgreSQL database that lets us in: check host, port, user, "
            "password and database name, and that the server runs."
        ) from None
    async with first:
        if (encoding := first.info.parameter_status("server_encoding")) != "UTF8":
            raise Unusable(
                f"The database of {VARIABLE} is in {encoding}, which has no place for all letters: "
                "make it with encoding 'UTF8' template template0."
            )
        if set_up:
            await _set_up_theirs(first)

    async def limit(connection: psycopg.AsyncConnection) -> None:
        # A later snapshot than the lock's, or the sum of an order's refunds would be an old one.
        await connection.execute("set default_transaction_isolation = 'read committed'")
        await connection.execute(f"set statement_timeout = {milliseconds}")
        # A process that is paused in the middle of a transaction would keep its locks.
        await connection.execute(f"set idle_in_transaction_session_timeout = {milliseconds}")

    async with AsyncConnectionPool(
        settings.database,
        min_size=1,
        max_size=settings.database_connections,
        open=False,
        timeout=settings.database_seconds,
        configure=limit,
        check=_check,
        kwargs=options,
    ) as pool:
        # It waits for a connection, then for the server; migrations take what they take.
        database = Postgres(pool, None if set_up else 2 * settings.database_seconds)
        if set_up:
            await database.migrate()
        if (problem := await database.readiness()) != "ok":
            raise Unusable(INCOMPLETE if set_up else problem)
        yield database


async def _set_up_theirs(connection: psycopg.AsyncConnection) -> None:
    """Make the checkpointer's tables; of two at once, one waits."""
    # It asks again and again. A statement that waits keeps a snapshot, for whose end the other one
    # would wait in turn, to build an index without a lock on its table.
    while not await _fetch(connection, "select where pg_try_advisory_lock(7214)"):
        await asyncio.sleep(0.1)
    await AsyncPostgresSaver(connection).setup()
    for row in await _fetch(connection, INVALID):
        await connection.execute(f"reindex index concurrently {row['name']}")


async def _fetch(connection: psycopg.AsyncConnection, sql: str) -> list[dict]:
    return await (await connection.execute(sql)).fetchall()


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


@asynccontextmanager
async def _sqlite(settings: Settings, *, check: bool) -> AsyncIterator[Database]:
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
        seconds = settings.database_seconds
        async with aiosqlite.connect(path, timeout=seconds, isolation_level=None) as connection:
            connection.row_factory = sqlite3.Row
            await connection.execute("pragma secure_delete = on")  # what is deleted is gone
            database = Sqlite(path, file, connection, seconds)
            try:
                if check and await database.fetch("pragma quick_check(1)") != [SOUND]:
                    raise sqlite3.DatabaseError("malformed")
                await database.theirs.setup()
                await database.migrate()
                database.files = _identities(path)
            except sqlite3.Error as error:
                raise Unusable(_sentence(path, error)) from None
            yield database
    finally:
        os.close(file)


def _make_file(path: str) -> None:
    """Make the file, where it is missing; readers and a writer do not wait for one another."""
    end = time.monotonic() + SECONDS
    with closing(sqlite3.connect(path, timeout=SECONDS, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("pragma journal_mode = wal")
                return
            except sqlite3.OperationalError as error:
                # Another process does the same now: for this change alone SQLite does not wait.
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.01)


def _sentence(path: str, error: sqlite3.Error) -> str:
    text = str(error)
    if text == GONE:
        return f"{path} or its -wal or -shm is gone or another one: restore it, or restart."
    if "locked" in text:
        return f"Another program holds {path} locked: end it, then start again."
    if "not a database" in text or "malformed" in text:
        return f"{path} is damaged or no SQLite file: restore it, or name another in {VARIABLE}."
    if "full" in text or "disk I/O" in text:
        return f"{path} cannot be written, as its disk is full or fails: make room for it."
    return f"{path} cannot be opened or written: mend its rights, or name another in {VARIABLE}."
