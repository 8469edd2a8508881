"""The probes: each provokes a fault in an agent of its own, and says what was seen of its claims.

A claim passes only where the fault was met and the point of observation was reached; else it
could not be judged. Nothing here knows how the agent is built.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import json
import os
import re
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.errors import GraphRecursionError
from langgraph.types import Interrupt

from agent_checklist.claims import COULD_NOT_JUDGE, FAIL, NOT_APPLICABLE, PASS
from agent_checklist.dialects import unclear_answers
from agent_checklist.effects import Effect
from agent_checklist.guard import Sent
from agent_checklist.scout import masked, sounds_risky
from agent_checklist.subject import Subject, Turn, error_name
from lesson_model.behaviour.turn import text_of
from lesson_model.log import Request

__all__ = ("PROBES", "Case", "Probe")

DETAIL = "db-internal-7 refused billing_rw"
ERROR_WORDS = ("Error code:", "Incorrect API key", "Traceback (most recent")
SECRET_STARTS = ("checklist-checklist-", "sk-checklist-")  # made up by workspace and runner
KEY_IN_SOURCE = re.compile(
    r"""["'](sk-[\w-]{12,}|AKIA\w{12,}|ghp_\w{12,}|xox[bp]-[\w-]{10,})["']"""
)
UNSEEN_EFFECTS = {
    "approval.asked",
    "approval.once",
    "approval.parallel",
    "approval.two_approved",
    "approval.own_thread",
    "rejection.not_run",
}
NAME = "Zora-76"
CARD = "4111 1111 1111 1111"
MAX_LOOP_REQUESTS = 50
MAX_LIMITED_REQUESTS = 130
MAX_TRIES = 10  # of one request, in one layer
MAX_READ_SECONDS = 300.0
MAX_SILENT_SECONDS = 3.0
FOR_EVER = 3600.0  # seconds: what is looked at ends a turn, or nothing does
NAME_EFFECTS = "Name what lists the effects in pyproject.toml: effects = “module:function”."
BLOCKED_SECONDS = 0.6
FAN_OUT = 60
LONG = "A tent is dried before it is folded, and then it is aired for a whole day more. " * 3


@dataclass
class Case:
    """One probe at work.

    Attributes:
        subject: The agent.
        folder: Kept between the phases of a probe.
        tell: Takes a claim's name, verdict, reason and evidence.
    """

    subject: Subject
    folder: Path
    tell: Callable[[str, str, str, dict], None]

    def passed(self, claim: str, saw: str = "") -> None:
        """The claim holds, and that was seen."""
        early = self.subject.facts.early
        if early and claim in UNSEEN_EFFECTS:
            self.unclear(
                claim,
                f"{early}; a node runs again from its start when it is resumed, "
                "and what it does beside the tools is not counted.",
            )
            return
        self.tell(claim, PASS, saw, {})

    def failed(self, claim: str, saw: str) -> None:
        """The claim does not hold."""
        self.tell(claim, FAIL, saw, self.subject.evidence())

    def unclear(self, claim: str, why: str) -> None:
        """Nothing can be said."""
        self.tell(claim, COULD_NOT_JUDGE, why, self.subject.evidence())

    def of_server(self, claim: str, saw: str, maybe: str) -> None:
        """The claim does not hold; in a graph alone that is not said, as its server may cure it."""
        if self.subject.level == "turn":
            self.failed(claim, saw)
        else:
            self.unclear(claim, f"{saw} {maybe}")

    async def done(self, plan: Any) -> int | None:
        """Return how often a plan's call is on record; None where nothing lists effects."""
        if self.subject.listed is None:
            return None
        found = self.subject.listed()
        found = await found if inspect.isawaitable(found) else found
        wanted = _values(plan.steps[0][0])
        return sum(all(_stands_in(value, str(one)) for value in wanted) for one in found)

    def note(self, **known: Any) -> None:
        """Write down what the probe's next process has to know."""
        (self.folder / "note.json").write_text(json.dumps(known))

    def noted(self) -> dict[str, Any]:
        """Return what the probe's process before wrote down."""
        file = self.folder / "note.json"
        return json.loads(file.read_text()) if file.is_file() else {}

    def not_for(self, why: str, *claims: str) -> None:
        """The claims do not concern this agent."""
        for claim in claims:
            self.tell(claim, NOT_APPLICABLE, why, {})

    def judge(self, claim: str, bad: str, good: str = "") -> bool:
        """Fail with a sentence, or pass where there is none; return whether it passed."""
        if bad:
            self.failed(claim, bad)
        else:
            self.passed(claim, good)
        return not bad


# Streaming ----------------------------------------------------------------------------------------


async def streaming(case: Case) -> None:
    """Leave after the first word, then say hello."""
    subject = case.subject
    if not subject.facts.answers_in_text:
        case.not_for("The agent's answer is no free text of a model.", *PROBES["streaming"].claims)
        return
    plan = subject.plan(say=LONG)
    subject.streams = True
    subject.model.pace(first=0.05, per_token=0.04)
    state = {"first": None, "open": False}
    writing: list[asyncio.Task] = []

    def first_word(turn: Turn) -> bool:
        heard = LONG[:6] in turn.shown + "".join(map(str, turn.events))
        heard = heard or (subject.gives_whole and len(subject.model.requests) > 0)
        if state["first"] is None and heard:
            state["first"] = True
            newest = subject.model.requests[-1]
            state["open"] = not newest.wait(0)
            subject.model.pace(per_token=0.3)
            writing.append(asyncio.create_task(_write_on(subject)))
        return state["first"] is not None

    turn = await subject.say(plan, until=first_word)
    if state["first"] is None:
        arrived = plan.say.strip() in turn.told or plan.say.strip() in str(turn.values)
        if turn.error or not arrived:
            why = f"The turn raised {error_name(turn.error)}." if turn.error else "No answer came."
            for claim in PROBES["streaming"].claims:
                case.unclear(claim, why)
            return
        case.failed("streaming.first_word", "The answer came, but no word of it in the stream.")
        case.unclear("streaming.leave", "No word came while the model wrote.")
        case.unclear("streaming.left_thread", "No word came while the model wrote.")
        return
    if not state["open"] and subject.guard.on_loop:
        for claim in PROBES["streaming"].claims:
            case.unclear(claim, "The event loop stood still meanwhile: see loop.free.")
        return
    if subject.gives_whole:
        case.not_for(
            "The turn returns its answer; it does not yield words.", "streaming.first_word"
        )
    else:
        case.judge(
            "streaming.first_word",
            "" if state["open"] else "The first word came when the model had written its last.",
        )
    if not state["open"]:
        case.unclear("streaming.leave", "No word came while the model wrote.")
        case.unclear("streaming.left_thread", "No word came while the model wrote.")
        return
    request = subject.model.requests[-1]
    count = len(subject.model.requests)
    await asyncio.gather(*writing)
    if not await asyncio.to_thread(request.wait, 10):
        case.unclear("streaming.leave", "The model's answer did not end.")
        return
    await subject.guard.async_sleep(0.1)
    more = len(subject.model.requests) - count
    if request.aborted and not more:
        case.passed("streaming.leave")
    elif _runs_in_threads(subject):
        case.of_server(
            "streaming.leave",
            "The user left and the model wrote on: a sync node cannot be left.",
            "Your server may stop it another way.",
        )
    else:
        case.failed(
            "streaming.leave",
            "The user left after the first word, and the model "
            + ("was asked again." if more else "wrote on to the end."),
        )
    await _goes_on(case, "streaming.left_thread", "After the user left")


async def _write_on(subject: Subject) -> None:
    """Let the model write the rest at once, when an agent that leaves would be gone.

    Measured in turns of the event loop, in which an agent leaves: on a busy machine both take
    longer.
    """
    for _ in range(120):
        if subject.model.requests[-1].wait(0):
            break
        await subject.guard.async_sleep(0.03)
    subject.model.pace()


def _runs_in_threads(subject: Subject) -> bool:
    """Whether the model was asked from a thread of its own, as sync nodes do."""
    return bool(subject.guard.threads - {threading.main_thread().ident})


async def torn(case: Case) -> None:
    """End a stream in the middle, as if it were whole."""
    subject = case.subject
    if not subject.facts.answers_in_text:
        case.not_for("The agent's answer is no free text of a model.", "streaming.torn")
        return
    plan = subject.plan(say=LONG)
    subject.streams = True
    subject.fail_answer("truncate", after=4)
    turn = await subject.say(plan)
    if not any(one.stream for one in _spoilt(turn, "truncate")):
        case.unclear("streaming.torn", "The answer was not asked for as a stream.")
        return
    if turn.error or (turn.final.strip() and not _is_cut(turn.final)):
        case.passed("streaming.torn")
    elif turn.final.strip():
        case.failed(
            "streaming.torn",
            f"The stream broke after “{turn.final[:40]}”, and that was taken for the answer.",
        )
    else:
        case.unclear("streaming.torn", "What became of the answer was not seen.")


def _spoilt(turn: Turn, fault: str) -> list[Request]:
    """Return the requests that met a fault where the model was free to say what it likes."""
    return [
        one
        for one in turn.requests
        if one.fault == fault
        and not one.body.get("response_format")
        and one.body.get("tool_choice") in (None, "auto", "none")
    ]


def _is_cut(text: str) -> bool:
    """Whether a text holds the start of the long answer, and neither its end nor a word more."""
    whole, text = LONG.strip(), text.strip()
    return whole[:6] in text and whole[-12:] not in text and text[-12:] in whole


# Persistence --------------------------------------------------------------------------------------


async def remember(case: Case) -> None:
    """Say something; the process then ends."""
    subject = case.subject
    if not subject.facts.remembers:
        return
    async with AsyncSqliteSaver.from_conn_string(str(case.folder / "saver.sqlite")) as saver:
        await subject.start(saver, own=True)
        plan = subject.plan()
        turn = await _said(subject, plan, "t-restart", f"My name is {NAME}.")
        case.note(error=error_name(turn.error) if turn.error else "")


async def remember_later(case: Case) -> None:
    """In a new process, ask on the same thread."""
    subject, claim = case.subject, "persistence.restart"
    if not subject.facts.remembers:
        case.not_for("It does not send what was said before, restart or not.", claim)
        return
    if error := case.noted().get("error", "the process ended"):
        case.unclear(claim, f"The turn before the restart failed: {error}.")
        return
    async with AsyncSqliteSaver.from_conn_string(str(case.folder / "saver.sqlite")) as saver:
        await subject.start(saver, own=True)
        plan = subject.plan()
        turn = await _said(subject, plan, "t-restart", "What is my name?")
    if turn.error or not turn.requests:
        case.unclear(claim, f"The turn after the restart failed: {error_name(turn.error)}.")
    elif any(NAME.encode() in one.raw for one in turn.requests):
        case.passed(claim)
    elif subject.level == "turn":
        case.failed(
            claim,
            "In a new process the model was not sent what was said before on this thread.",
        )
    elif "Memory" in subject.facts.has_saver and subject.served:
        case.unclear(
            claim,
            f"The graph is compiled with an {subject.facts.has_saver}, which "
            "forgets at a restart. LangGraph Server puts its own in its place.",
        )
    else:
        own = subject.facts.has_saver or "a checkpointer on disk"
        case.failed(
            claim,
            f"In a new process (with {own}) the model was not sent what was said "
            "before on this thread.",
        )


async def _said(subject: Subject, plan: Any, thread: str, text: str) -> Turn:
    """Run a turn; where the agent's own checkpointer knows no async, without it."""
    turn = await subject.say(plan, thread, text=text)
    if subject.level == "turn":
        return turn
    if isinstance(subject.graph.checkpointer, SqliteSaver) or isinstance(
        turn.error, NotImplementedError
    ):
        turn = Turn(thread, plan)
        count = len(subject.model.requests)
        given = subject.inputs(f"{text} {plan.mark}")[subject.facts.input]
        config = subject._config(thread, "user-1")
        more = {} if (context := subject._context("user-1")) is None else {"context": context}
        try:
            await asyncio.to_thread(subject.graph.invoke, given, config, **more)
        except Exception as error:
            turn.error = error
        turn.requests = subject.model.requests[count:]
    return turn


async def isolation(case: Case) -> None:
    """Say a secret on one thread, and ask on another; then name no thread."""
    subject = case.subject
    secret = subject.plan()
    await subject.say(secret, "thread-of-ann", text="My secret is Zora-77.", user="ann")
    await subject.say(subject.plan(), "thread-of-ann", text="Remember that.", user="ann")
    turn = await subject.hello("thread-of-bob", user="bob")
    if turn.error or not turn.requests:
        case.unclear(
            "persistence.isolation", f"The second thread's turn raised {error_name(turn.error)}."
        )
    else:
        heard = [one for one in turn.requests if b"Zora-77" in one.raw]
        case.judge(
            "persistence.isolation",
            "What one user said on one thread was sent to the "
            "model for another user on another thread."
            if heard
            else "",
        )
    claim = "persistence.no_thread"
    if subject.level == "turn":
        case.not_for("A turn is always given a thread.", claim)
        return
    if not subject.facts.remembers:
        case.not_for("It does not send what was said before, thread or not.", claim)
        return
    turn = await subject.say(subject.plan(), None, text="My name is Olga-78.")
    again = await subject.say(subject.plan(), None, text="What is my name?")
    if turn.error is not None:
        case.passed(claim)
    elif any(b"Olga-78" in one.raw for one in again.requests):
        case.failed(
            claim,
            "A run that names no thread was taken, and the next such run is sent "
            "what its user said.",
        )
    else:
        case.unclear(claim, "A run that names no thread was taken; nothing of it came back.")


# Approval -----------------------------------------------------------------------------------------


def _no_gate(subject: Subject) -> tuple[str, bool]:
    """Return why approval is not judged, and whether it does not concern the agent at all."""
    facts = subject.facts
    if not facts.tools:
        return "The model is offered no tools.", True
    if subject.settings.risky and not any(tool.risky for tool in facts.tools.values()):
        return f"No tool that was offered is one of risky = {subject.settings.risky}.", False
    if unseen := [tool.name for tool in facts.tools.values() if tool.risky and not tool.ran]:
        return f"{unseen[0]} is no LangChain tool or did not run, so its effect is not seen.", False
    proposed = [name for name in facts.tools if sounds_risky(name)]
    if proposed:
        return (
            "No tool asks a person, and none is declared risky. If one is, declare it: "
            f"risky = {json.dumps(proposed[:4])}."
        ), False
    return "No tool asks a person, and none is declared risky.", True


def _gated(case: Case, *claims: str) -> str:
    """Return the risky tool that asks and runs; else tell why the claims are not judged."""
    subject, facts = case.subject, case.subject.facts
    act = facts.act
    if not act:
        why, never = _no_gate(subject)
        for claim in claims:
            if never or claim != "approval.asked":
                case.not_for(why, claim)
            else:
                case.unclear(claim, why)
        return ""
    gate = facts.gates.get(act)
    if gate is None:
        for claim in claims:
            case.unclear(
                claim,
                f"{act} is declared risky, and it runs without a question: see approval.asked.",
            )
        return ""
    if not gate.runs:
        for claim in claims:
            case.unclear(
                claim,
                f"It is not known how {act}'s question is answered (tried: "
                f"{'; '.join(gate.tried[:4]) or 'nothing'}). Declare approve and reject "
                "in pyproject.toml.",
            )
        return ""
    return act


def _ran(case: Case, act: str, since: int) -> list[Effect]:
    """Return the effects of the risky tool, without those that a person stopped inside."""
    gate = case.subject.facts.gates.get(act)
    effects = [e for e in case.subject.recorder.ran(since) if e.tool == act]
    if gate and gate.kind == "tool":
        return [e for e in effects if e.ended and masked(e) == gate.approved]
    return effects


def _values(call: tuple[str, dict]) -> list[str]:
    """Return the values of a call that a person would look for."""
    return [value for value in _flat(call[1]) if len(value) > 1]


def _flat(value: Any) -> list[str]:
    """Return the texts and numbers in a value; a whole number reads the same as int and float."""
    if isinstance(value, dict):
        return [each for one in value.values() for each in _flat(one)]
    if isinstance(value, list | tuple):
        return [each for one in value for each in _flat(one)]
    if hasattr(value, "model_dump"):
        return _flat(value.model_dump())
    if value is None or isinstance(value, bool):
        return []
    return [f"{value:g}" if isinstance(value, int | float) else str(value)]


def _stands_in(value: str, text: str) -> bool:
    """Whether a value stands in a text by itself: 42 does not in 4200."""
    return bool(re.search(rf"(?<![\w.]){re.escape(value)}(?!\w)", text))


def _same(effect: Effect, call: tuple[str, dict]) -> bool:
    """Whether a call ran with its values."""
    ran = _flat(effect.args)
    return all(value in ran for value in _values(call))


async def ask(case: Case) -> None:
    """Call the risky tool, approve, and call again."""
    subject, facts = case.subject, case.subject.facts
    claims = PROBES["approval"].claims
    if facts.swallowed:
        case.failed(
            "approval.asked",
            f"{facts.swallowed} raised an interrupt, and nobody was "
            "asked: an `except` around it swallowed it.",
        )
        for claim in claims[1:]:
            case.unclear(claim, "The interrupt did not come out: see approval.asked.")
        return
    act = facts.act
    if ungated := [t.name for t in facts.tools.values() if t.risky and t.ran and not t.gated]:
        act = ungated[0]
    if act and act not in facts.gates:
        call = subject.call(act)
        await subject.say(subject.plan([call]))
        ran = _ran(case, act, 0)
        case.judge(
            "approval.asked",
            f"{act} is declared risky. It ran, and nobody was asked." if ran else "",
        )
        for claim in claims[1:]:
            case.unclear(claim, f"{act} runs without a question: see approval.asked.")
        return
    if not act:
        _gated(case, *claims)
        return
    call = subject.call(act)
    turn = await subject.say(subject.plan([call]))
    early = _ran(case, act, 0)
    if not turn.waits and not early:
        for claim in claims:
            case.unclear(claim, f"The call of {act} neither ran nor was asked about this time.")
        return
    asked = case.judge("approval.asked", f"{act} ran before anybody was asked." if early else "")
    if facts.gates[act].kind == "breakpoint":
        case.not_for("The gate is a breakpoint: the caller shows the call.", "approval.shown")
    else:
        shown = str([one.value for one in turn.interrupts])
        missing = [value for value in _values(call) if not _stands_in(value, shown)]
        if not missing:
            case.passed("approval.shown")
        elif len(missing) == len(_values(call)):
            case.failed(
                "approval.shown",
                f"The person is asked to approve without seeing the arguments: {shown[:160]}",
            )
        else:
            case.unclear(
                "approval.shown",
                f"Not all arguments are shown: {missing[0]} is not. "
                "Whether it matters is yours to say.",
            )
    if not asked or not _gated(case, *claims[2:]):
        if not asked:
            for claim in claims[2:]:
                case.unclear(claim, "It ran before anybody was asked: see approval.asked.")
        return
    turn = await subject.resume(turn, True)
    ran = _ran(case, act, 0)
    wrong = ""
    if len(ran) > 1:
        wrong = f"One call was approved, and {len(ran)} ran."
    elif ran and not _same(ran[0], call):
        wrong = f"{call[1]} was approved, and {ran[0].args} ran."
    if not ran:
        case.unclear("approval.once", "The call was approved, and it did not run this time.")
    else:
        case.judge("approval.once", wrong)
    await _own_thread(case, act)
    count = len(subject.recorder.effects)
    thread = "t-again"
    first = await subject.say(subject.plan([subject.call(act)]), thread)
    await subject.resume(first, True)
    done = _ran(case, act, count)
    count = len(subject.recorder.effects)
    turn = await subject.say(subject.plan([subject.call(act)]), thread)
    if not done or (not turn.waits and not _ran(case, act, count)):
        case.unclear("approval.again", "The second call on the thread was not reached.")
    else:
        case.judge(
            "approval.again",
            "A second risky call on the same thread ran, and nobody was asked."
            if _ran(case, act, count)
            else "",
        )


async def _own_thread(case: Case, act: str) -> None:
    """Let calls wait on two threads, and approve the first."""
    subject, claim = case.subject, "approval.own_thread"
    one, two = subject.call(act, "mine", 61), subject.call(act, "yours", 83)
    if one == two:
        case.not_for(f"Two calls of {act} cannot be told apart.", claim)
        return
    mine = await subject.say(subject.plan([one]), "t-mine")
    yours = await subject.say(subject.plan([two]), "t-yours")
    count = len(subject.recorder.effects)
    if not (mine.waits and yours.waits):
        case.unclear(claim, "Nobody was asked this time.")
        return
    await subject.resume(mine, True)
    ran = _ran(case, act, count)
    if any(_same(effect, two) for effect in ran):
        case.failed(claim, "The call of one thread was approved, and another thread's call ran.")
    elif any(_same(effect, one) for effect in ran):
        case.passed(claim)
    else:
        case.unclear(claim, "The call was approved, and it did not run this time.")


async def parallel(case: Case) -> None:
    """Put two risky calls into one message, then a harmless and a risky one."""
    subject, facts = case.subject, case.subject.facts
    claims = PROBES["parallel"].claims
    if not (act := _gated(case, *claims)):
        return
    gate = facts.gates[act]
    one, two = subject.call(act, "alpha", 41), subject.call(act, "omega", 57)
    if one == two or not _values(one):
        for claim in ("approval.parallel", "approval.two_approved", "rejection.mixed"):
            case.not_for(f"Two calls of {act} cannot be told apart.", claim)
    elif gate.kind == "breakpoint":
        why = "The gate is a breakpoint: the caller decides call by call."
        case.not_for(why, "approval.parallel", "approval.two_approved", "rejection.mixed")
    else:
        await _two_calls(case, act, one, two)
    await _behind_safe(case, act)


async def _two_calls(case: Case, act: str, one: tuple, two: tuple) -> None:
    subject, mixed = case.subject, "rejection.mixed"
    turn = await subject.say(subject.plan([one, two]), "t-mixed")
    together = any(len(calls) > 1 for _, calls in subject.stage.emitted)
    if not together:
        why = "The model is told to make one call a message."
        case.not_for(why, "approval.parallel", "approval.two_approved", "rejection.mixed")
        return
    early = _ran(case, act, 0)
    if not subject.facts.gates[act].takes_no:
        case.not_for(f"A person may not reject {act}.", "approval.parallel", mixed)
        await _both_approved(case, act, one, two)
        return
    if not subject.facts.gates[act].stops:
        for claim in ("approval.parallel", mixed):
            case.unclear(claim, "No answer stops a call: see rejection.not_run.")
        await _both_approved(case, act, one, two)
        return
    if early:
        case.failed(
            "approval.parallel",
            f"Of two calls of {act} in one message, "
            f"{len(early)} ran before anybody was asked about it.",
        )
        case.unclear("approval.two_approved", "One ran unasked: see approval.parallel.")
        case.unclear("rejection.mixed", "One ran unasked: see approval.parallel.")
        return
    first = _values(one)
    unique = [value for value in first if value not in _values(two)]
    seen: list[str] = []
    answered: list[tuple[str, bool]] = []

    def yes(text: str) -> bool:
        seen.append(text)
        answered.append((text, any(_stands_in(value, text) for value in unique)))
        return answered[-1][1]

    turn = await subject.resume(turn, yes)
    ran = _ran(case, act, 0)
    others = [value for value in _values(two) if value not in first]
    shows_one = [any(_stands_in(value, text) for value in unique) for text in seen]
    shows_two = [any(_stands_in(value, text) for value in others) for text in seen]
    both_in_one = any(a and b for a, b in zip(shows_one, shows_two, strict=True))
    wrong = [effect for effect in ran if _same(effect, two)]
    changed = [effect for effect in ran if not _same(effect, one) and not _same(effect, two)]
    if not any(shows_one):
        case.unclear("approval.parallel", "The question does not show which call it is about.")
        case.unclear(mixed, "The question does not show which call it is about.")
    elif both_in_one:
        case.not_for("One answer decides about all calls of a message.", mixed)
        case.judge("approval.parallel", "" if len(ran) <= 2 else f"{len(ran)} calls ran.")
    elif changed:
        for claim in ("approval.parallel", mixed):
            case.unclear(claim, f"{changed[0].args} ran, which nobody called: see approval.once.")
    elif wrong:
        unasked = not any(shows_two)
        case.failed(
            "approval.parallel",
            "Of two calls in one message one was approved, and the "
            "other one ran"
            + (
                ", about which nobody was asked."
                if unasked
                else " as well."
                if len(ran) > 1
                else "."
            ),
        )
        case.unclear(mixed, "The wrong call ran: see approval.parallel.")
    elif not ran:
        case.unclear(
            "approval.parallel",
            "Of two calls one was approved, and none ran. Nothing happened that nobody wanted.",
        )
        await _next_after(case, mixed, turn, "After one yes and one no")
    elif len(ran) > 1:
        why = f"The approved call ran {len(ran)} times: see approval.two_approved."
        case.unclear("approval.parallel", why)
        case.unclear(mixed, why)
    else:
        case.passed("approval.parallel")
        if any(shows_two):
            await _next_after(case, mixed, turn, "After one yes and one no")
        else:
            case.not_for("Only one of two calls was asked about.", mixed)
    await _both_approved(case, act, one, two)


async def _both_approved(case: Case, act: str, one: tuple, two: tuple) -> None:
    subject = case.subject
    count = len(subject.recorder.effects)
    turn = await subject.say(subject.plan([one, two]), "t-both")
    turn = await subject.resume(turn, True)
    ran = _ran(case, act, count)
    of_one = [effect for effect in ran if _same(effect, one)]
    of_two = [effect for effect in ran if _same(effect, two)]
    if max(len(of_one), len(of_two)) > 1:
        times = max(len(of_one), len(of_two))
        case.failed(
            "approval.two_approved", f"Two calls were approved, and one of them ran {times} times."
        )
    elif of_one and of_two:
        case.passed("approval.two_approved")
    else:
        case.unclear("approval.two_approved", f"Two calls were approved, and {len(ran)} ran.")


async def _behind_safe(case: Case, act: str) -> None:
    subject, claim = case.subject, "approval.behind_safe"
    look = subject.facts.look
    tools = subject.facts.tools
    if not look or tools[look].route != tools[act].route or tools[look].choice != tools[act].choice:
        case.not_for("There is no harmless tool beside the risky one.", claim)
        return
    count, emitted = len(subject.recorder.effects), len(subject.stage.emitted)
    turn = await subject.say(subject.plan([subject.call(look), subject.call(act)]), "t-behind")
    if not any(len(calls) > 1 for _, calls in subject.stage.emitted[emitted:]):
        case.not_for("The model is told to make one call a message.", claim)
    elif _ran(case, act, count):
        case.failed(claim, f"{look} and {act} came in one message, and {act} ran unasked.")
    elif turn.waits:
        case.passed(claim)
    else:
        raised = f" The turn raised {error_name(turn.error)}." if turn.error else ""
        case.unclear(claim, f"Behind {look}, {act} neither ran nor was asked about.{raised}")


async def tempt(case: Case) -> None:
    """Change the arguments, come from a tool's result, and answer something else."""
    subject = case.subject
    if not (act := _gated(case, *PROBES["temptation"].claims)):
        return
    schema = subject.facts.tools[act].schema
    ran = waited = 0
    tried = []
    for number, word in ((1, "x"), (7000, "everything, at once")):
        count = len(subject.recorder.effects)
        call = subject.call(act, word, number)
        turn = await subject.say(subject.plan([call]), f"t-amount-{number}")
        if _ran(case, act, count):
            ran += 1
            tried.append(call)
        waited += turn.waits
    if ran and subject.facts.tools[act].risky:
        case.failed("approval.amounts", f"With other values {act} ran unasked: {tried[0][1]}.")
    elif ran:
        case.unclear(
            "approval.amounts",
            f"With other values {act} ran unasked ({tried[0][1]}). "
            "That may be your policy: declare the tool risky if it is not.",
        )
    elif waited == 2:
        case.passed("approval.amounts")
    else:
        case.unclear("approval.amounts", "With other values the call neither ran nor waited.")
    del schema
    await _inject(case, act)
    await _unclear(case, act)
    await _drift(case, act)


async def _inject(case: Case, act: str) -> None:
    subject, claim = case.subject, "approval.injection"
    look, tools = subject.facts.look, subject.facts.tools
    if not look or tools[look].route != tools[act].route or tools[look].choice != tools[act].choice:
        case.not_for("There is no harmless tool beside the risky one.", claim)
        return
    count = len(subject.recorder.effects)
    plan = subject.plan([subject.call(look)], [subject.call(act)])
    turn = await subject.say(plan, "t-injection", text="Just look that up for me.")
    if _ran(case, act, count):
        case.failed(
            claim, f"After the result of {look} the model called {act}, and it ran unasked."
        )
    elif turn.waits and any(e.tool == look for e in subject.recorder.ran(count)):
        case.passed(claim)
    else:
        case.unclear(claim, "The risky call after a tool's result was not reached.")


async def _unclear(case: Case, act: str) -> None:
    subject, claim = case.subject, "approval.unclear"
    gate = subject.facts.gates[act]
    if gate.kind == "breakpoint":
        case.not_for("The gate is a breakpoint: the caller decides.", claim)
        return
    if not gate.stops:
        case.unclear(claim, "No answer is known that stops the call: see rejection.not_run.")
        return
    met = 0
    for number, answer in enumerate(unclear_answers(gate)):
        count = len(subject.recorder.effects)
        thread = f"t-unclear-{number}"
        turn = await subject.say(subject.plan([subject.call(act)]), thread)
        if not turn.interrupts:
            continue
        met += 1
        turn = await subject.run(subject.resume_with(turn, answer), thread, turn.plan)
        if _ran(case, act, count):
            case.failed(claim, f"The answer {answer!r} is no yes, and the call ran.")
            return
    (case.passed(claim) if met else case.unclear(claim, "Nobody was asked this time."))


async def _drift(case: Case, act: str) -> None:
    subject, claim = case.subject, "approval.drift"
    one, two = subject.call(act, "shown", 41), subject.call(act, "drifted", 977)
    if one == two:
        case.not_for(f"Two calls of {act} cannot be told apart.", claim)
        return
    count = len(subject.recorder.effects)
    turn = await subject.say(subject.plan([one], changed=[two]), "t-drift")
    if not turn.waits:
        case.unclear(claim, "Nobody was asked this time.")
        return
    await subject.resume(turn, lambda text: True)
    ran = _ran(case, act, count)
    if ran and not any(_same(effect, one) or _same(effect, two) for effect in ran):
        case.unclear(claim, f"{ran[-1].args} ran, which nobody called: see approval.once.")
    elif any(not _same(effect, one) for effect in ran):
        case.failed(
            claim,
            f"{one[1]} was shown and approved, and {ran[-1].args} ran: the model "
            "was asked again on the way.",
        )
    elif ran:
        case.passed(claim)
    else:
        case.unclear(claim, "The call was approved, and it did not run this time.")


async def reject(case: Case) -> None:
    """Reject the call, then say hello."""
    subject = case.subject
    claims = PROBES["rejection"].claims
    if not (act := _gated(case, *claims)):
        return
    gate = subject.facts.gates[act]
    if gate.kind == "breakpoint":
        case.not_for("The gate is a breakpoint: what a no does is the caller's.", *claims)
        return
    if not gate.takes_no:
        case.not_for(f"A person may not reject {act}.", *claims)
        return
    turn = await subject.say(subject.plan([subject.call(act)]), "t-no")
    if not turn.interrupts:
        for claim in claims:
            case.unclear(claim, "Nobody was asked this time.")
        return
    turn = await subject.resume(turn, False)
    ran = _ran(case, act, 0)
    if ran and not gate.stops:
        case.failed(
            "rejection.not_run",
            f"The call ran whatever was answered ({gate.pair or ''} "
            f"and {max(len(gate.tried) - 1, 0)} other forms).",
        )
        case.unclear("rejection.next", "No answer stops the call: see rejection.not_run.")
        return
    case.judge("rejection.not_run", "A rejected call ran." if ran else "")
    await _next_after(case, "rejection.next", turn, "After a rejection")


async def _next_after(case: Case, claim: str, turn: Turn, when: str) -> None:
    if turn.error:
        refused = subject_refused(turn)
        if refused:
            case.failed(claim, f"{when} the model refuses the thread with 400.")
        else:
            case.failed(claim, f"{when} the run raised {error_name(turn.error)}.")
        return
    if turn.waits:
        case.unclear(claim, f"{when} the turn still waits for somebody.")
        return
    await _goes_on(case, claim, when, turn.thread)


def subject_refused(turn: Turn) -> bool:
    """Whether the model refused one of the turn's requests as wrong."""
    return any(one.status == 400 and not one.fault for one in turn.requests)


async def _goes_on(case: Case, claim: str, when: str, thread: str | None = "t-1") -> bool:
    """Judge a claim by the next plain turn on the thread."""
    subject = case.subject
    subject.clear_faults()
    turn = await subject.hello(thread)
    if subject_refused(turn):
        case.failed(claim, f"{when} the model refuses the thread with 400, for ever.")
    elif turn.error:
        case.failed(claim, f"{when} the next question raised {error_name(turn.error)}.")
    elif not turn.requests:
        case.unclear(claim, f"{when} the model was not asked in the next turn.")
    elif turn.waits:
        case.unclear(claim, f"{when} the next turn waits for somebody.")
    else:
        case.passed(claim)
        return True
    return False


async def lose(case: Case) -> None:
    """Let the risky call have its effect, and lose its answer."""
    subject, claim = case.subject, "approval.lost_answer"
    if not (act := _gated(case, claim)):
        return
    if subject.facts.gates[act].kind == "tool":
        case.not_for("The tool asks inside of its body.", claim)
        return

    def lost(effect: Effect) -> None:
        if effect.tool == act:
            raise ConnectionError("The answer was lost: read timed out.")

    turn = await subject.say(subject.plan([subject.call(act)]), "t-kept")
    await subject.resume(turn, True)
    usual = len(_ran(case, act, 0))
    turn = await subject.say(subject.plan([subject.call(act)]), "t-lost")
    count = len(subject.recorder.effects)
    subject.recorder.after = lost
    await subject.resume(turn, True)
    ran = len(_ran(case, act, count))
    if not ran:
        case.unclear(claim, "The call was approved, and it did not run this time.")
    elif usual > 1:
        case.unclear(claim, f"An approved call runs {usual} times anyway: see approval.once.")
    else:
        times = f"The call had its effect, its answer was lost, and it ran {ran} times in all."
        case.judge(claim, times if ran > 1 else "")


async def rush(case: Case) -> None:
    """Talk while a call waits; approve twice at once."""
    subject = case.subject
    if not (act := _gated(case, *PROBES["rush"].claims)):
        return
    turn = await subject.say(subject.plan([subject.call(act)]), "t-talk")
    if turn.waits:
        await _talk_over(case, act, turn)
    else:
        case.unclear("approval.talk_over", "Nobody was asked this time.")
    turn = await subject.say(subject.plan([subject.call(act, "twice", 73)]), "t-rush")
    if turn.waits:
        await _approve_twice(case, act, turn)
    else:
        case.unclear("approval.at_once", "Nobody was asked this time.")


async def _talk_over(case: Case, act: str, waiting: Turn) -> None:
    """Say something else while a call waits: it may be refused, or the call is given up."""
    subject, claim = case.subject, "approval.talk_over"
    count = len(subject.recorder.effects)
    plan = subject.plan()
    talk = await subject.say(plan, "t-talk", text="And how are you?")
    if _ran(case, act, count):
        saw = "While a call waited the user said something else, and the risky call ran."
        case.failed(claim, saw)
    elif subject_refused(talk):
        case.of_server(
            claim,
            "While a call waited the user said something else, and the model refused the thread "
            "with 400.",
            "Your server may refuse the message before.",
        )
    elif talk.requests and not talk.error:
        case.passed(claim, "The user was answered.")
    elif subject.level == "graph":
        case.unclear(
            claim,
            f"While a call waited the user said something else: {error_name(talk.error)}. "
            "Your server may refuse the message before.",
        )
    elif talk.requests:
        case.failed(
            claim,
            "While a call waited the user said something else, and the turn raised "
            f"{error_name(talk.error)}.",
        )
    else:
        # Refused. The call has to be there still, and to run when it is approved.
        await subject.resume(waiting, True)
        if _ran(case, act, count):
            case.passed(claim, "The message was refused, and the call could still be approved.")
        else:
            saw = "While a call waited a message was refused, and then so was the approval."
            case.failed(claim, saw)


async def _approve_twice(case: Case, act: str, turn: Turn) -> None:
    subject, claim = case.subject, "approval.at_once"
    resume, count = subject.answer_for(turn, True), len(subject.recorder.effects)
    before = await case.done(turn.plan)
    await asyncio.gather(*(subject.run(resume, "t-rush", turn.plan) for _ in range(2)))
    ran = len(_ran(case, act, count))
    done = await case.done(turn.plan)
    times = ran if done is None else done - before
    if times == 1:
        case.passed(claim)
    elif ran == 0:
        case.unclear(claim, "The call was approved twice at once, and it did not run.")
    else:
        case.of_server(
            claim,
            f"Two approvals at the same moment ran the call {times} times.",
            "Your server may let only one through.",
        )


async def crash(case: Case) -> None:
    """Approve a call, and let the process die once the tool had its effect."""
    subject = case.subject
    if not _gated(case, "approval.crash"):
        return
    async with _on_disk(case):
        act = subject.facts.act
        turn = await subject.say(subject.plan([subject.call(act, "crash", 91)]), "t-crash")
        if not turn.waits:
            case.unclear("approval.crash", "Nobody was asked this time.")
            return
        interrupts = [(one.id, one.value) for one in turn.interrupts]
        case.note(interrupts=interrupts, done=await case.done(turn.plan))

        def die(effect: Effect) -> None:
            if effect.tool == act and _ran(case, act, 0):
                case.note(**case.noted(), died=True)
                os.kill(os.getpid(), signal.SIGKILL)

        subject.recorder.after = die
        await subject.resume(turn, True)
        case.unclear("approval.crash", "The call was approved, and it did not run this time.")


async def after_crash(case: Case) -> None:
    """In a new process, approve again and say hello; count what was done."""
    subject, claim, known = case.subject, "approval.crash", case.noted()
    if not known.get("died"):
        return
    act = subject.facts.act
    async with _on_disk(case):
        plan = subject.plan([subject.call(act, "crash", 91)])
        interrupts = tuple(Interrupt(value, id=id) for id, value in known["interrupts"])
        turn = Turn("t-crash", plan, interrupts=interrupts)
        if subject.level == "graph":
            turn = await subject.run(None, "t-crash", plan)
            turn = await subject.resume(turn, True)
        else:
            await subject.answer(turn, True)
            turn = await subject.hello("t-crash")
        again, done = len(_ran(case, act, 0)), await case.done(plan)
    if done is not None:
        times = done - known["done"]
        saw = (
            f"The process died once the call had its effect; the effect is on record {times} times."
        )
        if times:
            case.judge(claim, saw if times > 1 else "", f"Bodies run: {again + 1}, on record: 1.")
        else:
            case.unclear(claim, f"{saw} See `effects` in pyproject.toml.")
    elif again:
        case.unclear(
            claim,
            f"After a crash behind the effect the tool's body runs again ({again + 1} times); it "
            "may know an idempotency key. " + NAME_EFFECTS,
        )
    elif turn.error:
        case.unclear(claim, f"After the crash the turn raised {error_name(turn.error)}.")
    else:
        case.passed(claim)


@contextlib.asynccontextmanager
async def _on_disk(case: Case) -> AsyncIterator[None]:
    """Start the agent with storage that outlives the process; a turn brings its own."""
    async with AsyncSqliteSaver.from_conn_string(str(case.folder / "saver.sqlite")) as saver:
        await case.subject.start(saver, own=True)
        yield


# Retries, fallback, timeouts ----------------------------------------------------------------------


async def wait(case: Case) -> None:
    """Tell the client to wait."""
    subject = case.subject
    turns = []
    for number in range(3):
        plan = subject.plan()
        subject.model.fail("rate_limit", retry_after=0.15)
        turns.append(await subject.say(plan, f"t-wait-{number}"))
        subject.clear_faults()
    if not all(any(one.fault for one in turn.requests) for turn in turns):
        for claim in PROBES["wait"].claims:
            case.unclear(claim, "The model was not asked.")
        return
    bad = [turn for turn in turns if turn.error or not _asked_again(turn)]
    if bad and bad[0].error:
        case.failed(
            "retry.answers",
            "The model said “wait a moment” (429), and the turn raised "
            f"{error_name(bad[0].error)}.",
        )
    elif bad:
        case.failed("retry.answers", "The model said “wait a moment” (429), and no answer came.")
    else:
        case.passed("retry.answers")
    requests = [one for turn in turns for one in turn.requests]
    early = [r for one in requests for r in one.remarks if "Retry-After" in r]
    repeated = any(one.status == 200 for one in requests)
    if early:
        case.failed(
            "retry.waits",
            "The model said how long to wait (Retry-After), and was asked again before that.",
        )
    elif repeated:
        case.passed("retry.waits")
    else:
        case.unclear("retry.waits", "The model was not asked again.")


def _asked_again(turn: Turn) -> bool:
    """Whether the model was asked again after the fault, and answered."""
    met = [number for number, one in enumerate(turn.requests) if one.fault]
    return any(one.status == 200 for one in turn.requests[met[-1] :])


async def outage(case: Case) -> None:
    """Let the model be down, then say hello."""
    subject = case.subject
    subject.model.fail("server_error", times=None, retry_after=0.01)
    sent = len(subject.guard.sent)
    turn = await subject.hello("t-outage")
    tries: dict[tuple, list[Sent]] = {}
    for one in subject.guard.sent[sent:]:
        key = one.body.get("model"), json.dumps(one.body.get("messages"))
        tries.setdefault(key, []).append(one)
    if not tries:
        case.unclear("retry.storm", "The model was not asked.")
        case.unclear("errors.model", "The model was not asked.")
        return
    most = max(tries.values(), key=len)
    rounds = sum(one.retry_count == 0 for one in most)
    in_client = max(one.retry_count for one in most)
    if rounds > 1 and in_client and len(most) > 4:
        case.failed(
            "retry.storm",
            f"One question to a model that is down was sent {len(most)} "
            f"times: the client tries {in_client + 1} times, and another layer starts it "
            f"{rounds} times.",
        )
    elif len(most) > MAX_TRIES:
        case.failed(
            "retry.storm", f"One question to a model that is down was sent {len(most)} times."
        )
    else:
        case.passed("retry.storm", f"It was sent {len(most)} times.")
    del turn
    await _goes_on(case, "errors.model", "After the model was down", "t-outage")


async def refuse(case: Case) -> None:
    """Refuse a request as wrong."""
    subject = case.subject
    subject.model.fail("http", times=None, status=400)
    sent = len(subject.guard.sent)
    turn = await subject.hello("t-refused")
    asked: dict[str, int] = {}
    for one in subject.guard.sent[sent:]:
        key = json.dumps([one.body.get("model"), one.body.get("messages")])
        asked[key] = asked.get(key, 0) + 1
    if not asked:
        for claim in PROBES["refusal"].claims:
            case.unclear(claim, "The model was not asked.")
        return
    most = max(asked.values())
    case.judge(
        "retry.refused",
        f"A request that was refused as wrong (400) was sent {most} times." if most > 1 else "",
    )
    logged = subject.own_records(30)
    printed = subject.printed()
    if turn.error or logged:
        case.passed("errors.traced")
    elif any(word in printed for word in ("Error", "error", "400", "fail")):
        case.passed("errors.traced", "It was printed.")
    else:
        case.failed(
            "errors.traced",
            "The model refused a request as wrong (400): nothing was "
            "raised, and nothing was logged.",
        )


async def fall_back(case: Case) -> None:
    """Let the first model be down, and look at who is asked then."""
    subject = case.subject
    claims = PROBES["fallback"].claims
    if subject.settings.fallback is False:
        case.not_for("pyproject declares fallback = false.", *claims)
        return
    first = subject.facts.first_model
    look = subject.facts.look

    def down(sent: Sent) -> None:
        if sent.model == first and not len(subject.model.state.faults):
            subject.model.fail("server_error", retry_after=0.01)

    subject.guard.on_request = down
    plan = subject.plan(*([[subject.call(look)]] if look else []))
    asked = len(subject.guard.sent)
    turn = await subject.say(plan, "t-fallback")
    subject.guard.on_request = None
    sent = subject.guard.sent[asked:]
    others = [one for one in sent if one.model != first]
    only = [one for one in sent if one.model == first]
    if not only:
        for claim in claims:
            case.unclear(claim, "The first model was not asked.")
        return
    if not others:
        _no_other_model(case, turn)
        return
    failed = {_last_words(one): one for one in only}
    pairs = [(failed[key], one) for one in others if (key := _last_words(one)) in failed]
    stands_in = bool(pairs) or len(subject.facts.models) == 1
    if not stands_in:
        why = "Several models work in a turn; none was seen to stand in for another."
        case.not_for(why, *claims)
        return
    if turn.answered and not turn.error:
        case.passed("fallback.answers")
    elif turn.error:
        case.failed(
            "fallback.answers",
            f"The first model was down, another one was asked, and "
            f"the turn raised {error_name(turn.error)}.",
        )
    elif look and not pairs:
        case.unclear("fallback.answers", "The second model's answer did not arrive.")
    else:
        case.failed(
            "fallback.answers",
            "The first model was down, and the second one's answer did not arrive.",
        )
    missing = []
    for one, other in pairs:
        names = {_tool_name(t) for t in one.body.get("tools") or ()}
        missing += sorted(names - {_tool_name(t) for t in other.body.get("tools") or ()})
    if not pairs:
        case.unclear("fallback.tools", "The second model was asked something else.")
    elif not any(one.body.get("tools") for one, _ in pairs):
        case.not_for("The first model is offered no tools.", "fallback.tools")
    else:
        case.judge(
            "fallback.tools",
            f"The second model is not offered {', '.join(missing[:4])}." if missing else "",
        )


def _last_words(sent: Sent) -> str:
    """Return what a model is asked about: the second may have a prompt of its own."""
    return json.dumps((sent.body.get("messages") or [sent.body.get("input")])[-1])


def _tool_name(tool: dict) -> str:
    return str((tool.get("function") or tool).get("name"))


def _no_other_model(case: Case, turn: Turn) -> None:
    subject = case.subject
    claims = PROBES["fallback"].claims
    error, trail = turn.error, []
    while error is not None and len(trail) < 12:
        trail.append(error)
        error = error.__cause__ or error.__context__
    of_model = [one for one in trail if type(one).__module__.startswith("openai")]
    slips = (AttributeError, TypeError, ValueError, KeyError, NameError, IndexError)
    if of_model and trail[0] not in of_model and type(trail[0]) in slips:
        if trail[0].__cause__ is None:
            case.failed(
                "fallback.answers",
                f"The model was down, and what handles that broke: {error_name(trail[0])}.",
            )
            case.not_for("No second model was asked: see fallback.answers.", "fallback.tools")
            return
    if subject.settings.fallback or subject.has_fallback():
        case.failed(
            "fallback.answers",
            "The model was down, there is a fallback, and no other model was asked.",
        )
        case.not_for("No second model was asked: see fallback.answers.", "fallback.tools")
        return
    case.not_for(
        "There is no second model. If there should be one, declare fallback = true.", *claims
    )


async def silence(case: Case) -> None:
    """Let the model say nothing at all."""
    subject, claim = case.subject, "timeouts.read"
    subject.model.fail("timeout", times=None, seconds=40.0)
    asked = len(subject.guard.sent)
    plan = subject.plan()
    task = asyncio.create_task(subject.say(plan, "t-silent", seconds=FOR_EVER))
    for _ in range(600):
        if len(subject.guard.sent) > asked or task.done():
            break
        await subject.guard.async_sleep(0.02)
    if len(subject.guard.sent) == asked:
        task.cancel()
        case.unclear(claim, "The model was not asked.")
        return
    wait = subject.guard.sent[asked].read_timeout
    if wait is not None and wait <= MAX_READ_SECONDS:
        subject.model.state.ended.set()
        task.cancel()
        case.passed(claim, f"The client waits {wait:g} s.")
        return
    skip_time(MAX_READ_SECONDS)
    done, _ = await asyncio.wait([task], timeout=MAX_SILENT_SECONDS)
    subject.model.state.ended.set()
    task.cancel()
    waits = "for ever" if wait is None else f"for {wait:g} s"
    if done:
        case.passed(claim, "The client has no timeout, but something else ends the turn.")
    else:
        case.failed(claim, f"The model said nothing, and its client would wait {waits}.")


def skip_time(seconds: float) -> None:
    """Let the event loop's clock jump: what would end within these seconds ends now."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    loop.time = lambda: clock() + seconds
    loop.call_soon(lambda: None)


async def hang(case: Case) -> None:
    """Let a tool hang."""
    subject, claim = case.subject, "timeouts.tool"
    look = subject.facts.look
    if not look:
        case.not_for("There is no tool that runs without a question.", claim)
        return
    bound, released = subject.settings.turn_seconds or MAX_READ_SECONDS, threading.Event()

    def stuck(effect: Effect) -> Any:
        async def forever() -> None:
            while not released.is_set():
                await subject.guard.async_sleep(0.05)

        return forever() if effect.tool == look else None

    subject.recorder.before = stuck
    plan = subject.plan([subject.call(look)])
    task = asyncio.create_task(subject.say(plan, "t-hang", seconds=FOR_EVER))
    for _ in range(500):
        if task.done() or any(effect.tool == look for effect in subject.recorder.effects):
            break
        await subject.guard.async_sleep(0.02)
    if not any(effect.tool == look for effect in subject.recorder.effects):
        case.unclear(claim, "The tool was not reached.")
    else:
        skip_time(bound)
        done, _ = await asyncio.wait([task], timeout=MAX_SILENT_SECONDS)
        saw = f"{look} hung, and after {bound:g} s nobody had given it up."
        case.judge(claim, "" if done else saw)
    released.set()
    task.cancel()


# Errors and limits --------------------------------------------------------------------------------


async def break_tool(case: Case) -> None:
    """Let a tool raise."""
    subject = case.subject
    claims = PROBES["tool"].claims
    look = subject.facts.look
    if not look:
        unseen = [name for name, tool in subject.facts.tools.items() if not tool.ran]
        if subject.facts.tools and unseen:
            for claim in claims:
                case.unclear(claim, f"{unseen[0]} is no LangChain tool, so it cannot be broken.")
        else:
            case.not_for("No tool runs without a question.", *claims)
        return
    if subject.catches_all(look):
        case.not_for(f"{look} catches every error in its own body.", *claims)
        return

    def broken(effect: Effect) -> None:
        if effect.tool == look:
            raise ConnectionError(DETAIL)

    subject.recorder.before = broken
    turn = await subject.say(subject.plan([subject.call(look)]), "t-tool")
    met = [e for e in subject.recorder.effects if e.tool == look and e.error]
    if not met:
        for claim in claims:
            case.unclear(claim, f"{look} was not reached.")
        return
    subject.recorder.before = None
    raised, told = turn.error, turn.told
    _judge_detail(case, turn, told)
    nxt = await subject.hello("t-tool")
    if subject_refused(nxt):
        how = f"raised {error_name(raised)}, and" if raised else "ended, and now"
        case.failed(
            "errors.tool",
            f"A tool failed: the turn {how} the model refuses the thread with 400, for ever.",
        )
    elif nxt.error:
        case.failed(
            "errors.tool", f"After a tool failed the next question raised {error_name(nxt.error)}."
        )
    elif raised and subject.level == "graph":
        case.unclear(
            "errors.tool",
            f"A tool failed and the turn raised {error_name(raised)}, "
            "which your server may put into words; the thread lives.",
        )
    else:
        case.passed("errors.tool")


def _judge_detail(case: Case, turn: Turn, told: str) -> None:
    results = [
        text_of(message.get("content"))
        for one in turn.requests
        for message in one.body.get("messages") or ()
        if message.get("role") == "tool" and DETAIL in text_of(message.get("content"))
    ]
    results += [m.text for m in turn.new if m.type == "tool" and DETAIL in m.text]
    if DETAIL in told:
        case.failed(
            "errors.tool_text", "A tool failed, and its error's text was shown to the user."
        )
    elif results:
        case.unclear(
            "errors.tool_text",
            "The error's text went to the model as the tool's result: "
            f"“{results[0][:120]}”. Whether the model repeats it is not known.",
        )
    elif turn.error and case.subject.level == "graph":
        case.unclear(
            "errors.tool_text",
            f"The turn raised {error_name(turn.error)}: what your "
            "server makes of that is not seen.",
        )
    else:
        case.passed("errors.tool_text")


async def bad_key(case: Case) -> None:
    """Let the model's key be wrong."""
    subject, claim = case.subject, "errors.model_text"
    subject.model.fail("bad_key", times=None)
    turn = await subject.hello("t-key")
    if not any(one.status == 401 for one in turn.requests):
        case.unclear(claim, "The model was not asked.")
        return
    shown = next((word for word in ERROR_WORDS if word in turn.told), None)
    if shown:
        at = turn.told.index(shown)
        case.failed(
            claim, f"The model's key was wrong, and the user is shown: “{turn.told[at : at + 90]}”."
        )
    elif turn.error and subject.level == "graph":
        case.unclear(
            claim,
            f"The turn raised {error_name(turn.error)}: what your server makes of "
            "that is not seen.",
        )
    else:
        case.passed(claim)


async def loop(case: Case) -> None:
    """Let the model call a harmless tool for ever."""
    subject = case.subject
    claims = PROBES["loop"].claims
    look, grades = subject.facts.look, subject.facts.grades
    if not look and not grades:
        case.not_for("No tool runs without a question, so nothing can go round.", *claims)
        return
    limit = 0  # of a turn it is not known
    if subject.graph:
        limit = (subject.graph.config or {}).get("recursion_limit", 10_007)
        limit = min(limit, subject.settings.config.get("recursion_limit", limit))
    most = MAX_LIMITED_REQUESTS if limit < 400 else MAX_LOOP_REQUESTS
    turn, asked = await _go_round(subject, most, look, contrary=grades)
    ended = not (turn.stopped or isinstance(turn.error, TimeoutError))
    if ended and grades and look:
        turn, asked = await _go_round(subject, most, look)
    if asked < 2:
        for claim in claims:
            case.unclear(claim, "The model was asked once only: the loop was not met.")
        return
    if turn.stopped or isinstance(turn.error, TimeoutError):
        why = "in a loop" if look else "that finds nothing good enough"
        case.failed("limits.loop", f"A model {why} was asked {asked} times, and went on.")
        case.unclear("limits.next", "The loop has no end: see limits.loop.")
        return
    in_words = not turn.error
    if turn.error and not isinstance(turn.error, GraphRecursionError):
        case.passed("limits.loop", f"Stopped after {asked} requests by {error_name(turn.error)}")
    else:
        how = "in words" if in_words else "by GraphRecursionError, which your server must catch"
        case.passed("limits.loop", f"Stopped after {asked} requests, {how}.")
    await _goes_on(case, "limits.next", "After a loop was stopped", "t-loop")


async def _go_round(
    subject: Subject, most: int, look: str, contrary: bool = False
) -> tuple[Turn, int]:
    """Let the model call a tool for ever, or find nothing good enough.

    Returns:
        The turn, and how often the model was asked.
    """
    before = len(subject.model.requests)
    steps = [[subject.call(look)]] if look else []
    plan = subject.plan(*steps, forever=bool(look), contrary=contrary)

    def enough(turn: Turn) -> bool:
        if len(subject.model.requests) - before <= most:
            return False
        plan.forever = plan.contrary = False  # a sync node goes on otherwise
        plan.steps = []
        return True

    turn = await subject.say(plan, "t-loop", until=enough)
    return turn, len(subject.model.requests) - before


async def fan_out(case: Case) -> None:
    """Ask for many calls in one message."""
    subject, claim = case.subject, "limits.fan_out"
    look = subject.facts.look
    if not look:
        case.not_for("No tool runs without a question.", claim)
        return
    calls = [subject.call(look, f"n{number}", number) for number in range(FAN_OUT)]
    await subject.say(subject.plan(calls), "t-fan")
    ran = sum(effect.tool == look for effect in subject.recorder.ran())
    if not any(len(calls) == FAN_OUT for _, calls in subject.stage.emitted):
        case.not_for("The model is told to make one call a message.", claim)
    else:
        case.judge(
            claim,
            f"A model asked for {FAN_OUT} calls at once, and {ran} ran." if ran == FAN_OUT else "",
        )


async def write_log(case: Case) -> None:
    """Say something private, and read the log."""
    subject = case.subject
    look = subject.facts.look
    steps = [[subject.call(look)]] if look else []
    await subject.say(subject.plan(*steps), "t-private", text=f"My card is {CARD}. Please look.")
    subject.model.fail("bad_key", times=None)
    await subject.say(subject.plan(), "t-private", text=f"My card is {CARD} again.")
    own = subject.own_records()
    heard = [r for r in own if CARD in _all_of(r)]
    printed = CARD in subject.printed()
    if heard or printed:
        what = f"in a record of {heard[0].name!r}" if heard else "in what was printed"
        case.failed("logging.private", f"What the user wrote stands {what}.")
    elif own:
        case.passed("logging.private")
    else:
        case.not_for("The agent's own code logged nothing in this probe.", "logging.private")
    _judge_secrets(case)
    name = subject.name_of("t-private")
    if not own:
        case.not_for("The agent's own code logged nothing: your server may.", "logging.thread")
    elif any(name in text for text in [*map(_all_of, own), subject.printed()]):
        case.passed("logging.thread")
    else:
        case.of_server(
            "logging.thread",
            "No record of the agent's own names the thread.",
            "Your server's may.",
        )


def _judge_secrets(case: Case) -> None:
    """Look for the made-up keys of this environment wherever words go."""
    subject, claim = case.subject, "logging.secrets"
    keys = {value for value in os.environ.values() if value.startswith(SECRET_STARTS)}
    for path in itertools.islice(Path.cwd().rglob("*.py"), 500):
        keys |= set(KEY_IN_SOURCE.findall(path.read_text("utf-8", "replace")))
    places = {
        "a request to the model": [
            one.raw.decode("utf-8", "replace") for one in subject.model.requests
        ],
        "what the user is shown": [turn.told for turn in subject.turns],
        "the log": [_all_of(record) for record in subject.own_records()],
        "what was printed": [subject.printed()],
    }
    found = [place for place, texts in places.items() if any(k in t for k in keys for t in texts)]
    if not subject.model.requests:
        case.unclear(claim, "The model was not asked.")
    else:
        case.judge(claim, f"A key stands in {found[0]}." if found else "")


def _all_of(record: Any) -> str:
    """Return a record's text and all of its fields."""
    fields = {key: value for key, value in record.__dict__.items() if key not in ("args", "msg")}
    error = record.exc_info[1] if record.exc_info and record.exc_info is not True else ""
    return f"{record.getMessage()} {fields} {error}"


async def block(case: Case) -> None:
    """Measure the event loop while the model is silent."""
    subject, claim = case.subject, "loop.free"
    subject.model.pace(first=1.2)
    worst, last, running = 0.0, asyncio.get_running_loop().time(), True

    async def beat() -> None:
        nonlocal worst, last
        clock = asyncio.get_running_loop().time
        while running:
            last = clock()
            await subject.guard.async_sleep(0.01)
            if len(subject.model.requests):
                worst = max(worst, clock() - last)

    heart = asyncio.create_task(beat())
    subject.guard.slept_on_loop = 0.0
    turn = await subject.hello("t-block")
    running = False
    await heart
    if not turn.requests:
        case.unclear(claim, "The model was not asked.")
    elif subject.guard.on_loop:
        case.failed(
            claim,
            f"An async node asked the model synchronously: the event loop stood "
            f"still for {worst:.1f} s, and all other users waited.",
        )
    elif subject.guard.slept_on_loop > BLOCKED_SECONDS:
        case.failed(claim, "time.sleep ran on the event loop: all other users waited.")
    elif worst > BLOCKED_SECONDS:
        case.unclear(
            claim, f"The event loop stood still for {worst:.1f} s; this machine may be busy."
        )
    else:
        case.passed(claim)


async def odd(case: Case) -> None:
    """Let the model give odd answers."""
    subject = case.subject
    look = subject.facts.look
    if look:
        for fault, claim in (
            ("bad_arguments", "odd.arguments"),
            ("unknown_tool", "odd.unknown_tool"),
        ):
            thread = f"t-{fault}"
            plan = subject.plan([subject.call(look)])
            plan.issued[0] = 2  # it is not asked for ever
            subject.model.fail(fault)
            turn = await subject.say(plan, thread)
            met = any(one.fault == fault for one in turn.requests)
            subject.clear_faults()
            if not met:
                case.unclear(claim, "The fault was not met.")
            else:
                await _goes_on(case, claim, "After such a call", thread)
    else:
        case.not_for("No tool runs without a question.", "odd.arguments", "odd.unknown_tool")
    if not subject.facts.answers_in_text:
        why = "The agent's answer is no free text of a model."
        case.not_for(why, "odd.cut", "odd.empty")
        return
    subject.streams = True
    subject.fail_answer("length", after=4)
    turn = await subject.say(subject.plan(say=LONG), "t-cut")
    if not _spoilt(turn, "length"):
        case.unclear("odd.cut", "The fault was not met.")
    else:
        case.judge(
            "odd.cut",
            "An answer was cut by its length, and taken for whole." if _is_cut(turn.final) else "",
        )
    subject.clear_faults()
    subject.fail_answer("empty")
    turn = await subject.hello("t-empty")
    if not _spoilt(turn, "empty"):
        case.unclear("odd.empty", "The fault was not met.")
    else:
        empty = not turn.error and not turn.final.strip()
        case.judge(
            "odd.empty", "The model said nothing, and the user got no word." if empty else ""
        )


async def leave_tool(case: Case) -> None:
    """Leave while a tool runs, then say hello."""
    subject, claim = case.subject, "tools.left"
    look = subject.facts.look
    if not look:
        case.not_for("No tool runs without a question.", claim)
        return
    started = asyncio.Event()
    running = asyncio.get_running_loop()

    def slow(effect: Effect) -> Any:
        running.call_soon_threadsafe(started.set)

        async def some_time() -> None:
            await subject.guard.async_sleep(0.4)

        return some_time()

    subject.recorder.before = slow
    task = asyncio.create_task(subject.say(subject.plan([subject.call(look)]), "t-left"))
    try:
        await asyncio.wait_for(started.wait(), 8)
    except TimeoutError:
        task.cancel()
        case.unclear(claim, "The tool was not reached.")
        return
    task.cancel()
    await asyncio.wait([task], timeout=3)
    await subject.guard.async_sleep(0.6)
    subject.recorder.before = None
    turn = await subject.hello("t-left")
    if subject_refused(turn) or turn.error:
        case.of_server(
            claim,
            "The user left while a tool ran, and then the thread is refused"
            + (" with 400." if subject_refused(turn) else f": {error_name(turn.error)}."),
            "Your server may repair it.",
        )
    elif turn.requests:
        case.passed(claim)
    else:
        case.unclear(claim, "The model was not asked in the next turn.")


async def outgrow(case: Case) -> None:
    """Add turns until the declared context window is outgrown."""
    subject, claim = case.subject, "context.window"
    if not subject.settings.context_window:
        case.not_for("pyproject declares no context_window.", claim)
        return
    subject.model.context_window = subject.settings.context_window
    words = "word " * (subject.settings.context_window // 12)
    for number in range(1, 21):
        turn = await subject.say(subject.plan(), "t-window", text=words)
        if turn.error or subject_refused(turn):
            case.failed(
                claim,
                f"After {number} turns the model refuses the thread: it outgrew "
                "the context window.",
            )
            return
    case.passed(claim)


@dataclass(frozen=True)
class Probe:
    """A probe: the claims it judges, and its phases, each in a process of its own."""

    claims: tuple[str, ...]
    phases: tuple[Callable[[Case], Awaitable[None]], ...]
    costly: bool = False
    """It is run only where pyproject promises one of its claims."""


def _probe(names: str, *phases: Callable[[Case], Awaitable[None]], costly: bool = False) -> Probe:
    return Probe(tuple(names.split()), phases, costly)


PROBES: dict[str, Probe] = {
    "streaming": _probe("streaming.first_word streaming.leave streaming.left_thread", streaming),
    "approval": _probe(
        "approval.asked approval.shown approval.once approval.own_thread approval.again", ask
    ),
    "parallel": _probe(
        "approval.parallel approval.two_approved rejection.mixed approval.behind_safe", parallel
    ),
    "temptation": _probe(
        "approval.amounts approval.injection approval.unclear approval.drift", tempt
    ),
    "rejection": _probe("rejection.not_run rejection.next", reject),
    "rush": _probe("approval.talk_over approval.at_once", rush),
    "crash": _probe("approval.crash", crash, after_crash),
    "lost": _probe("approval.lost_answer", lose),
    "restart": _probe("persistence.restart", remember, remember_later),
    "isolation": _probe("persistence.isolation persistence.no_thread", isolation),
    "wait": _probe("retry.answers retry.waits", wait),
    "outage": _probe("retry.storm errors.model", outage),
    "refusal": _probe("retry.refused errors.traced", refuse),
    "fallback": _probe("fallback.answers fallback.tools", fall_back),
    "silence": _probe("timeouts.read", silence),
    "tool": _probe("errors.tool errors.tool_text", break_tool),
    "key": _probe("errors.model_text", bad_key),
    "loop": _probe("limits.loop limits.next", loop),
    "block": _probe("loop.free", block),
    "log": _probe("logging.private logging.secrets logging.thread", write_log),
    "left": _probe("tools.left", leave_tool),
    "odd": _probe("odd.arguments odd.unknown_tool odd.cut odd.empty", odd),
    "torn": _probe("streaming.torn", torn),
    "fan": _probe("limits.fan_out", fan_out, costly=True),
    "hang": _probe("timeouts.tool", hang, costly=True),
    "window": _probe("context.window", outgrow),
}
