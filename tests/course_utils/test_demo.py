"""The instructor's panel: it slows the model down and breaks it, and one call puts it back."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets
import openai
import pytest

import lesson_model
from course_utils import demo
from lesson_model import LessonModel
from lesson_model.faults import WORDS


@pytest.fixture
def model(served: LessonModel) -> LessonModel:
    """A clean slate, with a rule of the lesson and its pace."""
    served.reset()
    served.when("hello").says("Good morning!")
    served.pace(first=0.001, per_token=0.002)
    return served


@pytest.fixture
def client(model: LessonModel) -> Iterator[openai.OpenAI]:
    """A client that tries once."""
    with openai.OpenAI(max_retries=0, timeout=10) as client:
        yield client


def status(client: openai.OpenAI) -> int:
    """Say hello and return the HTTP status."""
    try:
        messages = [{"role": "user", "content": "hello"}]
        answer = client.chat.completions.create(model="lesson-model", messages=messages)
    except openai.APIStatusError as error:
        return error.status_code
    assert answer.choices[0].message.content == "Good morning!"
    return 200


def found(panel: demo.Panel, kind: type, name: str) -> ipywidgets.Widget:
    """Return the widget of a kind with this visible name."""
    waiting, hits = [panel.widget], []
    while waiting:
        widget = waiting.pop()
        waiting += getattr(widget, "children", ())
        if isinstance(widget, kind) and widget.description == name:
            hits.append(widget)
    (hit,) = hits
    return hit


def press(panel: demo.Panel, name: str) -> None:
    """Press a button."""
    found(panel, ipywidgets.Button, name).click()


def test_a_pressed_fault_reaches_the_wire_as_often_as_chosen(
    model: LessonModel, client: openai.OpenAI
) -> None:
    panel = demo.panel(model)
    press(panel, "rate limit")
    assert [status(client) for _ in range(2)] == [429, 200]
    found(panel, ipywidgets.ToggleButtons, "A fault for").value = 3
    press(panel, "server error")
    assert [status(client) for _ in range(4)] == [500, 500, 500, 200]


def test_reset_ends_faults_and_keeps_rules_and_the_lessons_pace(
    model: LessonModel, client: openai.OpenAI
) -> None:
    panel = demo.panel(model)
    panel.pace("slow")
    panel.fail("overloaded", times=None)
    assert status(client) == 503
    press(panel, "Reset")
    assert status(client) == 200
    assert (model.state.first, model.state.per_token) == (0.001, 0.002)
    assert found(panel, ipywidgets.ToggleButtons, "Pace").value is None
    assert "All is as it was." in repr(panel)


def test_the_pace_is_set_by_button_and_by_call(model: LessonModel) -> None:
    panel = demo.panel(model)
    found(panel, ipywidgets.ToggleButtons, "Pace").value = "normal"
    assert (model.state.first, model.state.per_token) == demo.PACES["normal"]
    panel.pace("fast")
    assert (model.state.first, model.state.per_token) == demo.PACES["fast"]
    model.pace(first=0.5)  # a cell of the lesson has the last word, and is overruled again
    panel.pace("fast")
    assert model.state.first == demo.PACES["fast"][0]
    with pytest.raises(ValueError, match="no pace 'warp'. Choose one of: fast, normal, slow"):
        panel.pace("warp")


def test_it_still_works_after_the_model_was_started_anew(
    model: LessonModel, client: openai.OpenAI
) -> None:
    panel = demo.panel(model)
    lesson_model.start().when("hello").says("Good morning!")
    press(panel, "bad key")
    assert status(client) == 401
    panel.fail("quota", times=None)
    panel.reset()
    assert status(client) == 200


def test_silent_faults_last_the_seconds_a_room_waits(model: LessonModel) -> None:
    panel = demo.panel(model)
    for word in ("timeout", "stall"):
        panel.fail(word)
        assert model.state.faults.take().wait == demo.SILENCE_SECONDS


def test_every_fault_but_two_has_a_button_and_words(model: LessonModel) -> None:
    panel = demo.panel(model)
    for word in WORDS.keys() - {"http", "slow"}:
        press(panel, word.replace("_", " "))
        assert WORDS[word] in repr(panel)
    panel.fail("slow")
    assert "slow for the next request" in repr(panel)
    with pytest.raises(ValueError, match="needs a status"):
        panel.fail("http")


def test_without_widgets_it_is_text(model: LessonModel) -> None:
    shown = demo.panel(model)._repr_mimebundle_()
    assert "panel.reset()" in shown["text/plain"] and "rate_limit" in shown["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_a_real_endpoint_is_said_to_be_one() -> None:
    panel = demo.panel(LessonModel(endpoint="http://127.0.0.1:9/v1"))
    panel.fail("rate_limit")
    assert "A real endpoint is in use" in repr(panel)
