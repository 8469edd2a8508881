"""The ten probes: each provokes a fault, and asserts what a user or an operator would see."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from unittest import mock

from anyio.from_thread import start_blocking_portal
from langchain_core.tools import StructuredTool

import lesson_model
from agent_checklist.agent import Agent, Setup, alone
from agent_checklist.provoke.case import is_refused
from agent_checklist.provoke.streaming import LONG, Reader, is_cut
from agent_checklist.subject import Turn, error_name
from lesson_model.log import Request

__all__ = ("PROBES", "look_at")

HELLO, HERE = "Hello, is anybody there?", "Yes, the desk is open."
SILENCE, TIMEOUT = 2.0, 0.3  # seconds the model is silent, and the agent is told to wait
REQUESTS = 25  # to the model in one turn; more is a loop that nobody stops
TRIES = 4  # of one model for one answer: more is two layers that multiply
DETAIL = "db-internal-7 refused billing_rw"
CARD = "4111 1111 1111 1111"


def look_at(setup: Setup, names: Sequence[str]) -> list[str]:
    """Return what is wrong with each line; empty texts for those that hold.

    It works in a thread with an event loop of its own: a notebook's own loop is already running.
    """

    async def look_at_all() -> list[str]:
        return [await _look(setup, name) for name in names]

    with start_blocking_portal() as portal:
        return portal.call(alone, look_at_all)


async def _look(setup: Setup, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder, lesson_model.scratch() as model:
        agent = Agent(setup, model, Path(folder) / "checkpoints.sqlite", name)
        with agent.listening():
            try:
                await agent.build()
                await PROBES[name](agent)
            except AssertionError as wrong:
                return str(wrong)
            finally:
                await agent.close()
    return ""


async def streaming(agent: Agent) -> None:
    """Leave after the first word; then let an answer be torn."""
    agent.model.when("dry").says(LONG)
    reader = Reader(agent, hears=lambda turn: turn.shown and agent.model.requests)
    turn = await agent.ask("How do I dry a tent?", until=reader.has_heard)
    assert turn.error is None, f"A plain question raised {error_name(turn.error)}."
    _newest(turn)
    assert reader.left, "No words came in stream mode “messages”."
    assert reader.in_time, "The first word came when the model had written its last."
    _, wrote_on, _ = await reader.wait_for_the_end()
    assert not wrote_on, "The user left after the first word, and the model wrote on to the end."
    agent.model.fail("truncate", after=4)
    turn = await agent.ask("And how do I dry a big one?", "thread-of-a-torn-answer")
    torn = [m.text for m in turn.messages if m.type == "ai" and is_cut(m.text)]
    assert not torn, f"The stream broke after “{torn[0]}”, and that was taken for the answer."


async def persistence(agent: Agent) -> None:
    """Restart between two questions; then forget to say whose thread it is."""
    await agent.ask("My name is Zora.")
    await agent.build()
    turn = await agent.ask("What is my name?")
    assert turn.sent("Zora"), "After a restart the model was not sent what was said before."
    turn = await agent.ask("My name is Olga.", thread=None)
    following = await agent.ask("What is my name?", thread=None)
    assert turn.error is not None, (
        "A run without a thread was taken, and the next one is sent what its user said; expected "
        "an error for a run that names no thread."
        if following.sent("Olga")
        else "A run without a thread was taken; expected an error."
    )


async def approval(agent: Agent) -> None:
    """Ask for one risky call, and click twice; then for two at once, and approve one."""
    turn = await agent.ask(agent.setup.act)
    _has_calls(turn, 1, "act")
    assert not agent.done(), "The risky call ran, and nobody was asked."
    assert turn.interrupts, "The risky call did not run, and nobody was asked to approve it."
    yes = agent.answer_for(turn, True)
    turn = await agent.resume(await agent.run(yes, turn.thread), True)
    assert turn.error is None, f"The approval raised {error_name(turn.error)}."
    assert len(agent.done()) == 1, f"One call was approved, and {len(agent.done())} ran."
    await agent.run(yes, turn.thread)
    assert len(agent.done()) == 1, "A second click on Approve ran the call a second time."
    turn = await agent.ask(agent.setup.act_twice, "thread-of-two-calls")
    calls = _has_calls(turn, 2, "act_twice")
    assert len(agent.done()) == 1, "Of two calls in one message, one ran before anybody was asked."
    asked: list[str] = []

    def first(text: str) -> bool:
        asked.append(text)
        return len(asked) == 1

    turn = await agent.resume(turn, first)
    ran = agent.done()[1:]
    assert turn.error is None, f"The answer to two calls at once raised {error_name(turn.error)}."
    assert len(ran) == 1, f"Of two calls in one message one was approved, and {len(ran)} ran."
    values = [list(map(str, call["args"].values())) for call in calls]
    shown = [each for each in values if all(value in asked[0] for value in each)]
    assert len(shown) > 1 or all(value in str(ran[0]) for each in shown for value in each), (
        "Of two calls in one message one was approved, and the other one ran."
    )


async def rejection(agent: Agent) -> None:
    """Reject, then say hello."""
    turn = await agent.ask(agent.setup.act)
    _has_calls(turn, 1, "act")
    assert turn.interrupts, "Nobody was asked, so nobody could reject."
    turn = await agent.resume(turn, False)
    assert not agent.done(), "A rejected call ran."
    spoken = turn.error or turn.messages[-1].type == "ai"
    assert spoken, "After a rejection the turn ended, and the user got no word."
    await _goes_on(agent, "After a rejection", turn)


async def retry(agent: Agent) -> None:
    """Tell the client to wait, turn after turn; then let the model be down for good."""
    agent.model.when(HELLO[:5]).says(HERE)
    for _ in range(4):
        agent.model.fail("rate_limit", retry_after=0.1)
        turn = await agent.ask(HELLO)
        assert turn.requests and turn.requests[-1].status == 200 and _has_answer(turn), (
            "The model said “wait a moment” (429), and no answer came of the turn."
        )
        remarks = [remark for one in turn.requests for remark in one.remarks]
        assert not any("Retry-After" in remark for remark in remarks), (
            "The model said how long to wait (Retry-After), and was asked again before that."
        )
    agent.model.fail("server_error", times=None, retry_after=0.01)
    asked = _models(await agent.ask(HELLO, "thread-of-an-outage"))
    most = max(map(asked.count, asked), default=0)
    assert most <= TRIES, f"One question to a model that is down was sent {most} times."


async def fallback(agent: Agent) -> None:
    """Let the first model be down; then refuse a request."""
    agent.model.fail("server_error", times=None, retry_after=0.01)
    asked = _models(await agent.ask(HELLO, "thread-of-an-outage"))
    other = next((at for at, name in enumerate(asked) if name != asked[0]), None)
    assert other is not None, "The model was down, and no other model was asked."
    agent.model.reset()
    agent.model.when(HELLO[:5]).says(HERE)
    agent.model.fail("server_error", times=other, retry_after=0.01)
    turn = await agent.ask(HELLO)
    assert _newest(turn).status == 200 and _has_answer(turn), (
        "The first model was down, and the second one's answer did not arrive."
    )
    agent.model.reset()
    agent.errors = 0
    agent.model.fail("http", times=None, status=400)
    turn = await agent.ask(HELLO, "thread-of-a-bug")
    count = len(turn.requests)
    assert count == 1, f"A request that was refused as wrong (400) was sent {count} times."
    assert turn.error or agent.errors, (
        "A request was refused as wrong (400): nothing was raised, and no error logged."
    )


async def timeouts(agent: Agent) -> None:
    """Let the model say nothing at all."""
    await agent.build(TIMEOUT)
    agent.model.fail("timeout", seconds=SILENCE)
    turn = await agent.ask(HELLO)
    _newest(turn)
    silent = turn.requests[0]
    silent.wait(10)
    assert silent.aborted, (
        "The model said nothing for longer than the agent was told to wait, and it waited on."
    )


async def errors(agent: Agent) -> None:
    """Break a tool, then the model's key."""
    broken = mock.AsyncMock(side_effect=ConnectionError(DETAIL))
    also = mock.Mock(side_effect=ConnectionError(DETAIL))
    with mock.patch.multiple(StructuredTool, _arun=broken, _run=also):
        turn = await agent.ask(agent.setup.look)
    assert broken.called or also.called, "No tool ran: say in `look` what needs one."
    told = [message for message in turn.messages if DETAIL in message.text]
    assert not told, "A tool failed, and its error's text went to the model and the user."
    await _goes_on(agent, "After a tool failed", turn)
    agent.model.fail("bad_key", times=None)
    turn = await agent.ask(HELLO, "thread-of-a-bad-key")
    key = os.environ.get("OPENAI_API_KEY", "")
    words = turn.shown + "".join(message.text for message in turn.messages)
    assert key not in words, "The model's key was wrong, and the user was shown it."
    assert "Traceback" not in words and "Error code" not in words, (
        "The model failed, and the user was shown the error's text."
    )


async def limits(agent: Agent) -> None:
    """Let the model call a harmless tool for ever."""
    turn = await agent.ask(agent.setup.look, "thread-of-a-look")
    call = _has_calls(turn, 1, "look")[0]
    before = len(agent.model.requests)
    agent.model.when("keep looking").always_calls(call["name"], **call["args"])
    turn = await agent.ask(
        "Keep looking!", until=lambda _: len(agent.model.requests) - before > REQUESTS
    )
    assert not turn.stopped, f"A model in a loop was asked {REQUESTS} times, and went on."
    by = error_name(turn.error)
    assert turn.error is None, f"A loop was stopped by {by}: the user got no word."
    await _goes_on(agent, "After a loop was stopped", turn)


async def logging(agent: Agent) -> None:
    """Say something private, let the key be wrong, and read the log."""
    await agent.ask(f"My card is {CARD}. {agent.setup.look}")
    agent.model.fail("bad_key", times=None)
    await agent.ask(HELLO)
    log = "\n".join(agent.lines) + agent.printed()
    assert CARD not in log, "What the user wrote stands in the log, or was printed."
    assert os.environ.get("OPENAI_API_KEY", "") not in log, "The model's key stands in the log."
    assert agent.thread in log, "No line of the log names the thread."


async def _goes_on(agent: Agent, when: str, turn: Turn) -> None:
    assert turn.error is None, f"{when} the run raised {error_name(turn.error)}."
    turn = await agent.ask(HELLO)
    assert not is_refused(turn), f"{when} the model refuses the thread with 400, for ever."
    assert turn.error is None, f"{when} the next question raised {error_name(turn.error)}."


def _has_calls(turn: Turn, count: int, word: str) -> list:
    """Return the calls the model made; without them nothing can be said about the agent."""
    calls = [call for message in turn.messages for call in getattr(message, "tool_calls", ())]
    assert len(calls) >= count, (
        f"The model made {len(calls)} tool calls, which cannot be judged: give `{word}` words that "
        f"make it call {count}."
    )
    return calls


def _newest(turn: Turn) -> Request:
    """Return the newest request to the model."""
    why = f": the run raised {error_name(turn.error)}" if turn.error else ""
    assert turn.requests, f"The model was not asked{why}."
    return turn.requests[-1]


def _models(turn: Turn) -> list[str]:
    """Return the names of the models that were asked, request by request."""
    return [request.body.get("model", "") for request in turn.requests]


def _has_answer(turn: Turn) -> bool:
    """Whether the thread ends with what the model says to a hello."""
    return turn.error is None and HERE in turn.final


PROBES: dict[str, Callable[[Agent], Awaitable[None]]] = {
    "streaming": streaming,
    "persistence": persistence,
    "approval": approval,
    "rejection": rejection,
    "retry": retry,
    "fallback": fallback,
    "timeouts": timeouts,
    "errors": errors,
    "limits": limits,
    "logging": logging,
}
