"""The ten probes: each provokes a fault, and asserts what a user or an operator would see."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from unittest import mock

from langchain_core.tools import StructuredTool

import lesson_model
from agent_checklist.agent import Agent, Case, Turn, run_in_own_loop, write_on, write_slowly
from lesson_model.log import Request

__all__ = ("PROBES", "look_at")

LONG = "A tent wants to be dried before it is folded, and aired for a day after that. " * 3
HELLO, HERE = "Hello, is anybody there?", "Yes, the desk is open."
SILENCE, TIMEOUT = 2.0, 0.3  # seconds the model is silent, and the agent is told to wait
TURNS = 40  # of the event loop, in which an agent leaves
REQUESTS = 25  # to the model in one turn; more is a loop that nobody stops
TRIES = 4  # of one model for one answer: more is two layers that multiply
DETAIL = "db-internal-7 refused billing_rw"
CARD = "4111 1111 1111 1111"


def look_at(case: Case, names: Sequence[str]) -> list[str]:
    """Return what is wrong with each line; empty texts for those that hold."""

    async def look_at_all() -> list[str]:
        return [await _look(case, name) for name in names]

    return run_in_own_loop(look_at_all)


async def _look(case: Case, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder, lesson_model.scratch() as model:
        agent = Agent(case, model, Path(folder) / "checkpoints.sqlite", name)
        with agent.listening():
            try:
                await PROBES[name](agent)
            except AssertionError as wrong:
                return str(wrong)
            finally:
                await agent.close()
    return ""


async def streaming(agent: Agent) -> None:
    """Leave after the first word; then let an answer be torn."""
    agent.model.when("dry").says(LONG)
    heard = write_slowly(agent.model)
    wrote_all, writing = [], []

    def first_word(turn: Turn) -> bool:
        if turn.shown and not wrote_all:
            heard.set()
            wrote_all.append(_newest(agent, turn).wait(0))
            writing.append(asyncio.create_task(write_on(agent.model, TURNS)))
        return bool(turn.shown)

    turn = await agent.say("How do I dry a tent?", until=first_word)
    await asyncio.gather(*writing)
    assert turn.error is None, f"A plain question raised {_name(turn)}."
    assert turn.shown, "No words came in stream mode “messages”."
    assert not wrote_all[0], "The first word came when the model had written its last."
    request = _newest(agent, turn)
    await asyncio.to_thread(request.wait, 10)
    assert request.aborted, "The user left after the first word, and the model wrote on to the end."
    agent.model.fail("truncate", after=4)
    turn = await agent.say("And how do I dry a big one?", "thread-of-a-torn-answer")
    torn = [m.text for m in turn.messages if m.type == "ai" and m.text and _is_torn(m.text)]
    assert not torn, f"The stream broke after “{torn[0]}”, and that was taken for the answer."


async def persistence(agent: Agent) -> None:
    """Restart between two questions; then forget to say whose thread it is."""
    await agent.say("My name is Zora.")
    await agent.start()
    await agent.say("What is my name?")
    assert _sent(agent, "Zora"), "After a restart the model was not sent what was said before."
    turn = await agent.say("My name is Olga.", thread=None)
    await agent.say("What is my name?", thread=None)
    assert turn.error is not None, (
        "A run without a thread was taken, and the next one is sent what its user said."
        if _sent(agent, "Olga")
        else "A run without a thread was taken."
    )


async def approval(agent: Agent) -> None:
    """Ask for one risky call, and click twice; then for two at once, and approve one."""
    turn = await agent.say(agent.case.act)
    _has_calls(turn, 1, "act")
    assert not agent.done(), "The risky call ran, and nobody was asked."
    assert turn.interrupts, "The risky call did not run, and nobody was asked to approve it."
    turn, _ = await agent.decide(turn, lambda number: True)
    assert turn.error is None, f"The approval raised {_name(turn)}."
    assert len(agent.done()) == 1, f"One call was approved, and {len(agent.done())} ran."
    await agent.again(turn)
    assert len(agent.done()) == 1, "A second click on Approve ran the call a second time."
    turn = await agent.say(agent.case.act_twice, "thread-of-two-calls")
    _has_calls(turn, 2, "act_twice")
    assert len(agent.done()) == 1, "Of two calls in one message, one ran before anybody was asked."
    turn, approved = await agent.decide(turn, lambda number: number == 0)
    ran = agent.done()[1:]
    assert turn.error is None, f"The answer to two calls at once raised {_name(turn)}."
    assert len(ran) == 1, f"Of two calls in one message one was approved, and {len(ran)} ran."
    given = approved[0].get("args", {}) if isinstance(approved[0], dict) else {}
    assert all(str(value) in str(ran[0]) for value in given.values()), (
        "Of two calls in one message one was approved, and the other one ran."
    )


async def rejection(agent: Agent) -> None:
    """Reject, then say hello."""
    turn = await agent.say(agent.case.act)
    _has_calls(turn, 1, "act")
    assert turn.interrupts, "Nobody was asked, so nobody could reject."
    turn, _ = await agent.decide(turn, lambda number: False)
    assert not agent.done(), "A rejected call ran."
    spoken = turn.error or turn.messages[-1].type == "ai"
    assert spoken, "After a rejection the turn ended, and the user got no word."
    await _goes_on(agent, "After a rejection", turn)


async def retry(agent: Agent) -> None:
    """Tell the client to wait, turn after turn; then let the model be down for good."""
    agent.model.when(HELLO[:5]).says(HERE)
    for _ in range(4):
        before = len(agent.model.requests)
        agent.model.fail("rate_limit", retry_after=0.1)
        turn = await agent.say(HELLO)
        seen = agent.model.requests[before:]
        assert seen and seen[-1].status == 200 and _has_answer(turn), (
            "The model said “wait a moment” (429), and no answer came of the turn."
        )
        assert not any("Retry-After" in remark for one in seen for remark in one.remarks), (
            "The model said how long to wait (Retry-After), and was asked again before that."
        )
    before = len(agent.model.requests)
    agent.model.fail("server_error", times=None, retry_after=0.01)
    await agent.say(HELLO, "thread-of-an-outage")
    asked = agent.asked()[before:]
    most = max(map(asked.count, asked), default=0)
    assert most <= TRIES, f"One question to a model that is down was sent {most} times."


async def fallback(agent: Agent) -> None:
    """Let the first model be down; then refuse a request."""
    agent.model.fail("server_error", times=None, retry_after=0.01)
    await agent.say(HELLO, "thread-of-an-outage")
    asked = agent.asked()
    other = next((at for at, name in enumerate(asked) if name != asked[0]), None)
    assert other is not None, "The model was down, and no other model was asked."
    agent.model.reset()
    agent.model.when(HELLO[:5]).says(HERE)
    agent.model.fail("server_error", times=other, retry_after=0.01)
    turn = await agent.say(HELLO)
    assert _newest(agent, turn).status == 200 and _has_answer(turn), (
        "The first model was down, and the second one's answer did not arrive."
    )
    agent.model.reset()
    agent.errors = 0
    agent.model.fail("http", times=None, status=400)
    turn = await agent.say(HELLO, "thread-of-a-bug")
    count = len(agent.model.requests)
    assert count == 1, f"A request that was refused as wrong (400) was sent {count} times."
    assert turn.error or agent.errors, (
        "A request was refused as wrong (400): nothing was raised, and no error logged."
    )


async def timeouts(agent: Agent) -> None:
    """Let the model say nothing at all."""
    await agent.start(TIMEOUT)
    agent.model.fail("timeout", seconds=SILENCE)
    turn = await agent.say(HELLO)
    _newest(agent, turn)
    silent = agent.model.requests[0]
    silent.wait(10)
    assert silent.aborted, (
        "The model said nothing for longer than the agent was told to wait, and it waited on."
    )


async def errors(agent: Agent) -> None:
    """Break a tool, then the model's key."""
    broken = mock.AsyncMock(side_effect=ConnectionError(DETAIL))
    also = mock.Mock(side_effect=ConnectionError(DETAIL))
    with mock.patch.multiple(StructuredTool, _arun=broken, _run=also):
        turn = await agent.say(agent.case.look)
    assert broken.called or also.called, "No tool ran: say in `look` what needs one."
    told = [message for message in turn.messages if DETAIL in message.text]
    assert not told, "A tool failed, and its error's text went to the model and the user."
    await _goes_on(agent, "After a tool failed", turn)
    agent.model.fail("bad_key", times=None)
    turn = await agent.say(HELLO, "thread-of-a-bad-key")
    key = os.environ.get("OPENAI_API_KEY", "")
    words = turn.shown + "".join(message.text for message in turn.messages)
    assert key not in words, "The model's key was wrong, and the user was shown it."
    assert "Traceback" not in words and "Error code" not in words, (
        "The model failed, and the user was shown the error's text."
    )


async def limits(agent: Agent) -> None:
    """Let the model call a harmless tool for ever."""
    turn = await agent.say(agent.case.look, "thread-of-a-look")
    call = _has_calls(turn, 1, "look")[0]
    before = len(agent.model.requests)
    agent.model.when("keep looking").always_calls(call["name"], **call["args"])
    turn = await agent.say(
        "Keep looking!", until=lambda _: len(agent.model.requests) - before > REQUESTS
    )
    assert not turn.stopped, f"A model in a loop was asked {REQUESTS} times, and went on."
    assert turn.error is None, f"A loop was stopped by {_name(turn)}: the user got no word."
    await _goes_on(agent, "After a loop was stopped", turn)


async def logging(agent: Agent) -> None:
    """Say something private, let the key be wrong, and read the log."""
    await agent.say(f"My card is {CARD}. {agent.case.look}")
    agent.model.fail("bad_key", times=None)
    await agent.say(HELLO)
    log = "\n".join(agent.lines) + agent.printed.getvalue()
    assert CARD not in log, "What the user wrote stands in the log, or was printed."
    assert os.environ.get("OPENAI_API_KEY", "") not in log, "The model's key stands in the log."
    assert agent.thread in log, "No line of the log names the thread."


async def _goes_on(agent: Agent, when: str, turn: Turn) -> None:
    assert turn.error is None, f"{when} the run raised {_name(turn)}."
    refused = agent.refused()
    turn = await agent.say(HELLO)
    assert agent.refused() == refused, f"{when} the model refuses the thread with 400, for ever."
    assert turn.error is None, f"{when} the next question raised {_name(turn)}."


def _has_calls(turn: Turn, count: int, word: str) -> list:
    """Return the calls the model made; without them nothing can be said about the agent."""
    calls = [call for message in turn.messages for call in getattr(message, "tool_calls", ())]
    assert len(calls) >= count, (
        f"The model made {len(calls)} tool calls, which cannot be judged: give `{word}` words that "
        f"make it call {count}."
    )
    return calls


def _newest(agent: Agent, turn: Turn) -> Request:
    """Return the newest request to the model."""
    why = f": the run raised {_name(turn)}" if turn.error else ""
    assert agent.model.requests, f"The model was not asked{why}."
    return agent.model.requests[-1]


def _has_answer(turn: Turn) -> bool:
    """Whether the thread ends with what the model says to a hello."""
    return turn.error is None and HERE in turn.last


def _sent(agent: Agent, words: str) -> bool:
    """Whether the newest request to the model holds these words."""
    return any(words.encode() in request.raw for request in agent.model.requests[-1:])


def _name(turn: Turn) -> str:
    words = (str(turn.error).splitlines() or [""])[0]
    return f"a {type(turn.error).__name__} (“{words[:90]}”)" if words else type(turn.error).__name__


def _is_torn(text: str) -> bool:
    return LONG.startswith(text) and len(text) < len(LONG.strip())


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
