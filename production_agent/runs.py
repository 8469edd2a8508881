"""Runs: a thread's turn from its first event to its last, and its end in every other case.

One task drives the graph and keeps its events; any number of HTTP responses read them. A message's
run that nobody reads any more is cancelled. A decision, once claimed, is carried out whoever
listens. When the process is asked to end, runs stop at their next step and are handed on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command, StateSnapshot

from production_agent import metrics
from production_agent.approval import shown
from production_agent.context import (
    KeyTaken,
    LeaseLost,
    NotSent,
    OutcomeUnknown,
    Stopped,
    running_call,
)
from production_agent.database import FAILURES, open_database
from production_agent.graph import VERSION, build, recursion_limit, this_turn, told, unanswered
from production_agent.logs import ids, new_reference
from production_agent.model import is_complete, is_cut_off
from production_agent.settings import Settings
from production_agent.store import ATTEMPTS, SHOWN_AS, Begun, Ending, Store, status
from production_agent.tools import Context, refusal
from production_agent.tracing import span

__all__ = ("SORRY", "Refused", "Run", "Runs", "open_runs")

SORRY = "Something went wrong. Please try again; if it stays so, tell us the reference."
TOO_LONG = "This took too long and was stopped. Please try again, or ask for less at once."
STOPPED = "This turn was stopped before it ended. Please send your message again."
NOT_DECIDED = "What waited for a decision was not decided in time, and was not done."
CUT_OFF = "The answer was cut off before its end. Ask for the rest, or for a shorter answer."
HANDED_ON = "This was interrupted, and goes on in a moment. You need not ask for it again."
UNKNOWN = "How this turn ended is not known yet. Look at the thread in a moment."
ENDING = "The service is restarting. Please try again in a moment."
DONE = "Done and on record: {} The rest of this turn did not end. A person looks at it; please do "
DONE += "not ask for it again."
NOT_DONE = "What was approved was not carried out; nothing is on record for it. A person looks at "
NOT_DONE += "it."
REJECTED = (
    "What was rejected was not done. The rest of this turn did not end. A person looks at it."
)
DELETED = "This thread was deleted."
NO_THREAD = "You have no such thread."
BUSY = "A turn is running on this thread. Wait for its end, then try again."
FINISHING = "What came before is still being carried out on this thread. Try again in a moment."
OTHER_TEXT = "This Idempotency-Key belongs to another message: give each message its own."
NO_APPROVAL = "You have no such approval."
NOT_YOURS = "Somebody else decides: an approver, and never about their own thread."
OUTDATED = "This call was proposed under other rules: reject it, and let it be asked for again."
APPROVER_FIRST = "An approver has to decide what waits on this thread first."
ANSWER_FIRST = "Decide what waits for your approval on this thread first."
FULL = "This turn is open in too many places. Close one, then try again."
READERS = 10  # of a run; so one user's turns of TURN_SECONDS do not take all of CONNECTIONS
BATCH = 50  # events sent at once to a reader who is behind
AGAIN_SECONDS = 1  # from one cancellation of a run to the next
STOP_SECONDS = 1  # until a run knows that another process was asked to stop it
PING_SECONDS = 15  # proxies close a connection that is silent for longer
log = logging.getLogger("production_agent")


class Refused(Exception):
    """The request cannot be done now: an HTTP status, a sentence, and what helps."""

    def __init__(self, status: int, message: str, *, retry_after: float = 0, **more: object):
        super().__init__(message)
        self.status, self.message, self.retry_after, self.more = status, message, retry_after, more


class NoInterrupt(Exception):
    """A decision meets no interrupt that waits for it: a node may have been renamed."""


@dataclass
class Run:
    """A run of this process, and its events, which are (name, data)."""

    id: str
    thread: str
    owner: str
    kind: str
    events: list[tuple[str, dict]] = field(default_factory=list)
    ended: bool = False
    why: str = ""  # it was cancelled: left, pressed, late, drained or lease
    is_closing: bool = False  # how it ends is settled
    task: asyncio.Task | None = None
    control: RunControl = field(default_factory=RunControl)
    began: float = field(default_factory=time.monotonic)
    spoke: bool = False
    readers: int = 0
    left: asyncio.TimerHandle | None = None  # since the last leaving
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def emit(self, event: str, **data: object) -> None:
        """Tell whoever listens; every stream ends after the event `end`."""
        self.events.append((event, data))
        self.ended = event == "end"
        self.news.set()
        self.news = asyncio.Event()

    async def stream(self, at: int = 0, *, words: bool = True) -> AsyncIterator[str]:
        """Give the events from number `at` up to the end of the run, as server-sent events.

        FastAPI's own class would hand each event through two more queues and tasks.

        Args:
            at: Events to leave out, as a reader has them already.
            words: Whether to show what the model says; an approver sees only what was done.
        """
        while True:
            news, frames = self.news, []
            for event, data in self.events[at : at + BATCH]:
                at += 1
                if not words and event == "token":
                    continue
                if not words and event == "end":
                    data = {"status": data["status"], "text": ""}
                frames.append(f"id: {self.id}-{at}\nevent: {event}\ndata: {json.dumps(data)}\n\n")
            if frames:
                yield "".join(frames)
            if at < len(self.events):
                await asyncio.sleep(0)  # to a reader who is gone, nothing else would wait
                continue
            if self.ended:
                return
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await news.wait()
            except TimeoutError:
                yield ": still here\n\n"

    def cancel(self, why: str = "pressed") -> None:
        """End the run; not before its task has begun, as it would then tell nobody.

        A tool may swallow a cancellation (before Python 3.12 `wait_for` in it does). So another
        one follows each second: it ends the wait for the tool, which may go on alone, and writes no
        effect then. Not sooner: LangGraph ends its nodes in a task; cancelled again before its
        first step, it ends none.
        """
        if not self.why:
            self._cancel_again()
        # Who stops one that is left or drained is told so, and its request starts nothing again.
        is_kept = self.is_closing or self.why not in ("left", "drained")
        if not self.why or (why == "pressed" and not is_kept):
            self.why = why

    def _cancel_again(self) -> None:
        if not self.task.done():
            loop = asyncio.get_running_loop()
            loop.call_soon(self.task.cancel)
            loop.call_later(AGAIN_SECONDS, self._cancel_again)

    @contextmanager
    def joined(self, rejoin_seconds: float) -> Iterator[Run]:
        """Be a reader; a message's run without any is cancelled, unless one comes back in time.

        To a process that ends nobody comes back.

        Raises:
            Refused: 429 if the run has as many readers as may be.
        """
        if self.readers >= READERS:
            raise Refused(429, FULL, retry_after=5)
        self.readers += 1
        try:
            yield self
        finally:
            self.readers -= 1
            if self.kind == "message" and not self.ended:
                wait = 0 if self.control.drain_requested else rejoin_seconds
                if self.left:
                    self.left.cancel()
                self.left = asyncio.get_running_loop().call_later(wait, self._cancel_if_left)

    def _cancel_if_left(self) -> None:
        if not self.readers and not self.ended:
            self.cancel("left")


class Runs:
    """Starts runs, resumes lost ones, and ends them all with the process."""

    def __init__(self, settings: Settings, store: Store, graph: CompiledStateGraph) -> None:
        self.settings, self.store, self.graph = settings, store, graph
        self.running: dict[str, Run] = {}  # by thread
        self.asking: dict[tuple, asyncio.Task] = {}  # which turns to stop
        self.draining = False

    def config(self, thread: str, run: str = "") -> dict:
        """Return what the graph is run with on a thread; the run is its checkpoints' fence."""
        return {
            "configurable": {"thread_id": thread, "run": run, "graph_version": VERSION},
            "recursion_limit": recursion_limit(self.settings),
        }

    async def state(self, thread: str) -> StateSnapshot:
        """Return the thread's newest checkpoint; one without metadata if it cannot be read.

        Then its bytes are damaged, or another version's: the thread cannot go on here. LangGraph
        warns of a class that it does not find, and gives something else in its place.
        """
        try:
            state = await self.graph.aget_state(self.config(thread))
            messages = state.values.get("messages", [])
            _asked(state)
            if not all(isinstance(one, BaseMessage) for one in messages):
                raise TypeError("a message of an unknown class")
            return state
        except FAILURES:  # the database's, which may answer the next time
            raise
        except Exception as error:
            ids.set({**ids.get(), "thread": thread})
            log.error("thread_unreadable", exc_info=error, extra={"reference": new_reference()})
            return StateSnapshot({}, (), {}, None, None, None, (), ())

    # Starting

    async def message(self, thread: str, owner: str, text: str, request: str | None) -> Run:
        """Start a turn of a thread with a message; a repeated request joins its first run.

        Raises:
            Refused: 404 if the thread is gone, 409 while it is not free, 429 after too many turns,
                503 while the service ends.
        """
        self._refuse_while_draining()
        begun = await self.store.begin_message(thread, owner, request)
        if begun.how == "repeated":
            first = await self._repeated(begun.run, thread, owner, text)
            return first or await self.message(thread, owner, text, request)
        if begun.how == "undecided":
            sentence = APPROVER_FIRST if self.settings.approvers else ANSWER_FIRST
            raise Refused(409, sentence, approvals=await self._shown(thread))
        if begun.how == "wait":
            seconds = math.ceil(begun.seconds) or 1
            sentence = f"You sent many messages. Try again in {seconds} seconds."
            raise Refused(429, sentence, retry_after=seconds)
        self._refuse_unless_begun(begun)
        run, before = Run(begun.run, thread, owner, "message"), []
        if begun.before not in ("", "complete", "incomplete"):  # then nothing can be left over
            try:
                messages = (await self.state(thread)).values.get("messages", [])
                effects = await self.store.effects(thread)
            except BaseException:
                await self.store.end(run.id, Ending("refused"))
                raise
            # A new input drops what a task has written, if no checkpoint came after it.
            before = [*this_turn(messages), *unanswered(messages, effects)]
        return self._spawn(run, {"messages": [*before, HumanMessage(text, id=run.id)]})

    async def _repeated(self, run_id: str, thread: str, owner: str, text: str) -> Run | None:
        """Return the run that the same request began before; if it is over, what came of it.

        None if that request was refused meanwhile, which leaves no run, or the thread is gone.

        Raises:
            Refused: 409 if that request had another text, or its run is another process's.
        """
        messages = (await self.state(thread)).values.get("messages", [])
        if any(one.id == run_id and one.text != text for one in messages):
            raise Refused(409, OTHER_TEXT)
        running = self.running.get(thread)
        if running and running.id == run_id:
            return running
        last = await self.store.turn_end(thread, run_id)
        if last is None:
            return None
        if last["outcome"] is None:
            raise Refused(409, BUSY)
        run = Run(run_id, thread, owner, "message")
        run.emit("run", run=run_id, thread=thread)
        await self._tell_end(run)
        return run

    async def _tell_end(self, run: Run) -> None:
        """Tell what is on record about the end of a run's turn, whoever ended it."""
        last = await self.store.turn_end(run.thread, run.id)
        if not last:
            run.emit("error", message=DELETED, reference=None)
            run.emit("end", status="stopped", text="")
            return
        is_newest = last["run"] == last["newest"]
        how = status(last) if is_newest else SHOWN_AS.get(last["outcome"], last["outcome"])
        sentence = last["sentence"]
        if how in ("resuming", "running"):
            how, sentence = "resuming", UNKNOWN if run.kind == "message" else HANDED_ON
        elif how == "stopped":  # whatever was stopped otherwise has a sentence
            sentence = sentence or NOT_DECIDED
        if sentence:
            run.emit("error", message=sentence, reference=last["reference"])
        for approval in await self._shown(run.thread) if how == "pending_approval" else ():
            run.emit("approval", **approval)
        text = ""
        if is_newest and how in ("complete", "incomplete"):
            turn = this_turn((await self.state(run.thread)).values.get("messages", []))
            # The next message may have begun meanwhile; what it is answered is not told here.
            text = turn[-1].text if turn and turn[0].id == last["message"] else ""
        run.emit("end", status=how, text=text)

    async def decide(self, asked: str, digest: str, decisions: list, decider: str) -> Run:
        """Claim an approval, once, and start to carry the decision out.

        Args:
            asked: The approval.
            digest: Of the calls that the decider was shown.
            decisions: One for each call.
            decider: The user who decides.

        Raises:
            Refused: 404 or 403 if this user may not decide, 409 if the decision does not fit the
                calls, if it is decided or too late, or while the thread is not free.
        """
        self._refuse_while_draining()
        approval, approvers = await self.store.approval(asked), self.settings.approvers
        # Who decided it is told what came of it, whatever the rules are by now.
        is_theirs = approval and approval["decider"] == decider
        if approval is None or not (is_theirs or decider in (approval["owner"], *approvers)):
            raise Refused(404, NO_APPROVAL)
        has_approvers = approvers or approval["by_approver"]  # it was asked where there are some
        may_decide = decider in approvers and decider != approval["owner"]
        if has_approvers and not (is_theirs or may_decide):
            raise Refused(403, NOT_YOURS)
        decision = {"decisions": [one.model_dump() for one in decisions]}
        if approval["decided"] is not None:
            raise await self._over(approval, decision, decider)
        ids.set({**ids.get(), "thread": approval["thread"]})
        if digest != approval["digest"]:
            raise Refused(409, "These are not the calls that wait. Look at them again.")
        calls = {call["id"]: (call["name"], call["args"]) for call in approval["calls"]}
        if sorted(calls) != sorted(one.call for one in decisions):
            raise Refused(409, f"Decide each of these calls once: {', '.join(calls)}.")
        for one in decisions:
            name, args = calls[one.call]
            if one.type != "reject" and (wrong := refusal(name, args, self.settings)):
                raise Refused(409, f"{OUTDATED} {wrong}")
            if one.type == "edit" and (wrong := refusal(name, one.args, self.settings)):
                raise Refused(409, wrong)
        begun = await self.store.decide(approval, decision, decider)
        if begun.how == "decided":
            raise await self._over(await self.store.approval(asked), decision, decider)
        self._refuse_unless_begun(begun)
        for one in decisions:
            metrics.APPROVALS.labels(one.type).inc()
        run = Run(begun.run, approval["thread"], approval["owner"], "decision")
        kinds = {one.call: f"{one.type} {calls[one.call][0]}" for one in decisions}
        log.info("approval_decided", extra={"approval": asked, "run": run.id, "decisions": kinds})
        return self._spawn(run, Command(resume={approval["id"]: decision}))

    async def _over(self, approval: dict | None, decision: dict, decider: str) -> Refused:
        """Return what is told to a decision that comes too late, or again: what is on record."""
        if approval is None:
            return Refused(404, NO_APPROVAL)
        if approval["decided"] is None:
            return Refused(409, "It was not decided in time.")
        is_theirs = (approval["decision"], approval["decider"]) == (decision, decider)
        calls = {call["id"] for call in approval["calls"]}
        effects = (await self.store.effects(approval["thread"])).values()
        done = [told(one["name"], one["details"]) for one in effects if one["call"] in calls]
        said = ["It is decided."] + ["Your decision counts."] * is_theirs
        said += ["On record:", *done] if done else []
        if approval["state"] == "decided":
            said.append("It is being carried out.")
        elif not done:
            said.append("Nothing is on record for it.")
        return Refused(409, " ".join(said))

    def _refuse_while_draining(self) -> None:
        if self.draining:
            raise Refused(503, ENDING, retry_after=5)

    def _refuse_unless_begun(self, begun: Begun) -> None:
        if begun.how == "gone":
            raise Refused(404, NO_THREAD)
        if begun.how != "begun":
            raise Refused(409, FINISHING if begun.how == "finishing" else BUSY)

    async def _shown(self, thread: str) -> list[dict]:
        return [shown(one) for one in await self.store.waiting(thread=thread)]

    # Recovering

    async def recover(self) -> None:
        """Resume what other processes left: carry decisions out, show what waits."""
        for row in await self.store.unfinished():
            if self.draining:
                return
            ids.set({"thread": row["thread"], "user": row["owner"]})
            try:
                await self._resume_lost_run(row["thread"], row["owner"])
            except Exception as error:  # of this thread; the others are resumed
                log.error("recovery_failed", exc_info=error)

    async def _resume_lost_run(self, thread: str, owner: str) -> None:
        state = await self.state(thread)
        is_foreign = not state.tasks and not _is_whole(state)  # or it cannot be read
        begun = await self.store.begin_recovery(thread, owner, is_foreign=is_foreign)
        if begun.how != "begun":
            return  # left to a version that knows it, or to a process that was faster, or gone
        run = Run(begun.run, thread, owner, "recovery")
        decided = await self.store.decided(thread)
        state = await self.state(thread)
        waiting = {one.id for one in state.interrupts}
        resume = {one["id"]: one["decision"] for one in decided if one["id"] in waiting}
        ids.set({**ids.get(), "run": run.id})
        log.warning("run_recovered")
        may_try = all(one["attempts"] <= ATTEMPTS for one in decided)
        is_promised = decided or begun.before == "handed_on"
        if resume and may_try:
            self._spawn(run, Command(resume=resume))
        # Tasks, not `next`: it leaves out those that are done but have no checkpoint after them.
        elif state.tasks and may_try and is_promised and not state.interrupts:
            self._spawn(run, None)
        else:
            # The last checkpoint may hold the whole answer: then only its end was lost.
            is_whole = _is_whole(state) and await self._is_of_this_turn(thread, state)
            may_end = begun.before != "stopped"
            outcome = "complete" if is_whole and may_end else "stopped"
            run.why = "died" if may_end else "pressed"
            await self._close(run, outcome, sentence=STOPPED, asks=may_end)

    async def keep_recovering(self) -> None:
        """Look for lost runs and old threads as long as the process lives."""
        while True:
            try:
                await self.recover()
                for one in await self.store.expire():
                    ids.set({"thread": one["thread"], "user": one["owner"]})
                    log.warning("approval_expired", extra={"approval": one["id"]})
                days = self.settings.thread_days
                if days and (count := await self.store.delete_old_threads(days)):
                    log.info("threads_expired", extra={"count": count})
            except Exception as error:
                log.error("recovery_failed", exc_info=error)
            await asyncio.sleep(self.settings.lease_seconds / 3)

    async def keep_stopping(self) -> None:
        """Stop runs that somebody asked another process to stop."""
        while True:
            await asyncio.sleep(STOP_SECONDS)
            try:
                stopped = await self.store.asked_to_stop() if self.running else ()
                for run in self.running.values():
                    if run.id in stopped:
                        run.cancel()
            except Exception as error:
                log.error("stopping_failed", exc_info=error)

    async def stranded(self) -> list[str]:
        """Return threads whose approval waits at a node that this graph does not have."""
        found, waiting = [], await self.store.waiting()
        if not self.settings.approvers and (count := sum(one["by_approver"] for one in waiting)):
            log.warning("approvers_missing", extra={"waiting": count})  # nobody decides them here
        for approval in waiting:
            state = await self.state(approval["thread"])
            if state.metadata and approval["id"] not in {one.id for one in state.interrupts}:
                again = await self.store.approval(approval["id"])
                if again and again["state"] == "pending":  # not decided meanwhile
                    found.append(approval["thread"])
        return found

    # Ending

    async def ask_to_stop(self, thread: str, run: str | None) -> dict | None:
        """Do `Store.ask_to_stop`, once for all who ask meanwhile: they hold one connection."""
        key = thread, run
        if key not in self.asking:
            self.asking[key] = asyncio.create_task(self.store.ask_to_stop(thread, run))
            self.asking[key].add_done_callback(lambda _: self.asking.pop(key))
        return await asyncio.shield(self.asking[key])

    def drain(self) -> None:
        """Start no more runs; end each at its next step, and all of them after GRACE_SECONDS.

        A message's run that its reader has left is not handed on, as nobody can rejoin it.
        """
        if self.draining:
            return
        self.draining = True
        log.info("draining", extra={"runs": len(self.running)})
        for run in self.running.values():
            if run.kind == "message" and not run.readers:
                run.cancel("left")
            run.control.request_drain()
        asyncio.get_running_loop().call_later(self.settings.grace_seconds, self._cancel_all)

    def _cancel_all(self) -> None:
        for run in self.running.values():
            run.cancel("drained")

    async def close(self) -> None:
        """Wait for all runs of this process to end."""
        self.drain()
        while tasks := [run.task for run in self.running.values()]:
            await asyncio.wait(tasks)

    # Driving

    def _spawn(self, run: Run, graph_input: object) -> Run:
        if self.draining:
            run.control.request_drain()
        self.running[run.thread] = run
        run.task = asyncio.create_task(self._drive(run, graph_input))
        run.task.add_done_callback(lambda _: self._forget(run))
        return run

    def _forget(self, run: Run) -> None:
        if self.running.get(run.thread) is run:
            del self.running[run.thread]

    async def _drive(self, run: Run, graph_input: object) -> None:
        """Drive the graph to its end; whatever happens, say how it ended and free the thread."""
        ids.set({"thread": run.thread, "run": run.id, "user": run.owner})
        log.info("run_started", extra={"kind": run.kind})
        lease = asyncio.create_task(self._keep_lease(run))
        outcome, sentence, error = "complete", SORRY, None
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.settings.turn_seconds, lambda: run.cancel("late"))
        try:
            run.emit("run", run=run.id, thread=run.thread)
            with span("run", thread=run.thread, run=run.id, kind=run.kind):
                await self._follow(run, graph_input)
        except asyncio.CancelledError:
            outcome, sentence = "stopped", STOPPED
            if run.why == "late":
                outcome, sentence, error = "failed", TOO_LONG, TimeoutError()
            elif lease.done():  # nobody stopped it: as if its process had died
                outcome = "lost"
            elif self.draining and run.kind != "message":
                outcome, sentence = "handed_on", HANDED_ON
        except GraphDrained:
            outcome, sentence = "handed_on", HANDED_ON
        except LeaseLost:
            outcome = "lost"
        except Exception as problem:
            outcome, error = "failed", problem
        finally:
            lease.cancel()
            timer.cancel()
        how = {"sentence": sentence, "error": error, "asks": outcome != "stopped"}
        closing = asyncio.create_task(self._close(run, outcome, **how))
        while not closing.done():
            # A cancellation comes too late: it is ending, and its statements have limits.
            with suppress(asyncio.CancelledError):
                await asyncio.wait([closing])
        if problem := closing.exception():  # the lease runs out, and the run is resumed as lost
            reference = new_reference()
            log.error("run_not_closed", exc_info=problem, extra={"reference": reference})
            sentence = UNKNOWN if run.kind == "message" else HANDED_ON
            run.emit("error", message=sentence, reference=reference)
            run.emit("end", status="resuming", text="")

    async def _follow(self, run: Run, graph_input: object) -> None:
        decided, effects = {}, {}
        if run.kind != "message":  # before it, nothing was done in this turn
            effects = await self.store.effects(run.thread, of_turn=True)
            for one in await self.store.decided(run.thread):
                decided |= {each["call"]: each["type"] for each in one["decision"]["decisions"]}
        if isinstance(graph_input, Command):
            state = await self.graph.aget_state(self.config(run.thread))
            waiting = {one.id for one in state.interrupts}
            if not graph_input.resume.keys() <= waiting:
                raise NoInterrupt

        async def effect(key: str, name: str, details: dict) -> None:
            details = json.loads(json.dumps(details))  # as on record, if the tool changes them
            one = {"name": name, "details": details, "call": running_call.get()}
            if one["call"] not in context.running:  # as from a task that a tool left behind
                # Perhaps nobody else hears of it; and whoever calls may have another run's ids.
                ids.set({"thread": run.thread, "run": run.id, "user": run.owner})
                log.error("effect_refused", extra={"tool": name})
                raise NotSent
            if context.written.get(key, one) != one:
                raise KeyTaken
            unknown = context.unknown.setdefault(one["call"], [])
            if key not in context.effects:
                unknown.append(key)  # until the database has answered, whoever waits for that
            try:
                was_there = await self.store.effect(
                    run.id, key, run.thread, run.owner, name, details, one["call"]
                )
            except OutcomeUnknown:
                raise
            except Exception:
                with suppress(ValueError):
                    unknown.remove(key)
                raise
            unknown[:] = [other for other in unknown if other != key]
            context.written[key] = one
            if not was_there:
                log.info("effect_written", extra={"tool": name})

        context = Context(run.thread, run.id, run.owner, effect, decided, effects)
        async for event, data in self.graph.astream(
            graph_input,
            self.config(run.thread, run.id),
            context=context,
            control=run.control,
            stream_mode="custom",  # what `model` and `graph` tell: (event, data)
            durability="sync",  # a finished step is stored before the next one begins
        ):
            if event == "token" and not run.spoke:
                run.spoke = True
                metrics.FIRST_WORD.observe(time.monotonic() - run.began)
            run.emit(event, **data)

    async def _keep_lease(self, run: Run) -> None:
        """Hold the thread while the run lasts; cancel the run before another may take it."""
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
        run.cancel("lease")

    async def _close(
        self,
        run: Run,
        outcome: str,
        *,
        sentence: str,
        error: Exception | None = None,
        asks: bool = True,
    ) -> None:
        """Write down how the run ended, what now waits for approval, and tell the listener.

        Args:
            run: The run.
            outcome: Its outcome; where a question is stored it came as far as that, and is whole.
            sentence: For the owner, if the outcome needs one.
            error: What it failed of.
            asks: Whether its question is asked; else the next message answers the calls. One of
                an earlier turn is never asked.
        """
        run.is_closing = True
        ending = await self._ending(run, outcome, sentence, error, asks=asks)
        try:
            is_ours = ending.outcome != "lost"
            waiting = await self.store.end(run.id, ending) if is_ours else None
        except Stopped:
            run.why = "pressed"
            return await self._close(run, "stopped", sentence=STOPPED, error=error, asks=False)
        lost = waiting is None  # another process has the thread, or will take it
        if ending.reference and not lost:
            event = "needs_person" if ending.outcome == "needs_person" else "run_failed"
            log.error(event, exc_info=error, extra={"reference": ending.reference})
        self._count(run, "resuming" if lost else ending.outcome)
        if lost:
            log.warning("run_lost", exc_info=error, extra={"kind": run.kind})
            return await self._tell_end(run)
        if ending.sentence:
            run.emit("error", message=ending.sentence, reference=ending.reference)
        for approval in waiting:
            run.emit("approval", **shown(approval))
        how = "resuming" if ending.outcome == "handed_on" else ending.outcome
        run.emit("end", status=how, text=ending.text)

    async def _ending(
        self,
        run: Run,
        outcome: str,
        sentence: str,
        error: Exception | None,
        *,
        asks: bool,
    ) -> Ending:
        """Return how the run ends by what is stored, if nothing is on record for its turn."""
        state = await self.state(run.thread)
        messages = state.values.get("messages", [])
        asked = [one for one in _asked(state) if asks and not await self.store.approval(one[0])]
        if asked and not await self._is_of_this_turn(run.thread, state):
            asked = []
        if asked:
            outcome = "pending_approval"
        elif outcome == "complete" and not state.metadata:
            outcome = "failed"  # nobody knows what it asks for
        elif outcome == "complete" and messages and not is_complete(messages[-1]):
            outcome, sentence = "incomplete", CUT_OFF if is_cut_off(messages[-1]) else ""
        ending = Ending(outcome, asked=asked, tell=_tell_done)
        answered = {message.tool_call_id for message in messages if message.type == "tool"}
        decided = await self.store.decided(run.thread) if run.kind != "message" else []
        is_left = False  # an approval that another attempt carries out
        for one in decided:
            if all(call["id"] in answered for call in one["calls"]):
                ending.approvals[one["id"]] = "done"
            elif one["attempts"] > ATTEMPTS:
                ending.approvals[one["id"]] = ending.outcome = "needs_person"
            else:
                is_left = True
        if is_left and ending.outcome in ("failed", "stopped"):
            ending.outcome, sentence = "handed_on", HANDED_ON
        if decided and ending.outcome in ("failed", "stopped", "needs_person"):
            # The owner is not to ask again for what was decided.
            kinds = {each["type"] for one in decided for each in one["decision"]["decisions"]}
            ending.outcome = "needs_person"
            sentence = REJECTED if kinds == {"reject"} else NOT_DONE
        may_ask_again = ending.outcome in ("failed", "stopped") and run.why != "pressed"
        if may_ask_again and state.config:  # it could be read
            said = [one.id for one in messages if one.type == "human"]
            ending.stored = said[-1] if said else ""
        is_error = error and not isinstance(error, NoInterrupt)  # another version knows its step
        if ending.outcome in ("failed", "needs_person") or (is_left and is_error):
            ending.reference = new_reference()
        if ending.outcome in ("failed", "stopped", "needs_person", "incomplete", "handed_on"):
            ending.sentence = sentence
        if ending.outcome in ("complete", "incomplete") and messages:
            ending.text = messages[-1].text
        return ending

    async def _is_of_this_turn(self, thread: str, state: StateSnapshot) -> bool:
        return await self.store.is_newest(thread, (state.metadata or {}).get("run", ""))

    def _count(self, run: Run, outcome: str) -> None:
        seconds = time.monotonic() - run.began
        metrics.TURNS.labels(run.kind, outcome).inc()
        metrics.TURN_SECONDS.labels(run.kind).observe(seconds)
        why = {"why": run.why} if outcome == "stopped" else {}
        log.info("run_ended", extra={"outcome": outcome, "ms": round(seconds * 1000), **why})


@asynccontextmanager
async def open_runs(settings: Settings) -> AsyncIterator[Runs]:
    """Open the database and look after its runs; in the end, wait for those of this process."""
    async with open_database(settings) as database:
        runs = Runs(settings, Store(database, settings), build(settings, database.saver))
        keep = runs.keep_recovering(), runs.keep_stopping()
        keeping = [asyncio.create_task(one) for one in keep]
        try:
            yield runs
        finally:
            for task in keeping:
                task.cancel()
            await runs.close()


def _tell_done(ending: Ending, effects: Sequence[dict]) -> None:
    """Make an ending one that tells what is on record for its turn."""
    words = " ".join(told(one["name"], one["details"]) for one in effects)
    ending.outcome, ending.sentence, ending.stored = "needs_person", DONE.format(words), None
    ending.reference = ending.reference or new_reference()


def _is_whole(state: StateSnapshot) -> bool:
    """Return whether the checkpoint ends a turn: an answer that calls nothing, and no step next."""
    *_, last = [None, *state.values.get("messages", [])]
    is_answer = last and last.type == "ai" and not (last.tool_calls or last.invalid_tool_calls)
    return bool(is_answer and not state.tasks and not state.metadata["next"])


def _asked(state: StateSnapshot) -> list[tuple[str, list[dict]]]:
    return [(one.id, one.value["calls"]) for one in state.interrupts]
