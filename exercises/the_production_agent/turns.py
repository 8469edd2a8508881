"""Turns of the desk of lesson 8 in which its checks ask it something or let something fail."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import io
import itertools
import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

from langchain.messages import AIMessage, HumanMessage, ToolMessage
from langchain.tools import tool
from langchain_core.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

import agent_checklist as checklist
import lesson_model
from agent_checklist.agent import alone
from exercises.core.descriptions import kind, short
from exercises.core.exercise import part, run_async
from exercises.core.functions import functions_of
from exercises.core.restart import restarted
from exercises.core.threads import thread
from exercises.core.waiting_model import WaitingModel
from exercises.the_production_agent.desk import MENDED, SPARE, TOOLS, desk, paid
from production_agent.logs import JsonLines

THREADS, DETAIL = ("thread-of-the-check", "case-2207"), "db-internal-7 refused billing_rw"
# The words of the customer begin and end with this, and the model calls a tool with it.
SAID = "Quillfjord"
SAID_PIECES = ("Quill", "fjord")
# Where an answer of the model breaks off: whether it makes a call, and after how many tokens.
TORN = {
    "after three words": (False, 3),
    "behind a full stop": (False, 6),
    "inside a tool call": (True, 8),
}
STORIES = {
    "A": ("dead after a no", "rejection", "the call that was refused never got its ToolMessage"),
    "B": (
        "strangers after an update",
        "persistence",
        "the conversations were in a memory that died",
    ),
    "C": ("nine requests", "retry", "two layers tried three times each"),
    "D": ("480 euros too much", "approval", "she was shown one call of two"),
    "E": ("all chats hung", "timeouts", "nobody gave up a model that was silent"),
    "F": ("a key in a screenshot", "errors", "the text of an error is not for users"),
    "G": ("card numbers", "logging", "the log held what people wrote"),
}


def judge(*lines: str, **changed: Any) -> None:
    """Run lines of the checklist on the desk with the answer's parts, each a part of the check."""
    for name in lines:
        with part(name):
            found = checklist.run(
                desk(**changed), done=lambda: paid, only=(name,), log_format=JsonLines([])
            )[name]
            assert found.green, found.saw


class TakenFieldError(AssertionError):
    """A fact is to be logged under a name that is a field of every record."""


@dataclass
class Failure:
    """What was logged and told in a turn in which something failed."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    """Level and text of each line; fields given as `extra` stand in the text."""
    told: list[str] = field(default_factory=list)
    """What told of each failure."""
    by_root: list[str] = field(default_factory=list)
    """The lines that the root logger has written."""


# What libraries log at level DEBUG is not the answer's doing.
LIBRARIES = ("asyncio", "httpcore", "httpx", "langchain", "langgraph", "langsmith", "openai")
LIBRARIES += ("urllib3", "aiosqlite", "mcp")
_FIELDS = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def fail(
    fault: Exception | None, thread: str, told_by: dict[str, Callable], earlier: int = 0
) -> Failure:
    """Let two calls of a tool fail in a turn, or the model's key.

    Args:
        fault: What the tool raises; None: the key is refused.
        thread: The id of the thread.
        told_by: The parts that tell of it.
        earlier: How many questions and answers stand in the thread.
    """
    seen = Failure()

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(LIBRARIES):
                more = [f"{k}={v}" for k, v in vars(record).items() if k not in _FIELDS]
                text = " ".join([logging.Formatter().format(record), *more])
                seen.lines.append((record.levelname, text))
                seen.by_root += [text] if record.name == "root" else []

    async def ask_twice(llm: Any, messages: list) -> AIMessage:
        if fault is not None and messages[-1].type == "human":
            calls = [_call("track_parcel", {"parcel": SAID}) for _ in range(2)]
            return AIMessage("", tool_calls=calls)
        if fault is not None:
            return AIMessage("I cannot look now.")
        try:
            return await MENDED["ask"](llm, messages)
        except Exception as error:
            raise error from OSError(DETAIL)  # as many libraries do

    def broken(*args: Any, **kwargs: Any) -> str:
        raise fault from OSError(DETAIL)

    root, handler, printed = logging.getLogger(), Collect(), io.StringIO()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    try:
        with (
            lesson_model.scratch() as model,
            mock.patch.object(StructuredTool, "_run", broken),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            if fault is None:
                model.fail("bad_key", times=None)
            models = MENDED["connect"] if fault is None else _no_model
            build = desk(ask=ask_twice, connect=models, **told_by)
            config = {"configurable": {"thread_id": thread}}
            talk = [
                message
                for _ in range(earlier)
                for message in (HumanMessage(f"{SAID}? {SAID}"), AIMessage("Good morning."))
            ]
            turn = {"messages": [*talk, HumanMessage(f"{SAID}: where is parcel {SAID}")]}
            result = run_alone(build(InMemorySaver(), 30).ainvoke, turn, config)
    except KeyError as error:
        if "in LogRecord" not in str(error):
            raise
        raise TakenFieldError(
            f"`logging` says: {error.args[0]}. Every record has a field of this name already; call "
            "yours otherwise, `thread_id` for instance."
        ) from None
    except TypeError as error:
        if "'error'" not in str(error):
            raise
        raise AssertionError(
            f"`{error}`: LangGraph gives the error to a parameter that is annotated "
            "`error: NodeError`, and to no other."
        ) from None
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    if printed.getvalue().strip():
        seen.lines.append(("printed", printed.getvalue()))
    seen.told = [m.text for m in result["messages"] if m.type == ("tool" if fault else "ai")]
    seen.told = seen.told if fault else seen.told[-1:]
    return seen


def assert_own_logger(seen: Failure) -> None:
    """Assert that nothing was logged by the logger that belongs to everybody."""
    assert not seen.by_root, (
        f"The root logger wrote {short(seen.by_root[0])}; expected `log`: whoever reads the desk's "
        "log, or sets its level, looks there. `logging.error(...)` is the root logger's."
    )


def assert_logged(seen: Failure, what: str, thread: str, name: str, told: list[str]) -> None:
    """Assert a line of level ERROR for each failure, with what can be searched and nothing else.

    Args:
        seen: What was logged and told.
        what: Words for the failure.
        thread: The id of the thread.
        name: The class of the error.
        told: What was told before; this turn's words are added.
    """
    assert_own_logger(seen)
    errors = [line for level, line in seen.lines if level == "ERROR"]
    assert len(errors) == len(seen.told), (
        f"{what}, {len(seen.told)} time(s) in this turn, and {len(errors)} lines of level ERROR "
        "were logged; expected one for each."
    )
    for line in errors:
        assert thread in line, f"The line {short(line)} does not name the thread, {thread!r}."
        assert name in line, f"The line {short(line)} does not name the error's class, {name}."
    for level, line in seen.lines:
        found = [w for w in (DETAIL, "Incorrect", *SAID_PIECES) if w in line]
        where = "What was printed" if level == "printed" else f"A line of level {level}"
        cure = ""
        if "Traceback (most recent call last)" in line:
            cure = " It came with the traceback: no `exc_info` here, and no `log.exception`."
        assert not found, (
            f"{where} holds {found[0]!r}, which is the error's text or the customer's: "
            f"{short(line)}.{cure}"
        )
    for words_told in seen.told:
        others = {word for text in [*told, *seen.told] if text is not words_told
                  for word in words(text)}  # fmt: skip
        own = {w for w in words(words_told) if w not in others and w not in words(thread)}
        shared = [word for word in own if any(word in words(line) for line in errors)]
        assert shared or told or len(seen.told) == 1 or words_told not in seen.told[1:], (
            f"Two failures were told in the same words: {short(words_told)}."
        )
        if not told and len(seen.told) == 1:
            continue  # which word is the reference shows the second failure
        assert shared, (
            f"Told: {short(words_told)}. Logged: {short(errors[-1])}. Expected a reference that "
            "stands in both, and in no other failure's words."
        )
        assert any(not (word.isdigit() and len(word) < 4) and len(word) > 2 for word in shared), (
            f"The reference is {shared[0]!r}, which is short: a count begins again after a "
            "restart, and a short random number is soon drawn twice. Take `uuid.uuid4()`."
        )
    told += seen.told


def assert_new_after_restart(fault: Exception | None, told_by: dict[str, Callable]) -> None:
    """Assert that two fresh starts of the answer's cell tell of a failure in different words."""
    state = random.getstate()
    try:
        starts = [restarted(told_by) for _ in range(2)]
        if None in starts:
            return
        first, second = [fail(fault, THREADS[0], start).told for start in starts if start]
    finally:
        random.setstate(state)
    again = [one for one in first if one in second]
    assert not again, (
        f"Your cell was run afresh twice, as after a restart, and both told {short(again[0])}. A "
        "reference is found once: a count or a fixed seed begins again, and what is made of the "
        "thread and the error is the same for both. Take `uuid.uuid4()`."
    )


def words(text: str) -> list[str]:
    """Return the words of a line; `a=b` are two of them."""
    return re.findall(r"[\w-]+", text)


_numbers = itertools.count(1)


def _call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "args": arguments, "id": f"call-{next(_numbers)}", "type": "tool_call"}


@dataclass
class Gated:
    """What a gate did with the calls of a message."""

    asked: list[dict[str, Any]]
    """The questions."""
    ran: list[str]
    """What ran, in words."""


@tool
def close_account(customer: str) -> str:
    """Close a customer's account."""
    _done.append(f"closed {customer}")
    return f"Closed the account of {customer}."


_done: list[str] = []
_early: list[dict] = []  # calls whose answers did not follow them when the model was asked


def _gate_graph(approve_each: Any, calls: dict[str, list]) -> Any:
    """Return a desk whose model makes these calls when it is asked for them; it sends nothing."""

    async def ask_for(llm: Any, messages: list) -> AIMessage:
        _early.extend(_unanswered(messages))
        wanted = calls.get(messages[-1].text) if messages[-1].type == "human" else None
        if not wanted:
            return AIMessage("Good morning!")
        return AIMessage("One moment.", tool_calls=[_call(*one) for one in wanted])

    return desk(approve=approve_each, ask=ask_for, connect=_no_model)(InMemorySaver(), 30)


def _no_model(seconds: float) -> list:
    """Connect to no model; `ask` answers by itself."""
    return [None]


def _unanswered(messages: list) -> list[dict]:
    """Return the calls that a provider refuses: no answer follows them directly."""
    missing: list[dict] = []
    waiting: dict[str, dict] = {}
    for message in messages:
        if message.type == "tool":
            waiting.pop(message.tool_call_id, None)
            continue
        missing += waiting.values()
        waiting = {call["id"]: call for call in getattr(message, "tool_calls", [])}
    return [*missing, *waiting.values()]


@contextlib.contextmanager
def _watched_tools(approve_each: Any, reason: str = "It is final.") -> Iterator[list[str]]:
    """Let the desk have one more risky tool; give the list of what runs."""
    run_tool, before = StructuredTool._run, len(paid)
    _done.clear()
    _early.clear()

    @functools.wraps(run_tool)
    def watched(self: Any, *args: Any, **more: Any) -> Any:
        result = run_tool(self, *args, **more)
        # Tools run side by side in threads, so each writes down what it was called with.
        if self.name == "track_parcel":
            _done.append(f"looked for {more.get('parcel')}")
        if self.name == "refund":
            _done.append(f"paid {more.get('order')}: {more.get('amount')}")
        return result

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(StructuredTool, "_run", watched))
        for function in functions_of(approve_each):
            risky = function.__globals__.get("RISKY")
            if isinstance(risky, dict):
                stack.enter_context(mock.patch.dict(risky, {"close_account": reason}))
        TOOLS.append(close_account)
        stack.callback(TOOLS.remove, close_account)
        yield _done
    del paid[before:]


class OddQuestionError(AssertionError):
    """A question has not the shape the exercise asks for."""


async def gate(
    approve_each: Any, calls: list, decide: Callable[[dict], dict], reason: str = "It is final."
) -> Gated:
    """Let the model make some calls in one message; answer what is asked, then say hello."""
    with _watched_tools(approve_each, reason) as done:
        graph = _gate_graph(approve_each, {"Please do it.": calls})
        config = thread("gate-4711")
        result, asked = await graph.ainvoke({"messages": "Please do it."}, config), []
        while "__interrupt__" in result and len(asked) < 9:
            for one in result["__interrupt__"]:
                if not isinstance(one.value, dict) or "tool" not in one.value:
                    raise OddQuestionError(
                        f"The question is {short(one.value)}; expected {{'tool': ..., 'args': ..., "
                        "'why': ...}."
                    )
            asked += [one.value for one in result["__interrupt__"]]
            resume = {one.id: decide(one.value) for one in result["__interrupt__"]}
            result = await graph.ainvoke(Command(resume=resume), config)
        ran = list(done)
        answered = {m.tool_call_id for m in result["messages"] if m.type == "tool"}
        for call in _early:
            cure = (
                'After the tools the model has the word; `"agent"` is only for a message of which '
                "nothing may run."
                if call["id"] in answered
                else "Nor did one come later: a call that does not run is answered by a "
                "`ToolMessage` of yours, also where another one runs."
            )
            raise AssertionError(
                f"The model was asked while no answer followed the call of {call['name']}, which "
                f"a provider refuses with 400. {cure}"
            )
        _assert_answered(result["messages"], calls)
        await graph.ainvoke({"messages": "Hello, is anybody there?"}, config)
        assert not _early, (
            f"At the next question no answer followed the call of {_early[0]['name']}: a provider "
            "refuses it, and all that follow."
        )
        assert done == ran, f"A hello later, more had run: {done[len(ran) :]}."
    return Gated(asked, ran)


def _assert_answered(messages: list, calls: list) -> None:
    """Assert that the message's calls are as they were made, and each has one answer."""
    made = [call for message in messages for call in getattr(message, "tool_calls", [])]
    same = [(call["name"], call["args"]) for call in made] == [(name, args) for name, args in calls]
    assert same, (
        f"The model called {short(calls)}; the thread holds {short(made)}. Leave the message as "
        "it is."
    )
    answers = [message.tool_call_id for message in messages if message.type == "tool"]
    for message in messages:
        assert message.type != "tool" or message.text.strip(), (
            "A call is answered by a `ToolMessage` without a word; expected words from which the "
            "model learns what became of it."
        )
    for call in made:
        count = answers.count(call["id"])
        assert count == 1, (
            f"The message made {len(made)} call(s); {call['name']} with {call['args']} has {count} "
            "ToolMessages, expected one, whatever becomes of the others."
        )


async def two_customers(approve_each: Any) -> list[str]:
    """Let two threads wait, reject the first one's refund, approve the second one's."""
    with _watched_tools(approve_each) as done:
        first = [("refund", {"order": "A-1", "amount": 40})]
        second = [("refund", {"order": "B-2", "amount": 50})]
        graph = _gate_graph(approve_each, {"First.": first, "Second.": second})
        threads = [thread(name) for name in ("gate-a", "gate-b")]
        for words_said, config in zip(("First.", "Second."), threads, strict=True):
            result = await graph.ainvoke({"messages": words_said}, config)
            assert "__interrupt__" in result, "Nobody was asked about the refund."
        for decision, config in zip(("reject", "approve"), threads, strict=True):
            await graph.ainvoke(Command(resume={"type": decision}), config)
        return list(done)


async def turn(connect_two: Any, answer_from: Any) -> dict:
    """Run a turn with these parts."""
    return await _streamed(desk(connect=connect_two, answer=answer_from)(InMemorySaver(), 30))


async def _streamed(graph: Any) -> dict:
    """Ask a desk a question and return the state; a model streams only where somebody reads."""
    config, question = thread("turn"), {"messages": "How do I dry a tent?"}
    async for _ in graph.astream(question, config, stream_mode="messages"):
        pass
    return (await graph.aget_state(config)).values


# What `limit_rounds` is tried with: rounds of this turn, calls a round, rounds of the turn before.
ROUNDS = {
    "a question": [(0, 1, 0)],
    "7 rounds and fewer": [(rounds, 1, 0) for rounds in range(1, 8)],
    "8 rounds": [(8, 1, 0), (8, 2, 3)],
    "9 rounds and more": [(rounds, 1, 0) for rounds in range(9, 41)],
    "the next question after many rounds": [(0, 1, n) for n in (7, 8, 9, 16, 24, 40)],
    "several calls in a round": [(4, 3, 0), (7, 2, 0), (8, 3, 0), (7, 5, 8)],
    "some rounds, after a turn of many": [(3, 1, 8), (7, 1, 1), (7, 1, 40), (8, 1, 7), (9, 2, 40)],
}


def talk(rounds: int, calls: int) -> list:
    """Return a question and so many rounds; every second one says something with its calls."""
    messages: list = [HumanMessage("Where is it?", id=f"question-{next(_numbers)}")]
    for number in range(rounds):
        made = [_call("track_parcel", {"parcel": f"P-{number}"}) for _ in range(calls)]
        messages.append(AIMessage("I look again." * (number % 2), tool_calls=made))
        messages += [ToolMessage("Friday", tool_call_id=one["id"]) for one in made]
    return messages


def assert_limited(
    limit_rounds: Any, rounds: int, calls: int, earlier: int, cut_off: bool = False
) -> None:
    """Assert None before 8 answers of the model in a turn, and a sentence from then on.

    Args:
        limit_rounds: The answer.
        rounds: Answers of the model in this turn.
        calls: Tool calls in each of them.
        earlier: Rounds of the turn before.
        cut_off: The turn before has no last answer.
    """
    before = talk(earlier, 1) if earlier else []
    if earlier and not cut_off:
        before.append(AIMessage("On Friday."))
    messages = before + talk(rounds, calls)
    given = list(messages)
    said = limit_rounds(messages)
    what = f"After {rounds} round(s) of {calls} call(s)"
    if earlier:
        end = " that was cut off" if cut_off else ""
        what += f", in the turn after one of {earlier} rounds{end},"
    assert messages == given, f"{what} `limit_rounds` changed the list it was given."
    if rounds < 8:
        assert said is None, (
            f"{what} `limit_rounds` returned {short(said)}; expected None. Count what the model "
            "has answered since the last question of the user."
        )
    else:
        assert isinstance(said, str) and said.strip(), (
            f"{what} `limit_rounds` returned {kind(said)}; expected a sentence for the user."
        )


def offered(name: str, **hints: Any) -> Any:
    """Return a tool of a server; hints are what the server says of it."""

    @tool(name)
    def one(tent: str) -> str:
        """Do something in the warehouse."""
        return tent

    one.metadata = hints or None
    return one


def run_alone(function: Callable, *args: Any) -> Any:
    """Run an async function in a loop of its own, and let nothing of it stay."""
    return run_async(alone, function, *args)


TALK = 24  # messages before a question


async def asked(ask_async: Any, words_said: str) -> Any:
    """Say something to the model with the answer's function."""
    messages: list[Any] = []
    for number in range(0, TALK, 2):
        messages += [HumanMessage("Good day.", id=f"q{number}"), AIMessage("Yes?", id=f"a{number}")]
    messages.append(HumanMessage(words_said, id="said"))
    given = copy.deepcopy(messages)
    value = ask_async(MENDED["connect"](30)[0], messages)
    assert hasattr(value, "__await__"), (
        f"`ask_async` returned a {type(value).__name__}, which cannot be awaited; it has to be "
        "`async def`."
    )
    try:
        reply = await value
    except ConnectionError as error:
        raise AssertionError(
            f"To {words_said!r} the model gave a complete answer, and `ask_async` raised a "
            f"{type(error).__name__}. A complete answer's `finish_reason` is 'stop', or "
            "'tool_calls' where it calls tools; a torn one has none."
        ) from None
    assert messages == given, f"`ask_async` changed the messages it was given: {short(messages)}."
    return reply


async def stands_still(ask_async: Any, model: Any) -> bool:
    """Return whether the event loop stands still while the model writes.

    The model waits in its answer until another task of the loop has run a few times; no clock
    decides how often that is on a busy machine.
    """
    ran = 0

    async def tick() -> None:
        nonlocal ran
        while True:
            await asyncio.sleep(0.01)
            ran += bool(model.requests)

    model.state = state = WaitingModel(lambda: ran)
    model.when("hello").says(words_said := "Good morning to you.")
    state.hold(words_said)
    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        await asked(ask_async, "Hello!")
    finally:
        ticker.cancel()
    assert model.requests, "The model was not asked. Await what `ainvoke` returns."
    return bool(state.in_vain)


async def raised_in_turn(ask_async: Any) -> BaseException | None:
    """Return what the answer's function raises when the desk streams with it."""
    raised: list[BaseException] = []

    async def watched(llm: Any, messages: list) -> AIMessage:
        try:
            return await ask_async(llm, messages)
        except BaseException as error:
            raised.append(error)
            raise

    one = MENDED["connect"](30)[:1]
    await _streamed(desk(ask=watched, connect=lambda seconds: one)(InMemorySaver(), 30))
    return raised[0] if raised else None


async def raised_by(ask_async: Any, error: BaseException) -> BaseException | None:
    """Return what the answer's function raises when this happens on the way to the model."""

    def broken(_: Any) -> AIMessage:
        raise error

    async def broken_async(_: Any) -> AIMessage:
        raise error

    try:
        await ask_async(RunnableLambda(broken, broken_async), [HumanMessage("Hello!", id="said")])
    except (Exception, asyncio.CancelledError) as raised:
        return raised
    return None


# Errors of a model that is down, and errors that no other model cures.
DOWN = (
    ModelAPIError("503"),
    ModelRateLimitError("429"),
    ModelTimeoutError("silent"),
    ModelConnectionError("unreachable"),
    ConnectionError("torn"),
    ConnectionResetError("reset"),
)
BUGS = (
    ModelAuthenticationError("401"),
    ModelInvalidRequestError("400"),
    ModelNotFoundError("404"),
    KeyError("order"),
    ValueError("a bug"),
    asyncio.CancelledError(),
    FileNotFoundError("prices.csv"),
)


def assert_asked(answer_from: Any, outcomes: list[Any], expected: int) -> None:
    """Assert how many models are asked, and that the last one's outcome comes back.

    Args:
        answer_from: The answer.
        outcomes: What each model does: text it says, or an error it raises.
        expected: How many of them are asked.
    """
    asked: list[Any] = []
    models = [SimpleNamespace(number=number) for number in range(len(outcomes))]
    state = {"messages": [HumanMessage("Hello!", id="said"), AIMessage("Yes?", id="asked")]}
    given, all_models = copy.deepcopy(state), list(models)

    async def ask_one(llm: Any, messages: list) -> AIMessage:
        asked.append((llm.number, list(messages)))
        outcome = outcomes[llm.number]
        if isinstance(outcome, BaseException):
            raise outcome
        return AIMessage(outcome)

    async def answered() -> Any:
        try:
            return await answer_from(ask_one, models, state)
        except (Exception, asyncio.CancelledError) as error:
            return error

    result = run_async(answered)
    names = [kind(one) if isinstance(one, str) else type(one).__name__ for one in outcomes]
    what = f"The models have these answers: {', '.join(names)}"
    came = ""
    if isinstance(result, BaseException) and result not in outcomes:
        came = f" `answer_from` raised {kind(result)}."
    assert [number for number, _ in asked] == list(range(expected)), (
        f"{what}. Asked were models {[number + 1 for number, _ in asked]}; expected "
        f"{[number + 1 for number in range(expected)]}.{came}"
    )
    assert all(messages == given["messages"] for _, messages in asked) and state == given, (
        f"{what}. A model was not asked with the state's messages, or the state was changed."
    )
    assert models == all_models, (
        f"{what}. The list of models was changed; all turns share it, and the next one would begin "
        f"with model {models[0].number + 1 if models else 'none'}."
    )
    last = outcomes[expected - 1]
    if isinstance(last, BaseException):
        assert result is last or type(result) is type(last), (
            f"{what}. `answer_from` gave {short(result)}; expected that it raises the "
            f"{type(last).__name__}."
        )
        return
    assert not isinstance(result, BaseException), f"{what}. It raised {kind(result)}."
    messages = result.get("messages") if isinstance(result, dict) else None
    texts = [getattr(one, "text", None) for one in messages or []]
    assert texts == [last], (
        f"{what}. `answer_from` returned {short(result)}; expected {{'messages': [the answer]}}."
    )


def two_models(connect_two: Any, seconds: float) -> Any:
    """Return the models that `connect_two` makes.

    Raises:
        AssertionError: They are not two.
    """
    llms = connect_two(seconds)
    assert isinstance(llms, list | tuple) and len(llms) == 2, (
        f"`connect_two` returned {kind(llms)}; expected a list of two models."
    )
    return llms


async def patience(connect_two: Any, seconds: float, model: Any) -> dict[str, tuple[bool, float]]:
    """Say hello to both models at once, which are silent.

    Args:
        connect_two: The answer.
        seconds: How long a model may be silent.
        model: The lesson model.

    Returns:
        For each model whether its first request was given up, and after how many seconds.
    """
    llms, began = two_models(connect_two, seconds), time.monotonic()
    asking = asyncio.gather(*[llm.ainvoke("Hello!") for llm in llms], return_exceptions=True)
    borne: dict[str, tuple[bool, float]] = {}
    over = False
    try:
        while len(borne) < len(llms) and not over:
            await asyncio.sleep(0.01)
            over = asking.done() and all(request.wait(0) for request in model.requests)
            for request in model.requests:
                if request.wait(0):
                    end = request.aborted, time.monotonic() - began
                    borne.setdefault(request.body["model"], end)
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
    assert len(borne) == len(llms), (
        f"Hello was said to two models, and asked were {[*borne] or 'none'}; expected "
        f"{[model.name, SPARE]}."
    )
    return borne


async def asked_each(connect_two: Any) -> None:
    """Say hello to each model."""
    for llm in two_models(connect_two, 30):
        await llm.ainvoke("Hello!")
