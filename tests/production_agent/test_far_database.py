"""PostgreSQL that is far: a turn waits for it a few times, eight chats hardly longer than one."""

from __future__ import annotations

import asyncio
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from production_agent.database import open_database
from production_agent.settings import read
from tests.production_agent.conftest import new_postgres, set_up
from tests.production_agent.service_process import Service, change, rows
from tests.production_agent.slow_postgres import SlowPostgres, far

TRIPS = 25  # of a turn with a tool: two requests, four steps
SLOWER = 1.5  # eight chats at once by one
INVALID = "select indexrelid::regclass from pg_index where not indisvalid"
is_long = bool(os.environ.get("COURSE_LONG_TESTS"))


@pytest.fixture(scope="module")
def way(served) -> Iterator[SlowPostgres]:
    """A way to an empty database."""
    with far(set_up(new_postgres())) as one:
        yield one


@pytest.fixture(scope="module")
def service(start: Callable, way: SlowPostgres) -> Service:
    """A service at its end."""
    return start(way.url, DATABASE_SECONDS=60)


def turns(service: Service, chats: int, number: int) -> list[float]:
    """Let chats at once have this number of turns each; return the seconds of each turn."""
    took = []

    def chat() -> None:
        with service.client("token-of-ann") as client:
            thread = client.post("/threads", json={}).json()["id"]
            for _ in range(number):
                began, text = time.monotonic(), {"text": "Where is parcel P-3?"}
                answer = client.post(f"/threads/{thread}/messages", json=text)
                assert '"complete"' in answer.text
                took.append(time.monotonic() - began)

    running = [threading.Thread(target=chat) for _ in range(chats)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert len(took) == chats * number
    return took


def test_a_turn_waits_for_the_database_a_few_times(service: Service, way: SlowPostgres) -> None:
    turns(service, 1, 1)  # connects and prepares statements
    before = way.trips
    turns(service, 1, 5)
    assert (way.trips - before) / 5 <= TRIPS


@pytest.mark.skipif(not is_long, reason="a measurement: COURSE_LONG_TESTS=1 runs it")
def test_eight_chats_at_once_are_hardly_slower_than_one(
    service: Service, way: SlowPostgres
) -> None:
    way.seconds = 0.03
    turns(service, 8, 1)
    alone, together = [], []
    for _ in range(3):
        alone += turns(service, 1, 3)
        together += turns(service, 8, 3)
    assert statistics.median(together) <= SLOWER * statistics.median(alone)


async def test_of_two_that_set_up_at_once_both_succeed(served) -> None:
    url = new_postgres()
    with far(url) as way:
        way.seconds = 0.02
        settings = replace(read(), database=way.url)

        async def work(seconds: float) -> None:
            await asyncio.sleep(seconds)
            async with open_database(settings, set_up=True):
                pass

        await asyncio.gather(work(0), work(0.05))
    assert rows(url, INVALID) == []


def test_an_index_that_was_not_built_to_its_end_is_built(served) -> None:
    url = set_up(new_postgres())
    change(
        url,
        "update pg_index set indisvalid = false"
        " where indexrelid = 'checkpoints_thread_id_idx'::regclass",
    )
    assert len(rows(url, INVALID)) == 1
    set_up(url)
    assert rows(url, INVALID) == []
