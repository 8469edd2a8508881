"""The instructor's panel: it slows the model down and breaks it, and one call puts it back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import ipywidgets
import openai
import pytest

import lesson_model
from instructor.demo import model_panel
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
    with openai.OpenAI(max_retries=0, timeout=60) as client:
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


def found(panel: model_panel.Panel, kind: type, name: str) -> ipywidgets.Widget:
    """Return the widget of a kind with this visible name."""
    waiting, hits = [panel.widget], []
    while waiting:
        widget = waiting.pop()
        waiting += getattr(widget, "children", ())
        if isinstance(widget, kind) and widget.description == name:
            hits.append(widget)
    (hit,) = hits
    return hit


def press(panel: model_panel.Panel, name: str) -> None:
    """Press a button."""
    found(panel, ipywidgets.Button, name).click()


def test_a_pressed_fault_reaches_the_wire_as_often_as_chosen(
    model: LessonModel, client: openai.OpenAI
) -> None:
    panel = model_panel.panel(model)
    press(panel, "rate limit")
    assert [status(client) for _ in range(2)] == [429, 200]
    found(panel, ipywidgets.ToggleButtons, "A fault for").value = 3
    press(panel, "server error")
    assert [status(client) for _ in range(4)] == [500, 500, 500, 200]


def test_reset_ends_faults_and_keeps_rules_and_the_lessons_pace(
    model: LessonModel, client: openai.OpenAI
) -> None:
    panel = model_panel.panel(model)
    panel.pace("slow")
    panel.pace("normal")
    panel.fail("overloaded", times=None)
    assert status(client) == 503
    press(panel, "Reset")
    assert status(client) == 200
    assert (model.state.first, model.state.per_token) == (0.001, 0.002)
    assert found(panel, ipywidgets.ToggleButtons, "Pace").value is None
    assert "used by request 1, the rest is gone, taken back" in repr(panel)


def test_reset_restores_the_pace_of_the_moment_the_panel_changed_it(model: LessonModel) -> None:
    """Placed below the first cell, the panel is there before the lesson sets its pace."""
    panel = model_panel.panel(model)
    model.pace(first=0.1, per_token=0.015)  # the lesson's next cell
    press(panel, "Reset")
    assert (model.state.first, model.state.per_token) == (0.1, 0.015)
    panel.pace("slow")
    press(panel, "Reset")
    assert (model.state.first, model.state.per_token) == (0.1, 0.015)
    panel.pace("fast")
    model.pace()  # the lesson's own, though it equals the panel's
    press(panel, "Reset")
    assert (model.state.first, model.state.per_token) == (0, 0)


def test_it_shows_the_pace_in_force_whoever_set_it(model: LessonModel) -> None:
    panel = model_panel.panel(model)
    paces = found(panel, ipywidgets.ToggleButtons, "Pace")
    panel.pace("slow")
    assert paces.value == "slow" and "Pace: slow (1 s to the first token" in repr(panel)
    model.pace(first=0.05, per_token=0.02)
    panel.refresh()
    assert paces.value is None
    assert "as in the lesson (0.05 s to the first token, then 0.02 s a token)" in repr(panel)
    assert (model.state.first, model.state.per_token) == (0.05, 0.02)


def test_a_check_with_a_slate_of_its_own_leaves_the_panels_pace(model: LessonModel) -> None:
    panel = model_panel.panel(model)
    panel.pace("slow")
    with model.scratch():
        panel.pace("fast")
    assert "Pace: slow" in repr(panel)
    panel.reset()
    assert (model.state.first, model.state.per_token) == (0.001, 0.002)


def test_each_fault_waits_is_used_or_is_gone(model: LessonModel, client: openai.OpenAI) -> None:
    panel = model_panel.panel(model)
    status(client)
    panel.fail("server_error", times=2)
    panel.fail("quota")
    assert "status 500, the server broke: waits for 2 requests." in repr(panel)
    status(client)
    assert "used by request 2, waits for 1 more request." in repr(panel)
    status(client)
    shown = repr(panel)
    assert "used by request 2, 3, it waits no more." in shown and "Requests so far: 3" in shown
    assert "waiting does not help: waits for 1 request." in shown
    panel.reset()
    assert "waiting does not help: gone, taken back before it was used." in repr(panel)


def test_the_panel_follows_the_model_by_itself(model: LessonModel, client: openai.OpenAI) -> None:
    panel = model_panel.panel(model)
    status(client)
    written: list[str] = []
    seen = threading.Event()
    panel._count.observe(lambda change: (written.append(change["new"]), seen.set()), "value")
    if "so far: 1" not in panel._count.value:
        assert seen.wait(60)
    assert "Requests so far: 1" in panel._count.value


def test_the_pace_is_set_by_button_and_by_call(model: LessonModel) -> None:
    panel = model_panel.panel(model)
    found(panel, ipywidgets.ToggleButtons, "Pace").value = "normal"
    assert (model.state.first, model.state.per_token) == model_panel.PACES["normal"]
    panel.pace("fast")
    assert (model.state.first, model.state.per_token) == model_panel.PACES["fast"]
    model.pace(first=0.5)  # a cell of the lesson has the last word, and is overruled again
    panel.pace("fast")
    assert model.state.first == model_panel.PACES["fast"][0]
    with pytest.raises(ValueError, match="no pace 'warp'. Choose one of: fast, normal, slow"):
        panel.pace("warp")


def test_it_still_works_after_the_model_was_started_anew(
    model: LessonModel, client: openai.OpenAI
) -> None:
    panel = model_panel.panel(model)
    lesson_model.start().when("hello").says("Good morning!")
    press(panel, "bad key")
    assert status(client) == 401
    panel.fail("quota", times=None)
    panel.reset()
    assert status(client) == 200


def test_silent_faults_last_the_seconds_a_room_waits(model: LessonModel) -> None:
    panel = model_panel.panel(model)
    for word in ("timeout", "stall"):
        panel.fail(word)
        assert model.state.faults.take().wait == model_panel.SILENCE_SECONDS


def test_every_fault_but_two_has_a_button_and_words(model: LessonModel) -> None:
    panel = model_panel.panel(model)
    for word in WORDS.keys() - {"http", "slow"}:
        press(panel, word.replace("_", " "))
    told = repr(panel)
    for word in WORDS.keys() - {"http", "slow"}:
        assert WORDS[word].format(fault=model_panel._fault(word)) in told
    assert "{" not in told and "a stream that stops after 5 tokens, as if it were whole" in told
    for word in ("http", "slow", "nonsense"):
        with pytest.raises(ValueError, match=f"no fault '{word}'.*: (?!.*(http|slow))"):
            panel.fail(word)


def test_without_widgets_it_is_text(model: LessonModel) -> None:
    shown = model_panel.panel(model)._repr_mimebundle_()
    assert "panel.reset()" in shown["text/plain"] and "rate_limit" in shown["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_a_real_endpoint_is_said_to_be_one() -> None:
    panel = model_panel.panel(LessonModel(endpoint="http://127.0.0.1:9/v1"))
    panel.fail("rate_limit")
    assert "A real endpoint is in use" in repr(panel)
