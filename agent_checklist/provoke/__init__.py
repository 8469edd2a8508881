"""The probes: each provokes a fault in an agent of its own process, and judges claims by it.

A claim passes only where the fault was met and the point of observation was reached; else it
could not be judged. Nothing here knows how the agent is built.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent_checklist.provoke import approval, edits, models, records, streaming, tools
from agent_checklist.provoke.case import Case, Ended

__all__ = ("PROBES", "Case", "Ended", "Probe")


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
    "streaming": _probe(
        "streaming.first_word streaming.leave streaming.left_thread", streaming.leave
    ),
    "approval": _probe(
        "approval.asked approval.shown approval.once approval.own_thread approval.again",
        approval.ask,
    ),
    "parallel": _probe(
        "approval.parallel approval.two_approved rejection.mixed approval.behind_safe",
        approval.one_of_two,
    ),
    "temptation": _probe(
        "approval.amounts approval.injection approval.unclear approval.drift", approval.tempt
    ),
    "edit": _probe("approval.edit", edits.change),
    "rejection": _probe("rejection.not_run rejection.next", approval.reject),
    "rush": _probe("approval.talk_over approval.at_once", approval.rush),
    "crash": _probe("approval.crash", approval.crash, approval.after_crash),
    "lost": _probe("approval.lost_answer", approval.lose),
    "restart": _probe("persistence.restart", records.remember, records.remember_later),
    "isolation": _probe("persistence.isolation persistence.no_thread", records.isolation),
    "wait": _probe("retry.answers retry.waits", models.wait),
    "outage": _probe("retry.storm errors.model", models.outage),
    "refusal": _probe("retry.refused errors.traced", models.refuse),
    "fallback": _probe("fallback.answers fallback.tools", models.fall_back),
    "silence": _probe("timeouts.read", models.silence),
    "tool": _probe("errors.tool errors.tool_text", tools.break_tool),
    "failures": _probe("errors.model_text", models.fail_model),
    "loop": _probe("limits.loop limits.next", tools.loop),
    "block": _probe("loop.free", streaming.block),
    "log": _probe("logging.private logging.secrets logging.thread", records.write_log),
    "left": _probe("tools.left", streaming.leave_tool),
    "odd": _probe("odd.arguments odd.unknown_tool odd.cut odd.empty", models.odd),
    "torn": _probe("streaming.torn", streaming.torn),
    "fan": _probe("limits.fan_out", tools.fan_out, costly=True),
    "hang": _probe("timeouts.tool", tools.hang, costly=True),
    "window": _probe("context.window", models.outgrow),
}
