"""Who owns which thread, which run holds it, what waits for approval, and what was done.

A run's row is also its lease: a thread has at most one row without an outcome, and a process that
dies leaves its row behind, with a lease that ends. An approval is claimed by the statement that
changes it from pending to decided, in the transaction that takes the thread.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

from production_agent.approval import digest
from production_agent.database import Database, Execute
from production_agent.settings import Settings

__all__ = ("ATTEMPTS", "Store")

ATTEMPTS = 3  # times a decided approval is taken up before a person has to look


class Store:
    """The tables; all times are in seconds since 1970, by the database's clock."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings, self.now = database, settings, database.now

    async def clock(self) -> float:
        """Return the database's time: it is there, and answers."""
        return (await self.database.read(f"select {self.now} as now"))[0]["now"]

    async def new_thread(self, owner: str, title: str) -> dict:
        """Make a thread. Its id is ours, so nobody can guess or share one."""
        sql = f"insert into threads values (?, ?, ?, {self.now}) returning *"
        values = secrets.token_hex(16), owner, title
        return (await self.database.write(lambda execute: execute(sql, *values)))[0]

    async def threads(self, owner: str, limit: int, thread: str | None = None) -> list[dict]:
        """Return the owner's threads (or this one) with their last run, the newest first."""
        sql = f"""
            select t.*, r.outcome, r.reference, r.kind, r.id as run, r.lease > {self.now} as alive,
              (select count(*) from approvals a where a.thread = t.id and a.state = 'pending'
                and a.expires > {self.now}) as pending,
              (select count(*) from approvals a where a.thread = t.id and a.state = 'decided'
                and a.attempts < {ATTEMPTS}) as decided
            from threads t left join runs r on r.id =
              (select id from runs where thread = t.id and coalesce(outcome, '') <> 'refused'
                order by started desc limit 1)
            where t.owner = ? and (t.id = ? or ? = '') order by t.created desc limit ?"""
        return await self.database.read(sql, owner, thread or "", thread or "", limit)

    async def delete_thread(self, thread: str) -> bool:
        """Forget a thread and all that belongs to it, unless a run holds it; effects stay."""

        async def work(execute: Execute) -> bool:
            await self._bury(execute, thread)
            sql = "select 1 from runs where thread = ? and outcome is null"
            if await execute(sql, thread):
                return False
            for table in ("runs", "approvals"):
                await execute(f"delete from {table} where thread = ?", thread)
            await execute("delete from threads where id = ?", thread)
            return True

        return await self.database.write(work)

    async def seconds_until_turn(self, owner: str, limit: int) -> float:
        """Return how long the owner has to wait for another turn, of so many a minute."""
        sql = f"""
            select started + 60 - {self.now} as wait from runs
            where owner = ? and kind = 'message' and coalesce(outcome, '') <> 'refused'
            order by started desc limit 1 offset ?"""
        rows = await self.database.read(sql, owner, limit - 1)
        return max(0.0, rows[0]["wait"]) if rows else 0.0

    # Runs

    async def begin(self, thread: str, owner: str, kind: str) -> str | None:
        """Take the thread for a run and return its id, or None if another run holds it."""
        return await self.database.write(lambda execute: self._take(execute, thread, owner, kind))

    async def _take(self, execute: Execute, thread: str, owner: str, kind: str) -> str | None:
        await self._bury(execute, thread)
        rows = await execute(
            f"""insert into runs values (?, ?, ?, ?, {self.now}, {self.now} + ?, null, null)
            on conflict do nothing returning id""",
            *(secrets.token_hex(8), thread, owner, kind, self.settings.lease_seconds),
        )
        return rows[0]["id"] if rows else None

    async def _bury(self, execute: Execute, thread: str) -> None:
        await execute(
            f"update runs set outcome = 'lost' where thread = ? and outcome is null "
            f"and lease < {self.now}",
            thread,
        )

    async def renew(self, run: str) -> bool:
        """Hold the run's thread for longer; False if somebody took it as lost."""
        sql = f"update runs set lease = {self.now} + ? where id = ? and outcome is null returning 1"
        return bool(
            await self.database.write(
                lambda execute: execute(sql, self.settings.lease_seconds, run)
            )
        )

    async def end(
        self,
        run: str,
        outcome: str,
        reference: str | None = None,
        *,
        asked: Sequence[tuple[str, Sequence[dict]]] = (),
        done: Sequence[str] = (),
    ) -> list[dict]:
        """End a run: let its thread go, and in the same instant show what it asks for.

        Args:
            run: Its id.
            outcome: complete, pending_approval, failed, stopped or refused.
            reference: Of the failure in the log.
            asked: (interrupt id, calls) that wait for approval.
            done: Approvals whose calls all have an answer.

        Returns:
            The approvals that now wait; nothing if the run was taken for lost.
        """

        async def work(execute: Execute) -> list[dict]:
            sql = "update runs set outcome = ?, reference = ? where id = ? and outcome is null"
            rows = await execute(f"{sql} returning thread, owner", outcome, reference, run)
            if not rows:
                return []
            thread, owner = rows[0]["thread"], rows[0]["owner"]
            for approval, calls in asked:
                await execute(
                    f"""insert into approvals values (?, ?, ?, ?, ?, {self.now}, {self.now} + ?,
                    'pending', null, null, 0) on conflict do nothing""",
                    *(approval, thread, owner, json.dumps(calls)),
                    *(digest(thread, approval, calls), self.settings.approval_seconds),
                )
            for approval in done:
                await execute("update approvals set state = 'done' where id = ?", approval)
            ids = [approval for approval, _ in asked]
            return [row for row in await self._pending(execute, owner) if row["id"] in ids]

        return await self.database.write(work)

    async def lost(self) -> list[dict]:
        """Return threads whose process died, or whose decided approval nobody carries out."""
        sql = f"""
            select thread, owner from runs where outcome is null and lease < {self.now}
            union select thread, owner from approvals a where state = 'decided'
              and attempts < {ATTEMPTS} and not exists
              (select 1 from runs r where r.thread = a.thread and r.outcome is null)"""
        return await self.database.read(sql)

    # Approvals

    async def pending(self, owner: str, thread: str | None = None) -> list[dict]:
        """Return what waits for the owner's decision, the oldest first."""
        rows = await self._pending(self.database.read, owner)
        return [row for row in rows if thread in (None, row["thread"])]

    async def _pending(self, execute: Execute, owner: str) -> list[dict]:
        sql = f"""select * from approvals where owner = ? and state = 'pending'
            and expires > {self.now} order by created, id"""
        return [{**row, "calls": json.loads(row["calls"])} for row in await execute(sql, owner)]

    async def approval(self, approval: str, owner: str) -> dict | None:
        """Return an approval of this owner in any state, with `expired`."""
        sql = (
            f"select *, expires <= {self.now} as expired from approvals where id = ? and owner = ?"
        )
        rows = await self.database.read(sql, approval, owner)
        return {**rows[0], "calls": json.loads(rows[0]["calls"])} if rows else None

    async def decide(self, approval: dict, decision: dict) -> tuple[str, str | None]:
        """Claim an approval and take its thread, both or none.

        Returns:
            ("claimed", the run's id), ("decided", None) if it is too late, or ("busy", None).
        """

        async def work(execute: Execute) -> tuple[str, str | None]:
            # `state = 'pending'` is the claim: of any number at once, one finds it so.
            sql = f"""update approvals set state = 'decided', decision = ?, decided = {self.now},
                attempts = 1 where id = ? and state = 'pending' and expires > {self.now}
                returning 1"""
            if not await execute(sql, json.dumps(decision), approval["id"]):
                return "decided", None
            run = await self._take(execute, approval["thread"], approval["owner"], "decision")
            if run is None:
                raise _Busy
            return "claimed", run

        try:
            return await self.database.write(work)
        except _Busy:
            return "busy", None

    async def decided(self, thread: str, *, attempt: bool = False) -> list[dict]:
        """Return the thread's approvals that were decided and not carried out to their end.

        Args:
            thread: Its id.
            attempt: Count one more attempt to carry them out.
        """

        count = (
            "update approvals set attempts = attempts + 1 where thread = ? and state = 'decided'"
        )
        if attempt:
            await self.database.write(lambda execute: execute(count, thread))
        sql = "select * from approvals where thread = ? and state = 'decided'"
        rows = await self.database.read(sql, thread)
        return [{**row, "decision": json.loads(row["decision"])} for row in rows]

    # Effects

    async def effect(self, key: str, thread: str, owner: str, name: str, details: dict) -> None:
        """Write an effect down, unless its key is there: then it was done before a crash."""
        sql = f"insert into effects values (?, ?, ?, ?, ?, {self.now}) on conflict do nothing"
        values = key, thread, owner, name, json.dumps(details)
        await self.database.write(lambda execute: execute(sql, *values))


class _Busy(Exception):
    """The thread has a run: undo the claim."""
