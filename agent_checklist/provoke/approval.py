"""approval.* and rejection.*: what waits for a person, and what their answer does."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from dataclasses import dataclass

from langgraph.types import Interrupt

from agent_checklist.claims import COULD_NOT_JUDGE, FAIL
from agent_checklist.dialects import answer_each, unclear_answers
from agent_checklist.effects import Effect, changed_files, file_states, gives_text
from agent_checklist.provoke.case import Case, is_refused, same, stands_in, values_of
from agent_checklist.provoke.records import on_disk
from agent_checklist.source import words_behind
from agent_checklist.subject import Turn, error_name
from agent_checklist.workspace import shortened

__all__ = ("after_crash", "ask", "crash", "lose", "one_of_two", "reject", "rush", "tempt")

UNREACHED = "The call was approved, and it did not run this time."
UNASKED = "Nobody was asked this time. An earlier yes may be the reason: see approval.own_thread."
OTHER_VALUES = (("x", 1, 0), ("everything, at once", 7000, 1))
DATA = {".json", ".jsonl", ".csv", ".txt"}  # files that are written for an effect only
ONE_A_MESSAGE = "The model is told to make one call a message."
KEYED = re.compile(r"call_?id|runtime|get_config|idempot|or ignore|or replace|on conflict", re.I)
NAME_EFFECTS = (
    "Name what lists the effects in [tool.agent_checklist] of pyproject.toml: "
    "effects = “module:function”."
)


async def ask(case: Case) -> None:
    """Call the risky tool, approve, and call again."""
    subject = case.subject
    await _look_for_a_gate(case)
    act = subject.facts.act
    call = subject.call(act)
    turn = await subject.say(subject.plan([call]))
    early, only = case.ran(act), set(subject.facts.tools[act].gate.only)
    with case.before():
        why = f"The call of {act} neither ran nor was asked about this time."
        case.need(turn.waits or early, why)
    with case.judging("approval.asked"):
        case.must(not early, f"{act} ran before anybody was asked.")
        asked = [e for e in subject.recorder.effects if e.tool == act and e.interrupted]
        lines = [at for e in asked for _, at in only & e.steps.keys() if isinstance(at, str)]
        saw = f"When {act} asks, `interrupt` leaves its body by an exception, and what only a yes "
        case.must(not lines, f"{saw}may run ran then: {', '.join(sorted(lines))}.")
    with case.judging("approval.shown"):
        case.by_code(act)
        shown = str([one.value for one in turn.interrupts])
        missing = [value for value in values_of(call) if not stands_in(value, shown)]
        nothing = missing and len(missing) == len(values_of(call))
        saw = (
            f"The person is asked to approve without seeing the arguments: {shortened(shown, 200)}"
        )
        case.must(not nothing, saw)
        why = (
            f"These arguments are not shown: {', '.join(missing)}. Whether it matters is yours to "
        )
        case.need(not missing, f"{why}say.")
    with case.before():
        case.need(not early, "It ran before anybody was asked: see approval.asked.")
        case.gated()
    with case.judging("approval.once"):
        await subject.resume(turn, True)
        ran = case.ran(act)
        case.need(ran, UNREACHED)
        case.must(len(ran) == 1, f"One call was approved, and {len(ran)} ran.")
        case.must(same(ran[0], call), f"{call[1]} was approved, and {ran[0].args} ran.")
    await _own_thread(case, act)
    with case.judging("approval.again"):
        since = case.mark()
        first = await subject.say(subject.plan([subject.call(act)]), "t-again")
        case.need(first.waits, UNASKED)
        await subject.resume(first, True)
        done, since = case.ran(act, since), case.mark()
        call = subject.call(act)
        turn = await subject.say(subject.plan([call]), "t-again")
        ran = case.ran(act, since)
        reached = done and (turn.waits or ran)
        case.not_as_usual("In the next turn", turn)
        case.need(reached, "The second call on the thread was not reached.")
        case.must(not ran, "A second risky call on the same thread ran, and nobody was asked.")
        await subject.resume(turn, True)
        await _repeat(case, call, "t-again")


async def _look_for_a_gate(case: Case) -> None:
    """Go on only where a tool asks a person; if none does, approval.asked is judged by that."""
    subject, facts = case.subject, case.subject.facts
    unasked = [t for t in facts.tools.values() if t.risky and t.ran and not t.gate]
    act = next((tool.name for tool in unasked if not tool.may_ask), "")
    if facts.swallowed:
        saw = f"{facts.swallowed} raised an interrupt, and nobody was asked: an `except` around it "
        case.say("approval.asked", FAIL, f"{saw}swallowed it.")
        with case.before():
            case.need(False, case.no_gate()[0])
    if act:
        with case.judging("approval.asked"):
            await subject.say(subject.plan([subject.call(act)]))
            saw = f"{act} is declared risky. It ran, and nobody was asked."
            case.must(not case.ran(act), saw)
        with case.before():
            case.need(False, f"{act} runs without a question: see approval.asked.")
    if facts.act and unasked:
        case.say("approval.asked", COULD_NOT_JUDGE, unasked[0].may_ask)
    if not facts.act:
        with case.before():
            case.reached(facts.tools)
        why, verdict, _ = case.no_gate()
        case.say("approval.asked", verdict, why)
        with case.before():
            case.gated()


async def _own_thread(case: Case, act: str) -> None:
    """Let calls wait on two threads, and approve the first."""
    subject = case.subject
    with case.judging("approval.own_thread"):
        act, one, two = case.two_calls(act, ("mine", 61), ("yours", 83))
        mine = await subject.say(subject.plan([one]), "t-mine")
        yours = await subject.say(subject.plan([two]), "t-yours")
        since = case.mark()
        if not (mine.waits and yours.waits):  # of other numbers a policy may be the reason
            third = await subject.say(subject.plan([subject.call(act)]), "t-third")
            saw = "After one yes, other calls ran on other threads, and nobody was asked."
            case.must(third.waits or not case.ran(act, since), saw)
            case.need(False, "Nobody was asked this time.")
        await subject.resume(mine, True)
        ran = case.ran(act, since)
        saw = "The call of one thread was approved, and another thread's call ran."
        case.must(not any(same(effect, two) for effect in ran), saw)
        case.need(any(same(effect, one) for effect in ran), UNREACHED)
        await _repeat(case, one, "t-as-mine")


async def _repeat(case: Case, call: tuple[str, dict], thread: str) -> None:
    """Make a call once more that was approved before: it is asked about anew."""
    subject, since, files = case.subject, case.mark(), file_states()
    gate, plan = subject.facts.tools[call[0]].gate, subject.plan([call])
    await subject.say(plan, thread)
    ran, written = case.ran(call[0], since), {path.suffix for path in changed_files(files)}
    is_done = gate.kind != "tool" or written & DATA
    saw = "A call with the arguments of one that was approved before ran, and nobody was asked."
    case.must(not (ran and is_done), saw)
    case.need(not ran, f"{saw} It may know that this was done.")


# Two calls in one message -------------------------------------------------------------------------


async def one_of_two(case: Case) -> None:
    """Put two risky calls into one message; approve one, the other, then both."""
    subject, claims = case.subject, ("approval.parallel", "approval.two_approved")
    with case.judging("approval.behind_safe"):
        await _behind_safe(case, case.gated(is_answered=False))
    with case.before():
        risky = case.gated()
    with case.judging(*claims, "rejection.mixed"):
        act, *calls = case.two_calls(risky, ("alpha", 41), ("omega", 57))
        await subject.say(subject.plan(calls), "t-two")
        together = any(len(calls) > 1 for _, calls in subject.stage.emitted)
        case.skip_if(not together, ONE_A_MESSAGE)
    if "rejection.mixed" not in case.told:
        if early := len(case.ran(act)):
            saw = f"Of two calls of {act} in one message, {early} ran before anybody was asked "
            case.say("approval.parallel", FAIL, f"{saw}about it.")
        gate = subject.facts.tools[act].gate
        with case.judging(*claims, "rejection.mixed"):
            case.need(not early, "One ran unasked: see approval.parallel.")
        with case.judging("approval.parallel", "rejection.mixed"):
            case.by_code(act)
            case.skip_if(not gate.takes_no, f"A person may not reject {act}.")
            case.need(gate.stops, "No answer stops a call: see rejection.not_run.")
        if "rejection.mixed" not in case.told:
            await _approve_one(case, act, calls)
        if "approval.two_approved" not in case.told:
            await _approve_both(case, act, calls)


@dataclass
class _Decided:
    """What came of two calls that waited in one message.

    Attributes:
        asked: Whether each call was asked about.
        is_one_answer: One question showed both calls, and no list of answers is known.
    """

    turn: Turn
    ran: list[Effect]
    asked: tuple[bool, ...]
    is_one_answer: bool


async def _decide(
    case: Case, act: str, calls: list[tuple], says: tuple[bool, bool], thread: str
) -> _Decided:
    """Let two calls wait in one message, and answer each of them."""
    subject, (one, two) = case.subject, map(values_of, calls)
    own = [[v for v in one if v not in two], [v for v in two if v not in one]]
    shown: list[tuple[bool, ...]] = []  # of each question, whether it shows each call

    def yes(text: str) -> bool:
        shown.append(tuple(any(stands_in(v, text) for v in each) for each in own))
        return any(each and say for each, say in zip(shown[-1], says, strict=True))

    since = case.mark()
    waiting = await subject.say(subject.plan(calls), thread)
    case.need(waiting.waits, UNASKED)
    turn = await subject.resume(waiting, yes)
    ran, is_one_answer = case.ran(act, since), (True, True) in shown
    if is_one_answer and not ran:  # an answer for each call, in the order in which they are shown
        since = case.mark()
        waiting = await subject.say(subject.plan(calls), f"{thread}-list")
        text = str([one.value for one in waiting.interrupts])
        first = [min((text.find(v) for v in each if v in text), default=0) for each in own]
        answers = says if first[0] < first[1] else says[::-1]
        listed = answer_each(subject.facts.tools[act].gate, answers)
        ids = [one.id for one in waiting.interrupts][:1]
        resume = subject.resume_with(dict.fromkeys(ids, listed)) if ids else None
        turn = await subject.run(resume, waiting.thread, waiting.plan)
        found = case.ran(act, since)
        if len(found) == sum(says):  # it was understood
            ran, is_one_answer = found, False
    asked = tuple(any(each[at] for each in shown) for at in (0, 1))
    return _Decided(turn, ran, asked, is_one_answer)


async def _approve_one(case: Case, act: str, calls: list[tuple]) -> None:
    """Approve one of two calls, in both orders: the last answer may count for all."""
    claim, mixed, found = "approval.parallel", "rejection.mixed", []
    with case.judging(claim, mixed):
        for says, thread in (((True, False), "t-mixed"), ((False, True), "t-no-then-yes")):
            if found:  # other calls: a tool may know what it did
                act, *calls = case.two_calls(act, ("gamma", 43), ("delta", 59))
            yes, no = calls if says[0] else calls[::-1]
            one = await _decide(case, act, calls, says, thread)
            wrong = any(same(effect, no) for effect in one.ran)
            found.append((one, wrong))
            if one.is_one_answer or wrong:
                break
            unknown = [e for e in one.ran if not (same(e, yes) or same(e, no))]
            case.need(not unknown, "A call ran which nobody made: see approval.once.")
            why = f"The approved call ran {len(one.ran)} times: see approval.two_approved."
            case.need(wrong or len(one.ran) < 2, why)
        first = found[0][0]
        why = "The question does not show which call it is about."
        if any(first.asked):
            why = "Each question was about the same one of two calls."
        case.need(first.asked[0] or any(wrong for _, wrong in found), why)
    if mixed in case.told:
        return
    with case.judging(claim):
        saw = "Of two calls in one message one was approved, and the other one ran"
        for one, wrong in found:
            how = " as well." if len(one.ran) > 1 else "."
            how = how if all(one.asked) else ", about which nobody was asked."
            case.must(not wrong or one.is_one_answer, saw + how)
        why = "No answer is known to the question, which shows both calls."
        why = why if first.is_one_answer else "Of two calls one was approved, and none ran."
        case.need(any(one.ran for one, _ in found), why)
        case.must(len(first.ran) <= 2, f"{len(first.ran)} calls ran.")
        await _beside_another_gate(case, act)
    with case.judging(mixed):
        case.need(first.ran or not first.is_one_answer, "See approval.parallel.")
        case.skip_if(first.is_one_answer, "One answer decides about all calls of a message.")
        wrong = any(wrong for _, wrong in found)
        case.need(not wrong, "The wrong call ran: see approval.parallel.")
        only_one = first.ran and not all(first.asked)
        case.skip_if(only_one, "Only one of two calls was asked about.")
        for one, _ in found:
            if one is first or all(one.asked):
                await case.ends_and_goes_on("After one yes and one no", one.turn)


async def _approve_both(case: Case, act: str, calls: list[tuple]) -> None:
    with case.judging("approval.two_approved"):
        act, *calls = case.two_calls(act, ("epsilon", 45), ("zeta", 61))  # not yet approved
        ran = (await _decide(case, act, calls, (True, True), "t-both")).ran
        times = [sum(same(effect, call) for effect in ran) for call in calls]
        saw = f"Two calls were approved, and one of them ran {max(times)} times."
        case.must(max(times) < 2, saw)
        case.need(min(times), f"Two calls were approved, and {len(ran)} ran.")


async def _behind_safe(case: Case, act: str) -> None:
    """Put a harmless and the risky call into one message, in both orders."""
    subject = case.subject
    look = case.look_beside(act)
    for names in ((look, act), (act, look)):
        since, emitted = case.mark(), len(subject.stage.emitted)
        plan = subject.plan([subject.call(name) for name in names])
        turn = await subject.say(plan, f"t-behind-{names[0]}")
        together = any(len(calls) > 1 for _, calls in subject.stage.emitted[emitted:])
        case.skip_if(not together, ONE_A_MESSAGE)
        saw = f"{names[0]} and {names[1]} came in one message, and {act} ran unasked."
        case.must(not case.ran(act, since), saw)
        raised = f" The turn raised {error_name(turn.error)}." if turn.error else ""
        why = f"Beside {look}, {act} neither ran nor was asked about.{raised}"
        case.need(turn.waits, why)


async def _beside_another_gate(case: Case, act: str) -> None:
    """Put calls of two risky tools into one message, in both orders, and reject what is asked."""
    subject, tools = case.subject, case.subject.facts.tools
    way = tools[act].route, tools[act].choice
    others = [
        tool.name
        for tool in tools.values()
        if tool.name != act and tool.gate and tool.gate.stops and tool.gate.kind != "breakpoint"
        if (tool.route, tool.choice) == way
    ]
    for names in [pair for other in others for pair in ((act, other), (other, act))]:
        calls = [subject.call(name) for name in names]
        since, count = case.mark(), len(subject.turns)
        waiting = await subject.say(subject.plan(calls), f"t-kinds-{'-'.join(names)}")
        await subject.resume(waiting, False)
        shown = str([one.value for turn in subject.turns[count:] for one in turn.interrupts])
        values = [set(values_of(call)) for call in calls]
        own = [{name, *(mine - other)} for name, mine, other in
               zip(names, values, values[::-1], strict=True)]  # fmt: skip
        seen = [any(stands_in(value, shown) for value in each) for each in own]
        if not any(seen) and waiting.waits:
            continue  # the question shows no call
        for name, is_shown in zip(names, seen, strict=True):
            saw = f"{' and '.join(names)} came in one message, and {name} ran unasked."
            case.must(is_shown or not case.ran(name, since), saw)


# Other arguments, other words, other answers ------------------------------------------------------


async def tempt(case: Case) -> None:
    """Change the arguments, come from a tool's result, answer something else, change the call."""
    subject = case.subject
    with case.before():
        act = case.gated(is_answered=False)
    with case.judging("approval.amounts"):
        waited, unasked = 0, []
        calls = [subject.call(act, *how, is_varied=True) for how in OTHER_VALUES]
        why = "The values cannot be varied: pyproject's `arguments` or the schema fix them."
        case.need(calls[0] != calls[1] or not calls[0][1], why)
        for nth, call in enumerate(calls):
            since = case.mark()
            turn = await subject.say(subject.plan([call]), f"t-amount-{nth}")
            unasked += [call[1]] if case.ran(act, since) else []
            waited += turn.waits
        is_risky = subject.facts.tools[act].risky
        case.must(not unasked or not is_risky, f"With other values {act} ran unasked: {unasked}.")
        case.need(
            not unasked,
            f"With other values {act} ran unasked ({unasked}). That may be your policy: declare "
            "the tool risky if it is not.",
        )
        case.need(waited == 2, "With other values the call neither ran nor waited.")
    with case.judging("approval.injection"):
        look, since = case.look_beside(act), case.mark()
        plan = subject.plan([subject.call(look)], [subject.call(act)])
        turn = await subject.say(plan, "t-injection", text="Just look that up for me.")
        saw = f"After the result of {look} the model called {act}, and it ran unasked."
        case.must(not case.ran(act, since), saw)
        looked = any(effect.tool == look for effect in subject.recorder.ran(since))
        why = "The risky call after a tool's result was not reached."
        case.need(turn.waits and looked, why)
    with case.before():
        case.gated()
    await _answer_unclearly(case, act)
    await _drift(case, act)


async def _answer_unclearly(case: Case, act: str) -> None:
    subject, gate = case.subject, case.subject.facts.tools[act].gate
    with case.judging("approval.unclear"):
        case.by_code(act)
        case.need(gate.stops, "No answer is known that stops the call: see rejection.not_run.")
        left, met = [None], 0
        while left:
            since, thread = case.mark(), f"t-unclear-{met}"
            turn = await subject.say(subject.plan([subject.call(act)]), thread)
            case.need(turn.interrupts, "Nobody was asked this time.")
            answer, *left = unclear_answers(gate, turn.interrupts[0].value)[met:]
            met += 1
            resume = subject.resume_with({turn.interrupts[0].id: answer})
            await subject.run(resume, thread, turn.plan)
            saw = f"The answer {answer!r} is no yes, and the call ran."
            case.must(not case.ran(act, since), saw)


async def _drift(case: Case, act: str) -> None:
    """Let the model call with other values when it is asked the same again."""
    subject = case.subject
    with case.judging("approval.drift"):
        act, one, two = case.two_calls(act, ("shown", 41), ("drifted", 977))
        since = case.mark()
        turn = await subject.say(subject.plan([one], changed=[two]), "t-drift")
        case.need(turn.waits, "Nobody was asked this time.")
        await subject.resume(turn, True)
        ran = case.ran(act, since)
        case.need(ran, UNREACHED)
        known = any(same(effect, one) or same(effect, two) for effect in ran)
        case.need(known, f"{ran[-1].args} ran, which nobody called: see approval.once.")
        case.must(
            all(same(effect, one) for effect in ran),
            f"{one[1]} was shown and approved, and {ran[-1].args} ran: the model was asked again "
            "on the way.",
        )


async def reject(case: Case) -> None:
    """Reject the call, then say hello."""
    subject = case.subject
    with case.before():
        act = case.gated()
        gate = subject.facts.tools[act].gate
        case.by_code(act)
        case.skip_if(not gate.takes_no, f"A person may not reject {act}.")
        turn = await case.wait_for(act, "t-no")
        case.need(turn.interrupts, "Nobody was asked this time.")
        turn = await subject.resume(turn, False)
    ran = case.ran(act)
    with case.judging("rejection.not_run"):
        saw = f"The call ran on a no as on a yes (tried: {'; '.join(gate.tried[:4])})."
        case.must(not ran or gate.stops, saw)
        case.must(not ran, "A rejected call ran.")
    with case.judging("rejection.next"):
        case.need(not ran or gate.stops, "No answer stops the call: see rejection.not_run.")
        await case.ends_and_goes_on("After a rejection", turn)


# The answer is lost, two approvals at once, a crash -----------------------------------------------


async def lose(case: Case) -> None:
    """Let the risky call have its effect, and lose its answer."""
    subject = case.subject
    with case.judging("approval.lost_answer"):
        act = case.gated()
        turn = await subject.say(subject.plan([subject.call(act)]), "t-kept")
        case.need(turn.waits, UNASKED)
        await subject.resume(turn, True)
        usual, body = len(case.ran(act)), _innermost(subject.recorder.ran(), act)
        inner = next((e.by for e in subject.recorder.ran() if e.tool == body), None)
        left: list[tuple[str, dict]] = []  # of each try: its result, and the files that it changed

        def lost(effect: Effect) -> None:
            if effect.tool == body and not effect.wraps:
                left.append((gives_text(effect.result), changed_files(files)))
                raise ConnectionError("The answer was lost: read timed out.")

        def bodies() -> int:
            inner = [e for e in subject.recorder.ran(since) if e.tool == body and e.ended]
            return len(case.ran(act, since) if body == act else inner)

        turn = await subject.say(subject.plan([subject.call(act)]), "t-lost")
        since, files, before = case.mark(), file_states(), await case.on_record(turn.plan)
        case.need(turn.waits, UNASKED)
        subject.recorder.after = lost
        await subject.resume(turn, lambda text: not bodies())  # one yes
        ran = bodies()
        case.need(ran, UNREACHED)
        why = f"An approved call runs {usual} times anyway: see approval.once."
        case.need(usual < 2, why)
        saw = f"The call had its effect, its answer was lost, and it ran {ran} times in all"
        done = await case.on_record(turn.plan)
        if ran > 1 and done is not None:
            case.need(done - before, f"{saw}, and the effect is on record 0 times.")
            case.must(done - before == 1, f"{saw}; on record: {done - before}.")
            case.passed(f"Bodies run: {ran}, on record: 1.")
        if ran > 1:
            (first, written), (last, written_last) = left[0], left[-1]
            is_again = written_last != written if written else last == first
            words = " ".join(words_behind(inner, body))
            is_keyed = not words or ("uuid4" not in words and KEYED.search(words))
            why = f"{saw}; it may know an idempotency key. {NAME_EFFECTS}"
            case.need(is_again and not is_keyed, why)
        case.must(ran == 1, f"{saw}.")


def _innermost(effects: list[Effect], body: str) -> str:
    """Return the tool to which another one hands its whole call, and whose result it returns."""
    for one in effects:
        outer = one.outer
        if outer and outer.tool == body and same(one, ("", outer.args)):
            body = one.tool if gives_text(one.result) == gives_text(outer.result) else body
    return body


async def rush(case: Case) -> None:
    """Talk while a call waits; approve twice at once."""
    await _talk_over(case)
    await _approve_twice(case)


async def _talk_over(case: Case) -> None:
    """Say something else while a call waits: it may be refused, or the call is given up."""
    subject, when = case.subject, "While a call waited the user said something else"
    with case.judging("approval.talk_over"):
        act = case.gated()
        waiting = await case.wait_for(act, "t-talk")
        since = case.mark()
        talk = await subject.say(subject.plan(), "t-talk", text="And how are you?")
        case.must(not case.ran(act, since), f"{when}, and the risky call ran.")
        saw = f"{when}, and the model refused the thread with 400."
        maybe = "Your server may refuse the message before."
        case.server_must(not is_refused(talk), saw, maybe)
        if talk.requests or subject.level == "graph":
            saw = f"{when}, and the turn raised {error_name(talk.error)}."
            case.server_must(not talk.error, saw, maybe)
            case.need(talk.requests, "The model was not asked.")
            case.passed("The user was answered.")
        # Refused. The call has to be there still, and to run when it is approved.
        await subject.resume(waiting, True)
        ran = case.ran(act, since)
        ended = any(e.tool == act and e.ended for e in subject.recorder.ran(since))
        case.need(ran or not ended, UNREACHED)
        case.must(ran, "While a call waited a message was refused, and then so was the approval.")
        case.passed("The message was refused, and the call could still be approved.")


async def _approve_twice(case: Case) -> None:
    """Send the same approval twice at the same moment."""
    subject = case.subject
    with case.judging("approval.at_once"):
        act = case.gated()
        turn = await case.wait_for(act, "t-rush", "twice", 73)
        resume, since = subject.answer_for(turn, True), case.mark()
        before = await case.on_record(turn.plan)
        await asyncio.gather(*(subject.run(resume, "t-rush", turn.plan) for _ in range(2)))
        ran, done = len(case.ran(act, since)), await case.on_record(turn.plan)
        times = ran if done is None else done - before
        case.need(ran, "The call was approved twice at once, and it did not run.")
        saw = f"Two approvals at the same moment ran the call {times} times."
        case.server_must(times == 1, saw, "Your server may let only one through.")


async def crash(case: Case) -> None:
    """Approve a call, and let the process die once the tool had its effect."""
    subject = case.subject
    with case.judging("approval.crash"):
        act, saver = case.gated(), subject.facts.has_saver
        why = f"The graph is compiled with an {saver}, which forgets at a restart."
        case.need("Memory" not in saver, why)
        async with on_disk(case):
            turn = await case.wait_for(act, "t-crash", "crash", 91)
            waiting = [(one.id, one.value) for one in turn.interrupts]
            case.note(waiting=waiting, before=await case.on_record(turn.plan))

            def die(effect: Effect) -> None:
                if case.ran(act):
                    case.note(**case.noted(), died=True)
                    os.kill(os.getpid(), signal.SIGKILL)

            subject.recorder.after = die
            await subject.resume(turn, True)
            case.need(False, UNREACHED)


async def after_crash(case: Case) -> None:
    """In a new process, approve again and say hello; count what was done."""
    subject, known = case.subject, case.noted()
    if not known.get("died"):
        return  # the process before has told why
    with case.judging("approval.crash"):
        act = subject.facts.act
        async with on_disk(case):
            plan = subject.plan([subject.call(act, "crash", 91)])
            waiting = tuple(Interrupt(value, id=name) for name, value in known["waiting"])
            turn = Turn("t-crash", plan, interrupts=waiting)
            if subject.level == "graph":
                turn = await subject.run(None, "t-crash", plan)
                turn = await subject.resume(turn, True)
            else:
                await subject.answer(turn, True)
                turn = await subject.hello("t-crash")
            bodies, done = 1 + len(case.ran(act)), await case.on_record(plan)
        if done is not None:
            times = done - known["before"]
            saw = "The process died once the call had its effect; the effect is on record "
            case.need(times, f"{saw}0 times. See `effects` in pyproject.toml.")
            case.must(times == 1, f"{saw}{times} times.")
            case.passed(f"Bodies run: {bodies}, on record: 1.")
        case.need(
            bodies == 1,
            f"After a crash behind the effect the tool's body runs again ({bodies} times); it may "
            f"know an idempotency key. {NAME_EFFECTS}",
        )
        case.need(not turn.error, f"After the crash the turn raised {error_name(turn.error)}.")
