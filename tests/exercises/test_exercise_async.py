"""An async answer works although the notebook has used its models in another event loop."""

from __future__ import annotations

import asyncio

import pytest
from langchain_openai import ChatOpenAI

import lesson_model
from exercises.core.exercise import exercise, run_async


@exercise(hints=("a", "b", "c"))
def ex1(greet):
    """A check whose answer asks a model, in the loop of the check."""
    assert run_async(greet, ChatOpenAI(model="lesson-model")) == "Hello!"


async def greet(llm: ChatOpenAI) -> str:
    """Ask the model it is given, and one of its own."""
    own = await ChatOpenAI(model="lesson-model").ainvoke("hi")
    reply = await llm.ainvoke("hi")
    assert own.text == reply.text
    return reply.text


@pytest.fixture
def model(served: lesson_model.LessonModel, monkeypatch: pytest.MonkeyPatch):
    """The lesson model with one rule, and no progress kept."""
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    served.when("hi").says("Hello!")
    return served


def test_checks_and_notebook_do_not_share_a_loop(model: lesson_model.LessonModel) -> None:
    """Notebook, check, notebook, check: each in its own loop, each with a model that answers."""

    async def notebook() -> list[str]:
        before = ChatOpenAI(model="lesson-model")
        seen = [(await before.ainvoke("hi")).text]
        seen.append(ex1(greet).status)
        seen.append((await ChatOpenAI(model="lesson-model").ainvoke("hi")).text)
        seen.append((await before.ainvoke("hi")).text)
        seen.append(ex1(greet).status)
        return seen

    assert asyncio.run(notebook()) == ["Hello!", "passed", "Hello!", "Hello!", "passed"]


def test_with_another_endpoint_a_check_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer can be judged by a model that knows no rules."""
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    chosen = lesson_model.LessonModel(endpoint="http://localhost:11434/v1")
    monkeypatch.setattr(lesson_model, "running", lambda: chosen)
    result = ex1(greet)
    assert result.status == "setup_changed"
    assert "http://localhost:11434/v1" in result.message and "Unset" in result.message
