"""What is on record is what is told, whatever a tool does, raises or returns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pytest
from langchain_core.messages import ToolMessage
from langgraph.types import Command, Send

from production_agent.approval import Approve, Reject
from production_agent.context import LeaseLost, NotSent, OutcomeUnknown, OverBudget
from production_agent.logs import ids
from production_agent.runs import Run, Runs
from production_agent.store import ATTEMPTS, Store
from production_agent.tools import RISKY, TOOLS, effect_key
from tests.production_agent.scripted_model import ScriptedModel, call, finish, word
from tests.production_agent.test_stop import in_this_process

FIVE = {"order": "T-7", "amount": 5}
ON_RECORD = "Refunded 5 euros for order T-7. It is on record: never repeat it."
FAILED = f"{ON_RECORD} What was to follow failed."


class Desk:
    """A thread whose refunds are the test's own tool."""

    def __init__(self, runs: Runs, thread: str) -> None:
        self.runs, self.thread = runs, thread

    async def refund(self, how: str = "approve, approve") -> Run:
        """Ask for two refunds, decide each, and return the ended run that carries them out."""
        await self.ask()
        return await self.decide(how)

    async def ask(self) -> Run:
        """Send a message, and return its ended run."""
        asking = await self.runs.message(self.thread, "ann", "Refund.", None)
        await asyncio.wait([asking.task])
        return asking

    async def decide(self, how: str = "approve, approve") -> Run:
        """Decide what waits, and return the ended run that carries it out."""
        (found,) = await self.runs.store.waiting(thread=self.thread)
        kinds = {"approve": Approve, "reject": Reject}
        pairs = zip(found["calls"], how.split(", "), strict=False)
        decisions = [kinds[kind](call=one["id"], type=kind) for one, kind in pairs]
        run = await self.runs.decide(found["id"], found["digest"], decisions, "ann")
        await asyncio.wait([run.task])
        return run

    async def recover(self) -> list[Run]:
        """Carry on what is left, and return the ended runs that did."""
        await self.runs.recover()
        runs = [*self.runs.running.values()]
        await asyncio.gather(*(one.task for one in runs))
        return runs

    async def told(self) -> list[str]:
        """Return what the model is told of the last turn's calls."""
        messages = (await self.runs.state(self.thread)).values["messages"]
        last = [at for at, one in enumerate(messages) if one.type == "human"][-1]
        return [one.text for one in messages[last:] if one.type == "tool"]

    async def record(self) -> list[tuple]:
        """Return (name, details) of the thread's effects."""
        found = await self.runs.store.effects(self.thread)
        return [(one["name"], one["details"]) for one in found.values()]

    async def outcome(self) -> str:
        """Return how the thread's last run ended."""
        return (await self.runs.store.threads("ann", 1, self.thread))[0]["outcome"]


@pytest.fixture
def with_tool(
    database: str, scripted: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable], object]:
    """Return a function: open a desk whose tool is `act(context, key, amount, runtime)`."""

    def script(body: dict):
        if body["messages"][-1]["role"] == "tool":
            yield word("So it is.")
            yield finish()
        else:
            for number, (order, amount) in enumerate((("T-7", 5), ("T-8", 1))[: desk_calls[0]]):
                yield call(number, "", "refund", {"order": order, "amount": amount})
            yield finish("tool_calls")

    desk_calls = [1]
    scripted.script = script

    def opened(act: Callable, calls: int = 1):
        async def refund(order: str, amount: int, runtime) -> object:
            asking = runtime.state["messages"][-1].id
            key = effect_key(runtime.context.thread, asking, runtime.tool_call_id)
            return await act(runtime.context, key, amount, runtime)

        desk_calls[0] = calls
        monkeypatch.setattr(TOOLS["refund"], "coroutine", refund)
        return in_this_process(database, OPENAI_BASE_URL=scripted.url)

    return opened


async def write_and_die(context, key: str) -> None:
    """Have the effect on record, and get no further."""
    await context.effect(key, "refund", FIVE)
    asyncio.current_task().cancel()
    await asyncio.sleep(60)


async def wrapped(writing) -> None:
    """Hide the error behind another one."""
    try:
        await writing
    except Exception as error:
        raise RuntimeError from error


async def grouped(writing) -> None:
    """Hide the error in a group."""
    async with asyncio.TaskGroup() as group:
        group.create_task(writing)


async def swallowed(writing) -> None:
    """Hide that there was an error."""
    with suppress(Exception):
        await writing


async def given_up(writing) -> None:
    """Wait for no answer; it is written all the same."""
    with suppress(TimeoutError):
        await asyncio.wait_for(writing, 0.05)


async def left_running(writing) -> None:
    """Return before the answer comes."""
    await asyncio.wait([asyncio.ensure_future(writing)], timeout=0.05)


async def beside_a_failure(writing) -> None:
    """Fail of something else before the answer comes."""

    async def fail() -> None:
        await asyncio.sleep(0.05)
        raise ConnectionError

    await asyncio.gather(writing, fail())


@pytest.mark.parametrize(
    "hide", [wrapped, grouped, swallowed, given_up, left_running, beside_a_failure]
)
async def test_that_an_outcome_is_unknown_is_not_hidden_by_a_tool(
    with_tool: Callable, monkeypatch: pytest.MonkeyPatch, hide: Callable
) -> None:
    real = Store.effect

    async def effect(self: Store, *rest) -> None:
        await real(self, *rest)
        if hide in (given_up, left_running, beside_a_failure):
            await asyncio.Event().wait()
        raise OutcomeUnknown

    async def act(context, key: str, *_) -> str:
        await hide(context.effect(key, "refund", FIVE))
        return "Nothing was refunded."

    monkeypatch.setattr(Store, "effect", effect)
    async with with_tool(act) as (_, runs, thread):
        desk = Desk(runs, thread)
        run = await desk.refund()
        assert run.events[-1] == ("end", {"status": "resuming", "text": ""})
        await desk.recover()  # then the record is known, whatever the tool says
        assert await desk.outcome() == "complete"
        (told,) = await desk.told()
        assert told.startswith(ON_RECORD)
        assert await desk.record() == [("refund", FIVE)]


async def test_a_tool_that_asks_again_knows(
    with_tool: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = Store.effect, [True]

    async def effect(self: Store, *rest) -> bool:
        was_there = await real(self, *rest)
        if lost.pop() if lost else False:
            raise OutcomeUnknown
        return was_there

    async def act(context, key: str, *_) -> str:
        with suppress(OutcomeUnknown):
            await context.effect(key, "refund", FIVE)
        await context.effect(key, "refund", FIVE)
        return "It is refunded."

    monkeypatch.setattr(Store, "effect", effect)
    async with with_tool(act) as (_, runs, thread):
        desk = Desk(runs, thread)
        await desk.refund()
        assert await desk.outcome() == "complete" and await desk.told() == ["It is refunded."]


@pytest.mark.parametrize("how", ["stopped", "failed", "has done another"])
async def test_what_comes_on_record_while_its_turn_ends_is_told(
    with_tool: Callable, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    real, late = Store.end, []

    async def act(context, key: str, *_) -> None:
        late.append((context.run, key, context.thread, "ann", "refund", FIVE))
        if how == "failed":
            raise OutcomeUnknown
        if how == "has done another":
            await context.effect("another", "refund", {**FIVE, "amount": 6})
        asyncio.current_task().cancel()
        await asyncio.sleep(60)

    async def end(self: Store, *rest) -> object:
        while late:  # it waited for a lock, with its run's row
            await self.effect(*late.pop())
        return await real(self, *rest)

    monkeypatch.setattr(Store, "end", end)
    monkeypatch.delitem(RISKY, "refund")
    async with with_tool(act) as (opened, runs, thread):
        await opened.run("delete from effects")
        run = await Desk(runs, thread).ask()
        assert run.events[-1] == ("end", {"status": "needs_person", "text": ""})
        assert "Refunded 5 euros for order T-7." in run.events[-2][1]["message"]


async def from_a_thread(context, key: str) -> None:
    """Write from a thread that knows nothing of the call."""
    loop = asyncio.get_running_loop()

    def write() -> None:
        asyncio.run_coroutine_threadsafe(context.effect(key, "refund", FIVE), loop).result()

    await loop.run_in_executor(None, write)


async def test_what_a_tool_leaves_behind_writes_nothing(
    with_tool: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    """Its call has ended; what another one does would be told as that one's."""
    tasks, go, logged = [], asyncio.Event(), {}

    async def act(context, key: str, *_) -> str:
        async def later() -> None:
            await go.wait()
            ids.set({"thread": "another"})  # a worker of an earlier run has that one's
            await context.effect(key, "refund", FIVE)

        tasks.append(asyncio.create_task(later()))
        return "Soon."

    def keep(record: logging.LogRecord) -> bool:
        logged[record.msg] = ids.get()
        return True

    async with with_tool(act) as (_, runs, thread):
        desk = Desk(runs, thread)
        await desk.refund()
        caplog.handler.addFilter(keep)
        go.set()
        (found,) = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(found, NotSent) and await desk.record() == []
        assert logged["effect_refused"]["thread"] == thread


async def test_an_effect_of_no_call_is_not_written(with_tool: Callable) -> None:
    async def act(context, key: str, *_) -> str:
        await from_a_thread(context, key)
        return "Refunded."

    async with with_tool(act) as (_, runs, thread):
        desk = Desk(runs, thread)
        await desk.refund()
        assert await desk.record() == []
        for _ in range(ATTEMPTS):
            await desk.recover()
        assert await desk.outcome() == "needs_person"  # its row would not say who decided


@pytest.mark.parametrize("how", ["reject", "nobody decides"])
async def test_what_nobody_approved_is_not_written(with_tool: Callable, how: str) -> None:
    """However its call may run: a tool may send one on that an earlier answer held."""

    async def act(*_) -> str:
        return "Done."

    async with with_tool(act) as (_, runs, thread):
        desk = Desk(runs, thread)
        run = await desk.ask()
        (found,) = await runs.store.waiting(thread=thread)
        if how == "reject":
            await desk.decide("reject")
        await runs.store.database.run("update runs set outcome = null where id = ?", run.id)
        with pytest.raises(NotSent):
            await runs.store.effect(
                run.id, "key", thread, "ann", "refund", FIVE, found["calls"][0]["id"]
            )
        assert await desk.record() == []


@pytest.mark.parametrize(
    "words",
    ["Refunded \ud83d", "Refunded \0", None, KeyError()],
    ids=["half", "NUL", "none", "error"],
)
async def test_what_is_on_record_is_told_whatever_the_shops_words_are(
    with_tool: Callable, monkeypatch: pytest.MonkeyPatch, words: object
) -> None:
    def tell(*_) -> object:
        if isinstance(words, Exception):
            raise words
        return words

    async def act(context, key: str, *_) -> str:
        await write_and_die(context, key)

    monkeypatch.setattr("production_agent.graph.tell", tell)
    monkeypatch.delitem(RISKY, "refund")
    async with with_tool(act) as (opened, runs, thread):
        await opened.run("delete from effects")
        desk = Desk(runs, thread)
        run = await desk.ask()
        assert run.events[-1] == ("end", {"status": "needs_person", "text": ""})
        told = run.events[-2][1]["message"]
        assert ("Refunded " if isinstance(words, str) else '"order": "T-7"') in told
        told.encode()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("To Zo\ud83d \0", "To Zo? \ufffd"),
        ([{"type": "text", "text": "To Zo\ud83d", "at": datetime(2026, 11, 30)}], "To Zo?"),
    ],
    ids=["text", "parts"],
)
async def test_what_a_tool_says_can_be_sent_to_the_model(
    with_tool: Callable, said: object, told: str
) -> None:
    async def act(*_) -> str:
        return said

    async with with_tool(act) as (_, runs, thread):
        desk = Desk(runs, thread)
        await desk.refund()
        assert await desk.outcome() == "complete"
        assert await desk.told() == [told]


async def test_words_in_place_of_the_models_tell_what_nobody_was_asked_about(
    with_tool: Callable, scripted: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(context, key: str, *_) -> str:
        await context.effect(key, "refund", FIVE)
        return "Done."

    monkeypatch.delitem(RISKY, "refund")
    async with with_tool(act) as (opened, runs, thread):
        await opened.run("delete from effects")
        once = scripted.script
        scripted.script = lambda body: (
            iter([finish()]) if body["messages"][-1]["role"] == "tool" else once(body)
        )
        run = await Desk(runs, thread).ask()
        told = "So far: Refunded 5 euros for order T-7. Please ask only for what is left."
        assert run.events[-1][1]["text"].endswith(told)


def rejected(runtime) -> Send:
    """Return what `approve` would have sent if the second call had been approved."""
    call = runtime.state["messages"][-1].tool_calls[1]
    sent = {"__type": "tool_call_with_context", "tool_call": call, "state": runtime.state}
    return Send("tools", sent)


@pytest.mark.parametrize("goto", [lambda _: "tools", rejected], ids=["by name", "as if approved"])
async def test_what_was_rejected_does_not_run_where_a_tool_goes_back(
    with_tool: Callable, goto: Callable
) -> None:
    async def act(context, key: str, amount: int, runtime) -> Command:
        await context.effect(f"{key}/{amount}", "refund", FIVE)
        message = ToolMessage("Refunded.", tool_call_id=runtime.tool_call_id)
        return Command(goto=goto(runtime), update={"messages": [message]})

    async with with_tool(act, calls=2) as (_, runs, thread):
        desk = Desk(runs, thread)
        run = await desk.refund("approve, reject")
        assert await desk.record() == [("refund", FIVE)]
        assert await desk.outcome() == "needs_person"
        assert "Refunded 5 euros for order T-7." in run.events[-2][1]["message"]
        assert await desk.told() == ["A person rejected this call.", "Refunded."]


@pytest.mark.parametrize(
    ("effects", "rest"),
    [
        ([], "Nothing was refunded: it was before."),
        ([("refund", 5), ("refund", 6)], "What was to follow failed."),
        ([("letter", 5)], "What was to follow failed."),
    ],
    ids=["says no", "writes another", "writes another kind"],
)
async def test_the_record_is_told_before_what_a_call_says_that_is_carried_on(
    with_tool: Callable, effects: list, rest: str
) -> None:
    attempts = []

    async def act(context, key: str, *_) -> str:
        attempts.append(key)
        if len(attempts) == 1:
            await write_and_die(context, key)
        for name, amount in effects:
            await context.effect(key, name, {**FIVE, "amount": amount})
        return "Nothing was refunded: it was before."

    async with with_tool(act) as (_, runs, thread):
        desk = Desk(runs, thread)
        await desk.refund()
        (run,) = await desk.recover()
        steps = [data["done"] for event, data in run.events if event == "tool"]
        assert steps == ["Refunded 5 euros for order T-7."] * 2  # also before the tool has said so
        assert await desk.told() == [f"{ON_RECORD} {rest}"]
        assert await desk.record() == [("refund", FIVE)] and await desk.outcome() == "complete"


async def test_what_is_on_record_is_told_to_no_run_that_lost_its_thread(
    with_tool: Callable,
) -> None:
    """It would go on to what follows, as does the run that has the thread now."""
    attempts = []

    async def act(context, key: str, *_) -> str:
        attempts.append(key)
        if len(attempts) == 1:
            await write_and_die(context, key)
        await opened.run("update runs set outcome = 'lost' where outcome is null")
        with pytest.raises(LeaseLost):
            await context.effect(key, "refund", FIVE)
        attempts.append("lost")
        return "Refunded."

    async with with_tool(act) as (opened, runs, thread):
        desk = Desk(runs, thread)
        await desk.refund()
        await desk.recover()
        assert attempts[-1] == "lost"


async def again(context, key: str) -> None:
    """Try all of it again, with what follows."""
    for following in (False, True):
        await context.effect(key, "refund", FIVE)
        if following:
            await context.effect(f"{key}/letter", "letter", {})


async def other_details(context, key: str) -> None:
    """Refund twice under one key."""
    await context.effect(key, "refund", FIVE)
    await context.effect(key, "refund", {**FIVE, "amount": 6})


async def changed_details(context, key: str) -> None:
    """Refund twice under one key, with one dict."""
    details = {**FIVE}
    await context.effect(key, "refund", details)
    details["amount"] = 7
    await context.effect(key, "refund", details)


async def at_once(context, key: str) -> None:
    """Refund twice under one key, at the same time."""
    sums = (FIVE, {**FIVE, "amount": 6})
    writing = [context.effect(key, "refund", one) for one in sums]
    for found in await asyncio.gather(*writing, return_exceptions=True):
        if found:  # both have their answers: else the run would end as one of unknown outcome
            raise found


async def less(context, key: str) -> None:
    """Refund what is left, where the whole is too much."""
    with suppress(OverBudget):
        await context.effect(key, "refund", {**FIVE, "amount": 481})
    await context.effect(key, "refund", FIVE)


@pytest.mark.parametrize(
    ("write", "told", "names"),
    [
        (again, "Done.", ["refund", "letter"]),
        (less, "Done.", ["refund"]),
        (other_details, FAILED, ["refund"]),
        (changed_details, FAILED, ["refund"]),
        (at_once, FAILED, ["refund"]),
    ],
)
async def test_a_key_is_one_effects(
    with_tool: Callable, write: Callable, told: str, names: list[str]
) -> None:
    async def act(context, key: str, *_) -> str:
        await write(context, key)
        return "Done."

    async with with_tool(act) as (opened, runs, thread):
        await opened.run("delete from effects")
        desk = Desk(runs, thread)
        await desk.refund()
        assert await desk.told() == [told]
        assert [name for name, _ in await desk.record()] == names


@pytest.mark.parametrize("calls", [1, 2], ids=["of another turn", "of another call"])
async def test_a_key_that_is_not_the_calls_own_is_taken_once(
    with_tool: Callable, calls: int
) -> None:
    async def act(context, *_) -> str:
        await context.effect(f"{context.thread} welcome", "letter", {})
        return "The letter was sent."

    async with with_tool(act, calls=calls) as (_, runs, thread):
        desk = Desk(runs, thread)
        told = []
        for _ in range(3 - calls):
            await desk.refund()
            told += await desk.told()
        assert sorted(one.startswith("The tool failed") for one in told) == [False, True]
        assert await desk.record() == [("letter", {})]


async def test_a_key_of_an_earlier_run_of_the_turn_is_taken(
    with_tool: Callable, scripted: ScriptedModel
) -> None:
    async def act(context, *_) -> str:
        await context.effect(f"{context.thread} once", "refund", FIVE)
        return "Refunded."

    async with with_tool(act) as (opened, runs, thread):
        await opened.run("delete from effects")
        once, desk = scripted.script, Desk(runs, thread)

        def twice(body: dict):
            messages = body["messages"]
            told = sum(one["role"] == "tool" for one in messages)
            yield from once({"messages": messages[:1] if told < 2 else messages})

        scripted.script = twice
        await desk.refund()
        await desk.decide()
        first, second = await desk.told()
        assert first == "Refunded." and second.startswith("The tool failed")
        assert await desk.record() == [("refund", FIVE)]


@pytest.mark.parametrize("says", ["Refunded.", None], ids=["answers", "fails"])
async def test_of_two_calls_with_one_key_the_one_that_wrote_is_told_so_after_a_crash(
    with_tool: Callable, says: str | None
) -> None:
    first, second = asyncio.Event(), asyncio.Event()

    async def act(context, key: str, amount: int, _) -> str:
        is_first, is_carried_on = amount == 5, first.is_set()
        if is_carried_on and is_first:
            await second.wait()
        if not is_carried_on and not is_first:
            await asyncio.sleep(60)
        try:
            await context.effect(f"{context.thread} once", "refund", {**FIVE, "amount": amount})
        finally:
            (first if is_first else second).set()
        if not is_carried_on:
            asyncio.current_task().cancel()
            await asyncio.sleep(60)
        if not says:
            raise ConnectionError
        return says

    async with with_tool(act, calls=2) as (opened, runs, thread):
        await opened.run("delete from effects")
        desk = Desk(runs, thread)
        await desk.refund()
        await desk.recover()
        one, other = sorted(await desk.told())
        assert one == (f"{ON_RECORD} {says}" if says else FAILED)
        assert other.startswith("The tool failed")
        assert await desk.record() == [("refund", FIVE)] and await desk.outcome() == "complete"
