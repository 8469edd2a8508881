"""Who owns which thread, which run holds it, what waits for approval, and what was done.

A run's row is also its lease: a thread has at most one row without an outcome, and a process that
dies leaves its row behind, with a lease that ends. The row's id is the fencing token: checkpoints
and effects are written only in a transaction that finds it without an outcome. An approval is
claimed by the statement that changes it from pending to decided, in the transaction that takes the
thread. A stop is a mark on the run's row, read in the transaction that ends or recovers the run: a
turn whose stop was accepted asks nothing and is not carried on. Effects are the truth about what
was done, whatever a checkpoint says.

Outcomes of a run: complete, incomplete (the model was cut off), pending_approval, failed, stopped,
needs_person, handed_on (another run carries it on), lost (its process died; a recovery finds out
what came of it).
States of an approval: pending, decided, done (each call has its answer), needs_person, void (over
unanswered).

Rows are read by the names of their columns, never as `*`: PostgreSQL would refuse a prepared
statement once a migration has added a column, in each process that runs.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from production_agent.approval import digest, is_readable
from production_agent.context import KeyTaken, NotSent, OutcomeUnknown, OverBudget, Stopped
from production_agent.database import FAILURES, Database, Transaction
from production_agent.settings import Settings
from production_agent.tools import Budget, budget

__all__ = ("ATTEMPTS", "SHOWN_AS", "Begun", "Ending", "Store", "status")

# Outcomes that have another name for whoever reads a status.
SHOWN_AS = {"lost": "resuming", "pending_approval": "stopped", "handed_on": "resuming"}
ATTEMPTS = 3  # times a decided approval is carried out before a person has to look
# How a turn does not end after its stop was accepted.
NOT_STOPPED = ("complete", "incomplete", "pending_approval", "handed_on", "failed")
LAST_RUN = "from runs where thread = t.id order by started desc limit 1"
# A recovery that died changed nothing: what it was to recover still has to be.
LAST = """from runs where thread = t.id and (kind, outcome) <> ('recovery', 'lost')
    order by started desc limit 1"""
OF_TURN = """thread = ? and run in (select id from runs where thread = ? and started >=
    (select max(started) from runs where thread = ? and kind = 'message'))"""
APPROVAL = """id, thread, owner, calls, digest, created, expires, state, decision, decided, decider,
    attempts, by_approver"""


@dataclass
class Begun:
    """How a run was asked for and what came of it; `how` is "begun" if there is one.

    Otherwise it is gone (the thread), busy, undecided, finishing, wait (for `seconds`), repeated
    (`run` is the run that this request began before), decided (by somebody else), or finished (by
    another process, which was faster).

    Attributes:
        before: The outcome of the thread's run before; "" if there is none.
    """

    how: str
    run: str = ""
    seconds: float = 0.0
    before: str = ""


@dataclass
class Ending:
    """How a run ended.

    Attributes:
        outcome: Its outcome; one that is refused leaves no row, as if its request never came.
        reference: Of the failure in the log.
        sentence: For the owner, if the outcome needs one.
        text: The answer, if it is one.
        asked: (interrupt id, calls) that wait for approval.
        approvals: Approval id: its new state.
        tell: Changes it by the effects {name, details} of its turn, if there are any, where it
            would ask to send the message again, or deny what was done.
        stored: The run of the last message that is stored, None if not known. If it is not the
            turn's, the turn's request, repeated, is a new one, unless its stop was accepted.
    """

    outcome: str
    reference: str | None = None
    sentence: str | None = None
    text: str = ""
    asked: Sequence[tuple[str, Sequence[dict]]] = ()
    approvals: dict[str, str] = field(default_factory=dict)
    tell: Callable[[Ending, Sequence[dict]], None] | None = None
    stored: str | None = None


def status(row: dict) -> str:
    """Return the status of a thread, as the API names it; `row` is one of `Store.threads`."""
    if row["run"] and not row["outcome"]:
        # A dead process's turn is "stopped" only once the thread is free for the next message.
        return "running" if row["alive"] and row["kind"] != "recovery" else "resuming"
    if row["run"] and row["decided"]:
        return "resuming"
    if row["run"] and row["pending"]:
        return "pending_approval"
    outcome = row["outcome"] if row["run"] else "new"
    return SHOWN_AS.get(outcome, outcome)


class Store:
    """The tables; all times are in seconds since 1970, by the database's clock."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings, self.now = database, settings, database.now
        # Of a thread `t` and a run `r`: what `status` reads, and more.
        self.columns = f"""t.id, t.owner, t.title, t.created,
            r.outcome, r.reference, r.sentence, r.kind, r.id as run, r.lease > {self.now} as alive,
            (select count(*) from approvals a where a.thread = t.id and a.state = 'pending'
              and a.expires > {self.now}) as pending,
            (select count(*) from approvals a where a.thread = t.id and a.state = 'decided')
              as decided"""

    # Threads

    async def new_thread(self, owner: str, title: str) -> dict | None:
        """Make a thread, unless the owner has as many as may be: then return None.

        Its id is ours, so nobody can guess or share one.
        """
        sql = f"""insert into threads (id, owner, title, created)
            select ?, ?, ?, {self.now}
            where (select count(*) from threads where owner = ?) < ?
            returning id, owner, title, created"""
        values = secrets.token_hex(16), owner, title, owner, self.settings.threads
        rows = await self.database.run(sql, *values)
        return rows[0] if rows else None

    async def threads(
        self, owner: str, limit: int, thread: str = "", before: tuple[float, str] = (1e18, "")
    ) -> list[dict]:
        """Return the owner's threads (or this one) with their last run, the newest first.

        Args:
            owner: The user.
            limit: Threads at most.
            thread: Only this one.
            before: Only those that come after the one with this time and id.
        """
        # One of its own for each: with an `or` between them no key would help.
        where, values = "(t.created, t.id) < (?, ?)", before
        if thread:
            where, values = "t.id = ?", (thread,)
        sql = f"""select {self.columns}
            from threads t left join runs r on r.id = (select id {LAST_RUN})
            where t.owner = ? and {where}
            order by t.created desc, t.id desc limit ?"""
        return await self.database.run(sql, owner, *values, limit)

    async def delete_thread(self, thread: str, days: float | None = None) -> bool:
        """Delete a thread and all that belongs to it; effects stay.

        Not while a run holds the thread or a decision has to be carried out. All of it goes in one
        transaction. The lock on the thread's row keeps a new run out, and without a run nothing can
        be written to a thread.

        Args:
            thread: The thread.
            days: None, or how old it still has to be, as in `delete_old_threads`.
        """

        async def work(transaction: Transaction) -> bool:
            row = await self._lock_thread(transaction, thread)
            if row and (row["running"] or row["approval"] == "decided"):
                return False
            if days is not None:  # since it was found old, it may have got a turn or a question
                sql = f"select 1 from threads t where id = ? and {self._is_old()}"
                if not await transaction.fetch(sql, thread, days, days):
                    return False
            for table in self.database.checkpoints:
                await transaction.send(f"delete from {table} where thread_id = ?", thread)
            for table in ("runs", "approvals"):
                await transaction.send(f"delete from {table} where thread = ?", thread)
            await transaction.send("delete from threads where id = ?", thread)
            return True

        return await self.database.write(work)

    async def delete_old_threads(self, days: float) -> int:
        """Delete threads without a turn or a question for so many days; return how many."""
        sql = f"select id from threads t where {self._is_old()} limit 100"
        rows = await self.database.run(sql, days, days)
        return sum([await self.delete_thread(row["id"], days) for row in rows])

    def _is_old(self) -> str:
        return f"""created < {self.now} - ? * 86400.0 and not exists
            (select 1 from runs r where r.thread = t.id and
              (r.outcome is null or r.started > {self.now} - ? * 86400.0)) and not exists
            (select 1 from approvals a where a.thread = t.id and a.state = 'pending'
              and a.expires > {self.now})"""

    async def _lock_thread(
        self, transaction: Transaction, thread: str, more: str = "", *values: object
    ) -> dict | None:
        """Lock the thread and call its dead run lost; return how it stands, None if it is gone.

        `running` counts the runs that hold it; `approval` is pending or decided, if one is in the
        way; `before` is the outcome of its LAST run. More columns cost no further round trip.
        """
        await self._lock(transaction, thread)
        sql = f"""update runs set outcome = 'lost' where thread = ? and outcome is null
            and lease < {self.now}"""
        await transaction.send(sql, thread)
        sql = f"""select {more}
            (select count(*) from runs where thread = t.id and outcome is null) as running,
            (select min(state) from approvals where thread = t.id and (state = 'decided'
              or (state = 'pending' and expires > {self.now}))) as approval,
            (select outcome {LAST}) as before
            from threads t where id = ?"""
        rows = await transaction.fetch(sql, *values, thread)
        return rows[0] if rows else None

    async def _lock(self, transaction: Transaction, thread: str) -> None:
        sql = f"select 1 from threads where id = ?{self.database.for_update}"
        await transaction.send(sql, thread)

    # Runs

    async def begin_message(self, thread: str, owner: str, request: str | None) -> Begun:
        """Take the thread for a message's run, if nothing stands in its way.

        All turns of an owner wait for one another here, so it asks all its questions at once.

        Args:
            thread: The thread.
            owner: Its owner; the turn counts among the owner's turns of this minute.
            request: The idempotency key, or None.
        """
        recent = f"at > {self.now} - 60 and at <= {self.now}"  # none of a clock that was set back
        more = f"""(select id from runs where thread = t.id and request = ?) as repeated,
            (select at + 60 - {self.now} from turns where owner = ? and {recent}
              order by at desc limit 1 offset ?) as wait,"""
        values = request, owner, self.settings.turns_per_minute - 1

        async def work(transaction: Transaction) -> Begun:
            await self.database.lock(transaction, f"turns {owner}")
            row = await self._lock_thread(transaction, thread, more, *values)
            if row is None:
                return Begun("gone")
            if row["repeated"]:
                return Begun("repeated", row["repeated"])
            if row["running"]:
                return Begun("busy")
            if row["approval"] == "decided" or row["before"] in ("lost", "handed_on"):
                return Begun("finishing")
            if row["approval"]:
                return Begun("undecided")
            if row["wait"] is not None:
                return Begun("wait", seconds=max(row["wait"], 0.0))
            await transaction.send(f"delete from turns where owner = ? and not ({recent})", owner)
            sql = f"insert into turns (owner, at) values (?, {self.now})"
            await transaction.send(sql, owner)
            # What expired unanswered is over, also if the clock is set back.
            void = "update approvals set state = 'void' where thread = ? and state = 'pending'"
            await transaction.send(void, thread)
            run = await self._begin(transaction, thread, owner, "message", request)
            return Begun("begun", run, before=row["before"] or "")

        return await self.database.write(work)

    async def begin_recovery(self, thread: str, owner: str, *, is_foreign: bool = False) -> Begun:
        """Take a thread whose process is gone, unless another process was faster.

        A run that was asked to stop, and ended before it knew, counts as stopped; one that was
        handed on counts as lost when so many recoveries died of it. What was promised and
        `is_foreign` (the next step is not known here) waits for another version, for as many leases
        after its last run; then it is given up.
        """
        patience = (ATTEMPTS - 1) * self.settings.lease_seconds  # after the end of a lease
        more = f"""(select stop {LAST}) as stop,
            (select count(*) from runs where thread = t.id
              and started > (select started {LAST})) as died,
            (select {self.now} - lease from runs where thread = t.id
              order by started desc limit 1) as silent,"""

        async def work(transaction: Transaction) -> Begun:
            row = await self._lock_thread(transaction, thread, more)
            if row is None:
                return Begun("gone")
            if row["running"]:
                return Begun("busy")
            # The caller's list may be old by now.
            if row["approval"] != "decided" and row["before"] not in ("lost", "handed_on"):
                return Begun("finished")
            is_promised = row["approval"] == "decided" or row["before"] == "handed_on"
            if is_foreign and is_promised and not row["stop"] and row["silent"] < patience:
                return Begun("finishing")
            sql = "update approvals set attempts = attempts + ? where thread = ? and state = ?"
            await transaction.send(sql, ATTEMPTS if is_foreign else 1, thread, "decided")
            run = await self._begin(transaction, thread, owner, "recovery")
            before = "lost" if row["died"] >= ATTEMPTS else row["before"] or ""
            before = "stopped" if row["stop"] else before
            return Begun("begun", run, before=before)

        return await self.database.write(work)

    async def decide(self, approval: dict, decision: dict, decider: str) -> Begun:
        """Claim an approval and take its thread, both or none."""
        # `state = 'pending'` is the claim: of any number at once, one finds it so.
        sql = f"""update approvals set state = 'decided', decision = ?, decided = {self.now},
            decider = ?, attempts = 1 where id = ? and state = 'pending'
            and expires > {self.now} returning 1"""
        values = json.dumps(decision), decider, approval["id"]

        async def work(transaction: Transaction) -> Begun:
            row = await self._lock_thread(transaction, approval["thread"])
            if row is None:
                return Begun("gone")
            if row["running"]:
                return Begun("busy" if row["approval"] == "pending" else "decided")
            if not await transaction.fetch(sql, *values):
                return Begun("decided")
            taken = approval["thread"], approval["owner"], "decision"
            return Begun("begun", await self._begin(transaction, *taken))

        return await self.database.write(work)

    async def _begin(
        self,
        transaction: Transaction,
        thread: str,
        owner: str,
        kind: str,
        request: str | None = None,
    ) -> str:
        # It starts after the thread's last one, also where the clock has been set back.
        run = secrets.token_hex(8)
        await transaction.send(
            f"""insert into runs (id, thread, owner, kind, lease, request, started)
            select ?, ?, ?, ?, {self.now} + ?, ?, max(started) from (select {self.now} as started
            union all select started + 0.001 from runs where thread = ?) as times""",
            *(run, thread, owner, kind, self.settings.lease_seconds, request, thread),
        )
        return run

    async def renew(self, run: str) -> bool:
        """Hold the run's thread for longer; return whether it still had the thread."""
        sql = f"""update runs set lease = {self.now} + ? where id = ? and outcome is null
            returning 1"""
        return bool(await self.database.run(sql, self.settings.lease_seconds, run))

    async def asked_to_stop(self) -> list[str]:
        """Return the runs that are asked to stop, in whatever process they are."""
        rows = await self.database.run("select id from runs where outcome is null and stop = 1")
        return [row["id"] for row in rows]

    async def ask_to_stop(self, thread: str, run: str | None) -> dict | None:
        """Ask a message's run to stop, in whatever process; return the thread's unfinished run.

        Its `stop` is 1 if it stops. One that is handed on or lost stops before it is carried on.
        What would change nothing writes nothing.
        """
        last = """id = (select id from runs where thread = ? order by started desc limit 1)
            and (outcome is null or outcome in ('handed_on', 'lost'))"""
        sql = f"select id, kind, stop from runs where {last}"

        async def work(transaction: Transaction) -> list[dict]:
            await self._lock(transaction, thread)  # no recovery begins meanwhile
            mark = f"update runs set stop = 1 where id = ? and {last} returning id, kind, stop"
            marked = await transaction.fetch(mark, run, thread)
            return marked or await transaction.fetch(sql, thread)

        rows = await self.database.run(sql, thread)
        if rows == [{"id": run, "kind": "message", "stop": 0}]:
            rows = await self.database.write(work)
        return rows[0] if rows else None

    async def is_newest(self, thread: str, run: str) -> bool:
        """Return whether a run is the thread's last message or decision, or recovered it."""
        sql = """select 1 from runs where id = ? and started >=
            (select max(started) from runs where thread = ? and kind <> 'recovery')"""
        return bool(await self.database.run(sql, run, thread))

    async def turn_end(self, thread: str, run: str) -> dict | None:
        """Return a thread as `threads` does, with the last run of the turn that a run belongs to.

        A turn goes on with decisions and recoveries until the next message. All of it is asked at
        once: between two statements another run might begin.

        Returns:
            The row, with the `message` whose turn it is, and the `newest` run of the thread; None
            if the thread or the run is gone.
        """
        sql = f"""select {self.columns},
              (select id {LAST_RUN}) as newest,
              (select id from runs where thread = t.id and kind = 'message'
                and started <= r.started order by started desc limit 1) as message
            from threads t join runs r on r.thread = t.id where t.id = ?
            and r.started >= (select started from runs where id = ?) and not exists
              (select 1 from runs m where m.thread = r.thread and m.kind = 'message'
                and m.started <= r.started
                and m.started > (select started from runs where id = ?))
            order by r.started desc limit 1"""
        rows = await self.database.run(sql, thread, run, run)
        return rows[0] if rows else None

    async def end(self, run: str, ending: Ending) -> list[dict] | None:
        """End a run: let its thread go, and in the same instant show what it asks for.

        The thread's older checkpoints go, too: only the newest is ever read again.

        Returns:
            The approvals that now wait; None if the run had lost its thread, nothing is written.

        Raises:
            Stopped: It was asked to stop, and this ending asks, answers, fails or goes on.
        """

        async def work(transaction: Transaction) -> list[dict] | None:
            sql = """update runs set outcome = ?, reference = ?, sentence = ?
                where id = ? and outcome is null returning thread, owner, stop"""
            values = ending.outcome, ending.reference, ending.sentence, run
            rows = await transaction.fetch(sql, *values)
            if not rows:
                return None
            if rows[0]["stop"] and ending.outcome in NOT_STOPPED:
                raise Stopped
            thread, owner = rows[0]["thread"], rows[0]["owner"]
            # An effect that held this row is on record only now, and no later one will be.
            if ending.tell and ending.outcome in ("failed", "stopped", "needs_person"):
                sql = f"select name, details from effects where {OF_TURN} order by at"
                found = await transaction.fetch(sql, *[thread] * 3)
                if found:
                    done = [{**one, "details": json.loads(one["details"])} for one in found]
                    ending.tell(ending, done)
                    sql = "update runs set outcome = ?, reference = ?, sentence = ? where id = ?"
                    values = ending.outcome, ending.reference, ending.sentence, run
                    await transaction.send(sql, *values)
            asked = []
            for approval, calls in ending.asked:
                asked += await transaction.fetch(
                    f"""insert into approvals
                    (id, thread, owner, calls, digest, created, expires, state, attempts,
                    by_approver) values (?, ?, ?, ?, ?, {self.now}, {self.now} + ?, 'pending', 0, ?)
                    on conflict do nothing returning {APPROVAL}""",
                    *(approval, thread, owner, json.dumps(calls)),
                    *(digest(thread, approval, calls), self.settings.approval_seconds),
                    int(bool(self.settings.approvers)),
                )
            for approval, state in ending.approvals.items():
                sql = "update approvals set state = ? where id = ?"
                await transaction.send(sql, state, approval)
            if ending.stored is not None:
                sql = """update runs set request = null where thread = ? and kind = 'message'
                    and id <> ? and stop = 0 and started >=
                    (select max(started) from runs where thread = ? and kind = 'message')"""
                await transaction.send(sql, thread, ending.stored, thread)
            if ending.outcome == "refused":
                await transaction.send("delete from runs where id = ?", run)
            else:
                for statement in self.database.prune:
                    await transaction.send(statement, thread)
            return [_approval(row) for row in asked]

        return await self.database.write(work)

    async def unfinished(self) -> list[dict]:
        """Return threads whose last run is lost or handed on, or whose decision nobody carries out.

        A dead run may be called lost by a request that begins nothing, as a repeated one.
        """
        sql = f"""select thread, owner from runs where outcome is null and lease < {self.now}
            union select thread, owner from approvals a where state = 'decided' and not exists
              (select 1 from runs r where r.thread = a.thread and r.outcome is null)
            union select thread, owner from runs h where outcome in ('handed_on', 'lost')
              and not exists
              (select 1 from runs r where r.thread = h.thread and r.started > h.started)"""
        return await self.database.run(sql)

    async def counts(self) -> dict[str, float]:
        """Return what waits and what runs, of all processes: name of a gauge: its value."""
        waits = f"from approvals where state = 'pending' and expires > {self.now}"
        sql = f"""select (select count(*) {waits}) as approvals_waiting,
            (select coalesce({self.now} - min(created), 0) {waits}) as approval_oldest_seconds,
            (select count(*) from runs where outcome is null) as runs_running,
            (select count(*) from runs p where outcome = 'needs_person' and not exists
              (select 1 from runs r where r.thread = p.thread and r.started > p.started))
              as threads_needing_person"""
        (found,) = await self.database.run(sql)
        return {**found, "threads_unfinished": len(await self.unfinished())}

    # Approvals

    async def waiting(
        self,
        *,
        owner: str = "",
        thread: str = "",
        limit: int = 10**9,
        after: tuple[float, str] = (0.0, ""),
    ) -> list[dict]:
        """Return what waits for a decision, of an owner, a thread or of all, the oldest first.

        What cannot be shown is left out.

        Args:
            owner: Only this user's.
            thread: Only this thread's.
            limit: Approvals at most.
            after: `created` and `id` of the last one that is known.
        """
        where, values = "(created, id) > (?, ?)", [*after]
        for column, value in (("owner", owner), ("thread", thread)):
            if value:
                where, values = f"{where} and {column} = ?", [*values, value]
        sql = f"""select {APPROVAL} from approvals where {where} and state = 'pending'
            and expires > {self.now} order by created, id limit ?"""
        rows = await self.database.run(sql, *values, limit)
        return [_approval(row) for row in rows if is_readable(row["calls"])]

    async def approval(self, approval: str) -> dict | None:
        """Return an approval in any state; None also if it cannot be read."""
        sql = f"select {APPROVAL} from approvals where id = ?"
        rows = await self.database.run(sql, approval)
        return _approval(rows[0]) if rows and is_readable(rows[0]["calls"]) else None

    async def decided(self, thread: str) -> list[dict]:
        """Return the thread's approvals that were decided and not carried out to their end."""
        sql = f"select {APPROVAL} from approvals where thread = ? and state = 'decided'"
        return [_approval(row) for row in await self.database.run(sql, thread)]

    async def expire(self) -> list[dict]:
        """End what nobody decided in time; return it, each to one process."""
        late = f"select id from approvals where state = 'pending' and expires <= {self.now}"
        void = """update approvals set state = 'void' where id = ? and state = 'pending'
            returning id, thread, owner"""
        run = self.database.run  # one by one: who locks several may wait for who does the same
        return [row for one in await run(late) for row in await run(void, one["id"])]

    # Effects

    async def effect(
        self, run: str, key: str, thread: str, owner: str, name: str, details: dict, call: str = ""
    ) -> bool:
        """Write an effect down, unless its call has done so before; return whether it has.

        What was decided about its call goes with it: the approval ends with its thread.

        Raises:
            KeyTaken: Its key is another call's, or another effect's of this call.
            NotSent: A person was asked about its call, and did not approve it.
            LeaseLost: The run no longer holds its thread.
            OutcomeUnknown: The database gave no answer, and may have written it.
            OverBudget: It would take more than its budget has left.
        """
        taken = budget(name, details) or Budget(None, 0, 0)
        sql = """select (select coalesce(sum(amount), 0) from effects where budget = ?) as spent,
            e.run, e.call, e.name, e.details, a.calls, a.decision, a.decided, a.decider
            from (select 1) as always left join effects e on e.key = ? left join approvals a
            on a.thread = ? and a.calls like ?"""

        async def work(transaction: Transaction) -> bool:
            await transaction.hold(run)
            await self.database.lock(transaction, key)
            if taken.name:
                await self.database.lock(transaction, taken.name)
            values = taken.name, key, thread, f'%"id": "{call}"%'
            rows = await transaction.fetch(sql, *values)
            # An argument of another call may look like this one's id.
            found = max(rows, key=lambda row: call in _arguments(row["calls"]))
            left = taken.total - found["spent"]
            if found["name"]:  # one that is carried on may come to other details
                is_other = found["run"] == run and json.loads(found["details"]) != details
                if is_other or (found["call"], found["name"]) != (call, name):
                    raise KeyTaken
                return True
            if taken.amount > left:
                raise OverBudget(max(left, 0))
            proposed, decision = _arguments(found["calls"]).get(call), found["decision"]
            each = json.loads(decision)["decisions"] if decision else ()
            kind = {one["call"]: one["type"] for one in each}.get(call)
            if proposed and kind not in ("approve", "edit"):
                raise NotSent
            await transaction.send(
                f"""insert into effects (key, thread, owner, name, details, at, run, budget, amount,
                call, proposed, decision, decided, decider)
                values (?, ?, ?, ?, ?, {self.now}, ?, ?, ?, ?, ?, ?, ?, ?)""",
                *(key, thread, owner, name, json.dumps(details), run, taken.name, taken.amount),
                *(call, proposed, kind, found["decided"], found["decider"]),
            )
            return False

        try:
            return await self.database.write(work)
        except FAILURES as error:
            raise OutcomeUnknown from error

    async def effects(self, thread: str, *, of_turn: bool = False) -> dict[str, dict]:
        """Return the thread's effects, or those of its last turn: key: {call, name, details}."""
        where, values = (OF_TURN, [thread] * 3) if of_turn else ("thread = ?", [thread])
        sql = f"select key, call, name, details from effects where {where} order by at"
        rows = await self.database.run(sql, *values)
        return {row["key"]: {**row, "details": json.loads(row["details"])} for row in rows}


def _arguments(calls: str | None) -> dict[str, str]:
    """Return the arguments of an approval's calls, by their ids."""
    return {one["id"]: json.dumps(one["args"]) for one in json.loads(calls or "[]")}


def _approval(row: dict) -> dict:
    decision = row["decision"] and json.loads(row["decision"])
    return {**row, "calls": json.loads(row["calls"]), "decision": decision}
