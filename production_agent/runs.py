"""Runs: a thread's turn from its first event to its last, and its end in every other case.

One task drives the graph and puts events into a queue; the HTTP response reads the queue. Who
leaves a message's stream cancels its run. A decision, once claimed, is carried out whoever listens.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from langchain_core.messages import HumanMessage
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, StateSnapshot

from production_agent import metrics
from production_agent.approval import shown
from production_agent.graph import recursion_limit, unanswered
from production_agent.logs import ids, new_reference
from production_agent.settings import Settings
from production_agent.store import ATTEMPTS, Store
from production_agent.tools import Context

__all__ = ("SORRY", "STOPPED", "Refused", "Run", "Runs")

SORRY = "Something went wrong. Please try again; if it stays so, tell us the reference."
TOO_LONG = "This took too long and was stopped. Please try again, or ask for less at once."
STOPPED = "This turn was stopped before it ended. Please send your message again."
BUSY = "A turn is running on this thread. Wait for its end, then try again."
FINISHING = "A decided call is still being carried out on this thread. Try again in a moment."
ANSWER_FIRST = "Decide what waits for your approval on this thread first."
PING_SECONDS = 15  # proxies close a connection that is silent for longer
log = logging.getLogger("production_agent")


class Refused(Exception):
    """The request cannot be done now: an HTTP status, a sentence, and what helps."""

    def __init__(self, status: int, message: str, *, retry_after: float = 0, **more: object):
        super().__init__(message)
        self.status, self.message, self.retry_after, self.more = status, message, retry_after, more


@dataclass
class Run:
    """A run of this process. Its events are (name, data), the last one None."""

    id: str
    thread: str
    owner: str
    kind: str
    events: asyncio.Queue = field(default_factory=asyncio.Queue)
    task: asyncio.Task | None = None
    began: float = field(default_factory=time.monotonic)
    spoke: bool = False

    def emit(self, event: str, **data: object) -> None:
        """Tell whoever listens."""
        self.events.put_nowait((event, data))

    async def stream(self) -> AsyncIterator[str]:
        """Give the events up to the end of the run, as server-sent events.

        FastAPI's own class would hand each event through two more queues and tasks.
        """
        while True:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    event = await self.events.get()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if event is None:
                return
            yield f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n"

    def leave(self) -> None:
        """Nobody listens any more."""
        if self.kind == "message":
            self.task.cancel()


class Runs:
    """Starts runs, takes up lost ones, and ends them all with the process."""

    def __init__(self, settings: Settings, store: Store, graph: CompiledStateGraph) -> None:
        self.settings, self.store, self.graph = settings, store, graph
        self.tasks: set[asyncio.Task] = set()

    def config(self, thread: str) -> dict:
        """Return what the graph is run with on a thread."""
        limit = recursion_limit(self.settings)
        return {"configurable": {"thread_id": thread}, "recursion_limit": limit}

    async def state(self, thread: str) -> StateSnapshot:
        """Return the thread's newest checkpoint."""
        return await self.graph.aget_state(self.config(thread))

    # Starting

    async def message(self, row: dict, text: str) -> Run:
        """Start a turn of a thread (its row in the store) with a message.

        Raises:
            Refused: 409 while the thread is not free, 429 after too many turns.
        """
        thread, owner = row["id"], row["owner"]
        if row["pending"]:
            pending = await self.store.pending(owner, thread)
            raise Refused(409, ANSWER_FIRST, approvals=pending)
        if row["decided"]:
            raise Refused(409, FINISHING)
        wait = await self.store.seconds_until_turn(owner, int(self.settings.turns_per_minute))
        if wait:
            sentence = f"You sent many messages. Try again in {math.ceil(wait)} seconds."
            raise Refused(429, sentence, retry_after=math.ceil(wait))
        run_id = await self.store.begin(thread, owner, "message")
        if run_id is None:
            raise Refused(409, BUSY)
        run = Run(run_id, thread, owner, "message")
        try:
            state = await self.state(thread)
            asked = [one for one in _asked(state) if await self._waits(one[0], owner)]
        except BaseException:
            await self.store.end(run.id, "refused")
            raise
        if asked:  # the process that asked died before it could say so
            pending = await self.store.end(run.id, "refused", asked=asked)
            raise Refused(409, ANSWER_FIRST, approvals=pending)
        messages = [*unanswered(state.values.get("messages", [])), HumanMessage(text)]
        return self._spawn(run, {"messages": messages})

    async def decide(self, approval: dict, decisions: list) -> Run:
        """Claim an approval and start to carry the decision out.

        Raises:
            Refused: 409 if it is decided or too late, or while the thread is not free.
        """
        decision = {"decisions": [one.model_dump() for one in decisions]}
        how, run = await self.store.decide(approval, decision)
        if how == "busy":
            raise Refused(409, BUSY)
        if how == "decided":
            expired = approval["state"] == "pending" and approval["expired"]
            raise Refused(409, "It was not decided in time." if expired else "It is decided.")
        for one in decisions:
            metrics.APPROVALS.labels(one.type).inc()
        started = Run(run, approval["thread"], approval["owner"], "decision")
        log.info("approval_decided", extra={"approval": approval["id"], "run": run})
        return self._spawn(started, Command(resume={approval["id"]: decision}))

    async def recover(self) -> None:
        """Take up what dead processes left: carry decisions out, show what waits."""
        for row in await self.store.lost():
            ids.set({"thread": row["thread"], "user": row["owner"]})
            try:
                await self._take_up(row["thread"], row["owner"])
            except Exception as error:  # of this thread; the others have theirs taken up
                log.error("recovery_failed", exc_info=error)

    async def _take_up(self, thread: str, owner: str) -> None:
        run_id = await self.store.begin(thread, owner, "recovery")
        if run_id is None:
            return  # another process was faster
        run = Run(run_id, thread, owner, "recovery")
        decided = await self.store.decided(thread, attempt=True)
        decided = [one for one in decided if one["attempts"] <= ATTEMPTS]
        state = await self.state(thread)
        waiting = {one.id for one in state.interrupts}
        resume = {one["id"]: one["decision"] for one in decided if one["id"] in waiting}
        log.warning("run_recovered", extra={"run": run_id})
        if decided and (resume or state.next):
            self._spawn(run, Command(resume=resume) if resume else None)
        else:
            await self._close(run, "stopped", None)

    async def keep_recovering(self) -> None:
        """Look for lost runs as long as the process lives."""
        while True:
            try:
                await self.recover()
            except Exception as error:
                log.error("recovery_failed", exc_info=error)
            await asyncio.sleep(self.settings.lease_seconds / 3)

    async def close(self) -> None:
        """End all runs of this process; a decision gets some time to be carried out."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=self.settings.grace_seconds)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _waits(self, interrupt: str, owner: str) -> bool:
        approval = await self.store.approval(interrupt, owner)
        return approval is None or (approval["state"] == "pending" and not approval["expired"])

    # Driving

    def _spawn(self, run: Run, graph_input: object) -> Run:
        run.task = asyncio.create_task(self._drive(run, graph_input))
        self.tasks.add(run.task)
        run.task.add_done_callback(self.tasks.discard)
        return run

    async def _drive(self, run: Run, graph_input: object) -> None:
        """Drive the graph to its end; whatever happens, say how it ended and free the thread."""
        ids.set({"thread": run.thread, "run": run.id, "user": run.owner})
        log.info("run_started", extra={"kind": run.kind})
        lease = asyncio.create_task(self._keep_lease(run))
        outcome, reference, sentence = "complete", None, SORRY
        timer = asyncio.timeout(self.settings.turn_seconds)
        try:
            run.emit("run", run=run.id, thread=run.thread)
            async with timer:
                await self._follow(run, graph_input)
        except asyncio.CancelledError:
            outcome, sentence = "stopped", STOPPED
        except Exception as error:
            outcome, reference = "failed", new_reference()
            sentence = TOO_LONG if timer.expired() else SORRY
            log.error("run_failed", exc_info=error, extra={"reference": reference})
        finally:
            lease.cancel()
        try:
            await self._close(run, outcome, reference, sentence)
        except Exception as error:  # the lease runs out, and the run is taken up as lost
            reference = new_reference()
            log.error("run_not_closed", exc_info=error, extra={"reference": reference})
            run.emit("error", message=SORRY, reference=reference)
            run.emit("end", status="failed", text="")
        finally:
            run.events.put_nowait(None)

    async def _follow(self, run: Run, graph_input: object) -> None:
        context = Context(run.thread, run.id, run.owner, self._effect(run))
        async for part in self.graph.astream(
            graph_input,
            self.config(run.thread),
            context=context,
            stream_mode=["messages", "custom"],
            durability="sync",  # a finished step is stored before the next one begins
            version="v2",
        ):
            if part["type"] == "custom":
                event = part["data"]
                run.emit("discard") if "discard" in event else run.emit("tool", **event)
                continue
            message, where = part["data"]
            if where["langgraph_node"] != "agent":
                continue
            if message.text:
                if not run.spoke:
                    run.spoke = True
                    metrics.FIRST_WORD.observe(time.monotonic() - run.began)
                run.emit("token", message=message.id, text=message.text)
            if usage := getattr(message, "usage_metadata", None):
                metrics.TOKENS.labels("in").inc(usage["input_tokens"])
                metrics.TOKENS.labels("out").inc(usage["output_tokens"])

    def _effect(self, run: Run):
        async def effect(key: str, name: str, details: dict) -> None:
            await self.store.effect(key, run.thread, run.owner, name, details)
            log.info("effect_written", extra={"tool": name})

        return effect

    async def _keep_lease(self, run: Run) -> None:
        """Hold the thread while the run lasts; stop the run before somebody else may take it."""
        pause, held_at = self.settings.lease_seconds / 3, time.monotonic()
        while time.monotonic() - held_at < 2.5 * pause:
            await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(pause / 2):
                    if not await self.store.renew(run.id):
                        break
                held_at = time.monotonic()
            except Exception as error:  # it may go better the next time
                log.warning("lease_not_renewed", exc_info=error)
        run.task.cancel()

    async def _close(
        self, run: Run, outcome: str, reference: str | None, sentence: str = STOPPED
    ) -> None:
        """Write down how the run ended, what now waits for approval, and tell the listener."""
        state = await self.state(run.thread)
        messages = state.values.get("messages", [])
        asked = _asked(state)
        if asked and outcome == "complete":
            outcome = "pending_approval"
        answered = {message.tool_call_id for message in messages if message.type == "tool"}
        done = [
            one["id"]
            for one in await self.store.decided(run.thread)
            if all(call["id"] in answered for call in json.loads(one["calls"]))
        ]
        waiting = await self.store.end(run.id, outcome, reference, asked=asked, done=done)
        seconds = time.monotonic() - run.began
        metrics.TURNS.labels(run.kind, outcome).inc()
        metrics.TURN_SECONDS.labels(run.kind).observe(seconds)
        log.info("run_ended", extra={"outcome": outcome, "ms": round(seconds * 1000)})
        if outcome in ("failed", "stopped"):
            run.emit("error", message=sentence, reference=reference)
        for approval in waiting:
            run.emit("approval", **shown(approval))
        text = messages[-1].text if outcome == "complete" and messages else ""
        run.emit("end", status=outcome, text=text)


def _asked(state: StateSnapshot) -> list[tuple[str, list[dict]]]:
    return [(one.id, one.value["calls"]) for one in state.interrupts]
