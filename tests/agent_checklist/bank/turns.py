"""Turns, which serve one request: three are sound, the others have one fault each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import tempfile
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, nullcontext
from pathlib import Path
from typing import Annotated

from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command, interrupt
from sound import find_order, gate_node, middleware_agent, model, rejected

log = logging.getLogger("turns")
FAULTS: dict[str, str] = {}
"""The name of each faulty turn: the claim that is red."""


class Refused(Exception):
    """The request cannot be done now."""


def database() -> sqlite3.Connection:
    """Return the table of payments."""
    connection = sqlite3.connect(Path(tempfile.gettempdir(), "payments.sqlite"), timeout=10)
    connection.execute("create table if not exists paid (key primary key, what)")
    return connection


def effects() -> list[str]:
    """Return what was paid."""
    with closing(database()) as connection:
        return [row[0] for row in connection.execute("select what from paid")]


def refund_tool(key_of):
    """Return a tool that pays once a key."""

    @tool
    def refund(order: str, amount: float, call: Annotated[str, InjectedToolCallId]) -> str:
        """Refund an order."""
        with closing(database()) as connection, connection:
            row = (key_of(call), f"{order} {amount:g}")
            connection.execute("insert or ignore into paid values (?, ?)", row)
        return f"Refunded {amount} for {order}."

    return refund


def open_calls(messages: list) -> list:
    """Return an answer for each call that has none."""
    have = {m.tool_call_id for m in messages if m.type == "tool"}
    calls = [call for m in messages for call in getattr(m, "tool_calls", ())]
    return [rejected(call, "Not executed.") for call in calls if call["id"] not in have]


class Desk:
    """Serves requests on threads; each part can be exchanged for a faulty one."""

    seconds: float | None = 60

    def __init__(self, saver, **parts) -> None:
        tools = [find_order, refund_tool(self.key_of)]
        self.graph = gate_node(
            tools=tools,
            answered=lambda messages: messages,
            compile=lambda graph: graph.compile(checkpointer=saver),
            **parts,
        )
        self.locks = defaultdict(asyncio.Lock)

    def key_of(self, call: str) -> str:
        """Return what is the same when this call runs again."""
        return call

    def lock(self, thread: str):
        """Return what lets one turn of a thread in."""
        return self.locks[thread]

    def note(self, thread: str) -> None:
        """Log the turn."""
        log.info("turn", extra={"thread_id": thread})

    def repaired(self, messages: list) -> list:
        """Return answers to calls that a turn before left open."""
        return open_calls(messages)

    async def talked_over(self, state, config: dict, text: str) -> object:
        """Return what a message is while a call waits."""
        raise Refused("Decide what waits first.")

    def decided(self, state) -> object:
        """Return what an answer is that nobody waits for."""
        raise Refused("It is decided.")

    async def given(self, config: dict, text_or_resume: object) -> object:
        """Return the graph's input."""
        state = await self.graph.aget_state(config)
        if isinstance(text_or_resume, Command):
            if text_or_resume.resume.keys() <= {one.id for one in state.interrupts}:
                return text_or_resume
            return self.decided(state)
        if state.interrupts:
            return await self.talked_over(state, config, text_or_resume)
        left = self.repaired(state.values.get("messages", []))
        return {"messages": [*left, HumanMessage(text_or_resume)]}

    async def words(self, config: dict, given: object) -> AsyncIterator[str]:
        """Yield the model's words, and those of nodes."""
        stream = self.graph.astream(given, config, stream_mode="messages", durability="sync")
        async for message, _ in stream:
            if isinstance(message, AIMessage | AIMessageChunk) and message.text:
                yield message.text

    async def turn(self, thread: str, user: str, text_or_resume: object) -> AsyncIterator:
        """Serve one request, word by word."""
        self.note(thread)
        config = {"configurable": {"thread_id": thread}}
        async with self.lock(thread):
            given = await self.given(config, text_or_resume)
            async with asyncio.timeout(self.seconds):
                async for word in self.words(config, given):
                    yield word
            for one in (await self.graph.aget_state(config)).interrupts:
                yield one


class WholeDesk(Desk):
    """Returns whole answers, and gives a waiting call up when the user talks.

    A decided turn that was cut off goes on: its call runs again, and pays once.
    """

    def decided(self, state) -> object:
        """Go on where the turn was cut off."""
        return None if state.next else super().decided(state)

    async def talked_over(self, state, config: dict, text: str) -> object:
        """Answer the call that waits with a no, in the user's stead."""
        left = open_calls(state.values["messages"])
        await self.graph.aupdate_state(config, {"messages": left}, as_node="tools")
        return {"messages": [HumanMessage(text)]}

    async def turn(self, thread: str, user: str, text_or_resume: object) -> list:
        """Serve one request; return its answer and what waits."""
        return [piece async for piece in super().turn(thread, user, text_or_resume)]


class CalledDesk(Desk):
    """Is the turn itself: an object that is called."""

    @property
    def turn(self):
        """What serves a request."""
        return self

    async def __call__(self, thread, user, text_or_resume):
        """Serve one request, word by word."""
        async for piece in Desk.turn(self, thread, user, text_or_resume):
            yield piece


@tool
def book_hotel(hotel: str, nights: int) -> str:
    """Book a hotel."""
    if interrupt({"action": "book_hotel", "args": {"hotel": hotel, "nights": nights}}) != "yes":
        return "The user said no."
    return f"Booked {hotel}; the number is {uuid.uuid4().hex[:8]}."


class AskingDesk(Desk):
    """Its tool asks in its own body, and gives another number each time."""

    def __init__(self, saver) -> None:
        super().__init__(saver)
        self.graph = middleware_agent(
            gate=False, tools=[find_order, book_hotel], checkpointer=saver
        )


@tool
def close_account(owner: str) -> str:
    """Close an account."""
    return f"Closed {owner}."


class TakesAnyChange(Desk):
    """A person may change a refund; what the refund becomes is not looked at."""

    def __init__(self, saver) -> None:
        super().__init__(saver)
        asks = {"refund": True, "close_account": {"allowed_decisions": ["approve", "reject"]}}
        tools = [find_order, refund_tool(self.key_of), close_account]
        gate = HumanInTheLoopMiddleware(asks)
        self.graph = middleware_agent(gate=gate, tools=tools, checkpointer=saver)


class TakesChangesOfArguments(TakesAnyChange):
    """A change that names another tool is refused."""

    async def given(self, config: dict, text_or_resume: object) -> object:
        """Return the graph's input."""
        if isinstance(text_or_resume, Command) and "edited_action" in str(text_or_resume):
            [answer] = text_or_resume.resume.values()
            if answer["decisions"][0]["edited_action"]["name"] != "refund":
                raise Refused("Change the arguments only.")
        return await super().given(config, text_or_resume)


def opened(kind: type[Desk], **parts):
    """Return what opens a turn."""

    @asynccontextmanager
    async def open_turn():
        file = str(Path(tempfile.gettempdir(), "threads.sqlite"))
        async with AsyncSqliteSaver.from_conn_string(file) as saver:
            yield kind(saver, **parts).turn

    return open_turn


streamed, whole, called = opened(Desk), opened(WholeDesk), opened(CalledDesk)
asking, changing = opened(AskingDesk), opened(TakesChangesOfArguments)


def fault(claim: str, kind: type[Desk], **parts) -> None:
    """Put a faulty turn into this module, under the claim and a number."""
    key = claim.replace(".", "_")
    key = f"{key}_{sum(each.startswith(key + '_') for each in FAULTS) + 1}"
    globals()[key], FAULTS[key] = opened(kind, **parts), claim


BOTH = (Desk, WholeDesk)


def with_fault(claim: str, *kinds: type[Desk], **changed) -> None:
    """Put a turn of each kind into this module, with some methods exchanged."""
    for kind in kinds or BOTH:
        fault(claim, type(f"Faulty{kind.__name__}", (kind,), changed))


async def goes_on(self, state, config, text):
    return {"messages": [HumanMessage(text)]}


async def takes_words_for_a_yes(self, state, config, text):
    return Command(resume={one.id: {"type": "approve"} for one in state.interrupts})


class KeepsRunning(Desk):
    """The graph runs in a task of its own, which nobody cancels."""

    async def words(self, config, given):
        queue: asyncio.Queue = asyncio.Queue()

        async def run() -> None:
            async for word in super(KeepsRunning, self).words(config, given):
                queue.put_nowait(word)
            queue.put_nowait(None)

        self.task = asyncio.create_task(run())
        while (word := await queue.get()) is not None:
            yield word


class Shields(WholeDesk):
    """The answer is written whoever waits for it."""

    async def turn(self, thread, user, text_or_resume):
        self.task = asyncio.ensure_future(super().turn(thread, user, text_or_resume))
        return await asyncio.shield(self.task)


class ForgetsAtRestart(Desk):
    """It brings a checkpointer of its own, in memory."""

    def __init__(self, saver, **parts) -> None:
        super().__init__(InMemorySaver(), **parts)


class TellsErrors(Desk):
    """What is raised is shown."""

    async def turn(self, thread, user, text_or_resume):
        try:
            async for piece in super().turn(thread, user, text_or_resume):
                yield piece
        except Refused:
            raise
        except Exception as error:
            log.exception("failed")
            yield f"Error: {error}"


class NeverUnlocks(Desk):
    """Who leaves while it speaks takes the key along."""

    speaking: set = set()

    async def turn(self, thread, user, text_or_resume):
        if thread in self.speaking:
            raise Refused("This thread is busy.")
        async for piece in super().turn(thread, user, text_or_resume):
            self.speaking.add(thread)
            yield piece
        self.speaking.discard(thread)


with_fault("approval.at_once", lock=lambda self, thread: nullcontext())
fault("approval.edit", TakesAnyChange)
with_fault("approval.talk_over", Desk, talked_over=goes_on)
with_fault("approval.talk_over", WholeDesk, talked_over=takes_words_for_a_yes)
new_key = {"key_of": lambda self, call: uuid.uuid4().hex}
with_fault("approval.crash", WholeDesk, **new_key)
with_fault("approval.crash", Desk, **new_key, decided=lambda self, state: None)
silent = {"disable_streaming": True}
mute = {"main": model(**silent), "spare": model(model="gpt-4.1-mini", **silent)}
fault("streaming.first_word", CalledDesk, **mute)
fault("streaming.leave", KeepsRunning)
fault("streaming.leave", Shields)
fault("streaming.left_thread", NeverUnlocks)
fault("persistence.restart", ForgetsAtRestart)
with_fault("tools.left", repaired=lambda self, messages: [])
with_fault("logging.thread", note=lambda self, thread: log.info("a turn begins"))
with_fault("timeouts.tool", seconds=None)
fault("errors.model_text", TellsErrors, model_failed=None)


# What is no turn ----------------------------------------------------------------------------------


def sync(thread, user, text_or_resume):
    """Return an answer, without async."""
    return "Hello."


async def two(thread, text):
    """Return an answer, without a user."""
    return "Hello."


async def gives_numbers(thread, user, text_or_resume):
    """Return what is no text."""
    await contextlib.AsyncExitStack().aclose()
    return 7
