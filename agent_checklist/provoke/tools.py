"""errors.tool*, timeouts.tool and limits.*: tools that fail, hang, and are called too often."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from langgraph.errors import GraphRecursionError

from agent_checklist.claims import FAIL
from agent_checklist.effects import Effect, tool_named
from agent_checklist.provoke.case import (
    MAX_READ_SECONDS,
    Case,
    ends_in_time,
    ends_refused,
    is_refused,
)
from agent_checklist.scout import REFUSED
from agent_checklist.source import catches_all, function_of
from agent_checklist.stage import Plan
from agent_checklist.subject import Tool, Turn, error_name
from agent_checklist.workspace import shortened
from lesson_model.behaviour.turn import text_of

__all__ = ("break_tool", "fan_out", "hang", "loop")

DETAIL = "db-internal-7 refused billing_rw"
KEEP = "Where messages are cut, a result must not lose its call."
FAN_OUT = 60
MAX_LOOP_REQUESTS = 50
MAX_LIMITED_REQUESTS = 130  # where a recursion limit is known, or may be set by a turn


async def break_tool(case: Case) -> None:
    """Let a tool raise, called twice in one message, then say hello."""
    subject = case.subject
    await _always_refused(case)
    with case.before():
        look = case.usable()
        tool = tool_named(look)
        catches = tool and catches_all(function_of(tool) or type(tool)._run)
        case.skip_if(catches, f"{look} catches every error in its own body.")

        def broken(effect: Effect) -> None:
            if effect.tool == look:
                raise ConnectionError(DETAIL)

        asks = subject.facts.tools[look].gate
        subject.recorder.before = None if asks else broken
        plan = subject.plan([subject.call(look) for _ in range(1 if asks else 2)])
        turn = await subject.say(plan, "t-tool")
        together = any(
            mark == plan.mark and len(calls) > 1 for mark, calls in subject.stage.emitted
        )
        what = "Two calls in one message failed" if together else "A tool failed"
        subject.recorder.before = broken
        turn = await subject.resume(turn, True)
        met = any(e.tool == look and e.error for e in subject.recorder.effects)
        case.need(met, f"{look} was not reached.")
        subject.recorder.before = None
    is_hidden = turn.error and subject.level == "graph"  # in what a server makes of it
    raised = f"raised {error_name(turn.error)}"
    with case.judging("errors.tool_text"):
        shown = DETAIL in turn.told
        at = "in an event" if DETAIL in "".join(map(str, turn.events)) else "in what it was told"
        saw = f"{what}, and the error's text (“{DETAIL}”) was shown to the user, {at}."
        case.must(not shown, saw)
        result = next((text for text in _results(turn) if DETAIL in text), "")
        why = (
            f"The error's text went to the model as the tool's result: “{shortened(result, 160)}”. "
        )
        case.need(not result, f"{why}Whether the model repeats it is not known.")
        why = f"The turn {raised}: what your server makes of that is not seen."
        case.need(not is_hidden, why)
    with case.judging("errors.tool"):
        following = await subject.hello("t-tool")
        case.not_as_usual(f"{what}. After that", following)
        how = f"{raised}, and" if turn.error else "ended, and now"
        saw = f"{what}: the turn {how} the model refuses the thread with 400, for ever."
        keep = f" {KEEP}" if together and not turn.error else ""
        case.must(not is_refused(following), f"{saw}{keep}")
        saw = f"{what}. After that the next question raised {error_name(following.error)}."
        case.must(not following.error, saw)
        why = f"{what} and the turn {raised}, which your server may put into words; "
        case.need(not is_hidden, f"{why}the thread lives.")


async def _always_refused(case: Case) -> None:
    """Judge an agent whose every call of a tool, failed or not, ends the turn with 400."""
    subject, facts = case.subject, case.subject.facts
    ended = [tool.name for tool in facts.tools.values() if tool.ran and tool.ends == REFUSED]
    if facts.look or not ended:
        return
    turn = await subject.say(subject.plan([subject.call(ended[0])]), "t-always")
    if case.ran(ended[0]) and ends_refused(turn):
        saw = f"{ended[0]} ran, and the model refuses with 400 what is sent behind its result"
        case.say("errors.tool", FAIL, f"{saw}. {KEEP}")


def _results(turn: Turn) -> list[str]:
    """Return the tools' results, as the model or the thread has them."""
    sent = [m for one in turn.requests for m in one.body.get("messages") or ()]
    results = [text_of(m.get("content")) for m in sent if m.get("role") == "tool"]
    return results + [message.text for message in turn.new if message.type == "tool"]


async def hang(case: Case) -> None:
    """Let a tool hang."""
    subject = case.subject
    with case.judging("timeouts.tool"):
        look = case.look()
        seconds, released = subject.settings.turn_seconds or MAX_READ_SECONDS, threading.Event()

        async def hangs() -> None:
            while not released.is_set():
                await subject.guard.async_sleep(0.05)

        subject.recorder.before = lambda effect: hangs() if effect.tool == look else None
        plan = subject.plan([subject.call(look)])
        task = await case.begin(plan, "t-hang", lambda: case.ran(look))
        try:
            case.need(case.ran(look), "The tool was not reached.")
            saw = f"{look} hung, and after {seconds:g} s nobody had given it up."
            case.must(await ends_in_time(task, seconds), saw)
        finally:
            released.set()
            task.cancel()


async def loop(case: Case) -> None:
    """Let the model call a harmless tool for ever, find nothing good enough, route for ever."""
    facts, look = case.subject.facts, case.subject.facts.look
    tool = facts.tools.get(look, Tool(""))
    way = {"route": tool.route, "choice": tool.choice, "forever": True}
    steps = [[case.subject.call(look)]] if look else []
    rounds = []  # (what the model does, the plan), until one has no end
    if look:
        rounds.append(("in a loop", {"contrary": facts.grades}, steps))
    elif facts.grades:
        rounds.append(("that finds nothing good enough", {"contrary": True}, ()))
    if look and facts.grades:
        rounds.append(("in a loop", {}, steps))
    if facts.routes or tool.route:
        rounds.append(("that routes to the same worker again and again", {}, ()))
    with case.before():
        if not rounds:
            why = (
                "The graph has a loop; what leads into it is neither a tool nor a choice of words."
            )
            case.need(facts.tools or not _has_loop(case.subject.graph), why)
            case.look()
        asked, met, endless = [], False, ""
        for what, how, calls in rounds:
            plan = case.subject.plan(*calls, **way, **how)
            turn, count, went_round = await _go_round(case, plan, look)
            asked, met = [*asked, count], met or went_round
            if turn.stopped or isinstance(turn.error, TimeoutError):
                endless = what
                break
        case.reached(met or look)
        case.need(met, "The loop was not met: the model called or judged nothing a second time.")
    with case.judging("limits.loop"):
        case.must(not endless, f"A model {endless} was asked {asked[-1]} times, and went on.")
        case.not_as_usual("In a loop", turn)
        saw = f"The turn with {asked[-1]} requests was not stopped: the model refuses the last one "
        case.must(not ends_refused(turn), f"{saw}with 400. {KEEP}")
        how = "in words" if not turn.error else f"by {error_name(turn.error)}"
        if isinstance(turn.error, GraphRecursionError):
            how = "by GraphRecursionError, which your server must catch"
        case.passed(f"Stopped after {' and '.join(map(str, asked))} requests, {how}.")
    with case.judging("limits.next"):
        case.need(not endless, "The loop has no end: see limits.loop.")
        await case.goes_on("After a loop was stopped", "t-loop")


def _has_loop(graph: Any) -> bool:
    """Whether a graph's edges lead round."""
    edges = [(one.source, one.target) for one in graph.get_graph().edges] if graph else []
    while edges != (left := [one for one in edges if one[1] in {source for source, _ in edges}]):
        edges = left
    return bool(edges)


async def _go_round(case: Case, plan: Plan, look: str) -> tuple[Turn, int, bool]:
    """Play a loop.

    Returns:
        The turn, how often the model was asked, and whether it went round: a call ran and was made
        again, the same was judged again, or the same worker was chosen again.
    """
    subject, stage = case.subject, case.subject.stage
    limit = subject.settings.config.get("recursion_limit", 10_007)
    if subject.graph:
        limit = min(limit, (subject.graph.config or {}).get("recursion_limit", limit))
    is_limited = limit < 400 or subject.level == "turn"
    most = MAX_LIMITED_REQUESTS if is_limited else MAX_LOOP_REQUESTS
    before, since = len(subject.model.requests), case.mark()
    emitted, asked = len(stage.emitted), len(stage.seen)

    def enough(turn: Turn) -> bool:
        if len(subject.model.requests) - before <= most:
            return False
        plan.forever = plan.contrary = False  # a sync node goes on otherwise
        plan.steps = []
        return True

    turn = await subject.say(plan, "t-loop", until=enough)
    calls = Counter(call.name for _, calls in stage.emitted[emitted:] for call in calls)
    seen = stage.seen[asked:]
    judged = Counter(one.shape for one in seen if one.graded or one.routed)
    ran = any(e.tool == look for e in subject.recorder.effects[since:])
    handed = any(
        calls[name] > 1 and any(name not in one.tools for one in seen) for name in plan.route
    )
    met = (calls[look] > 1 and ran) or max(judged.values(), default=0) > 1 or handed
    return turn, len(subject.model.requests) - before, met


async def fan_out(case: Case) -> None:
    """Ask for many calls in one message."""
    subject = case.subject
    with case.judging("limits.fan_out"):
        look = case.look()
        calls: list[Any] = [subject.call(look, f"n{n}", n) for n in range(FAN_OUT)]
        await subject.say(subject.plan(calls), "t-fan")
        together = any(len(calls) == FAN_OUT for _, calls in subject.stage.emitted)
        case.skip_if(not together, "The model is told to make one call a message.")
        ran = sum(effect.tool == look for effect in subject.recorder.ran())
        saw = f"A model asked for {FAN_OUT} calls at once, and {ran} ran."
        case.must(ran < FAN_OUT, saw)
