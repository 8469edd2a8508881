"""The service, with places where it pauses or dies; the amount of the refund names the place.

A pause blocks the whole process, as a stopped virtual machine does: nothing renews its lease.
It ends when the file `go` is there. The file `dies_after` holds a number: the process dies when
so many tasks have stored their writes, before the checkpoint of the last one's step is stored.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

from production_agent import tools
from production_agent.__main__ import main
from production_agent.database import Database, Saver
from production_agent.store import Store

BEFORE_EFFECT, AFTER_EFFECT, DIES_AFTER_EFFECT, DIES_BEFORE_END, NO_ANSWER = 51, 52, 53, 54, 55


def pause() -> None:
    """Say that the place is reached, and stand still."""
    logging.getLogger("production_agent").info("paused")
    while not Path("go").exists():
        time.sleep(0.01)


def die() -> None:
    """End as the kernel ends a process that takes too much memory."""
    logging.getLogger("production_agent").info("died")
    os.kill(os.getpid(), signal.SIGKILL)


async def pay_back(key, order, amount, context) -> None:
    """Pause or die around the payment."""
    if amount == BEFORE_EFFECT:
        pause()
    if amount == NO_ANSWER:
        Database.write = write_without_an_answer
    await real_pay_back(key, order, amount, context)
    if amount == AFTER_EFFECT:
        pause()
    if amount == DIES_AFTER_EFFECT:
        die()


async def write_without_an_answer(self, work):
    """Lose the connection after the server has the commit."""
    Database.write = real_write
    await real_write(self, work)
    raise sqlite3.OperationalError("the connection is gone")


async def end(self, run, *rest, **more):
    """Die before the end is written down."""
    sql = "select 1 from effects where details like ?"
    details = f'%"amount": {DIES_BEFORE_END}}}%'
    if not Path("go").exists() and await self.database.run(sql, details):
        die()
    return await real_end(self, run, *rest, **more)


async def store_writes(self, *rest):
    """Die between a task's writes and the checkpoint of its step."""
    armed = Path("dies_after")
    dies = armed.exists() and next(stored) == int(armed.read_text())
    if dies:
        Saver.aput = never
    await real_store_writes(self, *rest)
    if dies:
        die()


async def never(self, *rest):
    """Store no checkpoint any more; PostgreSQL would do it beside the writes."""
    await asyncio.Event().wait()


stored = itertools.count(1)
real_store_writes, Saver.aput_writes = Saver.aput_writes, store_writes
real_pay_back, real_end, real_write = tools.pay_back, Store.end, Database.write
tools.pay_back, Store.end = pay_back, end
sys.exit(main(["--port", "0"]))
