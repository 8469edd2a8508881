"""The production checklist: ten faults are provoked, and what the agent does is looked at.

    agent_checklist.run(build, done=lambda: paid)

`build(saver, seconds)` returns your compiled graph with that checkpointer, its models with that
timeout. A line is green when its fault did no harm, and else says what was seen, and which lesson
cures it. The graph talks to the lesson model; its state has `messages`.

The ten lines, split into single claims, of any LangGraph agent, which needs no argument at all:

    python -m agent_checklist [file.py:graph]         in the agent's repository
    agent_checklist.check("file.py:graph")            in a notebook or a test

Who does what in this package:

    agent, probes                     the ten lines, in this process: `run`
    claims, provoke/                  what is claimed, and the fault that each probe provokes
    workspace, loader, guard          a copy of the repository, the graph in it, no way out
    stage, effects, subject           the scripted model, the tools' bodies, the graph
    turn                              the developer's own turn in the graph's place
    dialects, scout, source           how a person's answer looks; what the agent is
    runner, report                    forks and verdicts; text, JSON, JUnit and HTML
    pytest_plugin                     a claim as a test
"""

from __future__ import annotations

import html
import logging
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import lesson_model
from agent_checklist.report import check
from agent_checklist.source import risky

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.pregel import Pregel

__all__ = ("LINES", "Line", "Report", "check", "risky", "run")

LINES = {  # name: (what is promised, the lesson that teaches it)
    "streaming": ("words come while the model writes; a torn answer is none", 1),
    "persistence": ("a conversation outlives the process, and is one customer's", 2),
    "approval": ("what is risky waits for a person, call by call, and runs once", 3),
    "rejection": ('after a "no" the conversation goes on', 3),
    "retry": ("one layer tries again, as long as it was told to wait", 4),
    "fallback": ("a second model stands in, and hides no bug", 4),
    "timeouts": ("a silent model is given up", 4),
    "errors": ("what fails is told without details, and the conversation goes on", 4),
    "limits": ("a loop is stopped in words, and the conversation goes on", 5),
    "logging": ("each turn can be found by its thread, and no secret with it", 6),
}


@dataclass(frozen=True)
class Line:
    """One line of the checklist."""

    name: str
    saw: str = ""
    """What went wrong; empty if nothing did."""

    @property
    def green(self) -> bool:
        """Whether the line holds."""
        return not self.saw

    @property
    def words(self) -> str:
        """What is promised, or what was seen instead and where the cure is."""
        promise, lesson = LINES[self.name]
        return f"{self.saw} Lesson {lesson}." if self.saw else f"{promise[0].upper()}{promise[1:]}."


@dataclass(frozen=True)
class Report:
    """The checklist with what was found; it shows itself as a table."""

    lines: tuple[Line, ...] = field(repr=False)

    @property
    def green(self) -> tuple[str, ...]:
        """The names of the lines that hold."""
        return tuple(line.name for line in self.lines if line.green)

    @property
    def red(self) -> tuple[str, ...]:
        """The names of the lines that do not."""
        return tuple(line.name for line in self.lines if not line.green)

    def __getitem__(self, name: str) -> Line:
        """Return a line by its name."""
        return next(line for line in self.lines if line.name == name)

    def __repr__(self) -> str:
        rows = []
        for line in self.lines:
            head = f"{'✓' if line.green else '✗'} {line.name:<13}"
            rows += textwrap.wrap(line.words, 98, initial_indent=head, subsequent_indent=" " * 15)
        return "\n".join([*rows, self._sum()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'✓' if line.green else '✗'}</td><th scope='row' style='text-align:left'>"
            f"{line.name}</th><td style='text-align:left'>{html.escape(line.words)}</td></tr>"
            for line in self.lines
        )
        head = "<tr><th>holds</th><th>line</th><th style='text-align:left'>what was seen</th></tr>"
        return f"<table><caption>{self._sum()}</caption>{head}{rows}</table>"

    def _sum(self) -> str:
        return f"{len(self.green)} of {len(self.lines)} lines are green."


def run(
    build: Callable[[BaseCheckpointSaver, float], Pregel],
    *,
    done: Callable[[], Sequence[Any]],
    look: str = "Where is parcel P-3?",
    act: str = "Please refund 480 euros for order T-7.",
    act_twice: str = "Refund 480 euros for order T-7 and refund 310 euros for order T-9.",
    answer: Callable[[Any, list[bool]], Any] | None = None,
    context: Callable[[str], Any] | None = None,
    log_format: logging.Formatter | None = None,
    only: Sequence[str] = tuple(LINES),
) -> Report:
    """Provoke the faults one after the other, each before a newly built graph.

    Args:
        build: Makes the graph from a checkpointer and a timeout in seconds.
        done: Returns all that was really done so far, such as the list of payments.
        look: A question that needs a harmless tool.
        act: A request that needs one call of a risky tool.
        act_twice: A request that needs two calls of it at once.
        answer: Makes the answer to an interrupt's value, given approve (True) or reject for each
            call in it; None: as `HumanInTheLoopMiddleware`, lesson 3 and production_agent do.
        context: Makes the run's context from the thread's id, where the graph needs one.
        log_format: What your handlers format records with.
        only: Names of the lines to look at.

    Raises:
        ValueError: There is no such line, or you chose a model that cannot be made to fail.
    """
    if unknown := [name for name in only if name not in LINES]:
        raise ValueError(f"There is no line {unknown[0]!r}. The lines are: {', '.join(LINES)}.")
    if not (lesson_model.running() or lesson_model.start()).local:
        raise ValueError(
            "The checklist makes the lesson model fail, and you chose another endpoint. Unset "
            "OPENAI_BASE_URL and OPENAI_API_BASE, and start again."
        )
    # Two seconds, of which `--help` and pytest's start need nothing.
    from agent_checklist import probes  # noqa: PLC0415

    setup = probes.Setup(build, done, look, act, act_twice, answer, context, log_format)
    names = [name for name in LINES if name in only]
    return Report(tuple(map(Line, names, probes.look_at(setup, names))))
