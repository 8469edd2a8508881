"""Databases that hang, restart, fill up, are outdated or grow; limits that processes share."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiosqlite
import httpx
import psutil
import psycopg
import pytest

from production_agent.database import FAILURES, TABLES, Database, Transaction, open_database
from production_agent.migrations import MIGRATIONS
from production_agent.settings import Unusable, read
from production_agent.store import Ending, Store, status
from tests.production_agent.conftest import DATABASE, new_postgres, set_up
from tests.production_agent.service_process import MAX_WAIT_SECONDS, Service, change, rows, until
from tests.production_agent.slow_postgres import far

WHERE = "Where is parcel P-3?"
TURNS = 80 if os.environ.get("COURSE_LONG_TESTS") else 12  # of one thread


@pytest.fixture(scope="module")
def postgres_url(served) -> str:
    """A database of PostgreSQL with its tables."""
    return set_up(new_postgres())


@pytest.fixture(scope="module")
def on_postgres(start: Callable, postgres_url: str) -> Service:
    """A service on PostgreSQL."""
    return start(postgres_url, DATABASE_SECONDS=60)


async def test_what_fails_when_nobody_waits_any_more_logs_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fail, failed = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await fail.wait()
        failed.set()
        raise OSError

    with pytest.raises(TimeoutError):
        await Database.to_its_end(SimpleNamespace(patience=0.01), work())
    fail.set()
    await failed.wait()
    await asyncio.sleep(0)  # the task ends, and is forgotten
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


# PostgreSQL


def test_a_connection_that_hangs_delays_no_other_thread(
    on_postgres: Service, postgres_url: str, model
) -> None:
    hung, other = on_postgres.thread(), on_postgres.thread()
    sql = f"""create or replace function hang() returns trigger as $$ begin
        if new.thread_id = '{hung}' then perform pg_advisory_xact_lock_shared(77); end if;
        return new; end $$ language plpgsql;
        create trigger hang before insert on checkpoints for each row execute function hang()"""
    change(postgres_url, sql)
    with psycopg.connect(postgres_url, autocommit=True) as holder:
        holder.execute("select pg_advisory_lock(77)")
        waiting = threading.Thread(target=on_postgres.say, args=(hung, WHERE))
        waiting.start()
        blocked = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        until(lambda: rows(postgres_url, blocked) == [(1,)], "the hanging connection")
        with on_postgres.client("token-of-ann") as client:
            path = f"/threads/{other}/messages"
            answer = client.post(path, json={"text": WHERE}, timeout=30)
        assert '"complete"' in answer.text and waiting.is_alive()
        assert on_postgres.ann.get("/ready").status_code == 200
    waiting.join()
    assert on_postgres.status(hung) == "complete"
    change(postgres_url, "drop trigger hang on checkpoints")


def test_dead_connections_are_not_handed_out(on_postgres: Service, postgres_url: str) -> None:
    clients = [on_postgres.client("token-of-ann") for _ in range(8)]
    threads = [threading.Thread(target=one.get, args=("/threads",)) for one in clients]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    # Told to end, a connection lives on for a moment: wait for the end of each.
    kill = """select count(pg_terminate_backend(pid, 60000)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()"""
    assert rows(postgres_url, kill)[0][0] > 0
    answers = Counter(on_postgres.ann.get("/threads").status_code for _ in range(25))
    assert answers == {200: 25}


def test_statements_have_a_limit(start: Callable, postgres_url: str, model) -> None:
    service = start(postgres_url, DATABASE_SECONDS=2)
    with psycopg.connect(postgres_url) as holder:
        holder.execute("lock table threads in access exclusive mode")
        answer = service.ann.get("/threads")
    assert answer.status_code == 503 and answer.json()["reference"]
    assert service.ann.get("/threads").status_code == 200
    service.stop()


def test_a_transaction_that_stands_still_lets_go_of_its_locks(postgres_url: str) -> None:
    asyncio.run(_wait_for_who_stands_still(postgres_url))


async def _wait_for_who_stands_still(url: str) -> None:
    settings, taken = read(os.environ | {DATABASE: url}), []

    async def take(database: Database, transaction: Transaction) -> None:
        await database.lock(transaction, "refund T-7")
        taken.append(await transaction.fetch("select 1"))

    async with (
        open_database(replace(settings, database_seconds=2)) as paused,
        open_database(replace(settings, database_seconds=60)) as other,
    ):
        with pytest.raises(psycopg.OperationalError):
            async with paused.transaction() as transaction:
                await take(paused, transaction)
                await other.write(partial(take, other))
                await transaction.fetch("select 1")  # too late
        assert len(taken) == 2


def test_a_server_that_stands_still_keeps_nobody_waiting(
    start: Callable, postgres_url: str, model
) -> None:
    with far(postgres_url) as way:
        service = start(way.url, DATABASE_SECONDS=2)
        thread = service.thread()
        way.seconds = 1000  # what is sent is acknowledged, and nobody answers
        for ask in (
            lambda: service.ann.get("/threads", timeout=30),
            lambda: service.ann.post(f"/threads/{thread}/messages", json={"text": WHERE}),
        ):
            answer = ask()
            assert answer.status_code == 503 and answer.json()["reference"]
        service.kill()


# SQLite


async def test_a_write_beside_a_read_waits_for_another_process(
    served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "a.sqlite")
    settings = read(os.environ | {DATABASE: path})
    async with open_database(settings) as opened:
        store = Store(opened, settings)
        thread = (await store.new_thread("ann", ""))["id"]
        run = (await store.begin_message(thread, "ann", None)).run
        config = {"configurable": {"thread_id": thread, "checkpoint_ns": "", "run": run}}
        checkpoint = {"v": 4, "channel_values": {}, "channel_versions": {}, "ts": ""}
        await opened.saver.aput(config, checkpoint | {"id": "1"}, {}, {})
        fetch, writing = aiosqlite.Cursor.fetchone, []

        async def slow(cursor: aiosqlite.Cursor):
            # While a read is under way, another process writes, and this one wants to.
            change(path, "update probe set at = at + 1")
            put = opened.saver.aput(config, checkpoint | {"id": "2"}, {}, {})
            writing.append(asyncio.create_task(put))
            await asyncio.sleep(0.1)
            return await fetch(cursor)

        monkeypatch.setattr(aiosqlite.Cursor, "fetchone", slow)
        await opened.saver.aget_tuple(config)
        await writing[0]


# Readiness and migrations


def ready(service: Service) -> str:
    """Return what /ready says of the database."""
    answer = service.ann.get("/ready")
    found = answer.json()["database"]
    assert (answer.status_code == 200) == (found == "ok")
    return found


def test_ready_knows_tables_that_are_outdated(start: Callable, database: str, served) -> None:
    service = start(database)
    assert ready(service) == "ok"
    versions = ["agent_migrations"]
    if "://" in database:
        versions.append("checkpoint_migrations")
    for table in versions:
        kept = rows(database, f"select * from {table}")
        change(database, f"delete from {table} where 1 = 1")
        assert "--set-up" in ready(service)
        for (number,) in kept:
            change(database, f"insert into {table} values ({number})")
        assert ready(service) == "ok"
    change(database, "alter table effects rename to effects_gone")
    assert ready(service) != "ok"
    change(database, "alter table effects_gone rename to effects")
    assert ready(service) == "ok"
    service.stop()


@pytest.mark.parametrize("how", ["deleted", "overwritten", "full"])
def test_ready_knows_a_file_that_cannot_be_used(
    start: Callable, served, tmp_path: Path, how: str
) -> None:
    path = tmp_path / "agent.sqlite"
    service = start(str(path))
    assert ready(service) == "ok"
    limit = resource.RLIMIT_FSIZE
    if how == "deleted":
        path.unlink()
    elif how == "overwritten":
        with path.open("r+b") as file:
            file.write(b"This is a letter." * 10)
    else:
        kept = resource.prlimit(service.pid, limit)
        resource.prlimit(service.pid, limit, (1000, kept[1]))
    sentence = ready(service)
    assert sentence != "ok" and sentence.endswith(".") and str(path) in sentence
    if how == "full":
        resource.prlimit(service.pid, limit, kept)
        assert ready(service) == "ok"
    service.stop()


async def test_ready_knows_of_damage_that_a_statement_has_met(served, tmp_path: Path) -> None:
    path = tmp_path / "agent.sqlite"
    settings = read(os.environ | {DATABASE: str(path)})
    async with open_database(settings) as opened:
        await Store(opened, settings).new_thread("ann", "a" * 100_000)
        await opened.run("pragma wal_checkpoint(truncate)")
        with path.open("r+b") as file:
            file.seek(-50_000, os.SEEK_END)  # the title; the head of each table is whole
            file.write(b"?" * 50_000)
        await opened.run("pragma shrink_memory")  # it would read what it remembers
        assert await opened.readiness() == "ok"
        with pytest.raises(sqlite3.DatabaseError):
            await opened.run("select title from threads")
        assert "is damaged" in await opened.readiness()


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_file_that_is_gone_takes_no_turn_and_no_payment(
    start: Callable, served, tmp_path: Path, how: str
) -> None:
    served.reset()
    path = tmp_path / "agent.sqlite"
    service = start(str(path))
    thread, approval = service.asked("Please refund 20 euros for order T-8.")
    kept = tmp_path / "kept.sqlite"
    path.rename(kept)
    if how == "replaced":
        sqlite3.connect(path).close()
        path.touch()
    assert service.ann.post("/threads", json={}).status_code == 503
    assert service.decide(approval).status_code == 503
    assert rows(str(kept), "select * from effects") == []
    path.unlink(missing_ok=True)
    kept.rename(path)  # restored
    assert '"complete"' in service.decide(approval).text
    service.stop()


@pytest.mark.parametrize("is_there", [False, True])
def test_a_link_to_a_file_is_that_file(
    start: Callable, served, tmp_path: Path, is_there: bool
) -> None:
    served.reset()
    real, link = tmp_path / "real.sqlite", tmp_path / "link.sqlite"
    if is_there:
        start(str(real)).stop()
    link.symlink_to(real)
    service = start(str(link))
    thread = service.thread()
    assert ready(service) == "ok" and rows(str(real), "select id from threads") == [(thread,)]
    link.unlink()
    link.symlink_to(tmp_path / "another.sqlite")
    assert service.ann.post("/threads", json={}).status_code == 503
    service.stop()


@pytest.mark.parametrize("part", ["-wal", "-shm"])
def test_without_all_of_its_files_a_process_pays_nothing(
    start: Callable, served, tmp_path: Path, part: str
) -> None:
    served.reset()
    path = tmp_path / "agent.sqlite"
    first = start(str(path))
    _, approval = first.asked("Please refund 20 euros for order T-8.")
    first.stop()  # now all is in the file itself
    old = start(str(path))
    Path(f"{path}{part}").unlink()
    new = start(str(path))
    for service in (old, new):
        service.decide(approval)
    assert sum(len(service.log("effect_written")) for service in (old, new)) <= 1
    assert old.ann.get("/threads").status_code == 503 and ready(old).endswith(".")
    for service in (old, new):
        service.stop()


@pytest.mark.parametrize("part", ["-wal", "-shm"])
def test_a_process_that_ends_alone_saves_what_was_in_a_lost_file(
    start: Callable, served, tmp_path: Path, part: str
) -> None:
    served.reset()
    path = tmp_path / "agent.sqlite"
    old = start(str(path))
    thread, _ = old.asked("Please refund 20 euros for order T-8.")
    Path(f"{path}{part}").unlink()
    assert old.ann.get("/threads").status_code == 503
    old.stop()
    new = start(str(path))
    assert new.status(thread) == "pending_approval"
    new.stop()


async def test_who_waits_for_a_locked_file_waits_for_nobody_else(served, tmp_path: Path) -> None:
    path = str(tmp_path / "agent.sqlite")
    async with open_database(replace(read(), database=path, database_seconds=0.5)) as opened:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin immediate")
            began = time.monotonic()
            writes = [opened.run("update probe set at = 1") for _ in range(100)]
            found = await asyncio.gather(*writes, return_exceptions=True)
            assert time.monotonic() - began < 25  # it was 50
            assert all(isinstance(one, FAILURES) for one in found)
        await opened.run("update probe set at = 1")


async def test_a_migration_is_done_whole_or_not_at_all(
    database: str, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(read(os.environ | {DATABASE: database})) as opened:
        wrong = "create table a (b int); nonsense"
        monkeypatch.setattr("production_agent.database.MIGRATIONS", (*MIGRATIONS, wrong))
        with pytest.raises((sqlite3.Error, psycopg.Error)):
            await opened.migrate()
        with pytest.raises((sqlite3.Error, psycopg.Error)):
            await opened.run("select * from a")
        (row,) = await opened.run("select max(version) as version from agent_migrations")
        assert row["version"] == len(MIGRATIONS)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_database_without_room_for_all_letters_is_refused(
    encoding: str, bare_postgres: str, served
) -> None:
    url = urlsplit(bare_postgres)
    name = f"{url.path[1:]}_{encoding}".lower()
    other = url._replace(path=f"/{name}").geturl()
    async with await psycopg.AsyncConnection.connect(bare_postgres, autocommit=True) as connection:
        await connection.execute(
            f"create database {name} encoding '{encoding}' locale 'C' template template0"
        )
        try:
            with pytest.raises(Unusable, match=f"in {encoding}, .* encoding 'UTF8'"):
                async with open_database(read(os.environ | {DATABASE: other}), set_up=True):
                    pass
        finally:
            await connection.execute(f"drop database {name} (force)")


async def test_new_steps_are_missed_until_they_are_done(
    database: str, served, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read(os.environ | {DATABASE: database})
    async with open_database(settings):
        pass
    steps = [f"alter table probe add column {name} integer" for name in "abc"]
    monkeypatch.setattr("production_agent.database.MIGRATIONS", (*MIGRATIONS, *steps))
    if settings.is_postgres:  # SQLite does them when it is opened
        with pytest.raises(Unusable, match="--set-up"):
            async with open_database(settings):
                pass
        change(database, "alter table turns rename to turns_gone")
        with pytest.raises(Unusable, match="restore"):  # --set-up would be told again
            async with open_database(settings, set_up=True):
                pass
        change(database, "alter table turns_gone rename to turns")
    for _ in range(2):
        async with open_database(settings, set_up=True) as opened:
            found = await opened.run("select a, b, c from probe")
            assert found == [dict.fromkeys("abc")]
    async with open_database(settings) as opened:
        assert await opened.readiness() == "ok"
        sql = "delete from agent_migrations where version > ?"
        await opened.run(sql, len(MIGRATIONS))


def test_a_migration_that_adds_columns_disturbs_no_process_that_runs(
    start: Callable, served
) -> None:
    served.reset()
    url = set_up(new_postgres())
    service = start(url, DATABASE_CONNECTIONS=1)  # it has every statement prepared
    for extra in ("", "more"):
        for table in (*TABLES, "checkpoint_blobs", "checkpoint_writes") if extra else ():
            change(url, f"alter table {table} add column {extra} integer default 0")
        thread, approval = service.asked("Please refund 5 euros for order T-8.")
        body, key = {"text": WHERE}, {"Idempotency-Key": "one"}
        path = f"/threads/{thread}"
        asks = [
            service.ann.get("/ready"),
            service.ann.get("/threads"),
            service.ann.get(path),
            service.decide(approval),
            service.ann.post(f"{path}/messages", json=body, headers=key),
            service.ann.post(f"{path}/messages", json=body, headers=key),
        ]
        assert [one.status_code for one in asks] == [200] * 6
        assert ['"complete"' in one.text for one in asks[3:]] == [True] * 3
        assert service.ann.post(f"{path}/cancel").status_code == 409
        assert service.ann.delete(path).status_code == 204
    assert not [line for line in service.log() if line["level"] == "error"]
    service.stop()


# Growth


def test_a_long_thread_keeps_one_checkpoint(start: Callable, database: str, served) -> None:
    served.reset()
    service = start(database)
    thread, process, spent = service.thread(), psutil.Process(service.pid), []
    for _ in range(TURNS):
        before = sum(process.cpu_times()[:2])
        service.say(thread, WHERE)
        spent.append(sum(process.cpu_times()[:2]) - before)
    if TURNS >= 80:  # it was five times as much
        assert sum(spent[-20:]) < 2 * sum(spent[5:25]), spent
    where = f"where thread_id = '{thread}'"
    assert rows(database, f"select count(*) from checkpoints {where}") == [(1,)]
    writes = "checkpoint_writes" if "://" in database else "writes"
    assert rows(database, f"select count(*) from {writes} {where}")[0][0] < 20
    if "://" in database:
        assert rows(database, f"select count(*) from checkpoint_blobs {where}")[0][0] < 20
    every = service.ann.get(f"/threads/{thread}?limit=1000").json()
    assert len(every["messages"]) == 3 * TURNS and every["first"] == 0
    first = service.ann.get(f"/threads/{thread}?limit=5").json()
    assert len(first["messages"]) < 5 + 1 and first["first"] == 4 * TURNS - 5
    service.stop()


def test_old_threads_go(start: Callable, database: str, served) -> None:
    served.reset()
    service = start(database)
    old, new = service.thread(), service.thread()
    service.say(old, WHERE)
    change(database, f"update runs set started = started - 90000 where thread = '{old}'")
    asked, _ = service.asked("Please refund 20 euros for order T-8.")
    change(database, f"update runs set started = started - 90000 where thread = '{asked}'")
    change(
        database, f"update threads set created = created - 90000 where id in ('{old}', '{asked}')"
    )
    service.stop()
    service = start(database, THREAD_DAYS=1)
    until(lambda: service.ann.get(f"/threads/{old}").status_code == 404, "its end")
    until(lambda: len(service.log("threads_expired")) >= 1, "its line in the log")
    assert service.status(asked) == "pending_approval"  # somebody may still decide
    where = f"where thread_id = '{old}'"
    assert rows(database, f"select count(*) from checkpoints {where}") == [(0,)]
    assert service.ann.get(f"/threads/{new}").status_code == 200
    service.stop()


async def test_an_old_thread_that_gets_a_question_meanwhile_stays(database: str, served) -> None:
    async with open_database(read(os.environ | {DATABASE: database})) as opened:
        store = Store(opened, replace(read(), lease_seconds=60))
        thread, run = (await store.new_thread("ann", "old"))["id"], opened.run
        await run("update threads set created = created - 90000 where id = ?", thread)

        async def ask_behind(sql: str, *values: object) -> list[dict]:
            found = await run(sql, *values)  # the sweep knows what is old
            begun = await store.begin_message(thread, "ann", None)
            asked = ("0" * 32, [{"id": "c", "name": "refund", "args": {}, "why": ""}])
            await store.end(begun.run, Ending("pending_approval", asked=[asked]))
            return found

        opened.run = ask_behind
        assert await store.delete_old_threads(1) == 0
        opened.run = run
        assert status((await store.threads("ann", 1, thread))[0]) == "pending_approval"
        assert await store.delete_thread(thread)


async def test_one_thread_costs_the_same_beside_many(served, tmp_path: Path) -> None:
    path = str(tmp_path / "a.sqlite")
    async with open_database(read(os.environ | {DATABASE: path})) as opened:
        sql = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)"
        sql += " insert into threads select printf('%032x', i), 'ann', '', i from n"
        await opened.run(sql)
        steps = []  # of a hundred instructions
        await opened.connection.set_progress_handler(lambda: steps.append(1), 100)
        store = Store(opened, read())
        assert len(await store.threads("ann", 1, f"{1:032x}")) == 1
        assert await store.threads("bob", 1, f"{1:032x}") == []
        assert await store.threads("ann", 1, "f" * 32) == []
        assert len(steps) < 10


def test_a_user_has_as_many_threads_as_may_be(start: Callable, database: str, served) -> None:
    service = start(database, THREADS=2, TOKENS="eve:token-of-ann,joe:token-of-bob")
    kept = [service.thread(), service.thread()]
    refused = service.ann.post("/threads", json={})
    assert refused.status_code == 409
    assert refused.json() == {"message": "You have 2 threads. Delete one, then try again."}
    assert service.bob.post("/threads", json={}).status_code == 201
    assert service.ann.delete(f"/threads/{kept[0]}").status_code == 204
    assert service.ann.post("/threads", json={}).status_code == 201
    service.stop()


# Limits that processes share


async def test_of_sixty_turns_at_once_as_many_start_as_may(
    start: Callable, database: str, served
) -> None:
    served.reset()
    services = [start(database, TURNS_PER_MINUTE=5, DATABASE_SECONDS=60) for _ in range(2)]
    headers = {"Authorization": "Bearer token-of-bob"}
    async with httpx.AsyncClient(
        headers=headers, timeout=MAX_WAIT_SECONDS, trust_env=False
    ) as client:

        async def send(number: int) -> int:
            url = services[number % 2].url
            thread = (await client.post(f"{url}/threads", json={})).json()["id"]
            answer = await client.post(f"{url}/threads/{thread}/messages", json={"text": "Hi"})
            deleted = await client.delete(f"{url}/threads/{thread}")
            assert deleted.status_code == 204  # which gives no turn back
            return answer.status_code

        answers = Counter(await asyncio.gather(*(send(number) for number in range(60))))
    assert answers == {200: 5, 429: 55}
    for service in services:
        service.stop()
