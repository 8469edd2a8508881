"""Each line of the checklist is red for a graph with exactly its fault, and green without it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langgraph.graph import START, StateGraph

import agent_checklist as checklist
import lesson_model
from exercises.the_production_agent import desk as mended
from exercises.the_production_agent.desk import SPARE, TOOLS, desk
from lab.log_line import OneLine
from production_agent import graph, logs, settings
from production_agent.tools import Context
from tests.agent_checklist.faulty_desks import FAULTS, prints_the_state

pytestmark = pytest.mark.usefixtures("served")


def looked_at(build: Callable, *only: str, **more: Any) -> checklist.Report:
    return checklist.run(
        build, done=lambda: mended.paid, only=only or tuple(checklist.LINES), **more
    )


def test_all_lines_are_green_for_a_mended_desk() -> None:
    report = looked_at(desk(), log_format=OneLine())  # facts as fields, as the lesson's end has it
    assert report.green == tuple(checklist.LINES), report
    assert report._repr_html_().count("✓") == 10 and "10 of 10" in repr(report)


@pytest.mark.parametrize(
    ("line", "words", "part"), FAULTS, ids=[f"{one[0]}: {one[1]}" for one in FAULTS]
)
def test_a_line_is_red_for_its_fault(line: str, words: str, part: dict) -> None:
    report = looked_at(desk(**part), line)
    assert words in report[line].saw
    assert f"Lesson {checklist.LINES[line][1]}." in " ".join(repr(report).split())


# What else it can be pointed at -------------------------------------------------------------------


def test_the_production_agent_is_green() -> None:
    booked: list = []

    async def effect(key: str, name: str, details: dict) -> None:
        booked.append(details)

    def build(saver, seconds):
        chosen = {
            "OPENAI_FALLBACK_MODEL": SPARE,
            "OPENAI_MODEL": lesson_model.running().name,
            "PRODUCTION_AGENT_MODEL_SECONDS": str(seconds),
        }
        return graph.build(settings.read(os.environ | chosen), saver)

    def context(thread: str) -> Context:
        logs.ids.set({"thread": thread})
        return Context(thread, "run", "ann", effect)

    report = checklist.run(
        build, done=lambda: booked, context=context, log_format=logs.JsonLines([])
    )
    assert report.red == (), report


@pytest.mark.parametrize("mode", ["batched", "per_call"])
def test_the_middleware_asks_as_the_checklist_answers(mode: str) -> None:
    from langchain.agents.middleware import HumanInTheLoopMiddleware  # noqa: PLC0415

    def build(saver, seconds):
        gate = HumanInTheLoopMiddleware({"refund": True}, interrupt_mode=mode)
        model = ChatOpenAI(model=lesson_model.running().name, timeout=seconds)
        return create_agent(model, TOOLS, middleware=[gate], checkpointer=saver)

    report = looked_at(build, "persistence", "approval", "rejection", "timeouts", "fallback")
    assert report.red == ("fallback",), report


def test_a_sync_node_is_seen_to_write_on() -> None:
    """Words come in time, but nobody can stop them."""

    def build(saver, seconds):
        model = ChatOpenAI(model=lesson_model.running().name, timeout=seconds)
        one = StateGraph(mended.State)
        one.add_node("agent", lambda state: {"messages": [model.invoke(state["messages"])]})
        return one.add_edge(START, "agent").compile(checkpointer=saver)

    assert "wrote on to the end" in looked_at(build, "streaming")["streaming"].saw


def test_words_that_call_no_tool_are_not_taken_for_a_fault() -> None:
    report = looked_at(desk(), "approval", "limits", act="Good morning!", look="Good evening!")
    assert "give `act` words" in report["approval"].saw
    assert "give `look` words" in report["limits"].saw


def test_nothing_of_a_probe_is_left(capfd: pytest.CaptureFixture) -> None:
    model = lesson_model.running()
    before = len(model.requests)
    looked_at(desk(note=prints_the_state), "logging", "errors")
    assert len(model.requests) == before and capfd.readouterr() == ("", "")


def test_an_unknown_line_is_named() -> None:
    with pytest.raises(ValueError, match="no line 'speed'"):
        looked_at(desk(), "speed")
