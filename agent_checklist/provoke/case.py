"""A probe at work: what it does to the agent, and how it says what came of it.

Each claim is judged in a block:

    with case.judging("approval.once"):
        turn = await case.wait_for(act, "t-once")       # else: could not judge
        await subject.resume(turn, True)                # the provocation
        ran = case.ran(act)
        case.need(ran, "It did not run this time.")     # the witness; else: could not judge
        case.must(len(ran) == 1, f"{len(ran)} ran.")    # else: fail

A block that is left at its end is a pass. What all claims of the probe that are not judged yet
need first stands in a block of `case.before()`.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_checklist.claims import COULD_NOT_JUDGE, FAIL, NOT_APPLICABLE, PASS
from agent_checklist.effects import Effect
from agent_checklist.scout import sounds_risky
from agent_checklist.source import RISKY
from agent_checklist.stage import Plan
from agent_checklist.subject import Subject, Turn, error_name, open_in
from lesson_model.log import Request

__all__ = ("Case", "Ended", "MAX_READ_SECONDS", "ends_in_time", "is_refused", "same", "spoilt")
__all__ += ("stands_in", "values_of")

MAX_READ_SECONDS = 300.0  # that a silent model or tool may be waited for
POLL_SECONDS, MAX_BEGIN_POLLS = 0.02, 600  # until a turn is where it is looked at
MAX_END_SECONDS = 3.0  # that a turn takes to end, once its time is over
FOR_EVER = 3600.0  # seconds: what is looked at ends a turn, or nothing does

UNSEEN_EFFECTS = {  # claims that count effects, of which only those of tools are seen
    "approval.asked",
    "approval.once",
    "approval.edit",
    "approval.parallel",
    "approval.two_approved",
    "approval.own_thread",
    "approval.behind_safe",
    "approval.injection",
    "rejection.not_run",
}


WITH_400 = {  # claims that pass by a turn that ends with the model's 400
    "errors.model_text",  # it is the fault
    "approval.parallel",  # what ran is seen; rejection.mixed judges the end
}


class Judged(Exception):
    """The claim at hand is judged: verdict and reason."""


class Ended(Exception):
    """The probe has nothing more to judge."""


@dataclass
class Case:
    """One probe at work.

    Attributes:
        claims: Those that the probe judges.
        subject: The agent.
        folder: Kept between the phases of a probe.
        tell: Takes a claim's name, verdict, reason and evidence.
    """

    claims: tuple[str, ...]
    subject: Subject
    folder: Path
    tell: Callable[[str, str, str, dict], None]
    told: set[str] = field(default_factory=set)
    judged_turns: int = 0  # those that a verdict was told about

    # Verdicts -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def judging(self, *claims: str) -> Iterator[None]:
        """Judge claims by what the block raises; a single one that it does not raise on passes."""
        try:
            yield
            if len(claims) == 1 and claims[0] not in self.told:
                self.say(claims[0], PASS)
        except Judged as judged:
            for claim in claims:
                if claim not in self.told:
                    self.say(claim, *judged.args)

    @contextlib.contextmanager
    def before(self) -> Iterator[None]:
        """See to what the claims left need; a block that raises judges them and ends the probe."""
        try:
            yield
        except Judged as judged:
            with self.judging(*self.claims):
                raise
            raise Ended from judged

    def say(self, claim: str, verdict: str, reason: str = "") -> None:
        """Tell the verdict about a claim."""
        early, turns = self.subject.facts.early, self.subject.turns
        new, self.judged_turns = turns[self.judged_turns :], len(turns)
        if verdict == PASS and claim not in WITH_400 and any(map(self._ends_oddly, new)):
            verdict = COULD_NOT_JUDGE
            reason = f"A turn of this test ended by the model's 400. Else it would pass. {reason}"
        if verdict == PASS and early and claim in UNSEEN_EFFECTS:
            verdict = COULD_NOT_JUDGE
            reason = f"{early}. That runs again from its start when it is resumed; what it does "
            reason += "before it asks is not counted."
        self.told.add(claim)
        seen = {} if verdict == NOT_APPLICABLE else self.subject.evidence()
        self.tell(claim, verdict, reason, seen)

    def _ends_oddly(self, turn: Turn) -> bool:
        """Whether the model's 400 ended a turn, and not for a call that every turn leaves open."""
        names = open_in(turn.requests[-1]) if ends_refused(turn) else set()
        return ends_refused(turn) and not (names and names <= self.subject.facts.leaves_open)

    def need(self, met: object, why: str) -> None:
        """Go on only where the fault was met, and what came of it can be seen."""
        if not met:
            raise Judged(COULD_NOT_JUDGE, why)

    def must(self, holds: object, saw: str) -> None:
        """Fail unless the claim holds."""
        if not holds:
            raise Judged(FAIL, saw)

    def server_must(self, holds: object, saw: str, maybe: str) -> None:
        """Fail unless the claim holds; in a graph alone a server may see to it."""
        if not holds and self.subject.level == "turn":
            raise Judged(FAIL, saw)
        self.need(holds, f"{saw} {maybe}")

    def skip_if(self, applies: object, why: str) -> None:
        """Leave what does not concern this agent."""
        if applies:
            raise Judged(NOT_APPLICABLE, why)

    def passed(self, saw: str = "") -> None:
        """End the block: the claim holds."""
        raise Judged(PASS, saw)

    # Between two processes ------------------------------------------------------------------------

    def note(self, **known: Any) -> None:
        """Write down what the probe's next process has to know."""
        (self.folder / "note.json").write_text(json.dumps(known))

    def noted(self) -> dict[str, Any]:
        """Return what the probe's process before wrote down."""
        file = self.folder / "note.json"
        return json.loads(file.read_text()) if file.is_file() else {}

    # Risky calls ----------------------------------------------------------------------------------

    def gated(self, is_answered: bool = True) -> str:
        """Return the risky tool that asks and runs; else nothing can be judged about it.

        Args:
            is_answered: Whether its question has to be answered, too.
        """
        facts = self.subject.facts
        act = facts.act
        if not act:
            self.reached(facts.tools)
            why, _, verdict = self.no_gate()
            raise Judged(verdict, why)
        gate = facts.tools[act].gate
        why = f"{act} is declared risky, and it runs without a question: see approval.asked."
        self.need(gate, why)
        if not is_answered and gate.kind != "breakpoint" and not gate.early:
            return act
        why = f"It is not known how {act}'s question is answered: no answer was seen to let it run "
        why += f"(tried: {'; '.join(gate.tried[:4]) or 'nothing'})."
        how = " Declare approve and reject in [tool.agent_checklist] of pyproject.toml; “{id}” in "
        how += "them stands for a call's id."
        self.need(gate.runs, why if self.subject.settings.approve is not None else why + how)
        return act

    def two_calls(
        self, act: str, one: tuple[str, int], two: tuple[str, int]
    ) -> tuple[str, tuple, tuple]:
        """Return a tool that asks, and two calls of it that can be told apart.

        Args:
            act: The tool that is tried first.
            one, two: The word and the number in each call.
        """
        tools = self.subject.facts.tools.values()
        asking = [tool.name for tool in tools if tool.gate and tool.gate.runs]
        for name in dict.fromkeys([act, *asking]):
            first = self.subject.call(name, *one)
            for nth in range(4):
                second = self.subject.call(name, *two, nth)
                values = set(values_of(first)), set(values_of(second))
                if values[0] - values[1] and values[1] - values[0]:
                    return name, first, second
        why = f"Two calls of {act} cannot be told apart. Where pyproject.toml declares all of its "
        raise Judged(COULD_NOT_JUDGE, f"{why}`arguments`, leave one undeclared.")

    def no_gate(self) -> tuple[str, str, str]:
        """Return why approval is not judged, and the verdicts of approval.asked and the rest."""
        facts, risky = self.subject.facts, [*self.subject.settings.risky, *sorted(RISKY)]
        untested = COULD_NOT_JUDGE, COULD_NOT_JUDGE
        if facts.swallowed:
            why = f"The interrupt of {facts.swallowed} did not come out: see approval.asked."
            return why, *untested
        if risky and not any(tool.risky for tool in facts.tools.values()):
            return f"No tool that was offered is one of risky = {risky}.", *untested
        if unseen := [tool.name for tool in facts.tools.values() if tool.risky and not tool.ran]:
            why = f"{unseen[0]} is no LangChain tool or did not run, so its effect is not seen."
            return why, *untested
        if why := next((t.may_ask for t in facts.tools.values() if t.may_ask), ""):
            return why, *untested
        if facts.gates:
            first = facts.gates[0]
            how = "was not offered. Declare in pyproject.toml the `arguments` of what leads to it."
            if first in facts.tools:
                how = "ran unasked this time. Declare it risky in pyproject.toml, or arguments "
                how += f"with which a person is asked: arguments = {{ {first} = {{ … }} }}."
            return f"By its code a person is asked about {first}, which {how}", *untested
        why = "No tool asks a person, and none is declared risky."
        why = why if facts.tools else "The model is offered no tools in a plain turn."
        proposed = [name for name in facts.tools if sounds_risky(name)]
        if proposed:
            why += " If one is, declare it in [tool.agent_checklist] of pyproject.toml: risky = "
            why += f"{json.dumps(proposed[:4])}."
        return why, COULD_NOT_JUDGE if proposed else NOT_APPLICABLE, NOT_APPLICABLE

    def reached(self, seen: object) -> None:
        """Go on only where something was seen, or is known not to be there."""
        beyond = self.subject.facts.beyond
        self.need(seen or not beyond, beyond)

    def look(self) -> str:
        """Return a tool that runs without a question; else nothing can be judged about it."""
        facts = self.subject.facts
        if facts.look:
            return facts.look
        self.reached(facts.tools)
        self.skip_if(not facts.tools, "The model is offered no tools in a plain turn.")
        free = [tool for tool in facts.tools.values() if not (tool.gate or tool.question)]
        unseen = [tool.name for tool in free if not tool.ran]
        self.need(not unseen, f"{', '.join(unseen)}: called, and not seen to run.")
        ended = next((f"{tool.name}: {tool.ends}." for tool in free if tool.ends), "")
        self.need(not ended, ended)
        names = ", ".join(tool.name for tool in free)
        self.need(not free, f"{names}: the result is no text with which the turn goes on.")
        raise Judged(NOT_APPLICABLE, "No tool runs without a question.")

    def usable(self) -> str:
        """Return a tool that runs unasked; else one whose question can be answered with a yes."""
        facts = self.subject.facts
        gate = facts.tools[facts.act].gate if facts.act and not facts.look else None
        return facts.act if gate and gate.runs else self.look()

    def free_text(self) -> None:
        """Leave agents whose answer is not a model's own words."""
        is_text = self.subject.facts.answers_in_text
        self.reached(is_text)
        self.skip_if(not is_text, "The agent's answer is no free text of a model.")

    def look_beside(self, act: str) -> str:
        """Return a harmless tool that is offered together with the risky one."""
        tools = self.subject.facts.tools
        act, plain = tools[act], [t for t in tools.values() if t.plain and not t.gate]
        way = act.route, act.choice
        beside = [t for t in plain if t.name in act.beside or (t.route, t.choice) == way]
        self.skip_if(not beside, "There is no harmless tool beside the risky one.")
        return min(beside, key=lambda tool: tool.risky).name

    def by_code(self, act: str) -> None:
        """Leave what a breakpoint leaves to its caller."""
        is_breakpoint = self.subject.facts.tools[act].gate.kind == "breakpoint"
        why = "The gate is a breakpoint: what a person sees, and what a no does, is your server's."
        self.need(not is_breakpoint, why)

    async def wait_for(self, act: str, thread: str, *more: Any) -> Turn:
        """Return a turn in which a call waits for a person."""
        turn = await self.subject.say(self.subject.plan([self.subject.call(act, *more)]), thread)
        self.need(turn.waits, "Nobody was asked this time.")
        return turn

    def mark(self) -> int:
        """Return where the list of effects ends now."""
        return len(self.subject.recorder.effects)

    def ran(self, act: str, since: int = 0) -> list[Effect]:
        """Return the effects of the risky tool, without those that a person stopped inside."""
        gate = self.subject.facts.tools[act].gate
        effects = [e for e in self.subject.recorder.ran(since) if e.tool == act]
        if gate and gate.kind == "tool":
            return [e for e in effects if e.ended and e.steps.keys() & gate.only[-1:]]
        return effects

    async def on_record(self, plan: Plan) -> int | None:
        """Return how often a plan's call is on record; None where nothing lists effects."""
        if self.subject.listed is None:
            return None
        found = self.subject.listed()
        found = await found if inspect.isawaitable(found) else found
        wanted = values_of(plan.steps[0][0])
        return sum(all(stands_in(value, str(one)) for value in wanted) for one in found)

    # Turns that take long ------------------------------------------------------------------------

    async def begin(
        self, plan: Plan, thread: str, reached: Callable[[], object]
    ) -> asyncio.Task[Turn]:
        """Begin a turn that the checklist does not end; return its task once `reached` is met.

        Where it is not met in 12 s or before the turn's end, the task is returned all the same.
        """
        task = asyncio.create_task(self.subject.say(plan, thread, seconds=FOR_EVER))
        for _ in range(MAX_BEGIN_POLLS):
            if reached() or task.done():
                break
            await self.subject.guard.async_sleep(POLL_SECONDS)
        return task

    # The next turn --------------------------------------------------------------------------------

    async def goes_on(self, when: str, thread: str = "t-1", is_outside: bool = False) -> None:
        """Say hello on a thread: it must be answered.

        Args:
            when: How the sentence begins.
            thread: The thread.
            is_outside: Nothing that was said or decided is a reason to end the conversation.
        """
        self.subject.clear_faults()
        turn = await self.subject.hello(thread)
        self.not_as_usual(when, turn)
        self.must(not is_refused(turn), f"{when} the model refuses the thread with 400, for ever.")
        self.must(not turn.error, f"{when} the next question raised {error_name(turn.error)}.")
        self.need(not turn.waits, f"{when} the next turn waits for somebody.")
        if not turn.requests and is_outside:
            await self.subject.hello("t-other")
            other = await self.subject.hello("t-other")
            saw = f"{when} the model is not asked any more on this thread; on another one it is."
            self.must(not other.requests, saw)
        self.need(turn.requests, f"{when} the model was not asked in the next turn.")

    def not_as_usual(self, when: str, turn: Turn) -> None:
        """Blame no fault for a thread that an ordinary turn leaves in the same state."""
        usual = self.subject.facts.leaves_open
        for one in turn.requests:
            if one.status == 400 and not one.fault and (names := open_in(one)):
                self.need(
                    names - usual,
                    f"{when} the model refuses the thread with 400, as it does after every turn "
                    f"that calls {', '.join(sorted(names))}: nothing answers that call.",
                )

    async def ends_and_goes_on(self, when: str, turn: Turn) -> None:
        """A turn must have ended well, and the next one be answered."""
        self.must(
            not (turn.error and is_refused(turn)), f"{when} the model refuses the thread with 400."
        )
        self.must(not turn.error, f"{when} the run raised {error_name(turn.error)}.")
        self.need(not turn.waits, f"{when} the turn still waits for somebody.")
        await self.goes_on(when, turn.thread)


def is_refused(turn: Turn) -> bool:
    """Whether the model refused one of the turn's requests as wrong."""
    return any(one.status == 400 and not one.fault for one in turn.requests)


def ends_refused(turn: Turn) -> bool:
    """Whether a turn came to its end when the model refused its request as wrong."""
    last = turn.requests[-1:]
    return any(one.status == 400 and not one.fault for one in last)


def spoilt(turn: Turn, fault: str) -> list[Request]:
    """Return the requests that met a fault where the model was free to say what it likes."""
    return [
        one
        for one in turn.requests
        if one.fault == fault
        and not one.body.get("response_format")
        and one.body.get("tool_choice") in (None, "auto", "none")
    ]


def values_of(call: tuple[str, dict]) -> list[str]:
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


def stands_in(value: str, text: str) -> bool:
    """Whether a value stands in a text by itself: 42 does not in 4200."""
    return bool(re.search(rf"(?<![\w.]){re.escape(value)}(?!\w)", text))


def same(effect: Effect, call: tuple[str, dict]) -> bool:
    """Whether a call ran with its values."""
    ran = _flat(effect.args)
    return all(value in ran for value in values_of(call))


async def ends_in_time(task: asyncio.Task, seconds: float) -> bool:
    """Whether something ends a task within so many seconds: the event loop's clock jumps there."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    loop.time = lambda: clock() + seconds
    loop.call_soon(lambda: None)
    done, _ = await asyncio.wait([task], timeout=MAX_END_SECONDS)
    return bool(done)
